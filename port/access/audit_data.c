/* SPDX-License-Identifier: MIT */
/*
 * The data port: what the device offers, and what is moved (HWR-05), the packet (HWR-16), and
 * IDENTIFY data, which is kept. See audit.h and audit_judge.h.
 *
 * A block is offered when Status shows DRQ without BSY. Of PIO it is one sector, or as many as SET
 * MULTIPLE MODE has set; of PACKET first the packet, then as many bytes as Byte Count says.
 */
#include <string.h>

#include "lib/plural.h"
#include "port/access/audit_judge.h"
#include "port/contract/routines.h"

/* Which registers of PACKET were read since a block was offered. */
#define READ_REASON 0x01u
#define READ_LOW    0x02u
#define READ_HIGH   0x04u

#define REASON_MASK   0x03u
#define REASON_PACKET 0x01u /* C/D without I/O: a packet is wanted */

#define PACKET_LEAST_BYTES 12u
#define PACKET_MOST_BYTES  16u

void audit_packet_register(struct channel *channel, enum access_role role, uint8_t value)
{
    struct audit_command *command = &channel->audit.command;

    if (command->protocol != PROTOCOL_PACKET || !command->block_left)
        return;
    if (role == ROLE_SECTOR_COUNT) {
        command->registers_read |= READ_REASON;
        command->reason = value & REASON_MASK;
        return;
    }
    if (role == ROLE_LBA_MID) {
        command->registers_read |= READ_LOW;
        command->byte_count = (uint16_t)((command->byte_count & 0xFF00) | value);
    } else {
        command->registers_read |= READ_HIGH;
        command->byte_count = (uint16_t)((command->byte_count & 0x00FF) | value << 8);
    }
    if (command->is_sent && command->block_left == AUDIT_UNKNOWN_BYTES &&
        (command->registers_read & (READ_LOW | READ_HIGH)) == (READ_LOW | READ_HIGH) &&
        command->byte_count)
        command->block_left = command->block_size =
            command->byte_count + (command->byte_count & 1u);
}

/* ------------------------------------------------------------------ what is moved */

struct moved {
    const void *data;
    unsigned width;
    uint32_t byte_count;
    bool is_out, is_buffer;
    const char *routine;
};

/* The block was moved to its end: what comes next, the device says with an interrupt, or Status. */
static void end_block(struct channel *channel)
{
    struct audit *audit = &channel->audit;
    struct audit_command *command = &audit->command;

    command->block_left = 0;
    audit->hazards &= ~AUDIT_BUSY;
    command->interrupts = audit_interrupts(channel);
    if (command->protocol != PROTOCOL_PIO_IN)
        return;
    if (command->bytes_left == AUDIT_UNKNOWN_BYTES)
        audit_give_up(audit); /* it may have been the last one, or not */
    else if (!command->bytes_left)
        audit_end_command(channel, true, 0); /* 9.5: the command is over with its data */
}

static void keep_identify(struct channel *channel, const struct moved *moved)
{
    struct audit *audit = &channel->audit;
    const struct audit_command *command = &audit->command;
    const void *data =
        moved->is_buffer ? audit_port_data(channel, moved->data, moved->byte_count) : moved->data;
    const unsigned index = audit_device_of(&command->registers);
    struct audit_device *device = &audit->devices[index];

    if ((command->registers.command != IDE_COMMAND_IDENTIFY &&
         command->registers.command != IDE_COMMAND_ATAPI_IDENTIFY) ||
        command->bytes_moved + moved->byte_count > sizeof device->identify)
        return;
    if (!command->bytes_moved || !data)
        device->is_identified = false;
    device->has_gap = data ? command->bytes_moved && device->has_gap : true;
    if (!data)
        return;
    memcpy((uint8_t *)device->identify + command->bytes_moved, data, moved->byte_count);
    if (!device->has_gap && command->bytes_moved + moved->byte_count == sizeof device->identify)
        audit_identified(audit, index);
}

