/* SPDX-License-Identifier: MIT */
/*
 * The soak's requests under way, and what is judged of each; see soak.h. Entered at PASSIVE_LEVEL, but for callbacks.
 *
 * What ends is judged in the order in which it has ended. Requests that overlap do so in the order in which they were
 * submitted, so what sectors hold, and may hold, follows from that.
 *
 * A request that found its device offline, or its fault no place, is submitted anew: so each meets its fault, and the
 * faults are the same in each run. A channel whose device is offline, gone, or moves data in another way than at first,
 * gets no more requests, and a new start when those that it has are over.
 */
#include "tests/guest/soak.h"

#include <stdio.h>
#include <string.h>

#include "lib/plural.h"
#include "port/access/inject.h"
#include "tests/guest/conformance.h"

/* Seconds of the clock that runs fast: the ladder of resets takes some 50, and three repetitions as often, for each of
 * the requests before it. */
#define FAST_TIME     "time-outs 1000"
#define LIMIT_S       4000u
#define SECOND_US     1000000u
#define PROGRESS_US   2000000u
#define TELL_FINDINGS 20u
#define ATTEMPTS      4u /* to meet a fault */

#define SHORT_REQUESTS 2000u
#define SLOW_REQUESTS  512u /* the same of drivers that move data by PIO */
#define SHORT_RATE     25u
#define SLOW_RATE      60u
#define LONG_RATE      200u

/* One after the other; the one that is not in flight rests, and hears of it if something comes late. */
struct lane {
    struct block_request blocks[2];
    unsigned turn, ended; /* of `blocks`; how often the callback has come */
    bool is_idle, is_over, is_again;
    uint32_t number;
    uint8_t *buffer;
    struct soak_plan plan;
    struct soak_armed armed;
    unsigned attempts;
    unsigned cancel_at; /* when so many have ended; 0: not, or not any more */
    bool was_cancelled;
    uint32_t began_s;
    uint64_t began_us, repairs;
    struct lane *next; /* of those that have ended */
};
static struct lane lanes[SOAK_LANES];
static struct lane *volatile ended_head, *ended_tail; /* in the order in which they have */

static unsigned twice, hangs, wrong_status, wrong_data, wrong_memory, findings;
static struct soak_counts counts;
static uint64_t faults_planned;
static uint32_t request_count;
static volatile uint32_t seconds;
static bool is_over;

/* ------------------------------------------------------------------ findings */

static void found(unsigned *counter, const struct lane *lane, const char *what)
{
    const struct soak_plan *plan = &lane->plan;
    char end[200];

    ++*counter;
    if (++findings > TELL_FINDINGS)
        return;
    conf_failed("request %u: %s", lane->number, what);
    block_describe(&lane->blocks[lane->turn], end, sizeof end);
    conf_note("%s of %u sectors at %u of disk %u, with %s%s, attempt %u: %s",
              plan->operation == BLOCK_READ ? "a read" : "a request", plan->count, plan->lba,
              plan->disk, soak_fault_words(lane->armed.fault),
              lane->was_cancelled ? ", cancelled" : "", lane->attempts, end);
}

/* ------------------------------------------------------------------ under way */

/* DISPATCH_LEVEL. */
static void request_ends(struct block_request *block)
{
    struct lane *lane = block->context;

    lane->next = NULL;
    if (block != &lane->blocks[lane->turn] || lane->is_idle || lane->ended++) {
        twice++; /* told at the end */
        return;
    }
    if (ended_head)
        ended_tail->next = lane;
    else
        ended_head = lane;
    ended_tail = lane;
}

static uint64_t repairs_of(const struct device *device)
{
    const struct channel *channel = device->channel;
    return channel->counters.resets + channel->counters.timeouts + device->counters.retries;
}

