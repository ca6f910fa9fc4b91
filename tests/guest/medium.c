/* SPDX-License-Identifier: MIT */
/*
 * Media that change under a request, and what READ CAPACITY may answer. The drive is the puppet, so that the
 * sense data comes at any command of a long read that the test names, and to any of several issuers.
 */
#include <string.h>

#include "port/access/inject.h"
#include "port/block.h"
#include "port/controller.h"
#include "port/limits.h"
#include "port/objects.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define SECTOR  2048u
#define SECTORS 512u /* a read of all of them takes PIECES commands */
#define PIECES  8u
#define ANSWERS 12u

enum sense {
    NO_SENSE,
    CHANGED = 0x628,
    CHANGED_WITHOUT_SENSE = 0x600, /* the key in the Error register, and no more */
    WAS_RESET = 0x629,
    NO_MEDIUM = 0x23A,
    BECOMES_READY = 0x204, /* cause not reportable */
};

static struct {
    enum sense
        script[4]; /* what the next commands that reach the drive are answered, from `at` on */
    unsigned at, next;
    unsigned reads, longest; /* READ(10) commands, and the most sectors of one */
    uint8_t medium;          /* which one is in the drive: every byte of it */
    uint8_t capacity[8], capacity_bytes;
} drive;

/* So many commands find a drive that becomes ready. */
static unsigned left_to_spin_up;

static struct device *cd;
static uint8_t *buffer;

static const uint8_t usual_capacity[8] = {0, 0, (SECTORS - 1) >> 8, (SECTORS - 1) & 0xFF,
                                          0, 0, SECTOR >> 8,        0};

/* ------------------------------------------------------------------ the drive */

static void fail(PIDE_REQUEST_BLOCK irb, enum sense sense)
{
    irb->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    irb->AtaStatus = 0x51;
    irb->AtaError = (UCHAR)(sense >> 8 << 4);
    irb->DataTransferLength = 0;
    if (sense == CHANGED_WITHOUT_SENSE)
        return;
    UCHAR *bytes = irb->SenseInfoBuffer;
    memset(bytes, 0, 18);
    bytes[0] = 0x70;
    bytes[2] = (UCHAR)(sense >> 8);
    bytes[7] = 10;
    bytes[12] = (UCHAR)sense;
    irb->IrbStatus |= IRB_STATUS_AUTOSENSE_VALID;
}

static bool packet(PIDE_REQUEST_BLOCK irb)
{
    if (left_to_spin_up && left_to_spin_up--) {
        fail(irb, BECOMES_READY);
        return true;
    }
    unsigned number = drive.next++;
    unsigned step = number - drive.at;

    if (number >= drive.at && step < sizeof drive.script / sizeof *drive.script &&
        drive.script[step] != NO_SENSE) {
        drive.medium = 2;
        fail(irb, drive.script[step]);
        return true;
    }
    irb->IrbStatus = IRB_STATUS_SUCCESS;
    if (irb->Cdb[0] == 0x25) {
        memcpy(irb->DataBuffer, drive.capacity, drive.capacity_bytes);
        if (irb->DataTransferLength > drive.capacity_bytes)
            irb->IrbStatus = IRB_STATUS_DATALENGTH_MISMATCH;
        irb->DataTransferLength = drive.capacity_bytes;
    } else if (irb->Cdb[0] == 0x28) {
        unsigned sectors = (unsigned)irb->Cdb[7] << 8 | irb->Cdb[8];
        drive.reads++;
        if (sectors > drive.longest)
            drive.longest = sectors;
        memset(irb->DataBuffer, drive.medium, irb->DataTransferLength);
    }
    return true;
}

/* What comes next: the script begins with the at-th command from now on. */
static void play(unsigned at, enum sense first, enum sense second)
{
    memset(drive.script, 0, sizeof drive.script);
    drive.script[0] = first;
    drive.script[1] = second;
    drive.at = at;
    drive.next = drive.reads = drive.longest = 0;
    drive.medium = 1;
}

/* ------------------------------------------------------------------ capacities */

