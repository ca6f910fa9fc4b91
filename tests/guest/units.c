/* SPDX-License-Identifier: MIT */
/*
 * Targets beyond the two of an IDE cable, and targets of several logical units: who is found, where requests go, and
 * what a miniport says about one of them, or about all with IDE_UNTAGGED. The driver is the puppet.
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
#include "port/sense.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN         31u
#define MANY         3u
#define FOR_EVER     100000u /* seconds */
#define NOT_FINISHED 0xEE

static struct channel *channel;
static PVOID extension;
static uint8_t *buffer;

static void restart(uint8_t last_target, bool (*has_unit)(unsigned, unsigned))
{
    channel_stop(channel);
    puppet.last_target = last_target;
    puppet.has_unit = has_unit;
    puppet.answer = PUPPET_COMPLETE;
    puppet.overlapped = 8;
    channel_start(channel);
    extension = channel->memory.extension;
    puppet_forget();
}

static unsigned usable_count(void)
{
    unsigned count = 0;
    for (const struct device *device = channel->devices; device; device = device->next)
        count += device->usable;
    return count;
}

/* ------------------------------------------------------------------ requests under way */

static struct request requests[MANY];
static bool ends[MANY];

static void finished(struct request *request)
{
    *(bool *)request->context = true;
}

/* TEST UNIT READY for a packet device, a read for a disk; does not wait for it. */
static void submit(unsigned index, struct device *device)
{
    bool is_packet = device->kind == DEVICE_ATAPI;
    struct request *request = &requests[index];

    *request =
        (struct request){.device = device,
                         .function = is_packet ? IRB_FUNCTION_ATAPI_COMMAND : IRB_FUNCTION_ATA_READ,
                         .flags = is_packet ? 0 : IRB_FLAGS_DATA_IN,
                         .is_once = true,
                         .timeout_s = 60,
                         .buffer = is_packet ? NULL : buffer + index * 512,
                         .byte_count = is_packet ? 0 : 512,
                         .irb_status = NOT_FINISHED,
                         .callback = finished,
                         .context = &ends[index]};
    if (is_packet)
        request->cdb_length = 6;
    ends[index] = false;
    request_submit(request);
    irql_lower(irql_raise_dispatch());
}

static bool ended_with(unsigned index, uint8_t status)
{
    irql_lower(irql_raise_dispatch());
    return ends[index] && requests[index].irb_status == status;
}

/* The last request that the puppet was handed is this unit's. */
static bool went_to(unsigned target, unsigned lun)
{
    const struct puppet_call *call = &puppet.calls[(puppet.call_count - 1) % PUPPET_MOST_CALLS];
    return call->kind == CONTEXT_START_IO && call->target == target && call->lun == lun;
}

/* ------------------------------------------------------------------ many targets */

static const uint8_t there[] = {0, 1, 7, 8, 31, 32, 39};
#define THERE (sizeof there)

static bool has_some(unsigned target, unsigned lun)
{
    return !lun && target < 40 && memchr(there, (int)target, THERE);
}

static void test_targets(void)
{
    unsigned right = 0, objects = 0;

    restart(39, has_some);
    for (const struct device *device = channel->devices; device; device = device->next)
        objects++;
    GUEST_CHECK(objects, ==, 40, "forty targets were looked for");
    GUEST_CHECK(usable_count(), ==, THERE, "and those that are there are found");
    for (unsigned i = 0; i < THERE; i++) {
        struct device *device = channel_device(channel, there[i], 0);
        right += device && device->usable &&
                 block_transfer(device, BLOCK_READ, 5, 1, buffer) == BLOCK_OK &&
                 buffer[0] == 5 + there[i] && went_to(there[i], 0);
    }
    GUEST_CHECK(right, ==, THERE, "a read goes to each of them");

    struct device *high = channel_device(channel, 39, 0), *other = channel_device(channel, 8, 0);
    FROM(channel, CONTEXT_START_IO, AtaPortDeviceBusy(extension, 39, 0, FOR_EVER));
    submit(0, high);
    submit(1, other);
    guest_ok(!ends[0] && ended_with(1, IRB_STATUS_SUCCESS), "a busy one does not stop the others");
    FROM(channel, CONTEXT_INTERRUPT, AtaPortDeviceReady(extension, 39, 0));
    guest_ok(ended_with(0, IRB_STATUS_SUCCESS), "until it is ready");

    puppet.answer = PUPPET_HOLD;
    puppet.held_count = 0;
    submit(0, high);
    submit(1, other);
    FROM(channel, CONTEXT_WORKER,
         AtaPortCompleteAllActiveRequests(extension, 39, 0, IRB_STATUS_BUS_RESET));
    guest_ok(ended_with(0, IRB_STATUS_BUS_RESET) && !ends[1], "the requests of one end");
    FROM(channel, CONTEXT_WORKER,
         AtaPortCompleteAllActiveRequests(extension, IDE_UNTAGGED, IDE_UNTAGGED,
                                          IRB_STATUS_SELECTION_TIMEOUT));
    guest_ok(ended_with(1, IRB_STATUS_SELECTION_TIMEOUT), "and those of all");
    puppet.held_count = 0;
    puppet.answer = PUPPET_COMPLETE;

    high->counters.errors = 77;
    restart(IDE_UNTAGGED, has_some);
    GUEST_CHECK(channel->given.configuration.MaxTargetId, ==, 254, "target 255 stands for all");
    guest_ok(usable_count() == THERE && channel_device(channel, 254, 0), "254 is looked for");
    guest_ok(channel_device(channel, 39, 0) == high && high->counters.errors == 77,
             "a device that is found again has its counters");
}

