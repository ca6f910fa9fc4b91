/* SPDX-License-Identifier: MIT */
/*
 * A kernel for tests of run-qemu.sh: prints its command line and its modules on COM1, then does
 * what the command line's stub=... says. The real kernel offers no command for most of it.
 *
 *   stub=exit:N     writes 0x10 + N (one digit) to isa-debug-exit; without stub=, N is 0
 *   stub=triple     causes a triple fault
 *   stub=reset      resets the machine through the keyboard controller
 *   stub=hang       stops with interrupts disabled
 *   stub=echo       prints each byte that COM1 receives as <xx>, and ends with success at a "q"
 */
#include <stdint.h>

#define COM1            0x3f8
#define COM1_STATUS     0x3fd
#define COM1_RECEIVED   0x01u
#define COM1_SEND_EMPTY 0x20u
#define KEYBOARD        0x64
#define KEYBOARD_RESET  0xfeu
#define DEBUG_EXIT      0xf4
#define SHOWN_BYTES     4096u

/* What multiboot's information structure says of the command line and the modules. */
struct boot_info {
    uint32_t flags, memory[2], boot_device;
    const char *command_line;
    uint32_t module_count;
    const struct module {
        const char *start, *end, *string;
        uint32_t reserved;
    } * modules;
};

/* Multiboot's header: magic, flags (page-aligned modules, memory map), checksum. Then the entry. */
__asm__(".long 0x1BADB002, 3, -(0x1BADB002 + 3)\n"
        ".globl _start\n"
        "_start:\n"
        "    movl $(stack + 8192), %esp\n"
        "    pushl %ebx\n"
        "    call stub_main\n");
__attribute__((used, aligned(16))) static char stack[8192];

void stub_main(const struct boot_info *info);

static void write_port(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t read_port(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void put_byte(char byte)
{
    while ((read_port(COM1_STATUS) & COM1_SEND_EMPTY) == 0)
        ;
    write_port(COM1, (uint8_t)byte);
}

static void put(const char *text)
{
    while (*text != '\0')
        put_byte(*text++);
}

static void put_hex(uint8_t byte)
{
    const char *digits = "0123456789abcdef";

    put_byte('<');
    put_byte(digits[byte >> 4]);
    put_byte(digits[byte & 15]);
    put_byte('>');
}

/* What follows the word in the text; NULL if it is not there. */
static const char *after(const char *text, const char *word)
{
    for (; *text != '\0'; text++) {
        const char *a = text, *b = word;

        while (*b != '\0' && *a == *b)
            a++, b++;
        if (*b == '\0')
            return a;
    }
    return 0;
}

static void print_boot_info(const struct boot_info *info)
{
    put("command line [");
    put(info->command_line);
    put("]\r\n");
    for (uint32_t i = 0; i < info->module_count; i++) {
        const struct module *module = &info->modules[i];

        put("module [");
        put(module->string);
        put("] {");
        for (const char *c = module->start; c < module->end && c < module->start + SHOWN_BYTES; c++)
            put_byte(*c);
        put("}\r\n");
    }
}

static void triple_fault(void)
{
    static const uint16_t no_table[3];

    __asm__ volatile("lidt %0\n\tint3" : : "m"(no_table));
}

void stub_main(const struct boot_info *info)
{
    const char *what = after(info->command_line, "stub=");
    const char *code = after(info->command_line, "stub=exit:");

    print_boot_info(info);
    if (what != 0 && *what == 't')
        triple_fault();
    if (what != 0 && *what == 'r')
        write_port(KEYBOARD, KEYBOARD_RESET);
    if (what != 0 && (*what == 'h' || *what == 'r')) {
        for (;;)
            __asm__ volatile("cli; hlt");
    }
    while (what != 0 && what[0] == 'e' && what[1] == 'c') {
        if ((read_port(COM1_STATUS) & COM1_RECEIVED) != 0) {
            uint8_t byte = read_port(COM1);

            put_hex(byte);
            if (byte == 'q')
                break;
        }
    }
    write_port(DEBUG_EXIT, (uint8_t)(0x10 + (code != 0 ? *code - '0' : 0)));
    for (;;)
        ;
}
