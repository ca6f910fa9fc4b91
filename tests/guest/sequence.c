/* SPDX-License-Identifier: MIT */
/*
 * The order of block requests: those that overlap where one of them changes sectors, flushes behind
 * writes, and what is urgent; and what a driver sees of data in segments. The driver is the puppet:
 * it holds what it gets, and ends it in the order that is the worst.
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/controller.h"
#include "port/objects.h"
#include "port/parcel.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 41u
#define MANY 24u

static struct channel *channel;
static struct device *disk;
static uint8_t *buffer;

static struct block_request requests[MANY];
static bool ends[MANY];
static unsigned count, resubmissions;
static bool is_urgent; /* what is submitted */

static void settle(void)
{
    irql_lower(irql_raise_dispatch());
}

static void ended(struct block_request *request)
{
    ends[request - requests] = true;
}

static void restart(uint8_t overlapped, enum puppet_answer answer)
{
    puppet.answer = PUPPET_COMPLETE; /* the flush before the stop, too */
    channel_stop(channel);
    puppet.overlapped = overlapped;
    puppet.present = 3;
    puppet.answer = answer;
    channel_start(channel);
    puppet_forget();
    count = 0;
}

static unsigned submit_to(struct device *device, enum block_operation operation, uint64_t lba,
                          uint64_t sector_count)
{
    unsigned index = count++;

    requests[index] = (struct block_request){.device = device,
                                             .operation = operation,
                                             .lba = lba,
                                             .sector_count = sector_count,
                                             .is_urgent = is_urgent,
                                             .buffer = buffer,
                                             .callback = ended};
    ends[index] = false;
    block_submit(&requests[index]);
    return index;
}

static unsigned submit(enum block_operation operation, uint64_t lba, uint64_t sector_count)
{
    return submit_to(disk, operation, lba, sector_count);
}

/* The last one that the driver was handed is ended first. */
static void end_last(void)
{
    puppet_release(channel, puppet.held_count - 1, IRB_STATUS_SUCCESS);
    settle();
}

static void end_all(void)
{
    while (puppet.held_count)
        end_last();
}

/* Whether the second request waits for the first one. */
static bool waits(enum block_operation first, uint64_t first_lba, uint64_t first_count,
                  enum block_operation second, uint64_t second_lba, uint64_t second_count)
{
    restart(8, PUPPET_HOLD);
    submit(first, first_lba, first_count);
    unsigned before = puppet.held_count;
    submit(second, second_lba, second_count);
    settle();
    bool is_held_back = puppet.held_count == before;
    end_all();
    if (!ends[0] || !ends[1] || requests[0].status != BLOCK_OK || requests[1].status != BLOCK_OK)
        guest_ok(false, "both requests end");
    return is_held_back;
}

/* ------------------------------------------------------------------ two requests */

static void test_pairs(void)
{
    guest_ok(waits(BLOCK_WRITE, 10, 4, BLOCK_READ, 13, 1),
             "a read waits for a write of its sector");
    guest_ok(waits(BLOCK_READ, 10, 4, BLOCK_WRITE, 8, 3), "a write waits for a read");
    guest_ok(waits(BLOCK_WRITE, 10, 4, BLOCK_WRITE, 10, 4), "a write waits for a write");
    guest_ok(waits(BLOCK_WRITE_THROUGH, 10, 1, BLOCK_VERIFY, 5, 20),
             "a verify waits for a forced write");
    guest_ok(!waits(BLOCK_READ, 10, 4, BLOCK_READ, 10, 4), "a read does not wait for a read");
    guest_ok(!waits(BLOCK_VERIFY, 10, 4, BLOCK_READ, 10, 4), "nor for a verify");
    guest_ok(!waits(BLOCK_WRITE, 10, 4, BLOCK_READ, 14, 1),
             "what begins behind a write does not wait");
    guest_ok(!waits(BLOCK_WRITE, 10, 4, BLOCK_WRITE, 6, 4), "nor what ends before it");
    guest_ok(waits(BLOCK_WRITE, 10, 4, BLOCK_FLUSH, 0, 0), "a flush waits for a write before it");
    guest_ok(!waits(BLOCK_READ, 10, 4, BLOCK_FLUSH, 0, 0), "not for a read");
    guest_ok(!waits(BLOCK_FLUSH, 0, 0, BLOCK_WRITE, 0, 4), "a write does not wait for a flush");
    guest_ok(!waits(BLOCK_FLUSH, 0, 0, BLOCK_FLUSH, 0, 0), "nor does another flush");

    restart(8, PUPPET_HOLD);
    submit(BLOCK_WRITE, 10, 4);
    submit_to(channel_device(channel, 1, 0), BLOCK_READ, 10, 4);
    GUEST_CHECK(puppet.held_count, ==, 2, "another disk's requests do not wait");
    end_all();
}

