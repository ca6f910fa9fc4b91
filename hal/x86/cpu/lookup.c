/* SPDX-License-Identifier: MIT */
/*
 * Where an address leads: reading the page tables.
 *
 * Owns the root of the tables, and what was looked up lately. May not: change an entry, nor
 * complain, since a report of a failure asks here. Any context.
 */
#include "hal/x86/cpu/paging.h"

uint64_t hal_page_root[TABLE_LENGTH] __attribute__((aligned(4096)));
const uint64_t hal_ram_limit = PAGING_RAM_LIMIT;
const uintptr_t hal_window_start = PAGING_WINDOW_START;

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

/* What hal_physical looked up lately: drivers' buffers are asked for again and again, and a walk
 * through four levels costs several times as much. Never holds a page that is not mapped, nor one
 * of a window: gates come and go there. */
struct translation {
    uintptr_t page; /* 0: none; it is never mapped */
    uint64_t physical;
};
#define RECENT_COUNT 16u
static struct translation recent[RECENT_COUNT];
static unsigned recent_changes;

static struct translation *recent_place(uintptr_t page)
{
    return &recent[page / HAL_PAGE_SIZE % RECENT_COUNT];
}

void hal_page_forget(uintptr_t page)
{
    if (recent_place(page)->page == page)
        recent_place(page)->page = 0;
    recent_changes++;
}

static __attribute__((noinline)) uint64_t look_up(uintptr_t virtual)
{
    uintptr_t page = virtual & ~(HAL_PAGE_SIZE - 1);
    uint64_t page_size, physical = 0;
    bool enabled = hal_interrupts_disable();
    const uint64_t *entry =
        paging_can_be_mapped(virtual) ? hal_page_find(virtual, &page_size) : NULL;
    if (entry) {
        physical = (*entry & ENTRY_ADDRESS & ~(page_size - 1)) | (virtual & (page_size - 1));
        if (page < PAGING_WINDOW_START) {
            *recent_place(page) =
                (struct translation){page, physical & ~(uint64_t)(HAL_PAGE_SIZE - 1)};
            recent_changes++;
        }
    }
    hal_interrupts_restore(enabled);
    return physical;
}

/* Interrupts stay as they are: what one of them changes meanwhile is seen by the count. */
uint64_t hal_physical(const volatile void *address)
{
    uintptr_t virtual = (uintptr_t)address, page = virtual & ~(HAL_PAGE_SIZE - 1);
    const struct translation *place = recent_place(page);
    unsigned changes = recent_changes;
    hal_compiler_barrier();
    if (__builtin_expect(place->page == page && page != 0, 1)) {
        uint64_t physical = place->physical | (virtual & (HAL_PAGE_SIZE - 1));
        hal_compiler_barrier();
        if (__builtin_expect(recent_changes == changes, 1))
            return physical;
    }
    return look_up(virtual);
}

bool hal_is_code(uintptr_t address)
{
    uint64_t page_size;
    const uint64_t *entry =
        paging_can_be_mapped(address) ? hal_page_find(address, &page_size) : NULL;
    return entry && (*entry & ENTRY_NO_EXECUTE) == 0;
}
