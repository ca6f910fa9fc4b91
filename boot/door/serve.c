/* SPDX-License-Identifier: MIT */
/*
 * The requests that come through the door: each slot's, from DOOR_ASKED to DOOR_ANSWERED.
 *
 * Owns what the guest knows of the slots, and buffers of its own for their data: the device never
 * sees memory that the host may change. Everything here runs at DISPATCH_LEVEL, deferred by the
 * interrupt of a notice or called by a request that has ended, so the shell goes on meanwhile.
 *
 * A write that begins or ends within a sector reads, changes and writes; while such a one is under
 * way, no other write that meets it there begins (door_conflicts). Of those that wait for each
 * other, the one that came first goes first.
 */
#include "boot/door/serve.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/plural.h"
#include "port/block.h"

enum step {
    STEP_FREE,   /* the slot is the host's */
    STEP_WAITS,  /* for others, that came earlier */
    STEP_READS,  /* the sectors of which it writes a part */
    STEP_MOVES,  /* what was asked for */
    STEP_FORCES, /* the flush behind a trim */
};

struct serving {
    enum step step;
    uint64_t arrival; /* counts */
    struct door_request asked;
    struct door_cover cover;
    struct block_request block;
    uint8_t *buffer;
};

struct door door;

static struct serving servings[DOOR_SLOTS];
static uint64_t arrivals;
static unsigned under_way, waiting, partial;

static void look(void *context);
static void tell(void *context);
static struct deferred looking = {.procedure = look}, telling = {.procedure = tell};

bool serve_prepare(void)
{
    for (unsigned i = 0; i < DOOR_SLOTS; i++) {
        servings[i].buffer = hal_pages_alloc(hal_pages_for(DOOR_BUFFER_SIZE), UINT64_MAX);
        if (!servings[i].buffer)
            return false;
    }
    return true;
}

void serve_look(void)
{
    deferred_queue(&looking);
}

void serve_shut(void)
{
    door.state = DOOR_SHUT;
    hal_compiler_barrier();
    hal_write32(&door.memory->head.state, DOOR_SHUT);
    hal_notice_send(DOOR_LOOK);
}

bool serve_is_idle(const void *context)
{
    (void)context;
    return under_way == 0;
}

/* Several answers, and one notice. */
static void tell(void *context)
{
    (void)context;
    hal_notice_send(DOOR_LOOK);
}

static void log_request(const struct serving *serving, const char *sentence)
{
    static const char *const words[] = {"read", "write", "trim", "flush"};
    const struct door_request *asked = &serving->asked;

    hal_log("door: %s of disk %s, %" PRIu64 " byte%s at %" PRIu64 ": %s\n", words[asked->operation],
            door.exports[asked->export_index].name, asked->byte_count, plural(asked->byte_count),
            asked->offset, sentence);
}

/* ------------------------------------------------------------------ the end of one */

static void answer(unsigned slot, enum door_error error)
{
    struct door_request *shared = &door.memory->requests[slot];

    hal_write32(&shared->error, error);
    hal_compiler_barrier(); /* the data, too, before the state */
    hal_write32(&shared->state, DOOR_ANSWERED);
    deferred_queue(&telling);
}

static void end(struct serving *serving, enum door_error error)
{
    partial -= serving->cover.is_partial;
    serving->step = STEP_FREE;
    under_way--;
    answer((unsigned)(serving - servings), error);
    if (waiting > 0)
        serve_look();
}

static enum door_error error_of(enum block_status status, enum door_operation operation)
{
    switch (status) {
    case BLOCK_OK:
        return DOOR_DONE;
    case BLOCK_OUT_OF_RANGE:
        return operation == DOOR_WRITE ? DOOR_NO_SPACE : DOOR_INVALID;
    case BLOCK_UNSUPPORTED:
        return DOOR_INVALID;
    case BLOCK_READ_ONLY:
        return DOOR_READ_ONLY;
    case BLOCK_BAD_LENGTH:
    case BLOCK_BAD_BUFFER:
    case BLOCK_NO_MEDIUM:
    case BLOCK_NO_CAPACITY:
    case BLOCK_MEDIUM_CHANGED:
    case BLOCK_DEVICE_ERROR:
    case BLOCK_TIMED_OUT:
    case BLOCK_DEVICE_GONE:
    case BLOCK_CANCELLED:
        break;
    }
    return DOOR_FAILED;
}

/* ------------------------------------------------------------------ the steps of one */

static void step_over(struct block_request *block);

