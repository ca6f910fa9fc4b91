/* SPDX-License-Identifier: MIT */
/* Bytes in hexadecimal, as `hexdump -C` writes them, so that the two can be compared. */
#ifndef BOOT_SHELL_DUMP_H
#define BOOT_SHELL_DUMP_H

#include <stddef.h>
#include <stdint.h>

/* `offset` stands at the beginning of the first line, and counts on. Context: PASSIVE_LEVEL. */
void dump_bytes(uint64_t offset, const uint8_t *bytes, size_t byte_count);

#endif
