/* SPDX-License-Identifier: MIT */
/*
 * PE loader, second half: reads the contents of sections, relocates, and binds imports.
 *
 * Owns: nothing. May not: trust the file, allocate, or touch the HAL. Contexts: any; see pe.h.
 *
 * pe_inspect() and pe_load() walk relocations and imports with the same code, so that nothing is
 * applied that was not checked. Tables are always read from the file, never from the image that is
 * being written: a table that overlaps what it describes cannot change under the walk.
 */
#include "port/loader/pe_internal.h"

#include <string.h>

const struct pe_section *pe_section_of(const struct pe_image_info *info, uint32_t rva,
                                       uint32_t byte_count)
{
    for (uint32_t i = 0; i < info->section_count; i++) {
        const struct pe_section *section = &info->sections[i];
        if (rva >= section->rva && pe_fits(rva - section->rva, byte_count, section->byte_count))
            return section;
    }
    return NULL;
}

const struct pe_section *pe_section_at(const struct pe_image_info *info, uint32_t rva)
{
    return pe_section_of(info, rva, 1);
}

unsigned pe_page_access(const struct pe_image_info *info, uint32_t rva)
{
    unsigned access = rva < info->header_byte_count ? PE_READ_ONLY : PE_NOT_MAPPED;

    for (uint32_t i = 0; i < info->section_count; i++) {
        const struct pe_section *section = &info->sections[i];
        if (section->mapped && rva < section->rva + section->byte_count &&
            section->rva < rva + PE_PAGE_SIZE)
            access = (access == PE_NOT_MAPPED ? 0 : access) | section->access;
    }
    return access;
}

bool pe_read(const struct pe_image_info *info, uint32_t rva, void *bytes, uint32_t byte_count)
{
    const struct pe_section *section = pe_section_of(info, rva, byte_count);
    uint32_t offset, available;

    if (!section)
        return false;
    offset = rva - section->rva;
    available = offset < section->file_byte_count ? section->file_byte_count - offset : 0;
    if (available > byte_count)
        available = byte_count;
    memset(bytes, 0, byte_count);
    if (available != 0)
        memcpy(bytes, info->file + section->file_offset + offset, available);
    return true;
}

size_t pe_read_string(const struct pe_image_info *info, uint32_t rva, char *text, size_t capacity)
{
    const struct pe_section *section = pe_section_at(info, rva);
    uint32_t offset, available;

    if (!section)
        return 0;
    offset = rva - section->rva;
    available = offset < section->file_byte_count ? section->file_byte_count - offset : 0;
    for (size_t length = 0; length < capacity && offset + length < section->byte_count; length++) {
        text[length] =
            length < available ? (char)info->file[section->file_offset + offset + length] : '\0';
        if (text[length] == '\0')
            return length;
    }
    return 0;
}

/* Checks one relocation and, with memory, adds delta to what it points at. */
static enum pe_status relocate(const struct pe_image_info *info, uint32_t kind, uint32_t rva,
                               uint8_t *memory, uint64_t delta, uint32_t *count,
                               struct pe_error *error)
{
    bool wide = info->machine == PE_MACHINE_AMD64;
    uint32_t byte_count = wide ? 8 : 4;
    const struct pe_section *section;

    if (kind == RELOCATION_ABSOLUTE)
        return PE_OK;
    if (kind != (wide ? (uint32_t)RELOCATION_DIR64 : (uint32_t)RELOCATION_HIGHLOW))
        return pe_fail(error, PE_BAD_RELOCATION,
                       "relocation at RVA %#x is of kind %u, which images for %s do not have", rva,
                       kind, pe_machine_name((uint16_t)info->machine));
    if (!pe_fits(rva, byte_count, info->image_byte_count))
        return pe_fail(error, PE_BAD_RELOCATION,
                       "relocation at RVA %#x lies outside the image of %#x bytes", rva,
                       info->image_byte_count);
    section = pe_section_of(info, rva, byte_count);
    if (!section)
        return pe_fail(error, PE_BAD_RELOCATION,
                       "relocation at RVA %#x does not lie in one section", rva);
    if (!section->mapped)
        return PE_OK;
    ++*count;
    if (memory && wide)
        pe_put64(memory + rva, pe_get64(memory + rva) + delta);
    else if (memory)
        pe_put32(memory + rva, pe_get32(memory + rva) + (uint32_t)delta);
    return PE_OK;
}

