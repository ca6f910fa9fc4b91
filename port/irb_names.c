/* SPDX-License-Identifier: MIT */
/* IRB statuses and functions: which there are, and their names for people. Any context. */
#include "port/irb_names.h"

#include <ata.h>
#include <irb.h>

bool irb_status_is_final(uint8_t irb_status)
{
    uint8_t code = IRB_STATUS(irb_status);
    return (code >= IRB_STATUS_SUCCESS && code <= IRB_STATUS_BUSY) ||
           code == IRB_STATUS_INTERNAL_ERROR;
}

const char *irb_status_name(uint8_t irb_status)
{
    switch (IRB_STATUS(irb_status)) {
    case IRB_STATUS_PENDING:
        return "pending";
    case IRB_STATUS_SUCCESS:
        return "success";
    case IRB_STATUS_DATALENGTH_MISMATCH:
        return "data length mismatch";
    case IRB_STATUS_DEVICE_ERROR:
        return "device error";
    case IRB_STATUS_INVALID_REQUEST:
        return "invalid request";
    case IRB_STATUS_BUS_RESET:
        return "bus reset";
    case IRB_STATUS_SELECTION_TIMEOUT:
        return "selection time-out";
    case IRB_STATUS_BUSY:
        return "busy";
    case IRB_STATUS_INTERNAL_ERROR:
        return "internal error";
    }
    return "unknown status";
}

const char *irb_function_name(uint16_t function)
{
    switch (function) {
    case IRB_FUNCTION_ATA_COMMAND:
        return "ATA command";
    case IRB_FUNCTION_ATA_IDENTIFY:
        return "identify";
    case IRB_FUNCTION_ATA_READ:
        return "read";
    case IRB_FUNCTION_ATA_WRITE:
        return "write";
    case IRB_FUNCTION_ATA_FLUSH:
        return "flush";
    case IRB_FUNCTION_ATA_SMART:
        return "SMART";
    case IRB_FUNCTION_ATA_GPLOG:
        return "general purpose log";
    case IRB_FUNCTION_ATAPI_COMMAND:
        return "packet command";
    case IRB_FUNCTION_REQUEST_SENSE:
        return "request sense";
    case IRB_FUNCTION_MINIPORT_COMMAND:
        return "miniport command";
    case IRB_FUNCTION_ADAPTER_FLUSH:
        return "adapter flush";
    case IRB_FUNCTION_SHUTDOWN:
        return "shutdown";
    case IRB_FUNCTION_POWER_CHANGE:
        return "power change";
    case IRB_FUNCTION_LUN_RESET:
        return "LUN reset";
    case IRB_FUNCTION_MINIPORT_IOCTL:
        return "miniport I/O control";
    case IRB_FUNCTION_POWER_REBOOT:
        return "reboot";
    }
    return "unknown function";
}
