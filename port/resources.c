/* SPDX-License-Identifier: MIT */
/*
 * What a controller owns of the machine: access ranges from its base address registers or from the
 * ISA legacy blocks, decoding and bus mastering, and the interrupt line of each channel.
 *
 * Stands in for the system that hands resources to drivers. May not call a miniport. Entered at
 * PASSIVE_LEVEL, while the controller's miniport is not started (but controller_channel_resources,
 * which only reads).
 */
#include "port/resources.h"

#include <string.h>

#include "port/access/access.h"
#include "port/access/audit.h"
#include "port/contract/rules.h"
#include "port/objects.h"

/* The command and control blocks that PC hardware has had since the AT (ATA/ATAPI-6 Annex; PCI IDE
 * Controller Specification 1.0, 2.4 "compatibility mode"). */
static const struct {
    uint16_t command, control;
    uint8_t irq;
} legacy[2] = {{0x1F0, 0x3F6, 14}, {0x170, 0x376, 15}};

#define LEGACY_COMMAND_BYTES 8u
#define LEGACY_CONTROL_BYTES 1u /* the register itself */
#define BUS_MASTER_BYTES     8u /* of a channel; a controller has twice that */
#define MAX_RANGE_LENGTH     0xFFFFF000u
#define NO_LINE              0xFFu /* what the firmware writes where none is connected */

/* PCI configuration space (PCI Local Bus 3.0, 6.1). */
enum {
    PCI_COMMAND = 0x04,
    PCI_HEADER_TYPE = 0x0E,
    PCI_BAR0 = 0x10,
    PCI_INTERRUPT_LINE = 0x3C,
    PCI_INTERRUPT_PIN = 0x3D,
};
#define COMMAND_IO         0x0001u
#define COMMAND_MEMORY     0x0002u
#define COMMAND_BUS_MASTER 0x0004u
#define COMMAND_NO_INTX    0x0400u
#define PCI_CLASS_IDE      0x0101u
/* Programming interface of an IDE controller (PCI IDE Controller Specification 1.0, 3.1). */
#define PCI_IDE_NATIVE(interface, channel) ((interface) >> ((channel)*2) & 1)
#define PCI_IDE_BUS_MASTER                 0x80u

/* ------------------------------------------------------------------ access ranges */

static IDE_ACCESS_RANGE range(uint64_t start, uint32_t length, bool in_memory, unsigned bar)
{
    IDE_ACCESS_RANGE result = {.RangeLength = length, .InMemory = in_memory, .Bar = (UCHAR)bar};
    result.RangeStart.QuadPart = result.PhysicalRangeStart.QuadPart = (LONGLONG)start;
    return result;
}

static void add_range(struct controller *controller, IDE_ACCESS_RANGE added)
{
    unsigned count = controller->given.resources.NumberOfAccessRanges;
    if (count < PORT_MAX_RANGES) {
        controller->given.ranges[count] = added;
        controller->given.resources.NumberOfAccessRanges = count + 1;
    }
}

/* Reads a register of a BAR; finds which of its bits can be written by writing ones. */
static uint32_t probe(struct hal_pci_address pci, unsigned offset, uint32_t *writable)
{
    uint32_t value = hal_pci_read(pci, offset, 4);
    hal_pci_write(pci, offset, 4, UINT32_MAX);
    *writable = hal_pci_read(pci, offset, 4);
    hal_pci_write(pci, offset, 4, value);
    return value;
}

/* Adds the range of a BAR, if the firmware has given it one; its size shows in the bits that can be
 * written (PCI Local Bus 3.0, 6.2.5.1). Decoding is off, so that nothing answers at the wrong place
 * meanwhile. Returns how many registers it took: 1, or 2 for a 64-bit one. */
static unsigned add_bar(struct controller *controller, unsigned bar, unsigned bar_count)
{
    unsigned offset = PCI_BAR0 + bar * 4;
    uint32_t size_low, size_high = UINT32_MAX;
    uint32_t low = probe(controller->pci, offset, &size_low);
    bool in_memory = !(low & 1), is_64 = in_memory && (low >> 1 & 3) == 2 && bar + 1 < bar_count;
    uint32_t mask = in_memory ? ~0xFu : ~0x3u; /* the other bits say what it is */
    uint64_t start = low & mask;

    if (is_64)
        start |= (uint64_t)probe(controller->pci, offset + 4, &size_high) << 32;
    else if (!in_memory && size_low)
        size_low |= 0xFFFF0000u; /* the upper half of an I/O BAR may read as 0 */
    uint64_t writable = (uint64_t)size_high << 32 | (size_low & mask);
    if (start && (is_64 ? writable : size_low & mask)) {
        uint64_t length = ~writable + 1; /* RangeLength has 32 bits: all that it can say */
        add_range(controller,
                  range(start, length > MAX_RANGE_LENGTH ? MAX_RANGE_LENGTH : (uint32_t)length,
                        in_memory, bar));
    }
    return is_64 ? 2 : 1;
}

/* Bridges have two BARs, CardBus bridges none that matter here (PCI Local Bus 3.0, 6.1). */
static unsigned bar_count_of(struct hal_pci_address pci)
{
    unsigned layout = hal_pci_read(pci, PCI_HEADER_TYPE, 1) & 0x7F;
    return layout == 0 ? 6 : layout == 1 ? 2 : 0;
}

static bool is_ide(const struct controller *controller)
{
    return !controller->is_pci || controller->class_code >> 8 == PCI_CLASS_IDE;
}

static bool is_legacy_channel(const struct controller *controller, unsigned channel)
{
    if (!controller->is_pci)
        return true;
    return is_ide(controller) && channel < 2 && !PCI_IDE_NATIVE(controller->class_code, channel);
}

