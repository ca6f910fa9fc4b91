/* SPDX-License-Identifier: MIT */
/*
 * Words for a number of things, in messages: "%u sector%s" with plural(count).
 *
 * Owns nothing and keeps nothing. Any context.
 */
#ifndef LIB_PLURAL_H
#define LIB_PLURAL_H

#include <stdint.h>

/* "" for one, "s" for any other number. */
static inline const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

#endif