/* The next request of a lane, or the same again. */
static void submit(struct lane *lane)
{
    struct soak_channel *channel = soak_channel_of(lane->plan.disk);
    struct device *device = soak_disks[lane->plan.disk].device;
    unsigned fault = lane->armed.is_injected ? 0 : soak_fault_of(lane->number, &lane->plan);
    struct block_request *block;

    lane->turn ^= 1;
    block = &lane->blocks[lane->turn];
    *block = (struct block_request){
        .device = device,
        .operation = lane->plan.operation,
        .lba = lane->plan.lba,
        .sector_count = lane->plan.count,
        .buffer = lane->buffer + lane->plan.offset,
        .callback = request_ends,
        .context = lane,
    };
    soak_buffer_fill(&lane->plan, lane->number, block->buffer);
    lane->armed.rule = 0;
    if (fault && !soak_fault_arm(&lane->armed, fault, block))
        is_over = true;
    channel->faults += lane->armed.rule != 0;
    channel->in_flight++;
    lane->is_idle = false;
    lane->ended = 0;
    lane->attempts++;
    lane->was_cancelled = false;
    lane->cancel_at =
        lane->plan.cancel_after ? (unsigned)counts.ended + lane->plan.cancel_after : 0;
    lane->began_s = seconds;
    lane->began_us = hal_clock_us();
    lane->repairs = repairs_of(device);
    if (++counts.in_flight > counts.most_in_flight)
        counts.most_in_flight = counts.in_flight;
    block_submit(block);
}

/* One fault at a time on a channel: the sweep has the pairs. QEMU: an AHCI port that has failed a command goes on with
 * others, so while an interrupt is withheld it does what no controller does. */
static bool may_go(const struct lane *lane)
{
    const struct soak_channel *channel = soak_channel_of(lane->plan.disk);
    bool has_fault = !lane->armed.is_injected && soak_fault_of(lane->number, &lane->plan);

    return !channel->is_stopping &&
           !(has_fault && (channel->faults || hal_clock_us() < channel->until_us));
}

/* All lanes that can: as one, so that they are in flight together. */
static void submit_all(void)
{
    for (unsigned i = 0; i < SOAK_LANES && !is_over; i++) {
        struct lane *lane = &lanes[i];
        if (!lane->is_idle || lane->is_over)
            continue;
        if (!lane->is_again) {
            if (lane->number >= request_count) {
                lane->is_over = true;
                continue;
            }
            soak_plan_of(lane->number, &lane->plan);
            lane->armed = (struct soak_armed){0};
            lane->attempts = 0;
            faults_planned += soak_fault_of(lane->number, &lane->plan) != 0;
            lane->is_again = true;
        }
        if (may_go(lane))
            submit(lane);
    }
    unsigned now = soak_at_driver();
    counts.most_at_driver = now > counts.most_at_driver ? now : counts.most_at_driver;
}

static void cancel_due(void)
{
    for (unsigned i = 0; i < SOAK_LANES; i++) {
        struct lane *lane = &lanes[i];
        if (lane->is_idle || !lane->cancel_at || (int)(counts.ended - lane->cancel_at) < 0)
            continue;
        enum irql level = irql_raise_dispatch();
        lane->cancel_at = 0;
        if (!lane->ended) {
            lane->was_cancelled = true;
            counts.cancels++;
            block_cancel(&lane->blocks[lane->turn]);
        }
        irql_lower(level);
    }
}

/* ------------------------------------------------------------------ one has ended */

/* What the sectors are now, as far as the request tells. */
static void take_data(struct lane *lane, const struct block_request *block)
{
    const struct soak_plan *plan = &lane->plan;
    bool is_good = block->status == BLOCK_OK;
    char text[200];

    switch (plan->operation) {
    case BLOCK_READ:
        if (!soak_sectors_match(plan->disk, plan->lba, (uint32_t)block->sectors_done, block->buffer,
                                text, sizeof text))
            found(&wrong_data, lane, text);
        break;
    case BLOCK_WRITE:
    case BLOCK_WRITE_THROUGH:
        if (is_good)
            soak_sectors_are(plan->disk, plan->lba, plan->count, lane->number + 1);
        else
            soak_sectors_may_be(plan->disk, plan->lba, plan->count, lane->number + 1);
        break;
    case BLOCK_TRIM:
        soak_sectors_may_be(plan->disk, plan->lba, plan->count, SOAK_TRIMMED);
        break;
    case BLOCK_VERIFY:
    case BLOCK_FLUSH:
        break;
    }
    if (!soak_buffer_is_whole(plan, block->buffer))
        found(&wrong_memory, lane, "memory beside its buffer was written");
}

