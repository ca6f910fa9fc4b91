/* SPDX-License-Identifier: MIT */
/*
 * Edge cases of devices (tests/edge-cases.tsv) that QEMU's disks and drives show, by commands that the block layer
 * does not send: they go to the miniport as they are. Disk 0 is a small one of random bytes, disk 1 its slave, disk 2
 * a slave of 3 TiB, and cd0 a CD beside it; tests/guest/run.pl has the row.
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/objects.h"
#include "port/parcel.h"
#include "port/request/timeout.h"
#include "port/resources.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#define PLAN 44u

#define ABORTED 0x04u /* of the Error register */

static struct device *disk, *slave, *big, *cd;
static uint8_t *buffer, *reference; /* of disk 0's first sectors */

#define REFERENCE_SECTORS 64u
#define TAKES_LONG_US     1000000u

/* ------------------------------------------------------------------ commands */

/* A command's registers and data. */
struct task {
    uint8_t opcode, features;
    uint16_t count;
    uint64_t lba;
    uint32_t flags;      /* of the IRB */
    uint32_t byte_count; /* of `buffer` */
};

static void fill_task_file(IDE_TASK_FILE *file, const struct task *task)
{
    IDEREGISTERS *current = &file->Current, *previous = &file->Previous;

    current->bCommandReg = task->opcode;
    current->bFeaturesReg = task->features;
    current->bSectorCountReg = (UCHAR)task->count;
    current->bSectorNumberReg = (UCHAR)task->lba;
    current->bCylLowReg = (UCHAR)(task->lba >> 8);
    current->bCylHighReg = (UCHAR)(task->lba >> 16);
    current->bDriveHeadReg = 0x40;
    if (task->flags & IRB_FLAGS_48BIT) {
        previous->bSectorCountReg = (UCHAR)(task->count >> 8);
        previous->bSectorNumberReg = (UCHAR)(task->lba >> 24);
        previous->bCylLowReg = (UCHAR)(task->lba >> 32);
        previous->bCylHighReg = (UCHAR)(task->lba >> 40);
    } else {
        current->bDriveHeadReg |= (UCHAR)(task->lba >> 24 & 0xF);
    }
}

/* Runs it; *request keeps what came of it, with the registers. */
static uint8_t run_task(struct device *device, struct task task, struct request *request)
{
    bool reads_sectors =
        task.opcode == IDE_COMMAND_READ || task.opcode == IDE_COMMAND_READ_MULTIPLE;

    *request = (struct request){
        .device = device,
        .function = reads_sectors ? IRB_FUNCTION_ATA_READ : IRB_FUNCTION_ATA_COMMAND,
        .flags = task.flags,
        .timeout_s = 10,
        .buffer = task.byte_count ? buffer : NULL,
        .byte_count = task.byte_count,
        .wants_registers = true,
    };
    fill_task_file(&request->task_file, &task);
    request_run(request);
    return request->irb_status;
}

static bool disk_is_read(void)
{
    memset(buffer, 0xA5, 512 * 8);
    return block_transfer(disk, BLOCK_READ, 3, 8, buffer) == BLOCK_OK &&
           memcmp(buffer, reference + 3 * 512, 8 * 512) == 0;
}

/* The device refuses it, soon and with ABRT, and the next command works. */
static bool is_refused(struct device *device, struct task task)
{
    struct request request;
    uint64_t began_us = hal_clock_us();
    bool refused = run_task(device, task, &request) == IRB_STATUS_DEVICE_ERROR &&
                   request.ata_error & ABORTED && hal_clock_us() - began_us < TAKES_LONG_US;

    if (!refused)
        hal_printf(
            "# command %02x, Features %02x: IrbStatus %02x, Status %02x, Error %02x, %u us\n",
            task.opcode, task.features, request.irb_status, request.ata_status, request.ata_error,
            (unsigned)(hal_clock_us() - began_us));
    return refused && disk_is_read();
}

/* ------------------------------------------------------------------ disks */

