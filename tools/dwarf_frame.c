/* SPDX-License-Identifier: MIT */
/*
 * Call frame information (DWARF 5, 6.4), of .debug_frame and of .eh_frame: for each stretch of code, where the
 * caller's stack pointer is, and where the caller's frame pointer was saved. See dwarf.h.
 *
 * What cannot be said so simply (an expression, another register) becomes a stretch of which nothing is known.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/dwarf_read.h"

#define REMEMBERED_MAX 16

/* Instructions: three have an operand in their lower six bits. */
enum {
    CFA_NOP,
    CFA_SET_LOC,
    CFA_ADVANCE_LOC1,
    CFA_ADVANCE_LOC2,
    CFA_ADVANCE_LOC4,
    CFA_OFFSET_EXTENDED,
    CFA_RESTORE_EXTENDED,
    CFA_UNDEFINED,
    CFA_SAME_VALUE,
    CFA_REGISTER,
    CFA_REMEMBER_STATE,
    CFA_RESTORE_STATE,
    CFA_DEF_CFA,
    CFA_DEF_CFA_REGISTER,
    CFA_DEF_CFA_OFFSET,
    CFA_DEF_CFA_EXPRESSION,
    CFA_EXPRESSION,
    CFA_OFFSET_EXTENDED_SF,
    CFA_DEF_CFA_SF,
    CFA_DEF_CFA_OFFSET_SF,
    CFA_VAL_OFFSET,
    CFA_VAL_OFFSET_SF,
    CFA_VAL_EXPRESSION,
    CFA_GNU_ARGS_SIZE = 0x2E,
    CFA_GNU_NEGATIVE_OFFSET = 0x2F,
    CFA_ADVANCE_LOC = 0x40,
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xC0,
};

/* Pointers in .eh_frame: how many bytes, and from where. */
#define POINTER_FORMAT 0x0F
#define POINTER_FROM   0x70
#define POINTER_HERE   0x10

/* Where a register of the caller's is. */
struct rule {
    enum { SAME, SAVED, UNKNOWN } kind;
    int64_t offset; /* saved: from the frame's address */
};

struct state {
    uint64_t base_register;
    int64_t base_offset;
    bool is_plain; /* the frame's address is the sum of these */
    struct rule frame_pointer, return_address;
};

/* What entries have in common. */
struct common {
    bool is_understood;
    uint64_t code_factor, return_register;
    int64_t data_factor;
    unsigned pointer;
    bool is_augmented;
    struct state initial;
    struct cursor program;
};

static struct machine {
    unsigned address_size;
    uint64_t stack_pointer, frame_pointer; /* DWARF's numbers */
} machine;

/* Damaged numbers may be any. */
static int64_t scaled(uint64_t number, const struct common *common)
{
    return (int64_t)(number * (uint64_t)common->data_factor);
}

/* ------------------------------------------------------------------ rows */

static void add_row(uint64_t address, const struct state *state)
{
    struct dwarf_frame row = {.address = address};

    if (state && state->is_plain && state->base_offset > 0 &&
        state->base_offset < DWARF_FRAME_LIMIT && state->return_address.kind == SAVED &&
        state->return_address.offset == -(int64_t)machine.address_size &&
        state->frame_pointer.kind != UNKNOWN &&
        (state->frame_pointer.kind == SAME ||
         (state->frame_pointer.offset < 0 && state->frame_pointer.offset > -DWARF_FRAME_LIMIT))) {
        if (state->base_register == machine.stack_pointer)
            row.base = DWARF_FRAME_STACK;
        else if (state->base_register == machine.frame_pointer)
            row.base = DWARF_FRAME_POINTER;
        row.offset = (unsigned)state->base_offset;
        row.saved = state->frame_pointer.kind == SAVED ? (unsigned)-state->frame_pointer.offset : 0;
    }
    if (row.base == DWARF_FRAME_UNKNOWN)
        row.offset = row.saved = 0;
    dwarf->frames = grow(dwarf->frames, dwarf->frame_count, sizeof *dwarf->frames);
    dwarf->frames[dwarf->frame_count++] = row;
}

