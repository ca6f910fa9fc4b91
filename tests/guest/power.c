/* SPDX-License-Identifier: MIT */
/*
 * Power: of devices by IRB, asked for by the miniport, the port, or a request that comes; of channels and controllers; and
 * what happens when a miniport refuses.
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/controller.h"
#include "port/idle.h"
#include "port/objects.h"
#include "port/parcel.h"
#include "port/power.h"
#include "port/request/queue.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 46u

static struct channel *channel;
static struct device *disk;
static uint8_t *buffer;
static char words[1024];

static bool was_called(const char *wanted)
{
    puppet_words(words, sizeof words);
    puppet_forget();
    if (strcmp(words, wanted) == 0)
        return true;
    hal_printf("# seen: %s\n", words);
    return false;
}

static bool read_succeeds(void)
{
    return block_transfer(disk, BLOCK_READ, 3, 1, buffer) == BLOCK_OK && buffer[0] == 3;
}

static void ask(enum context_kind kind, IDE_POWER_STATE state)
{
    FROM(channel, kind, AtaPortRequestPowerStateChange(channel->memory.extension, 0, 0, state));
    while (port_idle_wanted())
        port_idle();
}

static void test_asked_for(void)
{
    block_transfer(disk, BLOCK_WRITE, 3, 1, buffer);
    puppet_forget();
    ask(CONTEXT_INTERRUPT, IdePowerD3);
    guest_ok(
        was_called("IdeHwBuildIo:104@1 IdeHwStartIo:104@2 IdeHwBuildIo:403@1 IdeHwStartIo:403@2"),
        "the miniport asks for D3: what was written is flushed, then comes the power IRB");
    guest_ok(puppet.power.CurrentPowerState == IdePowerD0 &&
                 puppet.power.DesiredPowerState == IdePowerD3 && disk->power == POWER_D3,
             "from D0 to D3");
    ask(CONTEXT_WORKER, IdePowerD3);
    guest_ok(was_called(""), "there it stays when it asks again");
    guest_ok(read_succeeds(), "a request brings it back");
    guest_ok(
        was_called("IdeHwBuildIo:403@1 IdeHwStartIo:403@2 IdeHwBuildIo:102@1 IdeHwStartIo:102@2"),
        "by a power IRB before it");
    guest_ok(puppet.power.CurrentPowerState == IdePowerD3 &&
                 puppet.power.DesiredPowerState == IdePowerD0,
             "from D3 to D0");
    ask(CONTEXT_TIMER, IdePowerD3);
    puppet_forget();
    ask(CONTEXT_START_IO, IdePowerD0);
    guest_ok(was_called("IdeHwBuildIo:403@1 IdeHwStartIo:403@2") && disk->power == POWER_D0,
             "the miniport asks for D0");
    FROM(channel, CONTEXT_WORKER,
         AtaPortRequestPowerStateChange(channel->memory.extension, 1, 0, IdePowerD3));
    while (port_idle_wanted())
        port_idle();
    guest_ok(was_called(""), "a device that is not there has no power");
}

static void test_refusal(void)
{
    puppet.refuses_power_irbs = true;
    GUEST_CHECK(device_set_power(disk, IdePowerD3), ==, false, "the miniport refuses a power IRB");
    guest_ok(disk->power == POWER_D0 && read_succeeds(), "and the device goes on");
    puppet_forget();
    GUEST_CHECK(channel_power_down(channel), ==, true, "its channel can be powered down");
    GUEST_CHECK(channel_power_up(channel), ==, true, "and up");
    guest_ok(read_succeeds(), "and goes on");
    puppet.refuses_power_irbs = false;
    puppet.refuses_power = true;
    GUEST_CHECK(channel_power_down(channel), ==, false, "IdeHwControl(IdePowerDown) returns FALSE");
    guest_ok(channel->state == CHANNEL_RUNNING && read_succeeds(),
             "and the channel keeps its power");
    GUEST_CHECK(controller_power_down(channel->controller), ==, false, "so does its controller");
    puppet.refuses_power = false;
    guest_ok(read_succeeds(), "with all that belongs to it");
}

/* ------------------------------------------------------------------ requests that come meanwhile */

static void finished(struct request *request)
{
    *(bool *)request->context = true;
}

