/* SPDX-License-Identifier: MIT */
/*
 * Page faults that a driver causes: which rule is broken by an access to what is not mapped for it,
 * and how the driver goes on.
 *
 * Owns the fault handler and the pages that stand in for others. Entered from any context, with
 * interrupts disabled. An access that breaks a rule is reported with the instruction that made it, or,
 * when an exported routine made it for the driver, with the call of that routine; then it is let
 * through, for that one instruction (hal_fault_lend), to the memory itself or to a page that stands in
 * for it. An access to what never was the driver's ends the kernel: nothing can be said about what it
 * wanted.
 */
#include "port/memory_faults.h"

#include <string.h>

#include "port/guard.h"
#include "port/port.h"
#include "port/registry/kernel.h"

/* As many as one instruction can need at once. */
#define STAND_IN_COUNT 4u

static uint8_t stand_ins[STAND_IN_COUNT][HAL_PAGE_SIZE] __attribute__((aligned(4096)));
static unsigned next_stand_in;

/* Who made the access, as reports say it. */
struct culprit {
    const char *routine;
    const void *place;
};

/* ------------------------------------------------------------------ who */

/* An instruction of the driver, or one of the kernel on behalf of a driver that called it. False: the
 * kernel on its own. A routine that has no frame yet has its return address on top of the stack; of
 * others the chain of frames knows. */
static bool find_culprit(const struct hal_fault *fault, struct culprit *culprit)
{
    uintptr_t callers[32], offset;
    uintptr_t top = *(const uintptr_t *)fault->stack;

    if (image_is_code(fault->instruction)) {
        /* Callbacks have no name that the documentation gives them, but their type has. */
        culprit->routine = context_now->kind >= CONTEXT_WORKER
                               ? "IDE_HW_DPC"
                               : context_kind_name(context_now->kind);
        culprit->place = (const void *)(fault->instruction + 1);
        return true;
    }
    if (image_is_code(top)) {
        culprit->routine = hal_symbol(fault->instruction, &offset);
        culprit->place = (const void *)top;
        return culprit->routine != NULL;
    }
    size_t count = hal_backtrace(callers, sizeof callers / sizeof *callers);
    for (size_t i = 1; i < count; i++) {
        if (!image_is_code(callers[i]))
            continue;
        culprit->routine = hal_symbol(callers[i - 1], &offset);
        culprit->place = (const void *)callers[i];
        return culprit->routine != NULL;
    }
    return false;
}

static const char *access_name(const struct hal_fault *fault)
{
    return fault->write ? "write" : "read";
}

/* ------------------------------------------------------------------ going on */

/* A page of zeros takes the place: what is written there is lost. */
static bool lend_nothing(const struct hal_fault *fault)
{
    uint8_t *page = stand_ins[next_stand_in++ % STAND_IN_COUNT];
    memset(page, 0, HAL_PAGE_SIZE);
    return hal_fault_lend(fault->address, hal_physical(page));
}

/* ------------------------------------------------------------------ registry buffers */

static struct channel *channel_of_window(const struct arena_window *window)
{
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));)
        if (&channel->registry.window == window)
            return channel;
    return NULL;
}

static bool in_registry_window(const struct hal_fault *fault, const struct culprit *culprit)
{
    struct arena_window *window;
    enum arena_place place =
        arena_locate(&port_registry.arena, (const void *)fault->address, &window);

    if (place == ARENA_NOWHERE)
        return false;
    struct channel *channel = channel_of_window(window);
    if (place == ARENA_FREED) {
        contract_report(RULE_REG_06, channel, culprit->routine, culprit->place,
                        "a %s at %#lx; the buffer of %zu bytes at %p was freed", access_name(fault),
                        (unsigned long)fault->address, window->byte_count, (void *)window->buffer);
    } else {
        bool is_behind = place == ARENA_BEHIND;
        uintptr_t buffer = (uintptr_t)window->buffer;
        uintptr_t distance = is_behind ? fault->address - buffer : buffer - fault->address;
        contract_report(RULE_REG_05, channel, culprit->routine, culprit->place,
                        "a %s at byte %s%lu of the buffer of %zu bytes at %p", access_name(fault),
                        is_behind ? "" : "-", (unsigned long)distance, window->byte_count,
                        (void *)window->buffer);
    }
    return lend_nothing(fault);
}

/* ------------------------------------------------------------------ extensions */

/* The page behind a window is its own, the one before it may be another's page behind. */
static const struct guarded *find_guarded(uintptr_t address, size_t before)
{
    for (const struct guarded *guarded = guard_first; guarded; guarded = guarded->next) {
        uintptr_t begin = (uintptr_t)guarded->window - before;
        if (address - begin < before + (guarded->window_pages + 1) * HAL_PAGE_SIZE)
            return guarded;
    }
    return NULL;
}

static bool in_guarded_memory(const struct hal_fault *fault, const struct culprit *culprit,
                              size_t before)
{
    const struct guarded *guarded = find_guarded(fault->address, before);

    if (!guarded)
        return false;
    contract_report(guarded->pages ? RULE_MEM_02 : RULE_MEM_01, guarded->channel, culprit->routine,
                    culprit->place, "a %s at %#lx; the %s of %zu bytes at %p %s",
                    access_name(fault), (unsigned long)fault->address, guarded->what,
                    guarded->byte_count, (void *)guarded->start,
                    guarded->pages ? "is all there is" : "was taken back");
    return lend_nothing(fault);
}

/* ------------------------------------------------------------------ the handler */

/* The last words before the kernel ends with an exception. */
static bool at_nothing(const struct hal_fault *fault, const struct culprit *culprit)
{
    char place[128];

    hal_name_address((uintptr_t)culprit->place - 1, place, sizeof place);
    hal_printf("\nA bug in a driver that cannot be survived: %s (%s) made a %s at %#lx, which is "
               "nobody's memory.\n",
               place, culprit->routine, fault->execute ? "jump" : access_name(fault),
               (unsigned long)fault->address);
    return false;
}

static bool handle(const struct hal_fault *fault)
{
    struct culprit culprit;

    if (!find_culprit(fault, &culprit))
        return false;
    if (!fault->execute &&
        (in_guarded_memory(fault, &culprit, 0) || in_registry_window(fault, &culprit) ||
         in_guarded_memory(fault, &culprit, HAL_PAGE_SIZE)))
        return true;
    return at_nothing(fault, &culprit);
}

void memory_faults_init(void)
{
    hal_set_fault_handler(handle);
}
