/* SPDX-License-Identifier: MIT */
/* Showing and hiding a page; part of hal.h, which says what a gate is. */
#ifndef HAL_X86_CPU_GATE_H
#define HAL_X86_CPU_GATE_H

static inline void hal_gate_show(const struct hal_gate *gate)
{
    *gate->entry = gate->shown;
}

static inline void hal_gate_hide(const struct hal_gate *gate)
{
    *gate->entry = 0;
    __asm__ volatile("invlpg (%0)" ::"r"(gate->address) : "memory");
}

#endif
