/* SPDX-License-Identifier: MIT */
/* The conformance suite's guest tests about data: reads, writes, large addresses, dump mode. */
#include <string.h>

#include "port/block.h"
#include "port/objects.h"
#include "tests/guest/conformance.h"

#define REFERENCE_SECTORS 1024u
#define WINDOW_PAGES      40u

/* The first sectors of the disk, read one by one; the host knows whether they are right. */
static uint8_t *reference;
static uint8_t *buffer;

static struct device *prepare(void)
{
    struct device *disk = conf_need_disk(0);
    bool good = true;

    buffer = hal_pages_alloc(CONF_BUFFER_BYTES / HAL_PAGE_SIZE, UINT64_MAX);
    reference = hal_pages_alloc(REFERENCE_SECTORS * 512 / HAL_PAGE_SIZE, UINT64_MAX);
    if (!disk || !conf_ok(buffer && reference, "memory"))
        return NULL;
    for (unsigned lba = 0; good && lba < REFERENCE_SECTORS; lba++)
        good = conf_transfer(disk, BLOCK_READ, lba, 1, reference + lba * 512);
    if (!conf_ok(good, "%u sectors, one by one", REFERENCE_SECTORS))
        return NULL;
    conf_digest(disk, 0, REFERENCE_SECTORS, reference);
    return disk;
}

/* A read to an address, compared with the reference; the bytes around must stay as they are. */
static bool read_is_right(struct device *disk, uint64_t lba, uint32_t sectors, uint8_t *at)
{
    uint32_t byte_count = sectors * 512, first = 0;

    memset(at, 0xA5, byte_count);
    at[-1] = at[byte_count] = 0x5A;
    if (!conf_transfer(disk, BLOCK_READ, lba, sectors, at))
        return false;
    while (first < byte_count && at[first] == reference[lba * 512 + first])
        first++;
    if (first < byte_count)
        conf_note("read of %u sectors at %llu to %p: byte %u of sector %llu is %02x, not %02x",
                  sectors, (unsigned long long)lba, (void *)at, first % 512,
                  (unsigned long long)lba + first / 512, at[first], reference[lba * 512 + first]);
    if (at[-1] != 0x5A || at[byte_count] != 0x5A)
        conf_note("read of %u sectors at %llu to %p: a byte %s the buffer was written", sectors,
                  (unsigned long long)lba, (void *)at, at[-1] != 0x5A ? "before" : "behind");
    return first == byte_count && at[-1] == 0x5A && at[byte_count] == 0x5A;
}

static void test_sizes(struct device *disk)
{
    static const uint16_t sizes[] = {1,  2,  3,  7,  8,   9,   15,  16,  17,  31,
                                     32, 63, 64, 65, 127, 128, 129, 255, 256, 257};
    bool good = true;
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        good &= read_is_right(disk, i * 3, sizes[i], buffer + 4096);
    conf_ok(good, "reads of 1 to 257 sectors");
    conf_ok(read_is_right(disk, 0, REFERENCE_SECTORS, buffer + 4096), "512 KiB in one request");
}

static void test_addresses(struct device *disk)
{
    bool good = true;
    for (unsigned offset = 1; offset <= 9; offset++)
        good &= read_is_right(disk, 5, 9, buffer + 4096 + offset);
    conf_ok(good, "reads to all addresses modulo 8");
    good = read_is_right(disk, 1, 1, buffer + 8191) && read_is_right(disk, 2, 20, buffer + 8190) &&
           read_is_right(disk, 3, 8, buffer + 0x10000 - 2048);
    conf_ok(good, "reads to addresses across pages, and across 64 KiB");
}

/* Maps pages in reverse order, so that no two neighbours are physically contiguous. */
static void test_scattered(struct device *disk)
{
    uint8_t *window = hal_window_reserve(WINDOW_PAGES);
    bool good = window != NULL;
    for (unsigned i = 0; good && i < WINDOW_PAGES; i++)
        good = hal_map(window + i * HAL_PAGE_SIZE,
                       hal_physical(buffer + (WINDOW_PAGES - 1 - i) * HAL_PAGE_SIZE), 1,
                       HAL_MAP_WRITE);
    if (!conf_ok(good, "a buffer of scattered pages"))
        return;
    good = read_is_right(disk, 0, 256, window + HAL_PAGE_SIZE) &&
           read_is_right(disk, 9, 256, window + HAL_PAGE_SIZE + 514) &&
           read_is_right(disk, 77, 256, window + HAL_PAGE_SIZE + 1) &&
           read_is_right(disk, 11, 8, window + 3 * HAL_PAGE_SIZE - 512);
    conf_ok(good, "128 KiB and less into scattered pages, aligned and not");
    hal_unmap(window, WINDOW_PAGES);
}

#define MANY 32u
static struct block_request many[MANY];
static unsigned many_left;
static bool many_done;

static void one_is_done(struct block_request *block)
{
    (void)block;
    many_done = --many_left == 0;
}

/* Where a request's data lies, `odd` bytes behind what any controller accepts. */
static uint8_t *place_of_many(unsigned i, unsigned odd)
{
    return buffer + i * (8192 + 8) + odd;
}

