/* SPDX-License-Identifier: MIT */
/*
 * Time, stalls, and what a miniport says: debug prints, error log, trace notifications, break
 * points. Entered from every context.
 */
#include <stdio.h>
#include <string.h>

#include "port/contract/entry.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"
#include "port/ddi/unpublished.h"
#include "port/ddi/variadic.h"
#include "port/log.h"
#include "port/memory.h"
#include "port/objects.h"
#include "port/shared_page.h"

/* ------------------------------------------------------------------ time */

/* CTX-07: one call from the port into the miniport may stall for less than a millisecond in all,
 * whatever runs inside it. In dump mode there are no timers that longer waits could use instead, so
 * it holds not there. */
#define STALL_LIMIT_US 1000u
/* Nobody waits so long on purpose, and nothing else runs meanwhile. */
#define STALL_MOST_US 5000000u

static bool in_dump_mode(void)
{
    const struct context *context = context_now;
    return context->channel ? context->channel->given.configuration.ChannelMode == IdeModeDump
           : context->controller
               ? context->controller->given.configuration.ControllerMode == IdeModeDump
               : false;
}

/* Adds a stall to every call into this miniport that has not returned: an interrupt adds to that
 * which it interrupted, so no other one comes between. Returns the sum of the one that has just had
 * too much; 0: none. */
static uint32_t add_stall(uint32_t delay_us)
{
    uint32_t too_much_us = 0;
    bool enabled = hal_interrupts_disable();
    for (struct context *context = context_now; context->kind != CONTEXT_NONE;
         context = context->outer) {
        uint32_t before_us = context->stalled_us;
        if (context->driver != context_now->driver)
            continue;
        context->stalled_us = delay_us > UINT32_MAX - before_us ? UINT32_MAX : before_us + delay_us;
        if (context->stalled_us >= STALL_LIMIT_US && before_us < STALL_LIMIT_US)
            too_much_us = context->stalled_us;
    }
    hal_interrupts_restore(enabled);
    return too_much_us;
}

VOID NTAPI AtaPortStallExecution(ULONG Delay)
{
    const enum routine routine = ROUTINE_AtaPortStallExecution;
    if (!entry_plain(routine, CALLER))
        return;
    uint32_t too_much_us = add_stall(Delay);
    if (too_much_us && !in_dump_mode())
        contract_report(RULE_CTX_07, context_now->channel, routine_name(routine), CALLER,
                        "%u us in this call so far; longer waits use AtaPortRequestTimer",
                        (unsigned)too_much_us);
    if (Delay > STALL_MOST_US)
        port_message(context_now->channel, "%s: %u us are too long; it waits %u s",
                     routine_name(routine), (unsigned)Delay, STALL_MOST_US / 1000000);
    hal_stall_us(Delay < STALL_MOST_US ? Delay : STALL_MOST_US);
}

VOID NTAPI AtaPortQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    const enum routine routine = ROUTINE_AtaPortQuerySystemTime;
    if (!entry_plain(routine, CALLER) ||
        memory_is_refused(CurrentTime, sizeof *CurrentTime, routine_name(routine), CALLER))
        return;
    CurrentTime->QuadPart = (LONGLONG)shared_page_system_time();
}

/* ------------------------------------------------------------------ debug prints */

/* Who prints, for reports. */
struct printer {
    enum routine routine;
    const void *place;
};

struct conversion {
    const struct printer *printer;
    char text[24]; /* "%-08", to be completed for snprintf */
    size_t length;
    char letter;
    bool is_64, is_wide, is_narrow;
    unsigned shorts; /* `h` once or twice */
};

static bool is_refused(const struct printer *printer, const void *text, size_t byte_count)
{
    return memory_is_refused(text, byte_count, routine_name(printer->routine), printer->place);
}

#define MOST_TEXT 160u /* of one %s */

/* Text, of 8 or 16 bits a character, up to `count` of them. What is not 7-bit shows as '?' where it
 * is wide. A precision may be less than what there is, so no more than that is read. Returns what
 * was printed. */