/* ------------------------------------------------------------------ more */

static void test_pieces(void)
{
    restart(8, PUPPET_HOLD);
    unsigned first = submit(BLOCK_WRITE, 0, 600); /* three commands, since these are of 28 bits */
    unsigned second = submit(BLOCK_WRITE, 500, 1);
    end_last();
    guest_ok(!ends[first] && !ends[second] && puppet.held_count == 1,
             "a write in pieces is not broken into");
    end_last();
    end_last();
    guest_ok(ends[first] && !ends[second] && puppet.held_count == 1,
             "the next one begins behind its last piece");
    end_all();
    guest_ok(ends[second], "and ends");

    restart(8, PUPPET_HOLD);
    submit(BLOCK_READ, 1000, 1);
    first = submit(BLOCK_WRITE, 0, 600);
    second = submit(BLOCK_WRITE, 500, 1);
    enum irql level = irql_raise_dispatch();
    puppet_release(channel, 0, IRB_STATUS_SUCCESS);
    puppet_release(channel, 0, IRB_STATUS_SUCCESS);
    irql_lower(level);
    guest_ok(ends[0] && !ends[first] && puppet.held_count == 1,
             "nor by what another one's end lets go, which comes together with its first piece's");
    end_last();
    end_last();
    end_all();
    guest_ok(ends[first] && ends[second], "and both end");
}

static void test_chain(void)
{
    restart(8, PUPPET_HOLD);
    submit(BLOCK_WRITE, 10, 4);
    submit(BLOCK_WRITE, 12, 4);
    submit(BLOCK_WRITE, 14, 4);
    unsigned free = submit(BLOCK_WRITE, 20, 4);
    unsigned flush = submit(BLOCK_FLUSH, 0, 0);
    unsigned late = submit(BLOCK_WRITE, 30, 1);
    GUEST_CHECK(puppet.held_count, ==, 3, "of a chain one goes, and those beside it");
    end_last();
    end_last();
    guest_ok(ends[late] && ends[free] && !ends[0], "which do not wait for the chain");
    end_last();
    guest_ok(ends[0] && !ends[1] && puppet.held_count == 1, "then the next of the chain");
    end_last();
    guest_ok(ends[1] && !ends[2] && !ends[flush], "and the next");
    end_last();
    guest_ok(ends[2] && puppet.held_count == 1, "at last the flush");
    end_all();
    guest_ok(ends[flush], "which ends");
}

static void test_cancelled(void)
{
    restart(8, PUPPET_HOLD);
    submit(BLOCK_WRITE, 10, 4);
    unsigned given_up = submit(BLOCK_WRITE, 12, 8);
    unsigned third = submit(BLOCK_READ, 18, 1);
    block_cancel(&requests[given_up]);
    guest_ok(ends[given_up] && requests[given_up].status == BLOCK_CANCELLED &&
                 puppet.held_count == 2,
             "one that waits is given up at once, and what waited for it goes");
    end_last();
    guest_ok(ends[third] && !ends[0], "though the first is still under way");
    block_cancel(&requests[0]);
    unsigned fourth = submit(BLOCK_READ, 10, 1);
    GUEST_CHECK(puppet.held_count, ==, 1, "what the driver has is waited for, wanted or not");
    end_all();
    guest_ok(ends[0] && ends[fourth], "until it ends");
}

/* Each callback submits the request again. */
static void ended_again(struct block_request *request)
{
    if (++resubmissions < 1000)
        block_submit(request);
    else
        ends[request - requests] = true;
}

static void test_resubmitted(void)
{
    restart(4, PUPPET_COMPLETE);
    resubmissions = 0;
    for (unsigned i = 0; i < MANY; i++) {
        requests[i] = (struct block_request){.device = disk,
                                             .operation = i % 3 ? BLOCK_WRITE : BLOCK_READ,
                                             .lba = i % 5,
                                             .sector_count = 3,
                                             .buffer = buffer,
                                             .callback = ended_again};
        ends[i] = false;
        block_submit(&requests[i]);
    }
    settle();
    guest_ok(resubmissions >= 1000 && !disk->block.changing && !disk->block.waiting,
             "requests that their callbacks submit again, a thousand times");
}

