/* SPDX-License-Identifier: MIT */
/*
 * ahci.sys: a miniport for Serial ATA behind AHCI controllers. Disks, with up to 32 queued
 * commands, and packet devices; a channel is a port of the controller.
 *
 * Owns: the structures that the files of this driver share. May not: include anything but the
 * miniport interface.
 *
 * How the driver is read, from top to bottom; a file calls those below it only:
 *
 *     driver.c      DriverEntry; the controller: its registers, which ports it has, power
 *     channel.c     a channel comes and goes: registers, memory, power
 *     initialize.c  IdeHwInitialize: what a device can do
 *     start.c       IdeHwBuildIo, IdeHwStartIo, IdeHwReset: an IRB comes, or is given up
 *     interrupt.c   IdeHwInterrupt: what is over, what has failed
 *     machine.c     the state machine: from phase to phase, by interrupts and timers
 *     queue.c       steps: what waits goes on; which command may go beside which
 *     error.c       steps: a command has failed, the port is stopped, asked, and started again
 *     link.c        steps: the port from reset to ready: engine, link, device
 *     complete.c    a command becomes an IRB that has ended; request sense
 *     command.c     an IRB becomes a command in a slot
 *     packet.c      packet commands
 *     phase.c       which phase may follow which
 *     notes.c       the registry: settings come from there, what was learnt goes there
 *     steps.h       what the files offer each other
 *     fill.h        what the straight path of start.c shares with command.c
 *     registers.h   registers, and layouts in memory
 *
 * The documents that comments cite:
 *     AHCI     Serial ATA Advanced Host Controller Interface 1.3.1
 *     SATA     Serial ATA revision 3.x
 *     ACS      ATA/ATAPI Command Set - 2, T13/2015-D; packet commands are ATA/ATAPI-6's
 *
 * Contexts. SyncWithIsr is TRUE, so IdeHwInitialize, IdeHwStartIo, IdeHwReset and IdeHwInterrupt
 * exclude each other; timers do not, and therefore go on in a synchronised routine (machine.c). A
 * function without a "Context:" runs with that exclusion. No function waits longer than some
 * microseconds; what takes longer is looked at again by a timer.
 */
#ifndef AHCI_H
#define AHCI_H

/* The port's routines are called straight through the import table. */
#if defined(_WIN32)
#define DDI_ROUTINE EXTERN_C __declspec(dllimport)
#endif

#include <miniport.h>
#include <ata.h>
#include <irb.h>

#include "registers.h"

#define SLOTS 32u

/* What the driver takes in one IRB: a descriptor for each page of it, and one more; the last is
 * kept for an odd byte (command.c). */
#define MAXIMUM_BREAKS   (TABLE_PRDS - 2)
#define MAXIMUM_TRANSFER 0xF0000u
C_ASSERT(MAXIMUM_TRANSFER / 4096 + 1 <= MAXIMUM_BREAKS);

#define SECTOR_BYTES 512u /* of every command but reads and writes of sectors that are longer */

/* ------------------------------------------------------------------ controller and device */

struct ahci_controller {
    PUCHAR base;
    ULONG capabilities;   /* CAP */
    BOOLEAN has_firmware; /* CAP2 says that it has to be taken over from one */
    ULONG ports;          /* implemented, a bit each */
    UCHAR number; /* of the controllers that this driver has started, the lowest that was free */
    BOOLEAN is_dump;
};

struct ahci_device {
    IDE_DEVICE_TYPE type; /* DeviceUnknown until IdeHwInitialize */
    ULONG sector_bytes;
    UCHAR queue_depth;  /* 0: takes no queued commands */
    UCHAR flush_opcode; /* 0: no cache to flush */
    BOOLEAN is_asleep;  /* SLEEP was sent: only a reset wakes it */

    /* Packet devices. */
    UCHAR packet_bytes; /* 12 or 16 */
    BOOLEAN can_dma, wants_dmadir;

    /* For the registry. */
    ULONG errors; /* commands that failed, since the channel's start */
    PWCHAR model; /* in the registry buffer: handed over to be stored; NULL: nothing was */
};

/* ------------------------------------------------------------------ the channel */

/* What a port does. In all but PHASE_RUNNING IRBs are held. The table of which may follow which is
 * in phase.c; docs/states.md is made from both. */
enum ahci_phase {
    PHASE_STOPPED,  /* before IdeHwControl(IdeStart), after IdeStop, and without power */
    PHASE_HANDOFF,  /* the firmware is about to let the controller go; timer */
    PHASE_TAKE,     /* the port is about to stand still, and then gets its memory; timer */
    PHASE_RUNNING,  /* commands are carried out; interrupt */
    PHASE_SILENT,   /* a command is carried out that ends without interrupt; timer */
    PHASE_FAILED,   /* a command has failed, and the engine is about to stop; timer */
    PHASE_LOG,      /* the device is asked which queued command it was; interrupt and timer */
    PHASE_STOPPING, /* the engine is about to stop, before the link is reset; timer */
    PHASE_COMRESET, /* COMRESET is sent; timer */
    PHASE_LINK,     /* the link is about to be there; timer */
    PHASE_READY,    /* the device is about to be ready; timer */
    PHASE_ABSENT,   /* there is no device; interrupt when one comes */
};
#define PHASE_COUNT (PHASE_ABSENT + 1)

