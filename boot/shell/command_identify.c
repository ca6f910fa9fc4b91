/* SPDX-License-Identifier: MIT */
/*
 * `identify`: what IDENTIFY DEVICE or IDENTIFY PACKET DEVICE said, in words.
 *
 * ATA: words by their numbers in ATA/ATAPI-6, 8.15.9 to 8.15.61 and 8.16, and later editions for
 * words that those reserve. A word counts only where the bits that vouch for it say so.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/columns.h"
#include "boot/shell/commands.h"
#include "boot/shell/numbers.h"
#include "lib/plural.h"
#include "port/identify.h"
#include "port/limits.h"
#include "port/objects.h"
#include "port/parcel.h"

enum {
    WORD_CONFIGURATION = 0,
    WORD_CYLINDERS = 1,
    WORD_HEADS = 3,
    WORD_SECTORS = 6,
    WORD_MULTIPLE = 47,
    WORD_CAPABILITIES = 49,
    WORD_VALIDITY = 53,
    WORD_CURRENT_GEOMETRY = 54, /* cylinders, heads, sectors */
    WORD_CURRENT_MULTIPLE = 59,
    WORD_SECTORS_28 = 60,
    WORD_MULTIWORD_DMA = 63,
    WORD_PIO_MODES = 64,
    WORD_SATA = 76,
    WORD_MAJOR_VERSION = 80,
    WORD_FEATURES = 82, /* 82 to 84 supported, 85 to 87 enabled */
    WORD_ULTRA_DMA = 88,
    WORD_RESET_RESULT = 93,
    WORD_SECTORS_48 = 100,
    WORD_SECTOR_SIZES = 106,
    WORD_ALIGNMENT = 209,
    WORD_SECURITY = 128,
    WORD_TRIM = 169,
    WORD_ROTATION = 217,
};

bool device_ask(struct device *device, uint16_t words[256], struct request *request)
{
    *request = (struct request){
        .device = device,
        .function = IRB_FUNCTION_ATA_IDENTIFY,
        .flags = IRB_FLAGS_DATA_IN,
        .timeout_s = LIMIT_IDENTIFY_S,
        .buffer = words,
        .byte_count = 512,
    };

    request->task_file.Current.bCommandReg =
        device->kind == DEVICE_ATA ? IDE_COMMAND_IDENTIFY : IDE_COMMAND_ATAPI_IDENTIFY;
    request->task_file.Current.bDriveHeadReg = device->target ? 0xB0 : 0xA0;
    request_run(request);
    return request->irb_status == IRB_STATUS_SUCCESS && request->transferred == 512;
}

/* Asks the device, since modes and settings change after the first look at it. False: it does not
 * answer; then the words are those of the first time. */
static bool get_words(struct device *device, uint16_t words[256])
{
    struct request request;

    if (device->usable && device_ask(device, words, &request)) {
        memcpy(&device->given.identify, words, 512); /* what is current, for all who look at it */
        return true;
    }
    memcpy(words, &device->given.identify, 512);
    return false;
}

/* Bits 15:14 of some words are 01 when the word means anything. */
static bool is_vouched_for(uint16_t word)
{
    return word >> 14 == 1;
}

static void print_line(const char *title, const char *text)
{
    hal_printf("  %-18s%s\n", title, text);
}

/* ------------------------------------------------------------------ capacity and geometry */

static void print_capacity(const struct device *device, const uint16_t *words)
{
    char size[SIZE_TEXT_CAPACITY];
    uint32_t sectors_28 = words[WORD_SECTORS_28] | (uint32_t)words[WORD_SECTORS_28 + 1] << 16;
    uint64_t sectors_48 = 0;

    for (unsigned i = 4; i-- > 0;)
        sectors_48 = sectors_48 << 16 | words[WORD_SECTORS_48 + i];
    size_format(device->sector_count * device->sector_size, size, sizeof size);
    hal_printf("  %-18s%" PRIu64 " sector%s, %s\n", "Capacity", device->sector_count,
               plural(device->sector_count), size);
    hal_printf("  %-18s%" PRIu32 "\n", "28-bit sectors", sectors_28);
    if (is_vouched_for(words[WORD_FEATURES + 1]) && (words[WORD_FEATURES + 1] & 1u << 10))
        hal_printf("  %-18s%" PRIu64 "\n", "48-bit sectors", sectors_48);
    hal_printf("  %-18s%u/%u/%u", "CHS geometry", words[WORD_CYLINDERS], words[WORD_HEADS],
               words[WORD_SECTORS]);
    if (words[WORD_VALIDITY] & 1)
        hal_printf(", at present %u/%u/%u", words[WORD_CURRENT_GEOMETRY],
                   words[WORD_CURRENT_GEOMETRY + 1], words[WORD_CURRENT_GEOMETRY + 2]);
    hal_printf("\n");
}

