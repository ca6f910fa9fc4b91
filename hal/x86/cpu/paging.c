/* SPDX-License-Identifier: MIT */
/*
 * Making and changing page tables: 4 KiB pages, 2 MiB pages where RAM is mapped as a whole.
 *
 * Owns the one address space: RAM from 1 MiB on at its own addresses, and windows. May not: map
 * anything both writable and executable (but what hal.h excepts). Any context, with interrupts off
 * while tables change.
 *
 * The first MiB is not mapped at all: null pointers, and pointers that nearly are, fault.
 */
#include "hal/x86/cpu/paging.h"

#include "hal/x86/cpu/instructions.h"

#define FIRST_MAPPED 0x100000u /* 1 MiB */

#define DEVICE_MAPPING_LIMIT 64u

struct device_mapping {
    uint64_t physical;
    size_t page_count;
    uintptr_t window;
};

static uintptr_t next_window = PAGING_WINDOW_START;
static struct device_mapping device_mappings[DEVICE_MAPPING_LIMIT];
static size_t device_mapping_count;

_Static_assert(HAL_GATES_PAGES == TABLE_LENGTH && HAL_ENTRY_ACCESSED == ENTRY_ACCESSED,
               "what gate.h says of tables and entries");

extern const uint8_t hal_text_start[], hal_text_end[];
extern const uint8_t hal_rodata_start[], hal_rodata_end[];
extern const uint8_t hal_early_start[], hal_early_end[], hal_kernel_end[];

/* ------------------------------------------------------------------ changing the tables */

static uint64_t entry_flags(unsigned protection)
{
    if ((protection & HAL_MAP_WRITE) && (protection & HAL_MAP_EXECUTE) &&
        !(protection & HAL_MAP_CODE_WITH_DATA))
        PANIC("a page is to be both writable and executable");
    uint64_t flags = ENTRY_PRESENT;
    if (protection & HAL_MAP_WRITE)
        flags |= ENTRY_WRITE;
    if (!(protection & HAL_MAP_EXECUTE))
        flags |= ENTRY_NO_EXECUTE;
    if (protection & HAL_MAP_UNCACHED)
        flags |= ENTRY_NO_CACHE | ENTRY_WRITE_THROUGH;
    return flags;
}

/* Puts a table of small pages in the place of a large one: the same mapping, in pieces. */
static bool split(uint64_t *large)
{
    uint64_t *table = hal_pages_alloc(1, UINT64_MAX);
    if (!table)
        return false;
    uint64_t small = *large & ~ENTRY_LARGE;
    for (unsigned i = 0; i < TABLE_LENGTH; i++)
        table[i] = small + i * HAL_PAGE_SIZE;
    paging_store(large, (uintptr_t)table | ENTRY_PRESENT | ENTRY_WRITE);
    return true;
}

/* The entry for address at the level of the given shift. Missing tables are made, and large pages
 * split; NULL when there is no memory for that. */
static uint64_t *make_entry(uintptr_t address, unsigned last_shift)
{
    uint64_t *table = hal_page_root;
    for (unsigned shift = PAGING_ROOT_SHIFT; shift > last_shift; shift -= BITS_PER_LEVEL) {
        uint64_t *entry = &table[address >> shift & (TABLE_LENGTH - 1)];
        if (!(*entry & ENTRY_PRESENT)) {
            uint64_t *below = hal_pages_alloc(1, UINT64_MAX);
            if (!below)
                return NULL;
            uint64_t flags = shift == PAGING_ROOT_SHIFT ? PAGING_ROOT_FLAGS : ENTRY_WRITE;
            paging_store(entry, (uintptr_t)below | ENTRY_PRESENT | flags);
        } else if ((*entry & ENTRY_LARGE) && !split(entry)) {
            return NULL;
        }
        table = table_of(*entry);
    }
    return &table[address >> last_shift & (TABLE_LENGTH - 1)];
}

static void set_entry(uint64_t *entry, uintptr_t address, uint64_t value)
{
    bool was_present = (*entry & ENTRY_PRESENT) != 0;
    paging_store(entry, value);
    if (was_present)
        cpu_forget_translation(address);
}

static void check_range(uintptr_t address, size_t page_count)
{
    ASSERT_OP(address % HAL_PAGE_SIZE, ==, 0);
    ASSERT_OP(address, >=, HAL_PAGE_SIZE); /* page 0 stays unmapped */
    ASSERT_OP(page_count, <=, (PAGING_ADDRESS_LIMIT - address) / HAL_PAGE_SIZE);
}

/* ------------------------------------------------------------------ the interface */

