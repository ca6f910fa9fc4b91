/* SPDX-License-Identifier: MIT */
/* The table of commands, `help`, and the reading of arguments. */
#include "boot/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/columns.h"
#include "boot/numbers.h"

const struct command shell_commands[] = {
    {"help", "[COMMAND]", "lists the commands, or explains one", command_help},
    {"devices", "", "lists disks, CD-ROM drives and channels", command_devices},
    {"identify", "DISK", "what a device says about itself", command_identify},
    {"partitions", "DISK", "reads and checks the partition table", command_partitions},
    {"read", "DISK LBA [COUNT]", "shows sectors in hexadecimal", command_read},
    {"write", "DISK LBA HEXBYTES...", "writes bytes; the rest of the last sector stays",
     command_write},
    {"fill", "DISK LBA COUNT BYTE", "fills sectors with one byte", command_fill},
    {"verify", "DISK [LBA COUNT]", "lets the disk check its sectors", command_verify},
    {"sha256", "DISK [LBA COUNT]", "computes the SHA-256 checksum of sectors", command_sha256},
    {"copy", "SRC LBA DST LBA COUNT", "copies COUNT sectors of SRC", command_copy},
    {"flush", "DISK", "writes out the disk's cache", command_flush},
    {"bench", "[DISK] [write] [WORKLOAD] [divide=N]",
     "measures transfers, write too (overwrites the disk): {read,write}-{4k-random,128k-seq}",
     command_bench},
    {"cd", "DISK eject|load|capacity", "opens or closes a drive, asks for its medium", command_cd},
    {"mode", "DISK", "how the driver addresses a device and moves its data", command_mode},
    {"registry",
     "list [KEY] | get KEY NAME | set KEY NAME TYPE:VALUE | delete KEY [NAME] | export | compact | "
     "buffers | check",
     "looks into the registry, changes it (sz:TEXT, dword:HEX, hex:HH,HH as in .reg files)",
     command_registry},
    {"rules", "", "which rules of the interface drivers broke, and how often", command_rules},
    {"irbs", "", "requests that are at the drivers or wait", command_irbs},
    {"counters", "", "what devices and channels have done", command_counters},
    {"log", "[COUNT]", "the last messages, and COUNT entries of the trace", command_log},
    {"stop", "CHANNEL", "finishes a channel's requests and stops it; 0 for all of controller 0",
     command_stop},
    {"start", "CHANNEL", "starts a stopped channel, or controller", command_start},
    {"poweroff", "", "stops all channels and ends", command_poweroff},
};
const unsigned shell_command_count = sizeof shell_commands / sizeof *shell_commands;

/* ------------------------------------------------------------------ help */

#define HELP_COLUMN 32u /* where the explanations begin; a longer usage has lines of its own */
#define HELP_NARROW 60u /* in a terminal that is narrower, each has */

static void usage_of(const struct command *command, char *text, size_t size)
{
    snprintf(text, size, "%s%s%s", command->name, *command->arguments ? " " : "",
             command->arguments);
}

static void print_line(const struct command *command)
{
    const unsigned indent = 2;
    unsigned help_at = columns_width() < HELP_NARROW ? 2 * indent : HELP_COLUMN;
    char usage[128];

    usage_of(command, usage, sizeof usage);
    if (indent + strlen(usage) > help_at - 2) {
        hal_printf("  ");
        columns_print(indent, 2 * indent, usage);
        hal_printf("%*s", (int)help_at, "");
    } else {
        hal_printf("  %-*s", (int)(help_at - indent), usage);
    }
    columns_print(help_at, help_at, command->help);
}

static void print_all(void)
{
    for (unsigned i = 0; i < shell_command_count; i++)
        print_line(&shell_commands[i]);
    hal_printf("\n");
    columns_print(0, 0,
                  "DISK is a number from `devices`, or cd0. LBA and COUNT are in its sectors. "
                  "Numbers are decimal, or hexadecimal with 0x; K, M and G are powers of 1024. `;` "
                  "separates commands, `#` begins a comment. Ctrl-C stops one that takes long.");
}

enum command_result command_help(unsigned count, char **words)
{
    if (count > 2)
        return COMMAND_BAD_ARGUMENTS;
    if (count == 1) {
        print_all();
        return COMMAND_DONE;
    }
    for (unsigned i = 0; i < shell_command_count; i++) {
        if (strcmp(shell_commands[i].name, words[1]) == 0) {
            char usage[128];
            usage_of(&shell_commands[i], usage, sizeof usage);
            hal_printf("%s: ", usage);
            columns_print((unsigned)strlen(usage) + 2, 2, shell_commands[i].help);
            return COMMAND_DONE;
        }
    }
    return command_fail("There is no command \"%.40s\"; `help` lists those there are.", words[1]);
}

