/* SPDX-License-Identifier: MIT */
/*
 * The parts of the task file's auditor among themselves: audit_task_file.c (who may write and read
 * when), audit_data.c and audit_block.c (the data port), audit_settings.c and audit_support.c (what
 * a command wants of its device), audit_issuer.c (what the port itself has asked for).
 * Entered from every context in which a miniport runs; each function before it has read or written.
 */
#ifndef PORT_ACCESS_AUDIT_JUDGE_H
#define PORT_ACCESS_AUDIT_JUDGE_H

#include "port/access/audit.h"
#include "port/contract/report.h"

#define AUDIT_READ_ROUTINE  "AtaPortReadPortUchar"
#define AUDIT_WRITE_ROUTINE "AtaPortWritePortUchar"

/* At the driver's line that is there now. */
#define AUDIT_REPORT(channel, rule, routine, ...) \
    contract_report(rule, channel, routine, report_caller(), __VA_ARGS__)

/* ------------------------------------------------------------------ accesses of interest */

void audit_status_with_care(struct channel *channel, enum access_role role, uint8_t value);
void audit_alternate_status(struct channel *channel, uint8_t value);
void audit_packet_register(struct channel *channel, enum access_role role, uint8_t value);
void audit_register_with_care(struct channel *channel);
void audit_device_with_care(struct channel *channel, uint8_t value);
void audit_device_is_written(struct audit *audit);
void audit_command_with_care(struct channel *channel);
void audit_control(struct channel *channel, uint8_t value);
void audit_control_is_written(struct channel *channel);

/* "Status 0x58 (DRDY DSC DRQ)" */
struct audit_words {
    char text[96];
};
struct audit_words audit_status_words(uint8_t status);

/* ------------------------------------------------------------------ audit_task_file.c */

static inline struct audit_device *audit_selected(struct audit *audit)
{
    return &audit->devices[audit_device_of(&audit->current)];
}

/* Has an interrupt come since the command, or what it has last waited for? */
static inline bool audit_has_interrupted(const struct channel *channel)
{
    return audit_interrupts(channel) != channel->audit.command.interrupts;
}

/* HWR-02: an access that relies on what was read too early, and began at `now` of the cycle
 * counter. */
void audit_judge_early(struct channel *channel, uint64_t now, const char *routine);

/* The command in flight is over. With `is_known`, `status` is its end, as it was read. */
void audit_end_command(struct channel *channel, bool is_known, uint8_t status);

/* Status was read. A driver that lets 400 ns pass by Alternate Status does not look at what that
 * says: how a command has ended, Status says. */
void audit_settle_dispute(struct channel *channel, uint8_t value);

/* A rule was broken, and what the device has made of that is not known: nothing more is said until
 * the next command. */
void audit_give_up(struct audit *audit);

/* ------------------------------------------------------------------ audit_block.c */

/* Status was read with DRQ, and without BSY. */
void audit_offer_block(struct channel *channel);

/* ------------------------------------------------------------------ audit_issuer.c */

/* CARE_REST, CARE_FAILED: what that is about is asked when the IRBs for the command's device come
 * back. */
void audit_note_care(struct channel *channel, unsigned care);
/* Has the port asked for a command with that address, as it stands? Then who has asked is to
 * blame. */
bool audit_is_asked_for(const struct channel *channel, uint64_t lba, uint32_t sectors);
/* The same of a request for that target by DMA, which is `asked` then, and of none by PIO. */
/* HWR-27. Are the sectors of the last command others than those which a read or write asks for?
 * *asked: what does. */
bool audit_is_of_others(const struct irb_slot *slot, struct audit_command *asked);
bool audit_is_asked_for_by_dma(const struct channel *channel, unsigned target, uint64_t lba,
                               uint32_t sectors, struct audit_command *asked);
bool audit_is_command_asked_for(const struct channel *channel, uint8_t opcode);
/* Has the port asked the device for packets with data, and for no other ones? */
/* Has the driver no other IRB for the same device? */
bool audit_is_only_of_target(const struct channel *channel, const struct irb_slot *slot);
bool audit_packet_wants_data(const struct channel *channel);
/* Where the port has what a driver's buffer holds; NULL: it has it nowhere. What the driver sees
 * itself may lie where each access is judged. */
const void *audit_port_data(const struct channel *channel, const void *data, uint32_t byte_count);

/* ------------------------------------------------------------------ audit_support.c */

/* HWR-24 of the command that the registers hold, which is about to be written, and is `command` in
 * words. True: it was reported. */
bool audit_is_unsupported(struct channel *channel, unsigned device, const char *command);

/* ------------------------------------------------------------------ audit_settings.c */

/* The command that the registers hold is about to be written. */
void audit_judge_command(struct channel *channel);

/* What it has changed. */
void audit_note_end(struct channel *channel, bool has_succeeded);

/* The device's IDENTIFY data is there. */
void audit_identified(struct audit *audit, unsigned device);
/* The device of the last command, which is over, has shown BSY, or nobody drives the bus: if data
 * was the end of it, that may have been anything (ATA/ATAPI-6, 9.5: the device is idle then). */
void audit_forget_identified(struct audit *audit);

/* What a reset of that device undoes. */
void audit_undo(struct audit *audit, unsigned device, bool is_software_reset);

#endif
