/* SPDX-License-Identifier: MIT */
/*
 * What is looked at where a miniport enters an exported routine: the direction flag (CPU-01), the
 * extension that it hands over (CTX-09, CTX-10), and whether the routine may be called in this
 * context, as the routine's row in routines.def says. What a miniport hands over besides, routines
 * look at themselves.
 *
 * Each entry_xxx stands first in a routine, with its row and CALLER. It reports what is wrong; then
 * the routine does nothing and returns its failure value. Hot routines ask entry_needs_care()
 * first.
 */
#ifndef PORT_CONTRACT_ENTRY_H
#define PORT_CONTRACT_ENTRY_H

#include "hal/hal.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"

/* The address in the driver that called the exported routine this is used in. */
#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

/* The channel behind the extension; NULL: it is refused. */
struct channel *entry_channel(enum routine routine, const void *extension, const void *place);
/* The same for what takes a controller's. */
struct controller *entry_controller(enum routine routine, const void *extension, const void *place);
/* The same for what takes either: *channel is NULL for a controller's. */
struct controller *entry_either(enum routine routine, const void *extension,
                                struct channel **channel, const void *place);
/* For what takes no extension, or none that it needs (*channel is NULL then), and for who wants to
 * know the channel of a refused call, too; false: it is refused. */
bool entry_plain(enum routine routine, const void *place);
bool entry_optional(enum routine routine, const void *extension, struct channel **channel,
                    const void *place);

/* The one test of a hot routine: its short way is for the extension of the routine that runs now,
 * which is not IdeHwBuildIo. Everything else is for a second part, which begins with one of the
 * functions above. */
static inline bool entry_needs_care(const void *extension)
{
    return __builtin_expect(context_now->extension != extension, 0);
}

/* CPU-01 where a driver calls a routine: with the direction flag set, which string instructions of
 * the kernel's would follow. Stands before everything else in those that have any, which are all
 * but the accesses to one register and the common cases of what is part of every request; the
 * functions above do it. */
void entry_report_direction(const char *routine, const void *place) __attribute__((cold));
static inline void entry_direction(const char *routine, const void *place)
{
    if (__builtin_expect(hal_direction_clear(), 0))
        entry_report_direction(routine, place);
}

#endif