/* ------------------------------------------------------------------ arguments */

bool argument_number(const char *word, uint64_t *value)
{
    switch (number_parse(word, value)) {
    case NUMBER_OK:
        return true;
    case NUMBER_MALFORMED:
        hal_printf("\"%.40s\" is not a number (a hexadecimal one begins with 0x).\n", word);
        return false;
    case NUMBER_TOO_LARGE:
        hal_printf("The number %.40s is larger than any that fits 64 bits.\n", word);
        return false;
    }
    return false;
}

struct device *argument_any_device(const char *word)
{
    struct device *device = port_device_by_name(word);
    if (!device)
        hal_printf("There is no disk \"%.40s\"; `devices` lists those there are.\n", word);
    return device;
}

struct device *argument_device(const char *word)
{
    struct device *device = argument_any_device(word);
    if (!device || device->usable)
        return device;
    hal_printf("Disk \"%s\" is not used: the driver refused it.\n", device->name);
    return NULL;
}

struct channel *argument_channel(const char *word)
{
    struct channel *channel = port_channel_by_name(word);
    if (!channel)
        hal_printf("There is no channel \"%.40s\"; `devices` lists those there are.\n", word);
    return channel;
}

/* A medium may have come, gone or been changed since the last look at the drive. */
static bool refresh_medium(struct device *device)
{
    if (device->kind != DEVICE_ATAPI)
        return true;
    enum block_status status = atapi_read_capacity(device);
    if (status != BLOCK_OK)
        block_status_fail(device, status);
    return status == BLOCK_OK;
}

enum command_result argument_range(unsigned count, char **words, struct range *range)
{
    if (count != 2 && count != 4)
        return COMMAND_BAD_ARGUMENTS;
    if (count == 4 && (!argument_number(words[2], &range->lba) ||
                       !argument_number(words[3], &range->sector_count)))
        return COMMAND_BAD_ARGUMENTS;
    range->device = argument_device(words[1]);
    if (!range->device)
        return COMMAND_FAILED;
    range->is_whole = count == 2;
    return COMMAND_DONE;
}

static enum block_status compare_range(const struct range *range)
{
    uint64_t end = range->device->sector_count;

    if (range->sector_count == 0)
        return BLOCK_BAD_LENGTH;
    return range->lba >= end || range->sector_count > end - range->lba ? BLOCK_OUT_OF_RANGE
                                                                       : BLOCK_OK;
}

bool range_check(struct range *range, enum block_operation operation)
{
    struct block_request request = {.device = range->device, .operation = operation};

    if (operation == BLOCK_WRITE && range->device->kind == DEVICE_ATAPI) {
        request.status = BLOCK_READ_ONLY;
    } else {
        if (!refresh_medium(range->device))
            return false;
        if (range->is_whole)
            range->sector_count = range->device->sector_count;
        request.status = compare_range(range);
    }
    request.lba = range->lba;
    request.sector_count = range->sector_count;
    if (request.status != BLOCK_OK)
        block_fail(&request);
    return request.status == BLOCK_OK;
}

/* ------------------------------------------------------------------ devices for people */

const char *device_words(const struct device *device, char text[16])
{
    snprintf(text, 16, "%s%s", device->kind == DEVICE_ATAPI ? "" : "disk ", device->name);
    return text;
}

static enum command_result fail_by_break(void)
{
    return command_fail("Stopped by Ctrl-C.");
}

enum command_result block_fail(const struct block_request *request)
{
    char text[256];
    if (request->status == BLOCK_CANCELLED)
        return fail_by_break();
    block_describe(request, text, sizeof text);
    return command_fail("%s", text);
}

enum command_result block_status_fail(const struct device *device, enum block_status status)
{
    switch (status) {
    case BLOCK_NO_MEDIUM:
        return command_fail("There is no medium in %s.", device->name);
    case BLOCK_NO_CAPACITY:
        return command_fail("The drive %s names no size of its medium: it may be blank.",
                            device->name);
    case BLOCK_MEDIUM_CHANGED:
        return command_fail("The medium in %s has just been changed; try again.", device->name);
    case BLOCK_TIMED_OUT:
        return command_fail("%s did not answer in time; its channel was reset.", device->name);
    case BLOCK_CANCELLED:
        return fail_by_break();
    case BLOCK_DEVICE_GONE:
        return command_fail("%s is not there any more, or its channel is stopped.", device->name);
    case BLOCK_OK:
    case BLOCK_OUT_OF_RANGE:
    case BLOCK_BAD_LENGTH:
    case BLOCK_BAD_BUFFER:
    case BLOCK_READ_ONLY:
    case BLOCK_DEVICE_ERROR:
        break;
    }
    return command_fail("%s refused the command.", device->name);
}
