/* SPDX-License-Identifier: MIT */
/* What the auditor (audit.h) keeps of each channel: a group for each of its parts. */
#ifndef PORT_ACCESS_AUDIT_STATE_H
#define PORT_ACCESS_AUDIT_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct irb_slot;
struct audit_prd;

/* ------------------------------------------------------------------ hazards
 *
 * All in one word, so that an access asks for its own in one instruction, and takes note of what it
 * changes in one or two. */

/* What the bus master's command register has to be written with for the DMA command that waits for
 * its start: DMA_START, and DMA_TO_MEMORY or DMA_AWAITED_SOME (audit_dma.h); 0: none waits. (The
 * byte's other bits stay clear, so that it can be compared with what is written.) */
#define AUDIT_AWAITED 0x000000FFu
/* What was said to the bus master: why the next start is looked at closely, and what the transfer
 * that was started last still owes. */
#define AUDIT_DMA_ERROR     0x00000100u /* these two of its status were read, and not cleared */
#define AUDIT_DMA_INTERRUPT 0x00000200u
#define AUDIT_DMA_STARTED   0x00000400u /* and not stopped since */
#define AUDIT_DMA_TABLE     0x00000800u /* the table's address is new, or was never written */
#define AUDIT_DMA_BYTES     0x00001000u /* some of its bytes were never written: nobody knows it */
#define AUDIT_DMA_MASTER    0x00002000u /* bus mastering is off */
#define AUDIT_DMA_LOOK      0x00004000u /* nobody has read the status since the start */
#define AUDIT_LATCHED       0x00008000u /* the command's interrupt may have set the bit since */
/* INT-01: what IdeHwInterrupt has to do before it says TRUE, from its call on. */
#define AUDIT_OWES_STATUS 0x00010000u /* to read the task file's Status */
#define AUDIT_OWES_CLEAR  0x00020000u /* to clear the interrupt bit of the bus master's status */
/* Of the command, and of the channel: */
#define AUDIT_NOT_OVER     0x00040000u /* its device has not shown BSY and DRQ clear since */
#define AUDIT_ALWAYS       0x00080000u /* set for ever */
#define AUDIT_IN_FLIGHT    0x00100000u /* a command, by its protocol */
#define AUDIT_PLAIN        0x00200000u /* it ends with the first idle Status, and that is all */
#define AUDIT_UNSETTLED    0x00400000u /* a command or a selection: Status may not be true yet */
#define AUDIT_RESETTING    0x00800000u /* SRST is set, or was cleared and Status not read since */
#define AUDIT_UNSELECTED   0x01000000u /* Device was not written since SRST */
#define AUDIT_NO_INTERRUPT 0x02000000u /* nIEN is set */
#define AUDIT_UNSURE       0x04000000u /* after a broken rule: what the device has made of it? */
/* Of the device that is selected: */
#define AUDIT_BUSY   0x08000000u /* BSY or DRQ was read last */
#define AUDIT_FLOATS 0x10000000u /* nobody drives its Status */
#define AUDIT_ASLEEP 0x20000000u
#define AUDIT_NO_DMA 0x40000000u /* its transfer mode is not known to be a good one */
#define AUDIT_IS_OLD 0x80000000u /* from before ATA-6: Device has bits 7 and 5 */

#define AUDIT_OF_DEVICE   (AUDIT_BUSY | AUDIT_FLOATS | AUDIT_ASLEEP | AUDIT_NO_DMA | AUDIT_IS_OLD)
#define AUDIT_ON_REGISTER (AUDIT_IN_FLIGHT | AUDIT_UNSETTLED | AUDIT_BUSY)
#define AUDIT_ON_DEVICE   (AUDIT_ON_REGISTER | AUDIT_UNSELECTED | AUDIT_IS_OLD)
#define AUDIT_ON_STATUS \
    (AUDIT_IN_FLIGHT | AUDIT_UNSETTLED | AUDIT_RESETTING | AUDIT_BUSY | AUDIT_FLOATS)
#define AUDIT_ON_START                                                                             \
    (AUDIT_AWAITED | AUDIT_DMA_ERROR | AUDIT_DMA_INTERRUPT | AUDIT_DMA_STARTED | AUDIT_DMA_TABLE | \
     AUDIT_DMA_BYTES | AUDIT_DMA_MASTER)
#define AUDIT_OF_COMMAND (AUDIT_IN_FLIGHT | AUDIT_PLAIN | AUDIT_UNSETTLED)
#define AUDIT_OF_DMA     (AUDIT_ON_START | AUDIT_DMA_LOOK | AUDIT_LATCHED)

/* ------------------------------------------------------------------ the task file */

/* The registers of the command block in the order of their ports (ATA/ATAPI-6, 7), as they were
 * written. */
union audit_task_file {
    uint64_t all;
    uint8_t at[8]; /* by role: ROLE_DATA is the first */
    struct {
        uint8_t data, features, sector_count, lba_low, lba_mid, lba_high, device, command;
    };
};

/* The last command, whether it is in flight (AUDIT_IN_FLIGHT) or over. audit_command.h tells what
 * its opcode means. */
