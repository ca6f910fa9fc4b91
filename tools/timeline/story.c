/* SPDX-License-Identifier: MIT */
/*
 * From entries to requests: when each was queued, built, started, given to the device, when the
 * interrupt came and when it was completed. Knows entries and nothing else: what they do not say is
 * NEVER. Entries without a time have one between their neighbours', close behind the one before.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/access/names.h"
#include "port/contract/context.h"
#include "port/irb_names.h"
#include "tools/timeline/timeline.h"

#define STEP_NS      500u /* from an entry without a time to the next, at most */
#define MOMENT_NS    1u   /* viewers take what ends with another slice for one behind it */
#define CHANNELS     512u /* trace_channel's values */
#define SLOTS        256u
#define MOST_WAITING 4096u

#define IS_ATA   0x100u /* IRB_FUNCTION_ATA_xxx, */
#define IS_ATAPI 0x200u /* and IRB_FUNCTION_ATAPI_COMMAND, IRB_FUNCTION_REQUEST_SENSE */

const char *const stage_names[STAGE_COUNT] = {
    [STAGE_QUEUED] = "queued",       [STAGE_BUILT] = "built",
    [STAGE_STARTED] = "started",     [STAGE_DEVICE] = "at the device",
    [STAGE_INTERRUPT] = "interrupt", [STAGE_COMPLETED] = "completed",
};

/* ------------------------------------------------------------------ the world */

static const struct story *told; /* trace_world's functions are not told which */

bool story_find(bool is_memory, uint16_t where, struct trace_register *found)
{
    const struct trace_export *export = &told->head->export;

    for (unsigned i = 0; i < export->place_count && i < TRACE_EXPORT_PLACES; i++)
        if (trace_place_has(&export->places[i], is_memory, where, found))
            return true;
    return false;
}

/* The tables are in the machine's memory, which is another's by now. */
static unsigned find_no_table(uint16_t channel, struct trace_prd *prds, unsigned most)
{
    (void)channel, (void)prds, (void)most;
    return 0;
}

void story_reader(const struct story *story, struct trace_reader *reader)
{
    static const struct trace_world world = {story_find, find_no_table};

    told = story;
    trace_reader_begin(reader, &world);
}

/* ------------------------------------------------------------------ times */

static uint64_t nanoseconds(const struct trace_export *export, uint64_t cycles)
{
    return (uint64_t)((unsigned __int128)(cycles - export->origin_cycles) *
                          export->ns_per_4g_cycles >>
                      32);
}

/* An interrupt between an entry's place and its time makes that the later one: none is later than
 * one behind it. */
static void order_times(struct story *story)
{
    uint64_t next = NEVER;

    for (size_t i = story->count; i-- > 0;) {
        if (story->times[i] == NEVER)
            continue;
        if (story->times[i] > next)
            story->times[i] = next;
        next = story->times[i];
    }
}

static void take_times(struct story *story)
{
    for (size_t i = 0; i < story->count; i++)
        story->times[i] = trace_is_timed(story->records[i].head)
                              ? nanoseconds(&story->head->export, story->records[i].time)
                              : NEVER;
    order_times(story);
    uint64_t before = 0;
    for (size_t i = 0; i < story->count;) {
        size_t end = i;
        while (end < story->count && story->times[end] == NEVER)
            end++;
        uint64_t gap = end < story->count && i > 0 ? story->times[end] - before : UINT64_MAX;
        if (i == 0 && end < story->count)
            before = story->times[end]; /* nothing is before them */
        uint64_t step = i ? gap / (end - i + 1) : 0;
        for (uint64_t n = 1; i < end; i++, n++)
            story->times[i] = before + n * (step < STEP_NS ? step : STEP_NS);
        if (i < story->count)
            before = story->times[i++];
    }
}

/* ------------------------------------------------------------------ requests */

/* What is known of a channel while its entries are read. */
struct channel_state {
    struct request *slots[SLOTS];
    uint64_t taken; /* when the request was queued that leaves its queue now; NEVER: none does */
    size_t taken_record;
    uint64_t interrupt; /* the last one */
};
struct waiting {
    uint16_t channel;
    uint32_t address;
    uint64_t time;
    size_t record;
};
static struct telling {
    struct story *story;
    struct channel_state *channels;
    struct waiting waiting[MOST_WAITING];
    unsigned waiting_count;
    struct request *last_started[16]; /* of each controller */
    size_t capacity;
} telling;

