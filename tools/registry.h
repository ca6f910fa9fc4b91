/* SPDX-License-Identifier: MIT */
/*
 * What the two files of `registry` have in common: registry.c, which knows what is in a file, and
 * registry_session.c, which has it while a guest runs.
 */
#ifndef TOOLS_REGISTRY_H
#define TOOLS_REGISTRY_H

#include <sys/stat.h>

#include "port/registry/reg_file.h"

/* registry.c */

struct file {
    const char *name; /* as it was typed, for messages */
    int descriptor;
    struct stat status;
    uint8_t *bytes;
    size_t byte_count;
};

/* What is wrong is said, and the program ends with this. */
extern int failure_code;
_Noreturn void fail(const struct file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Is the open file the one that has the name now? A session that ends may have put a shorter one in
 * its place. */
bool has_its_name(const struct file *file);

/* Nobody else may write the open file until this program ends. QEMU inherits a session's lock, and
 * one that was killed a moment ago may still be going: it is waited for, up to two seconds. False:
 * somebody else keeps it. */
bool lock_file(const struct file *file);

/* Reads the open file anew. */
void read_file(struct file *file);

/* Into a new store, its damage reported or, with NULL, not. */
void load_file(struct store *store, const struct file *file, const struct reg_report *report,
               struct reg_summary *summary);

/* Puts a shorter one, if there is one, in its place; nobody else may write it meanwhile. False: it has
 * damaged lines, which is said, and stays as it is. */
bool compact_file(struct file *file);

/* registry_session.c */

int run_session(int argc, char **argv);

#endif
