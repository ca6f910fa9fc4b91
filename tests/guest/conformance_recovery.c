/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite's guest tests about what goes wrong, or away: lost interrupts, slow
 * devices, resets, stop and start, power; and structures that are not what they say.
 *
 * Any driver can lose an interrupt here: the handler that the port has connected is replaced by one
 * that keeps quiet for a while (a level-triggered line is masked, as it would not stop).
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/controller.h"
#include "port/irb_names.h"
#include "port/objects.h"
#include "port/owned.h"
#include "port/parcel.h"
#include "port/power.h"
#include "port/request/timeout.h"
#include "tests/guest/conformance.h"

#define COUNT 16u

static uint8_t *expected, *buffer;
static struct device *disk;
static struct block_request blocks[COUNT];
static unsigned blocks_left;
static bool blocks_done;

/* The disk, and its first sectors as the host has made them. */
static bool prepare(void)
{
    expected = hal_pages_alloc(CONF_BUFFER_BYTES / HAL_PAGE_SIZE, UINT64_MAX);
    buffer = expected ? expected + CONF_BUFFER_BYTES / 2 : NULL;
    disk = conf_need_disk(0);
    if (!disk ||
        !conf_ok(buffer && conf_transfer(disk, BLOCK_READ, 0, 512, expected), "the disk is read"))
        return false;
    conf_digest(disk, 0, 512, expected);
    return true;
}

static void expect_io(const char *when)
{
    memset(buffer, 0xA5, 512 * 512);
    bool good = conf_transfer(disk, BLOCK_READ, 0, 512, buffer);
    conf_ok(good && memcmp(buffer, expected, 512 * 512) == 0, "the disk is read %s", when);
}

static void one_is_done(struct block_request *block)
{
    (void)block;
    blocks_done = --blocks_left == 0;
}

static void submit_blocks(void)
{
    blocks_left = COUNT;
    blocks_done = false;
    memset(buffer, 0xA5, COUNT * 8192);
    for (unsigned i = 0; i < COUNT; i++) {
        blocks[i] = (struct block_request){.device = disk,
                                           .operation = BLOCK_READ,
                                           .lba = i * 16,
                                           .sector_count = 16,
                                           .buffer = buffer + i * 8192,
                                           .callback = one_is_done};
        block_submit(&blocks[i]);
    }
}

static bool blocks_are_right(void)
{
    bool good = true;
    for (unsigned i = 0; i < COUNT; i++) {
        if (blocks[i].status != BLOCK_OK)
            conf_note_block(&blocks[i]);
        else if (memcmp(blocks[i].buffer, expected + i * 8192, 8192) != 0)
            conf_note("request %u ended well with wrong data", i);
        else
            continue;
        good = false;
    }
    return good;
}

/* ------------------------------------------------------------------ time-outs */

static bool (*real_handler)(void *context);

static bool quiet_handler(void *context)
{
    (void)context;
    return false;
}

static void hold_interrupts(struct channel *channel, bool held)
{
    bool enabled = hal_interrupts_disable();
    if (channel->interrupt.hal.level) {
        hal_interrupt_mask(channel->interrupt.hal.line, held);
    } else {
        if (held)
            real_handler = channel->interrupt.hal.handler;
        channel->interrupt.hal.handler = held ? quiet_handler : real_handler;
    }
    hal_interrupts_restore(enabled);
}

/* A read from sector 8 on with a time-out of a second, not repeated by the port, ready to be run.
 */
static void make_short(struct request *request, uint32_t sectors)
{
    struct block_request block = {.device = disk,
                                  .operation = BLOCK_READ,
                                  .lba = 8,
                                  .sector_count = sectors,
                                  .buffer = buffer};
    block_run(&block); /* its request is filled in now */
    *request = block.request;
    request->timeout_s = 1;
    request->is_once = true;
}