static struct channel_state *channel_of(unsigned where)
{
    return where < CHANNELS ? &telling.channels[where] : NULL;
}

/* Requests never move: there is at most one for each record. */
static struct request *begin_request(unsigned channel, unsigned slot, size_t record)
{
    struct story *story = telling.story;
    struct request *request = &story->requests[story->request_count++];

    *request = (struct request){
        .channel = (uint16_t)channel, .slot = (uint8_t)slot, .first = record, .last = record};
    for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
        request->begins[stage] = NEVER;
    request->end = NEVER;
    return telling.channels[channel].slots[slot] = request;
}

static void on_waits(unsigned where, unsigned target, uint32_t address, size_t record)
{
    struct waiting *waiting = telling.waiting;
    unsigned i = 0;

    while (i < telling.waiting_count &&
           !(waiting[i].channel == where && waiting[i].address == address))
        i++;
    if (target < TRACE_DROPPED) {
        if (i == MOST_WAITING)
            return;
        telling.waiting_count += i == telling.waiting_count;
        waiting[i] =
            (struct waiting){(uint16_t)where, address, telling.story->times[record], record};
        return;
    }
    if (i == telling.waiting_count)
        return;
    if (target == TRACE_TAKEN) {
        channel_of(where)->taken = waiting[i].time;
        channel_of(where)->taken_record = waiting[i].record;
    }
    waiting[i] = waiting[--telling.waiting_count];
}

static void on_build(unsigned where, unsigned slot, uint32_t value, size_t record)
{
    struct channel_state *channel = channel_of(where);
    struct request *request = begin_request(where, slot, record);
    const uint64_t now = telling.story->times[record];

    request->target = (uint8_t)(value >> 16);
    request->lun = (uint8_t)(value >> 24);
    request->begins[STAGE_QUEUED] = channel->taken == NEVER ? now : channel->taken;
    if (channel->taken != NEVER)
        request->first = channel->taken_record;
    channel->taken = NEVER;
    request->begins[STAGE_BUILT] = now;
}

/* `TRACE=irbs` has no more of it. */
static struct request *request_at(unsigned where, unsigned slot, size_t record)
{
    struct request *request = channel_of(where)->slots[slot];

    if (!request) {
        request = begin_request(where, slot, record);
        request->begins[STAGE_QUEUED] = telling.story->times[record];
    }
    return request;
}

static void on_start(unsigned where, unsigned slot, uint32_t value, size_t record)
{
    struct request *request = request_at(where, slot, record);

    request->function = (uint16_t)value;
    request->begins[STAGE_STARTED] = telling.story->times[record];
    telling.last_started[where >> 5 & 15] = request;
}

static void on_end(unsigned where, unsigned slot, uint32_t value, size_t record)
{
    struct channel_state *channel = channel_of(where);
    struct request *request = request_at(where, slot, record);

    request->status = (uint8_t)value;
    request->is_ended = true;
    request->begins[STAGE_COMPLETED] = telling.story->times[record];
    request->end = request->begins[STAGE_COMPLETED] + MOMENT_NS;
    request->last = record;
    const uint64_t since = request->begins[STAGE_DEVICE] != NEVER ? request->begins[STAGE_DEVICE]
                                                                  : request->begins[STAGE_STARTED];
    if (since != NEVER && channel->interrupt != NEVER && channel->interrupt >= since)
        request->begins[STAGE_INTERRUPT] = channel->interrupt;
    channel->slots[slot] = NULL;
    if (telling.last_started[where >> 5 & 15] == request)
        telling.last_started[where >> 5 & 15] = NULL;
}

/* The write that begins a command is that of the request that was started last: of the channel
 * where registers are a channel's, else of the controller. */
static void on_write(const struct record *record, size_t index)
{
    const bool is_memory = trace_kind_of(record->head) == TRACE_REGISTER_WRITE;
    struct trace_register found;

    if (!(record->head >> 24 & TRACE_TIMED) ||
        !story_find(is_memory, (uint16_t)record->head, &found) ||
        (!is_memory && found.role != ROLE_STATUS))
        return;
    struct request *request = telling.last_started[found.channel >> 5 & 15];
    if (request && request->begins[STAGE_DEVICE] == NEVER &&
        (is_memory || request->channel == found.channel))
        request->begins[STAGE_DEVICE] = telling.story->times[index];
}

