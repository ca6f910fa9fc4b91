/* SPDX-License-Identifier: MIT */
/*
 * The machine around the drive, for the floor program: nothing here runs while time is measured.
 *
 * Owns: COM1, PIT channel 2, both 8259, PCI configuration mechanism #1, the exit port. One flow of
 * control; interrupts are disabled except in machine_wait_for_interrupt.
 */
#include "tests/bench/floor/machine.h"

#include <stdarg.h>

#define COM1_DATA          0x3F8
#define COM1_INTERRUPTS    0x3F9
#define COM1_FIFO          0x3FA
#define COM1_LINE_CONTROL  0x3FB
#define COM1_LINE_STATUS   0x3FD
#define COM1_HOLDING_EMPTY 0x20
#define COM1_DIVISOR_LATCH 0x80
#define COM1_8N1           0x03
#define COM1_POLLS         100000

#define PIT_HZ               1193182u
#define PIT_CHANNEL2         0x42
#define PIT_MODE             0x43
#define PIT_CHANNEL2_ONESHOT 0xB0   /* channel 2, low byte then high byte, mode 0, binary */
#define PIT_CALIBRATE_COUNT  59659u /* about 50 ms */
#define PIT_GATE             0x61
#define PIT_GATE_ON          0x01
#define PIT_GATE_SPEAKER     0x02
#define PIT_GATE_OUT         0x20
#define PIT_POLLS            100000000u

#define PIC_MASTER       0x20
#define PIC_SLAVE        0xA0
#define PIC_FIRST_VECTOR 32
#define PIC_CASCADE_LINE 2

#define PCI_ADDRESS 0xCF8
#define PCI_DATA    0xCFC
#define PCI_ENABLE  0x80000000u

#define EXIT_PORT      0xF4
#define EXIT_SUCCESS   0x10
#define EXIT_FAILED    0x11
#define EXIT_EXCEPTION 0x15

static const char *command_line = "";
static uint32_t ticks_per_ms;
volatile uint32_t machine_interrupts; /* that have come; start.S */

/* ------------------------------------------------------------------ console and end */

static void put_byte(char byte)
{
    for (unsigned poll = 0; poll < COM1_POLLS; poll++) {
        if (hal_in8(COM1_LINE_STATUS) & COM1_HOLDING_EMPTY)
            break;
    }
    hal_out8(COM1_DATA, (uint8_t)byte);
}

static void put_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            put_byte('\r');
        put_byte(*text);
    }
}

static void put_number(uint64_t number)
{
    char digits[21];
    size_t at = sizeof(digits) - 1;

    digits[at] = 0;
    do {
        uint64_t quotient = machine_divide(number, 10);
        digits[--at] = (char)('0' + (uint8_t)(number - quotient * 10));
        number = quotient;
    } while (number);
    put_text(digits + at);
}

static void print(const char *format, va_list arguments)
{
    char byte[2] = {0, 0};

    for (; *format; format++) {
        if (*format != '%') {
            byte[0] = *format;
            put_text(byte);
            continue;
        }
        format++;
        if (*format == 's') {
            put_text(va_arg(arguments, const char *));
        } else if (*format == 'u') {
            put_number(va_arg(arguments, unsigned));
        } else { /* %llu */
            format += 2;
            put_number(va_arg(arguments, uint64_t));
        }
    }
}

void machine_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
}

static _Noreturn void machine_exit(uint8_t code)
{
    hal_out8(EXIT_PORT, code);
    for (;;)
        __asm__ volatile("cli; hlt");
}

void machine_fail(const char *format, ...)
{
    va_list arguments;

    put_text("floor: ");
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
    put_text("\n");
    machine_exit(EXIT_FAILED);
}

void machine_exit_success(void)
{
    machine_exit(EXIT_SUCCESS);
}

_Noreturn void floor_exception(void);
void floor_exception(void)
{
    put_text("floor: processor exception\n");
    machine_exit(EXIT_EXCEPTION);
}

/* ------------------------------------------------------------------ time */

uint64_t machine_divide(uint64_t numerator, uint64_t denominator)
{
    uint64_t quotient = 0, rest = 0;

    for (int bit = 63; bit >= 0; bit--) {
        rest = rest << 1 | (numerator >> bit & 1);
        quotient <<= 1;
        if (rest >= denominator) {
            rest -= denominator;
            quotient |= 1;
        }
    }
    return quotient;
}

