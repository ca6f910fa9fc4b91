/* SPDX-License-Identifier: MIT */
/*
 * Checks of block requests that the shell cannot make: buffers of every alignment and layout,
 * lengths that no caller should ask for, many requests at once. Disk 0 is read and written (a
 * scratch image, or QEMU's snapshot mode).
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/irb_names.h"
#include "port/objects.h"
#include "port/parcel.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#define PLAN          34u
#define BUFFERS_PLAN  19u
#define PIECE_PAGES   40u
#define PIECE_SECTORS 256u
#define LONG_SECTORS  2048u

static struct device *disk;
static uint8_t *reference; /* the first LONG_SECTORS sectors, read page-aligned in small pieces */

static bool same_as_reference(const void *buffer, uint64_t lba, uint64_t sectors)
{
    return memcmp(buffer, reference + lba * 512, sectors * 512) == 0;
}

static enum block_status read_to(void *buffer, uint64_t lba, uint64_t sectors)
{
    return block_transfer(disk, BLOCK_READ, lba, sectors, buffer);
}

/* ------------------------------------------------------------------ alignment and layout */

static void test_alignment(uint8_t *buffer)
{
    bool same = true;
    for (unsigned offset = 0; offset < 8; offset++) {
        memset(buffer, 0x5A, 0x3000);
        same &= read_to(buffer + offset, 3, 8) == BLOCK_OK;
        same &= same_as_reference(buffer + offset, 3, 8);
        same &= (offset == 0 || buffer[offset - 1] == 0x5A) && buffer[offset + 4096] == 0x5A;
    }
    guest_ok(same, "reads at all offsets modulo 8, nothing written outside the buffer");
    same = read_to(buffer + 4095, 0, 1) == BLOCK_OK && same_as_reference(buffer + 4095, 0, 1);
    /* EDGE: 77 */
    guest_ok(same, "a read into a buffer across two pages at an odd address");
}

/* Maps pages in reverse order, so that no two neighbours are physically contiguous. */
static uint8_t *scattered_window(uint8_t *pages)
{
    uint8_t *window = hal_window_reserve(PIECE_PAGES);
    for (unsigned i = 0; window && i < PIECE_PAGES; i++)
        if (!hal_map(window + i * HAL_PAGE_SIZE,
                     hal_physical(pages + (PIECE_PAGES - 1 - i) * HAL_PAGE_SIZE), 1, HAL_MAP_WRITE))
            return NULL;
    return window;
}

static void test_layout(uint8_t *pages)
{
    uint8_t *window = scattered_window(pages);
    if (!guest_ok(window != NULL, "a window of scattered pages"))
        return;
    GUEST_CHECK(read_to(window, 0, PIECE_SECTORS), ==, BLOCK_OK, "128 KiB into scattered pages");
    guest_ok(same_as_reference(window, 0, PIECE_SECTORS), "the data is right");
    memset(window, 0, PIECE_PAGES * HAL_PAGE_SIZE);
    /* EDGE: 117 */
    GUEST_CHECK(read_to(window + 514, 1, PIECE_SECTORS), ==, BLOCK_OK,
                "128 KiB into scattered pages, 33 of them");
    guest_ok(same_as_reference(window + 514, 1, PIECE_SECTORS), "the data is right");
    memset(window, 0, PIECE_PAGES * HAL_PAGE_SIZE);
    GUEST_CHECK(read_to(window + 1, 5, PIECE_SECTORS), ==, BLOCK_OK, "the same at an odd address");
    guest_ok(same_as_reference(window + 1, 5, PIECE_SECTORS), "the data is right");
    hal_unmap(window + 8 * HAL_PAGE_SIZE, 1);
    GUEST_CHECK(read_to(window, 0, PIECE_SECTORS), ==, BLOCK_BAD_BUFFER, "a hole in the buffer");
    hal_unmap(window, PIECE_PAGES);
}

/* ------------------------------------------------------------------ segments */

#define SEGMENTS 80u
static struct segment segments[SEGMENTS];
static unsigned segment_count;

static void add_segment(uint8_t *at, uint32_t byte_count)
{
    segments[segment_count++] = (struct segment){at, byte_count};
}

/* Pages from the last one to the first, which is begun and ended in its middle. */
static void take_pages(uint8_t *pages, unsigned count)
{
    segment_count = 0;
    add_segment(pages + count * HAL_PAGE_SIZE - 512, 512);
    for (unsigned i = count - 1; i-- > 1;)
        add_segment(pages + i * HAL_PAGE_SIZE, HAL_PAGE_SIZE);
    add_segment(pages, 512);
}

/* Bytes that begin and end anywhere, an empty one, and at last one that is too long. */
static void take_bytes(uint8_t *pages, unsigned count)
{
    segment_count = 0;
    add_segment(pages, 0);
    for (unsigned i = count - 1; i-- > 1;)
        add_segment(pages + i * HAL_PAGE_SIZE + i, i * 67);
    add_segment(pages + count * HAL_PAGE_SIZE, 8 * HAL_PAGE_SIZE);
}

