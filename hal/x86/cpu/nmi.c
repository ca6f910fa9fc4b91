/* SPDX-License-Identifier: MIT */
/*
 * Non-maskable interrupts: what was interrupted, as hal_watch says it.
 *
 * Owns the watch's hook. May not: change anything else, since any code
 * may be what was interrupted, on any stack.
 */
#include "hal/symbols.h"
#include "hal/x86/cpu/arch.h"
#include "hal/x86/cpu/fpu.h"

#define FRAME_LIMIT  32u
#define PUSHED_LIMIT 8u /* words: registers that a routine keeps */

extern const uint8_t hal_interrupt_returns[]; /* in the entry code */

static const char *(*watch_hook)(const struct hal_watch *watch);
static bool (*take_tick)(void);

static bool is_kernel_code(uintptr_t address)
{
    return address - (uintptr_t)hal_text_start < (size_t)(hal_text_end - hal_text_start);
}

/* Does an interrupt's frame lie between this and the nearest of a driver? */
static bool is_in_interrupt(const struct trap_frame *frame)
{
    uintptr_t callers[FRAME_LIMIT];
    size_t count = is_kernel_code(frame->ip) ? hal_walk_frames(frame->bp, callers, FRAME_LIMIT) : 0;
    for (size_t i = 0; i < count && is_kernel_code(callers[i]); i++)
        if (callers[i] == (uintptr_t)hal_interrupt_returns)
            return true;
    return false;
}

/* (A call's stack pointer is that of its caller: what it led to lies below.) */
static enum hal_watched what_was_interrupted(const struct trap_frame *frame)
{
    const struct hal_call *call = *hal_fpu_calls;
    if (hal_wait.frame != 0 && (call->state == 0 || hal_wait.frame < call->stack))
        return hal_wait.what;
    return is_in_interrupt(frame) ? HAL_WATCHED_BESIDE : HAL_WATCHED_CALL;
}

/* Does an address in a driver stand behind a call, relative or through a pointer? */
static bool is_behind_call(uintptr_t address)
{
    const uint8_t *code = (const uint8_t *)address;
    return !is_kernel_code(address) && hal_is_code(address) && hal_is_code(address - 6) &&
           (code[-5] == 0xE8 || (code[-6] == 0xFF && code[-5] == 0x15) ||
            (code[-2] == 0xFF && (code[-1] & 0x38) == 0x10));
}

/* A driver's jump through its import table, to what it has called. */
static bool is_import(uintptr_t address)
{
    const uint8_t *code = (const uint8_t *)address;
    return hal_is_code(address) && hal_is_code(address + 1) && code[0] == 0xFF && code[1] == 0x25;
}

/* A routine that has no frame, or not yet: its return address lies behind what it has pushed. */
static uintptr_t caller_without_frame(const struct trap_frame *frame)
{
    const uintptr_t *top = (const uintptr_t *)frame->sp;
    if (!(is_kernel_code(frame->ip) || is_import(frame->ip)) || frame->sp % sizeof *top != 0)
        return 0;
    for (unsigned i = 0; i < PUSHED_LIMIT; i++) {
        if ((uintptr_t)(top + i) == frame->bp || hal_physical(top + i) == 0)
            return 0;
        if (is_behind_call(top[i]))
            return top[i];
    }
    return 0;
}

static bool handle(const struct trap_frame *frame, bool is_dying)
{
    bool is_tick = take_tick && take_tick();
    /* (`int 2` comes through the same gate.) */
    if (is_dying || (!is_tick && hal_is_software_interrupt(frame->ip, VECTOR_NMI)))
        return is_tick;
    struct hal_watch watch = {
        .what = what_was_interrupted(frame),
        .is_tick = is_tick,
        .instruction = frame->ip,
        .caller = caller_without_frame(frame),
    };
    const char *why = watch_hook(&watch);
    if (why)
        hal_stop(frame, why, watch.caller);
    return is_tick;
}

void hal_watch_set_hook(const char *(*hook)(const struct hal_watch *watch))
{
    watch_hook = hook;
    hal_set_nmi_handler(handle);
}

void hal_nmi_set_ticks(bool (*new_take_tick)(void))
{
    take_tick = new_take_tick;
}
