/* SPDX-License-Identifier: MIT */
/*
 * A request's life as a sequence diagram, or what a driver does between requests, to set a device up
 * or to reset a channel: issuer, port, miniport and device beside each other, time downwards,
 * registers in words. SVG without script, fonts or colours of its own but for a few.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plural.h"
#include "port/contract/context.h"
#include "port/irb_names.h"
#include "tools/timeline/timeline.h"

#define WORDS     200u
#define MOST_ROWS 400u

#define LEFT       110
#define GAP        320
#define ROW_HEIGHT 22
#define TOP        84
#define WIDTH      (LEFT + 3 * GAP + 70)

enum life { ISSUER, PORT, MINIPORT, DEVICE, LIFE_COUNT };
static const char *const life_names[LIFE_COUNT] = {"issuer", "port", "miniport", "device"};

struct row {
    uint64_t time; /* NEVER: none of its own */
    enum life from, to;
    unsigned repeated;
    char words[WORDS];
};

static struct diagram {
    const struct story *story;
    const struct request *request; /* NULL: it is of all that happens on the channel meanwhile */
    uint16_t channel;
    size_t first, last; /* records */
    uint64_t origin;    /* of the times that are shown */
    char title[WORDS];
    struct row rows[MOST_ROWS];
    unsigned count, left_out;
} diagram;

/* ------------------------------------------------------------------ rows */

static void add_row(uint64_t time, enum life from, enum life to, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void add_row(uint64_t time, enum life from, enum life to, const char *format, ...)
{
    struct row row = {.time = time, .from = from, .to = to, .repeated = 1};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(row.words, sizeof row.words, format, arguments);
    va_end(arguments);
    struct row *last = diagram.count ? &diagram.rows[diagram.count - 1] : NULL;
    if (last && time == NEVER && last->from == from && last->to == to &&
        strcmp(last->words, row.words) == 0)
        last->repeated++;
    else if (diagram.count == MOST_ROWS)
        diagram.left_out++;
    else
        diagram.rows[diagram.count++] = row;
}

/* Of this request's channel; of an AHCI controller's registers, its own. */
static bool is_near(const struct record *record)
{
    struct trace_register found;

    if (!story_find(trace_kind_of(record->head) >= TRACE_REGISTER_READ, (uint16_t)record->head,
                    &found))
        return false;
    return found.role == ROLE_NONE ? found.channel >> 5 == diagram.channel >> 5
                                   : found.channel == diagram.channel;
}

static void add_access(const struct record *record, uint64_t time, const char *words)
{
    const enum trace_kind kind = trace_kind_of(record->head);
    const bool is_write = kind == TRACE_PORT_WRITE || kind == TRACE_REGISTER_WRITE ||
                          ((kind == TRACE_PORT_BUFFER || kind == TRACE_REGISTER_BUFFER) &&
                           record->head >> 24 & TRACE_IS_OUT);

    const enum life who = record->head >> 24 & TRACE_OWN ? PORT : MINIPORT;
    if (is_near(record))
        add_row(trace_is_timed(record->head) ? time : NEVER, is_write ? who : DEVICE,
                is_write ? DEVICE : who, "%s", words);
}

static void add_call(const struct record *record, uint64_t time, const char *words)
{
    if ((record->value & 0xFF) == CONTEXT_INTERRUPT)
        add_row(time, DEVICE, PORT, "interrupt");
    add_row(time, PORT, MINIPORT, "%s", strncmp(words, "call ", 5) == 0 ? words + 5 : words);
}

static void add_record(const struct record *record, uint64_t time, const char *words)
{
    const unsigned extra = record->head >> 24;
    const bool is_its = !diagram.request || extra == diagram.request->slot;

    if (is_access(record->head)) {
        add_access(record, time, words);
        return;
    }
    if ((uint16_t)record->head != diagram.channel)
        return;
    switch (trace_kind_of(record->head)) {
    case TRACE_CALL:
        add_call(record, time, words);
        break;
    case TRACE_BUILD:
        if (is_its)
            add_row(time, PORT, MINIPORT, "IdeHwBuildIo");
        break;
    case TRACE_IRB_START:
        if (is_its)
            add_row(time, PORT, MINIPORT, "IdeHwStartIo, IRB in slot %u", extra);
        break;
    case TRACE_IRB_END:
        if (!diagram.request)
            add_row(time, MINIPORT, PORT, "the IRB in slot %u ends: %s", extra,
                    irb_status_name((uint8_t)record->value));
        break;
    case TRACE_FALSE:
    case TRACE_RULE:
    case TRACE_TIMEOUT:
    case TRACE_FAULT:
    case TRACE_RECOVERY:
        add_row(trace_is_timed(record->head) ? time : NEVER, PORT, PORT, "%s", words);
        break;
    default:
        break;
    }
}

static void add_records(void)
{
    struct trace_reader reader;
    char words[WORDS];

    story_reader(diagram.story, &reader);
    for (size_t i = 0; i <= diagram.last; i++) {
        const struct record *record = &diagram.story->records[i];
        const struct trace_entry entry = {record->value, record->head};
        if (i >= diagram.first) {
            trace_reader_words(&reader, &entry, words, sizeof words);
            const char *said = words;
            while (*said && *said != ' ')
                said++;
            add_record(record, diagram.story->times[i], said + strspn(said, " "));
        }
        trace_reader_note(&reader, &entry);
    }
}

static void add_rows(void)
{
    const struct request *request = diagram.request;

    if (!request) {
        add_records();
        return;
    }
    add_row(request->begins[STAGE_QUEUED], ISSUER, PORT, "%s", diagram.title);
    if (request->begins[STAGE_BUILT] != NEVER &&
        request->begins[STAGE_BUILT] > request->begins[STAGE_QUEUED])
        add_row(NEVER, PORT, PORT, "waits in its device's queue");
    add_records();
    add_row(request->is_ended ? request->begins[STAGE_COMPLETED] : NEVER, PORT, ISSUER, "%s",
            request->is_ended ? irb_status_name(request->status) : "not completed in this run");
}

/* ------------------------------------------------------------------ SVG */

static void put_xml(FILE *file, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '&':
            fputs("&amp;", file);
            break;
        default:
            fputc(*text, file);
        }
}

