/* SPDX-License-Identifier: MIT */
/*
 * The pieces of a line of a .reg file: names, and values' data. For reg_*.c only.
 */
#ifndef PORT_REGISTRY_REG_DATA_H
#define PORT_REGISTRY_REG_DATA_H

#include "port/registry/reg_scan.h"

/* What is wrong, and where. */
struct reg_fault {
    uint32_t line, column;
    const char *words; /* NULL: it has been said already */
    bool no_memory;
};

/* Fill in the fault; always false, so that it can be returned. */
bool reg_fail(struct reg_fault *fault, const struct reg_cursor *cursor, const char *words);
bool reg_fail_store(struct reg_fault *fault, const struct reg_cursor *cursor,
                    enum store_result result);

struct reg_name_buffer {
    char text[REGISTRY_NAME_MAX_BYTES + 4]; /* room for one character too many */
    size_t byte_count;
};

/* Does a line hold nothing, or a comment? Bytes and nothing else, as one that goes on does? */
bool reg_is_blank_line(const struct reg_text *text, const struct reg_line *line);
bool reg_is_line_of_bytes(const struct reg_text *text, const struct reg_line *line);

/* These read at the cursor and leave it behind what they have read. False: *fault. */
bool reg_check_rest(const struct reg_cursor *cursor, struct reg_fault *fault);
/* A value's name: in quotation marks, or @. */
bool reg_read_name(struct reg_cursor *cursor, struct reg_name_buffer *name,
                   struct reg_fault *fault);
/* What stands behind the equals sign; sets or deletes the value. `scan` is where the following line
 * begins, since the data may go on there; when false is returned, it is behind the line with the
 * fault. */
bool reg_read_data(struct store *store, struct store_key *key, struct registry_name name,
                   struct reg_scan *scan, struct reg_cursor *cursor, bool *was_deleted,
                   struct reg_fault *fault);

#endif
