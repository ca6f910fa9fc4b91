/* SPDX-License-Identifier: MIT */
/*
 * Files of commands, as editors and other programs write them: UTF-8, or UTF-16 of either byte
 * order, with or without a byte order mark. words.h cuts their text into commands.
 *
 * Owns nothing and keeps nothing. May not: touch the HAL or the port. Any context.
 */
#ifndef BOOT_SHELL_SCRIPT_H
#define BOOT_SHELL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum script_encoding {
    SCRIPT_UTF8, /* or bytes that go through as they are */
    SCRIPT_UTF16LE,
    SCRIPT_UTF16BE,
    SCRIPT_NO_TEXT, /* it holds zero bytes, which no encoding explains */
};

/* Without a mark: by the first character, since commands begin with an ASCII one. */
enum script_encoding script_encoding(const void *bytes, size_t byte_count);

/* UTF-16 to UTF-8. `text` has room for 3 bytes for each 2. Returns its length. */
size_t script_convert(const void *bytes, size_t byte_count, enum script_encoding encoding,
                      char *text);

#endif
