/* SPDX-License-Identifier: MIT */
/*
 * What the files of hal/ itself need of every platform, and what they give it. Nothing outside hal/
 * includes this.
 *
 * Everything here runs with interrupts disabled unless it says otherwise.
 */
#ifndef HAL_INTERNAL_H
#define HAL_INTERNAL_H

#include "hal/hal.h"

/* ------------------------------------------------------------------ needed of the platform */

/* A range of physical addresses, end exclusive. */
struct hal_range {
    uint64_t start, end;
};

/* RAM as the firmware reported it, page-aligned, sorted, without overlaps. */
size_t hal_memory_map(const struct hal_range **ranges);

/* One past the last byte of RAM that is used: more cannot be mapped where it lies. */
extern const uint64_t hal_ram_limit;

/* hal_console_write for what hal_printf prints; and whether the last of that was no end of a
 * line. Any context. */
void hal_console_print(const char *text, size_t byte_count);
bool hal_console_line_is_open(void);

/* Is there something at this address that can be executed? */
bool hal_is_code(uintptr_t address);

/* ------------------------------------------------------------------ given to it */

/* A wait that is under way: where on the stack, and what hal_watch is to say of it. Saved and put
 * back by whoever waits. */
struct hal_wait {
    uintptr_t frame; /* 0: there is none */
    enum hal_watched what;
};
extern struct hal_wait hal_wait;
static inline __attribute__((always_inline)) struct hal_wait hal_wait_begin(enum hal_watched what)
{
    struct hal_wait before = hal_wait;
    hal_wait = (struct hal_wait){(uintptr_t)__builtin_frame_address(0), what};
    return before;
}
static inline void hal_wait_end(struct hal_wait before)
{
    hal_wait = before;
}

/* Physical pages. Needs: the memory map. Everything at addresses below 1 MiB, the kernel's image
 * and the modules are kept out. */
void hal_pages_initialise(void);
/* Until this is called all pages come from below 4 GiB, which is what can be reached early. */
void hal_pages_use_high_memory(void);

/* Asked when the kernel ends with a failure: where the RAM ends that is used, for a core of it. */
void hal_set_used_memory_hook(uint64_t (*used_end)(void));

/* Prints a back trace: the frame's instruction, the caller if it is known to be missing in what
 * follows (otherwise 0), and the callers. */
void hal_print_frames(const struct hal_frame *frame, uintptr_t caller);
/* Follows a chain of frames with care: stores return addresses, innermost first. */
size_t hal_walk_frames(uintptr_t frame_pointer, uintptr_t *return_addresses, size_t capacity);
void hal_call_panic_hook(void);

#endif
