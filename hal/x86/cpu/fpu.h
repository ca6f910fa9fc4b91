/* SPDX-License-Identifier: MIT */
/*
 * The x87 and SSE registers during interrupts. The kernel does not use them; drivers do, in
 * handlers too.
 *
 * QEMU: FXSAVE with FXRSTOR takes longer than all the rest of an interrupt. So an interrupt only
 * sets CR0.TS, which makes the first use of these registers fault; the state of what was
 * interrupted is saved then, and put back when the interrupt ends. Levels count interrupts within
 * interrupts: 0 is no interrupt.
 */
#ifndef HAL_X86_CPU_FPU_H
#define HAL_X86_CPU_FPU_H

#include <stdbool.h>
#include <stdint.h>

extern unsigned hal_fpu_level;
/* The level whose state is in the registers. */
extern unsigned hal_fpu_owner;
/* CR0 with TS set. */
extern uintptr_t hal_fpu_closed;

void hal_fpu_initialise(void);
/* A use of the registers has faulted: saves their state and opens them. False if the fault has another
 * reason. */
bool hal_fpu_open(void);
/* Puts back the state that was saved when this level, which is ending, opened the registers. */
void hal_fpu_restore(void);

/* The next use of the registers will fault. */
static inline void hal_fpu_close(void)
{
    __asm__ volatile("mov %0, %%cr0" ::"r"(hal_fpu_closed) : "memory");
}

/* Interrupts disabled: at the beginning and the end of each interrupt. */
static inline void hal_fpu_enter(void)
{
    hal_fpu_level++;
    hal_fpu_close();
}

static inline void hal_fpu_leave(void)
{
    if (__builtin_expect(hal_fpu_owner == hal_fpu_level, 0))
        hal_fpu_restore();
    if (hal_fpu_owner == --hal_fpu_level)
        __asm__ volatile("clts" ::: "memory");
}

#endif
