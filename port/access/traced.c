/* SPDX-License-Identifier: MIT */
/* Whose registers the accesses in the trace were; see traced.h. Looks at no device. Any context. */
#include "port/access/traced.h"

#include "port/access/audit_dma.h"
#include "port/objects.h"

#define CLASS_AHCI  0x0106u
#define TABLE_LIMIT 64u /* PRDs that are looked at: a table without an end has more */

/* ATA/ATAPI-6, 7: the command block, by distance from Data. SFF-8038i: the bus master's. */
static enum access_role role_of(const struct channel *channel, uint16_t port)
{
    static const uint8_t bus_master[8] = {
        [0] = ROLE_BUS_MASTER_COMMAND, [2] = ROLE_BUS_MASTER_STATUS, [4] = ROLE_BUS_MASTER_TABLE};
    const uint16_t status = channel->audit.ports.status;
    const uint16_t bus_master_status = channel->audit.ports.bus_master_status;
    unsigned distance = (unsigned)port - (status - 7u);

    if (status && distance < 8)
        return (enum access_role)(ROLE_DATA + distance);
    if (port && port == channel->audit.ports.alternate_status)
        return ROLE_ALTERNATE_STATUS;
    distance = (unsigned)port - (bus_master_status - 2u);
    if (bus_master_status && distance < 8)
        return (enum access_role)bus_master[distance];
    return ROLE_NONE;
}

static bool find_port(uint16_t port, struct trace_register *found)
{
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));) {
        enum access_role role = role_of(channel, port);
        if (role != ROLE_NONE) {
            *found = (struct trace_register){.channel = channel->traced, .role = role};
            return true;
        }
    }
    return false;
}

/* Where the HBA's registers begin: in its memory range (AHCI 1.3.1, 2.1.11: ABAR). */
static bool find_offset(const struct controller *controller, const struct mapped_range *range,
                        uint16_t where, uint32_t *offset)
{
    const IDE_ACCESS_RANGE *ranges = controller->given.ranges;
    uint32_t into = (uint16_t)(where - (uint16_t)range->base);
    uint64_t address = hal_physical((const void *)range->base) + into;

    if (into >= range->byte_count)
        return false;
    for (unsigned i = 0; i < controller->given.resources.NumberOfAccessRanges; i++) {
        uint64_t start = (uint64_t)ranges[i].RangeStart.QuadPart;
        if (ranges[i].InMemory && address >= start && address - start < ranges[i].RangeLength) {
            *offset = (uint32_t)(address - start);
            return true;
        }
    }
    return false;
}

static bool find_memory(uint16_t where, struct trace_register *found)
{
    for (unsigned i = 0; i < port_controller_count; i++) {
        const struct controller *controller = &port_controllers[i];
        for (unsigned m = 0;
             m < controller->mapped_count && controller->class_code >> 8 == CLASS_AHCI; m++) {
            *found = (struct trace_register){.channel = (uint16_t)trace_channel(i, 0)};
            if (find_offset(controller, &controller->mapped[m], where, &found->offset))
                return true;
        }
    }
    return false;
}

static bool find(bool is_memory, uint16_t where, struct trace_register *found)
{
    return is_memory ? find_memory(where, found) : find_port(where, found);
}

/* ------------------------------------------------------------------ the bus master's table */

static unsigned find_table(uint16_t where, struct trace_prd *prds, unsigned most)
{
    struct channel *channel = NULL;
    unsigned count = 0;

    while ((channel = port_next_channel(channel)) && channel->traced != where)
        continue;
    const struct audit_prd *prd = channel ? channel->audit.dma.table : NULL;
    for (bool is_end = !prd; !is_end && count < TABLE_LIMIT && hal_physical(prd); count++, prd++) {
        uint32_t byte_count = prd->control & PRD_COUNT_MASK;
        if (count < most)
            prds[count] = (struct trace_prd){prd->address, byte_count ? byte_count : PRD_BOUNDARY};
        is_end = prd->control & PRD_END;
    }
    return count;
}

const struct trace_world access_traced = {find, find_table};