static void on_call(unsigned where, uint32_t value, size_t record)
{
    if ((value & 0xFF) == CONTEXT_INTERRUPT && channel_of(where))
        channel_of(where)->interrupt = telling.story->times[record];
}

/* After a gap nothing is known of those that were under way: what ends them may be missing. */
static void forget(void)
{
    for (unsigned i = 0; i < CHANNELS; i++) {
        memset(telling.channels[i].slots, 0, sizeof telling.channels[i].slots);
        telling.channels[i].taken = telling.channels[i].interrupt = NEVER;
    }
    memset(telling.last_started, 0, sizeof telling.last_started);
    telling.waiting_count = 0;
}

bool is_access(uint32_t head)
{
    const enum trace_kind kind = trace_kind_of(head);
    return kind >= TRACE_PORT_READ && kind <= TRACE_REGISTER_BUFFER;
}

static void take_record(const struct record *record, size_t index)
{
    const unsigned where = (uint16_t)record->head, extra = record->head >> 24;
    struct request *request;

    telling.story->accesses += is_access(record->head);
    switch (trace_kind_of(record->head)) {
    case TRACE_PORT_WRITE:
    case TRACE_REGISTER_WRITE:
        on_write(record, index);
        return;
    case TRACE_CALL:
        telling.story->interrupts += (record->value & 0xFF) == CONTEXT_INTERRUPT;
        on_call(where, record->value, index);
        return;
    case TRACE_NONE:
        forget();
        return;
    default:
        break;
    }
    if (!channel_of(where))
        return;
    switch (trace_kind_of(record->head)) {
    case TRACE_WAITS:
        on_waits(where, extra, record->value, index);
        return;
    case TRACE_BUILD:
        on_build(where, extra, record->value, index);
        return;
    case TRACE_IRB_FORM:
        request = request_at(where, extra, index);
        memcpy(request->form, &record->time, sizeof record->time);
        memcpy(request->form + sizeof record->time, &record->value, sizeof record->value);
        request->has_form = true;
        return;
    case TRACE_IRB_START:
        on_start(where, extra, record->value, index);
        return;
    case TRACE_TIMEOUT:
        request_at(where, extra, index)->is_timed_out = true;
        return;
    case TRACE_IRB_END:
        on_end(where, extra, record->value, index);
        return;
    default:
        return;
    }
}

/* ------------------------------------------------------------------ devices and lanes */

