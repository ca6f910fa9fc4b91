/* SPDX-License-Identifier: MIT */
/* `rules`, `irbs`, `counters`, `fault`, `stop`, `start` and `poweroff`: the port driver itself. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "boot/shell/numbers.h"
#include "lib/plural.h"
#include "port/access/inject.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/contract/rules.h"
#include "port/controller.h"
#include "port/identify.h"
#include "port/irb_names.h"
#include "port/objects.h"

/* ------------------------------------------------------------------ rules */

/* How often a place was found, and those behind it with the same words: a line whose code the
 * compiler has copied, or that was reached on several channels. 0: it has been printed with one
 * before it. */
static uint64_t count_place(const struct contract_place *place)
{
    uint64_t count = 0;

    for (const struct contract_place *other = NULL; (other = contract_next_place(other));) {
        if (other->rule != place->rule || strcmp(other->words, place->words) != 0)
            continue;
        if (count == 0 && other != place)
            return 0;
        count += other->count;
    }
    return count;
}

static void print_places(enum rule rule)
{
    for (const struct contract_place *place = NULL; (place = contract_next_place(place));) {
        uint64_t count = place->rule == rule ? count_place(place) : 0;
        if (count > 0)
            hal_printf("%14" PRIu64 "        %s\n", count, place->words);
    }
}

enum command_result command_rules(unsigned count, char **words)
{
    (void)words;
    if (count != 1)
        return COMMAND_BAD_ARGUMENTS;
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        enum rule rule = (enum rule)i;
        if (contract_count(rule) == 0)
            continue;
        hal_printf("%-7s %6" PRIu64 " time%s  %s\n", contract_rule_id(rule), contract_count(rule),
                   contract_count(rule) == 1 ? " " : "s", contract_rule_words(rule));
        print_places(rule);
    }
    if (contract_total() == 0)
        hal_printf("No rule was broken%s.\n",
                   contract_checks ? "" : "; but the checks are off (checks=off)");
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ irbs */

static void print_slot(const struct irb_slot *slot)
{
    const struct request *request = slot->request;
    const char *target = request && request->device ? request->device->name : "-";

    if (slot->state != SLOT_ACTIVE && slot->state != SLOT_COMPLETED)
        return;
    hal_printf("  slot %-3u %-8s %-16s %s", slot->index, target,
               irb_function_name(slot->page->irb.Function),
               slot->state == SLOT_COMPLETED ? "completed" : "at the driver");
    if (slot->state == SLOT_ACTIVE && slot->ticks_left > 0)
        hal_printf(", %u s left", slot->ticks_left);
    if (request && request->is_cancelled)
        hal_printf(", nobody waits for it");
    hal_printf("\n");
}

static unsigned queued_requests(const struct channel *channel)
{
    unsigned queued = 0;

    for (const struct device *device = channel->devices; device; device = device->next)
        for (const struct request *request = device->queue.head; request; request = request->next)
            queued++;
    return queued;
}

static void print_channel_irbs(const struct channel *channel)
{
    hal_printf("Channel %s: %u of %u IRB%s at the driver, %u request%s in its queues\n",
               channel->name, channel->irbs.outstanding, channel->irbs.limit,
               plural(channel->irbs.limit), queued_requests(channel),
               plural(queued_requests(channel)));
    for (unsigned i = 0; i < channel->irbs.count; i++)
        print_slot(&channel->irbs.slots[i]);
}

enum command_result command_irbs(unsigned count, char **words)
{
    (void)words;
    if (count != 1)
        return COMMAND_BAD_ARGUMENTS;
    bool found = false;
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));) {
        if (!channel_is_up(channel->state))
            continue;
        /* Nothing moves while it is printed. */
        enum irql level = irql_raise_dispatch();
        print_channel_irbs(channel);
        irql_lower(level);
        found = true;
    }
    if (!found)
        hal_printf("No channel is running.\n");
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ counters */

static void print_device_counters(void)
{
    char read[SIZE_TEXT_CAPACITY], written[SIZE_TEXT_CAPACITY];

    hal_printf("%-8s %10s %10s %10s %7s %8s %9s\n", "DISK", "REQUESTS", "READ", "WRITTEN", "ERRORS",
               "RETRIES", "TIME-OUTS");
    for (struct device *device = NULL; (device = port_next_device(device));) {
        const struct device_counters *counters = &device->counters;
        size_format(counters->bytes_read, read, sizeof read);
        size_format(counters->bytes_written, written, sizeof written);
        hal_printf("%-8s %10" PRIu64 " %10s %10s %7" PRIu64 " %8" PRIu64 " %9" PRIu64 "\n",
                   device->name, counters->requests, read, written, counters->errors,
                   counters->retries, counters->timeouts);
    }
}

/* What the port has made of devices that fail. */
static void print_fallbacks(void)
{
    for (struct device *device = NULL; (device = port_next_device(device));) {
        const struct device_counters *counters = &device->counters;
        if (counters->resets)
            hal_printf("%s has caused %" PRIu64 " reset%s\n", device->name, counters->resets,
                       plural(counters->resets));
        if (counters->steps)
            hal_printf("%s took %" PRIu64 " step%s down to another mode, now %s\n", device->name,
                       counters->steps, plural(counters->steps),
                       identify_mode_name(device->given.parameters.TransferModeSelected));
        if (device->failures.is_offline)
            hal_printf("%s is off line, until `reset %s`\n", device->name, device->channel->name);
    }
}

