/* SPDX-License-Identifier: MIT */
/*
 * PE loader: which function of an image an address lies in.
 *
 * Owns: nothing. May not: trust the file, allocate, or touch the HAL. Contexts: any, the panic's
 * back trace among them: nothing here blocks or fails loudly; a damaged table gives no name.
 */
#include "port/loader/pe_internal.h"

#include <string.h>

bool pe_string_table_name(const struct pe_image_info *info, uint32_t offset, char *name,
                          size_t capacity)
{
    const uint8_t *table = info->file + info->string_table_offset;
    size_t length = 0;

    /* The first four bytes are the table's size. */
    if (offset < 4 || offset >= info->string_table_byte_count)
        return false;
    while (length < capacity - 1 && offset + length < info->string_table_byte_count &&
           table[offset + length] != '\0') {
        name[length] = (char)table[offset + length];
        length++;
    }
    name[length] = '\0';
    return length != 0;
}

/* More than any driver has; bounds the time for a table that lies. */
#define MAX_EXPORT_NAMES 4096u

/* i386 compilers write "_name" (cdecl), "_name@12" (stdcall) and "@name@12" (fastcall). */
static void remove_decorations(const struct pe_image_info *info, char *name)
{
    size_t length = strlen(name), end = length;

    if (info->machine != PE_MACHINE_I386)
        return;
    while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9')
        end--;
    if (end < length && end > 1 && name[end - 1] == '@')
        name[end - 1] = '\0';
    if (name[0] == '_' || name[0] == '@')
        memmove(name, name + 1, strlen(name));
}

/* Copies a symbol's name. False when it has none that can be read. */
static bool read_symbol_name(const struct pe_image_info *info, const uint8_t *symbol, char *name,
                             size_t capacity)
{
    size_t length = SYMBOL_NAME_SIZE;

    if (pe_get32(symbol + SYMBOL_NAME) == 0) {
        if (!pe_string_table_name(info, pe_get32(symbol + SYMBOL_NAME + 4), name, capacity))
            return false;
    } else {
        if (length > capacity - 1)
            length = capacity - 1;
        memcpy(name, symbol + SYMBOL_NAME, length);
        name[length] = '\0';
    }
    remove_decorations(info, name);
    return name[0] != '\0';
}

static bool is_function(const uint8_t *symbol)
{
    uint8_t class = symbol[SYMBOL_CLASS];

    return pe_get16(symbol + SYMBOL_TYPE) == SYMBOL_TYPE_FUNCTION &&
           (class == SYMBOL_CLASS_EXTERNAL || class == SYMBOL_CLASS_STATIC);
}

bool pe_function_name(const struct pe_image_info *info, uint32_t rva, char *name, size_t capacity,
                      uint32_t *offset)
{
    const struct pe_section *section = pe_section_at(info, rva);
    const uint8_t *symbols = info->file + info->symbol_table_offset;
    const uint8_t *nearest = NULL;
    uint32_t section_number, wanted, best = 0;

    if (!section || capacity == 0)
        return false;
    section_number = (uint32_t)(section - info->sections) + 1;
    wanted = rva - section->rva;
    for (uint64_t i = 0; i < info->symbol_count;
         i += 1u + symbols[i * SYMBOL_SIZE + SYMBOL_AUX_COUNT]) {
        const uint8_t *symbol = symbols + i * SYMBOL_SIZE;
        uint32_t value = pe_get32(symbol + SYMBOL_VALUE);

        if (is_function(symbol) && pe_get16(symbol + SYMBOL_SECTION) == section_number &&
            value <= wanted && (!nearest || value > best)) {
            nearest = symbol;
            best = value;
        }
    }
    if (!nearest || !read_symbol_name(info, nearest, name, capacity))
        return false;
    *offset = wanted - best;
    return true;
}

bool pe_nearest_export(const struct pe_image_info *info, uint32_t rva, char *name, size_t capacity,
                       uint32_t *offset)
{
    const struct pe_section *section = pe_section_at(info, rva);
    uint8_t directory[EXPORT_DIRECTORY_SIZE];
    uint32_t name_count, function_count, nearest_name_rva = 0, best = 0;

    if (!section || capacity == 0 || info->exports.rva == 0 ||
        !pe_read(info, info->exports.rva, directory, sizeof directory))
        return false;
    function_count = pe_get32(directory + EXPORT_FUNCTION_COUNT);
    name_count = pe_get32(directory + EXPORT_NAME_COUNT);
    for (uint32_t i = 0; i < name_count && i < MAX_EXPORT_NAMES; i++) {
        uint8_t bytes[4];
        uint32_t name_rva, index, function_rva;

        if (!pe_read(info, pe_get32(directory + EXPORT_NAMES) + i * 4, bytes, 4))
            break;
        name_rva = pe_get32(bytes);
        if (!pe_read(info, pe_get32(directory + EXPORT_ORDINALS) + i * 2, bytes, 2))
            break;
        index = pe_get16(bytes);
        if (index >= function_count ||
            !pe_read(info, pe_get32(directory + EXPORT_FUNCTIONS) + index * 4, bytes, 4))
            continue;
        function_rva = pe_get32(bytes);
        if (function_rva <= rva && function_rva >= section->rva && function_rva >= best &&
            name_rva != 0) {
            best = function_rva;
            nearest_name_rva = name_rva;
        }
    }
    if (nearest_name_rva == 0 || pe_read_string(info, nearest_name_rva, name, capacity) == 0)
        return false;
    *offset = rva - best;
    return true;
}
