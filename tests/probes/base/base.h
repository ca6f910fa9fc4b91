/* SPDX-License-Identifier: MIT */
/*
 * The driver under the probes: a small miniport for the channels of an IDE controller (PCI or ISA; PIO
 * by sector, bus-master DMA, packet devices with request sense, resets) that keeps every rule, and calls
 * a case where one is to be broken.
 *
 * A probe is this driver linked with a table of cases. A case is a function that breaks one rule in one
 * line, once, at one occasion: the third request that is started, the first interrupt ... Which case it
 * is says the value `Break` (REG_SZ) of the channel's key: one word for each start of the channel, a
 * case's name or a hyphen, so that one boot can try many (a case of AtaChannelInitRoutine, which is called once for
 * each start of the controller, is for such a start). Without a case no rule is broken. What comes before the
 * registry can be read (DriverEntry, the controller's start) takes its case from the driver's own name: an image that
 * is loaded as ini_version.sys breaks what the case ini_version breaks.
 *
 * Other values of the channel's key: DmaAllowed (REG_DWORD, 0: PIO only), Overlapped (REG_DWORD, how
 * many requests the channel takes at a time; 1), IrbExtension (REG_DWORD, bytes with every IRB; 0).
 *
 *     driver.c     DriverEntry, the controller, transfer modes
 *     channel.c    a channel comes and goes
 *     io.c         requests, interrupts, resets
 *     occasion.c   which case, and when
 */
#ifndef PROBES_BASE_BASE_H
#define PROBES_BASE_BASE_H

#include <miniport.h>
#include <ata.h>
#include <irb.h>

/* ------------------------------------------------------------------ cases */

/* Where a case may step in. Those of requests and interrupts are counted from the first request of a
 * device that IdeHwInitialize has seen. */
enum occasion_kind {
    AT_DRIVER_ENTRY, /* before AtaPortInitializeEx; the first four go by the driver's name */
    AT_ADAPTER_START,
    AT_ADAPTER_STOP,
    AT_CHANNEL_ENABLED,
    AT_CHANNEL_INIT, /* the interface is filled in */
    AT_START,        /* IdeHwControl(IdeStart): the configuration is filled in, memory allocated */
    AT_STOP,
    AT_MODE_SELECT, /* modes are selected */
    AT_INITIALIZE,  /* parameters are set */
    AT_BUILD_IO,
    AT_START_IO,  /* TRUE: the IRB is not the driver's any more */
    AT_COMPLETE,  /* about to be completed. TRUE: it is not to be completed */
    AT_INTERRUPT, /* dismissed, a request is under way */
    AT_SENSE,     /* a request-sense IRB is built and about to be started */
    AT_RESET,     /* requests are still outstanding */
    AT_WORKER,    /* these four are asked for in IdeHwControl(IdeStart), for the case's sake */
    AT_TIMER,
    AT_SYNCHRONIZED,
    AT_CONTROLLER_SYNC,
};

struct probe_controller;
struct probe_channel;

/* What DriverEntry was given, and what it hands to AtaPortInitializeEx; kept for ever. */
struct probe_entry {
    PVOID driver_object;
    PUNICODE_STRING registry_path;
    IDE_CONTROLLER_INTERFACE controller_interface;
    NTSTATUS status; /* DriverEntry returns it */
};
extern struct probe_entry probe_entry;

struct occasion {
    enum occasion_kind kind;
    PVOID controller;              /* the extension; NULL in DriverEntry */
    struct probe_channel *channel; /* NULL where there is none yet */
    union {
        struct probe_entry *entry;                   /* AT_DRIVER_ENTRY */
        PIDE_CONTROLLER_CONFIGURATION configuration; /* AT_ADAPTER_START */
        PIDE_CHANNEL_INTERFACE channel_interface;    /* AT_CHANNEL_INIT */
        PIDE_CHANNEL_CONFIGURATION start;            /* AT_START */
        PIDE_TRANSFER_MODE_PARAMETERS modes;         /* AT_MODE_SELECT */
        PIDE_DEVICE_PARAMETERS parameters;           /* AT_INITIALIZE */
        PIDE_REQUEST_BLOCK irb;                      /* requests, interrupts, sense */
        PVOID subject;
    };
};

/* Returns TRUE if the base is to leave the rest of what it does there. */
typedef BOOLEAN case_function(struct occasion *at);

/* One function in the image for each in the source, under its own name. */
#define CASE static __attribute__((noipa)) BOOLEAN

struct probe_case {
    PCSTR name; /* the function's */
    enum occasion_kind at;
    ULONG nth; /* 1: the first occasion after the channel's start */
    case_function *run;
};

/* The probe's table; its last row has no name. */
extern const struct probe_case *const probe_cases[];

/* Prints `case NAME: returned VALUE`: what the call that broke the rule gave back. From IdeHwBuildIo it
 * is printed a little later. */
void probe_returned(ULONG_PTR value);

/* ------------------------------------------------------------------ the driver's structures */

enum probe_phase {
    PHASE_IDLE,
    PHASE_SETTING, /* SET FEATURES, before the current request */
    PHASE_NON_DATA,
    PHASE_PIO_IN,
    PHASE_PIO_OUT,
    PHASE_DMA,
    PHASE_PACKET,
    PHASE_RESET, /* SRST was done; a timer looks for its end */
};

