/* SPDX-License-Identifier: MIT */
/*
 * Runs the inputs of a corpus (tests/fuzz/corpus.pl says how it is written) through a fuzzer's
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

static inline void replay_add(struct replay_input *input, uint8_t byte, size_t count)
{
    while (input->capacity - input->byte_count < count) {
        input->capacity = input->capacity ? 2 * input->capacity : 4096;
        input->bytes = realloc(input->bytes, input->capacity);
        if (!input->bytes)
            abort();
    }
    for (size_t i = 0; i < count; i++)
        input->bytes[input->byte_count++] = byte;
}

/* One line's bytes. False: it is not written as it should be. */
static inline bool replay_parse(const char *line, struct replay_input *input)
{
    unsigned byte;
    int length;

    input->byte_count = 0;
    while (*line && *line != '\n') {
        if (*line == ' ') {
            line++;
        } else if (sscanf(line, "%2x%n", &byte, &length) == 1 && length == 2) {
            char *end = (char *)line + 2;
            unsigned long count = *end == '*' ? strtoul(end + 1, &end, 10) : 1;

            replay_add(input, (uint8_t)byte, count);
            line = end;
        } else {
            return false;
        }
    }
    return true;
}

static inline int replay_main(int argc, char **argv)
{
    const char *path = argc == 2 ? argv[1] : "";
    FILE *corpus = fopen(path, "r");
    struct replay_input input = {0};
    size_t capacity = 0;
    char *line = NULL;
    unsigned number = 0, count = 0;
    bool is_text = true;

    tap_plan(2);
    if (!corpus) {
        printf("Bail out! the corpus %s cannot be opened\n", path);
        return 1;
    }
    while (is_text && getline(&line, &capacity, corpus) > 0) {
        number++;
        if (*line == '#')
            continue;
        is_text = replay_parse(line, &input);
        if (!is_text)
            break;
        /* In a block of its own size, so that the sanitizer sees a read beyond its end. */
        uint8_t *bytes = malloc(input.byte_count ? input.byte_count : 1);
        memcpy(bytes, input.bytes, input.byte_count);
        printf("# line %u\n", number);
        fflush(stdout);
        alarm(REPLAY_TIME_LIMIT_S);
        LLVMFuzzerTestOneInput(bytes, input.byte_count);
        free(bytes);
        count++;
    }
    alarm(0);
    tap_ok(is_text, "%s: every line is an input (%u lines)", path, number);
    tap_ok(count > 0, "%u inputs are survived", count);
    free(line);
    free(input.bytes);
    fclose(corpus);
    return tap_exit();
}

#endif
