/* SPDX-License-Identifier: MIT */
/*
 * Physical runs of memory, shared by scatter/gather lists and AtaPortGetPhysicalAddress; and
 * MEM-04: is what a driver hands to a routine memory of its own?
 */
#ifndef PORT_MEMORY_H
#define PORT_MEMORY_H

#include "hal/hal.h"

/* The physical address of a virtual one; *byte_count, at entry the most that is wanted, becomes how
 * many bytes from there are physically contiguous. 0: not mapped. Context: any. */
uint64_t memory_physical_long_run(const void *address, uint32_t *byte_count);
static inline uint64_t memory_physical_run(const void *address, uint32_t *byte_count)
{
    if (__builtin_expect(hal_is_plain(address, *byte_count), 1))
        return (uintptr_t)address;
    return memory_physical_long_run(address, byte_count);
}
/* Is all of it mapped, and below a physical address? */
bool memory_is_below(const void *address, uint32_t byte_count, uint64_t limit);

/* Behind memory_is_refused: memory that lies below all windows. */
bool memory_refuse(const void *start, uint64_t byte_count, const char *routine, const void *place)
    __attribute__((cold));
/* Stands before a routine that reads or writes what a driver has handed it. True: it would reach
 * into the kernel's memory, which was reported (MEM-04), and the routine must leave it alone. What
 * drivers have lies in windows, so in the common case this is one comparison; only their variables
 * on the stack take longer. With checks=off nothing is refused: DataBuffer then is the port's own
 * address. Context: any. */
static inline bool memory_is_refused(const void *start, uint64_t byte_count, const char *routine,
                                     const void *place)
{
    return __builtin_expect((uintptr_t)start < hal_window_start, 0) &&
           memory_refuse(start, byte_count, routine, place);
}

#endif
