/* SPDX-License-Identifier: MIT */
/* IRB statuses and functions: which there are, and their names for people. Any context. */
#include "port/irb_names.h"

#include <ata.h>
#include <irb.h>
#include <stddef.h>

bool irb_status_is_final(uint8_t irb_status)
{
    uint8_t code = IRB_STATUS(irb_status);
    return (code >= IRB_STATUS_SUCCESS && code <= IRB_STATUS_BUSY) ||
           code == IRB_STATUS_INTERNAL_ERROR;
}

/* Debuggers read these, too (tools/gdb). */
struct irb_name {
    uint16_t value;
    const char *name;
};

static const struct irb_name irb_statuses[] = {
    {IRB_STATUS_PENDING, "pending"},
    {IRB_STATUS_SUCCESS, "success"},
    {IRB_STATUS_DATALENGTH_MISMATCH, "data length mismatch"},
    {IRB_STATUS_DEVICE_ERROR, "device error"},
    {IRB_STATUS_INVALID_REQUEST, "invalid request"},
    {IRB_STATUS_BUS_RESET, "bus reset"},
    {IRB_STATUS_SELECTION_TIMEOUT, "selection time-out"},
    {IRB_STATUS_BUSY, "busy"},
    {IRB_STATUS_INTERNAL_ERROR, "internal error"},
};

static const struct irb_name irb_functions[] = {
    {IRB_FUNCTION_ATA_COMMAND, "ATA command"},
    {IRB_FUNCTION_ATA_IDENTIFY, "identify"},
    {IRB_FUNCTION_ATA_READ, "read"},
    {IRB_FUNCTION_ATA_WRITE, "write"},
    {IRB_FUNCTION_ATA_FLUSH, "flush"},
    {IRB_FUNCTION_ATA_SMART, "SMART"},
    {IRB_FUNCTION_ATA_GPLOG, "general purpose log"},
    {IRB_FUNCTION_ATAPI_COMMAND, "packet command"},
    {IRB_FUNCTION_REQUEST_SENSE, "request sense"},
    {IRB_FUNCTION_MINIPORT_COMMAND, "miniport command"},
    {IRB_FUNCTION_ADAPTER_FLUSH, "adapter flush"},
    {IRB_FUNCTION_SHUTDOWN, "shutdown"},
    {IRB_FUNCTION_POWER_CHANGE, "power change"},
    {IRB_FUNCTION_LUN_RESET, "LUN reset"},
    {IRB_FUNCTION_MINIPORT_IOCTL, "miniport I/O control"},
    {IRB_FUNCTION_POWER_REBOOT, "reboot"},
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const char *name_of(const struct irb_name *names, size_t count, uint16_t value,
                           const char *unknown)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].value == value)
            return names[i].name;
    return unknown;
}

const char *irb_status_name(uint8_t irb_status)
{
    return name_of(irb_statuses, LENGTH(irb_statuses), IRB_STATUS(irb_status), "unknown status");
}

const char *irb_function_name(uint16_t function)
{
    return name_of(irb_functions, LENGTH(irb_functions), function, "unknown function");
}
