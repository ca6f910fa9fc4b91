/* SPDX-License-Identifier: MIT */
/* Calls from the port into a miniport: context pushed, traced, popped. */
#ifndef PORT_CALL_H
#define PORT_CALL_H

#include "port/port.h"
#include "port/trace.h"

/* What a call's trace entry says: TRACE_CALL in trace.h. */
static inline void trace_call(const struct context *context)
{
    trace_made(TRACE_CALL, context->trace_head,
               context->kind | (uint32_t)context->action << 8 | (uint32_t)irql_now << 16);
}

static inline void trace_false(const struct context *context)
{
    trace(TRACE_FALSE, context->channel ? context->channel->number : TRACE_NO_CHANNEL, 0,
          context->kind);
}

/* Evaluates `call` (an expression that calls the miniport) in a context. A call is always traced,
 * its return only where it says FALSE. */
#define MINIPORT_CALL(context_, call)                  \
    __extension__({                                    \
        struct context *call_context_ = (context_);    \
        ASSERT_OP(irql_now, ==, call_context_->level); \
        context_push(call_context_);                   \
        trace_call(call_context_);                     \
        __typeof__(call) call_result_ = (call);        \
        if (!call_result_)                             \
            trace_false(call_context_);                \
        context_pop(call_context_);                    \
        call_result_;                                  \
    })

/* A channel's contexts are made once: no two calls of one kind are nested on a channel. */
static inline struct context *channel_context(struct channel *channel, enum context_kind kind)
{
    return &channel->contexts[kind];
}

static inline struct context controller_context(struct controller *controller,
                                                enum context_kind kind)
{
    return (struct context){.kind = kind,
                            .driver = controller->driver,
                            .controller = controller,
                            .trace_head = trace_head(TRACE_CALL, TRACE_NO_CHANNEL, 0),
                            .extension = controller, /* no channel's */
                            .port_map = controller->port_map};
}

/* IdeHwStartIo, IdeHwReset, IdeHwInitialize: at DIRQL when SyncWithIsr is TRUE, else at
 * DISPATCH_LEVEL. (channel_levels in channel.c says the same of their contexts.) */
struct sync_saved {
    enum irql level;
    bool with_isr;
};
static inline struct sync_saved sync_enter(struct channel *channel)
{
    struct sync_saved saved = {.with_isr = channel->configuration.SyncWithIsr};
    if (saved.with_isr)
        saved.level = irql_enter_dirql();
    else
        saved.level = irql_raise_dispatch();
    return saved;
}
static inline void sync_leave(struct sync_saved saved)
{
    if (saved.with_isr)
        irql_leave_dirql(saved.level);
    else
        irql_lower(saved.level);
}

#endif
