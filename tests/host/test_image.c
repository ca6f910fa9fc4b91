/* SPDX-License-Identifier: MIT */
/*
 * Loading and unloading of drivers, with the kernel's own sources over a HAL made of mmap(): pages
 * come from a memory file, so that one page can really be mapped at two addresses with two
 * protections.
 *
 * SOURCES: port/loader/image.c port/loader/exports.c port/loader/lines.c port/loader/unwind.c
 * SOURCES: port/loader/pe_sections.c port/loader/pe.c port/loader/pe_load.c port/loader/pe_names.c
 * SOURCES: port/loader/pe_error.c port/loader/pe_cookie.c port/loader/frames.c
 * ARGUMENTS: build/x86_64/sample.sys build/x86_64/sample_packed.sys
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hal/hal.h"
#include "port/loader/exports.h"
#include "port/loader/image.h"
#include "tests/host/sample.h"
#include "tests/host/tap.h"

/* ------------------------------------------------------------------ a HAL */

#define RAM_PAGES    1024u
#define WINDOW_PAGES 4096u

static uint8_t *ram, *windows; /* a physical address is the one in ram */
static int ram_file;
static size_t windows_used = 1;
static struct {
    bool used;
    bool has_table;      /* was mapped by itself once */
    unsigned protection; /* where all RAM is mapped */
} ram_pages[RAM_PAGES];
static struct {
    uint64_t physical; /* 0: not mapped */
    unsigned protection;
} window_pages[WINDOW_PAGES];
static int allocations_left = -1, mappings_left = -1; /* until one fails; -1: none does */

static void hal_start(void)
{
    ram_file = memfd_create("ram", 0);
    if (ram_file < 0 || ftruncate(ram_file, RAM_PAGES * 4096) != 0) {
        printf("Bail out! no memory file\n");
        exit(1);
    }
    ram = mmap(NULL, RAM_PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ram_file, 0);
    windows = mmap(NULL, WINDOW_PAGES * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < RAM_PAGES; i++)
        ram_pages[i].protection = HAL_MAP_WRITE;
}

static int host_protection(unsigned protection)
{
    return PROT_READ | (protection & HAL_MAP_WRITE ? PROT_WRITE : 0) |
           (protection & HAL_MAP_EXECUTE ? PROT_EXEC : 0);
}

uint64_t hal_wall_clock_us(void)
{
    return 1234567890123456;
}

static bool is_ram(const void *address)
{
    return (const uint8_t *)address >= ram && (const uint8_t *)address < ram + RAM_PAGES * 4096;
}

void *hal_pages_alloc(size_t page_count, uint64_t max_physical)
{
    size_t run = 0;

    (void)max_physical;
    if (allocations_left == 0)
        return NULL;
    allocations_left -= allocations_left > 0;
    for (size_t i = 0; i < RAM_PAGES; i++) {
        run = ram_pages[i].used ? 0 : run + 1;
        if (run == page_count) {
            uint8_t *pages = ram + (i + 1 - run) * 4096;
            for (size_t j = i + 1 - run; j <= i; j++)
                ram_pages[j].used = true;
            memset(pages, 0, page_count * 4096);
            return pages;
        }
    }
    return NULL;
}

void hal_pages_free(void *pages, size_t page_count)
{
    size_t first = (size_t)((uint8_t *)pages - ram) / 4096;

    for (size_t i = first; i < first + page_count; i++) {
        ASSERT(ram_pages[i].used && ram_pages[i].protection == HAL_MAP_WRITE);
        ram_pages[i].used = false;
    }
}

void *hal_window_reserve(size_t page_count)
{
    uint8_t *window = windows + windows_used * 4096;

    if (page_count + 1 > WINDOW_PAGES - windows_used)
        return NULL;
    windows_used += page_count + 1;
    return window;
}

bool hal_map(void *address, uint64_t physical, size_t page_count, unsigned protection)
{
    ASSERT(is_ram((void *)(uintptr_t)physical));
    for (size_t i = 0; i < page_count; i++) {
        uint8_t *page = (uint8_t *)address + i * 4096;
        uint64_t where = physical + i * 4096;
        size_t ram_index = (where - (uintptr_t)ram) / 4096;
        if (!is_ram(page) || !ram_pages[ram_index].has_table) {
            if (mappings_left == 0)
                return false;
            mappings_left -= mappings_left > 0;
        }
        if (is_ram(page)) {
            ASSERT((uintptr_t)page == where);
            ram_pages[ram_index].protection = protection;
            ram_pages[ram_index].has_table = true;
        } else {
            window_pages[(page - windows) / 4096].physical = where;
            window_pages[(page - windows) / 4096].protection = protection;
        }
        mmap(page, 4096, host_protection(protection), MAP_SHARED | MAP_FIXED, ram_file,
             (off_t)(ram_index * 4096));
    }
    return true;
}

