/* SPDX-License-Identifier: MIT */
/*
 * The PE loader on the host: a driver made by mingw-w64 loads and runs, damaged copies of it are
 * refused for the right reason, and no damage makes the loader read or write where it must not (the
 * sanitizers see to that).
 *
 * SOURCES: port/loader/pe_sections.c port/loader/pe.c port/loader/pe_load.c port/loader/pe_names.c
 * SOURCES: port/loader/pe_error.c port/loader/pe_cookie.c
 * ARGUMENTS: build/x86_64/sample.sys build/i386/sample.sys
 */
#include <sys/mman.h>

#include "tests/host/pe_copy.h"
#include "tests/host/sample.h"
#include "tests/host/tap.h"

#define FLIP_ROUNDS 100000u
#define SEED        0x2545f4914f6cdd1dull

static unsigned seen[PE_STATUS_COUNT]; /* how many cases asked for each status */

/* ------------------------------------------------------------------ resolving */

static char last_module[PE_NAME_CAPACITY], last_symbol[PE_NAME_CAPACITY];

/* Knows everything. */
static enum pe_resolution resolve_any(void *context, const char *module, const char *symbol,
                                      uint64_t *address)
{
    unsigned *count = context;

    snprintf(last_module, sizeof last_module, "%s", module);
    snprintf(last_symbol, sizeof last_symbol, "%s", symbol);
    *address = 0x11000000u + ++*count;
    return PE_RESOLVED;
}

static enum pe_resolution resolve_no_module(void *context, const char *module, const char *symbol,
                                            uint64_t *address)
{
    (void)context, (void)module, (void)symbol, (void)address;
    return PE_NO_SUCH_MODULE;
}

/* Knows everything but one name. */
static enum pe_resolution resolve_most(void *context, const char *module, const char *symbol,
                                       uint64_t *address)
{
    (void)context, (void)module;
    *address = 0x11000000u;
    return strcmp(symbol, "KeTickCount") == 0 ? PE_NO_SUCH_SYMBOL : PE_RESOLVED;
}

static enum pe_resolution resolve_high(void *context, const char *module, const char *symbol,
                                       uint64_t *address)
{
    (void)context, (void)module, (void)symbol;
    *address = 0x100000000u;
    return PE_RESOLVED;
}

/* ------------------------------------------------------------------ what must always hold */

/* What pe.h promises of every description that pe_inspect() was content with. */
static bool description_holds(const struct pe_image_info *info)
{
    uint32_t end = info->header_byte_count;
    const struct pe_section *entry = pe_section_at(info, info->entry_rva);

    if (entry == NULL || (entry->access & PE_READ_EXECUTE) == 0 || !entry->mapped)
        return false;
    if (info->mapped_byte_count % PE_PAGE_SIZE != 0 || info->mapped_byte_count < end ||
        info->mapped_byte_count > PE_MAX_IMAGE_SIZE || end > info->file_byte_count)
        return false;
    for (uint32_t i = 0; i < info->section_count; i++) {
        const struct pe_section *s = &info->sections[i];
        if (s->byte_count == 0)
            continue;
        if (s->rva < end || s->rva % info->section_alignment != 0 ||
            s->file_byte_count > s->byte_count ||
            !pe_fits(s->file_offset, s->file_byte_count, info->file_byte_count) ||
            !pe_fits(s->rva, s->byte_count, info->image_byte_count) ||
            (s->mapped && s->rva + s->byte_count > info->mapped_byte_count))
            return false;
        end = s->rva + s->byte_count;
    }
    return true;
}

/* Does everything that can be done with a file. The reason of a refusal is in *error. */
static enum pe_status try_everything(const struct copy *copy, enum pe_machine machine,
                                     pe_resolver resolve, uint64_t base_offset,
                                     struct pe_error *error, bool *sound)
{
    static struct pe_image_info info;
    enum pe_status status = pe_inspect(copy->bytes, copy->byte_count, machine, &info, error);
    unsigned count = 0;
    char name[24];
    uint32_t offset;
    uint8_t *memory;

    *sound = status == error->status;
    if (status != PE_OK) {
        *sound = *sound && error->text[0] != '\0';
        return status;
    }
    *sound = *sound && description_holds(&info);
    memory = calloc(1, info.mapped_byte_count);
    status = pe_load(&info, memory, info.preferred_base + base_offset, resolve, &count, error);
    *sound = *sound && status == error->status && (status == PE_OK) == (error->text[0] == '\0');
    pe_set_cookie(&info, memory, 0x0123456789abcdef);
    for (uint32_t rva = 0; rva < 0x6000; rva += 0x7ff) {
        pe_function_name(&info, rva, name, sizeof name, &offset);
        pe_nearest_export(&info, rva, name, sizeof name, &offset);
    }
    free(memory);
    return status;
}

/* ------------------------------------------------------------------ refusals */

static void check_refusal(const char *what, struct copy *copy, enum pe_machine machine,
                          pe_resolver resolve, enum pe_status expected, const char *fragment)
{
    struct pe_error error;
    bool sound;
    enum pe_status status = try_everything(copy, machine, resolve, 0x10000, &error, &sound);

    seen[expected]++;
    if (!tap_ok(status == expected && sound && strstr(error.text, fragment) != NULL, "%s: %s: %s",
                pe_machine_name((uint16_t)machine), what, pe_status_name(expected)))
        printf("# got %s (%s), sound: %d, wanted the words: %s\n", pe_status_name(status),
               error.text, sound, fragment);
    free(copy->allocation);
}

/* Damages a copy named c in the way the last argument says, and expects a refusal with these words.
 */
#define REFUSED_BY(resolver, what, status, fragment, ...)             \
    do {                                                              \
        struct copy c = copy_of(sample->bytes, sample->byte_count);   \
        __VA_ARGS__;                                                  \
        check_refusal(what, &c, machine, resolver, status, fragment); \
    } while (0)
