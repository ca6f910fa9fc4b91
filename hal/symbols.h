/* SPDX-License-Identifier: MIT */
/*
 * The kernel's table of its own function names, generated from the linked kernel (hal/symbols.awk)
 * and linked in last, behind everything whose addresses it names.
 */
#ifndef HAL_SYMBOLS_H
#define HAL_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/* Functions in the order of their addresses, from hal_text_start to hal_text_end without a gap, and
 * their names behind each other in the same order, each with its null. Only reports look here, so a
 * walk will do. */
extern const size_t hal_symbol_count;
extern const uint16_t hal_symbol_lengths[]; /* bytes to the next function */
extern const char hal_symbol_names[];

/* From the linker script. */
extern const uint8_t hal_text_start[], hal_text_end[];

#endif
