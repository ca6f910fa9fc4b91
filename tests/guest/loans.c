/* SPDX-License-Identifier: MIT */
/*
 * Checks of pages that are there for one instruction (hal_fault_lend), and of gates: for every kind of
 * instruction that a driver, or the port for it, reaches memory with.
 */
#include <string.h>

#include "hal/hal.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#define PLAN         27u
#define WINDOW_PAGES 6u

static uint8_t *window, *frames; /* a page of the window is lent the frame of the same number */
static volatile unsigned faults;

static bool lend(const struct hal_fault *fault)
{
    uintptr_t page = (fault->address - (uintptr_t)window) / HAL_PAGE_SIZE;
    if (++faults > 100000 || page >= WINDOW_PAGES)
        return false;
    return hal_fault_lend(fault->address, hal_physical(frames + page * HAL_PAGE_SIZE));
}

/* Nothing stays mapped, and the CPU goes on as it did. */
static bool is_over(void)
{
    bool hidden = true;
    uintptr_t flags;
    for (unsigned i = 0; i < WINDOW_PAGES; i++)
        hidden &= hal_physical(window + i * HAL_PAGE_SIZE) == 0;
    __asm__ volatile("pushf; pop %0" : "=r"(flags)::"memory");
    return hidden && hal_interrupts_enabled() && !(flags & 0x100);
}

static void fill(unsigned seed)
{
    faults = 0;
    for (size_t i = 0; i < WINDOW_PAGES * HAL_PAGE_SIZE; i++)
        frames[i] = (uint8_t)(i * 7 + i / 251 + seed);
}

static void test_single(void)
{
    fill(0);
    hal_write32(window + 8, 0x12345678);
    GUEST_CHECK(faults, ==, 1, "a write faults once");
    GUEST_CHECK(hal_read32(frames + 8), ==, 0x12345678, "and reaches the page that was lent");
    GUEST_CHECK(is_over(), ==, true, "which is there for no longer than that");
    GUEST_CHECK(hal_read32(window + 8), ==, 0x12345678, "a read gets what is there");
    GUEST_CHECK(faults, ==, 2, "with a fault of its own");
    hal_write32(window + HAL_PAGE_SIZE - 2, 0xAABBCCDD);
    GUEST_CHECK(faults, ==, 4, "an access across two pages faults for both");
    GUEST_CHECK(hal_read32(frames + HAL_PAGE_SIZE - 2), ==, 0xAABBCCDD, "and reaches both");
    uintptr_t value = 1;
    __asm__ volatile("lock xadd %0, %1"
                     : "+r"(value), "+m"(*(volatile uintptr_t *)(void *)(window + 64))::"memory");
    GUEST_CHECK(*(uintptr_t *)(void *)(frames + 64), ==, value + 1, "a locked read and write");
    GUEST_CHECK(is_over(), ==, true, "is over, too");
}

static void test_interrupts_off(void)
{
    hal_interrupts_disable();
    hal_write8(window, 1);
    GUEST_CHECK(hal_interrupts_enabled(), ==, false, "with interrupts disabled, they stay so");
    hal_interrupts_enable();
    GUEST_CHECK(is_over(), ==, true, "and can be enabled again");
}

