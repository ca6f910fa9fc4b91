/* SPDX-License-Identifier: MIT */
/*
 * The story as Trace Event JSON, which Perfetto and Chrome's viewer read.
 *
 * A process for each channel, and for an AHCI controller's registers; its threads are tracks. A
 * device has as many lanes as it had requests at a time, so that slices of a track lie within each
 * other, or beside. Events stand in the order of their times, in microseconds since the machine's
 * clock was 0.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "port/access/names.h"
#include "port/contract/context.h"
#include "port/irb_names.h"
#include "tools/timeline/timeline.h"

#define WORDS 200u

/* Processes. */
#define PROCESS_PORT       1u
#define PROCESS_CONTROLLER 100u  /* + its index: registers of an AHCI controller */
#define PROCESS_CHANNEL    1000u /* + trace_channel() */
/* Tracks of a process. */
#define TRACK_FLAGS     1u
#define TRACK_CALLS     2u
#define TRACK_REGISTERS 3u    /* of a controller: + 1 + the AHCI port */
#define TRACK_DEVICE    1000u /* + 1000 for each device, + the lane */

static struct writer {
    const struct story *story;
    FILE *file;
    bool has_events;
} out;

/* ------------------------------------------------------------------ pieces */

static void put_text(const char *text)
{
    fputc('"', out.file);
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            fprintf(out.file, "\\%c", byte);
        else if (byte < 0x20 || byte > 0x7E)
            fprintf(out.file, "\\u%04x", byte);
        else
            fputc(byte, out.file);
    }
    fputc('"', out.file);
}

static void put_us(const char *key, uint64_t ns)
{
    fprintf(out.file, ",\"%s\":%" PRIu64 ".%03u", key, ns / 1000, (unsigned)(ns % 1000));
}

/* The part that all have; put_end is to follow. */
static void put_begin(const char *phase, unsigned process, unsigned track, const char *name)
{
    fprintf(out.file,
            "%s\n{\"ph\":\"%s\",\"pid\":%u,\"tid\":%u,\"name\":", out.has_events ? "," : "", phase,
            process, track);
    put_text(name);
    out.has_events = true;
}

static void put_end(void)
{
    fputc('}', out.file);
}

static void put_name(const char *what, unsigned process, unsigned track, const char *name)
{
    put_begin("M", process, track, what);
    fprintf(out.file, ",\"args\":{\"name\":");
    put_text(name);
    fputc('}', out.file);
    put_end();
}

/* Where viewers put it: lower ones above. */
static void put_order(const char *what, unsigned process, unsigned track, unsigned order)
{
    put_begin("M", process, track, what);
    fprintf(out.file, ",\"args\":{\"sort_index\":%u}", order);
    put_end();
}

static unsigned process_of(uint16_t channel)
{
    return channel == TRACE_NO_CHANNEL ? PROCESS_PORT : PROCESS_CHANNEL + channel;
}

/* Devices of the same channel that stand before it: a channel has tracks of its own. */
static unsigned device_track(unsigned device)
{
    unsigned before = 0;

    for (unsigned i = 0; i < device; i++)
        before += out.story->devices[i].channel == out.story->devices[device].channel;
    return TRACK_DEVICE + 1000 * before;
}

/* ------------------------------------------------------------------ tracks */

static void device_words(unsigned device, char *text, size_t size)
{
    const struct trace_device *its = &out.story->devices[device];

    if (its->name[0])
        snprintf(text, size, "%s%.*s, %.*s", its->name[0] == 'c' ? "" : "disk ",
                 (int)sizeof its->name, its->name, (int)sizeof its->model, its->model);
    else
        snprintf(text, size, "target %u%s", its->target, its->lun ? ", another unit" : "");
}

static void name_lanes(unsigned device)
{
    const unsigned process = process_of(out.story->devices[device].channel);
    char words[80], name[120];

    device_words(device, words, sizeof words);
    for (unsigned lane = 0; lane < out.story->lanes[device]; lane++) {
        const unsigned track = device_track(device) + lane;
        snprintf(name, sizeof name, lane ? "%s: %u" : "%s", words, lane + 1);
        put_name("thread_name", process, track, name);
        put_order("thread_sort_index", process, track, track);
    }
}

static void name_channel(uint16_t channel)
{
    const char *driver = "";
    char name[80];

    for (unsigned i = 0; i < out.story->device_count; i++)
        if (out.story->devices[i].channel == channel && out.story->devices[i].driver[0])
            driver = out.story->devices[i].driver;
    snprintf(name, sizeof name, "channel %s%s%.*s%s", channel_words(channel), *driver ? ", " : "",
             (int)sizeof out.story->devices->driver, driver, *driver ? ".sys" : "");
    put_name("process_name", process_of(channel), 0, name);
    put_order("process_sort_index", process_of(channel), 0, process_of(channel));
    put_name("thread_name", process_of(channel), TRACK_FLAGS, "rules, resets, faults, states");
    put_name("thread_name", process_of(channel), TRACK_CALLS, "calls into the driver");
    put_name("thread_name", process_of(channel), TRACK_REGISTERS, "registers");
}

