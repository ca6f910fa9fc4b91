/* SPDX-License-Identifier: MIT */
/*
 * The auditor: what a driver and its device have said of themselves, by the registers that the
 * driver has read and written. Judges by that alone: it touches no device, and the trace is nothing
 * to it. For channels whose task file is in ports.
 *
 * What the next access has to be looked at for stands in one word, the channel's `hazards`; an
 * access that finds none of its own there stores what was said, and goes on. All the rest is in
 * cold functions (audit_judge.h).
 */
#ifndef PORT_ACCESS_AUDIT_H
#define PORT_ACCESS_AUDIT_H

#include "port/access/access.h"
#include "port/access/audit_command.h"
#include "port/access/audit_dma.h"
#include "port/objects.h"

/* ------------------------------------------------------------------ hazards */

#define AUDIT_ALWAYS       0x0001u /* set for ever: what does not ignore it is always looked at */
#define AUDIT_IN_FLIGHT    0x0002u /* a command, by its protocol */
#define AUDIT_PLAIN        0x0004u /* that one ends with the first idle Status, and that is all */
#define AUDIT_UNSETTLED    0x0008u /* a command or a selection, and Status may not be true yet */
#define AUDIT_RESETTING    0x0010u /* SRST is set, or was cleared and Status not read since */
#define AUDIT_UNSELECTED   0x0020u /* Device was not written since SRST */
#define AUDIT_NO_INTERRUPT 0x0040u /* nIEN is set */
#define AUDIT_UNSURE       0x0080u /* after a broken rule: what the device has made of it? */
#define AUDIT_SELECTING    0x4000u /* another device, with the write that is under way */
/* Of the device that is selected: */
#define AUDIT_BUSY        0x0100u /* BSY or DRQ was read last */
#define AUDIT_FLOATS      0x0200u /* nobody drives its Status */
#define AUDIT_ASLEEP      0x0400u
#define AUDIT_NO_DMA      0x0800u /* its transfer mode is not known to be a good one */
#define AUDIT_NO_MULTIPLE 0x1000u /* SET MULTIPLE MODE has not succeeded */
#define AUDIT_IS_OLD      0x2000u /* from before ATA-6: Device has bits 7 and 5 */

#define AUDIT_OF_DEVICE \
    (AUDIT_BUSY | AUDIT_FLOATS | AUDIT_ASLEEP | AUDIT_NO_DMA | AUDIT_NO_MULTIPLE | AUDIT_IS_OLD)
#define AUDIT_ON_REGISTER (AUDIT_IN_FLIGHT | AUDIT_UNSETTLED | AUDIT_BUSY)
#define AUDIT_ON_DEVICE   (AUDIT_ON_REGISTER | AUDIT_UNSELECTED | AUDIT_IS_OLD)
#define AUDIT_ON_STATUS \
    (AUDIT_IN_FLIGHT | AUDIT_UNSETTLED | AUDIT_RESETTING | AUDIT_BUSY | AUDIT_FLOATS)
#define AUDIT_OF_COMMAND (AUDIT_IN_FLIGHT | AUDIT_PLAIN | AUDIT_UNSETTLED)

/* ------------------------------------------------------------------ INT-01 */

/* What IdeHwInterrupt has done (context_now->noted), and what it has to do before it says TRUE
 * (channel->audit.dismissal): for each of an IDE controller's two channels a bit. */
#define AUDIT_READ_STATUS               0x30u /* the task file's Status */
#define AUDIT_CLEARED_BUS_MASTER        0x48u /* the interrupt bit of the bus master's status */
#define AUDIT_OF_CHANNEL(marks, number) ((marks) & ((number) ? 0x28u : 0x50u))
#define AUDIT_NEVER_NOTED               0x01u

#define AUDIT_BUS_MASTER_INTERRUPT 0x04u /* writing 1 clears it (SFF-8038i) */

/* ------------------------------------------------------------------ what is said */

#define AUDIT_NOT_IDLE (IDE_STATUS_BUSY | IDE_STATUS_DRQ)
#define AUDIT_FAILED   (IDE_STATUS_ERROR | 0x20u) /* DF: ATA/ATAPI-6, 7.15 */
/* Nobody drives the bus: all ones, or all but D7, which the host pulls down. */
#define AUDIT_IS_FLOATING(status) (((status)&0x7F) == 0x7F)
/* Of Device: bits 7 and 5, which drives of old want set. */
#define AUDIT_OBSOLETE 0xA0u

_Static_assert(ROLE_STATUS - ROLE_DATA == 7, "a register's role says where it stands");

/* What is not plain: see audit_judge.h. */
void audit_status_with_care(struct channel *channel, enum access_role role, uint8_t value)
    __attribute__((cold));
void audit_alternate_status(struct channel *channel, uint8_t value) __attribute__((cold));
void audit_packet_register(struct channel *channel, enum access_role role, uint8_t value)
    __attribute__((cold));
