/* SPDX-License-Identifier: MIT */
/*
 * `smart`: is the disk about to fail, as it says itself; its attributes; and which logs it has.
 *
 * ATA: SMART wants C24Fh in LBA Mid and High (ATA/ATAPI-6, 8.54). A disk that does not know a
 * subcommand aborts it.
 */
#include <inttypes.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "boot/shell/smart.h"
#include "lib/plural.h"
#include "port/irb_names.h"
#include "port/pass_through.h"

#define SMART_KEY    0xC24F00u
#define READ_LOG_EXT 0x2F

enum {
    WORD_SMART_SUPPORTED = 82, /* bit 0 */
    WORD_SMART_ENABLED = 85,   /* bit 0 */
    WORD_LOGS = 84,            /* bit 5 */
};

/* A command that reads 512 bytes, or none. False: it failed, said so. */
static bool ask(struct device *device, struct pass_through command, uint8_t *data, const char *what,
                struct request *request)
{
    (void)pass_through_kind(&command);
    command.buffer = data;
    command.may_repeat = true;
    pass_through_run(device, &command, request);
    if (request->irb_status == IRB_STATUS_SUCCESS && request->transferred == command.byte_count)
        return true;
    if (request->is_cancelled)
        command_fail("Stopped by Ctrl-C.");
    else if (request->irb_status == IRB_STATUS_DEVICE_ERROR)
        command_fail("Disk %s failed %s: status 0x%02x, error 0x%02x.", device->name, what,
                     request->ata_status, request->ata_error);
    else
        command_fail("Disk %s failed %s: %s.", device->name, what,
                     irb_status_name(request->irb_status));
    return false;
}

static bool ask_smart(struct device *device, uint8_t feature, uint8_t *data, const char *what,
                      struct request *request)
{
    struct pass_through command = {
        .opcode = IDE_COMMAND_SMART, .features = feature, .lba = SMART_KEY};
    return ask(device, command, data, what, request);
}

/* ------------------------------------------------------------------ SMART */

/* The verdict on the whole disk. */
static bool print_health(struct device *device, bool *is_failing)
{
    struct pass_results results;
    struct request request;

    if (!ask_smart(device, IDE_SMART_RETURN_STATUS, NULL, "SMART RETURN STATUS", &request)) {
        if (request.irb_status == IRB_STATUS_DEVICE_ERROR)
            hal_printf("SMART may be off: `ata %s smart 0xD8 0 0xC24F00` enables it.\n",
                       device->name);
        return false;
    }
    if (!pass_through_results(&request, &results)) {
        command_fail("The driver has returned no registers, so what disk %s says is not known.",
                     device->name);
        return false;
    }
    switch (smart_health(results.lba)) {
    case SMART_GOOD:
        hal_printf("Disk %s: healthy, as it says itself.\n", device->name);
        return true;
    case SMART_FAILING:
        *is_failing = true;
        hal_printf("Disk %s: FAILING, as it says itself. Copy what is on it.\n", device->name);
        return true;
    case SMART_NO_ANSWER:
        break;
    }
    command_fail("Disk %s gives no verdict: LBA 0x%07" PRIx64 ".", device->name, results.lba);
    return false;
}

static void warn_of_sum(const uint8_t *data, const char *what)
{
    if (!smart_sum_is_right(data))
        hal_printf("  (%s: its checksum is wrong)\n", what);
}

static bool print_attributes(struct device *device)
{
    static uint8_t data[SMART_BYTES], thresholds[SMART_BYTES];
    static const char *const verdicts[] = {
        [SMART_OK] = "", [SMART_FAILED_ONCE] = "  failed once", [SMART_FAILS_NOW] = "  FAILS"};
    struct request request;
    unsigned count = 0;

    if (!ask_smart(device, IDE_SMART_READ_ATTRIBUTES, data, "SMART READ DATA", &request))
        return false;
    if (!ask_smart(device, IDE_SMART_READ_THRESHOLDS, thresholds, "SMART READ THRESHOLDS",
                   &request)) {
        if (request.is_cancelled)
            return false;
        memset(thresholds, 0, sizeof thresholds); /* obsolete since ATA-5, so it may be missing */
        hal_printf("  No limits are known, so attributes are not judged.\n");
    }
    warn_of_sum(data, "READ DATA");
    warn_of_sum(thresholds, "READ THRESHOLDS");
    for (unsigned row = 0; row < SMART_ATTRIBUTES; row++) {
        struct smart_attribute attribute = smart_attribute(data, thresholds, row);
        if (attribute.id == 0)
            continue;
        if (count++ == 0)
            hal_printf("   ID  %-24s Value Worst Limit  %-8s Raw\n", "Attribute", "Kind");
        bool is_celsius = smart_is_temperature(attribute.id);
        hal_printf("  %3u  %-24s %5u %5u %5u  %-8s %" PRIu64 "%s%s\n", attribute.id,
                   smart_attribute_name(attribute.id), attribute.value, attribute.worst,
                   attribute.threshold, attribute.flags & 1 ? "pre-fail" : "old age",
                   is_celsius ? attribute.raw & 0xFF : attribute.raw, is_celsius ? " C" : "",
                   verdicts[attribute.verdict]);
    }
    if (count == 0)
        hal_printf("  It has no attributes.\n");
    return true;
}

/* ------------------------------------------------------------------ logs */

static bool print_logs(struct device *device)
{
    static uint8_t directory[SMART_BYTES];
    struct pass_through command = {.opcode = READ_LOG_EXT, .count = 1};
    struct request request;

    if (!ask(device, command, directory, "READ LOG EXT of the directory", &request))
        return false;
    hal_printf("Logs (`ata %s read-log-ext 0 PAGES ADDRESS` reads one):\n", device->name);
    for (unsigned address = 1; address <= 0xFF; address++) {
        uint16_t pages = log_pages(directory, (uint8_t)address);
        const char *name = log_name((uint8_t)address);
        if (pages)
            hal_printf("  0x%02x  %-32s %u page%s\n", address,
                       name              ? name
                       : address >= 0xA0 ? "the vendor's own"
                                         : "reserved",
                       pages, plural(pages));
    }
    return true;
}

/* ------------------------------------------------------------------ the command */

enum command_result command_smart(unsigned count, char **words)
{
    uint16_t identify[256];
    struct request request;
    bool is_failing = false;

    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    struct device *device = argument_device(words[1]);
    if (!device)
        return COMMAND_FAILED;
    if (device->kind != DEVICE_ATA)
        return command_fail("%s is a CD-ROM drive, which has no SMART.", device->name);
    if (!device_ask(device, identify, &request))
        return command_fail("Disk %s does not say what it has: %s.", device->name,
                            irb_status_name(request.irb_status));
    if (!(identify[WORD_SMART_SUPPORTED] & 1))
        return command_fail("Disk %s has no SMART (IDENTIFY, word 82).", device->name);
    if (!(identify[WORD_SMART_ENABLED] & 1))
        return command_fail("SMART is off on disk %s: `ata %s smart 0xD8 0 0xC24F00` enables it.",
                            device->name, device->name);
    bool is_good = print_health(device, &is_failing) && print_attributes(device);
    if (is_good && identify[WORD_LOGS] >> 14 == 1 && identify[WORD_LOGS] >> 5 & 1)
        is_good = print_logs(device);
    return is_good && !is_failing ? COMMAND_DONE : COMMAND_FAILED;
}