/* What is known goes before what is not, at the same address. */
static int by_address(const void *one, const void *other)
{
    const struct dwarf_frame *a = one, *b = other;

    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return (a->base == DWARF_FRAME_UNKNOWN) - (b->base == DWARF_FRAME_UNKNOWN);
}

static void sort_rows(void)
{
    size_t kept = 0;
    uint64_t address = 0;

    if (dwarf->frame_count)
        qsort(dwarf->frames, dwarf->frame_count, sizeof *dwarf->frames, by_address);
    for (size_t i = 0; i < dwarf->frame_count; i++) {
        const struct dwarf_frame row = dwarf->frames[i];
        const struct dwarf_frame *before = kept ? &dwarf->frames[kept - 1] : NULL;
        const bool is_second = i && row.address == address;
        address = row.address;
        if (!is_second && !(before && before->base == row.base && before->offset == row.offset &&
                            before->saved == row.saved))
            dwarf->frames[kept++] = row;
    }
    dwarf->frame_count = kept;
}

/* ------------------------------------------------------------------ programs */

static struct rule *rule_of(struct state *state, const struct common *common, uint64_t number)
{
    static struct rule others;

    if (number == machine.frame_pointer)
        return &state->frame_pointer;
    return number == common->return_register ? &state->return_address : &others;
}

static void set_rule(struct state *state, const struct common *common, uint64_t number,
                     struct rule rule)
{
    *rule_of(state, common, number) = rule;
}

static void restore(struct state *state, const struct common *common, uint64_t number)
{
    struct state initial = common->initial;
    set_rule(state, common, number, *rule_of(&initial, common, number));
}

/* An instruction that is about registers, or the frame's address. False: nobody knows it. */
static bool apply(unsigned instruction, struct cursor *at, const struct common *common,
                  struct state *state)
{
    uint64_t number;

    switch (instruction) {
    case CFA_NOP:
        return true;
    case CFA_GNU_ARGS_SIZE:
        read_leb(at, false);
        return true;
    case CFA_OFFSET_EXTENDED:
    case CFA_OFFSET_EXTENDED_SF:
        number = read_leb(at, false);
        set_rule(state, common, number,
                 (struct rule){
                     SAVED, scaled(read_leb(at, instruction == CFA_OFFSET_EXTENDED_SF), common)});
        return true;
    case CFA_GNU_NEGATIVE_OFFSET:
        number = read_leb(at, false);
        set_rule(state, common, number,
                 (struct rule){SAVED, scaled(0 - read_leb(at, false), common)});
        return true;
    case CFA_RESTORE_EXTENDED:
        restore(state, common, read_leb(at, false));
        return true;
    case CFA_UNDEFINED:
        set_rule(state, common, read_leb(at, false), (struct rule){UNKNOWN, 0});
        return true;
    case CFA_SAME_VALUE:
        set_rule(state, common, read_leb(at, false), (struct rule){SAME, 0});
        return true;
    case CFA_REGISTER:
    case CFA_VAL_OFFSET:
    case CFA_VAL_OFFSET_SF:
        set_rule(state, common, read_leb(at, false), (struct rule){UNKNOWN, 0});
        read_leb(at, false);
        return true;
    case CFA_EXPRESSION:
    case CFA_VAL_EXPRESSION:
        set_rule(state, common, read_leb(at, false), (struct rule){UNKNOWN, 0});
        skip(at, read_leb(at, false));
        return true;
    case CFA_DEF_CFA:
    case CFA_DEF_CFA_SF:
        state->base_register = read_leb(at, false);
        state->base_offset = instruction == CFA_DEF_CFA ? (int64_t)read_leb(at, false)
                                                        : scaled(read_leb(at, true), common);
        state->is_plain = true;
        return true;
    case CFA_DEF_CFA_REGISTER:
        state->base_register = read_leb(at, false);
        return true;
    case CFA_DEF_CFA_OFFSET:
        state->base_offset = (int64_t)read_leb(at, false);
        return true;
    case CFA_DEF_CFA_OFFSET_SF:
        state->base_offset = scaled(read_leb(at, true), common);
        return true;
    case CFA_DEF_CFA_EXPRESSION:
        state->is_plain = false;
        skip(at, read_leb(at, false));
        return true;
    default:
        return false;
    }
}