/* Submits all, then waits. None comes back before all are submitted, so the driver has as many as
 * it takes. */
static void run_many(struct device *disk)
{
    const struct channel *channel = disk->channel;
    unsigned limit = device_request_limit(disk), most = limit < MANY ? limit : MANY;

    many_left = MANY;
    many_done = false;
    enum irql level = irql_raise_dispatch();
    for (unsigned i = 0; i < MANY; i++) {
        many[i].callback = one_is_done;
        block_submit(&many[i]);
    }
    unsigned outstanding = channel->irbs.outstanding;
    irql_lower(level);
    irql_wait(&many_done);
    if (!conf_ok(outstanding == most, "of %u requests the driver has %u at once, as it says", MANY,
                 most))
        conf_note("it had %u", outstanding);
}

static void test_many_reads(struct device *disk, unsigned odd)
{
    bool good = true;
    for (unsigned i = 0; i < MANY; i++)
        many[i] = (struct block_request){.device = disk,
                                         .operation = BLOCK_READ,
                                         .lba = (i * 37) % 1000,
                                         .sector_count = 1 + i % 8,
                                         .buffer = place_of_many(i, odd)};
    run_many(disk);
    for (unsigned i = 0; i < MANY; i++) {
        bool right =
            many[i].status == BLOCK_OK && memcmp(many[i].buffer, reference + many[i].lba * 512,
                                                 (size_t)many[i].sector_count * 512) == 0;
        if (many[i].status != BLOCK_OK)
            conf_note_block(&many[i]);
        else if (!right)
            conf_note("request %u, %llu sectors at %llu: the data is another's", i,
                      (unsigned long long)many[i].sector_count, (unsigned long long)many[i].lba);
        good &= right;
    }
    conf_ok(good, "%u reads at once, each with its own data%s", MANY,
            odd ? ", at odd addresses" : "");
}

void conf_read(void)
{
    struct device *disk = prepare();
    if (!disk)
        return;
    uint64_t end = disk->sector_count;
    test_sizes(disk);
    test_addresses(disk);
    test_scattered(disk);
    test_many_reads(disk, 0);
    test_many_reads(disk, 1);
    conf_ok(conf_transfer(disk, BLOCK_READ, end - 1, 1, buffer), "the last sector");
    conf_digest(disk, end - 1, 1, buffer);
    conf_ok(conf_transfer(disk, BLOCK_READ, end - 300, 300, buffer), "the last 300 sectors");
    conf_digest(disk, end - 300, 300, buffer);
    conf_ok(block_transfer(disk, BLOCK_READ, end, 1, buffer) == BLOCK_OUT_OF_RANGE &&
                block_transfer(disk, BLOCK_READ, end - 1, 2, buffer) == BLOCK_OUT_OF_RANGE,
            "beyond the last sector nothing is read");
    struct block_request verify = {
        .device = disk, .operation = BLOCK_VERIFY, .lba = 0, .sector_count = 1000};
    if (block_run(&verify) != BLOCK_OK && verify.request.irb_status == IRB_STATUS_INVALID_REQUEST)
        conf_skip("READ VERIFY", "the driver refuses the command");
    else if (!conf_ok(verify.status == BLOCK_OK, "READ VERIFY, a command without data"))
        conf_note_block(&verify);
    for (unsigned number = 1; number < 4; number++) {
        struct device *other = conf_disk(number);
        if (!other)
            continue;
        conf_ok(conf_transfer(other, BLOCK_READ, 0, 512, buffer), "another disk, CONF%u", number);
        conf_digest(other, 0, 512, buffer);
        conf_ok(read_is_right(disk, 1, 2, buffer + 1024), "and the first one again");
    }
}

/* ------------------------------------------------------------------ writes */

/* Writes random bytes from an address, and tells the host what should be there. */
static bool write_and_tell(struct device *disk, uint64_t lba, uint32_t sectors, uint8_t *from,
                           uint32_t seed)
{
    conf_fill(from, (size_t)sectors * 512, seed);
    if (!conf_transfer(disk, BLOCK_WRITE, lba, sectors, from))
        return false;
    conf_digest(disk, lba, sectors, from);
    return true;
}

static bool flush(struct device *disk)
{
    struct block_request block = {.device = disk, .operation = BLOCK_FLUSH};
    if (block_run(&block) != BLOCK_OK && block.request.irb_status == IRB_STATUS_INVALID_REQUEST) {
        conf_skip("a flush", "the driver refuses the command");
        return true;
    }
    if (!conf_ok(block.status == BLOCK_OK, "a flush"))
        conf_note_block(&block);
    return block.status == BLOCK_OK;
}

