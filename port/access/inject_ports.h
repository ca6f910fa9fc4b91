/* SPDX-License-Identifier: MIT */
/* The ways of an access to a port while fault rules are armed. */
#ifndef PORT_ACCESS_INJECT_PORTS_H
#define PORT_ACCESS_INJECT_PORTS_H

/* From now on the registers of interest of all channels go the way through the rules; or the
 * straight one again. Context: PASSIVE_LEVEL. */
void inject_filter_ports(bool wanted);

#endif
