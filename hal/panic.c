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

/* ------------------------------------------------------------------ back traces */

/* What a frame pointer points at. */
struct frame {
    uintptr_t caller_frame;
    uintptr_t return_address;
};

/* Can a frame lie here? Reading it must not fault, whatever the address is. */
static bool frame_is_readable(uintptr_t address)
{
    return address % sizeof(uintptr_t) == 0 && address <= UINTPTR_MAX - sizeof(struct frame) &&
           hal_physical((const void *)address) != 0 &&
           hal_physical((const void *)(address + sizeof(struct frame) - 1)) != 0;
}

size_t hal_walk_frames(uintptr_t frame_pointer, uintptr_t *return_addresses, size_t capacity)
{
    size_t count = 0;
    while (count < capacity && frame_is_readable(frame_pointer)) {
        const struct frame *frame = (const struct frame *)frame_pointer;
        if (!hal_is_code(frame->return_address))
            break; /* the end of the chain, or no frame at all */
        return_addresses[count++] = frame->return_address;
        /* Callers lie higher on the stack. A step that is too large leads to somewhere else. */
        if (frame->caller_frame <= frame_pointer ||
            frame->caller_frame - frame_pointer > FRAME_SIZE_LIMIT)
            break;
        frame_pointer = frame->caller_frame;
    }
    return count;
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

static void print_frames(size_t number, const uintptr_t *addresses, size_t count)
{
    for (size_t i = 0; i < count; i++)
        print_frame(number + i, addresses[i], true);
    if (count >= BACKTRACE_LIMIT)
        hal_printf("  ... and more\n");
}

void hal_print_frames(uintptr_t instruction, uintptr_t caller, uintptr_t frame_pointer)
{
    uintptr_t addresses[1 + BACKTRACE_LIMIT];
    size_t count = 0;
    if (caller != 0)
        addresses[count++] = caller;
    count += hal_walk_frames(frame_pointer, addresses + count, BACKTRACE_LIMIT);
    hal_printf("back trace:\n");
    print_frame(0, instruction, false);
    print_frames(1, addresses, count);
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
        hal_printf("back trace:\n");
        print_frames(0, addresses, hal_backtrace(addresses, BACKTRACE_LIMIT));
    }
    hal_exit(HAL_EXIT_ASSERTION);
}