static void name_controller(unsigned controller)
{
    const unsigned process = PROCESS_CONTROLLER + controller;
    char name[40];

    snprintf(name, sizeof name, "controller %u, registers", controller);
    put_name("process_name", process, 0, name);
    put_order("process_sort_index", process, 0, process);
    put_name("thread_name", process, TRACK_REGISTERS, "HBA");
    for (unsigned port = 0; port < 32; port++) {
        snprintf(name, sizeof name, "port %u", port);
        put_name("thread_name", process, TRACK_REGISTERS + 1 + port, name);
    }
}

/* Those that are named: of a place, of a device, or of an entry. */
static void name_tracks(void)
{
    const struct trace_export *export = &out.story->head->export;
    bool *has_channel = allocate(UINT16_MAX + 1);
    bool has_controller[16] = {0};

    put_name("process_name", PROCESS_PORT, 0, "the port driver");
    put_name("thread_name", PROCESS_PORT, TRACK_FLAGS, "rules, faults, states");
    put_name("thread_name", PROCESS_PORT, TRACK_CALLS, "calls into drivers");
    put_name("thread_name", PROCESS_PORT, TRACK_REGISTERS, "registers of no channel");
    for (unsigned i = 0; i < export->place_count && i < TRACE_EXPORT_PLACES; i++)
        if (export->places[i].is_memory)
            has_controller[export->places[i].channel >> 5 & 15] = true;
        else
            has_channel[export->places[i].channel] = true;
    for (unsigned i = 0; i < out.story->device_count; i++)
        has_channel[out.story->devices[i].channel] = true;
    for (size_t i = 0; i < out.story->count; i++) {
        const enum trace_kind kind = trace_kind_of(out.story->records[i].head);
        if (kind == TRACE_CALL || kind == TRACE_RULE || kind == TRACE_RECOVERY ||
            kind == TRACE_FAULT)
            has_channel[(uint16_t)out.story->records[i].head] = true;
    }
    for (unsigned i = 0; i < TRACE_NO_CHANNEL; i++)
        if (has_channel[i])
            name_channel((uint16_t)i);
    for (unsigned i = 0; i < 16; i++)
        if (has_controller[i])
            name_controller(i);
    for (unsigned i = 0; i < out.story->device_count; i++)
        name_lanes(i);
    free(has_channel);
}

/* ------------------------------------------------------------------ slices */

/* A request, or (stage < STAGE_COUNT) one of its stages. */
struct slice {
    uint64_t time, end;
    uint32_t request;
    uint8_t stage;
};
#define WHOLE STAGE_COUNT

static int by_time(const void *one, const void *other)
{
    const struct slice *a = one, *b = other;

    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    if (a->request != b->request)
        return a->request < b->request ? -1 : 1;
    /* The whole before its stages, and these in their order. */
    return (a->stage == WHOLE ? -1 : a->stage) - (b->stage == WHOLE ? -1 : b->stage);
}

static uint64_t stage_end(const struct request *request, unsigned stage)
{
    while (++stage < STAGE_COUNT)
        if (request->begins[stage] != NEVER)
            return request->begins[stage];
    return request->end;
}

static size_t make_slices(struct slice *slices)
{
    size_t count = 0;

    for (size_t i = 0; i < out.story->request_count; i++) {
        const struct request *request = &out.story->requests[i];
        slices[count++] =
            (struct slice){request->begins[STAGE_QUEUED], request->end, (uint32_t)i, WHOLE};
        for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
            if (request->begins[stage] != NEVER)
                slices[count++] = (struct slice){request->begins[stage], stage_end(request, stage),
                                                 (uint32_t)i, (uint8_t)stage};
    }
    qsort(slices, count, sizeof *slices, by_time);
    return count;
}

static void put_slice(const struct slice *slice)
{
    const struct request *request = &out.story->requests[slice->request];
    char words[WORDS];

    request_words(request, words, sizeof words);
    put_begin("X", process_of(request->channel), device_track(request->device) + request->lane,
              slice->stage == WHOLE ? words : stage_names[slice->stage]);
    put_us("ts", slice->time);
    put_us("dur", slice->end - slice->time);
    fprintf(out.file, ",\"cat\":\"%s\",\"args\":{\"request\":%u",
            slice->stage == WHOLE ? "request" : "stage", slice->request + 1);
    if (slice->stage == WHOLE) {
        fprintf(out.file, ",\"function\":");
        put_text(irb_function_name(request->function));
        fprintf(out.file, ",\"slot\":%u,\"target\":%u,\"status\":", request->slot, request->target);
        put_text(request->is_ended ? irb_status_name(request->status) : "not completed");
        if (request->is_timed_out)
            fprintf(out.file, ",\"time-out\":true");
    }
    fputc('}', out.file);
    put_end();
}

