/* SPDX-License-Identifier: MIT */
/*
 * Driver images in the kernel; see image.h.
 *
 * Owns: a fixed number of slots, each with a window of virtual addresses once it was used. May not:
 * call into a driver. Contexts: loading and unloading at boot and from the shell, never at once;
 * look-ups from anywhere, the panic's back trace among them.
 *
 * The HAL never takes a window back, so a slot keeps its window after unloading, for the next image
 * that fits. A driver that is loaded again is therefore where it was, and breakpoints still hit.
 */
#include "port/loader/image.h"

#include <stdio.h>
#include <string.h>

#include "port/loader/frames.h"
#include "port/loader/lines.h"
#include "port/loader/unwind.h"

struct image_slot {
    struct loaded_image image;
    bool loaded;
    void *window; /* NULL until the slot was used */
    size_t window_page_count;
};

static struct image_slot slots[IMAGE_MAX_LOADED];
struct loaded_image *loaded_images;

/* noipa: to the compiler these do something unknown, so that the calls stay. */
__attribute__((noipa)) void image_loaded_for_debugger(const char *name, uintptr_t base,
                                                      uintptr_t text_address)
{
    (void)name;
    (void)base;
    (void)text_address;
}

__attribute__((noipa)) void image_unloaded_for_debugger(const char *name, uintptr_t base)
{
    (void)name;
    (void)base;
}

static struct loaded_image *refuse(struct pe_error *error, enum pe_status status, const char *text)
{
    error->status = status;
    snprintf(error->text, sizeof error->text, "%s", text);
    return NULL;
}

static size_t pages_of(size_t byte_count)
{
    return (byte_count + HAL_PAGE_SIZE - 1) / HAL_PAGE_SIZE;
}

/* How well a free slot's window suits: the smallest that is large enough, then one that was never
 * used, then one that is too small and has to be replaced. Lower is better. */
static size_t misfit(const struct image_slot *slot, size_t page_count)
{
    if (!slot->window)
        return SIZE_MAX - 1;
    return slot->window_page_count < page_count ? SIZE_MAX : slot->window_page_count;
}

static struct image_slot *choose_slot(size_t page_count)
{
    struct image_slot *best = NULL;

    for (size_t i = 0; i < IMAGE_MAX_LOADED; i++) {
        struct image_slot *slot = &slots[i];
        if (!slot->loaded && (!best || misfit(slot, page_count) < misfit(best, page_count)))
            best = slot;
    }
    return best;
}

static bool back_range(uintptr_t address, size_t page_count)
{
    void *pages = hal_pages_alloc(page_count, UINT64_MAX);

    if (!pages)
        return false;
    if (!hal_map((void *)address, (uintptr_t)pages, page_count, HAL_MAP_READ | HAL_MAP_WRITE)) {
        hal_unmap((void *)address, page_count);
        hal_pages_free(pages, page_count);
        return false;
    }
    return true;
}

/* Gives back what back_range() took; nothing if it was not reached. */
static void release_range(uintptr_t address, size_t page_count, unsigned protection)
{
    uint64_t physical = hal_physical((const void *)address);

    if (physical == 0)
        return;
    hal_unmap((void *)address, page_count);
    /* Undoes protect_range(). What it changed has a page table already, so that this cannot fail
     * there; where it does fail, protect_range() had failed too, and had changed nothing from there
     * on. */
    for (size_t i = 0; i < page_count && (protection & HAL_MAP_WRITE) == 0; i++) {
        uint64_t page = physical + i * HAL_PAGE_SIZE;
        if (!hal_map((void *)(uintptr_t)page, page, 1, HAL_MAP_READ | HAL_MAP_WRITE))
            break;
    }
    hal_pages_free((void *)(uintptr_t)physical, page_count);
}

/* Protects the pages in the window, and, unless they are data, where all RAM is mapped: code must
 * not be writable there either. False when there is no memory for the page tables that this takes.
 */
static bool protect_range(uintptr_t address, size_t page_count, unsigned protection)
{
    uint64_t physical = hal_physical((const void *)address);

    hal_protect((void *)address, page_count, protection);
    return (protection & HAL_MAP_WRITE) != 0 ||
           hal_map((void *)(uintptr_t)physical, physical, page_count, HAL_MAP_READ);
}

/* ------------------------------------------------------------------ pages of an image */

/* They are taken and protected in ranges: pages behind each other that hold what wants the same
 * protection, such as those of a section. */

struct range {
    size_t first, page_count;
    unsigned access;
};

static uintptr_t range_address(const struct loaded_image *image, const struct range *range)
{
    return image->base + range->first * PE_PAGE_SIZE;
}

