/* SPDX-License-Identifier: MIT */
/*
 * What miniports can import: the table, and its look-up.
 *
 * Owns: nothing; the table is constant. port/contract/routines.def is the one place where an export
 * is written down: the import libraries that miniports link against and this table both come from
 * it.
 */
#ifndef PORT_LOADER_EXPORTS_H
#define PORT_LOADER_EXPORTS_H

#include "port/loader/pe.h"

/* The modules that a miniport may name in its import table. */
enum export_module {
    EXPORT_ATAPORT = 1,  /* ataport.sys */
    EXPORT_PCIIDEX = 2,  /* pciidex.sys */
    EXPORT_NTOSKRNL = 4, /* ntoskrnl.exe */
};

struct export_entry {
    const char *name;
    const void *address;
    unsigned
        modules; /* enum export_module: which of them export it; it is the same routine in all */
};

extern const struct export_entry export_table[];
extern const size_t export_count;

/*
 * Finds an export. module is compared without case, symbol with case.
 * Returns: PE_RESOLVED with *address, or which of the two is unknown. Context: any.
 */
enum pe_resolution export_find(const char *module, const char *symbol, uint64_t *address);

/* export_find() as pe_load() wants it; the context is not used. */
enum pe_resolution export_resolve(void *context, const char *module, const char *symbol,
                                  uint64_t *address);

#endif
