/* SPDX-License-Identifier: MIT */
/* The auditor's answers; see audit.h. Entered from any context. */
#include "port/access/audit.h"

#include <stdio.h>

#include "port/access/audit_judge.h"
#include "port/trace.h"

/* ------------------------------------------------------------------ INT-01 */

/* The call of IdeHwInterrupt that runs now; 0: none does. */
static uint32_t this_call(void)
{
    if (context_now->kind != CONTEXT_INTERRUPT)
        return 0;
    return audit_call_number(context_now->channel);
}

static void note_status_read(struct audit *audit)
{
    audit->hazards &= ~AUDIT_OWES_STATUS;
    audit->dismissed.status = this_call();
}

static void note_clear(struct audit *audit)
{
    audit->hazards &= ~AUDIT_OWES_CLEAR;
    audit->dismissed.bus_master = this_call();
}

/* ------------------------------------------------------------------ what is read */

void audit_before_read(const struct access_register *reg)
{
    struct audit *audit = &reg->channel->audit;

    if ((reg->role == ROLE_STATUS || reg->role == ROLE_ALTERNATE_STATUS) &&
        audit->hazards & AUDIT_UNSETTLED)
        hal_cycles_note(&audit->entered);
}

static void read_status(struct channel *channel, uint8_t value)
{
    struct audit *audit = &channel->audit;
    bool needs_care = value & AUDIT_NOT_IDLE || audit->hazards & AUDIT_ON_STATUS;

    audit->statuses[value] = (uint32_t)channel->counters.requests;
    note_status_read(audit);
    audit->shown = value;
    if (value & AUDIT_FAILED && !(value & IDE_STATUS_BUSY) &&
        (audit->hazards & AUDIT_IN_FLIGHT || audit->command.is_disputed))
        audit_note_care(channel, CARE_FAILED);
    if (needs_care)
        audit_status_with_care(channel, ROLE_STATUS, value);
    audit_settle_dispute(channel, value);
}

void audit_read(const struct access_register *reg, unsigned width, uint32_t value)
{
    struct channel *channel = reg->channel;
    struct audit *audit = &channel->audit;
    const enum access_role role = (enum access_role)reg->role;

    switch (role) {
    case ROLE_DATA:
        audit_moved(channel, &value, width, 1, false, false);
        break;
    case ROLE_STATUS:
        read_status(channel, (uint8_t)value);
        break;
    case ROLE_ALTERNATE_STATUS:
        audit->statuses[(uint8_t)value] = (uint32_t)channel->counters.requests;
        audit_alternate_status(channel, (uint8_t)value);
        break;
    case ROLE_ERROR:
        audit->errors[(uint8_t)value] = (uint32_t)channel->counters.requests;
        break;
    case ROLE_SECTOR_COUNT:
    case ROLE_LBA_MID:
    case ROLE_LBA_HIGH:
        if (audit->hazards & AUDIT_IN_FLIGHT)
            audit_packet_register(channel, role, (uint8_t)value);
        break;
    case ROLE_BUS_MASTER_STATUS:
        audit_dma_status_read(audit, (uint8_t)value);
        if (!(value & DMA_INTERRUPT)) /* there is nothing to be cleared */
            note_clear(audit);
        break;
    case ROLE_NONE:
    case ROLE_LBA_LOW:
    case ROLE_DEVICE:
    case ROLE_BUS_MASTER_COMMAND:
    case ROLE_BUS_MASTER_TABLE:
    case ROLE_BUS_MASTER_TABLE_1:
    case ROLE_BUS_MASTER_TABLE_2:
    case ROLE_BUS_MASTER_TABLE_3:
    case ROLE_COUNT:
        break;
    }
}

/* ------------------------------------------------------------------ what is written */

static void write_command(struct channel *channel, uint8_t opcode)
{
    channel->audit.current.command = opcode;
    audit_command_with_care(channel);
    audit_dma_commanded(&channel->audit);
}

static uint8_t write_bus_master(struct channel *channel, uint8_t value)
{
    if (value & DMA_START && !audit_takes_start(&channel, value))
        return audit_dma_start(channel, value);
    if (!(value & DMA_START))
        audit_dma_stop(channel);
    return value;
}

