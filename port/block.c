/* SPDX-License-Identifier: MIT */
/*
 * Block requests: checked, cut into pieces that one command can carry, and handed to the queues;
 * see block.h. Entered at or below DISPATCH_LEVEL.
 *
 * The next piece is sent from the completion of the one before, so a block request needs no memory
 * but its own, and a failure names the sector it happened at.
 */
#include "port/block.h"

#include <string.h>

#include "port/atapi.h"
#include "port/block_order.h"
#include "port/data.h"
#include "port/limits.h"
#include "port/log.h"
#include "port/request/queue.h"
#include "port/sense.h"

/* ------------------------------------------------------------------ task files */

/* ATA/ATAPI-4 6.2: sectors of a track count from 1. */
static __attribute__((noinline)) void set_chs_address(IDEREGISTERS *registers,
                                                      const IDE_DEVICE_PARAMETERS *parameters,
                                                      uint32_t sector, uint32_t count)
{
    if (!count)
        return; /* a flush has no address */
    uint32_t per_track = parameters->Chs.NumSectorsPerTrack, heads = parameters->Chs.NumHeads;
    uint32_t track = sector / per_track;

    registers->bSectorNumberReg = (UCHAR)(sector % per_track + 1);
    registers->bCylLowReg = (UCHAR)(track / heads);
    registers->bCylHighReg = (UCHAR)(track / heads >> 8);
    registers->bDriveHeadReg |= (UCHAR)(track % heads);
}

/* Address and count; the rest is the form's. The sector count is truncated on purpose: 0 stands for
 * 256, or 65,536 (ATA/ATAPI-6 8.34, 8.35). */
static inline void set_lba(struct request *request, uint64_t lba, uint32_t sectors)
{
    IDEREGISTERS *current = &request->task_file.Current, *previous = &request->task_file.Previous;

    current->bSectorCountReg = (UCHAR)sectors;
    current->bSectorNumberReg = (UCHAR)lba;
    current->bCylLowReg = (UCHAR)(lba >> 8);
    current->bCylHighReg = (UCHAR)(lba >> 16);
    if (request->flags & IRB_FLAGS_48BIT) {
        previous->bSectorCountReg = (UCHAR)(sectors >> 8);
        previous->bSectorNumberReg = (UCHAR)(lba >> 24);
        previous->bCylLowReg = (UCHAR)(lba >> 32);
        previous->bCylHighReg = (UCHAR)(lba >> 40);
    } else {
        current->bDriveHeadReg |= (UCHAR)(lba >> 24 & 0xF);
    }
}

static void set_address(struct request *request, const struct device *device, uint64_t lba,
                        uint32_t sectors)
{
    if (device->given.parameters.AddressTranslation != ChsMode) {
        set_lba(request, lba, sectors);
        return;
    }
    request->task_file.Current.bSectorCountReg = (UCHAR)sectors;
    set_chs_address(&request->task_file.Current, &device->given.parameters, (uint32_t)lba, sectors);
}

/* ------------------------------------------------------------------ pieces */

/* The slow way to cut a piece: the buffer is not in one physical run, so the controller's physical
 * breaks limit what one command takes. Returns the sectors; 0: the buffer is not in memory. */
static __attribute__((noinline)) uint32_t sectors_in_breaks(const struct device *device,
                                                            struct request *request)
{
    const IDE_CONTROLLER_CONFIGURATION *controller =
        &device->channel->controller->given.configuration;
    unsigned most = controller->BusMaster ? controller->NumberOfPhysicalBreaks + 1u : UINT32_MAX;

    request->must_bounce = !request_data_joins(request);
    uint32_t fitting = request_data_in_runs(request, request->must_bounce ? UINT32_MAX : most);
    if (fitting >= device->sector_size)
        return fitting / device->sector_size;
    /* One sector in more pieces than the controller takes, or a hole in the buffer. */
    request->must_bounce = true;
    request->byte_count = device->sector_size;
    return request_data_is_mapped(request) ? 1 : 0;
}

/* Decides on the data of the next piece: its sectors, and buffer and length of the request. Returns
 * the sectors; 0: the buffer is not in memory there. */
