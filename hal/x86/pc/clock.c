/* SPDX-License-Identifier: MIT */
/*
 * Time: the CPU's time-stamp counter, calibrated once against the interval timer; the date from the
 * real-time clock.
 *
 * Owns PIT channel 2 and the CMOS ports. Reading the clock is possible in any context.
 */
#include "hal/x86/cpu/instructions.h"
#include "hal/x86/pc/pc.h"
#include "hal/x86/pc/pit.h"

#define MICROSECONDS 1000000u

#define CALIBRATION_LIMIT 5u             /* measurements, after which the last one must do */
#define CALIBRATION_TICKS (PIT_HZ / 100) /* of the PIT: 10 ms */
#define SAMPLE_TRIES      6u
#define SAMPLE_LIMIT      100000u
#define PAUSE_ROUNDS      500u /* between two looks at the PIT; each look is slow */

#define CMOS_SELECT     0x70u
#define CMOS_DATA       0x71u
#define CMOS_BUSY_LIMIT 100000u /* reads; the clock is busy for 2 ms at most */

enum cmos_register {
    CMOS_SECONDS = 0x00,
    CMOS_MINUTES = 0x02,
    CMOS_HOURS = 0x04, /* 7 afternoon, with 12 hours */
    CMOS_DAY = 0x07,
    CMOS_MONTH = 0x08,
    CMOS_YEAR = 0x09,
    CMOS_STATUS_A = 0x0A, /* 7 the clock is being updated */
    CMOS_STATUS_B = 0x0B, /* 2 binary, 1 24 hours */
    CMOS_CENTURY = 0x32,
};

#define CMOS_UPDATING  0x80u
#define CMOS_BINARY    0x04u
#define CMOS_24_HOURS  0x02u
#define CMOS_AFTERNOON 0x80u

/* One moment as seen by all counters. */
struct sample {
    uint64_t time_stamp;
    uint64_t uncertainty; /* of time_stamp */
    uint16_t pit;
    uint32_t apic;
};

static uint64_t time_stamp_at_boot;
static uint64_t microseconds_per_tick; /* fixed point, 32 bits behind the point */
static uint64_t apic_timer_hz;
static uint64_t wall_clock_at_boot;

/* ------------------------------------------------------------------ the clock */

uint64_t hal_cycles_us(uint64_t cycles)
{
    uint64_t ticks = cycles - time_stamp_at_boot;
    return (ticks >> 32) * microseconds_per_tick +
           ((ticks & UINT32_MAX) * microseconds_per_tick >> 32);
}

uint64_t hal_cycles_at_zero(void)
{
    return time_stamp_at_boot;
}

uint64_t hal_clock_us(void)
{
    return hal_cycles_us(cpu_time_stamp());
}

uint64_t hal_cycles_ns(uint64_t cycles)
{
    const uint64_t nanoseconds_per_tick = microseconds_per_tick * 1000;
    return (cycles >> 32) * nanoseconds_per_tick +
           ((cycles & UINT32_MAX) * nanoseconds_per_tick >> 32);
}

void hal_stall_us(uint32_t duration_us)
{
    /* One more: the clock may have been about to step when we looked. */
    uint64_t end_us = hal_clock_us() + duration_us + 1;
    struct hal_wait before = hal_wait_begin(HAL_WATCHED_BESIDE);
    while (hal_clock_us() < end_us)
        continue;
    hal_wait_end(before);
}

uint64_t hal_wall_clock_us(void)
{
    return wall_clock_at_boot * MICROSECONDS + hal_clock_us();
}

uint64_t hal_apic_timer_hz(void)
{
    return apic_timer_hz;
}

/* ------------------------------------------------------------------ calibration */

/* The emulator, or the host below it, may stop us between any two instructions: of several tries
 * the one that took least is the best. */
static struct sample take_sample(void)
{
    struct sample best = {.uncertainty = UINT64_MAX};
    for (unsigned i = 0; i < SAMPLE_TRIES; i++) {
        uint64_t before = cpu_time_stamp();
        hal_out8(PIT_COMMAND, PIT_2_LATCH);
        uint32_t apic = hal_local_apic ? hal_apic_timer_count() : 0;
        uint64_t after = cpu_time_stamp();
        uint16_t pit = hal_in8(PIT_CHANNEL_2);
        pit |= (uint16_t)(hal_in8(PIT_CHANNEL_2) << 8);
        if (after - before < best.uncertainty)
            best = (struct sample){before + (after - before) / 2, after - before, pit, apic};
    }
    return best;
}

static void pause_between_samples(void)
{
    for (volatile unsigned i = 0; i < PAUSE_ROUNDS; i++)
        continue;
}

