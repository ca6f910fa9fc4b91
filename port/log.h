/* SPDX-License-Identifier: MIT */
/* What has been said: the port's messages, miniports' debug prints and error log entries. */
#ifndef PORT_LOG_H
#define PORT_LOG_H

#include <ata.h>
#include <irb.h>
#include <stdint.h>

struct channel;
struct device;

/* One line on console and log: "pata 0.1: text". `channel` may be NULL. Context: any. */
void port_message(const struct channel *channel, const char *format, ...)
    __attribute__((cold, format(printf, 2, 3)));
/* The same of a device, "pata 0.1: target 1" or "pata 0.1: target 1, unit 2", and the text right
 * behind it: it begins with a colon or a blank. */
void device_message(const struct device *device, const char *format, ...)
    __attribute__((cold, format(printf, 2, 3)));
/* Both into the log alone: what explains how it came to what is said, and how long it took.
 * Context: any. */
void port_note(const struct channel *channel, const char *format, ...)
    __attribute__((cold, format(printf, 2, 3)));
void device_note(const struct device *device, const char *format, ...)
    __attribute__((cold, format(printf, 2, 3)));

/* Which debug prints go to the debug console (`debug=` and `debug_mask=` on the command line): bit
 * n stands for level n; a level above 31 is a mask itself, as Windows has it. */
extern uint32_t log_debug_mask;

/* What a driver prints for its author, at a level; and its entry for the error log. Context:
 * any. */
void log_debug_print(const char *driver, uint32_t level, const char *text);
void log_error_entry(const struct channel *channel, const IDE_ERROR_LOG_ENTRY *entry);
/* Prints the log, oldest first: the last 64 entries are kept. Context: PASSIVE_LEVEL. */
void port_log_print(void);

/* Where AtaPortDebugBreak stops under a debugger. */
void debug_break(struct channel *channel);

#endif