static uint32_t cut_data(struct block_request *block, uint32_t sectors)
{
    const struct device *device = block->device;
    struct request *request = &block->request;
    const uint32_t byte_count = sectors * device->sector_size;

    request_take_data(request, block->buffer, block->segments,
                      block->sectors_done * device->sector_size, byte_count);
    request->physical = (uintptr_t)request->buffer;
    request->physical_byte_count = byte_count;
    if (!request->in_segments && hal_is_plain(request->buffer, byte_count))
        return sectors;
    request->physical_byte_count = request->in_segments ? 0 : byte_count;
    request->physical = memory_physical_run(request->buffer, &request->physical_byte_count);
    if (!request->physical || request->physical_byte_count < byte_count) {
        sectors = sectors_in_breaks(device, request);
        request->byte_count = sectors * device->sector_size;
    }
    return sectors;
}

static void send_next(struct block_request *block);

static __attribute__((noinline)) void finish_in_order(struct block_request *block)
{
    block_order_end(block, send_next);
    block->callback(block);
}

static void finish(struct block_request *block, enum block_status status)
{
    block->status = status;
    if (block_order_is_idle(block->device))
        block->callback(block);
    else
        finish_in_order(block);
}

static void piece_done(struct request *request);
static void through_piece_done(struct request *request);
static void packet_piece_done(struct request *request);

/* The request but its data and address. */
static inline __attribute__((always_inline)) void fill_request(struct block_request *block,
                                                               uint64_t lba, uint32_t sectors)
{
    struct device *device = block->device;
    struct request *request = &block->request;

    block->piece_lba = lba;
    block->piece_sectors = sectors;
    irb_words_copy(&request->form, &device->block.forms[block->operation], sizeof request->form);
    request->device = device;
    request->wants_registers = false;
    request->is_piece = true;
    request->context = block;
}

/* The same for one that may be urgent. */
static void fill_any(struct block_request *block, uint64_t lba, uint32_t sectors)
{
    fill_request(block, lba, sectors);
    if (block->is_urgent)
        block->request.flags |= IRB_FLAGS_HIGH_PRIORITY;
}

/* It is on its way, as soon as its data is known. */
static void send_request(struct block_request *block, uint64_t lba, uint32_t sectors)
{
    struct device *device = block->device;
    struct request *request = &block->request;

    fill_any(block, lba, sectors);
    if (device->kind == DEVICE_ATAPI) {
        request->callback = packet_piece_done;
        atapi_set_address(request, lba, sectors);
    } else {
        request->callback =
            block->operation == BLOCK_WRITE_THROUGH ? through_piece_done : piece_done;
        set_address(request, device, lba, sectors);
    }
    request_send(request);
}

static void send_without_data(struct block_request *block, uint64_t lba, uint32_t sectors)
{
    request_take_no_data(&block->request);
    send_request(block, lba, sectors);
}

/* ACS-2, DATA SET MANAGEMENT: the list of ranges, whose rest is 0 up to a whole block of 512 bytes;
 * the task file has the number of these. */
static void send_trim(struct block_request *block, uint64_t lba, uint32_t sectors)
{
    struct request *request = &block->request;
    IDE_LBA_RANGE *ranges = block->buffer;
    uint32_t count = 0;

    fill_any(block, lba, sectors);
    memset(ranges, 0, block->device->block.trim_bytes);
    for (uint32_t left = sectors, taken; left > 0; left -= taken, lba += taken) {
        taken = left < MAX_IDE_LBA_RANGE_SECTOR_COUNT_VALUE ? left
                                                            : MAX_IDE_LBA_RANGE_SECTOR_COUNT_VALUE;
        ranges[count].StartSector = lba & 0xFFFFFFFFFFFF;
        ranges[count++].SectorCount = taken & 0xFFFF;
    }
    uint32_t byte_count = (count * (uint32_t)sizeof *ranges + 511) & ~511u;
    set_lba(request, 0, byte_count / 512);
    request_take_data(request, ranges, NULL, 0, byte_count);
    request->physical_byte_count = 0;
    request->callback = piece_done;
    block->device->was_written = true;
    request_send(request);
}

static __attribute__((noinline)) void send_next(struct block_request *block)
{
    uint64_t left = block->sector_count - block->sectors_done;
    uint64_t lba = block->lba + block->sectors_done;
    uint32_t most = block->operation == BLOCK_TRIM ? block->device->block.trim_sectors
                                                   : block->device->block.most_sectors;
    uint32_t sectors = left < most ? (uint32_t)left : most;

    block->request.must_bounce = false;
    if (block->operation == BLOCK_TRIM && !most)
        finish(block, BLOCK_UNSUPPORTED); /* any more: does_no_dma */
    else if (block->operation == BLOCK_TRIM)
        send_trim(block, lba, sectors);
    else if (!block_moves_data(block))
        send_without_data(block, lba, sectors);
    else if ((sectors = cut_data(block, sectors)) != 0)
        send_request(block, lba, sectors);
    else
        finish(block, BLOCK_BAD_BUFFER);
}

