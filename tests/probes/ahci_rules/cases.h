/* SPDX-License-Identifier: MIT */
/*
 * The cases of ahci_rules.sys: tables by family, and what cases need that issue commands of their own.
 * tests/boot/contract-hwr-ahci.t has what is expected of each.
 */
#ifndef TESTS_PROBES_AHCI_RULES_H
#define TESTS_PROBES_AHCI_RULES_H

#include "ahci_probe.h"

extern const struct ahci_case engine_cases[], command_cases[], request_cases[], silent_cases[];

/* One function in the image for each in the source, under its own name. */
#define CASE static __attribute__((noipa)) BOOLEAN

/* The exported routine is called in the line that this stands in. */
#define WRITE(base, offset, value) \
    AtaPortWriteRegisterUlong((PULONG)(PVOID)((base) + (offset)), (value))

#define PORT_CMD_OVERRIDE  0x00000008u
#define PORT_SCTL          0x2C
#define PORT_SCTL_RESET    0x1u
#define PORT_SACT          0x34
#define HEADER_PACKET      0x20u
#define HEADER_PREFETCH    0x80u
#define HEADER_CLEAR_BUSY  0x400u
#define HEADER_PRDS(count) ((ULONG)(count) << 16)

#define COMMAND_UNKNOWN  0x04 /* every device aborts it */
#define COMMAND_READ_DMA 0xC8
#define COMMAND_VERIFY   0x40
#define COMMAND_FPDMA    0x60
#define COMMAND_IDENTIFY 0xEC
#define COMMAND_SLEEP    0xE6
#define COMMAND_FLUSH    0xE7
#define FIS_LBA          0x40 /* device */

/* Memory below 1 MiB: never the driver's. */
#define FOREIGN 0x00009000u

/* A command in one of the first two slots: its table and its data are in the uncached extension. It reads one
 * sector with READ DMA, READ FPDMA QUEUED, or IDENTIFY DEVICE, or moves no data. Returns its table. */
struct command_table *own_command(struct ahci_channel *channel, ULONG slot, UCHAR opcode);
/* The same with a FIS that writes Device Control. */
void own_control(struct ahci_channel *channel, ULONG slot, UCHAR control);
/* Waits until PxCI and PxSACT are clear, and clears what the port says of it. FALSE: they are not. */
BOOLEAN own_wait(struct ahci_channel *channel);
/* The engine is stopped, the port's link made anew where the case has harmed it, and the engine started. */
void own_restart(struct ahci_channel *channel);
void own_reset(struct ahci_channel *channel);
ULONG own_physical(struct ahci_channel *channel, PVOID memory);

#endif
