/* SPDX-License-Identifier: MIT */
/*
 * What the port makes of devices that fail again and again: resets, slower modes, PIO, and off
 * line; and which requests it repeats. Two disks of the puppet's that have Ultra DMA; time-outs
 * pass a hundred times as fast.
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/controller.h"
#include "port/idle.h"
#include "port/limits.h"
#include "port/objects.h"
#include "port/pass_through.h"
#include "port/power.h"
#include "port/request/fate.h"
#include "port/request/queue.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 43u

#define STANDBY_IMMEDIATE 0xE0

static struct controller *controller;
static struct channel *channel;
static struct device *disk, *other;
static uint8_t *buffer;

static unsigned calls(enum context_kind kind, unsigned target)
{
    unsigned count = 0;
    for (unsigned i = 0; i < puppet.call_count && i < PUPPET_MOST_CALLS; i++)
        count += puppet.calls[i].kind == kind && puppet.calls[i].channel == 0 &&
                 (kind != CONTEXT_START_IO || puppet.calls[i].target == target);
    return count;
}

static unsigned sent(unsigned target)
{
    return calls(CONTEXT_START_IO, target);
}

static void restart(void)
{
    channel_stop(channel);
    channel_start(channel);
    puppet_forget();
}

static enum block_status transfer(struct device *device, enum block_operation operation)
{
    memset(buffer, 0xA5, 512);
    return block_transfer(device, operation, 3, 1, buffer);
}

static bool read_is_right(struct device *device)
{
    return transfer(device, BLOCK_READ) == BLOCK_OK && buffer[0] == 3 + device->target;
}

static ULONG mode_of(const struct device *device)
{
    return device->given.parameters.TransferModeSelected;
}

static bool is_by_dma(const IDE_REQUEST_BLOCK *irb)
{
    return irb->IdeTaskFile.Current.bCommandReg == IDE_COMMAND_READ_DMA ||
           irb->IdeTaskFile.Current.bCommandReg == IDE_COMMAND_WRITE_DMA;
}

static void finished(struct block_request *block)
{
    *(bool *)block->context = true;
}

/* ------------------------------------------------------------------ off line */

/* The first disk keeps its requests, the second one does not. */
static bool first_hangs(PIDE_REQUEST_BLOCK irb)
{
    if (irb->TargetId == 0)
        return false;
    irb->IrbStatus = IRB_STATUS_SUCCESS;
    if (irb->Function == IRB_FUNCTION_ATA_READ)
        memset(irb->DataBuffer, 4, irb->DataTransferLength);
    return true;
}

static void hang(bool hangs)
{
    puppet.command = hangs ? first_hangs : NULL;
    puppet.answer = hangs ? PUPPET_HOLD : PUPPET_COMPLETE;
}

static bool is_off_line(void)
{
    return disk->failures.is_offline && !disk->usable && !disk->queue.head;
}

static bool reset_brings_back(void)
{
    hang(false);
    puppet.busy_count = 0;
    return channel_forget_failures(channel) && (channel_look_again(channel), read_is_right(disk)) &&
           mode_of(disk) == (PIO_MODE4 | UDMA_MODE5);
}

/* Nothing reaches the driver, whoever issues it. */
static void test_refusal(void)
{
    struct pass_through command = {.opcode = STANDBY_IMMEDIATE};
    struct request request;
    struct block_request block = {
        .device = disk, .operation = BLOCK_READ, .sector_count = 1, .buffer = buffer};
    char text[200];

    puppet_forget();
    GUEST_CHECK(block_run(&block), ==, BLOCK_DEVICE_GONE, "a read of a device off line fails");
    block_describe(&block, text, sizeof text);
    guest_ok(strstr(text, "taken off line") && strstr(text, "`reset "), "in words: %s", text);
    pass_through_run(disk, &command, &request);
    GUEST_CHECK(request.irb_status, ==, IRB_STATUS_SELECTION_TIMEOUT, "so does a raw command");
    guest_ok(!device_set_power(disk, IdePowerD3) && disk->power == POWER_D0, "and a power IRB");
    FROM(channel, CONTEXT_WORKER, AtaPortBusChangeDetected(channel->memory.extension));
    while (port_idle_wanted())
        port_idle();
    guest_ok(sent(0) == 0 && sent(1) > 0, "and nobody looks for it: nothing is sent to it");
    guest_ok(disk->kind == DEVICE_ATA && other->usable, "it stays what it is");
}

