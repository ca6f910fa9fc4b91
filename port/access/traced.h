/* SPDX-License-Identifier: MIT */
/* Whose registers the accesses in the trace were. */
#ifndef PORT_ACCESS_TRACED_H
#define PORT_ACCESS_TRACED_H

#include "port/trace_words.h"

/* For trace_set_finder: by what the controllers and channels were given, whoever runs now. Any
 * context. */
bool access_find_traced(bool is_memory, uint16_t where, struct trace_register *found);

#endif
