/* SPDX-License-Identifier: MIT */
/*
 * Issuers that give up: the request leaves its queue, or stays with the driver that has it; what comes late finds
 * neither the issuer's buffer nor a slot that somebody else has. The driver is the puppet, which holds requests.
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/controller.h"
#include "port/idle.h"
#include "port/objects.h"
#include "port/parcel.h"
#include "port/request/timeout.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN   31u
#define FILLED 0xAA

static struct channel *channel;
static struct device *disk;
static uint8_t *buffer;
static unsigned asked, patience;

/* Gives up when it was asked more often than `patience`. */
static bool stops(void)
{
    return ++asked > patience;
}

static void restart(uint8_t overlapped, enum puppet_answer answer)
{
    parcel_stops = NULL;
    channel_stop(channel);
    puppet.overlapped = overlapped;
    puppet.answer = answer;
    channel_start(channel);
    puppet_forget();
    memset(buffer, FILLED, 4096);
    parcel_stops = stops;
    asked = patience = 0;
}

static unsigned started(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < puppet.call_count; i++)
        count += puppet.calls[i].kind == CONTEXT_START_IO;
    return count;
}

static void settle(void)
{
    irql_lower(irql_raise_dispatch());
}

static bool is_untouched(void)
{
    for (unsigned i = 0; i < 4096; i++)
        if (buffer[i] != FILLED)
            return false;
    return true;
}

static enum block_status read_one(uint64_t lba)
{
    return block_transfer(disk, BLOCK_READ, lba, 1, buffer);
}

/* ------------------------------------------------------------------ at the driver */

static void test_held(void)
{
    restart(1, PUPPET_HOLD);
    parcel_free(parcel_new(0)); /* what an earlier test left is collected */
    size_t pages = hal_pages_available();
    uint64_t began_us = hal_clock_us();
    GUEST_CHECK(read_one(7), ==, BLOCK_CANCELLED, "a read that the driver keeps is given up");
    guest_ok(hal_clock_us() - began_us < 1000000, "in less than a second");
    GUEST_CHECK(channel->irbs.outstanding, ==, 1, "the driver still has its slot");
    GUEST_CHECK(read_one(8), ==, BLOCK_CANCELLED,
                "another one waits in the queue, and is given up");
    guest_ok(started() == 1 && !disk->queue.head, "it never reaches the driver");
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
    settle();
    /* EDGE: 161 */
    guest_ok(is_untouched(), "a late completion does not touch the buffer");
    GUEST_CHECK(channel->irbs.outstanding, ==, 0, "the slot is free again");
    parcel_free(parcel_new(0));
    GUEST_CHECK(hal_pages_available(), ==, pages, "and so is the memory");
    GUEST_CHECK(started(), ==, 1, "nothing was repeated");
    puppet.answer = PUPPET_COMPLETE;
    patience = 1;
    guest_ok(read_one(7) == BLOCK_OK && buffer[0] == 7, "the next read works");
}

static void test_reset(void)
{
    restart(1, PUPPET_HOLD);
    read_one(7);
    enum irql level = irql_raise_dispatch();
    channel_reset(channel);
    irql_lower(level);
    guest_ok(started() == 1 && channel->irbs.outstanding == 0 && is_untouched(),
             "one that a reset ends is not repeated");
}

/* A request that comes back while it is being given up counts. */
static void release_soon(void *context)
{
    (void)context;
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
}

static void test_in_time(void)
{
    struct port_timer timer = {.deferred.procedure = release_soon};

    restart(1, PUPPET_HOLD);
    timer_arm(&timer, 50000);
    guest_ok(read_one(9) == BLOCK_OK && buffer[0] == 9, "one that ends a moment later has ended");
}

/* ------------------------------------------------------------------ queues */

/* Three parcels, of which the driver holds one: each place in the queue can be left. */
static void test_queue(unsigned victim)
{
    struct parcel *parcels[4];
    bool good = true;

    restart(1, PUPPET_HOLD);
    for (unsigned i = 0; i < 4; i++) {
        parcels[i] = parcel_new(512);
        parcels[i]->block = (struct block_request){.device = disk,
                                                   .operation = BLOCK_READ,
                                                   .lba = 20 + i,
                                                   .sector_count = 1,
                                                   .buffer = parcels[i]->data};
        parcel_submit_block(parcels[i]);
    }
    good &= parcel_give_up(parcels[victim]) && parcels[victim]->block.status == BLOCK_CANCELLED;
    puppet.answer = PUPPET_COMPLETE;
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
    settle();
    patience = 1000;
    for (unsigned i = 0; i < 4; i++) {
        good &= parcel_wait(parcels[i]);
        good &=
            i == victim || (parcels[i]->block.status == BLOCK_OK && parcels[i]->data[0] == 20 + i);
        parcel_free(parcels[i]);
    }
    guest_ok(good && started() == 3, "number %u of a queue is taken out, the others go on", victim);
}