/* One measurement: time-stamp and APIC timer rates. */
static void measure(uint64_t *time_stamp_hz, uint64_t *apic_hz)
{
    uint8_t speaker = hal_in8(SPEAKER_PORT) & SPEAKER_READ_BACK & (uint8_t)~SPEAKER_DATA;
    hal_out8(SPEAKER_PORT, speaker | SPEAKER_GATE);
    hal_out8(PIT_COMMAND, PIT_2_RATE);
    hal_out8(PIT_CHANNEL_2, 0); /* 65,536 */
    hal_out8(PIT_CHANNEL_2, 0);
    if (hal_local_apic)
        hal_apic_timer_start(UINT32_MAX);

    struct sample start = take_sample(), end = start;
    uint16_t ticks = 0;
    for (unsigned i = 0; ticks < CALIBRATION_TICKS; i++) {
        if (i == SAMPLE_LIMIT)
            PANIC("the interval timer does not count: the clock cannot be calibrated");
        pause_between_samples();
        end = take_sample();
        ticks = (uint16_t)(start.pit - end.pit);
    }
    hal_out8(SPEAKER_PORT, speaker & (uint8_t)~SPEAKER_GATE);
    if (hal_local_apic)
        hal_apic_timer_start(0);

    *time_stamp_hz = (end.time_stamp - start.time_stamp) * PIT_HZ / ticks;
    *apic_hz = (uint64_t)(start.apic - end.apic) * PIT_HZ / ticks;
}

/* The interval timer's count wraps after 55 ms, unseen when the machine stands still for longer (a
 * virtual one may): a measurement counts when a second one agrees with it. */
static void calibrate(void)
{
    uint64_t time_stamp_hz, previous_hz = 0;
    for (unsigned i = 0;; i++) {
        measure(&time_stamp_hz, &apic_timer_hz);
        uint64_t difference =
            time_stamp_hz > previous_hz ? time_stamp_hz - previous_hz : previous_hz - time_stamp_hz;
        if (difference < time_stamp_hz / 50 || i == CALIBRATION_LIMIT)
            break;
        previous_hz = time_stamp_hz;
    }
    microseconds_per_tick = ((uint64_t)MICROSECONDS << 32) / time_stamp_hz;
}

/* ------------------------------------------------------------------ the date */

struct date {
    unsigned second, minute, hour, day, month, year;
};

static uint8_t read_cmos(enum cmos_register number)
{
    hal_out8(CMOS_SELECT, (uint8_t)number);
    return hal_in8(CMOS_DATA);
}

static unsigned from_bcd(unsigned value, bool binary)
{
    return binary ? value : (value >> 4) * 10 + (value & 0x0F);
}

/* Reads the clock once, between two updates. */
static struct date read_date(void)
{
    for (unsigned i = 0; i < CMOS_BUSY_LIMIT && (read_cmos(CMOS_STATUS_A) & CMOS_UPDATING); i++)
        continue;
    uint8_t status = read_cmos(CMOS_STATUS_B);
    bool binary = (status & CMOS_BINARY) != 0;
    uint8_t hour = read_cmos(CMOS_HOURS);
    struct date date = {
        .second = from_bcd(read_cmos(CMOS_SECONDS), binary),
        .minute = from_bcd(read_cmos(CMOS_MINUTES), binary),
        .hour = from_bcd(hour & (uint8_t)~CMOS_AFTERNOON, binary),
        .day = from_bcd(read_cmos(CMOS_DAY), binary),
        .month = from_bcd(read_cmos(CMOS_MONTH), binary),
        .year = from_bcd(read_cmos(CMOS_YEAR), binary),
    };
    if ((status & CMOS_24_HOURS) == 0)
        date.hour = date.hour % 12 + (hour & CMOS_AFTERNOON ? 12 : 0);
    unsigned century = from_bcd(read_cmos(CMOS_CENTURY), binary);
    date.year += 100 * (century >= 19 && century <= 22 ? century : 20);
    return date;
}

static bool date_is_possible(const struct date *date)
{
    return date->month >= 1 && date->month <= 12 && date->day >= 1 && date->day <= 31 &&
           date->hour < 24 && date->minute < 60 && date->second < 60;
}

/* Days of the Gregorian calendar; March is the first month, so that a leap day is a year's last. */
static uint64_t days_since_1970(const struct date *date)
{
    const uint64_t days_before_1970 = 719468; /* from 1 March of the year 0 */
    uint64_t year = date->year - (date->month <= 2);
    uint64_t month = (date->month + 9) % 12;
    uint64_t days = 365 * year + year / 4 - year / 100 + year / 400;
    return days + (153 * month + 2) / 5 + date->day - 1 - days_before_1970;
}

static void read_wall_clock(void)
{
    /* An update may fall between two registers: two readings that agree are right. */
    struct date date = read_date(), again = read_date();
    for (unsigned i = 0; i < SAMPLE_TRIES && date.second != again.second; i++) {
        date = again;
        again = read_date();
    }
    if (!date_is_possible(&again))
        return; /* a flat battery: the date stays 1970 */
    uint64_t seconds_today = (again.hour * 60u + again.minute) * 60u + again.second;
    wall_clock_at_boot = days_since_1970(&again) * 86400u + seconds_today;
}

void hal_clock_initialise(void)
{
    calibrate();
    time_stamp_at_boot = cpu_time_stamp();
    read_wall_clock();
}
