/* SPDX-License-Identifier: MIT */
/* Bytes and forms of DWARF; see dwarf_read.h. */
#include "tools/dwarf_read.h"

#include <stdlib.h>
#include <string.h>

const struct dwarf_bytes *dwarf_sections;
struct dwarf *dwarf;
bool dwarf_is_damaged;

struct cursor cursor_at(enum dwarf_section section, uint64_t offset, const struct cursor *like)
{
    struct dwarf_bytes bytes = dwarf_sections[section];
    struct cursor cursor = {NULL, NULL, like ? like->offset_size : 4,
                            like ? like->address_size : 8};

    if (offset > bytes.byte_count) {
        dwarf_is_damaged = true;
        return cursor;
    }
    cursor.at = bytes.start + offset;
    cursor.end = bytes.start + bytes.byte_count;
    return cursor;
}

void skip(struct cursor *cursor, uint64_t byte_count)
{
    if (byte_count > (uint64_t)(cursor->end - cursor->at)) {
        dwarf_is_damaged = true;
        cursor->at = cursor->end;
    } else {
        cursor->at += byte_count;
    }
}

uint64_t read_number(struct cursor *cursor, unsigned byte_count)
{
    const uint8_t *at = cursor->at;
    uint64_t number = 0;

    skip(cursor, byte_count);
    if (cursor->at - at == (ptrdiff_t)byte_count)
        for (unsigned i = byte_count; i-- > 0;)
            number = number << 8 | at[i];
    return number;
}

uint64_t read_offset(struct cursor *cursor)
{
    return read_number(cursor, cursor->offset_size);
}

uint64_t read_address(struct cursor *cursor)
{
    return read_number(cursor, cursor->address_size);
}

