/* SPDX-License-Identifier: MIT */
/*
 * What the port makes of IDENTIFY DEVICE: how many sectors there are and how they are addressed, at the limits
 * of 28 and 48 bits, and which transfer modes a drive has. No drive is needed.
 */
#include <string.h>

#include "port/identify.h"
#include "port/objects.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#define LIMIT_28 0x0FFFFFFFull     /* sectors: the most that words 60 and 61 may say */
#define LIMIT_48 0xFFFFFFFFFFFFull /* and words 100 to 103 */

static const struct {
    const char *what;
    uint64_t words_60, words_100; /* words_100: 0 for a drive without 48-bit commands */
    ULONG addressing;
    uint64_t sectors;
} drives[] = {
    {"2^28 - 2 sectors", LIMIT_28 - 1, LIMIT_28 - 1, LbaMode, LIMIT_28 - 1},
    {"2^28 - 1 sectors, the most for 28 bits", LIMIT_28, LIMIT_28, LbaMode, LIMIT_28},
    {"2^28 sectors", LIMIT_28, LIMIT_28 + 1, Lba48BitMode, LIMIT_28 + 1},
    {"2^28 + 1 sectors", LIMIT_28, LIMIT_28 + 2, Lba48BitMode, LIMIT_28 + 2},
    {"2^28 - 1 sectors without 48-bit commands", LIMIT_28, 0, LbaMode, LIMIT_28},
    {"2^28 sectors without 48-bit commands: one cannot be reached", LIMIT_28 + 1, 0, LbaMode,
     LIMIT_28},
    {"2^28 + 1 sectors without 48-bit commands: two cannot", LIMIT_28 + 2, 0, LbaMode, LIMIT_28},
    {"2^48 - 1 sectors, the most for 48 bits", LIMIT_28, LIMIT_48, Lba48BitMode, LIMIT_48},
    {"2^48 sectors: one cannot be reached", LIMIT_28, LIMIT_48 + 1, Lba48BitMode, LIMIT_48},
    {"48-bit commands, and no number for them", 1000, UINT64_MAX, Lba48BitMode, LIMIT_48},
};

#define PLAN (2u * sizeof drives / sizeof *drives + 12u)

static struct controller controller;
static struct device device;
static struct channel channel = {.controller = &controller, .name = "9.0", .devices = &device};
static struct device device = {.channel = &channel, .kind = DEVICE_ATA, .model = "MODEL"};

static void put_word(unsigned index, unsigned value)
{
    uint8_t *bytes = (uint8_t *)&device.given.identify + 2 * index;
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static void put_words(unsigned index, unsigned count, uint64_t value)
{
    for (unsigned i = 0; i < count; i++)
        put_word(index + i, (unsigned)(value >> 16 * i & 0xFFFF));
}

static void test_sectors(void)
{
    for (unsigned i = 0; i < sizeof drives / sizeof *drives; i++) {
        memset(&device.given.identify, 0, sizeof device.given.identify);
        put_word(49, 1u << 9);
        put_words(60, 2, drives[i].words_60);
        put_word(83, drives[i].words_100 ? 0x4400 : 0x4000);
        put_words(100, 4, drives[i].words_100);
        identify_decode(&device);
        /* EDGE: 78, 85 */
        GUEST_CHECK(device.given.parameters.AddressTranslation, ==, drives[i].addressing,
                    drives[i].what);
        bool has_capacity = identify_capacity(&device);
        GUEST_CHECK(has_capacity ? device.sector_count : 0, ==, drives[i].sectors,
                    "its sectors are counted");
    }
}

/* ATA/ATAPI-7, words 53 and 88: seven modes, in bits 6:0, and the one that is set in bits 14:8. */
static void test_modes(void)
{
    memset(&device.given.identify, 0, sizeof device.given.identify);
    put_word(49, 1u << 8);
    put_word(53, 4);
    put_word(88, 0x407F);
    ULONG supported = identify_supported_modes(&device), current = identify_current_modes(&device);
    GUEST_CHECK(supported & UDMA_SUPPORT, ==, UDMA_MODE6 * 2 - UDMA_MODE0, "seven Ultra DMA modes");
    GUEST_CHECK(current & UDMA_SUPPORT, ==, UDMA_MODE6, "mode 6 is set");
    guest_ok(strcmp(identify_mode_name(supported), "Ultra DMA 6") == 0, "and has its name");
    put_word(88, 0x8080);
    GUEST_CHECK(identify_supported_modes(&device) & UDMA_SUPPORT, ==, 0, "bit 7 is no mode");
    GUEST_CHECK(identify_current_modes(&device) & UDMA_SUPPORT, ==, 0, "nor is bit 15");
    put_word(88, 0x203F);
    GUEST_CHECK(identify_current_modes(&device) & UDMA_SUPPORT, ==, UDMA_MODE5, "mode 5 is set");
    put_word(53, 0);
    /* EDGE: 20 */
    GUEST_CHECK(identify_supported_modes(&device) & UDMA_SUPPORT, ==, 0,
                "a word 88 that is not valid says nothing");
    GUEST_CHECK(identify_current_modes(&device) & UDMA_SUPPORT, ==, 0, "of either kind");
}

/* ATA8-ACS, words 49, 62 and 63. */
static void test_dma(void)
{
    memset(&device.given.identify, 0, sizeof device.given.identify);
    put_word(49, 1u << 8);
    put_word(53, 4);
    put_word(63, 7);
    put_word(88, 0x3F);
    ULONG all = identify_supported_modes(&device) & DMA_SUPPORT;
    GUEST_CHECK(all, ==, MWDMA_SUPPORT | (UDMA_MODE5 * 2 - UDMA_MODE0), "multiword and Ultra DMA");
    put_word(49, 0);
    GUEST_CHECK(identify_supported_modes(&device) & DMA_SUPPORT, ==, 0,
                "a drive that says that it does no DMA has no mode of it");
    put_word(62, 0x8000);
    device.kind = DEVICE_ATAPI;
    GUEST_CHECK(identify_supported_modes(&device) & DMA_SUPPORT, ==, 0,
                "nor has one with DMADIR and without DMA");
    put_word(62, 0x8000 | 0x0400 | 0x0180 | 0x0007);
    GUEST_CHECK(identify_supported_modes(&device) & DMA_SUPPORT, ==,
                MWDMA_MODE0 | MWDMA_MODE1 | (UDMA_MODE2 * 2 - UDMA_MODE0),
                "with DMADIR word 62 has them all");
    device.kind = DEVICE_ATA;
}

void guest_test_identify(void)
{
    guest_plan(PLAN);
    test_sectors();
    test_modes();
    test_dma();
}
