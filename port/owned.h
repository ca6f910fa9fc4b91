/* SPDX-License-Identifier: MIT */
/*
 * What of the structures that a miniport is handed belongs to the port: the miniport reads it. A
 * table for each structure says which members these are. What was changed is put back, so that the
 * port may rely on it, and reported (INI-11; of an IRB IRB-14). Writing the value that a member has
 * changes nothing. Entered from any context.
 */
#ifndef PORT_OWNED_H
#define PORT_OWNED_H

#include "port/contract/context.h"

/* Left out are members that pages or published drivers have the miniport set: NativeModeEnabled,
 * AtaBusType, MaxLba and Chs, MaxBlockXfer ...; of an IRB its task file or CDB, QueueTag,
 * SenseInfoBufferType, NextIrb and TimeOutValue. */
enum owned_structure {
    OWNED_CONTROLLER,                    /* IDE_CONTROLLER_CONFIGURATION */
    OWNED_INTERFACE,                     /* IDE_CHANNEL_INTERFACE */
    OWNED_CHANNEL,                       /* IDE_CHANNEL_CONFIGURATION */
    OWNED_DEVICE,                        /* IDE_DEVICE_PARAMETERS */
    OWNED_VERSIONED_COUNT,               /* the ones above begin with a Version */
    OWNED_MODES = OWNED_VERSIONED_COUNT, /* IDE_TRANSFER_MODE_PARAMETERS */
    OWNED_ADVANCED,                      /* IDE_ADVANCED_CHANNEL_CONFIGURATION */
    OWNED_RESOURCES,                     /* IDE_MINIPORT_RESOURCES */
    OWNED_IRB,                           /* IDE_REQUEST_BLOCK */
    OWNED_POWER,                         /* the same, of IRB_FUNCTION_POWER_CHANGE */
    OWNED_STRUCTURE_COUNT,
};

/* version=... on the command line: what is added to the Version of a structure before a miniport
 * gets it, to see whether it refuses (INI-13). */
extern int8_t owned_version_error[OWNED_VERSIONED_COUNT];
/* What the Version of a structure of `size` bytes is when a miniport gets it. */
USHORT owned_version(enum owned_structure structure, size_t size);

/* Puts back what is not as it was in `before`, and lists the members' names. False: nothing. */
bool owned_restore(enum owned_structure structure, void *now, const void *before, char *names,
                   size_t size);
/* The same, reported as INI-11 of the routine in whose context this was. `accepted`: it did not
 * refuse; then a Version that was wrong is reported (INI-13), and set right. */
void owned_check(struct context *context, enum owned_structure structure, void *now,
                 const void *before, bool accepted, const char *routine, const void *place);
/* Resources, as their copy was before; and the `count` ranges that they lead to. */
void owned_check_resources(struct context *context, IDE_MINIPORT_RESOURCES *now,
                           const IDE_MINIPORT_RESOURCES *before, IDE_ACCESS_RANGE *ranges,
                           const IDE_ACCESS_RANGE *ranges_before, unsigned count,
                           const char *routine, const void *place);

#endif
