/* SPDX-License-Identifier: MIT */
/* Decoding of IDENTIFY data; see identify.h. Words are read with their validity bits: a word that
 * says nothing of itself is not believed. Any context. */
#include "port/identify.h"

#include <string.h>

#include "port/log.h"
#include "port/objects.h"
#include "port/owned.h"

static USHORT word(const struct device *device, unsigned index)
{
    const UCHAR *bytes = (const UCHAR *)&device->given.identify;
    return (USHORT)(bytes[index * 2] | bytes[index * 2 + 1] << 8);
}

static uint32_t dword(const struct device *device, unsigned index)
{
    return word(device, index) | (uint32_t)word(device, index + 1) << 16;
}

/* ATA strings have their bytes swapped in each word and are padded with blanks (3.2.9). */
static void copy_string(const struct device *device, unsigned first_word, unsigned words,
                        char *text)
{
    unsigned length = words * 2;
    for (unsigned i = 0; i < words; i++) {
        text[i * 2] = (char)(word(device, first_word + i) >> 8);
        text[i * 2 + 1] = (char)word(device, first_word + i);
    }
    for (unsigned i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            text[i] = text[i] ? '?' : ' ';
    while (length && text[length - 1] == ' ')
        length--;
    text[length] = 0;
    unsigned blanks = 0;
    while (text[blanks] == ' ')
        blanks++;
    memmove(text, text + blanks, length - blanks + 1);
}

/* Words 82 to 87 count when bits 15:14 of word 83 are 01. */
static bool features_are_valid(const struct device *device)
{
    return word(device, 83) >> 14 == 1;
}

static bool has_lba48(const struct device *device)
{
    return features_are_valid(device) && (word(device, 83) & 1u << 10);
}

/* Word 49, bit 8: it does DMA at all. A packet device that wants DMADIR in its packet commands has
 * that bit clear, and says all in word 62 (ATA8-ACS, IDENTIFY PACKET DEVICE). */
static ULONG supported_dma_modes(const struct device *device)
{
    ULONG modes = 0;

    if (device->kind == DEVICE_ATAPI && word(device, 62) & 1u << 15)
        return word(device, 62) & 1u << 10 ? (ULONG)(word(device, 62) >> 7 & 7) << 8 |
                                                 (ULONG)(word(device, 62) & 0x7F) << UDMA0
                                           : 0;
    if (!(word(device, 49) & 1u << 8))
        return 0;
    modes |= (ULONG)(word(device, 62) & 7) << 5; /* retired: single-word DMA */
    modes |= (ULONG)(word(device, 63) & 7) << 8;
    if (word(device, 53) & 4) /* word 88 */
        modes |= (ULONG)(word(device, 88) & 0x7F) << UDMA0;
    return modes;
}

ULONG identify_supported_modes(const struct device *device)
{
    ULONG modes = PIO_MODE0 | PIO_MODE1 | PIO_MODE2;

    if (word(device, 53) & 2) /* words 64 to 70 */
        modes |= (ULONG)(word(device, 64) & 3) << 3;
    return modes | supported_dma_modes(device);
}

ULONG identify_current_modes(const struct device *device)
{
    ULONG modes = (ULONG)(word(device, 63) >> 8 & 7) << 8;
    if (word(device, 53) & 4)
        modes |= (ULONG)(word(device, 88) >> 8 & 0x7F) << UDMA0;
    /* The PIO mode that is set is not reported; one that every device is in after reset. */
    return modes | PIO_MODE0;
}

bool identify_iordy(const struct device *device)
{
    return (word(device, 49) & 1u << 11) != 0;
}

bool identify_has_flush_ext(const struct device *device)
{
    return features_are_valid(device) && (word(device, 83) & 1u << 13);
}

/* ACS-2: word 169, bit 0, and word 105, where 0 names no limit; one block every device takes. */
uint32_t identify_trim_blocks(const struct device *device)
{
    if (device->kind != DEVICE_ATA || !(word(device, 169) & 1))
        return 0;
    return word(device, 105) ? word(device, 105) : 1;
}

const char *identify_mode_name(ULONG modes)
{
    static const char *const names[] = {
        "PIO 0",       "PIO 1",       "PIO 2",       "PIO 3",       "PIO 4",       "SW DMA 0",
        "SW DMA 1",    "SW DMA 2",    "MW DMA 0",    "MW DMA 1",    "MW DMA 2",    "Ultra DMA 0",
        "Ultra DMA 1", "Ultra DMA 2", "Ultra DMA 3", "Ultra DMA 4", "Ultra DMA 5", "Ultra DMA 6",
    };
    if (!modes)
        return "none";
    unsigned highest = 31u - (unsigned)__builtin_clz(modes);
    return highest < sizeof names / sizeof *names ? names[highest] : "unknown";
}

/* ------------------------------------------------------------------ device parameters */

static USHORT characteristics(const struct device *device)
{
    USHORT flags = 0;
    if (word(device, 0) & 1u << 7)
        flags |= DFLAGS_REMOVABLE_MEDIA;
    if (device->kind == DEVICE_ATAPI && (word(device, 0) >> 5 & 3) == 1)
        flags |= DFLAGS_INT_DRQ;
    if (features_are_valid(device) && (word(device, 127) & 3) == 1)
        flags |= DFLAGS_MSN_SUPPORT;
    if (device->kind == DEVICE_ATA && word(device, 84) >> 14 == 1 && (word(device, 84) & 1u << 6))
        flags |= DFLAGS_FUA_SUPPORT;
    return flags;
}

/* MaximumLun is the port's to say (a miniport may not change it), and IDENTIFY PACKET DEVICE says
 * it: ATA/ATAPI-4 8.13, word 126, three bits; the others are reserved. Disks have one unit. */
static UCHAR last_unit(const struct device *device)
{
    USHORT last = word(device, 126);
    return device->kind == DEVICE_ATAPI && last < MAX_IDE_LUN ? (UCHAR)last : 0;
}

/* Sector sizes (ATA/ATAPI-7 words 106, 117, 118, 209): word 106 counts with bits 15:14 = 01. */
static void sector_sizes(const struct device *device, IDE_DEVICE_PARAMETERS *parameters)
{
    USHORT sizes = word(device, 106);
    parameters->BytesPerLogicalSector = 512;
    if (sizes >> 14 != 1) {
        parameters->BytesPerPhysicalSector = 512;
        return;
    }
    if (sizes & 1u << 12) {
        uint64_t byte_count = (uint64_t)dword(device, 117) * 2;
        parameters->BytesPerLogicalSector = byte_count < UINT32_MAX ? (ULONG)byte_count : 0;
    }
    parameters->BytesPerPhysicalSector = sizes & 1u << 13
                                             ? parameters->BytesPerLogicalSector << (sizes & 0xF)
                                             : parameters->BytesPerLogicalSector;
    if (word(device, 209) >> 14 == 1)
        parameters->BytesOffsetForSectorAlignment =
            (word(device, 209) & 0x3FFFu) * parameters->BytesPerLogicalSector;
}

/* What 28-bit and 48-bit commands reach. Words 60 and 61 are 0FFFFFFFh at most, and words 100 to
 * 103 FFFFFFFFFFFFh (ATA/ATAPI-6 6.2.2, 8.15): the last address of a 28-bit command is 0FFFFFFEh,
 * although one more fits the registers, and drives refuse it. A drive within the first keeps to 28
 * bits: the 48-bit commands cost four register writes more. */
#define LBA28_SECTORS (((uint32_t)1 << 28) - 1)
#define LBA48_SECTORS (((uint64_t)1 << 48) - 1)

static void addressing(const struct device *device, IDE_DEVICE_PARAMETERS *parameters)
{
    uint64_t sectors = dword(device, 60);
    if (has_lba48(device)) {
        uint64_t all = dword(device, 100) | (uint64_t)dword(device, 102) << 32;
        if (all)
            sectors = all;
    }
    if (sectors > LBA28_SECTORS && has_lba48(device)) {
        parameters->AddressTranslation = Lba48BitMode;
        parameters->MaxLba.QuadPart = (LONGLONG)sectors - 1;
    } else if (word(device, 49) & 1u << 9) {
        parameters->AddressTranslation = LbaMode;
        parameters->MaxLba.QuadPart = (LONGLONG)sectors - 1;
    } else {
        bool current = word(device, 53) & 1; /* words 54 to 58 */
        parameters->AddressTranslation = ChsMode;
        parameters->Chs.NumCylinders = word(device, current ? 54 : 1);
        parameters->Chs.NumHeads = word(device, current ? 55 : 3);
        parameters->Chs.NumSectorsPerTrack = word(device, current ? 56 : 6);
    }
}

void identify_decode(struct device *device)
{
    IDE_DEVICE_PARAMETERS *parameters = &device->given.parameters;
    bool is_ata = device->kind == DEVICE_ATA;

    copy_string(device, 10, 10, device->serial);
    copy_string(device, 23, 4, device->firmware);
    copy_string(device, 27, 20, device->model);
    memset(parameters, 0, sizeof *parameters);
    parameters->Version = owned_version(OWNED_DEVICE, sizeof *parameters);
    parameters->IdeDeviceType = is_ata ? DeviceIsAta : DeviceIsAtapi;
    parameters->TargetId = device->target;
    parameters->MaximumLun = device->lun ? 0 : last_unit(device);
    parameters->NumberOfOverlappedRequests = 1;
    parameters->DeviceCharacteristics = characteristics(device);
    parameters->TransferModeSupported =
        identify_supported_modes(device) & ~device_first_unit(device)->failures.withheld;
    parameters->TransferModeSelected = UNINITIALIZED_TRANSFER_MODE;
    if (is_ata) {
        parameters->MaxBlockXfer = (UCHAR)word(device, 47);
        sector_sizes(device, parameters);
        addressing(device, parameters);
    } else {
        parameters->BytesPerLogicalSector = parameters->BytesPerPhysicalSector = 2048;
        parameters->AddressTranslation = LbaMode;
    }
}

/* What the addressing can say at most (ATA/ATAPI-4 6.2 for CHS: 16 heads, 255 sectors a track;
 * ATA/ATAPI-6 6.2 for LBA). */
static uint64_t addressable(const IDE_DEVICE_PARAMETERS *parameters)
{
    switch (parameters->AddressTranslation) {
    case ChsMode:
        return parameters->Chs.NumHeads > 16 || parameters->Chs.NumSectorsPerTrack > 255
                   ? 0
                   : UINT64_MAX;
    case LbaMode:
        return LBA28_SECTORS;
    case Lba48BitMode:
        return LBA48_SECTORS;
    case UnknownMode:
        break;
    }
    return 0;
}

bool identify_capacity(struct device *device)
{
    const IDE_DEVICE_PARAMETERS *parameters = &device->given.parameters;
    uint32_t sector_size = parameters->BytesPerLogicalSector;

    if (sector_size < 512 || sector_size > 0x10000 || sector_size & (sector_size - 1)) {
        device_message(device, " (%s): its sector size is %u; not used", device->model,
                       sector_size);
        return false;
    }
    device->sector_size = sector_size;
    device->sector_count = 0; /* of a packet device: asked for when there is a medium */
    if (device->kind == DEVICE_ATAPI)
        return true;
    if (parameters->AddressTranslation == ChsMode)
        device->sector_count = (uint64_t)parameters->Chs.NumCylinders * parameters->Chs.NumHeads *
                               parameters->Chs.NumSectorsPerTrack;
    else
        device->sector_count = (uint64_t)parameters->MaxLba.QuadPart + 1;
    uint64_t most = addressable(parameters);
    if (device->sector_count > most) {
        device_message(device, " (%s): sectors: %llu, of which %llu can be addressed",
                       device->model, (unsigned long long)device->sector_count,
                       (unsigned long long)most);
        device->sector_count = most;
    }
    return true;
}
