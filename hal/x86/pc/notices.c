/* SPDX-License-Identifier: MIT */
/*
 * Single bytes to and from a program on the host, over COM2: each side wakes the other with them.
 *
 * Owns COM2. May not: know what a byte means. Sending is for any context, and never waits.
 */
#include "hal/x86/pc/pc.h"
#include "hal/x86/pc/uart.h"

#define COM2      0x2F8u
#define COM2_LINE 3u

static void (*hook)(uint8_t byte);
static uint8_t unsent; /* goes out when there is room; 0: nothing waits */

static bool is_ready(uint8_t bit)
{
    return hal_uart_read(COM2, UART_LINE_STATUS) & bit;
}

/* Interrupts off. */
static void enable(bool also_empty)
{
    hal_uart_write(COM2, UART_INTERRUPT_ENABLE,
                   UART_ENABLE_RECEIVED | (also_empty ? UART_ENABLE_EMPTY : 0));
}

/* The line is this port's alone: an interrupt whose bytes an earlier one has taken is no stray. */
static bool serve(void *context)
{
    (void)context;
    while (is_ready(UART_STATUS_RECEIVED))
        hook(hal_uart_read(COM2, UART_DATA));
    if (unsent && is_ready(UART_STATUS_FIFO_EMPTY)) {
        hal_uart_write(COM2, UART_DATA, unsent);
        unsent = 0;
        enable(false);
    }
    return true;
}

bool hal_notice_start(void (*received)(uint8_t byte))
{
    static struct hal_interrupt interrupt = {.line = COM2_LINE, .handler = serve};

    if (!hal_uart_answers(COM2))
        return false;
    hook = received;
    bool enabled = hal_interrupts_disable();
    hal_uart_start(COM2, received);
    bool connected = hal_interrupt_connect(&interrupt);
    if (connected)
        enable(false);
    hal_interrupts_restore(enabled);
    return connected;
}

void hal_notice_send(uint8_t byte)
{
    bool enabled = hal_interrupts_disable();
    if (is_ready(UART_STATUS_FIFO_EMPTY)) {
        hal_uart_write(COM2, UART_DATA, byte);
    } else {
        unsent = byte;
        enable(true);
    }
    hal_interrupts_restore(enabled);
}
