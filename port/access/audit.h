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

/* ------------------------------------------------------------------ what is said */

#define AUDIT_NOT_IDLE (IDE_STATUS_BUSY | IDE_STATUS_DRQ)
#define AUDIT_FAILED   (IDE_STATUS_ERROR | 0x20u) /* DF: ATA/ATAPI-6, 7.15 */
/* Nobody drives the bus: all ones, or all but D7, which the host pulls down. */
#define AUDIT_IS_FLOATING(status) (((status)&0x7F) == 0x7F)
/* Of Device: bits 7 and 5, which drives of old want set. */
#define AUDIT_OBSOLETE 0xA0u
#define AUDIT_DEV      0x10u /* which device is selected */

_Static_assert(ROLE_STATUS - ROLE_DATA == 7, "a register's role says where it stands");

/* Everything that a driver does goes by these, before and after it was done, but for what is plain
 * (below). `width`: of the access, which may be another than the register's own. */
void audit_before_read(const struct access_register *reg) __attribute__((cold));
void audit_read(const struct access_register *reg, unsigned width, uint32_t value)
    __attribute__((cold));
/* Returns what is to be written: the same, but where a transfer may not start. */
uint32_t audit_before_write(const struct access_register *reg, unsigned width, uint32_t value)
    __attribute__((cold));
void audit_written(const struct access_register *reg, unsigned width, uint32_t value)
    __attribute__((cold));
/* A block was written to the data port: audit_moved, and the trace of a packet. */
void audit_buffer_write(const struct access_register *reg, unsigned width, uint32_t count,
                        const void *buffer);
/* Data goes through the data port: so many units of so many bytes, by a Buffer routine or by
 * another. A buffer may lie where each access is judged. */
void audit_moved(struct channel *channel, const void *data, unsigned width, uint32_t count,
                 bool is_out, bool is_buffer) __attribute__((cold));

/* ------------------------------------------------------------------ what is plain
 *
 * Of a DMA command that begins and ends as most do, each access is taken note of where it is done,
 * in a few instructions that call nobody, so that they save none of the processor's registers.
 * Here are the questions whether it is such a one, asked before it is done (of Status: behind it,
 * too). True: note was taken; false: none was, and it goes the way above. */

/* How often IdeHwInterrupt was entered, the call that runs now among them. */
static inline uint32_t audit_interrupts(const struct channel *channel)
{
    return (uint32_t)channel->counters.interrupt_calls;
}

/* A command is about to be written. */
static inline void audit_begin(struct channel *channel, uint8_t protocol)
{
    struct audit *audit = &channel->audit;
    struct audit_command *command = &audit->command;

    command->registers.all = audit->current.all;
    command->fresh = protocol;
    command->interrupts = audit_interrupts(channel);
    audit->command_written = (uint32_t)channel->counters.requests;
}

/* Features, Sector Count, LBA. */
static inline bool audit_takes_register(struct audit *audit, enum access_role role, uint8_t value)
{
    if (__builtin_expect((audit->hazards & AUDIT_ON_REGISTER) != 0, 0))
        return false;
    audit->previous.at[role - ROLE_DATA] = audit->current.at[role - ROLE_DATA];
    audit->current.at[role - ROLE_DATA] = value;
    return true;
}

/* Device, for the one that is selected. */
static inline bool audit_takes_device(struct audit *audit, uint8_t value)
{
    if (__builtin_expect((audit->hazards & AUDIT_ON_DEVICE) != 0, 0))
        return false;
    if (value == audit->current.device)
        return true;
    if ((value ^ audit->current.device) & AUDIT_DEV)
        return false;
    audit->current.device = value;
    return true;
}

/* What a command does not mind, and what becomes of the hazards with it. */
struct audit_plain {
    uint32_t minds, sets;
};
extern const struct audit_plain audit_plain_commands[256];

/* The last sector, where the registers lie beside one another; without LBA it is beyond all. */
static inline uint32_t audit_last_sector(const union audit_task_file *registers)
{
    return ((uint32_t)(registers->all >> 24) & (0x0FFFFFFFu | (uint32_t)IDE_LBA_MODE << 24)) -
           ((uint32_t)IDE_LBA_MODE << 24) + (uint8_t)(registers->sector_count - 1);
}

/* Does the request that IdeHwStartIo was handed begin at another address of 28 bits than the
 * command? */
static inline bool audit_is_elsewhere(const struct audit *audit)
{
    const struct irb_slot *slot = context_now->slot;
    uint32_t asked;

    if (!slot)
        return false;
    __builtin_memcpy(&asked, &slot->page->irb.IdeTaskFile.Current.bSectorNumberReg, sizeof asked);
    return ((uint32_t)(audit->current.all >> 24) ^ asked) & 0x0FFFFFFFu;
}

