/* SPDX-License-Identifier: MIT */
/*
 * What the port driver is about: drivers, controllers, channels, devices, requests, and the tables
 * that hold them. No behaviour: each module's own header says what it does with them.
 *
 * driver -> controllers (one each PCI function or ISA controller it serves) -> channels -> devices.
 * A `request` is what an issuer (block layer, start-up, shell) wants done; an `irb_slot` is the IRB
 * that carries it through the miniport. Slots are a fixed pool per channel start, requests belong
 * to issuers.
 */
#ifndef PORT_OBJECTS_H
#define PORT_OBJECTS_H

#include "hal/hal.h"
#include "port/access/audit_state.h"
#include "port/block_device.h"
#include "port/contract/context.h"
#include "port/guard.h"
#include "port/irql.h"
#include "port/registry/service.h"
#include "port/states.h"
#include "port/timer.h"

struct access_hba;
struct access_map;
struct bounce_buffer;
struct loaded_image;
struct parcel;

#define PORT_MAX_CONTROLLERS 16u
#define PORT_MAX_CHANNELS    32u /* of one controller */
#define PORT_MAX_RANGES      12u /* access ranges of a controller: six BARs, or ten ISA blocks */
#define PORT_MAX_MAPPED      16u /* memory ranges mapped by AtaPortGetDeviceBase, per controller */

/* What the port offers in IDE_CONTROLLER_CONFIGURATION: 128 KiB is 256 sectors, the most that one
 * 28-bit command moves; unaligned, it spans 33 pages. */
#define PORT_MAXIMUM_TRANSFER_LENGTH 0x20000u
#define PORT_PHYSICAL_BREAKS         32u

#define PORT_SENSE_BYTES 32u /* SenseInfoBufferLength */

/* ------------------------------------------------------------------ requests */

struct request;
typedef void request_callback(struct request *request);

/* A piece of an issuer's buffer: port/data.h. */
struct segment {
    void *at;
    uint32_t byte_count;
};

/* One request to one device. The issuer fills in the first part and calls request_submit; it owns
 * the request again when the callback runs. */
struct request {
    struct device *device;
    union {
        struct irb_form form;
        struct {
            IRB_FORM_MEMBERS;
        };
    };
    bool wants_registers; /* IRB_FLAGS_RETURN_RESULTS: registers come back in `sense` */
    bool is_piece;        /* of a block request, which is its `context` */
    bool must_bounce;     /* the data is in more pieces than the controller takes, or in segments
                             that do not join */
    bool in_segments;     /* it begins at `buffer`, in the first of `segments`, and goes on in the
                             others */
    bool is_once;         /* carried out once at most: not to be repeated after a reset */
    bool is_cancelled;    /* by request_cancel: no longer wanted */
    void *buffer; /* virtual address, any alignment; may cross pages that are not contiguous */
    uint32_t byte_count;
    const struct segment *segments; /* the issuer's; they stay as they are until the request ends */
    request_callback *callback;     /* at DISPATCH_LEVEL */
    void *context;                  /* the issuer's */

    /* Where the buffer begins, if the issuer knows, and how much of it is contiguous there; 0:
     * unknown. */
    uint64_t physical;
    uint32_t physical_byte_count;

    /* Results. */
    uint8_t irb_status; /* without the two flag bits */
    uint8_t ata_status, ata_error;
    uint32_t transferred;            /* bytes */
    uint8_t sense[PORT_SENSE_BYTES]; /* sense data, or the registers as IDE_TASK_FILE */

    union {
        uint64_t so_far; /* 0 when it is submitted */
        struct {
            union {
                uint32_t is_special; /* not the first try, or bounced */
                struct {
                    bool timed_out;     /* at least once */
                    uint8_t retries;    /* after resets and failed transfers; the port's, as is */
                    uint8_t busy_times; /* that it has come back with IRB_STATUS_BUSY */
                    bool bounced;       /* carried through a buffer of the port: request/bounce.c */
                };
            };
            bool sense_valid, registers_valid; /* what is in `sense` */
            bool was_stopped;                  /* by the auditor: HWR-21 */
            uint8_t ready_times;               /* that its device was about to become ready */
        };
    };
    struct request *next; /* the port's */
};

