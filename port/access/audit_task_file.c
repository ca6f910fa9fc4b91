/* SPDX-License-Identifier: MIT */
/*
 * Who may write and read the task file, and when: HWR-01, 02, 04, 15, 18 and 23, and half of
 * HWR-03; and when a request may succeed: HWR-25. Owns the channel's hazards, but for those of a
 * device's settings. See audit.h and audit_judge.h.
 */
#include <stdio.h>

#include "lib/plural.h"
#include "port/access/audit_judge.h"
#include "port/access/names.h"
#include "port/irb_names.h"

#define SETTLE_NS   400u /* ATA/ATAPI-6, 9.3 */
#define READ_NS     100u
#define SRST_NS     5000u /* 9.2 */
#define RESET_NS    2000000u
#define POLL_TICKS  (1000000u / HAL_WATCH_TICK_US) /* HWR-23: a second of the call, and then */
#define POLL_READS  1000u
#define CLOCK_GRAIN 64u /* the cycle counter may be off by one in so many */

/* A driver that reads Status so long after its command does so because nothing has come. */
#define LATE_NS 1000000000u

struct audit_words audit_status_words(uint8_t status)
{
    struct audit_words words = {.text = ""};
    char bits[64];

    (void)bits_write(BITS_STATUS, status, bits, sizeof bits);
    snprintf(words.text, sizeof words.text, "Status 0x%02x%s%s%s", status, bits[0] ? " (" : "",
             bits, bits[0] ? ")" : "");
    return words;
}

/* Does any routine run now that the port calls for an interrupt of the channel's controller? */
static bool in_interrupt(const struct channel *channel)
{
    const struct context *context = context_now;

    while (context->kind != CONTEXT_NONE) {
        if (context->kind == CONTEXT_INTERRUPT && context->controller == channel->controller)
            return true;
        context = context->outer;
    }
    return false;
}

static bool is_in(enum context_kind kind)
{
    const struct context *context = context_now;

    while (context->kind != CONTEXT_NONE && context->kind != kind)
        context = context->outer;
    return context->kind == kind;
}

void audit_give_up(struct audit *audit)
{
    audit->hazards &= ~(AUDIT_OF_COMMAND | AUDIT_BUSY);
    audit->hazards |= AUDIT_UNSURE;
    audit->command.block_left = 0;
}

void audit_end_command(struct channel *channel, bool is_known, uint8_t status)
{
    struct audit *audit = &channel->audit;

    audit->hazards &= ~(AUDIT_OF_COMMAND | AUDIT_BUSY);
    audit->hazards = is_known ? audit->hazards & ~AUDIT_NOT_OVER : audit->hazards | AUDIT_NOT_OVER;
    audit->command.block_left = 0;
    audit_note_end(channel, !is_known || !(status & AUDIT_FAILED));
}

/* ------------------------------------------------------------------ HWR-02 */

/* When the last access ended that was one of the command, the selection, and the reads since. */
static uint64_t last_end(const struct audit *audit)
{
    uint64_t end = audit->changed > audit->command.begun ? audit->changed : audit->command.begun;
    return audit->command.settle_reads && audit->left > end ? audit->left : end;
}

/* How long the driver has waited, up to an access that begins at `now`: what it did between, and
 * 100 ns for each read, which is what one takes on the bus. (What one takes in an emulator says
 * nothing.) */
static uint64_t settling_ns(const struct audit *audit, uint64_t now)
{
    const unsigned reads = audit->command.settle_reads;
    return hal_cycles_ns((reads ? audit->settle_cycles : 0) + (now - last_end(audit))) +
           reads * READ_NS;
}

static void report_early(struct channel *channel, const char *routine, const char *what,
                         uint64_t waited_ns)
{
    const struct audit *audit = &channel->audit;

    AUDIT_REPORT(channel, RULE_HWR_02, routine,
                 "%s %u ns after %s, and after %u read%s of Alternate Status", what,
                 (unsigned)waited_ns,
                 audit->changed > audit->command.begun ? "another device was selected"
                                                       : "the command was written",
                 (unsigned)audit->command.settle_reads, plural(audit->command.settle_reads));
}

