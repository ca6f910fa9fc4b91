/* SPDX-License-Identifier: MIT */
/* What several commands need: their words as numbers, devices and ranges, and what to say of
 * devices. Context: PASSIVE_LEVEL. */
#ifndef BOOT_SHELL_ARGUMENTS_H
#define BOOT_SHELL_ARGUMENTS_H

#include "boot/shell/session.h"
#include "port/block.h"
#include "port/objects.h"

/* ------------------------------------------------------------------ arguments */

/* Each says what is wrong with the word when it returns false or NULL. */
bool argument_number(const char *word, uint64_t *value);
/* All words up to the last one, as hexadecimal bytes. */
bool argument_bytes(char **words, uint8_t *bytes, size_t capacity, size_t *byte_count);
struct device *argument_device(const char *word);
/* The same for commands that also want those that the driver has refused. */
struct device *argument_any_device(const char *word);
struct channel *argument_channel(const char *word);

/* A DISK, and words LBA and COUNT that may both be missing: then the whole disk. On anything but
 * COMMAND_DONE the reason has been said. */
struct range {
    struct device *device;
    uint64_t lba, sector_count; /* in the device's sectors */
    bool is_whole;              /* all sectors: range_check counts them */
};
enum command_result argument_range(unsigned count, char **words, struct range *range);

/* Compares a range with the device, before long work begins: here a drive is asked what medium it
 * has, and nowhere else, so that a change is noticed from here on. False: said why not. */
bool range_check(struct range *range, enum block_operation operation);

/* ------------------------------------------------------------------ devices for people */

/* "disk 0", "cd0". */
const char *device_words(const struct device *device, char text[16]);
/* Says why a request that is over failed, and fails. */
enum command_result block_fail(const struct block_request *request);
/* The same where only the status is known. */
enum command_result block_status_fail(const struct device *device, enum block_status status);

#endif
