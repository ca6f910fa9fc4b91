/* SPDX-License-Identifier: MIT */
/*
 * The door: how an NBD server on the host (tools/nbd/) hands requests to the guest (boot/door/), in
 * memory that both share, and the single bytes by which each wakes the other.
 *
 * Owns the layout. Both sides are little-endian. Each word of it has one writer at a time. Neither
 * side trusts the other: it copies what it reads there once, checks the copy, and uses nothing
 * else.
 *
 * A request is a slot's: the host fills it in, with what is to be written in the data of the same
 * number, and then says DOOR_ASKED. The guest carries it out, puts there what was read, and says
 * DOOR_ANSWERED; then the slot is the host's again. Whoever changes a state says DOOR_LOOK, and who
 * hears that looks at all of them, so that a notice that is lost among others is not missed.
 */
#ifndef LIB_DOOR_H
#define LIB_DOOR_H

#include <stddef.h>
#include <stdint.h>

#define DOOR_MAGIC       0x524F4F44u /* "DOOR" */
#define DOOR_VERSION     1u
#define DOOR_MEMORY_SIZE (16u << 20) /* of the file; a power of two, as PCI wants */
#define DOOR_EXPORTS     32u
#define DOOR_SLOTS       64u
#define DOOR_DATA_SIZE   (128u << 10)
#define DOOR_SECTOR_MOST 4096u /* no export has larger sectors */
#define DOOR_DATA_OFFSET (64u << 10)

/* What goes over the line of notices. */
enum door_notice {
    DOOR_LOOK = 'L',
    DOOR_END = 'E', /* to the guest: the session shall end */
};

enum door_state { /* 0: it was never open */
                  DOOR_OPEN = 1,
                  DOOR_SHUT = 2, /* for good */
};

enum door_slot_state {
    DOOR_FREE,     /* the host's */
    DOOR_ASKED,    /* the guest's */
    DOOR_ANSWERED, /* the host's */
};

enum door_operation {
    DOOR_READ,
    DOOR_WRITE,
    DOOR_TRIM,
    DOOR_FLUSH,
};

#define DOOR_FORCED 1u /* of a write or trim: on the medium when it is answered */

enum door_error {
    DOOR_DONE,
    DOOR_FAILED,     /* the device could not */
    DOOR_NO_SPACE,   /* a write beyond the end */
    DOOR_INVALID,    /* another beyond the end; a trim, and the device has none */
    DOOR_READ_ONLY,  /* a write, and the session or the device forbids it */
    DOOR_IS_CLOSING, /* the session ends */
    DOOR_ERRORS,
};

/* Flags of an export. */
#define DOOR_EXPORT_WRITABLE 1u
#define DOOR_EXPORT_TRIMS    2u

struct door_export {
    char name[16]; /* as the shell calls it, with a 0 */
    char description[48];
    uint64_t byte_count; /* whole sectors */
    uint32_t sector_size;
    uint32_t flags;
};

struct door_request {
    uint32_t state;
    uint32_t operation;
    uint32_t export_index;
    uint32_t flags;
    uint64_t offset;     /* in bytes, and no multiple of anything */
    uint64_t byte_count; /* of a read or write up to DOOR_DATA_SIZE */
    uint32_t error;      /* the guest's answer */
    uint32_t unused[7];
};

struct door_head {
    uint32_t host_magic; /* the host's, before it says DOOR_LOOK for the first time */
    uint32_t state;      /* the guest's, as what follows; it is written last */
    uint32_t magic, version;
    uint32_t export_count, unused;
    struct door_export exports[DOOR_EXPORTS];
};

struct door_memory {
    struct door_head head;
    uint8_t unused[4096 - sizeof(struct door_head)];
    struct door_request requests[DOOR_SLOTS];
    uint8_t unused_too[DOOR_DATA_OFFSET - 4096 - DOOR_SLOTS * sizeof(struct door_request)];
    uint8_t data[DOOR_SLOTS][DOOR_DATA_SIZE];
};
_Static_assert(sizeof(struct door_export) == 80, "an export");
_Static_assert(sizeof(struct door_request) == 64, "a request");
_Static_assert(offsetof(struct door_request, offset) == 16 &&
                   offsetof(struct door_request, error) == 32,
               "a request's members");
_Static_assert(offsetof(struct door_head, exports) == 24 &&
                   offsetof(struct door_memory, requests) == 4096 &&
                   offsetof(struct door_memory, data) == DOOR_DATA_OFFSET,
               "where things are");
_Static_assert(sizeof(struct door_memory) <= DOOR_MEMORY_SIZE, "it fits");

#endif
