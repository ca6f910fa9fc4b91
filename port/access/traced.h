/* SPDX-License-Identifier: MIT */
/* Whose registers the accesses in the trace were. */
#ifndef PORT_ACCESS_TRACED_H
#define PORT_ACCESS_TRACED_H

#include "port/trace_words.h"

/* By what the controllers and channels were given, and by what the auditor knows of their bus
 * masters, whoever runs now. Any context. */
extern const struct trace_world access_traced;

/* Writes down whose they are, and which devices there are, where a reader outside the machine finds
 * it (trace_export.h). Context: PASSIVE_LEVEL, whenever that has changed. */
void traced_publish(void);

#endif
