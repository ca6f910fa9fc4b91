/* SPDX-License-Identifier: MIT */
/*
 * What a controller's drivers may touch: what AtaPortGetDeviceBase mapped of its ranges (ADR-02),
 * as a place for each port and a few ranges of memory. Owns the maps' places. Entered at
 * PASSIVE_LEVEL, and from every context in which a miniport runs.
 */
#include <string.h>

#include "port/access/access.h"
#include "port/access/audit.h"
#include "port/access/hba.h"
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
static unsigned widest(const uint16_t *ports, uint32_t port)
{
    unsigned run = 0;
    while (run < 4 && port + run < ACCESS_PORT_COUNT && ports[port + run] != ACCESS_UNMAPPED)
        run++;
    return run >= 4 ? 4 : run >= 2 ? 2 : run;
}

/* What is known of a port is that it is mapped. */
static void set_plain(uint16_t *ports, uint32_t port)
{
    unsigned most = widest(ports, port);
    ports[port] = access_place(most == 4   ? ACCESS_PLAIN_4
                               : most == 2 ? ACCESS_PLAIN_2
                                           : ACCESS_PLAIN_1);
}

static __attribute__((cold)) void map_ports(struct controller *controller, uint32_t port,
                                            uint32_t byte_count)
{
    uint16_t *ports = controller->port_map->ports;
    uint32_t end = port + byte_count < ACCESS_PORT_COUNT ? port + byte_count : ACCESS_PORT_COUNT;

    for (uint32_t i = port; i < end; i++)
        ports[i] = access_place(ACCESS_PLAIN_1);
    for (uint32_t i = port < 3 ? 0 : port - 3; i < end; i++) /* a range that ended here goes on */
        if (ports[i] != ACCESS_UNMAPPED)
            set_plain(ports, i);
    access_mark(controller);
}

/* PCI Local Bus 3.0, 6.2.2. */
#define PCI_COMMAND        4u
#define COMMAND_IO         0x0001u
#define COMMAND_BUS_MASTER 0x0004u

static bool is_dark(const struct controller *controller)
{
    return contract_audits && controller->is_pci && !(controller->pci_command & COMMAND_IO);
}

void access_configured(struct controller *controller)
{
    if (!controller->is_pci)
        return;
    bool was_dark = is_dark(controller);
    controller->pci_command = (uint16_t)hal_pci_read(controller->pci, PCI_COMMAND, 2);
    for (unsigned i = 0; i < controller->channel_count; i++)
        if (controller->channels[i])
            audit_dma_configured(controller->channels[i],
                                 controller->pci_command & COMMAND_BUS_MASTER);
    if (controller->port_map && is_dark(controller) != was_dark)
        access_mark(controller);
}

/* Channels with registers in ports are an IDE controller's, which has two. Nobody asks for their
 * roles but the auditor, and what stands between driver and device. */
static void mark_port(struct channel *channel, uint16_t port, enum access_role role)
{
    struct access_map *map = channel->controller->port_map;
    unsigned number = channel->number ? 1 : 0;
    unsigned place = ACCESS_ROLES + role + number * ROLE_COUNT;
    struct access_register *reg = &map->records[place];

    if (map->ports[port] == ACCESS_UNMAPPED)
        return;
    if (!contract_audits && !access_filter) {
        set_plain(map->ports, port);
        return;
    }
    *reg = is_dark(channel->controller) ? access_dark_record(role, widest(map->ports, port))
                                        : access_record(role, widest(map->ports, port));
    reg->channel = channel;
    map->ports[port] = access_place(place);
}

/* ATA/ATAPI-6, 7: the command block; SFF-8038i: the bus master's, of each channel. */
void access_mark(struct controller *controller)
{
    for (unsigned i = 0; i < controller->channel_count; i++) {
        struct channel *channel = controller->channels[i];
        if (!channel)
            continue;
        uint16_t status = channel->audit.ports.status;
        uint16_t alternate_status = channel->audit.ports.alternate_status;
        uint16_t bus_master = channel->audit.ports.bus_master_status;
        for (unsigned role = ROLE_DATA; role <= ROLE_STATUS && status; role++)
            mark_port(channel, (uint16_t)(status - ROLE_STATUS + role), (enum access_role)role);
        if (alternate_status)
            mark_port(channel, alternate_status, ROLE_ALTERNATE_STATUS);
        if (bus_master) {
            mark_port(channel, (uint16_t)(bus_master - 2), ROLE_BUS_MASTER_COMMAND);
            mark_port(channel, bus_master, ROLE_BUS_MASTER_STATUS);
            for (unsigned role = ROLE_BUS_MASTER_TABLE; role < ROLE_COUNT; role++)
                mark_port(channel, (uint16_t)(bus_master + 2 + role - ROLE_BUS_MASTER_TABLE),
                          (enum access_role)role);
        }
    }
}

/* The short way to an AHCI controller's registers (access.h). */
static void map_registers(struct access_map *map, const struct mapped_range *range)
{
    if (map->hba_count || !range->hba || range->offset % 4 || range->offset >= HBA_BYTES)
        return;
    uint32_t left = HBA_BYTES - range->offset;
    map->hba_start = range->base;
    map->hba_count = (range->byte_count < left ? range->byte_count : left) / 4;
    map->hba_records = &range->hba->registers[range->offset / 4];
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
        bool is_hba = range->Bar == HBA_BAR && hba_create(controller);
        struct mapped_range *mapped = &controller->mapped[controller->mapped_count++];
        *mapped = (struct mapped_range){
            .base = base,
            .byte_count = byte_count,
            .offset = (uint32_t)(address - (uint64_t)range->RangeStart.QuadPart),
            .hba = is_hba ? controller->hba : NULL,
        };
        map_registers(controller->port_map, mapped);
    } else {
        map_ports(controller, (uint32_t)address, byte_count);
    }
    return (PVOID)base;
}

/* Nothing is mapped. */
static void clear(struct access_map *map)
{
    memset(map, 0, sizeof *map);
    map->records[ACCESS_UNMAPPED] = access_record(ROLE_NONE, 0);
    map->records[ACCESS_PLAIN_1] = access_record(ROLE_NONE, 1);
    map->records[ACCESS_PLAIN_2] = access_record(ROLE_NONE, 2);
    map->records[ACCESS_PLAIN_4] = access_record(ROLE_NONE, 4);
}

bool access_create_map(struct controller *controller)
{
    if (!controller->port_map) {
        controller->port_map =
            hal_pages_alloc(hal_pages_for(sizeof *controller->port_map), UINT64_MAX);
        if (controller->port_map)
            clear(controller->port_map);
    }
    return controller->port_map;
}

void access_unmap_all(struct controller *controller)
{
    controller->mapped_count = 0;
    hba_forget(controller);
    clear(controller->port_map);
}

void access_init(void)
{
    clear(&access_no_ports);
    context_now->port_map = &access_no_ports; /* while no miniport runs */
}