/* What of a slot the miniport sees, at an address of its own: a page with the list at its
 * beginning, and the IRB at its end. */
struct irb_page {
    IDE_SCATTER_GATHER_LIST list;
    IDE_SCATTER_GATHER_ELEMENT elements[PORT_PHYSICAL_BREAKS + 1];
    UCHAR unused[HAL_PAGE_SIZE - sizeof(IDE_SCATTER_GATHER_LIST) -
                 (PORT_PHYSICAL_BREAKS + 1) * sizeof(IDE_SCATTER_GATHER_ELEMENT) -
                 PORT_SENSE_BYTES - sizeof(IDE_REQUEST_BLOCK)];
    UCHAR sense[PORT_SENSE_BYTES];
    IDE_REQUEST_BLOCK irb;
};
_Static_assert(sizeof(struct irb_page) == HAL_PAGE_SIZE, "the IRB ends with the page");

/* Why an IRB is looked at closely when it comes back. */
#define CARE_REGISTERS 0x01u /* IRB_FLAGS_RETURN_RESULTS */
#define CARE_SENSE     0x02u /* a request-sense slot works for it */
#define CARE_LIST      0x04u /* its list was built when it was asked for */
#define CARE_INTERNAL \
    0x08u                  /* LUN reset, power, request sense: outside NumberOfOverlappedRequests */
#define CARE_REST    0x20u /* a block of it was moved in part, by PIO */
#define CARE_FAILED  0x40u /* its device has shown ERR or DF, or got another command */
#define CARE_STOPPED 0x80u /* its transfer was stopped before the end */
#define CARE_MORE    0x10u /* more is shown than its page: it is to be hidden, and that is all */

/* An IRB and what the port keeps with it. port/request/slots.c says where the miniport sees it, and
 * when: not before it is given to the miniport, nor after it was completed. */
struct irb_slot {
    struct irb_page *page;        /* as the port uses it */
    IDE_REQUEST_BLOCK *shown_irb; /* as the miniport does */
    struct channel *channel;
    struct request *request; /* NULL: a request-sense IRB */
    struct irb_slot *next;   /* free list, or completed list */
    struct device *unit;     /* whose sense data it brings: of a request-sense IRB */
    struct irb_slot *sense;  /* the request-sense slot that works for this one (CARE_SENSE) */
    uintptr_t seal;          /* irb_seal as it was handed over */
    enum irb_slot_state state;
    uint16_t index;
    uint32_t trace_start, trace_end; /* heads of its trace entries */
    uint32_t begun;                  /* the moment, for the auditor */
    bool list_built;                 /* for this request */
    bool hides;                      /* the miniport sees it only while it has it */
    uint8_t care;                    /* CARE_xxx of this request, */
    uint8_t care_always;             /* and of each one */
    uint16_t data_pages;             /* of the data's window that are mapped */
    const void *place;               /* of request sense: AtaPortBuildRequestSenseIrb's caller; of
                                        others, who ended it last (NULL: the port) */
    const void *place_caller;        /* and who had called that, perhaps: slot_note_end */
    uint32_t ticks_left; /* seconds until the time-out; 0: it is late, or not timed at all */
    uint32_t timeout_s;  /* what they were when it was given to the miniport; 0: not timed */
    /* What the miniport was given, whatever it makes of the IRB's members. */
    void *data;
    void *shown_data; /* DataBuffer */
    uint32_t data_byte_count;
    struct bounce_buffer *bounce; /* what `data` is, if request->bounced */
    void *extension;              /* IrbExtension, as the miniport sees it, */
    uint8_t *extension_memory; /* and as the port does: plain memory, whose address is the physical
                                  one */
    struct hal_gate gate;      /* of the page */
    struct hal_gates data_gates, extension_gates;
} __attribute__((aligned(256))); /* found without a division */

/* ------------------------------------------------------------------ devices */

enum device_kind {
    DEVICE_NONE,
    DEVICE_ATA,
    DEVICE_ATAPI,
};

/* Queue tags (AtaPortInitializeQueueTag): a bit a tag. */
struct queue_tags {
    uint8_t limit; /* MaxQueueTag; 0: not initialised */
    uint32_t used[8];
};