/* Was a read by DMA refused? Then PIO is used from now on. (A write alone may be refused by a
 * driver that does not write.) Or does the device do no DMA any more (request/fate.c)? */
static __attribute__((cold)) bool does_no_dma(struct block_request *block)
{
    const struct request *request = &block->request;
    struct device *device = block->device;
    UCHAR command = request->task_file.Current.bCommandReg;

    if (device->kind != DEVICE_ATA || request->irb_status != IRB_STATUS_INVALID_REQUEST)
        return false;
    if (command != device->block.forms[block->operation].task_file.Current.bCommandReg)
        return true; /* cut in another way than now */
    if (command != IDE_COMMAND_READ_DMA && command != IDE_COMMAND_READ_DMA_EXT)
        return false;
    if (device->given.parameters.TransferModeSelected & DMA_SUPPORT) {
        device_message(device, ": the driver does no DMA for it; PIO is used");
        device->given.parameters.TransferModeSelected &= PIO_SUPPORT;
        block_configure(device);
    }
    return true;
}

static inline bool has_all_moved(const struct request *request)
{
    return __builtin_expect(request->irb_status == IRB_STATUS_SUCCESS &&
                                request->transferred == request->byte_count,
                            1);
}

/* It was not the last one, or has failed. */
static __attribute__((noinline)) void go_on(struct request *request)
{
    struct block_request *block = request->context;

    if (has_all_moved(request)) {
        if (!request->is_cancelled)
            send_next(block);
        else
            finish(block, BLOCK_CANCELLED);
        return;
    }
    if (does_no_dma(block)) {
        send_next(block);
        return;
    }
    if (block_moves_data(block) && request->transferred < request->byte_count)
        block->sectors_done += request->transferred / block->device->sector_size;
    finish(block, block_status_of(request));
}

/* DISPATCH_LEVEL. */
static void piece_done(struct request *request)
{
    struct block_request *block = request->context;

    if (has_all_moved(request)) {
        block->sectors_done += block->piece_sectors;
        block->attempts = 0;
        if (block->sectors_done >= block->sector_count) {
            finish(block, BLOCK_OK);
            return;
        }
    }
    go_on(request);
}

/* Does the command itself force what it writes to the medium? */
static bool is_forced(const struct request *request)
{
    UCHAR command = request->task_file.Current.bCommandReg;
    return command == IDE_COMMAND_WRITE_DMA_FUA_EXT ||
           command == IDE_COMMAND_WRITE_MULTIPLE_FUA_EXT;
}

/* Was such a one refused? Then a flush does it from now on. */
static __attribute__((cold)) bool forces_none(const struct request *request)
{
    struct device *device = request->device;
    USHORT *characteristics = &device->given.parameters.DeviceCharacteristics;

    if (!is_forced(request) || (request->irb_status != IRB_STATUS_INVALID_REQUEST &&
                                (request->irb_status != IRB_STATUS_DEVICE_ERROR ||
                                 !(request->ata_error & IDE_ERROR_COMMAND_ABORTED))))
        return false;
    if (*characteristics & DFLAGS_FUA_SUPPORT) {
        device_message(device, ": it forces no writes; they are flushed");
        *characteristics &= (USHORT)~DFLAGS_FUA_SUPPORT;
        block_configure(device);
    }
    return true;
}

/* The same for a write-through, and the flush that may end it. */
static void through_piece_done(struct request *request)
{
    struct block_request *block = request->context;

    if (request->function == IRB_FUNCTION_ATA_FLUSH) {
        enum block_status status = block_status_of(request);
        if (status != BLOCK_OK)
            block->sectors_done = 0; /* written, but who knows which of them are on the medium */
        finish(block, status);
        return;
    }
    if (forces_none(request)) {
        send_next(block);
        return;
    }
    if (!has_all_moved(request) || is_forced(request) || request->is_cancelled ||
        block->sectors_done + block->piece_sectors < block->sector_count) {
        piece_done(request);
        return;
    }
    block->sectors_done += block->piece_sectors;
    irb_words_copy(&request->form, &block->device->block.forms[BLOCK_FLUSH], sizeof request->form);
    request->flags |= block->is_urgent ? IRB_FLAGS_HIGH_PRIORITY : 0;
    request_take_no_data(request);
    request_send(request);
}

/* The same for a packet device. A piece that succeeded may have been carried out on another medium:
 * then the drive has said so to whoever came first, and the device knows. */
