/* SPDX-License-Identifier: MIT */
/* ADR: ports, registers, ranges and addresses. */
#include "cases.h"

/* The floppy controller's: not one of the controller's ranges. */
static PUCHAR unmapped_port(void)
{
    return (PUCHAR)NULL + 0x3F0;
}

/* ------------------------------------------------------------------ access */

CASE adr_read_port(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    ULONG value = AtaPortReadPortUlong((PULONG)(PVOID)unmapped_port()); /* BREAKS: ADR-01 */

    probe_returned(value);
    return FALSE;
}

/* Device Control of the channel is one port: the second byte is somebody else's. */
CASE adr_read_across(struct occasion *at)
{
    PUSHORT port = (PUSHORT)(PVOID)at->channel->device_control;
    USHORT value = AtaPortReadPortUshort(port); /* BREAKS: ADR-01 */

    probe_returned(value);
    return FALSE;
}

/* SRST would be set, if this came through. */
CASE adr_write_across(struct occasion *at)
{
    PUSHORT port = (PUSHORT)(PVOID)at->channel->device_control;

    AtaPortWritePortUshort(port, IDE_DC_RESET_CONTROLLER); /* BREAKS: ADR-01 */
    probe_returned(AtaPortReadPortUchar(at->channel->device_control) & IDE_STATUS_BUSY);
    return FALSE;
}

CASE adr_read_buffer(struct occasion *at)
{
    USHORT buffer[3] = {0x1111, 0x2222, 0x3333};

    UNREFERENCED_PARAMETER(at);
    /* BREAKS: ADR-01 */
    AtaPortReadPortBufferUshort((PUSHORT)(PVOID)unmapped_port(), buffer, 2);
    probe_returned((ULONG)buffer[0] << 16 | buffer[1]);
    return buffer[2] != 0x3333;
}

CASE adr_write_buffer(struct occasion *at)
{
    USHORT buffer[2] = {IDE_DC_RESET_CONTROLLER, IDE_DC_RESET_CONTROLLER};
    PUSHORT port = (PUSHORT)(PVOID)at->channel->device_control;

    AtaPortWritePortBufferUshort(port, buffer, 2); /* BREAKS: ADR-01 */
    probe_returned(AtaPortReadPortUchar(at->channel->device_control) & IDE_STATUS_BUSY);
    return FALSE;
}

/* A port is no register, even if both had the same number. */
CASE adr_port_as_register(struct occasion *at)
{
    UCHAR value = AtaPortReadRegisterUchar(at->channel->device_control); /* BREAKS: ADR-01 */

    probe_returned(value);
    return FALSE;
}

CASE adr_register_as_port(struct occasion *at)
{
    PULONG entry = &at->channel->table[0].address;

    *entry = 0x12345678;
    if (AtaPortReadRegisterUlong(entry) != 0x12345678) /* drivers do, so that is allowed */
        return FALSE;
    ULONG value = AtaPortReadPortUlong(entry); /* BREAKS: ADR-01 */

    probe_returned(value);
    return FALSE;
}

/* The last two bytes of the uncached extension, and two behind it. */
static PULONG across_the_end(struct probe_channel *channel)
{
    return (PULONG)(PVOID)((PUCHAR)(channel->table + PRD_COUNT) - 2);
}

CASE adr_read_register_across(struct occasion *at)
{
    ULONG value = AtaPortReadRegisterUlong(across_the_end(at->channel)); /* BREAKS: ADR-01 */

    probe_returned(value);
    return FALSE;
}

CASE adr_write_register_across(struct occasion *at)
{
    PUSHORT last = (PUSHORT)(PVOID)across_the_end(at->channel);

    *last = 0x5AA5;
    AtaPortWriteRegisterUlong(across_the_end(at->channel), 0); /* BREAKS: ADR-01 */
    probe_returned(*last);
    return FALSE;
}

CASE adr_read_register_buffer(struct occasion *at)
{
    UCHAR buffer[4] = {0x11, 0x22, 0x33, 0x44};
    PUCHAR from = (PUCHAR)across_the_end(at->channel);

    AtaPortReadRegisterBufferUchar(from, buffer, 3); /* BREAKS: ADR-01 */
    probe_returned((ULONG)buffer[0] << 24 | buffer[1] << 16 | buffer[2] << 8 | buffer[3]);
    return FALSE;
}

/* ------------------------------------------------------------------ ranges */

CASE adr_no_range(struct occasion *at)
{
    IDE_PHYSICAL_ADDRESS address = {.QuadPart = 0x3F0};
    PVOID base = AtaPortGetDeviceBase(at->channel, address, 1); /* BREAKS: ADR-02 */

    probe_returned((ULONG_PTR)base);
    return FALSE;
}

