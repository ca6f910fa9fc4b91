/* SPDX-License-Identifier: MIT */
/* What is run in the sweep: read, write, flush, identify, packet, reset, queue; and the list of all; see sweep.h. */
#include <stdio.h>
#include <string.h>

#include "port/irb_names.h"
#include "port/request/queue.h"
#include "port/request/timeout.h"
#include "tests/guest/conformance.h"
#include "tests/guest/sweep.h"

#define SECTOR      512u
#define FIRST_LBA   40u
#define FIRST_COUNT 16u
#define PIECE       256u /* sectors of the whole disk that go at once */
#define QUEUED      4u   /* reads of `count` sectors that go at once */

volatile unsigned sweep_ends;

static struct device *disk, *cd;
static uint8_t *model;   /* what the disk holds */
static uint8_t *buffer;  /* of the request that is judged */
static uint8_t *written; /* what it writes */
static uint8_t *found;   /* what the disk holds indeed */
static uint8_t *medium;  /* what the first sectors of the CD hold */
static uint64_t lba = FIRST_LBA;
static uint32_t count = FIRST_COUNT;
static uint32_t seed = 1;
static struct block_request block;
static struct block_request queued[QUEUED];
static unsigned queued_left;
static struct request request;
static bool is_unsure; /* the sectors of the last write may be old or new */
static bool is_writable;

/* ------------------------------------------------------------------ how they end */

static void block_ends(struct block_request *ended)
{
    (void)ended;
    sweep_ends++;
}

static void request_ends(struct request *ended)
{
    (void)ended;
    sweep_ends++;
}

static bool is_block_good(void)
{
    return block.status == BLOCK_OK;
}

static bool is_block_gone(void)
{
    return block.status == BLOCK_DEVICE_GONE;
}

static bool is_request_gone(void)
{
    return request.irb_status == IRB_STATUS_SELECTION_TIMEOUT;
}

static bool is_request_good(void)
{
    return request.irb_status == IRB_STATUS_SUCCESS;
}

static void begin_block(struct device *device, enum block_operation operation, uint64_t at,
                        uint32_t sectors)
{
    sweep_ends = 0;
    block = (struct block_request){.device = device,
                                   .operation = operation,
                                   .lba = at,
                                   .sector_count = sectors,
                                   .buffer = buffer,
                                   .callback = block_ends};
    block_submit(&block);
}

/* ------------------------------------------------------------------ the scenarios */

static bool nothing_first(void)
{
    memset(buffer, 0xA5, SWEEP_MOST * 2048);
    return true;
}

static void begin_read(void)
{
    begin_block(disk, BLOCK_READ, lba, count);
}

enum block_status sweep_read(void)
{
    return block_transfer(disk, BLOCK_READ, lba, count, buffer);
}

static bool is_read_right(void)
{
    return memcmp(buffer, model + lba * SECTOR, count * SECTOR) == 0;
}

static bool new_data(void)
{
    conf_fill(written, count * SECTOR, ++seed);
    memcpy(buffer, written, count * SECTOR);
    return true;
}

static void begin_write(void)
{
    is_unsure = true;
    begin_block(disk, BLOCK_WRITE, lba, count);
}

/* All of it is there. */
static bool is_write_right(void)
{
    return conf_transfer(disk, BLOCK_READ, lba, count, found) &&
           memcmp(found, written, count * SECTOR) == 0;
}

/* There has to be something to be flushed. */
static bool write_first(void)
{
    new_data();
    if (block_transfer(disk, BLOCK_WRITE, lba, count, buffer) != BLOCK_OK)
        return false; /* a driver that does not write */
    memcpy(model + lba * SECTOR, written, count * SECTOR);
    return true;
}

static void begin_flush(void)
{
    begin_block(disk, BLOCK_FLUSH, 0, 0);
}

static bool is_flush_right(void)
{
    return true; /* the disk is compared in any case */
}

static void begin_identify(void)
{
    sweep_ends = 0;
    request = (struct request){
        .device = disk,
        .function = IRB_FUNCTION_ATA_IDENTIFY,
        .flags = IRB_FLAGS_DATA_IN,
        .timeout_s = 10,
        .buffer = buffer,
        .byte_count = sizeof(IDENTIFY_DEVICE_DATA),
        .callback = request_ends,
    };
    request.task_file.Current.bCommandReg = IDE_COMMAND_IDENTIFY;
    request.task_file.Current.bDriveHeadReg = disk->target ? 0xB0 : 0xA0;
    request_submit(&request);
}