/* Why a queue is paused: `busy` of devices and channels has a bit for each reason. */
#define BUSY_ASKED \
    0x01u /* AtaPortDeviceBusy, or the pause after IRB_STATUS_BUSY; ends with a timer */
#define BUSY_POWER 0x02u /* without power, or on the way there or back */
#define BUSY_MODES 0x04u /* of channels: other transfer modes are to be selected */

/* `resets` that it has caused, `steps` down to other modes. Those that are neither succeeded nor
 * given up in a queue are `errors`. */
struct device_counters {
    uint64_t requests, bytes_read, bytes_written, errors, retries, timeouts, resets, steps;
};

/* How it fails. request/fate.c's, at DISPATCH_LEVEL. */
struct device_failures {
    uint64_t successes, successes_at_transfer; /* when a reset, or transfer, came last */
    uint8_t resets;                            /* that it has caused without a success in between */
    uint8_t failed_transfers;                  /* in the present mode */
    bool is_offline;                           /* it takes no requests */
    bool is_told;                              /* that it has no modes */
    ULONG withheld;  /* modes that its target is not offered any more; unit 0's */
    const char *why; /* the last of them */
};

/* What IdeHwInitialize and AtaControllerTransferModeSelect are handed of a device (MEM-04: nothing
 * else of it). */
struct device_given {
    union {
        IDENTIFY_DEVICE_DATA identify;
        IDENTIFY_PACKET_DATA identify_packet;
    };
    IDE_DEVICE_PARAMETERS parameters;
};

/* The queue of the logical unit: requests not yet at the miniport. request/queue.c's, at
 * DISPATCH_LEVEL; `busy` may be set from any context. */
struct device_queue {
    struct request *head, *tail;
    unsigned outstanding;     /* requests at the miniport, */
    unsigned limit;           /* and as many as the device takes: device_set_usable */
    struct shared_flags busy; /* BUSY_xxx */
    struct port_timer busy_timer;
};

/* What a device is known by, before a search: idle.c's. */
struct device_identity {
    enum device_kind kind;
    char model[41], serial[21];
};

/* A logical unit of a target. Made when it is looked for, and kept as long as its channel. */
struct device {
    struct channel *channel;
    struct device *next; /* of its channel, in the order of targets and units */
    struct device_queue queue;
    struct block_device block; /* the block layer's */

    /* What it is: enumerate.c's, at PASSIVE_LEVEL. */
    enum device_kind kind;
    uint8_t target, lun;
    bool usable; /* IdeHwInitialize succeeded */
    bool
        medium_changed; /* since its capacity was asked for: sector_count may be another medium's */
    bool was_written;   /* since it was found: its cache may hold something */
    uint32_t sector_size;  /* bytes; 2,048 for a CD */
    uint64_t sector_count; /* 0: unknown (a drive without medium) */
    char name[8];          /* "0" and so on for disks, "cd0": device_names.c's */
    char model[41], serial[21], firmware[9];
    struct device_identity known;
    struct device_given given;

    struct queue_tags tags; /* ddi/queue_tag.c's, with interrupts off */
    struct device_failures failures;
    bool is_removed;              /* the miniport has said so: ddi/notification.c's, any context */
    enum power_state power;       /* power.c's, at DISPATCH_LEVEL */
    IDE_POWER_STATE power_wanted; /* asked for by the miniport; unspecified: nothing is */
    struct device_counters counters;
};

/* How many requests a device takes is what IdeHwInitialize said; one until then, and off line none.
 */
static inline void device_set_usable(struct device *device, bool usable)
{
    device->usable = usable;
    if (!usable)
        device->block.straight_sectors = 0;
    device->queue.limit =
        usable ? device->given.parameters.NumberOfOverlappedRequests : !device->failures.is_offline;
}

/* ------------------------------------------------------------------ channels */

struct callback_slot {
    IDE_HW_DPC routine;
    struct deferred deferred; /* worker, synchronized, controller-sync */
};

struct channel_counters {
    uint64_t requests;
    uint64_t interrupt_calls;     /* of IdeHwInterrupt, */
    uint64_t interrupts_not_ours; /* and those that said FALSE */
    uint64_t resets, timeouts;
};
static inline uint64_t channel_interrupts(const struct channel_counters *counters)
{
    return counters->interrupt_calls - counters->interrupts_not_ours;
}

