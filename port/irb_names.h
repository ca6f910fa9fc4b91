/* SPDX-License-Identifier: MIT */
/* IRB statuses and functions: which there are, and their names for people. Any context. */
#ifndef PORT_IRB_NAMES_H
#define PORT_IRB_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* Is it a status that an IRB can come back with, flags aside? */
bool irb_status_is_final(uint8_t irb_status);
/* "bus reset"; "unknown status" for what is none. */
const char *irb_status_name(uint8_t irb_status);
/* "packet command"; "unknown function" for what is none. */
const char *irb_function_name(uint16_t function);

#endif