/* ------------------------------------------------------------------ logical units */

static bool has_three_units(unsigned target, unsigned lun)
{
    return target == 1 && lun < 3;
}

static bool has_another_target(unsigned target, unsigned lun)
{
    return (target == 0 && !lun) || has_three_units(target, lun);
}

/* Holds what is not the port's own. */
static bool packet(PIDE_REQUEST_BLOCK irb)
{
    irb->IrbStatus = IRB_STATUS_SUCCESS;
    irb->DataTransferLength = 0;
    return puppet.answer == PUPPET_COMPLETE;
}

static void idle(void)
{
    while (port_idle_wanted())
        port_idle();
}

static void submit_three(struct device *units[3])
{
    puppet.held_count = 0;
    for (unsigned i = 0; i < 3; i++)
        submit(i, units[i]);
}

static void complete_all(unsigned lun)
{
    FROM(channel, CONTEXT_WORKER,
         AtaPortCompleteAllActiveRequests(extension, 1, (UCHAR)lun, IRB_STATUS_BUS_RESET));
}

static void test_sense(struct device *units[3])
{
    PIDE_REQUEST_BLOCK sense[2] = {NULL, NULL};

    puppet.answer = PUPPET_HOLD;
    submit_three(units);
    for (unsigned i = 0; i < 2; i++) {
        puppet.held[i]->IrbStatus = IRB_STATUS_DEVICE_ERROR;
        FROM(channel, CONTEXT_INTERRUPT,
             sense[i] = AtaPortBuildRequestSenseIrb(extension, puppet.held[i]));
    }
    guest_ok(sense[0] && sense[1] && sense[0]->TargetId == 1 && sense[0]->Lun == 0 &&
                 sense[1]->Lun == 1,
             "two units may have their request sense at a time");
    for (unsigned i = 0; i < 2; i++)
        FROM(channel, CONTEXT_WORKER, AtaPortReleaseRequestSenseIrb(extension, sense[i]));
    complete_all(IDE_UNTAGGED);
    guest_ok(ended_with(0, IRB_STATUS_BUS_RESET) && ended_with(1, IRB_STATUS_BUS_RESET) &&
                 ended_with(2, IRB_STATUS_BUS_RESET),
             "the requests of all units end");
    puppet.answer = PUPPET_COMPLETE;
}

static void test_tags(void)
{
    UCHAR tags[2] = {0, 0};

    FROM(channel, CONTEXT_WORKER, AtaPortInitializeQueueTag(extension, 1, 1, 4));
    FROM(channel, CONTEXT_WORKER, AtaPortInitializeQueueTag(extension, 1, 2, 4));
    FROM(channel, CONTEXT_WORKER, tags[0] = AtaPortAllocateQueueTag(extension, 1, 1));
    FROM(channel, CONTEXT_WORKER, tags[1] = AtaPortAllocateQueueTag(extension, 1, 2));
    guest_ok(tags[0] && tags[0] == tags[1], "each unit has tags of its own");
    FROM(channel, CONTEXT_WORKER, AtaPortReleaseQueueTag(extension, 1, 1, tags[0]));
    FROM(channel, CONTEXT_WORKER, AtaPortReleaseQueueTag(extension, 1, 2, tags[1]));
}

