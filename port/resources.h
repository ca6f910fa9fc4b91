/* SPDX-License-Identifier: MIT */
/* What of the machine a controller and its channels own: ranges, decoding, bus mastering, interrupt
 * line. */
#ifndef PORT_RESOURCES_H
#define PORT_RESOURCES_H

#include <stdbool.h>

struct channel;
struct controller;

/* Finds a controller's access ranges and makes it decode them. Context: PASSIVE_LEVEL, before its
 * driver runs. */
void controller_find_resources(struct controller *controller);
/* Lets it be a bus master, once its driver has said that it is one. Context: PASSIVE_LEVEL. */
void controller_enable_bus_master(struct controller *controller);
/* Are both channels of a PCI IDE controller in native mode? Context: any. */
bool controller_is_native(const struct controller *controller);
/* Finds access ranges and interrupt line of a channel, and the registers that the auditor looks at.
 * Context: PASSIVE_LEVEL. */
void controller_channel_resources(struct controller *controller, struct channel *channel);

#endif
