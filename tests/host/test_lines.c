/* SPDX-License-Identifier: MIT */
/*
 * The look-up of places in a line table, against a plain search, in tables of all lengths and in
 * damaged ones; and the tables of real drivers, which must be in order.
 *
 * SOURCES: port/loader/lines.c
 * ARGUMENTS: build/x86_64/sample.sys build/i386/sample.sys
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "port/loader/lines.h"
#include "tests/host/tap.h"

static const char *place;
static size_t place_byte_count;

static bool find(const char *text, uint32_t rva)
{
    return lines_find(text, strlen(text), rva, 0, &place, &place_byte_count);
}

static bool finds(const char *text, uint32_t rva, const char *expected)
{
    return find(text, rva) && place_byte_count == strlen(expected) &&
           memcmp(place, expected, place_byte_count) == 0;
}

static void test_look_up(void)
{
    static const char table[] = "00001000 first a.c:1\n"
                                "00001002\n"
                                "0000a0ff second some folder/b.c:22\n"
                                "fffffff0 last c.c:3\n";

    TAP_CHECK(!find(table, 0) && !find(table, 0xFFF));
    TAP_CHECK(finds(table, 0x1000, "first a.c:1") && finds(table, 0x1001, "first a.c:1"));
    TAP_CHECK(!find(table, 0x1002) && !find(table, 0xA0FE));
    TAP_CHECK(finds(table, 0xA0FF, "second some folder/b.c:22"));
    TAP_CHECK(finds(table, 0xFFFFFFEF, "second some folder/b.c:22"));
    TAP_CHECK(finds(table, 0xFFFFFFF0, "last c.c:3") && finds(table, 0xFFFFFFFF, "last c.c:3"));
    TAP_CHECK(finds("00000000 f a.c:1", 7, "f a.c:1")); /* without a line feed */
    TAP_CHECK(!lines_find(NULL, 0, 0x1000, 0, &place, &place_byte_count));
}

static bool finds_inliner(const char *text, unsigned depth, const char *expected)
{
    return lines_find(text, strlen(text), 0, depth, &place, &place_byte_count) &&
           place_byte_count == strlen(expected) && memcmp(place, expected, place_byte_count) == 0;
}

static void test_inliners(void)
{
    static const char table[] = "00000000 f a.c:1\tg b.c:2\th c.c:3\n00000001 i d.c:4\tj\n";

    TAP_CHECK(finds_inliner(table, 0, "f a.c:1") && finds_inliner(table, 1, "g b.c:2"));
    TAP_CHECK(finds_inliner(table, 2, "h c.c:3") && !finds_inliner(table, 3, "i d.c:4"));
    TAP_CHECK(!finds_inliner("00000000 f\t", 1, "") && !finds_inliner("00000000", 1, ""));
}

static bool finds_definition(const char *text, uint32_t rva, const char *expected)
{
    return lines_find(text, strlen(text), rva, LINES_DEFINITION, &place, &place_byte_count) &&
           place_byte_count == strlen(expected) && memcmp(place, expected, place_byte_count) == 0;
}

/* Which is no place of an instruction, nor one that it was inlined in. */
static void test_definitions(void)
{
    static const char table[] =
        "00000000 f a.c:5\tg b.c:2\t=g b.c:1\n00000009\t=h c.c:3\n0000000b j\n";

    TAP_CHECK(finds_definition(table, 0, "g b.c:1") && finds_definition(table, 9, "h c.c:3"));
    TAP_CHECK(!finds_definition(table, 1, "g b.c:1") && !finds_definition(table, 11, "j"));
    TAP_CHECK(finds(table, 0, "f a.c:5") && finds_inliner(table, 1, "g b.c:2"));
    TAP_CHECK(!finds_inliner(table, 2, "g b.c:1") && !finds_inliner(table, 2, "=g b.c:1"));
    TAP_CHECK(!find(table, 9) && !find(table, 10) && !finds_definition("00000000\t=", 0, ""));
}

