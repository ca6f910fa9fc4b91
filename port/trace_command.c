/* SPDX-License-Identifier: MIT */
/*
 * A command in words, by what the task file was written with before it; see trace_words.h. What was
 * not written since the last command is not said, for the device may have changed it. Any context.
 */
#include "port/access/names.h"
#include "port/trace_words.h"

#define DEVICE_LBA  0x40u
#define DEVICE_DEV  0x10u
#define DEVICE_HEAD 0x0Fu

#define SET_FEATURES      0xEFu
#define SET_TRANSFER_MODE 0x03u

static bool has(uint16_t known, unsigned role)
{
    return known >> role & 1;
}

static bool has_address(uint16_t known)
{
    return has(known, ROLE_LBA_LOW) && has(known, ROLE_LBA_MID) && has(known, ROLE_LBA_HIGH);
}

static uint32_t address(const uint8_t *values)
{
    return values[ROLE_LBA_LOW] | (uint32_t)values[ROLE_LBA_MID] << 8 |
           (uint32_t)values[ROLE_LBA_HIGH] << 16;
}

/* ATA/ATAPI-6, 6.2: sectors count from 1, and a sector's address is a LBA where the device is told
 * so. */
static void add_28(const struct trace_task_file *file, char *text, size_t size)
{
    uint8_t device = file->now[ROLE_DEVICE];

    if (!has_address(file->has_now) || !has(file->has_now, ROLE_DEVICE))
        return;
    if (device & DEVICE_LBA)
        trace_add(text, size, ", LBA %u",
                  (unsigned)(address(file->now) | (device & DEVICE_HEAD) << 24));
    else
        trace_add(text, size, ", cylinder %u, head %u, sector %u",
                  (unsigned)(address(file->now) >> 8), device & DEVICE_HEAD,
                  file->now[ROLE_LBA_LOW]);
}

static void add_48(const struct trace_task_file *file, char *text, size_t size)
{
    if (has_address(file->has_now) && has_address(file->has_before))
        trace_add(text, size, ", LBA %llu",
                  (unsigned long long)address(file->before) << 24 | address(file->now));
}

/* A count of sectors in a register that was written once, or twice; 0 is the most there is. */
static void add_sectors(const struct trace_task_file *file, enum access_role role, bool is_wide,
                        char *text, size_t size)
{
    uint32_t count = file->now[role];

    if (!has(file->has_now, role) || (is_wide && !has(file->has_before, role)))
        return;
    if (is_wide)
        count |= (uint32_t)file->before[role] << 8;
    if (count == 0)
        count = is_wide ? 65536 : 256;
    trace_add(text, size, ", %u sector%s", (unsigned)count, count == 1 ? "" : "s");
}

static void add_feature(const struct trace_task_file *file, uint8_t opcode, char *text, size_t size)
{
    uint8_t feature = file->now[ROLE_ERROR];
    char mode[40];

    if (!has(file->has_now, ROLE_ERROR))
        return;
    const char *name = ata_feature_name(opcode, feature);
    trace_add(text, size, ", 0x%02x%s%s", feature, name ? " " : "", name ? name : "");
    if (opcode == SET_FEATURES && feature == SET_TRANSFER_MODE &&
        has(file->has_now, ROLE_SECTOR_COUNT)) {
        ata_mode_name(file->now[ROLE_SECTOR_COUNT], mode, sizeof mode);
        trace_add(text, size, ", %s", mode);
    }
}

static void add_packet(const struct trace_task_file *file, char *text, size_t size)
{
    if (has(file->has_now, ROLE_ERROR) && file->now[ROLE_ERROR] & 1)
        trace_add(text, size, ", DMA");
    if (has(file->has_now, ROLE_LBA_MID) && has(file->has_now, ROLE_LBA_HIGH))
        trace_add(text, size, ", byte count limit %u",
                  file->now[ROLE_LBA_MID] | file->now[ROLE_LBA_HIGH] << 8);
}

void trace_command_words(const struct trace_task_file *file, uint8_t opcode, char *text,
                         size_t size)
{
    const struct ata_command *command = ata_command(opcode);
    bool is_wide = opcode < 0xC0; /* of the queued ones */

    trace_add(text, size, "0x%02x %s", opcode, command ? command->name : "(no known command)");
    if (has(file->has_now, ROLE_DEVICE))
        trace_add(text, size, ", device %u", !!(file->now[ROLE_DEVICE] & DEVICE_DEV));
    switch (command ? (enum command_shape)command->shape : SHAPE_PLAIN) {
    case SHAPE_PLAIN:
        break;
    case SHAPE_28:
        add_28(file, text, size);
        add_sectors(file, ROLE_SECTOR_COUNT, false, text, size);
        break;
    case SHAPE_48:
        add_48(file, text, size);
        add_sectors(file, ROLE_SECTOR_COUNT, true, text, size);
        break;
    case SHAPE_QUEUED:
        if (is_wide)
            add_48(file, text, size);
        else
            add_28(file, text, size);
        add_sectors(file, ROLE_ERROR, is_wide, text, size);
        if (has(file->has_now, ROLE_SECTOR_COUNT))
            trace_add(text, size, ", tag %u", file->now[ROLE_SECTOR_COUNT] >> 3);
        break;
    case SHAPE_COUNT:
        if (has(file->has_now, ROLE_SECTOR_COUNT))
            trace_add(text, size, ", count %u", file->now[ROLE_SECTOR_COUNT]);
        break;
    case SHAPE_FEATURE:
        add_feature(file, opcode, text, size);
        break;
    case SHAPE_PACKET:
        add_packet(file, text, size);
        break;
    }
}

/* ------------------------------------------------------------------ packets */

/* SBC and MMC: what reads, writes and verifies has its address in bytes 2 to 5, and the number of
 * blocks in bytes 7 and 8, or 6 to 9 of the long ones. */
static uint32_t big_endian(const uint8_t *bytes, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

void trace_packet_words(const uint8_t packet[TRACE_PACKET_BYTES], char *text, size_t size)
{
    const char *name = packet_command_name(packet[0]);
    uint32_t count = 0;

    switch (packet[0]) {
    case 0x28: /* READ(10), WRITE(10), WRITE AND VERIFY(10), VERIFY(10) */
    case 0x2A:
    case 0x2E:
    case 0x2F:
        count = big_endian(packet + 7, 2);
        break;
    case 0xA8: /* READ(12), WRITE(12) */
    case 0xAA:
        count = big_endian(packet + 6, 4);
        break;
    }
    trace_add(text, size, "0x%02x %s", packet[0], name ? name : "(no known packet command)");
    if (count)
        trace_add(text, size, ", LBA %u, %u block%s", (unsigned)big_endian(packet + 2, 4),
                  (unsigned)count, count == 1 ? "" : "s");
}
