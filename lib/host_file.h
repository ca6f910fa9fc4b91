/* SPDX-License-Identifier: MIT */
/*
 * A text that the guest gives the host as a file, through a port of its own (hal/): a byte
 * HOST_FILE_BEGIN, the name, a 0, the text, a 0. tools/session_files.c makes the file. What stands
 * between two of them is passed over.
 *
 * A line that was entered at the guest's prompt, for the history that the host keeps: a byte
 * HOST_FILE_LINE, the line, a 0.
 *
 * And before the guest stops for a core of its memory: a byte HOST_FILE_MEMORY, the number of bytes
 * that it uses of it, in decimal digits, a 0. (In the midst of a text it is a byte of it: that file
 * is cut off then, and the core holds all memory.)
 *
 * A guest that is recorded says for each byte that it may be sent as input: HOST_FILE_ROOM, in the
 * midst of anything else, whose part it is not. tools/session_keys.c counts them, and keeps the
 * last one for Ctrl-C.
 *
 * Owns nothing.
 */
#ifndef LIB_HOST_FILE_H
#define LIB_HOST_FILE_H

#include <stdbool.h>

#define HOST_FILE_BEGIN         '\x02'
#define HOST_FILE_MEMORY        '\x03'
#define HOST_FILE_LINE          '\x04'
#define HOST_FILE_ROOM          '\x06'
#define HOST_FILE_NAME_CAPACITY 81u /* with its 0 */

/* A name alone, so that no file comes to lie elsewhere: letters, digits, dots, - and _, and no dot
 * or - at its beginning. */
static inline bool host_file_name_is_good(const char *name)
{
    unsigned length = 0;

    for (; name[length]; length++) {
        char c = name[length];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' ||
                        (length > 0 && (c == '.' || c == '-'));
        if (!is_plain || length + 1 == HOST_FILE_NAME_CAPACITY)
            return false;
    }
    return length > 0;
}

#endif
