/* SPDX-License-Identifier: MIT */
/*
 * Page tables: 4 KiB pages, 2 MiB pages where RAM is mapped as a whole. arch.h says how many levels
 * there are, and what lies where.
 *
 * Owns the one address space: RAM from 1 MiB on at its own addresses, and windows. May not: map
 * anything both writable and executable (but what hal.h excepts). Any context, with interrupts off while tables change.
 *
 * The first MiB is not mapped at all: null pointers, and pointers that nearly are, fault.
 */
#include "hal/x86/cpu/arch.h"
#include "hal/x86/cpu/instructions.h"

#define ENTRY_PRESENT       0x001ull
#define ENTRY_WRITE         0x002ull
#define ENTRY_WRITE_THROUGH 0x008ull
#define ENTRY_NO_CACHE      0x010ull
#define ENTRY_LARGE         0x080ull
#define ENTRY_NO_EXECUTE    0x8000000000000000ull
#define ENTRY_ADDRESS       0x000FFFFFFFFFF000ull

#define PAGE_SHIFT       12u
#define LARGE_PAGE_SHIFT 21u
#define BITS_PER_LEVEL   9u
#define TABLE_LENGTH     512u
#define LARGE_PAGE_SIZE  ((uint64_t)1 << LARGE_PAGE_SHIFT)

#define FIRST_MAPPED 0x100000u /* 1 MiB */

#define DEVICE_MAPPING_LIMIT 64u

struct device_mapping {
    uint64_t physical;
    size_t page_count;
    uintptr_t window;
};

uint64_t hal_page_root[TABLE_LENGTH] __attribute__((aligned(4096)));
const uint64_t hal_ram_limit = PAGING_RAM_LIMIT;
const uintptr_t hal_window_start = PAGING_WINDOW_START;
static uintptr_t next_window = PAGING_WINDOW_START;
static struct device_mapping device_mappings[DEVICE_MAPPING_LIMIT];
static size_t device_mapping_count;

extern const uint8_t hal_kernel_start[], hal_kernel_end[];
extern const uint8_t hal_text_start[], hal_text_end[];
extern const uint8_t hal_rodata_start[], hal_rodata_end[];
extern const uint8_t hal_early_start[], hal_early_end[];
extern const uint8_t hal_boot_stack_guard[], hal_boot_stack_top[];

/* ------------------------------------------------------------------ walking the tables */

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

static uint64_t *table_of(uint64_t entry)
{
    return (uint64_t *)(uintptr_t)(entry & ENTRY_ADDRESS);
}

/* Puts a table of small pages in the place of a large one: the same mapping, in pieces. */
static bool split(uint64_t *large)
{
    uint64_t *table = hal_pages_alloc(1, UINT64_MAX);
    if (table == NULL)
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
            if (below == NULL)
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

/* The present entry that maps address, and the size of its page; NULL if nothing is mapped. */
static uint64_t *find_entry(uintptr_t address, uint64_t *page_size)
{
    uint64_t *table = hal_page_root;
    for (unsigned shift = PAGING_ROOT_SHIFT;; shift -= BITS_PER_LEVEL) {
        uint64_t *entry = &table[address >> shift & (TABLE_LENGTH - 1)];
        if (!(*entry & ENTRY_PRESENT))
            return NULL;
        if (shift == PAGE_SHIFT || (*entry & ENTRY_LARGE)) {
            *page_size = (uint64_t)1 << shift;
            return entry;
        }
        table = table_of(*entry);
    }
}

/* What hal_physical looked up lately: drivers' buffers are asked for again and again, and a walk through
 * four levels costs several times as much. Never holds a page that is not mapped, nor one of a window:
 * gates come and go there. */
struct translation {
    uintptr_t page; /* 0: none; it is never mapped */
    uint64_t physical;
};
#define RECENT_COUNT 16u
static struct translation recent[RECENT_COUNT];
static unsigned recent_changes;

static struct translation *recent_place(uintptr_t page)
{
    return &recent[page / HAL_PAGE_SIZE % RECENT_COUNT];
}

static void set_entry(uint64_t *entry, uintptr_t address, uint64_t value)
{
    bool was_present = (*entry & ENTRY_PRESENT) != 0;
    paging_store(entry, value);
    if (was_present) {
        cpu_forget_translation(address);
        if (recent_place(address)->page == address)
            recent_place(address)->page = 0;
        recent_changes++;
    }
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
        complete = entry != NULL;
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
        uint64_t *entry = find_entry(address, &page_size);
        if (entry == NULL && flags == 0)
            continue;
        if (entry == NULL)
            PANIC("hal_protect of %#lx, where nothing is mapped", (unsigned long)address);
        if (page_size != HAL_PAGE_SIZE)
            entry = make_entry(address, PAGE_SHIFT);
        if (entry == NULL)
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

static __attribute__((noinline)) uint64_t look_up(uintptr_t virtual)
{
    uintptr_t page = virtual & ~(HAL_PAGE_SIZE - 1);
    uint64_t page_size, physical = 0;
    bool enabled = hal_interrupts_disable();
    const uint64_t *entry = paging_can_be_mapped(virtual) ? find_entry(virtual, &page_size) : NULL;
    if (entry != NULL) {
        physical = (*entry & ENTRY_ADDRESS & ~(page_size - 1)) | (virtual & (page_size - 1));
        if (page < PAGING_WINDOW_START) {
            *recent_place(page) =
                (struct translation){page, physical & ~(uint64_t)(HAL_PAGE_SIZE - 1)};
            recent_changes++;
        }
    }
    hal_interrupts_restore(enabled);
    return physical;
}

/* Interrupts stay as they are: what one of them changes meanwhile is seen by the count. */
uint64_t hal_physical(const volatile void *address)
{
    uintptr_t virtual = (uintptr_t)address, page = virtual & ~(HAL_PAGE_SIZE - 1);
    const struct translation *place = recent_place(page);
    unsigned changes = recent_changes;
    hal_compiler_barrier();
    if (__builtin_expect(place->page == page && page != 0, 1)) {
        uint64_t physical = place->physical | (virtual & (HAL_PAGE_SIZE - 1));
        hal_compiler_barrier();
        if (__builtin_expect(recent_changes == changes, 1))
            return physical;
    }
    return look_up(virtual);
}

bool hal_is_code(uintptr_t address)
{
    uint64_t page_size;
    const uint64_t *entry = paging_can_be_mapped(address) ? find_entry(address, &page_size) : NULL;
    return entry != NULL && (*entry & ENTRY_NO_EXECUTE) == 0;
}

bool hal_is_kernel_memory(const void *start, uint64_t byte_count, uintptr_t stack_end)
{
    uint64_t first = (uintptr_t)start, end = first + byte_count;
    if (first >= (uintptr_t)hal_boot_stack_guard + HAL_PAGE_SIZE &&
        end <= (uintptr_t)hal_boot_stack_top)
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
    if (entry == NULL)
        return false;
    set_entry(entry, (uintptr_t)address, value & ~ENTRY_PRESENT);
    gate->entry = (volatile uint32_t *)entry;
    gate->shown = (uint32_t)value;
    gate->address = (uintptr_t)address;
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
    if (window == NULL ||
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
        if (entry == NULL)
            return false;
        paging_store(entry, start | flags | (large ? ENTRY_LARGE : 0));
        start += large ? LARGE_PAGE_SIZE : HAL_PAGE_SIZE;
    }
    return true;
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