/* The disk is looked for anew each time: it may have gone, and another one may have come. */
static void submit(struct serving *serving, enum step step, enum block_operation operation)
{
    const struct door_export *export = &door.exports[serving->asked.export_index];
    struct device *device = port_device_by_name(export->name);
    bool is_flush = operation == BLOCK_FLUSH;

    if (!device || device->sector_size != export->sector_size ||
        (operation == BLOCK_TRIM && device->block.trim_bytes > DOOR_BUFFER_SIZE)) {
        log_request(serving, "it is not what it was when the door was opened");
        end(serving, DOOR_FAILED);
        return;
    }
    serving->step = step;
    serving->block = (struct block_request){.device = device,
                                            .operation = operation,
                                            .lba = is_flush ? 0 : serving->cover.first,
                                            .sector_count = is_flush ? 0 : serving->cover.count,
                                            .buffer = is_flush ? NULL : serving->buffer,
                                            .callback = step_over,
                                            .context = serving};
    block_submit(&serving->block);
}

static uint8_t *shared_data(const struct serving *serving)
{
    return door.memory->data[serving - servings];
}

static void write_data(struct serving *serving)
{
    memcpy(serving->buffer + serving->cover.skip, shared_data(serving),
           (size_t)serving->asked.byte_count);
    submit(serving, STEP_MOVES,
           serving->asked.flags & DOOR_FORCED ? BLOCK_WRITE_THROUGH : BLOCK_WRITE);
}

static void step_over(struct block_request *block)
{
    struct serving *serving = block->context;
    const struct door_request *asked = &serving->asked;
    char sentence[200];

    if (block->status != BLOCK_OK) {
        block_describe(block, sentence, sizeof sentence);
        log_request(serving, sentence);
        end(serving, error_of(block->status, asked->operation));
    } else if (serving->step == STEP_READS) {
        write_data(serving);
    } else if (asked->operation == DOOR_TRIM && asked->flags & DOOR_FORCED &&
               serving->step == STEP_MOVES) {
        submit(serving, STEP_FORCES, BLOCK_FLUSH);
    } else {
        if (asked->operation == DOOR_READ)
            memcpy(shared_data(serving), serving->buffer + serving->cover.skip,
                   (size_t)asked->byte_count);
        end(serving, DOOR_DONE);
    }
}

static void begin(struct serving *serving)
{
    switch ((enum door_operation)serving->asked.operation) {
    case DOOR_READ:
        submit(serving, STEP_MOVES, BLOCK_READ);
        break;
    case DOOR_WRITE:
        if (serving->cover.is_partial)
            submit(serving, STEP_READS, BLOCK_READ);
        else
            write_data(serving);
        break;
    case DOOR_TRIM:
        if (serving->cover.count > 0)
            submit(serving, STEP_MOVES, BLOCK_TRIM);
        else
            end(serving, DOOR_DONE); /* not one whole sector, and a trim is a hint */
        break;
    case DOOR_FLUSH:
        submit(serving, STEP_MOVES, BLOCK_FLUSH);
        break;
    }
}

/* ------------------------------------------------------------------ who may begin */

static bool must_wait(const struct serving *serving)
{
    for (const struct serving *other = servings; partial > 0 && other < servings + DOOR_SLOTS;
         other++)
        if (other->step != STEP_FREE && other->arrival < serving->arrival &&
            door_conflicts(&serving->asked, &serving->cover, &other->asked, &other->cover))
            return true;
    return false;
}

static void begin_waiting(void)
{
    for (struct serving *serving = servings; waiting > 0 && serving < servings + DOOR_SLOTS;
         serving++)
        if (serving->step == STEP_WAITS && !must_wait(serving)) {
            waiting--;
            begin(serving);
        }
}

static void take(unsigned slot)
{
    struct serving *serving = &servings[slot];
    enum door_error error = DOOR_IS_CLOSING;
    const char *sentence = "the session ends";

    memcpy(&serving->asked, &door.memory->requests[slot], sizeof serving->asked);
    enum door_verdict verdict = door_check(&serving->asked, door.exports, door.export_count,
                                           &serving->cover, &error, &sentence);
    if (verdict == DOOR_BROKEN) {
        hal_fresh_line();
        hal_printf("door: the host's side has asked for %s, in slot %u; the door is closed\n",
                   sentence, slot);
        serve_shut();
        return;
    }
    if (verdict == DOOR_REFUSED || door.is_closing) {
        log_request(serving, sentence);
        answer(slot, error);
        return;
    }
    serving->arrival = arrivals++;
    under_way++;
    partial += serving->cover.is_partial;
    if (must_wait(serving)) {
        serving->step = STEP_WAITS;
        waiting++;
    } else {
        begin(serving);
    }
}

/* DISPATCH_LEVEL. */
static void look(void *context)
{
    (void)context;
    for (unsigned slot = 0; slot < DOOR_SLOTS && door.state == DOOR_OPEN; slot++)
        if (servings[slot].step == STEP_FREE &&
            hal_read32(&door.memory->requests[slot].state) == DOOR_ASKED)
            take(slot);
    begin_waiting();
}
