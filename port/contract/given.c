/* SPDX-License-Identifier: MIT */
/* Routines that drivers hand over; see given.h. Owns nothing. Any context. */
#include "port/contract/given.h"

#include <stdio.h>

#include "port/loader/image.h"
#include "port/objects.h"

bool given_is_own_code(const struct driver *driver, const struct given_routine *given, char *text,
                       size_t size)
{
    char where[96];
    /* A driver without an image is linked into the kernel. */
    if (!given->address || !driver->image ||
        (image_at(given->address) == driver->image && image_is_code(given->address)))
        return true;
    hal_name_address(given->address, where, sizeof where);
    snprintf(text, size, "%s leads to %s, which is no code of %s.sys", given->name, where,
             driver->name);
    return false;
}
