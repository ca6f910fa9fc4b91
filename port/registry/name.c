/* SPDX-License-Identifier: MIT */
/*
 * Names and paths of the registry; see name.h.
 *
 * Owns nothing. May not allocate. Any context.
 */
#include "port/registry/name.h"

#include "lib/utf.h"

/* Folding works on bytes: Latin-1's letters are C3 80 to C3 BE in UTF-8, upper and lower case 20h
 * apart, and C3 occurs nowhere but as the first byte of these. So equal names are equally long,
 * too. */
#define LATIN1_LETTERS     0xC3u
#define LATIN1_DIVISION    0xB7u
#define LATIN1_LOWER_FIRST 0xA0u
#define LATIN1_LOWER_LAST  0xBEu
#define CASE_DISTANCE      0x20u

static uint8_t fold(uint8_t byte, uint8_t before)
{
    if (byte >= 'a' && byte <= 'z')
        return (uint8_t)(byte - CASE_DISTANCE);
    if (before == LATIN1_LETTERS && byte >= LATIN1_LOWER_FIRST && byte <= LATIN1_LOWER_LAST &&
        byte != LATIN1_DIVISION)
        return (uint8_t)(byte - CASE_DISTANCE);
    return byte;
}

static enum name_fault name_fault(struct registry_name name, bool is_key)
{
    size_t units = 0;

    if (name.byte_count > REGISTRY_NAME_MAX_BYTES)
        return NAME_TOO_LONG;
    for (size_t at = 0; at < name.byte_count;) {
        uint32_t code_point = (uint8_t)name.text[at];
        at +=
            code_point < 0x80 ? 1 : utf8_decode(name.text + at, name.byte_count - at, &code_point);
        if (code_point == UTF_ILL_FORMED)
            return NAME_ILL_FORMED;
        if (code_point < 0x20 || code_point == 0x7F)
            return NAME_CONTROL;
        if (is_key && code_point == '\\')
            return NAME_BACKSLASH;
        units += code_point < 0x10000 ? 1 : 2;
    }
    if (units > REGISTRY_NAME_MAX_UNITS)
        return NAME_TOO_LONG;
    return is_key && units == 0 ? NAME_EMPTY : NAME_GOOD;
}

enum name_fault key_name_fault(struct registry_name name)
{
    return name_fault(name, true);
}

enum name_fault value_name_fault(struct registry_name name)
{
    return name_fault(name, false);
}

uint32_t name_hash(struct registry_name name, uint32_t seed)
{
    uint32_t hash = seed ^ 2166136261u;
    uint8_t before = 0;

    for (size_t i = 0; i < name.byte_count; i++) {
        uint8_t byte = (uint8_t)name.text[i];
        hash = (hash ^ fold(byte, before)) * 16777619u;
        before = byte;
    }
    /* The table takes the low bits: let every bit of the name reach them. */
    hash = (hash ^ hash >> 16) * 0x85EBCA6Bu;
    hash = (hash ^ hash >> 13) * 0xC2B2AE35u;
    return hash ^ hash >> 16;
}

bool names_equal(struct registry_name a, struct registry_name b)
{
    uint8_t before_a = 0, before_b = 0;

    if (a.byte_count != b.byte_count)
        return false;
    for (size_t i = 0; i < a.byte_count; i++) {
        uint8_t byte_a = (uint8_t)a.text[i], byte_b = (uint8_t)b.text[i];
        if (byte_a != byte_b && fold(byte_a, before_a) != fold(byte_b, before_b))
            return false;
        before_a = byte_a;
        before_b = byte_b;
    }
    return true;
}

bool path_next(struct registry_name *path, struct registry_name *component)
{
    const char *end;

    if (!path->text)
        return false;
    end = path->byte_count ? memchr(path->text, '\\', path->byte_count) : NULL;
    component->text = path->text;
    if (!end) {
        component->byte_count = path->byte_count;
        *path = (struct registry_name){NULL, 0};
        return true;
    }
    component->byte_count = (size_t)(end - path->text);
    path->byte_count -= component->byte_count + 1;
    path->text = end + 1;
    return true;
}

const char *const root_keys[ROOT_KEYS] = {
    "HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER",   "HKEY_CLASSES_ROOT",
    "HKEY_USERS",         "HKEY_CURRENT_CONFIG",
};

const char *root_key_name(struct registry_name name)
{
    static const char *const brief[ROOT_KEYS] = {"HKLM", "HKCU", "HKCR", "HKU", "HKCC"};

    for (unsigned i = 0; i < ROOT_KEYS; i++) {
        if (names_equal(name, registry_name(root_keys[i])) ||
            names_equal(name, registry_name(brief[i])))
            return root_keys[i];
    }
    return NULL;
}
