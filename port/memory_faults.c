/* SPDX-License-Identifier: MIT */
/*
 * Page faults that a driver causes: which rule is broken by an access to what is not mapped for it,
 * and how the driver goes on.
 *
 * Owns the fault handler and the pages that stand in for others. Entered from any context, with
 * interrupts disabled. An access that breaks a rule is reported with the instruction that made it,
 * or, when an exported routine made it for the driver, with the call of that routine; then it is
 * let through, for that one instruction (hal_fault_lend), to the memory itself or to a page that
 * stands in for it. An access to what never was the driver's ends the kernel: nothing can be said
 * about what it wanted.
 */
#include "port/memory_faults.h"

#include <stdio.h>
#include <string.h>

#include "port/contract/report.h"
#include "port/contract/rules.h"
#include "port/data.h"
#include "port/irb_names.h"
#include "port/loader/image.h"
#include "port/objects.h"
#include "port/registry/arena.h"
#include "port/registry/kernel.h"
#include "port/request/slots.h"
#include "port/shared_page.h"

/* As many as one instruction can need at once. */
#define STAND_IN_COUNT 4u

static uint8_t stand_ins[STAND_IN_COUNT][HAL_PAGE_SIZE] __attribute__((aligned(4096)));
static unsigned next_stand_in;

/* Who made the access, as reports say it. */
struct culprit {
    const char *routine;
    const void *place; /* NULL: somewhere in the routine of the driver's that the port had called */
};

/* ------------------------------------------------------------------ who */

/* What a call in a driver, which returns to this address, leads to: through a slot of the import
 * table, from the call itself or from a thunk. 0: it is another kind of call. */
static uintptr_t imported_routine(uintptr_t return_address)
{
    const uint8_t *code = (const uint8_t *)return_address;
    uintptr_t base = sizeof(void *) == 8 ? return_address : 0;
    int32_t distance;

    memcpy(&distance, code - 4, sizeof distance);
    if (code[-5] == 0xE8) { /* CALL rel32 of JMP [slot] */
        code = (const uint8_t *)(return_address + (uintptr_t)(intptr_t)distance);
        if (!image_is_code((uintptr_t)code) || code[0] != 0xFF || code[1] != 0x25)
            return 0;
        memcpy(&distance, code + 2, sizeof distance);
        base = sizeof(void *) == 8 ? (uintptr_t)code + 6 : 0;
    } else if (code[-6] != 0xFF || code[-5] != 0x15) { /* CALL [slot] */
        return 0;
    }
    uintptr_t slot = base + (uintptr_t)(intptr_t)distance;
    return image_at(slot) ? *(const uintptr_t *)slot : 0;
}

/* An instruction of the driver, or one of the kernel on behalf of a driver, whose call is then the
 * place: the first return address into a driver that the chain of frames has. Where the instruction
 * pointer leads to no code, it was a driver's call or jump, or a return address that was
 * overwritten. False: the kernel on its own. */
