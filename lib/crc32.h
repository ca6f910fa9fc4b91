/* SPDX-License-Identifier: MIT */
/* CRC-32 as in Ethernet, zip and PNG: polynomial 04C11DB7h, bits reflected. */
#ifndef LIB_CRC32_H
#define LIB_CRC32_H

#include <stddef.h>
#include <stdint.h>

/*
 * Continues a checksum over byte_count more bytes. The first call takes 0 as crc; the result of the
 * last one is the checksum.
 *
 * Context: any. Returns: the checksum so far.
 * Source: ITU-T V.42, 8.1.1.6.2; check value CBF43926h for the nine digits "123456789".
 */
uint32_t crc32_update(uint32_t crc, const void *data, size_t byte_count);

#endif
