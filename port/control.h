/* SPDX-License-Identifier: MIT */
/* What starting, stopping and power changes share. Context: PASSIVE_LEVEL. */
#ifndef PORT_CONTROL_H
#define PORT_CONTROL_H

#include <ata.h>
#include <irb.h>
#include <stdbool.h>

#include "port/states.h"

struct channel;
struct controller;

/* The one way from state to state. A step that the tables (states.h) do not know ends the kernel.
 * Context: PASSIVE_LEVEL. */
void controller_step(struct controller *controller, enum controller_state next);
void channel_step(struct channel *channel, enum channel_state next);

/* IdeHwControl: what it returned. What the miniport asked for meanwhile has run by then.
 * `parameters` is what `action` is documented with, or NULL. Context: PASSIVE_LEVEL. */
BOOLEAN hw_control(struct channel *channel, IDE_CONTROL_ACTION action, PVOID parameters);
/* A power setting has a new value: the miniport is told by IdeHwControl(IdeVendorDefined), if it
 * has asked for it in IDE_ADVANCED_CHANNEL_CONFIGURATION. False: it has not. `accepted` is what it
 * returned. Context: PASSIVE_LEVEL. */
bool hw_control_setting(struct channel *channel, uint8_t target, const GUID *setting,
                        uint32_t value, bool *accepted);
/* AtaAdapterControl: what it returned. Context: PASSIVE_LEVEL. */
BOOLEAN adapter_control(struct controller *controller, IDE_CONTROL_ACTION action);
/* For each device that something was written to: IRB_FUNCTION_ADAPTER_FLUSH, then a flush of the
 * device; before a stop IRB_FUNCTION_SHUTDOWN as well. False: it may be lost; said on the console.
 * Context: PASSIVE_LEVEL. */
bool channel_flush(struct channel *channel, bool is_stopping);

#endif
