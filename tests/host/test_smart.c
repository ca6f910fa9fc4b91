/* SPDX-License-Identifier: MIT */
/*
 * What SMART data, the log directory and sense codes say.
 *
 * SOURCES: boot/shell/smart.c port/access/names.c port/access/names_commands.c port/access/names_word.c
 */
#include <string.h>

#include "boot/shell/smart.h"
#include "port/access/names.h"
#include "tests/host/tap.h"

static uint8_t data[SMART_BYTES], thresholds[SMART_BYTES];

static void set_row(unsigned row, uint8_t id, uint8_t value, uint8_t worst, uint8_t threshold)
{
    uint8_t *at = &data[2 + 12 * row];
    const uint8_t bytes[12] = {id, 0x33, 0x01, value, worst, 1, 2, 3, 4, 5, 6, 0xFF};

    memcpy(at, bytes, sizeof bytes);
    /* In another order: rows belong together by their ids. */
    thresholds[2 + 12 * (SMART_ATTRIBUTES - 1 - row)] = id;
    thresholds[2 + 12 * (SMART_ATTRIBUTES - 1 - row) + 1] = threshold;
}

static enum smart_verdict verdict(uint8_t value, uint8_t worst, uint8_t threshold)
{
    set_row(7, 5, value, worst, threshold);
    return smart_attribute(data, thresholds, 7).verdict;
}

static void test_attributes(void)
{
    set_row(29, 194, 69, 45, 50);
    struct smart_attribute last = smart_attribute(data, thresholds, 29);

    TAP_CHECK(last.id == 194 && last.flags == 0x0133 && last.value == 69 && last.worst == 45);
    TAP_CHECK(last.raw == 0x060504030201u);
    TAP_CHECK(last.threshold == 50 && last.verdict == SMART_FAILED_ONCE);
    TAP_CHECK(smart_attribute(data, thresholds, 3).id == 0);
    TAP_CHECK(verdict(51, 51, 50) == SMART_OK);
    TAP_CHECK(verdict(51, 50, 50) == SMART_FAILED_ONCE);
    TAP_CHECK(verdict(50, 50, 50) == SMART_FAILS_NOW);
    TAP_CHECK(verdict(0, 0, 0) == SMART_OK);
    TAP_CHECK(strcmp(smart_attribute_name(9), "Power-on hours") == 0);
    TAP_CHECK(strcmp(smart_attribute_name(6), "unknown attribute") == 0);
    TAP_CHECK(smart_is_temperature(194) && !smart_is_temperature(9));
}

static void test_whole(void)
{
    TAP_CHECK(smart_health(0x0C24F00) == SMART_GOOD && smart_health(0x2CF4FF) == SMART_FAILING);
    TAP_CHECK(smart_health(0) == SMART_NO_ANSWER && smart_health(0xC2F400) == SMART_NO_ANSWER);
    memset(data, 0, sizeof data);
    data[0] = 0x10;
    TAP_CHECK(!smart_sum_is_right(data));
    data[511] = 0xF0;
    TAP_CHECK(smart_sum_is_right(data));
}

static void test_logs(void)
{
    uint8_t directory[SMART_BYTES] = {1, 0};
    directory[2 * 0x10] = 1;
    directory[2 * 0xFF] = 0x34;
    directory[2 * 0xFF + 1] = 0x12;
    TAP_CHECK(log_pages(directory, 0x10) == 1 && log_pages(directory, 0x11) == 0);
    TAP_CHECK(log_pages(directory, 0xFF) == 0x1234);
    TAP_CHECK(strcmp(log_name(0x10), "NCQ command error") == 0 && !log_name(0xA0));
    TAP_CHECK(log_name(0x80) == log_name(0x9F) && log_name(0x80) != NULL);
}

static void test_sense(void)
{
    TAP_CHECK(strcmp(sense_code_name(0x3A, 2), "medium not present, tray open") == 0);
    TAP_CHECK(strcmp(sense_code_name(0x3A, 9), "medium not present") == 0);
    TAP_CHECK(strcmp(sense_code_name(0x04, 1), "becoming ready") == 0);
    TAP_CHECK(strcmp(sense_code_name(0x24, 0), "invalid field in the CDB") == 0);
    TAP_CHECK(!sense_code_name(0x00, 0x77) && !sense_code_name(0x99, 0));
}

int main(void)
{
    test_attributes();
    test_whole();
    test_logs();
    test_sense();
    return tap_exit();
}