static void test_time_outs(void)
{
    struct block_request blocks[3];
    bool are_over[3] = {false};

    hang(true);
    puppet_forget();
    for (unsigned i = 0; i < 3; i++) {
        blocks[i] = (struct block_request){.device = disk,
                                           .operation = BLOCK_READ,
                                           .lba = i,
                                           .sector_count = 1,
                                           .buffer = buffer + 512 * (i + 1),
                                           .callback = finished,
                                           .context = &are_over[i]};
        block_submit(&blocks[i]);
    }
    guest_ok(read_is_right(other), "the other disk works meanwhile");
    for (unsigned i = 0; i < 3; i++)
        irql_wait(&are_over[i]);
    guest_ok(is_off_line() && disk->counters.resets == LIMIT_RESETS && sent(0) == 2 * LIMIT_RESETS,
             "a disk that hangs is taken off line after six resets, for each a request and an LUN "
             "reset");
    guest_ok(disk->counters.steps == 1 && calls(CONTEXT_TRANSFER_MODE_SELECT, 0) == 1 &&
                 calls(CONTEXT_HW_INITIALIZE, 0) == 2 && mode_of(disk) == PIO_MODE4,
             "after three of them modes were selected anew: PIO");
    guest_ok(mode_of(other) == (PIO_MODE4 | UDMA_MODE5), "the other disk's are as before");
    guest_ok(blocks[0].status == BLOCK_DEVICE_GONE && blocks[1].status == BLOCK_DEVICE_GONE &&
                 blocks[2].status == BLOCK_DEVICE_GONE,
             "and its queue ends");
    guest_ok(read_is_right(other), "the other disk goes on");
    test_refusal();
    guest_ok(reset_brings_back(), "`reset` brings it back, by DMA");
}

static void test_successes(void)
{
    for (unsigned i = 0; i < 2 * LIMIT_RESETS - 1; i++) {
        if (i % (LIMIT_RESETS - 1) == 0)
            (void)read_is_right(disk);
        puppet_lose_a_read(disk, buffer);
    }
    guest_ok(!disk->failures.is_offline && read_is_right(disk),
             "a success in between, and it is not taken off line");
    restart();
}

static void test_busy(void)
{
    struct pass_through command = {.opcode = STANDBY_IMMEDIATE};
    struct request request;

    puppet.busy_function = IRB_FUNCTION_ATA_READ;
    puppet.busy_count = 1000;
    puppet_forget();
    unsigned reads = 0;
    uint64_t resets = disk->counters.resets;
    while (++reads < LIMIT_RESETS && transfer(disk, BLOCK_READ) == BLOCK_DEVICE_ERROR)
        ;
    guest_ok(is_off_line() && disk->counters.resets == resets + LIMIT_RESETS &&
                 calls(CONTEXT_RESET, 0) == LIMIT_RESETS && reads > 2,
             "busy for ever, read after read: off line after six resets");
    guest_ok(reset_brings_back(), "which `reset` ends");

    puppet.busy_function = IRB_FUNCTION_ATA_COMMAND;
    puppet.busy_count = 1;
    puppet_forget();
    pass_through_run(disk, &command, &request);
    guest_ok(request.irb_status == IRB_STATUS_SUCCESS && sent(0) == 2,
             "a raw command that is busy goes out once more");
    puppet.busy_count = 1000;
    puppet_forget();
    pass_through_run(disk, &command, &request);
    guest_ok(request.irb_status == IRB_STATUS_BUSY && sent(0) == 2 && calls(CONTEXT_RESET, 0) == 1,
             "and never after the reset that follows");

    puppet.busy_function = IRB_FUNCTION_ATA_IDENTIFY;
    restart();
    for (unsigned i = 0; i < 3; i++)
        channel_look_again(channel);
    puppet_forget();
    channel_look_again(channel);
    guest_ok(disk->failures.is_offline && disk->kind == DEVICE_NONE && sent(0) == 0,
             "one that is busy with every IDENTIFY is not asked for ever");
    puppet.busy_count = 0;
    restart();
    guest_ok(read_is_right(disk), "a new start ends that");
}

