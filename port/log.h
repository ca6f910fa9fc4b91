/* SPDX-License-Identifier: MIT */
/* What has been said: the port's messages, miniports' debug prints and error log entries. */
#ifndef PORT_LOG_H
#define PORT_LOG_H

#include "port/port.h"

/* Debug prints of this level and below go to the debug console (`debug=` on the command line). */
extern uint32_t log_debug_level;

/* Context: any. */
void log_debug_print(const char *driver, uint32_t level, const char *text);
void log_error_entry(const struct channel *channel, const IDE_ERROR_LOG_ENTRY *entry);
/* Prints the log, oldest first: the last 64 entries are kept. */
void port_log_print(void);

/* Where AtaPortDebugBreak stops under a debugger. */
void debug_break(struct channel *channel);

#endif
