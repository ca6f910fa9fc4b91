/* SPDX-License-Identifier: MIT */
/*
 * The page that Windows shares with all code.
 *
 * Owns what is shown there. Nothing is mapped at its address: each read faults, and is lent a page
 * that is filled in at that moment. So the time is always right, and costs nothing while nobody
 * asks for it. A write is a driver's bug like any other.
 *
 * What GsDriverEntry, the entry point that the kits link into drivers, reads is TickCount;
 * KeTickCount, which drivers for i386 import, is the same place.
 */
#include "port/shared_page.h"

#include <string.h>

#include "port/timer.h"

#define TICK_US 15625u /* 64 a second */
/* Milliseconds of a tick, with 24 bits behind the point. */
#define TICK_COUNT_MULTIPLIER ((uint32_t)(((uint64_t)TICK_US << 24) / 1000))

#define SECONDS_FROM_1601_TO_1970 11644473600ull

/* Offsets. Those that are not here read as 0. */
enum {
    TICK_COUNT_LOW_DEPRECATED = 0x000, /* u32 */
    TICK_MULTIPLIER = 0x004,           /* u32 */
    INTERRUPT_TIME = 0x008,            /* three words: see put_time */
    SYSTEM_TIME = 0x014,
    IMAGE_NUMBERS = 0x02C,         /* u16 twice: machines of images that run here, from, to */
    SYSTEM_ROOT = 0x030,           /* UTF-16 */
    PRODUCT_TYPE = 0x264,          /* u32 */
    PRODUCT_TYPE_IS_VALID = 0x268, /* u8 */
    MAJOR_VERSION = 0x26C,         /* u32 */
    MINOR_VERSION = 0x270,         /* u32 */
    PROCESSOR_FEATURES = 0x274,    /* a byte each */
    TICK_COUNT = 0x320,
};

#define WORKSTATION 1u

#if defined(__x86_64__)
#define MACHINE 0x8664u
#else
#define MACHINE 0x014Cu
#endif

static uint8_t shown[HAL_PAGE_SIZE] __attribute__((aligned(4096)));

static void put32(unsigned offset, uint32_t value)
{
    memcpy(shown + offset, &value, sizeof value);
}

/* A 64-bit value for readers that see 32 bits at a time: low half, high half, and the high half
 * once more, by which they know that all is of one moment. */
static void put_time(unsigned offset, uint64_t value)
{
    put32(offset, (uint32_t)value);
    put32(offset + 4, (uint32_t)(value >> 32));
    put32(offset + 8, (uint32_t)(value >> 32));
}

uint64_t shared_page_system_time(void)
{
    return (hal_wall_clock_us() + timer_ahead_us() + SECONDS_FROM_1601_TO_1970 * 1000000) * 10;
}

static void fill(void)
{
    static const char root[] = "C:\\Windows";
    /* CMPXCHG8B, MMX, SSE, RDTSC, PAE, SSE2, no-execute pages, __fastfail. */
    static const uint8_t features[] = {2, 3, 6, 8, 9, 10, 12, 23};
    uint64_t now_us = hal_clock_us() + timer_ahead_us();

    put32(TICK_COUNT_LOW_DEPRECATED, (uint32_t)(now_us / TICK_US));
    put32(TICK_MULTIPLIER, TICK_COUNT_MULTIPLIER);
    put_time(INTERRUPT_TIME, now_us * 10);
    put_time(SYSTEM_TIME, shared_page_system_time());
    put_time(TICK_COUNT, now_us / TICK_US);
    put32(IMAGE_NUMBERS, MACHINE | MACHINE << 16);
    for (unsigned i = 0; i < sizeof root; i++)
        shown[SYSTEM_ROOT + 2 * i] = (uint8_t)root[i];
    put32(PRODUCT_TYPE, WORKSTATION);
    shown[PRODUCT_TYPE_IS_VALID] = 1;
    put32(MAJOR_VERSION, 6); /* Windows 7, as the headers in include/ddi */
    put32(MINOR_VERSION, 1);
    for (unsigned i = 0; i < sizeof features; i++)
        shown[PROCESSOR_FEATURES + features[i]] = 1;
}

bool shared_page_fault(const struct hal_fault *fault)
{
    if (fault->address - SHARED_PAGE_ADDRESS >= HAL_PAGE_SIZE || fault->write || fault->execute)
        return false;
    fill();
    return hal_fault_lend(fault->address, hal_physical(shown));
}
