/* SPDX-License-Identifier: MIT */
/*
 * The names that the standards give to registers, bits and commands, in both directions, and to
 * sense keys: for traces and reports, and for what people type. Tables and nothing else; knows no
 * channel. Any context.
 *
 * A word that somebody typed is compared without case, and by its letters and digits only: "LBA
 * Low", "lba-low" and "LBA_low" are one, as are "READ(10)" and "read 10".
 */
#ifndef PORT_ACCESS_NAMES_H
#define PORT_ACCESS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/access/role.h"

bool name_is(const char *name, const char *word, size_t length);

/* ------------------------------------------------------------------ registers */

/* "Status", and "Command" where it is written; "?" of ROLE_NONE. */
const char *register_name(enum access_role role, bool is_write);
/* Of either name, or of the one that older standards had ("Cylinder Low"). ROLE_NONE: there is
 * none of that name. */
enum access_role register_role(const char *word, size_t length);

/* AHCI 1.3.1, 3: the HBA's registers, and those of a port. `offset` is from the HBA's beginning; of
 * a port's register *port says whose it is, else it is -1. NULL: there is none. */
#define AHCI_PORTS_OFFSET 0x100u
#define AHCI_PORT_SIZE    0x80u
const char *ahci_register_name(uint32_t offset, int *port);
/* "GHC", "PxTFD", and "P2TFD" for port 2's. *port: -1 where the word names no port. False: there
 * is none of that name. */
bool ahci_register_offset(const char *word, size_t length, uint32_t *offset, int *port);

/* ------------------------------------------------------------------ bits */

enum name_bits {
    BITS_NONE,
    BITS_STATUS,
    BITS_ERROR,
    BITS_PACKET_ERROR,     /* after PACKET: the sense key is above them */
    BITS_INTERRUPT_REASON, /* Sector Count, after PACKET */
    BITS_DEVICE_CONTROL,
    BITS_BUS_MASTER_COMMAND,
    BITS_BUS_MASTER_STATUS,
    BITS_AHCI_GHC,
    BITS_AHCI_PXIS,
    BITS_AHCI_PXIE,
    BITS_AHCI_PXCMD,
    BITS_AHCI_PXTFD, /* Error in bits 15:8, Status below */
    BITS_AHCI_PXSSTS,
    BITS_AHCI_PXSCTL,
    BITS_AHCI_PXSERR,
    BITS_COUNT,
};

/* Those of a register; BITS_NONE: it has none with names. */
enum name_bits register_bits(enum access_role role, bool is_write);
enum name_bits ahci_register_bits(uint32_t offset);

/* "DRDY DSC DRQ"; a field of several bits with its value, "DET 3". "" for none. Returns the
 * length of the text, cut to the room there is. */
size_t bits_write(enum name_bits bits, uint32_t value, char *text, size_t size);
/* A bit, or all bits of a field, by its name. False: there is none. */
bool bits_mask(enum name_bits bits, const char *word, size_t length, uint32_t *mask);

/* ------------------------------------------------------------------ commands */

/* What of the task file is a command's. */
enum command_shape {
    SHAPE_PLAIN,   /* the device alone */
    SHAPE_28,      /* an address, and a count of sectors */
    SHAPE_48,      /* the same by two writes each */
    SHAPE_QUEUED,  /* the count in Features, the tag in Sector Count (SATA: by two writes each) */
    SHAPE_COUNT,   /* Sector Count says something else than sectors */
    SHAPE_FEATURE, /* a subcommand in Features: SET FEATURES, SMART */
    SHAPE_PACKET,  /* the limit of bytes in LBA Mid and High */
};

struct ata_command {
    uint8_t opcode;
    uint8_t shape; /* enum command_shape */
    const char *name;
};

/* NULL: the standard knows none. */
const struct ata_command *ata_command(uint8_t opcode);
/* False: no command has this name. */
bool ata_command_opcode(const char *word, size_t length, uint8_t *opcode);

/* "Set transfer mode", of SET FEATURES, and "READ DATA", of SMART; NULL: unknown. */
const char *ata_feature_name(uint8_t opcode, uint8_t features);
/* "Ultra DMA mode 5", as SET FEATURES has it in Sector Count. */
void ata_mode_name(uint8_t mode, char *text, size_t size);

/* "READ(10)"; NULL: unknown. */
const char *packet_command_name(uint8_t opcode);
bool packet_command_opcode(const char *word, size_t length, uint8_t *opcode);

/* "UNIT ATTENTION", of the low four bits. */
const char *sense_key_name(uint8_t key);
/* "medium not present", of the additional code and its qualifier; NULL: unknown. */
const char *sense_code_name(uint8_t code, uint8_t qualifier);

#endif