static void test_refused(void)
{
    static const struct {
        const char *what;
        struct task task;
    } rows[] = {
        /* EDGE: 51, 179 */
        {"NOP", {.opcode = 0x00}},
        {"SET MAX ADDRESS", {.opcode = 0xF9}},
        {"READ LOG EXT",
         {.opcode = 0x2F,
          .count = 1,
          .flags = IRB_FLAGS_DATA_IN | IRB_FLAGS_48BIT,
          .byte_count = 512}},
        {"TRUSTED RECEIVE",
         {.opcode = 0x5C, .count = 1, .flags = IRB_FLAGS_DATA_IN, .byte_count = 512}},
        {"DEVICE CONFIGURATION", {.opcode = 0xB1, .features = 0xC0}},
        /* EDGE: 178 */
        {"SET FEATURES with a code that nobody knows", {.opcode = 0xEF, .features = 0x77}},
        /* EDGE: 65 */
        {"SET MULTIPLE MODE with 3", {.opcode = 0xC6, .count = 3}},
        {"SET MULTIPLE MODE with 32", {.opcode = 0xC6, .count = 32}},
        /* EDGE: 37 */
        {"DEVICE RESET to a disk", {.opcode = 0x08}},
        /* EDGE: 174 */
        {"WRITE DMA FUA EXT",
         {.opcode = 0x3D,
          .count = 1,
          .flags = IRB_FLAGS_DATA_OUT | IRB_FLAGS_48BIT,
          .byte_count = 512}},
        {"SECURITY UNLOCK", {.opcode = 0xF2, .flags = IRB_FLAGS_DATA_OUT, .byte_count = 512}},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        guest_ok(is_refused(disk, rows[i].task), "%s is refused, and the disk goes on",
                 rows[i].what);
    guest_ok(is_refused(
                 cd, (struct task){.opcode = 0xEC, .flags = IRB_FLAGS_DATA_IN, .byte_count = 512}),
             "so is IDENTIFY DEVICE, by a packet device"); /* EDGE: 8 */
}

static void test_multiple(void)
{
    struct request request;
    struct task task = {.opcode = IDE_COMMAND_READ_MULTIPLE,
                        .count = 20,
                        .lba = 5,
                        .flags = IRB_FLAGS_DATA_IN,
                        .byte_count = 20 * 512};

    /* EDGE: 66 */
    bool good = run_task(disk, task, &request) == IRB_STATUS_SUCCESS &&
                memcmp(buffer, reference + 5 * 512, 20 * 512) == 0;
    guest_ok(good, "20 sectors in blocks of 16: the last one is shorter");
    /* EDGE: 64 */
    good =
        run_task(disk, (struct task){.opcode = 0xC6, .count = 0}, &request) == IRB_STATUS_SUCCESS;
    memset(buffer, 0, task.byte_count);
    good = good && run_task(disk, task, &request) == IRB_STATUS_SUCCESS &&
           memcmp(buffer, reference + 5 * 512, 20 * 512) == 0;
    guest_ok(good, "with blocks switched off, too");
    task.opcode = IDE_COMMAND_READ;
    good = true;
    for (unsigned i = 0; i < 3; i++) {
        memset(buffer, 0, task.byte_count);
        good &= run_task(disk, task, &request) == IRB_STATUS_SUCCESS &&
                memcmp(buffer, reference + 5 * 512, 20 * 512) == 0;
        good &= disk_is_read();
    }
    guest_ok(good, "PIO and DMA in turn"); /* EDGE: 120 */
}

static void test_end_of_disk(void)
{
    struct request request;
    struct task task = {.opcode = IDE_COMMAND_READ,
                        .count = 2,
                        .lba = disk->sector_count - 1,
                        .flags = IRB_FLAGS_DATA_IN,
                        .byte_count = 1024};
    const IDEREGISTERS *registers = (const IDEREGISTERS *)request.sense;

    /* EDGE: 74, 86 */
    GUEST_CHECK(run_task(disk, task, &request), ==, IRB_STATUS_DEVICE_ERROR,
                "a read across the disk's end by PIO");
    GUEST_CHECK(request.transferred, ==, 512, "has moved the sector that there is");
    GUEST_CHECK(registers->bSectorNumberReg | registers->bCylLowReg << 8 |
                    registers->bCylHighReg << 16,
                ==, disk->sector_count & 0xFFFFFF, "and the registers name the one that is not");
    /* EDGE: 88 */
    struct block_request verify = {.device = disk,
                                   .operation = BLOCK_VERIFY,
                                   .lba = disk->sector_count - 1,
                                   .sector_count = 2};
    GUEST_CHECK(block_run(&verify), ==, BLOCK_OUT_OF_RANGE,
                "READ VERIFY beyond the end is not sent");
    guest_ok(disk_is_read(), "the disk is read");
}

/* ATA8-ACS: DATA SET MANAGEMENT: 64 entries of 48 bits of address and 16 of count. */
static bool trim(uint64_t lba, uint16_t count)
{
    struct request request;
    struct task task = {.opcode = IDE_COMMAND_DATA_SET_MANAGEMENT,
                        .features = 1,
                        .count = 1,
                        .flags = IRB_FLAGS_DATA_OUT | IRB_FLAGS_48BIT,
                        .byte_count = 512};
    uint64_t entry = lba | (uint64_t)count << 48;

    memset(buffer, 0, 512);
    memcpy(buffer + 8, &entry, sizeof entry); /* behind one of no sectors */
    return run_task(disk, task, &request) == IRB_STATUS_SUCCESS;
}

static void test_trim(void)
{
    /* EDGE: 177 */
    guest_ok(trim(1000, 8), "TRIM, with an entry of no sectors before it");
    guest_ok(!trim(disk->sector_count, 1), "TRIM beyond the end is an error");
    guest_ok(disk_is_read(), "what was not named is as it was");
}

static void test_large(void)
{
    struct request request;
    const IDE_TASK_FILE *results = (const IDE_TASK_FILE *)request.sense;
    const IDEREGISTERS *low = &results->Current, *high = &results->Previous;

    /* EDGE: 78, 92 */
    GUEST_CHECK(big->sector_count, ==, 3ull << 31, "a disk of 3 TiB has all of its sectors");
    /* EDGE: 84 */
    uint8_t status = run_task(big, (struct task){.opcode = 0xF8}, &request);
    guest_ok(status == IRB_STATUS_SUCCESS && low->bSectorNumberReg >= 0xFE &&
                 low->bCylLowReg == 0xFF && low->bCylHighReg == 0xFF &&
                 (low->bDriveHeadReg & 0xF) == 0xF,
             "READ NATIVE MAX ADDRESS of 28 bits knows no more than those");
    /* EDGE: 82 */
    status = run_task(big, (struct task){.opcode = 0x27, .flags = IRB_FLAGS_48BIT}, &request);
    guest_ok(status == IRB_STATUS_SUCCESS && low->bSectorNumberReg == 0xFF &&
                 low->bCylLowReg == 0xFF && low->bCylHighReg == 0xFF &&
                 high->bSectorNumberReg == 0x7F && high->bCylLowReg == 1 && high->bCylHighReg == 0,
             "of 48 bits, it has the high bytes, too");
    /* EDGE: 81 */
    status = run_task(
        big, (struct task){.opcode = 0x42, .lba = 1ull << 32, .flags = IRB_FLAGS_48BIT}, &request);
    GUEST_CHECK(status, ==, IRB_STATUS_SUCCESS, "READ VERIFY EXT with a count of 0");
    /* EDGE: 79 */
    memset(buffer, 0xA5, 1024);
    guest_ok(block_transfer(big, BLOCK_READ, (1ull << 28) - 1, 2, buffer) == BLOCK_OK &&
                 buffer[0] == 0 && buffer[1023] == 0,
             "a read across sector 2^28");
}

static void test_diagnostic(void)
{
    struct request request;

    /* EDGE: 38 */
    GUEST_CHECK(run_task(disk, (struct task){.opcode = 0x90}, &request), ==, IRB_STATUS_SUCCESS,
                "EXECUTE DEVICE DIAGNOSTIC");
    GUEST_CHECK(((const IDEREGISTERS *)request.sense)->bFeaturesReg, ==, 1,
                "its code says that all is well");
    /* EDGE: 34 */
    guest_ok(disk_is_read() && block_transfer(slave, BLOCK_READ, 0, 8, buffer) == BLOCK_OK &&
                 disk_is_read(),
             "and both disks are read, in turn");
}

/* Both channels, each with two devices. */
static void test_reset(void)
{
    bool good = true;

    for (unsigned i = 0; i < 4; i++) {
        struct channel *channel = i % 2 ? cd->channel : disk->channel;
        /* The slave was the last one, or the master. */
        good &= block_transfer(i & 2 ? slave : disk, BLOCK_READ, 0, 1, buffer) == BLOCK_OK;
        enum irql level = irql_raise_dispatch();
        channel_reset(channel);
        irql_lower(level);
        good &= disk_is_read() && block_transfer(slave, BLOCK_READ, 0, 1, buffer) == BLOCK_OK;
        good &= block_transfer(cd, BLOCK_READ, 1, 1, buffer) == BLOCK_OK;
        good &= block_transfer(big, BLOCK_READ, 1, 1, buffer) == BLOCK_OK;
    }
    /* EDGE: 31, 34, 35 */
    guest_ok(good, "after resets all four devices are read");
}

#define PAIR 8u
static struct block_request pair[PAIR];
static unsigned pair_left;
static bool pair_is_over;

static void one_is_over(struct block_request *block)
{
    (void)block;
    pair_is_over = --pair_left == 0;
}

/* Requests for both devices of a channel when it is reset. */
static void test_both(void)
{
    struct device *const devices[2] = {disk, slave};
    bool good = block_transfer(slave, BLOCK_READ, 0, 8, buffer + 0x18000) == BLOCK_OK;

    pair_left = PAIR;
    pair_is_over = false;
    memset(buffer, 0xA5, PAIR * 4096);
    enum irql level = irql_raise_dispatch();
    for (unsigned i = 0; i < PAIR; i++) {
        pair[i] = (struct block_request){.device = devices[i % 2],
                                         .operation = BLOCK_READ,
                                         .sector_count = 8,
                                         .buffer = buffer + i * 4096,
                                         .callback = one_is_over};
        block_submit(&pair[i]);
    }
    channel_reset(disk->channel);
    irql_lower(level);
    irql_wait(&pair_is_over);
    for (unsigned i = 0; i < PAIR; i++)
        good &= pair[i].status == BLOCK_OK &&
                memcmp(pair[i].buffer, i % 2 ? buffer + 0x18000 : reference, 4096) == 0;
    /* EDGE: 166 */
    guest_ok(good, "what both devices had to do when their channel was reset is done again");
}

/* ------------------------------------------------------------------ the controller */

/* Has it a range at a base address register? */
static bool has_bar(const struct controller *controller, unsigned bar)
{
    for (unsigned i = 0; i < controller->given.resources.NumberOfAccessRanges; i++)
        if (controller->given.ranges[i].Bar == bar)
            return true;
    return false;
}

/* PCI IDE Controller Specification 1.0, 3.1: bits 0 and 2 of the programming interface: a channel is in native mode.
 * QEMU: has no such controller; the PIIX3 as if it were one has no base addresses for them. */
static void test_native(void)
{
    static struct controller controller;
    static struct channel channels[2];
    static const struct {
        uint32_t class_code;
        bool is_native[2];
    } rows[] = {{0x010180, {false, false}},
                {0x010181, {true, false}},
                {0x010184, {false, true}},
                {0x010185, {true, true}}};
    bool good = true;

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        controller = *disk->channel->controller;
        controller.class_code = rows[i].class_code;
        controller_find_resources(&controller);
        for (unsigned c = 0; c < 2; c++) {
            channels[c] = *disk->channel;
            channels[c].number = (uint8_t)c;
            channels[c].controller = &controller;
            controller_channel_resources(&controller, &channels[c]);
            good &= has_bar(&controller, 2 * c) != rows[i].is_native[c];
            good &= (channels[c].interrupt.hal.line == 14 + c) != rows[i].is_native[c];
            good &= channels[c].interrupt.hal.level == rows[i].is_native[c];
        }
        good &= controller_is_native(&controller) == (i == 3) && has_bar(&controller, 4);
    }
    /* EDGE: 12 */
    guest_ok(good, "a channel in native mode has neither the old ports nor the old line");
    guest_ok(disk_is_read(), "the disk is read");
}

