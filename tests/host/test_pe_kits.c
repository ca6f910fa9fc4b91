/* SPDX-License-Identifier: MIT */
/*
 * The PE loader on images as vendors' kits link them: sections that share pages, security cookies, relocation tables
 * with padding behind them; and on damage to what is for debuggers only, which costs names.
 *
 * SOURCES: port/loader/pe_sections.c port/loader/pe.c port/loader/pe_load.c port/loader/pe_names.c
 * SOURCES: port/loader/pe_error.c port/loader/pe_cookie.c
 * ARGUMENTS: build/x86_64/sample.sys build/x86_64/sample_packed.sys
 * ARGUMENTS: build/i386/sample.sys build/i386/sample_packed.sys
 */
#include "tests/host/pe_copy.h"
#include "tests/host/sample.h"
#include "tests/host/tap.h"

static struct pe_image_info info;
static struct pe_error error;

static enum pe_resolution resolve(void *context, const char *module, const char *symbol,
                                  uint64_t *address)
{
    (void)context, (void)module, (void)symbol;
    *address = 0x12345678;
    return PE_RESOLVED;
}

static enum pe_status inspect(const struct copy *copy, enum pe_machine machine)
{
    return pe_inspect(copy->bytes, copy->byte_count, machine, &info, &error);
}

/* Damages a copy named c, and looks at it. */
#define TRY(...)                                                    \
    do {                                                            \
        struct copy c = copy_of(sample->bytes, sample->byte_count); \
        __VA_ARGS__;                                                \
        free(c.allocation);                                         \
    } while (0)

/* ------------------------------------------------------------------ sections that share pages */

#define PACKED_CASES 10u
static void test_packed(const struct sample_file *sample, enum pe_machine machine)
{
    TRY({
        uint8_t *memory;
        uint32_t text;
        TAP_CHECK(inspect(&c, machine) == PE_OK && info.section_alignment == 0x80);
        text = pe_get32(section(&c, ".text") + SECTION_RVA);
        TAP_CHECK(text < PE_PAGE_SIZE && text % 0x80 == 0);
        TAP_CHECK(pe_page_access(&info, 0) == (PE_READ_WRITE | PE_READ_EXECUTE));
        TAP_CHECK(pe_page_access(&info, PE_PAGE_SIZE) == PE_READ_WRITE); /* .bss, .idata */
        TAP_CHECK(pe_page_access(&info, info.mapped_byte_count) == PE_NOT_MAPPED);
        memory = calloc(1, info.mapped_byte_count);
        TAP_CHECK(pe_load(&info, memory, info.preferred_base, resolve, NULL, &error) == PE_OK &&
                  memcmp(memory + text, at_rva(&c, text), 0x10) == 0);
        free(memory);
    });
    TRY(pe_put32(optional(&c) + OPTIONAL_FILE_ALIGNMENT, 0x200);
        TAP_CHECK(inspect(&c, machine) == PE_MISALIGNED)); /* its sections are not so in the file */
    TRY(set_flags(section(&c, ".text"), SECTION_WRITE);
        TAP_CHECK(inspect(&c, machine) == PE_OK && pe_section_at(&info, info.entry_rva)->access ==
                                                       (PE_READ_WRITE | PE_READ_EXECUTE)));
    TRY(section(&c, ".data")[SECTION_RVA] ^= 0x40;
        TAP_CHECK(inspect(&c, machine) == PE_MISALIGNED && strstr(error.text, "section .data")));
    TRY(memcpy(section(&c, ".data") + SECTION_RVA, section(&c, ".text") + SECTION_RVA, 4);
        TAP_CHECK(inspect(&c, machine) == PE_SECTION_OVERLAP));
}

#define ALIGNMENT_CASES 3u
/* The same headers around sections that have pages of their own. */
static void test_alignments(const struct sample_file *sample, enum pe_machine machine)
{
    TRY(pe_put32(optional(&c) + OPTIONAL_SECTION_ALIGNMENT, 0x80);
        TAP_CHECK(inspect(&c, machine) == PE_OK &&
                  pe_page_access(&info, info.entry_rva & ~0xfffu) == PE_READ_EXECUTE));
    TRY(pe_put32(optional(&c) + OPTIONAL_FILE_ALIGNMENT, 0x20);
        TAP_CHECK(inspect(&c, machine) == PE_OK));
    TRY(pe_put32(optional(&c) + OPTIONAL_FILE_ALIGNMENT, 0x2000);
        TAP_CHECK(inspect(&c, machine) == PE_MISALIGNED));
}

/* ------------------------------------------------------------------ the security cookie */

#define COOKIE_AT 0x180u /* in .data, behind the load configuration */

static uint64_t default_cookie(enum pe_machine machine)
{
    return machine == PE_MACHINE_AMD64 ? 0x2B992DDFA232 : 0xBB40E64E;
}

static void put_pointer(enum pe_machine machine, uint8_t *bytes, uint64_t value)
{
    if (machine == PE_MACHINE_AMD64)
        pe_put64(bytes, value);
    else
        pe_put32(bytes, (uint32_t)value);
}

