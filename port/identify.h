/* SPDX-License-Identifier: MIT */
/* What IDENTIFY DEVICE and IDENTIFY PACKET DEVICE say (ATA/ATAPI-6 8.15, 8.16). Any context. */
#ifndef PORT_IDENTIFY_H
#define PORT_IDENTIFY_H

#include <ata.h>
#include <irb.h>
#include <stdbool.h>
#include <stdint.h>

struct device;

/* All of them read device->given.identify and what identify_decode made of it. Context: any. */

/* Fills in strings and IDE_DEVICE_PARAMETERS from the 512 bytes in device->given.identify. */
void identify_decode(struct device *device);
/* Sector size and count, from the parameters as IdeHwInitialize left them. False, and said: the
 * sector size cannot be. */
bool identify_capacity(struct device *device);
/* Modes that the device can do, and those that are set, as bitmaps (PIO_MODE0 ... UDMA_MODE6). */
ULONG identify_supported_modes(const struct device *device);
ULONG identify_current_modes(const struct device *device);
/* Does it support IORDY (word 49)? */
bool identify_iordy(const struct device *device);
/* Does it know FLUSH CACHE EXT? */
bool identify_has_flush_ext(const struct device *device);
/* How many blocks of 512 bytes its DATA SET MANAGEMENT takes; 0: it has no TRIM. */
uint32_t identify_trim_blocks(const struct device *device);
/* "UDMA 5", of the highest bit of a bitmap. */
const char *identify_mode_name(ULONG modes);

#endif
