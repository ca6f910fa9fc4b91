/* SPDX-License-Identifier: MIT */
/*
 * pata.sys: a miniport for parallel ATA. PIO, bus-master DMA and packet devices, on the two legacy
 * channels of a PC, behind a PCI controller or on the ISA bus.
 *
 * Owns: the structures and constants that the files of this driver share; steps.h has what they
 * offer each other. May not: include anything but the miniport interface.
 *
 * How the driver is read, from top to bottom:
 *
 *     driver.c      DriverEntry; the controller: PCI or ISA, which channels, bus master or not
 *     channel.c     a channel comes and goes: registers, memory
 *     initialize.c  IdeHwInitialize: what a device can do
 *     start.c       IdeHwStartIo and IdeHwReset: an IRB comes, or the port loses patience
 *     interrupt.c   IdeHwInterrupt: whose is it, and what does the device say
 *     machine.c     the state machine: takes a channel from step to step; the timer
 *     phases.h      its table: which phase may follow which (phase.c: a step that may not)
 *     command.c     what an IRB asks for, and its end
 *     opcodes.c     what an opcode says of its data
 *     issue.c       a step: see that the device is ready, write the command
 *     pio.c         steps: data through the data port
 *     dma.c         steps: data by bus master
 *     atapi.c       steps: packet commands and request sense
 *     reset.c       steps: DEVICE RESET, SRST, and an interrupt that got lost
 *     setup.c       a device is prepared: SET FEATURES, SET MULTIPLE, geometry
 *     notes.c       the registry: settings come from there, what was learnt of devices goes there
 *     timing.c      transfer modes
 *     chips.c       the table of controllers, and what is particular to each
 *     piix.c        Intel's PIIX3 and PIIX4
 *     registers.h   the table of registers, and what their bits mean
 *     wire.c        Status, waiting for it, and which device is selected
 *
 * Calls go down only, whatever the list says of the way of a request: a step does its part and
 * returns the phase that follows, and machine.c does what that begins with.
 *
 * The documents that comments cite:
 *     ATA        ATA/ATAPI-6, T13/1410D: registers are in clause 7, protocols in clause 9;
 *                commands are cited by their names, by which clause 8 is ordered
 *     SFF-8038i  Bus Master Programming Interface for IDE ATA Controllers
 *     PIIX       Intel 82371FB/82371SB (PIIX, PIIX3) and 82371AB (PIIX4) data sheets
 *
 * Contexts. One command is under way on a channel at a time. SyncWithIsr is TRUE, so
 * IdeHwInitialize, IdeHwStartIo, IdeHwReset and IdeHwInterrupt exclude each other; timers do not,
 * and therefore go on in a synchronised routine (machine.c). A function without a "Context:" runs
 * with that exclusion. No function waits longer than some microseconds; what takes longer is looked
 * at again by a timer.
 */
#ifndef PATA_H
#define PATA_H

/* The port's routines are called straight through the import table. */
#if defined(_WIN32)
#define DDI_ROUTINE EXTERN_C __declspec(dllimport)
#endif

#include <miniport.h>
#include <ata.h>
#include <irb.h>

#include "registers.h"

/* A physical region descriptor. */
struct pata_prd {
    ULONG address;
    ULONG control; /* byte count (0 is 64 KiB), and in the last one PRD_END */
};
C_ASSERT(sizeof(struct pata_prd) == 8);
#define PRD_END      0x80000000u
#define PRD_BOUNDARY 0x10000u /* no descriptor crosses a multiple of it, nor is longer */
#define PRD_COUNT    512      /* one page. QEMU: reads no more than a page of them */

/* What the driver takes in one IRB. A piece of the scatter/gather list may cross one 64 KiB
 * boundary more than its length makes it cross, so this many pieces of that length always fit
 * the table. */
#define MAXIMUM_BREAKS   240
#define MAXIMUM_TRANSFER 0x100000 /* bytes */
C_ASSERT(2 * (MAXIMUM_BREAKS + 1) + MAXIMUM_TRANSFER / PRD_BOUNDARY <= PRD_COUNT);

#define RESET_LIMIT 2 /* for one command that finds its device not ready */

#define SECTOR_BYTES 512 /* of every command but reads and writes of sectors that are longer */

/* ------------------------------------------------------------------ devices */

/* What is to be set in a device before its requests may go on, in this order. */
enum pata_setup {
    SETUP_GEOMETRY = 0x01,
    SETUP_PIO_MODE = 0x02,
    SETUP_DMA_MODE = 0x04,
    SETUP_MULTIPLE = 0x08,
};

