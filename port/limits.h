/* SPDX-License-Identifier: MIT */
/* How long the port waits, and how often it tries: limits.def. */
#ifndef PORT_LIMITS_H
#define PORT_LIMITS_H

enum port_limit {
#define LIMIT(name, value, unit, words) LIMIT_##name = (value),
#include "port/limits.def"
#undef LIMIT
};

#endif
