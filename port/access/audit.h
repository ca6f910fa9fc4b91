/* SPDX-License-Identifier: MIT */
/*
 * The auditor: what a driver and its device have said of themselves, by the registers that the
 * driver has read and written. Judges by that alone: it touches no device but where IRB-09 is to be
 * decided, and the trace is nothing to it. For channels whose task file is in ports.
 */
#ifndef PORT_ACCESS_AUDIT_H
#define PORT_ACCESS_AUDIT_H

#include "port/access/access.h"
#include "port/access/audit_dma.h"
#include "port/objects.h"

/* What IdeHwInterrupt has done (context_now->noted), and what it has to do before it says TRUE
 * (channel->audit.dismissal): for each of an IDE controller's two channels a bit. */
#define AUDIT_READ_STATUS               0x30u /* the task file's Status */
#define AUDIT_CLEARED_BUS_MASTER        0x48u /* the interrupt bit of the bus master's status */
#define AUDIT_OF_CHANNEL(marks, number) ((marks) & ((number) ? 0x28u : 0x50u))
#define AUDIT_NEVER_NOTED               0x01u

#define AUDIT_BUS_MASTER_INTERRUPT 0x04u /* writing 1 clears it (SFF-8038i) */

/* ------------------------------------------------------------------ what is said */

/* Is the device selected that got the last command? DEV: ATA/ATAPI-6, 7.7. */
static inline bool audit_is_selected(const struct audit *audit)
{
    return !((audit->selected ^ audit->commanded) & 0x10);
}

/* The driver has read a register of interest. */
static inline __attribute__((always_inline)) void audit_read(const struct access_register *reg,
                                                             enum access_role role, uint32_t value)
{
    struct channel *channel = reg->channel;
    struct audit *audit = &channel->audit;
    uint32_t now = (uint32_t)channel->counters.requests;

    if (role == ROLE_BUS_MASTER_STATUS)
        audit_dma_status_read(audit, (uint8_t)value);
    if (role == ROLE_ERROR)
        audit->error[(uint8_t)value] = audit->error_read = now;
    if (role != ROLE_STATUS && role != ROLE_ALTERNATE_STATUS)
        return;
    audit->status[(uint8_t)value] = audit->status_read = now;
    if (!(value & (IDE_STATUS_BUSY | IDE_STATUS_DRQ)) && audit_is_selected(audit))
        audit->is_over = true;
    if (role == ROLE_STATUS)
        context_now->noted |= reg->noted;
}

/* It is about to write one, in the role's own width. True: something may be wrong with it, and it
 * goes the way of other widths, where all is looked at. Of the bus master's command register note
 * is taken before it is written. */
static inline __attribute__((always_inline)) bool
audit_needs_care(const struct access_register *reg, enum access_role role, uint32_t value)
{
    struct audit *audit = &reg->channel->audit;

    if (role == ROLE_BUS_MASTER_COMMAND)
        return !audit_dma_command(audit, (uint8_t)value);
    if (role == ROLE_BUS_MASTER_STATUS)
        return audit_dma_is_blind(&audit->dma, (uint8_t)value);
    return false;
}

/* Looks at it. Returns what is to be written instead, which is the same but where a transfer may
 * not start. */
uint32_t audit_before_write(const struct access_register *reg, uint32_t value)
    __attribute__((cold));

/* It has written one. */
static inline __attribute__((always_inline)) void audit_write(const struct access_register *reg,
                                                              enum access_role role, unsigned width,
                                                              uint32_t value)
{
    struct audit *audit = &reg->channel->audit;

    switch (role) {
    case ROLE_STATUS: /* Command */
        audit->command_written = (uint32_t)reg->channel->counters.requests;
        audit->commanded = audit->selected;
        audit->is_over = false;
        audit_dma_commanded(audit, (uint8_t)value);
        break;
    case ROLE_DEVICE:
        audit->selected = (uint8_t)value;
        break;
    case ROLE_BUS_MASTER_STATUS:
        if (value & AUDIT_BUS_MASTER_INTERRUPT)
            context_now->noted |= reg->noted;
        audit_dma_status_written(audit, (uint8_t)value);
        break;
    case ROLE_ALTERNATE_STATUS: /* Device Control */
        if (value & IDE_DC_RESET_CONTROLLER)
            audit->selected = audit->dma.awaited =
                0; /* ATA/ATAPI-6, 9.2: a reset selects device 0 */
        break;
    case ROLE_ERROR: /* Features */
        audit->dma.features = (uint8_t)value;
        break;
    case ROLE_BUS_MASTER_TABLE:
        audit_dma_table(reg->channel, value, width);
        break;
    case ROLE_NONE:
    case ROLE_DATA:
    case ROLE_SECTOR_COUNT:
    case ROLE_LBA_LOW:
    case ROLE_LBA_MID:
    case ROLE_LBA_HIGH:
    case ROLE_BUS_MASTER_COMMAND:
    case ROLE_COUNT:
        break;
    }
}

/* The same of what went through a register as a block: so many units of so many bytes, which lie
 * in `buffer`. A buffer is looked at only for what Status and Error were: it may lie where each
 * access is judged. */
void audit_buffer_read(const struct access_register *reg, unsigned width, uint32_t count,
                       const void *buffer);
void audit_buffer_write(const struct access_register *reg, unsigned width, uint32_t count,
                        const void *buffer);

/* ------------------------------------------------------------------ questions */

/* Is one moment not before the other? */
static inline bool audit_is_since(uint32_t moment, uint32_t since)
{
    return (int32_t)(moment - since) >= 0;
}

/* What is known of a driver's reads since a moment. */
enum audit_answer {
    AUDIT_UNKNOWN, /* there were none */
    AUDIT_OTHER,   /* other values only */
    AUDIT_SEEN,    /* this value */
};
enum audit_answer audit_status_seen(const struct channel *channel, uint32_t since, uint8_t value);
enum audit_answer audit_error_seen(const struct channel *channel, uint32_t since, uint8_t value);

/* Is a device to blame for a request that was begun at that moment and did not come back? A device
 * that got no command since then is not, nor one whose Status shows neither BSY nor DRQ:
 * ATA/ATAPI-6, 5.2.1. While another device is selected, which may be an absent one, what the driver
 * has read of it counts. True where nobody can tell. */
bool audit_device_is_to_blame(const struct channel *channel, uint32_t since);

/* INT-01: has IdeHwInterrupt, which says TRUE, dismissed an interrupt of one of its controller's
 * channels? Where not, the port that would have had to be accessed, and whether its latch is what
 * is still set. 0: it has. */
uint16_t audit_undismissed(const struct channel *channel, unsigned noted, bool *is_latch);

#endif