void audit_register_with_care(struct channel *channel) __attribute__((cold));
void audit_device_with_care(struct channel *channel, uint8_t value) __attribute__((cold));
void audit_device_is_written(struct audit *audit) __attribute__((cold));
void audit_command_with_care(struct channel *channel) __attribute__((cold));
void audit_control(struct channel *channel, uint8_t value) __attribute__((cold));
void audit_control_is_written(struct channel *channel) __attribute__((cold));

/* How often IdeHwInterrupt was entered, the call that runs now among them. */
static inline uint32_t audit_interrupts(const struct channel *channel)
{
    return (uint32_t)channel->counters.interrupts +
           (uint32_t)channel->counters.interrupts_not_ours +
           (context_now->kind == CONTEXT_INTERRUPT && context_now->channel == channel);
}

/* A command is about to be written. */
static inline void audit_begin(struct channel *channel, uint8_t protocol, bool is_by_dma)
{
    struct audit *audit = &channel->audit;
    struct audit_command *command = &audit->command;

    command->fresh = protocol | (is_by_dma ? AUDIT_FRESH_BY_DMA : 0);
    command->registers.all = audit->current.all;
    command->accesses = (uint32_t)access_counters.registers;
    command->interrupts = audit_interrupts(channel);
    command->block_left = 0;
    audit->settling = 0;
    audit->command_written = (uint32_t)channel->counters.requests;
}

/* Is it one of 28 bits by LBA, for sectors that the device has, and nothing else to be said of it?
 * The last sector: where the registers lie beside one another. */
static inline bool audit_is_plain_command(const struct audit *audit, uint8_t opcode)
{
    uint32_t last = ((uint32_t)(audit->current.all >> 24) & 0x0FFFFFFFu) +
                    (uint8_t)(audit->current.sector_count - 1);

    return !(audit->hazards & ~(uint32_t)audit_opcodes[opcode].ignores) && last <= audit->last_28 &&
           audit->current.device & IDE_LBA_MODE;
}

static inline __attribute__((always_inline)) void audit_write_command(struct channel *channel,
                                                                      uint8_t opcode)
{
    struct audit *audit = &channel->audit;
    bool is_plain = audit_is_plain_command(audit, opcode);

    audit->current.command = opcode;
    if (!is_plain) {
        audit_command_with_care(channel);
        return;
    }
    audit_begin(channel, audit_opcodes[opcode].protocol, true);
    audit->hazards |= AUDIT_OF_COMMAND;
}

/* Data goes through the data port: so many units of so many bytes, by a Buffer routine or by
 * another. */
void audit_moved(struct channel *channel, const void *data, unsigned width, uint32_t count,
                 bool is_out, bool is_buffer) __attribute__((cold));

/* The driver is about to write another device's number into Device, or Device where something of
 * it has to be looked at. */
static inline bool audit_is_odd_device(const struct audit *audit, uint32_t value)
{
    return ((value ^ audit->current.device) & 0x10) || audit->hazards & AUDIT_ON_DEVICE;
}

/* It is about to write one, in the role's own width. True: something may be wrong with it, and it
 * goes the way of other widths, where all is looked at, so that the usual way calls nobody and
 * saves none of the processor's registers. Of the bus master's command register note is taken
 * before it is written. */
static inline __attribute__((always_inline)) bool
audit_needs_care(const struct access_register *reg, enum access_role role, uint32_t value)
{
    struct audit *audit = &reg->channel->audit;

    switch (role) {
    case ROLE_ERROR: /* Features */
    case ROLE_SECTOR_COUNT:
    case ROLE_LBA_LOW:
    case ROLE_LBA_MID:
    case ROLE_LBA_HIGH:
        return audit->hazards & AUDIT_ON_REGISTER;
    case ROLE_DEVICE:
        return audit_is_odd_device(audit, value);
    case ROLE_STATUS: /* Command */
        return !audit_is_plain_command(audit, (uint8_t)value);
    case ROLE_BUS_MASTER_COMMAND:
        return !audit_dma_command(audit, (uint8_t)value);
    case ROLE_BUS_MASTER_STATUS:
        return audit_dma_is_blind(&audit->dma, (uint8_t)value);
    case ROLE_NONE:
    case ROLE_DATA:
    case ROLE_ALTERNATE_STATUS:
    case ROLE_BUS_MASTER_TABLE:
    case ROLE_BUS_MASTER_TABLE_1:
    case ROLE_BUS_MASTER_TABLE_2:
    case ROLE_BUS_MASTER_TABLE_3:
    case ROLE_COUNT:
        break;
    }
    return false;
}

/* Looks at it. Returns what is to be written instead, which is the same but where a transfer may
 * not start. */