static void test_power(void)
{
    puppet.holds_power_irbs = true;
    for (unsigned i = 0; i < LIMIT_RESETS; i++)
        (void)device_set_power(disk, IdePowerD3);
    guest_ok(is_off_line(), "six power IRBs that are lost, and it is off line");
    puppet.holds_power_irbs = false;
    puppet.held_count = 0;
    guest_ok(reset_brings_back(), "which `reset` ends, too");
    restart();
}

/* ------------------------------------------------------------------ steps down */

static ULONG good_below; /* modes from this on bring CRC errors */

static bool fails_crc(PIDE_REQUEST_BLOCK irb)
{
    if (irb->TargetId != 0 || !is_by_dma(irb) || (mode_of(disk) & DMA_SUPPORT) < good_below)
        return false;
    irb->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    irb->AtaStatus = 0x51;
    irb->AtaError = 0x84;
    irb->DataTransferLength = 0;
    return true;
}

static bool fails_bus_master(PIDE_REQUEST_BLOCK irb)
{
    if (irb->TargetId != 0 || !is_by_dma(irb))
        return false;
    irb->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    irb->AtaStatus = 0x50;
    irb->DataTransferLength = 0;
    return true;
}

static void test_crc(void)
{
    struct pass_through command = {.opcode = IDE_COMMAND_READ_DMA,
                                   .data = PASS_IN,
                                   .count = 1,
                                   .buffer = buffer,
                                   .byte_count = 512};
    struct request request;

    puppet.command = fails_crc;
    good_below = UDMA_MODE3;
    puppet_forget();
    pass_through_run(disk, &command, &request);
    guest_ok(request.irb_status == IRB_STATUS_DEVICE_ERROR && sent(0) == 1,
             "a raw command with a CRC error is not repeated");
    puppet_forget();
    guest_ok(read_is_right(disk) && sent(0) == 3 * LIMIT_TRANSFER_ERRORS + 1,
             "a read is, until a mode is slow enough");
    guest_ok(mode_of(disk) == (PIO_MODE4 | UDMA_MODE2) && disk->failures.withheld & UDMA_MODE3 &&
                 calls(CONTEXT_TRANSFER_MODE_SELECT, 0) == 3,
             "which is Ultra DMA 2, three steps down");
    guest_ok(mode_of(other) == (PIO_MODE4 | UDMA_MODE5) && read_is_right(other),
             "the other disk stays in its mode");
    puppet_forget();
    guest_ok(read_is_right(disk) && sent(0) == 1, "it stays there");
    good_below = 0;
    guest_ok(transfer(disk, BLOCK_WRITE) == BLOCK_OK && mode_of(disk) == PIO_MODE4,
             "and a write that goes on to fail goes by PIO");
    channel_look_again(channel);
    guest_ok(mode_of(disk) == PIO_MODE4 && read_is_right(disk),
             "as all does then, after a bus change, too");
    puppet.command = NULL;
    restart();
    guest_ok(mode_of(disk) == (PIO_MODE4 | UDMA_MODE5) && read_is_right(disk),
             "a new start begins anew");
}

static void test_bus_master(void)
{
    puppet.command = fails_bus_master;
    puppet_forget();
    guest_ok(read_is_right(disk) && mode_of(disk) == PIO_MODE4 &&
                 sent(0) == LIMIT_TRANSFER_ERRORS + 1,
             "a bus master that fails three times: PIO at once");
    puppet.command = NULL;
    controller_stop(controller);
    puppet.is_sata = true;
    controller_start(controller);
    puppet_forget();
    puppet.command = fails_bus_master;
    guest_ok(transfer(disk, BLOCK_READ) == BLOCK_DEVICE_ERROR && sent(0) == 1 + LIMIT_REPEATS &&
                 mode_of(disk) == (PIO_MODE4 | UDMA_MODE5),
             "Serial ATA has nothing to step down to: three repeats");
    puppet.command = NULL;
    puppet.is_sata = false;
    controller_stop(controller);
    controller_start(controller);
}