static void print_limits(void)
{
    hal_printf("How long the port waits, and how often it tries:\n");
#define LIMIT(name, value, unit, words) hal_printf("%6u %-8s  %s\n", value, unit, words);
#include "port/limits.def"
#undef LIMIT
}

static void print_channel_counters(void)
{
    hal_printf("%-8s %10s %10s %10s %7s %8s %9s\n", "CHANNEL", "REQUESTS", "INTERRUPTS", "NOT ITS",
               "RESETS", "", "TIME-OUTS");
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));) {
        const struct channel_counters *counters = &channel->counters;
        hal_printf("%-8s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %7" PRIu64 " %8s %9" PRIu64 "\n",
                   channel->name, counters->requests, channel_interrupts(counters),
                   counters->interrupts_not_ours, counters->resets, "", counters->timeouts);
    }
}

enum command_result command_counters(unsigned count, char **words)
{
    (void)words;
    if (count != 1)
        return COMMAND_BAD_ARGUMENTS;
    print_device_counters();
    print_channel_counters();
    print_fallbacks();
    hal_printf("Register accesses of the drivers: %" PRIu64 ", and %" PRIu64
               " unit%s through buffer routines\n",
               access_counters.registers, access_counters.data_units,
               plural(access_counters.data_units));
    hal_printf("Interrupts of the console: %" PRIu64 "\n", hal_console_interrupts());
    for (unsigned line = 0; line < 16; line++)
        if (hal_interrupt_unclaimed(line) > 0)
            hal_printf("Interrupts on line %u that nobody claimed: %" PRIu64 "\n", line,
                       hal_interrupt_unclaimed(line));
    print_limits();
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ faults */

static enum command_result add_fault(unsigned count, char **words)
{
    char rule[INJECT_TEXT_SIZE] = "", error[300];

    for (unsigned i = 0; i < count; i++) {
        size_t length = strlen(rule);
        snprintf(rule + length, sizeof rule - length, "%s%s", i ? " " : "", words[i]);
    }
    unsigned number = inject_add(rule, error, sizeof error);
    if (!number)
        return command_fail("%s", error);
    hal_printf("Fault %u is armed.\n", number);
    return COMMAND_DONE;
}

enum command_result command_fault(unsigned count, char **words)
{
    if (count > 2 && strcmp(words[1], "add") == 0)
        return add_fault(count - 2, words + 2);
    if (count == 2 && strcmp(words[1], "list") == 0)
        inject_print_rules();
    else if (count == 2 && strcmp(words[1], "clear") == 0)
        inject_clear();
    else
        return COMMAND_BAD_ARGUMENTS;
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ channels */

/* A controller by its number, as `devices` shows it before the dot; NULL: it is a channel's name,
 * or nothing. */
static struct controller *argument_controller(const char *word)
{
    uint64_t index;

    if (number_parse(word, &index) != NUMBER_OK || index >= port_controller_count)
        return NULL;
    return &port_controllers[index];
}

/* With all its channels: at the next start AtaChannelInitRoutine is called again. */
static enum command_result stop_controller(struct controller *controller)
{
    if (controller->state != CONTROLLER_STARTED)
        return command_fail("Controller %u is not started.", controller->index);
    bool flushed = controller_stop(controller);
    hal_printf("Controller %u is stopped.\n", controller->index);
    return flushed ? COMMAND_DONE : COMMAND_FAILED;
}

static enum command_result start_controller(struct controller *controller)
{
    if (controller->state == CONTROLLER_STARTED)
        return command_fail("Controller %u is started already.", controller->index);
    if (controller->state == CONTROLLER_NO_DRIVER || !controller_start(controller))
        return command_fail("Controller %u did not start: %s.", controller->index,
                            controller->failure);
    hal_printf("Controller %u is started.\n", controller->index);
    return COMMAND_DONE;
}

enum command_result command_stop(unsigned count, char **words)
{
    struct controller *controller = count == 2 ? argument_controller(words[1]) : NULL;

    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    if (controller)
        return stop_controller(controller);
    struct channel *channel = argument_channel(words[1]);
    if (!channel)
        return COMMAND_FAILED;
    if (!channel_is_up(channel->state))
        return command_fail("Channel %s is not running.", channel->name);
    bool flushed = channel_stop(channel);
    hal_printf("Channel %s is stopped.\n", channel->name);
    return flushed ? COMMAND_DONE : COMMAND_FAILED; /* the port has said why */
}

enum command_result command_start(unsigned count, char **words)
{
    struct controller *controller = count == 2 ? argument_controller(words[1]) : NULL;

    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    if (controller)
        return start_controller(controller);
    struct channel *channel = argument_channel(words[1]);
    if (!channel)
        return COMMAND_FAILED;
    if (channel_is_up(channel->state))
        return command_fail("Channel %s is running already.", channel->name);
    if (!channel_start(channel))
        return command_fail("Channel %s did not start: %s.", channel->name,
                            channel->failure ? channel->failure : "the driver did not say why");
    hal_printf("Channel %s is running.\n", channel->name);
    return COMMAND_DONE;
}

enum command_result command_poweroff(unsigned count, char **words)
{
    (void)words;
    if (count != 1)
        return COMMAND_BAD_ARGUMENTS;
    shell_power_off();
    return COMMAND_DONE;
}
