/* SPDX-License-Identifier: MIT */
/*
 * Queues and what a miniport says about them: AtaPortDeviceBusy and AtaPortDeviceReady, IRB_STATUS_BUSY,
 * AtaPortCompleteAllActiveRequests, request sense, and the notifications of devices that come and go. The driver is
 * the puppet, so that every request waits where the test wants it.
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/controller.h"
#include "port/idle.h"
#include "port/objects.h"
#include "port/parcel.h"
#include "port/request/queue.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN         43u
#define MANY         6u
#define FOR_EVER     100000u /* seconds */
#define NOT_FINISHED 0xEE

static struct channel *channel;
static PVOID extension;
static uint8_t *buffer;

/* ------------------------------------------------------------------ requests under way */

static struct request requests[MANY];

static void finished(struct request *request)
{
    *(bool *)request->context = true;
}

static bool ends[MANY];

static uint16_t function = IRB_FUNCTION_ATA_READ; /* of what is submitted */

/* Submits a read of one sector; does not wait for it. */
static void submit(unsigned index, unsigned target, uint16_t flags)
{
    struct request *request = &requests[index];

    *request = (struct request){.device = channel_device(channel, target, 0),
                                .function = function,
                                .flags = (uint16_t)(IRB_FLAGS_DATA_IN | flags),
                                .is_once = true,
                                .timeout_s = 60,
                                .buffer = buffer + index * 512,
                                .byte_count = 512,
                                .irb_status = NOT_FINISHED,
                                .callback = finished,
                                .context = &ends[index]};
    request->task_file.Current.bSectorNumberReg = (UCHAR)(10 + index);
    ends[index] = false;
    request_submit(request);
}

static void await(unsigned index)
{
    irql_wait(&ends[index]);
}

static bool ended_with(unsigned index, uint8_t status)
{
    return ends[index] && requests[index].irb_status == status;
}

static bool has_data(unsigned index)
{
    return ended_with(index, IRB_STATUS_SUCCESS) &&
           buffer[index * 512] == (uint8_t)(10 + index + requests[index].device->target);
}

/* Requests that the puppet was handed since it was told to forget. */
static unsigned started(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < puppet.call_count; i++)
        count += puppet.calls[i].kind == CONTEXT_START_IO;
    return count;
}

/* Lets everything that is deferred run. */
static void settle(void)
{
    irql_lower(irql_raise_dispatch());
}

static void restart(uint8_t overlapped, uint8_t present, enum puppet_answer answer)
{
    channel_stop(channel);
    puppet.overlapped = overlapped;
    puppet.present = present;
    puppet.answer = answer;
    puppet.status = IRB_STATUS_SUCCESS;
    channel_start(channel);
    extension = channel->memory.extension;
    puppet_forget();
}

/* ------------------------------------------------------------------ busy and ready */

static void test_busy_device(void)
{
    restart(4, 3, PUPPET_COMPLETE);
    FROM(channel, CONTEXT_START_IO, AtaPortDeviceBusy(extension, 0, 0, FOR_EVER));
    submit(0, 0, 0);
    submit(1, 1, 0);
    settle();
    guest_ok(!ends[0] && has_data(1), "a busy device's queue waits, the other one's goes on");
    FROM(channel, CONTEXT_INTERRUPT, AtaPortDeviceReady(extension, 0, 0));
    await(0);
    guest_ok(has_data(0), "until the device is ready, which the interrupt routine may say");

    uint64_t before_us = hal_clock_us();
    FROM(channel, CONTEXT_TIMER, AtaPortDeviceBusy(extension, 0, 0, 1));
    submit(0, 0, 0);
    await(0);
    guest_ok(has_data(0) && hal_clock_us() - before_us >= 1000000,
             "or until its time is over: a second");
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(extension, 0, 0, FOR_EVER));
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(extension, 0, 0, 0));
    submit(0, 0, 0);
    await(0);
    guest_ok(has_data(0), "a time of 0 is no pause");
}

static void test_busy_channel(void)
{
    static const UCHAR luns[] = {IDE_UNTAGGED, 0};
    for (unsigned i = 0; i < 2; i++) {
        FROM(channel, CONTEXT_RESET, AtaPortDeviceBusy(extension, IDE_UNTAGGED, luns[i], FOR_EVER));
        submit(0, 0, 0);
        submit(1, 1, 0);
        settle();
        guest_ok(!ends[0] && !ends[1], "a busy channel: both queues wait, Lun %02x", luns[i]);
        FROM(channel, CONTEXT_SYNCHRONIZED, AtaPortDeviceReady(extension, IDE_UNTAGGED, luns[i]));
        await(0);
        await(1);
        guest_ok(has_data(0) && has_data(1), "until it is ready");
    }
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(extension, IDE_UNTAGGED, IDE_UNTAGGED, 1));
    submit(0, 0, 0);
    await(0);
    guest_ok(has_data(0), "or its time is over");
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(extension, 0, 0, FOR_EVER));
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceReady(extension, IDE_UNTAGGED, IDE_UNTAGGED));
    submit(0, 0, 0);
    settle();
    guest_ok(!ends[0], "a channel that is ready leaves its busy device alone");
    channel_stop(channel);
    guest_ok(ends[0], "a stop does not wait for it");
}