static int x_of(enum life life)
{
    return LEFT + GAP * (int)life;
}

/* Its words stand on a ground that is not the line's. */
static void put_row(FILE *file, const struct row *row, int y)
{
    const int from = x_of(row->from), to = x_of(row->to);
    const uint64_t since = row->time - diagram.origin;

    if (row->time != NEVER)
        fprintf(file, "<text class=\"time\" x=\"%d\" y=\"%d\">%" PRIu64 ".%03u</text>\n", LEFT - 24,
                y + 4, since / 1000, (unsigned)(since % 1000));
    if (from != to)
        fprintf(file, "<path class=\"%s\" d=\"M%d %dH%d\" marker-end=\"url(#tip)\"/>\n",
                row->from > row->to ? "back" : "forth", from, y, from < to ? to - 3 : to + 3);
    fprintf(file, "<text class=\"%s\" x=\"%d\" y=\"%d\">", from == to ? "note" : "words",
            from == to ? from + 8 : (from + to) / 2, from == to ? y + 4 : y - 4);
    put_xml(file, row->words);
    if (row->repeated > 1)
        fprintf(file, ", %u times", row->repeated);
    fputs("</text>\n", file);
}

static void put_head(FILE *file, int height)
{
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
            "%d\">\n<title>",
            WIDTH, height, WIDTH, height);
    put_xml(file, diagram.title);
    fputs("</title>\n<style>\n"
          "text{font:12px sans-serif;fill:#222}\n"
          ".words{text-anchor:middle;font-size:11px}\n"
          ".time{text-anchor:end;fill:#777;font-size:10px}\n"
          ".life{text-anchor:middle;font-weight:bold}\n"
          ".line{stroke:#bbb}\n"
          ".forth,.back{stroke:#1f5fa8;fill:none}\n"
          ".back{stroke:#777;stroke-dasharray:5 3}\n"
          ".note{fill:#8a3ffc;font-size:11px}\n"
          "</style>\n"
          "<defs><marker id=\"tip\" markerWidth=\"7\" markerHeight=\"8\" refX=\"6\" refY=\"4\" "
          "orient=\"auto\">"
          "<path d=\"M0 0L7 4L0 8z\" fill=\"#555\"/></marker></defs>\n"
          "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
          file);
    fprintf(file, "<text x=\"16\" y=\"24\">channel %s: ", channel_words(diagram.channel));
    put_xml(file, diagram.title);
    fprintf(file, "</text>\n<text class=\"time\" x=\"%d\" y=\"68\">us since %s</text>\n", LEFT - 24,
            diagram.request ? "it came" : "then");
    for (unsigned life = 0; life < LIFE_COUNT; life++)
        fprintf(file,
                "<text class=\"life\" x=\"%d\" y=\"52\">%s</text>\n"
                "<path class=\"line\" d=\"M%d 60V%d\"/>\n",
                x_of((enum life)life), life_names[life], x_of((enum life)life), height - 16);
}

