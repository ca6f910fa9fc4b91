/* SPDX-License-Identifier: MIT */
/*
 * The exported routines of drivers and controllers: AtaPortInitializeEx, configuration space.
 */
#include "port/access/access.h"
#include "port/access/inject.h"
#include "port/contract/entry.h"
#include "port/contract/given.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"
#include "port/contract/rules.h"
#include "port/ddi/unpublished.h"
#include "port/memory.h"
#include "port/objects.h"

/* Which routine may be missing: a miniport without AtaChannelInitRoutine serves the controller
 * only, and its channels belong to the default channel driver. */
static const char *interface_fault(const IDE_CONTROLLER_INTERFACE *interface, enum rule *rule)
{
    if (!interface->AtaAdapterControl) {
        *rule = RULE_INI_02;
        return "AtaAdapterControl is NULL";
    }
    ULONG mask = interface->AlignmentMask;
    if (mask != 0 && mask != 1 && mask != 3 && mask != 7) {
        *rule = RULE_INI_03;
        return "AlignmentMask is none of 0, 1, 3, 7";
    }
    return NULL;
}

ULONG NTAPI AtaPortInitializeEx(PVOID DriverObject, PVOID RegistryPath,
                                PIDE_CONTROLLER_INTERFACE ControllerInterface)
{
    const enum routine routine = ROUTINE_AtaPortInitializeEx;
    struct driver *driver = context_now->driver;
    enum rule rule;

    if (!entry_plain(routine, CALLER))
        return (ULONG)STATUS_INVALID_DEVICE_REQUEST;
    if (driver->is_registered) {
        contract_report(RULE_INI_01, NULL, routine_name(routine), CALLER, "called a second time");
        return (ULONG)STATUS_INVALID_DEVICE_REQUEST;
    }
    if (DriverObject != driver->given.object || RegistryPath != &driver->given.registry_path) {
        contract_report(RULE_INI_01, NULL, routine_name(routine), CALLER,
                        "DriverObject or RegistryPath is not what DriverEntry was given");
        return (ULONG)STATUS_INVALID_PARAMETER;
    }
    if (memory_is_refused(ControllerInterface, sizeof *ControllerInterface, routine_name(routine),
                          CALLER))
        return (ULONG)STATUS_INVALID_PARAMETER;
    if (!ControllerInterface || ControllerInterface->Version != sizeof(IDE_CONTROLLER_INTERFACE)) {
        contract_report(RULE_INI_01, NULL, routine_name(routine), CALLER, "Version is %u, not %u",
                        ControllerInterface ? ControllerInterface->Version : 0,
                        (unsigned)sizeof(IDE_CONTROLLER_INTERFACE));
        return (ULONG)STATUS_INVALID_PARAMETER;
    }
    const char *fault = interface_fault(ControllerInterface, &rule);
    if (fault) {
        contract_report(rule, NULL, routine_name(routine), CALLER, "%s", fault);
        return (ULONG)STATUS_INVALID_PARAMETER;
    }
    const struct given_routine given[] = {
        GIVEN_ROUTINE(ControllerInterface, AtaAdapterControl),
        GIVEN_ROUTINE(ControllerInterface, AtaChannelInitRoutine),
        GIVEN_ROUTINE(ControllerInterface, AtaControllerChannelEnabled),
        GIVEN_ROUTINE(ControllerInterface, AtaControllerTransferModeSelect),
    };
    for (unsigned i = 0; i < sizeof given / sizeof *given; i++) {
        char text[192];
        if (!given_is_own_code(driver, &given[i], text, sizeof text)) {
            contract_report(RULE_MEM_03, NULL, routine_name(routine), CALLER, "%s", text);
            return (ULONG)STATUS_INVALID_PARAMETER;
        }
    }
    driver->interface = *ControllerInterface; /* it may live on the driver's stack */
    if (ControllerInterface->Reserved)
        contract_report(RULE_INI_09, NULL, routine_name(routine), CALLER,
                        "Reserved of IDE_CONTROLLER_INTERFACE is %#x, not 0",
                        ControllerInterface->Reserved);
    driver->is_registered = true;
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ configuration space */

/* PCI Local Bus 3.0, 6.1: 256 bytes a function. */
#define CONFIGURATION_SIZE 256u

/* How much of [offset, offset + byte_count) lies inside, ADR-04 reported when it is not all. */
static ULONG clip(ULONG offset, ULONG byte_count, enum routine routine, const void *place)
{
    ULONG inside = offset >= CONFIGURATION_SIZE               ? 0
                   : byte_count > CONFIGURATION_SIZE - offset ? CONFIGURATION_SIZE - offset
                                                              : byte_count;
    if (inside != byte_count)
        contract_report(RULE_ADR_04, NULL, routine_name(routine), place,
                        "offset %#x, bytes: %u; configuration space has %u", (unsigned)offset,
                        (unsigned)byte_count, CONFIGURATION_SIZE);
    return inside;
}

/* The widest aligned access that fits: some registers want to be read or written whole. */
static unsigned access_width(ULONG offset, ULONG left)
{
    if (offset % 4 == 0 && left >= 4)
        return 4;
    return offset % 2 == 0 && left >= 2 ? 2 : 1;
}

/* What stands before both routines; NULL: return 0. */
static struct controller *bus_controller(PVOID extension, enum routine routine, const void *place)
{
    struct controller *controller = entry_controller(routine, extension, place);
    return controller && controller->is_pci ? controller : NULL;
}

static void read_bytes(struct controller *controller, UCHAR *bytes, ULONG offset, ULONG byte_count)
{
    for (ULONG done = 0; done < byte_count;) {
        unsigned width = access_width(offset + done, byte_count - done);
        uint32_t value = hal_pci_read(controller->pci, offset + done, width);
        for (unsigned i = 0; i < width; i++)
            bytes[done++] = (UCHAR)(value >> 8 * i);
    }
    inject_change_config(controller, offset, bytes, byte_count);
}

static void write_bytes(struct controller *controller, const UCHAR *bytes, ULONG offset,
                        ULONG byte_count)
{
    for (ULONG done = 0; done < byte_count;) {
        ULONG at = offset + done;
        unsigned width = access_width(at, byte_count - done);
        uint32_t value = 0;
        for (unsigned i = 0; i < width; i++)
            value |= (uint32_t)bytes[done++] << 8 * i;
        hal_pci_write(controller->pci, at, width, value);
    }
    access_configured(controller);
}

ULONG NTAPI AtaPortGetBusData(PVOID ControllerExtension, PVOID Buffer, ULONG ConfigDataOffset,
                              ULONG BufferLength)
{
    const enum routine routine = ROUTINE_AtaPortGetBusData;
    struct controller *controller = bus_controller(ControllerExtension, routine, CALLER);
    if (!controller)
        return 0;
    ULONG byte_count = clip(ConfigDataOffset, BufferLength, routine, CALLER);
    if (memory_is_refused(Buffer, byte_count, routine_name(routine), CALLER))
        return 0;
    read_bytes(controller, Buffer, ConfigDataOffset, byte_count);
    return byte_count;
}

ULONG NTAPI AtaPortSetBusData(PVOID ControllerExtension, PVOID Buffer, ULONG ConfigDataOffset,
                              ULONG BufferLength)
{
    const enum routine routine = ROUTINE_AtaPortSetBusData;
    struct controller *controller = bus_controller(ControllerExtension, routine, CALLER);
    if (!controller)
        return 0;
    ULONG byte_count = clip(ConfigDataOffset, BufferLength, routine, CALLER);
    if (memory_is_refused(Buffer, byte_count, routine_name(routine), CALLER))
        return 0;
    write_bytes(controller, Buffer, ConfigDataOffset, byte_count);
    return byte_count;
}

/* What controller drivers had before there were ATA miniports (PciIdeXGetBusData,
 * PciIdeXSetBusData). */
ULONG NTAPI PciIdeXGetBusData(PVOID DeviceExtension, PVOID Buffer, ULONG ConfigDataOffset,
                              ULONG BufferLength)
{
    const enum routine routine = ROUTINE_PciIdeXGetBusData;
    struct controller *controller = bus_controller(DeviceExtension, routine, CALLER);
    if (!controller || clip(ConfigDataOffset, BufferLength, routine, CALLER) != BufferLength ||
        memory_is_refused(Buffer, BufferLength, routine_name(routine), CALLER))
        return (ULONG)STATUS_UNSUCCESSFUL;
    read_bytes(controller, Buffer, ConfigDataOffset, BufferLength);
    return STATUS_SUCCESS;
}

/* Of each byte, the bits that DataMask has set. */
ULONG NTAPI PciIdeXSetBusData(PVOID DeviceExtension, PVOID Buffer, PVOID DataMask,
                              ULONG ConfigDataOffset, ULONG BufferLength)
{
    const enum routine routine = ROUTINE_PciIdeXSetBusData;
    struct controller *controller = bus_controller(DeviceExtension, routine, CALLER);
    UCHAR bytes[CONFIGURATION_SIZE];
    if (!controller || clip(ConfigDataOffset, BufferLength, routine, CALLER) != BufferLength ||
        memory_is_refused(Buffer, BufferLength, routine_name(routine), CALLER) ||
        memory_is_refused(DataMask, BufferLength, routine_name(routine), CALLER))
        return (ULONG)STATUS_UNSUCCESSFUL;
    read_bytes(controller, bytes, ConfigDataOffset, BufferLength);
    for (ULONG i = 0; i < BufferLength; i++) {
        UCHAR mask = ((const UCHAR *)DataMask)[i];
        bytes[i] = (UCHAR)((bytes[i] & ~mask) | (((const UCHAR *)Buffer)[i] & mask));
    }
    write_bytes(controller, bytes, ConfigDataOffset, BufferLength);
    return STATUS_SUCCESS;
}