#define REFUSED(...) REFUSED_BY(resolve_any, __VA_ARGS__)

#define HEADER_CASES 30u
static void test_headers(const struct sample_file *sample, enum pe_machine machine)
{
    enum pe_machine other = machine == PE_MACHINE_AMD64 ? PE_MACHINE_I386 : PE_MACHINE_AMD64;

    REFUSED("an empty file", PE_TRUNCATED, "empty", c.byte_count = 0);
    REFUSED("an MS-DOS header cut off", PE_TRUNCATED, "40 bytes of 64", c.byte_count = 40);
    REFUSED("a PE header cut off", PE_TRUNCATED, "PE header",
            c.byte_count = pe_get32(c.bytes + DOS_LFANEW) + 10);
    REFUSED("a PE header far away", PE_TRUNCATED, "0xfffffff0",
            pe_put32(c.bytes + DOS_LFANEW, 0xfffffff0));
    REFUSED("a section table cut off", PE_TRUNCATED, "cut off in the headers",
            c.byte_count = (size_t)(section_number(&c, 1) + 5 - c.bytes));
    REFUSED("headers cut off", PE_TRUNCATED, "cut off in the headers",
            pe_put32(optional(&c) + OPTIONAL_HEADERS_SIZE, (uint32_t)c.byte_count + 1));
    REFUSED("a text file", PE_NOT_PE, "does not begin with MZ", memcpy(c.bytes, "[HKEY", 5));
    REFUSED("an ELF file", PE_NOT_PE, "ELF", memcpy(c.bytes, "\177ELF", 4));
    REFUSED("a library", PE_NOT_PE, "library", memcpy(c.bytes, "!<arch>\n", 8));
    REFUSED("an object file", PE_NOT_PE, "not linked", put16(c.bytes, machine));
    REFUSED("an MS-DOS program", PE_NOT_PE, "no PE signature", memcpy(coff(&c), "NE", 2));
    REFUSED("another machine", PE_WRONG_MACHINE, pe_machine_name((uint16_t)other),
            put16(coff(&c) + COFF_MACHINE, other));
    REFUSED("an unknown machine", PE_WRONG_MACHINE, "0xaa64",
            put16(coff(&c) + COFF_MACHINE, 0xaa64));
    REFUSED("not executable", PE_NOT_DRIVER, "not an executable image",
            put16(coff(&c) + COFF_CHARACTERISTICS, 0));
    REFUSED("a console program", PE_NOT_DRIVER, "--subsystem native",
            put16(optional(&c) + OPTIONAL_SUBSYSTEM, 3));
    REFUSED("a PE header at an odd offset", PE_MISALIGNED, "0x42",
            memmove(c.bytes + 0x42, coff(&c), 0x180), pe_put32(c.bytes + DOS_LFANEW, 0x42));
    REFUSED("no sections", PE_BAD_HEADER, "no sections", put16(coff(&c) + COFF_SECTION_COUNT, 0));
    REFUSED("too many sections", PE_TOO_LARGE, "65 sections",
            put16(coff(&c) + COFF_SECTION_COUNT, PE_MAX_SECTIONS + 1));
    REFUSED("a short optional header", PE_BAD_HEADER, "size is 64",
            put16(coff(&c) + COFF_OPTIONAL_HEADER_SIZE, 64));
    REFUSED("an optional header of one byte", PE_BAD_HEADER, "header's size is 1, and at least",
            put16(coff(&c) + COFF_OPTIONAL_HEADER_SIZE, 1));
    REFUSED("the table of one section cut off", PE_TRUNCATED, "(sections: 1), and the file has",
            put16(coff(&c) + COFF_SECTION_COUNT, 1),
            c.byte_count = (size_t)(section_number(&c, 0) + 5 - c.bytes));
    REFUSED(
        "no room for one directory", PE_BAD_HEADER, "too small for directories: 1",
        pe_put32(directory(&c, 0) - 4, 1),
        put16(coff(&c) + COFF_OPTIONAL_HEADER_SIZE, (unsigned)(directory(&c, 0) - optional(&c))));
    REFUSED("the other optional header", PE_BAD_HEADER, "of kind 0x107",
            put16(optional(&c) + OPTIONAL_MAGIC, 0x107));
    REFUSED("fewer directories than it says", PE_BAD_HEADER, "too small for directories: 16",
            put16(coff(&c) + COFF_OPTIONAL_HEADER_SIZE,
                  pe_get16(coff(&c) + COFF_OPTIONAL_HEADER_SIZE) - 8u));
    REFUSED("headers larger than the image", PE_BAD_HEADER, "larger than the image",
            pe_put32(optional(&c) + OPTIONAL_HEADERS_SIZE, 0xffffffff));
    REFUSED("headers smaller than the section table", PE_BAD_HEADER, "does not cover",
            pe_put32(optional(&c) + OPTIONAL_HEADERS_SIZE, 0x100));
    REFUSED("an image over the limit", PE_TOO_LARGE, "4294963200",
            pe_put32(optional(&c) + OPTIONAL_IMAGE_SIZE, 0xfffff000));
    REFUSED("thread-local storage", PE_UNSUPPORTED, "thread-local",
            pe_put32(directory(&c, DIRECTORY_TLS), 0x1000));
    REFUSED("delayed imports", PE_UNSUPPORTED, "delay-loaded",
            pe_put32(directory(&c, DIRECTORY_DELAY_IMPORT), 0x1000));
    REFUSED("managed code", PE_UNSUPPORTED, "managed",
            pe_put32(directory(&c, DIRECTORY_MANAGED), 0x1000));
}

