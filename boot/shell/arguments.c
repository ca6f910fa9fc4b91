/* SPDX-License-Identifier: MIT */
/* The reading of arguments, and sentences about devices. Owns nothing. */
#include <stdio.h>

#include "boot/shell/arguments.h"
#include "boot/shell/numbers.h"
#include "port/block.h"
#include "port/objects.h"

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

bool argument_bytes(char **words, uint8_t *bytes, size_t capacity, size_t *byte_count)
{
    *byte_count = 0;
    for (; *words; words++) {
        const char *digits = *words;
        if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
            digits += 2; /* as `fill` wants it */
        if (!*digits || !hex_parse(digits, bytes, capacity, byte_count)) {
            hal_printf("\"%.40s\" is not made of hexadecimal bytes%s.\n", *words,
                       *byte_count == capacity ? ", or one too many" : "");
            return false;
        }
    }
    return true;
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

    if (operation != BLOCK_READ && operation != BLOCK_VERIFY &&
        range->device->kind == DEVICE_ATAPI) {
        request.status = BLOCK_READ_ONLY;
    } else if (operation == BLOCK_TRIM && !range->device->block.trim_sectors) {
        request.status = BLOCK_UNSUPPORTED;
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
    case BLOCK_UNSUPPORTED:
    case BLOCK_DEVICE_ERROR:
        break;
    }
    return command_fail("%s refused the command.", device->name);
}
