/* SPDX-License-Identifier: MIT */
/* Data that is not what the device sent: IDENTIFY, sense data; and packets that fail. */
#ifndef PORT_ACCESS_INJECT_DATA_H
#define PORT_ACCESS_INJECT_DATA_H

#include "port/access/inject_state.h"

/* A command has reached the device: its data begins. */
void inject_begin_data(struct inject_channel *state, uint8_t opcode);
/* The next bytes of it, as they were read from the Data register; changed in place. */
void inject_change_data(struct inject_channel *state, uint8_t *bytes, size_t byte_count);
/* The next bytes that are written there, of which the first unit is `value`. Returns what the
 * device gets in its place: the first one of a packet that is to fail is another one's. */
uint32_t inject_replace_packet(struct inject_channel *state, uint32_t value, size_t byte_count);

#endif