/* ------------------------------------------------------------------ the CD */

/* A packet without data, or with some. */
static uint8_t run_packet(const char *bytes, uint32_t byte_count, struct request *request)
{
    *request = (struct request){
        .device = cd,
        .function = IRB_FUNCTION_ATAPI_COMMAND,
        .flags = byte_count ? IRB_FLAGS_DATA_IN : 0,
        .cdb_length = 12,
        .timeout_s = 10,
        .buffer = byte_count ? buffer : NULL,
        .byte_count = byte_count,
    };
    memcpy(request->cdb, bytes, 12);
    request_run(request);
    return request->irb_status;
}

static bool fails_with(const char *packet, uint32_t byte_count, unsigned key, unsigned code)
{
    struct request request;
    uint8_t status = run_packet(packet, byte_count, &request);
    bool fails = status == IRB_STATUS_DEVICE_ERROR && request.sense_valid &&
                 (request.sense[2] & 0xF) == key && request.sense[12] == code;

    if (!fails)
        hal_printf("# packet %02x: IrbStatus %02x, sense %u/%02x, Error %02x\n", (UCHAR)packet[0],
                   status, request.sense[2] & 0xF, request.sense[12], request.ata_error);
    return fails && request.ata_error >> 4 == key;
}

static void test_packets(void)
{
    struct request request;

    /* EDGE: 131, 132, 141 */
    guest_ok(fails_with("\x08\0\0\0\1\0\0\0\0\0\0", 2048, 5, 0x20),
             "READ(6) is none of a CD's commands");
    guest_ok(fails_with("\x1A\0\x2A\0\x20\0\0\0\0\0\0", 32, 5, 0x20), "nor MODE SENSE(6)");
    /* EDGE: 140 */
    GUEST_CHECK(run_packet("\x28\0\0\0\0\0\0\0\0\0\0", 0, &request), ==, IRB_STATUS_SUCCESS,
                "READ(10) of no sectors");
    /* EDGE: 128 */
    GUEST_CHECK(run_packet("\x12\0\0\0\xFE\0\0\0\0\0\0", 254, &request), ==,
                IRB_STATUS_DATALENGTH_MISMATCH, "INQUIRY for 254 bytes");
    GUEST_CHECK(request.transferred, ==, 36, "brings 36");
    /* EDGE: 127 */
    memset(buffer, 0x5A, 16);
    guest_ok(run_packet("\x12\0\0\0\5\0\0\0\0\0\0", 5, &request) == IRB_STATUS_SUCCESS &&
                 request.transferred == 5 && buffer[5] == 0x5A,
             "INQUIRY for 5 bytes brings 5");
    /* EDGE: 137 */
    bool locked = run_packet("\x1E\0\0\0\1\0\0\0\0\0\0", 0, &request) == IRB_STATUS_SUCCESS;
    guest_ok(locked && fails_with("\x1B\0\0\0\2\0\0\0\0\0\0", 0, 2, 0x53),
             "a locked tray does not open");
    guest_ok(run_packet("\x1E\0\0\0\0\0\0\0\0\0\0", 0, &request) == IRB_STATUS_SUCCESS &&
                 block_transfer(cd, BLOCK_READ, 0, 1, buffer) == BLOCK_OK,
             "its medium is read");
}

void guest_test_edges(void)
{
    guest_plan(PLAN);
    disk = port_device_by_name("0");
    slave = port_device_by_name("1");
    big = port_device_by_name("2");
    cd = port_device_by_name("cd0");
    buffer = hal_pages_alloc(32, UINT64_MAX);
    reference = guest_first_sectors(disk, REFERENCE_SECTORS);
    if (!guest_ok(disk && slave && big && cd && buffer && reference, "three disks and a CD"))
        return;
    test_refused();
    test_multiple();
    test_end_of_disk();
    test_trim();
    test_large();
    test_diagnostic();
    test_reset();
    test_both();
    test_native();
    test_packets();
}