void audit_judge_early(struct channel *channel, uint64_t now, const char *routine)
{
    struct audit *audit = &channel->audit;

    if (!(audit->hazards & AUDIT_UNSETTLED))
        return;
    uint64_t waited_ns = settling_ns(audit, now);
    if (waited_ns >= SETTLE_NS) {
        audit->hazards &= ~AUDIT_UNSETTLED;
    } else if (audit->command.settle_reads) {
        report_early(channel, routine, "what was read of Alternate Status was relied on",
                     waited_ns);
        audit_give_up(audit);
    }
}

/* Is what was read now true? */
static bool judge_read(struct channel *channel, enum access_role role, bool is_interrupt)
{
    struct audit *audit = &channel->audit;
    uint64_t waited_ns = settling_ns(audit, audit->entered);
    bool is_true = waited_ns >= SETTLE_NS;

    if (role == ROLE_ALTERNATE_STATUS && !is_true) {
        if (!audit->command.settle_reads)
            audit->settle_cycles = 0;
        audit->settle_cycles += (uint32_t)(audit->entered - last_end(audit));
        audit->command.settle_reads++;
        hal_cycles_note(&audit->left);
        is_true = waited_ns + READ_NS >= SETTLE_NS;
    } else if (!is_true) {
        if (!is_interrupt)
            report_early(channel, AUDIT_READ_ROUTINE, "Status was read", waited_ns);
        is_true = true; /* in IdeHwInterrupt; elsewhere it is believed */
    }
    if (is_true)
        audit->hazards &= ~AUDIT_UNSETTLED;
    return is_true;
}

/* ------------------------------------------------------------------ HWR-23 */

/* The poll is over, in its call or behind it. (One without end is CPU-02's.) */
static void judge_poll(struct channel *channel)
{
    struct audit *audit = &channel->audit;
    static const char words[] = "one call has polled for more than a second, and BSY was set: "
                                "AtaPortRequestTimer waits without keeping the processor";

    if (audit->polls < POLL_READS)
        return;
    audit->polls = 0;
    if (is_in((enum context_kind)audit->poll_context))
        contract_report(RULE_HWR_23, channel, AUDIT_READ_ROUTINE, audit->poll_place, "%s", words);
    else
        contract_report_in(&channel->contexts[audit->poll_context], RULE_HWR_23, AUDIT_READ_ROUTINE,
                           audit->poll_place, "%s", words);
}

/* BSY was read. The ticks are the hang watchdog's, of this call. */
static void note_poll(struct channel *channel)
{
    struct audit *audit = &channel->audit;

    if (context_now->own_ticks < POLL_TICKS || channel->interrupt.is_polled) {
        judge_poll(channel);
        audit->polls = 0;
        return;
    }
    if (audit->polls++ == 0) {
        audit->poll_place = report_caller();
        audit->poll_context = (uint8_t)context_now->kind;
    }
}

/* ------------------------------------------------------------------ HWR-01 */

/* A block that was begun and not moved to its end. */
static void report_rest(struct channel *channel, const char *routine)
{
    const struct audit_command *command = &channel->audit.command;
    bool is_odd = command->protocol == PROTOCOL_PACKET && command->is_sent &&
                  command->byte_count & 1 && command->block_left <= 2;
    char words[128];

    audit_command_words(command, words, sizeof words);
    AUDIT_REPORT(channel, is_odd ? RULE_HWR_16 : RULE_HWR_05, routine,
                 "a register is written, and of the %u byte%s that the device offers, %u were not "
                 "moved: %s",
                 (unsigned)command->block_size, plural(command->block_size),
                 (unsigned)command->block_left, words);
}

static bool has_rest(const struct audit *audit)
{
    const struct audit_command *command = &audit->command;

    return audit->hazards & AUDIT_IN_FLIGHT && command->block_left &&
           command->block_left != AUDIT_UNKNOWN_BYTES && command->block_left < command->block_size;
}