bool hal_map(void *address, uint64_t physical, size_t page_count, unsigned protection)
{
    uintptr_t start = (uintptr_t)address;
    uint64_t flags = entry_flags(protection);
    check_range(start, page_count);
    ASSERT_OP(physical % HAL_PAGE_SIZE, ==, 0);

    bool enabled = hal_interrupts_disable();
    bool complete = true;
    for (size_t i = 0; i < page_count && complete; i++) {
        uint64_t *entry = make_entry(start + i * HAL_PAGE_SIZE, PAGE_SHIFT);
        complete = entry;
        if (complete)
            set_entry(entry, start + i * HAL_PAGE_SIZE, (physical + i * HAL_PAGE_SIZE) | flags);
    }
    hal_interrupts_restore(enabled);
    return complete;
}

/* Changes pages that are mapped: flags 0 unmaps them. */
static void change(uintptr_t start, size_t page_count, uint64_t flags)
{
    check_range(start, page_count);
    bool enabled = hal_interrupts_disable();
    for (size_t i = 0; i < page_count; i++) {
        uintptr_t address = start + i * HAL_PAGE_SIZE;
        uint64_t page_size;
        uint64_t *entry = hal_page_find(address, &page_size);
        if (!entry && flags == 0)
            continue;
        if (!entry)
            PANIC("hal_protect of %#lx, where nothing is mapped", (unsigned long)address);
        if (page_size != HAL_PAGE_SIZE)
            entry = make_entry(address, PAGE_SHIFT);
        if (!entry)
            PANIC("no memory for the page tables around %#lx", (unsigned long)address);
        set_entry(entry, address, flags == 0 ? 0 : (*entry & ENTRY_ADDRESS) | flags);
    }
    hal_interrupts_restore(enabled);
}

void hal_unmap(void *address, size_t page_count)
{
    change((uintptr_t)address, page_count, 0);
}

void hal_protect(void *address, size_t page_count, unsigned protection)
{
    change((uintptr_t)address, page_count, entry_flags(protection));
}

bool hal_is_kernel_memory(const void *start, uint64_t byte_count, uintptr_t stack_end)
{
    uint64_t first = (uintptr_t)start, end = first + byte_count;
    if (first >= (uintptr_t)hal_boot_stack.stack && end <= (uintptr_t)(&hal_boot_stack + 1))
        return end > stack_end;
    return byte_count != 0 &&
           (hal_physical(start) != 0 || hal_physical((const void *)(uintptr_t)(end - 1)) != 0);
}

uint64_t *hal_page_entry(uintptr_t address)
{
    ASSERT_OP(address, >=, PAGING_WINDOW_START); /* RAM stays as it is */
    ASSERT(paging_can_be_mapped(address));
    return make_entry(address, PAGE_SHIFT);
}

uint64_t hal_page_entry_value(uint64_t physical, unsigned protection)
{
    return physical | entry_flags(protection);
}

void hal_page_entry_store(uint64_t *entry, uintptr_t address, uint64_t value)
{
    set_entry(entry, address, value);
}

bool hal_gate_make(struct hal_gate *gate, void *address, uint64_t physical, unsigned protection)
{
    uint64_t value = hal_page_entry_value(physical, protection);
    uint64_t *entry = hal_page_entry((uintptr_t)address);
    if (!entry)
        return false;
    set_entry(entry, (uintptr_t)address, value & ~ENTRY_PRESENT);
    gate->entry = (volatile uint32_t *)entry;
    gate->shown = (uint32_t)value;
    gate->address = (uintptr_t)address;
    return true;
}

bool hal_gates_make(struct hal_gates *gates, void *address, size_t page_count, unsigned protection)
{
    uintptr_t start = (uintptr_t)address;
    ASSERT_OP(start / HAL_PAGE_SIZE % TABLE_LENGTH + page_count, <=, TABLE_LENGTH);
    uint64_t *entries = hal_page_entry(start); /* and the table that has all of them */
    if (!entries)
        return false;
    gates->entries = (volatile uint32_t *)entries;
    gates->shown = entry_flags(protection);
    gates->address = start;
    for (size_t i = 0; i < page_count; i++)
        set_entry(entries + i, start + i * HAL_PAGE_SIZE, 0);
    return true;
}

void *hal_window_reserve(size_t page_count)
{
    bool enabled = hal_interrupts_disable();
    uintptr_t window = next_window + HAL_PAGE_SIZE;
    bool fits = page_count < (PAGING_WINDOW_END - next_window) / HAL_PAGE_SIZE - 1;
    if (fits)
        next_window = window + page_count * HAL_PAGE_SIZE;
    hal_interrupts_restore(enabled);
    return fits ? (void *)window : NULL;
}

