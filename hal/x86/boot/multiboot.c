/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader hands over: memory map, modules, command lines.
 *
 * Owns the kernel's copy of all that; nothing points into the loader's memory afterwards, except
 * for the modules' contents, which the page allocator keeps out. Entered once, during bring-up.
 *
 * Layout from the Multiboot specification 0.6.96, 3.3. The addresses are below 4 GiB, all of
 * which can be reached until the final page tables are used.
 */
#include "hal/x86/boot/multiboot.h"

#include <string.h>

#include "hal/internal.h"

#define LOADER_MAGIC 0x2BADB002u

#define INFO_COMMAND_LINE 0x04u
#define INFO_MODULES      0x08u
#define INFO_MEMORY_MAP   0x40u

#define MEMORY_TYPE_RAM 1u

#define COMMAND_LINE_SIZE        4096u /* with its null byte */
#define MODULE_COMMAND_LINE_SIZE 512u
#define MEMORY_RANGE_LIMIT       64u
#define MEMORY_ENTRY_LIMIT       256u /* that are looked at */

struct multiboot_information {
    uint32_t flags;
    uint32_t memory_low_kib, memory_high_kib;
    uint32_t boot_device;
    uint32_t command_line;
    uint32_t module_count, modules;
    uint32_t symbols[4];
    uint32_t memory_map_size, memory_map;
};
_Static_assert(sizeof(struct multiboot_information) == 52, "up to the memory map");

struct multiboot_module {
    uint32_t start, end; /* end exclusive */
    uint32_t command_line;
    uint32_t reserved;
};

struct multiboot_memory_entry {
    uint32_t size; /* of what follows this field */
    uint64_t start, byte_count;
    uint32_t type;
} __attribute__((packed));

static struct hal_boot_info boot_info;
static char command_line[COMMAND_LINE_SIZE];
static char module_command_lines[HAL_MAX_BOOT_MODULES][MODULE_COMMAND_LINE_SIZE];
static struct hal_range memory_map[MEMORY_RANGE_LIMIT];
static size_t memory_range_count;

static const void *at_physical(uint32_t address)
{
    return (const void *)(uintptr_t)address;
}

/* Copies what follows the file name, which ends at the first blank. */
static void copy_command_line(char *copy, size_t size, uint32_t address, const char *whose)
{
    const char *text = at_physical(address);
    size_t length = strnlen(text, size + COMMAND_LINE_SIZE);
    const char *blank = memchr(text, ' ', length);
    size_t skipped = blank ? (size_t)(blank - text) + 1 : length;
    length -= skipped;
    if (length >= size) {
        hal_printf("The command line of %s is longer than %zu bytes: shorten it.\n", whose,
                   size - 1);
        hal_exit(HAL_EXIT_USAGE);
    }
    memcpy(copy, text + skipped, length);
    copy[length] = '\0';
}

static void copy_modules(const struct multiboot_information *information)
{
    const struct multiboot_module *modules = at_physical(information->modules);
    if (information->module_count > HAL_MAX_BOOT_MODULES) {
        hal_printf("%u boot modules: the kernel takes %u at most.\n", information->module_count,
                   HAL_MAX_BOOT_MODULES);
        hal_exit(HAL_EXIT_USAGE);
    }
    for (unsigned i = 0; i < information->module_count; i++) {
        copy_command_line(module_command_lines[i], MODULE_COMMAND_LINE_SIZE,
                          modules[i].command_line, "a boot module");
        if (modules[i].start % HAL_PAGE_SIZE != 0 || modules[i].end < modules[i].start)
            PANIC("boot module %u lies at %#x to %#x: the loader broke the Multiboot protocol", i,
                  modules[i].start, modules[i].end);
        boot_info.modules[i] = (struct hal_boot_module){
            .command_line = module_command_lines[i],
            .data = at_physical(modules[i].start),
            .byte_count = modules[i].end - modules[i].start,
        };
    }
    boot_info.module_count = information->module_count;
}

