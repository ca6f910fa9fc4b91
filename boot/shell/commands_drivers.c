/* SPDX-License-Identifier: MIT */
/* `drivers` and `reset`: who drives what, and whether a channel comes back from a reset. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "boot/shell/numbers.h"
#include "port/channel.h"
#include "port/idle.h"
#include "port/irb_names.h"
#include "port/limits.h"
#include "port/loader/image.h"
#include "port/objects.h"
#include "port/request/fate.h"
#include "port/request/timeout.h"
#include "port/timer.h"

/* ------------------------------------------------------------------ drivers */

/* Their numbers, as `stop` takes them: "0 2", "-". */
static void controllers_of(const struct driver *driver, char *text, size_t size)
{
    size_t length = 0;

    snprintf(text, size, "-");
    for (unsigned i = 0; i < port_controller_count; i++)
        if (port_controllers[i].driver == driver && length < size)
            length += (size_t)snprintf(text + length, size - length, "%s%u", length ? " " : "",
                                       port_controllers[i].index);
}

static const char *driver_state(const struct driver *driver)
{
    bool has_any = false, is_used = false;

    for (unsigned i = 0; i < port_controller_count; i++) {
        const struct controller *controller = &port_controllers[i];
        if (controller->driver != driver)
            continue;
        has_any = true;
        is_used |=
            controller->state == CONTROLLER_STARTED || controller->state == CONTROLLER_SUSPENDED;
    }
    return driver->failure[0] ? driver->failure
           : is_used          ? "in use"
           : has_any          ? "its controllers are not started"
                              : "has no controller";
}

enum command_result command_drivers(unsigned count, char **words)
{
    char image[80], controllers[40], size[SIZE_TEXT_CAPACITY];

    (void)words;
    if (count != 1)
        return COMMAND_BAD_ARGUMENTS;
    if (!port_drivers)
        hal_printf("There are no drivers.\n");
    else
        hal_printf("%-12s %-16s %-16s %10s  %-11s  %s\n", "DRIVER", "IMAGE", "ADDRESS", "SIZE",
                   "CONTROLLERS", "STATE");
    for (const struct driver *driver = port_drivers; driver; driver = driver->next) {
        char address[24] = "-";
        snprintf(image, sizeof image, "%s.sys", driver->name);
        snprintf(size, sizeof size, "-");
        if (driver->image) {
            snprintf(address, sizeof address, "%#" PRIxPTR, driver->image->base);
            size_format(driver->image->byte_count, size, sizeof size);
        }
        controllers_of(driver, controllers, sizeof controllers);
        hal_printf("%-12s %-16s %-16s %10s  %-11s  %s\n", driver->name, image, address, size,
                   controllers, driver_state(driver));
    }
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ reset */

static void time_is_over(void *context)
{
    *(bool *)context = true;
}

/* Requests, a reset, or a queue that the miniport keeps paused. */
static bool is_at_work(const struct channel *channel)
{
    bool is_paused = channel->queue.busy.bits != 0;

    for (const struct device *device = channel->devices; device; device = device->next)
        is_paused |= device->queue.busy.bits != 0;
    return is_paused || channel_has_work(channel);
}

/* False: it did not come to rest, or nobody wants to wait any more. */
static bool wait_for_rest(struct channel *channel)
{
    bool is_over = false;
    struct port_timer limit = {.deferred = {.procedure = time_is_over, .context = &is_over}};

    timer_arm(&limit, LIMIT_RESET_S * 1000000u);
    hal_interrupts_disable();
    while (is_at_work(channel) && !is_over && !shell_is_stopped())
        irql_pause();
    hal_interrupts_enable();
    timer_cancel(&limit);
    return !is_at_work(channel);
}

/* Asks every device that the driver uses. Returns how many do not answer. */
static unsigned ask_devices(struct channel *channel, unsigned *asked)
{
    static uint16_t words[256] __attribute__((aligned(16))); /* for DMA */
    struct request request;
    unsigned silent = 0;

    *asked = 0;
    for (struct device *device = channel->devices; device; device = device->next) {
        if (!device->usable || shell_is_stopped())
            continue;
        if (++*asked == 1)
            hal_printf("%-5s %-6s  %s\n", "DISK", "TARGET", "AFTER THE RESET");
        bool answers = device_ask(device, words, &request);
        hal_printf("%-5s %-6u  %s%s\n", device->name, device->target,
                   answers ? "answers" : "does not answer: ",
                   answers             ? ""
                   : request.timed_out ? "its time was over"
                                       : irb_status_name(request.irb_status));
        silent += !answers;
    }
    return silent;
}

enum command_result command_reset(unsigned count, char **words)
{
    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    struct channel *channel = argument_channel(words[1]);
    if (!channel)
        return COMMAND_FAILED;
    if (channel->state != CHANNEL_RUNNING)
        return command_fail("Channel %s is not running.", channel->name);

    uint64_t began_us = hal_clock_us();
    enum irql level = irql_raise_dispatch();
    channel_reset(channel);
    irql_lower(level);
    if (!wait_for_rest(channel))
        return command_fail("Channel %s does not come to rest after its reset: `irbs` shows what "
                            "is under way.",
                            channel->name);
    uint64_t rest_us = hal_clock_us() - began_us;
    if (channel_forget_failures(channel))
        channel_look_again(channel);
    unsigned asked, silent = ask_devices(channel, &asked);
    if (shell_is_stopped())
        return COMMAND_FAILED;
    if (channel->state != CHANNEL_RUNNING || silent > 0)
        return command_fail("Channel %s is offline: %u of %u devices did not answer.",
                            channel->name, silent, asked);
    hal_printf("Channel %s is ready%s, after %" PRIu64 ".%03u ms.\n", channel->name,
               asked ? "" : ", without devices", rest_us / 1000, (unsigned)(rest_us % 1000));
    return COMMAND_DONE;
}