uint32_t audit_before_write(const struct access_register *reg, unsigned width, uint32_t value)
{
    struct channel *channel = reg->channel;
    struct audit *audit = &channel->audit;
    const unsigned place = reg->role - ROLE_DATA;

    if (audit->hazards & AUDIT_UNSETTLED)
        hal_cycles_note(&audit->entered);
    switch ((enum access_role)reg->role) {
    case ROLE_DATA:
        audit_moved(channel, &value, width, 1, true, false);
        break;
    case ROLE_ERROR: /* Features */
    case ROLE_SECTOR_COUNT:
    case ROLE_LBA_LOW:
    case ROLE_LBA_MID:
    case ROLE_LBA_HIGH:
        if (audit->hazards & AUDIT_ON_REGISTER)
            audit_register_with_care(channel);
        audit->previous.at[place] = audit->current.at[place];
        audit->current.at[place] = (uint8_t)value;
        break;
    case ROLE_DEVICE:
        if (!audit_takes_device(audit, (uint8_t)value))
            audit_device_with_care(channel, (uint8_t)value);
        audit->current.device = (uint8_t)value;
        break;
    case ROLE_STATUS: /* Command */
        write_command(channel, (uint8_t)value);
        break;
    case ROLE_ALTERNATE_STATUS: /* Device Control */
        audit_control(channel, (uint8_t)value);
        break;
    case ROLE_BUS_MASTER_COMMAND:
        return (value & ~0xFFu) | write_bus_master(channel, (uint8_t)value);
    case ROLE_BUS_MASTER_STATUS:
        audit_dma_judge_clear(channel, (uint8_t)value);
        break;
    case ROLE_NONE:
    case ROLE_BUS_MASTER_TABLE:
    case ROLE_BUS_MASTER_TABLE_1:
    case ROLE_BUS_MASTER_TABLE_2:
    case ROLE_BUS_MASTER_TABLE_3:
    case ROLE_COUNT:
        break;
    }
    return value;
}

void audit_written(const struct access_register *reg, unsigned width, uint32_t value)
{
    struct audit *audit = &reg->channel->audit;

    switch ((enum access_role)reg->role) {
    case ROLE_STATUS: /* Command */
        hal_cycles_note(&audit->command.begun);
        break;
    case ROLE_DEVICE:
        audit_device_is_written(audit);
        break;
    case ROLE_ALTERNATE_STATUS: /* Device Control */
        audit_control_is_written(reg->channel);
        break;
    case ROLE_BUS_MASTER_TABLE:
    case ROLE_BUS_MASTER_TABLE_1:
    case ROLE_BUS_MASTER_TABLE_2:
    case ROLE_BUS_MASTER_TABLE_3:
        if (reg->role == ROLE_BUS_MASTER_TABLE && width == sizeof value)
            audit_dma_table(reg->channel, value);
        else
            audit_dma_table_piece(reg->channel, reg->role - ROLE_BUS_MASTER_TABLE, width, value);
        break;
    case ROLE_BUS_MASTER_STATUS:
        if (value & DMA_INTERRUPT)
            note_clear(audit);
        audit_dma_status_written(audit, (uint8_t)value);
        break;
    case ROLE_NONE:
    case ROLE_DATA:
    case ROLE_ERROR:
    case ROLE_SECTOR_COUNT:
    case ROLE_LBA_LOW:
    case ROLE_LBA_MID:
    case ROLE_LBA_HIGH:
    case ROLE_BUS_MASTER_COMMAND:
    case ROLE_COUNT:
        break;
    }
}

/* ------------------------------------------------------------------ blocks */

/* No sector is so short. For people: the trace has no other data. */
#define PACKET_BYTES 12u
static __attribute__((cold)) void trace_packet(const uint8_t *bytes)
{
    for (unsigned i = 0; i < PACKET_BYTES; i += 4)
        trace(TRACE_PACKET, TRACE_NO_CHANNEL, i,
              bytes[i] | (uint32_t)bytes[i + 1] << 8 | (uint32_t)bytes[i + 2] << 16 |
                  (uint32_t)bytes[i + 3] << 24);
}

void audit_buffer_write(const struct access_register *reg, unsigned width, uint32_t count,
                        const void *buffer)
{
    audit_moved(reg->channel, buffer, width, count, true, true);
    if (count * width == PACKET_BYTES)
        trace_packet(buffer);
}

/* ------------------------------------------------------------------ questions */

/* `moments`: of each value, when it was read last. */
static enum audit_answer seen(const uint32_t *moments, uint32_t since, uint8_t value)
{
    if (audit_is_since(moments[value], since))
        return AUDIT_SEEN;
    for (unsigned other = 0; other < 256; other++)
        if (audit_is_since(moments[other], since))
            return AUDIT_OTHER;
    return AUDIT_UNKNOWN;
}

enum audit_answer audit_status_seen(const struct channel *channel, uint32_t since, uint8_t value)
{
    return seen(channel->audit.statuses, since, value);
}

enum audit_answer audit_error_seen(const struct channel *channel, uint32_t since, uint8_t value)
{
    return seen(channel->audit.errors, since, value);
}

