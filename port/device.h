/* SPDX-License-Identifier: MIT */
/* The logical units of a channel's targets. */
#ifndef PORT_DEVICE_H
#define PORT_DEVICE_H

struct channel;
struct device;

/* The device of a target and unit: the one that is there already, or a new one. NULL: there is no
 * memory. Context: PASSIVE_LEVEL. */
struct device *device_make(struct channel *channel, unsigned target, unsigned lun);

#endif