static uint64_t segment_sectors(void)
{
    uint64_t byte_count = 0;
    for (unsigned i = 0; i < segment_count; i++)
        byte_count += segments[i].byte_count;
    return byte_count / 512;
}

/* The first bytes of the segments are those of the reference, all others FILLED. */
#define FILLED 0x5A
static bool are_like_reference(const uint8_t *pages, size_t page_count, uint64_t lba,
                               uint64_t sectors)
{
    static uint8_t expected[SEGMENTS * HAL_PAGE_SIZE];
    uint64_t left = sectors * 512;

    memset(expected, FILLED, page_count * HAL_PAGE_SIZE);
    for (unsigned i = 0; i < segment_count; i++) {
        uint64_t part = segments[i].byte_count < left ? segments[i].byte_count : left;
        memcpy(expected + ((uint8_t *)segments[i].at - pages),
               reference + (lba + sectors) * 512 - left, part);
        left -= part;
    }
    return memcmp(pages, expected, page_count * HAL_PAGE_SIZE) == 0;
}

static bool run_segments(enum block_operation operation, uint64_t lba, uint64_t sectors)
{
    struct block_request block = {.device = disk,
                                  .operation = operation,
                                  .lba = lba,
                                  .sector_count = sectors,
                                  .segments = segments,
                                  .segment_count = segment_count};
    return block_run(&block) == BLOCK_OK && block.sectors_done == sectors;
}

static bool reads_segments(uint8_t *pages, size_t page_count, uint64_t lba, uint64_t sectors)
{
    memset(pages, FILLED, page_count * HAL_PAGE_SIZE);
    return run_segments(BLOCK_READ, lba, sectors) &&
           are_like_reference(pages, page_count, lba, sectors);
}

/* What they hold is written in the place of the same, so the disk stays as it is. */
static bool writes_segments(uint64_t lba, uint64_t sectors)
{
    uint64_t changed = lba + sectors - 1;
    static uint8_t sector[512];

    memset(sector, FILLED, sizeof sector);
    return block_transfer(disk, BLOCK_WRITE, changed, 1, sector) == BLOCK_OK &&
           run_segments(BLOCK_WRITE, lba, sectors) && read_to(sector, changed, 1) == BLOCK_OK &&
           same_as_reference(sector, changed, 1) && read_to(sector, lba, 1) == BLOCK_OK &&
           same_as_reference(sector, lba, 1);
}

static void test_segments(uint8_t *pages, bool may_write)
{
    const size_t page_count = 72;

    take_pages(pages, 9);
    guest_ok(reads_segments(pages, 9, 3, segment_sectors()), "pages in another order, in one");
    guest_ok(!may_write || writes_segments(3, segment_sectors()), "and written from there");
    take_pages(pages, page_count);
    guest_ok(reads_segments(pages, page_count, 11, segment_sectors()),
             "more of them than a command takes");
    guest_ok(!may_write || writes_segments(11, segment_sectors()), "and written from there");
    take_bytes(pages, 64);
    guest_ok(reads_segments(pages, page_count, 7, 300),
             "segments of any length, anywhere, for several commands");
    guest_ok(!may_write || writes_segments(7, 300), "and written from there");
}

static void test_bad_segments(uint8_t *pages)
{
    struct block_request block = {.device = disk, .sector_count = 4, .segments = segments};

    segment_count = 0;
    add_segment(pages, 1024);
    add_segment(pages + HAL_PAGE_SIZE, 1023);
    block.segment_count = segment_count;
    GUEST_CHECK(block_run(&block), ==, BLOCK_BAD_BUFFER, "segments that are a byte too short");
    segments[1] = (struct segment){(void *)0x10, 1024};
    GUEST_CHECK(block_run(&block), ==, BLOCK_BAD_BUFFER, "one of them is nowhere");
}

static void test_long(uint8_t *buffer)
{
    /* EDGE: 75 */
    GUEST_CHECK(read_to(buffer, 0, LONG_SECTORS), ==, BLOCK_OK,
                "1 MiB in one request: eight commands");
    guest_ok(same_as_reference(buffer, 0, LONG_SECTORS), "the data is right");
}

/* ------------------------------------------------------------------ bad requests */

static void test_bad_requests(uint8_t *buffer)
{
    uint64_t end = disk->sector_count;
    GUEST_CHECK(read_to(buffer, end, 1), ==, BLOCK_OUT_OF_RANGE, "one sector beyond the end");
    GUEST_CHECK(read_to(buffer, end - 1, 2), ==, BLOCK_OUT_OF_RANGE, "across the end");
    GUEST_CHECK(read_to(buffer, end - 1, 1), ==, BLOCK_OK, "the last sector");
    /* EDGE: 85 */
    GUEST_CHECK(read_to(buffer, UINT64_MAX, 2), ==, BLOCK_OUT_OF_RANGE, "a sum that overflows");
    GUEST_CHECK(read_to(buffer, 0, 0), ==, BLOCK_BAD_LENGTH, "no sectors");
    GUEST_CHECK(read_to(NULL, 0, 1), ==, BLOCK_BAD_BUFFER, "no buffer");
}

/* Lengths that the block layer never sends go straight to the miniport: it must refuse them, or say
 * how much it moved, and never write beyond the buffer. */
