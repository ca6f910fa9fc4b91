/* SPDX-License-Identifier: MIT */
/*
 * `bench`: what small random and large sequential transfers cost, one at a time; and those of a
 * size of one's own, several at a time.
 *
 * What a write writes is what it found there: the area that writes go to is read before the clock
 * starts, and is no larger than the buffers.
 *
 * Workloads, order of addresses and output are those of tests/bench/floor, which does the same
 * without a port driver; tests/bench/run.pl runs both and compares. Each workload prints one line,
 * all numbers for all operations together: bench port NAME ops=N ns_total=N accesses=N
 * data_accesses=N
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "boot/shell/numbers.h"
#include "lib/plural.h"
#include "port/block.h"
#include "port/objects.h"
#include "port/parcel.h"

#define SMALL_SECTORS    8u
#define LARGE_SECTORS    256u
#define SECTOR_BYTES     512u
#define BUFFER_ALIGNMENT 0x10000u /* as few elements in the bus master's table as possible */
#define AREA_MAX_SECTORS 131072u

/* What writes go to, and the buffers hold; more only where one operation of each of those that are
 * under way needs it. */
#define WRITE_AREA_BYTES   (4u << 20)
#define WRITE_AREA_SECTORS (WRITE_AREA_BYTES / SECTOR_BYTES)

/* Of one's own. */
#define SIZE_MAX_BYTES   (1u << 20)
#define SEQUENTIAL_BYTES (64u << 10) /* from this size on one after the other, below at random */
#define DEPTH_MAX        256u
#define QUEUED_BYTES     (32u << 20) /* that are moved in all */

static const struct workload {
    const char *name; /* behind "dma-" or "pio-", whichever the disk uses */
    bool is_write, is_random;
    uint32_t sectors, dma_ops, pio_ops;
} workloads[] = {
    {"read-4k-random", false, true, SMALL_SECTORS, 8000, 1000},
    {"write-4k-random", true, true, SMALL_SECTORS, 8000, 1000},
    {"read-128k-seq", false, false, LARGE_SECTORS, 2000, 100},
    {"write-128k-seq", true, false, LARGE_SECTORS, 2000, 100},
};

const char *bench_workload(unsigned index)
{
    return index < sizeof workloads / sizeof *workloads ? workloads[index].name : NULL;
}

struct bench {
    struct device *device;
    bool may_write;
    const char *only;      /* one workload's name; NULL: all */
    uint64_t divisor;      /* of the numbers of operations */
    struct parcel *parcel; /* with the buffer */
};

/* The marks between which tests/bench/icount.c counts instructions. noipa: the compiler may neither
 * drop the calls nor make the two one. */
__attribute__((noipa)) void bench_mark_begin(void);
__attribute__((noipa)) void bench_mark_end(void);

void bench_mark_begin(void)
{
}

void bench_mark_end(void)
{
}

/* Context: DISPATCH_LEVEL. */
static void operation_over(struct block_request *request)
{
    struct parcel *parcel = request->context;
    bench_mark_end();
    parcel->is_over = true;
}

/* parcel_wait, but for the first pause: what it asks before that would be measured. */
static bool await(struct parcel *parcel)
{
    irql_lower(irql_raise_dispatch());
    hal_interrupts_disable();
    if (!parcel->is_over)
        irql_pause();
    hal_interrupts_enable();
    return parcel->is_over || parcel_wait(parcel);
}

