/* SPDX-License-Identifier: MIT */
/* Privileged instructions as C functions. HAL only; any context. */
#ifndef HAL_X86_CPU_INSTRUCTIONS_H
#define HAL_X86_CPU_INSTRUCTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct cpu_id {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpu_id cpu_identify(uint32_t leaf)
{
    struct cpu_id id;
    __asm__ volatile("cpuid"
                     : "=a"(id.eax), "=b"(id.ebx), "=c"(id.ecx), "=d"(id.edx)
                     : "a"(leaf), "c"(0));
    return id;
}

static inline uint64_t cpu_time_stamp(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static inline uint64_t cpu_read_msr(uint32_t number)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (uint64_t)high << 32 | low;
}

static inline void cpu_write_msr(uint32_t number, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(number)
                     : "memory");
}

/* Which interrupts CR8 holds back on x86_64; afterwards none. */
static inline uintptr_t cpu_take_priority(void)
{
    uintptr_t priority = 0;
#if defined(__x86_64__)
    __asm__ volatile("mov %%cr8, %0" : "=r"(priority));
    __asm__ volatile("mov %0, %%cr8" ::"r"((uintptr_t)0) : "memory");
#endif
    return priority;
}

/* The address of the last page fault. */
static inline uintptr_t cpu_fault_address(void)
{
    uintptr_t value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

/* i386 comes here without paging, x86_64 with other tables. */
static inline void cpu_use_page_tables(uintptr_t physical)
{
    const uintptr_t paging = 0x80000000u;
    uintptr_t control;
    __asm__ volatile("mov %1, %%cr3; mov %%cr0, %0; or %2, %0; mov %0, %%cr0"
                     : "=&r"(control)
                     : "r"(physical), "r"(paging)
                     : "memory");
}

static inline void cpu_forget_translation(uintptr_t address)
{
    __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

static inline _Noreturn void cpu_halt_for_ever(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" ::: "memory");
}

#endif
