/* SPDX-License-Identifier: MIT */
/*
 * What tools/lines.c wants to know of an image's DWARF, versions 2 to 5: at which addresses its lines begin,
 * which functions, inlined ones too, are where, and how a function's frame lies.
 *
 * Owns what it returns, which lives as long as the program. May not trust the bytes. Needs them meanwhile.
 */
#ifndef TOOLS_DWARF_H
#define TOOLS_DWARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dwarf_bytes {
    const uint8_t *start;
    size_t byte_count;
    uint64_t address; /* where the image has it */
};

/* Sections; empty where the image has none. */
enum dwarf_section {
    DWARF_INFO,
    DWARF_ABBREV,
    DWARF_LINE,
    DWARF_STR,
    DWARF_LINE_STR,
    DWARF_RANGES,
    DWARF_RNGLISTS,
    DWARF_ADDR,
    DWARF_STR_OFFSETS,
    DWARF_FRAME,
    DWARF_EH_FRAME,
    DWARF_SECTIONS
};
extern const char *const dwarf_names[DWARF_SECTIONS]; /* ".debug_info" and so on */

/* A stretch of code begins, or ends: then file is NULL, or line is 0. */
struct dwarf_row {
    uint64_t address;
    const char *file; /* folders and name, as the compiler recorded them */
    unsigned line;
};

/* A function, or a place at which one was inlined. */
struct dwarf_function {
    const char *name; /* NULL: it has none */
    const char *file; /* of its definition; NULL: unknown */
    unsigned line;
    const struct dwarf_function *caller; /* that it was inlined in; NULL: it was not */
    const char *call_file;               /* and where; NULL: unknown */
    unsigned call_line;
};

/* A stretch of one. */
struct dwarf_scope {
    uint64_t start, end;
    bool is_entry; /* a function that was not inlined begins at `start` */
    const struct dwarf_function *function;
};

/* A stretch of code begins in which a function's caller had the stack pointer base + offset before the call, whose
 * return address lies just below, and the frame pointer that is saved there - saved; 0: it has it still. */
#define DWARF_FRAME_LIMIT 0x10000
struct dwarf_frame {
    uint64_t address;
    enum { DWARF_FRAME_UNKNOWN, DWARF_FRAME_STACK, DWARF_FRAME_POINTER } base;
    unsigned offset, saved;
};

struct dwarf {
    struct dwarf_row *rows; /* sorted by address, one for each */
    size_t row_count;
    struct dwarf_scope *scopes; /* sorted by start */
    size_t scope_count;
    struct dwarf_frame *frames; /* sorted by address, one for each */
    size_t frame_count;
};

/* False: it is damaged. What was read until there is in it. */
bool dwarf_read(struct dwarf *dwarf, const struct dwarf_bytes sections[DWARF_SECTIONS]);
/* The same of frames, which goes on where dwarf_read has been. */
bool dwarf_read_frames(struct dwarf *dwarf, const struct dwarf_bytes sections[DWARF_SECTIONS],
                       unsigned address_size);

#endif