static size_t print_text(char *out, size_t size, struct conversion *conversion, const void *text,
                         size_t count)
{
    char copy[MOST_TEXT];
    size_t done = 0;
    const char *precision = strchr(conversion->text, '.');

    if (!text || is_refused(conversion->printer, text, 1)) {
        text = "(null)";
        count = 6;
        conversion->is_wide = false;
    }
    if (precision) {
        size_t most = 0;
        for (const char *digit = precision + 1; *digit >= '0' && *digit <= '9'; digit++)
            most = most * 10 + (size_t)(*digit - '0');
        count = most < count ? most : count;
    }
    for (; done < count && done + 1 < sizeof copy; done++) {
        unsigned character =
            conversion->is_wide ? ((const WCHAR *)text)[done] : ((const UCHAR *)text)[done];
        if (!character)
            break;
        copy[done] = (char)(conversion->is_wide && character >= 0x80 ? '?' : character);
    }
    copy[done] = 0;
    memcpy(conversion->text + conversion->length, "s", 2);
    return (size_t)snprintf(out, size, conversion->text, copy);
}

/* ANSI_STRING and UNICODE_STRING have the same members but for the width of the text. */
static size_t print_counted(char *out, size_t size, struct conversion *conversion,
                            const UNICODE_STRING *string)
{
    if (is_refused(conversion->printer, string, sizeof *string))
        string = NULL;
    size_t width = conversion->is_wide ? sizeof(WCHAR) : 1;
    return print_text(out, size, conversion, string ? string->Buffer : NULL,
                      string ? string->Length / width : 0);
}

/* An integer as its length word says. */
static size_t print_integer(char *out, size_t size, struct conversion *conversion,
                            ddi_va_list *arguments)
{
    bool is_signed = conversion->letter == 'd' || conversion->letter == 'i';
    unsigned bits = conversion->shorts > 1 ? 8 : conversion->shorts ? 16 : 32;
    uint64_t value;

    if (conversion->is_64) {
        value = __builtin_va_arg(*arguments, unsigned long long);
    } else {
        value = (uint64_t) __builtin_va_arg(*arguments, unsigned) << (64 - bits);
        value = is_signed ? (uint64_t)((int64_t)value >> (64 - bits)) : value >> (64 - bits);
    }
    memcpy(conversion->text + conversion->length, (char[]){'l', 'l', conversion->letter, 0}, 4);
    return (size_t)snprintf(out, size, conversion->text, (unsigned long long)value);
}

/* Takes one argument and prints it. False: a letter that is not known, so that nobody can tell what
 * the arguments behind it are. */
static bool print_one(char *out, size_t size, struct conversion *conversion, ddi_va_list *arguments,
                      size_t *printed)
{
    char letter;

    switch (conversion->letter) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        *printed = print_integer(out, size, conversion, arguments);
        return true;
    case 'c':
        letter = (char)__builtin_va_arg(*arguments, int);
        conversion->is_wide = false;
        *printed = print_text(out, size, conversion, &letter, 1);
        return true;
    case 'p':
        *printed = (size_t)snprintf(out, size, "%p", __builtin_va_arg(*arguments, void *));
        return true;
    case 's':
        *printed =
            print_text(out, size, conversion, __builtin_va_arg(*arguments, const void *), SIZE_MAX);
        return true;
    case 'Z':
        *printed = print_counted(out, size, conversion,
                                 __builtin_va_arg(*arguments, const UNICODE_STRING *));
        return true;
    }
    return false;
}

/* Flags, width and precision; a '*' takes an argument. */
static const char *read_flags(const char *format, struct conversion *conversion,
                              ddi_va_list *arguments)
{
    conversion->text[0] = '%';
    conversion->length = 1;
    for (; *format && strchr("-+ #0123456789.*", *format); format++) {
        if (conversion->length >= sizeof conversion->text - 16)
            continue;
        char *end = conversion->text + conversion->length;
        if (*format == '*') {
            conversion->length +=
                (size_t)snprintf(end, 12, "%d", __builtin_va_arg(*arguments, int));
        } else {
            *end = *format;
            conversion->length++;
        }
    }
    return format;
}

/* The length words of Microsoft's C library: h, l, ll, w, I64, I32, I. */
static const char *read_length(const char *format, struct conversion *conversion)
{
    for (;; format++) {
        if (strncmp(format, "I64", 3) == 0 || strncmp(format, "I32", 3) == 0) {
            conversion->is_64 = format[1] == '6';
            format += 2;
        } else if (*format == 'I') {
            conversion->is_64 = sizeof(void *) == 8;
        } else if (*format == 'l') {
            conversion->is_64 = format[1] == 'l'; /* long is 32 bits here; ls is a wide string */
            conversion->is_wide = true;
            format += conversion->is_64;
        } else if (*format == 'w') {
            conversion->is_wide = true;
        } else if (*format == 'h') {
            conversion->shorts++;
            conversion->is_narrow = true;
        } else {
            return format;
        }
    }
}

