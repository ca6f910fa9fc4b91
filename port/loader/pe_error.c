/* SPDX-License-Identifier: MIT */
/* What is wrong with an image, in words; see pe.h. Any context. */
#include <stdarg.h>
#include <stdio.h>

#include "port/loader/pe_internal.h"

enum pe_status pe_fail(struct pe_error *error, enum pe_status status, const char *format, ...)
{
    va_list arguments;

    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    for (char *c = error->text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    return status;
}

const char *pe_machine_name(uint16_t machine)
{
    if (machine == PE_MACHINE_I386)
        return "i386";
    if (machine == PE_MACHINE_AMD64)
        return "x86_64";
    return "unknown";
}

const char *pe_status_name(enum pe_status status)
{
#define PE_STATUS_NAME(name) #name,
    static const char *const names[] = {PE_STATUSES(PE_STATUS_NAME)};
#undef PE_STATUS_NAME

    return (unsigned)status < PE_STATUS_COUNT ? names[status] : "?";
}