/* A request that ends so says that nothing was in its way: it is done, or was never begun. */
static bool is_calm(UCHAR irb_status)
{
    return IRB_STATUS(irb_status) == IRB_STATUS_SUCCESS ||
           IRB_STATUS(irb_status) == IRB_STATUS_BUSY;
}

/* Is the command in flight one of this request's, and of no other one's? */
static bool is_for(const struct audit *audit, const struct irb_slot *slot)
{
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    const uint8_t opcode = audit->command.registers.command;

    if (!audit_is_since(audit->command_written, slot->begun) ||
        !audit_is_only_of_target(slot->channel, slot))
        return false;
    if (IsAtapiCommand(irb))
        return opcode == IDE_COMMAND_ATAPI_PACKET;
    if (irb->Function == IRB_FUNCTION_ATA_READ || irb->Function == IRB_FUNCTION_ATA_WRITE)
        return audit_opcodes[opcode].flags & OPCODE_ADDRESS;
    return IsAtaCommand(irb) && opcode == irb->IdeTaskFile.Current.bCommandReg;
}

/* ------------------------------------------------------------------ HWR-25 */

/* What is not known of its data is not held against the driver. */
static bool is_in_flight(const struct channel *channel, const struct irb_slot *slot)
{
    const struct audit *audit = &channel->audit;

    return (audit->hazards & (AUDIT_IN_FLIGHT | AUDIT_UNSURE)) == AUDIT_IN_FLIGHT &&
           audit->command.block_left != AUDIT_UNKNOWN_BYTES && !audit_has_interrupted(channel) &&
           !channel->interrupt.is_polled && is_for(audit, slot);
}

/* The same of one that has failed, and nothing else has happened since. (The meaning of DF is a
 * packet device's own: ATA/ATAPI-6, 9.8.) */
static bool has_failed(const struct audit *audit, const struct irb_slot *slot)
{
    const uint8_t bits = IsAtapiCommand(&slot->page->irb) ? IDE_STATUS_ERROR : AUDIT_FAILED;

    return slot->care & CARE_FAILED && !(audit->hazards & AUDIT_IN_FLIGHT) &&
           !(audit->shown & IDE_STATUS_BUSY) && audit->shown & bits &&
           !slot->channel->interrupt.is_polled && is_for(audit, slot);
}

/* NULL: there is nothing to say against its success. */
static const char *success_fault(const struct irb_slot *slot)
{
    if (audit_dma_is_told(slot))
        return NULL;
    if (is_in_flight(slot->channel, slot))
        return "neither its interrupt has come, nor was Status read without BSY and DRQ";
    return has_failed(&slot->channel->audit, slot) ? "it has failed" : NULL;
}

/* HWR-27. A driver may do a request in several commands, and send others of its own: the last one
 * has to be the request's. */
static bool judge_sectors(const struct irb_slot *slot, const char *routine, const void *place)
{
    const struct audit *audit = &slot->channel->audit;
    const unsigned function = slot->page->irb.Function;
    struct audit_command asked;
    char words[128], asked_words[128];

    if ((function != IRB_FUNCTION_ATA_READ && function != IRB_FUNCTION_ATA_WRITE) ||
        audit->hazards & AUDIT_UNSURE || !is_for(audit, slot) || !audit_is_of_others(slot, &asked))
        return false;
    audit_command_words(&audit->command, words, sizeof words);
    audit_command_words(&asked, asked_words, sizeof asked_words);
    contract_report_irb(RULE_HWR_27, slot, routine, place,
                        "its command was %s, and its task file is %s", words, asked_words);
    return true;
}

