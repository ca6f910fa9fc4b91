/* SPDX-License-Identifier: MIT */
/* What the auditor (audit.h) keeps of each channel: a group for each of its parts. */
#ifndef PORT_ACCESS_AUDIT_STATE_H
#define PORT_ACCESS_AUDIT_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct irb_slot;
struct audit_prd;

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
    uint32_t accesses;                         /* and how many accesses there had been, */
    uint32_t interrupts; /* and how many interrupts: of the channel, before what is waited for */
    uint32_t bytes_left; /* of all data through the data port; AUDIT_UNKNOWN_BYTES */
    uint32_t bytes_moved;
    uint32_t block_left; /* of the DRQ block that the device has offered; 0: it has offered none */
    uint32_t block_size;
    union {
        uint64_t fresh; /* what it is when it is written: AUDIT_FRESH_xxx */
        struct {
            uint8_t protocol; /* enum audit_protocol */
            bool is_by_dma;   /* data goes by the bus master */
            bool is_over;     /* its device has shown BSY and DRQ clear since */
            bool is_told;     /* a rule was broken about it that may be broken again and again */
            uint8_t registers_read; /* PACKET: since DRQ was: AUDIT_READ_xxx; */
            uint8_t reason;         /* Interrupt Reason, */
            uint16_t byte_count;    /* and Byte Count, as they were read */
        };
    };
    bool is_sent;         /* all of the packet */
    uint8_t packet_bytes; /* so far */
    const void *place;    /* PACKET: who wrote it */
};
#define AUDIT_UNKNOWN_BYTES UINT32_MAX
#define AUDIT_FRESH_BY_DMA  0x100u

/* What a reset undoes. */
enum audit_setting {
    AUDIT_NEVER_SET, /* since the channel's start, as far as is known */
    AUDIT_SET,
    AUDIT_UNDONE,   /* it was set, and a reset has come */
    AUDIT_DOUBTFUL, /* it may be set or not: nothing is said of it */
};

struct audit_device {
    uint16_t hazards; /* those of the device, while the other one is selected */
    uint8_t status, alternate_status, error; /* as they were read last, */
    uint8_t shown;                           /* and of the first two, which was read later */
    uint8_t multiple;                        /* enum audit_setting */
    uint8_t multiple_sectors;                /* a block of READ MULTIPLE; 0: not known */
    uint8_t dma;                             /* enum audit_setting */
    uint8_t dma_mode;      /* as SET FEATURES has it; 0: the one that the device was in */
    bool keeps_settings;   /* SET FEATURES 66h: a software reset undoes nothing */
    bool has_8_bit;        /* SET FEATURES 01h: the data port is 8 bits wide */
    bool is_identified;    /* `identify` is the device's, all of it */
    bool has_gap;          /* some of it went where it cannot be looked at */
    bool is_still_current; /* it was read since the last reset */
    uint32_t last_28;      /* the last sector that a 28-bit command may reach */
    uint64_t sectors;      /* 0: not known */
    uint16_t identify[256];
};

/* ------------------------------------------------------------------ the bus master */

/* See audit_dma.h. */
struct audit_dma {
    uint8_t doubts;  /* DMA_DOUBT_xxx: why the next start is looked at closely */
    uint8_t awaited; /* what a DMA command that was written waits for in the command register: start
                        and direction; 0: none waits */
    uint8_t owed;    /* DMA_OWES_xxx, for the transfer that was started last, */
    const struct irb_slot *owner;  /* whose it is; NULL: nobody's */
    uint32_t told;                 /* the moment of the request whose transfer broke a rule last */
    uint32_t clear_since;          /* `accesses` of the command behind which the interrupt bit was
                                      cleared, or seen clear, last */
    uint32_t table_address;        /* as it was written */
    uint8_t table_bytes;           /* which of its bytes were, a bit each */
    const struct audit_prd *table; /* the same, in the driver's memory, while nothing is in doubt */
};

/* ------------------------------------------------------------------ all of it */

/* Owned by the accesses of the channel's driver, which are one at a time. A moment is the number of
 * the request that was begun last, of all on the channel. It runs over after 2^32 of them; what was
 * said 2^31 requests ago then counts as said now. */
struct audit {
    uint32_t hazards; /* AUDIT_xxx (audit.h): what the next access has to be looked at for */
    uint32_t last_28; /* of the device that is selected */
    union audit_task_file current, previous;
    uint8_t status, alternate_status, error, shown; /* of this device, as in its own record */
    uint8_t control;                                /* Device Control, as it was written last, */
    bool has_control;                               /* if it was */
    bool srst_changes;                              /* with the write that is under way */
    uint8_t silent_context;                         /* enum context_kind in which, */
    const void *silent_place; /* and where the command in flight was kept from interrupting */
    struct audit_command command;
    struct audit_device devices[2];
    union {
        uint64_t settling; /* 0 when a command or another device is written */
        struct {
            uint32_t settle_reads;  /* of Alternate Status since then */
            uint32_t settle_cycles; /* of the driver's own before the last of them */
        };
    };
    uint64_t entered;  /* the cycle counter when an access began that may come too early; */
    uint64_t left;     /* when such a read ended; */
    uint64_t changed;  /* when another device was selected; */
    uint64_t reset_at; /* when SRST was set, or cleared */

    uint32_t status_read, error_read; /* the moment of the last one */
    uint32_t command_written;
    uint8_t dismissal; /* what IdeHwInterrupt does before it says TRUE: AUDIT_xxx */
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