static bool find_culprit(const struct hal_fault *fault, struct culprit *culprit)
{
    uintptr_t callers[32], offset;
    bool is_nowhere = fault->execute && fault->address == fault->instruction;

    culprit->routine = context_routine_name();
    culprit->place = image_is_code(fault->instruction) ? report_instruction(fault->instruction)
                     : image_is_code(fault->caller)    ? (const void *)fault->caller
                                                       : NULL;
    if (culprit->place || (is_nowhere && context_now->driver))
        return true;
    if (!fault->has_address && !fault->is_refused)
        return false; /* of that a driver's pointers are no cause */
    size_t count = hal_backtrace(callers, sizeof callers / sizeof *callers);
    for (size_t i = 1; i < count; i++) {
        if (!image_is_code(callers[i]))
            continue;
        /* The exported one, whatever the compiler has made of it and of what it calls. */
        uintptr_t routine = imported_routine(callers[i]);
        culprit->routine = hal_symbol(routine ? routine : callers[i - 1], &offset);
        culprit->place = (const void *)callers[i];
        return culprit->routine;
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

/* What is written is lost, but what is read is true. */
static bool lend_copy(const struct hal_fault *fault, const void *page)
{
    uint8_t *copy = stand_ins[next_stand_in++ % STAND_IN_COUNT];
    memcpy(copy, page, HAL_PAGE_SIZE);
    return hal_fault_lend(fault->address, hal_physical(copy));
}

static uintptr_t page_of(uintptr_t address)
{
    return address & ~(uintptr_t)(HAL_PAGE_SIZE - 1);
}

/* ------------------------------------------------------------------ whose it is */

/* A report is about the channel whose routine runs. Where the memory is another one's, it says so;
 * NULL: the controller's. */
static bool is_another(const struct channel *owner)
{
    return owner && owner != context_now->channel;
}
#define OF_ANOTHER(owner) \
    is_another(owner) ? " of channel " : "", is_another(owner) ? (owner)->name : ""

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
        contract_report(RULE_REG_06, NULL, culprit->routine, culprit->place,
                        "a %s at %#lx; the %zu-byte buffer at %p%s%s was freed", access_name(fault),
                        (unsigned long)fault->address, window->byte_count, (void *)window->buffer,
                        OF_ANOTHER(channel));
    } else {
        bool is_behind = place == ARENA_BEHIND;
        uintptr_t buffer = (uintptr_t)window->buffer;
        uintptr_t distance = is_behind ? fault->address - buffer : buffer - fault->address;
        contract_report(RULE_REG_05, NULL, culprit->routine, culprit->place,
                        "a %s at byte %s%lu of the %zu-byte buffer at %p%s%s", access_name(fault),
                        is_behind ? "" : "-", (unsigned long)distance, window->byte_count,
                        (void *)window->buffer, OF_ANOTHER(channel));
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
    contract_report(guarded->pages ? RULE_MEM_02 : RULE_MEM_01, NULL, culprit->routine,
                    culprit->place, "a %s at %#lx; the %zu-byte %s at %p%s%s %s",
                    access_name(fault), (unsigned long)fault->address, guarded->byte_count,
                    guarded->what, (void *)guarded->start, OF_ANOTHER(guarded->channel),
                    guarded->pages ? "is all there is" : "was taken back");
    return lend_nothing(fault);
}

/* The channel extension is there, but only to be read: CTX-11. An interrupt that came into
 * IdeHwBuildIo may write. */
static bool in_locked_memory(const struct hal_fault *fault, const struct culprit *culprit)
{
    const struct guarded *guarded = find_guarded(fault->address, 0);

    if (!fault->present || !fault->write || !guarded || !guarded->pages)
        return false;
    if (context_now->kind == CONTEXT_BUILD_IO)
        contract_report(RULE_CTX_11, NULL, culprit->routine, culprit->place,
                        "a write at byte %lu of the %s%s%s",
                        (unsigned long)(fault->address - (uintptr_t)guarded->start), guarded->what,
                        OF_ANOTHER(guarded->channel));
    return hal_fault_lend(fault->address, hal_physical((const void *)page_of(fault->address)));
}

/* ------------------------------------------------------------------ IRBs */

static void report_irb(enum rule rule, const struct hal_fault *fault, struct irb_slot *slot,
                       const struct culprit *culprit, const char *what)
{
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    char end[REPORT_END_SIZE] = "";

    if (slot->state != SLOT_ACTIVE)
        report_end_place(slot, end);
    contract_report_irb(
        rule, slot, culprit->routine, culprit->place, "a %s at %#lx: %s IRB %p (%s)%s%s%s%s",
        access_name(fault), (unsigned long)fault->address, what, (void *)slot->shown_irb,
        irb_function_name(irb->Function), OF_ANOTHER(slot->channel), end[0] ? ", ended" : "", end);
}

/* Is there a byte of the data in the page? */
static bool page_has_data(const struct irb_slot *slot, uintptr_t address)
{
    uintptr_t begin = page_of((uintptr_t)slot->shown_data);
    uintptr_t end = (uintptr_t)slot->shown_data + slot->data_byte_count;
    return slot->data_byte_count && address >= begin && page_of(address) < end;
}

/* The data of an IRB at the miniport: let through, since a miniport that maps it for itself in
 * another way than the port's must go on. */
static bool in_data(const struct hal_fault *fault, struct irb_slot *slot,
                    const struct culprit *culprit)
{
    if (slot->page->irb.IrbFlags & IRB_FLAGS_MAP_BUFFERS && !slot->data_pages) {
        slot_show_data(slot); /* the flag was set meanwhile */
        return slot->data_pages != 0;
    }
    report_irb(RULE_IRB_06, fault, slot, culprit, "IRB_FLAGS_MAP_BUFFERS is not set in");
    size_t index = (page_of(fault->address) - page_of((uintptr_t)slot->shown_data)) / HAL_PAGE_SIZE;
    return hal_fault_lend(fault->address, hal_physical(slot_data_page(slot, index)));
}

static bool in_active_irb(const struct hal_fault *fault, struct irb_slot *slot, enum slot_part part,
                          const struct culprit *culprit)
{
    if (part == SLOT_DATA && page_has_data(slot, fault->address))
        return in_data(fault, slot, culprit);
    report_irb(RULE_MEM_02, fault, slot, culprit, "beside what belongs to");
    return lend_nothing(fault);
}

static bool in_irb_window(const struct hal_fault *fault, const struct culprit *culprit)
{
    struct irb_slot *slot = NULL;
    enum slot_part part = SLOT_BETWEEN;
    struct channel *channel = NULL;

    while ((channel = port_next_channel(channel)))
        if (slot_locate(channel, fault->address, &slot, &part))
            break;
    if (!channel)
        return false;
    if (!slot) {
        contract_report(RULE_IRB_03, NULL, culprit->routine, culprit->place,
                        "a %s at %#lx: an IRB%s%s from before the channel was stopped",
                        access_name(fault), (unsigned long)fault->address, OF_ANOTHER(channel));
        return lend_nothing(fault);
    }
    if (slot->state == SLOT_ACTIVE)
        return in_active_irb(fault, slot, part, culprit);
    bool is_list =
        part == SLOT_IRB && fault->address % HAL_PAGE_SIZE < offsetof(struct irb_page, unused);
    bool was_reset = IRB_STATUS(slot->page->irb.IrbStatus) == IRB_STATUS_BUS_RESET;
    report_irb(is_list ? RULE_IRB_07 : RULE_IRB_03, fault, slot, culprit,
               is_list     ? "the scatter/gather list belonged to the completed"
               : was_reset ? "it belonged to the completed (a reset has ended it)"
                           : "it belonged to the completed");
    if (part == SLOT_DATA || part == SLOT_BETWEEN)
        return lend_nothing(fault);
    return lend_copy(
        fault, (const void *)page_of((uintptr_t)slot_behind(slot, part, page_of(fault->address))));
}

/* ------------------------------------------------------------------ the handler */

/* What there is, where it is not the driver's. */
static const char *what_is_there(const struct hal_fault *fault)
{
    uintptr_t offset;

    if (!fault->present || !fault->write)
        return "no memory of the driver's";
    if (image_at(fault->address))
        return "memory of a driver that can only be read";
    return hal_symbol(fault->address, &offset) ? "the kernel's code"
                                               : "memory of the kernel's that can only be read";
}

/* The last words before the kernel ends with an exception. */
static bool at_nothing(const struct hal_fault *fault, const struct culprit *culprit)
{
    char place[160];

    if (culprit->place)
        hal_name_address((uintptr_t)culprit->place - 1, place, sizeof place);
    else
        snprintf(place, sizeof place, "%s.sys, which the port had called",
                 context_now->driver->name);
    hal_printf("\nA driver's bug that cannot be survived: %s (in %s)\n", place, culprit->routine);
    if (fault->has_address)
        hal_printf("made a %s at %#lx, which is %s.\n",
                   fault->execute ? "jump" : access_name(fault), (unsigned long)fault->address,
                   what_is_there(fault));
    else if (fault->is_refused)
        hal_printf("did what the processor refuses: an access to an address that no memory can "
                   "have, a misaligned one of SSE, or a value that a register does not take.\n");
    else
        hal_printf("caused an exception: %s.\n", fault->name);
    return false;
}

static bool handle(const struct hal_fault *fault)
{
    struct culprit culprit;

    if (fault->has_address && shared_page_fault(fault))
        return true;
    if (!find_culprit(fault, &culprit))
        return false;
    if (!fault->execute && fault->has_address &&
        (in_irb_window(fault, &culprit) || in_locked_memory(fault, &culprit) ||
         in_guarded_memory(fault, &culprit, 0) || in_registry_window(fault, &culprit) ||
         in_guarded_memory(fault, &culprit, HAL_PAGE_SIZE)))
        return true;
    return at_nothing(fault, &culprit);
}

void memory_faults_init(void)
{
    hal_set_fault_handler(handle);
}
