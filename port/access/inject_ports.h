/* SPDX-License-Identifier: MIT */
/* The ways of an access to a port while fault rules are armed. */
#ifndef PORT_ACCESS_INJECT_PORTS_H
#define PORT_ACCESS_INJECT_PORTS_H

#include <stdbool.h>
#include <stdint.h>

/* From now on the registers of interest of all channels go the way through the rules; or the
 * straight one again. Context: PASSIVE_LEVEL. */
void inject_filter_ports(bool wanted);

/* The port's own look at an 8-bit register: its value. Context: any. */
uint8_t inject_look(uint16_t port);

struct channel;
/* Is a channel's device at work, whatever the driver is shown of it? Looks at the device. One whose
 * reset has no end does nothing. Context: any. */
bool inject_ports_are_at_work(struct channel *channel);

#endif
