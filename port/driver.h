/* SPDX-License-Identifier: MIT */
/* Drivers: an image that is loaded, and its DriverEntry. */
#ifndef PORT_DRIVER_H
#define PORT_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

/* What a driver is made of. The bytes stay where they are. */
struct driver_file {
    const char *name; /* of the service; the image is `name`.sys */
    const void *image;
    size_t image_byte_count;
    const char *lines; /* its line table (loader/lines.h); NULL without one */
    size_t lines_byte_count;
    bool is_default; /* nobody asked for it: that it serves no device is not said */
};

/* Loads an image and runs its DriverEntry. False: refused or failed, which was said on the console
 * and is in driver->failure; the others go on. Context: PASSIVE_LEVEL, before port_start. */
bool port_load_driver(const struct driver_file *file);

#endif