bool audit_may_have_failed(const struct channel *channel, unsigned target)
{
    const struct audit *audit = &channel->audit;
    const uint8_t shown = audit_device_of(&audit->current) == target
                              ? audit->shown
                              : audit->devices[target & 1].shown;

    return !audit->ports.status || !contract_audits || !shown || shown & IDE_STATUS_ERROR;
}

/* Has an interrupt come for the command in flight, as far as it can be no other device's? Whoever
 * has looked at the bus master's status has seen whether it was this one's. */
static bool has_called(const struct channel *channel)
{
    const uint32_t hazards = channel->audit.hazards;

    if (audit_moves_dma(&channel->audit.command) && !(hazards & AUDIT_DMA_LOOK))
        return hazards & AUDIT_DMA_INTERRUPT;
    return !channel->interrupt.hal.level && !channel->interrupt.is_polled &&
           audit_has_interrupted(channel);
}

static void write_wanted(const struct audit *audit, char *why, size_t size)
{
    const struct audit_command *command = &audit->command;
    const bool is_packet = command->protocol == PROTOCOL_PACKET && !command->is_sent;
    int length = snprintf(why, size, "the device waits for %s: %s", is_packet ? "a packet" : "data",
                          audit_status_words(audit->shown).text);

    if (command->block_size == AUDIT_UNKNOWN_BYTES || length < 0 || (size_t)length >= size)
        return;
    snprintf(
        why + length, size - (size_t)length, ", %u of %u bytes of %s were moved",
        (unsigned)(is_packet ? command->packet_bytes : command->block_size - command->block_left),
        (unsigned)command->block_size, is_packet ? "it" : "its block");
}

bool audit_driver_is_to_blame(const struct channel *channel, uint32_t since, char *why, size_t size)
{
    const struct audit *audit = &channel->audit;
    const struct audit_command *command = &audit->command;

    if (!audit->ports.status || !contract_audits)
        return false;
    if (!audit_is_since(audit->command_written, since) || !(audit->hazards & AUDIT_NOT_OVER)) {
        snprintf(why, size, "no device is busy");
        return true;
    }
    if (!(audit->hazards & AUDIT_IN_FLIGHT)) /* it was left, or is of a kind that nobody knows */
        return false;
    if (command->block_left && (audit->shown & AUDIT_NOT_IDLE) == IDE_STATUS_DRQ) {
        write_wanted(audit, why, size);
        return true;
    }
    if (audit->hazards & AUDIT_BUSY || audit->shown & AUDIT_NOT_IDLE || !has_called(channel))
        return false;
    snprintf(why, size, "the device has interrupted, and nobody has read Status since");
    return true;
}

/* Is the bus master's interrupt bit still set? It was seen, or a command has ended, and with it has
 * interrupted (SFF-8038i: its edge sets the bit, DMA or not); and nobody has cleared it. */
static bool is_latched(const struct channel *channel)
{
    const struct audit *audit = &channel->audit;

    if (audit->hazards & AUDIT_DMA_INTERRUPT)
        return true;
    return !(audit->hazards & (AUDIT_NOT_OVER | AUDIT_NO_INTERRUPT)) && audit->shown &&
           audit->command.protocol != PROTOCOL_DEVICE_RESET && audit->hazards & AUDIT_LATCHED;
}

/* What a call of a channel's IdeHwInterrupt still owes another one, or itself. */
static uint32_t owed(const struct channel *channel, const struct channel *other)
{
    const uint32_t call = audit_call_number(channel);
    uint32_t owed = other->audit.dismissal & (AUDIT_OWES_STATUS | AUDIT_OWES_CLEAR);

    if (other == channel)
        return owed & other->audit.hazards;
    if (other->audit.dismissed.status == call)
        owed &= ~AUDIT_OWES_STATUS;
    if (other->audit.dismissed.bus_master == call)
        owed &= ~AUDIT_OWES_CLEAR;
    return owed;
}

/* A driver may serve any channel of its controller from here; Status of one has to be read, and its
 * bus master's bit cleared. */
uint16_t audit_undismissed(const struct channel *channel, bool *is_latch)
{
    const struct channel *other = NULL;
    uint16_t port = channel->audit.ports.status;

    *is_latch = false;
    while ((other = port_next_channel_of(channel->controller, other))) {
        uint32_t missing = owed(channel, other);
        if (!other->audit.ports.status || missing & AUDIT_OWES_STATUS)
            continue;
        if (!(missing & AUDIT_OWES_CLEAR) || !is_latched(other))
            return 0;
        *is_latch = true;
        port = other->audit.ports.bus_master_status;
    }
    return port;
}