void controller_find_resources(struct controller *controller)
{
    controller->given.resources.NumberOfAccessRanges = 0;
    controller->given.resources.IdeAccessRange = controller->given.ranges;
    for (unsigned channel = 0; is_ide(controller) && channel < 2; channel++) {
        if (!is_legacy_channel(controller, channel))
            continue;
        add_range(controller,
                  range(legacy[channel].command, LEGACY_COMMAND_BYTES, false, channel * 2));
        add_range(controller,
                  range(legacy[channel].control, LEGACY_CONTROL_BYTES, false, channel * 2 + 1));
    }
    if (!controller->is_pci)
        return;
    uint32_t command = hal_pci_read(controller->pci, PCI_COMMAND, 2), decoding = 0;
    unsigned bar_count = bar_count_of(controller->pci);
    hal_pci_write(controller->pci, PCI_COMMAND, 2, command & ~(COMMAND_IO | COMMAND_MEMORY));
    for (unsigned bar = 0; bar < bar_count;) {
        if (is_ide(controller) && bar < 4 && is_legacy_channel(controller, bar / 2))
            bar++; /* a legacy channel's BARs mean nothing */
        else
            bar += add_bar(controller, bar, bar_count);
    }
    for (unsigned i = 0; i < controller->given.resources.NumberOfAccessRanges; i++)
        decoding |= controller->given.ranges[i].InMemory ? COMMAND_MEMORY : COMMAND_IO;
    hal_pci_write(controller->pci, PCI_COMMAND, 2, (command | decoding) & ~COMMAND_NO_INTX);
}

void controller_enable_bus_master(struct controller *controller)
{
    if (controller->is_pci)
        hal_pci_write(controller->pci, PCI_COMMAND, 2,
                      hal_pci_read(controller->pci, PCI_COMMAND, 2) | COMMAND_BUS_MASTER);
    access_configured(controller);
}

bool controller_is_native(const struct controller *controller)
{
    return controller->is_pci && controller->class_code >> 8 == PCI_CLASS_IDE &&
           !is_legacy_channel(controller, 0) && !is_legacy_channel(controller, 1);
}

static const IDE_ACCESS_RANGE *range_of_bar(const struct controller *controller, unsigned bar)
{
    for (unsigned i = 0; i < controller->given.resources.NumberOfAccessRanges; i++)
        if (controller->given.ranges[i].Bar == bar)
            return &controller->given.ranges[i];
    return NULL;
}

/* Where Status, Alternate Status and the bus master's status are (ATA/ATAPI-6, 7; SFF-8038i). In
 * native mode the control block has four ports, and the register is the third. */
static void find_registers(struct channel *channel, unsigned count)
{
    bool has_bus_master = channel->controller->given.configuration.BusMaster;

    memset(&channel->audit.ports, 0, sizeof channel->audit.ports);
    for (unsigned i = 0; i < count; i++) {
        const IDE_ACCESS_RANGE *block = &channel->given.ranges[i];
        uint16_t port = (uint16_t)block->RangeStart.LowPart;
        if (block->InMemory)
            continue;
        if (block->Bar == channel->number * 2)
            channel->audit.ports.status = (uint16_t)(port + 7);
        else if (block->Bar == channel->number * 2 + 1)
            channel->audit.ports.alternate_status =
                (uint16_t)(port + (block->RangeLength >= 4 ? 2 : 0));
        else if (has_bus_master)
            channel->audit.ports.bus_master_status = (uint16_t)(port + 2);
    }
    channel->audit.dismissal = 0;
    if (channel->audit.ports.status && contract_audits)
        channel->audit.dismissal = channel->audit.ports.bus_master_status
                                       ? AUDIT_OWES_STATUS | AUDIT_OWES_CLEAR
                                       : AUDIT_OWES_STATUS;
}

/* Of an IDE controller, what belongs to the channel. What another function's registers are for,
 * only its driver knows: each of its channels gets all of them. */
void controller_channel_resources(struct controller *controller, struct channel *channel)
{
    unsigned number = channel->number, count = 0;

    if (is_ide(controller) && number < 2) {
        for (unsigned bar = number * 2; bar < number * 2 + 2; bar++) {
            const IDE_ACCESS_RANGE *found = range_of_bar(controller, bar);
            if (found)
                channel->given.ranges[count++] = *found;
        }
        const IDE_ACCESS_RANGE *bus_master =
            controller->is_pci ? range_of_bar(controller, 4) : NULL;
        /* A default channel driver cannot ask the controller's miniport whether it masters the
         * bus. */
        bool is_used = controller->channel_driver == controller->driver ||
                       controller->given.configuration.BusMaster;
        if (bus_master && is_used && controller->class_code & PCI_IDE_BUS_MASTER &&
            bus_master->RangeLength >= 2 * BUS_MASTER_BYTES)
            channel->given.ranges[count++] =
                range((uint64_t)bus_master->RangeStart.QuadPart + number * BUS_MASTER_BYTES,
                      BUS_MASTER_BYTES, bus_master->InMemory, 4);
    }
    find_registers(channel, count);
    channel->given.resources = (IDE_MINIPORT_RESOURCES){count, channel->given.ranges};
    if (!is_ide(controller))
        channel->given.resources = controller->given.resources;

    bool is_legacy = number < 2 && is_legacy_channel(controller, number);
    channel->interrupt.hal.level = !is_legacy;
    if (is_legacy)
        channel->interrupt.hal.line = legacy[number].irq;
    else if (hal_pci_read(controller->pci, PCI_INTERRUPT_PIN, 1))
        channel->interrupt.hal.line = hal_pci_read(controller->pci, PCI_INTERRUPT_LINE, 1);
    else
        channel->interrupt.hal.line = NO_LINE;
}
