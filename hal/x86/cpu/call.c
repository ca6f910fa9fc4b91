/* SPDX-License-Identifier: MIT */
/*
 * How the CPU is to be after a call into a driver. Entered from every context; owns nothing.
 */
#include "hal/x86/cpu/cpu.h"
#include "hal/x86/cpu/instructions.h"

/* Of MXCSR: 5:0 say what has happened, the rest how it goes on. */
#define MXCSR_STATUS 0x3Fu

unsigned hal_call_mend(const struct hal_call *call)
{
    uintptr_t flags, control;
    __asm__ volatile("pushf; pop %0; mov %%cr0, %1" : "=r"(flags), "=r"(control));
    unsigned found = ((unsigned)flags & HAL_STATE_FLAGS) | ((unsigned)control & HAL_STATE_CONTROL) |
                     ((unsigned)control & HAL_STATE_ALIGNMENT);
    found |= (unsigned)cpu_take_priority() * (HAL_STATE_PRIORITY & -HAL_STATE_PRIORITY);
    flags = (flags & ~(uintptr_t)HAL_STATE_FLAGS) | (call->state & HAL_STATE_FLAGS);
    control = (control & ~(uintptr_t)HAL_STATE_ALIGNMENT) | HAL_STATE_CONTROL;
    __asm__ volatile("mov %1, %%cr0; push %0; popf" ::"r"(flags), "r"(control) : "cc", "memory");
    return found;
}

/* FS and GS are nobody's, but some compilers use them. */
static uint64_t read_segments(void)
{
    uint16_t ds, es, fs, gs;
    __asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
                     : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    return ds | (uint64_t)es << 16 | (uint64_t)fs << 32 | (uint64_t)gs << 48;
}

void hal_settings_read(struct hal_settings *settings)
{
    uintptr_t control;
    __asm__ volatile("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2"
                     : "=r"(control), "=r"(settings->page_root), "=r"(settings->features));
    __asm__ volatile("sidt %0" : "=m"(settings->interrupt_table));
    settings->segments = read_segments();
    /* Their owner may be what was interrupted: then they are left alone. */
    settings->has_fpu = (control & CR0_TASK_SWITCHED) == 0;
    if (!settings->has_fpu)
        return;
    __asm__ volatile("stmxcsr %0; fnstcw %1"
                     : "=m"(settings->sse_control), "=m"(settings->x87_control));
    settings->sse_control &= ~MXCSR_STATUS;
}

void hal_settings_write(const struct hal_settings *settings)
{
    uint64_t segments = settings->segments;
    uint16_t ds = (uint16_t)segments, es = (uint16_t)(segments >> 16);
    uint16_t fs = (uint16_t)(segments >> 32), gs = (uint16_t)(segments >> 48);
    __asm__ volatile("lidt %0" ::"m"(settings->interrupt_table));
    __asm__ volatile("mov %w0, %%ds; mov %w1, %%es; mov %w2, %%fs; mov %w3, %%gs" ::"r"(ds),
                     "r"(es), "r"(fs), "r"(gs));
    __asm__ volatile("mov %0, %%cr4; mov %1, %%cr3" ::"r"(settings->features),
                     "r"(settings->page_root)
                     : "memory");
    if (settings->has_fpu)
        __asm__ volatile("ldmxcsr %0; fldcw %1" ::"m"(settings->sse_control),
                         "m"(settings->x87_control));
}