/* ------------------------------------------------------------------ instants */

struct track {
    unsigned process, track;
    const char *category;
    bool is_flag;
};

static struct track access_track(const struct record *record)
{
    const enum trace_kind kind = trace_kind_of(record->head);
    struct trace_register found;
    struct track track = {PROCESS_PORT, TRACK_REGISTERS, "register",
                          record->head >> 24 & TRACE_INJECTED};

    if (!story_find(kind >= TRACE_REGISTER_READ, (uint16_t)record->head, &found))
        return track;
    track.process = process_of(found.channel);
    if (found.role == ROLE_NONE) {
        track.process = PROCESS_CONTROLLER + (found.channel >> 5);
        if (found.offset >= AHCI_PORTS_OFFSET)
            track.track += 1 + (found.offset - AHCI_PORTS_OFFSET) / AHCI_PORT_SIZE;
    }
    return track;
}

/* What begins something anew, in the driver or its device. */
static bool is_reset(uint32_t value)
{
    return (value & 0xFF) == CONTEXT_RESET;
}

static struct track track_of(const struct record *record)
{
    const unsigned process = process_of((uint16_t)record->head);

    switch (trace_kind_of(record->head)) {
    case TRACE_CALL:
        if (is_reset(record->value))
            return (struct track){process, TRACK_CALLS, "reset", true};
        return (struct track){process, TRACK_CALLS, "call", false};
    case TRACE_FALSE:
        return (struct track){process, TRACK_CALLS, "call", false};
    case TRACE_RULE:
        return (struct track){process, TRACK_FLAGS, "rule", true};
    case TRACE_FAULT:
        return (struct track){process, TRACK_FLAGS, "fault", true};
    case TRACE_TIMEOUT:
        return (struct track){process, TRACK_FLAGS, "time-out", true};
    case TRACE_RECOVERY:
        return (struct track){process, TRACK_FLAGS, "recovery", true};
    case TRACE_STATE:
        return (struct track){PROCESS_PORT, TRACK_FLAGS, "state", false};
    case TRACE_NONE:
        return (struct track){PROCESS_PORT, TRACK_FLAGS, record->value ? "missing" : "gap", true};
    default:
        return is_access(record->head) ? access_track(record) : (struct track){0};
    }
}

static const char *without_channel(const char *words)
{
    while (*words && *words != ' ')
        words++;
    while (*words == ' ')
        words++;
    return words;
}

static void put_instant(size_t index, const char *words)
{
    const struct record *record = &out.story->records[index];
    const struct track track = track_of(record);
    char missing[60];

    if (!track.process)
        return;
    if (trace_kind_of(record->head) == TRACE_NONE) {
        snprintf(missing, sizeof missing, "0 %u entries are missing", record->value);
        words = record->value ? missing : "0 the trace was cleared or switched on";
    }
    put_begin("i", track.process, track.track, without_channel(words));
    put_us("ts", out.story->times[index]);
    fprintf(out.file, ",\"s\":\"%s\",\"cat\":\"%s\"", track.is_flag ? "p" : "t", track.category);
    if (!trace_is_timed(record->head))
        fprintf(out.file, ",\"args\":{\"time\":\"between its neighbours'\"}");
    put_end();
}

/* ------------------------------------------------------------------ all of it */

static void put_events(void)
{
    const struct story *story = out.story;
    struct slice *slices =
        allocate((story->request_count * (STAGE_COUNT + 1) + 1) * sizeof *slices);
    const size_t slice_count = make_slices(slices);
    struct trace_reader reader;
    char words[WORDS];
    size_t next = 0;

    story_reader(story, &reader);
    for (size_t i = 0; i < story->count; i++) {
        const struct trace_entry entry = {story->records[i].value, story->records[i].head};
        while (next < slice_count && slices[next].time <= story->times[i])
            put_slice(&slices[next++]);
        trace_reader_words(&reader, &entry, words, sizeof words);
        put_instant(i, words);
        trace_reader_note(&reader, &entry);
    }
    while (next < slice_count)
        put_slice(&slices[next++]);
    free(slices);
}

void write_events(const struct story *story, FILE *file)
{
    out = (struct writer){.story = story, .file = file};
    fprintf(file,
            "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"entries\":%zu,\"missing\":%" PRIu64
            ",\"requests\":%zu,"
            "\"accesses\":%" PRIu64 ",\"interrupts\":%" PRIu64 "},\n\"traceEvents\":[",
            story->count, story->head->missing, story->request_count, story->accesses,
            story->interrupts);
    name_tracks();
    put_events();
    fprintf(file, "\n]}\n");
}