static void print_sector_size(const struct device *device, const uint16_t *words)
{
    const IDE_DEVICE_PARAMETERS *parameters = &device->given.parameters;

    hal_printf("  %-18s%u bytes", "Sector", (unsigned)device->sector_size);
    if (is_vouched_for(words[WORD_SECTOR_SIZES])) {
        hal_printf(", physically %u", (unsigned)parameters->BytesPerPhysicalSector);
        if (parameters->BytesPerPhysicalSector == 4096 && device->sector_size == 512)
            hal_printf(" (512e)");
        if (is_vouched_for(words[WORD_ALIGNMENT]) && (words[WORD_ALIGNMENT] & 0x3FFF))
            hal_printf(", first one at %u", words[WORD_ALIGNMENT] & 0x3FFFu);
    }
    hal_printf("\n");
}

/* ------------------------------------------------------------------ transfer modes */

#define WORD_MODES 0x7Fu /* modes 0 to 6 (ATA/ATAPI-7, word 88); those of word 63 end at 2 */

/* "0 to 2, active 2", of a word with supported modes in its low and active ones in its high
 * byte. */
static void print_dma(const char *title, uint16_t word)
{
    unsigned supported = word & WORD_MODES, active = word >> 8 & WORD_MODES;

    if (!supported)
        return;
    hal_printf("  %-18s0 to %u", title, 31u - (unsigned)__builtin_clz(supported));
    if (active)
        hal_printf(", active %u", 31u - (unsigned)__builtin_clz(active));
    hal_printf("\n");
}

/* The mode that the device says it is in: a driver may have lowered it since it was chosen. The PIO
 * mode that is set is in no word. */
static const char *mode_in_use(const struct device *device)
{
    ULONG dma = identify_current_modes(device) & DMA_SUPPORT;
    return dma && device_uses_dma(device) ? identify_mode_name(dma) : device_mode_name(device);
}

static void print_modes(const struct device *device, const uint16_t *words)
{
    unsigned pio = 2; /* every device has modes 0 to 2 */

    if (words[WORD_VALIDITY] & 2)
        pio = words[WORD_PIO_MODES] & 2 ? 4 : words[WORD_PIO_MODES] & 1 ? 3 : 2;
    hal_printf("  %-18s0 to %u\n", "PIO modes", pio);
    if (words[WORD_CAPABILITIES] & 1u << 8) {
        print_dma("MW DMA modes", words[WORD_MULTIWORD_DMA]);
        if (words[WORD_VALIDITY] & 4)
            print_dma("Ultra DMA modes", words[WORD_ULTRA_DMA]);
    }
    print_line("In use", mode_in_use(device));
    if (device->kind == DEVICE_ATA) {
        unsigned multiple = words[WORD_MULTIPLE] & 0xFFu;
        hal_printf("  %-18sup to %u sector%s", "Multiple", multiple, plural(multiple));
        if (words[WORD_CURRENT_MULTIPLE] & 1u << 8)
            hal_printf(", set to %u", words[WORD_CURRENT_MULTIPLE] & 0xFFu);
        hal_printf("\n");
    }
    if (is_vouched_for(words[WORD_RESET_RESULT]))
        print_line("Cable", words[WORD_RESET_RESULT] & 1u << 13 ? "80 wires" : "40 wires");
}

/* ------------------------------------------------------------------ features */

/* Word and bit where it is supported; three words on, whether it is enabled. */
static const struct feature {
    uint8_t word, bit;
    bool can_be_off;
    const char *name;
} features[] = {
    {82, 0, true, "SMART"},
    {82, 1, true, "security"},
    {82, 3, true, "power management"},
    {82, 5, true, "write cache"},
    {82, 6, true, "look-ahead"},
    {82, 9, false, "DEVICE RESET"},
    {82, 10, true, "host protected area"},
    {83, 3, true, "advanced power management"},
    {83, 10, false, "48-bit addresses (LBA48)"},
    {83, 11, true, "configuration overlay"},
    {83, 12, false, "flush cache"},
    {83, 13, false, "flush cache EXT"},
    {84, 0, true, "SMART error log"},
    {84, 1, true, "SMART self-test"},
    {84, 5, true, "general logging"},
    {84, 6, false, "write with FUA"},
    {84, 8, false, "world wide name"},
};

struct list {
    const char *title;
    unsigned column; /* 0: nothing printed yet */
};

