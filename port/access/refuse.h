/* SPDX-License-Identifier: MIT */
/* Accesses that are not done: what was not mapped (ADR-01), and buffers that are not the driver's
 * (MEM-04). For the routines of ports.c and registers.c, in every context in which a miniport
 * runs. */
#ifndef PORT_ACCESS_REFUSE_H
#define PORT_ACCESS_REFUSE_H

#include "hal/hal.h"
#include "port/contract/routines.h"

/* What a read gives that is not done. */
#define ACCESS_NOTHING UINT32_MAX

/* Reports it at the driver's line. In IdeHwBuildIo nothing is mapped, since no routine may be
 * called. It has the convention of its callers, so that the common way saves no register. */
void NTAPI access_refuse(enum routine routine, const void *place, uintptr_t address, unsigned width)
    __attribute__((cold));
/* The same of a read into a buffer, which gives ones. */
void NTAPI access_refuse_read(enum routine routine, const void *place, uintptr_t address,
                              unsigned width, void *buffer, uint32_t count) __attribute__((cold));

/* Something is to be said of a buffer, or of the direction flag. */
bool NTAPI access_judge_buffer(bool was_turned, const void *buffer, uint64_t byte_count,
                               enum routine routine, const void *place) __attribute__((cold));

/* Before what goes through it with string instructions. */
static inline bool access_buffer_is_refused(const void *buffer, uint64_t byte_count,
                                            enum routine routine, const void *place)
{
    bool was_turned = hal_direction_clear();
    bool wants_care = was_turned || (uintptr_t)buffer < hal_window_start;
    return __builtin_expect(wants_care, 0) &&
           access_judge_buffer(was_turned, buffer, byte_count, routine, place);
}

#endif