/* Words 10 to 46: serial number, firmware, model. */
static bool is_identify_right(void)
{
    return memcmp(buffer + 20, (const uint8_t *)&disk->given.identify + 20, 74) == 0;
}

static void begin_packet(void)
{
    begin_block(cd, BLOCK_READ, 0, 4);
}

static bool is_packet_right(void)
{
    return memcmp(buffer, medium, 4 * 2048) == 0;
}

/* A reset with a read under way, which is repeated. */
static void begin_reset(void)
{
    enum irql level = irql_raise_dispatch();
    begin_read();
    channel_reset(disk->channel);
    irql_lower(level);
}

/* Several reads at a time, and behind them a verify, for which a driver has to wait until they are
 * over: what one of them comes to must not be another's. It has ended when all have, and twice when
 * one has. */
static void queued_ends(struct block_request *ended)
{
    (void)ended;
    if (queued_left == 0 || --queued_left == 0)
        sweep_ends++;
}

static uint64_t queued_lba(unsigned i)
{
    return (lba + (uint64_t)i * count) % (SWEEP_SECTORS - SWEEP_MOST);
}

static void begin_queue(void)
{
    sweep_ends = 0;
    queued_left = QUEUED;
    enum irql level = irql_raise_dispatch();
    for (unsigned i = 0; i < QUEUED; i++) {
        queued[i] = (struct block_request){.device = disk,
                                           .operation = i == QUEUED - 1 ? BLOCK_VERIFY : BLOCK_READ,
                                           .lba = queued_lba(i),
                                           .sector_count = count,
                                           .buffer = buffer + i * count * SECTOR,
                                           .callback = queued_ends};
        block_submit(&queued[i]);
    }
    irql_lower(level);
}

static bool any_queued(enum block_status status)
{
    for (unsigned i = 0; i < QUEUED; i++)
        if (queued[i].status == status)
            return true;
    return false;
}

static bool is_queue_good(void)
{
    return any_queued(BLOCK_OK);
}

static bool is_queue_gone(void)
{
    return any_queued(BLOCK_DEVICE_GONE);
}

/* Of those that ended well. */
static bool is_queue_right(void)
{
    for (unsigned i = 0; i < QUEUED; i++)
        if (queued[i].status == BLOCK_OK && queued[i].operation == BLOCK_READ &&
            memcmp(buffer + i * count * SECTOR, model + queued_lba(i) * SECTOR, count * SECTOR))
            return false;
    return true;
}

#define REQUEST(title, ready, start, right)                                        \
    {                                                                              \
        .name = title, .prepare = ready, .begin = start, .is_good = is_block_good, \
        .is_gone = is_block_gone, .is_right = right                                \
    }
#define CHANGE(title, ready, start, ...)                                                  \
    {                                                                                     \
        .name = title, .prepare = ready, .begin = start, .is_good = sweep_change_is_good, \
        .is_gone = sweep_change_is_gone, .is_right = is_read_right, __VA_ARGS__           \
    }

const struct sweep_scenario sweep_scenarios[] = {
    REQUEST("read", nothing_first, begin_read, is_read_right),
    REQUEST("write", new_data, begin_write, is_write_right),
    REQUEST("flush", write_first, begin_flush, is_flush_right),
    {.name = "identify",
     .prepare = nothing_first,
     .begin = begin_identify,
     .is_good = is_request_good,
     .is_gone = is_request_gone,
     .is_right = is_identify_right},
    {.name = "packet",
     .is_packet = true,
     .prepare = nothing_first,
     .begin = begin_packet,
     .is_good = is_block_good,
     .is_gone = is_block_gone,
     .is_right = is_packet_right},
    {.name = "reset",
     .is_reset = true,
     .prepare = nothing_first,
     .begin = begin_reset,
     .is_good = is_block_good,
     .is_gone = is_block_gone,
     .is_right = is_read_right},
    {.name = "queue",
     .is_many = true,
     .prepare = nothing_first,
     .begin = begin_queue,
     .is_good = is_queue_good,
     .is_gone = is_queue_gone,
     .is_right = is_queue_right},
    CHANGE("power", write_first, sweep_begin_power, .is_long = false),
    CHANGE("wake", sweep_power_down_first, sweep_begin_wake, .is_long = false),
    CHANGE("channel", write_first, sweep_begin_channel, .is_long = true),
    CHANGE("adapter", write_first, sweep_begin_adapter, .is_long = true),
    CHANGE("restart", write_first, sweep_begin_restart, .is_long = true),
    CHANGE("plug", nothing_first, sweep_begin_plug, .is_long = true, .is_plugged = true),
};
const unsigned sweep_scenario_count = sizeof sweep_scenarios / sizeof *sweep_scenarios;