static void test_high_priority(void)
{
    restart(1, 1, PUPPET_HOLD);
    submit(0, 0, 0);
    submit(1, 0, 0);
    submit(2, 0, IRB_FLAGS_HIGH_PRIORITY);
    puppet_release(channel, 0, IRB_STATUS_SUCCESS);
    settle();
    guest_ok(ends[0] && puppet.held_count == 1 &&
                 puppet.held[0]->IrbFlags & IRB_FLAGS_HIGH_PRIORITY,
             "a request of high priority goes before those that wait");
    puppet_release(channel, 0, IRB_STATUS_SUCCESS);
    settle();
    puppet_release(channel, 0, IRB_STATUS_SUCCESS);
    await(1);
    await(2);
}

static void test_busy_status(void)
{
    restart(1, 1, PUPPET_COMPLETE);
    puppet.status = IRB_STATUS_BUSY;
    requests[0] = (struct request){.device = channel_device(channel, 0, 0),
                                   .function = IRB_FUNCTION_ATA_READ,
                                   .flags = IRB_FLAGS_DATA_IN,
                                   .timeout_s = 10,
                                   .buffer = buffer,
                                   .byte_count = 512};
    puppet_forget();
    uint64_t resets = channel->counters.resets;
    request_run(&requests[0]);
    GUEST_CHECK(requests[0].irb_status, ==, IRB_STATUS_BUSY, "IRB_STATUS_BUSY comes back");
    GUEST_CHECK(started(), ==, 3, "after a repetition, a reset, and one more");
    GUEST_CHECK(channel->counters.resets, ==, resets + 1, "which is one reset");
    request_run(&requests[0]);
    guest_ok(started() == 6 && channel->counters.resets == resets + 2, "and so does the next one");
    puppet.status = IRB_STATUS_SUCCESS;
    request_run(&requests[0]);
    puppet.status = IRB_STATUS_BUSY;
    request_run(&requests[0]);
    GUEST_CHECK(channel->counters.resets, ==, resets + 3, "and one after a success");
    puppet.status = IRB_STATUS_SUCCESS;
    request_run(&requests[0]);
}

/* ------------------------------------------------------------------ all active requests */

static unsigned end_count(uint8_t status)
{
    unsigned count = 0;
    for (unsigned i = 0; i < MANY; i++)
        count += ended_with(i, status);
    return count;
}

/* Requests 0, 2, 4 are target 0's, the others target 1's. */
static void submit_all(void)
{
    puppet.held_count = 0;
    for (unsigned i = 0; i < MANY; i++)
        submit(i, i % 2, 0);
}

static void complete_all(enum context_kind kind, UCHAR target, UCHAR lun, UCHAR status)
{
    FROM(channel, kind, AtaPortCompleteAllActiveRequests(extension, target, lun, status));
    settle();
}

static void test_complete_all(void)
{
    restart(MANY, 3, PUPPET_HOLD);
    submit_all();
    GUEST_CHECK(puppet.held_count, ==, MANY, "six requests are at the miniport");
    complete_all(CONTEXT_RESET, 1, 0, IRB_STATUS_BUS_RESET);
    GUEST_CHECK(end_count(IRB_STATUS_BUS_RESET), ==, 3, "those of one target end");
    guest_ok(ends[1] && ends[3] && ends[5], "which are the right ones");
    complete_all(CONTEXT_WORKER, 0, 3, IRB_STATUS_BUS_RESET);
    GUEST_CHECK(end_count(IRB_STATUS_BUS_RESET), ==, 3, "another logical unit has none");
    complete_all(CONTEXT_TIMER, 0, IDE_UNTAGGED, IRB_STATUS_DATALENGTH_MISMATCH);
    GUEST_CHECK(end_count(IRB_STATUS_DATALENGTH_MISMATCH), ==, 3, "all logical units of a target");
    complete_all(CONTEXT_WORKER, 0, 0, IRB_STATUS_BUS_RESET);
    GUEST_CHECK(end_count(IRB_STATUS_BUS_RESET), ==, 3, "nothing ends twice");
    submit_all();
    complete_all(CONTEXT_SYNCHRONIZED, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_SELECTION_TIMEOUT);
    GUEST_CHECK(end_count(IRB_STATUS_SELECTION_TIMEOUT), ==, MANY, "all targets");
    puppet.held_count = 0;
    GUEST_CHECK(channel->irbs.outstanding, ==, 0, "nothing is outstanding");
}

/* ------------------------------------------------------------------ request sense */