static uint32_t xorshift32(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void *bench_data(const struct parcel *parcel)
{
    uintptr_t data = (uintptr_t)parcel->data;
    return (void *)((data + BUFFER_ALIGNMENT - 1) & ~(uintptr_t)(BUFFER_ALIGNMENT - 1));
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How many places for an operation the area has that is measured. */
static uint32_t units_of(const struct device *device, uint32_t sectors)
{
    uint64_t area = device->sector_count;
    return (area < AREA_MAX_SECTORS ? (uint32_t)area : AREA_MAX_SECTORS) / sectors;
}

static enum command_result fail_stopped(uint32_t done, uint32_t ops)
{
    return command_fail("Stopped by Ctrl-C after %u of %u operation%s.", (unsigned)done,
                        (unsigned)ops, plural(ops));
}

/* Reads what is to be written later, as the parcel's request says. False: it failed, said so;
 * *parcel is NULL if it is lost. */
static bool read_before(struct parcel **parcel)
{
    struct block_request *request = &(*parcel)->block;

    request->operation = BLOCK_READ;
    parcel_submit_block(*parcel);
    if (!parcel_wait(*parcel)) {
        if (!parcel_give_up(*parcel))
            *parcel = NULL;
        command_fail("Stopped by Ctrl-C before the first operation.");
        return false;
    }
    if (request->status != BLOCK_OK)
        block_fail(request);
    return request->status == BLOCK_OK;
}

/* Runs the operations. False: one failed, or Ctrl-C; said so. */
static bool run_operations(struct bench *bench, const struct workload *workload, uint32_t units,
                           uint32_t ops)
{
    const uint32_t unit_bytes = workload->sectors * SECTOR_BYTES;
    uint8_t *data = bench_data(bench->parcel);
    uint32_t state = 1, op = 0;
    struct parcel *parcel = bench->parcel;
    struct block_request *request = &parcel->block;

    *request = (struct block_request){
        .device = bench->device,
        .operation = workload->is_write ? BLOCK_WRITE : BLOCK_READ,
        .sector_count = workload->sectors,
        .buffer = data,
        .callback = operation_over,
        .context = parcel,
    };
    for (; op < ops && !(op % 64 == 63 && shell_is_stopped()); op++) {
        uint32_t unit = (workload->is_random ? xorshift32(&state) : op) % units;
        request->lba = (uint64_t)unit * workload->sectors;
        if (workload->is_write)
            request->buffer = data + unit * unit_bytes;
        parcel->is_over = false;
        bench_mark_begin();
        block_submit(request);
        if (__builtin_expect(!await(parcel), 0)) {
            if (!parcel_give_up(parcel))
                bench->parcel = NULL;
            break;
        }
        if (__builtin_expect(request->status != BLOCK_OK, 0)) {
            block_fail(request);
            return false;
        }
    }
    if (op < ops)
        fail_stopped(op, ops);
    return op == ops;
}

static void print_result(uint32_t sectors, const char *name, uint32_t ops, uint64_t elapsed_us,
                         const struct access_counters *before)
{
    char speed[SIZE_TEXT_CAPACITY];
    uint64_t accesses = access_counters.registers - before->registers;
    uint64_t bytes = (uint64_t)ops * sectors * SECTOR_BYTES;
    unsigned each_ns = (unsigned)number_divide(elapsed_us * 1000, ops);
    unsigned accesses_tenths = (unsigned)number_divide(accesses * 10, ops);

    hal_printf("bench port %s ops=%u ns_total=%" PRIu64 " accesses=%" PRIu64
               " data_accesses=%" PRIu64 "\n",
               name, (unsigned)ops, elapsed_us * 1000, accesses,
               access_counters.data_units - before->data_units);
    size_format(number_divide(bytes * 1000000, elapsed_us), speed, sizeof speed);
    hal_printf("  %" PRIu64 " a second, %s/s; each %u.%u us and %u.%u register accesses\n",
               number_divide((uint64_t)ops * 1000000, elapsed_us), speed, each_ns / 1000,
               each_ns % 1000 / 100, accesses_tenths / 10, accesses_tenths % 10);
}

static bool run_workload(struct bench *bench, const struct workload *workload, const char *name)
{
    bool is_dma = device_uses_dma(bench->device);
    uint32_t ops =
        (uint32_t)number_divide(is_dma ? workload->dma_ops : workload->pio_ops, bench->divisor);
    uint32_t units = units_of(bench->device, workload->sectors);

    if (ops == 0)
        ops = 1;
    if (workload->is_write) {
        units = least(units, WRITE_AREA_SECTORS / workload->sectors);
        bench->parcel->block = (struct block_request){.device = bench->device,
                                                      .sector_count = units * workload->sectors,
                                                      .buffer = bench_data(bench->parcel)};
        if (!read_before(&bench->parcel))
            return false;
    }
    struct access_counters before = access_counters;
    uint64_t started_us = hal_clock_us();
    if (!run_operations(bench, workload, units, ops))
        return false;
    print_result(workload->sectors, name, ops, hal_clock_us() - started_us, &before);
    return true;
}

/* ------------------------------------------------------------------ several at a time */

struct queued {
    struct device *device;
    bool is_write;
    uint32_t sectors, depth; /* of each, and how many at a time */
    uint32_t area_units;     /* that the disk's area holds */
    uint32_t units;          /* the same; of a write, those that each lane has for itself */
    uint32_t ops, begun, ended;
    uint32_t state; /* of the random numbers */
    bool is_stopped;
    struct block_request *failed; /* the first that did */
    /* One operation after the other. */
    struct lane {
        struct queued *queued;
        struct parcel *parcel;
    } lanes[DEPTH_MAX];
};

/* Settles where unit n of a lane lies. Of a write, lanes take turns on the disk, and each has what
 * is there in its parcel. (Where the disk has too few for all, two have the same.) */
static void choose_unit(const struct lane *lane, uint32_t unit)
{
    const struct queued *queued = lane->queued;
    struct block_request *request = &lane->parcel->block;
    uint32_t place = unit;

    request->buffer = lane->parcel->data;
    if (queued->is_write) {
        place = (unit * queued->depth + (uint32_t)(lane - queued->lanes)) % queued->area_units;
        request->buffer = lane->parcel->data + unit * queued->sectors * SECTOR_BYTES;
    }
    request->lba = (uint64_t)place * queued->sectors;
}

/* The next operation goes off. (The marks stand around the time in which any is under way: one at a
 * time each of them.) */
static void queue_one(const struct lane *lane)
{
    struct queued *queued = lane->queued;
    uint32_t turn = queued->is_write ? queued->begun / queued->depth : queued->begun;

    if (queued->sectors * SECTOR_BYTES < SEQUENTIAL_BYTES)
        turn = xorshift32(&queued->state);
    choose_unit(lane, turn % queued->units);
    lane->parcel->is_over = false;
    if (queued->begun == queued->ended)
        bench_mark_begin();
    queued->begun++;
    block_submit(&lane->parcel->block);
}

/* Context: DISPATCH_LEVEL. */
static void queued_over(struct block_request *request)
{
    const struct lane *lane = request->context;
    struct queued *queued = lane->queued;

    queued->ended++;
    if (queued->ended == queued->begun)
        bench_mark_end();
    if (request->status != BLOCK_OK && !queued->failed)
        queued->failed = request;
    if (queued->begun < queued->ops && !queued->failed && !queued->is_stopped) {
        queue_one(lane);
        return;
    }
    lane->parcel->is_over = true;
}

/* Until all have ended, one has failed, or Ctrl-C was pressed: that is asked when a pause has ended
 * none, and once in 64 operations, for what parcel_wait asks at each pause would be measured. */
static void await_all(const struct queued *queued)
{
    bool asks = true;

    irql_lower(irql_raise_dispatch());
    hal_interrupts_disable();
    while (queued->ended < queued->ops && !queued->failed && !(asks && shell_is_stopped())) {
        uint32_t before = queued->ended;
        irql_pause();
        asks = queued->ended == before || queued->ended / 64 != before / 64;
    }
    hal_interrupts_enable();
}

/* All are begun, and each that ends begins another. False: Ctrl-C. */
static bool run_queue(struct queued *queued)
{
    bool has_ended = true;

    for (unsigned i = 0; i < queued->depth && queued->begun < queued->ops; i++) {
        enum irql level = irql_raise_dispatch();
        queue_one(&queued->lanes[i]);
        irql_lower(level);
    }
    await_all(queued);
    for (unsigned i = 0; i < queued->depth; i++) {
        struct lane *lane = &queued->lanes[i];
        if (parcel_wait(lane->parcel))
            continue;
        has_ended = false;
        queued->is_stopped = true;
        if (!parcel_give_up(lane->parcel))
            lane->parcel = NULL;
    }
    return has_ended;
}

/* A lane's parcel, and in it what is to be written. False: said why not. */
static bool prepare_lane(struct queued *queued, struct lane *lane)
{
    lane->queued = queued;
    lane->parcel =
        parcel_new((queued->is_write ? queued->units : 1) * queued->sectors * SECTOR_BYTES);
    if (!lane->parcel) {
        command_fail("There is no memory for %u buffers.", (unsigned)queued->depth);
        return false;
    }
    struct block_request *request = &lane->parcel->block;
    *request = (struct block_request){.device = queued->device, .sector_count = queued->sectors};
    for (uint32_t unit = 0; queued->is_write && unit < queued->units; unit++) {
        choose_unit(lane, unit);
        if (!read_before(&lane->parcel))
            return false;
    }
    request->operation = queued->is_write ? BLOCK_WRITE : BLOCK_READ;
    request->callback = queued_over;
    request->context = lane;
    lane->parcel->is_over = true;
    return true;
}

static enum command_result measure_queue(struct queued *queued)
{
    char name[40];

    snprintf(name, sizeof name, "%s-%u-depth-%u", queued->is_write ? "write" : "read",
             (unsigned)(queued->sectors * SECTOR_BYTES), (unsigned)queued->depth);
    for (unsigned i = 0; i < queued->depth; i++)
        if (!prepare_lane(queued, &queued->lanes[i]))
            return COMMAND_FAILED;
    struct access_counters before = access_counters;
    uint64_t started_us = hal_clock_us();
    if (!run_queue(queued))
        return fail_stopped(queued->ended, queued->ops);
    if (queued->failed)
        return block_fail(queued->failed);
    print_result(queued->sectors, name, queued->ops, hal_clock_us() - started_us, &before);
    return COMMAND_DONE;
}

/* "4K", "128K", "512": bytes, whole sectors of them. */
static bool parse_size(const char *word, uint32_t *byte_count)
{
    char digits[16];
    uint64_t value, unit = 1;
    size_t length = strlen(word);

    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, word, length + 1);
    if (digits[length - 1] == 'K' || digits[length - 1] == 'M') {
        unit = digits[length - 1] == 'K' ? 1u << 10 : 1u << 20;
        digits[length - 1] = 0;
    }
    if (!argument_number(digits, &value) || value == 0 || value > SIZE_MAX_BYTES / unit ||
        value * unit % SECTOR_BYTES != 0)
        return false;
    *byte_count = (uint32_t)(value * unit);
    return true;
}

static enum command_result bench_queue(struct device *device, char **words)
{
    /* (A request that was given up may still tell it of its end.) */
    static struct queued queued;
    uint32_t byte_count;
    uint64_t depth;

    if (!parse_size(words[1], &byte_count) || !argument_number(words[2], &depth) || depth == 0 ||
        depth > DEPTH_MAX)
        return COMMAND_BAD_ARGUMENTS;
    queued = (struct queued){
        .device = device,
        .is_write = words[0][0] == 'w',
        .sectors = byte_count / SECTOR_BYTES,
        .depth = (uint32_t)depth,
        .ops = QUEUED_BYTES / byte_count,
        .state = 1,
    };
    queued.area_units = units_of(device, queued.sectors);
    if (queued.area_units == 0)
        return command_fail("%s is smaller than that.", device->name);
    queued.units = queued.area_units;
    if (queued.is_write) {
        queued.units = least(queued.units, WRITE_AREA_SECTORS / queued.sectors) / queued.depth;
        if (queued.units == 0)
            queued.units = 1;
    }
    enum command_result result = measure_queue(&queued);
    for (unsigned i = 0; i < queued.depth; i++)
        if (queued.lanes[i].parcel)
            parcel_free(queued.lanes[i].parcel);
    return result;
}

/* ------------------------------------------------------------------ the command */

static enum command_result run_bench(struct bench *bench)
{
    const char *kind = device_uses_dma(bench->device) ? "dma" : "pio";
    unsigned done = 0;

    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
        const struct workload *workload = &workloads[i];
        char name[32];
        snprintf(name, sizeof name, "%s-%s", kind, workload->name);
        if ((bench->only && strcmp(bench->only, name) != 0 &&
             strcmp(bench->only, workload->name) != 0) ||
            (workload->is_write && !bench->may_write))
            continue;
        if (!run_workload(bench, workload, name))
            return COMMAND_FAILED;
        done++;
    }
    if (done == 0)
        return command_fail("There is no workload \"%.40s\" for disk %s%s.", bench->only,
                            bench->device->name, bench->may_write ? "" : " without the word write");
    if (!bench->may_write && !bench->only)
        hal_printf("Writes were not measured: `bench %s write` does, with what is there.\n",
                   bench->device->name);
    return COMMAND_DONE;
}

