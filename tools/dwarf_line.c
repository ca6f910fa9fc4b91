/* SPDX-License-Identifier: MIT */
/* Line tables of DWARF; see dwarf_read.h. */
#include "tools/dwarf_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *joined(const char *folder, const char *name)
{
    char *path;

    if (!folder || !*folder || name[0] == '/' || name[0] == '\\' || (name[0] && name[1] == ':'))
        return name;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        abort();
    return path;
}

/* A list of folders or files as version 5 has it: each entry says how it is written. */
static const char **read_entries(const struct unit *unit, struct cursor *at,
                                 const char *const *folders, size_t folder_count, size_t *count)
{
    enum { CONTENT_PATH = 1, CONTENT_FOLDER = 2 };
    const char **names = NULL;
    struct cursor formats = *at;
    unsigned format_count = (unsigned)read_number(at, 1);

    formats.at = at->at;
    for (unsigned i = 0; i < 2 * format_count; i++)
        read_leb(at, false);
    *count = 0;
    for (uint64_t left = read_leb(at, false); left > 0 && !dwarf_is_damaged && format_count > 0;
         left--) {
        struct cursor format = formats;
        const uint8_t *before = at->at;
        const char *name = "";
        uint64_t folder = 0;

        for (unsigned i = 0; i < format_count; i++) {
            uint64_t content = read_leb(&format, false);
            struct value value = read_form(unit, at, read_leb(&format, false), 0);
            if (content == CONTENT_PATH && value.kind == VALUE_STRING)
                name = value.string;
            else if (content == CONTENT_FOLDER)
                folder = value.number;
        }
        if (at->at == before) { /* there is no end to what has no bytes */
            dwarf_is_damaged = true;
            break;
        }
        if (folder < folder_count)
            name = joined(folders[folder], name);
        names = grow(names, *count, sizeof *names);
        names[(*count)++] = name;
    }
    return names;
}

static const char **add_name(const char **names, size_t *count, const char *name)
{
    names = grow(names, *count, sizeof *names);
    names[(*count)++] = name;
    return names;
}

/* Files by their numbers, with their folders: those are relative to the one of the compilation. */
static void read_files(struct unit *unit, struct cursor *at, unsigned version, const char *folder)
{
    const char **folders = NULL;
    size_t count = 0;

    unit->file_count = 0;
    if (version >= 5) {
        folders = read_entries(unit, at, NULL, 0, &count);
        for (size_t i = 1; i < count; i++)
            folders[i] = joined(folders[0], folders[i]);
        unit->files = read_entries(unit, at, folders, count, &unit->file_count);
        return;
    }
    folders = add_name(folders, &count, folder);
    for (const char *name; *(name = read_string(at));)
        folders = add_name(folders, &count, joined(folder, name));
    unit->files = add_name(NULL, &unit->file_count, NULL); /* they are counted from 1 */
    for (const char *name; *(name = read_string(at));) {
        uint64_t number = read_leb(at, false);
        read_leb(at, false);
        read_leb(at, false);
        unit->files = add_name(unit->files, &unit->file_count,
                               number < count ? joined(folders[number], name) : name);
    }
}

const char *file_of(const struct unit *unit, uint64_t number)
{
    return number < unit->file_count ? unit->files[number] : NULL;
}

static void add_row(uint64_t address, const char *file, unsigned line)
{
    dwarf->rows = grow(dwarf->rows, dwarf->row_count, sizeof *dwarf->rows);
    dwarf->rows[dwarf->row_count++] = (struct dwarf_row){address, file, line};
}

/* The header's part that the program of the line table needs. */
struct line_program {
    unsigned minimum_length, line_range, opcode_base;
    int line_base;
    uint8_t operands[256]; /* of opcodes that are not known here */
};

static void run_line_program(const struct unit *unit, struct cursor *at,
                             const struct line_program *program)
{
    enum { COPY = 1, ADVANCE_PC, ADVANCE_LINE, SET_FILE, ADD_CONST_PC = 8, FIXED_ADVANCE_PC };
    enum { END_SEQUENCE = 1, SET_ADDRESS };
    uint64_t address = 0, file = 1, line = 1;

    while (at->at < at->end && !dwarf_is_damaged) {
        unsigned opcode = (unsigned)read_number(at, 1);
        if (opcode >= program->opcode_base) {
            unsigned step = opcode - program->opcode_base;
            address += step / program->line_range * program->minimum_length;
            line += (uint64_t)(int64_t)(program->line_base + (int)(step % program->line_range));
            add_row(address, file_of(unit, file), (unsigned)line);
        } else if (opcode == 0) {
            uint64_t length = read_leb(at, false);
            struct cursor extended = *at;
            skip(at, length);
            extended.end = at->at;
            unsigned code = length > 0 ? (unsigned)read_number(&extended, 1) : 0;
            if (code == SET_ADDRESS) {
                address = read_number(&extended, length - 1 < 8 ? (unsigned)length - 1 : 8);
            } else if (code == END_SEQUENCE) {
                add_row(address, NULL, 0);
                address = 0, file = line = 1;
            }
        } else if (opcode == COPY) {
            add_row(address, file_of(unit, file), (unsigned)line);
        } else if (opcode == ADVANCE_PC) {
            address += read_leb(at, false) * program->minimum_length;
        } else if (opcode == ADVANCE_LINE) {
            line += read_leb(at, true);
        } else if (opcode == SET_FILE) {
            file = read_leb(at, false);
        } else if (opcode == ADD_CONST_PC) {
            address += (255 - program->opcode_base) / program->line_range * program->minimum_length;
        } else if (opcode == FIXED_ADVANCE_PC) {
            address += read_number(at, 2);
        } else {
            for (unsigned i = 0; i < program->operands[opcode]; i++)
                read_leb(at, false);
        }
    }
}

void read_lines(struct unit *unit, uint64_t offset, const char *folder)
{
    struct cursor all = cursor_at(DWARF_LINE, offset, &unit->entries), at;
    struct line_program program = {0};

    if (!all.at)
        return;
    at = read_unit(&all);
    unsigned version = (unsigned)read_number(&at, 2);
    if (version < 2 || version > 5) {
        dwarf_is_damaged = true;
        return;
    }
    if (version >= 5) {
        at.address_size = (unsigned)read_number(&at, 1);
        read_number(&at, 1); /* segment selectors' size */
    }
    uint64_t header_length = read_offset(&at);
    struct cursor code = at;
    skip(&code, header_length);
    program.minimum_length = (unsigned)read_number(&at, 1);
    if (version >= 4)
        read_number(&at, 1); /* operations of one instruction: only VLIW has more than one */
    read_number(&at, 1);     /* is each row a statement at first? */
    program.line_base = (int8_t)read_number(&at, 1);
    program.line_range = (unsigned)read_number(&at, 1);
    program.opcode_base = (unsigned)read_number(&at, 1);
    for (unsigned i = 1; i < program.opcode_base; i++)
        program.operands[i] = (uint8_t)read_number(&at, 1);
    if (program.line_range == 0 || program.opcode_base == 0) {
        dwarf_is_damaged = true;
        return;
    }
    read_files(unit, &at, version, folder);
    run_line_program(unit, &code, &program);
}
