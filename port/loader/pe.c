/* SPDX-License-Identifier: MIT */
/*
 * PE loader, first half: checks the headers of a file and describes it; its sections are in
 * pe_sections.c.
 *
 * Owns: nothing. May not: trust the file, allocate, or touch the HAL. Contexts: any; see pe.h.
 *
 * Sizes and offsets of the file are 32 bits wide. Sums of them are made in 64 bits, so they cannot
 * wrap, and are compared with a limit before anything is read there.
 */
#include "port/loader/pe_internal.h"

#include <string.h>

/* The first bytes of files that people hand in by mistake. */
static const char *what_else(const uint8_t *file, size_t byte_count)
{
    if (byte_count >= 4 && memcmp(file, "\177ELF", 4) == 0)
        return "it is an ELF file";
    if (byte_count >= 8 && memcmp(file, "!<arch>\n", 8) == 0)
        return "it is a library";
    if (byte_count >= 2 &&
        (pe_get16(file) == PE_MACHINE_AMD64 || pe_get16(file) == PE_MACHINE_I386))
        return "it looks like an object file that was not linked";
    return "it does not begin with MZ";
}

/* Finds the COFF header through the MS-DOS header. */
static enum pe_status find_coff_header(struct pe_inspection *inspection)
{
    const struct pe_image_info *info = inspection->info;
    uint32_t offset;

    if (info->file_byte_count == 0)
        return pe_fail(inspection->error, PE_TRUNCATED, "the file is empty");
    if (info->file_byte_count < 2 || info->file[0] != 'M' || info->file[1] != 'Z')
        return pe_fail(inspection->error, PE_NOT_PE,
                       "not a Windows image: %s; build drivers with mingw-w64, clang or the WDK",
                       what_else(info->file, info->file_byte_count));
    if (info->file_byte_count < DOS_HEADER_SIZE)
        return pe_fail(inspection->error, PE_TRUNCATED,
                       "cut off in the MS-DOS header: the file has %u bytes of %u",
                       info->file_byte_count, DOS_HEADER_SIZE);
    offset = pe_get32(info->file + DOS_LFANEW);
    if (!pe_fits(offset, COFF_HEADER_SIZE, info->file_byte_count))
        return pe_fail(inspection->error, PE_TRUNCATED,
                       "cut off before or in the PE header: it is at offset %#x, and the file has "
                       "%u bytes",
                       offset, info->file_byte_count);
    inspection->coff = info->file + offset;
    if (memcmp(inspection->coff, "PE\0\0", 4) != 0)
        return pe_fail(inspection->error, PE_NOT_PE,
                       "not a PE image: there is no PE signature at offset %#x, where the MS-DOS "
                       "header says",
                       offset);
    if (offset % 4 != 0)
        return pe_fail(inspection->error, PE_MISALIGNED,
                       "the PE header is at offset %#x, which is no multiple of 4", offset);
    return PE_OK;
}

static enum pe_status check_coff_header(struct pe_inspection *inspection, enum pe_machine machine)
{
    struct pe_image_info *info = inspection->info;
    uint16_t its_machine = pe_get16(inspection->coff + COFF_MACHINE);
    uint16_t characteristics = pe_get16(inspection->coff + COFF_CHARACTERISTICS);
    uint64_t headers_start = (uint64_t)(inspection->coff - info->file) + COFF_HEADER_SIZE;
    uint64_t headers_end;