/* What the miniport's routines of a channel are handed, to read and to write (MEM-04: nothing else
 * of it). Whoever calls the miniport fills in a member before, and judges it after the call. */
struct channel_given {
    IDE_CHANNEL_INTERFACE interface;
    IDE_CHANNEL_CONFIGURATION configuration;
    IDE_ADVANCED_CHANNEL_CONFIGURATION advanced;
    IDE_MINIPORT_RESOURCES resources;
    IDE_ACCESS_RANGE ranges[3];
    IDE_TRANSFER_MODE_PARAMETERS modes;    /* while it selects them */
    IDE_VENDOR_DEFINED_POWER_INFO setting; /* while it is told one, and its value */
    ULONG setting_value;
};

/* As much as a bus master's structure takes that stays where it is: AHCI's command list. */
#define UNCACHED_REACH 1024u

/* The miniport's memory. channel.c's (the extension) and ddi/memory.c's (the rest), at
 * PASSIVE_LEVEL. */
struct channel_memory {
    void *extension; /* from AtaChannelInitRoutine to AtaAdapterControl(IdeStop) */
    void *uncached;
    uint8_t *irb_extensions; /* as the port sees them: pages for each slot; request/slots.c's */
    uint32_t extension_size, uncached_size, irb_extension_size;
    uint32_t uncached_reach; /* bytes of it that have UNCACHED_REACH of it from there on */
    struct guarded extension_guard, uncached_guard;
};

/* IRBs: overlapped_count of them carry requests, the rest are internal. There is one more than may
 * be out at a time, and the one that came back first goes out next: an IRB that was completed stays
 * hidden while the next request is under way. request/'s, at DISPATCH_LEVEL; the list of the
 * completed at DIRQL. */
struct channel_irbs {
    struct irb_slot *slots;
    struct irb_slot *free, **free_tail; /* never empty */
    struct irb_slot *free_internal;
    struct irb_slot *completed; /* the last one first */
    struct request *ended;      /* whose issuers are about to hear of it */
    struct irb_slot *last;      /* that was given to the miniport; NULL: none was */
    uint16_t count, overlapped_count;
    uint16_t sense_first; /* request-sense IRBs are the last ones: from this on */
    uint16_t limit;       /* requests at the miniport */
    uint8_t made_for;     /* NumberOfOverlappedRequests when they were made */
    unsigned outstanding; /* IRBs at the miniport, internal ones not counted */
    struct deferred completion;
    struct irb_page *pages;
};

/* What the miniport sees of the IRBs: a piece of the window for each. request/slots.c's; the same
 * from the channel's first start on. */
struct channel_window {
    uintptr_t first_irb; /* the address of the first one */
    uint8_t shift;       /* the size of a piece, as a power of two */
    uint8_t *start;
    size_t page_count;
    uint16_t part_pages[4]; /* of a piece: the first page of each part (enum slot_part) */
};

/* Whose turn it is. request/queue.c's, at DISPATCH_LEVEL; `busy` may be set from any context. */
struct channel_queue {
    union {
        uint64_t holds; /* 0: nothing keeps a request from going at once, or those before it */
        struct {
            uint32_t waiting;         /* devices whose queue is not empty */
            struct shared_flags busy; /* BUSY_xxx */
            bool is_recovering;       /* what `recovery` says, */
            bool is_closed;           /* and `state`: no requests are taken */
        };
    };
    struct device *turn; /* whose turn it was last, in the round robin */
    bool timeout_told;   /* that IdeHwBuildIo raised a TimeOutValue beyond the bound */
    struct port_timer busy_timer, modes_timer;
};

/* For buffers that break alignment_mask or lie above physical_limit. request/bounce.c's: made at
 * PASSIVE_LEVEL, taken and given back at DISPATCH_LEVEL. */
struct channel_bounce {
    struct bounce_buffer *free; /* those that no slot has */
    uint64_t physical_limit; /* what its controller cannot reach; UINT64_MAX: all memory is below */
    uint8_t alignment_mask;  /* what the drivers want of a bus master's buffers */
};

/* interrupt.c's. Connected at PASSIVE_LEVEL, the rest in interrupt context. In dump mode none is
 * connected: IdeHwInterrupt is called while the port waits. */