static void test_damage(void)
{
    TAP_CHECK(!find("\n", 1) && !find("\n\n\n", 1) && !find(" ", 1) && !find("nonsense\n", 1));
    TAP_CHECK(!find("0000000\n", 1) && !find("0000000g f a.c:1\n", 1) && !find("0000", 1));
    TAP_CHECK(!find("00000000", 1) && !find("00000000 ", 1) && !find("00000000f a.c:1\n", 1));
    TAP_CHECK(!find("0000000A f a.c:1\n", 0x10)); /* digits are small */
}

/* Tables of 0 to 40 lines of many lengths, at every address. A copy of exactly their size lets the
 * sanitizer see every byte too far. */
static void test_against_a_plain_search(void)
{
    unsigned wrong = 0;

    for (unsigned count = 0; count <= 40; count++) {
        size_t byte_count = 0;
        char text[4096];
        for (unsigned i = 0; i < count; i++)
            byte_count +=
                (size_t)sprintf(text + byte_count, "%08x %.*s%u\n", 2 * i + 5, (int)(i * 7 % 30),
                                "f some/long/path/to/a/source.c:1234", i);
        char *copy = malloc(byte_count ? byte_count : 1);
        memcpy(copy, text, byte_count);
        for (uint32_t rva = 0; rva < 2 * count + 10; rva++) {
            bool found = lines_find(copy, byte_count, rva, 0, &place, &place_byte_count);
            unsigned expected = rva < 5 ? 0 : (rva - 5) / 2;
            if (count == 0 || rva < 5) {
                wrong += found;
                continue;
            }
            if (expected >= count)
                expected = count - 1;
            char end[16];
            int length = sprintf(end, "%u\n", expected);
            wrong += !found || memcmp(place + place_byte_count + 1 - length, end, (size_t)length);
        }
        free(copy);
    }
    tap_ok(wrong == 0, "a plain search finds the same (%u differ)", wrong);
}

static bool is_line(const char *line, uint32_t *rva)
{
    char function[64], source[128];
    unsigned number;
    int fields = sscanf(line, "%8" SCNx32 " %63s %127[^:]:%u", rva, function, source, &number);

    return fields == 4 ? number != 0 && source[0] != '/' && !strstr(source, "include/ddi")
                       : fields == 1 && strlen(line) == 8;
}

static bool is_frame(const char *line, uint32_t *rva)
{
    char base;
    unsigned above, below;

    return strlen(line) == 20 &&
           sscanf(line, "@%8" SCNx32 " %c%4x %4x", rva, &base, &above, &below) >= 2 &&
           strchr("sb-", base);
}

/* `path` is an image; its tables lie beside it, of lines and then of frames. */
static void test_driver(const char *path)
{
    char name[256], text[1 << 16];
    snprintf(name, sizeof name, "%.*s.lines", (int)(strlen(path) - 4), path);
    FILE *file = fopen(name, "rb");
    size_t byte_count = file ? fread(text, 1, sizeof text - 1, file) : 0;
    unsigned lines = 0, frames = 0, wrong = 0;
    uint32_t previous = 0, rva = 0;

    if (file)
        fclose(file);
    text[byte_count] = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned *count = line[0] == '@' ? &frames : &lines;
        wrong += !(count == &frames ? is_frame(line, &rva) : frames == 0 && is_line(line, &rva));
        wrong += *count != 0 && rva <= previous;
        previous = rva;
        ++*count;
    }
    tap_ok(lines > 10 && frames > 3 && wrong == 0,
           "%s: %u lines and %u frames, %u out of order or not the driver's own", name, lines,
           frames, wrong);
}

int main(int count, char **arguments)
{
    test_look_up();
    test_inliners();
    test_definitions();
    test_damage();
    test_against_a_plain_search();
    for (int i = 1; i < count; i++)
        test_driver(arguments[i]);
    return tap_exit();
}