static void test_failures(void)
{
    bool is_right = true;

    restart(8, PUPPET_HOLD);
    submit(BLOCK_WRITE, 10, 4);
    submit(BLOCK_READ, 10, 4);
    puppet_release(channel, 0, IRB_STATUS_INVALID_REQUEST);
    settle();
    guest_ok(ends[0] && requests[0].status != BLOCK_OK && puppet.held_count == 1,
             "one that fails is waited for no longer");
    end_all();

    restart(8, PUPPET_HOLD);
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(channel->memory.extension, 0, 0, 1000));
    for (unsigned i = 0; i < MANY; i++)
        submit(BLOCK_WRITE, 10 + i, 2);
    puppet.answer = PUPPET_COMPLETE;
    channel_stop(channel);
    for (unsigned i = 0; i < MANY; i++)
        is_right &= ends[i] && requests[i].status == BLOCK_OK;
    guest_ok(is_right && !disk->block.changing && !disk->block.waiting,
             "a stop of the channel waits for the whole chain");
}

/* ------------------------------------------------------------------ urgent ones */

static unsigned submit_urgent(enum block_operation operation, uint64_t lba, uint64_t sector_count)
{
    is_urgent = true;
    unsigned index = submit(operation, lba, sector_count);
    is_urgent = false;
    return index;
}

/* The numbers of the sectors in the order in which the driver gets them, one at a time. */
static bool go_in_order(const uint8_t *lbas, unsigned lba_count)
{
    bool is_right = true;

    for (unsigned i = 0; i < lba_count; i++) {
        if (puppet.held_count != 1)
            return false;
        const IDE_REQUEST_BLOCK *irb = puppet.held[0];
        UCHAR lba = irb->Function == IRB_FUNCTION_ATA_FLUSH
                        ? 0xFF
                        : irb->IdeTaskFile.Current.bSectorNumberReg;
        if (lba != lbas[i])
            hal_printf("# number %u is of sector %u\n", i, lba);
        is_right &= lba == lbas[i];
        end_last();
    }
    return is_right && !puppet.held_count;
}

static void test_urgent(void)
{
    restart(1, PUPPET_HOLD);
    submit(BLOCK_READ, 10, 1);
    submit(BLOCK_READ, 20, 1);
    submit(BLOCK_WRITE, 30, 1);
    submit_urgent(BLOCK_READ, 40, 1);
    submit_urgent(BLOCK_WRITE, 50, 1);
    submit_urgent(BLOCK_VERIFY, 60, 1);
    guest_ok(go_in_order((const uint8_t[]){10, 40, 50, 60, 20, 30}, 6),
             "urgent requests go before those that wait, in their own order");

    restart(1, PUPPET_HOLD);
    submit(BLOCK_READ, 10, 1);
    submit_urgent(BLOCK_READ, 0, 600);
    submit(BLOCK_READ, 20, 1);
    guest_ok(go_in_order((const uint8_t[]){10, 0, 0, 512 & 0xFF, 20}, 5),
             "all pieces of an urgent one go before others");

    restart(1, PUPPET_HOLD);
    submit(BLOCK_READ, 10, 1);
    submit(BLOCK_WRITE, 30, 2);
    submit(BLOCK_READ, 70, 1);
    submit_urgent(BLOCK_READ, 31, 1);
    submit_urgent(BLOCK_FLUSH, 0, 0);
    guest_ok(go_in_order((const uint8_t[]){10, 30, 31, 0xFF, 70}, 5),
             "but not before a write that they overlap, or a flush has to wait for");
}

/* ------------------------------------------------------------------ segments */

static IDE_SCATTER_GATHER_LIST *list_of(PIDE_REQUEST_BLOCK irb)
{
    IDE_SCATTER_GATHER_LIST *list = NULL;

    FROM(channel, CONTEXT_INTERRUPT,
         list = AtaPortGetScatterGatherList(channel->memory.extension, irb));
    return list;
}

static bool is_element(const IDE_SCATTER_GATHER_LIST *list, unsigned index, const void *at,
                       uint32_t byte_count)
{
    return index < list->NumberOfElements &&
           (uint64_t)list->Elements[index].Address.QuadPart == hal_physical(at) &&
           list->Elements[index].Length == byte_count;
}

static uint64_t physical_of(PIDE_REQUEST_BLOCK irb, uint32_t offset, ULONG *length)
{
    IDE_PHYSICAL_ADDRESS physical = {0};

    FROM(channel, CONTEXT_INTERRUPT,
         physical = AtaPortGetPhysicalAddress(channel->memory.extension, irb,
                                              (uint8_t *)irb->DataBuffer + offset, length));
    return (uint64_t)physical.QuadPart;
}

static void submit_segments(enum block_operation operation, const struct segment *segments,
                            uint32_t segment_count, uint64_t sector_count)
{
    unsigned index = count++;

    requests[index] = (struct block_request){.device = disk,
                                             .operation = operation,
                                             .lba = 1,
                                             .sector_count = sector_count,
                                             .segments = segments,
                                             .segment_count = segment_count,
                                             .callback = ended};
    ends[index] = false;
    block_submit(&requests[index]);
}