static void calibrate(void)
{
    uint8_t gate = hal_in8(PIT_GATE) & (uint8_t) ~(PIT_GATE_ON | PIT_GATE_SPEAKER);
    unsigned poll = 0;

    hal_out8(PIT_GATE, gate | PIT_GATE_ON);
    hal_out8(PIT_MODE, PIT_CHANNEL2_ONESHOT);
    hal_out8(PIT_CHANNEL2, PIT_CALIBRATE_COUNT & 0xFF);
    hal_out8(PIT_CHANNEL2, PIT_CALIBRATE_COUNT >> 8);
    uint64_t start = machine_ticks();
    while (!(hal_in8(PIT_GATE) & PIT_GATE_OUT)) {
        if (++poll == PIT_POLLS)
            machine_fail("the PIT does not count");
    }
    uint64_t elapsed = machine_ticks() - start;
    hal_out8(PIT_GATE, gate);

    uint64_t rate = machine_divide(elapsed * PIT_HZ, (uint64_t)PIT_CALIBRATE_COUNT * 1000);
    if (rate == 0 || rate > UINT32_MAX)
        machine_fail("the time-stamp counter does not count");
    ticks_per_ms = (uint32_t)rate;
}

uint64_t machine_ticks_to_ns(uint64_t ticks)
{
    return machine_divide(ticks * 1000000, ticks_per_ms);
}

void machine_stall_us(uint32_t duration_us)
{
    uint64_t end = machine_ticks() + machine_divide((uint64_t)duration_us * ticks_per_ms, 1000) + 1;

    while (machine_ticks() < end)
        ;
}

/* ------------------------------------------------------------------ interrupts and start */

/* Both controllers end interrupts by themselves (automatic end of interrupt): the drive's line is
 * the only one let through, and what is measured here is the drive. */
void machine_let_through(unsigned irq_line)
{
    uint16_t mask = (uint16_t) ~(1u << irq_line | 1u << PIC_CASCADE_LINE);

    hal_out8(PIC_MASTER, 0x11);
    hal_out8(PIC_SLAVE, 0x11);
    hal_out8(PIC_MASTER + 1, PIC_FIRST_VECTOR);
    hal_out8(PIC_SLAVE + 1, PIC_FIRST_VECTOR + 8);
    hal_out8(PIC_MASTER + 1, 1u << PIC_CASCADE_LINE);
    hal_out8(PIC_SLAVE + 1, PIC_CASCADE_LINE);
    hal_out8(PIC_MASTER + 1, 0x03);
    hal_out8(PIC_SLAVE + 1, 0x03);
    hal_out8(PIC_MASTER + 1, mask & 0xFF);
    hal_out8(PIC_SLAVE + 1, mask >> 8);
}

void machine_start(void)
{
    hal_out8(COM1_INTERRUPTS, 0);
    hal_out8(COM1_LINE_CONTROL, COM1_DIVISOR_LATCH);
    hal_out8(COM1_DATA, 1); /* 115,200 baud */
    hal_out8(COM1_INTERRUPTS, 0);
    hal_out8(COM1_LINE_CONTROL, COM1_8N1);
    hal_out8(COM1_FIFO, 0x07);
    calibrate();
}

/* ------------------------------------------------------------------ command line */

void machine_set_command_line(const char *text)
{
    command_line = text;
}

static const char *find_option(const char *key)
{
    for (const char *word = command_line; *word;) {
        size_t matched = 0;
        while (key[matched] && word[matched] == key[matched])
            matched++;
        if (!key[matched] && word[matched] == '=')
            return word + matched + 1;
        while (*word && *word != ' ')
            word++;
        while (*word == ' ')
            word++;
    }
    return NULL;
}

bool machine_option_text(const char *key, char *value, size_t size)
{
    const char *text = find_option(key);
    size_t length = 0;

    if (!text)
        return false;
    for (; text[length] && text[length] != ' ' && length + 1 < size; length++)
        value[length] = text[length];
    value[length] = 0;
    return true;
}

uint32_t machine_option_number(const char *key, uint32_t fallback)
{
    const char *text = find_option(key);
    uint32_t number = 0;

    if (!text)
        return fallback;
    for (; *text && *text != ' '; text++) {
        if (*text < '0' || *text > '9' || number > (UINT32_MAX - 9) / 10)
            machine_fail("%s= wants a decimal number", key);
        number = number * 10 + (uint32_t)(*text - '0');
    }
    return number;
}

/* ------------------------------------------------------------------ PCI */

uint32_t machine_pci_read32(struct machine_pci_function function, unsigned offset)
{
    hal_out32(PCI_ADDRESS, function.address | offset);
    return hal_in32(PCI_DATA);
}

void machine_pci_write32(struct machine_pci_function function, unsigned offset, uint32_t value)
{
    hal_out32(PCI_ADDRESS, function.address | offset);
    hal_out32(PCI_DATA, value);
}

bool machine_pci_find(uint16_t class_code, struct machine_pci_function *function)
{
    for (uint32_t number = 0; number < 32 * 8; number++) {
        function->address = PCI_ENABLE | number << 8;
        if (machine_pci_read32(*function, 8) >> 16 == class_code)
            return true;
    }
    return false;
}
