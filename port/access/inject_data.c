/* SPDX-License-Identifier: MIT */
/* Data that is not what the device sent; see inject_data.h. Entered with each access to Data of a
 * channel whose registers are filtered. */
#include "port/access/inject_data.h"

#include "port/access/inject_effects.h"

#define IDENTIFY_BYTES 512u
#define LOG_BYTES      512u
/* ATA/ATAPI-6, IDENTIFY DEVICE, word 255: the sum of all bytes is 0 if the signature is there. */
#define SIGNATURE_AT       510u
#define SIGNATURE          0xA5u
#define REQUEST_SENSE      0x03u /* SPC-2 */
#define NO_PACKET          0xFFu /* QEMU: no operation; ends with CHECK CONDITION */
#define SENSE_KEY_AT       2u
#define SENSE_CODE_AT      12u
#define SENSE_QUALIFIER_AT 13u

/* ------------------------------------------------------------------ IDENTIFY */

static void begin_identify(struct inject_channel *state)
{
    struct inject_rule *rule = NULL;

    state->identify_sum = 0;
    state->has_signature = false;
    while ((rule = inject_next_of(INJECT_IDENTIFY, rule)))
        if (inject_is_of_target(rule, state) && inject_hit(rule, state))
            state->identify |= 1u << (rule - inject_rules);
}

/* A byte of IDENTIFY data, at its place. */
static uint8_t identify_byte(struct inject_channel *state, uint32_t at, uint8_t byte)
{
    unsigned shift = at % 2 * 8;
    bool is_said = false; /* by a rule, whatever comes of the checksum */

    for (unsigned i = 0; i < INJECT_RULE_MOST; i++) {
        const struct inject_rule *rule = &inject_rules[i];
        uint8_t mask = (uint8_t)(rule->mask >> shift);
        if (!(state->identify >> i & 1) || rule->offset != at / 2)
            continue;
        byte = (uint8_t)((byte & ~mask) | ((rule->value >> shift) & mask));
        is_said |= mask != 0;
    }
    if (at == SIGNATURE_AT)
        state->has_signature = byte == SIGNATURE;
    if (at == IDENTIFY_BYTES - 1 && state->has_signature && !is_said)
        byte = (uint8_t)-state->identify_sum;
    state->identify_sum = (uint8_t)(state->identify_sum + byte);
    return byte;
}

/* ------------------------------------------------------------------ sense data */

static uint8_t sense_byte(const struct inject_rule *rule, uint32_t at, uint8_t byte)
{
    switch (at) {
    case SENSE_KEY_AT:
        return (uint8_t)((byte & 0xF0) | rule->sense[0]);
    case SENSE_CODE_AT:
        return rule->sense[1];
    case SENSE_QUALIFIER_AT:
        return rule->sense[2];
    }
    return byte;
}

/* The packet's operation code is about to be written. One that is to fail becomes one that the
 * device does not have, so that it fails in its own time; REQUEST SENSE, which follows, tells the
 * rule's sense data. */
static uint8_t replace_operation(struct inject_channel *state, uint8_t operation)
{
    struct inject_rule *rule;

    if (operation == REQUEST_SENSE) {
        state->sensed = state->sense;
        state->sense = NULL;
        return operation;
    }
    state->sense = rule = inject_rule_for(state, INJECT_SENSE, operation);
    if (!rule)
        return operation;
    /* ATA/ATAPI-6, 9.8: the sense key is in Error bits 7:4. */
    inject_end_with(state, rule, IDE_STATUS_ERROR, (uint8_t)(rule->sense[0] << 4));
    return NO_PACKET;
}

/* ------------------------------------------------------------------ log 10h */

/* ACS-2, A.13: what a device says of the queued command that has failed. */
static uint8_t log_byte(const struct inject_channel *state, uint32_t at)
{
    const struct inject_failure *failure = &state->hba.failure;
    const uint16_t log = state->logged->log;
    const uint8_t tag = log == INJECT_LOG_FAILED ? failure->tag : (uint8_t)log;

    switch (at) {
    case 0:
        return tag;
    case 2:
        return failure->status;
    case 3:
        return failure->error;
    case LOG_BYTES - 1:
        return (uint8_t) - (tag + failure->status + failure->error);
    }
    return 0;
}

/* ------------------------------------------------------------------ all of it */

void inject_begin_data(struct inject_channel *state, uint8_t opcode)
{
    state->bytes_read = state->bytes_written = 0;
    state->identify = 0;
    state->sensed = NULL;
    state->logged = NULL;
    if (opcode == IDE_COMMAND_IDENTIFY || opcode == IDE_COMMAND_ATAPI_IDENTIFY)
        begin_identify(state);
}

void inject_change_data(struct inject_channel *state, uint8_t *bytes, size_t byte_count)
{
    for (size_t i = 0; i < byte_count && inject_changes_data(state); i++) {
        uint32_t at = state->bytes_read + (uint32_t)i;
        bytes[i] = state->logged   ? log_byte(state, at)
                   : state->sensed ? sense_byte(state->sensed, at, bytes[i])
                                   : identify_byte(state, at, bytes[i]);
    }
    state->bytes_read += (uint32_t)byte_count;
}

uint32_t inject_replace_packet(struct inject_channel *state, uint32_t value, size_t byte_count)
{
    bool is_first = state->command == IDE_COMMAND_ATAPI_PACKET && state->bytes_written == 0;

    state->bytes_written += (uint32_t)byte_count;
    return is_first ? (value & ~0xFFu) | replace_operation(state, (uint8_t)value) : value;
}