    if (its_machine != machine)
        return pe_fail(
            inspection->error, PE_WRONG_MACHINE,
            "built for machine %#x (%s), and this kernel runs %#x (%s): build the driver "
            "for that",
            its_machine, pe_machine_name(its_machine), (unsigned)machine,
            pe_machine_name((uint16_t)machine));
    if ((characteristics & COFF_EXECUTABLE) == 0)
        return pe_fail(inspection->error, PE_NOT_DRIVER,
                       "not an executable image (characteristics %#x): its linker reported errors, "
                       "or it was never linked",
                       characteristics);
    info->machine = machine;
    info->relocations_stripped = (characteristics & COFF_RELOCATIONS_STRIPPED) != 0;
    info->section_count = pe_get16(inspection->coff + COFF_SECTION_COUNT);
    if (info->section_count == 0)
        return pe_fail(inspection->error, PE_BAD_HEADER, "the image has no sections");
    if (info->section_count > PE_MAX_SECTIONS)
        return pe_fail(inspection->error, PE_TOO_LARGE,
                       "the image has %u sections, and at most %u are loaded", info->section_count,
                       PE_MAX_SECTIONS);
    inspection->optional = inspection->coff + COFF_HEADER_SIZE;
    inspection->optional_byte_count = pe_get16(inspection->coff + COFF_OPTIONAL_HEADER_SIZE);
    headers_end = headers_start + inspection->optional_byte_count +
                  (uint64_t)info->section_count * SECTION_HEADER_SIZE;
    if (headers_end > info->file_byte_count)
        return pe_fail(
            inspection->error, PE_TRUNCATED,
            "cut off in the headers: they end at offset %#x (sections: %u), and the file has "
            "%u bytes",
            (unsigned)headers_end, info->section_count, info->file_byte_count);
    inspection->section_headers = inspection->optional + inspection->optional_byte_count;
    return PE_OK;
}

/* The layout of the optional header: which of the two it is, and how many directories it has. */
static enum pe_status check_optional_layout(struct pe_inspection *inspection)
{
    bool plus = inspection->info->machine == PE_MACHINE_AMD64;
    uint32_t count_offset =
        plus ? OPTIONAL_DIRECTORY_COUNT_PE32_PLUS : OPTIONAL_DIRECTORY_COUNT_PE32;
    uint32_t fixed_byte_count = count_offset + 4;
    uint16_t expected = plus ? MAGIC_PE32_PLUS : MAGIC_PE32;
    uint16_t magic;

    if (inspection->optional_byte_count < fixed_byte_count)
        return pe_fail(inspection->error, PE_BAD_HEADER,
                       "the optional header's size is %u, and at least %u is needed",
                       inspection->optional_byte_count, fixed_byte_count);
    magic = pe_get16(inspection->optional + OPTIONAL_MAGIC);
    if (magic != expected)
        return pe_fail(inspection->error, PE_BAD_HEADER,
                       "the optional header is of kind %#x, and images for %s have %#x", magic,
                       pe_machine_name((uint16_t)inspection->info->machine), expected);
    inspection->directory_count = pe_get32(inspection->optional + count_offset);
    if (inspection->directory_count > DIRECTORY_MAX)
        inspection->directory_count = DIRECTORY_MAX;
    if (inspection->directory_count * DIRECTORY_SIZE >
        inspection->optional_byte_count - fixed_byte_count)
        return pe_fail(inspection->error, PE_BAD_HEADER,
                       "the optional header's size is %u, too small for directories: %u",
                       inspection->optional_byte_count, inspection->directory_count);
    inspection->directories = inspection->optional + fixed_byte_count;
    return PE_OK;
}

static bool is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static enum pe_status check_alignments(struct pe_inspection *inspection)
{
    struct pe_image_info *info = inspection->info;
    uint32_t section_alignment = pe_get32(inspection->optional + OPTIONAL_SECTION_ALIGNMENT);
    uint32_t file_alignment = pe_get32(inspection->optional + OPTIONAL_FILE_ALIGNMENT);

    /* The kits link some drivers with sections that are aligned to 80h bytes and less; then the
     * file's alignment is of that size, too, or some other linker's own. */
    if (!is_power_of_two(section_alignment) || !is_power_of_two(file_alignment))
        return pe_fail(inspection->error, PE_MISALIGNED,
                       "the image's sections are aligned to %#x, and to %#x in the file: "
                       "both have to be powers of two",
                       section_alignment, file_alignment);
    if (info->preferred_base % PE_PAGE_SIZE != 0)
        return pe_fail(inspection->error, PE_MISALIGNED,
                       "the image's preferred address %#llx is not a multiple of %#x",
                       (unsigned long long)info->preferred_base, PE_PAGE_SIZE);
    info->section_alignment = section_alignment;
    inspection->file_alignment = file_alignment;
    return PE_OK;
}

