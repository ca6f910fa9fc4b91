/* SPDX-License-Identifier: MIT */
/*
 * Calls into miniports that are not part of every request, and what CPU-01 says of all.
 * Entered from every context.
 */
#include "port/call.h"

#include <stdio.h>

#define TEXT_CAPACITY 240u

/* Where a list of what was wrong grows. */
struct findings {
    char text[TEXT_CAPACITY];
    size_t length;
};

static __attribute__((format(printf, 2, 3))) void add(struct findings *findings, const char *format,
                                                      ...)
{
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

static void describe_state(struct findings *findings, unsigned differs, unsigned found)
{
    static const struct {
        unsigned bit;
        const char *set, *clear;
    } words[] = {
        {HAL_STATE_INTERRUPT, "interrupts on", "interrupts off"},
        {HAL_STATE_DIRECTION, "the direction flag set", "the direction flag clear"},
        {HAL_STATE_TRAP, "the trap flag set", "the trap flag clear"},
        {HAL_STATE_NESTED, "the nested-task flag set", "the nested-task flag clear"},
        {HAL_STATE_ALIGNMENT, "alignment checks on", "alignment checks off"},
        {HAL_STATE_PRIVILEGE, "another I/O privilege level", "another I/O privilege level"},
        {HAL_STATE_PROTECT, "CR0.WP set", "CR0.WP clear, which lets it write what is read-only"},
        {HAL_STATE_NUMERIC, "CR0.NE set", "CR0.NE clear"},
        {HAL_STATE_PRIORITY, "CR8 raised, which holds interrupts back", NULL},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (differs & words[i].bit)
            add(findings, "%s", found & words[i].bit ? words[i].set : words[i].clear);
}

/* The CPU's flags are right again; `found` is what they were. */
static __attribute__((noinline)) void report_state(uintptr_t function, unsigned found)
{
    struct context *context = context_now;
    struct findings findings = {.length = 0};

    describe_state(&findings, found ^ context->cpu.state, found);
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

/* First of all the flags: the compiler clears structures with string instructions, which the direction flag
 * turns round. */
void call_left_wrong(uintptr_t function)
{
    report_state(function, hal_call_mend(&context_now->cpu));
}

/* What takes too long to look at in every request. */
static void look_at_settings(const struct hal_settings *before, uintptr_t function)
{
    struct hal_settings after;
    struct findings findings = {.length = 0};

    hal_settings_read(&after);
    bool has_fpu = before->has_fpu && after.has_fpu;
    if (after.page_root != before->page_root)
        add(&findings, "CR3 %#lx instead of %#lx", (unsigned long)after.page_root,
            (unsigned long)before->page_root);
    if (after.features != before->features)
        add(&findings, "CR4 %#lx instead of %#lx", (unsigned long)after.features,
            (unsigned long)before->features);
    if (after.interrupt_table.base != before->interrupt_table.base ||
        after.interrupt_table.limit != before->interrupt_table.limit)
        add(&findings, "another interrupt table");
    if (after.segments != before->segments)
        add(&findings, "other segment registers");
    if (has_fpu && after.sse_control != before->sse_control)
        add(&findings, "MXCSR %#x instead of %#x", after.sse_control, before->sse_control);
    if (has_fpu && after.x87_control != before->x87_control)
        add(&findings, "the x87 control word %#x instead of %#x", after.x87_control,
            before->x87_control);
    if (findings.length == 0)
        return;
    hal_settings_write(before);
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
