/* SPDX-License-Identifier: MIT */
/* Calls from the port into a miniport: context pushed, traced, the CPU's state looked at (CPU-01),
 * popped. */
#ifndef PORT_CALL_H
#define PORT_CALL_H

#include "hal/hal.h"
#include "port/contract/context.h"
#include "port/irql.h"
#include "port/objects.h"
#include "port/trace.h"

/* What a call's trace entry says: TRACE_CALL in trace.h. */
static inline void trace_call(const struct context *context)
{
    trace_timed(TRACE_CALL, context->trace_head,
                context->kind | (uint32_t)context->action << 8 | (uint32_t)irql_now << 16);
}

static inline void trace_false(const struct context *context)
{
    trace(TRACE_FALSE, (uint16_t)context->trace_head, 0, context->kind);
}

/* A routine has returned with the CPU in another state than the caller's: reported, and put right.
 * Its context is still the innermost one. */
void call_left_wrong(uintptr_t function) __attribute__((cold));

/* The calls of every request. They have their own traces, and look at what costs nearly nothing.
 * `function`: where its address lies. */
static inline __attribute__((always_inline)) uintptr_t
call_fast(struct context *context, const void *function, unsigned argument_count, const void *first,
          const void *second)
{
    uintptr_t value = *(const uintptr_t *)function;
    context_push(context);
    if (__builtin_expect(!hal_call(&context->cpu, (struct hal_call *const *)&context_now,
                                   (const unsigned *)&irql_now, argument_count, &value,
                                   (uintptr_t)first, (uintptr_t)second, 0),
                         0))
        call_left_wrong(*(const uintptr_t *)function);
    context_pop(context);
    return value;
}

/* All others. A call is always traced, its return only where it says FALSE. */
uintptr_t call_with_care(struct context *context, uintptr_t function, unsigned argument_count,
                         uintptr_t first, uintptr_t second, uintptr_t third);

/* Calls `function`, a routine of the miniport with one, two or three arguments, in a context. */
#define MINIPORT_CALL_1(context, function, first)                                    \
    (__typeof__((function)(first)))call_with_care(context, (uintptr_t)(function), 1, \
                                                  (uintptr_t)(first), 0, 0)
#define MINIPORT_CALL_2(context, function, first, second)  \
    (__typeof__((function)(first, second)))call_with_care( \
        context, (uintptr_t)(function), 2, (uintptr_t)(first), (uintptr_t)(second), 0)
#define MINIPORT_CALL_3(context, function, first, second, third)                    \
    (__typeof__((function)(first, second, third)))call_with_care(                   \
        context, (uintptr_t)(function), 3, (uintptr_t)(first), (uintptr_t)(second), \
        (uintptr_t)(third))

/* A channel's contexts are made once: no two calls of one kind are nested on a channel. */
static inline struct context *channel_context(struct channel *channel, enum context_kind kind)
{
    return &channel->contexts[kind];
}

static inline struct context controller_context(struct controller *controller,
                                                enum context_kind kind)
{
    return (struct context){.cpu = context_cpu(IRQL_PASSIVE),
                            .kind = kind,
                            .driver = controller->driver,
                            .controller = controller,
                            .trace_head = trace_head(TRACE_CALL, TRACE_NO_CHANNEL, 0),
                            .extension = controller, /* no channel's */
                            .port_map = controller->port_map};
}

/* IdeHwStartIo, IdeHwReset, IdeHwInitialize: at the level of their contexts, DIRQL when SyncWithIsr
 * was TRUE at the end of IdeHwControl(IdeStart), else DISPATCH_LEVEL (channel_levels in channel.c).
 */
struct sync_saved {
    enum irql level;
    bool with_isr;
};
static inline struct sync_saved sync_enter_from(struct channel *channel, enum irql level)
{
    struct sync_saved saved = {.level = level,
                               .with_isr = channel->contexts[CONTEXT_START_IO].level == IRQL_DIRQL};
    if (!saved.with_isr)
        (void)irql_raise_dispatch();
    else
        irql_enter_dirql_from(level);
    return saved;
}
static inline struct sync_saved sync_enter(struct channel *channel)
{
    return sync_enter_from(channel, irql_now);
}
static inline void sync_leave(struct sync_saved saved)
{
    if (saved.with_isr)
        irql_leave_dirql(saved.level);
    else
        irql_lower(saved.level);
}

#endif
