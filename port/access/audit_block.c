/* SPDX-License-Identifier: MIT */
/* What a device offers at its data port; see audit_judge.h. In every context in which a miniport
 * runs. */
#include "port/access/audit_judge.h"

#define SECTOR_BYTES 512u

/* IDENTIFY PACKET DEVICE, word 0: 12 or 16 bytes. */
static uint32_t packet_size(const struct audit_device *device)
{
    if (!device->is_identified)
        return AUDIT_UNKNOWN_BYTES;
    switch (device->identify[0] & 3) {
    case 0:
        return 12;
    case 1:
        return 16;
    }
    return AUDIT_UNKNOWN_BYTES;
}

static uint32_t pio_block(const struct audit_command *command, const struct audit_device *device)
{
    uint32_t size = SECTOR_BYTES;

    if (audit_opcodes[command->registers.command].flags & OPCODE_MULTIPLE)
        size *= device->multiple_sectors;
    if (!size || !command->bytes_left)
        return AUDIT_UNKNOWN_BYTES;
    return size < command->bytes_left ? size : command->bytes_left;
}

void audit_offer_block(struct channel *channel)
{
    struct audit *audit = &channel->audit;
    struct audit_command *command = &audit->command;
    const struct audit_device *device = audit_selected(audit);

    if (command->block_left)
        return;
    command->registers_read = 0;
    command->block_size = AUDIT_UNKNOWN_BYTES;
    if (command->protocol == PROTOCOL_PIO_IN || command->protocol == PROTOCOL_PIO_OUT)
        command->block_size = pio_block(command, device);
    else if (command->protocol == PROTOCOL_PACKET && !command->is_sent)
        command->block_size = packet_size(device);
    command->block_left = command->block_size;
}