void audit_judge_end(const struct irb_slot *slot, UCHAR irb_status, const char *routine,
                     const void *place)
{
    struct audit *audit = &slot->channel->audit;
    char words[128];
    const char *why;

    if (!is_calm(irb_status) ||
        audit_device_of(&audit->command.registers) != slot->page->irb.TargetId)
        return;
    if (slot->care & CARE_REST && has_rest(audit)) {
        contract_report_irb(
            RULE_HWR_05, slot, routine, place,
            "it ended with %s, and of the %u bytes that the device offers, %u were not moved",
            irb_status_name(IRB_STATUS(irb_status)), (unsigned)audit->command.block_size,
            (unsigned)audit->command.block_left);
    } else if (IRB_STATUS(irb_status) != IRB_STATUS_SUCCESS || audit_dma_was_stopped(slot)) {
        return;
    } else if ((why = success_fault(slot))) {
        audit_command_words(&audit->command, words, sizeof words);
        contract_report_irb(RULE_HWR_25, slot, routine, place, "its command is %s, and %s; %s",
                            words, why, audit_status_words(audit->shown).text);
        audit_dma_forget(slot); /* what it owes was told */
    } else if (!(slot->care & CARE_FAILED) || !judge_sectors(slot, routine, place)) {
        return;
    }
    audit_give_up(audit);
}

static bool judge_busy(struct channel *channel)
{
    struct audit *audit = &channel->audit;
    char words[128];

    judge_poll(channel);
    if (has_rest(audit)) {
        report_rest(channel, AUDIT_WRITE_ROUTINE);
    } else if (audit->hazards & AUDIT_BUSY) {
        AUDIT_REPORT(channel, RULE_HWR_01, AUDIT_WRITE_ROUTINE,
                     "%s was read last, and the device has not been idle since",
                     audit_status_words(audit->shown).text);
    } else if (audit->hazards & AUDIT_IN_FLIGHT && !audit_has_interrupted(channel)) {
        audit_command_words(&audit->command, words, sizeof words);
        AUDIT_REPORT(channel, RULE_HWR_01, AUDIT_WRITE_ROUTINE,
                     "in flight is %s: neither its interrupt has come, nor was Status read "
                     "without BSY and DRQ",
                     words);
    } else {
        return false;
    }
    audit_give_up(audit);
    return true;
}

void audit_register_with_care(struct channel *channel)
{
    audit_judge_early(channel, channel->audit.entered, AUDIT_WRITE_ROUTINE);
    (void)judge_busy(channel);
}

/* ------------------------------------------------------------------ Device */

static void select_device(struct audit *audit, unsigned index)
{
    struct audit_device *left = &audit->devices[!index], *taken = &audit->devices[index];

    left->hazards = audit->hazards & AUDIT_OF_DEVICE;
    left->shown = audit->shown;
    audit->hazards = (audit->hazards & ~AUDIT_OF_DEVICE) | taken->hazards;
    audit->shown = taken->shown;
    audit->last_28 = taken->last_28;
}

void audit_device_with_care(struct channel *channel, uint8_t value)
{
    struct audit *audit = &channel->audit;
    const unsigned index = value >> 4 & 1;

    audit_register_with_care(channel);
    audit->hazards &= ~AUDIT_UNSELECTED;
    if (index != audit_device_of(&audit->current)) {
        if (audit->hazards & AUDIT_IN_FLIGHT)
            audit_end_command(channel, false, 0);
        select_device(audit, index);
        audit->command.settle_reads = 0;
        audit->hazards |= AUDIT_UNSETTLED;
        audit->is_selecting = true;
    }
    if (audit->hazards & AUDIT_IS_OLD && (value & AUDIT_OBSOLETE) != AUDIT_OBSOLETE)
        AUDIT_REPORT(channel, RULE_HWR_03, AUDIT_WRITE_ROUTINE,
                     "Device is written with 0x%02x: bits 7 and 5 are clear, and word 80 of the "
                     "device's IDENTIFY data, 0x%04x, is of a standard before ATA/ATAPI-6",
                     value, audit->devices[index].identify[80]);
}

void audit_device_is_written(struct audit *audit)
{
    if (audit->is_selecting)
        hal_cycles_note(&audit->changed);
    audit->is_selecting = false;
}

/* ------------------------------------------------------------------ Command */

