/* SPDX-License-Identifier: MIT */
/* The port's own looks at registers, and what is counted of all; see access.h. Any context. */
#include "port/access/access.h"
#include "port/objects.h"
#include "port/trace.h"

const struct access_filter *access_filter;
struct access_counters access_counters;

uint8_t access_look(uint16_t port)
{
    uint8_t value = access_filter ? access_filter->look(port) : hal_in8(port);
    trace(TRACE_PORT_READ, port, 1 | TRACE_PORTS, value);
    return value;
}
