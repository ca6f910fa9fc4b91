/* SPDX-License-Identifier: MIT */
/*
 * A command that is about to be issued to an AHCI port, as it lies in memory: header, table, FIS
 * and PRDs (Serial ATA AHCI 1.3.1, 4.2), what the FIS says, and whose request it is. Context: any
 * in which a miniport runs.
 */
#ifndef PORT_ACCESS_AUDIT_AHCI_COMMAND_H
#define PORT_ACCESS_AUDIT_AHCI_COMMAND_H

#include "port/access/audit_ahci_internal.h"
#include "port/access/names.h"
#include "port/objects.h"

struct ahci_command {
    const struct hba_access *at;
    unsigned slot;
    const struct ahci_header *header;
    const struct ahci_table *table;
    uint8_t opcode;
    uint8_t kind;               /* KIND_xxx */
    const struct irb_slot *irb; /* whose command and address it has; NULL: nobody knows */
};

#define KIND_28      0x01u /* an address of 28 bits */
#define KIND_48      0x02u /* of 48 */
#define KIND_SECTORS 0x04u /* its data is so many sectors */
#define KIND_BLOCK   0x08u /* 512 bytes */
#define KIND_IN      0x10u
#define KIND_OUT     0x20u
#define KIND_QUEUED  0x40u /* the sectors are counted in Features */
#define KIND_PACKET  0x80u

#define FIS_REGISTER   0x27u
#define FIS_DWORDS     5u
#define FIS_IS_COMMAND 0x80u
#define FIS_PORT       0x0Fu
#define FIS_SRST       0x04u
#define FIS_LBA        0x40u /* in Device */
#define FIS_TAG_SHIFT  3     /* in Count, of a queued command */

/* Bytes of the FIS (Serial ATA, 10.5.5). */
enum {
    FIS_TYPE,
    FIS_FLAGS,
    FIS_COMMAND,
    FIS_FEATURES,
    FIS_LBA_LOW,
    FIS_LBA_MID,
    FIS_LBA_HIGH,
    FIS_DEVICE,
    FIS_LBA_LOW_PREVIOUS,
    FIS_LBA_MID_PREVIOUS,
    FIS_LBA_HIGH_PREVIOUS,
    FIS_FEATURES_PREVIOUS,
    FIS_COUNT,
    FIS_COUNT_PREVIOUS,
    FIS_CONTROL = 15,
};

/* "READ DMA" */
static inline const char *ahci_name(const struct ahci_command *command)
{
    const struct ata_command *known = ata_command(command->opcode);
    return known ? known->name : "a command";
}

static inline bool ahci_is_command(const struct ahci_command *command)
{
    return command->table->fis[FIS_FLAGS] & FIS_IS_COMMAND;
}

/* Finds the parts of the command in a slot. False: they do not lie in the driver's memory, or some
 * PRD neither there nor in the request's, which was said (HWR-21). */
bool ahci_find_command(struct ahci_command *command);

/* What the FIS says. */
uint64_t ahci_lba(const struct ahci_command *command);
uint32_t ahci_sectors(const struct ahci_command *command);

/* How many of its PRDs the device uses, as far as that is known; the others are nothing to it. */
unsigned ahci_used_prds(const struct ahci_command *command);
/* The first of these whose rest, which the device does not use, leads to memory that is neither the
 * driver's nor the request's; NULL: there is none. */
const struct ahci_prd *ahci_loose_prd(const struct ahci_command *command);
/* The bytes that the PRDs hold. */
uint64_t ahci_prd_bytes(const struct ahci_command *command);
/* The request whose data the first PRD lies in; where there is none, what the miniport has been
 * handed by the call that runs now. NULL: nobody knows. */
const struct irb_slot *ahci_owner(const struct ahci_command *command);

#endif