struct probe_device {
    BOOLEAN is_initialized; /* by IdeHwInitialize */
    ULONG modes;            /* selected: one PIO and at most one DMA mode */
    ULONG settings_left;    /* of these, what SET FEATURES has not set since the last reset */
};

struct probe_controller {
    UCHAR number; /* counts the controllers of this driver, from 0, as the registry's keys do */
    BOOLEAN has_bus_master, is_dump;
    struct probe_channel *channels[MAX_IDE_DEVICE];
};

/* The bus master's registers (SFF-8038i), and a physical region descriptor. */
enum { BM_COMMAND = 0, BM_STATUS = 2, BM_TABLE = 4 };
#define BM_START         0x01
#define BM_TO_MEMORY     0x08
#define BM_ACTIVE        0x01
#define BM_ERROR         0x02
#define BM_INTERRUPT     0x04
#define BM_FIRMWARE_BITS 0x60

struct probe_prd {
    ULONG address, control;
};
#define PRD_COUNT 64
#define PRD_END   0x80000000u

struct probe_channel {
    struct probe_controller *controller;
    ULONG number;
    enum probe_phase phase;
    BOOLEAN
    is_read; /* the settings, for the start to come: in AtaChannelInitRoutine, or at the start */
    BOOLEAN sync_with_isr, dma_allowed;
    ULONG overlapped, irb_extension_bytes;

    PUCHAR command_block, device_control;
    PUCHAR bus_master; /* NULL: none */
    struct probe_prd *table;
    ULONG table_address;

    struct probe_device devices[MAX_IDE_DEVICE];
    PIDE_REQUEST_BLOCK current;   /* under way; NULL: none */
    PIDE_REQUEST_BLOCK failed;    /* whose sense data the current one fetches */
    PIDE_REQUEST_BLOCK held_head; /* came while another was under way */
    PIDE_REQUEST_BLOCK held_tail;
    BOOLEAN (*interrupt)(struct probe_channel *channel); /* a case's own; NULL: none */
    ULONG moved;                                         /* bytes of the current one's buffer */
    ULONG reset_looks;                                   /* in PHASE_RESET */

    /* Requests that the port has handed over and not got back, reset and power ones left out (IRB-13). */
    ULONG outstanding, most_outstanding;

    const struct probe_case *armed; /* NULL: none, or it has run */
    ULONG occasions_left;           /* until it runs */
};

/* The extensions that the channels of the latest controller have, or had before it was stopped. */
extern struct probe_channel *probe_latest[MAX_IDE_DEVICE];

/* ------------------------------------------------------------------ occasion.c */

/* Finds a case; NULL: there is none of that name. `text` is UTF-16, with `length` characters. */
const struct probe_case *probe_find_case(const WCHAR *text, ULONG length);
/* The case that the driver's name says; NULL: none, or it has run. */
extern const struct probe_case *probe_named_case;
/* Runs the armed case if this is its occasion. Any context. */
BOOLEAN probe_occasion(enum occasion_kind kind, PVOID controller, struct probe_channel *channel,
                       PVOID subject);
/* Prints what probe_returned was told in IdeHwBuildIo. */
void probe_print_returned(void);

/* Is the Version of a structure its size? Set: any will do. */
BOOLEAN probe_is_version(USHORT version, ULONG byte_count);
extern BOOLEAN probe_takes_any_version;

/* ------------------------------------------------------------------ entry points */

/* What the port judges when one of these has returned is reported at the line of its name, which has a mark
 * for the rules that cases break so. */
NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);
BOOLEAN NTAPI ProbeAdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                  PVOID Parameters);
ATA_CHANNEL_STATE NTAPI ProbeChannelEnabled(PVOID ControllerExtension, ULONG Channel);
BOOLEAN NTAPI ProbeTransferModeSelect(PVOID ControllerExtension,
                                      PIDE_TRANSFER_MODE_PARAMETERS TransferModeSelect);
BOOLEAN NTAPI ProbeChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE ChannelInterface,
                               PVOID InitContext);
BOOLEAN NTAPI ProbeControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                           PVOID Parameters);
BOOLEAN NTAPI ProbeInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                              PIDENTIFY_DEVICE_DATA IdentifyData);
BOOLEAN NTAPI ProbeBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);
BOOLEAN NTAPI ProbeStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);
BOOLEAN NTAPI ProbeInterrupt(PVOID ChannelExtension);
BOOLEAN NTAPI ProbeReset(PVOID ChannelExtension);

/* For cases that start a transfer by bus master themselves. Takes an IRB, selects its device, and describes its
 * memory; from then on ProbeInterrupt ends it. FALSE: it is no such transfer, or another one is under way. */
BOOLEAN probe_take_transfer(struct probe_channel *channel, PIDE_REQUEST_BLOCK irb);
/* Of the current one: table address, direction, interrupt and error cleared. */
void probe_program(const struct probe_channel *channel);
/* The task file and the command. */
void probe_send(const struct probe_channel *channel);

/* The controller's hardware and the drive's interrupt are as a command wants them. */
void probe_take_hardware(struct probe_channel *channel);
/* Stops what is under way, and lets the drive interrupt no more. */
void probe_leave_hardware(struct probe_channel *channel);

#endif