static int by_time(const void *one, const void *other)
{
    const struct request *a = one, *b = other;
    const uint64_t first = a->begins[STAGE_QUEUED], second = b->begins[STAGE_QUEUED];

    if (first != second)
        return first < second ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

static unsigned device_of(struct story *story, const struct request *request)
{
    unsigned i = 0;

    for (; i < story->device_count; i++)
        if (story->devices[i].channel == request->channel &&
            story->devices[i].target == request->target && story->devices[i].lun == request->lun)
            return i;
    story->devices = realloc(story->devices, (i + 1) * sizeof *story->devices);
    if (!story->devices)
        die("there is no memory for device %u", i);
    story->devices[i] = (struct trace_device){
        .channel = request->channel, .target = request->target, .lun = request->lun};
    return story->device_count++;
}

/* Of each device, the first lane that is free when the request comes. */
static void take_lanes(struct story *story)
{
    uint64_t(*ends)[MOST_WAITING];

    for (size_t i = 0; i < story->request_count; i++)
        story->requests[i].device = device_of(story, &story->requests[i]);
    story->lanes = allocate((story->device_count + 1) * sizeof *story->lanes);
    ends = allocate((story->device_count + 1) * sizeof *ends);
    for (size_t i = 0; i < story->request_count; i++) {
        struct request *request = &story->requests[i];
        unsigned lane = 0;
        while (lane < story->lanes[request->device] && lane < MOST_WAITING - 1 &&
               ends[request->device][lane] > request->begins[STAGE_QUEUED])
            lane++;
        if (lane == story->lanes[request->device])
            story->lanes[request->device]++;
        ends[request->device][lane] = request->end;
        request->lane = lane;
    }
    free(ends);
}

static void end_the_rest(struct story *story)
{
    for (size_t i = 0; i < story->request_count; i++)
        if (!story->requests[i].is_ended) {
            story->requests[i].end = story->count ? story->times[story->count - 1] : 0;
            story->requests[i].last = story->count - 1;
        }
}

/* ------------------------------------------------------------------ all of it */

/* The guest may have written over what it exports: roles that are none are no register's. */
static void drop_bad_places(struct trace_export *export)
{
    for (unsigned i = 0; i < TRACE_EXPORT_PLACES; i++) {
        struct trace_place *place = &export->places[i];
        if (place->role && (uint64_t)place->role + place->count > ROLE_COUNT)
            place->count = 0;
    }
}

static void map_capture(struct story *story, const char *path)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0 || fstat(file, &status) < 0 || (size_t)status.st_size < sizeof *story->head)
        die("%s: cannot be read, or is no capture of a trace", path);
    struct capture_head *head =
        mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    close(file);
    if (head == MAP_FAILED || head->magic != CAPTURE_MAGIC)
        die("%s: is no capture of a trace", path);
    drop_bad_places(&head->export);
    story->head = head;
    story->records = (const struct record *)(story->head + 1);
    story->count = story->head->record_count;
    if (((size_t)status.st_size - sizeof *story->head) / sizeof *story->records != story->count)
        die("%s: has not %zu entries, as it says", path, story->count);
    if (!story->head->export.magic)
        die("no trace was found in the machine's memory: the kernel has not come so far as to have "
            "one");
}

void story_read(struct story *story, const char *capture_path)
{
    struct trace_reader reader; /* for the world */

    *story = (struct story){0};
    map_capture(story, capture_path);
    story_reader(story, &reader);
    story->times = allocate((story->count + 1) * sizeof *story->times);
    story->requests = allocate((story->count + 1) * sizeof *story->requests);
    const struct trace_export *export = &story->head->export;
    story->device_count =
        export->device_count < TRACE_EXPORT_DEVICES ? export->device_count : TRACE_EXPORT_DEVICES;
    story->devices = allocate((story->device_count + 1) * sizeof *story->devices);
    memcpy(story->devices, export->devices, story->device_count * sizeof *story->devices);
    take_times(story);
    telling.story = story;
    telling.channels = allocate(CHANNELS * sizeof *telling.channels);
    forget();
    for (size_t i = 0; i < story->count; i++)
        take_record(&story->records[i], i);
    end_the_rest(story);
    qsort(story->requests, story->request_count, sizeof *story->requests, by_time);
    take_lanes(story);
    free(telling.channels);
}

/* ------------------------------------------------------------------ words */

const char *channel_words(uint16_t channel)
{
    static char name[TRACE_CHANNEL_NAME];

    name[0] = 0;
    if (channel != TRACE_NO_CHANNEL)
        trace_channel_name(channel, name, sizeof name);
    return name;
}

/* ATA/ATAPI-6, 6: what a 48-bit command has twice stands there twice (IDE_TASK_FILE). */
static void ata_words(const struct request *request, char *text, size_t size)
{
    const uint8_t *form = request->form;
    struct trace_task_file file = {.channel = request->channel};

    for (unsigned role = ROLE_ERROR; role <= ROLE_DEVICE; role++) {
        file.now[role] = form[role - ROLE_ERROR];
        file.has_now |= (uint16_t)(1u << role);
    }
    for (unsigned role = ROLE_ERROR; role <= ROLE_LBA_HIGH; role++) {
        file.before[role] = role - ROLE_ERROR < 4 ? form[8 + role - ROLE_ERROR] : 0;
        file.has_before |= (uint16_t)(1u << role);
    }
    trace_command_words(&file, form[ROLE_STATUS - ROLE_ERROR], text, size);
}

void request_words(const struct request *request, char *text, size_t size)
{
    text[0] = 0;
    if (request->has_form && request->function & IS_ATA)
        ata_words(request, text, size);
    else if (request->has_form && request->function & IS_ATAPI)
        trace_packet_words(request->form, text, size);
    else
        snprintf(text, size, "%s", irb_function_name(request->function));
}
