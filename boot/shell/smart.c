/* SPDX-License-Identifier: MIT */
/* SMART data and log directories; see smart.h. */
#include "boot/shell/smart.h"

#include <stddef.h>

#define TABLE_OFFSET 2u
#define ROW_BYTES    12u

#define LENGTH(array) (sizeof(array) / sizeof *(array))

struct named {
    uint8_t number;
    const char *name;
};

static const char *name_of(const struct named *names, size_t count, uint8_t number)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}

enum smart_health smart_health(uint64_t lba)
{
    switch (lba >> 8 & 0xFFFF) {
    case 0xC24F:
        return SMART_GOOD;
    case 0x2CF4:
        return SMART_FAILING;
    }
    return SMART_NO_ANSWER;
}

bool smart_sum_is_right(const uint8_t data[SMART_BYTES])
{
    uint8_t sum = 0;
    for (unsigned i = 0; i < SMART_BYTES; i++)
        sum = (uint8_t)(sum + data[i]);
    return sum == 0;
}

/* ------------------------------------------------------------------ attributes */

/* Thresholds have rows of their own: id and value. 0: none, which no attribute reaches. */
static uint8_t threshold_of(const uint8_t thresholds[SMART_BYTES], uint8_t id)
{
    for (unsigned row = 0; row < SMART_ATTRIBUTES; row++) {
        const uint8_t *at = &thresholds[TABLE_OFFSET + row * ROW_BYTES];
        if (at[0] == id)
            return at[1];
    }
    return 0;
}

struct smart_attribute smart_attribute(const uint8_t data[SMART_BYTES],
                                       const uint8_t thresholds[SMART_BYTES], unsigned row)
{
    const uint8_t *at = &data[TABLE_OFFSET + row * ROW_BYTES];
    struct smart_attribute attribute = {
        .id = at[0],
        .flags = (uint16_t)(at[1] | at[2] << 8),
        .value = at[3],
        .worst = at[4],
    };

    if (attribute.id == 0)
        return attribute;
    for (unsigned i = 6; i-- > 0;)
        attribute.raw = attribute.raw << 8 | at[5 + i];
    attribute.threshold = threshold_of(thresholds, attribute.id);
    if (attribute.threshold > 0 && attribute.value <= attribute.threshold)
        attribute.verdict = SMART_FAILS_NOW;
    else if (attribute.threshold > 0 && attribute.worst <= attribute.threshold)
        attribute.verdict = SMART_FAILED_ONCE;
    return attribute;
}

bool smart_is_temperature(uint8_t id)
{
    return id == 190 || id == 194;
}

const char *smart_attribute_name(uint8_t id)
{
    static const struct named names[] = {
        {1, "Raw read errors"},
        {2, "Throughput"},
        {3, "Spin-up time"},
        {4, "Starts and stops"},
        {5, "Reallocated sectors"},
        {7, "Seek errors"},
        {8, "Seek time"},
        {9, "Power-on hours"},
        {10, "Spin-up retries"},
        {11, "Calibration retries"},
        {12, "Power cycles"},
        {170, "Reserved blocks"},
        {171, "Program failures"},
        {172, "Erase failures"},
        {173, "Wear leveling"},
        {174, "Unexpected power losses"},
        {177, "Wear leveling"},
        {179, "Used reserved blocks"},
        {183, "Link slowed down"},
        {184, "End-to-end errors"},
        {187, "Uncorrectable errors"},
        {188, "Command time-outs"},
        {189, "High-fly writes"},
        {190, "Air flow temperature"},
        {191, "Shocks"},
        {192, "Emergency retracts"},
        {193, "Load cycles"},
        {194, "Temperature"},
        {195, "ECC corrections"},
        {196, "Reallocation events"},
        {197, "Pending sectors"},
        {198, "Offline uncorrectable"},
        {199, "CRC errors of the cable"},
        {200, "Write errors"},
        {231, "Life left"},
        {233, "Media wear"},
        {240, "Head flying hours"},
        {241, "Written, in all"},
        {242, "Read, in all"},
    };
    const char *name = name_of(names, LENGTH(names), id);
    return name ? name : "unknown attribute";
}

/* ------------------------------------------------------------------ the general purpose log */

/* ACS: page 0 of log 0: a word for each address. */
uint16_t log_pages(const uint8_t directory[SMART_BYTES], uint8_t address)
{
    return (uint16_t)(directory[2 * address] | directory[2 * address + 1] << 8);
}

const char *log_name(uint8_t address)
{
    static const struct named names[] = {
        {0x00, "directory"},
        {0x01, "summary of SMART errors"},
        {0x02, "SMART errors, comprehensive"},
        {0x03, "errors, extended"},
        {0x04, "device statistics"},
        {0x06, "SMART self-tests"},
        {0x07, "self-tests, extended"},
        {0x08, "power conditions"},
        {0x09, "selective self-tests"},
        {0x0A, "device statistics notification"},
        {0x0C, "pending defects"},
        {0x10, "NCQ command error"},
        {0x11, "SATA PHY event counters"},
        {0x12, "NCQ queue management"},
        {0x13, "NCQ send and receive"},
        {0x19, "LBA status"},
        {0x20, "streaming performance"},
        {0x21, "write stream errors"},
        {0x22, "read stream errors"},
        {0x24, "internal status, current"},
        {0x25, "internal status, saved"},
        {0x30, "IDENTIFY DEVICE data"},
        {0xE0, "SCT command and status"},
        {0xE1, "SCT data"},
    };
    if (address >= 0x80 && address <= 0x9F)
        return "the host's own";
    return name_of(names, LENGTH(names), address);
}
