/* SPDX-License-Identifier: MIT */
/*
 * Every routine of a miniport as the port calls it: the whole life of a channel, in order, with the IRQL of each
 * call, for SyncWithIsr TRUE and FALSE. The sources of the order are in tests/boot/callbacks.t, which looks
 * at the same for drivers that are images.
 */
#include <stdio.h>
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/controller.h"
#include "port/objects.h"
#include "port/power.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 27u

static char seen[2048], wanted[2048];
static struct channel *channel;

/* Compares what was called with a text, in which D stands for the device level: 2 is DIRQL, 1 DISPATCH_LEVEL. */
static void check(const char *words, const char *what)
{
    size_t length = 0;
    for (; *words && length + 1 < sizeof wanted; words++)
        wanted[length++] =
            words[0] == 'D' && words[-1] == '@' ? (puppet.sync_with_isr ? '2' : '1') : *words;
    wanted[length] = 0;
    puppet_words(seen, sizeof seen);
    if (!guest_ok(strcmp(seen, wanted) == 0, "SyncWithIsr %s: %s",
                  puppet.sync_with_isr ? "TRUE" : "FALSE", what)) {
        hal_printf("# seen:   %s\n", seen);
        hal_printf("# wanted: %s\n", wanted);
    }
    puppet_forget();
}

#define IDENTIFY "IdeHwBuildIo:101@1 IdeHwStartIo:101@D "
#define FIND                                                                           \
    /* target 0 answers IDENTIFY DEVICE; target 1 is asked for a packet device, too */ \
    IDENTIFY IDENTIFY IDENTIFY "AtaControllerTransferModeSelect@0 IdeHwInitialize@D"
#define RESTART "IdeHwControl(IdeStart)@0 " FIND
#define START   "AtaChannelInitRoutine@0 " RESTART

static unsigned called;
static enum irql called_at[4];

static VOID NTAPI callback(PVOID extension)
{
    (void)extension;
    called |= 1u << context_now->kind;
    called_at[context_now->kind - CONTEXT_WORKER] = irql_now;
}

static bool all_called(void)
{
    return called == (1u << CONTEXT_WORKER | 1u << CONTEXT_TIMER | 1u << CONTEXT_SYNCHRONIZED |
                      1u << CONTEXT_CONTROLLER_SYNC);
}

/* AtaPortRequestWorkerRoutine and its kin. */
static void test_callbacks(void)
{
    PVOID extension = channel->memory.extension;
    bool queued = true;

    called = 0;
    FROM(channel, CONTEXT_START_IO, {
        queued &= AtaPortRequestWorkerRoutine(extension, callback);
        queued &= AtaPortRequestSynchronizedRoutine(extension, callback);
        queued &= AtaPortControllerSyncRoutine(extension, callback);
        queued &= AtaPortRequestTimer(extension, callback, 100);
        queued &= called == 0;
    });
    guest_ok(queued, "callbacks are queued, and none runs within the call");
    hal_interrupts_disable();
    while (!all_called())
        irql_pause();
    hal_interrupts_enable();
    guest_ok(called_at[0] == IRQL_DISPATCH && called_at[1] == IRQL_DISPATCH,
             "worker and timer run at DISPATCH_LEVEL");
    guest_ok(called_at[2] == IRQL_DIRQL && called_at[3] == IRQL_DIRQL,
             "synchronized routines run at DIRQL");
}

static bool reset_seen(void)
{
    for (unsigned i = 0; i < puppet.call_count; i++)
        if (puppet.calls[i].kind == CONTEXT_RESET)
            return true;
    return false;
}

/* A request that is never completed: LUN reset IRB, IdeHwReset. */
static void test_reset(uint8_t *buffer)
{
    struct request request = puppet_lose_a_read(channel_device(channel, 0, 0), buffer);

    GUEST_CHECK(reset_seen() && request.timed_out, ==, true, "a request times out");
    GUEST_CHECK(request.irb_status, ==, IRB_STATUS_BUS_RESET, "and ends with IRB_STATUS_BUS_RESET");
    check(
        "IdeHwBuildIo:102@1 IdeHwStartIo:102@D IdeHwBuildIo:404@1 IdeHwStartIo:404@D IdeHwReset@D",
        "a time-out: LUN reset IRB, then IdeHwReset");
}

static void run(struct controller *controller, uint8_t *buffer)
{
    puppet_forget();
    controller_start(controller);
    channel = controller->channels[0];
    check("AtaAdapterControl(IdeStart)@0 AtaControllerChannelEnabled@0 "
          "AtaControllerChannelEnabled@0 " START,
          "a start");
    block_transfer(channel_device(channel, 0, 0), BLOCK_READ, 3, 1, buffer);
    block_transfer(channel_device(channel, 0, 0), BLOCK_WRITE, 3, 1, buffer);
    check("IdeHwBuildIo:102@1 IdeHwStartIo:102@D IdeHwBuildIo:103@1 IdeHwStartIo:103@D",
          "a read, a write");
    test_callbacks();
    test_reset(buffer);
    channel_stop(channel);
    check("IdeHwBuildIo:401@1 IdeHwStartIo:401@D IdeHwBuildIo:104@1 IdeHwStartIo:104@D "
          "IdeHwBuildIo:402@1 IdeHwStartIo:402@D IdeHwControl(IdeStop)@0",
          "a stop: flushes first, and SHUTDOWN");
    channel_start(channel);
    check(RESTART, "a restart");
    controller_power_down(controller);
    check("IdeHwBuildIo:403@1 IdeHwStartIo:403@D IdeHwControl(IdePowerDown)@0 "
          "AtaAdapterControl(IdePowerDown)@0",
          "power down: devices, channels, controller");
    controller_power_up(controller);
    check("AtaAdapterControl(IdePowerUp)@0 IdeHwControl(IdePowerUp)@0 IdeHwBuildIo:403@1 "
          "IdeHwStartIo:403@D",
          "power up: controller, channels, devices");
    controller_stop(controller);
    check("IdeHwControl(IdeStop)@0 AtaAdapterControl(IdeStop)@0",
          "the controller stops after its channels");
}

void guest_test_order(void)
{
    uint8_t *buffer = hal_pages_alloc(1, UINT64_MAX);
    struct controller *controller = puppet_create();
    uint8_t number;

    guest_plan(PLAN);
    run(controller, buffer);
    number = controller->number;
    puppet.sync_with_isr = false;
    run(controller, buffer);
    GUEST_CHECK(controller->number, ==, number, "a controller that is restarted keeps its number");
}
