/* SPDX-License-Identifier: MIT */
/*
 * What a controller's drivers may touch: what AtaPortGetDeviceBase mapped of its ranges (ADR-02),
 * as a byte for each port and a few ranges of memory. Owns the maps' bytes. Entered at
 * PASSIVE_LEVEL, and from every context in which a miniport runs.
 */
#include <string.h>

#include "port/access/access.h"
#include "port/access/audit.h"
#include "port/contract/entry.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"
#include "port/contract/rules.h"
#include "port/log.h"
#include "port/objects.h"

struct access_map access_no_ports;

/* The access range that holds [address, address + byte_count); byte_count 0 means to its end. */
static const IDE_ACCESS_RANGE *find_range(const IDE_ACCESS_RANGE *ranges, unsigned count,
                                          uint64_t address, uint32_t byte_count)
{
    for (unsigned i = 0; i < count; i++) {
        const IDE_ACCESS_RANGE *range = &ranges[i];
        uint64_t start = (uint64_t)range->RangeStart.QuadPart;
        if (address >= start && address - start < range->RangeLength &&
            byte_count <= range->RangeLength - (address - start))
            return range;
    }
    return NULL;
}

/* The widest access that may begin at a port: as many ports are mapped from there on. */
static void set_width_code(struct access_entry *map, uint32_t port)
{
    unsigned run = 0;
    while (run < 4 && port + run < ACCESS_PORT_COUNT && map[port + run].read & ACCESS_WIDTH_CODE)
        run++;
    map[port].read = map[port].write = (uint8_t)(run >= 4 ? 3 : run >= 2 ? 2 : run);
}

static __attribute__((cold)) void map_ports(struct controller *controller, uint32_t port,
                                            uint32_t byte_count)
{
    struct access_entry *map = controller->port_map->ports;
    uint32_t end = port + byte_count < ACCESS_PORT_COUNT ? port + byte_count : ACCESS_PORT_COUNT;

    for (uint32_t i = port; i < end; i++)
        map[i].read = 1;
    for (uint32_t i = port < 3 ? 0 : port - 3; i < end; i++) /* a range that ended here goes on */
        if (map[i].read)
            set_width_code(map, i);
    access_mark(controller);
}

/* A register is of interest where it is read, where it is written, or both. Channels with registers
 * in ports are an IDE controller's, which has two. */
static void mark_port(struct channel *channel, unsigned index, uint16_t port,
                      enum access_role read_role, enum access_role write_role, unsigned noted)
{
    struct access_map *map = channel->controller->port_map;
    struct access_entry *entry = &map->ports[port];
    unsigned number = channel->number ? 1 : 0;
    unsigned place = index + (channel->number ? ROLE_COUNT : 0);
    uint8_t mark = (uint8_t)(ACCESS_OF_INTEREST | place << ACCESS_REGISTER_SHIFT);

    if (!port || !entry->read)
        return;
    map->registers[place] = (struct access_register){
        .read = access_readers[read_role],
        .write = access_writers[write_role],
        .channel = channel,
        .read_role = (uint8_t)read_role,
        .write_role = (uint8_t)write_role,
        .noted = (uint8_t)AUDIT_OF_CHANNEL(noted, number),
    };
    if (read_role)
        entry->read = mark | (entry->read & ACCESS_WIDTH_CODE);
    if (write_role)
        entry->write = mark | (entry->write & ACCESS_WIDTH_CODE);
}

/* ATA/ATAPI-6, 7: the command block. */
void access_mark(struct controller *controller)
{
    for (unsigned i = 0; i < controller->channel_count && contract_checks; i++) {
        struct channel *channel = controller->channels[i];
        if (!channel)
            continue;
        uint16_t status = channel->audit.ports.status;
        if (status) {
            mark_port(channel, 0, status, ROLE_STATUS, ROLE_STATUS, AUDIT_READ_STATUS);
            mark_port(channel, 1, (uint16_t)(status - 1), ROLE_NONE, ROLE_DEVICE, 0);
            mark_port(channel, 2, (uint16_t)(status - 6), ROLE_ERROR, ROLE_NONE, 0);
        }
        mark_port(channel, 3, channel->audit.ports.alternate_status, ROLE_ALTERNATE_STATUS,
                  ROLE_ALTERNATE_STATUS, 0);
        mark_port(channel, 4, channel->audit.ports.bus_master_status, ROLE_NONE,
                  ROLE_BUS_MASTER_STATUS, AUDIT_CLEARED_BUS_MASTER);
    }
}

PVOID NTAPI AtaPortGetDeviceBase(PVOID ChannelExtension, IDE_PHYSICAL_ADDRESS IoAddress,
                                 ULONG NumberOfBytes)
{
    const enum routine routine = ROUTINE_AtaPortGetDeviceBase;
    struct channel *channel;
    struct controller *controller = entry_either(routine, ChannelExtension, &channel, CALLER);
    uint64_t address = (uint64_t)IoAddress.QuadPart;
    const IDE_ACCESS_RANGE *range = NULL;

    if (!controller)
        return NULL;
    if (channel)
        range = find_range(channel->given.resources.IdeAccessRange,
                           channel->given.resources.NumberOfAccessRanges, address, NumberOfBytes);
    if (!range)
        range =
            find_range(controller->given.ranges, controller->given.resources.NumberOfAccessRanges,
                       address, NumberOfBytes);
    if (!range) {
        contract_report(RULE_ADR_02, channel, routine_name(routine), CALLER,
                        "%#llx is in none of the access ranges (bytes: %u)",
                        (unsigned long long)address, (unsigned)NumberOfBytes);
        return NULL;
    }
    uint32_t byte_count =
        NumberOfBytes
            ? NumberOfBytes
            : range->RangeLength - (uint32_t)(address - (uint64_t)range->RangeStart.QuadPart);
    uintptr_t base = (uintptr_t)address;
    if (range->InMemory) {
        base = (uintptr_t)hal_map_device(address, byte_count);
        if (!base) {
            port_message(channel, "%s: no room to map %#llx (bytes: %u)", routine_name(routine),
                         (unsigned long long)address, (unsigned)byte_count);
            return NULL;
        }
        for (unsigned i = 0; i < controller->mapped_count; i++)
            if (controller->mapped[i].base == base &&
                controller->mapped[i].byte_count == byte_count)
                return (PVOID)base;
        if (controller->mapped_count == PORT_MAX_MAPPED) {
            port_message(channel, "%s: more than %u ranges of device memory", routine_name(routine),
                         PORT_MAX_MAPPED);
            return NULL;
        }
        controller->mapped[controller->mapped_count++] =
            (struct mapped_range){.base = base, .byte_count = byte_count};
    } else {
        map_ports(controller, (uint32_t)address, byte_count);
    }
    return (PVOID)base;
}

bool access_create_map(struct controller *controller)
{
    if (!controller->port_map)
        controller->port_map =
            hal_pages_alloc(hal_pages_for(sizeof *controller->port_map), UINT64_MAX);
    return controller->port_map;
}

void access_unmap_all(struct controller *controller)
{
    controller->mapped_count = 0;
    memset(controller->port_map, 0, sizeof *controller->port_map);
}
