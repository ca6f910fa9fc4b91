/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space through mechanism #1: an address port and a data port.
 *
 * Owns ports 0CF8h to 0CFFh. Any context; the two accesses are made with interrupts off.
 * Source: PCI Local Bus Specification 3.0, 3.2.2.3.2; header layout 6.1.
 */
#include "hal/x86/pc/pc.h"

#define ADDRESS_PORT   0xCF8u
#define DATA_PORT      0xCFCu
#define ADDRESS_ENABLE 0x80000000u

#define OFFSET_VENDOR          0x00u
#define OFFSET_HEADER_TYPE     0x0Eu /* 7 several functions, 6:0 layout */
#define OFFSET_SUBORDINATE_BUS 0x1Au /* of a bridge: last bus behind it */

#define HEADER_MULTIFUNCTION 0x80u
#define HEADER_LAYOUT        0x7Fu
#define HEADER_BRIDGE        0x01u
#define NO_VENDOR            0xFFFFu

#define DEVICES_PER_BUS      32u
#define FUNCTIONS_PER_DEVICE 8u

static bool present;
static uint8_t last_bus;

bool hal_pci_present(void)
{
    return present;
}

static void select(struct hal_pci_address address, unsigned offset)
{
    hal_out32(ADDRESS_PORT, ADDRESS_ENABLE | (uint32_t)address.bus << 16 |
                                (uint32_t)address.device << 11 | (uint32_t)address.function << 8 |
                                (offset & 0xFC));
}

uint32_t hal_pci_read(struct hal_pci_address address, unsigned offset, unsigned width)
{
    uint16_t port = (uint16_t)(DATA_PORT + offset % 4);
    ASSERT(offset < 256 && (width == 1 || width == 2 || width == 4) && offset % width == 0);
    bool enabled = hal_interrupts_disable();
    select(address, offset);
    uint32_t value = width == 1 ? hal_in8(port) : width == 2 ? hal_in16(port) : hal_in32(port);
    hal_interrupts_restore(enabled);
    return value;
}

void hal_pci_write(struct hal_pci_address address, unsigned offset, unsigned width, uint32_t value)
{
    uint16_t port = (uint16_t)(DATA_PORT + offset % 4);
    ASSERT(offset < 256 && (width == 1 || width == 2 || width == 4) && offset % width == 0);
    bool enabled = hal_interrupts_disable();
    select(address, offset);
    if (width == 1)
        hal_out8(port, (uint8_t)value);
    else if (width == 2)
        hal_out16(port, (uint16_t)value);
    else
        hal_out32(port, value);
    hal_interrupts_restore(enabled);
}

/* ------------------------------------------------------------------ the walk */

static bool function_exists(struct hal_pci_address address)
{
    return hal_pci_read(address, OFFSET_VENDOR, 2) != NO_VENDOR;
}

static bool has_more_functions(struct hal_pci_address device)
{
    device.function = 0;
    return function_exists(device) &&
           (hal_pci_read(device, OFFSET_HEADER_TYPE, 1) & HEADER_MULTIFUNCTION);
}

/* Steps to the next place where a function can be. False behind the last bus. */
static bool step(struct hal_pci_address *address)
{
    if (address->function + 1u < FUNCTIONS_PER_DEVICE && has_more_functions(*address)) {
        address->function++;
        return true;
    }
    address->function = 0;
    if (++address->device < DEVICES_PER_BUS)
        return true;
    address->device = 0;
    return address->bus++ < last_bus;
}

bool hal_pci_next(struct hal_pci_address *cursor, bool first)
{
    if (!present)
        return false;
    struct hal_pci_address address = first ? (struct hal_pci_address){0, 0, 0} : *cursor;
    bool inside = first || step(&address);
    while (inside && !function_exists(address))
        inside = step(&address);
    if (inside)
        *cursor = address;
    return inside;
}

void hal_pci_initialise(void)
{
    const struct hal_pci_address host_bridge = {0, 0, 0};
    hal_out32(ADDRESS_PORT, ADDRESS_ENABLE);
    present = hal_in32(ADDRESS_PORT) == ADDRESS_ENABLE && function_exists(host_bridge);

    /* Only buses that a bridge leads to are walked: a look at all 256 would take 10 ms. Buses
     * behind a bridge have higher numbers than its own, so the end moves while the walk is under
     * way. */
    struct hal_pci_address address = host_bridge;
    for (bool more = hal_pci_next(&address, true); more; more = hal_pci_next(&address, false)) {
        if ((hal_pci_read(address, OFFSET_HEADER_TYPE, 1) & HEADER_LAYOUT) != HEADER_BRIDGE)
            continue;
        uint8_t bus = (uint8_t)hal_pci_read(address, OFFSET_SUBORDINATE_BUS, 1);
        if (bus > last_bus)
            last_bus = bus;
    }
}
