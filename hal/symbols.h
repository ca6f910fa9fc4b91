/* SPDX-License-Identifier: MIT */
/*
 * The kernel's table of its own function names, generated from the linked kernel (hal/symbols.awk)
 * and linked in last, behind everything whose addresses it names.
 */
#ifndef HAL_SYMBOLS_H
#define HAL_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct hal_symbol_entry {
    uint32_t text_offset; /* from hal_text_start; ascending */
    uint32_t name_offset; /* in hal_symbol_names */
};

extern const size_t hal_symbol_count;
extern const struct hal_symbol_entry hal_symbol_table[];
extern const char hal_symbol_names[];

/* From the linker script. */
extern const uint8_t hal_text_start[], hal_text_end[];

#endif
