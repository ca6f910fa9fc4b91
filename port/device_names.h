/* SPDX-License-Identifier: MIT */
/* What people call a device: "0", "1" and so on for disks, "cd0" for drives with a medium. */
#ifndef PORT_DEVICE_NAMES_H
#define PORT_DEVICE_NAMES_H

struct device;

/* Where the first disks and the first drives are, in the order of their numbers: places with commas
 * between them. A place is controller, channel and target, as in "00:1f.2/3.0", or "isa/0.1", and
 * the unit behind a further dot unless it is the first, "00:1f.2/3.0.1".
 * Context: before port_start. */
void device_names_begin(const char *disks, const char *drives);

/* Names a device that was found by its place. One that has no number gets the next one, and keeps
 * it for good. Context: PASSIVE_LEVEL. */
void device_set_name(struct device *device);

#endif
