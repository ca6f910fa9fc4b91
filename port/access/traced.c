/* SPDX-License-Identifier: MIT */
/*
 * Whose registers the accesses in the trace were; see traced.h. Looks at no device. Any context,
 * but for traced_publish.
 */
#include "port/access/traced.h"

#include <stdio.h>
#include <string.h>

#include "port/access/audit_dma.h"
#include "port/objects.h"
#include "port/trace_export.h"

#define CLASS_AHCI  0x0106u
#define TABLE_LIMIT 64u /* PRDs that are looked at: a table without an end has more */

/* ------------------------------------------------------------------ places */

/* Of a channel: command block, control block, and three registers of its bus master. */
#define CHANNEL_PLACES 5u

static struct trace_place port_place(const struct channel *channel, unsigned first,
                                     enum access_role role, unsigned count)
{
    return (struct trace_place){.channel = channel->traced,
                                .where = (uint16_t)first,
                                .role = (uint8_t)role,
                                .count = count};
}

/* ATA/ATAPI-6, 7: the command block; SFF-8038i: the bus master's. Returns how many there are. */
static unsigned channel_places(const struct channel *channel, struct trace_place *places)
{
    const uint16_t status = channel->audit.ports.status;
    const uint16_t alternate_status = channel->audit.ports.alternate_status;
    const uint16_t bus_master = channel->audit.ports.bus_master_status;
    unsigned count = 0;

    if (status)
        places[count++] = port_place(channel, status - 7u, ROLE_DATA, 8);
    if (alternate_status)
        places[count++] = port_place(channel, alternate_status, ROLE_ALTERNATE_STATUS, 1);
    if (bus_master) {
        places[count++] = port_place(channel, bus_master - 2u, ROLE_BUS_MASTER_COMMAND, 1);
        places[count++] = port_place(channel, bus_master, ROLE_BUS_MASTER_STATUS, 1);
        places[count++] = port_place(channel, bus_master + 2u, ROLE_BUS_MASTER_TABLE, 1);
    }
    return count;
}

/* Of a piece of device memory: the HBA's registers, if it has any (AHCI 1.3.1, 2.1.11: ABAR). */
static unsigned mapped_places(const struct controller *controller,
                              const struct mapped_range *mapped, struct trace_place *place)
{
    if (controller->class_code >> 8 != CLASS_AHCI)
        return 0;
    *place = (struct trace_place){.channel = (uint16_t)trace_channel(controller->index, 0),
                                  .where = (uint16_t)mapped->base,
                                  .is_memory = true,
                                  .count = mapped->byte_count,
                                  .offset = mapped->offset};
    return 1;
}

/* Hands all of them to a visitor, until that says that it has what it wants. */
static bool visit_places(bool (*visit)(const struct trace_place *place, void *context),
                         void *context)
{
    struct trace_place places[CHANNEL_PLACES];

    for (struct channel *channel = NULL; (channel = port_next_channel(channel));)
        for (unsigned i = 0, count = channel_places(channel, places); i < count; i++)
            if (visit(&places[i], context))
                return true;
    for (unsigned i = 0; i < port_controller_count; i++) {
        const struct controller *controller = &port_controllers[i];
        for (unsigned m = 0; m < controller->mapped_count; m++)
            if (mapped_places(controller, &controller->mapped[m], places) && visit(places, context))
                return true;
    }
    return false;
}

struct search {
    bool is_memory;
    uint16_t where;
    struct trace_register *found;
};

static bool is_wanted(const struct trace_place *place, void *context)
{
    const struct search *search = context;

    return trace_place_has(place, search->is_memory, search->where, search->found);
}

static bool find(bool is_memory, uint16_t where, struct trace_register *found)
{
    struct search search = {is_memory, where, found};

    return visit_places(is_wanted, &search);
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

/* ------------------------------------------------------------------ for readers outside */

static struct trace_export export __attribute__((aligned(TRACE_EXPORT_ALIGNMENT)));

static bool export_place(const struct trace_place *place, void *context)
{
    (void)context;
    if (export.place_count < TRACE_EXPORT_PLACES)
        export.places[export.place_count++] = *place;
    else
        export.left_out++;
    return false;
}

static void export_device(const struct device *device)
{
    const struct controller *controller = device->channel->controller;

    if (export.device_count == TRACE_EXPORT_DEVICES) {
        export.left_out++;
        return;
    }
    struct trace_device *its = &export.devices[export.device_count++];
    *its = (struct trace_device){
        .channel = device->channel->traced, .target = device->target, .lun = device->lun};
    memcpy(its->name, device->name, sizeof its->name);
    memcpy(its->model, device->model, sizeof its->model);
    snprintf(its->driver, sizeof its->driver, "%s",
             controller->channel_driver ? controller->channel_driver->name : "");
}

void traced_publish(void)
{
    export.place_count = export.device_count = export.left_out = 0;
    (void)visit_places(export_place, NULL);
    for (struct device *device = NULL; (device = port_next_device(device));)
        export_device(device);
    export.entries = hal_physical(trace_entries);
    export.times = hal_physical(trace_times);
    export.next = hal_physical(&trace_next);
    export.counted = hal_physical(&trace_counted);
    export.entry_count = TRACE_ENTRY_COUNT;
    export.ns_per_4g_cycles = hal_cycles_ns(1ull << 32);
    export.origin_cycles = hal_cycles_at_zero();
    export.magic = TRACE_EXPORT_MAGIC;
}
