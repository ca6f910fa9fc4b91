/* SPDX-License-Identifier: MIT */
/* The commands, by file. Context: PASSIVE_LEVEL. */
#ifndef BOOT_SHELL_COMMANDS_H
#define BOOT_SHELL_COMMANDS_H

#include <stdint.h>

#include "boot/shell/session.h"

struct device;
struct request;

struct command {
    const char *name;
    const char *arguments; /* "DISK LBA [COUNT]" */
    const char *help;      /* one line without a full stop */
    /* words[0] is the name; words[word_count] is NULL. */
    enum command_result (*run)(unsigned word_count, char **words);
};

/* All commands, in the order in which `help` shows them. */
extern const struct command shell_commands[];
extern const unsigned shell_command_count;

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
enum command_result command_trim(unsigned count, char **words);
enum command_result command_fill(unsigned count, char **words);
enum command_result command_verify(unsigned count, char **words);
enum command_result command_sha256(unsigned count, char **words);
enum command_result command_copy(unsigned count, char **words);

/* command_smart.c */
enum command_result command_smart(unsigned count, char **words);

/* commands_pass.c: commands as somebody has written them */
enum command_result command_ata(unsigned count, char **words);
enum command_result command_cdb(unsigned count, char **words);

/* command_bench.c */
enum command_result command_bench(unsigned count, char **words);

/* command_registry.c */
enum command_result command_registry(unsigned count, char **words);

/* commands_port.c: the port driver itself */
enum command_result command_rules(unsigned count, char **words);
enum command_result command_irbs(unsigned count, char **words);
enum command_result command_counters(unsigned count, char **words);
enum command_result command_fault(unsigned count, char **words);
enum command_result command_stop(unsigned count, char **words);
enum command_result command_start(unsigned count, char **words);
enum command_result command_poweroff(unsigned count, char **words);

/* command_trace.c */
enum command_result command_log(unsigned count, char **words);
enum command_result command_trace(unsigned count, char **words);

/* commands_drivers.c: who drives what, and whether a channel recovers */
enum command_result command_drivers(unsigned count, char **words);
enum command_result command_reset(unsigned count, char **words);

/* command_setting.c */
enum command_result command_setting(unsigned count, char **words);

/* For other commands, too. Of command_identify.c: */

/* IDENTIFY DEVICE or IDENTIFY PACKET DEVICE, whichever it is. False: *request says why not. */
bool device_ask(struct device *device, uint16_t words[256], struct request *request);

/* Of commands_pass.c: */

/* The name of an ATA command as `ata` takes it: "read-dma". False: it has none. */
#define OPCODE_WORD_SIZE 64u
bool opcode_word(uint8_t opcode, char word[OPCODE_WORD_SIZE]);

/* Of command_bench.c: */

/* The index-th word that `bench` takes for a WORKLOAD; NULL: there are no more. */
const char *bench_workload(unsigned index);

/* Of commands_device.c: */

/* The fastest mode that is selected: "Ultra DMA 5". */
const char *device_mode_name(const struct device *device);
/* Does its data go by bus-master DMA? */
bool device_uses_dma(const struct device *device);

#endif
