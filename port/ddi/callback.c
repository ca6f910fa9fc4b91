/* SPDX-License-Identifier: MIT */
/*
 * AtaPortRequestCallback: timer, worker, synchronised and controller-synchronised routines. One
 * slot per kind and channel, the last request wins. A routine is deferred to DISPATCH_LEVEL; the
 * synchronised kinds then run at DIRQL, the lock of every channel on one CPU.
 */
#include "port/ddi/callback.h"

#include "port/call.h"
#include "port/contract/entry.h"
#include "port/contract/given.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"

/* What was asked for is taken before it is called: an interrupt may ask for the next one, which
 * then runs in its own turn. */
static IDE_HW_DPC take_routine(IDE_HW_DPC *requested)
{
    return __atomic_exchange_n(requested, NULL, __ATOMIC_RELAXED);
}

/* Calls a routine of the miniport that returns nothing. */
static void call_routine(struct channel *channel, enum context_kind kind, IDE_HW_DPC routine)
{
    struct context *context = channel_context(channel, kind);
    if (channel_takes_callbacks(channel->state) && routine)
        MINIPORT_CALL_1(context, routine, channel->memory.extension);
}

static void run_timer(void *context)
{
    struct channel *channel = context;
    enum irql level = irql_enter_dirql();
    /* One that was asked for since this one ran out waits for its own time. */
    IDE_HW_DPC routine =
        channel->callbacks.timer.armed ? NULL : take_routine(&channel->callbacks.timer_routine);
    irql_leave_dirql(level);
    call_routine(channel, CONTEXT_TIMER, routine);
}

static void run_worker(void *context)
{
    struct channel *channel = context;
    call_routine(channel, CONTEXT_WORKER, take_routine(&channel->callbacks.worker.routine));
}

static void run_synchronized(void *context)
{
    struct channel *channel = context;
    enum irql level = irql_enter_dirql();
    call_routine(channel, CONTEXT_SYNCHRONIZED,
                 take_routine(&channel->callbacks.synchronized.routine));
    irql_leave_dirql(level);
}

static void run_controller_sync(void *context)
{
    struct channel *channel = context;
    enum irql level = irql_enter_dirql();
    call_routine(channel, CONTEXT_CONTROLLER_SYNC,
                 take_routine(&channel->callbacks.controller_sync.routine));
    irql_leave_dirql(level);
}

void callbacks_init(struct channel *channel)
{
    channel->callbacks.timer.deferred =
        (struct deferred){.procedure = run_timer, .context = channel};
    channel->callbacks.worker.deferred =
        (struct deferred){.procedure = run_worker, .context = channel};
    channel->callbacks.synchronized.deferred =
        (struct deferred){.procedure = run_synchronized, .context = channel};
    channel->callbacks.controller_sync.deferred =
        (struct deferred){.procedure = run_controller_sync, .context = channel};
}

void callbacks_cancel(struct channel *channel)
{
    timer_cancel(&channel->callbacks.timer);
    deferred_cancel(&channel->callbacks.worker.deferred);
    deferred_cancel(&channel->callbacks.synchronized.deferred);
    deferred_cancel(&channel->callbacks.controller_sync.deferred);
    channel->callbacks.timer_routine = NULL;
}

static BOOLEAN queue_callback(struct callback_slot *slot, IDE_HW_DPC routine)
{
    slot->routine = routine;
    deferred_queue(&slot->deferred);
    return TRUE;
}

BOOLEAN NTAPI AtaPortRequestCallback(IDE_CALLBACK_TYPE CallbackType, PVOID ChannelExtension,
                                     IDE_HW_DPC CallBackRoutine, ULONG TimerValue)
{
    /* The names that drivers call it by. */
    static const uint8_t called_as[] = {
        [IdeTimerRoutine] = ROUTINE_AtaPortRequestTimer,
        [IdeWorkerRoutine] = ROUTINE_AtaPortRequestWorkerRoutine,
        [IdeSynchronizedRoutine] = ROUTINE_AtaPortRequestSynchronizedRoutine,
        [IdeControllerSyncRoutine] = ROUTINE_AtaPortControllerSyncRoutine,
    };
    const enum routine routine = (unsigned)CallbackType < sizeof called_as
                                     ? (enum routine)called_as[CallbackType]
                                     : ROUTINE_AtaPortRequestCallback;
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    enum irql level;
    if (!channel)
        return FALSE;
    if (channel->given.configuration.ChannelMode == IdeModeDump)
        return FALSE; /* CTX-08: it is no offence to ask, drivers poll when they get this */
    if (!channel_takes_callbacks(channel->state) || !CallBackRoutine) {
        contract_report(RULE_CBK_01, channel, routine_name(routine), CALLER,
                        "%s; nothing was queued",
                        CallBackRoutine ? "the channel is not started" : "the routine is NULL");
        return FALSE;
    }
    const struct given_routine given = {"the routine", (uintptr_t)CallBackRoutine};
    char text[192];
    if (!given_is_own_code(channel->controller->channel_driver, &given, text, sizeof text)) {
        contract_report(RULE_MEM_03, channel, routine_name(routine), CALLER,
                        "%s; nothing was queued", text);
        return FALSE;
    }
    switch (CallbackType) {
    case IdeTimerRoutine:
        level = irql_enter_dirql();
        channel->callbacks.timer_routine = CallBackRoutine;
        timer_arm(&channel->callbacks.timer, TimerValue);
        irql_leave_dirql(level);
        return TRUE;
    case IdeWorkerRoutine:
        return queue_callback(&channel->callbacks.worker, CallBackRoutine);
    case IdeSynchronizedRoutine:
        return queue_callback(&channel->callbacks.synchronized, CallBackRoutine);
    case IdeControllerSyncRoutine:
        return queue_callback(&channel->callbacks.controller_sync, CallBackRoutine);
    case IdeMaxCallbackType:
        break;
    }
    contract_report(RULE_CBK_01, channel, routine_name(routine), CALLER, "%u is no callback type",
                    (unsigned)CallbackType);
    return FALSE;
}