/* ------------------------------------------------------------------ what is repeated */

static bool keep(PIDE_REQUEST_BLOCK irb)
{
    (void)irb;
    return false;
}

static void test_repeats(void)
{
    static const struct {
        enum block_operation operation;
        const char *name;
    } kinds[] = {{BLOCK_READ, "read"},
                 {BLOCK_WRITE, "write"},
                 {BLOCK_VERIFY, "verify"},
                 {BLOCK_FLUSH, "flush"}};
    struct pass_through command = {.opcode = STANDBY_IMMEDIATE};
    struct request request;

    puppet.has_dma = false; /* else it is three times in each mode */
    controller_stop(controller);
    controller_start(controller);
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        hang(true);
        puppet_forget();
        bool is_flush = kinds[i].operation == BLOCK_FLUSH;
        guest_ok(block_transfer(disk, kinds[i].operation, 0, !is_flush, buffer) ==
                         BLOCK_TIMED_OUT &&
                     sent(0) == 2 * (1 + LIMIT_REPEATS),
                 "a %s is repeated three times", kinds[i].name);
        hang(false);
        (void)read_is_right(disk);
    }
    hang(true);
    puppet_forget();
    pass_through_run(disk, &command, &request);
    guest_ok(request.irb_status == IRB_STATUS_BUS_RESET && sent(0) == 2, "a raw command is not");
    command.may_repeat = true;
    puppet_forget();
    pass_through_run(disk, &command, &request);
    guest_ok(request.irb_status == IRB_STATUS_BUS_RESET && sent(0) == 2 * (1 + LIMIT_REPEATS),
             "but for one whose issuer allows it");
    hang(false);
    (void)read_is_right(disk);

    puppet.packet = keep;
    restart();
    puppet.answer = PUPPET_HOLD;
    puppet_forget();
    guest_ok(atapi_eject(disk, false) == BLOCK_TIMED_OUT && sent(0) == 2,
             "nor is a tray told twice to open");
    puppet.answer = PUPPET_COMPLETE;
    puppet.packet = NULL;
}

/* A request of several commands whose first the driver has lost: nobody wants it any more, and it
 * ends when the port has given that up. What waits behind it goes on. */
static void test_cancelled(void)
{
    bool is_over = false, other_is_over = false;
    struct block_request lost = {.device = disk,
                                 .operation = BLOCK_VERIFY,
                                 .sector_count = 600,
                                 .callback = finished,
                                 .context = &is_over};
    struct block_request behind = {.device = disk,
                                   .operation = BLOCK_WRITE,
                                   .sector_count = 1,
                                   .buffer = buffer,
                                   .callback = finished,
                                   .context = &other_is_over};

    restart();
    puppet.answer = PUPPET_HOLD;
    block_submit(&lost);
    block_submit(&behind);
    block_cancel(&lost);
    guest_ok(!is_over && !other_is_over && sent(0) == 1,
             "a driver that has lost a request keeps it");
    puppet.answer = PUPPET_COMPLETE;
    irql_wait(&is_over);
    irql_wait(&other_is_over);
    guest_ok(lost.status == BLOCK_CANCELLED && lost.sectors_done == 0 &&
                 calls(CONTEXT_RESET, 0) == 1,
             "until an LUN reset and IdeHwReset have ended it");
    guest_ok(behind.status == BLOCK_OK && sent(0) == 3 && read_is_right(disk),
             "it is not repeated, nor goes on, and what waited for it does");
}

void guest_test_recovery(void)
{
    guest_plan(PLAN);
    buffer = hal_pages_alloc(1, UINT64_MAX);
    controller = puppet_create();
    puppet.has_dma = true;
    puppet.present = 3;
    controller_start(controller);
    channel = controller->channels[0];
    disk = channel_device(channel, 0, 0);
    other = channel_device(channel, 1, 0);
    if (!guest_ok(disk->usable && mode_of(disk) == (PIO_MODE4 | UDMA_MODE5) && read_is_right(disk),
                  "a disk that is used by Ultra DMA"))
        return;
    test_time_outs();
    test_successes();
    test_busy();
    test_power();
    test_crc();
    test_bus_master();
    test_repeats();
    test_cancelled();
}