#define SECTION_CASES 21u
static void test_sections(const struct sample_file *sample, enum pe_machine machine)
{
    REFUSED("a section alignment of 0", PE_MISALIGNED, "powers of two",
            pe_put32(optional(&c) + OPTIONAL_SECTION_ALIGNMENT, 0));
    REFUSED("a section alignment of 3 pages", PE_MISALIGNED, "powers of two",
            pe_put32(optional(&c) + OPTIONAL_SECTION_ALIGNMENT, 0x3000));
    REFUSED("a file alignment of 24", PE_MISALIGNED, "powers of two",
            pe_put32(optional(&c) + OPTIONAL_FILE_ALIGNMENT, 24));
    REFUSED("a preferred address in a page", PE_MISALIGNED, "preferred address",
            optional(&c)[is_wide(&c) ? OPTIONAL_BASE_PE32_PLUS : OPTIONAL_BASE_PE32] = 1);
    REFUSED("an image of half a page", PE_MISALIGNED, "image's size",
            optional(&c)[OPTIONAL_IMAGE_SIZE + 1] |= 8);
    REFUSED("a section in the middle of a page", PE_MISALIGNED, "section .rdata",
            section(&c, ".rdata")[SECTION_RVA] = 0x10);
    REFUSED("a section at an odd file offset", PE_MISALIGNED, "section .text is at file offset",
            section(&c, ".text")[SECTION_RAW_OFFSET] = 0x10);
    REFUSED("a section outside the file", PE_SECTION_OUTSIDE_FILE, "section .text",
            pe_put32(section(&c, ".text") + SECTION_RAW_OFFSET, 0x7ffffe00));
    REFUSED("a section whose end wraps in the file", PE_SECTION_OUTSIDE_FILE, "section .data",
            pe_put32(section(&c, ".data") + SECTION_RAW_SIZE, 0xfffffe00));
    REFUSED("a section outside the image", PE_SECTION_OUTSIDE_IMAGE, "section .bss",
            pe_put32(section(&c, ".bss") + SECTION_RVA, 0x7ffff000));
    REFUSED("a section larger than the image", PE_SECTION_OUTSIDE_IMAGE, "section .data",
            pe_put32(section(&c, ".data") + SECTION_VIRTUAL_SIZE, 0xfffff000));
    REFUSED("a section under another", PE_SECTION_OVERLAP, "section .rdata",
            pe_put32(section(&c, ".rdata") + SECTION_RVA,
                     pe_get32(section(&c, ".text") + SECTION_RVA)));
    REFUSED("a section that reaches into the next", PE_SECTION_OVERLAP, "overlaps section .text",
            pe_put32(section(&c, ".text") + SECTION_VIRTUAL_SIZE, 0x1001));
    REFUSED("a section over the headers", PE_SECTION_OVERLAP, "overlaps the headers",
            pe_put32(section(&c, ".text") + SECTION_RVA, 0));
    REFUSED("sections in descending order", PE_SECTION_ORDER, "ascending order", {
        uint8_t first[SECTION_HEADER_SIZE];
        memcpy(first, section_number(&c, 0), sizeof first);
        memcpy(section_number(&c, 0), section_number(&c, 1), sizeof first);
        memcpy(section_number(&c, 1), first, sizeof first);
    });
    REFUSED("writable code", PE_WRITABLE_CODE, "section .text is both",
            set_flags(section(&c, ".text"), SECTION_WRITE));
    REFUSED("executable data", PE_WRITABLE_CODE, "section .data is both",
            set_flags(section(&c, ".data"), SECTION_EXECUTE));
    REFUSED("writable code named INIT that stays", PE_WRITABLE_CODE, "section INIT",
            memcpy(section(&c, ".text"), "INIT\0", 6),
            set_flags(section(&c, "INIT"), SECTION_WRITE));
    REFUSED("no entry point", PE_BAD_ENTRY, "no entry point",
            pe_put32(optional(&c) + OPTIONAL_ENTRY, 0));
    REFUSED("an entry point in data", PE_BAD_ENTRY, "section .data, which is not executable",
            pe_put32(optional(&c) + OPTIONAL_ENTRY, pe_get32(section(&c, ".data") + SECTION_RVA)));
    REFUSED("an entry point outside", PE_BAD_ENTRY, "in no section",
            pe_put32(optional(&c) + OPTIONAL_ENTRY, 0xffffffff));
}

#define RELOCATION_CASES 13u
static void test_relocations(const struct sample_file *sample, enum pe_machine machine)
{
    unsigned own = machine == PE_MACHINE_AMD64 ? RELOCATION_DIR64 : RELOCATION_HIGHLOW;
    unsigned foreign = machine == PE_MACHINE_AMD64 ? RELOCATION_HIGHLOW : RELOCATION_DIR64;

    REFUSED("a relocation table outside", PE_BAD_RELOCATION, "relocation table at RVA 0x7000000",
            pe_put32(directory(&c, DIRECTORY_RELOCATION), 0x7000000));
    REFUSED("a relocation table longer than its section", PE_BAD_RELOCATION, "relocation table",
            pe_put32(directory(&c, DIRECTORY_RELOCATION) + 4, 0x10000000));
    REFUSED("a relocation block for a page outside", PE_BAD_RELOCATION, "no page of the image",
            pe_put32(relocation_table(&c), 0x7000000));
    REFUSED("a relocation block for half a page", PE_BAD_RELOCATION, "no page of the image",
            pe_put32(relocation_table(&c), 0x1800));
    REFUSED("a relocation in the headers", PE_BAD_RELOCATION, "does not lie in one section",
            pe_put32(relocation_table(&c), 0));
    REFUSED("a relocation block of 0 bytes", PE_BAD_RELOCATION, "size is 0",
            pe_put32(relocation_table(&c) + 4, 0));
    REFUSED("a relocation block of one byte", PE_BAD_RELOCATION, "says that its size is 1,",
            pe_put32(relocation_table(&c) + 4, 1));
    REFUSED("a relocation block of 9 bytes", PE_BAD_RELOCATION, "size is 9",
            pe_put32(relocation_table(&c) + 4, 9));
    REFUSED("a relocation block over the table's end", PE_BAD_RELOCATION, "the table's rest is",
            pe_put32(relocation_table(&c) + 4, 0xfffffff0));
    REFUSED("a relocation over its section's end", PE_BAD_RELOCATION, "RVA 0x1fff",
            pe_put32(relocation_table(&c), 0x1000),
            put16(relocation_table(&c) + 8, own << 12 | 0xfff));
    REFUSED("a relocation at the image's end", PE_BAD_RELOCATION, "outside the image", {
        uint32_t image_byte_count = pe_get32(optional(&c) + OPTIONAL_IMAGE_SIZE);
        pe_put32(relocation_table(&c), image_byte_count - PE_PAGE_SIZE);
        put16(relocation_table(&c) + 8, own << 12 | 0xffd);
    });
    REFUSED("a relocation of another machine", PE_BAD_RELOCATION, "do not have",
            put16(relocation_table(&c) + 8, foreign << 12));
    REFUSED("relocations stripped", PE_RELOCATIONS_STRIPPED, "--dynamicbase",
            coff(&c)[COFF_CHARACTERISTICS] |= COFF_RELOCATIONS_STRIPPED);
}

