/* SPDX-License-Identifier: MIT */
/* `setting`: tells a driver that a power setting has a new value, as IdeHwControl(IdeVendorDefined)
 * does, or lists those that it has asked for. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "boot/shell/numbers.h"
#include "port/objects.h"
#include "port/power.h"

#define GUID_TEXT_CAPACITY 37u

static void guid_format(const GUID *guid, char text[GUID_TEXT_CAPACITY])
{
    int length = snprintf(text, GUID_TEXT_CAPACITY, "%08" PRIX32 "-%04X-%04X-",
                          (uint32_t)guid->Data1, guid->Data2, guid->Data3);

    for (unsigned i = 0; i < sizeof guid->Data4; i++)
        length += snprintf(text + length, GUID_TEXT_CAPACITY - (unsigned)length, "%s%02X",
                           i == 2 ? "-" : "", guid->Data4[i]);
}

/* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", also in braces. */
static bool guid_parse(const char *word, GUID *guid)
{
    static const char form[] = "00000000-0000-0000-0000-000000000000";
    const size_t length = sizeof form - 1;
    bool is_braced = word[0] == '{' && strlen(word) == length + 2 && word[length + 1] == '}';
    char digits[sizeof form];
    uint8_t bytes[16];
    size_t digit_count = 0, byte_count = 0;

    word += is_braced;
    if (!is_braced && strlen(word) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (form[i] == '-' && word[i] != '-')
            return false;
        if (form[i] != '-')
            digits[digit_count++] = word[i];
    }
    digits[digit_count] = 0;
    if (!hex_parse(digits, bytes, sizeof bytes, &byte_count))
        return false;
    guid->Data1 =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    guid->Data2 = (uint16_t)(bytes[4] << 8 | bytes[5]);
    guid->Data3 = (uint16_t)(bytes[6] << 8 | bytes[7]);
    memcpy(guid->Data4, bytes + 8, sizeof guid->Data4);
    return true;
}

static enum command_result list_settings(const struct channel *channel)
{
    const IDE_ADVANCED_CHANNEL_CONFIGURATION *advanced = &channel->given.advanced;
    unsigned count =
        advanced->Present.VendorDefinedPower ? advanced->VendorDefinedPower.ValidGuids : 0;

    if (count == 0)
        hal_printf("Channel %s: its driver has asked for no power settings.\n", channel->name);
    for (unsigned i = 0; i < count; i++) {
        char text[GUID_TEXT_CAPACITY];
        guid_format(&advanced->VendorDefinedPower.Guid[i], text);
        hal_printf("%s\n", text);
    }
    return COMMAND_DONE;
}

enum command_result command_setting(unsigned count, char **words)
{
    struct channel *channel;
    GUID setting;
    uint64_t value;

    if (count != 2 && count != 4)
        return COMMAND_BAD_ARGUMENTS;
    if (!(channel = argument_channel(words[1])))
        return COMMAND_FAILED;
    if (!channel_is_up(channel->state))
        return command_fail("Channel %s is not running.", channel->name);
    if (count == 2)
        return list_settings(channel);
    if (!guid_parse(words[2], &setting))
        return command_fail("\"%.60s\" is no GUID: 8-4-4-4-12 hexadecimal digits.", words[2]);
    if (!argument_number(words[3], &value))
        return COMMAND_FAILED;
    if (value > UINT32_MAX)
        return command_fail("A setting's value has 32 bits.");
    switch (channel_set_setting(channel, IDE_UNTAGGED, &setting, (uint32_t)value)) {
    case SETTING_NOT_ASKED:
        return command_fail("The driver of channel %s has not asked for this setting.",
                            channel->name);
    case SETTING_REFUSED:
        return command_fail("IdeHwControl(IdeVendorDefined) returned FALSE.");
    case SETTING_NOT_WAITED:
        return command_fail("Stopped: the driver of channel %s has requests, and was not told.",
                            channel->name);
    case SETTING_ACCEPTED:
        break;
    }
    hal_printf("The driver of channel %s was told.\n", channel->name);
    return COMMAND_DONE;
}