/* What stands in the slots: a command goes beside others of its kind only. */
enum ahci_kind {
    KIND_PLAIN,  /* reads and writes of sectors, which the device carries out one by one */
    KIND_QUEUED, /* the same, by tags, which are the slots' numbers */
    KIND_ALONE,  /* anything else: beside nothing */
};

/* What the controller reads and writes all the time: the uncached extension, which is physically
 * contiguous. Each slot has a table of its own there, at an address that is known from the start;
 * an IrbExtension's would have to be asked for with every request. */
struct ahci_shared {
    struct ahci_header list[SLOTS]; /* 1 KiB aligned */
    struct ahci_received received;  /* 256-byte aligned */
    UCHAR odd[SLOTS][2];            /* the last byte of a buffer whose length is odd */
    UCHAR log[LOG_BYTES];
    UCHAR unused[4096 - 1024 - 256 - 64 - LOG_BYTES];
    struct ahci_table log_table; /* for the log, which is read while slots hold what has failed */
    struct ahci_table tables[];  /* as many as there are slots */
};
C_ASSERT(sizeof(struct ahci_shared) == 2 * 4096);

struct ahci_channel {
    /* All that a request and its interrupt want. */
    PUCHAR base; /* of the port's registers */
    PUCHAR hba;  /* of the controller's */
    struct ahci_shared *shared;
    ULONGLONG shared_address; /* its physical one */
    enum ahci_phase phase;
    ULONG active;        /* slots in use */
    ULONG usable;        /* slots that may be used */
    enum ahci_kind kind; /* of the commands in them */
    ULONG alone_left;    /* so many reads and writes are still to go one by one */
    UCHAR port;
    BOOLEAN is_dump; /* dump mode: polled, without timers and registry */
    PIDE_REQUEST_BLOCK irbs[SLOTS];

    struct ahci_device device;
    struct ahci_controller *controller;

    PIDE_REQUEST_BLOCK held_head, held_tail; /* IRBs that wait */
    PIDE_REQUEST_BLOCK sense_for; /* the failed IRB whose sense data the present one fetches */
    PIDE_REQUEST_BLOCK reset_irb; /* the LUN reset that the present reset is for */
    struct ahci_header kept;      /* of the slot that reading the log takes */
    UCHAR follow_up; /* the opcode that follows the driver's own when it has succeeded; 0: none */

    /* What failed. */
    ULONG failed_causes, failed_task_file;
    UCHAR failed_slot;

    /* Timer: a step asks for a tick; one counts only if none was asked for since it fired, and the
     * phase is the same. */
    ULONG timer_asked, timer_armed, timer_fired; /* numbers of ticks */
    ULONG timer_left_us;   /* how long it takes; in dump mode: until it is over; 0: none */
    ULONG waited_us;       /* in this phase so far */
    ULONG nothing_us;      /* so long PxSSTS may show nothing, and a device may be there yet */
    UCHAR resets_in_a_row; /* without a command that ended in between */
    BOOLEAN was_there;     /* a device, when the port was ready last */
    BOOLEAN has_changed;   /* the link came or went by itself */

    /* The registry. */
    struct ahci_notes *notes; /* the registry buffer, from IdeStart to IdeStop; NULL: none */
    UCHAR slots;              /* that may be in use at a time */
    BOOLEAN has_no_queue;     /* by a setting */
    ULONG link_power; /* bits of CAP: where its link may go; by a setting, 0: it stays awake */
};

/* ------------------------------------------------------------------ register access */

static inline ULONG ahci_read(const struct ahci_channel *channel, ULONG offset)
{
    return AtaPortReadRegisterUlong((PULONG)(PVOID)(channel->base + offset));
}

static inline void ahci_write(const struct ahci_channel *channel, ULONG offset, ULONG value)
{
    AtaPortWriteRegisterUlong((PULONG)(PVOID)(channel->base + offset), value);
}

static inline ULONG hba_read(PUCHAR hba, ULONG offset)
{
    return AtaPortReadRegisterUlong((PULONG)(PVOID)(hba + offset));
}

static inline void hba_write(PUCHAR hba, ULONG offset, ULONG value)
{
    AtaPortWriteRegisterUlong((PULONG)(PVOID)(hba + offset), value);
}

/* The physical address of something in the shared memory. */
static inline ULONGLONG ahci_address(const struct ahci_channel *channel, const VOID *memory)
{
    return channel->shared_address + (ULONG)((PUCHAR)memory - (PUCHAR)channel->shared);
}

static inline BOOLEAN ahci_device_is_idle(const struct ahci_channel *channel)
{
    return !(ahci_read(channel, PORT_TFD) & (IDE_STATUS_BUSY | IDE_STATUS_DRQ));
}

/* AHCI: 5.5.1, 5.6.4.1: of queued commands PxSACT is written first. */
static inline void ahci_issue(struct ahci_channel *channel, ULONG slots, enum ahci_kind kind)
{
    channel->kind = kind;
    channel->active |= slots;
    if (kind == KIND_QUEUED)
        ahci_write(channel, PORT_SACT, slots);
    ahci_write(channel, PORT_CI, slots);
}

#endif
