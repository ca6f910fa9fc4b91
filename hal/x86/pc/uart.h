/* SPDX-License-Identifier: MIT */
/*
 * A serial port's chip, for whoever owns one: COM1 is console.c's, COM2 notices.c's. Source:
 * National Semiconductor PC16550D data sheet.
 */
#ifndef HAL_X86_PC_UART_H
#define HAL_X86_PC_UART_H

#include "hal/hal.h"

/* Registers, as offsets from the port's base. */
#define UART_DATA             0u /* also divisor, low byte */
#define UART_INTERRUPT_ENABLE 1u /* also divisor, high byte */
#define UART_FIFO             2u /* write; reading identifies the interrupt */
#define UART_LINE_CONTROL     3u
#define UART_MODEM_CONTROL    4u
#define UART_LINE_STATUS      5u
#define UART_MODEM_STATUS     6u

#define UART_ENABLE_RECEIVED   0x01u
#define UART_ENABLE_EMPTY      0x02u /* the transmitter's FIFO is empty */
#define UART_STATUS_RECEIVED   0x01u
#define UART_STATUS_FIFO_EMPTY 0x20u
#define UART_STATUS_ALL_SENT   0x40u

#define UART_FIFO_SIZE 16u

static inline uint8_t hal_uart_read(uint16_t base, unsigned offset)
{
    return hal_in8((uint16_t)(base + offset));
}

static inline void hal_uart_write(uint16_t base, unsigned offset, uint8_t value)
{
    hal_out8((uint16_t)(base + offset), value);
}

/* False: there is none. */
bool hal_uart_answers(uint16_t base);
/* 8 bits, no parity, as fast as it goes, with FIFOs; it interrupts for nothing yet. What has been
 * received by then is handed to `take`. */
void hal_uart_start(uint16_t base, void (*take)(uint8_t byte));

#endif
