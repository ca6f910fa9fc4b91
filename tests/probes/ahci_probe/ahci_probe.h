/* SPDX-License-Identifier: MIT */
/*
 * ahci_probe.sys: a test driver for AHCI controllers, just large enough to use what a PCI function
 * other than IDE needs of the port: a base address register in memory, INTx, an uncached extension
 * that the controller reads and writes, IRB extensions, scatter/gather lists beyond 4 GiB, several
 * requests at a time.
 *
 * Disks only: packet commands are refused. Source of all layouts: Serial ATA AHCI 1.3.1.
 *
 * tests/probes/ahci_rules is linked with this driver, and brings cases, each of which breaks one
 * rule or does something rare. Which one is the word for this start of the channel in the value
 * `Break` (REG_SZ) of its key. ahci_probe.sys has none (plain.c).
 */
#ifndef TESTS_PROBES_AHCI_H
#define TESTS_PROBES_AHCI_H

#include <miniport.h>
#include <ata.h>
#include <irb.h>

#define BAR_ABAR 5

/* Generic host control (AHCI 3.1): offset, 32 bits. */
#define HBA_CAP       0x00
#define HBA_CAP_64BIT 0x80000000u
#define HBA_CAP_SLOTS 0x00001F00u /* command slots, less one */
#define HBA_GHC       0x04
#define HBA_GHC_AHCI  0x80000000u
#define HBA_GHC_IE    0x00000002u
#define HBA_IS        0x08 /* a bit a port; written as 1 to clear */
#define HBA_PI        0x0C /* ports implemented */

/* Port registers (AHCI 3.3), 80h bytes a port from 100h on. */
#define PORT_BASE(port)    (0x100u + 0x80u * (port))
#define PORT_CLB           0x00 /* command list */
#define PORT_FB            0x08 /* received FISes */
#define PORT_IS            0x10 /* written as 1 to clear */
#define PORT_IE            0x14
#define PORT_INT_COMPLETED 0x00000007u /* register, PIO set-up and DMA set-up FIS */
#define PORT_INT_FAILED    0x7D000000u /* task file, host bus, interface errors; overflow */
#define PORT_CMD           0x18
#define PORT_CMD_START     0x00000001u
#define PORT_CMD_FIS_ON    0x00000010u
#define PORT_CMD_SLOT(cmd) ((cmd) >> 8 & 0x1F) /* what was carried out when it failed */
#define PORT_CMD_FIS_RUNS  0x00004000u
#define PORT_CMD_RUNS      0x00008000u
#define PORT_TFD           0x20 /* Error in bits 15:8, Status in bits 7:0 */
#define PORT_SSTS          0x28
#define PORT_SSTS_PRESENT  0x3u /* in bits 3:0: device there, communication established */
#define PORT_SERR          0x30
#define PORT_CI            0x38 /* commands issued, a bit a slot */

/* A command in the list (AHCI 4.2.2). */
struct command_header {
    ULONG description; /* 31:16 PRD entries, 6 write, 4:0 FIS length in dwords */
    ULONG byte_count;  /* moved */
    ULONG table, table_high;
    ULONG reserved[4];
};
C_ASSERT(sizeof(struct command_header) == 32);
#define HEADER_WRITE 0x40u

/* Physical region descriptor (AHCI 4.2.3.3). */
struct prd {
    ULONG address, address_high;
    ULONG reserved;
    ULONG length; /* bytes less one, even, 22 bits */
};
C_ASSERT(sizeof(struct prd) == 16);

/* Register FIS, host to device (Serial ATA 10.5.5). */
struct register_fis {
    UCHAR type, flags, command, features;
    UCHAR lba_low, lba_mid, lba_high, device;
    UCHAR lba_low_previous, lba_mid_previous, lba_high_previous, features_previous;
    UCHAR count, count_previous, isochronous, control;
    UCHAR reserved[4];
};
C_ASSERT(sizeof(struct register_fis) == 20);
#define FIS_REGISTER 0x27
#define FIS_COMMAND  0x80 /* flags: a command, not a device control */

/* A command's table (AHCI 4.2.3): in the IRB extension, which is contiguous and 128-byte aligned.
 */
#define MAXIMUM_BREAKS 24u
struct command_table {
    struct register_fis fis;
    UCHAR unused[128 - sizeof(struct register_fis)];
    struct prd prds[MAXIMUM_BREAKS];
};
C_ASSERT(sizeof(struct command_table) == 512);

/* What the controller reads and writes all the time: the uncached extension. */
#define SLOTS 8u
struct shared_memory {
    struct command_header list[32]; /* 1 KiB-aligned */
    UCHAR fises[256];               /* 256-byte aligned */
    UCHAR unused[768];
    /* For what a case issues on its own. */
    struct command_table tables[2];
    UCHAR data[2048];
};
C_ASSERT(sizeof(struct shared_memory) == 5120);

/* ------------------------------------------------------------------ cases */

struct ahci_channel;

enum ahci_occasion {
    AT_START,     /* the channel's start is over, and its engine runs */
    AT_ISSUE,     /* a request's command is in its slot, and about to be issued */
    AT_INTERRUPT, /* instead of the interrupt routine */
};
/* Of AT_ISSUE TRUE: it was issued. Of AT_INTERRUPT what IdeHwInterrupt returns. Both come again
 * until the case sets channel->armed to NULL. */
struct ahci_case {
    PCSTR name; /* the function's */
    enum ahci_occasion at;
    BOOLEAN (*run)(struct ahci_channel *channel, ULONG slot);
};
/* Tables; the last row of each has no name. */
extern const struct ahci_case *const ahci_cases[];

/* ------------------------------------------------------------------ controller and channel */

struct ahci_controller {
    PUCHAR base;
    struct ahci_channel *channels[32];
    ULONG ports; /* implemented */
    ULONG slots;
};

struct ahci_channel {
    struct ahci_controller *controller;
    UCHAR port;
    PUCHAR base; /* of the port's registers */
    struct shared_memory *shared;
    ULONG sector_bytes;
    ULONG active; /* command slots in use */
    PIDE_REQUEST_BLOCK irbs[SLOTS];
    ULONG starts; /* so far */
    const struct ahci_case *armed;
};

static inline ULONG get(PUCHAR base, ULONG offset)
{
    return AtaPortReadRegisterUlong((PULONG)(PVOID)(base + offset));
}

static inline void put(PUCHAR base, ULONG offset, ULONG value)
{
    AtaPortWriteRegisterUlong((PULONG)(PVOID)(base + offset), value);
}

/* The image is named ahci_any: the routine of whichever port is asked first serves them all. */
extern BOOLEAN serves_any;

/* cases.c: the case for this start; and the step that it may take. */
const struct ahci_case *ahci_find_case(struct ahci_channel *channel);
static inline BOOLEAN ahci_occasion(struct ahci_channel *channel, enum ahci_occasion at, ULONG slot)
{
    const struct ahci_case *armed = channel->armed;
    return armed && armed->at == at && armed->run(channel, slot);
}

/* channel.c, for cases as well: the engine; addresses of the port's memory; an interrupt that has
 * come. */
BOOLEAN ahci_stop_engine(struct ahci_channel *channel);
void ahci_start_engine(struct ahci_channel *channel);
void ahci_put_addresses(struct ahci_channel *channel);
void ahci_end_commands(struct ahci_channel *channel, ULONG causes);

/* channel.c: AtaChannelInitRoutine. */
BOOLEAN NTAPI AhciChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                              PVOID InitContext);

#endif
