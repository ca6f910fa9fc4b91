/* SPDX-License-Identifier: MIT */
/* Showing and hiding a page; part of hal.h, which says what a gate is. */
#ifndef HAL_X86_CPU_GATE_H
#define HAL_X86_CPU_GATE_H

#define HAL_ENTRY_ACCESSED 0x020u

static inline void hal_gate_show(const struct hal_gate *gate)
{
    *gate->entry = gate->shown;
}

static inline void hal_gate_hide(const struct hal_gate *gate)
{
    *gate->entry = 0;
    __asm__ volatile("invlpg (%0)" ::"r"(gate->address) : "memory");
}

/* The half that says whether the page is there comes last. */
static inline void hal_gates_show(const struct hal_gates *gates, size_t first, uint64_t physical,
                                  size_t page_count)
{
    volatile uint32_t *entry = gates->entries + 2 * first, *end = entry + 2 * page_count;
    uint64_t value = gates->shown | physical;

    for (; entry < end; entry += 2, value += HAL_PAGE_SIZE) {
        entry[1] = (uint32_t)(value >> 32);
        entry[0] = (uint32_t)value;
    }
}

/* A translation that was never used is none that the CPU could know: HAL_ENTRY_ACCESSED is set by
 * its walk (Intel SDM volume 3, 4.8). */
static inline void hal_gates_hide(const struct hal_gates *gates, size_t page_count)
{
    volatile uint32_t *entry = gates->entries, *end = entry + 2 * page_count;

    for (uintptr_t address = gates->address; entry < end; entry += 2, address += HAL_PAGE_SIZE) {
        uint32_t was = entry[0];
        entry[0] = 0;
        if (was & HAL_ENTRY_ACCESSED)
            __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
    }
}

#endif