struct device *sweep_device(const struct sweep_scenario *scenario)
{
    return scenario->is_packet ? cd : disk;
}

/* The first that did not end well; or the first. */
static void queue_describe(char *text, size_t size)
{
    unsigned i = QUEUED - 1;
    while (i > 0 && queued[i].status == BLOCK_OK)
        i--;
    block_describe(&queued[i], text, size);
}

void sweep_describe(const struct sweep_scenario *scenario, char *text, size_t size)
{
    if (scenario->begin == begin_queue)
        queue_describe(text, size);
    else if (scenario->is_good == sweep_change_is_good)
        snprintf(text, size, "%s",
                 sweep_change_is_good() ? "well"
                                        : "not as it should, or it is not read afterwards");
    else if (scenario->begin != begin_identify)
        block_describe(&block, text, size);
    else
        snprintf(text, size, "IRB status %s (%#x), Status 0x%02x, Error 0x%02x",
                 irb_status_name(request.irb_status), request.irb_status, request.ata_status,
                 request.ata_error);
}

void sweep_place(uint64_t at, uint32_t sectors)
{
    lba = at;
    count = sectors;
}

void sweep_name(const struct sweep_scenario *scenario, char *text, size_t size)
{
    bool is_elsewhere = lba != FIRST_LBA || count != FIRST_COUNT;

    if (is_elsewhere)
        snprintf(text, size, "%s %u+%u", scenario->name, (unsigned)lba, count);
    else
        snprintf(text, size, "%s", scenario->name);
}

/* ------------------------------------------------------------------ the disk */

/* Sectors of it, piece by piece. */
static bool transfer_part(enum block_operation operation, uint32_t from, uint32_t to, uint8_t *data)
{
    for (uint32_t at = from, length; at < to; at += length) {
        length = to - at < PIECE ? to - at : PIECE;
        if (!conf_transfer(disk, operation, at, length, data + at * SECTOR))
            return false;
    }
    return true;
}

static bool transfer_disk(enum block_operation operation, uint8_t *data)
{
    return transfer_part(operation, 0, SWEEP_SECTORS, data);
}

/* Old or new, of a sector that was written to last; it is known from now on. */
static bool is_old_or_new(uint32_t sector, const uint8_t *holds)
{
    if (!is_unsure || sector < lba || sector >= lba + count ||
        memcmp(holds, written + (sector - lba) * SECTOR, SECTOR) != 0)
        return memcmp(holds, model + sector * SECTOR, SECTOR) == 0;
    memcpy(model + sector * SECTOR, holds, SECTOR);
    return true;
}

bool sweep_check_disk(bool is_blind, char *text, size_t size)
{
    /* Where the driver does not write, the request's place will do. */
    const uint32_t from = is_writable ? 0 : (uint32_t)lba;
    const uint32_t to = is_writable ? SWEEP_SECTORS : (uint32_t)lba + count;

    snprintf(text, size, "the disk is not read any more");
    if (!transfer_part(BLOCK_READ, from, to, found))
        return false;
    for (uint32_t i = from; i < to; i++) {
        if (is_old_or_new(i, found + i * SECTOR))
            continue;
        if (is_blind)
            return transfer_disk(BLOCK_WRITE, model);
        snprintf(text, size, "sector %u holds neither what it held nor what was written", i);
        memcpy(model + i * SECTOR, found + i * SECTOR, SECTOR);
        return false;
    }
    is_unsure = false;
    return true;
}

bool sweep_prepare(void)
{
    size_t disk_bytes = SWEEP_SECTORS * SECTOR, buffer_bytes = SWEEP_MOST * 2048;
    uint8_t *memory = hal_pages_alloc(hal_pages_for(2 * disk_bytes + 3 * buffer_bytes), UINT64_MAX);

    disk = conf_need_disk(0);
    cd = conf_cd();
    if (!disk || !conf_ok(memory && disk->sector_count == SWEEP_SECTORS, "there is a scratch disk"))
        return false;
    model = memory;
    found = model + disk_bytes;
    buffer = found + disk_bytes;
    written = buffer + buffer_bytes;
    medium = written + buffer_bytes;
    conf_fill(model, disk_bytes, seed);
    if (cd && !conf_ok(conf_transfer(cd, BLOCK_READ, 0, 4, medium), "the CD is read"))
        return false;
    is_writable = conf_writes(disk);
    if (is_writable)
        return conf_ok(transfer_disk(BLOCK_WRITE, model), "the scratch disk is written");
    return transfer_disk(BLOCK_READ, model) || conf_ok(false, "the scratch disk is read");
}
