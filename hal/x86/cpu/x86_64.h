/* SPDX-License-Identifier: MIT */
/* x86_64's part of arch.h. */
#ifndef HAL_X86_CPU_X86_64_H
#define HAL_X86_CPU_X86_64_H

/* Four levels. RAM at its own addresses, windows from 1 TiB on. */
#define PAGING_ROOT_SHIFT       39u
#define PAGING_ROOT_FLAGS       0x002u /* writable, as far as this entry is concerned */
#define PAGING_PREPARED_ENTRIES 1u     /* that of all RAM */
#define PAGING_ADDRESS_LIMIT    ((uint64_t)1 << 47)
#define PAGING_RAM_LIMIT        ((uint64_t)1 << 39)
#define PAGING_WINDOW_START     ((uintptr_t)1 << 40)
#define PAGING_WINDOW_END       ((uintptr_t)2 << 40)

static inline bool paging_can_be_mapped(uintptr_t address)
{
    return address >> 47 == 0 || address >> 47 == UINTPTR_MAX >> 47;
}

static inline void paging_store(uint64_t *entry, uint64_t value)
{
    *entry = value;
}

/* As exception_common pushes it, last push first. */
struct trap_frame {
    uintptr_t r15, r14, r13, r12, r11, r10, r9, r8;
    uintptr_t di, si, bp, bx, dx, cx, ax;
    uintptr_t vector, error_code;
    uintptr_t ip, cs, flags, sp, ss;
};
_Static_assert(sizeof(struct trap_frame) == 22 * 8, "what the stub and the CPU push");

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t stack_and_type; /* 2:0 which stack of the task-state segment, 15:8 type */
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "long-mode gate");

#endif
