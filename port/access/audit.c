/* SPDX-License-Identifier: MIT */
/* The auditor's answers; see audit.h. Entered from any context. */
#include "port/access/audit.h"

#include <stdio.h>

#include "port/access/audit_judge.h"
#include "port/trace.h"

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

uint32_t audit_before_write(const struct access_register *reg, uint32_t value)
{
    struct channel *channel = reg->channel;

    if (channel->audit.hazards & AUDIT_UNSETTLED)
        hal_cycles_note(&channel->audit.entered);
    if (reg->role == ROLE_BUS_MASTER_STATUS &&
        audit_dma_is_blind(&channel->audit.dma, (uint8_t)value))
        audit_dma_cleared_early(channel);
    if (reg->role != ROLE_BUS_MASTER_COMMAND || audit_dma_command(&channel->audit, (uint8_t)value))
        return value;
    return (value & ~0xFFu) | audit_dma_start(channel, (uint8_t)value);
}

static enum audit_answer seen(uint32_t any, uint32_t this, uint32_t since)
{
    return audit_is_since(this, since)  ? AUDIT_SEEN
           : audit_is_since(any, since) ? AUDIT_OTHER
                                        : AUDIT_UNKNOWN;
}

enum audit_answer audit_status_seen(const struct channel *channel, uint32_t since, uint8_t value)
{
    const struct audit *audit = &channel->audit;
    return seen(audit->status_read, audit->statuses[value], since);
}

enum audit_answer audit_error_seen(const struct channel *channel, uint32_t since, uint8_t value)
{
    const struct audit *audit = &channel->audit;
    return seen(audit->error_read, audit->errors[value], since);
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
    const struct audit_dma *dma = &channel->audit.dma;

    if (audit_moves_dma(&channel->audit.command) && !(dma->owed & DMA_OWES_LOOK))
        return dma->doubts & DMA_INTERRUPT;
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
    if (!audit_is_since(audit->command_written, since) || command->is_over) {
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

    if (audit->dma.doubts & DMA_INTERRUPT)
        return true;
    return audit->command.is_over && audit->shown && !(audit->hazards & AUDIT_NO_INTERRUPT) &&
           audit->command.protocol != PROTOCOL_DEVICE_RESET &&
           audit->dma.clear_since != audit->command.accesses;
}

/* A driver may serve any channel of its controller from here; Status of one has to be read, and its
 * bus master's bit cleared. */
uint16_t audit_undismissed(const struct channel *channel, unsigned noted, bool *is_latch)
{
    const struct channel *other = NULL;
    uint16_t port = channel->audit.ports.status;

    *is_latch = false;
    while ((other = port_next_channel_of(channel->controller, other))) {
        unsigned missing = other->audit.dismissal & ~noted;
        if (!other->audit.ports.status || missing & AUDIT_READ_STATUS)
            continue;
        if (!(missing & AUDIT_CLEARED_BUS_MASTER) || !is_latched(other))
            return 0;
        *is_latch = true;
        port = other->audit.ports.bus_master_status;
    }
    return port;
}