/* A command is written while nIEN is set, or nIEN set while one is in flight: HWR-18. */
static void note_silence(struct audit *audit)
{
    audit->silent_place = report_caller();
    audit->silent_context = (uint8_t)context_now->kind;
}

static void begin_with_care(struct channel *channel)
{
    struct audit *audit = &channel->audit;
    struct audit_command *command = &audit->command;
    const enum audit_protocol protocol = audit_protocol_of(&audit->current);
    const bool is_packet = protocol == PROTOCOL_PACKET;

    audit_begin(channel, (uint8_t)protocol);
    command->previous.all = audit->previous.all;
    command->bytes_moved = 0;
    command->packet_bytes = 0;
    command->is_sent = false;
    command->bytes_left = audit_command_bytes(command);
    if (!command->bytes_left)
        command->bytes_left = AUDIT_UNKNOWN_BYTES;
    if (is_packet)
        command->place = report_caller();
    if (audit->hazards & AUDIT_NO_INTERRUPT)
        note_silence(audit);
    audit->hazards |= AUDIT_UNSETTLED | AUDIT_NOT_OVER | AUDIT_LATCHED;
    if (protocol != PROTOCOL_UNKNOWN && protocol != PROTOCOL_QUEUED)
        audit->hazards |= AUDIT_IN_FLIGHT;
    if (protocol == PROTOCOL_DMA_IN || protocol == PROTOCOL_DMA_OUT)
        audit->hazards |= AUDIT_PLAIN;
    if (protocol == PROTOCOL_DEVICE_RESET && /* a disk aborts it (ATA/ATAPI-6, 8.7) */
        channel_device_kind(channel, audit_device_of(&audit->current)) != DEVICE_ATA)
        audit_undo(audit, audit_device_of(&audit->current), false);
}

void audit_command_with_care(struct channel *channel)
{
    struct audit *audit = &channel->audit;
    const bool is_reset = audit->current.command == IDE_COMMAND_ATAPI_RESET;
    bool is_told = false;

    if (!is_reset) {
        audit_judge_early(channel, audit->entered, AUDIT_WRITE_ROUTINE);
        is_told = judge_busy(channel);
    }
    if (audit->hazards & AUDIT_IN_FLIGHT)
        audit_end_command(channel, false, is_reset ? IDE_STATUS_ERROR : 0);
    if (!is_told && !(audit->hazards & AUDIT_UNSURE))
        audit_judge_command(channel);
    audit->hazards &= ~(AUDIT_UNSURE | AUDIT_BUSY);
    begin_with_care(channel);
}

/* ------------------------------------------------------------------ Device Control: HWR-04 */

void audit_control(struct channel *channel, uint8_t value)
{
    struct audit *audit = &channel->audit;
    const uint8_t changed = audit->control ^ value;
    uint64_t set_ns = hal_cycles_ns(hal_cycles() - audit->reset_at);

    judge_poll(channel);
    audit->control = value;
    audit->has_control = true;
    audit->srst_changes = (changed & IDE_DC_RESET_CONTROLLER) != 0;
    if (changed & value & IDE_DC_DISABLE_INTERRUPTS && audit->hazards & AUDIT_IN_FLIGHT)
        note_silence(audit);
    if (value & IDE_DC_DISABLE_INTERRUPTS)
        audit->hazards |= AUDIT_NO_INTERRUPT;
    else
        audit->hazards &= ~AUDIT_NO_INTERRUPT;
    if (!audit->srst_changes)
        return;
    if (value & IDE_DC_RESET_CONTROLLER) {
        audit->hazards &= ~(AUDIT_OF_COMMAND | AUDIT_UNSURE);
        audit->command.block_left = 0;
        audit->command.is_disputed = false;
        audit->hazards &= ~(AUDIT_AWAITED | AUDIT_LATCHED); /* it interrupts no more */
        audit_undo(audit, 0, true);
        audit_undo(audit, 1, true);
        if (audit_device_of(&audit->current))
            select_device(audit, 0); /* ATA/ATAPI-6, 9.2: a reset selects device 0 */
        audit->current.device = 0;
    } else {
        audit->hazards |= AUDIT_RESETTING | AUDIT_UNSELECTED;
        if (set_ns < SRST_NS - SRST_NS / CLOCK_GRAIN)
            AUDIT_REPORT(channel, RULE_HWR_04, AUDIT_WRITE_ROUTINE,
                         "SRST is cleared %u ns after it was set", (unsigned)set_ns);
    }
}

