/* SPDX-License-Identifier: MIT */
/*
 * The x87 and SSE registers during interrupts. The kernel does not use them; drivers do, in
 * handlers too. So there is something to keep when an interrupt comes while a driver's routine is
 * under way.
 *
 * QEMU: FXSAVE with FXRSTOR takes longer than all the rest of an interrupt. So such an interrupt
 * only sets CR0.TS, which makes the first use of these registers fault; the state of what was
 * interrupted is saved then, and put back when the interrupt ends. Other interrupts leave CR0
 * alone: QEMU translates code once for TS set and once for TS clear. Levels count drivers' routines
 * that are interrupted, each by one within the one before: 0 is none.
 */
#ifndef HAL_X86_CPU_FPU_H
#define HAL_X86_CPU_FPU_H

#include "hal/hal.h"

extern unsigned hal_fpu_level;
/* As handed to hal_interrupt_set_calls. */
extern struct hal_call *const *hal_fpu_calls;
/* The level whose state is in the registers. */
extern unsigned hal_fpu_owner;
/* CR0 with TS set. */
extern uintptr_t hal_fpu_closed;

void hal_fpu_initialise(void);
/* A use of the registers has faulted: saves their state and opens them. False if the fault has
 * another reason. */
bool hal_fpu_open(void);
/* Puts back the state that was saved when this level, which is ending, opened the registers. */
void hal_fpu_restore(void);

/* The next use of the registers will fault. */
static inline void hal_fpu_close(void)
{
    __asm__ volatile("mov %0, %%cr0" ::"r"(hal_fpu_closed) : "memory");
}

/* Interrupts disabled: at the beginning and, if that was true, at the end of an interrupt. */
static inline bool hal_fpu_enter(void)
{
    if (__builtin_expect((*hal_fpu_calls)->state == 0, 1))
        return false;
    hal_fpu_level++;
    hal_fpu_close();
    return true;
}

static inline void hal_fpu_leave(void)
{
    if (__builtin_expect(hal_fpu_owner == hal_fpu_level, 0))
        hal_fpu_restore();
    if (hal_fpu_owner == --hal_fpu_level)
        __asm__ volatile("clts" ::: "memory");
}

#endif