static void take_data(struct channel *channel, const struct moved *moved)
{
    struct audit *audit = &channel->audit;
    struct audit_command *command = &audit->command;

    if (!moved->is_out)
        keep_identify(channel, moved);
    command->bytes_moved += moved->byte_count;
    if (command->block_left == AUDIT_UNKNOWN_BYTES)
        return;
    if (command->block_left == command->block_size && moved->byte_count < command->block_left)
        audit_note_care(channel, CARE_REST);
    command->block_left -= moved->byte_count;
    if (command->protocol != PROTOCOL_PACKET && command->bytes_left != AUDIT_UNKNOWN_BYTES)
        command->bytes_left -= moved->byte_count;
    if (!command->block_left)
        end_block(channel);
}

/* ------------------------------------------------------------------ the packet: HWR-16 */

/* A byte count limit of 0 is for packets without data, which only the packet tells. */
static void judge_limit(struct channel *channel)
{
    const struct audit_command *command = &channel->audit.command;
    uint32_t limit = command->registers.lba_mid | (uint32_t)command->registers.lba_high << 8;

    if (audit_is_by_dma(command) || limit || !audit_packet_wants_data(channel))
        return;
    contract_report(RULE_HWR_16, channel, AUDIT_WRITE_ROUTINE, command->place,
                    "the byte count limit of PACKET is 0, and the packet moves data");
}

static void take_packet(struct channel *channel, const struct moved *moved)
{
    struct audit *audit = &channel->audit;
    struct audit_command *command = &audit->command;
    uint32_t size =
        command->block_size == AUDIT_UNKNOWN_BYTES ? PACKET_LEAST_BYTES : command->block_size;

    command->packet_bytes = (uint8_t)(command->packet_bytes + moved->byte_count);
    if (command->packet_bytes < size)
        return;
    judge_limit(channel);
    command->is_sent = true;
    command->block_left = 0;
    audit->hazards &= ~AUDIT_BUSY;
    command->interrupts = audit_interrupts(channel);
}

/* ------------------------------------------------------------------ HWR-05 */

static void refuse(struct channel *channel, const struct moved *moved, const char *why)
{
    const struct audit *audit = &channel->audit;
    char words[128];

    audit_command_words(&audit->command, words, sizeof words);
    AUDIT_REPORT(channel, RULE_HWR_05, moved->routine, "%u byte%s %s the data port, and %s: %s; %s",
                 (unsigned)moved->byte_count, plural(moved->byte_count),
                 moved->is_out ? "to" : "from", why, words, audit_status_words(audit->shown).text);
    audit_give_up(&channel->audit);
}

static bool is_too_narrow(const struct channel *channel, const struct moved *moved)
{
    const struct audit *audit = &channel->audit;

    return moved->width == 1 &&
           !audit->devices[audit_device_of(&audit->command.registers)].has_8_bit;
}

/* NULL: there is nothing to say against it. */
static const char *fault_of(const struct channel *channel, const struct moved *moved)
{
    const struct audit *audit = &channel->audit;
    const struct audit_command *command = &audit->command;

    switch ((enum audit_protocol)command->protocol) {
    case PROTOCOL_PIO_IN:
        if (moved->is_out)
            return "data goes the other way";
        break;
    case PROTOCOL_PIO_OUT:
        if (!moved->is_out)
            return "data goes the other way";
        break;
    case PROTOCOL_PACKET:
        if (audit_moves_dma(command))
            return "data goes by DMA";
        break;
    case PROTOCOL_DMA_IN:
    case PROTOCOL_DMA_OUT:
        return "data goes by DMA";
    case PROTOCOL_NON_DATA:
    case PROTOCOL_DEVICE_RESET:
    case PROTOCOL_DIAGNOSTIC:
        return "the command has no data";
    case PROTOCOL_UNKNOWN:
    case PROTOCOL_QUEUED:
        return NULL;
    }
    if (is_too_narrow(channel, moved))
        return "it is 16 bits wide";
    if (!command->block_left)
        return "Status was not read with DRQ before";
    if (command->block_left != AUDIT_UNKNOWN_BYTES && moved->byte_count > command->block_left)
        return "the device offers less";
    return NULL;
}

