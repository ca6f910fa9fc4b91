/* SPDX-License-Identifier: MIT */
/* <inttypes.h> for the kernel: the format words for integers of fixed width. */
#ifndef LIB_LIBC_INTTYPES_H
#define LIB_LIBC_INTTYPES_H

#include <stdint.h>

/* A 64-bit integer is long where long has 64 bits, as on the hosts that we compile on. */
#if defined(__LP64__)
#define LIB_PRI64 "l"
#else
#define LIB_PRI64 "ll"
#endif

#define PRId32 "d"
#define PRIu32 "u"
#define PRIx32 "x"
#define PRIX32 "X"
#define PRId64 LIB_PRI64 "d"
#define PRIu64 LIB_PRI64 "u"
#define PRIx64 LIB_PRI64 "x"
#define PRIX64 LIB_PRI64 "X"
#if defined(__LP64__)
#define PRIuPTR "lu"
#define PRIxPTR "lx"
#else
#define PRIuPTR "u"
#define PRIxPTR "x"
#endif

#endif