/* A name table that never ends: all of .data, enlarged, is full of references to one name. */
static void repeat_first_import(struct copy *copy)
{
    uint8_t *header = section(copy, ".data");
    uint32_t rva = pe_get32(header + SECTION_RVA);
    uint32_t name = pe_get32(first_import(copy));
    uint8_t *descriptor = import_table(copy);

    for (unsigned i = 0; i < 512; i += 4)
        pe_put32(at_rva(copy, rva + i), i % (is_wide(copy) ? 8 : 4) == 0 ? name : 0);
    pe_put32(header + SECTION_VIRTUAL_SIZE, 512);
    pe_put32(descriptor + IMPORT_NAME_TABLE, rva);
    pe_put32(descriptor + IMPORT_SLOTS, pe_get32(section(copy, ".bss") + SECTION_RVA));
}

#define IMPORT_CASES 16u
static void test_imports(const struct sample_file *sample, enum pe_machine machine)
{
    REFUSED("an import table outside", PE_BAD_IMPORT, "import table runs out",
            pe_put32(directory(&c, DIRECTORY_IMPORT), 0xfffffff0));
    REFUSED("an import table without an end", PE_BAD_IMPORT, "at RVA", {
        uint32_t rva = pe_get32(section(&c, ".data") + SECTION_RVA);
        uint32_t length = pe_get32(section(&c, ".data") + SECTION_VIRTUAL_SIZE);
        pe_put32(directory(&c, DIRECTORY_IMPORT), rva + length - 10);
    });
    REFUSED("a module name outside", PE_BAD_IMPORT, "module's name at RVA 0xfffffff0",
            pe_put32(import_table(&c) + IMPORT_MODULE, 0xfffffff0));
    REFUSED("a name table outside", PE_BAD_IMPORT, "runs out of its section at RVA 0xfffffff0",
            pe_put32(import_table(&c) + IMPORT_NAME_TABLE, 0xfffffff0));
    REFUSED("a name table without an end", PE_BAD_IMPORT, "runs out of its section",
            repeat_first_import(&c));
    REFUSED("a symbol's name outside", PE_BAD_IMPORT, "name at RVA 0x3ffffff",
            pe_put32(first_import(&c), 0x3ffffff));
    REFUSED("a symbol's name far outside", PE_BAD_IMPORT, "name at RVA 0x",
            first_import(&c)[is_wide(&c) ? 5 : 3] = 0x7f);
    REFUSED("an empty symbol name", PE_BAD_IMPORT, "no name of 1 to 127 characters",
            *at_rva(&c, pe_get32(first_import(&c)) + 2) = '\0');
    REFUSED("a symbol name without an end", PE_BAD_IMPORT, "no name of 1 to 127 characters",
            memset(at_rva(&c, pe_get32(section(&c, ".text") + SECTION_RVA)), 'x', 0x200),
            pe_put32(first_import(&c), pe_get32(section(&c, ".text") + SECTION_RVA)));
    REFUSED("a slot outside", PE_BAD_IMPORT, "in no section that is loaded",
            pe_put32(import_table(&c) + IMPORT_SLOTS, 0xfffffff0));
    REFUSED(
        "a slot in a section that is not loaded", PE_BAD_IMPORT, "no section that is loaded",
        pe_put32(import_table(&c) + IMPORT_SLOTS, pe_get32(directory(&c, DIRECTORY_RELOCATION))));
    REFUSED("an import by number", PE_IMPORT_BY_ORDINAL, "number 77 from ataport.sys",
            pe_put32(first_import(&c), 77), first_import(&c)[is_wide(&c) ? 7 : 3] |= 0x80);
    REFUSED("imports bound in advance", PE_UNSUPPORTED, "ataport.sys were bound",
            pe_put32(import_table(&c) + IMPORT_NAME_TABLE, 0),
            pe_put32(import_table(&c) + IMPORT_TIME_STAMP, 0xffffffff));
    REFUSED_BY(
        resolve_no_module, "modules that are not there", PE_UNKNOWN_IMPORT,
        "4 unknown imports, the first is AtaPortGetParentBusType from ataport.sys: there is no",
        (void)c);
    REFUSED_BY(resolve_most, "an unknown import", PE_UNKNOWN_IMPORT,
               "1 unknown import, KeTickCount from ntoskrnl.exe: that module does not export it",
               (void)c);
    REFUSED("letters that no terminal should see", PE_BAD_IMPORT, "from ?[31mrt.sys",
            memcpy(at_rva(&c, pe_get32(import_table(&c) + IMPORT_MODULE)), "\33[31m", 5),
            pe_put32(first_import(&c), 0x3ffffff));
}