/* Reads the words behind the name. False: one of them is wrong. */
static bool parse_words(unsigned count, char **words, struct bench *bench, const char **disk)
{
    for (unsigned i = 1; i < count; i++) {
        if (strcmp(words[i], "write") == 0) {
            bench->may_write = true;
        } else if (strncmp(words[i], "divide=", 7) == 0) {
            if (!argument_number(words[i] + 7, &bench->divisor) || bench->divisor == 0)
                return false;
        } else if (strchr(words[i], '-') && !bench->only) {
            bench->only = words[i];
        } else if (i == 1) {
            *disk = words[i];
        } else {
            return false;
        }
    }
    return true;
}

static bool is_queue(unsigned count, char **words)
{
    return count == 5 && (strcmp(words[2], "read") == 0 || strcmp(words[2], "write") == 0);
}

enum command_result command_bench(unsigned count, char **words)
{
    struct bench bench = {.divisor = 1};
    const char *disk = NULL;

    if (is_queue(count, words))
        disk = words[1];
    else if (!parse_words(count, words, &bench, &disk))
        return COMMAND_BAD_ARGUMENTS;
    if (disk)
        bench.device = argument_device(disk);
    else
        for (struct device *device = NULL; !bench.device && (device = port_next_device(device));)
            if (device->kind == DEVICE_ATA && device->usable)
                bench.device = device;
    if (!bench.device)
        return disk ? COMMAND_FAILED : command_fail("There is no disk to measure.");
    if (bench.device->kind != DEVICE_ATA || bench.device->sector_size != SECTOR_BYTES ||
        bench.device->sector_count < LARGE_SECTORS)
        return command_fail("%s is no disk with at least %u sectors of %u bytes.",
                            bench.device->name, LARGE_SECTORS, SECTOR_BYTES);
    if (is_queue(count, words))
        return bench_queue(bench.device, words + 2);
    uint32_t buffer_bytes = bench.may_write ? WRITE_AREA_BYTES : LARGE_SECTORS * SECTOR_BYTES;
    bench.parcel = parcel_new(buffer_bytes + BUFFER_ALIGNMENT);
    if (!bench.parcel)
        return command_fail("There is no memory for a buffer of %u KiB.", buffer_bytes >> 10);
    enum command_result result = run_bench(&bench);
    if (bench.parcel)
        parcel_free(bench.parcel);
    return result;
}
