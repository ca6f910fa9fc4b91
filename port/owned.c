/* SPDX-License-Identifier: MIT */
/* Which members of the interface's structures are the port's; see owned.h. */
#include "port/owned.h"

#include <stdio.h>
#include <string.h>

#include "port/contract/report.h"

struct member {
    const char *name;
    uint16_t offset, byte_count;
};
#define MEMBER(type, member)                                         \
    {                                                                \
#member, offsetof(type, member), sizeof(((type *)0)->member) \
    }

static const struct member controller_members[] = {
    MEMBER(IDE_CONTROLLER_CONFIGURATION, Version),
    MEMBER(IDE_CONTROLLER_CONFIGURATION, ControllerMode),
    MEMBER(IDE_CONTROLLER_CONFIGURATION, ControllerResources),
    {0},
};
static const struct member interface_members[] = {
    MEMBER(IDE_CHANNEL_INTERFACE, Version),
    MEMBER(IDE_CHANNEL_INTERFACE, ChannelNumber),
    {0},
};
static const struct member channel_members[] = {
    MEMBER(IDE_CHANNEL_CONFIGURATION, Version),
    MEMBER(IDE_CHANNEL_CONFIGURATION, ChannelNumber),
    MEMBER(IDE_CHANNEL_CONFIGURATION, ChannelMode),
    MEMBER(IDE_CHANNEL_CONFIGURATION, ChannelResources),
    MEMBER(IDE_CHANNEL_CONFIGURATION, AdvancedChannelConfiguration),
    {0},
};
static const struct member advanced_members[] = {
    MEMBER(IDE_ADVANCED_CHANNEL_CONFIGURATION, Length),
    {0},
};
static const struct member modes_members[] = {
    MEMBER(IDE_TRANSFER_MODE_PARAMETERS, ChannelNumber),
    MEMBER(IDE_TRANSFER_MODE_PARAMETERS, DeviceType),
    MEMBER(IDE_TRANSFER_MODE_PARAMETERS, IoReadySupported),
    MEMBER(IDE_TRANSFER_MODE_PARAMETERS, DeviceTransferModeSupported),
    MEMBER(IDE_TRANSFER_MODE_PARAMETERS, DeviceTransferModeCurrent),
    {0},
};
static const struct member device_members[] = {
    MEMBER(IDE_DEVICE_PARAMETERS, Version),
    MEMBER(IDE_DEVICE_PARAMETERS, IdeDeviceType),
    MEMBER(IDE_DEVICE_PARAMETERS, TargetId),
    MEMBER(IDE_DEVICE_PARAMETERS, MaximumLun),
    MEMBER(IDE_DEVICE_PARAMETERS, BytesPerLogicalSector),
    MEMBER(IDE_DEVICE_PARAMETERS, BytesPerPhysicalSector),
    MEMBER(IDE_DEVICE_PARAMETERS, BytesOffsetForSectorAlignment),
    MEMBER(IDE_DEVICE_PARAMETERS, TransferModeSupported),
    {0},
};
static const struct member resources_members[] = {
    MEMBER(IDE_MINIPORT_RESOURCES, NumberOfAccessRanges),
    MEMBER(IDE_MINIPORT_RESOURCES, IdeAccessRange),
    {0},
};
static const struct member irb_members[] = {
    MEMBER(IDE_REQUEST_BLOCK, Function),
    MEMBER(IDE_REQUEST_BLOCK, Channel),
    MEMBER(IDE_REQUEST_BLOCK, TargetId),
    MEMBER(IDE_REQUEST_BLOCK, Lun),
    MEMBER(IDE_REQUEST_BLOCK, SenseInfoBufferLength),
    MEMBER(IDE_REQUEST_BLOCK, IrbFlags),
    MEMBER(IDE_REQUEST_BLOCK, IrbExtension),
    MEMBER(IDE_REQUEST_BLOCK, DataBuffer),
    MEMBER(IDE_REQUEST_BLOCK, SenseInfoBuffer),
    {0},
};
static const struct member power_members[] = {
    MEMBER(IDE_REQUEST_BLOCK, PowerChange),
    {0},
};

static const struct {
    const char *name;
    const struct member *members;
} structures[OWNED_STRUCTURE_COUNT] = {
    [OWNED_CONTROLLER] = {"IDE_CONTROLLER_CONFIGURATION", controller_members},
    [OWNED_INTERFACE] = {"IDE_CHANNEL_INTERFACE", interface_members},
    [OWNED_CHANNEL] = {"IDE_CHANNEL_CONFIGURATION", channel_members},
    [OWNED_MODES] = {"IDE_TRANSFER_MODE_PARAMETERS", modes_members},
    [OWNED_DEVICE] = {"IDE_DEVICE_PARAMETERS", device_members},
    [OWNED_ADVANCED] = {"IDE_ADVANCED_CHANNEL_CONFIGURATION", advanced_members},
    [OWNED_RESOURCES] = {"IDE_MINIPORT_RESOURCES", resources_members},
    [OWNED_IRB] = {"IDE_REQUEST_BLOCK", irb_members},
    [OWNED_POWER] = {"IDE_REQUEST_BLOCK", power_members},
};

int8_t owned_version_error[OWNED_VERSIONED_COUNT];

USHORT owned_version(enum owned_structure structure, size_t size)
{
    return (USHORT)((int)size + owned_version_error[structure]);
}

bool owned_restore(enum owned_structure structure, void *now, const void *before, char *names,
                   size_t size)
{
    size_t length = 0;

    names[0] = 0;
    for (const struct member *member = structures[structure].members; member->name; member++) {
        uint8_t *to = (uint8_t *)now + member->offset;
        const uint8_t *from = (const uint8_t *)before + member->offset;
        if (memcmp(to, from, member->byte_count) == 0)
            continue;
        memcpy(to, from, member->byte_count);
        if (length < size)
            length += (size_t)snprintf(names + length, size - length, "%s%s", length ? ", " : "",
                                       member->name);
    }
    return length != 0;
}

static void report(struct context *context, const char *names, const char *structure,
                   const char *routine, const void *place)
{
    contract_report_in(context, RULE_INI_11, routine, place,
                       "%s of %s was changed; the port put its value back", names, structure);
}

void owned_check(struct context *context, enum owned_structure structure, void *now,
                 const void *before, bool accepted, const char *routine, const void *place)
{
    char names[160];

    if (owned_restore(structure, now, before, names, sizeof names))
        report(context, names, structures[structure].name, routine, place);
    if (!accepted || structure >= OWNED_VERSIONED_COUNT || !owned_version_error[structure])
        return;
    USHORT *version = now, right = (USHORT)(*version - owned_version_error[structure]);
    contract_report_in(context, RULE_INI_13, routine, place,
                       "it took %s with Version %u, of which the size is %u",
                       structures[structure].name, *version, right);
    *version = right;
}

void owned_check_resources(struct context *context, IDE_MINIPORT_RESOURCES *now,
                           const IDE_MINIPORT_RESOURCES *before, IDE_ACCESS_RANGE *ranges,
                           const IDE_ACCESS_RANGE *ranges_before, unsigned count,
                           const char *routine, const void *place)
{
    size_t byte_count = count * sizeof *ranges;

    owned_check(context, OWNED_RESOURCES, now, before, true, routine, place);
    if (memcmp(ranges, ranges_before, byte_count) == 0)
        return;
    memcpy(ranges, ranges_before, byte_count);
    report(context, "an element", "IdeAccessRange", routine, place);
}