static void test_strings(void)
{
    const size_t length = 2 * HAL_PAGE_SIZE;
    void *to = window + 3 * HAL_PAGE_SIZE + 5;
    const void *from = window + 3;
    size_t count = length;

    fill(1);
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count)::"memory");
    guest_ok(memcmp(frames + 3 * HAL_PAGE_SIZE + 5, frames + 3, length) == 0 && count == 0,
             "REP MOVSB from three pages to three others");
    guest_ok(faults >= 6 && faults < 100, "faults for each page, not for each byte: %u", faults);
    GUEST_CHECK(is_over(), ==, true, "and none of them stays");

    fill(2);
    to = window + HAL_PAGE_SIZE - 8;
    count = 8;
    __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(0x5A5A5A5A) : "memory");
    guest_ok(hal_read32(frames + HAL_PAGE_SIZE - 8) == 0x5A5A5A5A &&
                 hal_read32(frames + HAL_PAGE_SIZE + 20) == 0x5A5A5A5A && is_over(),
             "REP STOSL across two pages");

    /* Port 0xED is nobody's: it always reads the same. */
    fill(3);
    hal_in_buffer16(0xED, window + HAL_PAGE_SIZE - 4, 4);
    guest_ok(hal_read16(frames + HAL_PAGE_SIZE - 2) == hal_in16(0xED) &&
                 hal_read16(frames + HAL_PAGE_SIZE + 2) == hal_in16(0xED) && is_over(),
             "REP INSW across two pages");
    hal_out_buffer32(0xED, window + HAL_PAGE_SIZE - 4, 4);
    GUEST_CHECK(is_over(), ==, true, "REP OUTSL across two pages");

    fill(4);
    count = 100;
    from = window + 10;
    to = window + HAL_PAGE_SIZE + 10;
    memcpy(frames + HAL_PAGE_SIZE + 10, frames + 10, 50);
    frames[HAL_PAGE_SIZE + 60] = (uint8_t)~frames[60];
    __asm__ volatile("repe cmpsb" : "+D"(to), "+S"(from), "+c"(count)::"memory", "cc");
    guest_ok((const uint8_t *)from == window + 61 && is_over(),
             "REPE CMPSB ends where they differ");
}

static void test_sse(void)
{
    fill(5);
    __asm__ volatile("movdqu (%0), %%xmm0; movdqu %%xmm0, (%1)" ::"r"(window + HAL_PAGE_SIZE - 7),
                     "r"(window + 3 * HAL_PAGE_SIZE - 3)
                     : "memory");
    guest_ok(memcmp(frames + HAL_PAGE_SIZE - 7, frames + 3 * HAL_PAGE_SIZE - 3, 16) == 0,
             "16 bytes through an SSE register, both across pages");
    GUEST_CHECK(faults, ==, 4, "with a fault for each page");
    GUEST_CHECK(is_over(), ==, true, "and none of them stays");
}

/* A page that can be read shows another one for a write. */
static void test_read_only(void)
{
    fill(6);
    hal_map(window, hal_physical(frames + HAL_PAGE_SIZE), 1, HAL_MAP_READ);
    hal_write8(window + 1, 0x77);
    GUEST_CHECK(frames[1], ==, 0x77, "a write to a read-only page goes to the page that was lent");
    GUEST_CHECK(hal_read8(window + 1), ==, frames[HAL_PAGE_SIZE + 1],
                "then the read-only page is back");
    hal_unmap(window, 1);
}

static void test_gate(void)
{
    struct hal_gate gate;
    uint8_t *page = window + 5 * HAL_PAGE_SIZE;

    fill(7);
    bool is_made = hal_gate_make(&gate, page, hal_physical(frames), HAL_MAP_WRITE);
    hal_write8(page, 0xEE);
    guest_ok(is_made && faults == 1 && frames[0] != 0xEE, "a gate hides its page at first");
    hal_gate_show(&gate);
    hal_write8(page, 0xEE);
    guest_ok(faults == 1 && frames[0] == 0xEE, "shows it");
    hal_gate_hide(&gate);
    hal_write8(page, 0xDD);
    guest_ok(faults == 2 && frames[0] == 0xEE, "and hides it again");
}

void guest_test_loans(void)
{
    window = hal_window_reserve(WINDOW_PAGES);
    frames = hal_pages_alloc(WINDOW_PAGES, UINT64_MAX);
    guest_plan(PLAN);
    if (!guest_ok(window && frames, "there is memory"))
        return;
    hal_set_fault_handler(lend);
    test_single();
    test_interrupts_off();
    test_strings();
    test_sse();
    test_read_only();
    test_gate();
    hal_set_fault_handler(NULL);
}
