/* SPDX-License-Identifier: MIT */
/*
 * How many requests are under way: NumberOfOverlappedRequests of channel and device, which a driver
 * may lower in any call of IdeHwControl, and the port's buffers for data that the controller does
 * not reach. The driver is the puppet, which holds what it is given.
 */
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/controller.h"
#include "port/objects.h"
#include "port/power.h"
#include "port/request/queue.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 16u
#define MANY 6u

static struct channel *channel;
static uint8_t *buffer;

/* ------------------------------------------------------------------ requests under way */

static struct request requests[MANY];
static unsigned ended_count;

static void finished(struct request *request)
{
    (void)request;
    ended_count++;
}

static void submit(unsigned index, unsigned target, bool must_bounce)
{
    struct request *request = &requests[index];

    *request = (struct request){.device = channel_device(channel, target, 0),
                                .function = IRB_FUNCTION_ATA_READ,
                                .flags = IRB_FLAGS_DATA_IN,
                                .timeout_s = 60,
                                .must_bounce = must_bounce,
                                .buffer = buffer + index * 512,
                                .byte_count = 512,
                                .callback = finished};
    request->task_file.Current.bSectorNumberReg = (UCHAR)(20 + index);
    request_submit(request);
}

static void submit_all(bool must_bounce)
{
    ended_count = 0;
    for (unsigned i = 0; i < MANY; i++)
        submit(i, 0, must_bounce);
}

/* Ends all that were submitted, those that had to wait as well. */
static void end_all(void)
{
    while (puppet.held_count) {
        puppet_release_all(channel, IRB_STATUS_SUCCESS);
        irql_lower(irql_raise_dispatch());
    }
}

static bool data_is_right(unsigned count)
{
    bool is_right = true;
    for (unsigned i = 0; i < count; i++)
        is_right &= requests[i].irb_status == IRB_STATUS_SUCCESS &&
                    buffer[i * 512] == (uint8_t)(20 + i + requests[i].device->target) &&
                    buffer[i * 512 + 511] == buffer[i * 512];
    return is_right;
}

static void restart(void)
{
    channel_stop(channel);
    puppet.overlapped = 4;
    puppet.present = 3;
    puppet.answer = PUPPET_HOLD;
    channel_start(channel);
}

/* ------------------------------------------------------------------ the driver's limits */

static UCHAR overlapped_next;

/* SyncWithIsr was the driver's in IdeHwControl(IdeStart): what it says now changes no level. */
static void set_overlapped(struct channel *of)
{
    if (of == channel) {
        of->given.configuration.NumberOfOverlappedRequests = overlapped_next;
        of->given.configuration.SyncWithIsr = !of->given.configuration.SyncWithIsr;
    }
}

static void set_by_power(UCHAR overlapped)
{
    overlapped_next = overlapped;
    channel_power_down(channel);
    channel_power_up(channel);
}

static void check_limit(unsigned limit, const char *what)
{
    submit_all(false);
    guest_ok(puppet.held_count == limit &&
                 device_request_limit(channel_device(channel, 0, 0)) == limit &&
                 channel->given.configuration.NumberOfOverlappedRequests == limit,
             "%s: %u", what, puppet.held_count);
    end_all();
    GUEST_CHECK(ended_count, ==, MANY, "and all end");
}

static void test_lowered(void)
{
    restart();
    puppet.in_control = set_overlapped;
    check_limit(4, "as many as IdeHwControl(IdeStart) has said");
    set_by_power(2);
    check_limit(2, "a lower number from another call of IdeHwControl holds");
    set_by_power(4);
    check_limit(4, "and may be raised to what it was");
    GUEST_CHECK(contract_total(), ==, 0, "which breaks no rule");
    set_by_power(5);
    GUEST_CHECK(contract_total(), ==, 2, "but to no more (INI-10)");
    check_limit(4, "and there it stays");
    puppet.in_control = NULL;
}

/* ------------------------------------------------------------------ the port's buffers */

static void test_odd(void)
{
    restart();
    submit_all(true);
    GUEST_CHECK(puppet.held_count, ==, 4,
                "requests that need buffers of the port overlap as others do");
    end_all();
    guest_ok(ended_count == MANY && data_is_right(MANY), "each with its own data");
}

/* A channel has one buffer from its start on; here there is no memory for a second one. */
static void test_no_memory(void)
{
    struct run {
        struct run *next;
    } *runs = NULL, *run;
    const size_t page_count = 16; /* a longest transfer takes more */

    restart();
    while ((run = hal_pages_alloc(page_count, UINT64_MAX))) {
        run->next = runs;
        runs = run;
    }
    ended_count = 0;
    for (unsigned i = 0; i < 3; i++)
        submit(i, 0, true);
    GUEST_CHECK(puppet.held_count, ==, 1, "without memory for more, one buffer is there");
    submit(3, 1, false);
    GUEST_CHECK(puppet.held_count, ==, 2,
                "and who waits for it does not keep another target waiting");
    end_all();
    guest_ok(ended_count == 4 && data_is_right(4), "each gets it in turn");
    while ((run = runs)) {
        runs = run->next;
        hal_pages_free(run, page_count);
    }
    size_t available = hal_pages_available();
    submit_all(true);
    end_all();
    channel_stop(channel);
    guest_ok(hal_pages_available() > available, "all of them go with the channel");
}

void guest_test_limits(void)
{
    struct controller *controller = puppet_create();

    guest_plan(PLAN);
    buffer = hal_pages_alloc(1, UINT64_MAX);
    controller_start(controller);
    channel = controller->channels[0];
    test_lowered();
    test_odd();
    test_no_memory();
}
