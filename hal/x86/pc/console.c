/* SPDX-License-Identifier: MIT */
/*
 * COM1 and the debug console.
 *
 * Owns the UART and the debug console's port. Output may be asked for in any
 * context, and waits for the UART; input is taken by interrupt.
 */
#include "hal/x86/pc/pc.h"
#include "hal/x86/pc/uart.h"
#include "lib/host_file.h"

#define COM1      0x3F8u
#define COM1_LINE 4u

/* Somebody may have stopped the other side for a while (a pager, Ctrl-S). Some minutes. */
#define SEND_POLLS 300000000u

#define DEBUG_CONSOLE       0xE9u
#define DEBUG_CONSOLE_READY 0xE9u /* what it answers when it is there */

#define INPUT_SIZE      4096u /* a power of two */
#define BREAK_CHARACTER 0x03

static bool com1_present, debug_console_present;
static uint8_t input[INPUT_SIZE];
static uint32_t input_taken, input_received; /* count for ever; their difference is what is in it */
static bool input_is_held_back;              /* the input is full: the UART keeps what comes */
static bool room_is_announced;
static uint32_t awaited; /* bytes: they were announced, and have not come yet */
static volatile bool break_received;
static uint64_t interrupts;

/* ------------------------------------------------------------------ output */

static bool wait_for_status(uint8_t bit)
{
    struct hal_wait before = hal_wait_begin(HAL_WATCHED_OUTSIDE);
    bool is_set = false;
    for (unsigned i = 0; i < SEND_POLLS && !is_set; i++)
        is_set = (hal_uart_read(COM1, UART_LINE_STATUS) & bit) != 0;
    hal_wait_end(before);
    return is_set;
}

/* *is_open: what was written last is no end of a line. It changes with the byte itself, since an
 * interrupt may print before and behind each burst. */
static void write_bursts(const char *text, size_t byte_count, bool *is_open)
{
    while (byte_count != 0 && com1_present) {
        size_t burst = byte_count < UART_FIFO_SIZE ? byte_count : UART_FIFO_SIZE;
        if (!wait_for_status(UART_STATUS_FIFO_EMPTY)) {
            com1_present = false; /* nobody listens any more; the log goes on */
            return;
        }
        /* An interrupt may print, too: the FIFO is asked again with interrupts off. */
        bool enabled = hal_interrupts_disable();
        bool empty = (hal_uart_read(COM1, UART_LINE_STATUS) & UART_STATUS_FIFO_EMPTY) != 0;
        if (empty) {
            hal_out_buffer8(COM1 + UART_DATA, text, burst);
            *is_open = text[burst - 1] != '\n';
        }
        hal_interrupts_restore(enabled);
        if (!empty)
            continue;
        text += burst;
        byte_count -= burst;
    }
}

void hal_console_write(const char *text, size_t byte_count)
{
    bool is_open;
    write_bursts(text, byte_count, &is_open);
}

static bool line_is_open;

void hal_console_print(const char *text, size_t byte_count)
{
    write_bursts(text, byte_count, &line_is_open);
}

bool hal_console_line_is_open(void)
{
    return line_is_open;
}

void hal_console_flush(void)
{
    if (com1_present)
        wait_for_status(UART_STATUS_ALL_SENT);
}

void hal_log_write(const char *text, size_t byte_count)
{
    if (debug_console_present)
        hal_out_buffer8(DEBUG_CONSOLE, text, byte_count);
}

/* ------------------------------------------------------------------ input */

static void hold_input_back(bool held)
{
    input_is_held_back = held;
    hal_uart_write(COM1, UART_INTERRUPT_ENABLE, (uint8_t)(held ? 0 : UART_ENABLE_RECEIVED));
}

static void take(uint8_t byte)
{
    if (byte == BREAK_CHARACTER) {
        break_received = true;
        input_taken = input_received; /* what was typed before it is not wanted any more */
    } else {
        input[input_received++ % INPUT_SIZE] = byte;
    }
}

/* QEMU: one that records does not ask the UART whether it can take a byte (tools/session_keys.c).
 * So the bytes that are under way never are more than the FIFO holds. Nor more than the input has
 * room for: the FIFO always becomes empty again, and the host, which keeps the last place for
 * Ctrl-C, gets that through. Called with interrupts off. */
static void announce_room(void)
{
    const char room = HOST_FILE_ROOM;
    if (!room_is_announced)
        return;
    while (awaited < UART_FIFO_SIZE && input_received - input_taken + awaited < INPUT_SIZE) {
        awaited++;
        hal_host_file_put(&room, 1);
    }
}

/* Takes what the UART has. When there is no more room, the rest stays in the UART, which tells the
 * sender to wait: a long input from a file loses nothing. */
static bool receive(void *context)
{
    (void)context;
    interrupts++;
    bool received = false;
    while (input_received - input_taken < INPUT_SIZE) {
        if ((hal_uart_read(COM1, UART_LINE_STATUS) & UART_STATUS_RECEIVED) == 0)
            return received;
        received = true;
        take(hal_uart_read(COM1, UART_DATA));
        if (awaited != 0)
            awaited--;
        announce_room();
    }
    hold_input_back(true);
    return received;
}

void hal_console_announce_room(void)
{
    if (!com1_present || !hal_host_file_present())
        return;
    bool enabled = hal_interrupts_disable();
    room_is_announced = true;
    announce_room();
    hal_interrupts_restore(enabled);
}

int hal_console_read(void)
{
    int byte = -1;
    bool enabled = hal_interrupts_disable();
    if (input_received != input_taken) {
        byte = input[input_taken++ % INPUT_SIZE];
        if (input_is_held_back && input_received - input_taken <= INPUT_SIZE / 2)
            hold_input_back(false);
        announce_room();
    }
    hal_interrupts_restore(enabled);
    return byte;
}

bool hal_console_take_break(void)
{
    bool enabled = hal_interrupts_disable();
    bool received = break_received;
    break_received = false;
    hal_interrupts_restore(enabled);
    return received;
}

uint64_t hal_console_interrupts(void)
{
    return interrupts;
}

/* ------------------------------------------------------------------ setting up */

void hal_console_initialise(void)
{
    debug_console_present = hal_in8(DEBUG_CONSOLE) == DEBUG_CONSOLE_READY;
    com1_present = hal_uart_answers(COM1);
    if (com1_present)
        hal_uart_start(COM1, take);
}

struct hal_interrupt *hal_console_interrupt(void)
{
    static struct hal_interrupt interrupt = {.line = COM1_LINE, .handler = receive};
    return com1_present ? &interrupt : NULL;
}

void hal_console_admit_input(void)
{
    hold_input_back(false);
}