/* Prints an item of a comma-separated list that goes over several lines. */
static void list_add(struct list *list, const char *name, const char *remark)
{
    enum { INDENT = 20 };
    unsigned length = (unsigned)(strlen(name) + strlen(remark)) + 2;

    if (list->column == 0) {
        hal_printf("  %-18s", list->title);
        list->column = INDENT;
    } else if (list->column + length > columns_width() - 2) {
        hal_printf(",\n%*s", INDENT, "");
        list->column = INDENT;
    } else {
        hal_printf(", ");
    }
    hal_printf("%s%s", name, remark);
    list->column += length;
}

static void print_features(const uint16_t *words)
{
    struct list list = {.title = "Features"};

    /* Word 82 has no voucher of its own; 83 and 87 speak for their neighbours. */
    bool supported = is_vouched_for(words[83]), enabled = is_vouched_for(words[87]);
    for (size_t i = 0; supported && i < sizeof features / sizeof *features; i++) {
        const struct feature *feature = &features[i];
        bool is_on =
            !enabled || !feature->can_be_off || words[feature->word + 3] >> feature->bit & 1;
        if (feature->word == 84 && !is_vouched_for(words[84]))
            continue;
        if (words[feature->word] >> feature->bit & 1)
            list_add(&list, feature->name, is_on ? "" : " (off)");
    }
    if (words[WORD_TRIM] & 1)
        list_add(&list, "TRIM", "");
    if (words[WORD_SATA] != 0 && words[WORD_SATA] != 0xFFFF && (words[WORD_SATA] & 1u << 8))
        list_add(&list, "native command queuing", "");
    if (list.column)
        hal_printf("\n");
}

static void print_version(const uint16_t *words)
{
    uint16_t versions = words[WORD_MAJOR_VERSION];
    unsigned highest = 0;

    if (versions == 0 || versions == 0xFFFF)
        return;
    for (unsigned bit = 3; bit < 15; bit++)
        if (versions >> bit & 1)
            highest = bit;
    if (highest >= 8)
        hal_printf("  %-18sACS-%u\n", "Standard", highest - 7);
    else if (highest >= 4)
        hal_printf("  %-18sATA/ATAPI-%u\n", "Standard", highest);
    else if (highest)
        hal_printf("  %-18sATA-%u\n", "Standard", highest);
}

static void print_ata(const struct device *device, const uint16_t *words)
{
    uint16_t rotation = words[WORD_ROTATION], security = words[WORD_SECURITY];

    print_capacity(device, words);
    print_sector_size(device, words);
    print_modes(device, words);
    print_version(words);
    print_features(words);
    if (rotation == 1)
        print_line("Medium", "solid state");
    else if (rotation > 0x400 && rotation < 0xFFFF)
        hal_printf("  %-18s%u turns a minute\n", "Medium", rotation);
    if (security & 1)
        hal_printf("  %-18s%s, %s%s\n", "Security", security & 2 ? "enabled" : "not enabled",
                   security & 4 ? "locked" : "not locked", security & 8 ? ", frozen" : "");
}

static void print_atapi(const struct device *device, const uint16_t *words)
{
    static const char *const request_times[] = {"within 3 ms", "with an interrupt", "within 50 us",
                                                "(reserved)"};
    uint16_t configuration = words[WORD_CONFIGURATION];
    unsigned type = configuration >> 8 & 0x1F;

    hal_printf("  %-18s%s%s\n", "Type",
               type == 5   ? "CD-ROM drive"
               : type == 0 ? "disk"
               : type == 1 ? "tape drive"
               : type == 7 ? "optical memory"
                           : "packet device",
               configuration & 1u << 7 ? ", removable medium" : "");
    hal_printf("  %-18s%u bytes, asked for %s\n", "Packet", configuration & 3 ? 16 : 12,
               request_times[configuration >> 5 & 3]);
    print_modes(device, words);
    print_version(words);
    print_features(words);
}

enum command_result command_identify(unsigned count, char **words)
{
    static uint16_t data[256] __attribute__((aligned(16))); /* for DMA */

    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    struct device *device = argument_any_device(words[1]);
    if (!device)
        return COMMAND_FAILED;
    bool is_fresh = get_words(device, data);
    print_line("Model", device->model);
    print_line("Serial number", device->serial);
    print_line("Firmware", device->firmware);
    if (device->kind == DEVICE_ATA)
        print_ata(device, data);
    else
        print_atapi(device, data);
    if (!is_fresh)
        hal_printf("The device does not answer; that is what it said when it was found.\n");
    return COMMAND_DONE;
}
