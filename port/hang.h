/* SPDX-License-Identifier: MIT */
/* The hang watchdog: a driver's routine that does not come back ends the run (CPU-02). */
#ifndef PORT_HANG_H
#define PORT_HANG_H

#include <stdint.h>

/* `watchdog=` on the command line: milliseconds that a call into a driver may last, twelve times as
 * many with what does not count; 0: it does not look. */
extern uint32_t hang_limit_ms;

/* Begins to look, and to answer who asks from outside where the machine is. Context: PASSIVE_LEVEL,
 * before the first driver is called. */
void hang_init(void);

#endif
