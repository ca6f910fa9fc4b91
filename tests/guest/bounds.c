/* SPDX-License-Identifier: MIT */
/*
 * Times that nobody means: a pause of days, a stall of an hour, a time-out of days. Each is cut to a bound, which
 * the console says (tests/boot/guest-bounds.t), and the queue goes on behind it. Nobody waits for the bounds but for
 * the stall's: the others' clocks are put forward. The driver is the puppet.
 */
#include "port/contract/report.h"
#include "port/controller.h"
#include "port/objects.h"
#include "port/request/queue.h"
#include "port/request/slots.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN      9u
#define ABSURD_S  1000000u
#define ABSURD_US 4000000000u
#define SECOND_US 1000000u

static struct channel *channel;
static uint8_t *buffer;
static struct request request;
static bool has_ended;

static void finished(struct request *ended)
{
    (void)ended;
    has_ended = true;
}

static void submit(uint16_t timeout_s)
{
    has_ended = false;
    request = (struct request){.device = channel_device(channel, 0, 0),
                               .function = IRB_FUNCTION_ATA_READ,
                               .flags = IRB_FLAGS_DATA_IN,
                               .is_once = true,
                               .timeout_s = timeout_s,
                               .buffer = buffer,
                               .byte_count = 512,
                               .callback = finished};
    request.task_file.Current.bSectorNumberReg = 10;
    request_submit(&request);
}

static bool has_data(void)
{
    irql_wait(&has_ended);
    return request.irb_status == IRB_STATUS_SUCCESS && buffer[0] == 10;
}

/* The timer of the pause ends it 120 s after `before_us`; now it is over. */
static void pause_ends(struct port_timer *timer, uint64_t before_us, const char *whose)
{
    uint64_t after_us = hal_clock_us();

    guest_ok(!has_ended && timer->armed && timer->deadline_us >= before_us + 120ull * SECOND_US &&
                 timer->deadline_us <= after_us + 120ull * SECOND_US,
             "a pause of %s ends after 120 s", whose);
    timer_arm(timer, 0);
    guest_ok(has_data(), "and its queue goes on");
}

static void test_pauses(void)
{
    PVOID extension = channel->memory.extension;
    uint64_t before_us = hal_clock_us();

    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(extension, 0, 0, ABSURD_S));
    submit(60);
    pause_ends(&channel_device(channel, 0, 0)->queue.busy_timer, before_us, "a device");
    before_us = hal_clock_us();
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(extension, IDE_UNTAGGED, 0, ABSURD_S));
    submit(60);
    pause_ends(&channel->queue.busy_timer, before_us, "the channel");
    /* Where there is no device nothing is paused, and to say ready is no news (guest-bounds.t). */
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceBusy(extension, 7, 0, 1));
    FROM(channel, CONTEXT_WORKER, AtaPortDeviceReady(extension, 7, 0));
}

static void test_stall(void)
{
    uint64_t before_us = hal_clock_us(), stalled_us;

    FROM(channel, CONTEXT_WORKER, AtaPortStallExecution(ABSURD_US));
    stalled_us = hal_clock_us() - before_us;
    guest_ok(stalled_us >= 5 * SECOND_US && stalled_us < 60 * SECOND_US,
             "a stall of an hour is over after 5 s: %llu us", (unsigned long long)stalled_us);
    GUEST_CHECK(contract_count(RULE_CTX_07), ==, 1, "and reported");
}

static void test_timeout(void)
{
    struct irb_slot *slot;

    puppet.answer = PUPPET_HOLD;
    puppet.timeout_s = ABSURD_S;
    submit(60);
    slot = slot_from_irb(channel, puppet.held[0]);
    guest_ok(puppet.held_count == 1 && puppet.held[0]->TimeOutValue == 600 &&
                 slot->ticks_left == 601,
             "a TimeOutValue of days ends after 600 s");
    slot->ticks_left = 1;
    irql_wait(&has_ended);
    guest_ok(request.timed_out && request.irb_status != IRB_STATUS_SUCCESS,
             "then the request is taken back");
    puppet.answer = PUPPET_COMPLETE;
    puppet.timeout_s = 0;
    submit(60);
    guest_ok(has_data(), "and the queue goes on");
}

void guest_test_bounds(void)
{
    struct controller *controller = puppet_create();

    guest_plan(PLAN);
    buffer = hal_pages_alloc(1, UINT64_MAX);
    controller_start(controller);
    channel = controller->channels[0];
    test_pauses();
    test_stall();
    test_timeout();
}
