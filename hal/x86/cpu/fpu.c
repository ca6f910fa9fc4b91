/* SPDX-License-Identifier: MIT */
/*
 * Saving and restoring the x87 and SSE registers; see fpu.h for when.
 *
 * Owns CR0.TS and one save area a level. Interrupts disabled.
 */
#include "hal/x86/cpu/fpu.h"

#include "hal/x86/cpu/cpu.h"

#define MXCSR_DEFAULT 0x1F80u /* all exceptions masked, round to nearest */
#define LEVEL_LIMIT   8u
#define STATE_SIZE    512u

static struct hal_call no_call, *const no_calls = &no_call;
struct hal_call *const *hal_fpu_calls = &no_calls;
unsigned hal_fpu_level;
unsigned hal_fpu_owner;
uintptr_t hal_fpu_closed;

static struct fpu_level {
    uint8_t state[STATE_SIZE]; /* valid while a higher level owns the registers */
    unsigned owner_before;     /* who owned them when this level took them */
} __attribute__((aligned(16))) levels[LEVEL_LIMIT];

void hal_interrupt_set_calls(struct hal_call *const *now)
{
    hal_fpu_calls = now;
}

void hal_fpu_initialise(void)
{
    uintptr_t control;
    __asm__ volatile("mov %%cr0, %0" : "=r"(control));
    hal_fpu_closed = control | CR0_TASK_SWITCHED;
}

bool hal_fpu_open(void)
{
    const uint32_t mxcsr = MXCSR_DEFAULT;
    unsigned level = hal_fpu_level;
    if (level == hal_fpu_owner)
        return false;
    ASSERT_OP(level, <, LEVEL_LIMIT);
    __asm__ volatile("clts; fxsave %0; fninit; ldmxcsr %1"
                     : "=m"(levels[hal_fpu_owner].state)
                     : "m"(mxcsr));
    levels[level].owner_before = hal_fpu_owner;
    hal_fpu_owner = level;
    return true;
}

void hal_fpu_restore(void)
{
    hal_fpu_owner = levels[hal_fpu_level].owner_before;
    __asm__ volatile("fxrstor %0" ::"m"(levels[hal_fpu_owner].state));
    hal_fpu_close();
}
