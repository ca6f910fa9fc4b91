/* SPDX-License-Identifier: MIT */
/* Long transfers; see transfer.h. */
#include "boot/shell/numbers.h"
#include "boot/shell/transfer.h"
#include "hal/hal.h"
#include "port/block.h"
#include "port/parcel.h"

/* Sectors of a verify, which moves no data: some 10 ms of a disk's work, so that Ctrl-C is
 * heard. */
#define VERIFY_SECTORS 2048u

struct piece {
    struct parcel *parcel; /* with a buffer for one command */
    uint64_t lba, sector_count;
    bool is_asked; /* submitted and not waited for */
};

static struct piece pieces[2];

void *transfer_buffer(unsigned index)
{
    struct piece *piece = &pieces[index];

    if (!piece->parcel)
        piece->parcel = parcel_new(TRANSFER_BUFFER_BYTES);
    if (!piece->parcel)
        hal_printf("There is no memory for a buffer of 128 KiB.\n");
    return piece->parcel ? piece->parcel->data : NULL;
}

/* Takes the next sectors off the range. False: there are none. */
static bool next_piece(const struct transfer *transfer, uint64_t *taken, struct piece *piece)
{
    const struct range *range = &transfer->range;
    uint64_t most = TRANSFER_BUFFER_BYTES / range->device->sector_size;
    uint64_t left = range->sector_count - *taken;

    if (transfer->operation == BLOCK_VERIFY)
        most = VERIFY_SECTORS;
    else if (transfer->operation == BLOCK_TRIM && range->device->block.trim_sectors)
        most = range->device->block.trim_sectors; /* 0, any more: the block layer says it */
    piece->sector_count = left < most ? left : most;
    piece->lba = range->lba + (transfer->backwards ? left - piece->sector_count : *taken);
    *taken += piece->sector_count;
    return piece->sector_count > 0;
}

static void submit(const struct transfer *transfer, struct piece *piece)
{
    struct parcel *parcel = piece->parcel;

    parcel->block = (struct block_request){
        .device = transfer->range.device,
        .operation = transfer->operation,
        .lba = piece->lba,
        .sector_count = piece->sector_count,
        .buffer = transfer->operation == BLOCK_VERIFY ? NULL : parcel->data,
    };
    piece->is_asked = true;
    parcel_submit_block(parcel);
}

/* The end of a piece that was asked for. False: the driver has lost it, and the buffer with it. */
static bool end_piece(struct piece *piece)
{
    bool is_ours = parcel_wait(piece->parcel) || parcel_give_up(piece->parcel);

    piece->is_asked = false;
    if (!is_ours)
        piece->parcel = NULL;
    return is_ours;
}

/* One piece that has ended: hands it on. */
static enum command_result use_piece(struct transfer *transfer, struct piece *piece)
{
    enum command_result result = COMMAND_DONE;
    const struct block_request *request = &piece->parcel->block;

    piece->is_asked = false;
    if (request->status != BLOCK_OK) {
        progress_end(&transfer->progress);
        return block_fail(request);
    }
    transfer->current = piece;
    if (transfer->piece)
        result = transfer->piece(transfer->context, piece->lba, piece->sector_count,
                                 transfer->operation == BLOCK_VERIFY ? NULL : piece->parcel->data);
    if (result == COMMAND_DONE)
        transfer->bytes_done += piece->sector_count * transfer->range.device->sector_size;
    return result;
}

static enum command_result stopped(const struct transfer *transfer)
{
    char done[SIZE_TEXT_CAPACITY], total[SIZE_TEXT_CAPACITY];

    size_format(transfer->bytes_done, done, sizeof done);
    size_format(transfer->progress.total_bytes, total, sizeof total);
    return command_fail("Stopped by Ctrl-C after %s of %s.", done, total);
}

enum command_result transfer_write(struct transfer *transfer, const struct block_request *target)
{
    struct parcel *parcel = transfer->current->parcel;

    parcel->block = *target;
    parcel->block.operation = BLOCK_WRITE;
    parcel->block.buffer = parcel->data;
    parcel_submit_block(parcel);
    if (end_piece(transfer->current) && parcel->block.status == BLOCK_OK)
        return COMMAND_DONE;
    progress_end(&transfer->progress);
    if (!transfer->current->parcel || parcel->block.status == BLOCK_CANCELLED)
        return stopped(transfer);
    return block_fail(&parcel->block);
}

/* What is still at the device after the end came early. What nobody else has to look at counts as
 * done. */
static void drain(struct transfer *transfer, struct piece *piece)
{
    if (piece->is_asked && end_piece(piece) && piece->parcel->block.status == BLOCK_OK &&
        !transfer->piece)
        transfer->bytes_done += piece->sector_count * transfer->range.device->sector_size;
}

enum command_result transfer_run(struct transfer *transfer)
{
    uint64_t taken = 0;
    uint64_t total_bytes = transfer->range.sector_count * transfer->range.device->sector_size;
    enum command_result result = COMMAND_DONE;
    unsigned turn = 0;

    transfer->bytes_done = 0;
    for (unsigned i = 0; i < 2; i++)
        if (!transfer_buffer(i))
            return COMMAND_FAILED;
    progress_begin(&transfer->progress, transfer->what ? transfer->what : "", total_bytes);
    for (unsigned i = 0; i < 2; i++)
        if (next_piece(transfer, &taken, &pieces[i]))
            submit(transfer, &pieces[i]);
    while (pieces[turn].is_asked && parcel_wait(pieces[turn].parcel)) {
        struct piece *piece = &pieces[turn];
        result = use_piece(transfer, piece);
        if (result != COMMAND_DONE || shell_is_stopped())
            break;
        if (next_piece(transfer, &taken, piece))
            submit(transfer, piece);
        if (transfer->what)
            progress_update(&transfer->progress, transfer->bytes_done);
        turn ^= 1;
    }
    for (unsigned i = 0; i < 2; i++)
        drain(transfer, &pieces[(turn + i) % 2]);
    progress_end(&transfer->progress);
    progress_summary(&transfer->progress, transfer->bytes_done, transfer->summary);
    if (result == COMMAND_DONE && transfer->bytes_done < total_bytes)
        return stopped(transfer);
    return result;
}
