/* SPDX-License-Identifier: MIT */
/*
 * PE loader: the section table. Names, places, access, and that no two overlap.
 *
 * Owns: nothing. May not: trust the file, allocate, or touch the HAL. Contexts: any; see pe.h. Sums
 * of the file's numbers are made in 64 bits, as in pe.c.
 */
#include "port/loader/pe_internal.h"

#include <string.h>

/* A name of up to 8 bytes, or "/123": at 123 in the string table. */
static void read_section_name(const struct pe_image_info *info, const uint8_t *header, char *name)
{
    uint32_t offset = 0;

    memcpy(name, header + SECTION_NAME, SECTION_NAME_SIZE);
    name[SECTION_NAME_SIZE] = '\0';
    if (name[0] != '/')
        return;
    for (const char *c = name + 1; *c != '\0'; c++) {
        if (*c < '0' || *c > '9')
            return;
        offset = offset * 10 + (uint32_t)(*c - '0'); /* at most seven digits */
    }
    pe_string_table_name(info, offset, name, PE_SECTION_NAME_CAPACITY);
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Linkers give nothing else a name so long that it stands in the string table; where that is lost,
 * the "/" is left. */
static bool is_for_debuggers(const char *name, uint32_t characteristics)
{
    const uint32_t flags = SECTION_DISCARDABLE | SECTION_EXECUTE | SECTION_WRITE;

    return (characteristics & flags) == SECTION_DISCARDABLE &&
           (has_prefix(name, "/") || has_prefix(name, ".debug") || has_prefix(name, ".zdebug") ||
            has_prefix(name, ".stab"));
}

/* Discardable sections may hold start-up code and its data, which the driver needs; debug
 * information, relocations and resources are of no use to it, and are known by their names. */
static bool is_needed_at_run_time(const char *name, uint32_t characteristics)
{
    if ((characteristics & SECTION_DISCARDABLE) == 0 || (characteristics & SECTION_EXECUTE) != 0)
        return true;
    return !is_for_debuggers(name, characteristics) && !has_prefix(name, ".reloc") &&
           !has_prefix(name, ".rsrc");
}

static enum pe_status read_access(const struct pe_image_info *info, struct pe_section *section,
                                  uint32_t characteristics, struct pe_error *error)
{
    bool executable = (characteristics & SECTION_EXECUTE) != 0;
    bool writable = (characteristics & SECTION_WRITE) != 0;

    /* The kits of Windows Vista and 7 merge the import table into INIT, the discardable code that
     * runs once, and the merged section inherits "writable" from it. Only the loader writes there,
     * before protection, so that one section is loaded without it. */
    if (executable && writable && (characteristics & SECTION_DISCARDABLE) != 0 &&
        strcmp(section->name, "INIT") == 0)
        writable = false;
    if (executable && writable && info->section_alignment >= PE_PAGE_SIZE)
        return pe_fail(error, PE_WRITABLE_CODE,
                       "section %s is both writable and executable (characteristics %#x): nothing "
                       "here may be both",
                       section->name, characteristics);
    section->access = (executable ? PE_READ_EXECUTE : 0) | (writable ? PE_READ_WRITE : 0);
    return PE_OK;
}

/* Where a section is, in the file and in memory. */
static enum pe_status read_place(struct pe_inspection *inspection, const uint8_t *header,
                                 struct pe_section *section)
{
    const struct pe_image_info *info = inspection->info;
    uint32_t raw_byte_count = pe_get32(header + SECTION_RAW_SIZE);

    section->rva = pe_get32(header + SECTION_RVA);
    section->byte_count = pe_get32(header + SECTION_VIRTUAL_SIZE);
    section->file_offset = pe_get32(header + SECTION_RAW_OFFSET);
    if (section->file_offset == 0)
        raw_byte_count = 0;
    if (section->byte_count == 0)
        section->byte_count = raw_byte_count;
    section->file_byte_count =
        raw_byte_count < section->byte_count ? raw_byte_count : section->byte_count;
    if (section->byte_count == 0)
        return PE_OK;
    if (!pe_fits(section->file_offset, raw_byte_count, info->file_byte_count))
        return pe_fail(
            inspection->error, PE_SECTION_OUTSIDE_FILE,
            "section %s, size %#x, is at file offset %#x, and the file ends at %#x: it is "
            "cut off or damaged",
            section->name, raw_byte_count, section->file_offset, info->file_byte_count);
    if (!pe_fits(section->rva, section->byte_count, info->image_byte_count))
        return pe_fail(inspection->error, PE_SECTION_OUTSIDE_IMAGE,
                       "section %s, size %#x, is at RVA %#x, outside the image of size %#x",
                       section->name, section->byte_count, section->rva, info->image_byte_count);
    if (section->rva % info->section_alignment != 0)
        return pe_fail(inspection->error, PE_MISALIGNED,
                       "section %s is at RVA %#x, not a multiple of the section alignment %#x",
                       section->name, section->rva, info->section_alignment);
    if (raw_byte_count != 0 && section->file_offset % inspection->file_alignment != 0)
        return pe_fail(inspection->error, PE_MISALIGNED,
                       "section %s is at file offset %#x, not a multiple of the file alignment %#x",
                       section->name, section->file_offset, inspection->file_alignment);
    return PE_OK;
}

static enum pe_status read_section(struct pe_inspection *inspection, const uint8_t *header,
                                   struct pe_section *section)
{
    const struct pe_image_info *info = inspection->info;
    uint32_t characteristics = pe_get32(header + SECTION_CHARACTERISTICS);
    enum pe_status status;

    read_section_name(info, header, section->name);
    status = read_place(inspection, header, section);
    if (status != PE_OK && is_for_debuggers(section->name, characteristics)) {
        section->byte_count = section->file_byte_count = 0; /* costs names only */
        inspection->error->status = PE_OK;
        inspection->error->text[0] = '\0';
        return PE_OK;
    }
    if (status != PE_OK || section->byte_count == 0)
        return status;
    section->mapped = is_needed_at_run_time(section->name, characteristics);
    return read_access(info, section, characteristics, inspection->error);
}

/* Sections must not overlap each other or the headers, and stand in order. */
static enum pe_status check_overlaps(const struct pe_inspection *inspection)
{
    const struct pe_image_info *info = inspection->info;
    uint32_t highest = 0;

    for (uint32_t i = 0; i < info->section_count; i++) {
        const struct pe_section *a = &info->sections[i];
        if (a->byte_count == 0)
            continue;
        if (a->rva < info->header_byte_count)
            return pe_fail(inspection->error, PE_SECTION_OVERLAP,
                           "section %s at RVA %#x overlaps the headers, which end at %#x", a->name,
                           a->rva, info->header_byte_count);
        for (uint32_t j = 0; j < i; j++) {
            const struct pe_section *b = &info->sections[j];
            if (b->byte_count != 0 && a->rva < b->rva + b->byte_count &&
                b->rva < a->rva + a->byte_count)
                return pe_fail(inspection->error, PE_SECTION_OVERLAP,
                               "section %s at RVA %#x to %#x overlaps section %s at %#x to %#x",
                               a->name, a->rva, a->rva + a->byte_count, b->name, b->rva,
                               b->rva + b->byte_count);
        }
        if (a->rva < highest)
            return pe_fail(inspection->error, PE_SECTION_ORDER,
                           "section %s at RVA %#x comes after one at %#x: sections stand in "
                           "ascending order",
                           a->name, a->rva, highest);
        highest = a->rva;
    }
    return PE_OK;
}

enum pe_status pe_read_sections(struct pe_inspection *inspection)
{
    struct pe_image_info *info = inspection->info;
    enum pe_status status;

    for (uint32_t i = 0; i < info->section_count; i++) {
        status = read_section(inspection, inspection->section_headers + i * SECTION_HEADER_SIZE,
                              &info->sections[i]);
        if (status != PE_OK)
            return status;
    }
    status = check_overlaps(inspection);
    if (status != PE_OK)
        return status;
    info->mapped_byte_count = (uint32_t)pe_round_up(info->header_byte_count, PE_PAGE_SIZE);
    for (uint32_t i = 0; i < info->section_count; i++) {
        const struct pe_section *section = &info->sections[i];
        if (has_prefix(section->name, ".debug_"))
            info->has_dwarf = true;
        if (section->mapped)
            info->mapped_byte_count =
                (uint32_t)pe_round_up(section->rva + section->byte_count, PE_PAGE_SIZE);
    }
    return PE_OK;
}
