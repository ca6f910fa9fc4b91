/* SPDX-License-Identifier: MIT */
/* Physical runs of memory, shared by scatter/gather lists and AtaPortGetPhysicalAddress. */
#ifndef PORT_MEMORY_H
#define PORT_MEMORY_H

#include "hal/hal.h"

/* The physical address of a virtual one; *byte_count, at entry the most that is wanted, becomes how
 * many bytes from there are physically contiguous. 0: not mapped. Context: any. */
uint64_t memory_physical_long_run(const void *address, uint32_t *byte_count);
static inline uint64_t memory_physical_run(const void *address, uint32_t *byte_count)
{
    if ((uintptr_t)address % HAL_PAGE_SIZE + *byte_count <= HAL_PAGE_SIZE)
        return hal_physical(address);
    return memory_physical_long_run(address, byte_count);
}
/* In how many contiguous pieces does a buffer lie? 0: not all of it is mapped. */
unsigned memory_pieces(const void *address, uint32_t byte_count);
/* Is all of it mapped, and below a physical address? */
bool memory_is_below(const void *address, uint32_t byte_count, uint64_t limit);

#endif
