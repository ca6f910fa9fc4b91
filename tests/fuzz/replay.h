/* SPDX-License-Identifier: MIT */
/*
 * Runs the inputs of a corpus (tests/fuzz/corpus.pl says how it is written, and writes it) through a fuzzer's
 * function, once each: what fuzzing has found stays found. An input that crashes or hangs ends the
 * process, and its line is the last one printed.
 */
#ifndef TESTS_FUZZ_REPLAY_H
#define TESTS_FUZZ_REPLAY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/host/tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count);

/* Far more than an input takes on a busy machine. */
#define REPLAY_TIME_LIMIT_S 60u

struct replay_input {
    uint8_t *bytes;
    size_t byte_count, capacity;
};

/* Those before, by line number: later ones may repeat parts of them. */
#define REPLAY_MAX_LINES 10000u
static struct replay_input replay_inputs[REPLAY_MAX_LINES + 1];

static inline void replay_reserve(struct replay_input *input, size_t count)
{
    while (input->capacity - input->byte_count < count) {
        input->capacity = input->capacity ? 2 * input->capacity : 256;
        input->bytes = realloc(input->bytes, input->capacity);
        if (!input->bytes)
            abort();
    }
}

/* One word's bytes. False: it is not written as it should be. */
static inline bool replay_parse_word(const char *word, struct replay_input *input)
{
    unsigned line, byte;
    size_t from, count;
    int length = 0;

    if (sscanf(word, "%u:%zu+%zu%n", &line, &from, &count, &length) == 3 && !word[length]) {
        const struct replay_input *other = &replay_inputs[line <= REPLAY_MAX_LINES ? line : 0];
        if (other == input || from > other->byte_count || count > other->byte_count - from)
            return false;
        replay_reserve(input, count);
        memcpy(input->bytes + input->byte_count, other->bytes + from, count);
        input->byte_count += count;
        return true;
    }
    if (sscanf(word, "%2x*%zu%n", &byte, &count, &length) == 2 && !word[length]) {
        replay_reserve(input, count);
        memset(input->bytes + input->byte_count, (int)byte, count);
        input->byte_count += count;
        return true;
    }
    replay_reserve(input, strlen(word) / 2);
    while (*word && sscanf(word, "%2x%n", &byte, &length) == 1 && length == 2) {
        input->bytes[input->byte_count++] = (uint8_t)byte;
        word += 2;
    }
    return !*word;
}

/* In a block of its own size, so that the sanitizer sees a read beyond its end. */
static inline void replay_run(unsigned line, const struct replay_input *input)
{
    uint8_t *bytes = malloc(input->byte_count ? input->byte_count : 1);

    if (input->byte_count)
        memcpy(bytes, input->bytes, input->byte_count);
    printf("# line %u\n", line);
    fflush(stdout);
    alarm(REPLAY_TIME_LIMIT_S);
    LLVMFuzzerTestOneInput(bytes, input->byte_count);
    alarm(0);
    free(bytes);
}

static inline int replay_main(int argc, char **argv)
{
    const char *path = argc == 2 ? argv[1] : "";
    FILE *corpus = fopen(path, "r");
    unsigned lines = 0, count = 0;
    size_t capacity = 0;
    char *text = NULL;
    bool is_good = true;

    if (!corpus) {
        printf("Bail out! the corpus %s cannot be opened\n", path);
        return 1;
    }
    while (is_good && lines < REPLAY_MAX_LINES && getline(&text, &capacity, corpus) > 0) {
        struct replay_input *input = &replay_inputs[++lines];

        if (*text == '#')
            continue;
        for (char *word = strtok(text, " \n"); word && is_good; word = strtok(NULL, " \n"))
            is_good = replay_parse_word(word, input);
        if (is_good)
            replay_run(lines, input);
        count++;
    }
    tap_ok(is_good, "%s: every line is an input (%u lines)", path, lines);
    tap_ok(count > 0, "%u inputs are survived", count);
    for (unsigned i = 0; i <= lines; i++)
        free(replay_inputs[i].bytes);
    free(text);
    fclose(corpus);
    return tap_exit();
}

#endif