/* How far an instruction goes on; 0: it is about something else. */
static uint64_t advance_of(unsigned instruction, struct cursor *at, const struct common *common)
{
    if ((instruction & 0xC0) == CFA_ADVANCE_LOC)
        return (instruction & 0x3F) * common->code_factor;
    switch (instruction) {
    case CFA_ADVANCE_LOC1:
        return read_number(at, 1) * common->code_factor;
    case CFA_ADVANCE_LOC2:
        return read_number(at, 2) * common->code_factor;
    case CFA_ADVANCE_LOC4:
        return read_number(at, 4) * common->code_factor;
    default:
        return 0;
    }
}

static bool is_advance(unsigned instruction)
{
    return (instruction & 0xC0) == CFA_ADVANCE_LOC ||
           (instruction >= CFA_ADVANCE_LOC1 && instruction <= CFA_ADVANCE_LOC4);
}

/* Carries a program out, and adds a row for each stretch from `start` on to `end`, where these are not the same. */
static bool run(struct cursor at, const struct common *common, struct state *state, uint64_t start,
                uint64_t end)
{
    struct state remembered[REMEMBERED_MAX];
    unsigned depth = 0;
    uint64_t address = start;

    while (at.at < at.end && !dwarf_is_damaged) {
        const unsigned instruction = (unsigned)read_number(&at, 1);
        bool is_known = true;
        if (is_advance(instruction)) {
            const uint64_t further = advance_of(instruction, &at, common);
            if (further && address < end)
                add_row(address, state);
            address += further;
        } else if ((instruction & 0xC0) == CFA_OFFSET) {
            set_rule(state, common, instruction & 0x3F,
                     (struct rule){SAVED, scaled(read_leb(&at, false), common)});
        } else if ((instruction & 0xC0) == CFA_RESTORE) {
            restore(state, common, instruction & 0x3F);
        } else if (instruction == CFA_REMEMBER_STATE && depth < REMEMBERED_MAX) {
            remembered[depth++] = *state;
        } else if (instruction == CFA_RESTORE_STATE && depth > 0) {
            *state = remembered[--depth];
        } else {
            is_known = apply(instruction, &at, common, state);
        }
        if (!is_known)
            return false;
    }
    if (address < end)
        add_row(address, state);
    return !dwarf_is_damaged;
}

/* ------------------------------------------------------------------ entries */

/* A pointer as .eh_frame has them; false: of a kind that nobody needs here. */
static bool read_pointer(struct cursor *at, const struct dwarf_bytes *section, unsigned encoding,
                         bool is_length, uint64_t *value)
{
    static const unsigned sizes[16] = {0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 2, 4, 8};
    const uint64_t here = section->address + (uint64_t)(at->at - section->start);
    const unsigned format = encoding & POINTER_FORMAT,
                   size = format == 0 ? machine.address_size : sizes[format];
    uint64_t number;

    if (size == 0 || (encoding & 0x80) ||
        ((encoding & POINTER_FROM) && (encoding & POINTER_FROM) != POINTER_HERE))
        return false;
    number = read_number(at, size);
    if (format & 8 && size < 8 && number >> (size * 8 - 1))
        number |= ~0ull << (size * 8);
    if (!is_length && (encoding & POINTER_FROM) == POINTER_HERE)
        number += here;
    *value = machine.address_size == 4 ? (uint32_t)number : number;
    return true;
}

static void read_augmentation(struct cursor *at, const char *letters, struct common *common)
{
    uint64_t length;

    if (*letters == 0)
        return;
    common->is_understood = *letters == 'z';
    if (!common->is_understood)
        return;
    common->is_augmented = true;
    length = read_leb(at, false);
    struct cursor data = *at;
    skip(at, length);
    data.end = at->at;
    for (letters++; *letters && common->is_understood; letters++) {
        if (*letters == 'R')
            common->pointer = (unsigned)read_number(&data, 1);
        else if (*letters != 'S')
            common->is_understood = false; /* C has no others */
    }
}