static struct request read_of_disk(bool *is_over)
{
    return (struct request){.device = disk,
                            .function = IRB_FUNCTION_ATA_READ,
                            .flags = IRB_FLAGS_DATA_IN,
                            .timeout_s = 10,
                            .buffer = buffer,
                            .byte_count = 512,
                            .callback = finished,
                            .context = is_over};
}

static void test_waiting(void)
{
    bool is_over = false;
    struct request request = read_of_disk(&is_over);
    channel_power_down(channel);
    puppet_forget();
    request_submit(&request);
    irql_lower(irql_raise_dispatch());
    guest_ok(!is_over && was_called(""), "a request waits while its channel is without power");
    channel_power_up(channel);
    irql_wait(&is_over);
    guest_ok(request.irb_status == IRB_STATUS_SUCCESS, "and goes on with the power");
    GUEST_CHECK(controller_power_down(channel->controller), ==, true, "the controller down");
    GUEST_CHECK(controller_power_down(channel->controller), ==, true, "twice is once");
    GUEST_CHECK(controller_power_up(channel->controller), ==, true, "and up");
    guest_ok(read_succeeds(), "its disk works");
}

/* ------------------------------------------------------------------ those who wait give up */

static bool stops(void)
{
    return true;
}

static void over(void *context)
{
    *(bool *)context = true;
}

static void wait_us(uint64_t duration_us)
{
    bool is_over = false;
    struct port_timer timer = {.deferred = {.procedure = over, .context = &is_over}};

    timer_arm(&timer, duration_us);
    irql_wait(&is_over);
}

static bool took_less_than_a_second(uint64_t began_us)
{
    return hal_clock_us() - began_us < 1000000;
}

/* The driver keeps a power IRB for ever, as it looks. */
static void test_given_up(void)
{
    uint64_t began_us = hal_clock_us();

    puppet_forget();
    puppet.holds_power_irbs = true;
    parcel_stops = stops;
    GUEST_CHECK(device_set_power(disk, IdePowerD3), ==, false, "a power IRB is lost, and given up");
    guest_ok(took_less_than_a_second(began_us) && puppet.held_count == 1, "in less than a second");
    GUEST_CHECK(device_set_power(disk, IdePowerD0), ==, false,
                "nobody waits for it to send another");
    GUEST_CHECK(channel_power_down(channel), ==, false, "nor takes the channel down meanwhile");
    GUEST_CHECK(controller_power_down(channel->controller), ==, false, "or the controller");
    guest_ok(took_less_than_a_second(began_us), "all that in less than a second");
    guest_ok(was_called("IdeHwBuildIo:403@1 IdeHwStartIo:403@2"), "and the driver sees one IRB");
    parcel_stops = NULL;
    puppet.holds_power_irbs = false;
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
    irql_lower(irql_raise_dispatch());
    guest_ok(disk->power == POWER_D3 && read_succeeds() && disk->power == POWER_D0,
             "what comes late counts, and the disk works");
}

/* Requests that the driver keeps: nothing is sent behind them. */
static void test_busy_given_up(void)
{
    bool is_over = false;
    struct request request = read_of_disk(&is_over);

    puppet.answer = PUPPET_HOLD;
    request_submit(&request);
    parcel_stops = stops;
    GUEST_CHECK(device_set_power(disk, IdePowerD3), ==, false, "requests do not end: given up");
    parcel_stops = NULL;
    puppet.answer = PUPPET_COMPLETE;
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
    irql_wait(&is_over);
    guest_ok(disk->power == POWER_D0 && read_succeeds(), "the queue goes on, in D0");
}

/* What a timer finds while a device is about to lose its power. */
struct arrival {
    struct request *request;
    struct port_timer timer;
};

/* Another request comes, and the one that the driver had kept ends. */
static void arrive(void *context)
{
    const struct arrival *arrival = context;

    puppet.answer = PUPPET_COMPLETE;
    request_submit(arrival->request);
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
}

static void test_arrival(void)
{
    bool first_is_over = false, second_is_over = false;
    struct request first = read_of_disk(&first_is_over), second = read_of_disk(&second_is_over);
    struct arrival arrival = {.request = &second};

    puppet.answer = PUPPET_HOLD;
    request_submit(&first);
    puppet_forget();
    arrival.timer.deferred = (struct deferred){.procedure = arrive, .context = &arrival};
    timer_arm(&arrival.timer, 20000);
    GUEST_CHECK(device_set_power(disk, IdePowerD3), ==, false,
                "a request comes while those before it end: the device is not left in D3");
    wait_us(100000);
    guest_ok(first_is_over && second_is_over && disk->power == POWER_D0, "since it goes out in D0");
    guest_ok(was_called("IdeHwBuildIo:403@1 IdeHwStartIo:403@2 IdeHwBuildIo:403@1 "
                        "IdeHwStartIo:403@2 IdeHwBuildIo:102@1 IdeHwStartIo:102@2"),
             "after two power IRBs");
}