void audit_control_is_written(struct channel *channel)
{
    struct audit *audit = &channel->audit;

    if (audit->srst_changes)
        hal_cycles_note(&audit->reset_at);
    audit->srst_changes = false;
}

/* ------------------------------------------------------------------ Status */

static void judge_reset(struct channel *channel, enum access_role role)
{
    struct audit *audit = &channel->audit;
    uint64_t since_ns = hal_cycles_ns(hal_cycles() - audit->reset_at);

    audit->hazards &= ~AUDIT_RESETTING;
    if (since_ns < RESET_NS - RESET_NS / CLOCK_GRAIN)
        AUDIT_REPORT(channel, RULE_HWR_04, AUDIT_READ_ROUTINE,
                     "%s is read %u us after SRST was cleared", register_name(role, false),
                     (unsigned)(since_ns / 1000));
}

bool audit_is_settling(const struct channel *channel)
{
    return hal_cycles_ns(hal_cycles() - channel->audit.reset_at) < RESET_NS;
}

/* Is it the driver's business that a command may interrupt, and Status is read all the same? */
static bool may_acknowledge(const struct channel *channel, uint8_t value)
{
    const struct audit *audit = &channel->audit;
    const struct audit_command *command = &audit->command;

    if (!(audit->hazards & AUDIT_IN_FLIGHT) || command->is_told || audit_has_interrupted(channel))
        return true;
    if (audit->hazards & AUDIT_NO_INTERRUPT || !audit->has_control || channel->interrupt.is_polled)
        return true;
    if (command->protocol == PROTOCOL_DEVICE_RESET || value == 0 || AUDIT_IS_FLOATING(value))
        return true;
    if ((command->protocol == PROTOCOL_PIO_OUT || command->protocol == PROTOCOL_PACKET) &&
        !command->bytes_moved)
        return true;
    return channel->recovery != RECOVERY_NONE || is_in(CONTEXT_RESET) ||
           hal_cycles_ns(hal_cycles() - command->begun) >= LATE_NS;
}

/* HWR-15. */
static void judge_acknowledgement(struct channel *channel, uint8_t value)
{
    struct audit_command *command = &channel->audit.command;
    char words[128];

    if (may_acknowledge(channel, value))
        return;
    command->is_told = true;
    audit_command_words(command, words, sizeof words);
    AUDIT_REPORT(channel, RULE_HWR_15, AUDIT_READ_ROUTINE,
                 "Status is read while a command is in flight, and its interrupt is lost: %s",
                 words);
}

/* What a device shows, if that is true already. */
static void take_status(struct channel *channel, uint8_t value, bool is_true)
{
    struct audit *audit = &channel->audit;
    const bool floats = AUDIT_IS_FLOATING(value);
    const bool is_busy = value & IDE_STATUS_BUSY && !floats;
    const bool is_in_flight = (audit->hazards & AUDIT_IN_FLIGHT) != 0;
    /* During DMA it says nothing. */
    const bool wants_data = (value & AUDIT_NOT_IDLE) == IDE_STATUS_DRQ && !floats &&
                            !(is_in_flight && audit_moves_dma(&audit->command));

    audit->hazards &= ~AUDIT_FLOATS;
    if (floats)
        audit->hazards |= AUDIT_FLOATS;
    if (!is_true && !is_busy && !wants_data)
        return;
    audit->shown = value;
    audit->hazards &= ~AUDIT_BUSY;
    if (is_busy || wants_data)
        audit->hazards |= AUDIT_BUSY;
    else if (!floats && !(value & IDE_STATUS_DRQ))
        audit->hazards &= ~AUDIT_NOT_OVER;
    if ((is_busy || floats) && !is_in_flight && !(audit->hazards & AUDIT_UNSELECTED))
        audit_forget_identified(audit); /* and it is not from a reset */
    if (!is_in_flight || is_busy)
        return;
    if (wants_data)
        audit_offer_block(channel);
    else if (floats || !(value & IDE_STATUS_DRQ))
        audit_end_command(channel, !floats, value);
}