uint32_t audit_before_write(const struct access_register *reg, uint32_t value)
    __attribute__((cold));

/* The driver is about to write a register. */
static inline __attribute__((always_inline)) void audit_write(const struct access_register *reg,
                                                              enum access_role role, unsigned width,
                                                              uint32_t value)
{
    struct channel *channel = reg->channel;
    struct audit *audit = &channel->audit;

    switch (role) {
    case ROLE_DATA:
        audit_moved(channel, &value, width, 1, true, false);
        break;
    case ROLE_ERROR: /* Features */
    case ROLE_SECTOR_COUNT:
    case ROLE_LBA_LOW:
    case ROLE_LBA_MID:
    case ROLE_LBA_HIGH:
        if (__builtin_expect(audit->hazards & AUDIT_ON_REGISTER, 0))
            audit_register_with_care(channel);
        audit->previous.at[role - ROLE_DATA] = audit->current.at[role - ROLE_DATA];
        audit->current.at[role - ROLE_DATA] = (uint8_t)value;
        break;
    case ROLE_DEVICE:
        if (__builtin_expect(audit_is_odd_device(audit, value), 0))
            audit_device_with_care(channel, (uint8_t)value);
        audit->current.device = (uint8_t)value;
        break;
    case ROLE_STATUS: /* Command */
        audit_write_command(channel, (uint8_t)value);
        audit_dma_commanded(audit, (uint8_t)value);
        break;
    case ROLE_ALTERNATE_STATUS: /* Device Control */
        audit_control(channel, (uint8_t)value);
        break;
    case ROLE_NONE:
    case ROLE_BUS_MASTER_COMMAND:
    case ROLE_BUS_MASTER_STATUS:
    case ROLE_BUS_MASTER_TABLE:
    case ROLE_BUS_MASTER_TABLE_1:
    case ROLE_BUS_MASTER_TABLE_2:
    case ROLE_BUS_MASTER_TABLE_3:
    case ROLE_COUNT:
        break;
    }
}

/* It has written one: what has a time of its own, and the bus master's. */
static inline __attribute__((always_inline)) void audit_written(const struct access_register *reg,
                                                                enum access_role role,
                                                                unsigned width, uint32_t value)
{
    struct audit *audit = &reg->channel->audit;

    if (role == ROLE_STATUS)
        hal_cycles_note(&audit->command.begun);
    if (role == ROLE_DEVICE && audit->hazards & AUDIT_SELECTING)
        audit_device_is_written(audit);
    if (role == ROLE_ALTERNATE_STATUS)
        audit_control_is_written(reg->channel);
    if (role == ROLE_BUS_MASTER_TABLE && width == sizeof(uint32_t))
        audit_dma_table(reg->channel, value);
    else if (role >= ROLE_BUS_MASTER_TABLE)
        audit_dma_table_piece(reg->channel, role - ROLE_BUS_MASTER_TABLE, width, value);
    if (role == ROLE_BUS_MASTER_STATUS) {
        if (value & AUDIT_BUS_MASTER_INTERRUPT)
            context_now->noted |= reg->noted;
        audit_dma_status_written(audit, (uint8_t)value);
    }
}

/* Does Status say that a plain command has ended well, in the interrupt that it has raised? */
static inline bool audit_is_plain_end(const struct audit *audit, uint8_t value)
{
    return (audit->hazards & (AUDIT_PLAIN | AUDIT_RESETTING | AUDIT_FLOATS)) == AUDIT_PLAIN &&
           context_now->kind == CONTEXT_INTERRUPT && !(value & (AUDIT_NOT_IDLE | AUDIT_FAILED));
}

/* Of what was read: true as for writes. */
static inline __attribute__((always_inline)) bool
audit_answer_needs_care(const struct access_register *reg, enum access_role role, uint32_t value)
{
    const struct audit *audit = &reg->channel->audit;

    switch (role) {
    case ROLE_STATUS:
        return (value & AUDIT_NOT_IDLE || audit->hazards & AUDIT_ON_STATUS) &&
               !audit_is_plain_end(audit, (uint8_t)value);
    case ROLE_SECTOR_COUNT:
    case ROLE_LBA_MID:
    case ROLE_LBA_HIGH:
        return audit->hazards & AUDIT_IN_FLIGHT;
    case ROLE_DATA:
    case ROLE_ALTERNATE_STATUS:
        return true;
    case ROLE_NONE:
    case ROLE_ERROR:
    case ROLE_LBA_LOW:
    case ROLE_DEVICE:
    case ROLE_BUS_MASTER_COMMAND:
    case ROLE_BUS_MASTER_STATUS:
    case ROLE_BUS_MASTER_TABLE:
    case ROLE_BUS_MASTER_TABLE_1:
    case ROLE_BUS_MASTER_TABLE_2:
    case ROLE_BUS_MASTER_TABLE_3:
    case ROLE_COUNT:
        break;
    }
    return false;
}