static enum pe_status check_optional_header(struct pe_inspection *inspection)
{
    struct pe_image_info *info = inspection->info;
    const uint8_t *optional = inspection->optional;
    uint64_t table_end = (uint64_t)(inspection->section_headers - info->file) +
                         (uint64_t)info->section_count * SECTION_HEADER_SIZE;
    enum pe_status status;

    info->preferred_base = info->machine == PE_MACHINE_AMD64
                               ? pe_get64(optional + OPTIONAL_BASE_PE32_PLUS)
                               : pe_get32(optional + OPTIONAL_BASE_PE32);
    info->entry_rva = pe_get32(optional + OPTIONAL_ENTRY);
    info->subsystem = pe_get16(optional + OPTIONAL_SUBSYSTEM);
    info->image_byte_count = pe_get32(optional + OPTIONAL_IMAGE_SIZE);
    info->header_byte_count = pe_get32(optional + OPTIONAL_HEADERS_SIZE);
    if (info->subsystem != SUBSYSTEM_NATIVE)
        return pe_fail(
            inspection->error, PE_NOT_DRIVER,
            "not a driver: its subsystem is %u, and a driver's is %u (native): link with "
            "--subsystem native",
            info->subsystem, SUBSYSTEM_NATIVE);
    status = check_alignments(inspection);
    if (status != PE_OK)
        return status;
    if (info->image_byte_count > PE_MAX_IMAGE_SIZE)
        return pe_fail(inspection->error, PE_TOO_LARGE,
                       "the image wants %u bytes of memory, and at most %u are given",
                       info->image_byte_count, PE_MAX_IMAGE_SIZE);
    if (info->image_byte_count % info->section_alignment != 0)
        return pe_fail(inspection->error, PE_MISALIGNED,
                       "the image's size %#x is not a multiple of its section alignment %#x",
                       info->image_byte_count, info->section_alignment);
    if (info->header_byte_count < table_end || info->header_byte_count > info->image_byte_count)
        return pe_fail(inspection->error, PE_BAD_HEADER,
                       "the size of the headers, %#x, does not cover the section table up to %#x, "
                       "or is larger than the image, %#x",
                       info->header_byte_count, (unsigned)table_end, info->image_byte_count);
    if (info->header_byte_count > info->file_byte_count)
        return pe_fail(inspection->error, PE_TRUNCATED,
                       "cut off in the headers: they have %u bytes, and the file %u",
                       info->header_byte_count, info->file_byte_count);
    return PE_OK;
}

/* COFF symbols and the string table behind them, which also holds long section names. Nothing but
 * names is lost when they are damaged or cut off, so the driver runs without. */
static enum pe_status find_symbols(struct pe_inspection *inspection)
{
    struct pe_image_info *info = inspection->info;
    uint32_t offset = pe_get32(inspection->coff + COFF_SYMBOL_TABLE);
    uint32_t count = pe_get32(inspection->coff + COFF_SYMBOL_COUNT);
    uint64_t end = offset + (uint64_t)count * SYMBOL_SIZE;

    if (offset == 0 || end > info->file_byte_count)
        return PE_OK;
    info->symbol_table_offset = offset;
    info->symbol_count = count;
    if (pe_fits(end, 4, info->file_byte_count) &&
        pe_fits(end, pe_get32(info->file + end), info->file_byte_count)) {
        info->string_table_offset = (uint32_t)end;
        info->string_table_byte_count = pe_get32(info->file + end);
    }
    return PE_OK;
}

static enum pe_status check_entry(const struct pe_inspection *inspection)
{
    const struct pe_image_info *info = inspection->info;
    const struct pe_section *section = pe_section_at(info, info->entry_rva);