/* Behind the entry's identification. */
static void read_common(struct cursor at, bool is_eh, struct common *common)
{
    *common = (struct common){.is_understood = true, .program = at};
    const unsigned version = (unsigned)read_number(&at, 1);
    const char *letters = read_string(&at);

    if (dwarf_is_damaged || !letters) {
        common->is_understood = false;
        return;
    }
    if (version >= 4 && !is_eh) {
        common->is_understood = read_number(&at, 1) == machine.address_size;
        common->is_understood &= read_number(&at, 1) == 0; /* segments */
    }
    common->code_factor = read_leb(&at, false);
    common->data_factor = (int64_t)read_leb(&at, true);
    common->return_register = version == 1 ? read_number(&at, 1) : read_leb(&at, false);
    read_augmentation(&at, letters, common);
    common->program = at;
    if (common->is_understood)
        common->is_understood = run(at, common, &common->initial, 0, 0);
}

static void read_function(struct cursor at, const struct dwarf_bytes *section, bool is_eh,
                          const struct common *common)
{
    struct state state = common->initial;
    uint64_t start, length;

    if (!common->is_understood ||
        !read_pointer(&at, section, is_eh ? common->pointer : 0, false, &start) ||
        !read_pointer(&at, section, is_eh ? common->pointer : 0, true, &length))
        return;
    if (common->is_augmented)
        skip(&at, read_leb(&at, false));
    if (start == 0 || length == 0 || length > UINT32_MAX)
        return; /* the linker has left it out */
    const size_t before = dwarf->frame_count;
    if (!run(at, common, &state, start, start + length)) {
        dwarf->frame_count = before;
        add_row(start, NULL);
    }
    add_row(start + length, NULL);
}

/* The common part that an entry refers to. */
static bool find_common(const struct dwarf_bytes *section, enum dwarf_section which, bool is_eh,
                        uint64_t offset, struct common *common)
{
    const struct cursor like = {.offset_size = 4, .address_size = machine.address_size};

    if (offset >= section->byte_count)
        return false;
    struct cursor all = cursor_at(which, offset, &like), entry = read_unit(&all);
    const uint64_t id = read_offset(&entry);
    if (dwarf_is_damaged || id != (is_eh ? 0 : entry.offset_size == 8 ? UINT64_MAX : UINT32_MAX))
        return false;
    read_common(entry, is_eh, common);
    return true;
}

static void read_section(enum dwarf_section which, bool is_eh)
{
    const struct dwarf_bytes *section = &dwarf_sections[which];
    const struct cursor like = {.offset_size = 4, .address_size = machine.address_size};
    struct cursor all = cursor_at(which, 0, &like);

    while (section->start && all.at < all.end && !dwarf_is_damaged) {
        struct cursor entry = read_unit(&all);
        if (entry.at == entry.end) {
            if (is_eh)
                return; /* a length of 0 ends it */
            continue;
        }
        const uint64_t here = (uint64_t)(entry.at - section->start), id = read_offset(&entry);
        struct common common;
        if (id == (is_eh ? 0 : entry.offset_size == 8 ? UINT64_MAX : UINT32_MAX))
            continue;
        if (find_common(section, which, is_eh, is_eh ? here - id : id, &common))
            read_function(entry, section, is_eh, &common);
    }
}

bool dwarf_read_frames(struct dwarf *into, const struct dwarf_bytes sections[DWARF_SECTIONS],
                       unsigned address_size)
{
    bool is_whole = true;

    machine = address_size == 8 ? (struct machine){8, 7, 6} : (struct machine){4, 4, 5};
    dwarf = into;
    dwarf_sections = sections;
    for (unsigned i = 0; i < 2; i++) {
        dwarf_is_damaged = false;
        read_section(i ? DWARF_EH_FRAME : DWARF_FRAME, i);
        is_whole &= !dwarf_is_damaged;
    }
    sort_rows();
    return is_whole;
}
