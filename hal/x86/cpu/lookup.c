/* SPDX-License-Identifier: MIT */
/*
 * Where an address leads: reading the page tables.
 *
 * Owns the root of the tables. May not: change an entry, nor complain, since a report of a failure
 * asks here. Any context.
 */
#include "hal/x86/cpu/paging.h"

uint64_t hal_page_root[TABLE_LENGTH] __attribute__((aligned(4096)));
const uint64_t hal_ram_limit = PAGING_RAM_LIMIT;
const uintptr_t hal_window_start = PAGING_WINDOW_START;
struct hal_plain hal_plain[2];

uint64_t *hal_page_find(uintptr_t address, uint64_t *page_size)
{
    uint64_t *table = hal_page_root;
    for (unsigned shift = PAGING_ROOT_SHIFT;; shift -= BITS_PER_LEVEL) {
        uint64_t *entry = &table[address >> shift & (TABLE_LENGTH - 1)];
        if (!(*entry & ENTRY_PRESENT))
            return NULL;
        if (shift == PAGE_SHIFT || (*entry & ENTRY_LARGE)) {
            *page_size = (uint64_t)1 << shift;
            return entry;
        }
        table = table_of(*entry);
    }
}

uint64_t hal_physical(const volatile void *address)
{
    uintptr_t virtual = (uintptr_t)address;
    uint64_t page_size, physical = 0;
    bool enabled = hal_interrupts_disable();
    const uint64_t *entry =
        paging_can_be_mapped(virtual) ? hal_page_find(virtual, &page_size) : NULL;
    if (entry)
        physical = (*entry & ENTRY_ADDRESS & ~(page_size - 1)) | (virtual & (page_size - 1));
    hal_interrupts_restore(enabled);
    return physical;
}

bool hal_is_code(uintptr_t address)
{
    uint64_t page_size;
    const uint64_t *entry =
        paging_can_be_mapped(address) ? hal_page_find(address, &page_size) : NULL;
    return entry && (*entry & ENTRY_NO_EXECUTE) == 0;
}
