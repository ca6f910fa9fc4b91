/* SPDX-License-Identifier: MIT */
/*
 * The port's state machines: the steps that the trace shows while the puppet does what makes them. guest_fail_state
 * makes a step that no table knows, for a test that looks at the kernel's end.
 */
#include <stdio.h>
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/controller.h"
#include "port/objects.h"
#include "port/power.h"
#include "port/request/queue.h"
#include "port/request/timeout.h"
#include "port/trace.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 20u

static struct controller *controller;
static struct channel *channel;
static struct device *disk;
static uint8_t *buffer;
static uint16_t mark; /* trace_next when what is tested began */

static void begin(void)
{
    mark = trace_next;
}

/* The steps of a machine since then are these: "none>reset>none". */
static void check_steps(enum state_machine machine, const char *wanted, const char *what)
{
    const struct state_table *table = &state_tables[machine];
    unsigned where = machine == MACHINE_CONTROLLER ? controller->index
                     : table->has_units            ? channel->traced /* unit 0 of target 0 */
                                                   : channel->traced;
    char seen[512] = "";
    size_t length = 0;

    for (uint16_t place = mark; place != trace_next; place++) {
        const struct trace_entry *entry = trace_at(place);
        if (entry->head != trace_head(TRACE_STATE, where, machine))
            continue;
        if (!length)
            length += (size_t)snprintf(seen, sizeof seen, "%s", table->names[entry->value & 0xFF]);
        if (length < sizeof seen)
            length += (size_t)snprintf(seen + length, sizeof seen - length, ">%s",
                                       table->names[entry->value >> 8]);
    }
    if (!guest_ok(strcmp(seen, wanted) == 0, "%s: %s", table->name, what))
        hal_printf("# seen: %s\n", seen);
}

/* ------------------------------------------------------------------ lives */

static void test_lives(void)
{
    check_steps(MACHINE_CONTROLLER, "stopped>starting>started", "it starts");
    check_steps(MACHINE_CHANNEL, "disabled>stopped>initialising>starting>running", "it starts");
    begin();
    channel_stop(channel);
    check_steps(MACHINE_CHANNEL, "running>draining>stopping>closing>stopped", "it stops");
    channel_start(channel);
    begin();
    controller_power_down(controller);
    controller_stop(controller);
    check_steps(MACHINE_CONTROLLER, "started>suspended>started>stopped",
                "without power, it gets it back before it stops");
    check_steps(MACHINE_CHANNEL, "running>suspended>running>draining>stopping>closing>stopped",
                "so do its channels");
}

static void test_failing_start(void)
{
    begin();
    puppet.refuses_start = true;
    controller_start(controller);
    puppet.refuses_start = false;
    check_steps(MACHINE_CHANNEL, "stopped>stopped>initialising>starting>failed to start",
                "IdeHwControl(IdeStart) returns FALSE");
    begin();
    channel_start(channel);
    check_steps(MACHINE_CHANNEL, "failed to start>initialising>starting>running",
                "and the next time TRUE");
}

/* ------------------------------------------------------------------ recovery */

static void lose_a_read(void)
{
    begin();
    puppet_lose_a_read(disk, buffer);
}

static void test_recovery(void)
{
    puppet.ends_all = true;
    lose_a_read();
    check_steps(MACHINE_RECOVERY, "none>LUN reset>none", "an LUN reset is enough");
    puppet.busy_function = IRB_FUNCTION_LUN_RESET;
    puppet.busy_count = 2;
    lose_a_read();
    check_steps(MACHINE_RECOVERY, "none>LUN reset>LUN reset again>LUN reset>reset>none",
                "busy twice, and the channel is reset");
    enum irql level = irql_raise_dispatch();
    begin();
    channel_reset(channel);
    irql_lower(level);
    check_steps(MACHINE_RECOVERY, "none>reset>none", "a reset without a time-out");
}

/* ------------------------------------------------------------------ power */

