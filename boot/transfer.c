/* SPDX-License-Identifier: MIT */
/* Long transfers; see transfer.h. */
#include "boot/transfer.h"

#include <string.h>

#include "boot/numbers.h"

/* Sectors of a verify, which moves no data: some 10 ms of a disk's work, so that Ctrl-C is heard.
 */
#define VERIFY_SECTORS 2048u

struct piece {
    struct block_request request;
    uint64_t lba, sector_count;
    bool is_over;  /* set by the callback */
    bool is_asked; /* submitted and not waited for */
};

/* Static: a request must live until its callback, whatever the command does. */
static struct piece pieces[2];
static void *buffers[2];

void *transfer_buffer(unsigned index)
{
    if (!buffers[index])
        buffers[index] = hal_pages_alloc(TRANSFER_BUFFER_BYTES / HAL_PAGE_SIZE, UINT64_MAX);
    if (!buffers[index])
        hal_printf("There is no memory for a buffer of 128 KiB.\n");
    return buffers[index];
}

/* Context: DISPATCH_LEVEL. */
static void piece_over(struct block_request *request)
{
    struct piece *piece = request->context;
    piece->is_over = true;
}

/* Takes the next sectors off the range. False: there are none. */
static bool next_piece(const struct transfer *transfer, uint64_t *taken, struct piece *piece)
{
    const struct range *range = &transfer->range;
    uint64_t most = transfer->operation == BLOCK_VERIFY
                        ? VERIFY_SECTORS
                        : TRANSFER_BUFFER_BYTES / range->device->sector_size;
    uint64_t left = range->sector_count - *taken;

    piece->sector_count = left < most ? left : most;
    piece->lba = range->lba + (transfer->backwards ? left - piece->sector_count : *taken);
    *taken += piece->sector_count;
    return piece->sector_count > 0;
}

static void submit(const struct transfer *transfer, struct piece *piece, void *buffer)
{
    memset(&piece->request, 0, sizeof piece->request);
    piece->request.device = transfer->range.device;
    piece->request.operation = transfer->operation;
    piece->request.lba = piece->lba;
    piece->request.sector_count = piece->sector_count;
    piece->request.buffer = transfer->operation == BLOCK_VERIFY ? NULL : buffer;
    piece->request.callback = piece_over;
    piece->request.context = piece;
    piece->is_over = false;
    piece->is_asked = true;
    block_submit(&piece->request);
}

static void await(struct piece *piece)
{
    if (piece->is_asked)
        irql_wait(&piece->is_over);
    piece->is_asked = false;
}

/* One piece that was asked for: waits, and hands it on. */
static enum command_result finish_piece(struct transfer *transfer, struct piece *piece,
                                        void *buffer)
{
    enum command_result result = COMMAND_DONE;

    await(piece);
    if (piece->request.status != BLOCK_OK) {
        progress_end(&transfer->progress);
        return block_fail(&piece->request);
    }
    if (transfer->piece)
        result = transfer->piece(transfer->context, piece->lba, piece->sector_count,
                                 transfer->operation == BLOCK_VERIFY ? NULL : buffer);
    if (result == COMMAND_DONE)
        transfer->bytes_done += piece->sector_count * transfer->range.device->sector_size;
    return result;
}

/* Waits for what is still at the device after the end came early. What nobody else has to look at
 * counts as done. */
static void drain(struct transfer *transfer, struct piece *piece)
{
    bool was_asked = piece->is_asked;

    await(piece);
    if (was_asked && piece->request.status == BLOCK_OK && !transfer->piece)
        transfer->bytes_done += piece->sector_count * transfer->range.device->sector_size;
}

static enum command_result stopped(const struct transfer *transfer)
{
    char done[SIZE_TEXT_CAPACITY], total[SIZE_TEXT_CAPACITY];

    size_format(transfer->bytes_done, done, sizeof done);
    size_format(transfer->progress.total_bytes, total, sizeof total);
    return command_fail("Stopped by Ctrl-C after %s of %s.", done, total);
}

enum command_result transfer_run(struct transfer *transfer)
{
    uint64_t taken = 0;
    uint64_t total_bytes = transfer->range.sector_count * transfer->range.device->sector_size;
    enum command_result result = COMMAND_DONE;
    bool is_break = false;

    transfer->bytes_done = 0;
    for (unsigned i = 0; i < 2; i++)
        if (!transfer_buffer(i))
            return COMMAND_FAILED;
    progress_begin(&transfer->progress, transfer->what ? transfer->what : "", total_bytes);
    for (unsigned i = 0; i < 2; i++)
        if (next_piece(transfer, &taken, &pieces[i]))
            submit(transfer, &pieces[i], buffers[i]);
    for (unsigned turn = 0; pieces[turn].is_asked && result == COMMAND_DONE && !is_break;
         turn ^= 1) {
        struct piece *piece = &pieces[turn];
        result = finish_piece(transfer, piece, buffers[turn]);
        is_break = shell_take_break();
        if (result == COMMAND_DONE && !is_break && next_piece(transfer, &taken, piece))
            submit(transfer, piece, buffers[turn]);
        if (transfer->what && result == COMMAND_DONE)
            progress_update(&transfer->progress, transfer->bytes_done);
    }
    drain(transfer, &pieces[0]);
    drain(transfer, &pieces[1]);
    progress_end(&transfer->progress);
    progress_summary(&transfer->progress, transfer->bytes_done, transfer->summary);
    if (result == COMMAND_DONE && transfer->bytes_done < total_bytes)
        return stopped(transfer);
    return result;
}
