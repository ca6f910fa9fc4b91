/* SPDX-License-Identifier: MIT */
/*
 * What the port does upon a status: IRB_STATUS_BUSY of every kind of IRB, IRB_STATUS_FORCE_ENUM_DEVICE1_NEEDED, an
 * LUN reset that ends all, a failed IRB that is completed before its request sense was released; and what it makes of
 * device parameters. For SyncWithIsr TRUE and FALSE; the driver is the puppet.
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/controller.h"
#include "port/idle.h"
#include "port/objects.h"
#include "port/power.h"
#include "port/request/queue.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 54u /* half of them for each value of SyncWithIsr */

static struct controller *controller;
static struct channel *channel;
static struct device *disk;
static uint8_t *buffer;

/* IRBs of a function that IdeHwStartIo was handed since the puppet was told to forget. */
static unsigned started(uint16_t function)
{
    unsigned count = 0;
    for (unsigned i = 0; i < puppet.call_count && i < PUPPET_MOST_CALLS; i++)
        count += puppet.calls[i].kind == CONTEXT_START_IO && puppet.calls[i].channel == 0 &&
                 puppet.calls[i].function == function;
    return count;
}

static unsigned resets(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < puppet.call_count && i < PUPPET_MOST_CALLS; i++)
        count += puppet.calls[i].kind == CONTEXT_RESET;
    return count;
}

static void busy(uint16_t function, unsigned count)
{
    puppet.busy_function = function;
    puppet.busy_count = count;
    puppet_forget();
}

static bool read_is_right(struct device *device)
{
    return block_transfer(device, BLOCK_READ, 3, 1, buffer) == BLOCK_OK &&
           buffer[0] == 3 + device->target;
}

static void restart(void)
{
    channel_stop(channel);
    channel_start(channel);
}

/* ------------------------------------------------------------------ IRB_STATUS_BUSY */

static void lose_a_read(void)
{
    puppet_forget();
    puppet_lose_a_read(disk, buffer);
    puppet.held_count = 0;
}

static void test_busy(void)
{
    busy(IRB_FUNCTION_ATA_IDENTIFY, 1);
    restart();
    guest_ok(disk->usable, "IDENTIFY is busy once: the disk is found");
    guest_ok(started(IRB_FUNCTION_ATA_IDENTIFY) == 4,
             "at the second try (target 1 is asked twice)");
    busy(IRB_FUNCTION_ATA_IDENTIFY, 4);
    restart();
    guest_ok(disk->kind == DEVICE_NONE && resets() == 1,
             "three times, of which a reset the last: it is not there");
    busy(IRB_FUNCTION_ATA_IDENTIFY, 2);
    restart();
    guest_ok(disk->usable && resets() == 1, "twice: the reset helps, and it is found");
    busy(0, 0);
    restart();

    (void)block_transfer(disk, BLOCK_WRITE, 3, 1, buffer);
    busy(IRB_FUNCTION_ATA_FLUSH, 1);
    guest_ok(channel_stop(channel) && started(IRB_FUNCTION_ATA_FLUSH) == 2,
             "the flush before a stop, too");
    channel_start(channel);

    busy(IRB_FUNCTION_POWER_CHANGE, 1);
    guest_ok(device_set_power(disk, IdePowerD3) && started(IRB_FUNCTION_POWER_CHANGE) == 2,
             "a power IRB");
    busy(IRB_FUNCTION_POWER_CHANGE, 1);
    guest_ok(read_is_right(disk) && started(IRB_FUNCTION_POWER_CHANGE) == 2,
             "and one that a request waits for");
    busy(IRB_FUNCTION_POWER_CHANGE, 2);
    guest_ok(!device_set_power(disk, IdePowerD3) && disk->power == POWER_D0,
             "but not twice: the device keeps its power");

    puppet.ends_all = true;
    puppet.busy_function = IRB_FUNCTION_LUN_RESET;
    puppet.busy_count = 1;
    lose_a_read();
    guest_ok(started(IRB_FUNCTION_LUN_RESET) == 2 && resets() == 0, "an LUN reset");
    puppet.busy_count = 2;
    lose_a_read();
    guest_ok(started(IRB_FUNCTION_LUN_RESET) == 2 && resets() == 1,
             "but not twice: the channel is reset");
    busy(0, 0);
    guest_ok(read_is_right(disk), "after all that the disk works");
}

/* ------------------------------------------------------------------ LUN reset */

static void test_lun_reset(void)
{
    puppet.ends_all = true;
    lose_a_read();
    guest_ok(started(IRB_FUNCTION_LUN_RESET) == 1 && resets() == 0,
             "an LUN reset that ends all requests ends itself, and is enough");
    guest_ok(channel->recovery == RECOVERY_NONE && read_is_right(disk), "the channel goes on");
    puppet.ends_all = false;
}

/* ------------------------------------------------------------------ device 1 */

static void idle(void)
{
    while (port_idle_wanted())
        port_idle();
}