/* ------------------------------------------------------------------ limits */

/* Files that only a loop can make: too many modules, too many imports. */
#define LIMIT_CASES 4u
static void test_limits(const struct sample_file *sample, enum pe_machine machine)
{
    enum { BIG = 0x20000 };
    size_t byte_count = (sample->byte_count + 511) / 512 * 512;
    struct copy big = {.byte_count = byte_count + BIG};
    uint32_t rva, name, module, image_byte_count;
    uint8_t *data, *header;

    /* The last section, one of debug information, becomes a large one of data. */
    big.allocation = calloc(1, big.byte_count + 1);
    big.bytes = big.allocation + 1;
    memcpy(big.bytes, sample->bytes, sample->byte_count);
    header = section_number(&big, pe_get16(coff(&big) + COFF_SECTION_COUNT) - 1u);
    rva = pe_get32(header + SECTION_RVA);
    image_byte_count = rva + BIG;
    memcpy(header + SECTION_NAME, ".big\0\0\0\0", 8);
    pe_put32(header + SECTION_VIRTUAL_SIZE, BIG);
    pe_put32(header + SECTION_RAW_SIZE, BIG);
    pe_put32(header + SECTION_RAW_OFFSET, (uint32_t)byte_count);
    pe_put32(optional(&big) + OPTIONAL_IMAGE_SIZE, image_byte_count);
    data = big.bytes + byte_count;
    name = pe_get32(first_import(&big));
    module = pe_get32(import_table(&big) + IMPORT_MODULE);

#define BIG_REFUSED(what, status, words)                              \
    do {                                                              \
        struct copy c = copy_of(big.bytes, big.byte_count);           \
        check_refusal(what, &c, machine, resolve_any, status, words); \
    } while (0)
    for (unsigned i = 0; i < PE_MAX_IMPORT_MODULES + 1; i++) {
        pe_put32(data + i * IMPORT_DESCRIPTOR_SIZE + IMPORT_MODULE, module);
        pe_put32(data + i * IMPORT_DESCRIPTOR_SIZE + IMPORT_SLOTS, rva + BIG - 8);
    }
    pe_put32(directory(&big, DIRECTORY_IMPORT), rva);
    BIG_REFUSED("too many modules", PE_TOO_LARGE, "more than 64 modules");
    memset(data + IMPORT_DESCRIPTOR_SIZE, 0, IMPORT_DESCRIPTOR_SIZE);
    for (unsigned i = 0; i <= PE_MAX_IMPORTS; i++)
        pe_put32(data + 0x1000 + i * (is_wide(&big) ? 8 : 4), name);
    pe_put32(data + IMPORT_SLOTS, rva + 0x1000);
    BIG_REFUSED("too many imports", PE_TOO_LARGE, "more than 4096 imports");
#undef BIG_REFUSED
    {
        static struct pe_image_info info;
        struct pe_error error;
        enum pe_status status =
            pe_inspect(sample->bytes, (size_t)PE_MAX_FILE_SIZE + 1, machine, &info, &error);
        tap_ok(status == PE_TOO_LARGE && strstr(error.text, "67108865") != NULL,
               "a file over the limit is not even looked at");
        pe_inspect(sample->bytes, sample->byte_count, machine, &info, &error);
        status = pe_load(&info, data, 0x1234, resolve_any, NULL, &error);
        tap_ok(status == PE_MISALIGNED && strstr(error.text, "0x1234") != NULL,
               "an address inside a page is refused");
    }
    free(big.allocation);
}

/* ------------------------------------------------------------------ what is accepted */

static void check_accepted(const char *what, struct copy *copy, enum pe_machine machine)
{
    struct pe_error error;
    bool sound;
    enum pe_status status = try_everything(copy, machine, resolve_any, 0x10000, &error, &sound);

    if (!tap_ok(status == PE_OK && sound, "%s: %s is accepted", pe_machine_name((uint16_t)machine),
                what))
        printf("# got %s (%s), sound: %d\n", pe_status_name(status), error.text, sound);
    free(copy->allocation);
}

#define ACCEPTED(what, ...)                                         \
    do {                                                            \
        struct copy c = copy_of(sample->bytes, sample->byte_count); \
        __VA_ARGS__;                                                \
        check_accepted(what, &c, machine);                          \
    } while (0)

#define ACCEPTED_CASES 6u
static void test_accepted(const struct sample_file *sample, enum pe_machine machine)
{
    ACCEPTED("the sample as it was built", (void)c);
    ACCEPTED("writable start-up code, as old kits make it",
             memcpy(section(&c, ".text"), "INIT\0", 6),
             set_flags(section(&c, "INIT"), SECTION_WRITE | SECTION_DISCARDABLE));
    ACCEPTED("an image without symbols", pe_put32(coff(&c) + COFF_SYMBOL_TABLE, 0));
    ACCEPTED("an image without imports", memset(directory(&c, DIRECTORY_IMPORT), 0, 8));
    ACCEPTED("imports that have no table beside their slots",
             pe_put32(import_table(&c) + IMPORT_NAME_TABLE, 0));
    ACCEPTED("relocations in a section that is not loaded",
             pe_put32(relocation_table(&c), pe_get32(debug_section(&c) + SECTION_RVA)));
}

