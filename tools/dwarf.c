/* SPDX-License-Identifier: MIT */
/* Reads the entries of DWARF, and by them its functions and lines; see dwarf.h. */
#include "tools/dwarf_read.h"

#include <stdlib.h>

const char *const dwarf_names[DWARF_SECTIONS] = {
    [DWARF_INFO] = ".debug_info",
    [DWARF_ABBREV] = ".debug_abbrev",
    [DWARF_LINE] = ".debug_line",
    [DWARF_STR] = ".debug_str",
    [DWARF_LINE_STR] = ".debug_line_str",
    [DWARF_RANGES] = ".debug_ranges",
    [DWARF_RNGLISTS] = ".debug_rnglists",
    [DWARF_ADDR] = ".debug_addr",
    [DWARF_STR_OFFSETS] = ".debug_str_offsets",
    [DWARF_FRAME] = ".debug_frame",
    [DWARF_EH_FRAME] = ".eh_frame",
};

#define MAX_DEPTH    64 /* of entries */
#define MAX_REFERRED 8  /* entries that refer to one another */

/* ------------------------------------------------------------------ entries */

enum {
    TAG_COMPILE_UNIT = 0x11,
    TAG_INLINED = 0x1D,
    TAG_SUBPROGRAM = 0x2E,
    TAG_PARTIAL_UNIT = 0x3C,
    AT_NAME = 0x03,
    AT_STMT_LIST = 0x10,
    AT_LOW_PC = 0x11,
    AT_HIGH_PC = 0x12,
    AT_COMP_DIR = 0x1B,
    AT_ABSTRACT_ORIGIN = 0x31,
    AT_DECL_FILE = 0x3A,
    AT_DECL_LINE = 0x3B,
    AT_SPECIFICATION = 0x47,
    AT_ENTRY_PC = 0x52,
    AT_RANGES = 0x55,
    AT_CALL_FILE = 0x58,
    AT_CALL_LINE = 0x59,
    AT_STR_OFFSETS_BASE = 0x72,
    AT_ADDR_BASE = 0x73,
    AT_RNGLISTS_BASE = 0x74,
};

/* What is wanted of an entry. */
struct entry {
    unsigned tag; /* 0: the end of a list of entries */
    bool has_children;
    struct value name, comp_dir, low, high, ranges, statements, origin;
    struct value decl_file, decl_line, call_file, call_line, str_offsets, addresses, rnglists;
};

static struct value *wanted_value(struct entry *entry, uint64_t attribute)
{
    switch (attribute) {
    case AT_NAME:
        return &entry->name;
    case AT_COMP_DIR:
        return &entry->comp_dir;
    case AT_LOW_PC:
        return &entry->low;
    case AT_HIGH_PC:
        return &entry->high;
    case AT_RANGES:
        return &entry->ranges;
    case AT_STMT_LIST:
        return &entry->statements;
    case AT_ABSTRACT_ORIGIN:
    case AT_SPECIFICATION:
        return &entry->origin;
    case AT_DECL_FILE:
        return &entry->decl_file;
    case AT_DECL_LINE:
        return &entry->decl_line;
    case AT_CALL_FILE:
        return &entry->call_file;
    case AT_CALL_LINE:
        return &entry->call_line;
    case AT_STR_OFFSETS_BASE:
        return &entry->str_offsets;
    case AT_ADDR_BASE:
        return &entry->addresses;
    case AT_RNGLISTS_BASE:
        return &entry->rnglists;
    default:
        return NULL;
    }
}

static void read_abbreviations(struct unit *unit, uint64_t offset)
{
    struct cursor at = cursor_at(DWARF_ABBREV, offset, NULL);
    uint64_t code;

    while (at.at && (code = read_leb(&at, false)) != 0 && !dwarf_is_damaged) {
        if (code != unit->abbreviation_count + 1) { /* all compilers count them */
            dwarf_is_damaged = true;
            return;
        }
        unit->abbreviations =
            grow(unit->abbreviations, unit->abbreviation_count, sizeof *unit->abbreviations);
        unit->abbreviations[unit->abbreviation_count++] = at.at;
        read_leb(&at, false);
        read_number(&at, 1);
        for (uint64_t attribute = 1, form = 1; (attribute || form) && !dwarf_is_damaged;) {
            attribute = read_leb(&at, false);
            form = read_leb(&at, false);
            if (form == FORM_IMPLICIT_CONST)
                read_leb(&at, true);
        }
    }
}