static void test_capacities(void)
{
    static const struct {
        uint32_t last, sector_size;
        uint8_t bytes;
        uint64_t sectors; /* 0: none */
        const char *what;
    } answers[ANSWERS] = {
        {511, 2048, 8, 512, "an ordinary one"},
        {0, 2048, 8, 1, "one sector"},
        {0xFFFFFFFE, 2048, 8, 0xFFFFFFFF, "the largest that there is"},
        {0xFFFFFFFF, 2048, 8, 0, "FFFFFFFFh is none"},
        {511, 512, 8, 512, "sectors of 512 bytes"},
        {511, 2352, 8, 512, "an audio disc's, which stands for 2,048"},
        {511, 0, 8, 0, "sectors of no bytes"},
        {511, 256, 8, 0, "sectors that are too short"},
        {511, 8192, 8, 0, "and too long"},
        {511, 2049, 8, 0, "sectors of an odd length"},
        {511, 2048, 4, 0, "half an answer"},
        {0, 0, 0, 0, "an answer of nothing"},
    };

    for (unsigned i = 0; i < ANSWERS; i++) {
        for (unsigned byte = 0; byte < 4; byte++) {
            drive.capacity[byte] = (uint8_t)(answers[i].last >> (24 - 8 * byte));
            drive.capacity[4 + byte] = (uint8_t)(answers[i].sector_size >> (24 - 8 * byte));
        }
        drive.capacity_bytes = answers[i].bytes;
        enum block_status status = atapi_read_capacity(cd);
        bool is_right = answers[i].sectors
                            ? status == BLOCK_OK && cd->sector_count == answers[i].sectors
                            : status == BLOCK_NO_CAPACITY && cd->sector_count == 0;
        guest_ok(is_right, "%s", answers[i].what);
    }
    memcpy(drive.capacity, usual_capacity, sizeof drive.capacity);
    drive.capacity_bytes = sizeof drive.capacity;
}

/* ------------------------------------------------------------------ changes */

static enum block_status read_all(void)
{
    memset(buffer, 0, SECTORS * SECTOR);
    return block_transfer(cd, BLOCK_READ, 0, SECTORS, buffer);
}

/* Whatever the drive says first, and at whichever command: the read fails, and says why; and so does all that
 * comes after, until somebody looks at the new medium. */
static void test_change(enum sense first, enum sense second, const char *what)
{
    bool fails = true, stays = true, goes_on = true;

    for (unsigned at = 0; at < PIECES; at++) {
        play(0, NO_SENSE, NO_SENSE);
        goes_on &= atapi_read_capacity(cd) == BLOCK_OK;
        play(at, first, second);
        fails &= read_all() == BLOCK_MEDIUM_CHANGED;
        stays &= read_all() == BLOCK_MEDIUM_CHANGED;
        goes_on &= atapi_read_capacity(cd) == BLOCK_OK && read_all() == BLOCK_OK && buffer[0] == 2;
    }
    guest_ok(fails, "%s: a read of %u commands fails at each of them", what, PIECES);
    guest_ok(stays, "and so does the next one");
    guest_ok(goes_on, "until the new medium's capacity is asked for");
}

static void test_no_change(void)
{
    atapi_read_capacity(cd);
    play(3, WAS_RESET, NO_SENSE);
    GUEST_CHECK(read_all(), ==, BLOCK_OK, "a unit attention after a reset is no change");
    GUEST_CHECK(drive.reads, ==, PIECES, "and what it interrupted is repeated");
    GUEST_CHECK(drive.longest, ==, SECTORS / PIECES, "in commands of 128 KiB");
    memset(drive.script, 0, sizeof drive.script);
    for (unsigned i = 0; i < 4; i++)
        drive.script[i] = NO_MEDIUM;
    drive.at = drive.next = 0;
    GUEST_CHECK(read_all(), ==, BLOCK_MEDIUM_CHANGED, "no medium for a moment is a change");
}