struct channel_interrupt {
    struct hal_interrupt hal;
    bool is_connected;
    bool is_polled;
    uint16_t claims_in_a_row;   /* on a level-triggered line, without a request's begin or end */
    uint64_t requests_at_claim; /* counters.requests then */
};

/* Callbacks asked for by the miniport, from any context; ddi/callback.c takes them with one
 * exchange, or at DIRQL. */
struct channel_callbacks {
    struct callback_slot worker, synchronized, controller_sync;
    IDE_HW_DPC timer_routine;
    struct port_timer timer;
};

/* What AtaPortNotification has said, from any context, until it is acted upon.
 * ddi/notification.c's. */
struct channel_notified {
    struct deferred removal; /* ends the queues of devices that are gone, at DISPATCH_LEVEL */
    bool rescan_wanted;      /* bus change, arrival or removal; idle.c looks, at PASSIVE_LEVEL */
};

/* The watchdog, and the ladder that it starts. request/timeout.c's, at DISPATCH_LEVEL. */
struct channel_timeouts {
    struct port_timer watchdog; /* a second, while requests are outstanding */
    struct port_timer stopped;  /* a transfer was stopped by the auditor, a moment ago */
    uint16_t recovery_ticks_left;
    uint64_t recovery_began_us;
    struct request recovery_request;
};

/* search.c's, at PASSIVE_LEVEL. */
struct channel_search {
    struct parcel *parcel; /* with the IDENTIFY that is under way; NULL: none is */
    struct channel *next;  /* of those that are searched at once */
    bool for_units;        /* for other units than the first */
    uint8_t target, lun;   /* what is looked for next */
};

/* Power, one IRB at a time. power.c's, at DISPATCH_LEVEL. */
struct channel_power {
    struct request request;
    struct port_timer limit;
};

struct channel {
    struct controller *controller;
    struct channel_irbs irbs; /* what every request needs stands first: small offsets */
    struct channel_queue queue;
    struct channel_bounce bounce;
    struct channel_window window;
    struct channel_memory memory;
    struct channel_given given;

    /* Its machines (states.h); each is written by its setter only. */
    enum channel_state state;
    enum recovery_state recovery;
    enum power_irb_state power_irb;

    /* Its life: channel.c's, at PASSIVE_LEVEL. */
    uint8_t number;       /* on its controller */
    uint16_t traced;      /* as entries of the trace have it */
    bool device_1_forced; /* IRB_STATUS_FORCE_ENUM_DEVICE1_NEEDED was seen */
    char name[12];        /* "0.1": controller and channel, as the shell's stop and start take it */
    const char *failure;
    const char *init_failure; /* of AtaChannelInitRoutine, which is not called again: the reason */

    struct channel_timeouts timeouts;
    struct channel_power power;
    struct channel_search search;
    struct channel_interrupt interrupt;
    struct channel_callbacks callbacks;
    struct channel_notified notified;
    struct queue_tags tags;           /* of the channel (IDE_UNTAGGED); as a device's */
    struct channel_counters counters; /* each by whom it counts; for people */
    struct registry_channel registry; /* registry/'s */
    struct context
        contexts[CONTEXT_KIND_COUNT]; /* made by channel.c; no two calls of one kind are nested */
    struct audit audit;               /* access/audit.c's */
    struct device *devices; /* device.c's; unit 0 of the targets 0 and 1 is always there */
};

/* NULL: it was never looked for. */
static inline struct device *channel_device(const struct channel *channel, unsigned target,
                                            unsigned lun)
{
    struct device *device = channel->devices;
    while (device && (device->target != target || device->lun != lun))
        device = device->next;
    return device;
}

/* The first unit of its target: what is said of a target as a whole is there. */
static inline struct device *device_first_unit(const struct device *device)
{
    struct device *first = device->channel->devices;
    while (first->target != device->target)
        first = first->next;
    return first;
}

/* What unit 0 of a target is. */
static inline enum device_kind channel_device_kind(const struct channel *channel, unsigned target)
{
    const struct device *device = channel_device(channel, target, 0);
    return device ? device->kind : DEVICE_NONE;
}

