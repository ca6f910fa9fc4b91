/* SPDX-License-Identifier: MIT */
/* A fault rule, and the words that it is written in (interfaces: `WHAT [key=value ...]`). */
#ifndef PORT_ACCESS_INJECT_RULE_H
#define PORT_ACCESS_INJECT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/access/access.h"

struct request;

/* What goes wrong, in the order in which people are told of it. docs/faults.md says what each of
 * them does. */
enum inject_kind {
    INJECT_READ,
    INJECT_WRITE,
    INJECT_LOST, /* interrupts */
    INJECT_LATE,
    INJECT_EARLY,
    INJECT_DOUBLE,
    INJECT_SPURIOUS,
    INJECT_SHARED,
    INJECT_BSY,
    INJECT_DRQ,
    INJECT_FLOAT,
    INJECT_DF,
    INJECT_ERROR,
    INJECT_BUS_MASTER_ERROR,
    INJECT_VANISH,
    INJECT_UNPLUG,
    INJECT_DMA_ABOVE_4G,
    INJECT_SENSE,
    INJECT_LOG,
    INJECT_IDENTIFY,
    INJECT_CONFIG,
    INJECT_TIMEOUTS,
    INJECT_KIND_COUNT,
};

/* Which registers. */
enum inject_place {
    INJECT_PLACE_ANY,
    INJECT_PLACE_ROLE,      /* of a channel's task file, control block or bus master */
    INJECT_PLACE_NUMBER,    /* a port, or an offset from the beginning of AHCI's registers */
    INJECT_PLACE_AHCI_PORT, /* an offset within the registers of any AHCI port */
};

#define INJECT_LOG_NQ      0x80u   /* of log: none of the queued commands */
#define INJECT_LOG_FAILED  0x100u  /* the one that a rule has let fail */
#define INJECT_ANY         0xFFFFu /* of channel, target, command */
#define INJECT_SRST        0x100u  /* of command: a software reset */
#define INJECT_FOR_EVER    UINT64_MAX
#define INJECT_TEXT_SIZE   160u
#define INJECT_FIRST_COUNT 8u
#define INJECT_RULE_MOST   32u /* that are armed at the same time */

struct inject_rule {
    /* What was written. */
    char text[INJECT_TEXT_SIZE]; /* the words, with single blanks */
    enum inject_kind kind;
    bool is_drop;         /* of INJECT_WRITE: nothing is written at all */
    uint32_t value, mask; /* the bits of `mask` become those of `value` */
    uint32_t offset;      /* IDENTIFY word, byte of configuration space, */
    uint8_t byte_count;   /* and how many of them */
    uint16_t log;         /* the tag that log 10h tells, or one of those below */
    uint8_t sense[3];     /* key, additional code, its qualifier */
    uint16_t controller, channel, target;
    uint16_t command;
    enum inject_place place;
    uint8_t role;       /* enum access_role */
    uint32_t offset_of; /* a port, or an offset of AHCI's */
    uint32_t nth, every;
    uint64_t count;    /* of injections */
    uint32_t rate, of; /* `rate` of `of` matches; `of` 0: all */
    uint64_t seed;
    uint64_t after_us, for_us; /* `for_us` 0: not said */

    /* Whose commands it is about; NULL: anybody's. It is asleep until the first of them reaches the
     * device. */
    const struct request *request;
    bool has_begun;

    /* What has become of it. */
    bool is_armed;
    uint32_t number;                    /* as people know it: 1 is the first one */
    uint64_t seen;                      /* what it matches that has come, */
    uint64_t injected;                  /* and been changed */
    uint64_t first[INJECT_FIRST_COUNT]; /* the numbers (as in nth) of the first injections */
    uint64_t from_us, until_us;         /* armed from here on; the fault lasts until */
    uint64_t random;
};

/* Reads a rule. False: `error` has a sentence that says what is wrong, and what is possible.
 * Context: any; pure. */
bool inject_parse(const char *text, struct inject_rule *rule, char *error, size_t error_size);

#endif