static bool is_zero(const uint8_t *bytes, uint32_t byte_count)
{
    while (byte_count != 0 && bytes[byte_count - 1] == 0)
        byte_count--;
    return byte_count == 0;
}

enum pe_status pe_walk_relocations(const struct pe_image_info *info, uint8_t *memory,
                                   uint64_t delta, uint32_t *count, struct pe_error *error)
{
    struct pe_directory table = info->relocations;
    const struct pe_section *section;
    const uint8_t *bytes;
    uint32_t block_byte_count;

    *count = 0;
    if (table.byte_count == 0)
        return PE_OK;
    section = pe_section_at(info, table.rva);
    if (!section || !pe_fits(table.rva - section->rva, table.byte_count, section->file_byte_count))
        return pe_fail(
            error, PE_BAD_RELOCATION,
            "the relocation table at RVA %#x, of size %#x, does not lie in the contents of "
            "one section",
            table.rva, table.byte_count);
    bytes = info->file + section->file_offset + (table.rva - section->rva);
    for (uint32_t at = 0; at < table.byte_count; at += block_byte_count) {
        uint32_t rest = table.byte_count - at;
        uint32_t page_rva = rest < RELOCATION_BLOCK_HEADER_SIZE ? 0 : pe_get32(bytes + at);

        if (is_zero(bytes + at,
                    rest < RELOCATION_BLOCK_HEADER_SIZE ? rest : RELOCATION_BLOCK_HEADER_SIZE))
            break; /* padding: the table ends here */
        block_byte_count = rest < RELOCATION_BLOCK_HEADER_SIZE ? 0 : pe_get32(bytes + at + 4);
        if (block_byte_count < RELOCATION_BLOCK_HEADER_SIZE || block_byte_count > rest ||
            block_byte_count % 2 != 0)
            return pe_fail(
                error, PE_BAD_RELOCATION,
                "the relocation block at RVA %#x says that its size is %u, and that of the "
                "table's rest is %u",
                table.rva + at, block_byte_count, rest);
        if (page_rva % PE_PAGE_SIZE != 0 || page_rva >= info->image_byte_count)
            return pe_fail(
                error, PE_BAD_RELOCATION,
                "the relocation block at RVA %#x is for RVA %#x, which is no page of the "
                "image of %#x bytes",
                table.rva + at, page_rva, info->image_byte_count);
        for (uint32_t i = RELOCATION_BLOCK_HEADER_SIZE; i < block_byte_count; i += 2) {
            uint32_t entry = pe_get16(bytes + at + i);
            enum pe_status status = relocate(info, entry >> 12, page_rva + (entry & 0xfff), memory,
                                             delta, count, error);
            if (status != PE_OK)
                return status;
        }
    }
    return PE_OK;
}

/* One module's imports: the state of the walk over its name table. */
struct module_walk {
    const struct pe_image_info *info;
    char module[PE_NAME_CAPACITY];
    uint32_t names_rva, slots_rva;
    uint32_t count; /* imports of all modules so far */
};

static enum pe_status walk_module(struct module_walk *walk, pe_import_visitor visit, void *context,
                                  struct pe_error *error)
{
    const struct pe_image_info *info = walk->info;
    bool wide = info->machine == PE_MACHINE_AMD64;
    uint32_t slot_byte_count = wide ? 8 : 4;
    uint64_t ordinal_flag = wide ? (uint64_t)1 << 63 : (uint64_t)1 << 31;