/* Does a driver that says `target` and `lun`, or IDE_UNTAGGED for all, mean it? */
static inline bool device_is_meant(const struct device *device, unsigned target, unsigned lun)
{
    return target == IDE_UNTAGGED ||
           (device->target == target && (lun == IDE_UNTAGGED || device->lun == lun));
}

/* How many requests of a device its miniport has at most. */
static inline unsigned device_request_limit(const struct device *device)
{
    unsigned limit = device->channel->irbs.limit;
    return device->queue.limit < limit ? device->queue.limit : limit;
}

/* ------------------------------------------------------------------ controllers and drivers */

/* A range of device memory that AtaPortGetDeviceBase has mapped. */
struct mapped_range {
    uintptr_t base;
    uint32_t byte_count;
    uint32_t offset;        /* of its beginning in the base address register's range */
    struct access_hba *hba; /* whose registers these are (access/hba.h); NULL: nobody knows them */
};

/* What AtaAdapterControl is handed (MEM-04: nothing else of a controller). */
struct controller_given {
    IDE_CONTROLLER_CONFIGURATION configuration;
    IDE_MINIPORT_RESOURCES resources;
    IDE_ACCESS_RANGE ranges[PORT_MAX_RANGES];
};

struct controller {
    unsigned index; /* of all controllers, in order of discovery */
    uint8_t number; /* ControllerNumber: counts per service; kept when it is restarted */
    bool is_numbered;
    enum controller_state state;
    const char *failure;
    bool is_pci;
    struct hal_pci_address pci;
    uint16_t pci_command; /* of configuration space: access_configured() */
    uint16_t vendor_id, device_id;
    uint32_t class_code; /* 24 bits: class, subclass, programming interface */
    char service[64];    /* chosen by the registry; "" if none */
    struct driver *driver;
    struct driver
        *channel_driver; /* the same, or the default one where it has no channel interface */
    struct controller_given given;
    void *extension;
    struct guarded extension_memory;
    struct mapped_range mapped[PORT_MAX_MAPPED]; /* device memory */
    unsigned mapped_count;
    struct access_hba *hba;      /* of an AHCI controller, once its registers are mapped */
    struct access_map *port_map; /* the I/O ports mapped: port/access/access.h */
    unsigned channel_count;
    struct channel *channels[PORT_MAX_CHANNELS];
};

/* What DriverEntry is handed (MEM-04: nothing else of a driver). */
struct driver_given {
    uint8_t object[512]; /* DRIVER_OBJECT: opaque, zeroed, only its address is used */
    UNICODE_STRING registry_path;
    WCHAR registry_path_text[128];
};

struct driver {
    char name[64]; /* service name; the image is name.sys */
    struct driver_given given;
    struct loaded_image *image;
    IDE_CONTROLLER_INTERFACE interface; /* the port's copy */
    bool is_registered;                 /* AtaPortInitializeEx succeeded */
    bool is_default;                    /* nobody asked for it */
    uint8_t controllers_started;
    char failure[160]; /* why it is not loaded; "" if it is */
    struct driver *next;
};

extern struct controller port_controllers[PORT_MAX_CONTROLLERS];
extern unsigned port_controller_count;
extern struct driver *port_drivers;

/* Register accesses of miniports since boot, for benchmarks: control registers, and the units (of
 * any width) that went through the buffer routines. */
struct access_counters {
    uint64_t registers, data_units;
};
extern struct access_counters access_counters;

/* dump=1 on the command line: what is started from now on is started in dump mode. */
extern bool port_dump_mode;
/* What is wanted of IdeHwBuildIo's calls beside the call. */
#define BUILD_IO_GUARDED 0x01u /* build_io=guarded: a write to the extension is found (CTX-11) */
#define BUILD_IO_TRACED  0x02u /* TRACE_BUILD and what follows: requests_follow_trace */
extern uint8_t port_build_io_care;

/* ------------------------------------------------------------------ iterators */

struct device *port_device_by_name(const char *name);
/* Walks all devices: NULL starts; NULL at the end. */
struct device *port_next_device(struct device *after);
struct channel *port_channel_by_name(const char *name);
struct channel *port_next_channel(struct channel *after);
/* The same for the channels of one controller. */
struct channel *port_next_channel_of(const struct controller *controller,
                                     const struct channel *after);

#endif