    if (info->entry_rva == 0)
        return pe_fail(inspection->error, PE_BAD_ENTRY,
                       "the image has no entry point: a driver's is DriverEntry");
    if (!section)
        return pe_fail(inspection->error, PE_BAD_ENTRY,
                       "the entry point at RVA %#x lies in no section", info->entry_rva);
    if ((section->access & PE_READ_EXECUTE) == 0)
        return pe_fail(inspection->error, PE_BAD_ENTRY,
                       "the entry point at RVA %#x lies in section %s, which is not executable",
                       info->entry_rva, section->name);
    return PE_OK;
}

static struct pe_directory read_directory(const struct pe_inspection *inspection, uint32_t index)
{
    struct pe_directory directory = {0, 0};

    if (index < inspection->directory_count) {
        const uint8_t *entry = inspection->directories + index * DIRECTORY_SIZE;
        directory.rva = pe_get32(entry);
        directory.byte_count = pe_get32(entry + 4);
        if (directory.rva == 0)
            directory.byte_count = 0;
    }
    return directory;
}

/* Bound imports (directory 11) are ignored: every import is bound here by name. So is what is only
 * for unwinders, debuggers, resources and signatures. */
static enum pe_status read_directories(struct pe_inspection *inspection)
{
    static const struct {
        uint32_t index;
        const char *what, *why;
    } unsupported[] = {
        {DIRECTORY_TLS, "thread-local storage", "a kernel has no such thing"},
        {DIRECTORY_DELAY_IMPORT, "delay-loaded imports", "only ordinary programs can load them"},
        {DIRECTORY_MANAGED, "managed code", "drivers are native code"},
    };
    struct pe_image_info *info = inspection->info;

    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++) {
        if (read_directory(inspection, unsupported[i].index).rva != 0)
            return pe_fail(inspection->error, PE_UNSUPPORTED, "the image has %s: %s",
                           unsupported[i].what, unsupported[i].why);
    }
    info->exports = read_directory(inspection, DIRECTORY_EXPORT);
    info->imports = read_directory(inspection, DIRECTORY_IMPORT);
    info->functions = read_directory(inspection, DIRECTORY_EXCEPTION);
    info->relocations = read_directory(inspection, DIRECTORY_RELOCATION);
    pe_find_cookie(info, read_directory(inspection, DIRECTORY_LOAD_CONFIG).rva);
    return PE_OK;
}

static enum pe_status count_import(void *context, const struct pe_import *import,
                                   struct pe_error *error)
{
    struct pe_image_info *info = context;

    (void)import;
    (void)error; /* the walk itself has checked everything */
    info->import_count++;
    return PE_OK;
}

enum pe_status pe_inspect(const void *file, size_t byte_count, enum pe_machine machine,
                          struct pe_image_info *info, struct pe_error *error)
{
    static enum pe_status (*const steps[])(struct pe_inspection *) = {
        check_optional_layout, check_optional_header, find_symbols,
        pe_read_sections,      read_directories,
    };
    struct pe_inspection inspection = {.info = info, .error = error};
    enum pe_status status;

    memset(info, 0, sizeof *info);
    error->status = PE_OK;
    error->text[0] = '\0';
    if (byte_count > PE_MAX_FILE_SIZE)
        return pe_fail(error, PE_TOO_LARGE, "the file has %llu bytes, and at most %u are loaded",
                       (unsigned long long)byte_count, PE_MAX_FILE_SIZE);
    info->file = file;
    info->file_byte_count = (uint32_t)byte_count;
    status = find_coff_header(&inspection);
    if (status == PE_OK)
        status = check_coff_header(&inspection, machine);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == PE_OK; i++)
        status = steps[i](&inspection);
    if (status == PE_OK)
        status = check_entry(&inspection);
    if (status == PE_OK)
        status = pe_walk_relocations(info, NULL, 0, &info->relocation_count, error);
    if (status == PE_OK)
        status = pe_walk_imports(info, count_import, info, error);
    return status;
}
