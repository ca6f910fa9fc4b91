/* SPDX-License-Identifier: MIT */
/*
 * Calls into miniports that are not part of every request, and what CPU-01 says of all.
 * Entered from every context.
 */
#include "port/call.h"

#include <stdio.h>

#include "port/contract/report.h"

#define TEXT_CAPACITY 240u

/* Where a list of what was wrong grows. */
struct findings {
    char text[TEXT_CAPACITY];
    size_t length;
};

static __attribute__((format(printf, 2, 3))) void add(void *context, const char *format, ...)
{
    struct findings *findings = context;
    va_list arguments;

    if (findings->length > 0 && findings->length < TEXT_CAPACITY)
        findings->length += (size_t)snprintf(findings->text + findings->length,
                                             TEXT_CAPACITY - findings->length, ", ");
    va_start(arguments, format);
    if (findings->length < TEXT_CAPACITY)
        findings->length += (size_t)vsnprintf(findings->text + findings->length,
                                              TEXT_CAPACITY - findings->length, format, arguments);
    va_end(arguments);
}

/* The CPU and the level are right again. */
static void report(const struct findings *findings, uintptr_t function)
{
    contract_report(RULE_CPU_01, NULL, context_routine_name(), ENTRY_PLACE(function),
                    "it returned with %s; put right", findings->text);
}

/* The CPU's flags are right again; `found` is what they were. */
static __attribute__((noinline)) void report_state(uintptr_t function, unsigned found)
{
    struct context *context = context_now;
    struct findings findings = {.length = 0};

    hal_state_describe(found ^ context->cpu.state, found, add, &findings);
    if (irql_now != context->level)
        add(&findings, "IRQL %u instead of %u", irql_now, context->level);
    irql_now = context->level;
    if (context->cpu.stack_found) {
        long bytes = (long)(context->cpu.stack_found - context->cpu.stack);
        add(&findings, "the stack pointer too %s by %ld%s", bytes < 0 ? "low" : "high",
            bytes < 0 ? -bytes : bytes,
            sizeof(void *) == 4 ? " (is it NTAPI, with these arguments?)" : "");
    }
    context->cpu.stack_found = 0;
    report(&findings, function);
}

/* First of all the flags: the compiler clears structures with string instructions, which the
 * direction flag turns round. */
void call_left_wrong(uintptr_t function)
{
    report_state(function, hal_call_mend(&context_now->cpu));
}

/* What takes too long to look at in every request. */
static void look_at_settings(const struct hal_settings *before, uintptr_t function)
{
    struct findings findings = {.length = 0};

    if (!hal_settings_restore(before, add, &findings))
        report(&findings, function);
}

uintptr_t call_with_care(struct context *context, uintptr_t function, unsigned argument_count,
                         uintptr_t first, uintptr_t second, uintptr_t third)
{
    struct hal_settings before;
    uintptr_t value = function;

    ASSERT_OP(irql_now, ==, context->level);
    hal_settings_read(&before);
    context_push(context);
    trace_call(context);
    if (!hal_call(&context->cpu, (struct hal_call *const *)&context_now,
                  (const unsigned *)&irql_now, argument_count, &value, first, second, third))
        call_left_wrong(function);
    look_at_settings(&before, function);
    /* A callback returns nothing, and DriverEntry STATUS_SUCCESS, which is 0. */
    if ((UCHAR)value == 0 && context->kind < CONTEXT_WORKER &&
        context->kind != CONTEXT_DRIVER_ENTRY)
        trace_false(context);
    context_pop(context);
    return value;
}
