/* SPDX-License-Identifier: MIT */
/* A serial port's chip is looked for and set up; see uart.h. Entered at bring-up, or by the port's
 * owner before its interrupt is connected. */
#include "hal/x86/pc/uart.h"

#define FIFO_ON_AND_CLEARED 0x07u /* interrupt at the first byte */
#define LINE_8N1            0x03u
#define LINE_DIVISOR        0x80u
#define MODEM_READY         0x0Bu /* DTR, RTS, OUT2: the last lets interrupts through */
#define MODEM_LOOPBACK      0x10u
#define MODEM_OUTPUTS       0x0Fu /* OUT2, OUT1, RTS, DTR; in loopback seen as DCD, RI, CTS, DSR */
#define DIVISOR_115200      1u

/* In loopback mode the four modem outputs come back as modem inputs: RTS as CTS (bit 4), DTR as DSR
 * (5), OUT1 as RI (6), OUT2 as DCD (7). Is there a UART that does this? It stays in that mode. */
bool hal_uart_answers(uint16_t base)
{
    hal_uart_write(base, UART_MODEM_CONTROL, MODEM_LOOPBACK | MODEM_OUTPUTS);
    bool all_seen = (hal_uart_read(base, UART_MODEM_STATUS) & 0xF0) == 0xF0;
    hal_uart_write(base, UART_MODEM_CONTROL, MODEM_LOOPBACK);
    bool none_seen = (hal_uart_read(base, UART_MODEM_STATUS) & 0xF0) == 0x00;
    return all_seen && none_seen;
}

/* QEMU: input from a pipe is there before the kernel is. Its first byte waits in the receiver, and
 * switching the FIFO on clears it away; the next byte follows as soon as that one is read, except
 * in loopback mode, and then only when a byte is read in the ordinary mode. */
static void switch_fifo_on(uint16_t base, void (*take)(uint8_t byte))
{
    if (hal_uart_read(base, UART_LINE_STATUS) & UART_STATUS_RECEIVED)
        take(hal_uart_read(base, UART_DATA));
    hal_uart_write(base, UART_FIFO, FIFO_ON_AND_CLEARED);
    hal_uart_write(base, UART_MODEM_CONTROL, MODEM_READY);
    bool received = hal_uart_read(base, UART_LINE_STATUS) & UART_STATUS_RECEIVED;
    uint8_t byte = hal_uart_read(base, UART_DATA);
    if (received)
        take(byte);
}

void hal_uart_start(uint16_t base, void (*take)(uint8_t byte))
{
    hal_uart_write(base, UART_INTERRUPT_ENABLE, 0);
    hal_uart_write(base, UART_LINE_CONTROL, LINE_DIVISOR);
    hal_uart_write(base, UART_DATA, DIVISOR_115200);
    hal_uart_write(base, UART_INTERRUPT_ENABLE, 0); /* now the divisor's high byte */
    hal_uart_write(base, UART_LINE_CONTROL, LINE_8N1);
    switch_fifo_on(base, take);
}
