/* SPDX-License-Identifier: MIT */
/* The table of commands, and `help`. */
#include <stdio.h>
#include <string.h>

#include "boot/shell/columns.h"
#include "boot/shell/commands.h"
#include "boot/shell/complete.h"
#include "hal/hal.h"

const struct command shell_commands[] = {
    {"help", "[COMMAND]", "lists the commands, or explains one", command_help},
    {"devices", "", "lists disks, CD-ROM drives and channels", command_devices},
    {"identify", "DISK", "what a device says about itself", command_identify},
    {"partitions", "DISK", "reads and checks the partition table", command_partitions},
    {"read", "DISK LBA [COUNT]", "shows sectors in hexadecimal", command_read},
    {"write", "DISK LBA HEXBYTES... [fua]",
     "writes bytes; the rest of the last sector stays; fua: on the medium when it ends",
     command_write},
    {"fill", "DISK LBA COUNT BYTE", "fills sectors with one byte", command_fill},
    {"trim", "DISK LBA COUNT", "tells the disk that nobody needs these sectors any more",
     command_trim},
    {"verify", "DISK [LBA COUNT]", "lets the disk check its sectors", command_verify},
    {"sha256", "DISK [LBA COUNT]", "computes the SHA-256 checksum of sectors", command_sha256},
    {"copy", "SRC LBA DST LBA COUNT", "copies COUNT sectors of SRC", command_copy},
    {"flush", "DISK", "writes out the disk's cache", command_flush},
    {"bench", "[DISK] [write] [WORKLOAD] [divide=N] | DISK read|write SIZE DEPTH",
     "measures transfers, write too (what it finds there): {read,write}-{4k-random,128k-seq}; or "
     "of SIZE (4K), DEPTH of them at a time",
     command_bench},
    {"cd", "DISK eject|load|capacity", "opens or closes a drive, asks for its medium", command_cd},
    {"mode", "DISK", "how the driver addresses a device and moves its data", command_mode},
    {"smart", "DISK", "whether the disk is about to fail, as it says itself; its logs",
     command_smart},
    {"ata", "DISK COMMAND [FEATURES COUNT LBA] [in BYTES | out BYTES [HEXBYTES...]]",
     "sends an ATA command (0xEC, or a name: identify-device), shows registers and data; sends "
     "HEXBYTES and zeros behind them",
     command_ata},
    {"cdb", "DISK HEXBYTES... [in BYTES | out BYTES [HEXBYTES...]]",
     "sends a packet command, shows its result, sense and data", command_cdb},
    {"registry",
     "list [KEY] | get KEY NAME | set KEY NAME TYPE:VALUE | delete KEY [NAME] | export | compact | "
     "buffers | check",
     "looks into the registry, changes it (sz:TEXT, dword:HEX, hex:HH,HH as in .reg files)",
     command_registry},
    {"rules", "", "which rules of the interface drivers broke, and how often", command_rules},
    {"irbs", "", "requests that are at the drivers or wait", command_irbs},
    {"counters", "", "what devices and channels have done", command_counters},
    {"log", "[COUNT]", "the last messages, and COUNT entries of the trace", command_log},
    {"fault", "add RULE | list | clear", "injects faults between driver and device: docs/faults.md",
     command_fault},
    {"trace", "on [WORDS] | off | clear | save FILE-NAME",
     "what is recorded (WORDS as in TRACE=); save: all of it becomes a file on the host",
     command_trace},
    {"stop", "CHANNEL", "finishes a channel's requests and stops it; 0 for all of controller 0",
     command_stop},
    {"start", "CHANNEL", "starts a stopped channel, or controller", command_start},
    {"reset", "CHANNEL", "resets a channel, waits, and says whether its devices answer",
     command_reset},
    {"setting", "CHANNEL [GUID VALUE]",
     "tells a driver the value of a power setting that it has asked for, or lists these",
     command_setting},
    {"drivers", "", "the drivers: image, controllers, state", command_drivers},
    {"poweroff", "", "stops all channels and ends", command_poweroff},
};
const unsigned shell_command_count = sizeof shell_commands / sizeof *shell_commands;

/* ------------------------------------------------------------------ help */

#define HELP_COLUMN 32u /* where the explanations begin; a longer usage has lines of its own */
#define HELP_NARROW 60u /* in a terminal that is narrower, each has */

static void usage_of(const struct command *command, char *text, size_t size)
{
    snprintf(text, size, "%s%s%s", command->name, *command->arguments ? " " : "",
             command->arguments);
}

static void print_line(const struct command *command)
{
    const unsigned indent = 2;
    unsigned help_at = columns_width() < HELP_NARROW ? 2 * indent : HELP_COLUMN;
    char usage[200];

    usage_of(command, usage, sizeof usage);
    if (indent + strlen(usage) > help_at - 2) {
        hal_printf("  ");
        columns_print(indent, 2 * indent, usage);
        hal_printf("%*s", (int)help_at, "");
    } else {
        hal_printf("  %-*s", (int)(help_at - indent), usage);
    }
    columns_print(help_at, help_at, command->help);
}

static void print_all(void)
{
    for (unsigned i = 0; i < shell_command_count; i++)
        print_line(&shell_commands[i]);
    hal_printf("\n");
    columns_print(0, 0,
                  "DISK is a number from `devices`, or cd0. LBA and COUNT are in its sectors. "
                  "Numbers are decimal, or hexadecimal with 0x; K, M and G are powers of 1024. `;` "
                  "separates commands, `#` begins a comment. Ctrl-C stops one that takes long. At "
                  "the prompt, Tab completes "
                  "words, and Ctrl-R searches the lines before.");
}

enum command_result command_help(unsigned count, char **words)
{
    if (count > 2)
        return COMMAND_BAD_ARGUMENTS;
    if (count == 1) {
        print_all();
        return COMMAND_DONE;
    }
    const struct command *command = complete_find_command(words[1], false);
    char usage[200];
    if (!command)
        return COMMAND_FAILED;
    usage_of(command, usage, sizeof usage);
    hal_printf("%s: ", usage);
    columns_print((unsigned)strlen(usage) + 2, 2, command->help);
    return COMMAND_DONE;
}
