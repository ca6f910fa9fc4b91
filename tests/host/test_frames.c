/* SPDX-License-Identifier: MIT */
/*
 * Unwinding by the table that the host makes of an image's DWARF: where the table begins, each kind
 * of row, and texts that are damaged, by hand and at random; and the tables of real drivers, which
 * must be in order.
 *
 * SOURCES: port/loader/frames.c
 * ARGUMENTS: build/x86_64/sample.sys build/i386/sample.sys
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "port/loader/frames.h"
#include "tests/host/tap.h"

#define STACK 0x7000u
#define WORDS 64u

static bool read_stack(uint64_t address, uint64_t *word)
{
    if (address < STACK || address - STACK >= WORDS * 4 || address % 4)
        return false;
    *word = 0x100000 + address;
    return true;
}

static struct unwind_frame frame;

static bool step(const char *text, size_t byte_count, uint32_t rva)
{
    frame = (struct unwind_frame){.ip = 1, .sp = STACK + 0x20, .bp = STACK + 0x60};
    return frames_step(text, byte_count, rva, 4, read_stack, &frame);
}

static bool is_now(uint64_t sp, uint64_t bp)
{
    return frame.ip == 0x100000 + sp - 4 && frame.sp == sp && frame.bp == bp;
}

static bool is_untouched(void)
{
    return frame.ip == 1 && frame.sp == STACK + 0x20 && frame.bp == STACK + 0x60;
}

static void test_begin(void)
{
    static const char both[] = "00001000 f a.c:1\n@00001000 s0004 0000\n@00001001 s0008 0008\n";
    static const char odd[] = "00001000 f @0000001 s0004 000\n";

    TAP_CHECK(frames_begin(both, sizeof both - 1) == 17);
    TAP_CHECK(frames_begin(both + 17, sizeof both - 18) == 0);
    TAP_CHECK(frames_begin(both, 17) == 17 && frames_begin(both, 0) == 0);
    TAP_CHECK(frames_begin(both, sizeof both - 2) == sizeof both - 2); /* cut off: none */
    TAP_CHECK(frames_begin(both + 18, 20) == 20);
    TAP_CHECK(frames_begin(odd, sizeof odd - 1) == sizeof odd - 1); /* within a line */
}

static void test_steps(void)
{
    static const char table[] = "@00001000 s0004 0000\n"
                                "@00001001 s0008 0008\n"
                                "@00001003 b0008 0008\n"
                                "@00001010 -0000 0000\n"
                                "@00001020 s00ff 0000\n"
                                "@00001030 b0000 0000\n";
    const size_t count = sizeof table - 1;

    TAP_CHECK(!step(table, count, 0xFFF) && is_untouched());
    TAP_CHECK(step(table, count, 0x1000) && is_now(STACK + 0x24, STACK + 0x60));
    TAP_CHECK(step(table, count, 0x1002) && is_now(STACK + 0x28, 0x100000 + STACK + 0x20));
    TAP_CHECK(step(table, count, 0x100F) && is_now(STACK + 0x68, 0x100000 + STACK + 0x60));
    TAP_CHECK(!step(table, count, 0x1010) && is_untouched()); /* nothing is known */
    TAP_CHECK(!step(table, count, 0x1020) && is_untouched()); /* no stack there */
    TAP_CHECK(step(table, count, UINT32_MAX) && is_now(STACK + 0x60, STACK + 0x60));
    frame = (struct unwind_frame){.ip = 1, .sp = STACK + 0x20, .bp = STACK + 0x10};
    TAP_CHECK(!frames_step(table, count, 0x1030, 4, read_stack, &frame) &&
              frame.ip == 1); /* below */
    frame = (struct unwind_frame){.ip = 1, .sp = UINT64_MAX - 2, .bp = 0};
    TAP_CHECK(!frames_step(table, count, 0x1000, 4, read_stack, &frame) && frame.ip == 1);
    TAP_CHECK(!step(NULL, 0, 0x1000) && !step(table, 20, 0x1000));
}

static void test_damage(unsigned rounds)
{
    static const char table[] = "@00001000 s0004 0000\n@00001001 s0008 0008\n@00001003 b0008 0008\n"
                                "@00001010 -0000 0000\n@00001020 s0010 0000\n";
    bool is_sane = true;

    srand(1);
    for (unsigned round = 0; round < rounds; round++) {
        const size_t count = (size_t)rand() % sizeof table;
        char *text = malloc(count + 1); /* of its length, for the sanitizer */
        memcpy(text, table, count);
        for (unsigned i = (unsigned)rand() % 4; i > 0 && count > 0; i--)
            text[(size_t)rand() % count] = (char)rand();
        const size_t begin = count ? frames_begin(text, count) : 0;
        is_sane = is_sane && begin <= count;
        for (uint32_t rva = 0xFF0; rva < 0x1030 && is_sane; rva += 7)
            is_sane =
                step(text + begin, count - begin, rva) ? frame.sp > STACK + 0x20 : is_untouched();
        free(text);
    }
    tap_ok(is_sane, "damaged tables, %u times", rounds);
}

/* Its rows are whole and in order. */
static void test_driver(const char *image)
{
    char name[4096], *text;

    snprintf(name, sizeof name, "%.*s.lines", (int)(strlen(image) - 4), image);
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        tap_ok(false, "%s can be read", name);
        return;
    }
    const size_t byte_count = (size_t)ftell(file);
    rewind(file);
    text = malloc(byte_count + 1);
    const bool was_read = fread(text, 1, byte_count, file) == byte_count;
    fclose(file);
    text[byte_count] = 0;
    const size_t begin = was_read ? frames_begin(text, byte_count) : byte_count;
    const size_t row_count = (byte_count - begin) / 21;
    unsigned before = 0, address = 0, plain = 0;
    bool in_order = true;
    for (size_t i = 0; i < row_count; i++) {
        in_order &=
            sscanf(text + begin + 21 * i, "@%8x ", &address) == 1 && (!i || address > before);
        plain += text[begin + 21 * i + 10] != '-';
        before = address;
    }
    tap_ok(row_count > 5 && plain > 4 && in_order && (begin == 0 || text[begin - 1] == '\n') &&
               !memchr(text, '@', begin ? 1 : 0),
           "%s has %zu rows, %u of them plain, in order", name, row_count, plain);
    free(text);
}

int main(int argc, char **argv)
{
    test_begin();
    test_steps();
    test_damage(20000);
    for (int i = 1; i < argc; i++)
        test_driver(argv[i]);
    return tap_exit();
}