static void read_entry(const struct unit *unit, struct cursor *at, struct entry *entry)
{
    uint64_t code = read_leb(at, false), attribute, form;

    *entry = (struct entry){0};
    if (code == 0)
        return;
    if (code > unit->abbreviation_count) {
        dwarf_is_damaged = true;
        return;
    }
    struct cursor abbreviation = cursor_at(DWARF_ABBREV, 0, NULL);
    abbreviation.at = unit->abbreviations[code - 1];
    entry->tag = (unsigned)read_leb(&abbreviation, false);
    entry->has_children = read_number(&abbreviation, 1) != 0;
    do {
        attribute = read_leb(&abbreviation, false);
        form = read_leb(&abbreviation, false);
        uint64_t constant = form == FORM_IMPLICIT_CONST ? read_leb(&abbreviation, true) : 0;
        if (!attribute && !form)
            return;
        struct value value = read_form(unit, at, form, constant),
                     *wanted = wanted_value(entry, attribute);
        if (wanted)
            *wanted = value;
    } while (!dwarf_is_damaged);
}

/* Name and place are those of the entry that this one is an instance of. */
static void complete(const struct unit *unit, struct entry *entry)
{
    struct entry other = *entry;

    for (unsigned i = 0; i < MAX_REFERRED && other.origin.kind == VALUE_REFERENCE; i++) {
        struct cursor at = unit->entries;
        uint64_t offset = other.origin.number;
        const uint8_t *start = dwarf_sections[DWARF_INFO].start;
        if (offset < unit->start || offset >= (uint64_t)(unit->entries.end - start))
            return; /* another unit's, which no compiler of C makes without LTO */
        at.at = start + offset;
        read_entry(unit, &at, &other);
        if (!entry->name.kind)
            entry->name = other.name;
        if (!entry->decl_line.kind)
            entry->decl_line = other.decl_line, entry->decl_file = other.decl_file;
    }
}

/* ------------------------------------------------------------------ functions */

static void add_scope(const struct dwarf_function *function, uint64_t start, uint64_t end,
                      bool is_first)
{
    if (start >= end || start == 0)
        return; /* a function that the linker has left out is at 0 */
    dwarf->scopes = grow(dwarf->scopes, dwarf->scope_count, sizeof *dwarf->scopes);
    dwarf->scopes[dwarf->scope_count++] =
        (struct dwarf_scope){start, end, is_first && !function->caller, function};
}

/* gcc writes a stretch of no length, at the unit's beginning, as it writes the end of a list. No list is empty, so
 * it is no end where it stands first. */
static void add_old_ranges(const struct unit *unit, const struct dwarf_function *function,
                           uint64_t offset)
{
    struct cursor at = cursor_at(DWARF_RANGES, offset, &unit->entries);
    uint64_t base = unit->low, highest = at.address_size == 4 ? UINT32_MAX : UINT64_MAX;

    for (bool is_first = true; at.at && !dwarf_is_damaged;) {
        uint64_t start = read_address(&at), end = read_address(&at);
        if (start == 0 && end == 0 && !is_first)
            return;
        if (start == highest) {
            base = end;
            continue;
        }
        add_scope(function, base + start, base + end, is_first);
        is_first = false;
    }
}

