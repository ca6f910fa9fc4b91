/* SPDX-License-Identifier: MIT */
/*
 * Dump mode from a miniport's side: no interrupts, no callbacks, no registry, one request at a time, but memory and as
 * long waits as it likes; one channel in dump mode beside others that are not; and pata.sys, which gets over a
 * time-out there. Disk 0 is a scratch disk, disk 3 one that takes some seconds for a request.
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/controller.h"
#include "port/objects.h"
#include "port/request/queue.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 30u

static struct channel *channel;
static uint8_t *buffer;

/* ------------------------------------------------------------------ what is refused, and what is not */

static bool refused_at_init, refused_at_start, stalled_unseen;
static uint64_t reports_at_init;

static VOID NTAPI never(PVOID extension)
{
    (void)extension;
    puppet.refuses_power = true; /* seen below */
}

static bool callbacks_refused(PVOID extension)
{
    bool refused = !AtaPortRequestTimer(extension, never, 1);
    refused &= !AtaPortRequestWorkerRoutine(extension, never);
    refused &= !AtaPortRequestSynchronizedRoutine(extension, never);
    refused &= !AtaPortControllerSyncRoutine(extension, never);
    return refused;
}

static bool registry_refused(PVOID extension)
{
    ULONG value = 1, length = sizeof value;
    bool refused = !AtaPortRegistryAllocateBuffer(extension, 64);

    refused &= !AtaPortRegistryChannelSubkeyRead(extension, 0, (PCHAR) "x", IDE_REG_DWORD,
                                                 (PUCHAR)&value, &length);
    refused &= !AtaPortRegistryChannelSubkeyWrite(extension, 0, (PCHAR) "x", IDE_REG_DWORD,
                                                  (PUCHAR)&value, &length);
    refused &= !AtaPortRegistryChannelSubkeyWriteDeferred(extension, 0, (PCHAR) "x", IDE_REG_DWORD,
                                                          (PUCHAR)&value, &length);
    return refused;
}

/* AtaChannelInitRoutine. */
static void try_registry(struct channel *started)
{
    refused_at_init = registry_refused(started->memory.extension) && !started->registry.place;
    reports_at_init = contract_count(RULE_CTX_08);
}

/* IdeHwControl(IdeStart). */
static void try_all(struct channel *started)
{
    PVOID extension = started->memory.extension;

    refused_at_start = callbacks_refused(extension);
    refused_at_start &= registry_refused(extension);
    AtaPortStallExecution(700);
    AtaPortStallExecution(700);
    stalled_unseen = contract_count(RULE_CTX_07) == 0;
}

/* ------------------------------------------------------------------ requests */

static void finished(struct request *request)
{
    *(bool *)request->context = true;
}

static struct request read_of(struct device *device, uint32_t lba, uint16_t timeout_s,
                              bool *is_over)
{
    struct request request = {.device = device,
                              .function = IRB_FUNCTION_ATA_READ,
                              .flags = IRB_FLAGS_DATA_IN,
                              .is_once = true,
                              .timeout_s = timeout_s,
                              .buffer = buffer,
                              .byte_count = 512,
                              .callback = finished,
                              .context = is_over};
    request.task_file.Current.bSectorNumberReg = (UCHAR)lba;
    request.task_file.Current.bSectorCountReg = 1;
    request.task_file.Current.bDriveHeadReg = IDE_LBA_MODE;
    request.task_file.Current.bCommandReg = IDE_COMMAND_READ;
    return request;
}

static void test_requests(void)
{
    struct device *disk = channel_device(channel, 0, 0);
    bool is_over = false, second_is_over = false;
    struct request first = read_of(disk, 5, 10, &is_over),
                   second = read_of(disk, 6, 10, &second_is_over);

    puppet.answer = PUPPET_HOLD;
    request_submit(&first);
    request_submit(&second);
    irql_lower(irql_raise_dispatch());
    GUEST_CHECK(puppet.held_count, ==, 1, "one request at a time, whatever the miniport can do");
    guest_ok(puppet.held[0]->IrbExtension != NULL, "it has its extension");
    puppet_forget();
    puppet.answer = PUPPET_LATER;
    irql_wait(&is_over);
    irql_wait(&second_is_over);
    guest_ok(first.irb_status == IRB_STATUS_SUCCESS && second.irb_status == IRB_STATUS_SUCCESS,
             "both end when IdeHwInterrupt is called");
    guest_ok(buffer[0] == 6, "with their data");
    bool at_dirql = false;
    for (unsigned i = 0; i < puppet.call_count && i < PUPPET_MOST_CALLS; i++)
        if (puppet.calls[i].kind == CONTEXT_INTERRUPT && puppet.calls[i].channel == 0)
            at_dirql = puppet.calls[i].level == IRQL_DIRQL;
    guest_ok(at_dirql, "which is called at DIRQL");

    puppet.answer = PUPPET_HOLD;
    is_over = false;
    first = read_of(disk, 7, 1, &is_over);
    request_submit(&first);
    irql_wait(&is_over);
    guest_ok(first.timed_out && first.irb_status == IRB_STATUS_BUS_RESET, "a request times out");
    puppet.answer = PUPPET_COMPLETE;
    GUEST_CHECK(block_transfer(disk, BLOCK_READ, 9, 3, buffer), ==, BLOCK_OK,
                "after that the channel works");
    guest_ok(buffer[0] == 9 && buffer[1024] == 11, "and reads what is there");
}

