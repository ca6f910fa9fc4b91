/* SPDX-License-Identifier: MIT */
/*
 * The table that names are looked up in, from port/contract/routines.def. Owns nothing; it is
 * constant. (Not in exports.c, since tests on the host have a table of their own.)
 */
#include "port/loader/exports.h"
#include "port/shared_page.h"

/* What a symbol is does not matter to the table: only its address does. */
#define ROUTINE(name, modules, stack, takes, contexts, rule) extern const char name[];
#define EXPORT(name, modules, stack, symbol)                 extern const char symbol[];
#include "port/contract/routines.def"

#define BOTH     (EXPORT_ATAPORT | EXPORT_PCIIDEX)
#define ATAPORT  EXPORT_ATAPORT
#define PCIIDEX  EXPORT_PCIIDEX
#define NTOSKRNL EXPORT_NTOSKRNL

const struct export_entry export_table[] = {
#define ROUTINE(name, modules, stack, takes, contexts, rule) {#name, name, modules},
#define EXPORT(name, modules, stack, symbol)                 {#name, symbol, modules},
#define PLACE(name, modules, offset) \
    {#name, (const void *)(SHARED_PAGE_ADDRESS + (offset)), modules},
#include "port/contract/routines.def"
};

const size_t export_count = sizeof export_table / sizeof export_table[0];