void conf_timeout(void)
{
    if (!prepare())
        return;
    struct channel *channel = disk->channel;
    for (unsigned round = 0; round < 2; round++) {
        struct request request;
        uint64_t timeouts = channel->counters.timeouts, resets = channel->counters.resets;
        make_short(&request, 8);
        memset(buffer, 0xA5, 4096);
        hold_interrupts(channel, true);
        request_run(&request);
        hold_interrupts(channel, false);
        /* EDGE: 53, 160 */
        conf_ok(true, "a request whose interrupt is lost ends (%s)",
                irb_status_name(request.irb_status));
        conf_ok(request.irb_status != IRB_STATUS_SUCCESS ||
                    memcmp(buffer, expected + 4096, 4096) == 0,
                "if it ended well, its data is there");
        conf_note("%llu time-outs, IdeHwReset was called %llu times",
                  (unsigned long long)(channel->counters.timeouts - timeouts),
                  (unsigned long long)(channel->counters.resets - resets));
        expect_io("after the recovery");
    }
    for (unsigned number = 1; number < 4; number++) {
        struct device *other = conf_disk(number);
        if (other && conf_ok(conf_transfer(other, BLOCK_READ, 0, 8, buffer), "and CONF%u", number))
            conf_digest(other, 0, 8, buffer);
    }
}

/* A device that needs more than two seconds for a request, and is given one: it is busy when the
 * reset comes. */
void conf_slow(void)
{
    struct request request;
    disk = conf_need_disk(0);
    buffer = hal_pages_alloc(4, UINT64_MAX);
    if (!disk || !conf_ok(buffer != NULL, "memory"))
        return;
    /* On a host that is busy the guest's seconds may come late, and the device be in time. */
    uint64_t timeouts = disk->channel->counters.timeouts;
    for (unsigned round = 0; round < 5 && disk->channel->counters.timeouts == timeouts; round++) {
        make_short(&request, 1); /* by PIO each sector takes its two seconds */
        request_run(&request);
    }
    if (disk->channel->counters.timeouts > timeouts)
        conf_ok(true, "a request to a device that hangs times out, and ends (%s)",
                irb_status_name(request.irb_status));
    else
        conf_skip("a device that hangs", "this host is too busy to tell two seconds from one");
    memset(buffer, 0xA5, 4096);
    bool good = conf_transfer(disk, BLOCK_READ, 8, 1, buffer);
    for (unsigned i = 0; i < 512; i++)
        good &= buffer[i] == 0;
    /* EDGE: 115, 161, 162 */
    conf_ok(good, "after the reset the device is read, with the time that it needs");
}

/* ------------------------------------------------------------------ reset */

void conf_reset(void)
{
    if (!prepare())
        return;
    for (unsigned round = 0; round < 4; round++) {
        submit_blocks();
        enum irql level = irql_raise_dispatch();
        channel_reset(disk->channel);
        irql_lower(level);
        irql_wait(&blocks_done);
        conf_ok(
            blocks_are_right(),
            "%u requests under way or waiting when IdeHwReset is called: repeated, with the right "
            "data",
            COUNT);
        expect_io("after the reset");
    }
    enum irql level = irql_raise_dispatch();
    channel_reset(disk->channel);
    irql_lower(level);
    /* EDGE: 41 */
    expect_io("after a reset of an idle channel");
    if (conf_writes(disk)) {
        conf_fill(buffer, 8192, 3);
        conf_ok(conf_transfer(disk, BLOCK_WRITE, 2000, 16, buffer), "and written");
        conf_digest(disk, 2000, 16, buffer);
    }
}

/* ------------------------------------------------------------------ stop and start */