static void test_power(void)
{
    puppet.busy_function = IRB_FUNCTION_POWER_CHANGE;
    puppet.busy_count = 1;
    begin();
    device_set_power(disk, IdePowerD3);
    check_steps(MACHINE_POWER, "D0>falling>D3", "a device loses it");
    check_steps(MACHINE_POWER_IRB, "none>sent>paused>sent>none", "busy once");
    begin();
    block_transfer(disk, BLOCK_READ, 3, 1, buffer);
    check_steps(MACHINE_POWER, "D3>rising>D0", "a request brings it back");
    puppet.refuses_power_irbs = true;
    begin();
    device_set_power(disk, IdePowerD3);
    check_steps(MACHINE_POWER, "D0>falling>D0", "it keeps it");
    puppet.refuses_power_irbs = false;
    device_set_power(disk, IdePowerD3);
    puppet.refuses_power_irbs = true;
    begin();
    guest_ok(block_transfer(disk, BLOCK_READ, 3, 1, buffer) == BLOCK_OK,
             "a device that does not come back gets its requests");
    puppet.refuses_power_irbs = false;
    check_steps(MACHINE_POWER, "D3>rising>refused", "in a state of its own");
    begin();
    channel_stop(channel);
    channel_start(channel);
    check_steps(MACHINE_POWER, "refused>D0", "which a new start ends");
}

/* ------------------------------------------------------------------ request sense */

static bool fail_packet(PIDE_REQUEST_BLOCK irb)
{
    irb->AtaStatus = 0x51;
    irb->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    return false; /* kept */
}

static void finished(struct request *request)
{
    *(bool *)request->context = true;
}

enum sense_end { SENSE_RELEASED, SENSE_FORGOTTEN, SENSE_ENDED_WITH_ALL };

/* A packet command fails, its request sense is built, and comes to such an end. */
static void fail_with_sense(enum sense_end end)
{
    bool is_over = false;
    void *extension = channel->memory.extension;
    struct request request = {.device = disk,
                              .function = IRB_FUNCTION_ATAPI_COMMAND,
                              .cdb_length = 6,
                              .timeout_s = 60,
                              .is_once = true,
                              .callback = finished,
                              .context = &is_over};

    puppet.held_count = 0;
    begin();
    request_submit(&request);
    PIDE_REQUEST_BLOCK irb = puppet.held[0], sense;
    FROM(channel, CONTEXT_START_IO, {
        sense = AtaPortBuildRequestSenseIrb(extension, irb);
        if (end == SENSE_RELEASED)
            AtaPortReleaseRequestSenseIrb(extension, sense);
        if (end == SENSE_ENDED_WITH_ALL)
            AtaPortCompleteAllActiveRequests(extension, 0, 0, IRB_STATUS_BUS_RESET);
        else
            AtaPortCompleteRequest(extension, irb);
    });
    irql_wait(&is_over);
}

static void test_sense(void)
{
    puppet.packet = fail_packet;
    puppet.answer = PUPPET_HOLD;
    fail_with_sense(SENSE_RELEASED);
    check_steps(MACHINE_SLOT, "free>active>free", "released in time");
    fail_with_sense(SENSE_FORGOTTEN);
    check_steps(MACHINE_SLOT, "free>active>owed", "its original is completed first");
    fail_with_sense(SENSE_ENDED_WITH_ALL);
    check_steps(MACHINE_SLOT, "owed>free>active>taken back", "never released, and then ended");
}

/* ------------------------------------------------------------------ all */

static void start(void)
{
    controller = puppet_create();

    buffer = hal_pages_alloc(1, UINT64_MAX);
    begin();
    controller_start(controller);
    channel = controller->channels[0];
    disk = channel_device(channel, 0, 0);
}

void guest_test_states(void)
{
    guest_plan(PLAN);
    start();
    test_lives();
    test_failing_start();
    test_recovery();
    test_power();
    test_sense();
}

void guest_fail_state(void)
{
    start();
    irql_raise_dispatch();
    channel->recovery = RECOVERY_RESET;
    channel_reset(channel); /* within itself, as it looks */
}
