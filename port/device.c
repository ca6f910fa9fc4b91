/* SPDX-License-Identifier: MIT */
/*
 * Devices as objects: made when one is looked for for the first time, and kept with their counters
 * as long as their channel, found or not. Entered at PASSIVE_LEVEL.
 */
#include "port/device.h"

#include "port/objects.h"

struct device *device_make(struct channel *channel, unsigned target, unsigned lun)
{
    struct device **link = &channel->devices, *device;

    while ((device = *link) &&
           (device->target < target || (device->target == target && device->lun < lun)))
        link = &device->next;
    if (device && device->target == target && device->lun == lun)
        return device;
    device = hal_pages_alloc(hal_pages_for(sizeof *device), UINT64_MAX);
    if (!device)
        return NULL;
    device->channel = channel;
    device->target = (uint8_t)target;
    device->lun = (uint8_t)lun;
    device->power_wanted = IdePowerUnSpecified;
    device_set_usable(device, false);
    enum irql level = irql_enter_dirql(); /* others walk the list */
    device->next = *link;
    *link = device;
    irql_leave_dirql(level);
    return device;
}