void conf_stop(void)
{
    if (!prepare())
        return;
    struct channel *channel = disk->channel;
    for (unsigned round = 0; round < 3; round++) {
        submit_blocks();
        conf_ok(channel_stop(channel), "the channel stops, with requests under way");
        irql_wait(&blocks_done);
        bool good = true;
        for (unsigned i = 0; i < COUNT; i++)
            good &= blocks[i].status != BLOCK_OK ||
                    memcmp(blocks[i].buffer, expected + i * 8192, 8192) == 0;
        conf_ok(good, "they have ended, and no data is wrong");
        conf_ok(block_transfer(disk, BLOCK_READ, 0, 1, buffer) == BLOCK_DEVICE_GONE,
                "a stopped channel takes no request");
        if (!conf_ok(channel_start(channel), "it starts again")) {
            conf_note("channel %s: %s", channel->name, channel->failure);
            return;
        }
        struct device *again = conf_disk(0);
        if (!conf_ok(again == disk, "and finds its disk again"))
            return;
        expect_io("after the restart");
    }
}

/* ------------------------------------------------------------------ power */

void conf_power(void)
{
    if (!prepare())
        return;
    struct channel *channel = disk->channel;
    struct controller *controller = channel->controller;
    for (unsigned round = 0; round < 2; round++) {
        if (device_set_power(disk, IdePowerD3)) {
            conf_ok(true, "the disk goes to D3: IRB_FUNCTION_POWER_CHANGE");
            conf_ok(device_set_power(disk, IdePowerD0), "and back to D0");
        } else {
            conf_skip("power of a device", "the driver refuses IRB_FUNCTION_POWER_CHANGE");
        }
        expect_io("after the change of the device's power");
        conf_ok(channel_power_down(channel), "IdeHwControl(IdePowerDown) returns TRUE");
        submit_blocks();
        conf_ok(!blocks_done, "requests wait for the power");
        /* EDGE: 220 */
        conf_ok(channel_power_up(channel), "IdeHwControl(IdePowerUp) returns TRUE");
        irql_wait(&blocks_done);
        conf_ok(blocks_are_right(), "and the requests go on, with the right data");
        conf_ok(controller_power_down(controller), "AtaAdapterControl(IdePowerDown) returns TRUE");
        conf_ok(controller_power_up(controller), "AtaAdapterControl(IdePowerUp) returns TRUE");
        expect_io("after the change of the controller's power");
    }
}

/* ------------------------------------------------------------------ versions */

/* Stops everything of the disk's controller that a structure is handed over for, and starts it
 * again. True: the driver uses its disk. */
static bool starts_again(enum owned_structure structure)
{
    struct channel *channel = disk->channel;

    if (structure == OWNED_CONTROLLER || structure == OWNED_INTERFACE) {
        (void)controller_stop(channel->controller);
        (void)controller_start(channel->controller);
    } else {
        (void)channel_stop(channel);
        (void)channel_start(channel);
    }
    return conf_disk(0) != NULL;
}

void conf_versions(void)
{
    static const struct {
        const char *structure, *routine;
    } names[OWNED_VERSIONED_COUNT] = {
        [OWNED_CONTROLLER] = {"IDE_CONTROLLER_CONFIGURATION", "AtaAdapterControl(IdeStart)"},
        [OWNED_INTERFACE] = {"IDE_CHANNEL_INTERFACE", "AtaChannelInitRoutine"},
        [OWNED_CHANNEL] = {"IDE_CHANNEL_CONFIGURATION", "IdeHwControl(IdeStart)"},
        [OWNED_DEVICE] = {"IDE_DEVICE_PARAMETERS", "IdeHwInitialize"},
    };
    if (!prepare())
        return;
    for (unsigned i = 0; i < 2 * OWNED_VERSIONED_COUNT; i++) {
        enum owned_structure structure = (enum owned_structure)(i / 2);
        owned_version_error[structure] = i % 2 ? 4 : -4;
        bool refused = !starts_again(structure);
        owned_version_error[structure] = 0;
        if (!conf_ok(refused, "%s refuses an %s that says it is %s than its size",
                     names[structure].routine, names[structure].structure,
                     i % 2 ? "larger" : "smaller"))
            conf_note("it shall return FALSE if Version is not sizeof(%s): the members may be "
                      "elsewhere",
                      names[structure].structure);
        if (!conf_ok(starts_again(structure), "with the right one it starts"))
            return;
    }
    expect_io("after that");
}