/* Its port waits for it, and not for ever; time runs fast. */
static void test_spin_up(void)
{
    char error[160];

    atapi_read_capacity(cd);
    play(0, NO_SENSE, NO_SENSE);
    ASSERT_OP(inject_add("time-outs 100", error, sizeof error), !=, 0);
    uint64_t repeats = cd->counters.retries;
    left_to_spin_up = LIMIT_READY_TIMES;
    GUEST_CHECK(read_all(), ==, BLOCK_OK, "a drive that becomes ready is waited for");
    GUEST_CHECK(cd->counters.retries - repeats, ==, LIMIT_READY_TIMES, "as often as may be");
    left_to_spin_up = LIMIT_READY_TIMES + 1;
    GUEST_CHECK(read_all(), ==, BLOCK_DEVICE_ERROR, "and no more");
    inject_forget_all();
}

/* ------------------------------------------------------------------ several issuers */

static bool other_is_over;

static void other_done(struct block_request *block)
{
    (void)block;
    other_is_over = true;
}

/* Two reads under way: the drive tells only one of them, and the other one is carried out on the new medium. */
static void test_two(void)
{
    bool fails = true;

    for (unsigned at = 0; at < 2 * PIECES - 1; at++) {
        struct block_request other = {.device = cd,
                                      .operation = BLOCK_READ,
                                      .sector_count = SECTORS,
                                      .buffer = buffer + SECTORS * SECTOR,
                                      .callback = other_done};
        play(0, NO_SENSE, NO_SENSE);
        atapi_read_capacity(cd);
        play(at, NO_MEDIUM, CHANGED);
        other_is_over = false;
        enum irql level =
            irql_raise_dispatch(); /* so that both are under way before either moves on */
        block_submit(&other);
        irql_lower(level);
        enum block_status status = read_all();
        irql_wait(&other_is_over);
        /* Good data is of the first medium, and all of it. */
        for (unsigned i = 0; i < SECTORS * SECTOR; i += SECTOR) {
            fails &= status != BLOCK_OK || buffer[i] == 1;
            fails &= other.status != BLOCK_OK || buffer[SECTORS * SECTOR + i] == 1;
        }
        fails &= status == BLOCK_MEDIUM_CHANGED || other.status == BLOCK_MEDIUM_CHANGED;
    }
    guest_ok(fails, "two reads at a time: none succeeds with anything of the new medium");
}

/* A verify, and a command that nobody repeats, notice it as well. */
static void test_others(void)
{
    struct request request;
    static const uint8_t test_unit_ready[6];

    atapi_read_capacity(cd);
    play(0, CHANGED, NO_SENSE);
    GUEST_CHECK(block_transfer(cd, BLOCK_VERIFY, 0, SECTORS, NULL), ==, BLOCK_MEDIUM_CHANGED,
                "a verify fails");
    atapi_read_capacity(cd);
    play(0, CHANGED, NO_SENSE);
    GUEST_CHECK(atapi_command(cd, test_unit_ready, 6, NULL, 0, false, &request), ==, BLOCK_OK,
                "a command that needs no certain medium is repeated");
    GUEST_CHECK(read_all(), ==, BLOCK_MEDIUM_CHANGED, "but the read after it fails");
    puppet.packet = NULL;
}

#define PLAN (ANSWERS + 4u * 3u + 4u + 3u + 1u + 3u + 1u)

void guest_test_medium(void)
{
    struct controller *controller = puppet_create();

    guest_plan(PLAN);
    memcpy(drive.capacity, usual_capacity, sizeof drive.capacity);
    drive.capacity_bytes = sizeof drive.capacity;
    puppet.packet = packet;
    play(0, NO_SENSE, NO_SENSE);
    controller_start(controller);
    cd = channel_device(controller->channels[0], 0, 0);
    buffer = hal_pages_alloc(2 * SECTORS * SECTOR / HAL_PAGE_SIZE, UINT64_MAX);
    if (!guest_ok(buffer && cd->usable && cd->sector_count == SECTORS, "a drive with a medium"))
        return;
    test_capacities();
    test_change(CHANGED, NO_SENSE, "a unit attention 28h");
    test_change(CHANGED_WITHOUT_SENSE, NO_SENSE, "a unit attention without sense data");
    test_change(NO_MEDIUM, CHANGED, "no medium, then the unit attention");
    test_change(NO_MEDIUM, NO_SENSE, "no medium, and somebody else was told the rest");
    test_no_change();
    test_spin_up();
    test_two();
    test_others();
}
