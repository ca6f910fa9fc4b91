/* SPDX-License-Identifier: MIT */
/*
 * Look-up in the export table.
 *
 * Owns: nothing. May not: know what any export does. Contexts: any.
 */
#include "port/loader/exports.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned module;
} modules[] = {
    {"ataport.sys", EXPORT_ATAPORT},
    {"pciidex.sys", EXPORT_PCIIDEX},
    {"ntoskrnl.exe", EXPORT_NTOSKRNL},
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equal_without_case(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

enum pe_resolution export_find(const char *module, const char *symbol, uint64_t *address)
{
    unsigned wanted = 0;

    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++) {
        if (equal_without_case(module, modules[i].name))
            wanted = modules[i].module;
    }
    if (wanted == 0)
        return PE_NO_SUCH_MODULE;
    for (size_t i = 0; i < export_count; i++)
        if (strcmp(symbol, export_table[i].name) == 0) {
            *address = (uintptr_t)export_table[i].address;
            return export_table[i].modules & wanted ? PE_RESOLVED : PE_NO_SUCH_SYMBOL;
        }
    return PE_NO_SUCH_SYMBOL;
}

enum pe_resolution export_resolve(void *context, const char *module, const char *symbol,
                                  uint64_t *address)
{
    (void)context;
    return export_find(module, symbol, address);
}
