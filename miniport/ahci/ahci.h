/* SPDX-License-Identifier: MIT */
/*
 * ahci.sys: a miniport for Serial ATA behind AHCI controllers. Disks, with up to 32 queued
 * commands, and packet devices; a channel is a port of the controller.
 *
 * Owns: the structures that the files of this driver share, and what they offer each other. May
 * not: include anything but the miniport interface.
 *
 * How the driver is read, from top to bottom:
 *
 *     driver.c      DriverEntry; the controller: its registers, which ports it has, power
 *     channel.c     a channel comes and goes: registers, memory, power
 *     initialize.c  IdeHwInitialize: what a device can do
 *     start.c       IdeHwBuildIo, IdeHwStartIo, IdeHwReset: an IRB comes, waits, or is given up
 *     interrupt.c   IdeHwInterrupt: what is over, what has failed
 *     error.c       a command has failed: the port is stopped, asked, and started again
 *     link.c        the port from reset to ready: engine, link, device, by timers
 *     command.c     an IRB becomes a command in a slot, and a command an IRB that has ended
 *     fill.h        what the straight path of start.c shares with it
 *     packet.c      packet commands, and request sense
 *     notes.c       the registry: settings come from there, what was learnt goes there
 *     registers.h   registers, and layouts in memory
 *
 * The documents that comments cite:
 *     AHCI     Serial ATA Advanced Host Controller Interface 1.3.1
 *     SATA     Serial ATA revision 3.x
 *     ACS      ATA/ATAPI Command Set - 2, T13/2015-D; packet commands are ATA/ATAPI-6's
 *
 * Contexts. SyncWithIsr is TRUE, so IdeHwInitialize, IdeHwStartIo, IdeHwReset and IdeHwInterrupt
 * exclude each other; timers do not, and therefore go on in a synchronised routine (link.c). A
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
    ULONG capabilities; /* CAP */
    ULONG ports;        /* implemented, a bit each */
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

/* What a port does. In all but PHASE_RUNNING IRBs are held. */
enum ahci_phase {
    PHASE_STOPPED, /* before IdeHwControl(IdeStart), and after IdeStop */
    PHASE_RUNNING, /* commands are carried out */
    PHASE_FAILED,  /* a command has failed, and the engine is about to stop; timer */
    PHASE_LOG, /* the log says which queued command has failed; interrupt, and a timer watches */
    PHASE_STOPPING, /* the engine is about to stop, before the link is reset; timer */
    PHASE_COMRESET, /* COMRESET is sent; timer */
    PHASE_LINK,     /* the link is about to be there; timer */
    PHASE_READY,    /* the device is about to be ready; timer */
    PHASE_ABSENT,   /* there is no device */
};

/* What stands in a slot. */
enum ahci_kind {
    KIND_PLAIN,
    KIND_QUEUED, /* by its tag, which is the slot's number */
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
    ULONG unqueued_left; /* so many commands are still to go without queueing */
    UCHAR port;
    BOOLEAN is_dump;  /* dump mode: polled, without timers and registry */
    BOOLEAN is_alone; /* the command in its slot has the port for itself: request sense, set-up */
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

    /* Timer: a step asks for a tick; one counts only if none was asked for since it fired. */
    ULONG timer_asked, timer_fired; /* numbers of ticks */
    ULONG timer_left_us;            /* in dump mode: until it is over */
    ULONG waited_us;                /* in this phase so far */
    UCHAR resets_in_a_row;          /* without a command that ended in between */
    BOOLEAN was_there;              /* a device, when the port was ready last */
    BOOLEAN has_changed;            /* the link came or went by itself */

    /* The registry. */
    struct ahci_notes *notes; /* the registry buffer, from IdeStart to IdeStop; NULL: none */
    UCHAR slots;              /* that may be in use at a time */
    BOOLEAN has_no_queue;     /* by a setting */
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

/* ------------------------------------------------------------------ the files to each other */

/* channel.c */
BOOLEAN NTAPI AhciChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                              PVOID InitContext);
BOOLEAN NTAPI AhciControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                          PVOID Parameters);

/* initialize.c */
BOOLEAN NTAPI AhciInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                             PIDENTIFY_DEVICE_DATA IdentifyData);

/* start.c */
BOOLEAN NTAPI AhciBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);
BOOLEAN NTAPI AhciStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);
BOOLEAN NTAPI AhciReset(PVOID ChannelExtension);
/* What waits goes on as far as it can. */
void ahci_go_on(struct ahci_channel *channel);
/* An IRB ends without a command. */
void ahci_end(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, UCHAR irb_status);

/* interrupt.c */
BOOLEAN NTAPI AhciInterrupt(PVOID ChannelExtension);

/* error.c: the phases FAILED and LOG. */
void ahci_fail(struct ahci_channel *channel, ULONG causes);
void ahci_failed_tick(struct ahci_channel *channel);
void ahci_log_interrupt(struct ahci_channel *channel, ULONG causes);
void ahci_log_tick(struct ahci_channel *channel);

/* link.c: everything else that takes its time. */
BOOLEAN ahci_engine_has_stopped(struct ahci_channel *channel);
void ahci_engine_start(struct ahci_channel *channel);
/* Takes the port out of service and resets it; what is under way ends, or was ended. */
void ahci_link_reset(struct ahci_channel *channel);
/* The link came or went by itself. */
void ahci_link_changed(struct ahci_channel *channel);
/* The port's first start, after power-up as well. Context: PASSIVE_LEVEL. */
void ahci_link_take(struct ahci_channel *channel);
void ahci_enter(struct ahci_channel *channel, enum ahci_phase phase, ULONG tick_us);
/* In dump mode, where there is no timer. FALSE: nothing waits for one. */
BOOLEAN ahci_dump_tick(struct ahci_channel *channel);

/* command.c */
/* IRB_STATUS_PENDING: the slot's command is ready to be issued. Else what the IRB ends with. */
UCHAR ahci_fill(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, ULONG slot,
                enum ahci_kind kind);
static inline BOOLEAN ahci_moves_sectors(const IDE_REQUEST_BLOCK *irb)
{
    return irb->Function == IRB_FUNCTION_ATA_READ || irb->Function == IRB_FUNCTION_ATA_WRITE;
}
enum ahci_kind ahci_kind_of(const struct ahci_channel *channel, const IDE_REQUEST_BLOCK *irb);
/* A command without data, for IRBs that bring none. */
void ahci_fill_own(struct ahci_channel *channel, ULONG slot, UCHAR opcode);
/* READ LOG EXT, of page 10h. */
void ahci_fill_log(struct ahci_channel *channel, ULONG slot);
/* The command in a slot is over: its IRB ends. */
void ahci_complete(struct ahci_channel *channel, ULONG slot, UCHAR irb_status, ULONG task_file);
/* Those in these slots end, or have ended, together. */
void ahci_complete_all(struct ahci_channel *channel, ULONG slots, UCHAR irb_status);

/* packet.c */
UCHAR ahci_fill_packet(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb,
                       struct ahci_table *table);
/* Asks for sense data of an IRB that failed. FALSE: there is none to be had. */
BOOLEAN ahci_ask_sense(struct ahci_channel *channel, PIDE_REQUEST_BLOCK failed);
/* The IRB that fetches it is over: it is released, and the failed one completed. */
void ahci_sense_done(struct ahci_channel *channel, PIDE_REQUEST_BLOCK sense);

/* notes.c */
void ahci_read_settings(struct ahci_channel *channel);
void ahci_note_model(struct ahci_channel *channel, const IDENTIFY_DEVICE_DATA *data);
void ahci_store_notes(struct ahci_channel *channel);

#endif