static void test_busy(struct device *units[3])
{
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(extension, 1, 1, FOR_EVER));
    submit_three(units);
    guest_ok(!ends[1] && ended_with(0, IRB_STATUS_SUCCESS) && ended_with(2, IRB_STATUS_SUCCESS),
             "a busy unit does not stop the others");
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceReady(extension, 1, 1));
    guest_ok(ended_with(1, IRB_STATUS_SUCCESS), "until it is ready");
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(extension, 1, IDE_UNTAGGED, FOR_EVER));
    submit_three(units);
    guest_ok(!ends[0] && !ends[1] && !ends[2], "all units of a target are busy");
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceReady(extension, 1, IDE_UNTAGGED));
    guest_ok(ended_with(0, IRB_STATUS_SUCCESS) && ended_with(1, IRB_STATUS_SUCCESS) &&
                 ended_with(2, IRB_STATUS_SUCCESS),
             "and ready");
}

/* Names are by place: what comes later takes none that a unit has had. */
static void test_names(struct device *units[3])
{
    char names[3][sizeof units[0]->name];
    unsigned same = 0;

    for (unsigned i = 0; i < 3; i++)
        memcpy(names[i], units[i]->name, sizeof names[i]);
    puppet.has_unit = has_another_target;
    FROM(channel, CONTEXT_WORKER, AtaPortBusChangeDetected(extension));
    idle();
    GUEST_CHECK(usable_count(), ==, 4, "another target comes");
    for (unsigned i = 0; i < 3; i++)
        same += strcmp(names[i], units[i]->name) == 0;
    GUEST_CHECK(same, ==, 3, "and each unit has the name that it had");
    puppet.has_unit = has_three_units;
    FROM(channel, CONTEXT_WORKER, AtaPortBusChangeDetected(extension));
    idle();
}

static void test_units(void)
{
    struct device *units[3];
    unsigned right = 0;

    puppet.packet = packet;
    puppet.last_lun = 2;
    restart(1, has_three_units);
    for (unsigned lun = 0; lun < 3; lun++)
        units[lun] = channel_device(channel, 1, lun);
    guest_ok(units[1] && units[2], "the units that IDENTIFY PACKET DEVICE tells of are looked for");
    guest_ok(!channel_device(channel, 1, 3) && !channel_device(channel, 0, 1), "no others are");
    GUEST_CHECK(usable_count(), ==, 3, "three are found");
    if (!units[1] || !units[2])
        return;
    for (unsigned lun = 0; lun < 3; lun++) {
        submit(lun, units[lun]);
        right += ended_with(lun, IRB_STATUS_SUCCESS) && went_to(1, lun);
    }
    GUEST_CHECK(right, ==, 3, "a command goes to each of them");
    guest_ok(units[1]->given.parameters.TransferModeSelected == PIO_MODE4,
             "in the mode of its target");
    test_names(units);
    test_busy(units);

    puppet.answer = PUPPET_HOLD;
    submit_three(units);
    complete_all(1);
    guest_ok(!ends[0] && ended_with(1, IRB_STATUS_BUS_RESET) && !ends[2],
             "one unit's requests end");
    complete_all(IDE_UNTAGGED);
    guest_ok(ended_with(0, IRB_STATUS_BUS_RESET) && ended_with(2, IRB_STATUS_BUS_RESET),
             "and all of the target's");
    puppet.answer = PUPPET_COMPLETE;
    test_sense(units);
    test_tags();

    FROM(channel, CONTEXT_WORKER, AtaPortRequestPowerStateChange(extension, 1, 2, IdePowerD3));
    idle();
    guest_ok(units[2]->power == POWER_D3 && units[1]->power == POWER_D0 &&
                 units[0]->power == POWER_D0,
             "one unit loses its power");
    submit(2, units[2]);
    guest_ok(ended_with(2, IRB_STATUS_SUCCESS) && units[2]->power == POWER_D0,
             "and has it again when a request comes");

    puppet.last_lun = 1;
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceRemoved(extension, 1));
    irql_lower(irql_raise_dispatch());
    guest_ok(!units[0]->usable && !units[1]->usable && !units[2]->usable,
             "a target that is gone is gone with its units");
    idle();
    guest_ok(units[0]->usable && units[1]->usable && units[2]->kind == DEVICE_NONE,
             "until it has come again, with one less");
}

void guest_test_units(void)
{
    struct controller *controller = puppet_create();

    guest_plan(PLAN);
    buffer = hal_pages_alloc(1, UINT64_MAX);
    controller_start(controller);
    channel = controller->channels[0];
    test_targets();
    test_units();
    GUEST_CHECK(contract_total(), ==, 0, "no rule was broken");
}