/* Is it what may become of a request? */
static void judge_status(const struct lane *lane, const struct block_request *block)
{
    switch (block->status) {
    case BLOCK_OK:
        if (block->sectors_done != block->sector_count)
            found(&wrong_status, lane, "it ended well, and not with all of its sectors");
        break;
    case BLOCK_CANCELLED:
        counts.cancelled++;
        if (!lane->was_cancelled)
            found(&wrong_status, lane, "it was cancelled, and nobody had asked for that");
        break;
    case BLOCK_DEVICE_ERROR:
    case BLOCK_TIMED_OUT:
        counts.failed++;
        if (lane->armed.is_injected && lane->armed.rule) {
            if (!soak_fault_is_true(&lane->armed, block))
                found(&wrong_status, lane, "it failed, and not as the fault says");
        } else if (soak_is_disturbed(lane->plan.disk, lane->began_us)) {
            counts.beside++;
        } else {
            found(&wrong_status, lane, "it failed, and there was no fault");
        }
        break;
    case BLOCK_DEVICE_GONE:
    case BLOCK_UNSUPPORTED:
        if (!soak_is_disturbed(lane->plan.disk, lane->began_us) &&
            !soak_channel_of(lane->plan.disk)->is_stopping)
            found(&wrong_status, lane, "its device was offline, and there was no fault");
        break;
    case BLOCK_OUT_OF_RANGE:
    case BLOCK_BAD_LENGTH:
    case BLOCK_BAD_BUFFER:
    case BLOCK_READ_ONLY:
    case BLOCK_NO_MEDIUM:
    case BLOCK_NO_CAPACITY:
    case BLOCK_MEDIUM_CHANGED:
        found(&wrong_status, lane, "a status that it cannot have");
        break;
    }
}

static enum soak_end end_of(const struct lane *lane, const struct block_request *block)
{
    if (block->status == BLOCK_OK)
        return repairs_of(block->device) == lane->repairs ? SOAK_UNHARMED : SOAK_REPAIRED;
    return block->status == BLOCK_DEVICE_GONE ? SOAK_GONE : SOAK_FAILED;
}

/* Is it submitted once more? */
static bool goes_again(struct lane *lane, const struct block_request *block)
{
    bool has_fault = lane->armed.fault && !lane->armed.is_injected;

    if (block->status == BLOCK_DEVICE_GONE || block->status == BLOCK_UNSUPPORTED)
        return true;
    if (has_fault && lane->attempts < ATTEMPTS)
        return true;
    if (has_fault)
        soak_fault_count(&lane->armed, lane->number, SOAK_NO_PLACE);
    return false;
}

static void settle(struct lane *lane)
{
    struct block_request *block = &lane->blocks[lane->turn];
    struct soak_channel *channel = soak_channel_of(lane->plan.disk);

    if (seconds - lane->began_s > counts.longest_s)
        counts.longest_s = seconds - lane->began_s;
    if (lane->armed.rule) {
        uint64_t lasts_us = soak_fault_end(&lane->armed);
        soak_channel_calms(channel, lane->armed.is_injected, lasts_us);
    }
    judge_status(lane, block);
    take_data(lane, block);
    if (lane->armed.rule && lane->armed.is_injected)
        soak_fault_count(&lane->armed, lane->number, end_of(lane, block));
    channel->in_flight--;
    counts.in_flight--;
    lane->is_idle = true;
    soak_look_at(lane->plan.disk, block->status == BLOCK_DEVICE_GONE, &counts);
    if (goes_again(lane, block)) {
        counts.repeated++;
        return;
    }
    counts.ended++;
    counts.kinds[block->operation]++;
    counts.bytes += block_moves_data(block) ? block->sectors_done * SOAK_SECTOR : 0;
    lane->is_again = false;
    lane->number += SOAK_LANES;
}

static void settle_all(void)
{
    while (true) {
        enum irql level = irql_raise_dispatch();
        struct lane *lane = ended_head;
        if (lane)
            ended_head = lane->next;
        irql_lower(level);
        if (!lane)
            return;
        settle(lane);
    }
}

/* ------------------------------------------------------------------ all of them */

static struct port_timer second;

static void second_passes(void *context)
{
    (void)context;
    seconds++;
    timer_arm(&second, SECOND_US);
}

