/* SPDX-License-Identifier: MIT */
/*
 * Four disks at once, each with more reads and writes than its driver takes: `depth` as the driver
 * likes it best, `depth-pio` by PIO. What is read, and what was written, is said as checksums, which
 * tests/boot/ahci-depth.t compares with the files; QEMU's trace is its witness of how many were
 * under way.
 */
#include "port/block.h"
#include "port/objects.h"
#include "tests/guest/conformance.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#define DISKS      4u
#define REQUESTS   128u /* for each disk; every other one writes */
#define SECTORS    8u   /* of each */
#define WRITES_LBA 4096u
#define ODD        2u /* words: what no driver refuses */

static struct block_request requests[DISKS][REQUESTS];
static unsigned left;
static bool is_over;

static void one_ended(struct block_request *request)
{
    (void)request;
    is_over = --left == 0;
}

/* Reads and writes take turns; each has the sectors behind those of the one before of its kind. */
static uint64_t place_of(unsigned i)
{
    return (i % 2 ? WRITES_LBA : 0) + i / 2 * SECTORS;
}

static uint8_t *data_of(uint8_t *area, unsigned i)
{
    return area + ((i % 2 ? REQUESTS / 2 : 0) + i / 2) * SECTORS * 512;
}

/* All are with the port before the first of them ends. */
static void submit_all(struct device *const *disks, uint8_t *const *areas)
{
    enum irql level = irql_raise_dispatch();

    left = DISKS * REQUESTS;
    for (unsigned i = 0; i < REQUESTS; i++) {
        for (unsigned disk = 0; disk < DISKS; disk++) {
            requests[disk][i] = (struct block_request){
                .device = disks[disk],
                .operation = i % 2 ? BLOCK_WRITE : BLOCK_READ,
                .lba = place_of(i),
                .sector_count = SECTORS,
                .buffer = data_of(areas[disk], i),
                .callback = one_ended,
            };
            block_submit(&requests[disk][i]);
        }
    }
    for (unsigned disk = 0; disk < DISKS; disk++) {
        const struct channel *channel = disks[disk]->channel;
        unsigned limit = device_request_limit(disks[disk]);
        GUEST_CHECK(channel->irbs.outstanding, ==, limit, "the driver has as many as it takes");
    }
    irql_lower(level);
    irql_wait(&is_over);
}

static bool all_succeeded(unsigned disk)
{
    bool is_good = true;
    for (unsigned i = 0; i < REQUESTS; i++)
        is_good &= requests[disk][i].status == BLOCK_OK;
    return is_good;
}

void guest_test_depth(bool by_pio)
{
    const size_t area_pages = hal_pages_for(REQUESTS * SECTORS * 512 + ODD);
    struct device *disks[DISKS];
    uint8_t *areas[DISKS];
    bool is_ready = true;

    guest_plan(1 + 2 * DISKS);
    for (unsigned disk = 0; disk < DISKS; disk++) {
        const char name[] = {(char)('0' + disk), 0};
        disks[disk] = port_device_by_name(name);
        areas[disk] = hal_pages_alloc(area_pages, UINT64_MAX);
        is_ready &= disks[disk] && areas[disk];
    }
    if (!guest_ok(is_ready, "four disks"))
        return;
    for (unsigned disk = 0; disk < DISKS; disk++) {
        areas[disk] += ODD;
        conf_fill(data_of(areas[disk], 1), REQUESTS / 2 * SECTORS * 512, disk);
        if (by_pio) {
            disks[disk]->given.parameters.TransferModeSelected &= PIO_SUPPORT;
            block_configure(disks[disk]);
        }
    }
    submit_all(disks, areas);
    for (unsigned disk = 0; disk < DISKS; disk++) {
        guest_ok(all_succeeded(disk), "disk %u: all succeed", disk);
        conf_digest(disks[disk], 0, REQUESTS / 2 * SECTORS, data_of(areas[disk], 0));
        conf_digest(disks[disk], WRITES_LBA, REQUESTS / 2 * SECTORS, data_of(areas[disk], 1));
    }
}
