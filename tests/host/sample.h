/* SPDX-License-Identifier: MIT */
/* What the loader's tests know of fixtures/sample.c, and the file they read it from. */
#ifndef TESTS_HOST_SAMPLE_H
#define TESTS_HOST_SAMPLE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLE_TICK_COUNT 1000u
#define SAMPLE_BUS_TYPE   7u
#define SAMPLE_STALL      18u   /* what it asks to stall for, and prints */
#define SAMPLE_RESULT     1025u /* what DriverEntry returns in a fresh image */

struct sample_file {
    uint8_t *bytes;
    size_t byte_count;
};

/* Ends the test when the file cannot be read: then nothing was built to be tested. */
static inline struct sample_file sample_read(const char *path)
{
    struct sample_file file = {NULL, 0};
    FILE *in = fopen(path, "rb");
    long size = -1;

    if (in != NULL && fseek(in, 0, SEEK_END) == 0)
        size = ftell(in);
    if (size > 0) {
        file.byte_count = (size_t)size;
        file.bytes = malloc(file.byte_count);
        rewind(in);
        if (fread(file.bytes, 1, file.byte_count, in) != file.byte_count)
            size = -1;
    }
    if (size <= 0) {
        printf("Bail out! cannot read %s\n", path);
        exit(1);
    }
    fclose(in);
    return file;
}

#endif