    for (uint32_t offset = 0;; offset += slot_byte_count) {
        char symbol[PE_NAME_CAPACITY];
        struct pe_import import = {walk->module, symbol, walk->slots_rva + offset};
        const struct pe_section *section;
        uint8_t bytes[8] = {0};
        uint64_t name;
        enum pe_status status;

        if (!pe_read(info, walk->names_rva + offset, bytes, slot_byte_count))
            return pe_fail(error, PE_BAD_IMPORT,
                           "the list of imports from %s runs out of its section at RVA %#x",
                           walk->module, walk->names_rva + offset);
        name = pe_get64(bytes);
        if (name == 0)
            return PE_OK;
        if (walk->count == PE_MAX_IMPORTS)
            return pe_fail(error, PE_TOO_LARGE, "the image has more than %u imports",
                           PE_MAX_IMPORTS);
        if ((name & ordinal_flag) != 0)
            return pe_fail(error, PE_IMPORT_BY_ORDINAL,
                           "imports number %u from %s: only names are exported here, so link with "
                           "an import library that has names",
                           (unsigned)(name & 0xffff), walk->module);
        if (name > PE_MAX_IMAGE_SIZE ||
            pe_read_string(info, (uint32_t)name + IMPORT_HINT_SIZE, symbol, sizeof symbol) == 0)
            return pe_fail(error, PE_BAD_IMPORT,
                           "an import from %s has its name at RVA %#llx, where no name of 1 to %u "
                           "characters is",
                           walk->module, (unsigned long long)name, PE_NAME_CAPACITY - 1);
        section = pe_section_of(info, import.slot_rva, slot_byte_count);
        if (!section || !section->mapped)
            return pe_fail(error, PE_BAD_IMPORT,
                           "the slot for %s from %s is at RVA %#x, which is in no section that is "
                           "loaded",
                           symbol, walk->module, import.slot_rva);
        walk->count++;
        status = visit(context, &import, error);
        if (status != PE_OK)
            return status;
    }
}

enum pe_status pe_walk_imports(const struct pe_image_info *info, pe_import_visitor visit,
                               void *context, struct pe_error *error)
{
    struct module_walk walk = {.info = info};

    if (info->imports.rva == 0)
        return PE_OK;
    for (uint32_t i = 0; i <= PE_MAX_IMPORT_MODULES; i++) {
        uint32_t rva = info->imports.rva + i * IMPORT_DESCRIPTOR_SIZE;
        uint8_t descriptor[IMPORT_DESCRIPTOR_SIZE];
        uint32_t module_rva;
        enum pe_status status;

        if (!pe_read(info, rva, descriptor, sizeof descriptor))
            return pe_fail(error, PE_BAD_IMPORT,
                           "the import table runs out of its section at RVA %#x", rva);
        module_rva = pe_get32(descriptor + IMPORT_MODULE);
        walk.names_rva = pe_get32(descriptor + IMPORT_NAME_TABLE);
        walk.slots_rva = pe_get32(descriptor + IMPORT_SLOTS);
        if (module_rva == 0 || walk.slots_rva == 0)
            return PE_OK;
        if (pe_read_string(info, module_rva, walk.module, sizeof walk.module) == 0)
            return pe_fail(error, PE_BAD_IMPORT,
                           "import table entry %u has its module's name at RVA %#x, where no name "
                           "of 1 to %u characters is",
                           i, module_rva, PE_NAME_CAPACITY - 1);
        if (walk.names_rva == 0 && pe_get32(descriptor + IMPORT_TIME_STAMP) != 0)
            return pe_fail(
                error, PE_UNSUPPORTED,
                "the imports from %s were bound to addresses in advance, and their names "
                "are lost: link the driver without binding",
                walk.module);
        if (walk.names_rva == 0)
            walk.names_rva = walk.slots_rva;
        status = walk_module(&walk, visit, context, error);
        if (status != PE_OK)
            return status;
    }
    return pe_fail(error, PE_TOO_LARGE, "the image imports from more than %u modules",
                   PE_MAX_IMPORT_MODULES);
}

