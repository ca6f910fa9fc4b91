/* SPDX-License-Identifier: MIT */
/*
 * The tour, when nothing was asked for: looks around as a person would, with commands that anybody
 * can type again. It reads and never writes, and takes about a second.
 */
#include <inttypes.h>
#include <stdio.h>

#include "boot/shell/shell.h"
#include "port/objects.h"

#define CHECKSUM_BYTES 0x800000u /* enough to be work, little enough not to wait */

static struct device *first_device(enum device_kind kind)
{
    for (struct device *device = NULL; (device = port_next_device(device));)
        if (device->kind == kind && device->usable && device->sector_count > 0)
            return device;
    return NULL;
}

static __attribute__((format(printf, 1, 2))) bool run(const char *format, ...)
{
    char text[80];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    bool succeeded = shell_run_shown(text);
    hal_printf("\n");
    return succeeded;
}

static bool checksum(const struct device *device)
{
    uint64_t most = CHECKSUM_BYTES / device->sector_size;

    if (device->sector_count <= most)
        return run("sha256 %s", device->name);
    return run("sha256 %s 0 %" PRIu64, device->name, most);
}

bool shell_tour(void)
{
    const struct device *disk = first_device(DEVICE_ATA), *cd = first_device(DEVICE_ATAPI);
    bool succeeded = run("devices");

    if (disk) {
        succeeded &= run("partitions %s", disk->name);
        succeeded &= run("read %s 0", disk->name);
        succeeded &= checksum(disk);
    }
    if (cd) {
        succeeded &= run("partitions %s", cd->name);
        succeeded &= checksum(cd);
    }
    if (!disk && !cd)
        hal_printf("There is no disk to look at. DISK= and CDROM= name images.\n");
    else
        hal_printf(
            "That was a tour. With a terminal there is a prompt; CMD='...' runs commands.\n");
    return succeeded;
}