CASE adr_range_too_long(struct occasion *at)
{
    const IDE_ACCESS_RANGE *range = &at->start->ChannelResources->IdeAccessRange[0];
    PVOID base;

    if (!AtaPortGetDeviceBase(at->channel, range->RangeStart, 0) || /* all of it */
        !AtaPortGetDeviceBase(at->controller, range->RangeStart, range->RangeLength))
        return FALSE;
    /* BREAKS: ADR-02 */
    base = AtaPortGetDeviceBase(at->channel, range->RangeStart, range->RangeLength + 1);
    probe_returned((ULONG_PTR)base);
    return FALSE;
}

CASE adr_before_range(struct occasion *at)
{
    IDE_PHYSICAL_ADDRESS address = at->start->ChannelResources->IdeAccessRange[0].RangeStart;
    PVOID base;

    address.QuadPart--;
    base = AtaPortGetDeviceBase(at->controller, address, 2); /* BREAKS: ADR-02 */
    probe_returned((ULONG_PTR)base);
    return FALSE;
}

/* ------------------------------------------------------------------ addresses */

CASE adr_64_bit(struct occasion *at)
{
    IDE_PHYSICAL_ADDRESS address = {.QuadPart = 0x112345678};
    ULONG value = AtaPortConvertPhysicalAddressToUlong(address); /* BREAKS: ADR-03 */

    UNREFERENCED_PARAMETER(at);
    probe_returned(value);
    return FALSE;
}

/* ------------------------------------------------------------------ configuration space */

/* Four of the eight bytes are inside; the others stay as they are. */
CASE adr_get_bus_data(struct occasion *at)
{
    UCHAR bytes[8] = {0, 0, 0, 0, 5, 6, 7, 8};
    ULONG count = AtaPortGetBusData(at->controller, bytes, 252, sizeof bytes); /* BREAKS: ADR-04 */

    probe_returned(bytes[4] == 5 && bytes[7] == 8 ? count : 0xBAD);
    return FALSE;
}

CASE adr_get_behind(struct occasion *at)
{
    ULONG value = 0x12345678;
    ULONG count = AtaPortGetBusData(at->controller, &value, 0xFFFFFFFE, 4); /* BREAKS: ADR-04 */

    probe_returned(value == 0x12345678 ? count : 0xBAD);
    return FALSE;
}

/* Interrupt Line, which is for software only, and what is behind it. */
CASE adr_set_bus_data(struct occasion *at)
{
    UCHAR bytes[256], line = 0x5A, was = 0;
    ULONG count;

    AtaPortGetBusData(at->controller, bytes, 0, sizeof bytes);
    was = bytes[0x3C];
    AtaPortSetBusData(at->controller, &line, 0x3C, 1);
    AtaPortGetBusData(at->controller, &line, 0x3C, 1);
    AtaPortSetBusData(at->controller, &was, 0x3C, 1);
    count = AtaPortSetBusData(at->controller, bytes + 254, 254, 4); /* BREAKS: ADR-04 */
    probe_returned(line == 0x5A ? count : 0xBAD);
    return FALSE;
}

/* ------------------------------------------------------------------ copies */

/* As AtaPortMoveMemory does it; byte by byte it would be 3 in all. */
CASE adr_copy_overlaps(struct occasion *at)
{
    UCHAR bytes[4] = {1, 2, 3, 4};

    UNREFERENCED_PARAMETER(at);
    AtaPortCopyMemory(bytes, bytes + 2, 2); /* these are apart: 3 4 3 4 */
    AtaPortMoveMemory(bytes + 1, bytes, 3); /* 3 3 4 3 */
    AtaPortCopyMemory(bytes + 1, bytes, 3); /* BREAKS: ADR-05 */
    probe_returned((ULONG)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]);
    return FALSE;
}

const struct probe_case adr_cases[] = {
    {"adr_read_port", AT_START_IO, 1, adr_read_port},
    {"adr_read_across", AT_START, 1, adr_read_across},
    {"adr_write_across", AT_START, 1, adr_write_across},
    {"adr_read_buffer", AT_INTERRUPT, 1, adr_read_buffer},
    {"adr_write_buffer", AT_START, 1, adr_write_buffer},
    {"adr_port_as_register", AT_START_IO, 2, adr_port_as_register},
    {"adr_register_as_port", AT_START, 1, adr_register_as_port},
    {"adr_read_register_across", AT_START, 1, adr_read_register_across},
    {"adr_write_register_across", AT_START, 1, adr_write_register_across},
    {"adr_read_register_buffer", AT_START, 1, adr_read_register_buffer},
    {"adr_no_range", AT_START, 1, adr_no_range},
    {"adr_range_too_long", AT_START, 1, adr_range_too_long},
    {"adr_before_range", AT_START, 1, adr_before_range},
    {"adr_64_bit", AT_INTERRUPT, 1, adr_64_bit},
    {"adr_get_bus_data", AT_STOP, 1, adr_get_bus_data},
    {"adr_get_behind", AT_START, 1, adr_get_behind},
    {"adr_set_bus_data", AT_START, 1, adr_set_bus_data},
    {"adr_copy_overlaps", AT_TIMER, 1, adr_copy_overlaps},
    {NULL, 0, 0, NULL},
};
