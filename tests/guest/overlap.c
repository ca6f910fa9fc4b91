/* SPDX-License-Identifier: MIT */
/*
 * More requests than a channel takes at a time, for both of its devices: all end with the right data,
 * whatever NumberOfOverlappedRequests is. The driver counts what it holds (tests/probes/base), and
 * tests/boot/contract-overlap.t compares.
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/objects.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#define REQUESTS 600u
#define SECTORS  200u /* of each disk that are read */

static struct block_request requests[REQUESTS];
static unsigned finished;
static bool all_finished;

static void one_finished(struct block_request *request)
{
    (void)request;
    all_finished = ++finished == REQUESTS;
}

static void submit_all(struct device *const *disks, uint8_t *buffer)
{
    for (unsigned i = 0; i < REQUESTS; i++) {
        requests[i] = (struct block_request){.device = disks[i % 2],
                                             .operation = BLOCK_READ,
                                             .lba = i * 7 % SECTORS,
                                             .sector_count = 1,
                                             .buffer = buffer + i * 512,
                                             .callback = one_finished};
        block_submit(&requests[i]);
    }
    irql_wait(&all_finished);
}

void guest_test_overlap(void)
{
    static const char *const names[] = {"0", "1"};
    struct device *disks[2];
    uint8_t *references[2], *buffer = hal_pages_alloc(REQUESTS * 512 / HAL_PAGE_SIZE, UINT64_MAX);
    bool is_ready = buffer != NULL, is_right = true;

    guest_plan(3);
    for (unsigned i = 0; i < 2; i++) {
        disks[i] = port_device_by_name(names[i]);
        references[i] = hal_pages_alloc(SECTORS * 512 / HAL_PAGE_SIZE, UINT64_MAX);
        is_ready &= disks[i] && references[i] &&
                    block_transfer(disks[i], BLOCK_READ, 0, SECTORS, references[i]) == BLOCK_OK;
    }
    if (!guest_ok(is_ready, "two disks can be read"))
        return;
    submit_all(disks, buffer);
    for (unsigned i = 0; i < REQUESTS; i++)
        is_right &= requests[i].status == BLOCK_OK &&
                    memcmp(requests[i].buffer, references[i % 2] + requests[i].lba * 512, 512) == 0;
    guest_ok(is_right, "%u requests at once all end with the right data", REQUESTS);
    guest_ok(channel_stop(disks[0]->channel), "the channel stops");
}
