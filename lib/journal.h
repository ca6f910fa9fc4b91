/* SPDX-License-Identifier: MIT */
/*
 * What the guest says to the host about the journal, the file to which it appends: messages of one
 * size, through a port of their own (hal/), to tools/registry_session.c.
 *
 * Owns nothing. Both sides are little-endian. What is no message is passed over, byte by byte.
 */
#ifndef LIB_JOURNAL_H
#define LIB_JOURNAL_H

#include <stdint.h>

enum journal_kind {
    JOURNAL_APPENDED = 0x444E5041, /* "APND": what was appended is complete so far */
    JOURNAL_REPEATED = 0x44505052, /* "RPPD": and says all that the file says, which may be
                                    * shortened */
};

struct journal_message {
    uint32_t kind;
    uint32_t size;       /* of the message */
    uint64_t byte_count; /* appended in all, since the guest was started */
};
_Static_assert(sizeof(struct journal_message) == 16, "a message has 16 bytes");

#endif
