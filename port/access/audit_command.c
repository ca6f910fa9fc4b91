/* SPDX-License-Identifier: MIT */
/* Commands by their opcodes; see audit_command.h. Any context. */
#include "port/access/audit_command.h"

#include <stdio.h>

#include "lib/plural.h"
#include "port/access/audit.h"
#include "port/access/names.h"

#define SECTOR_BYTES 512u /* ATA/ATAPI-6 knows no other */

#define AT     OPCODE_ADDRESS
#define AT_48  (OPCODE_ADDRESS | OPCODE_48)
#define BLOCKS (OPCODE_ADDRESS | OPCODE_MULTIPLE)
#define SECTOR OPCODE_SECTOR
#define LOG    (OPCODE_COUNTED | OPCODE_48)

/* Commands of 28 bits that end with one interrupt: their hazards. Such a one is not plain either
 * while a transfer is under way, or waits for its start. */
#define STRAIGHT(awaited)                                                                 \
    {                                                                                     \
        .minds = AUDIT_AWAITED | AUDIT_DMA_STARTED | AUDIT_OF_COMMAND | AUDIT_RESETTING | \
                 AUDIT_UNSELECTED | AUDIT_NO_INTERRUPT | AUDIT_UNSURE | AUDIT_BUSY |      \
                 AUDIT_FLOATS | AUDIT_ASLEEP | AUDIT_NO_DMA,                              \
        .sets = AUDIT_OF_COMMAND | AUDIT_NOT_OVER | AUDIT_LATCHED | (awaited),            \
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const struct audit_plain audit_plain_commands[256] = {
    [0x00 ... 0xFF] = {.minds = AUDIT_ALWAYS},
    [0xC8] = STRAIGHT(DMA_START | DMA_TO_MEMORY), /* READ DMA, */
    [0xC9] = STRAIGHT(DMA_START | DMA_TO_MEMORY), /* without retries */
    [0xCA] = STRAIGHT(DMA_START),                 /* WRITE DMA, */
    [0xCB] = STRAIGHT(DMA_START),                 /* without retries */
};
#pragma GCC diagnostic pop

/* READ and WRITE LONG, FORMAT TRACK and the like move what the vendor says: nothing is known of
 * them. Those whose Features register says what they are: audit_protocol_of. */
const struct audit_opcode audit_opcodes[256] = {
    [0x00] = {PROTOCOL_NON_DATA, 0},
    [0x03] = {PROTOCOL_NON_DATA, 0},
    [0x06] = {PROTOCOL_DMA_OUT, LOG},
    [0x08] = {PROTOCOL_DEVICE_RESET, 0},
    [0x10] = {PROTOCOL_NON_DATA, 0},
    [0x20] = {PROTOCOL_PIO_IN, AT},
    [0x21] = {PROTOCOL_PIO_IN, AT},
    [0x24] = {PROTOCOL_PIO_IN, AT_48},
    [0x25] = {PROTOCOL_DMA_IN, AT_48},
    [0x26] = {PROTOCOL_QUEUED, OPCODE_48},
    [0x27] = {PROTOCOL_NON_DATA, OPCODE_48},
    [0x29] = {PROTOCOL_PIO_IN, BLOCKS | OPCODE_48},
    [0x2A] = {PROTOCOL_DMA_IN, AT_48},
    [0x2B] = {PROTOCOL_PIO_IN, AT_48},
    [0x2F] = {PROTOCOL_PIO_IN, LOG},
    [0x30] = {PROTOCOL_PIO_OUT, AT},
    [0x31] = {PROTOCOL_PIO_OUT, AT},
    [0x34] = {PROTOCOL_PIO_OUT, AT_48},
    [0x35] = {PROTOCOL_DMA_OUT, AT_48},
    [0x36] = {PROTOCOL_QUEUED, OPCODE_48},
    [0x37] = {PROTOCOL_NON_DATA, OPCODE_48},
    [0x38] = {PROTOCOL_PIO_OUT, AT},
    [0x39] = {PROTOCOL_PIO_OUT, BLOCKS | OPCODE_48},
    [0x3A] = {PROTOCOL_DMA_OUT, AT_48},
    [0x3B] = {PROTOCOL_PIO_OUT, AT_48},
    [0x3C] = {PROTOCOL_PIO_OUT, AT},
    [0x3D] = {PROTOCOL_DMA_OUT, AT_48},
    [0x3E] = {PROTOCOL_QUEUED, OPCODE_48},
    [0x3F] = {PROTOCOL_PIO_OUT, LOG},
    [0x40] = {PROTOCOL_NON_DATA, AT},
    [0x41] = {PROTOCOL_NON_DATA, AT},
    [0x42] = {PROTOCOL_NON_DATA, AT_48},
    [0x47] = {PROTOCOL_DMA_IN, LOG},
    [0x57] = {PROTOCOL_DMA_OUT, LOG},
    [0x5D] = {PROTOCOL_DMA_IN, 0},
    [0x5F] = {PROTOCOL_DMA_OUT, 0},
    [0x60] = {PROTOCOL_QUEUED, OPCODE_48},
    [0x61] = {PROTOCOL_QUEUED, OPCODE_48},
    [0x70] = {PROTOCOL_NON_DATA, OPCODE_ONE},
    [0x87] = {PROTOCOL_PIO_IN, SECTOR},
    [0x90] = {PROTOCOL_DIAGNOSTIC, 0},
    [0x91] = {PROTOCOL_NON_DATA, 0},
    [0x94] = {PROTOCOL_NON_DATA, 0},
    [0x95] = {PROTOCOL_NON_DATA, 0},
    [0x96] = {PROTOCOL_NON_DATA, 0},
    [0x97] = {PROTOCOL_NON_DATA, 0},
    [0x98] = {PROTOCOL_NON_DATA, 0},
    [0x99] = {PROTOCOL_NON_DATA, 0},
    [0xA0] = {PROTOCOL_PACKET, 0},
    [0xA1] = {PROTOCOL_PIO_IN, SECTOR},
    [0xA2] = {PROTOCOL_QUEUED, 0},
    [0xC0] = {PROTOCOL_NON_DATA, AT},
    [0xC4] = {PROTOCOL_PIO_IN, BLOCKS},
    [0xC5] = {PROTOCOL_PIO_OUT, BLOCKS},
    [0xC6] = {PROTOCOL_NON_DATA, 0},
    [0xC7] = {PROTOCOL_QUEUED, 0},
    [0xC8] = {PROTOCOL_DMA_IN, AT},
    [0xC9] = {PROTOCOL_DMA_IN, AT},
    [0xCA] = {PROTOCOL_DMA_OUT, AT},
    [0xCB] = {PROTOCOL_DMA_OUT, AT},
    [0xCC] = {PROTOCOL_QUEUED, 0},
    [0xCD] = {PROTOCOL_PIO_OUT, BLOCKS},
    [0xCE] = {PROTOCOL_PIO_OUT, BLOCKS | OPCODE_48},
    [0xDA] = {PROTOCOL_NON_DATA, 0},
    [0xDE] = {PROTOCOL_NON_DATA, 0},
    [0xDF] = {PROTOCOL_NON_DATA, 0},
    [0xE0] = {PROTOCOL_NON_DATA, 0},
    [0xE1] = {PROTOCOL_NON_DATA, 0},
    [0xE2] = {PROTOCOL_NON_DATA, 0},
    [0xE3] = {PROTOCOL_NON_DATA, 0},
    [0xE4] = {PROTOCOL_PIO_IN, SECTOR},
    [0xE5] = {PROTOCOL_NON_DATA, 0},
    [0xE6] = {PROTOCOL_NON_DATA, 0},
    [0xE7] = {PROTOCOL_NON_DATA, 0},
    [0xE8] = {PROTOCOL_PIO_OUT, SECTOR},
    [0xEA] = {PROTOCOL_NON_DATA, 0},
    [0xEC] = {PROTOCOL_PIO_IN, SECTOR},
    [0xED] = {PROTOCOL_NON_DATA, 0},
    [0xEE] = {PROTOCOL_DMA_IN, SECTOR},
    [0xEF] = {PROTOCOL_NON_DATA, 0},
    [0xF1] = {PROTOCOL_PIO_OUT, SECTOR},
    [0xF2] = {PROTOCOL_PIO_OUT, SECTOR},
    [0xF3] = {PROTOCOL_NON_DATA, 0},
    [0xF4] = {PROTOCOL_PIO_OUT, SECTOR},
    [0xF5] = {PROTOCOL_NON_DATA, 0},
    [0xF6] = {PROTOCOL_PIO_OUT, SECTOR},
    [0xF8] = {PROTOCOL_NON_DATA, 0},
};

enum audit_protocol audit_protocol_of(const union audit_task_file *registers)
{
    const uint8_t features = registers->features;

    switch (registers->command) {
    case 0xB0: /* SMART: READ DATA, READ ATTRIBUTE THRESHOLDS, READ LOG; WRITE LOG */
        if (features == 0xD0 || features == 0xD1 || features == 0xD5)
            return PROTOCOL_PIO_IN;
        return features == 0xD6 ? PROTOCOL_PIO_OUT : PROTOCOL_NON_DATA;
    case 0xF9: /* SET MAX: SET PASSWORD and UNLOCK */
        return features == 1 || features == 3 ? PROTOCOL_PIO_OUT : PROTOCOL_NON_DATA;
    }
    return (enum audit_protocol)audit_opcodes[registers->command].protocol;
}

static uint32_t sectors_of(const struct audit_command *command, uint8_t flags)
{
    uint32_t count = command->registers.sector_count;

    if (flags & (OPCODE_ONE | OPCODE_SECTOR))
        return 1;
    if (!(flags & OPCODE_48))
        return count ? count : 0x100;
    count |= (uint32_t)command->previous.sector_count << 8;
    return count ? count : 0x10000;
}

bool audit_command_address(const struct audit_command *command, uint64_t *lba, uint32_t *sectors)
{
    const union audit_task_file *now = &command->registers, *before = &command->previous;
    const uint8_t flags = audit_opcodes[now->command].flags;

    if (!(flags & (OPCODE_ADDRESS | OPCODE_ONE)) || !(now->device & IDE_LBA_MODE))
        return false;
    *sectors = sectors_of(command, flags);
    *lba = (uint32_t)now->lba_high << 16 | (uint32_t)now->lba_mid << 8 | now->lba_low;
    if (flags & OPCODE_48)
        *lba |= (uint64_t)before->lba_high << 40 | (uint64_t)before->lba_mid << 32 |
                (uint64_t)before->lba_low << 24;
    else
        *lba |= (uint64_t)(now->device & 0x0F) << 24;
    return true;
}

uint32_t audit_command_bytes(const struct audit_command *command)
{
    const uint8_t flags = audit_opcodes[command->registers.command].flags;

    switch ((enum audit_protocol)command->protocol) {
    case PROTOCOL_PIO_IN:
    case PROTOCOL_PIO_OUT:
    case PROTOCOL_DMA_IN:
    case PROTOCOL_DMA_OUT:
        break;
    case PROTOCOL_UNKNOWN:
    case PROTOCOL_NON_DATA:
    case PROTOCOL_PACKET:
    case PROTOCOL_DEVICE_RESET:
    case PROTOCOL_DIAGNOSTIC:
    case PROTOCOL_QUEUED:
        return 0;
    }
    if (!(flags & (OPCODE_ADDRESS | OPCODE_SECTOR | OPCODE_COUNTED)))
        return 0;
    return sectors_of(command, flags) * SECTOR_BYTES;
}

void audit_command_words(const struct audit_command *command, char *text, size_t size)
{
    const uint8_t opcode = command->registers.command;
    const struct ata_command *row = ata_command(opcode);
    uint64_t lba;
    uint32_t sectors;
    int length = snprintf(text, size, "%s (0x%02x), device %u", row ? row->name : "a command",
                          opcode, audit_device_of(&command->registers));

    if (length > 0 && (size_t)length < size && audit_command_address(command, &lba, &sectors))
        snprintf(text + length, size - (size_t)length, ", LBA %llu, %u sector%s",
                 (unsigned long long)lba, (unsigned)sectors, plural(sectors));
}
