/* SPDX-License-Identifier: MIT */
/* MEM-03: the routines that a driver hands over lie in its own code. */
#ifndef PORT_CONTRACT_GIVEN_H
#define PORT_CONTRACT_GIVEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct driver;

/* Does a routine that the driver hands over lie in its code, or is NULL, about which others may
 * complain? Otherwise `text` says where it leads. */
struct given_routine {
    const char *name;
    uintptr_t address;
};
#define GIVEN_ROUTINE(structure, member)        \
    {                                           \
#member, (uintptr_t)(structure)->member \
    }
bool given_is_own_code(const struct driver *driver, const struct given_routine *given, char *text,
                       size_t size);

#endif