/* Of what needs no care. */
static inline __attribute__((always_inline)) void audit_read_status(struct channel *channel,
                                                                    uint8_t value)
{
    struct audit *audit = &channel->audit;

    audit->status = audit->shown = value;
    if (audit->hazards & AUDIT_PLAIN) {
        audit->hazards &= ~(AUDIT_OF_COMMAND | AUDIT_BUSY);
        audit->command.is_over = true;
    }
}

/* The driver is about to read a register. */
static inline __attribute__((always_inline)) void
audit_before_read(const struct access_register *reg, enum access_role role)
{
    struct audit *audit = &reg->channel->audit;

    if ((role == ROLE_STATUS || role == ROLE_ALTERNATE_STATUS) && audit->hazards & AUDIT_UNSETTLED)
        hal_cycles_note(&audit->entered);
}

/* It has read it. `is_plain`: audit_answer_needs_care has said no. */
static inline __attribute__((always_inline)) void audit_read(const struct access_register *reg,
                                                             enum access_role role, unsigned width,
                                                             uint32_t value, bool is_plain)
{
    struct channel *channel = reg->channel;
    struct audit *audit = &channel->audit;
    uint32_t now = (uint32_t)channel->counters.requests;

    switch (role) {
    case ROLE_DATA:
        audit_moved(channel, &value, width, 1, false, false);
        break;
    case ROLE_STATUS:
        audit->statuses[(uint8_t)value] = audit->status_read = now;
        context_now->noted |= reg->noted;
        if (is_plain || !audit_answer_needs_care(reg, role, value)) {
            audit_read_status(channel, (uint8_t)value);
        } else {
            audit->status = audit->shown = (uint8_t)value;
            audit_status_with_care(channel, ROLE_STATUS, (uint8_t)value);
        }
        break;
    case ROLE_ALTERNATE_STATUS:
        audit->statuses[(uint8_t)value] = audit->status_read = now;
        audit_alternate_status(channel, (uint8_t)value);
        break;
    case ROLE_ERROR:
        audit->errors[(uint8_t)value] = audit->error_read = now;
        audit->error = (uint8_t)value;
        break;
    case ROLE_SECTOR_COUNT:
    case ROLE_LBA_MID:
    case ROLE_LBA_HIGH:
        if (audit->hazards & AUDIT_IN_FLIGHT)
            audit_packet_register(channel, role, (uint8_t)value);
        break;
    case ROLE_BUS_MASTER_STATUS:
        audit_dma_status_read(audit, (uint8_t)value);
        if (!(value & AUDIT_BUS_MASTER_INTERRUPT)) /* there is nothing to be cleared */
            context_now->noted |= reg->noted;
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

/* A block was written to the data port: audit_moved, and the trace of a packet. */
void audit_buffer_write(const struct access_register *reg, unsigned width, uint32_t count,
                        const void *buffer);

/* ------------------------------------------------------------------ what the port knows itself */

/* A channel starts: what a driver before this one has set is not this one's doing. Context:
 * PASSIVE_LEVEL. */
void audit_start(struct channel *channel);

/* Its devices have lost their power. */
void audit_power_is_lost(struct channel *channel);

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
/* HWR-05: an IRB comes back with that status: was the last block of its data moved as a whole? */
void audit_data_end(const struct irb_slot *slot, UCHAR irb_status, const char *routine,
                    const void *place) __attribute__((cold));
enum audit_answer audit_error_seen(const struct channel *channel, uint32_t since, uint8_t value);

/* Has a device shown ERR in the Status, or Alternate Status, that was read of it last? True where
 * that is not known. */
bool audit_may_have_failed(const struct channel *channel, unsigned target) __attribute__((cold));

/* Is the driver to blame for a request that was begun at that moment and did not come back? By what
 * it has read and written: no command since then, or one whose device was seen without BSY and DRQ
 * (ATA/ATAPI-6, 5.2.1); or a device that waits for data, or has interrupted, and nobody heeds it.
 * `why` is the words for it. False where nobody has looked, or can tell. */
bool audit_driver_is_to_blame(const struct channel *channel, uint32_t since, char *why, size_t size)
    __attribute__((cold));

/* HWR-18, at a time-out: the command in flight, written since that moment, cannot interrupt, and
 * nobody has looked at it to its end. True: it was reported. Context: DISPATCH_LEVEL. */
bool audit_waits_in_vain(struct channel *channel, uint32_t since) __attribute__((cold));

/* INT-01: has IdeHwInterrupt, which says TRUE, dismissed an interrupt of one of its controller's
 * channels? Where not, the port that would have had to be accessed, and whether its latch is what
 * is still set. 0: it has. */
uint16_t audit_undismissed(const struct channel *channel, unsigned noted, bool *is_latch);

#endif