static void test_mixed(void)
{
    struct device *disk = port_device_by_name("0");

    guest_ok(disk && !disk->channel->interrupt.is_polled, "the other controller is in normal mode");
    if (!disk)
        return;
    uint64_t interrupts = channel_interrupts(&disk->channel->counters);
    bool good = true;
    for (unsigned i = 0; i < 8; i++) {
        good &= block_transfer(disk, BLOCK_READ, i, 1, buffer) == BLOCK_OK;
        good &= block_transfer(channel_device(channel, 0, 0), BLOCK_READ, i, 1, buffer) == BLOCK_OK;
    }
    guest_ok(good && channel_interrupts(&disk->channel->counters) >= interrupts + 8,
             "both work, one by interrupts");
    port_dump_mode = false;
    puppet.in_init = puppet.in_start = NULL;
    channel_stop(channel);
    puppet.overlapped = 2;
    GUEST_CHECK(channel_start(channel), ==, true, "the channel starts again, in normal mode");
    guest_ok(!channel->interrupt.is_polled && channel->interrupt.is_connected,
             "its interrupt is connected");
    FROM(channel, CONTEXT_START_IO,
         puppet.refuses_power = AtaPortRequestWorkerRoutine(channel->memory.extension, never));
    guest_ok(puppet.refuses_power, "and it may have callbacks");
}

/* ------------------------------------------------------------------ pata.sys */

static void restart_in_dump_mode(struct device *disk)
{
    port_dump_mode = true;
    channel_stop(disk->channel);
    channel_start(disk->channel);
    port_dump_mode = false;
    guest_ok(disk->channel->interrupt.is_polled && disk->usable,
             "pata.sys is in dump mode with disk %s", disk->name);
}

static void test_pata(struct device *disk)
{
    uint8_t *first = buffer, *second = buffer + 512;

    GUEST_CHECK(block_transfer(disk, BLOCK_READ, 1, 1, first), ==, BLOCK_OK, "disk 0 is read");
    restart_in_dump_mode(disk);
    guest_ok(block_transfer(disk, BLOCK_READ, 1, 1, second) == BLOCK_OK &&
                 memcmp(first, second, 512) == 0,
             "and reads the same");
}

static void test_time_out(struct device *slow)
{
    bool is_over = false;
    struct request request = read_of(slow, 0, 1, &is_over);

    restart_in_dump_mode(slow);
    request_submit(&request);
    irql_wait(&is_over);
    /* EDGE: 61 */
    guest_ok(request.timed_out && request.irb_status == IRB_STATUS_BUS_RESET,
             "a request of it times out, and its channel is reset");
    GUEST_CHECK(block_transfer(slow, BLOCK_READ, 0, 1, buffer), ==, BLOCK_OK,
                "a longer one comes through");
}

void guest_test_dump(void)
{
    struct controller *controller = puppet_create();
    struct device *disk = port_device_by_name("0"), *slow = port_device_by_name("3");

    guest_plan(PLAN);
    buffer = hal_pages_alloc(1, UINT64_MAX);
    port_dump_mode = true;
    puppet.overlapped = 8;
    puppet.irb_extension = 256;
    puppet.in_init = try_registry;
    puppet.in_start = try_all;
    controller_start(controller);
    channel = controller->channels[0];
    guest_ok(channel->state == CHANNEL_RUNNING &&
                 channel->given.configuration.ChannelMode == IdeModeDump &&
                 controller->given.configuration.ControllerMode == IdeModeDump,
             "a controller and its channels in dump mode");
    guest_ok(refused_at_init, "AtaChannelInitRoutine has no registry");
    GUEST_CHECK(reports_at_init, ==, 4, "and each of its calls is reported");
    guest_ok(refused_at_start, "callbacks and registry routines are refused");
    GUEST_CHECK(contract_count(RULE_CTX_08) - reports_at_init, ==, 4,
                "the registry's with a report");
    guest_ok(puppet.uncached != NULL, "the uncached extension is there");
    guest_ok(stalled_unseen, "stalls of more than a millisecond are no offence");
    guest_ok(!channel->interrupt.is_connected, "no interrupt is connected");
    guest_ok(!puppet.refuses_power, "no callback has run");
    test_requests();
    test_mixed();
    channel_stop(channel);
    if (!guest_ok(disk && slow, "pata.sys has two disks"))
        return;
    uint64_t broken = contract_total();
    test_pata(disk);
    test_time_out(slow);
    GUEST_CHECK(contract_total(), ==, broken, "pata.sys broke no rule");
}
