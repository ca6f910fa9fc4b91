/* SPDX-License-Identifier: MIT */
/*
 * What SMART and the general purpose log say, decoded: the data of READ DATA, READ THRESHOLDS and
 * of the log directory. The layout of attributes was never in a published standard; it is what all
 * vendors have in common. Pure: the same code runs in tests on the host.
 */
#ifndef BOOT_SHELL_SMART_H
#define BOOT_SHELL_SMART_H

#include <stdbool.h>
#include <stdint.h>

#define SMART_BYTES      512u
#define SMART_ATTRIBUTES 30u

/* What RETURN STATUS leaves in LBA Mid and High (ATA/ATAPI-6, 8.54.8). */
enum smart_health {
    SMART_GOOD,      /* C24Fh, as it was sent */
    SMART_FAILING,   /* 2CF4h: a threshold was exceeded */
    SMART_NO_ANSWER, /* neither */
};
enum smart_health smart_health(uint64_t lba);

/* Do all bytes add up to 0? (8.54.6) */
bool smart_sum_is_right(const uint8_t data[SMART_BYTES]);

enum smart_verdict {
    SMART_OK,
    SMART_FAILED_ONCE, /* its worst value */
    SMART_FAILS_NOW,
};

struct smart_attribute {
    uint8_t id;     /* 0: the row is empty */
    uint16_t flags; /* bit 0: a failure is near when it fails; else it is only old age */
    uint8_t value, worst, threshold;
    uint64_t raw; /* 48 bits, the vendor's own */
    enum smart_verdict verdict;
};

/* One row of the table; the threshold is looked for by its id. */
struct smart_attribute smart_attribute(const uint8_t data[SMART_BYTES],
                                       const uint8_t thresholds[SMART_BYTES], unsigned row);
/* Is the lowest byte of its raw value degrees Celsius? (The others are extremes.) */
bool smart_is_temperature(uint8_t id);
/* "Power-on hours"; "unknown attribute". */
const char *smart_attribute_name(uint8_t id);

/* How many pages the log of this address has, as the directory says; 0: there is none. */
uint16_t log_pages(const uint8_t directory[SMART_BYTES], uint8_t address);
/* "NCQ command error"; NULL: a vendor's, or reserved. */
const char *log_name(uint8_t address);

#endif