enum pata_presence {
    DEVICE_AWAKE,  /* as far as is known */
    DEVICE_ASLEEP, /* SLEEP was sent: only a reset is taken now */
    DEVICE_GONE,   /* it did not come back from a reset */
};

struct pata_device {
    IDE_DEVICE_TYPE type; /* DeviceUnknown until IdeHwInitialize */
    enum pata_presence presence;
    BOOLEAN dma_ready; /* a DMA mode is set, since the last reset */
    ULONG sector_bytes;

    /* Settings, and which of them are still to be sent. */
    ULONG usable_modes; /* bits: device, controller, cable and registry allow them */
    ULONG modes;        /* of these, one PIO and at most one DMA mode: what is or will be set */
    UCHAR setup_pending;
    UCHAR multiple_wanted, multiple_sectors; /* sectors a block; 0: no READ or WRITE MULTIPLE */
    UCHAR heads, sectors_per_track;          /* CHS addressing; 0: LBA */
    UCHAR flush_opcode;                      /* 0: no cache to flush */

    /* For the registry. */
    ULONG errors; /* commands that failed, since the channel's start */
    PWCHAR model; /* in the registry buffer: handed over to be stored; NULL: nothing was */

    /* Packet devices. */
    UCHAR packet_bytes;        /* 12 or 16 */
    BOOLEAN packet_interrupts; /* it interrupts when it wants the packet */
    BOOLEAN wants_dmadir;
} DECLSPEC_ALIGN(64); /* found without a multiplication */

/* Is there a device, as far as is known? */
static inline BOOLEAN pata_is_known(const struct pata_device *device)
{
    return device->presence != DEVICE_GONE &&
           (device->type == DeviceIsAta || device->type == DeviceIsAtapi);
}

/* ------------------------------------------------------------------ the controller */

struct pata_controller;

/* What is particular to a chip. */
struct pata_chip {
    ULONG ids;                        /* PCI: device << 16 | vendor; 0: none in particular */
    ULONG pio_modes;                  /* that it can do */
    ULONG dma_modes;                  /* that its timings can be set for; 0: they cannot be set */
    BOOLEAN is_isa;                   /* no configuration space */
    BOOLEAN has_data_port_of_16_bits; /* unless it masters the bus */
    /* Does it decode a channel? NULL: that is not known. */
    ATA_CHANNEL_STATE (*state)(struct pata_controller *controller, UCHAR channel);
    /* Sets the timings for controller->modes of a channel. NULL: they cannot be set. */
    void (*program)(struct pata_controller *controller, UCHAR channel);
};

/* The controller extension; or, for a channel of another miniport's controller, what stands in its
 * place (of the arrays, the channel's own rows are used). */
struct pata_controller {
    const struct pata_chip *chip;
    UCHAR number; /* of the controllers that this driver has started, the lowest that was free */
    BOOLEAN has_bus_master;
    ULONG modes_allowed[MAX_IDE_DEVICE];                /* per channel, from the registry */
    ULONG usable_modes[MAX_IDE_DEVICE][MAX_IDE_DEVICE]; /* channel, target; 0: not selected yet */
    ULONG modes[MAX_IDE_DEVICE][MAX_IDE_DEVICE];        /* of these, what the timings are for */
    BOOLEAN is_disk[MAX_IDE_DEVICE][MAX_IDE_DEVICE];
};

/* ------------------------------------------------------------------ the channel */

/* What a channel does. phases.h says which may follow which; docs/states.md shows both. */
enum pata_phase {
    PHASE_STOPPED,       /* before IdeHwControl(IdeStart), and after IdeStop */
    PHASE_IDLE,          /* nothing is under way, and nothing waits */
    PHASE_ISSUE,         /* passing: the command is about to be sent */
    PHASE_WAIT_READY,    /* a command waits for BSY to clear; timer */
    PHASE_NON_DATA,      /* a command without data; interrupt at the end */
    PHASE_SETUP,         /* a command of the driver's own; interrupt, and a timer watches */
    PHASE_PIO_IN,        /* data to memory; interrupt for each block, which then is read */
    PHASE_PIO_OUT_FIRST, /* the device will ask for the first block without interrupt; timer */
    PHASE_PIO_OUT,       /* a block is written; interrupt when the device has taken it */
    PHASE_DMA,           /* data by bus master; interrupt at the end */
    PHASE_PACKET,        /* PACKET is written; the device will ask for the packet; timer */
    PHASE_PACKET_DATA,   /* the packet is sent; interrupts for blocks of data, and at the end */
    PHASE_PACKET_DMA,    /* the packet is sent; interrupt at the end */
    PHASE_END,           /* passing: the command is over, channel->outcome says how */
    PHASE_DEVICE_RESET,  /* DEVICE RESET, EXECUTE DEVICE DIAGNOSTIC; timer */
    PHASE_RETIME,        /* controller timings are about to change; timer */
    PHASE_RESET_WANTED,  /* a timer is about to reset the channel */
    PHASE_RESET,         /* SRST is done, devices come back; timer */
};
#define PHASE_COUNT     (PHASE_RESET + 1)
#define PHASE_BIT(name) (1u << PHASE_##name)

