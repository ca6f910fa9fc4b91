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
/* Has the miniport asked for a power setting, in IDE_ADVANCED_CHANNEL_CONFIGURATION? */
bool channel_wants_setting(const struct channel *channel, const GUID *setting);
/* It has a new value: IdeHwControl(IdeVendorDefined). Context: PASSIVE_LEVEL. */
BOOLEAN hw_control_setting(struct channel *channel, uint8_t target, const GUID *setting,
                           uint32_t value);
/* AtaAdapterControl: what it returned. Context: PASSIVE_LEVEL. */
BOOLEAN adapter_control(struct controller *controller, IDE_CONTROL_ACTION action);
/* For each device that something was written to: IRB_FUNCTION_ADAPTER_FLUSH, then a flush of the
 * device; before a stop IRB_FUNCTION_SHUTDOWN as well. False: it may be lost; said on the console.
 * Context: PASSIVE_LEVEL. */
bool channel_flush(struct channel *channel, bool is_stopping);

#endif
