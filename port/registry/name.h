/* SPDX-License-Identifier: MIT */
/*
 * Names of registry keys and values: what a name may be, when two names are the same, what a path
 * is.
 *
 * Names are UTF-8, kept as they were written and compared without case. Folded are A to Z and the
 * letters of Latin-1 (U+00E0 to U+00FE but for the division sign, onto U+00C0 to U+00DE); every
 * other character is only equal to itself.
 *
 * Owns nothing. May not allocate. Any context.
 */
#ifndef PORT_REGISTRY_NAME_H
#define PORT_REGISTRY_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The longest name, of a key or of a value. A UTF-16 unit is at most three bytes of UTF-8. */
#define REGISTRY_NAME_MAX_UNITS 255u
#define REGISTRY_NAME_MAX_BYTES (3u * REGISTRY_NAME_MAX_UNITS)
/* Keys in a path, the root key (HKEY_LOCAL_MACHINE) counted. */
#define REGISTRY_MAX_DEPTH 32u

/* A piece of UTF-8 text without a terminator; also a whole path. */
struct registry_name {
    const char *text;
    size_t byte_count;
};

static inline struct registry_name registry_name(const char *text)
{
    return (struct registry_name){text, strlen(text)};
}

enum name_fault {
    NAME_GOOD,
    NAME_EMPTY,      /* of a key; the empty name of a value is its key's default value */
    NAME_TOO_LONG,   /* over REGISTRY_NAME_MAX_UNITS */
    NAME_ILL_FORMED, /* no UTF-8 */
    NAME_CONTROL,    /* U+0000 to U+001F or U+007F: a .reg file could not hold it */
    NAME_BACKSLASH,  /* in the name of a key */
};

enum name_fault key_name_fault(struct registry_name name);
enum name_fault value_name_fault(struct registry_name name);

/* Equal names have equal hashes under the same seed. */
uint32_t name_hash(struct registry_name name, uint32_t seed);
bool names_equal(struct registry_name a, struct registry_name b);

/* Takes the first component off `path`, which becomes the rest. False at the end of the path. An
 * empty component (two backslashes, one at either end) is returned as such. */
bool path_next(struct registry_name *path, struct registry_name *component);

/* The root keys, which always exist: their full names. */
#define ROOT_KEYS 5u
extern const char *const root_keys[ROOT_KEYS];

/* The full name of a root key from its full or short name (HKLM, HKCU, HKCR, HKU, HKCC), in any
 * case. NULL if it is none. */
const char *root_key_name(struct registry_name name);

#endif
