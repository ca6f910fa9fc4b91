/* SPDX-License-Identifier: MIT */
/* i386's part of arch.h. */
#ifndef HAL_X86_CPU_I386_H
#define HAL_X86_CPU_I386_H

/* Three levels (PAE: older page tables have no no-execute bit). An entry of the root may say
 * nothing but that it is present, and the CPU looks at all four when the root is loaded, not later:
 * they are made before.
 *
 * 4 GiB have to do for everything: RAM at its own addresses up to 3 GiB, which is as much as QEMU
 * puts below 4 GiB, and windows behind it. What RAM lies further up is not used. The last page
 * stays free, so that addresses just below zero fault. So does the last part of what could be
 * windows: drivers know a page there by its address, which the port lends them. */
#define PAGING_ROOT_SHIFT       30u
#define PAGING_ROOT_FLAGS       0u
#define PAGING_PREPARED_ENTRIES 4u
#define PAGING_ADDRESS_LIMIT    ((uint64_t)0xFFFFF000u)
#define PAGING_RAM_LIMIT        ((uint64_t)0xC0000000u)
#define PAGING_WINDOW_START     ((uintptr_t)0xC0000000u)
#define PAGING_WINDOW_END       ((uintptr_t)0xFFDF0000u)

static inline bool paging_can_be_mapped(uintptr_t address)
{
    (void)address;
    return true;
}

/* In two halves, of which the low one decides whether the CPU uses the entry: it never sees parts
 * of two mappings as one. */
static inline void paging_store(uint64_t *entry, uint64_t value)
{
    volatile uint32_t *halves = (volatile uint32_t *)entry;
    halves[0] = 0;
    halves[1] = (uint32_t)(value >> 32);
    halves[0] = (uint32_t)value;
}

/* As exception_common pushes it, last push first. */
struct trap_frame {
    uintptr_t di, si, bp, sp, bx, dx, cx, ax;
    uintptr_t vector, error_code;
    uintptr_t ip, cs, flags;
};
_Static_assert(sizeof(struct trap_frame) == 13 * 4, "what the stub and the CPU push");

struct gate {
    uint16_t offset_low;
    uint16_t selector; /* of code, or of a task */
    uint16_t type;
    uint16_t offset_high;
};
_Static_assert(sizeof(struct gate) == 8, "protected-mode gate");

#endif
