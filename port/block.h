/* SPDX-License-Identifier: MIT */
/*
 * Block requests: read, write, verify, trim and flush of whole sectors, on disks and CD-ROMs.
 *
 * A request of any length is cut into pieces that one command can carry: by MaximumTransferLength,
 * NumberOfPhysicalBreaks, and the 256 or 65,536 sectors of the command. The pieces go one after the
 * other. Data may lie in segments (scatter/gather; data.h says what the driver sees of them). What
 * a write-through has written is on the medium when it ends: by commands that force it there where
 * the device has them, else by a flush behind the last piece.
 *
 * Requests that overlap are carried out in the order in which they were submitted, where one of
 * them changes what the other reads or changes: a device, and a controller that queues, may choose
 * any order for what they have at a time, so the later one waits until the earlier one has ended,
 * all its pieces and repeats included. A flush waits for all writes and trims before it; what comes
 * behind it waits for nothing. Requests live in their issuers' memory, so no queue is ever full.
 * (What others send past the block layer, a pass-through say, is in no order.) One that is urgent
 * goes before all in its device's queue that are not, each of its pieces; but it waits for those
 * that it has to wait for, which are no more urgent for that.
 *
 * A medium that is changed is noticed by whichever request comes first after it, so the device
 * keeps it in mind: from then on every request to it fails with BLOCK_MEDIUM_CHANGED, also one that
 * the drive has carried out meanwhile, until atapi_read_capacity looks at the new medium. What
 * takes several requests, and asks for the capacity once at its beginning, never gets data of two
 * media.
 */
#ifndef PORT_BLOCK_H
#define PORT_BLOCK_H

#include "port/objects.h"

enum block_operation {
    BLOCK_READ,
    BLOCK_WRITE,
    BLOCK_WRITE_THROUGH, /* on the medium when it ends */
    BLOCK_VERIFY,        /* the device reads, nothing is transferred */
    BLOCK_TRIM,          /* nobody needs what is in these sectors any more */
    BLOCK_FLUSH,
};

enum block_status {
    BLOCK_OK,
    BLOCK_OUT_OF_RANGE, /* beyond the last sector, or lba + count overflows */
    BLOCK_BAD_LENGTH,   /* a count of 0 */
    BLOCK_BAD_BUFFER,   /* not mapped, or NULL */
    BLOCK_READ_ONLY,    /* a write to a CD-ROM */
    BLOCK_UNSUPPORTED,  /* a trim, and the device or its driver has none */
    BLOCK_NO_MEDIUM,
    BLOCK_NO_CAPACITY,    /* a medium, but of no size that is one */
    BLOCK_MEDIUM_CHANGED, /* since atapi_read_capacity, which looks at the new one */
    BLOCK_DEVICE_ERROR,   /* the request has status, error register, sense data */
    BLOCK_TIMED_OUT,
    BLOCK_DEVICE_GONE, /* channel stopped, or no such device any more */
    BLOCK_CANCELLED,   /* block_cancel, or whoever waited gave up */
};

struct block_request {
    struct device *device;
    enum block_operation operation;
    uint64_t lba;          /* in the device's sectors */
    uint64_t sector_count; /* any; for BLOCK_FLUSH 0 */
    bool is_urgent;        /* goes before those that wait, IRB_FLAGS_HIGH_PRIORITY */
    /* sector_count * sector_size bytes, any alignment; for a trim block.trim_bytes, for the list of
     * what is trimmed; none for verify and flush. NULL: it lies in `segments`. */
    void *buffer;
    /* Pieces of the issuer's memory of any length, at least as many bytes together. They stay as
     * they are until the end. */
    const struct segment *segments;
    uint32_t segment_count;
    void (*callback)(struct block_request *request); /* at DISPATCH_LEVEL */
    void *context;

    /* Results. */
    enum block_status status;
    uint64_t sectors_done; /* good ones, from lba on */

    /* The block layer's. */
    struct request request;
    struct block_request *next; /* while it waits */
    uint32_t change;            /* how many changes had been accepted when it was */
    uint64_t piece_lba;
    uint32_t piece_sectors;
    uint8_t attempts;
    bool is_waiting; /* for the end of an earlier one */
};

/* Is the buffer what goes to or comes from its sectors? */
static inline bool block_moves_data(const struct block_request *block)
{
    return block->operation <= BLOCK_WRITE_THROUGH;
}

/* Works out how a device is read and written, when its parameters or its sector size are known.
 * Context: PASSIVE_LEVEL. */
void block_configure(struct device *device);

/* Context: at or below DISPATCH_LEVEL. A bad request is answered through its callback too, before
 * this returns. */
void block_submit(struct block_request *request);
/* Its issuer does not want it any more: one that waits ends at once, one on its way as
 * request_cancel says. Context: at or below DISPATCH_LEVEL. */
void block_cancel(struct block_request *request);
/* Submits and waits, until its end or until parcel_stops says so (parcel.h). Context:
 * PASSIVE_LEVEL. */
enum block_status block_run(struct block_request *request);
/* The same for the common case. */
enum block_status block_transfer(struct device *device, enum block_operation operation,
                                 uint64_t lba, uint64_t sector_count, void *buffer);
/* One sentence for people about a finished request: what happened, where, with registers or sense.
 */
void block_describe(const struct block_request *request, char *text, size_t size);

/* ------------------------------------------------------------------ ATAPI */

/* A packet command, waiting; retries unit attentions. *request keeps status and sense. Context:
 * PASSIVE_LEVEL. */
enum block_status atapi_command(struct device *device, const uint8_t *cdb, uint8_t cdb_length,
                                void *buffer, uint32_t byte_count, bool data_in,
                                struct request *request);
/* READ CAPACITY: fills in sector_size and sector_count. */
enum block_status atapi_read_capacity(struct device *device);
/* START STOP UNIT: opens (eject) or closes (load) the tray. */
enum block_status atapi_eject(struct device *device, bool load);

#endif
