/* SPDX-License-Identifier: MIT */
/*
 * What a report of a failure is made of: names of addresses, back traces; the panic.
 *
 * Owns the hooks for symbols and panics. May not: allocate, or wait for an interrupt, since all of
 * it is used by a kernel that has just failed. Any context.
 */
#include <stdio.h>
#include <string.h>

#include "hal/internal.h"
#include "hal/symbols.h"

#define BACKTRACE_LIMIT  32u /* frames that are printed */
#define FRAME_SIZE_LIMIT (64u * 1024)

static bool (*symbol_hook)(uintptr_t address, unsigned depth, char *text, size_t size);
static enum hal_unwound (*unwind_hook)(struct hal_frame *frame, bool is_call);
static void (*panic_hook)(void);
static unsigned panics_under_way;

/* ------------------------------------------------------------------ names of addresses */

const char *hal_symbol(uintptr_t address, uintptr_t *offset)
{
    const char *name = hal_symbol_names;
    uintptr_t left = address - (uintptr_t)hal_text_start; /* a large one if it lies before */
    for (size_t i = 0; i < hal_symbol_count; i++) {
        if (left < hal_symbol_lengths[i]) {
            *offset = left;
            return name;
        }
        left -= hal_symbol_lengths[i];
        name += strlen(name) + 1;
    }
    return NULL;
}

void hal_set_symbol_hook(bool (*hook)(uintptr_t address, unsigned depth, char *text, size_t size))
{
    symbol_hook = hook;
}

void hal_set_unwind_hook(enum hal_unwound (*hook)(struct hal_frame *frame, bool is_call))
{
    unwind_hook = hook;
}

void hal_name_address(uintptr_t address, char *text, size_t size)
{
    uintptr_t offset;
    const char *name = hal_symbol(address, &offset);
    if (name)
        snprintf(text, size, "%s+%#lx", name, (unsigned long)offset);
    else if (!symbol_hook || !symbol_hook(address, 0, text, size))
        snprintf(text, size, "%#lx", (unsigned long)address);
    hal_one_line(text);
}

bool hal_name_inliner(uintptr_t address, unsigned depth, char *text, size_t size)
{
    if (!symbol_hook || !symbol_hook(address, depth, text, size))
        return false;
    hal_one_line(text);
    return true;
}

bool hal_name_routine(uintptr_t address, char *text, size_t size)
{
    return hal_name_inliner(address, HAL_DEFINITION, text, size);
}

/* ------------------------------------------------------------------ back traces */

/* What a frame pointer points at. */
struct frame {
    uintptr_t caller_frame;
    uintptr_t return_address;
};

bool hal_read_word(uintptr_t address, uintptr_t *word)
{
    if (address > UINTPTR_MAX - sizeof *word || hal_physical((const void *)address) == 0 ||
        hal_physical((const void *)(address + sizeof *word - 1)) == 0)
        return false;
    *word = *(const uintptr_t *)address;
    return true;
}

/* By the chain of frame pointers. Callers lie higher on the stack. A step that is too large leads
 * to somewhere else. */
static bool follow_chain(struct hal_frame *frame)
{
    struct hal_frame caller = {.sp = frame->bp + sizeof(struct frame)};

    if (frame->bp % sizeof(uintptr_t) != 0 ||
        (frame->sp != 0 && frame->bp - frame->sp > FRAME_SIZE_LIMIT) ||
        !hal_read_word(frame->bp + offsetof(struct frame, caller_frame), &caller.bp) ||
        !hal_read_word(frame->bp + offsetof(struct frame, return_address), &caller.ip))
        return false;
    *frame = caller;
    return true;
}

/* Puts the caller's frame in the place of one. False: there is none, or none is known. */
static bool to_caller(struct hal_frame *frame, bool is_call, bool *is_guess)
{
    struct hal_frame caller = *frame;
    enum hal_unwound way = HAL_UNWOUND_CHAIN;

    if (unwind_hook && frame->ip != 0 && frame->sp != 0)
        way = unwind_hook(&caller, is_call);
    if (way == HAL_UNWOUND && hal_is_code(caller.ip) &&
        caller.sp - frame->sp - 1 < FRAME_SIZE_LIMIT) {
        *frame = caller;
        return true;
    }
    *is_guess |= way != HAL_UNWOUND_CHAIN;
    return follow_chain(frame) && hal_is_code(frame->ip);
}

