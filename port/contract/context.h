/* SPDX-License-Identifier: MIT */
/*
 * The context stack: in which of a miniport's routines the CPU is.
 *
 * Around every call into a miniport the port pushes a context. The exported routines look at the
 * top of that stack: it says which channel (or controller) the caller works for and what it may do.
 */
#ifndef PORT_CONTRACT_CONTEXT_H
#define PORT_CONTRACT_CONTEXT_H

#include <irb.h>

#include "port/irql.h"

struct channel;
struct controller;
struct driver;
struct irb_slot;
struct access_map;

enum context_kind {
    CONTEXT_NONE, /* no miniport runs */
    CONTEXT_DRIVER_ENTRY,
    CONTEXT_ADAPTER_CONTROL,
    CONTEXT_CHANNEL_ENABLED,
    CONTEXT_TRANSFER_MODE_SELECT,
    CONTEXT_CHANNEL_INIT,
    CONTEXT_HW_CONTROL,
    CONTEXT_HW_INITIALIZE,
    CONTEXT_BUILD_IO,
    CONTEXT_START_IO,
    CONTEXT_INTERRUPT,
    CONTEXT_RESET,
    CONTEXT_WORKER,
    CONTEXT_TIMER,
    CONTEXT_SYNCHRONIZED,
    CONTEXT_CONTROLLER_SYNC,
    CONTEXT_KIND_COUNT,
};

struct context {
    struct hal_call
        cpu; /* how the CPU has to be when the call returns; it stands first (port/call.h) */
    enum context_kind kind;
    IDE_CONTROL_ACTION action; /* of CONTEXT_ADAPTER_CONTROL and CONTEXT_HW_CONTROL */
    enum irql level;           /* at which the miniport is called */
    struct driver *driver;
    struct controller *controller; /* NULL in DriverEntry */
    struct channel *channel;       /* NULL in the controller's routines */
    /* What the hot checks look at, so that each is one comparison: the channel's extension (where
     * there is none, and in IdeHwBuildIo, an address that is no extension), and the ports that may
     * be accessed (port/access/map.c). */
    const void *extension;
    const struct access_map *port_map;
    uint32_t trace_head; /* of the entry that every call makes */
    uint32_t stalled_us; /* AtaPortStallExecution since the call */
    /* Ticks since the call: in which it was the innermost one, and in all (port/hang.c). */
    uint16_t own_ticks, all_ticks;
    const struct irb_slot
        *slot; /* what IdeHwBuildIo and IdeHwStartIo are handed; NULL for others */
    struct context *outer;
};

/* Below DIRQL interrupts are on. */
static inline struct hal_call context_cpu(enum irql level)
{
    return (struct hal_call){.state = HAL_STATE_CONTROL | level |
                                      (level < IRQL_DIRQL ? HAL_STATE_INTERRUPT : 0)};
}

/* The innermost context; never NULL: while no miniport runs it is one of kind CONTEXT_NONE. */
extern struct context *context_now;

/* The hang watchdog, which no lock keeps out, may look between any two of these. */
static inline void context_push(struct context *context)
{
    context->stalled_us = 0;
    context->own_ticks = 0;
    context->all_ticks = 0;
    context->outer = context_now;
    hal_compiler_barrier();
    context_now = context;
}
static inline void context_pop(struct context *context)
{
    context_now = context->outer;
}

/* "IdeHwControl(IdeStart)" */
void context_name(const struct context *context, char *text, size_t size);
const char *context_kind_name(enum context_kind kind);
/* The driver's routine that runs now. Callbacks have no name that the documentation gives them, but
 * their type has. */
const char *context_routine_name(void);

#endif
