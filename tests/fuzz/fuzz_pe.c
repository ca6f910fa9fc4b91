/* SPDX-License-Identifier: MIT */
/*
 * The PE loader under libFuzzer: whatever the bytes, it refuses them with a reason or describes an
 * image that can be loaded, and touches nothing else. The sanitizers and the checks below end the
 * run if not.
 *
 * `make fuzz FUZZ=pe` runs it, and starts from small drivers of both machines.
 */
#include "port/loader/pe.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Exports one name in two, so that both ends of binding are reached. */
static enum pe_resolution resolve(void *context, const char *module, const char *symbol,
                                  uint64_t *address)
{
    (void)context;
    require(strlen(module) < PE_NAME_CAPACITY && strlen(symbol) < PE_NAME_CAPACITY);
    require(*module != '\0' && *symbol != '\0');
    *address = 0x12345000;
    return *symbol % 2 == 0 ? PE_RESOLVED : PE_NO_SUCH_SYMBOL;
}

static void name_functions(const struct pe_image_info *info)
{
    for (uint32_t i = 0; i < info->section_count && i < 8; i++) {
        uint32_t rva = info->sections[i].rva + info->sections[i].byte_count / 2, offset;
        char name[16];

        if (pe_function_name(info, rva, name, sizeof name, &offset))
            require(offset <= rva && strlen(name) < sizeof name);
        if (pe_nearest_export(info, rva, name, sizeof name, &offset))
            require(offset <= rva && strlen(name) < sizeof name);
    }
}

static void try_machine(const uint8_t *bytes, size_t byte_count, enum pe_machine machine)
{
    static struct pe_image_info info;
    struct pe_error error;
    enum pe_status status = pe_inspect(bytes, byte_count, machine, &info, &error);
    uint8_t *memory;

    require(status == error.status && (status == PE_OK) == (error.text[0] == '\0'));
    if (status != PE_OK)
        return;
    require(info.mapped_byte_count <= PE_MAX_IMAGE_SIZE && info.mapped_byte_count != 0);
    require(pe_section_at(&info, info.entry_rva)->access & PE_READ_EXECUTE);
    memory = calloc(1, info.mapped_byte_count);
    require(memory != NULL);
    status = pe_load(&info, memory, 0x70000000, resolve, NULL, &error);
    require(status == error.status && (status == PE_OK) == (error.text[0] == '\0'));
    /* What pe_inspect() has passed cannot fail for any other reason. */
    require(status == PE_OK || status == PE_UNKNOWN_IMPORT || status == PE_RELOCATIONS_STRIPPED);
    for (uint32_t rva = 0; rva < info.mapped_byte_count; rva += PE_PAGE_SIZE)
        require(pe_page_access(&info, rva) == PE_NOT_MAPPED || pe_page_access(&info, rva) <= 3);
    pe_set_cookie(&info, memory, 0x0123456789abcdef);
    name_functions(&info);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    try_machine(bytes, byte_count, PE_MACHINE_AMD64);
    try_machine(bytes, byte_count, PE_MACHINE_I386);
    return 0;
}
