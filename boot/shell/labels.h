/* SPDX-License-Identifier: MIT */
/*
 * Labels and names that stand on a disk, as text for people: UTF-8 without what a terminal could
 * obey and without the padding at their ends. Owns nothing; any context.
 */
#ifndef BOOT_SHELL_LABELS_H
#define BOOT_SHELL_LABELS_H

#include <stddef.h>

/* The label ends at `byte_count`, or before it with a null. `text` has room for `capacity` bytes;
 * what does not fit is left out. Bytes of other alphabets go through. */
void label_from_bytes(const void *label, size_t byte_count, char *text, size_t capacity);

/* The same for little-endian UTF-16. */
void label_from_utf16(const void *label, size_t byte_count, char *text, size_t capacity);

#endif