/* Without a command in flight. */
static const char *idle_fault(const struct audit *audit)
{
    if (audit->hazards & AUDIT_BUSY && (audit->shown & AUDIT_NOT_IDLE) == IDE_STATUS_DRQ)
        return NULL; /* it was so when the driver came */
    if (!audit->command.registers.command || !audit->shown)
        return NULL; /* nothing is known of it */
    return audit->hazards & AUDIT_BUSY ? "BSY is set" : "the device offers none";
}

static void judge_packet(struct channel *channel, const struct moved *moved)
{
    const struct audit_command *command = &channel->audit.command;
    const char *why = NULL;

    if (!moved->is_out)
        why = "it is to be written";
    else if (is_too_narrow(channel, moved))
        why = "the data port is 16 bits wide";
    else if (!command->block_left)
        why = "Status was not read with DRQ before";
    else if (command->registers_read & READ_REASON && command->reason != REASON_PACKET)
        why = "Interrupt Reason, as it was read, wants none: C/D has to be set, and I/O clear";
    else if (command->packet_bytes + moved->byte_count >
             (command->block_size == AUDIT_UNKNOWN_BYTES ? PACKET_MOST_BYTES : command->block_size))
        why = "it is longer than the device's packets";
    if (!why) {
        take_packet(channel, moved);
        return;
    }
    AUDIT_REPORT(channel, RULE_HWR_16, moved->routine, "the packet is sent, and %s; %s", why,
                 audit_status_words(channel->audit.shown).text);
    audit_give_up(&channel->audit);
}

static void judge_data(struct channel *channel, const struct moved *moved)
{
    struct audit *audit = &channel->audit;
    struct audit_command *command = &audit->command;
    const char *why;

    audit_judge_early(channel, hal_cycles(), moved->routine);
    if (!moved->byte_count || audit->hazards & AUDIT_UNSURE)
        return;
    if (!(audit->hazards & AUDIT_IN_FLIGHT)) {
        why = idle_fault(audit);
        if (why)
            refuse(channel, moved, why);
        return;
    }
    if (command->protocol == PROTOCOL_PACKET && !command->is_sent) {
        judge_packet(channel, moved);
        return;
    }
    /* 9.5 and 9.6: DRQ is what a device has interrupted for. */
    if (!command->block_left && audit_has_interrupted(channel))
        audit_offer_block(channel);
    why = fault_of(channel, moved);
    if (why)
        refuse(channel, moved, why);
    else
        take_data(channel, moved);
}

/* By width. */
static enum routine routine_of(unsigned width, bool is_out, bool is_buffer)
{
    static const enum routine routines[2][2][3] = {
        {{ROUTINE_AtaPortReadPortUchar, ROUTINE_AtaPortReadPortUshort,
          ROUTINE_AtaPortReadPortUlong},
         {ROUTINE_AtaPortReadPortBufferUchar, ROUTINE_AtaPortReadPortBufferUshort,
          ROUTINE_AtaPortReadPortBufferUlong}},
        {{ROUTINE_AtaPortWritePortUchar, ROUTINE_AtaPortWritePortUshort,
          ROUTINE_AtaPortWritePortUlong},
         {ROUTINE_AtaPortWritePortBufferUchar, ROUTINE_AtaPortWritePortBufferUshort,
          ROUTINE_AtaPortWritePortBufferUlong}},
    };
    return routines[is_out][is_buffer][width / 2];
}

void audit_moved(struct channel *channel, const void *data, unsigned width, uint32_t count,
                 bool is_out, bool is_buffer)
{
    const struct moved moved = {
        .data = data,
        .width = width,
        .byte_count = width * count,
        .is_out = is_out,
        .is_buffer = is_buffer,
        .routine = routine_name(routine_of(width, is_out, is_buffer)),
    };
    judge_data(channel, &moved);
}