/* ------------------------------------------------------------------ what is shown */

/* The last one that moved data, since what ends a session comes behind what one asked for; or the
 * last one that has these words. NULL: there is none. */
static const struct request *choose(const struct story *story, const char *which)
{
    const struct request *chosen = NULL;
    char words[WORDS];

    for (size_t i = 0; i < story->request_count; i++) {
        const struct request *request = &story->requests[i];
        const char *function = irb_function_name(request->function);
        request_words(request, words, sizeof words);
        if (*which ? strstr(words, which) != NULL
                   : !chosen || strcmp(function, "read") == 0 || strcmp(function, "write") == 0)
            chosen = request;
    }
    return chosen;
}

static bool show_request(const struct request *request)
{
    if (!request)
        return false;
    diagram.request = request;
    diagram.channel = request->channel;
    diagram.first = request->first;
    diagram.last = request->last;
    diagram.origin = request->begins[STAGE_QUEUED];
    request_words(request, diagram.title, sizeof diagram.title);
    return true;
}

/* The next entry of that kind, of the channel's; story.count: there is none. */
static size_t find_next(size_t i, enum trace_kind kind, int call)
{
    const struct story *story = diagram.story;

    for (; i < story->count; i++) {
        const struct record *record = &story->records[i];
        if (trace_kind_of(record->head) == kind &&
            (diagram.channel == TRACE_NO_CHANNEL || diagram.channel == (uint16_t)record->head) &&
            (call < 0 || (record->value & 0xFF) == (uint32_t)call))
            break;
    }
    return i;
}

/* From a call of a routine on, of the channel that comes to it first. */
static bool show_from(enum context_kind call, const char *title)
{
    const struct story *story = diagram.story;

    diagram.channel = TRACE_NO_CHANNEL;
    diagram.first = find_next(0, TRACE_CALL, call);
    if (diagram.first == story->count)
        return false;
    diagram.channel = (uint16_t)story->records[diagram.first].head;
    diagram.origin = story->times[diagram.first];
    snprintf(diagram.title, sizeof diagram.title, "%s", title);
    return true;
}

/* What a driver sends by itself until the next request comes. */
static bool show_set_up(void)
{
    if (!show_from(CONTEXT_HW_INITIALIZE, "a device is set up, before its first request"))
        return false;
    const size_t comes = find_next(diagram.first, TRACE_WAITS, -1),
                 begins = find_next(diagram.first, TRACE_BUILD, -1);
    diagram.last = (comes < begins ? comes : begins) - 1;
    return true;
}

/* Up to the end of the request that comes after it. */
static bool show_reset(void)
{
    if (!show_from(CONTEXT_RESET, "a channel is reset, and the next request"))
        return false;
    const size_t begins = find_next(diagram.first, TRACE_BUILD, -1),
                 end = find_next(begins, TRACE_IRB_END, -1);
    diagram.last = end < diagram.story->count ? end : diagram.story->count - 1;
    return true;
}

static bool show(const char *which)
{
    const struct story *story = diagram.story;

    if (strcmp(which, "set-up") == 0)
        return show_set_up();
    if (strcmp(which, "reset") == 0)
        return show_reset();
    if (!*which || strspn(which, "0123456789") < strlen(which))
        return show_request(choose(story, which));
    const unsigned long number = strtoul(which, NULL, 10);
    return show_request(number && number <= story->request_count ? &story->requests[number - 1]
                                                                 : NULL);
}

bool write_diagram(const struct story *story, const char *which, FILE *file)
{
    diagram = (struct diagram){.story = story};
    if (!show(which))
        return false;
    add_rows();
    put_head(file, TOP + ROW_HEIGHT * (int)(diagram.count + (diagram.left_out > 0)) + 16);
    for (unsigned i = 0; i < diagram.count; i++)
        put_row(file, &diagram.rows[i], TOP + ROW_HEIGHT * (int)i);
    if (diagram.left_out)
        fprintf(file, "<text class=\"note\" x=\"%d\" y=\"%d\">and %u more step%s</text>\n",
                x_of(MINIPORT) + 8, TOP + ROW_HEIGHT * (int)diagram.count, diagram.left_out,
                plural(diagram.left_out));
    fputs("</svg>\n", file);
    return true;
}
