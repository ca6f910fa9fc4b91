/* SPDX-License-Identifier: MIT */
/*
 * The names of devices; see device_names.h. The host knows what hangs where, and says so by place:
 * numbers then do not depend on which controllers there are, and which of them is found first.
 *
 * Owns device->name. Not entered from interrupts.
 */
#include "port/device_names.h"

#include <stdio.h>
#include <string.h>

#include "port/objects.h"

#define PLACE_CAPACITY 24u
#define LIST_CAPACITY  4096u /* for more than 250 places */

/* A place's number is where it stands in its list. */
static char disk_places[LIST_CAPACITY], drive_places[LIST_CAPACITY];

void device_names_begin(const char *disks, const char *drives)
{
    snprintf(disk_places, LIST_CAPACITY, "%s", disks);
    snprintf(drive_places, LIST_CAPACITY, "%s", drives);
}

static void place_of(const struct device *device, char place[PLACE_CAPACITY])
{
    const struct controller *controller = device->channel->controller;
    char address[12] = "isa";

    if (controller->is_pci)
        snprintf(address, sizeof address, "%02x:%02x.%x", controller->pci.bus,
                 controller->pci.device, controller->pci.function & 7u);
    int length = snprintf(place, PLACE_CAPACITY, "%s/%u.%u", address, device->channel->number,
                          device->target);
    if (device->lun)
        snprintf(place + length, PLACE_CAPACITY - (unsigned)length, ".%u", device->lun);
}

/* The number of a place, which is added to the list when it is new. */
static unsigned number_of(const char *place, char *list)
{
    unsigned number = 0;
    size_t length = strlen(place);
    char *from = list;

    for (; *from; number++) {
        char *end = from;
        while (*end && *end != ',')
            end++;
        if ((size_t)(end - from) == length && memcmp(from, place, length) == 0)
            return number;
        from = *end ? end + 1 : end;
    }
    size_t used = (size_t)(from - list);
    if (used + length + 2 <= LIST_CAPACITY)
        snprintf(from, LIST_CAPACITY - used, "%s%s", used ? "," : "", place);
    return number;
}

/* Has another device this name already? Only when the list is full. */
static bool is_taken(const struct device *device)
{
    for (struct device *other = NULL; (other = port_next_device(other));)
        if (other != device && strcmp(other->name, device->name) == 0)
            return true;
    return false;
}

void device_set_name(struct device *device)
{
    bool is_disk = device->kind == DEVICE_ATA;
    char place[PLACE_CAPACITY];

    place_of(device, place);
    unsigned number = number_of(place, is_disk ? disk_places : drive_places);
    do
        snprintf(device->name, sizeof device->name, is_disk ? "%u" : "cd%u", number++ % 100000);
    while (is_taken(device));
}