/* A command is under way whose next step an interrupt may announce. */
#define PHASES_WITH_INTERRUPT                                                                \
    (PHASE_BIT(NON_DATA) | PHASE_BIT(SETUP) | PHASE_BIT(PIO_IN) | PHASE_BIT(PIO_OUT_FIRST) | \
     PHASE_BIT(PIO_OUT) | PHASE_BIT(DMA) | PHASE_BIT(PACKET) | PHASE_BIT(PACKET_DATA) |      \
     PHASE_BIT(PACKET_DMA))
/* A timer takes the next step, or looks whether one can be taken. */
#define PHASES_WITH_TIMER                                                                      \
    (PHASE_BIT(WAIT_READY) | PHASE_BIT(SETUP) | PHASE_BIT(PIO_OUT_FIRST) | PHASE_BIT(PACKET) | \
     PHASE_BIT(DEVICE_RESET) | PHASE_BIT(RETIME) | PHASE_BIT(RESET_WANTED) | PHASE_BIT(RESET))

/* It begins with something to do. */
#define PHASES_WITH_ENTRY \
    (PHASE_BIT(ISSUE) | PHASE_BIT(END) | (PHASES_WITH_TIMER & ~PHASE_BIT(WAIT_READY)))

static inline BOOLEAN pata_expects_interrupt(enum pata_phase phase)
{
    return PHASES_WITH_INTERRUPT >> phase & 1;
}

static inline BOOLEAN pata_expects_timer(enum pata_phase phase)
{
    return PHASES_WITH_TIMER >> phase & 1;
}

static inline BOOLEAN pata_moves_dma(enum pata_phase phase)
{
    return phase == PHASE_DMA || phase == PHASE_PACKET_DMA;
}

static inline BOOLEAN pata_moves_blocks(enum pata_phase phase)
{
    return phase == PHASE_PIO_IN || phase == PHASE_PIO_OUT;
}

enum pata_protocol {
    PROTOCOL_REFUSED, /* queued commands, SATA's, and what cannot be told */
    PROTOCOL_NON_DATA,
    PROTOCOL_PIO_IN,
    PROTOCOL_PIO_OUT,
    PROTOCOL_DMA,
    PROTOCOL_PACKET,
    PROTOCOL_PACKET_DMA,
    PROTOCOL_RESET, /* no interrupt at the end */
};

/* The command under way: an IRB's, or one of the driver's own. */
struct pata_command {
    PIDE_REQUEST_BLOCK irb; /* NULL: the driver's own */
    const IDE_TASK_FILE *task_file;
    enum pata_protocol protocol;
    UCHAR target;
    UCHAR opcode;    /* as sent: READ MULTIPLE may go out as READ SECTORS */
    UCHAR follow_up; /* a second command without data, when this one has succeeded; 0: none */
    BOOLEAN is_48_bit;
    BOOLEAN is_sector_io;
    BOOLEAN is_to_memory;
    PUCHAR data;           /* where the next byte goes, or comes from */
    ULONG left, moved;     /* bytes of the IRB's buffer */
    ULONG excess;          /* bytes that the device moved beyond it */
    ULONG block_bytes;     /* that the device moves for each DRQ */
    enum pata_setup setup; /* the driver's own: what it sets */
    IDE_TASK_FILE own;     /* task file of packet commands and the driver's own */
    UCHAR packet[16];
};

/* How a command has ended: what PHASE_END is about. */
struct pata_outcome {
    UCHAR irb_status;
    UCHAR status;        /* the Status register's last value */
    BOOLEAN wants_reset; /* the device is in a state that only a reset ends */
};

