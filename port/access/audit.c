/* SPDX-License-Identifier: MIT */
/* The auditor's answers; see audit.h. Entered from any context. */
#include "port/access/audit.h"

#include "port/trace.h"

/* What a driver has to know of its device before it goes on. */
static bool is_answer(enum access_role role)
{
    return role == ROLE_STATUS || role == ROLE_ALTERNATE_STATUS || role == ROLE_ERROR;
}

/* The first byte of the last unit: of an eight-bit register, its value. */
static uint8_t last_value(unsigned width, uint32_t count, const void *buffer)
{
    return ((const uint8_t *)buffer)[(size_t)(count - 1) * width];
}

void audit_buffer_read(const struct access_register *reg, unsigned width, uint32_t count,
                       const void *buffer)
{
    if (reg->role == ROLE_DATA)
        audit_moved(reg->channel, buffer, width, count, false, true);
    else if (is_answer((enum access_role)reg->role))
        audit_read(reg, (enum access_role)reg->role, width, last_value(width, count, buffer));
}

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
    if (reg->role == ROLE_DATA)
        audit_moved(reg->channel, buffer, width, count, true, true);
    else
        audit_write(reg, (enum access_role)reg->role, width, last_value(width, count, buffer));
    audit_written(reg, (enum access_role)reg->role, width,
                  reg->role == ROLE_DATA ? 0 : last_value(width, count, buffer));
    if (reg->role == ROLE_DATA && count * width == PACKET_BYTES)
        trace_packet(buffer);
}

uint32_t audit_before_write(const struct access_register *reg, uint32_t value)
{
    struct channel *channel = reg->channel;

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

bool audit_device_is_to_blame(const struct channel *channel, uint32_t since)
{
    const struct audit *audit = &channel->audit;

    if (!channel->audit.ports.status)
        return true;
    if (!audit_is_since(audit->command_written, since) || audit->command.is_over)
        return false;
    if (audit_device_of(&audit->current) != audit_device_of(&audit->command.registers) ||
        !channel->audit.ports.alternate_status)
        return true;
    return access_look(channel->audit.ports.alternate_status) & (IDE_STATUS_BUSY | IDE_STATUS_DRQ);
}

/* Is the bus master's interrupt bit still set? Asked where the driver has not looked. */
static bool is_latched(const struct channel *channel)
{
    return access_look(channel->audit.ports.bus_master_status) & AUDIT_BUS_MASTER_INTERRUPT;
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
