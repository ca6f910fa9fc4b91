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

/* The one way from state to state. */
void controller_step(struct controller *controller, enum controller_state next);
void channel_step(struct channel *channel, enum channel_state next);

/* IdeHwControl. What the miniport asked for meanwhile has run when it returns. */
BOOLEAN hw_control(struct channel *channel, IDE_CONTROL_ACTION action, PVOID parameters);
/* AtaAdapterControl. */
BOOLEAN adapter_control(struct controller *controller, IDE_CONTROL_ACTION action);
/* Flushes the devices that something was written to. False: it may be lost; said on the console. */
bool channel_flush(struct channel *channel);

#endif
