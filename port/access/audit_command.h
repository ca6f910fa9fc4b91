/* SPDX-License-Identifier: MIT */
/*
 * What a command is, by its opcode and the registers that were written before it: its protocol, its
 * address, its data. For the commands of ATA/ATAPI-6, and what SATA drives have beside them; of any
 * other one nothing is known, and nothing is said. Any context.
 */
#ifndef PORT_ACCESS_AUDIT_COMMAND_H
#define PORT_ACCESS_AUDIT_COMMAND_H

#include <stddef.h>

#include "port/access/audit_state.h"

struct channel;

/* ATA/ATAPI-6, 9. */
enum audit_protocol {
    PROTOCOL_UNKNOWN,
    PROTOCOL_NON_DATA,
    PROTOCOL_PIO_IN,
    PROTOCOL_PIO_OUT,
    PROTOCOL_DMA_IN,
    PROTOCOL_DMA_OUT,
    PROTOCOL_PACKET,
    PROTOCOL_DEVICE_RESET,
    PROTOCOL_DIAGNOSTIC,
    PROTOCOL_QUEUED,
};

#define OPCODE_48       0x01u /* registers are written twice */
#define OPCODE_ADDRESS  0x02u /* an LBA, or cylinder, head and sector, and a count of sectors */
#define OPCODE_ONE      0x04u /* an address without a count: one sector */
#define OPCODE_MULTIPLE 0x08u /* blocks as SET MULTIPLE MODE has set them */
#define OPCODE_SECTOR   0x10u /* one sector of data, whatever the count is */
#define OPCODE_COUNTED  0x20u /* so many sectors of data as the count says, without an address */

struct audit_opcode {
    uint8_t protocol; /* enum audit_protocol */
    uint8_t flags;    /* OPCODE_xxx */
};
extern const struct audit_opcode audit_opcodes[256];

/* With the Features register, which makes several commands of some opcodes. */
enum audit_protocol audit_protocol_of(const union audit_task_file *registers);

/* 0 or 1. */
static inline unsigned audit_device_of(const union audit_task_file *registers)
{
    return registers->device >> 4 & 1; /* DEV: ATA/ATAPI-6, 7.7 */
}

/* False: it has no address, or cylinder, head and sector. */
bool audit_command_address(const struct audit_command *command, uint64_t *lba, uint32_t *sectors);

/* How much it moves between device and memory, by DMA or through the data port; 0: not known. */
uint32_t audit_command_bytes(const struct audit_command *command);

/* Does its data go by the bus master? */
static inline bool audit_is_by_dma(const struct audit_command *command)
{
    return command->protocol == PROTOCOL_DMA_IN || command->protocol == PROTOCOL_DMA_OUT ||
           (command->protocol == PROTOCOL_PACKET && command->registers.features & 1);
}

/* DMA, and PACKET by DMA once the packet was sent: DRQ says nothing meanwhile. */
static inline bool audit_moves_dma(const struct audit_command *command)
{
    return audit_is_by_dma(command) && (command->protocol != PROTOCOL_PACKET || command->is_sent);
}

/* "READ DMA (C8h), device 0, LBA 2048, 8 sectors" */
void audit_command_words(const struct audit_command *command, char *text, size_t size);

#endif
