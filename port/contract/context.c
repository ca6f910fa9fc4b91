/* SPDX-License-Identifier: MIT */
/*
 * The context stack, and what contexts are called; see context.h. Owns the stack's bottom. Any
 * context.
 */
#include "port/contract/context.h"

#include <stdio.h>

/* ------------------------------------------------------------------ the stack */

/* No address of an extension, not even NULL. */
static const char no_extension[1];

static struct context no_context = {.kind = CONTEXT_NONE, .extension = no_extension};
struct context *context_now = &no_context;

/* ------------------------------------------------------------------ names */

/* Debuggers read this one, too (tools/gdb). */
static const char *const context_names[CONTEXT_KIND_COUNT] = {
    [CONTEXT_NONE] = "no call from the port",
    [CONTEXT_DRIVER_ENTRY] = "DriverEntry",
    [CONTEXT_ADAPTER_CONTROL] = "AtaAdapterControl",
    [CONTEXT_CHANNEL_ENABLED] = "AtaControllerChannelEnabled",
    [CONTEXT_TRANSFER_MODE_SELECT] = "AtaControllerTransferModeSelect",
    [CONTEXT_CHANNEL_INIT] = "AtaChannelInitRoutine",
    [CONTEXT_HW_CONTROL] = "IdeHwControl",
    [CONTEXT_HW_INITIALIZE] = "IdeHwInitialize",
    [CONTEXT_BUILD_IO] = "IdeHwBuildIo",
    [CONTEXT_START_IO] = "IdeHwStartIo",
    [CONTEXT_INTERRUPT] = "IdeHwInterrupt",
    [CONTEXT_RESET] = "IdeHwReset",
    [CONTEXT_WORKER] = "worker routine",
    [CONTEXT_TIMER] = "timer routine",
    [CONTEXT_SYNCHRONIZED] = "synchronized routine",
    [CONTEXT_CONTROLLER_SYNC] = "controller-synchronized routine",
};

const char *context_kind_name(enum context_kind kind)
{
    return kind < CONTEXT_KIND_COUNT ? context_names[kind] : "?";
}

const char *context_routine_name(void)
{
    return context_now->kind >= CONTEXT_WORKER ? "IDE_HW_DPC"
                                               : context_kind_name(context_now->kind);
}

void context_name(const struct context *context, char *text, size_t size)
{
    static const char *const actions[] = {"IdeStart", "IdeStop", "IdePowerUp", "IdePowerDown",
                                          "IdeVendorDefined"};
    if (context->kind == CONTEXT_HW_CONTROL || context->kind == CONTEXT_ADAPTER_CONTROL)
        snprintf(text, size, "%s(%s)", context_kind_name(context->kind),
                 (unsigned)context->action < sizeof actions / sizeof *actions
                     ? actions[context->action]
                     : "?");
    else
        snprintf(text, size, "%s", context_kind_name(context->kind));
}
