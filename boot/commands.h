/* SPDX-License-Identifier: MIT */
/* The commands, by file, and what several of them need. Context: PASSIVE_LEVEL. */
#ifndef BOOT_COMMANDS_H
#define BOOT_COMMANDS_H

#include "boot/shell.h"
#include "port/block.h"

/* commands.c */
enum command_result command_help(unsigned count, char **words);

/* commands_device.c: what the devices are */
enum command_result command_devices(unsigned count, char **words);
enum command_result command_mode(unsigned count, char **words);
enum command_result command_cd(unsigned count, char **words);

/* command_identify.c */
enum command_result command_identify(unsigned count, char **words);

/* command_partitions.c */
enum command_result command_partitions(unsigned count, char **words);

/* commands_sectors.c: sectors to and from the console; commands_range.c: ranges of sectors */
enum command_result command_read(unsigned count, char **words);
enum command_result command_write(unsigned count, char **words);
enum command_result command_flush(unsigned count, char **words);
enum command_result command_fill(unsigned count, char **words);
enum command_result command_verify(unsigned count, char **words);
enum command_result command_sha256(unsigned count, char **words);
enum command_result command_copy(unsigned count, char **words);

/* command_bench.c */
enum command_result command_bench(unsigned count, char **words);

/* command_registry.c */
enum command_result command_registry(unsigned count, char **words);

/* commands_port.c: the port driver itself */
enum command_result command_rules(unsigned count, char **words);
enum command_result command_irbs(unsigned count, char **words);
enum command_result command_counters(unsigned count, char **words);
enum command_result command_log(unsigned count, char **words);
enum command_result command_stop(unsigned count, char **words);
enum command_result command_start(unsigned count, char **words);
enum command_result command_poweroff(unsigned count, char **words);

/* ------------------------------------------------------------------ arguments */

/* Each says what is wrong with the word when it returns false or NULL. */
bool argument_number(const char *word, uint64_t *value);
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
/* The fastest mode that is selected: "Ultra DMA 5". */
const char *device_mode_name(const struct device *device);
/* Does its data go by bus-master DMA? */
bool device_uses_dma(const struct device *device);
/* Says why a request that is over failed, and fails. */
enum command_result block_fail(const struct block_request *request);
/* The same where only the status is known. */
enum command_result block_status_fail(const struct device *device, enum block_status status);

#endif
