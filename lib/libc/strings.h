/* SPDX-License-Identifier: MIT */
/* <strings.h> for the kernel: comparison that takes A-Z and a-z as equal. */
#ifndef LIB_LIBC_STRINGS_H
#define LIB_LIBC_STRINGS_H

#include <stddef.h>

int strcasecmp(const char *left, const char *right);
int strncasecmp(const char *left, const char *right, size_t limit);

#endif