struct pata_channel {
    enum pata_phase phase;
    UCHAR number;
    UCHAR selected;             /* 1 + the target that is; 0: not known */
    UCHAR bus_master_direction; /* as last written: BM_TO_MEMORY or 0 */
    BOOLEAN is_ready;           /* BSY and DRQ were seen clear, and nothing has come since */
    BOOLEAN data_is_32_bit;     /* the data port takes 32-bit accesses */
    BOOLEAN latch_is_doubtful;  /* the bus master's interrupt bit may be set for no reason */
    BOOLEAN timings_are_stale;  /* the next timer sets the controller's timings */
    BOOLEAN is_dump;            /* dump mode: polled, without timers and registry */

    /* Registers. */
    PUCHAR command_block, control_block;
    PUCHAR bus_master; /* NULL: none */
    struct pata_prd *prd_table;
    ULONG prd_table_address; /* physical */

    struct pata_command command;
    struct pata_outcome outcome;
    struct pata_device devices[MAX_IDE_DEVICE];
    struct pata_controller *controller;
    struct pata_controller stand_in; /* `controller` where the extension is another miniport's */

    PIDE_REQUEST_BLOCK held_head, held_tail; /* IRBs that came while the channel was not idle */
    PIDE_REQUEST_BLOCK sense_for; /* the failed IRB whose sense data the present one fetches */
    PIDE_REQUEST_BLOCK reset_irb; /* the LUN reset that PHASE_DEVICE_RESET is for */

    /* Timer, of a phase that has one: a step asks for a tick; machine.c arms the port's timer; a
     * tick counts only if none was asked for since it fired. */
    ULONG timer_asked, timer_armed, timer_fired; /* numbers of ticks */
    ULONG timer_left_us;                         /* how long; in dump mode: until it is over */
    ULONG waited_us;                             /* for the same thing so far */
    UCHAR reset_target;                          /* the device that PHASE_RESET looks at */
    BOOLEAN reset_was_cut; /* by IdeStop: the devices may not be done with SRST */
    UCHAR resets_in_a_row; /* without a command that ended in between */

    /* The registry. */
    struct pata_notes *notes; /* the registry buffer, from IdeStart to IdeStop; NULL: none */
    ULONG models_noted;
    ULONG multiple_limit;
    BOOLEAN force_chs;
};

/* ------------------------------------------------------------------ register access */

#define READER(name, block, offset)                                          \
    static inline UCHAR pata_read_##name(const struct pata_channel *channel) \
    {                                                                        \
        return AtaPortReadPortUchar(channel->block + (offset));              \
    }
#define WRITER(name, block, offset)                                                       \
    static inline void pata_write_##name(const struct pata_channel *channel, UCHAR value) \
    {                                                                                     \
        AtaPortWritePortUchar(channel->block + (offset), value);                          \
    }
PATA_REGISTERS(READER, WRITER)
#undef READER
#undef WRITER

/* 16 bits, 32 where the controller makes two accesses of them. */
static inline PUSHORT pata_data_port(const struct pata_channel *channel)
{
    return (PUSHORT)(PVOID)channel->command_block;
}

/* Acknowledges interrupt and error of the bus master; both bits are cleared by writing 1. */
static inline void pata_bus_master_clear(const struct pata_channel *channel, UCHAR status)
{
    pata_write_bus_master_status(channel, (status & BM_FIRMWARE_BITS) | BM_INTERRUPT | BM_ERROR);
}

/* Stops the engine and keeps its direction. */
static inline void pata_bus_master_stop(const struct pata_channel *channel)
{
    pata_write_bus_master_command(channel, channel->bus_master_direction);
}

static inline struct pata_device *pata_target(struct pata_channel *channel)
{
    return &channel->devices[channel->command.target];
}

/* Is it what the command's device shows when it is idle? A disk shows DRDY, too (ATA: 7.15); where
 * it is gone, the other device shows 0 in its place (ATA: 9.16.1). */
static inline BOOLEAN pata_is_idle(const struct pata_channel *channel, UCHAR status)
{
    if (STATUS_FLOATS(status) || (status & STATUS_NOT_IDLE))
        return FALSE;
    return channel->devices[channel->command.target].type != DeviceIsAta ||
           (status & IDE_STATUS_DRDY);
}

/* If the command has succeeded, is that all? */
static inline BOOLEAN pata_ends_plainly(const struct pata_channel *channel,
                                        const IDE_REQUEST_BLOCK *irb)
{
    return channel->command.is_sector_io && !IsReturnResults(irb);
}

/* Is there a table for the bus master? */
static inline BOOLEAN pata_uses_dma(const struct pata_command *command)
{
    return command->protocol == PROTOCOL_DMA || command->protocol == PROTOCOL_PACKET_DMA;
}

#endif