/* *sure_count: so many of them are no guesses. */
static size_t walk(struct hal_frame frame, bool is_call, uintptr_t *return_addresses,
                   size_t capacity, size_t *sure_count)
{
    size_t count = 0;
    bool is_guess = false;

    *sure_count = 0;
    while (count < capacity && to_caller(&frame, is_call || count > 0, &is_guess)) {
        return_addresses[count++] = frame.ip;
        *sure_count += !is_guess;
    }
    return count;
}

size_t hal_walk_frames(uintptr_t frame_pointer, uintptr_t *return_addresses, size_t capacity)
{
    size_t sure_count;
    return walk((struct hal_frame){.bp = frame_pointer}, true, return_addresses, capacity,
                &sure_count);
}

size_t hal_backtrace(uintptr_t *return_addresses, size_t capacity)
{
    return hal_walk_frames((uintptr_t)__builtin_frame_address(0), return_addresses, capacity);
}

/* A return address lies behind its call, perhaps in the next line or function: the byte before it
 * is what is named. */
static void print_frame(size_t number, uintptr_t address, bool is_return_address)
{
    char place[160];
    hal_name_address(address - is_return_address, place, sizeof place);
    hal_printf("  #%-2zu %#0*lx %s\n", number, 2 + 2 * (int)sizeof address, (unsigned long)address,
               place);
    for (unsigned i = 1; hal_name_inliner(address - is_return_address, i, place, sizeof place); i++)
        hal_printf("      inlined in %s\n", place);
}

static void print_frames(size_t number, const uintptr_t *addresses, size_t count, size_t sure_count)
{
    for (size_t i = 0; i < count; i++) {
        if (i == sure_count)
            hal_printf("  the rest is a guess: what stands above says nothing of its callers\n");
        print_frame(number + i, addresses[i], true);
    }
    if (count >= BACKTRACE_LIMIT)
        hal_printf("  ... and more\n");
}

void hal_print_frames(const struct hal_frame *frame, uintptr_t caller)
{
    uintptr_t addresses[1 + BACKTRACE_LIMIT];
    size_t count = 0, sure_count;
    uintptr_t top;
    struct hal_frame from = *frame;

    if (caller != 0) {
        /* Behind a call that led astray nothing lies on the stack but its return address. */
        addresses[count++] = caller;
        from.ip = caller;
        from.sp = hal_read_word(frame->sp, &top) && top == caller ? frame->sp + sizeof top : 0;
    }
    count += walk(from, caller != 0, addresses + count, BACKTRACE_LIMIT, &sure_count);
    hal_printf("back trace:\n");
    print_frame(0, frame->ip, false);
    print_frames(1, addresses, count, sure_count + (caller != 0));
    /* Whatever runs, the kernel has called it. */
    if (count <= BACKTRACE_LIMIT && !hal_symbol(count ? addresses[count - 1] : frame->ip, &top))
        hal_printf("  its callers are not known: nothing says where it keeps them\n");
}

/* ------------------------------------------------------------------ panic */

void hal_set_panic_hook(void (*hook)(void))
{
    panic_hook = hook;
}

void hal_call_panic_hook(void)
{
    void (*hook)(void) = panic_hook;
    panic_hook = NULL; /* if it fails itself, it is not asked again */
    if (hook)
        hook();
}

void hal_panic(const char *file, int line, const char *format, ...)
{
    hal_interrupts_disable();
    va_list arguments;
    hal_printf("\nPANIC: %s:%d: ", file, line);
    va_start(arguments, format);
    hal_vprintf(format, arguments);
    va_end(arguments);
    hal_printf("\n");
    if (panics_under_way++ == 0) {
        hal_call_panic_hook();
        uintptr_t addresses[BACKTRACE_LIMIT];
        size_t sure_count,
            count = walk((struct hal_frame){.bp = (uintptr_t)__builtin_frame_address(0)}, true,
                         addresses, BACKTRACE_LIMIT, &sure_count);
        hal_printf("back trace:\n");
        print_frames(0, addresses, count, sure_count);
    }
    hal_exit(HAL_EXIT_ASSERTION);
}