/* Longer than the pause after IRB_STATUS_BUSY, with interrupts on. */
static void take_long(void)
{
    uint64_t end_us = hal_clock_us() + 200000;

    while (hal_clock_us() < end_us)
        ;
}

/* Neither the lost IRB nor the pause before its second sending outlives IdeHwControl(IdeStop). */
static void test_stop(const char *what)
{
    uint64_t began_us = hal_clock_us();

    parcel_stops = stops;
    (void)device_set_power(disk, IdePowerD3);
    puppet.in_stop = take_long;
    channel_stop(channel);
    puppet.in_stop = NULL;
    parcel_stops = NULL;
    GUEST_CHECK(puppet.calls[puppet.call_count - 1].kind, ==, CONTEXT_HW_CONTROL,
                "IdeHwControl(IdeStop) is the last call");
    guest_ok(channel->state == CHANNEL_STOPPED && took_less_than_a_second(began_us),
             "a channel stops with %s", what);
    puppet_forget();
    wait_us(300000);
    guest_ok(was_called("") && !channel->power.limit.armed,
             "and its driver is not called any more");
    puppet.holds_power_irbs = false;
    channel_start(channel);
}

/* ------------------------------------------------------------------ settings */

static unsigned outstanding_then;

static void count_outstanding(struct channel *of)
{
    outstanding_then = of->irbs.outstanding;
}

static void release(void *context)
{
    (void)context;
    puppet_release_all(channel, IRB_STATUS_SUCCESS);
}

/* The driver is told when the read that it has is over; the one that comes meanwhile waits. */
static void test_setting(void)
{
    static const GUID setting = {.Data1 = 0x12345678};
    IDE_ADVANCED_CHANNEL_CONFIGURATION *advanced = &channel->given.advanced;
    struct port_timer timer = {.deferred.procedure = release};
    struct parcel *parcel = parcel_new(512);

    GUEST_CHECK(channel_set_setting(channel, 0, &setting, 1), ==, SETTING_NOT_ASKED,
                "a driver is told no setting that it has not asked for");
    advanced->Present.VendorDefinedPower = 1;
    advanced->VendorDefinedPower.ValidGuids = 1;
    advanced->VendorDefinedPower.Guid[0] = setting;
    puppet.answer = PUPPET_HOLD;
    puppet.in_control = count_outstanding;
    outstanding_then = UINT32_MAX;
    parcel->block =
        (struct block_request){.device = disk, .sector_count = 1, .buffer = parcel->data};
    parcel_submit_block(parcel);
    timer_arm(&timer, 20000);
    enum setting_outcome outcome = channel_set_setting(channel, 0, &setting, 1);
    puppet.answer = PUPPET_COMPLETE;
    puppet.in_control = NULL;
    guest_ok(outcome == SETTING_ACCEPTED && parcel->is_over && outstanding_then == 0 &&
                 read_succeeds(),
             "and one that it has, when nothing is outstanding");
    parcel_free(parcel);
    advanced->Present.VendorDefinedPower = 0;
}

void guest_test_power(void)
{
    struct controller *controller = puppet_create();

    guest_plan(PLAN);
    buffer = hal_pages_alloc(1, UINT64_MAX);
    controller_start(controller);
    channel = controller->channels[0];
    disk = channel_device(channel, 0, 0);
    test_asked_for();
    test_refusal();
    test_waiting();
    test_given_up();
    test_busy_given_up();
    test_arrival();
    test_setting();
    puppet.holds_power_irbs = true;
    test_stop("a power IRB that is lost");
    puppet.busy_function = IRB_FUNCTION_POWER_CHANGE;
    puppet.busy_count = 1;
    test_stop("a power IRB that is to be sent once more");
    channel_power_down(channel);
    guest_ok(controller_stop(controller), "a controller whose channel is without power stops");
    GUEST_CHECK(contract_total(), ==, 0, "no rule was broken");
}