/* Puts a load configuration, and a cookie with its default value, where .data was. */
static uint8_t *add_load_config(struct copy *copy, enum pe_machine machine, uint32_t byte_count,
                                uint64_t cookie_offset)
{
    uint8_t *header = section(copy, ".data");
    uint32_t rva = pe_get32(header + SECTION_RVA);
    uint8_t *table = at_rva(copy, rva);
    bool wide = machine == PE_MACHINE_AMD64;
    const uint8_t *base = optional(copy) + (wide ? OPTIONAL_BASE_PE32_PLUS : OPTIONAL_BASE_PE32);

    pe_put32(header + SECTION_VIRTUAL_SIZE, 0x200);
    memset(table, 0, 0x200);
    pe_put32(table, byte_count);
    put_pointer(machine, table + (wide ? 88 : 60),
                (wide ? pe_get64(base) : pe_get32(base)) + rva + cookie_offset);
    put_pointer(machine, table + COOKIE_AT, default_cookie(machine));
    memset(directory(copy, DIRECTORY_RELOCATION), 0, 8); /* of what was there */
    pe_put32(directory(copy, DIRECTORY_LOAD_CONFIG), rva);
    pe_put32(directory(copy, DIRECTORY_LOAD_CONFIG) + 4, 64);
    return table;
}

/* Loads the image at its own base, and says what the cookie is then. */
static uint64_t cookie_after(const struct copy *copy, enum pe_machine machine, uint64_t random)
{
    uint8_t *memory;
    uint64_t cookie = 0;

    if (inspect(copy, machine) != PE_OK)
        return 0;
    memory = calloc(1, info.mapped_byte_count);
    if (pe_load(&info, memory, info.preferred_base, resolve, NULL, &error) == PE_OK) {
        const uint8_t *place =
            memory + pe_get32(section((struct copy *)(uintptr_t)copy, ".data") + SECTION_RVA) +
            COOKIE_AT;
        pe_set_cookie(&info, memory, random);
        cookie = machine == PE_MACHINE_AMD64 ? pe_get64(place) : pe_get32(place);
    }
    free(memory);
    return cookie;
}

#define COOKIE_CASES 12u
static void test_cookie(const struct sample_file *sample, enum pe_machine machine)
{
    uint64_t fallback = default_cookie(machine), random = 0xfedcba9876543210;
    bool wide = machine == PE_MACHINE_AMD64;
    uint32_t enough = wide ? 96 : 64;
    uint8_t *table;

    TRY(TAP_CHECK(inspect(&c, machine) == PE_OK && info.cookie_rva == 0 && !info.cookie_fault));
    TRY(add_load_config(&c, machine, enough, COOKIE_AT);
        TAP_CHECK(cookie_after(&c, machine, random) ==
                  (wide ? random & 0xffffffffffff : random & 0xffffffff));
        TAP_CHECK(cookie_after(&c, machine, fallback) != fallback);
        TAP_CHECK(cookie_after(&c, machine, 0) > 0xffff));
    TRY(add_load_config(&c, machine, enough, COOKIE_AT);
        pe_put32(section(&c, ".data") + SECTION_CHARACTERISTICS, 0x40000040); /* read-only */
        TAP_CHECK(cookie_after(&c, machine, random) != fallback));
    TRY(table = add_load_config(&c, machine, enough, COOKIE_AT);
        pe_put32(table + COOKIE_AT, 0x600dc00c);
        TAP_CHECK((uint32_t)cookie_after(&c, machine, random) == 0x600dc00c));
    TRY(add_load_config(&c, machine, enough - 1, COOKIE_AT);
        TAP_CHECK(cookie_after(&c, machine, random) == fallback && !info.cookie_fault));
    TRY(add_load_config(&c, machine, enough, COOKIE_AT + 2);
        TAP_CHECK(cookie_after(&c, machine, random) == fallback &&
                  strstr(info.cookie_fault, "misaligned")));
    TRY(add_load_config(&c, machine, enough, 0x1ff0000000000000);
        pe_put32(at_rva(&c, pe_get32(section(&c, ".data") + SECTION_RVA)) + (wide ? 88 : 60),
                 0xfffffff0);
        TAP_CHECK(cookie_after(&c, machine, random) == fallback &&
                  strstr(info.cookie_fault, "in no section")));
    TRY(add_load_config(&c, machine, enough, 0x1fc + (wide ? 0 : 4)); /* over the section's end */
        TAP_CHECK(cookie_after(&c, machine, random) == fallback && info.cookie_fault));
    TRY(add_load_config(&c, machine, enough, COOKIE_AT);
        pe_put32(directory(&c, DIRECTORY_LOAD_CONFIG), 0xfffffffc);
        TAP_CHECK(cookie_after(&c, machine, random) == fallback &&
                  strstr(info.cookie_fault, "in no section")));
    TRY(table = add_load_config(&c, machine, enough, COOKIE_AT); pe_put32(table + 0x1f8, enough);
        pe_put32(directory(&c, DIRECTORY_LOAD_CONFIG),
                 pe_get32(section(&c, ".data") + SECTION_RVA) + 0x1f8);
        TAP_CHECK(cookie_after(&c, machine, random) == fallback &&
                  strstr(info.cookie_fault, "runs out")));
}