/* Is it one of 28 bits by LBA, for sectors that the device has, and nothing else to be said? */
static inline __attribute__((always_inline)) bool audit_takes_command(struct channel *channel,
                                                                      uint8_t value)
{
    struct audit *audit = &channel->audit;
    const uint32_t opcode = value;

    if (__builtin_expect(audit->hazards & audit_plain_commands[opcode].minds ||
                             audit_last_sector(&audit->current) > audit->last_28 ||
                             audit_is_elsewhere(audit),
                         0))
        return false;
    audit->current.command = value;
    audit_begin(channel, audit_opcodes[opcode].protocol);
    hal_compiler_barrier(); /* (one instruction, where the value need not be kept) */
    audit->hazards |= audit_plain_commands[opcode].sets;
    return true;
}

/* Status is about to be read in the interrupt that a plain command has raised; or while there is
 * nothing to be said of what it may show, but in no interrupt. */
static inline bool audit_is_end_near(const struct audit *audit)
{
    return (audit->hazards & (AUDIT_PLAIN | AUDIT_RESETTING | AUDIT_FLOATS | AUDIT_OWES_STATUS)) ==
           (AUDIT_PLAIN | AUDIT_OWES_STATUS);
}
static inline bool audit_is_idle(const struct audit *audit)
{
    return !(audit->hazards & AUDIT_ON_STATUS) && context_now->kind != CONTEXT_INTERRUPT;
}

/* It was read; `is_end`: which of the two it was. */
static inline __attribute__((always_inline)) bool audit_takes_status(struct channel *channel,
                                                                     uint8_t value, bool is_end)
{
    struct audit *audit = &channel->audit;

    if (__builtin_expect(value & (AUDIT_NOT_IDLE | AUDIT_FAILED), 0))
        return false;
    audit->statuses[value] = (uint32_t)channel->counters.requests;
    audit->shown = value;
    if (is_end)
        audit->hazards &= ~(AUDIT_OF_COMMAND | AUDIT_BUSY | AUDIT_NOT_OVER | AUDIT_OWES_STATUS);
    return true;
}

/* ------------------------------------------------------------------ what the port knows itself */

/* A channel starts: what a driver before this one has set is not this one's doing. Context:
 * PASSIVE_LEVEL. */
void audit_start(struct channel *channel);
/* The driver has selected transfer modes anew: the next DMA command is looked at again. */
void audit_modes_selected(struct channel *channel);

/* Its devices have lost their power. */
void audit_power_is_lost(struct channel *channel);

/* ------------------------------------------------------------------ questions */

/* Has the last command moved more through the data port than so many bytes? */
static inline bool audit_has_moved_more(const struct channel *channel, uint32_t byte_count)
{
    const struct audit_command *command = &channel->audit.command;
    return !audit_moves_dma(command) && command->bytes_moved > byte_count;
}

/* ATA/ATAPI-6, 9.2: has SRST been written so short a time ago that Status says nothing yet? */
bool audit_is_settling(const struct channel *channel);

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

/* Has the bus master shown an error, or no end, since a command of that moment, or a later one? */
static inline bool audit_dma_has_failed(const struct channel *channel, uint32_t since)
{
    return audit_is_since(channel->audit.dma.failed, since);
}

/* An IRB comes back with that status. HWR-05: was the last block of its data moved as a whole?
 * HWR-25: is its command over? */
void audit_judge_end(const struct irb_slot *slot, UCHAR irb_status, const char *routine,
                     const void *place) __attribute__((cold));

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

/* Of a call of IdeHwInterrupt, among all of its controller's. */
static inline uint32_t audit_call_number(const struct channel *channel)
{
    return audit_interrupts(channel) << 5 | channel->number;
}
/* INT-01: IdeHwInterrupt is called, */
static inline void audit_enter_interrupt(struct channel *channel)
{
    channel->audit.hazards |= channel->audit.dismissal;
}
/* and says TRUE. Is there nothing to ask? (On a level-triggered line there always is.) */
static inline bool audit_is_dismissed(const struct channel *channel)
{
    return !(channel->audit.hazards & channel->audit.dismissal);
}
/* Has it dismissed an interrupt of one of its controller's channels? Where not, the port that would
 * have had to be accessed, and whether its latch is what is still set. 0: it has. */
uint16_t audit_undismissed(const struct channel *channel, bool *is_latch);
/* It is over, and was no dismissed one. */
static inline void audit_leave_interrupt(struct channel *channel)
{
    channel->audit.hazards &= ~(AUDIT_OWES_STATUS | AUDIT_OWES_CLEAR);
}

#endif
