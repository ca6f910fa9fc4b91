/* SPDX-License-Identifier: MIT */
/*
 * What a device does of itself, on purpose: it stays busy, it is gone, its command fails. Between
 * the ways of an access (inject_ports.c) and the rules (inject_state.h).
 */
#ifndef PORT_ACCESS_INJECT_EFFECTS_H
#define PORT_ACCESS_INJECT_EFFECTS_H

#include "port/access/inject_state.h"

/* What a device shows in every register while BSY is set: BSY, DRDY, DSC. */
#define INJECT_BUSY_STATUS 0xD0u
/* No command, of any standard. QEMU: ends with ERR and ABRT, and an interrupt. */
#define INJECT_NO_COMMAND 0xFFu
#define INJECT_STATUS_DF  0x20u /* SE of packet devices */

/* A register, as rules name it. */
struct inject_access {
    enum access_role role;   /* ROLE_NONE of AHCI's */
    uint32_t number;         /* its port; of AHCI's its offset */
    uint32_t number_in_port; /* of those of an AHCI port the offset there; INJECT_NOWHERE */
};
#define INJECT_NOWHERE UINT32_MAX

/* Does it last, on the device that is selected? NULL: no. */
struct inject_effect *inject_in_effect(struct inject_channel *state, enum inject_effect_kind kind);
/* The device is not there: what its registers show. False: it is. */
bool inject_is_absent(struct inject_channel *state, uint8_t *shown);

/* A register is accessed: what begins with that? */
void inject_note_access(struct inject_channel *state, const struct inject_access *access);
/* A command has reached the device. */
void inject_note_command(struct inject_channel *state, uint16_t command);
/* A command is about to. Returns what the device gets in its place. */
uint8_t inject_replace_command(struct inject_channel *state, uint8_t opcode, bool is_dma);
/* A DMA beyond what 32 bits reach is about to begin. True: it is refused, as a bus error. */
bool inject_refuses_dma(struct inject_channel *state, uint8_t opcode);
/* The command that the device is about to fail ends in this way. */
void inject_end_with(struct inject_channel *state, struct inject_rule *rule, uint8_t status,
                     uint8_t error);
/* What Status shows at the end of a command that a rule has ended. */
static inline uint8_t inject_end_status(const struct inject_channel *state)
{
    return state->end.status | IDE_STATUS_DRDY | IDE_STATUS_DSC;
}
/* SRST is set, or the packet device that is selected gets DEVICE RESET. */
void inject_note_reset(struct inject_channel *state, bool is_of_both);

/* Is it about this register? */
bool inject_is_of_place(const struct inject_rule *rule, const struct inject_access *access);
/* What the rules say themselves: of a value that was read; and of one that is written, which false
 * drops. */
uint32_t inject_change_read(struct inject_channel *state, const struct inject_access *access,
                            uint32_t value);
bool inject_change_write(struct inject_channel *state, const struct inject_access *access,
                         uint32_t *value);

#endif
