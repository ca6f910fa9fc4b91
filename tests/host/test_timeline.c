/* SPDX-License-Identifier: MIT */
/*
 * The timeline of captures that no machine has made: records and places at random, from seeds, with heads that are
 * likely ones. Whatever a guest has left in its memory, the tool tells a story, or dies with a sentence.
 *
 * SOURCES: tools/timeline/story.c tools/timeline/events.c tools/timeline/diagram.c tools/timeline/compare.c
 * SOURCES: port/trace_words.c port/trace_command.c port/trace_text.c port/states.c port/irb_names.c
 * SOURCES: port/contract/context.c port/contract/rules.c port/access/names.c port/access/names_commands.c
 * SOURCES: port/access/names_word.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/host/tap.h"
#include "tools/timeline/timeline.h"

#define MOST_RECORDS 300u

/* The tool keeps what it reads until it ends. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* ------------------------------------------------------------------ what main.c has */

static jmp_buf died;
static char last_words[300];

void die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(last_words, sizeof last_words, format, arguments);
    va_end(arguments);
    longjmp(died, 1);
}

void *allocate(size_t byte_count)
{
    void *memory = calloc(1, byte_count);

    if (!memory)
        abort();
    return memory;
}

_Noreturn void hal_panic(const char *file, int line, const char *format, ...)
{
    (void)format;
    die("%s:%d", file, line);
}

/* ------------------------------------------------------------------ captures */

static uint32_t state;

static uint32_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

static void fill(void *bytes, size_t byte_count)
{
    for (size_t i = 0; i < byte_count; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)next_random();
}

/* Mostly of a kind that there is, of one of two channels or one of the registers below. */
static struct record make_record(uint64_t time)
{
    static const uint16_t places[] = {0,     1,      TRACE_NO_CHANNEL, 0x1F0, 0x1F7,
                                      0x3F6, 0xC000, 0xC002,           0x20,  0x138};
    const uint32_t where = next_random() % 8 ? places[next_random() % 10] : (uint16_t)next_random();
    const uint32_t kind =
        next_random() % 16 ? next_random() % TRACE_KIND_COUNT : next_random() % 256;
    const uint32_t extra = next_random() % 4 ? next_random() % 4 : next_random() % 256;
    struct record record = {.head = kind << 16 | extra << 24 | where, .time = time};

    record.value = next_random() % 3 ? next_random() % 32 : next_random();
    if (next_random() % 16 == 0)
        fill(&record.time, sizeof record.time);
    return record;
}

static void make_capture(const char *path, unsigned seed)
{
    struct capture_head head = {.magic = CAPTURE_MAGIC};
    FILE *file = fopen(path, "wb");

    state = seed * 2654435761u | 1;
    if (next_random() % 2)
        fill(&head.export, sizeof head.export);
    head.record_count = next_random() % MOST_RECORDS;
    head.missing = next_random() % 3;
    head.export.magic = 1;
    head.export.ns_per_4g_cycles = next_random();
    head.export.place_count = next_random() % 2 ? next_random() : 2;
    fwrite(&head, sizeof head, 1, file);
    for (uint64_t i = 0; i < head.record_count; i++) {
        const struct record record = make_record(i * 1000);
        fwrite(&record, sizeof record, 1, file);
    }
    fclose(file);
}

/* True: it told a story. */
static bool is_told(const char *path, const char *which)
{
    static struct story story;
    FILE *nowhere = fopen("/dev/null", "w");
    bool tells = false;

    last_words[0] = 0;
    if (setjmp(died) == 0) {
        story_read(&story, path);
        write_events(&story, nowhere);
        write_diagram(&story, which, nowhere);
        tells = true;
    }
    fclose(nowhere);
    return tells;
}

int main(void)
{
    static const char *const which[] = {"", "set-up", "reset", "READ", "1", "7", "99999"};
    char path[] = "/tmp/test_timeline.XXXXXX";
    int file = mkstemp(path);
    unsigned told = 0, dumb = 0;

    if (file < 0) {
        printf("Bail out! no file can be made in /tmp\n");
        return 1;
    }
    close(file);
    alarm(120); /* a loop is a failure */
    for (unsigned seed = 1; seed <= 200; seed++) {
        make_capture(path, seed);
        if (is_told(path, which[seed % 7]))
            told++;
        else
            dumb += last_words[0] == 0;
    }
    tap_ok(told > 60, "%u of 200 captures at random are told", told);
    tap_ok(dumb == 0, "of the others it is said why not");
    file = truncate(path, 100);
    TAP_CHECK(file == 0 && !is_told(path, "") && strstr(last_words, "is no capture"));
    unlink(path);
    return tap_exit();
}
