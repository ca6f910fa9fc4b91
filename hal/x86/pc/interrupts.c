/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines: who handles them, which controller they come through, the way through a handler.
 *
 * Owns the lists of handlers and the choice between IOAPIC and 8259. hal_interrupt_dispatch is
 * entered from the stubs with interrupts disabled, and is kept short: it is part of every disk
 * transfer.
 */
#include "hal/x86/cpu/fpu.h"
#include "hal/x86/pc/pc.h"

#define ISA_LINE_COUNT 16u
#define CASCADE_LINE   2u
/* So many interrupts in a second that nobody claims are a line that is stuck: it is masked. */
#define STORM_LIMIT 10000u
#define SECOND_US   1000000u

struct interrupt_line {
    struct hal_interrupt *handlers;
    uint8_t number;
    bool level;
    bool masked;
    bool through_pic; /* otherwise the local APIC wants to be told of the end */
    uint32_t unclaimed_this_second;
    uint64_t unclaimed;
    uint64_t second_start_us;
} __attribute__((aligned(32)));
/* The stubs know this size, and load the address of their line. */
_Static_assert(sizeof(struct interrupt_line) == 32, "LINE_SIZE in stubs.inc");

struct interrupt_line hal_interrupt_lines[HAL_LINE_COUNT];

/* What the stub and the CPU have pushed. */
struct interrupt_frame {
    uintptr_t bp, ip, cs, flags;
};

void hal_interrupt_dispatch(struct interrupt_line *line, const struct interrupt_frame *frame);

static bool uses_ioapic;
static void nothing(void)
{
}
static void (*exit_hook)(void) = nothing;
static void (*unclaimed_hook)(unsigned line);

/* ------------------------------------------------------------------ controllers */

void hal_interrupts_initialise(void)
{
    const struct hal_acpi *acpi = hal_acpi();
    hal_fpu_initialise();
    hal_pic_initialise();
    if (hal_apic_initialise() && acpi->has_ioapic)
        uses_ioapic = hal_ioapic_initialise(acpi->ioapic_physical, acpi->ioapic_first_interrupt);
    for (unsigned number = 0; number < HAL_LINE_COUNT; number++) {
        hal_interrupt_lines[number].number = (uint8_t)number;
        hal_interrupt_lines[number].through_pic = !uses_ioapic && number < ISA_LINE_COUNT;
    }
}

bool hal_ioapic_is_used(void)
{
    return uses_ioapic;
}

/* How the line reaches the IOAPIC. PCI functions name an ISA line in Interrupt Line, and the
 * firmware says in its overrides that such lines are level-triggered. Where it does not, PCI's own
 * rule holds: level, active low. */
static struct hal_acpi_route route_of(unsigned line, bool level)
{
    struct hal_acpi_route route = hal_acpi()->isa[line];
    if (level && !(route.overridden && route.level))
        route.active_low = true;
    route.level = level;
    return route;
}

/* Writes trigger mode and mask of an ISA line to its controller. */
static bool program_line(const struct interrupt_line *line)
{
    if (uses_ioapic) {
        struct hal_acpi_route route = route_of(line->number, line->level);
        return hal_ioapic_route(line->number, &route, line->masked);
    }
    if (hal_pci_present() && line->number > CASCADE_LINE)
        hal_pic_set_trigger(line->number, line->level);
    hal_pic_mask(line->number, line->masked);
    return true;
}

/* ------------------------------------------------------------------ handlers */

bool hal_interrupt_connect(struct hal_interrupt *interrupt)
{
    unsigned number = interrupt->line;
    if (number >= ISA_LINE_COUNT || number == CASCADE_LINE)
        return false;
    struct interrupt_line *line = &hal_interrupt_lines[number];
    if (line->handlers && line->level != interrupt->level)
        return false;

    bool enabled = hal_interrupts_disable();
    bool connected = true;
    interrupt->next = NULL;
    if (!line->handlers) {
        line->level = interrupt->level;
        line->masked = false;
        line->handlers = interrupt;
        connected = program_line(line);
        if (!connected)
            line->handlers = NULL;
    } else {
        struct hal_interrupt *last = line->handlers;
        while (last->next)
            last = last->next;
        last->next = interrupt;
    }
    hal_interrupts_restore(enabled);
    return connected;
}

void hal_interrupt_connect_apic_timer(struct hal_interrupt *interrupt)
{
    hal_interrupt_lines[HAL_LINE_TIMER].handlers = interrupt;
}

void hal_interrupt_disconnect(struct hal_interrupt *interrupt)
{
    struct interrupt_line *line = &hal_interrupt_lines[interrupt->line];
    bool enabled = hal_interrupts_disable();
    struct hal_interrupt **link = &line->handlers;
    while (*link && *link != interrupt)
        link = &(*link)->next;
    ASSERT(*link == interrupt);
    *link = interrupt->next;
    if (!line->handlers)
        hal_interrupt_mask(interrupt->line, true);
    hal_interrupts_restore(enabled);
}

