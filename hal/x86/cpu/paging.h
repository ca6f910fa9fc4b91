/* SPDX-License-Identifier: MIT */
/*
 * Page tables, for the files that read and change them.
 *
 * Entries have 8 bytes and the same bits on i386 and x86_64; what differs is
 *
 *   PAGING_ROOT_SHIFT        the first address bit that chooses an entry of the root
 *   PAGING_ROOT_FLAGS        what else than ENTRY_PRESENT an entry of the root says
 *   PAGING_PREPARED_ENTRIES  entries of the root that are made before it is used
 *   PAGING_ADDRESS_LIMIT     one past the last address that may be mapped
 *   PAGING_RAM_LIMIT         one past the last byte of RAM that is used: it is mapped where it lies
 *   PAGING_WINDOW_START, PAGING_WINDOW_END   where windows are reserved
 *   paging_can_be_mapped     is this a possible address?
 *   paging_store             changes an entry
 */
#ifndef HAL_X86_CPU_PAGING_H
#define HAL_X86_CPU_PAGING_H

#include "hal/x86/cpu/arch.h"

#define ENTRY_PRESENT       0x001ull
#define ENTRY_WRITE         0x002ull
#define ENTRY_WRITE_THROUGH 0x008ull
#define ENTRY_NO_CACHE      0x010ull
#define ENTRY_ACCESSED      0x020ull
#define ENTRY_LARGE         0x080ull
#define ENTRY_NO_EXECUTE    0x8000000000000000ull
#define ENTRY_ADDRESS       0x000FFFFFFFFFF000ull

#define PAGE_SHIFT       12u
#define LARGE_PAGE_SHIFT 21u
#define BITS_PER_LEVEL   9u
#define TABLE_LENGTH     512u
#define LARGE_PAGE_SIZE  ((uint64_t)1 << LARGE_PAGE_SHIFT)

extern uint64_t hal_page_root[TABLE_LENGTH];

static inline uint64_t *table_of(uint64_t entry)
{
    return (uint64_t *)(uintptr_t)(entry & ENTRY_ADDRESS);
}

/* The present entry that maps address, and the size of its page; NULL if nothing is mapped. */
uint64_t *hal_page_find(uintptr_t address, uint64_t *page_size);

#endif
