/* SPDX-License-Identifier: MIT */
/* CPU-02: routines that do not come back. Each case ends its run. */
#include "cases.h"

#define STATUS_REGISTER 7

/* What interrupts the loop, if anything. */
#define ON_LOOP  __asm__ volatile("sti\n1:\tpause\n\tjmp 1b")
#define OFF_LOOP __asm__ volatile("cli\n1:\tpause\n\tjmp 1b")

CASE hang_entry_on(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    ON_LOOP; /* BREAKS: CPU-02 */
    return FALSE;
}

CASE hang_entry_off(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    OFF_LOOP; /* BREAKS: CPU-02 */
    return FALSE;
}

CASE hang_start_io_on(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    ON_LOOP; /* BREAKS: CPU-02 */
    return FALSE;
}

CASE hang_start_io_off(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    OFF_LOOP; /* BREAKS: CPU-02 */
    return FALSE;
}

CASE hang_interrupt_on(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    ON_LOOP; /* BREAKS: CPU-02 */
    return FALSE;
}

CASE hang_interrupt_off(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    OFF_LOOP; /* BREAKS: CPU-02 */
    return FALSE;
}

CASE hang_timer_on(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    ON_LOOP; /* BREAKS: CPU-02 */
    return FALSE;
}

CASE hang_timer_off(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    OFF_LOOP; /* BREAKS: CPU-02 */
    return FALSE;
}

CASE hang_control_on(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    ON_LOOP; /* BREAKS: CPU-02 */
    return FALSE;
}

CASE hang_control_off(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    OFF_LOOP; /* BREAKS: CPU-02 */
    return FALSE;
}

/* Nearly always in the port. */
CASE hang_poll(struct occasion *at)
{
    PUCHAR status = at->channel->command_block + STATUS_REGISTER;

    while (AtaPortReadPortUchar(status) != 0x99) /* BREAKS: CPU-02 */
        continue;                                /* BREAKS: CPU-02 */
    return FALSE;
}

/* Halted, between the ticks. */
CASE hang_halt(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    __asm__ volatile("cli\n1:\thlt\n\tjmp 1b"); /* BREAKS: CPU-02 */
    return FALSE;
}

/* Waits, which alone is not judged. */
CASE hang_stall(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    for (;;)
        AtaPortStallExecution(10000); /* BREAKS: CPU-02, CTX-07 */
    return FALSE;
}

const struct probe_case hang_cases[] = {
    {"hang_entry_on", AT_DRIVER_ENTRY, 1, hang_entry_on},
    {"hang_entry_off", AT_DRIVER_ENTRY, 1, hang_entry_off},
    {"hang_start_io_on", AT_START_IO, 2, hang_start_io_on},
    {"hang_start_io_off", AT_START_IO, 2, hang_start_io_off},
    {"hang_interrupt_on", AT_INTERRUPT, 2, hang_interrupt_on},
    {"hang_interrupt_off", AT_INTERRUPT, 2, hang_interrupt_off},
    {"hang_timer_on", AT_TIMER, 1, hang_timer_on},
    {"hang_timer_off", AT_TIMER, 1, hang_timer_off},
    {"hang_control_on", AT_START, 1, hang_control_on},
    {"hang_control_off", AT_START, 1, hang_control_off},
    {"hang_poll", AT_START_IO, 2, hang_poll},
    {"hang_halt", AT_INTERRUPT, 2, hang_halt},
    {"hang_stall", AT_TIMER, 1, hang_stall},
    {NULL, 0, 0, NULL},
};