static void add_ranges(const struct unit *unit, const struct dwarf_function *function,
                       uint64_t offset)
{
    enum { END, BASE_X, START_X_END_X, START_X_LENGTH, OFFSETS, BASE, START_END, START_LENGTH };
    struct cursor at = cursor_at(DWARF_RNGLISTS, offset, &unit->entries);
    uint64_t base = unit->low, start, end;

    for (bool is_first = true; at.at && !dwarf_is_damaged; is_first = false) {
        unsigned kind = (unsigned)read_number(&at, 1);
        switch (kind) {
        case END:
            return;
        case BASE_X:
            base = address_by_index(unit, read_leb(&at, false)).number;
            continue;
        case BASE:
            base = read_address(&at);
            continue;
        case START_X_END_X:
            start = address_by_index(unit, read_leb(&at, false)).number;
            end = address_by_index(unit, read_leb(&at, false)).number;
            break;
        case START_X_LENGTH:
            start = address_by_index(unit, read_leb(&at, false)).number;
            end = start + read_leb(&at, false);
            break;
        case OFFSETS:
            start = base + read_leb(&at, false);
            end = base + read_leb(&at, false);
            break;
        case START_END:
            start = read_address(&at);
            end = read_address(&at);
            break;
        case START_LENGTH:
            start = read_address(&at);
            end = start + read_leb(&at, false);
            break;
        default:
            dwarf_is_damaged = true;
            return;
        }
        add_scope(function, start, end, is_first);
    }
}

static const struct dwarf_function *add_function(const struct unit *unit, struct entry *entry,
                                                 const struct dwarf_function *around)
{
    struct dwarf_function *function = malloc(sizeof *function);
    struct value ranges = entry->ranges;

    if (!function)
        abort();
    complete(unit, entry);
    *function = (struct dwarf_function){
        .name = entry->name.string,
        .file = file_of(unit, entry->decl_file.number),
        .line = (unsigned)entry->decl_line.number,
        .caller = entry->tag == TAG_INLINED ? around : NULL,
        .call_file = file_of(unit, entry->call_file.number),
        .call_line = (unsigned)entry->call_line.number,
    };
    if (ranges.kind == VALUE_INDEX)
        add_ranges(unit, function,
                   unit->rnglists_base + indexed(unit, DWARF_RNGLISTS, unit->rnglists_base,
                                                 ranges.number, unit->entries.offset_size));
    else if (ranges.kind == VALUE_NUMBER && unit->version >= 5)
        add_ranges(unit, function, ranges.number);
    else if (ranges.kind == VALUE_NUMBER)
        add_old_ranges(unit, function, ranges.number);
    else if (entry->low.kind == VALUE_ADDRESS && entry->high.kind == VALUE_ADDRESS)
        add_scope(function, entry->low.number, entry->high.number, true);
    else if (entry->low.kind == VALUE_ADDRESS)
        add_scope(function, entry->low.number, entry->low.number + entry->high.number, true);
    return function;
}

static void read_functions(const struct unit *unit)
{
    const struct dwarf_function *around[MAX_DEPTH + 1] = {NULL}; /* the entries of a depth */
    struct cursor at = unit->entries;
    unsigned depth = 0;
    struct entry entry;

    do {
        read_entry(unit, &at, &entry);
        if (entry.tag == 0) {
            depth--;
            continue;
        }
        if (depth == MAX_DEPTH) {
            dwarf_is_damaged = true;
            return;
        }
        around[depth + 1] = around[depth];
        if (entry.tag == TAG_SUBPROGRAM || entry.tag == TAG_INLINED)
            around[depth + 1] = add_function(unit, &entry, around[depth]);
        depth += entry.has_children;
    } while (depth > 0 && depth <= MAX_DEPTH && at.at < at.end && !dwarf_is_damaged);
}