/* The description, against what we know of the source. */
#define DESCRIPTION_CASES 9u
static void test_description(const struct sample_file *sample, enum pe_machine machine)
{
    static struct pe_image_info info;
    struct pe_error error;
    unsigned written = 0, executable = 0, skipped = 0;

    TAP_CHECK(pe_inspect(sample->bytes, sample->byte_count, machine, &info, &error) == PE_OK);
    for (uint32_t i = 0; i < info.section_count; i++) {
        written += info.sections[i].mapped && info.sections[i].access == PE_READ_WRITE;
        executable += info.sections[i].mapped && info.sections[i].access == PE_READ_EXECUTE;
        skipped += !info.sections[i].mapped;
    }
    TAP_CHECK(info.import_count == 4);
    TAP_CHECK(info.relocation_count >= 4); /* one in constants, three in data */
    TAP_CHECK(written >= 2);               /* .data and .bss */
    TAP_CHECK(executable == 1);            /* .text */
    TAP_CHECK(skipped >= 5);               /* .reloc and debug information */
    TAP_CHECK(info.has_dwarf);
    TAP_CHECK(info.mapped_byte_count < info.image_byte_count);
    TAP_CHECK(!info.relocations_stripped && info.subsystem == SUBSYSTEM_NATIVE);
}

/* ------------------------------------------------------------------ relocation and binding */

/* Relocates an image at its preferred address by hand, straight from the file's table. */
static unsigned relocate_by_hand(struct copy *file, uint8_t *image, uint64_t delta)
{
    const uint8_t *block = relocation_table(file);
    const uint8_t *end = block + pe_get32(directory(file, DIRECTORY_RELOCATION) + 4);
    unsigned count = 0;

    for (; block < end; block += pe_get32(block + 4)) {
        for (uint32_t i = 8; i < pe_get32(block + 4); i += 2) {
            uint8_t *place = image + pe_get32(block) + (pe_get16(block + i) & 0xfff);
            if (pe_get16(block + i) >> 12 == 0)
                continue;
            count++;
            if (is_wide(file))
                pe_put64(place, pe_get64(place) + delta);
            else
                pe_put32(place, pe_get32(place) + (uint32_t)delta);
        }
    }
    return count;
}

#define LOADING_CASES 7u
static void test_loading(const struct sample_file *sample, enum pe_machine machine)
{
    static struct pe_image_info info;
    struct copy file = copy_of(sample->bytes, sample->byte_count);
    struct pe_error error;
    unsigned resolved = 0;
    uint64_t elsewhere = machine == PE_MACHINE_AMD64 ? 0xfffff80012340000u : 0xf8120000u;
    uint8_t *here, *there, *slot;

    pe_inspect(file.bytes, file.byte_count, machine, &info, &error);
    here = calloc(1, info.mapped_byte_count);
    there = calloc(1, info.mapped_byte_count);
    TAP_CHECK(pe_load(&info, here, info.preferred_base, resolve_any, &resolved, &error) == PE_OK);
    TAP_CHECK(resolved == 4);
    slot = here + pe_get32(import_table(&file) + IMPORT_SLOTS);
    TAP_CHECK(pe_get32(slot) == 0x11000001 &&
              (machine == PE_MACHINE_I386 || pe_get32(slot + 4) == 0));
    resolved = 0;
    TAP_CHECK(pe_load(&info, there, elsewhere, resolve_any, &resolved, &error) == PE_OK);
    TAP_CHECK(relocate_by_hand(&file, here, elsewhere - info.preferred_base) ==
              info.relocation_count);
    TAP_CHECK(memcmp(here, there, info.mapped_byte_count) == 0);
    if (machine == PE_MACHINE_I386) {
        enum pe_status high = pe_load(&info, there, 0x100000000u, resolve_any, &resolved, &error);
        enum pe_status far = pe_load(&info, there, elsewhere, resolve_high, NULL, &error);
        tap_ok(high == PE_TOO_LARGE && far == PE_TOO_LARGE, "i386: nothing above 4 GiB");
    } else {
        TAP_CHECK(pe_load(&info, there, elsewhere, resolve_high, NULL, &error) == PE_OK);
    }
    free(here);
    free(there);
    free(file.allocation);
}

/* ------------------------------------------------------------------ names */

/* Finds a function's RVA through names alone; 0 if there is none. */
static uint32_t rva_of(const struct pe_image_info *info, const char *wanted)
{
    uint32_t offset;
    char name[64];

    for (uint32_t rva = 0x1000; rva < 0x2000; rva++) {
        if (pe_function_name(info, rva, name, sizeof name, &offset) && strcmp(name, wanted) == 0)
            return rva;
    }
    return 0;
}

/* Puts an export table where .data was, with two functions, 0x40 bytes apart, and three names: one has
 * the number of a function that there is not. Returns the RVA of the first. */
static uint32_t add_exports(struct copy *file)
{
    uint8_t *header = section(file, ".data");
    uint32_t rva = pe_get32(header + SECTION_RVA);
    uint32_t text_rva = pe_get32(section(file, ".text") + SECTION_RVA);
    uint8_t *table = at_rva(file, rva);

    pe_put32(header + SECTION_VIRTUAL_SIZE, 0x200);
    memset(table, 0, 0x200);
    pe_put32(table + EXPORT_FUNCTION_COUNT, 2);
    pe_put32(table + EXPORT_NAME_COUNT, 3);
    pe_put32(table + EXPORT_FUNCTIONS, rva + 0x40);
    pe_put32(table + EXPORT_NAMES, rva + 0x60);
    pe_put32(table + EXPORT_ORDINALS, rva + 0x80);
    pe_put32(table + 0x40, text_rva);
    pe_put32(table + 0x44, text_rva + 0x40);
    pe_put32(table + 0x48, text_rva + 0x11); /* behind the functions */
    pe_put32(table + 0x60, rva + 0xa0);
    pe_put32(table + 0x64, rva + 0xb0);
    pe_put32(table + 0x68, rva + 0xc0);
    put16(table + 0x80, 0);
    put16(table + 0x82, 1);
    put16(table + 0x84, 2);
    memcpy(table + 0xa0, "First", 6);
    memcpy(table + 0xb0, "Second", 7);
    memcpy(table + 0xc0, "Nothing", 8);
    pe_put32(directory(file, DIRECTORY_EXPORT), rva);
    pe_put32(directory(file, DIRECTORY_EXPORT) + 4, 0x100);
    return text_rva;
}