static void test_many_writes(struct device *disk, unsigned odd)
{
    bool good = true;
    for (unsigned i = 0; i < MANY; i++) {
        uint8_t *at = place_of_many(i, odd);
        many[i] = (struct block_request){.device = disk,
                                         .operation = i % 4 == 3 ? BLOCK_READ : BLOCK_WRITE,
                                         .lba = i % 4 == 3 ? i : 8000 + i * 8,
                                         .sector_count = 1 + i % 8,
                                         .buffer = at};
        conf_fill(at, 4096, 1000 + i);
    }
    run_many(disk);
    for (unsigned i = 0; i < MANY; i++) {
        bool right = many[i].status == BLOCK_OK;
        if (!right)
            conf_note_block(&many[i]);
        else if (many[i].operation == BLOCK_WRITE)
            conf_digest(disk, many[i].lba, many[i].sector_count, many[i].buffer);
        else
            right = memcmp(many[i].buffer, reference + many[i].lba * 512,
                           (size_t)many[i].sector_count * 512) == 0;
        good &= right;
    }
    conf_ok(good, "%u writes and reads at once%s", MANY, odd ? ", at odd addresses" : "");
}

void conf_write(void)
{
    static const uint16_t sizes[] = {1, 2, 3, 8, 15, 16, 17, 64, 127, 255, 256, 257};
    struct device *disk = prepare();
    bool good = true;

    if (!disk)
        return;
    if (!conf_writes(disk)) {
        conf_skip("writes", "the driver ends them with IRB_STATUS_INVALID_REQUEST");
        flush(disk);
        return;
    }
    uint64_t lba = REFERENCE_SECTORS;
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++, lba += 260)
        good &= write_and_tell(disk, lba, sizes[i], buffer + i % 3 + 4096 * (i % 2), i);
    conf_ok(good, "writes of 1 to 257 sectors, from all kinds of addresses");
    test_many_writes(disk, 0);
    test_many_writes(disk, 1);
    conf_ok(write_and_tell(disk, disk->sector_count - 1, 1, buffer, 99), "the last sector");
    conf_ok(write_and_tell(disk, 5000, 1024, buffer, 98), "512 KiB in one request");
    conf_fill(buffer, 512 * 1024, 98);
    memset(buffer + (1u << 20), 0, 512 * 1024);
    good = conf_transfer(disk, BLOCK_READ, 5000, 1024, buffer + (1u << 20));
    conf_ok(good && memcmp(buffer, buffer + (1u << 20), 512 * 1024) == 0, "are read back");
    flush(disk);
    conf_ok(read_is_right(disk, 0, 200, buffer + 4096), "what was not written is as it was");
}

/* ------------------------------------------------------------------ large addresses */

/* The host has put data around these places: tests/conformance/addresses.t. */
void conf_addresses(void)
{
    const uint64_t limit = 1ull << 28;
    struct device *disk = conf_need_disk(0);

    buffer = hal_pages_alloc(CONF_BUFFER_BYTES / HAL_PAGE_SIZE, UINT64_MAX);
    if (!disk || !conf_ok(buffer != NULL, "memory"))
        return;
    conf_ok(conf_transfer(disk, BLOCK_READ, limit - 600, 300, buffer),
            "near the end of what 28 bits address");
    conf_digest(disk, limit - 600, 300, buffer);
    if (disk->sector_count <= limit) {
        conf_skip("beyond 2^28 sectors", "the driver has limited the disk to %llu sectors",
                  (unsigned long long)disk->sector_count);
        return;
    }
    uint64_t end = disk->sector_count;
    if (conf_writes(disk)) {
        conf_ok(write_and_tell(disk, limit - 1, 4, buffer, 1),
                "a write across the end of what 28 bits address");
        conf_ok(write_and_tell(disk, end - 1, 1, buffer, 2), "a write of the last sector");
        flush(disk);
    } else {
        conf_skip("writes beyond 2^28 sectors", "the driver does not write");
    }
    conf_ok(conf_transfer(disk, BLOCK_READ, limit - 3, 300, buffer), "a read across it");
    conf_digest(disk, limit - 3, 300, buffer);
    conf_ok(conf_transfer(disk, BLOCK_READ, limit + 5, 1, buffer), "beyond it");
    conf_digest(disk, limit + 5, 1, buffer);
    conf_ok(conf_transfer(disk, BLOCK_READ, end - 257, 257, buffer), "the last sectors");
    conf_digest(disk, end - 257, 257, buffer);
}

/* ------------------------------------------------------------------ dump mode */

/* The kernel was started with dump=1. A driver may refuse: AdapterControl or HwControl returns
 * FALSE. */
void conf_dump(void)
{
    struct device *disk = conf_disk(0);
    bool refused = !disk;

    for (unsigned i = 0; i < port_controller_count; i++) {
        const struct controller *controller = &port_controllers[i];
        bool failed = controller->state == CONTROLLER_FAILED;
        for (unsigned c = 0; c < controller->channel_count; c++)
            failed |= controller->channels[c]->state == CHANNEL_FAILED;
        if (conf_is_controller(controller))
            refused &= failed;
    }
    if (refused) {
        conf_skip("dump mode", "the driver refuses IdeModeDump");
        return;
    }
    if (!(disk = prepare()))
        return;
    conf_ok(read_is_right(disk, 3, 200, buffer + 4096), "a long read");
    test_many_reads(disk, 0);
    if (!conf_writes(disk)) {
        conf_skip("writes", "the driver does not write");
        return;
    }
    conf_ok(write_and_tell(disk, 4000, 256, buffer + 4096, 5), "a long write");
    flush(disk);
}
