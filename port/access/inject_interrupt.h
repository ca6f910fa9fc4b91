/* SPDX-License-Identifier: MIT */
/* Interrupts while fault rules are armed. */
#ifndef PORT_ACCESS_INJECT_INTERRUPT_H
#define PORT_ACCESS_INJECT_INTERRUPT_H

#include <stdbool.h>

/* From now on interrupts of all channels go through the rules; or straight again, and what was
 * withheld comes. Context: PASSIVE_LEVEL. */
void inject_filter_interrupts(bool wanted);

#endif
