/* SPDX-License-Identifier: MIT */
/*
 * The CPU's local APIC with its timer, and one IOAPIC.
 *
 * Owns their registers. Interrupts off, or interrupt context.
 * Source: Intel SDM volume 3, chapter "Advanced Programmable Interrupt Controller"; 82093AA
 * (IOAPIC).
 */
#include "hal/x86/cpu/instructions.h"
#include "hal/x86/pc/pc.h"

#define CPUID_FEATURES    1u
#define CPUID_EDX_APIC    0x200u
#define MSR_APIC_BASE     0x1Bu
#define APIC_BASE_ENABLE  0x800u
#define APIC_BASE_ADDRESS 0x000FFFFFFFFFF000ull

/* Local APIC: offset, width 32, memory. */
#define LOCAL_ID            0x020u /* 31:24 */
#define LOCAL_TASK_PRIORITY 0x080u
#define LOCAL_SPURIOUS      0x0F0u /* 8 enabled, 7:0 vector */
#define LOCAL_IN_SERVICE    0x100u /* read only: eight registers, 16 bytes apart, a bit a vector */
#define LOCAL_TIMER         0x320u /* 17 periodic, 16 masked, 7:0 vector */
#define LOCAL_LINT0         0x350u /* 16 masked, 10:8 delivery mode */
#define LOCAL_LINT1         0x360u
#define LOCAL_TIMER_INITIAL 0x380u
#define LOCAL_TIMER_CURRENT 0x390u /* read only */
#define LOCAL_TIMER_DIVIDER 0x3E0u
#define LOCAL_SIZE          0x400u

#define SPURIOUS_ENABLE   0x100u
#define DELIVERY_NMI      0x400u
#define DELIVERY_EXTERNAL 0x700u
#define DIVIDE_BY_16      0x3u

/* IOAPIC: the number of a register goes to SELECT, its value through WINDOW. */
#define IOAPIC_SELECT      0x00u
#define IOAPIC_WINDOW      0x10u
#define IOAPIC_SIZE        0x20u
#define IOAPIC_VERSION     0x01u /* 23:16 number of the last input */
#define IOAPIC_ENTRY       0x10u /* two registers an input: low half, high half */
#define ENTRY_MASKED       0x10000u
#define ENTRY_LEVEL        0x08000u
#define ENTRY_ACTIVE_LOW   0x02000u
#define ENTRY_TARGET_SHIFT 24u

uint8_t *hal_local_apic;
static uint8_t *ioapic;
static uint32_t ioapic_first_interrupt, ioapic_input_count;

static uint32_t local_read(unsigned offset)
{
    return hal_read32(hal_local_apic + offset);
}

static void local_write(unsigned offset, uint32_t value)
{
    hal_write32(hal_local_apic + offset, value);
}

bool hal_apic_initialise(void)
{
    if ((cpu_identify(CPUID_FEATURES).edx & CPUID_EDX_APIC) == 0)
        return false;
    uint64_t base = cpu_read_msr(MSR_APIC_BASE);
    cpu_write_msr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    hal_local_apic = hal_map_device(base & APIC_BASE_ADDRESS, LOCAL_SIZE);
    if (!hal_local_apic)
        return false;
    local_write(LOCAL_TASK_PRIORITY, 0);
    local_write(LOCAL_SPURIOUS, SPURIOUS_ENABLE | HAL_SPURIOUS_VECTOR);
    local_write(LOCAL_LINT0, DELIVERY_EXTERNAL); /* the 8259's interrupts; it is masked, or used */
    local_write(LOCAL_LINT1, DELIVERY_NMI);
    local_write(LOCAL_TIMER_DIVIDER, DIVIDE_BY_16);
    local_write(LOCAL_TIMER_INITIAL, 0);
    local_write(LOCAL_TIMER, HAL_FIRST_VECTOR + HAL_LINE_TIMER);
    return true;
}

void hal_apic_timer_start(uint32_t count)
{
    local_write(LOCAL_TIMER_INITIAL, count);
}

uint32_t hal_apic_timer_count(void)
{
    return local_read(LOCAL_TIMER_CURRENT);
}

bool hal_apic_in_service(unsigned vector)
{
    return hal_local_apic &&
           (local_read(LOCAL_IN_SERVICE + vector / 32 * 16) >> vector % 32 & 1) != 0;
}

void hal_apic_timer_use_nmi(void)
{
    local_write(LOCAL_TIMER, DELIVERY_NMI | (HAL_FIRST_VECTOR + HAL_LINE_TIMER));
}

static uint32_t ioapic_read(unsigned number)
{
    hal_write32(ioapic + IOAPIC_SELECT, number);
    return hal_read32(ioapic + IOAPIC_WINDOW);
}

static void ioapic_write(unsigned number, uint32_t value)
{
    hal_write32(ioapic + IOAPIC_SELECT, number);
    hal_write32(ioapic + IOAPIC_WINDOW, value);
}

bool hal_ioapic_initialise(uint64_t physical, uint32_t first_interrupt)
{
    ioapic = hal_map_device(physical, IOAPIC_SIZE);
    if (!ioapic)
        return false;
    ioapic_first_interrupt = first_interrupt;
    ioapic_input_count = (ioapic_read(IOAPIC_VERSION) >> 16 & 0xFF) + 1;
    for (unsigned input = 0; input < ioapic_input_count; input++)
        ioapic_write(IOAPIC_ENTRY + 2 * input, ENTRY_MASKED);
    return true;
}

/* `what` is the entry's low half, but for what the route says. */
static bool write_route(const struct hal_acpi_route *route, uint32_t what)
{
    uint32_t input = route->global_interrupt - ioapic_first_interrupt;
    if (input >= ioapic_input_count)
        return false;
    uint32_t target = local_read(LOCAL_ID) >> 24;
    ioapic_write(IOAPIC_ENTRY + 2 * input + 1, target << ENTRY_TARGET_SHIFT);
    ioapic_write(IOAPIC_ENTRY + 2 * input, what | (route->level ? ENTRY_LEVEL : 0) |
                                               (route->active_low ? ENTRY_ACTIVE_LOW : 0));
    return true;
}

bool hal_ioapic_route(unsigned line, const struct hal_acpi_route *route, bool masked)
{
    return write_route(route, (HAL_FIRST_VECTOR + line) | (masked ? ENTRY_MASKED : 0));
}

bool hal_ioapic_route_nmi(const struct hal_acpi_route *route)
{
    return write_route(route, DELIVERY_NMI);
}