/* Takes a range out of the map: firmware may report RAM and a reserved range in it. */
static void remove_range(struct hal_range gone)
{
    for (size_t i = 0; i < memory_range_count; i++) {
        struct hal_range *range = &memory_map[i];
        if (gone.start >= range->end || gone.end <= range->start)
            continue;
        struct hal_range rest = {gone.end, range->end};
        range->end = gone.start > range->start ? gone.start : range->start;
        if (rest.start < rest.end && memory_range_count < MEMORY_RANGE_LIMIT)
            memory_map[memory_range_count++] = rest;
    }
}

/* Keeps the map sorted, without overlaps: what is known already is taken out before it is added. */
static void add_range(struct hal_range range)
{
    remove_range(range);
    if (memory_range_count == MEMORY_RANGE_LIMIT)
        return; /* less RAM, but no wrong RAM */
    memory_map[memory_range_count++] = range;
}

static void tidy_memory_map(void)
{
    size_t kept = 0;
    for (size_t i = 0; i < memory_range_count; i++) {
        struct hal_range range = memory_map[i];
        range.start = (range.start + HAL_PAGE_SIZE - 1) & ~(uint64_t)(HAL_PAGE_SIZE - 1);
        range.end &= ~(uint64_t)(HAL_PAGE_SIZE - 1);
        if (range.start >= range.end)
            continue;
        size_t place = kept++;
        for (; place > 0 && memory_map[place - 1].start > range.start; place--)
            memory_map[place] = memory_map[place - 1];
        memory_map[place] = range;
    }
    memory_range_count = kept;
}

/* Calls one of the functions above for each entry that is, or is not, RAM. */
static void read_memory_entries(const struct multiboot_information *information, bool ram,
                                void (*take)(struct hal_range range))
{
    uint32_t offset = 0;
    for (unsigned i = 0; i < MEMORY_ENTRY_LIMIT && offset < information->memory_map_size; i++) {
        const struct multiboot_memory_entry *entry = at_physical(information->memory_map + offset);
        bool overflows = entry->start > UINT64_MAX - entry->byte_count;
        if ((entry->type == MEMORY_TYPE_RAM) == ram && !overflows)
            take((struct hal_range){entry->start, entry->start + entry->byte_count});
        offset += entry->size + (uint32_t)sizeof entry->size;
    }
}

/* QEMU: a module that is larger than the machine's memory is announced all the same. */
static void check_modules(void)
{
    for (unsigned i = 0; i < boot_info.module_count; i++) {
        const struct hal_boot_module *module = &boot_info.modules[i];
        uint64_t start = (uintptr_t)module->data, end = start + module->byte_count;
        size_t range = 0;
        while (range < memory_range_count &&
               (start < memory_map[range].start || end > memory_map[range].end))
            range++;
        if (range < memory_range_count || module->byte_count == 0)
            continue;
        hal_printf("The machine's memory does not hold boot module %s (bytes: %zu).\n",
                   module->command_line, module->byte_count);
        hal_exit(HAL_EXIT_USAGE);
    }
}

void hal_multiboot_initialise(uint32_t magic, uintptr_t address)
{
    if (magic != LOADER_MAGIC)
        PANIC("not started by a Multiboot loader (magic %#x)", magic);
    const struct multiboot_information *information = (const void *)address;
    if ((information->flags & INFO_MEMORY_MAP) == 0)
        PANIC("the boot loader gave no memory map (flags %#x)", information->flags);

    boot_info.command_line = command_line;
    if (information->flags & INFO_COMMAND_LINE)
        copy_command_line(command_line, sizeof command_line, information->command_line,
                          "the kernel");
    if (information->flags & INFO_MODULES)
        copy_modules(information);
    read_memory_entries(information, true, add_range);
    read_memory_entries(information, false, remove_range);
    tidy_memory_map();
    check_modules();
}

const struct hal_boot_info *hal_boot_info(void)
{
    return &boot_info;
}

size_t hal_memory_map(const struct hal_range **ranges)
{
    *ranges = memory_map;
    return memory_range_count;
}
