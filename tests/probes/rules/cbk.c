/* SPDX-License-Identifier: MIT */
/* CBK: callbacks that a driver asks for. */
#include "cases.h"

static VOID NTAPI never(PVOID ChannelExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    AtaPortDebugPrint(0, "a callback ran that was not to be queued\n");
}

/* ------------------------------------------------------------------ CBK-01 */

CASE cbk_in_init(struct occasion *at)
{
    BOOLEAN is_queued = AtaPortRequestTimer(at->channel, never, 1); /* BREAKS: CBK-01 */

    probe_returned(is_queued);
    return FALSE;
}

CASE cbk_in_stop(struct occasion *at)
{
    BOOLEAN is_queued = AtaPortRequestWorkerRoutine(at->channel, never); /* BREAKS: CBK-01 */

    probe_returned(is_queued);
    return FALSE;
}

CASE cbk_no_routine(struct occasion *at)
{
    BOOLEAN is_queued = AtaPortRequestSynchronizedRoutine(at->channel, NULL); /* BREAKS: CBK-01 */

    probe_returned(is_queued);
    return FALSE;
}

CASE cbk_no_kind(struct occasion *at)
{
    /* BREAKS: CBK-01 */
    BOOLEAN is_queued = AtaPortRequestCallback(IdeMaxCallbackType, at->channel, never, 0);

    probe_returned(is_queued);
    return FALSE;
}

/* ------------------------------------------------------------------ what the port promises */

/* Of two requests of a kind the last one wins, whatever the others are. */
static ULONG first_ran, second_ran;

static VOID NTAPI first(PVOID ChannelExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    first_ran++;
}

static VOID NTAPI second(PVOID ChannelExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    second_ran++;
}

/* At DIRQL nothing runs in between. What has become of it is looked at in a timer routine, the last of all:
 * it is at DISPATCH_LEVEL, where the others were queued before it. */
static VOID NTAPI look(PVOID ChannelExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    probe_returned(first_ran << 4 | second_ran);
}

CASE cbk_last_wins(struct occasion *at)
{
    PVOID channel = at->channel;
    BOOLEAN are_queued = TRUE;

    first_ran = second_ran = 0;
    are_queued &= AtaPortRequestWorkerRoutine(channel, first);
    are_queued &= AtaPortRequestSynchronizedRoutine(channel, first);
    are_queued &= AtaPortControllerSyncRoutine(channel, first);
    are_queued &= AtaPortRequestTimer(channel, first, 1);
    are_queued &= AtaPortRequestWorkerRoutine(channel, second);
    are_queued &= AtaPortRequestSynchronizedRoutine(channel, second);
    are_queued &= AtaPortControllerSyncRoutine(channel, second);
    are_queued &= AtaPortRequestTimer(channel, look, 10);
    if (!are_queued)
        probe_returned(0xBAD);
    return FALSE;
}

/* A timer that still waits when the channel stops (CBK-02). The flush that the port sends before it stops a
 * channel asks for it, and IdeHwControl(IdeStop) takes so long that it would run. */
#define LATE_US    2000
#define LATE_READS 200000 /* some 50 instructions each, and more */

static enum { NOT_ASKED, ASKED, RAN } late;

static VOID NTAPI too_late(PVOID ChannelExtension)
{
    UNREFERENCED_PARAMETER(ChannelExtension);
    late = RAN;
}

CASE cbk_waits_at_stop_end(struct occasion *at)
{
    BOOLEAN waited = late == ASKED;

    for (ULONG reads = 0; reads < LATE_READS; reads++)
        AtaPortReadPortUchar(at->channel->device_control);
    probe_returned(waited && late == ASKED);
    return FALSE;
}

CASE cbk_waits_at_stop(struct occasion *at)
{
    static const struct probe_case again = {"cbk_waits_at_stop", AT_COMPLETE, 1, cbk_waits_at_stop},
                                   end = {"cbk_waits_at_stop", AT_STOP, 1, cbk_waits_at_stop_end};

    at->channel->occasions_left = 1;
    at->channel->armed = &again;
    if (at->irb->Function == IRB_FUNCTION_ATA_FLUSH) {
        at->channel->armed = &end;
        late = AtaPortRequestTimer(at->channel, too_late, LATE_US) ? ASKED : NOT_ASKED;
    }
    return FALSE;
}

const struct probe_case cbk_cases[] = {
    {"cbk_in_init", AT_CHANNEL_INIT, 1, cbk_in_init},
    {"cbk_in_stop", AT_STOP, 1, cbk_in_stop},
    {"cbk_no_routine", AT_START, 1, cbk_no_routine},
    {"cbk_no_kind", AT_INTERRUPT, 1, cbk_no_kind},
    {"cbk_last_wins", AT_INTERRUPT, 1, cbk_last_wins},
    {"cbk_waits_at_stop", AT_COMPLETE, 1, cbk_waits_at_stop},
    {NULL, 0, 0, NULL},
};