/* Goes to the next range; begin with one of zeros. False at the end. */
static bool next_range(const struct pe_image_info *info, struct range *range)
{
    size_t end = info->mapped_byte_count / PE_PAGE_SIZE, page = range->first + range->page_count;

    do {
        if (page == end)
            return false;
        range->first = page;
        range->access = pe_page_access(info, (uint32_t)page++ * PE_PAGE_SIZE);
    } while (range->access == PE_NOT_MAPPED);
    while (page < end && pe_page_access(info, (uint32_t)page * PE_PAGE_SIZE) == range->access)
        page++;
    range->page_count = page - range->first;
    return true;
}

static unsigned protection_of(unsigned access)
{
    return HAL_MAP_READ | (access & PE_READ_WRITE ? HAL_MAP_WRITE : 0) |
           (access & PE_READ_EXECUTE ? HAL_MAP_EXECUTE : 0) |
           (access == (PE_READ_WRITE | PE_READ_EXECUTE) ? HAL_MAP_CODE_WITH_DATA : 0);
}

static void release_image(const struct loaded_image *image)
{
    struct range range = {0};

    while (next_range(&image->info, &range))
        release_range(range_address(image, &range), range.page_count, protection_of(range.access));
}

static bool back_image(const struct loaded_image *image)
{
    struct range range = {0};

    while (next_range(&image->info, &range))
        if (!back_range(range_address(image, &range), range.page_count))
            return false;
    return true;
}

static bool protect_image(const struct loaded_image *image)
{
    struct range range = {0};

    while (next_range(&image->info, &range))
        if (!protect_range(range_address(image, &range), range.page_count,
                           protection_of(range.access)))
            return false;
    return true;
}

/* What a section's pages allow that it did not ask for, since it shares them. */
static unsigned excess_of(const struct pe_image_info *info, const struct pe_section *section)
{
    unsigned access = 0;

    for (uint32_t page = section->rva / PE_PAGE_SIZE * PE_PAGE_SIZE;
         page < section->rva + section->byte_count; page += PE_PAGE_SIZE)
        access |= pe_page_access(info, page);
    return access & ~section->access;
}

static void log_shared_pages(const struct loaded_image *image)
{
    static const char *const words[] = {"", "writable", "executable", "writable and executable"};
    const struct pe_image_info *info = &image->info;

    if (info->section_alignment >= PE_PAGE_SIZE)
        return;
    for (uint32_t i = 0; i < info->section_count; i++) {
        const struct pe_section *section = &info->sections[i];
        unsigned excess = section->mapped ? excess_of(info, section) : 0;
        if (section->access == (PE_READ_WRITE | PE_READ_EXECUTE))
            excess = section->access;
        if (excess != 0)
            hal_log(
                "%s: section %s could not be protected: it is %s, since sections aligned to %#x "
                "bytes share pages\n",
                image->name, section->name, words[excess], info->section_alignment);
    }
}

/* A security cookie has to be hard to guess for a buffer that overflows by mistake, not for an
 * enemy. */
static uint64_t random_bits(void)
{
    static uint64_t state;

    state += hal_wall_clock_us() << 20 ^ hal_cycles();
    state = (state ^ state >> 31) * 0x9E3779B97F4A7C15ull;
    return state ^ state >> 29;
}

/* Gives the slot a window that is large enough. The addresses of a smaller one are given up: a
 * slot's windows only grow, so there are few of them. */
static bool reserve_window(struct image_slot *slot, size_t page_count)
{
    void *window;

    if (slot->window && slot->window_page_count >= page_count)
        return true;
    window = hal_window_reserve(page_count);
    if (!window)
        return false;
    slot->window = window;
    slot->window_page_count = page_count;
    return true;
}

static bool is_loaded(const char *name)
{
    for (const struct loaded_image *image = loaded_images; image; image = image->next) {
        if (strncmp(image->name, name, IMAGE_NAME_CAPACITY - 1) == 0)
            return true;
    }
    return false;
}

/* Fills in the slot from the description that pe_inspect() wrote there, and makes the image run. */
static struct loaded_image *load_into(struct image_slot *slot, const char *name,
                                      pe_resolver resolve, struct pe_error *error)
{
    struct loaded_image *image = &slot->image;
    const struct pe_image_info *info = &image->info;

    if (!reserve_window(slot, pages_of(info->mapped_byte_count)))
        return refuse(error, PE_NO_MEMORY, "no virtual addresses are left for the image");
    snprintf(image->name, sizeof image->name, "%s", name);
    image->base = (uintptr_t)slot->window;
    image->byte_count = info->mapped_byte_count;
    image->entry = image->base + info->entry_rva;
    image->text_address = image->base + pe_section_at(info, info->entry_rva)->rva;
    image->preferred_base = info->preferred_base;
    image_set_lines(image, NULL, 0);
    if (!back_image(image)) {
        release_image(image);
        return refuse(error, PE_NO_MEMORY, "no memory is left for the image");
    }
    if (pe_load(info, slot->window, image->base, resolve, NULL, error) != PE_OK) {
        release_image(image);
        return NULL;
    }
    pe_set_cookie(info, slot->window, random_bits());
    if (info->cookie_fault)
        hal_log("%s: %s, and is left alone\n", image->name, info->cookie_fault);
    if (!protect_image(image)) {
        release_image(image);
        return refuse(error, PE_NO_MEMORY, "no memory is left for the image's page tables");
    }
    slot->loaded = true;
    image->next = loaded_images;
    loaded_images = image;
    hal_log("%s at %#llx\n", image->name, (unsigned long long)image->base);
    log_shared_pages(image);
    image_loaded_for_debugger(image->name, image->base, image->text_address);
    return image;
}