void audit_settle_dispute(struct channel *channel, uint8_t value)
{
    struct audit *audit = &channel->audit;

    if (audit->command.is_disputed && !(value & (AUDIT_NOT_IDLE | AUDIT_FAILED)))
        audit_note_end(channel, true);
    audit->command.is_disputed = false;
}

void audit_status_with_care(struct channel *channel, enum access_role role, uint8_t value)
{
    struct audit *audit = &channel->audit;
    const bool is_interrupt = in_interrupt(channel);
    bool is_true = true;

    if (value & IDE_STATUS_BUSY && !AUDIT_IS_FLOATING(value))
        note_poll(channel);
    else
        judge_poll(channel);

    if (audit->hazards & AUDIT_RESETTING && !(audit->control & IDE_DC_RESET_CONTROLLER))
        judge_reset(channel, role);
    if (audit->hazards & AUDIT_UNSETTLED)
        is_true = judge_read(channel, role, is_interrupt);
    if (role == ROLE_STATUS && !is_interrupt)
        judge_acknowledgement(channel, value);
    /* Where an interrupt may come between the access and here, its routine has seen more. */
    if (!(audit->hazards & AUDIT_IN_FLIGHT) && !is_interrupt &&
        !channel->given.configuration.SyncWithIsr && !AUDIT_IS_FLOATING(value))
        value &= (uint8_t)~AUDIT_NOT_IDLE;
    const bool was_in_flight = audit->hazards & AUDIT_IN_FLIGHT;
    take_status(channel, value, is_true);
    if (role == ROLE_ALTERNATE_STATUS && was_in_flight && !(audit->hazards & AUDIT_IN_FLIGHT))
        audit->command.is_disputed = value & AUDIT_FAILED;
}

void audit_alternate_status(struct channel *channel, uint8_t value)
{
    struct audit *audit = &channel->audit;

    if (value & AUDIT_NOT_IDLE || audit->hazards & AUDIT_ON_STATUS)
        audit_status_with_care(channel, ROLE_ALTERNATE_STATUS, value);
    else
        audit->shown = value;
}

/* ------------------------------------------------------------------ HWR-18 */

/* Does the device offer a block that it has interrupted for, or would have, and nothing of it was
 * moved? (9.6, 9.8: the first one of PIO-out and the packet are waited for.) */
static bool offers_unheard(const struct audit *audit)
{
    const struct audit_command *command = &audit->command;

    return (audit->shown & AUDIT_NOT_IDLE) == IDE_STATUS_DRQ &&
           command->block_left == command->block_size &&
           (command->protocol == PROTOCOL_PIO_IN || command->bytes_moved || command->is_sent);
}

bool audit_waits_in_vain(struct channel *channel, uint32_t since)
{
    const struct audit *audit = &channel->audit;
    const struct audit_command *command = &audit->command;
    const uint32_t in_vain = AUDIT_IN_FLIGHT | AUDIT_NO_INTERRUPT;
    char words[128];

    if ((audit->hazards & in_vain) != in_vain ||
        (audit->hazards & AUDIT_BUSY && !offers_unheard(audit)) || audit_has_interrupted(channel) ||
        channel->interrupt.is_polled || !audit_is_since(audit->command_written, since))
        return false;
    audit_command_words(command, words, sizeof words);
    contract_report_in(&channel->contexts[audit->silent_context], RULE_HWR_18, AUDIT_WRITE_ROUTINE,
                       audit->silent_place,
                       "nIEN is set, and nobody has looked at it to its end: %s", words);
    return true;
}
