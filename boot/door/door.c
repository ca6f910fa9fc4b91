/* SPDX-License-Identifier: MIT */
/*
 * The door's life: found, opened, shut; see door.h. What is asked through it is serve.c's.
 *
 * Owns the head of the shared memory, and fills in the table of what is behind the door. The hook
 * of the notices runs in interrupt context, all else at PASSIVE_LEVEL.
 */
#include "boot/door/door.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/door/serve.h"
#include "port/objects.h"
#include "port/parcel.h"

/* QEMU: ivshmem-plain, a PCI function whose third range is the memory that the host gave it. */
#define IVSHMEM_VENDOR  0x1AF4u
#define IVSHMEM_DEVICE  0x1110u
#define PCI_VENDOR      0x00u
#define PCI_DEVICE      0x02u
#define PCI_COMMAND     0x04u
#define COMMAND_MEMORY  0x0002u
#define PCI_RANGE_2     0x18u
#define RANGE_ADDRESS   0xFFFFFFF0u
#define RANGE_IS_64_BIT 0x04u

static void (*end_wanted)(void);
static bool must_end;

/* ------------------------------------------------------------------ what is shared */

/* Interrupt context. */
static void noticed(uint8_t byte)
{
    if (byte == DOOR_END) {
        must_end = true;
        end_wanted();
    }
    serve_look();
}

/* 0: there is none. */
static uint64_t find_memory(void)
{
    struct hal_pci_address address;

    for (bool more = hal_pci_next(&address, true); more; more = hal_pci_next(&address, false)) {
        if (hal_pci_read(address, PCI_VENDOR, 2) != IVSHMEM_VENDOR ||
            hal_pci_read(address, PCI_DEVICE, 2) != IVSHMEM_DEVICE)
            continue;
        uint32_t range = hal_pci_read(address, PCI_RANGE_2, 4);
        uint64_t physical = range & RANGE_ADDRESS;
        if (range & RANGE_IS_64_BIT)
            physical |= (uint64_t)hal_pci_read(address, PCI_RANGE_2 + 4, 4) << 32;
        uint32_t command = hal_pci_read(address, PCI_COMMAND, 2);
        hal_pci_write(address, PCI_COMMAND, 2, command | COMMAND_MEMORY);
        return physical;
    }
    return 0;
}

static bool map_memory(uint64_t physical)
{
    size_t pages = hal_pages_for(sizeof(struct door_memory));
    void *window = physical ? hal_window_reserve(pages) : NULL;

    if (!window || !hal_map(window, physical, pages, HAL_MAP_WRITE))
        return false;
    door.memory = window;
    return true;
}

bool door_prepare(void (*end)(void))
{
    const char *missing = NULL;

    end_wanted = end;
    if (!map_memory(find_memory()))
        missing = "no memory that is shared with the host";
    else if (!serve_prepare())
        missing = "no memory for the data";
    else if (!hal_notice_start(noticed))
        missing = "no second serial port";
    if (missing)
        hal_printf("The door cannot be opened: there is %s.\n", missing);
    return !missing;
}

/* ------------------------------------------------------------------ what is behind the door */

static void add_export(const struct device *device, bool writable)
{
    struct door_export *export = &door.exports[door.export_count];
    bool is_disk = device->kind == DEVICE_ATA;

    if (door.export_count == DOOR_EXPORTS || device->sector_size == 0 ||
        device->sector_size > DOOR_SECTOR_MOST) {
        hal_printf("Disk %s is not behind the door: %s.\n", device->name,
                   door.export_count == DOOR_EXPORTS ? "there are too many"
                                                     : "of its sectors nobody knows how large "
                                                       "they are, or they are too large");
        return;
    }
    snprintf(export->name, sizeof export->name, "%s", device->name);
    snprintf(export->description, sizeof export->description, "%s", device->model);
    export->sector_size = device->sector_size;
    export->byte_count = device->sector_count * device->sector_size;
    if (is_disk && writable)
        export->flags |= DOOR_EXPORT_WRITABLE;
    if (is_disk && device->block.trim_sectors)
        export->flags |= DOOR_EXPORT_TRIMS;
    door.export_count++;
}

static bool host_is_there(const void *context)
{
    (void)context;
    return must_end || hal_read32(&door.memory->head.host_magic) == DOOR_MAGIC;
}

static void say_open(const char *uri, bool writable)
{
    char names[DOOR_EXPORTS * 17] = "";
    size_t length = 0;

    for (unsigned i = 0; i < door.export_count; i++)
        length +=
            (size_t)snprintf(names + length, sizeof names - length, " %s", door.exports[i].name);
    hal_printf("NBD, %s:%s at %s\n", writable ? "for reading and writing" : "read-only",
               door.export_count ? names : " no disk", uri);
}

bool door_open(const char *uri, bool writable)
{
    if (!parcel_wait_until(host_is_there, NULL) || must_end)
        return false;
    for (struct device *device = NULL; (device = port_next_device(device));)
        if (device->usable)
            add_export(device, writable);

    struct door_head *head = &door.memory->head;
    memcpy(head->exports, door.exports, sizeof door.exports);
    hal_write32(&head->export_count, door.export_count);
    hal_write32(&head->version, DOOR_VERSION);
    hal_write32(&head->magic, DOOR_MAGIC);
    hal_compiler_barrier();
    door.state = DOOR_OPEN;
    hal_write32(&head->state, DOOR_OPEN);
    say_open(uri, writable);
    hal_notice_send(DOOR_LOOK);
    return true;
}

void door_close(void)
{
    door.is_closing = true;
    (void)parcel_wait_until(serve_is_idle, NULL);
    serve_shut();
}