static void test_odd_lengths(uint8_t *buffer)
{
    static const uint32_t lengths[] = {0, 1, 511, 513, 1023};
    bool good = true;
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct request request = {
            .device = disk,
            .function = IRB_FUNCTION_ATA_READ,
            .flags = IRB_FLAGS_DATA_IN,
            .timeout_s = 3,
            .buffer = buffer,
            .byte_count = lengths[i],
        };
        request.task_file.Current.bCommandReg = IDE_COMMAND_READ_DMA;
        request.task_file.Current.bSectorCountReg = (UCHAR)((lengths[i] + 511) / 512);
        request.task_file.Current.bDriveHeadReg = 0xE0;
        memset(buffer, 0x5A, 2048);
        request_run(&request);
        bool inside = true;
        for (unsigned at = lengths[i]; at < 2048; at++)
            inside &= buffer[at] == 0x5A;
        if (!inside || request.irb_status == IRB_STATUS_SUCCESS) {
            hal_printf("# %u bytes: status %s, %s\n", lengths[i],
                       irb_status_name(request.irb_status), inside ? "inside" : "OUTSIDE");
            good = false;
        }
    }
    /* EDGE: 119, 219 */
    guest_ok(good, "lengths that are no whole sectors are refused, and nothing is written outside");
}

/* ------------------------------------------------------------------ many at once */

#define MANY 32u
static struct block_request many[MANY];
static unsigned finished;
static bool all_finished;

static void one_finished(struct block_request *request)
{
    (void)request;
    all_finished = ++finished == MANY;
}

static void test_many(uint8_t *buffer)
{
    bool good = true;
    finished = 0;
    all_finished = false;
    for (unsigned i = 0; i < MANY; i++) {
        many[i] = (struct block_request){.device = disk,
                                         .operation = BLOCK_READ,
                                         .lba = i * 7,
                                         .sector_count = 4,
                                         .buffer = buffer + i * 2048,
                                         .callback = one_finished};
        block_submit(&many[i]);
    }
    irql_wait(&all_finished);
    for (unsigned i = 0; i < MANY; i++)
        good &= many[i].status == BLOCK_OK && same_as_reference(many[i].buffer, i * 7, 4);
    guest_ok(good, "32 requests queued at once all end with the right data");
}

/* ------------------------------------------------------------------ writes, stop and start */

static void test_write(uint8_t *buffer)
{
    for (unsigned i = 0; i < 1024; i++)
        buffer[1 + i] = (uint8_t)(i * 7 + i / 256);
    GUEST_CHECK(block_transfer(disk, BLOCK_WRITE, 100, 2, buffer + 1), ==, BLOCK_OK,
                "a write from an odd address");
    memset(buffer + 8192, 0, 1024);
    bool same =
        read_to(buffer + 8192, 100, 2) == BLOCK_OK && memcmp(buffer + 1, buffer + 8192, 1024) == 0;
    guest_ok(same, "reads back what was written");
    GUEST_CHECK(block_transfer(disk, BLOCK_WRITE, 100, 2, reference + 100 * 512), ==, BLOCK_OK,
                "the old sectors are put back");
}

static void test_stop(uint8_t *buffer)
{
    struct channel *channel = disk->channel;
    channel_stop(channel);
    GUEST_CHECK(read_to(buffer, 0, 1), ==, BLOCK_DEVICE_GONE, "a stopped channel takes no request");
    bool again = channel_start(channel) && read_to(buffer, 0, 8) == BLOCK_OK &&
                 same_as_reference(buffer, 0, 8);
    guest_ok(again, "a channel that was started again does");
}

/* Reads the reference. NULL: it said that it could not. */
static uint8_t *prepare(void)
{
    uint8_t *buffer = hal_pages_alloc(LONG_SECTORS * 512 / HAL_PAGE_SIZE, UINT64_MAX);
    reference = hal_pages_alloc(LONG_SECTORS * 512 / HAL_PAGE_SIZE, UINT64_MAX);
    disk = port_device_by_name("0");
    bool ready = disk && buffer && reference;
    for (uint64_t lba = 0; ready && lba < LONG_SECTORS; lba += 8)
        ready = read_to(reference + lba * 512, lba, 8) == BLOCK_OK;
    return guest_ok(ready, "disk 0 can be read") ? buffer : NULL;
}

/* What any driver must cope with. */
void guest_test_buffers(void)
{
    guest_plan(BUFFERS_PLAN);
    uint8_t *buffer = prepare();
    if (!buffer)
        return;
    test_alignment(buffer);
    test_layout(buffer);
    test_segments(buffer, false);
    test_long(buffer);
}

void guest_test_block(void)
{
    guest_plan(PLAN);
    uint8_t *buffer = prepare();
    if (!buffer)
        return;
    test_alignment(buffer);
    test_layout(buffer);
    test_segments(buffer, true);
    test_bad_segments(buffer);
    test_long(buffer);
    test_bad_requests(buffer);
    test_odd_lengths(buffer);
    test_many(buffer);
    test_write(buffer);
    test_stop(buffer);
}
