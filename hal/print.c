/* SPDX-License-Identifier: MIT */
/*
 * Text for people: formatted output, names of addresses, back traces, the panic.
 *
 * Owns the hooks for symbols and panics. May not: allocate, or wait for an interrupt, since all of
 * it is used by a kernel that has just failed. Any context.
 */
#include <stdio.h>
#include <string.h>

#include "hal/internal.h"
#include "hal/symbols.h"
#include "lib/utf.h"

#define PRINT_LIMIT      1024u /* of one call, as hal.h says */
#define BURST            16u   /* that interrupts let through in one piece */
#define BACKTRACE_LIMIT  32u   /* frames that are printed */
#define FRAME_SIZE_LIMIT (64u * 1024)

static bool (*symbol_hook)(uintptr_t address, char *text, size_t size);
static void (*panic_hook)(void);
static unsigned panics_under_way;
static bool line_is_open;

/* ------------------------------------------------------------------ formatted output */

/* Formats, cuts at the limit, returns the length. */
static size_t format_text(char *text, const char *format, va_list arguments)
{
    int length = vsnprintf(text, PRINT_LIMIT, format, arguments);
    return (size_t)length < PRINT_LIMIT ? (size_t)length : PRINT_LIMIT - 1;
}

/* Does the character that begins here show nothing, or turn round what stands beside it? */
static bool is_invisible(const char *text, size_t length)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x61C, 0x61C},   {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},
        {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF},
    };
    uint32_t code_point;

    utf8_decode(text, length, &code_point);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code_point - ranges[i].first <= ranges[i].last - ranges[i].first)
            return true;
    return false;
}

/* Does a terminal show the byte at `at`? *missing: continuation bytes that belong to the character before. What
 * is not shown: control characters, also those of two bytes in UTF-8 (U+0080 to U+009F), invisible ones such as
 * those for text that runs from right to left, and what is no UTF-8. */
static bool is_shown(const char *text, size_t length, size_t at, unsigned *missing)
{
    uint8_t byte = (uint8_t)text[at];

    if ((byte & 0xC0) == 0x80)
        return *missing > 0 && (*missing)--;
    *missing = 0;
    if (byte < 0x80)
        return (byte >= ' ' && byte != 0x7F) || byte == '\t';
    if (byte < 0xC2 || byte > 0xF4 ||
        (byte == 0xC2 && at + 1 < length && (uint8_t)text[at + 1] < 0xA0) ||
        is_invisible(text + at, length - at))
        return false;
    *missing = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
    return true;
}

/* Names and texts come from drivers, disks and files: whatever is in them, a terminal obeys none of it. */
static void write_shown(const char *text, size_t length, const char *line_end,
                        void (*write)(const char *text, size_t byte_count))
{
    unsigned missing = 3; /* the text before may have been cut in a character */
    size_t start = 0;

    for (size_t i = 0; i < length; i++) {
        char escape[8];
        if (is_shown(text, length, i, &missing))
            continue;
        write(text + start, i - start);
        start = i + 1;
        if (text[i] == '\n')
            write(line_end, strlen(line_end));
        else
            write(escape, (size_t)snprintf(escape, sizeof escape, "\\x%02x", (uint8_t)text[i]));
    }
    write(text + start, length - start);
}

static void write_console(const char *text, size_t length)
{
    while (length > 0) {
        size_t burst = length < BURST ? length : BURST;
        hal_console_write(text, burst);
        line_is_open = true; /* it is not, if an interrupt printed meanwhile */
        text += burst;
        length -= burst;
    }
}

void hal_one_line(char *text)
{
    while ((text = strchr(text, '\n')) != NULL)
        *text = text[1] == '\0' ? '\0' : ' ';
}

void hal_vprintf(const char *format, va_list arguments)
{
    char text[PRINT_LIMIT];
    size_t length = format_text(text, format, arguments);
    line_is_open |= length > 0;
    write_shown(text, length, "\n", hal_log_write);
    write_shown(text, length, "\r\n", write_console);
    if (length > 0)
        line_is_open = text[length - 1] != '\n';
}

void hal_fresh_line(void)
{
    if (line_is_open)
        hal_printf("\n");
}

void hal_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    hal_vprintf(format, arguments);
    va_end(arguments);
}

void hal_log(const char *format, ...)
{
    char text[PRINT_LIMIT];
    va_list arguments;
    va_start(arguments, format);
    write_shown(text, format_text(text, format, arguments), "\n", hal_log_write);
    va_end(arguments);
}

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

void hal_set_symbol_hook(bool (*hook)(uintptr_t address, char *text, size_t size))
{
    symbol_hook = hook;
}

void hal_name_address(uintptr_t address, char *text, size_t size)
{
    uintptr_t offset;
    const char *name = hal_symbol(address, &offset);
    if (name != NULL)
        snprintf(text, size, "%s+%#lx", name, (unsigned long)offset);
    else if (symbol_hook == NULL || !symbol_hook(address, text, size))
        snprintf(text, size, "%#lx", (unsigned long)address);
    hal_one_line(text);
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

/* A return address lies behind its call, perhaps in the next line or function: the byte before it is
 * what is named. */
static void print_frame(size_t number, uintptr_t address, bool is_return_address)
{
    char place[160];
    hal_name_address(address - is_return_address, place, sizeof(place));
    hal_printf("  #%-2zu %#0*lx %s\n", number, 2 + 2 * (int)sizeof(address), (unsigned long)address,
               place);
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
    if (hook != NULL)
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