void *hal_map_device(uint64_t physical, size_t byte_count)
{
    uint64_t first = physical & ~(uint64_t)(HAL_PAGE_SIZE - 1);
    size_t offset = (size_t)(physical - first);
    if (byte_count == 0 || byte_count > SIZE_MAX / 2 || physical > ENTRY_ADDRESS - byte_count)
        return NULL;
    size_t page_count = (offset + byte_count + HAL_PAGE_SIZE - 1) / HAL_PAGE_SIZE;
    for (size_t i = 0; i < device_mapping_count; i++) {
        const struct device_mapping *mapping = &device_mappings[i];
        if (mapping->physical == first && page_count <= mapping->page_count)
            return (void *)(mapping->window + offset);
    }
    if (device_mapping_count == DEVICE_MAPPING_LIMIT)
        return NULL;
    void *window = hal_window_reserve(page_count);
    if (!window ||
        !hal_map(window, first, page_count, HAL_MAP_READ | HAL_MAP_WRITE | HAL_MAP_UNCACHED))
        return NULL;
    device_mappings[device_mapping_count++] =
        (struct device_mapping){first, page_count, (uintptr_t)window};
    return (uint8_t *)window + offset;
}

/* ------------------------------------------------------------------ setting up */

/* Maps RAM at its own addresses, in pages as large as possible. */
static __attribute__((cold)) bool map_ram(uint64_t start, uint64_t end)
{
    uint64_t flags = entry_flags(HAL_MAP_READ | HAL_MAP_WRITE);
    while (start < end) {
        bool large = start % LARGE_PAGE_SIZE == 0 && end - start >= LARGE_PAGE_SIZE;
        uint64_t *entry = make_entry((uintptr_t)start, large ? LARGE_PAGE_SHIFT : PAGE_SHIFT);
        if (!entry)
            return false;
        paging_store(entry, start | flags | (large ? ENTRY_LARGE : 0));
        start += large ? LARGE_PAGE_SIZE : HAL_PAGE_SIZE;
    }
    return true;
}

/* RAM is unmapped nowhere but in the kernel. */
static __attribute__((cold)) void note_plain(uint64_t start, uint64_t end)
{
    struct hal_plain *plain = &hal_plain[start < (uint64_t)1 << 32 ? 0 : 1];
    if (start < (uintptr_t)hal_kernel_end)
        start = (uintptr_t)hal_kernel_end;
    if (start < end && end - start > plain->byte_count)
        *plain = (struct hal_plain){(uintptr_t)start, (uintptr_t)(end - start)};
}

static void protect_section(const uint8_t *start, const uint8_t *end, unsigned protection)
{
    size_t page_count = ((size_t)(end - start) + HAL_PAGE_SIZE - 1) / HAL_PAGE_SIZE;
    hal_protect((void *)(uintptr_t)start, page_count, protection);
}

static void protect_modules(void)
{
    const struct hal_boot_info *boot = hal_boot_info();
    for (unsigned i = 0; i < boot->module_count; i++) {
        size_t page_count = (boot->modules[i].byte_count + HAL_PAGE_SIZE - 1) / HAL_PAGE_SIZE;
        hal_protect((void *)(uintptr_t)boot->modules[i].data, page_count, HAL_MAP_READ);
    }
}

void hal_paging_initialise(void)
{
    const struct hal_range *map;
    size_t map_count = hal_memory_map(&map);

    bool complete = true;
    for (size_t i = 0; i < PAGING_PREPARED_ENTRIES && complete; i++)
        complete = make_entry((uintptr_t)(i << PAGING_ROOT_SHIFT), LARGE_PAGE_SHIFT) != NULL;
    for (size_t i = 0; i < map_count && complete; i++) {
        uint64_t start = map[i].start > FIRST_MAPPED ? map[i].start : FIRST_MAPPED;
        uint64_t end = map[i].end < PAGING_RAM_LIMIT ? map[i].end : PAGING_RAM_LIMIT;
        complete = map_ram(start, end);
        note_plain(start, end);
    }
    if (!complete) {
        hal_printf("There is no memory for the page tables: the boot modules leave too little.\n");
        hal_exit(HAL_EXIT_USAGE);
    }
    protect_section(hal_text_start, hal_text_end, HAL_MAP_READ | HAL_MAP_EXECUTE);
    protect_section(hal_rodata_start, hal_rodata_end, HAL_MAP_READ);
    protect_modules();
    for (unsigned i = 0; i < HAL_STACK_COUNT; i++)
        hal_unmap((void *)(uintptr_t)hal_stacks[i].guard_page, 1);
    cpu_use_page_tables((uintptr_t)hal_page_root);
    hal_pages_use_high_memory();
    hal_pages_free((void *)(uintptr_t)hal_early_start,
                   (size_t)(hal_early_end - hal_early_start) / HAL_PAGE_SIZE);
}