static void packet_piece_done(struct request *request)
{
    struct block_request *block = request->context;
    bool repeats = atapi_should_repeat(request);

    if (block->device->medium_changed && block_status_of(request) != BLOCK_NO_MEDIUM)
        finish(block, BLOCK_MEDIUM_CHANGED);
    else if (repeats && !request->is_cancelled && ++block->attempts < LIMIT_PACKET_ATTEMPTS)
        send_next(block);
    else
        piece_done(request);
}

/* ------------------------------------------------------------------ entry points */

/* A flush, a packet device, or a count of 0. */
static enum block_status check_special(const struct block_request *block)
{
    const struct device *device = block->device;

    if (block->operation == BLOCK_FLUSH)
        return BLOCK_OK;
    if (device->kind == DEVICE_ATAPI) {
        if (block->operation != BLOCK_READ && block->operation != BLOCK_VERIFY)
            return BLOCK_READ_ONLY;
        if (device->sector_count == 0)
            return BLOCK_NO_MEDIUM;
        if (device->medium_changed)
            return BLOCK_MEDIUM_CHANGED;
    }
    return block->sector_count == 0 ? BLOCK_BAD_LENGTH : BLOCK_OK;
}

static enum block_status check(const struct block_request *block)
{
    const struct device *device = block->device;
    uint64_t count = block->sector_count;
    enum block_status status;

    if (!device->usable || !channel_takes_requests(device->channel->state))
        return BLOCK_DEVICE_GONE;
    if ((count == 0 || device->kind == DEVICE_ATAPI) &&
        ((status = check_special(block)) || count == 0))
        return status;
    if (block->operation == BLOCK_TRIM && !device->block.trim_sectors)
        return BLOCK_UNSUPPORTED;
    if (block->lba >= device->sector_count || count > device->sector_count - block->lba)
        return BLOCK_OUT_OF_RANGE;
    if (block_moves_data(block) && block->segments &&
        !segments_hold(block->segments, block->segment_count, count * device->sector_size))
        return BLOCK_BAD_BUFFER;
    /* More than one piece would be found out too late; one is looked at as a whole. */
    if (block_moves_data(block) && count > device->block.most_sectors &&
        count > (UINTPTR_MAX - (uintptr_t)block->buffer) / device->sector_size)
        return BLOCK_BAD_BUFFER;
    return BLOCK_OK;
}

/* Not straight, or there are others that it may have to wait for. */
static __attribute__((noinline)) void submit_any(struct block_request *block)
{
    enum irql level = irql_raise_dispatch();

    block->status = check(block);
    if (block->status != BLOCK_OK)
        block->callback(block);
    else if (block_order_accept(block))
        send_next(block);
    irql_lower(level);
}

/* The straight way, which most requests go: a read of one piece, in one physical run, of a disk
 * with LBA, while nothing is about to be changed. It is what becomes of such a one as of any other,
 * less what would be looked at. (Whether the channel takes requests the queue asks in any case.) */
static inline bool is_straight(const struct block_request *block, uint32_t byte_count)
{
    const struct device *device = block->device;
    const uint64_t count = block->sector_count;

    return count - 1 < device->block.straight_sectors && block->operation == BLOCK_READ &&
           !block->is_urgent && block_order_is_idle(device) && block->lba < device->sector_count &&
           count <= device->sector_count - block->lba && hal_is_plain(block->buffer, byte_count);
}

void block_submit(struct block_request *block)
{
    const uint32_t sectors = (uint32_t)block->sector_count;
    const uint32_t byte_count = sectors * block->device->sector_size;

    block->sectors_done = 0;
    block->attempts = 0;
    block->is_waiting = false;
    if (__builtin_expect(!is_straight(block, byte_count), 0)) {
        submit_any(block);
        return;
    }
    hal_compiler_barrier(); /* what is filled in needs none of the registers that a look takes */
    struct request *request = &block->request;
    request->buffer = block->buffer;
    request->byte_count = request->physical_byte_count = byte_count;
    request->physical = (uintptr_t)block->buffer;
    fill_request(block, block->lba, sectors);
    request->must_bounce = request->in_segments = false;
    request->callback = piece_done;
    set_lba(request, block->lba, sectors);
    request_send(request);
}

void block_cancel(struct block_request *block)
{
    enum irql level = irql_raise_dispatch();

    if (block->is_waiting)
        finish(block, BLOCK_CANCELLED);
    else
        request_cancel(&block->request);
    irql_lower(level);
}
