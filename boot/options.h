/* SPDX-License-Identifier: MIT */
/*
 * What the host tells the kernel: the kernel's command line, and the command line of each module.
 *
 * Owns nothing and keeps nothing. May not: touch the HAL or the port. Any context.
 */
#ifndef BOOT_OPTIONS_H
#define BOOT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shell_mode {
    SHELL_INTERACTIVE, /* a person at a terminal */
    SHELL_COMMANDS,    /* the commands of the module `type=commands` */
    SHELL_TOUR,        /* nothing was asked for: show what there is */
};

#define TRACE_WORDS_CAPACITY 64u
#define TEST_NAME_CAPACITY   160u
#define FAULTS_CAPACITY      1024u
#define DOOR_CAPACITY        400u
#define PLACES_CAPACITY      128u
#define WATCHDOG_DEFAULT_MS  5000u
#define WATCHDOG_MOST_MS     60000u
#define TICK_LEAST_US        100u
#define TICK_MOST_US         50000u
#define COLUMNS_LEAST        20u
#define COLUMNS_MOST         1000u

struct boot_options {
    enum shell_mode mode;                   /* mode=interactive|commands|tour */
    bool strict;                            /* strict=0|1 */
    bool checks;                            /* checks=on|calls|off */
    bool audits;                            /* of these, checks=on */
    bool dump;                              /* dump=0|1: controllers are started in dump mode */
    char trace_words[TRACE_WORDS_CAPACITY]; /* trace=WORDS; "": as the port has it */
    /* debug_mask=MASK: bit n shows AtaPortDebugPrint's level n, all set if it is not given;
     * debug=LEVEL is all up to that level. */
    uint32_t debug_mask;
    /* disks=PLACE,PLACE and cds=PLACE,PLACE: the places of disk 0, 1 and so on, and of drive cd0
     * and so on (port/device_names.h); "": of none. */
    char disks[PLACES_CAPACITY], cds[PLACES_CAPACITY];
    /* watchdog=MS: how long a call into a driver may last; 0: as long as it likes. */
    uint32_t watchdog_ms;
    /* tick=MICROSECONDS: how often the timer interrupts at least, 100 to 50000; 0: when it must.
     * With one the host is also told when there is room for input. */
    uint32_t tick_us;
    /* columns=N: the width of the terminal that shows the console; 0: none is known. */
    uint16_t columns;
    /* door=URI: the host's tools find the door there (boot/door/), "": there is none; and
     * door_writes=0|1: may they write? */
    char door[DOOR_CAPACITY];
    bool door_writes;
    bool guard_build_io; /* build_io=guarded|free: may IdeHwBuildIo write the channel extension? */
    /* version=STRUCTURE:less|more, for controller, interface, channel or device (enum
     * owned_structure): that structure comes with a Version that is none. */
    uint8_t version_structure;
    int8_t version_error;          /* 0: all versions are right */
    char test[TEST_NAME_CAPACITY]; /* test=NAME, in a kernel that holds tests; "": none */
    char faults[FAULTS_CAPACITY];  /* faults=RULE;RULE, with commas for the blanks; "": none */
};

/* Reads words `key=value`, separated by blanks; of a key that comes twice the later one counts.
 * Returns false for an unknown key, a bad value or a word that is neither, which `error` then names
 * in a sentence. Keys that were not given get their defaults: interactive, 0, on,
 * none, everything, not known, free, right versions. */
bool options_parse(const char *command_line, struct boot_options *options, char *error,
                   size_t error_size);

enum module_type {
    MODULE_DEFAULT,  /* a driver that nobody asked for: it is there in case it is needed */
    MODULE_DRIVER,   /* one that somebody named: an image NAME.sys, its name as the folder's */
    MODULE_LINES,    /* the line table of the driver with the same name */
    MODULE_LAYER,    /* a registry file that lies beside a driver: read, never written */
    MODULE_HIVE,     /* the registry's file */
    MODULE_COMMANDS, /* a text for mode=commands */
    MODULE_HISTORY,  /* lines that were entered before: one each, oldest first */
};

#define MODULE_NAME_CAPACITY 256u

struct module_description {
    enum module_type type;
    char name[MODULE_NAME_CAPACITY]; /* "" where none was given */
};

/* Reads `type=WORD [name=REST OF THE LINE]`. Returns false, with a sentence, as above. */
bool module_parse(const char *command_line, struct module_description *description, char *error,
                  size_t error_size);

#endif