static void read_entries_of(struct unit *unit, uint64_t abbreviations)
{
    struct cursor at = unit->entries;
    struct entry top;

    read_abbreviations(unit, abbreviations);
    /* Version 5: bases stand in the entry whose forms may need them. Where it has none, they follow a header. */
    unit->str_offsets_base = unit->entries.offset_size == 8 ? 16 : 8;
    unit->addr_base = unit->str_offsets_base;
    for (unsigned i = 0; i < 2; i++) {
        struct cursor again = at;
        read_entry(unit, &again, &top);
        if (top.str_offsets.kind)
            unit->str_offsets_base = top.str_offsets.number;
        if (top.addresses.kind)
            unit->addr_base = top.addresses.number;
        unit->rnglists_base = top.rnglists.number;
    }
    unit->low = top.low.number;
    if (top.tag != TAG_COMPILE_UNIT && top.tag != TAG_PARTIAL_UNIT)
        return;
    if (top.statements.kind)
        read_lines(unit, top.statements.number, top.comp_dir.string);
    read_functions(unit);
}

/* Units of types have no code, and are passed over. */
static void read_info(void)
{
    enum { UNIT_COMPILE = 1, UNIT_PARTIAL = 3 };
    struct cursor all = cursor_at(DWARF_INFO, 0, NULL);

    while (all.at && all.at < all.end && !dwarf_is_damaged) {
        struct unit unit = {.start = (uint64_t)(all.at - dwarf_sections[DWARF_INFO].start)};
        uint64_t abbreviations, type = UNIT_COMPILE;
        unit.entries = read_unit(&all);
        unit.version = (unsigned)read_number(&unit.entries, 2);
        if (unit.version < 2 || unit.version > 5) {
            dwarf_is_damaged = true;
            return;
        }
        if (unit.version >= 5) {
            type = read_number(&unit.entries, 1);
            unit.entries.address_size = (unsigned)read_number(&unit.entries, 1);
            abbreviations = read_offset(&unit.entries);
        } else {
            abbreviations = read_offset(&unit.entries);
            unit.entries.address_size = (unsigned)read_number(&unit.entries, 1);
        }
        if (unit.entries.address_size != 4 && unit.entries.address_size != 8) {
            dwarf_is_damaged = true;
            return;
        }
        if (type == UNIT_COMPILE || type == UNIT_PARTIAL)
            read_entries_of(&unit, abbreviations);
        free(unit.abbreviations);
    }
}

/* ------------------------------------------------------------------ in order */

/* A stable sort's order: what was read later stands behind. */
static int compare_rows(const void *left, const void *right)
{
    const struct dwarf_row *a = *(const struct dwarf_row *const *)left,
                           *b = *(const struct dwarf_row *const *)right;

    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    /* Where a sequence ends, another may begin. */
    if (!a->file != !b->file)
        return a->file ? 1 : -1;
    return a < b ? -1 : a > b;
}

static int compare_scopes(const void *left, const void *right)
{
    const struct dwarf_scope *a = left, *b = right;

    return a->start < b->start ? -1 : a->start > b->start;
}

/* One row for each address: the last one, since those before it are of no length. */
static void sort_rows(void)
{
    const struct dwarf_row **order = malloc((dwarf->row_count + 1) * sizeof *order);
    struct dwarf_row *rows = malloc((dwarf->row_count + 1) * sizeof *rows);
    size_t count = 0;

    if (!order || !rows)
        abort();
    for (size_t i = 0; i < dwarf->row_count; i++)
        order[i] = &dwarf->rows[i];
    qsort(order, dwarf->row_count, sizeof *order, compare_rows);
    for (size_t i = 0; i < dwarf->row_count; i++) {
        if (i + 1 == dwarf->row_count || order[i + 1]->address != order[i]->address)
            rows[count++] = *order[i];
    }
    free(order);
    free(dwarf->rows);
    dwarf->rows = rows;
    dwarf->row_count = count;
}

bool dwarf_read(struct dwarf *result, const struct dwarf_bytes bytes[DWARF_SECTIONS])
{
    dwarf_sections = bytes;
    dwarf = result;
    dwarf_is_damaged = false;
    *dwarf = (struct dwarf){0};
    read_info();
    sort_rows();
    if (dwarf->scope_count > 0)
        qsort(dwarf->scopes, dwarf->scope_count, sizeof *dwarf->scopes, compare_scopes);
    return !dwarf_is_damaged;
}