void hal_unmap(void *address, size_t page_count)
{
    for (size_t i = 0; i < page_count; i++)
        window_pages[((uint8_t *)address - windows) / 4096 + (ptrdiff_t)i].physical = 0;
    mmap(address, page_count * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

void hal_protect(void *address, size_t page_count, unsigned protection)
{
    for (size_t i = 0; i < page_count; i++) {
        size_t page = (size_t)((uint8_t *)address - windows) / 4096 + i;
        ASSERT(window_pages[page].physical != 0);
        window_pages[page].protection = protection;
    }
    mprotect(address, page_count * 4096, host_protection(protection));
}

bool hal_read_word(uintptr_t address, uintptr_t *word)
{
    *word = *(const uintptr_t *)address;
    return true;
}

uint64_t hal_physical(const volatile void *address)
{
    return window_pages[((const volatile uint8_t *)address - windows) / 4096].physical;
}

void hal_panic(const char *file, int line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    printf("Bail out! %s:%d: ", file, line);
    vprintf(format, arguments);
    printf("\n");
    exit(1);
}

/* ------------------------------------------------------------------ what must hold */

/* Forgets the page tables that were made, so that they can be refused. */
static void hal_forget_tables(void)
{
    for (size_t i = 0; i < RAM_PAGES; i++)
        ram_pages[i].has_table = false;
}

/* Pages in use and not given back, or windows still mapped. */
static size_t leaked(void)
{
    size_t count = 0;

    for (size_t i = 0; i < RAM_PAGES; i++)
        count += ram_pages[i].used || ram_pages[i].protection != HAL_MAP_WRITE;
    for (size_t i = 0; i < WINDOW_PAGES; i++)
        count += window_pages[i].physical != 0;
    return count;
}

/* Is any page writable at one address and executable at another? */
static bool some_code_is_writable(void)
{
    for (size_t i = 0; i < WINDOW_PAGES; i++) {
        uint64_t physical = window_pages[i].physical;
        if (physical != 0 && (window_pages[i].protection & HAL_MAP_EXECUTE) != 0 &&
            ((window_pages[i].protection |
              ram_pages[(physical - (uintptr_t)ram) / 4096].protection) &
             HAL_MAP_WRITE) != 0)
            return true;
    }
    return false;
}

static char logged[4096]; /* since it was emptied */

void hal_log(const char *format, ...)
{
    size_t length = strlen(logged);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(logged + length, sizeof logged - length, format, arguments);
    va_end(arguments);
}

/* ------------------------------------------------------------------ what the driver calls */

#define DRIVER_CALL __attribute__((ms_abi))

static unsigned stalled_us;
static volatile uint32_t tick_count = SAMPLE_TICK_COUNT;

static DRIVER_CALL void stall(uint32_t duration_us)
{
    stalled_us += duration_us;
}

static DRIVER_CALL uint32_t bus_type(void *extension)
{
    (void)extension;
    return SAMPLE_BUS_TYPE;
}

static DRIVER_CALL void debug_print(uint32_t level, const char *format)
{
    (void)level, (void)format;
}

const struct export_entry export_table[] = {
    {"AtaPortDebugPrint", debug_print, EXPORT_ATAPORT | EXPORT_PCIIDEX},
    {"AtaPortGetParentBusType", bus_type, EXPORT_ATAPORT},
    {"AtaPortStallExecution", stall, EXPORT_ATAPORT | EXPORT_PCIIDEX},
    {"KeTickCount", (const void *)&tick_count, EXPORT_NTOSKRNL},
};
const size_t export_count = sizeof export_table / sizeof export_table[0];

static int32_t start(const struct loaded_image *image)
{
    DRIVER_CALL int32_t (*entry)(void *driver, void *path);

    *(uintptr_t *)&entry = image->entry;
    return entry(NULL, NULL);
}

/* ------------------------------------------------------------------ the tests */

#define EXPORT_CASES 6u
static void test_exports(void)
{
    uint64_t address = 0;

    TAP_CHECK(export_find("ataport.sys", "AtaPortStallExecution", &address) == PE_RESOLVED &&
              address == (uintptr_t)stall);
    TAP_CHECK(export_find("PCIIDEX.SYS", "AtaPortStallExecution", &address) == PE_RESOLVED &&
              address == (uintptr_t)stall);
    TAP_CHECK(export_find("NTOSKRNL.exe", "KeTickCount", &address) == PE_RESOLVED);
    TAP_CHECK(export_find("pciidex.sys", "AtaPortGetParentBusType", &address) == PE_NO_SUCH_SYMBOL);
    TAP_CHECK(export_find("ataport.sys", "ataportstallexecution", &address) == PE_NO_SUCH_SYMBOL);
    TAP_CHECK(export_find("ataport", "AtaPortStallExecution", &address) == PE_NO_SUCH_MODULE);
}

#define LIFE_CASES 19u
static void test_life(const struct sample_file *file)
{
    struct pe_error error;
    struct loaded_image *image =
        image_load("sample.sys", file->bytes, file->byte_count, export_resolve, &error);
    uintptr_t base;
    char text[64], lines[64];

    if (!TAP_CHECK(image != NULL)) {
        printf("Bail out! %s\n", error.text);
        exit(1);
    }
    base = image->base;
    TAP_CHECK(loaded_images == image && image->next == NULL);
    TAP_CHECK(strcmp(image->name, "sample.sys") == 0);
    TAP_CHECK(image->text_address > base && image->entry >= image->text_address);
    TAP_CHECK(!some_code_is_writable());
    TAP_CHECK(start(image) == (int32_t)SAMPLE_RESULT && stalled_us == SAMPLE_STALL);
    TAP_CHECK(start(image) != (int32_t)SAMPLE_RESULT); /* its data has changed */
    TAP_CHECK(image_at(base) == image && image_at(base + image->byte_count - 1) == image &&
              image_at(base - 1) == NULL && image_at(base + image->byte_count) == NULL);
    TAP_CHECK(image_is_code(image->entry) && !image_is_code(base) && !image_is_code(base - 1));
    TAP_CHECK(image_name_address(image->entry + 4, 0, text, sizeof text) &&
              strstr(text, "sample.sys+0x") == text && strstr(text, " (DriverEntry+0x4)"));
    snprintf(lines, sizeof lines, "%08x DriverEntry a/sample.c:7\n",
             (unsigned)(image->entry - base));
    image_set_lines(image, lines, strlen(lines));
    TAP_CHECK(image_name_address(image->entry + 4, 0, text, sizeof text) &&
              strcmp(text, "sample.sys!DriverEntry a/sample.c:7") == 0);
    TAP_CHECK(image_name_address(base + 0x20, 0, text, sizeof text) &&
              strcmp(text, "sample.sys+0x20") == 0);
    image_set_lines(image, NULL, 0);
    TAP_CHECK(image_name_address(base + 0x20, 0, text, sizeof text) &&
              strcmp(text, "sample.sys+0x20") == 0);
    TAP_CHECK(!image_name_address(base - 1, 0, text, sizeof text));
    TAP_CHECK(image_load("sample.sys", file->bytes, file->byte_count, export_resolve, &error) ==
                  NULL &&
              error.status == PE_ALREADY_LOADED);
    TAP_CHECK(image_load("cut.sys", file->bytes, file->byte_count / 8, export_resolve, &error) ==
                  NULL &&
              error.status != PE_OK && loaded_images == image);
    image_unload(image);
    TAP_CHECK(loaded_images == NULL && leaked() == 0 && image_at(base) == NULL);
    image = image_load("sample.sys", file->bytes, file->byte_count, export_resolve, &error);
    TAP_CHECK(image != NULL && image->base == base && start(image) == (int32_t)SAMPLE_RESULT);
    image_unload(image);
    TAP_CHECK(leaked() == 0);
}

#define SHORTAGE_CASES 4u
/* Fails the first, the second ... request for memory, until loading needs no more of them. */
static void test_shortage(const struct sample_file *file, const char *what, int *requests_left)
{
    unsigned refusals = 0, leaks = 0, lies = 0;
    struct loaded_image *image = NULL;
    struct pe_error error;

    for (int n = 0; image == NULL && n < 1000; n++) {
        hal_forget_tables();
        *requests_left = n;
        image = image_load("sample.sys", file->bytes, file->byte_count, export_resolve, &error);
        *requests_left = -1;
        if (image == NULL) {
            refusals++;
            leaks += leaked() != 0 || loaded_images != NULL;
            lies += error.status != PE_NO_MEMORY;
        }
    }
    tap_ok(refusals >= 5 && leaks == 0 && lies == 0,
           "%s refused at each of %u places: said so, nothing stays behind", what, refusals);
    tap_ok(image != NULL && start(image) == (int32_t)SAMPLE_RESULT, "%s granted: the driver runs",
           what);
    if (image != NULL)
        image_unload(image);
}

/* A copy whose relocations are not discardable, so that one more section is loaded. */
static struct sample_file larger(const struct sample_file *file)
{
    struct sample_file copy = {malloc(file->byte_count), file->byte_count};
    uint8_t *name;

    memcpy(copy.bytes, file->bytes, copy.byte_count);
    name = memmem(copy.bytes, 0x400, ".reloc\0", 7);
    ASSERT(name != NULL);
    name[39] &= 0xfd; /* the characteristics' highest byte */
    return copy;
}

#define CROWD_CASES 7u
static void test_crowd(const struct sample_file *file)
{
    struct loaded_image *images[IMAGE_MAX_LOADED], *image;
    struct sample_file large = larger(file);
    struct pe_error error;
    size_t windows_before;
    unsigned loaded = 0, right = 0;
    char name[16];

    for (unsigned i = 0; i < IMAGE_MAX_LOADED; i++) {
        snprintf(name, sizeof name, "d%u.sys", i);
        images[i] = image_load(name, file->bytes, file->byte_count, export_resolve, &error);
        loaded += images[i] != NULL;
    }
    TAP_CHECK(loaded == IMAGE_MAX_LOADED);
    TAP_CHECK(image_load("more.sys", file->bytes, file->byte_count, export_resolve, &error) ==
                  NULL &&
              error.status == PE_TOO_MANY_IMAGES);
    for (unsigned i = 0; i < IMAGE_MAX_LOADED; i++)
        right +=
            start(images[i]) == (int32_t)SAMPLE_RESULT && image_at(images[i]->entry) == images[i];
    TAP_CHECK(right == IMAGE_MAX_LOADED && !some_code_is_writable());
    for (unsigned i = 0; i < IMAGE_MAX_LOADED; i++)
        image_unload(images[(i * 7 + 3) % IMAGE_MAX_LOADED]);
    TAP_CHECK(loaded_images == NULL && leaked() == 0);
    windows_before = windows_used;
    for (unsigned i = 0; i < 100; i++)
        image_unload(
            image_load("again.sys", file->bytes, file->byte_count, export_resolve, &error));
    TAP_CHECK(windows_used == windows_before);
    image = image_load("larger.sys", large.bytes, large.byte_count, export_resolve, &error);
    TAP_CHECK(image != NULL && windows_used > windows_before &&
              start(image) == (int32_t)SAMPLE_RESULT);
    image_unload(image);
    image = image_load("again.sys", file->bytes, file->byte_count, export_resolve, &error);
    TAP_CHECK(image != NULL && image->base < (uintptr_t)windows + windows_before * 4096);
    image_unload(image);
    free(large.bytes);
}

#define PACKED_CASES 8u
/* Sections that share pages: the image runs, what can be protected is, and the log says what cannot. */
static void test_packed(const struct sample_file *file)
{
    struct pe_error error;
    struct loaded_image *image;

    logged[0] = '\0';
    image = image_load("packed.sys", file->bytes, file->byte_count, export_resolve, &error);
    if (!TAP_CHECK(image != NULL)) {
        printf("Bail out! %s\n", error.text);
        exit(1);
    }
    TAP_CHECK(start(image) == (int32_t)SAMPLE_RESULT);
    TAP_CHECK(strstr(logged, "packed.sys: section .text could not be protected: it is writable,"));
    TAP_CHECK(strstr(logged, ": section .data could not be protected: it is executable,"));
    TAP_CHECK(strstr(logged, ": it is writable and executable, since sections aligned to 0x80"));
    /* Zeroed data and import slots have their last page for themselves. */
    TAP_CHECK(window_pages[(image->base - (uintptr_t)windows) / 4096].protection ==
              (HAL_MAP_WRITE | HAL_MAP_EXECUTE | HAL_MAP_CODE_WITH_DATA));
    TAP_CHECK(window_pages[(image->base - (uintptr_t)windows) / 4096 + 1].protection ==
              HAL_MAP_WRITE);
    image_unload(image);
    TAP_CHECK(leaked() == 0);
}

int main(int argc, char **argv)
{
    struct sample_file file, packed;

    if (argc != 3) {
        fprintf(stderr, "usage: test_image SAMPLE-x86_64.sys PACKED-x86_64.sys\n");
        return 2;
    }
    file = sample_read(argv[1]);
    packed = sample_read(argv[2]);
    hal_start();
    test_exports();
    test_life(&file);
    test_shortage(&file, "pages", &allocations_left);
    test_shortage(&file, "page tables", &mappings_left);
    test_crowd(&file);
    test_packed(&packed);
    free(file.bytes);
    free(packed.bytes);
    return tap_exit();
}
