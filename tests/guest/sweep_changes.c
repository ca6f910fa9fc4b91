/* SPDX-License-Identifier: MIT */
/*
 * What is run in the sweep beside requests: power of a device, a channel and an adapter, stop and start, a device that is
 * pulled out and put back; see sweep.h. Each waits for its end itself, and then the disk has to be read as it was.
 */
#include <stdio.h>

#include "port/access/inject.h"
#include "port/channel.h"
#include "port/controller.h"
#include "port/idle.h"
#include "port/power.h"
#include "tests/guest/conformance.h"
#include "tests/guest/sweep.h"

/* Real time: the device is gone for as long, and then its link has to come up, and to be noticed. */
#define UNPLUGGED "unplug for=1ms"
#define REPLUG_US 1000u
#define REPLUGS   20u

static bool is_good;
static enum block_status read_status;

static struct device *disk(void)
{
    return sweep_device(&sweep_scenarios[0]);
}

static void read_again(void)
{
    read_status = sweep_read();
}

static void ends(bool has_succeeded)
{
    is_good = has_succeeded;
    sweep_ends++;
}

void sweep_begin_power(void)
{
    sweep_ends = 0;
    bool is_down = device_set_power(disk(), IdePowerD3);
    bool is_up = device_set_power(disk(), IdePowerD0);
    read_again();
    ends(is_down && is_up);
}

/* A request brings the power back. */
bool sweep_power_down_first(void)
{
    return device_set_power(disk(), IdePowerD3);
}

void sweep_begin_wake(void)
{
    sweep_ends = 0;
    read_again();
    ends(true);
}

void sweep_begin_channel(void)
{
    struct channel *channel = disk()->channel;

    sweep_ends = 0;
    bool is_down = channel_power_down(channel);
    bool is_up = channel_power_up(channel);
    read_again();
    ends(is_down && is_up);
}

void sweep_begin_adapter(void)
{
    struct controller *controller = disk()->channel->controller;

    sweep_ends = 0;
    bool is_down = controller_power_down(controller);
    bool is_up = controller_power_up(controller);
    read_again();
    ends(is_down && is_up);
}

void sweep_begin_restart(void)
{
    struct channel *channel = disk()->channel;

    sweep_ends = 0;
    (void)channel_stop(channel);
    bool is_started = channel_start(channel);
    read_again();
    ends(is_started);
}

/* It is gone under a read; where the driver says that it has come back, it is looked for. */
void sweep_begin_plug(void)
{
    char words[INJECT_TEXT_SIZE], error[160];

    sweep_ends = 0;
    snprintf(words, sizeof words, UNPLUGGED " channel=%s", disk()->channel->name);
    ASSERT_OP(inject_add(words, error, sizeof error), !=, 0);
    read_again();
    for (unsigned i = 0; i < REPLUGS && read_status != BLOCK_OK; i++) {
        hal_stall_us(REPLUG_US);
        port_idle();
        read_again();
    }
    ends(true);
}

bool sweep_change_is_good(void)
{
    return is_good && read_status == BLOCK_OK;
}

bool sweep_change_is_gone(void)
{
    return read_status == BLOCK_DEVICE_GONE;
}