static void test_sense(void)
{
    PIDE_REQUEST_BLOCK sense = NULL, original;

    restart(2, 1, PUPPET_HOLD);
    function = IRB_FUNCTION_ATAPI_COMMAND;
    submit(0, 0, 0);
    submit(1, 0, 0);
    original = puppet.held[0];
    original->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    FROM(channel, CONTEXT_INTERRUPT, sense = AtaPortBuildRequestSenseIrb(extension, original));
    guest_ok(sense && IsRequestSenseIrb(sense) && sense->TargetId == 0 && sense != original,
             "a request-sense IRB");
    if (!sense)
        return;
    guest_ok(sense->Cdb[0] == 0x03 && sense->CdbLength >= 6 && sense->DataTransferLength % 2 == 0 &&
                 sense->Cdb[4] == sense->DataTransferLength &&
                 sense->IrbFlags & IRB_FLAGS_DATA_IN && sense->IrbFlags & IRB_FLAGS_MAP_BUFFERS &&
                 sense->DataBuffer,
             "is filled in, its buffer mapped");
    guest_ok(sense->IrbExtension && sense->IrbExtension != original->IrbExtension,
             "with an extension of its own");
    memset(sense->DataBuffer, 0x70, sense->DataTransferLength);
    guest_ok(puppet.held_count == 2, "outside NumberOfOverlappedRequests");
    FROM(channel, CONTEXT_WORKER, AtaPortReleaseRequestSenseIrb(extension, sense));
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
    await(0);
    await(1);
    submit(0, 0, 0);
    puppet.held[0]->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    FROM(channel, CONTEXT_START_IO, sense = AtaPortBuildRequestSenseIrb(extension, puppet.held[0]));
    guest_ok(sense != NULL, "and another one, when that was released");
    FROM(channel, CONTEXT_START_IO, AtaPortReleaseRequestSenseIrb(extension, sense));
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
    await(0);
    function = IRB_FUNCTION_ATA_READ;
}

/* ------------------------------------------------------------------ arrival and removal */

static void idle(void)
{
    while (port_idle_wanted())
        port_idle();
}

static void test_removal(void)
{
    struct device *device = channel_device(channel, 0, 0);

    restart(1, 1, PUPPET_HOLD);
    for (unsigned i = 0; i < 3; i++)
        submit(i, 0, 0);
    puppet.present = 0;
    FROM(channel, CONTEXT_INTERRUPT, AtaPortDeviceRemoved(extension, 0));
    guest_ok(!ends[0] && ended_with(1, IRB_STATUS_SELECTION_TIMEOUT) &&
                 ended_with(2, IRB_STATUS_SELECTION_TIMEOUT),
             "a device that was removed: what waits for it ends");
    struct block_request block = {.device = device, .lba = 0, .sector_count = 1, .buffer = buffer};
    char text[160];
    GUEST_CHECK(block_run(&block), ==, BLOCK_DEVICE_GONE, "what comes later, too");
    block_describe(&block, text, sizeof text);
    guest_ok(strstr(text, "is not there any more") != NULL, "in words: %s", text);
    puppet_release_all(channel, IRB_STATUS_SELECTION_TIMEOUT);
    await(0);
    idle();
    guest_ok(device->kind == DEVICE_NONE && !device->usable, "and it is not listed any more");
}

static void test_arrival(enum context_kind kind, const char *where)
{
    struct device *device = channel_device(channel, 1, 0);

    restart(2, 1, PUPPET_COMPLETE);
    guest_ok(device->kind == DEVICE_NONE, "there is no device 1");
    puppet.present = 3;
    FROM(channel, kind, {
        if (kind == CONTEXT_WORKER)
            AtaPortDeviceArrived(extension, 1);
        else
            AtaPortBusChangeDetected(extension);
    });
    idle();
    GUEST_CHECK(block_transfer(device, BLOCK_READ, 7, 1, buffer), ==, BLOCK_OK, where);
    guest_ok(buffer[0] == 8 &&
                 block_transfer(channel_device(channel, 0, 0), BLOCK_READ, 7, 1, buffer) ==
                     BLOCK_OK &&
                 buffer[0] == 7,
             "device 1 has come, and device 0 stays");
    puppet.present = 1;
    FROM(channel, CONTEXT_START_IO, AtaPortBusChangeDetected(extension));
    idle();
    guest_ok(device->kind == DEVICE_NONE, "a bus change finds that one has gone, too");
}

void guest_test_queues(void)
{
    struct controller *controller = puppet_create();

    guest_plan(PLAN);
    puppet.irb_extension = 64;
    buffer = hal_pages_alloc(1, UINT64_MAX);
    controller_start(controller);
    channel = controller->channels[0];
    test_busy_device();
    test_busy_channel();
    test_high_priority();
    test_busy_status();
    test_complete_all();
    test_sense();
    test_removal();
    test_arrival(CONTEXT_INTERRUPT, "bus change, from the interrupt routine");
    test_arrival(CONTEXT_WORKER, "arrival, from a worker");
    GUEST_CHECK(contract_total(), ==, 0, "no rule was broken");
}