struct loaded_image *image_load(const char *name, const void *file, size_t byte_count,
                                pe_resolver resolve, struct pe_error *error)
{
    static struct pe_image_info info; /* too large for a stack; loading is never entered twice */
    struct image_slot *slot;

    if (is_loaded(name))
        return refuse(error, PE_ALREADY_LOADED, "a driver of this name is loaded already");
    if (pe_inspect(file, byte_count, PE_MACHINE_HERE, &info, error) != PE_OK)
        return NULL;
    slot = choose_slot(pages_of(info.mapped_byte_count));
    if (!slot)
        return refuse(error, PE_TOO_MANY_IMAGES, "no room for another image: unload one first");
    slot->image.info = info;
    return load_into(slot, name, resolve, error);
}

void image_unload(struct loaded_image *image)
{
    struct loaded_image **link = &loaded_images;

    image_unloaded_for_debugger(image->name, image->base);
    while (*link && *link != image)
        link = &(*link)->next;
    ASSERT(*link == image);
    *link = image->next;
    release_image(image);
    for (size_t i = 0; i < IMAGE_MAX_LOADED; i++) {
        if (&slots[i].image == image)
            slots[i].loaded = false;
    }
}

struct loaded_image *image_at(uintptr_t address)
{
    for (struct loaded_image *image = loaded_images; image; image = image->next) {
        if (address >= image->base && address - image->base < image->byte_count)
            return image;
    }
    return NULL;
}

bool image_is_code(uintptr_t address)
{
    const struct loaded_image *image = image_at(address);
    const struct pe_section *section =
        image ? pe_section_at(&image->info, (uint32_t)(address - image->base)) : NULL;

    return section && section->mapped && (section->access & PE_READ_EXECUTE) != 0;
}

void image_set_lines(struct loaded_image *image, const char *lines, size_t byte_count)
{
    const size_t frames = byte_count ? frames_begin(lines, byte_count) : 0;

    image->lines = frames ? lines : NULL;
    image->lines_byte_count = frames;
    image->frames = byte_count ? lines + frames : NULL;
    image->frames_byte_count = byte_count - frames;
}

static bool read_word(uint64_t address, uint64_t *word)
{
    uintptr_t found;
    bool is_there = address <= UINTPTR_MAX && hal_read_word((uintptr_t)address, &found);
    if (is_there)
        *word = found;
    return is_there;
}

enum hal_unwound image_unwind(struct hal_frame *frame, bool is_call)
{
    const struct loaded_image *image = image_at(frame->ip - is_call);
    uint32_t rva = image ? (uint32_t)(frame->ip - is_call - image->base) : 0;
    struct unwind_frame its = {frame->ip, frame->sp, frame->bp};

    if (!image)
        return HAL_UNWOUND_CHAIN;
    if (unwind_step(&image->info, (const uint8_t *)image->base, rva, is_call, read_word, &its) ||
        frames_step(image->frames, image->frames_byte_count, rva, sizeof(uintptr_t), read_word,
                    &its)) {
        *frame = (struct hal_frame){(uintptr_t)its.ip, (uintptr_t)its.sp, (uintptr_t)its.bp};
        return HAL_UNWOUND;
    }
    /* Who says how frames lie, and nothing plain of this one, has a frame pointer in it. */
    return image->frames_byte_count ? HAL_UNWOUND_CHAIN : HAL_UNWOUND_GUESS;
}

_Static_assert(HAL_DEFINITION == LINES_DEFINITION, "a depth is handed on as it is");

bool image_name_address(uintptr_t address, unsigned depth, char *text, size_t size)
{
    const struct loaded_image *image = image_at(address);
    char name[PE_NAME_CAPACITY];
    const char *place;
    size_t place_byte_count;
    uint32_t rva, offset;

    if (!image)
        return false;
    rva = (uint32_t)(address - image->base);
    if (lines_find(image->lines, image->lines_byte_count, rva, depth, &place, &place_byte_count))
        snprintf(text, size, "%s!%.*s", image->name, (int)place_byte_count, place);
    else if (depth > 0)
        return false;
    else if (pe_function_name(&image->info, rva, name, sizeof name, &offset) ||
             pe_nearest_export(&image->info, rva, name, sizeof name, &offset))
        snprintf(text, size, "%s+%#x (%s+%#x)", image->name, (unsigned)rva, name, (unsigned)offset);
    else
        snprintf(text, size, "%s+%#x", image->name, (unsigned)rva);
    return true;
}