static void test_device_1(void)
{
    struct device *second = channel_device(channel, 1, 0);

    puppet.has_one_target = true;
    puppet.present = 3;
    restart();
    guest_ok(second->kind == DEVICE_NONE, "MaxTargetId is 0: device 1 is not looked for");
    puppet.status = IRB_STATUS_SUCCESS | IRB_STATUS_FORCE_ENUM_DEVICE1_NEEDED;
    guest_ok(read_is_right(disk), "a status with the flag for it is a success");
    puppet.status = IRB_STATUS_SUCCESS;
    idle();
    guest_ok(second->usable && read_is_right(second), "after which it is found");
    puppet_forget();
    FROM(channel, CONTEXT_WORKER, AtaPortBusChangeDetected(channel->memory.extension));
    idle();
    guest_ok(second->usable && started(IRB_FUNCTION_ATA_IDENTIFY) == 2, "and found again");
    puppet.has_one_target = false;
    puppet.present = 1;
    restart();
}

/* ------------------------------------------------------------------ request sense */

static bool keep(PIDE_REQUEST_BLOCK irb)
{
    (void)irb;
    return false;
}

static bool is_over;

static void finished(struct request *request)
{
    (void)request;
    is_over = true;
}

/* A packet command fails, and comes back before its request-sense IRB, which has `sense_status`, is released. */
static void fail_too_early(struct device *device, struct request *request, uint8_t sense_status)
{
    PIDE_REQUEST_BLOCK irb, sense = NULL;

    *request = (struct request){.device = device,
                                .function = IRB_FUNCTION_ATAPI_COMMAND,
                                .cdb_length = 6,
                                .timeout_s = 60,
                                .callback = finished};
    is_over = false;
    puppet.held_count = 0;
    request_submit(request);
    irb = puppet.held[0];
    irb->AtaStatus = 0x51;
    irb->AtaError = 0x50;
    irb->IrbStatus = IRB_STATUS_DEVICE_ERROR | IRB_STATUS_AUTOSENSE_VALID;
    FROM(channel, CONTEXT_INTERRUPT, {
        sense = AtaPortBuildRequestSenseIrb(channel->memory.extension, irb);
        if (sense) {
            UCHAR *data = sense->DataBuffer;
            data[0] = 0x70;
            data[2] = 5;
            sense->IrbStatus = sense_status;
        }
        AtaPortCompleteRequest(channel->memory.extension, irb);
    });
    irql_wait(&is_over);
}

static void test_sense(void)
{
    struct request request;
    uint64_t early = contract_count(RULE_IRB_12), never = contract_count(RULE_IRB_11);

    puppet.packet = keep;
    puppet.answer = PUPPET_HOLD;
    fail_too_early(disk, &request, IRB_STATUS_SUCCESS);
    GUEST_CHECK(contract_count(RULE_IRB_12) - early, ==, 1,
                "IRB-12: completed when its request sense has ended, but is not released");
    guest_ok(request.sense_valid && request.sense[2] == 5, "the sense data that came is kept");
    GUEST_CHECK(contract_count(RULE_IRB_11) - never, ==, 0, "it may still be released");
    fail_too_early(disk, &request, IRB_STATUS_PENDING);
    GUEST_CHECK(contract_count(RULE_IRB_11) - never, ==, 1,
                "IRB-11: it never was, and the next is built");
    guest_ok(contract_count(RULE_IRB_12) - early == 2 && !request.sense_valid,
             "what is still pending has brought no sense data");
    channel_stop(channel);
    GUEST_CHECK(contract_count(RULE_IRB_11) - never, ==, 2,
                "IRB-11: nor this one when the channel stops");
    puppet.packet = NULL;
    puppet.present = 3;
    channel_start(channel);
    puppet.packet = keep;
    fail_too_early(disk, &request, IRB_STATUS_SUCCESS);
    fail_too_early(channel_device(channel, 1, 0), &request, IRB_STATUS_SUCCESS);
    guest_ok(request.sense_valid && contract_count(RULE_IRB_11) - never == 3,
             "one that was never released is missed by no other device");
    puppet.present = 1;
    puppet.packet = NULL;
    channel_stop(channel);
    puppet.answer = PUPPET_COMPLETE;
}

/* ------------------------------------------------------------------ device parameters */

static void choose(PIDE_DEVICE_PARAMETERS parameters)
{
    parameters->DeviceCharacteristics ^= DFLAGS_FUA_SUPPORT;
    parameters->TransferModeSelected = UNINITIALIZED_TRANSFER_MODE;
}

static void test_parameters(void)
{
    uint64_t before = contract_count(RULE_INI_07);

    puppet.in_initialize = choose;
    controller_stop(controller);
    puppet.is_sata = true;
    controller_start(controller);
    guest_ok(disk->given.parameters.DeviceCharacteristics & DFLAGS_FUA_SUPPORT,
             "DFLAGS_FUA_SUPPORT may be set, and is kept");
    guest_ok(disk->usable && disk->given.parameters.TransferModeSelected == PIO_MODE4,
             "no transfer mode is selected on Serial ATA: the best is used");
    GUEST_CHECK(contract_count(RULE_INI_07) - before, ==, 0, "which breaks no rule");
    puppet.in_initialize = NULL;
    puppet.is_sata = false;
}

static void run(bool with_isr)
{
    puppet.sync_with_isr = with_isr;
    controller_stop(controller);
    controller_start(controller);
    test_busy();
    test_lun_reset();
    test_device_1();
    test_sense();
    test_parameters();
}

void guest_test_statuses(void)
{
    guest_plan(PLAN);
    buffer = hal_pages_alloc(1, UINT64_MAX);
    controller = puppet_create();
    controller_start(controller);
    channel = controller->channels[0];
    disk = channel_device(channel, 0, 0);
    run(true);
    /* EDGE: 215 */
    run(false);
}