/* What binding an import needs, and the first import that could not be bound. */
struct binding {
    const struct pe_image_info *info;
    uint8_t *memory;
    pe_resolver resolve;
    void *context;
    uint32_t unknown_count;
    enum pe_resolution reason;
    char module[PE_NAME_CAPACITY], symbol[PE_NAME_CAPACITY];
};

/* Writes one import's address. Unknown ones are counted, so that a report can say how many. */
static enum pe_status bind_import(void *context, const struct pe_import *import,
                                  struct pe_error *error)
{
    struct binding *binding = context;
    uint64_t address = 0;
    enum pe_resolution resolution =
        binding->resolve(binding->context, import->module, import->symbol, &address);

    if (resolution != PE_RESOLVED) {
        if (binding->unknown_count++ == 0) {
            binding->reason = resolution;
            memcpy(binding->module, import->module, strlen(import->module) + 1);
            memcpy(binding->symbol, import->symbol, strlen(import->symbol) + 1);
        }
        return PE_OK;
    }
    if (binding->info->machine == PE_MACHINE_AMD64) {
        pe_put64(binding->memory + import->slot_rva, address);
        return PE_OK;
    }
    if (address > UINT32_MAX)
        return pe_fail(error, PE_TOO_LARGE, "%s of %s is at %#llx, out of reach for i386 code",
                       import->symbol, import->module, (unsigned long long)address);
    pe_put32(binding->memory + import->slot_rva, (uint32_t)address);
    return PE_OK;
}

static enum pe_status bind_imports(const struct pe_image_info *info, uint8_t *memory,
                                   pe_resolver resolve, void *context, struct pe_error *error)
{
    struct binding binding = {
        .info = info, .memory = memory, .resolve = resolve, .context = context};
    enum pe_status status = pe_walk_imports(info, bind_import, &binding, error);

    if (status != PE_OK || binding.unknown_count == 0)
        return status;
    return pe_fail(error, PE_UNKNOWN_IMPORT, "%u unknown import%s %s from %s: %s",
                   binding.unknown_count, binding.unknown_count == 1 ? "," : "s, the first is",
                   binding.symbol, binding.module,
                   binding.reason == PE_NO_SUCH_MODULE ? "there is no such module here"
                                                       : "that module does not export it");
}

enum pe_status pe_load(const struct pe_image_info *info, void *memory, uint64_t base,
                       pe_resolver resolve, void *context, struct pe_error *error)
{
    uint64_t delta = base - info->preferred_base;
    enum pe_status status = PE_OK;
    uint32_t count;

    error->status = PE_OK;
    error->text[0] = '\0';
    if (base % PE_PAGE_SIZE != 0)
        return pe_fail(error, PE_MISALIGNED, "the address %#llx to load at is not a page's",
                       (unsigned long long)base);
    if (info->machine == PE_MACHINE_I386 &&
        !pe_fits(base, info->mapped_byte_count, (uint64_t)UINT32_MAX + 1))
        return pe_fail(error, PE_TOO_LARGE, "the address %#llx to load at is out of reach for i386",
                       (unsigned long long)base);
    if (delta != 0 && info->relocations_stripped)
        return pe_fail(
            error, PE_RELOCATIONS_STRIPPED,
            "its relocations were stripped, so that it runs at %#llx only, and it has to "
            "be at %#llx: link with --dynamicbase and do not strip relocations",
            (unsigned long long)info->preferred_base, (unsigned long long)base);
    memcpy(memory, info->file, info->header_byte_count);
    for (uint32_t i = 0; i < info->section_count; i++) {
        const struct pe_section *section = &info->sections[i];
        if (section->mapped && section->file_byte_count != 0)
            memcpy((uint8_t *)memory + section->rva, info->file + section->file_offset,
                   section->file_byte_count);
    }
    if (delta != 0)
        status = pe_walk_relocations(info, memory, delta, &count, error);
    if (status == PE_OK)
        status = bind_imports(info, memory, resolve, context, error);
    return status;
}