static void format_message(char *out, size_t size, const struct printer *printer,
                           const char *format, ddi_va_list *arguments)
{
    size_t done = 0;
    while (*format && done + 1 < size) {
        if (*format != '%' || format[1] == '%') {
            out[done++] = *format;
            format += *format == '%' ? 2 : 1;
            continue;
        }
        struct conversion conversion = {.printer = printer};
        size_t printed = 0;
        const char *start = format;
        format = read_length(read_flags(format + 1, &conversion, arguments), &conversion);
        /* S and C are the wide ones, unless an h says otherwise. */
        conversion.letter = *format == 'S' ? 's' : *format == 'C' ? 'c' : *format;
        conversion.is_wide = (conversion.is_wide || *format == 'S') && !conversion.is_narrow;
        if (!print_one(out + done, size - done, &conversion, arguments, &printed)) {
            snprintf(out + done, size - done, "%s", start); /* the rest as it stands */
            return;
        }
        format++;
        done += printed < size - done ? printed : size - done - 1;
    }
    out[done] = 0;
}

/* DBG-01: the highest level (AtaPortDebugPrint). */
#define DEBUG_PRINT_MOST 3u

static void debug_print(const struct printer *printer, ULONG level, const char *format,
                        ddi_va_list *arguments)
{
    char text[256];

    if (is_refused(printer, format, 1))
        return;
    format_message(text, sizeof text, printer, format, arguments);
    log_debug_print(context_now->driver ? context_now->driver->name : "?", level, text);
}

VOID NTAPI_V AtaPortDebugPrint(ULONG DebugPrintLevel, PCCHAR DebugMessage, ...)
{
    const struct printer printer = {ROUTINE_AtaPortDebugPrint, CALLER};
    ddi_va_list arguments;

    if (!entry_plain(printer.routine, CALLER))
        return;
    if (DebugPrintLevel > DEBUG_PRINT_MOST)
        contract_report(RULE_DBG_01, context_now->channel, routine_name(printer.routine), CALLER,
                        "the level is %u", (unsigned)DebugPrintLevel);
    ddi_va_start(arguments, DebugMessage);
    debug_print(&printer, DebugPrintLevel, (const char *)DebugMessage, &arguments);
    ddi_va_end(arguments);
}

/* The controller drivers' name for it, before there were ATA miniports (PciIdeXDebugPrint). */
VOID NTAPI_V PciIdeXDebugPrint(ULONG DebugPrintLevel, PCCHAR DebugMessage, ...)
{
    const struct printer printer = {ROUTINE_PciIdeXDebugPrint, CALLER};
    ddi_va_list arguments;

    if (!entry_plain(printer.routine, CALLER))
        return;
    ddi_va_start(arguments, DebugMessage);
    debug_print(&printer, DebugPrintLevel, (const char *)DebugMessage, &arguments);
    ddi_va_end(arguments);
}

/* ------------------------------------------------------------------ errors, traces, break points
 */

VOID NTAPI AtaPortLogError(PVOID ChannelExtension, PIDE_ERROR_LOG_ENTRY ErrorLogEntry)
{
    const enum routine routine = ROUTINE_AtaPortLogError;
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    if (channel &&
        !memory_is_refused(ErrorLogEntry, sizeof *ErrorLogEntry, routine_name(routine), CALLER))
        log_error_entry(channel, ErrorLogEntry);
}

VOID NTAPI_V AtaPortTraceNotification(ULONG NotificationType, PVOID HwDeviceExtension, ...)
{
    const enum routine routine = ROUTINE_AtaPortTraceNotification;
    struct channel *channel; /* NULL stands for the driver as a whole */
    if (entry_optional(routine, HwDeviceExtension, &channel, CALLER))
        hal_log("%s: trace notification %u\n", channel ? channel->name : "a driver",
                (unsigned)NotificationType);
}

VOID NTAPI AtaPortDebugBreak(PVOID ChannelExtension)
{
    const enum routine routine = ROUTINE_AtaPortDebugBreak;
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    if (channel) {
        port_message(channel, "%s", routine_name(routine));
        debug_break(channel);
    }
}

/* A debugger's place to stop: `break debug_break`. Without one the driver goes on. */
__attribute__((noipa)) void debug_break(struct channel *channel)
{
    (void)channel;
}