/* ------------------------------------------------------------------ requests of other kinds */

static void test_kinds(void)
{
    struct request request = {.device = disk,
                              .function = IRB_FUNCTION_ATA_READ,
                              .flags = IRB_FLAGS_DATA_IN,
                              .timeout_s = 60,
                              .buffer = buffer,
                              .byte_count = 512};

    restart(1, PUPPET_HOLD);
    request_run(&request);
    guest_ok(request.is_cancelled && is_untouched(), "a request without a block request");
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
    settle();
    guest_ok(is_untouched() && channel->irbs.outstanding == 0, "its late end touches nothing");

    GUEST_CHECK(block_transfer(disk, BLOCK_WRITE, 1, 1, buffer), ==, BLOCK_CANCELLED, "a write");
    guest_ok(puppet.held_count == 1 && puppet.held[0]->DataBuffer != buffer,
             "has data of its own, which the buffer's owner cannot change");
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
    settle();
    GUEST_CHECK(block_transfer(disk, BLOCK_FLUSH, 0, 0, NULL), ==, BLOCK_CANCELLED, "a flush");
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
    settle();
    GUEST_CHECK(block_transfer(disk, BLOCK_VERIFY, 0, 900, NULL), ==, BLOCK_CANCELLED,
                "a verify of several commands");
    puppet.answer = PUPPET_COMPLETE;
    puppet_forget();
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
    settle();
    GUEST_CHECK(started(), ==, 0, "goes no further than the one that the driver had");

    restart(1, PUPPET_HOLD);
    read_one(7);
    uint64_t began_us = hal_clock_us();
    channel_stop(channel);
    guest_ok(channel->state == CHANNEL_STOPPED && hal_clock_us() - began_us < 2000000,
             "its channel can be stopped without waiting for it");
}

/* A buffer that is not in memory is no reason to end the kernel. */
static void test_bad_buffer(void)
{
    uint8_t *window = hal_window_reserve(2);

    restart(1, PUPPET_COMPLETE);
    patience = 1000;
    hal_map(window, hal_physical(buffer), 1, HAL_MAP_WRITE);
    GUEST_CHECK(block_transfer(disk, BLOCK_READ, 1, 1, (void *)0x10), ==, BLOCK_BAD_BUFFER,
                "a read to nowhere");
    GUEST_CHECK(block_transfer(disk, BLOCK_WRITE, 1, 1, NULL), ==, BLOCK_BAD_BUFFER,
                "a write from nowhere");
    GUEST_CHECK(block_transfer(disk, BLOCK_WRITE, 1, 2, window + 4096 - 512), ==, BLOCK_BAD_BUFFER,
                "a buffer whose second half is not there");
    GUEST_CHECK(block_transfer(disk, BLOCK_READ, 1, 1, window + 4096 - 512), ==, BLOCK_OK,
                "its first half is");
    hal_unmap(window, 1);
}

/* A search that is given up at its first target: what it did not look for any more is no device. */
static void test_search(void)
{
    struct device *second = channel_device(channel, 1, 0);

    puppet.present = 3;
    restart(1, PUPPET_COMPLETE);
    guest_ok(disk->usable && second->usable, "two devices");
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(channel->memory.extension, 0, 0, 60));
    FROM(channel, CONTEXT_WORKER, AtaPortBusChangeDetected(channel->memory.extension));
    port_idle();
    guest_ok(!disk->usable && second->kind == DEVICE_NONE && !second->usable,
             "none is there when a search for them is given up before the first has answered");
    puppet.present = 1;
    restart(1, PUPPET_COMPLETE);
    guest_ok(disk->usable && !second->usable, "the next search finds what is there");
}

void guest_test_cancel(void)
{
    struct controller *controller = puppet_create();

    guest_plan(PLAN);
    controller_start(controller);
    channel = controller->channels[0];
    disk = channel_device(channel, 0, 0);
    buffer = hal_pages_alloc(1, UINT64_MAX);
    test_held();
    test_reset();
    test_in_time();
    for (unsigned victim = 1; victim < 4; victim++)
        test_queue(victim);
    test_kinds();
    test_bad_buffer();
    test_search();
    parcel_stops = NULL;
    GUEST_CHECK(contract_total(), ==, 0, "no rule was broken");
}