void hal_interrupt_mask(unsigned number, bool masked)
{
    ASSERT_OP(number, <, ISA_LINE_COUNT);
    bool enabled = hal_interrupts_disable();
    hal_interrupt_lines[number].masked = masked;
    program_line(&hal_interrupt_lines[number]);
    hal_interrupts_restore(enabled);
}

uint64_t hal_interrupt_unclaimed(unsigned number)
{
    return number < ISA_LINE_COUNT ? hal_interrupt_lines[number].unclaimed : 0;
}

void hal_interrupt_set_exit_hook(void (*hook)(void))
{
    exit_hook = hook ? hook : nothing;
}

void hal_interrupt_set_unclaimed_hook(void (*hook)(unsigned line))
{
    unclaimed_hook = hook;
}

void hal_wait_for_interrupt(void)
{
    /* STI takes effect after the next instruction, so no interrupt comes between the two. */
    __asm__ volatile("sti; hlt; cli" ::: "memory");
}

/* ------------------------------------------------------------------ dispatch */

static __attribute__((noinline, cold)) void count_unclaimed(struct interrupt_line *line)
{
    uint64_t now_us = hal_clock_us();
    line->unclaimed++;
    if (unclaimed_hook)
        unclaimed_hook(line->number);
    if (now_us - line->second_start_us >= SECOND_US) {
        line->second_start_us = now_us;
        line->unclaimed_this_second = 0;
    }
    if (++line->unclaimed_this_second < STORM_LIMIT || line->number >= ISA_LINE_COUNT)
        return;
    line->unclaimed_this_second = 0;
    hal_interrupt_mask(line->number, true);
    hal_printf("interrupt line %u is stuck: %u interrupts in a second that no handler claimed; "
               "it is masked now\n",
               line->number, STORM_LIMIT);
}

/* Of a level-triggered line: who has claimed is asked first from now on, as it is the likeliest one
 * to claim again. */
static __attribute__((noinline)) void bring_forward(struct interrupt_line *line,
                                                    struct hal_interrupt *interrupt)
{
    struct hal_interrupt **link = &line->handlers;

    while (*link != interrupt)
        link = &(*link)->next;
    *link = interrupt->next;
    interrupt->next = line->handlers;
    line->handlers = interrupt;
}

static inline void call_handlers(struct interrupt_line *line)
{
    struct hal_interrupt *interrupt = line->handlers;
    while (interrupt && !interrupt->handler(interrupt->context))
        interrupt = interrupt->next;
    if (!interrupt) {
        count_unclaimed(line);
    } else if (line->level) {
        if (__builtin_expect(interrupt != line->handlers, 0))
            bring_forward(line, interrupt);
    } else {
        /* Edges of several devices may have come together, so the rest is asked as well. */
        while ((interrupt = interrupt->next) != NULL)
            interrupt->handler(interrupt->context);
    }
}

/* `int` with a line's vector comes through the same gate, but no controller has it in service;
 * while one has, the CPU's interrupts are off. */
static __attribute__((noinline, cold)) void
refuse_software_interrupt(const struct interrupt_line *line, const struct interrupt_frame *frame)
{
    unsigned vector =
        line->number == HAL_LINE_SPURIOUS ? HAL_SPURIOUS_VECTOR : HAL_FIRST_VECTOR + line->number;
    if (!hal_is_software_interrupt(frame->ip, vector))
        return;
    if ((frame->flags & HAL_EFLAGS_IF) == 0 ||
        !(line->through_pic ? hal_pic_in_service(line->number) : hal_apic_in_service(vector)))
        hal_software_interrupt(vector, frame->ip, frame->bp);
}

/* (Nothing is in service when the spurious interrupt comes, so that telling the local APIC of its
 * end does nothing.) */
void hal_interrupt_dispatch(struct interrupt_line *line, const struct interrupt_frame *frame)
{
    /* What stands before the first two bytes of a page may not be there. */
    if (__builtin_expect((frame->ip & (HAL_PAGE_SIZE - 2)) == 0 ||
                             ((const uint8_t *)frame->ip)[-2] == HAL_OPCODE_INT,
                         0))
        refuse_software_interrupt(line, frame);
    if (line->through_pic && hal_pic_is_spurious(line->number))
        return;
    bool is_level = hal_fpu_enter();
    call_handlers(line);
    if (line->through_pic)
        hal_pic_end_of_interrupt(line->number);
    else
        hal_apic_end_of_interrupt();
    exit_hook();
    if (__builtin_expect(is_level, 0))
        hal_fpu_leave();
}