#define NAME_CASES 9u
static void test_names(const struct sample_file *sample, enum pe_machine machine)
{
    static struct pe_image_info info;
    struct copy file = copy_of(sample->bytes, sample->byte_count);
    struct pe_error error;
    char name[64], tiny[7];
    uint32_t offset = 99, text_rva;

    pe_inspect(file.bytes, file.byte_count, machine, &info, &error);
    TAP_CHECK(pe_function_name(&info, info.entry_rva, name, sizeof name, &offset) &&
              strcmp(name, "DriverEntry") == 0 && offset == 0);
    TAP_CHECK(pe_function_name(&info, info.entry_rva + 5, name, sizeof name, &offset) &&
              strcmp(name, "DriverEntry") == 0 && offset == 5);
    TAP_CHECK(rva_of(&info, "Bump") != 0);
    TAP_CHECK(rva_of(&info, "SampleTwice") != 0);
    TAP_CHECK(pe_function_name(&info, info.entry_rva, tiny, sizeof tiny, &offset) &&
              strncmp(tiny, "Driver", 5) == 0 && tiny[6] == '\0');
    TAP_CHECK(!pe_function_name(&info, 0x10, name, sizeof name, &offset) &&
              !pe_function_name(&info, 0xfffffff0, name, sizeof name, &offset));
    TAP_CHECK(!pe_nearest_export(&info, info.entry_rva, name, sizeof name, &offset));
    free(file.allocation);

    file = copy_of(sample->bytes, sample->byte_count);
    text_rva = add_exports(&file);
    pe_inspect(file.bytes, file.byte_count, machine, &info, &error);
    TAP_CHECK(pe_nearest_export(&info, text_rva + 0x12, name, sizeof name, &offset) &&
              strcmp(name, "First") == 0 && offset == 0x12);
    TAP_CHECK(pe_nearest_export(&info, text_rva + 0x41, name, sizeof name, &offset) &&
              strcmp(name, "Second") == 0 && offset == 1);
    free(file.allocation);
}

/* ------------------------------------------------------------------ running it */

#define RUN_CASES 3u
#if defined(__x86_64__)
#define DRIVER_CALL __attribute__((ms_abi))

static unsigned stalled_us, printed;
static volatile uint32_t tick_count = SAMPLE_TICK_COUNT;

static DRIVER_CALL void stall(uint32_t duration_us)
{
    stalled_us += duration_us;
}

static DRIVER_CALL uint32_t bus_type(void *extension)
{
    return extension == NULL ? 0 : SAMPLE_BUS_TYPE;
}

static DRIVER_CALL void debug_print(uint32_t level, const char *format, uint32_t number,
                                    const char *text)
{
    printed += level == 1 && strcmp(format, "sample %u %s\n") == 0 && number == SAMPLE_STALL &&
               strcmp(text, "text") == 0;
}

static enum pe_resolution resolve_here(void *context, const char *module, const char *symbol,
                                       uint64_t *address)
{
    (void)context, (void)module;
    if (strcmp(symbol, "AtaPortStallExecution") == 0)
        *address = (uintptr_t)stall;
    else if (strcmp(symbol, "AtaPortGetParentBusType") == 0)
        *address = (uintptr_t)bus_type;
    else if (strcmp(symbol, "AtaPortDebugPrint") == 0)
        *address = (uintptr_t)debug_print;
    else if (strcmp(symbol, "KeTickCount") == 0)
        *address = (uintptr_t)&tick_count;
    else
        return PE_NO_SUCH_SYMBOL;
    return PE_RESOLVED;
}

/* Protects as the kernel does and calls the entry point. */
static void test_running(const struct sample_file *sample)
{
    static struct pe_image_info info;
    DRIVER_CALL int32_t (*entry)(void *driver, void *path);
    struct pe_error error;
    uint8_t *memory;
    int32_t result;

    pe_inspect(sample->bytes, sample->byte_count, PE_MACHINE_AMD64, &info, &error);
    memory = mmap(NULL, info.mapped_byte_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    TAP_CHECK(pe_load(&info, memory, (uintptr_t)memory, resolve_here, NULL, &error) == PE_OK);
    mprotect(memory, info.mapped_byte_count, PROT_READ);
    for (uint32_t i = 0; i < info.section_count; i++) {
        const struct pe_section *s = &info.sections[i];
        int access = s->access == PE_READ_EXECUTE ? PROT_READ | PROT_EXEC
                     : s->access == PE_READ_WRITE ? PROT_READ | PROT_WRITE
                                                  : PROT_READ;
        if (s->mapped)
            mprotect(memory + s->rva, s->byte_count, access);
    }
    *(uintptr_t *)&entry = (uintptr_t)memory + info.entry_rva;
    result = entry(memory, NULL);
    TAP_CHECK(result == (int32_t)SAMPLE_RESULT);
    TAP_CHECK(stalled_us == SAMPLE_STALL && printed == 1);
    munmap(memory, info.mapped_byte_count);
}
#else
static void test_running(const struct sample_file *sample)
{
    (void)sample;
    for (unsigned i = 0; i < RUN_CASES; i++)
        tap_ok(true, "# SKIP the sample is code for x86_64");
}
#endif

/* ------------------------------------------------------------------ endless damage */

static uint64_t random_state = SEED;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % limit;
}