uint64_t read_leb(struct cursor *cursor, bool is_signed)
{
    uint64_t number = 0, byte;
    unsigned shift = 0;

    do {
        byte = read_number(cursor, 1);
        if (shift < 64)
            number |= (byte & 0x7F) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (is_signed && shift < 64 && (byte & 0x40))
        number |= ~(uint64_t)0 << shift;
    return number;
}

const char *read_string(struct cursor *cursor)
{
    const char *text = (const char *)cursor->at;
    const void *end =
        cursor->at == cursor->end ? NULL : memchr(text, 0, (size_t)(cursor->end - cursor->at));

    skip(cursor, end ? (uint64_t)((const char *)end - text) + 1 : UINT64_MAX);
    return end ? text : "";
}

static const char *string_at(enum dwarf_section section, uint64_t offset)
{
    struct cursor cursor = cursor_at(section, offset, NULL);
    return read_string(&cursor);
}

struct cursor read_unit(struct cursor *all)
{
    uint64_t length = read_number(all, 4);
    struct cursor unit = *all;

    unit.offset_size = 4;
    if (length == 0xFFFFFFFF) {
        length = read_number(all, 8);
        unit.offset_size = 8;
    }
    unit.at = all->at;
    skip(all, length);
    unit.end = all->at;
    return unit;
}

/* ------------------------------------------------------------------ forms */

enum {
    FORM_ADDR = 0x01,
    FORM_BLOCK2 = 0x03,
    FORM_BLOCK4,
    FORM_DATA2,
    FORM_DATA4,
    FORM_DATA8,
    FORM_STRING,
    FORM_BLOCK,
    FORM_BLOCK1,
    FORM_DATA1,
    FORM_FLAG,
    FORM_SDATA,
    FORM_STRP,
    FORM_UDATA,
    FORM_REF_ADDR,
    FORM_REF1,
    FORM_REF2,
    FORM_REF4,
    FORM_REF8,
    FORM_REF_UDATA,
    FORM_INDIRECT,
    FORM_SEC_OFFSET,
    FORM_EXPRLOC,
    FORM_FLAG_PRESENT,
    FORM_STRX,
    FORM_ADDRX,
    FORM_REF_SUP4,
    FORM_STRP_SUP,
    FORM_DATA16,
    FORM_LINE_STRP,
    FORM_REF_SIG8,
    FORM_LOCLISTX = 0x22,
    FORM_RNGLISTX,
    FORM_REF_SUP8,
    FORM_STRX1,
    FORM_STRX2,
    FORM_STRX3,
    FORM_STRX4,
    FORM_ADDRX1,
    FORM_ADDRX2,
    FORM_ADDRX3,
    FORM_ADDRX4,
};

uint64_t indexed(const struct unit *unit, enum dwarf_section section, uint64_t base, uint64_t index,
                 unsigned size)
{
    if (index > dwarf_sections[section].byte_count) {
        dwarf_is_damaged = true;
        return 0;
    }
    struct cursor cursor = cursor_at(section, base + index * size, unit ? &unit->entries : NULL);
    return cursor.at ? read_number(&cursor, size) : 0;
}

static struct value string_value(const char *string)
{
    return (struct value){.kind = VALUE_STRING, .string = string};
}

static struct value number_value(enum value_kind kind, uint64_t number)
{
    return (struct value){.kind = kind, .number = number};
}

static struct value string_by_index(const struct unit *unit, uint64_t index)
{
    return string_value(
        string_at(DWARF_STR, indexed(unit, DWARF_STR_OFFSETS, unit->str_offsets_base, index,
                                     unit->entries.offset_size)));
}

struct value address_by_index(const struct unit *unit, uint64_t index)
{
    return number_value(VALUE_ADDRESS, indexed(unit, DWARF_ADDR, unit->addr_base, index,
                                               unit->entries.address_size));
}

static struct value skipped(struct cursor *at, uint64_t byte_count)
{
    skip(at, byte_count);
    return (struct value){0};
}

struct value read_form(const struct unit *unit, struct cursor *at, uint64_t form, uint64_t constant)
{
    if (form == FORM_INDIRECT)
        form = read_leb(at, false);
    switch (form) {
    case FORM_ADDR:
        return number_value(VALUE_ADDRESS, read_address(at));
    case FORM_DATA1:
    case FORM_FLAG:
        return number_value(VALUE_NUMBER, read_number(at, 1));
    case FORM_DATA2:
        return number_value(VALUE_NUMBER, read_number(at, 2));
    case FORM_DATA4:
        return number_value(VALUE_NUMBER, read_number(at, 4));
    case FORM_DATA8:
        return number_value(VALUE_NUMBER, read_number(at, 8));
    case FORM_UDATA:
        return number_value(VALUE_NUMBER, read_leb(at, false));
    case FORM_SDATA:
        return number_value(VALUE_NUMBER, read_leb(at, true));
    case FORM_IMPLICIT_CONST:
        return number_value(VALUE_NUMBER, constant);
    case FORM_FLAG_PRESENT:
        return number_value(VALUE_NUMBER, 1);
    case FORM_SEC_OFFSET:
        return number_value(VALUE_NUMBER, read_offset(at));
    case FORM_STRING:
        return string_value(read_string(at));
    case FORM_STRP:
        return string_value(string_at(DWARF_STR, read_offset(at)));
    case FORM_LINE_STRP:
        return string_value(string_at(DWARF_LINE_STR, read_offset(at)));
    case FORM_STRX:
        return string_by_index(unit, read_leb(at, false));
    case FORM_STRX1:
    case FORM_STRX2:
    case FORM_STRX3:
    case FORM_STRX4:
        return string_by_index(unit, read_number(at, (unsigned)(form - FORM_STRX1 + 1)));
    case FORM_ADDRX:
        return address_by_index(unit, read_leb(at, false));
    case FORM_ADDRX1:
    case FORM_ADDRX2:
    case FORM_ADDRX3:
    case FORM_ADDRX4:
        return address_by_index(unit, read_number(at, (unsigned)(form - FORM_ADDRX1 + 1)));
    case FORM_REF1:
        return number_value(VALUE_REFERENCE, unit->start + read_number(at, 1));
    case FORM_REF2:
        return number_value(VALUE_REFERENCE, unit->start + read_number(at, 2));
    case FORM_REF4:
        return number_value(VALUE_REFERENCE, unit->start + read_number(at, 4));
    case FORM_REF8:
        return number_value(VALUE_REFERENCE, unit->start + read_number(at, 8));
    case FORM_REF_UDATA:
        return number_value(VALUE_REFERENCE, unit->start + read_leb(at, false));
    case FORM_REF_ADDR:
        return number_value(VALUE_REFERENCE,
                            unit->version == 2 ? read_address(at) : read_offset(at));
    case FORM_RNGLISTX:
        return number_value(VALUE_INDEX, read_leb(at, false));
    case FORM_LOCLISTX:
        return number_value(VALUE_NONE, read_leb(at, false));
    case FORM_BLOCK1:
        return skipped(at, read_number(at, 1));
    case FORM_BLOCK2:
        return skipped(at, read_number(at, 2));
    case FORM_BLOCK4:
        return skipped(at, read_number(at, 4));
    case FORM_BLOCK:
    case FORM_EXPRLOC:
        return skipped(at, read_leb(at, false));
    case FORM_DATA16:
        return skipped(at, 16);
    case FORM_REF_SIG8:
    case FORM_REF_SUP8:
        return skipped(at, 8);
    case FORM_REF_SUP4:
        return skipped(at, 4);
    case FORM_STRP_SUP:
        return skipped(at, at->offset_size);
    default: /* how long it is cannot be known */
        dwarf_is_damaged = true;
        at->at = at->end;
        return (struct value){0};
    }
}

void *grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1)) /* full at each power of two */
        return array;
    array = realloc(array, (count ? 2 * count : 1) * size);
    if (!array)
        abort();
    return array;
}