/* ------------------------------------------------------------------ relocations with padding */

#define PADDING_CASES 4u
/* Makes the table longer, into the zeros that fill up its section, and puts bytes there. */
static void lengthen_table(struct copy *copy, uint32_t by, uint32_t first, uint32_t second)
{
    uint8_t *entry = directory(copy, DIRECTORY_RELOCATION);
    uint32_t byte_count = pe_get32(entry + 4);
    uint8_t *end = relocation_table(copy) + byte_count;

    pe_put32(end, first);
    pe_put32(end + 4, second);
    pe_put32(entry + 4, byte_count + by);
    pe_put32(section(copy, ".reloc") + SECTION_VIRTUAL_SIZE, byte_count + by);
}

static void test_padding(const struct sample_file *sample, enum pe_machine machine)
{
    uint32_t count;

    TRY(inspect(&c, machine); count = info.relocation_count; lengthen_table(&c, 8, 0, 0);
        TAP_CHECK(inspect(&c, machine) == PE_OK && info.relocation_count == count));
    TRY(lengthen_table(&c, 24, 0, 0); TAP_CHECK(inspect(&c, machine) == PE_OK));
    TRY(lengthen_table(&c, 4, 0, 0); TAP_CHECK(inspect(&c, machine) == PE_OK));
    TRY(lengthen_table(&c, 8, 0x1000, 0); TAP_CHECK(inspect(&c, machine) == PE_BAD_RELOCATION));
}

/* ------------------------------------------------------------------ damaged names */

static bool names_entry(const char *wanted)
{
    char name[64] = "";
    uint32_t offset;

    pe_function_name(&info, info.entry_rva, name, sizeof name, &offset);
    return strcmp(name, wanted) == 0;
}

static uint8_t *string_table(struct copy *copy)
{
    return copy->bytes + pe_get32(coff(copy) + COFF_SYMBOL_TABLE) +
           pe_get32(coff(copy) + COFF_SYMBOL_COUNT) * SYMBOL_SIZE;
}

#define NAME_CASES 11u
static void test_names(const struct sample_file *sample, enum pe_machine machine)
{
    TRY(pe_put32(coff(&c) + COFF_SYMBOL_TABLE, 0xfffffff0);
        TAP_CHECK(inspect(&c, machine) == PE_OK && names_entry("")));
    TRY(pe_put32(coff(&c) + COFF_SYMBOL_COUNT, 0xffffffff);
        TAP_CHECK(inspect(&c, machine) == PE_OK && names_entry("")));
    TRY(pe_put32(string_table(&c), 0xfffffff0);
        TAP_CHECK(inspect(&c, machine) == PE_OK && names_entry("")); /* it is longer than 8 */
        TAP_CHECK(info.symbol_count != 0 && info.string_table_byte_count == 0));
    TRY(c.byte_count = (size_t)(string_table(&c) + 2 - c.bytes);
        TAP_CHECK(inspect(&c, machine) == PE_OK && info.string_table_byte_count == 0));
    TRY(memset(string_table(&c) + 4, 0xff, 0x100);
        TAP_CHECK(inspect(&c, machine) == PE_OK && !info.has_dwarf));
    TRY(pe_put32(debug_section(&c) + SECTION_RAW_OFFSET, 0x7ffffe00);
        TAP_CHECK(inspect(&c, machine) == PE_OK && names_entry("DriverEntry")));
    TRY(pe_put32(debug_section(&c) + SECTION_RVA, 0x7ffff000);
        TAP_CHECK(inspect(&c, machine) == PE_OK));
    TRY(pe_put32(debug_section(&c) + SECTION_RVA, 0x10); TAP_CHECK(inspect(&c, machine) == PE_OK));
    TRY(memset(directory(&c, 6), 0xff, DIRECTORY_SIZE); /* debug directory */
        TAP_CHECK(inspect(&c, machine) == PE_OK));
    TRY(pe_put32(optional(&c) + 64, 0xdeadbeef); /* checksum */
        TAP_CHECK(inspect(&c, machine) == PE_OK));
}

static void test_machine(const struct sample_file *sample, const struct sample_file *packed,
                         enum pe_machine machine)
{
    test_packed(packed, machine);
    test_alignments(sample, machine);
    test_cookie(sample, machine);
    test_padding(sample, machine);
    test_names(sample, machine);
}

int main(int argc, char **argv)
{
    struct sample_file files[4];

    if (argc != 5) {
        fprintf(stderr,
                "usage: test_pe_kits SAMPLE-x86_64 PACKED-x86_64 SAMPLE-i386 PACKED-i386\n");
        return 2;
    }
    for (int i = 0; i < 4; i++)
        files[i] = sample_read(argv[i + 1]);
    test_machine(&files[0], &files[1], PE_MACHINE_AMD64);
    test_machine(&files[2], &files[3], PE_MACHINE_I386);
    for (int i = 0; i < 4; i++)
        free(files[i].bytes);
    return tap_exit();
}