/* Where the sections end that the driver needs; debug information and symbols stand behind them. */
static size_t end_of_needed(const struct sample_file *sample)
{
    struct copy c = copy_of(sample->bytes, sample->byte_count);
    unsigned count = pe_get16(coff(&c) + COFF_SECTION_COUNT);
    size_t end = 0;

    for (unsigned i = 0; i < count; i++) {
        const uint8_t *header = section_number(&c, i);
        size_t its_end =
            pe_get32(header + SECTION_RAW_OFFSET) + pe_get32(header + SECTION_RAW_SIZE);
        if (header[SECTION_NAME] != '/' && its_end > end)
            end = its_end;
    }
    free(c.allocation);
    return end;
}

/* Every length from nothing to all but the last byte. */
static void test_truncation(const struct sample_file *sample, enum pe_machine machine)
{
    unsigned unsound = 0, wrong = 0;
    size_t end = end_of_needed(sample);

    for (size_t length = 0; length < sample->byte_count; length++) {
        struct copy c = copy_of(sample->bytes, length);
        struct pe_error error;
        bool sound;
        wrong += (try_everything(&c, machine, resolve_any, 0x10000, &error, &sound) == PE_OK) !=
                 (length >= end);
        unsound += !sound;
        free(c.allocation);
    }
    tap_ok(unsound == 0 && wrong == 0 && end < sample->byte_count,
           "%s: cut off after each of its %zu bytes: refused, where more than names is lost",
           pe_machine_name((uint16_t)machine), sample->byte_count);
}

/* A file offset where damage matters: a header, a table that is followed, or anywhere. */
static size_t choose_victim(const struct sample_file *sample, struct copy *tables)
{
    uint32_t count = pe_get16(coff(tables) + COFF_SECTION_COUNT);
    uint32_t headers = (uint32_t)(section_number(tables, count) - tables->bytes);
    uint32_t imports = (uint32_t)(import_table(tables) - tables->bytes);
    uint32_t relocations = (uint32_t)(relocation_table(tables) - tables->bytes);
    uint32_t symbols = pe_get32(coff(tables) + COFF_SYMBOL_TABLE);

    switch (random_below(8)) {
    case 0:
        return imports + random_below(0x200);
    case 1:
        return relocations + random_below(0x40);
    case 2:
        return symbols + random_below((uint32_t)sample->byte_count - symbols);
    case 3:
        return random_below((uint32_t)sample->byte_count);
    case 4:
    case 5:
        return (size_t)(section_number(tables, 0) - tables->bytes) +
               random_below(count * SECTION_HEADER_SIZE);
    }
    return DOS_LFANEW + random_below(headers - DOS_LFANEW);
}

static void damage(const struct sample_file *sample, struct copy *copy, struct copy *tables)
{
    static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff};

    for (uint32_t i = 1 + random_below(4); i != 0; i--) {
        size_t victim = choose_victim(sample, tables) % copy->byte_count;
        if (random_below(2) == 0)
            copy->bytes[victim] ^= (uint8_t)(1u << random_below(8));
        else if (random_below(2) == 0)
            copy->bytes[victim] = telling[random_below(sizeof telling)];
        else
            copy->bytes[victim] = (uint8_t)random_below(256);
    }
}

static void test_damage(const struct sample_file *sample, enum pe_machine machine)
{
    struct copy tables = copy_of(sample->bytes, sample->byte_count);
    unsigned unsound = 0, accepted = 0;

    for (unsigned round = 0; round < FLIP_ROUNDS / 2; round++) {
        uint64_t seed = random_state;
        struct copy c = copy_of(sample->bytes, sample->byte_count);
        struct pe_error error;
        bool sound;

        damage(sample, &c, &tables);
        accepted += try_everything(&c, machine, resolve_any, (uint64_t)random_below(2) << 16,
                                   &error, &sound) == PE_OK;
        if (!sound && unsound++ == 0)
            printf("# unsound after seed %#llx: %s\n", (unsigned long long)seed, error.text);
        free(c.allocation);
    }
    tap_ok(unsound == 0 && accepted != 0 && accepted != FLIP_ROUNDS / 2,
           "%s: %u damaged copies, of which %u could be loaded", pe_machine_name((uint16_t)machine),
           FLIP_ROUNDS / 2, accepted);
    free(tables.allocation);
}

/* ------------------------------------------------------------------ all of it */

#define CASES_PER_MACHINE                                                           \
    (HEADER_CASES + SECTION_CASES + RELOCATION_CASES + IMPORT_CASES + LIMIT_CASES + \
     ACCEPTED_CASES + DESCRIPTION_CASES + LOADING_CASES + NAME_CASES + 2)

static void test_machine(const struct sample_file *sample, enum pe_machine machine)
{
    test_headers(sample, machine);
    test_sections(sample, machine);
    test_relocations(sample, machine);
    test_imports(sample, machine);
    test_limits(sample, machine);
    test_accepted(sample, machine);
    test_description(sample, machine);
    test_loading(sample, machine);
    test_names(sample, machine);
    test_truncation(sample, machine);
    test_damage(sample, machine);
}

int main(int argc, char **argv)
{
    struct sample_file amd64, i386;
    unsigned missing = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: test_pe SAMPLE-x86_64.sys SAMPLE-i386.sys\n");
        return 2;
    }
    printf("# seed %#llx\n", SEED);
    amd64 = sample_read(argv[1]);
    i386 = sample_read(argv[2]);
    test_machine(&amd64, PE_MACHINE_AMD64);
    test_machine(&i386, PE_MACHINE_I386);
    test_running(&amd64);
    for (int status = PE_OK + 1; status < PE_NO_MEMORY; status++) {
        if (seen[status] == 0) {
            printf("# no case for %s\n", pe_status_name((enum pe_status)status));
            missing++;
        }
    }
    tap_ok(missing == 0, "every reason to refuse an image was met");
    free(amd64.bytes);
    free(i386.bytes);
    return tap_exit();
}
