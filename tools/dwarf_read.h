/* SPDX-License-Identifier: MIT */
/*
 * What the files have in common that read DWARF: dwarf_form.c reads its bytes and forms, dwarf_line.c line
 * tables, dwarf_frame.c call frames, dwarf.c the entries, which lead to everything else. One image at a time. The numbers are those of the
 * DWARF standard, version 5, chapter 7.
 */
#ifndef TOOLS_DWARF_READ_H
#define TOOLS_DWARF_READ_H

#include "tools/dwarf.h"

#define FORM_IMPLICIT_CONST 0x21 /* its value stands in the abbreviation */

extern const struct dwarf_bytes *dwarf_sections;
extern struct dwarf *dwarf;
extern bool dwarf_is_damaged;

/* What lies behind the end reads as 0, and is damage. */
struct cursor {
    const uint8_t *at, *end;
    unsigned offset_size; /* 8 in DWARF of 64 bits */
    unsigned address_size;
};

/* A unit of the entries, and what its forms refer to. */
struct unit {
    uint64_t start; /* its offset in the section */
    struct cursor entries;
    unsigned version;
    const uint8_t **abbreviations; /* by code */
    uint64_t abbreviation_count;
    uint64_t str_offsets_base, addr_base, rnglists_base, low;
    const char **files; /* of its line table */
    size_t file_count;
};

enum value_kind {
    VALUE_NONE,
    VALUE_NUMBER,
    VALUE_ADDRESS,
    VALUE_STRING,
    VALUE_REFERENCE,
    VALUE_INDEX
};

struct value {
    enum value_kind kind;
    uint64_t number; /* reference: an offset in the section; index: of a list of ranges */
    const char *string;
};

/* dwarf_form.c */

struct cursor cursor_at(enum dwarf_section section, uint64_t offset, const struct cursor *like);
void skip(struct cursor *cursor, uint64_t byte_count);
uint64_t read_number(struct cursor *cursor, unsigned byte_count);
uint64_t read_offset(struct cursor *cursor);
uint64_t read_address(struct cursor *cursor);
uint64_t read_leb(struct cursor *cursor, bool is_signed);
const char *read_string(struct cursor *cursor);

/* A unit's length, which also says how large offsets are. The cursor then ends with the unit. */
struct cursor read_unit(struct cursor *all);

/* An entry of a table that others refer to by index. */
uint64_t indexed(const struct unit *unit, enum dwarf_section section, uint64_t base, uint64_t index,
                 unsigned size);
struct value address_by_index(const struct unit *unit, uint64_t index);

/* `constant` is an abbreviation's own. */
struct value read_form(const struct unit *unit, struct cursor *at, uint64_t form,
                       uint64_t constant);

/* Makes room for one more. */
void *grow(void *array, size_t count, size_t size);

/* dwarf_line.c */

/* The rows of a line table; the unit gets its files. `folder` is the compilation's. */
void read_lines(struct unit *unit, uint64_t offset, const char *folder);
const char *file_of(const struct unit *unit, uint64_t number);

#endif