static void check_patience(void)
{
    static uint32_t checked;

    if (checked == seconds)
        return;
    checked = seconds;
    for (unsigned i = 0; i < SOAK_LANES; i++) {
        struct lane *lane = &lanes[i];
        if (lane->is_idle || lane->ended || seconds - lane->began_s <= LIMIT_S)
            continue;
        lane->blocks[lane->turn].status = BLOCK_TIMED_OUT; /* for who reads of it */
        found(&hangs, lane, "it does not end");
        is_over = true;
    }
}

static void tell_progress(uint64_t began_us)
{
    static uint64_t told_us;
    uint64_t now_us = hal_clock_us(), passed_us = now_us - began_us;

    if (now_us < told_us + PROGRESS_US || passed_us < PROGRESS_US)
        return;
    told_us = now_us;
    hal_printf("soak: %llu of %u requests, %llu a second, %u finding%s\n",
               (unsigned long long)counts.ended, request_count,
               (unsigned long long)(counts.ended * 1000000 / passed_us), findings,
               plural(findings));
}

static void run(uint64_t began_us)
{
    second.deferred = (struct deferred){.procedure = second_passes};
    timer_arm(&second, SECOND_US);
    while (!is_over) {
        enum irql level = irql_raise_dispatch();
        submit_all();
        irql_lower(level);
        if (!counts.in_flight && counts.ended >= request_count)
            break;
        hal_interrupts_disable();
        while (!ended_head && counts.in_flight && !is_over) {
            irql_pause();
            check_patience();
        }
        hal_interrupts_enable();
        settle_all();
        cancel_due();
        is_over |= !soak_start_stopped(&counts);
        tell_progress(began_us);
    }
    timer_cancel(&second);
}

static bool make_lanes(void)
{
    for (unsigned i = 0; i < SOAK_LANES; i++) {
        lanes[i] = (struct lane){.is_idle = true, .number = i, .buffer = soak_buffer_make(i)};
        if (!lanes[i].buffer)
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ what is said */

static void conclude(unsigned count, const char *what)
{
    if (!count) /* else each was told */
        conf_ok(true, "%s", what);
}

/* The next number of "SEED:REQUESTS:RATE"; `otherwise` where there is none. */
static uint64_t number_at(const char **words, uint64_t otherwise)
{
    uint64_t number = 0;

    if (!**words)
        return otherwise;
    for (; **words >= '0' && **words <= '9'; ++*words)
        number = number * 10 + (uint64_t)(**words - '0');
    *words += **words == ':';
    return number;
}

void conf_soak(const char *words)
{
    char error[160];
    bool is_long = *words;

    if (!soak_find_disks() || !conf_ok(soak_sectors_make() && make_lanes(), "there is memory"))
        return;
    bool is_fast = soak_disks[0].mode & DMA_SUPPORT;
    soak_seed = number_at(&words, 1);
    request_count = (uint32_t)number_at(&words, is_fast ? SHORT_REQUESTS : SLOW_REQUESTS);
    soak_fault_rate = (uint32_t)number_at(&words, is_long   ? LONG_RATE
                                                  : is_fast ? SHORT_RATE
                                                            : SLOW_RATE);
    ASSERT_OP(inject_add(FAST_TIME, error, sizeof error), !=, 0);
    uint64_t began_us = hal_clock_us();
    run(began_us);
    uint64_t passed_us = hal_clock_us() - began_us;
    inject_forget_all();
    soak_counts_print(&counts, passed_us);
    conf_ok(soak_faults_print() == faults_planned || is_over, "the faults add up: %llu",
            (unsigned long long)faults_planned);
    conf_ok(counts.ended == request_count, "%llu of %u requests have ended",
            (unsigned long long)counts.ended, request_count);
    conf_ok(!twice, "each once");
    /* With so many faults as the short form has, some wait for the end of another one's. */
    bool is_calm = !soak_fault_rate || soak_fault_rate >= LONG_RATE;
    conf_ok(counts.most_in_flight >= (is_calm ? SOAK_LANES : SOAK_LANES / 2),
            "%u were in flight at a time", counts.most_in_flight);
    if (findings > TELL_FINDINGS)
        conf_failed("and %u more findings", findings - TELL_FINDINGS);
    conclude(hangs, "each in bounded time");
    conclude(wrong_status, "with a true status");
    conclude(wrong_data, "what was read is what was written there last");
    conclude(wrong_memory, "no memory beside a buffer was written");
    if (!is_over)
        soak_check_disks();
}
