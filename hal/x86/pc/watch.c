/* SPDX-License-Identifier: MIT */
/*
 * The ticks of the watch: a timer whose interrupts are non-maskable.
 *
 * Owns the timer that timer.c leaves, and starts it anew in each tick: ticks never come in heaps.
 * May not: know what is watched (cpu/nmi.c). take_tick is entered from non-maskable interrupts.
 *
 * Where there is an IOAPIC it is the PIT, whose input of the IOAPIC has NMI as its delivery mode:
 * chipsets document that, and it works under KVM as well. Where there is none (isapc) the PIT
 * reaches the CPU through the 8259 only, which has no such mode.
 *
 * QEMU: the local APIC's timer takes the delivery mode of its table entry as the other entries do
 * (real ones, and KVM's, have no such field there). So it is that timer there. QEMU's watchdog
 * devices were no choice: they count in steps of two seconds, and must be asked for on its command
 * line. The host's own NMIs would follow the host's time, and no recording could repeat them.
 */
#include "hal/x86/pc/pc.h"
#include "hal/x86/pc/pit.h"

#define MICROSECONDS 1000000u
/* The first tick tells whether there are any. */
#define FIRST_TICK_US  1000u
#define LONGEST_TRY_US 500000u

static bool is_on;
static volatile bool has_ticked;

static void start_countdown(uint32_t time_us)
{
    if (hal_ioapic_is_used())
        hal_pit_start((uint32_t)((uint64_t)time_us * PIT_HZ / MICROSECONDS));
    else
        hal_apic_timer_start((uint32_t)(time_us * hal_apic_timer_hz() / MICROSECONDS));
}

/* The hardware is asked, not the clock, whose calibration may have gone wrong on a busy host. */
static bool is_over(void)
{
    if (!hal_ioapic_is_used())
        return hal_apic_timer_count() == 0;
    hal_out8(PIT_COMMAND, PIT_0_STATUS);
    return (hal_in8(PIT_CHANNEL_0) & PIT_STATUS_OUTPUT) != 0;
}

static bool take_tick(void)
{
    if (!is_on || !is_over())
        return false;
    has_ticked = true;
    start_countdown(HAL_WATCH_TICK_US);
    return true;
}

/* A tick that would come later yet would be taken for a question from outside. */
static void stop_countdown(void)
{
    if (hal_ioapic_is_used())
        (void)hal_ioapic_route(HAL_LINE_TIMER, &hal_acpi()->isa[0], true);
    else
        hal_apic_timer_start(0);
}

bool hal_watch_start(void)
{
    bool enabled = hal_interrupts_disable();
    hal_nmi_set_ticks(take_tick);
    is_on = hal_local_apic != NULL;
    if (is_on)
        start_countdown(HAL_WATCH_TICK_US); /* the firmware's is not ours */
    if (is_on && !hal_ioapic_is_used())
        hal_apic_timer_use_nmi();
    else if (is_on)
        is_on = hal_ioapic_route_nmi(&hal_acpi()->isa[0]);
    if (is_on)
        start_countdown(FIRST_TICK_US);
    uint64_t end_us = hal_clock_us() + LONGEST_TRY_US;
    while (is_on && !has_ticked && hal_clock_us() < end_us)
        continue;
    bool ticks = has_ticked;
    if (is_on && !ticks)
        stop_countdown();
    is_on = ticks;
    hal_interrupts_restore(enabled);
    return is_on;
}
