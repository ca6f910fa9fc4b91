/* SPDX-License-Identifier: MIT */
/*
 * Long transfers: a range of sectors in large pieces, two of them under way at a time, so that the
 * device works while the last piece is looked at. Stops at the first error and on Ctrl-C.
 * Context: PASSIVE_LEVEL; not re-entrant (there is one pair of buffers).
 */
#ifndef BOOT_SHELL_TRANSFER_H
#define BOOT_SHELL_TRANSFER_H

#include "boot/shell/arguments.h"
#include "boot/shell/progress.h"
#include "port/block.h"

#define TRANSFER_BUFFER_BYTES 0x20000u /* one command's worth */

struct transfer {
    struct range range;
    enum block_operation operation; /* read, verify, trim, or write: of what the buffers hold */
    bool backwards;                 /* the last sectors first */
    const char *what;               /* for the progress bar; NULL: none */
    /* Called for each piece that is done, in order; NULL: nothing to do. Anything but COMMAND_DONE
     * stops the transfer; before it prints, it wipes the progress bar away. lba is the device's;
     * data is NULL for verify. */
    enum command_result (*piece)(void *context, uint64_t lba, uint64_t sector_count, void *data);
    void *context;

    /* Results; bar and piece while it runs. */
    struct piece *current;
    uint64_t bytes_done;
    struct progress progress;
    char summary[PROGRESS_SUMMARY_CAPACITY]; /* how much, how long, how fast */
};

/* In a call of `piece`: writes its data elsewhere (device, lba, sector_count of `target`). On
 * anything but COMMAND_DONE it has been said why. */
enum command_result transfer_write(struct transfer *transfer, const struct block_request *target);

/* The two buffers, until the next transfer_run; NULL, said so, when there is no memory for them. */
void *transfer_buffer(unsigned index);

/* Runs it to its end. The range must have been checked. Says what went wrong. */
enum command_result transfer_run(struct transfer *transfer);

#endif