struct audit_command {
    union audit_task_file registers, previous; /* `previous`: written before those, for 48 bits */
    uint64_t begun;                            /* the cycle counter when it was written, */
    uint32_t interrupts; /* and how many interrupts: of the channel, before what is waited for */
    uint32_t bytes_left; /* of all data through the data port; AUDIT_UNKNOWN_BYTES */
    uint32_t bytes_moved;
    uint32_t block_size;
    union {
        uint64_t fresh; /* when it is written: the protocol, and nothing else */
        struct {
            uint8_t protocol; /* enum audit_protocol */
            bool is_told;     /* a rule was broken about it that may be broken again and again */
            /* Reads of Alternate Status, while what is read may not be true. */
            uint8_t settle_reads;
            bool is_disputed;    /* Alternate Status says that it failed, and Status was not read */
            uint32_t block_left; /* of the DRQ block that the device has offered; 0: of none */
        };
    };
    uint8_t registers_read; /* PACKET: since DRQ was: AUDIT_READ_xxx; */
    uint8_t reason;         /* Interrupt Reason, */
    uint16_t byte_count;    /* and Byte Count, as they were read */
    bool is_sent;           /* all of the packet */
    uint8_t packet_bytes;   /* so far */
    const void *place;      /* PACKET: who wrote it */
};
#define AUDIT_UNKNOWN_BYTES UINT32_MAX

/* What a reset undoes. */
enum audit_setting {
    AUDIT_NEVER_SET, /* since the channel's start, as far as is known */
    AUDIT_SET,
    AUDIT_UNDONE,   /* it was set, and a reset has come */
    AUDIT_DOUBTFUL, /* it may be set or not: nothing is said of it */
};

struct audit_device {
    uint32_t hazards;         /* those of the device, while the other one is selected */
    uint8_t shown;            /* Status or Alternate Status, as it was read last */
    uint8_t multiple;         /* enum audit_setting */
    uint8_t multiple_sectors; /* a block of READ MULTIPLE; 0: not known */
    uint8_t dma;              /* enum audit_setting */
    uint8_t dma_mode;         /* as SET FEATURES has it; 0: the one that the device was in */
    bool keeps_settings;      /* SET FEATURES 66h: a software reset undoes nothing */
    bool has_8_bit;           /* SET FEATURES 01h: the data port is 8 bits wide */
    bool is_identified;       /* `identify` is the device's, all of it */
    bool has_gap;             /* some of it went where it cannot be looked at */
    bool is_still_current;    /* it was read since the last reset */
    bool was_without_power;   /* what is undone was so by that, not by a reset */
    uint32_t last_28;         /* the last sector that a 28-bit command may reach */
    uint64_t sectors;         /* 0: not known */
    uint16_t identify[256];
};

/* ------------------------------------------------------------------ the bus master */

/* See audit_dma.h. */
struct audit_dma {
    const struct irb_slot *owner; /* whose the transfer is that was started last; NULL: nobody's */
    uint32_t failed;        /* the moment of the command after which it has shown trouble last */
    uint32_t told;          /* the moment of the request whose transfer broke a rule last */
    uint32_t table_address; /* as it was written */
    uint8_t table_bytes;    /* which of its bytes were, a bit each */
    const struct audit_prd *table; /* the same, in the driver's memory, while nothing is in doubt */
    const void *stopped_place;     /* where a transfer was stopped before its end; NULL: nowhere, */
    uint64_t stopped_command;      /* and when its command was written */
};

/* ------------------------------------------------------------------ all of it */

/* Owned by the accesses of the channel's driver, which are one at a time. A moment is the number of
 * the request that was begun last, of all on the channel. It runs over after 2^32 of them; what was
 * said 2^31 requests ago then counts as said now. */
struct audit {
    uint32_t hazards; /* AUDIT_xxx: what the next access has to be looked at for */
    uint32_t last_28; /* of the device that is selected */
    union audit_task_file current, previous;
    uint8_t shown;            /* of this device, as in its own record */
    uint8_t control;          /* Device Control, as it was written last, */
    bool has_control;         /* if it was */
    bool srst_changes;        /* with the write that is under way, */
    bool is_selecting;        /* and: another device is */
    uint8_t silent_context;   /* enum context_kind in which, */
    const void *silent_place; /* and where the command in flight was kept from interrupting */
    const void *poll_place;   /* the same of a poll that has lasted too long */
    uint8_t poll_context;
    uint32_t polls; /* reads on end that showed BSY, in a call that lasts too long */
    struct audit_command command;
    struct audit_device devices[2];
    uint32_t settle_cycles; /* of the driver's own before the last of command.settle_reads */
    uint64_t entered;       /* the cycle counter when an access began that may come too early; */
    uint64_t left;          /* when such a read ended; */
    uint64_t changed;       /* when another device was selected; */
    uint64_t reset_at;      /* when SRST was set, or cleared */

    uint32_t command_written; /* the moment */
    uint32_t dismissal; /* what IdeHwInterrupt does before it says TRUE: AUDIT_OWES_xxx; and in
                           which of the controller's calls that was done last for this channel, */
    struct {
        uint32_t status, bus_master;
    } dismissed;
    /* Registers of the task file that the port itself looks at; 0: none, or not in ports. With
     * `dismissal` they are settled when the channel gets its resources. */
    struct {
        uint16_t status, alternate_status, bus_master_status;
    } ports;
    struct audit_dma dma;
    uint32_t statuses[256]; /* the moment when that value was read last */
    uint32_t errors[256];
};

#endif
