/* SPDX-License-Identifier: MIT */
/* Physical runs of memory, and memory that is not the driver's; see memory.h. Entered from every
 * context. */
#include "port/memory.h"

#include "lib/plural.h"
#include "port/contract/entry.h"
#include "port/contract/report.h"
#include "port/contract/rules.h"
#include "port/objects.h"

static uint32_t bytes_left_in_page(const void *address)
{
    return (uint32_t)(HAL_PAGE_SIZE - (uintptr_t)address % HAL_PAGE_SIZE);
}

uint64_t memory_physical_long_run(const void *address, uint32_t *byte_count)
{
    const uint8_t *at = address;
    uint64_t start = hal_physical(at);
    uint32_t wanted = *byte_count;
    uint32_t run = bytes_left_in_page(at);

    if (!start)
        return 0;
    while (run < wanted && hal_physical(at + run) == start + run)
        run += (uint32_t)HAL_PAGE_SIZE;
    *byte_count = run < wanted ? run : wanted;
    return start;
}

bool memory_is_below(const void *address, uint32_t byte_count, uint64_t limit)
{
    const uint8_t *at = address;
    while (byte_count) {
        uint32_t run = byte_count;
        uint64_t physical = memory_physical_run(at, &run);
        if (!physical || physical + run > limit)
            return false;
        at += run;
        byte_count -= run;
    }
    return true;
}

/* ------------------------------------------------------------------ memory not the driver's */

static bool lies_in(const void *start, uint64_t byte_count, const void *first, const void *end)
{
    return start >= first && (uintptr_t)start + byte_count <= (uintptr_t)end;
}

/* Does it lie in a structure of the port's that the driver's routines are handed? */
#define LIES_IN(start, byte_count, given) lies_in(start, byte_count, &(given), &(given) + 1)

static bool was_given(const void *start, uint64_t byte_count)
{
    for (unsigned i = 0; i < port_controller_count; i++)
        if (LIES_IN(start, byte_count, port_controllers[i].given))
            return true;
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));) {
        if (LIES_IN(start, byte_count, channel->given))
            return true;
        for (const struct device *device = channel->devices; device; device = device->next)
            if (LIES_IN(start, byte_count, device->given))
                return true;
    }
    return LIES_IN(start, byte_count, context_now->driver->given);
}

/* Where the driver's part of the stack ends: above are the frames of those who called it. A routine
 * that was called while another of the driver's ran may use what that one has. */
static uintptr_t stack_end(void)
{
    const struct context *context = context_now;
    while (context->outer->kind != CONTEXT_NONE)
        context = context->outer;
    return context->cpu.stack ? context->cpu.stack + HAL_CALL_HOME_BYTES : UINTPTR_MAX;
}

bool memory_refuse(const void *start, uint64_t byte_count, const char *routine, const void *place)
{
    const struct driver *driver = context_now->driver;
    entry_direction(routine, place);
    /* A driver without an image is linked into the kernel. */
    if (!contract_checks || !driver || !driver->image ||
        !hal_is_kernel_memory(start, byte_count, stack_end()) || was_given(start, byte_count))
        return false;
    contract_report(RULE_MEM_04, context_now->channel, routine, place,
                    "%llu byte%s at %p reach%s into the kernel's memory; it was left alone",
                    (unsigned long long)byte_count, plural(byte_count), (void *)(uintptr_t)start,
                    byte_count == 1 ? "es" : "");
    return true;
}