static void test_joining(void)
{
    uint8_t *last = buffer + 4 * HAL_PAGE_SIZE;
    const struct segment segments[] = {{last + 512, HAL_PAGE_SIZE - 512},
                                       {buffer + 2 * HAL_PAGE_SIZE, HAL_PAGE_SIZE},
                                       {buffer, 512}};
    ULONG length = 0;

    restart(4, PUPPET_HOLD);
    submit_segments(BLOCK_READ, segments, 3, 16);
    PIDE_REQUEST_BLOCK irb = puppet.held[0];
    const IDE_SCATTER_GATHER_LIST *list = list_of(irb);
    guest_ok(puppet.held_count == 1 && list && list->NumberOfElements == 3 &&
                 is_element(list, 0, last + 512, HAL_PAGE_SIZE - 512) &&
                 is_element(list, 1, buffer + 2 * HAL_PAGE_SIZE, HAL_PAGE_SIZE) &&
                 is_element(list, 2, buffer, 512),
             "segments that meet at pages are the elements of one list");
    guest_ok(physical_of(irb, HAL_PAGE_SIZE - 512 + 8, &length) ==
                     hal_physical(buffer + 2 * HAL_PAGE_SIZE + 8) &&
                 length == HAL_PAGE_SIZE - 8,
             "and have their own physical addresses");
    memset(buffer, 0, 6 * HAL_PAGE_SIZE);
    end_last();
    guest_ok(ends[0] && requests[0].status == BLOCK_OK && last[512] == 1 &&
                 last[HAL_PAGE_SIZE - 1] == 7 && buffer[2 * HAL_PAGE_SIZE] == 8 &&
                 buffer[3 * HAL_PAGE_SIZE - 1] == 15 && buffer[511] == 16 && !buffer[512] &&
                 !last[511] && !last[HAL_PAGE_SIZE],
             "which lie side by side in DataBuffer");
}

static void test_apart(void)
{
    const struct segment segments[] = {
        {buffer + 100, 500}, {buffer + HAL_PAGE_SIZE, 36}, {buffer + 2 * HAL_PAGE_SIZE, 1000}};

    restart(4, PUPPET_HOLD);
    for (unsigned i = 0; i < 3 * HAL_PAGE_SIZE; i++)
        buffer[i] = (uint8_t)(i * 7);
    submit_segments(BLOCK_WRITE, segments, 3, 3);
    const uint8_t *data = puppet.held_count ? puppet.held[0]->DataBuffer : buffer;
    const IDE_SCATTER_GATHER_LIST *list = list_of(puppet.held[0]);
    guest_ok(puppet.held_count == 1 && list && list->NumberOfElements == 1 &&
                 !memcmp(data, buffer + 100, 500) &&
                 !memcmp(data + 500, buffer + HAL_PAGE_SIZE, 36) &&
                 !memcmp(data + 536, buffer + 2 * HAL_PAGE_SIZE, 1000),
             "others are one buffer of the port");
    end_last();
    guest_ok(ends[0] && requests[0].status == BLOCK_OK, "of one command");

    static struct request raw;
    raw = (struct request){.device = disk,
                           .function = IRB_FUNCTION_ATA_READ,
                           .flags = IRB_FLAGS_DATA_IN,
                           .timeout_s = 60,
                           .segments = segments,
                           .byte_count = 1024};
    raw.task_file.Current.bSectorNumberReg = 5;
    puppet.answer = PUPPET_COMPLETE;
    request_run(&raw);
    guest_ok(raw.irb_status == IRB_STATUS_SUCCESS && buffer[100] == 5 && buffer[599] == 5 &&
                 buffer[HAL_PAGE_SIZE] == 5 && buffer[2 * HAL_PAGE_SIZE] == 6 &&
                 buffer[2 * HAL_PAGE_SIZE + 487] == 6,
             "and so it is with a raw request");
}

void guest_test_sequence(void)
{
    struct controller *controller = puppet_create();

    guest_plan(PLAN);
    puppet.has_dma = true;
    controller_start(controller);
    channel = controller->channels[0];
    disk = channel_device(channel, 0, 0);
    buffer = hal_pages_alloc(80, UINT64_MAX);
    test_pairs();
    test_pieces();
    test_chain();
    test_cancelled();
    test_resubmitted();
    test_failures();
    test_urgent();
    test_joining();
    test_apart();
    GUEST_CHECK(contract_total(), ==, 0, "no rule was broken");
}
