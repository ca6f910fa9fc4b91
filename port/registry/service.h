/* SPDX-License-Identifier: MIT */
/*
 * The registry service: what the AtaPortRegistry* routines do, without the contexts they may be
 * called from.
 *
 * Owns: each channel's registry buffer and its deferred writes. May not: know the port, the
 * machine, or who may call what; registry/ddi.c sees to that. Context: PASSIVE_LEVEL, but for
 * registry_write_deferred, registry_check and registry_contains, which may be called from anywhere,
 * one at a time: they touch nothing but the channel.
 *
 * Values of a channel live in
 *   HKLM\SYSTEM\CurrentControlSet\Services\<service>\Controller<N>             and
 *   HKLM\SYSTEM\CurrentControlSet\Services\<service>\Controller<N>\Channel<M>
 *
 * Bounds. Deferred writes of a channel: REGISTRY_MAX_DEFERRED, with REGISTRY_DEFERRED_NAMES bytes
 * of names in all (as UTF-8); one more fails. A deferred write costs a CRC over its bytes; freeing
 * a buffer costs, for each deferred write, another one and an immediate write. Look-ups:
 * registry/store.h.
 */
#ifndef PORT_REGISTRY_SERVICE_H
#define PORT_REGISTRY_SERVICE_H

#include "port/registry/arena.h"
#include "port/registry/hive.h"

#define REGISTRY_MAX_DEFERRED   64u
#define REGISTRY_DEFERRED_NAMES 4096u

/* Memory and arena of all channels. */
struct registry {
    struct hive hive;
    struct arena arena;
};

/* A deferred write: a reference to bytes of the buffer, not a copy. */
struct registry_deferred {
    uint8_t controller;
    bool is_channel_key;
    uint8_t type;
    uint16_t name_at, name_byte_count; /* in the channel's names */
    uint32_t byte_count;
    const void *bytes;
    uint32_t crc;      /* of the bytes as they were handed over */
    const void *place; /* in the driver, for reports */
};

enum registry_buffer_state {
    REGISTRY_NO_BUFFER,
    REGISTRY_LIVE,
    REGISTRY_FLUSHING, /* being freed: to every routine, there is no buffer any more */
};

/* Part of every channel. Zeroed before its first use. */
struct registry_channel {
    struct arena_window window; /* first */
    struct registry *registry;
    const char *service; /* UTF-8 */
    uint8_t controller, number;
    enum registry_buffer_state state;
    const void *place;     /* who allocated the buffer, */
    const void *last_call; /* and who called last */
    unsigned deferred_count;
    size_t names_byte_count;
    struct registry_deferred deferred[REGISTRY_MAX_DEFERRED];
    char names[REGISTRY_DEFERRED_NAMES];
};

enum registry_status {
    REGISTRY_DONE,
    REGISTRY_NOT_ENOUGH,     /* size 0, larger than the arena, or not enough pages free */
    REGISTRY_HAS_BUFFER,     /* REG-02 */
    REGISTRY_NOT_THE_BUFFER, /* REG-04 */
    REGISTRY_OUTSIDE,        /* REG-08: bytes outside the live buffer, or no live buffer */
    REGISTRY_BAD_TYPE,   /* REG-12: no type of the interface, or bytes that are none of that type */
    REGISTRY_OTHER_TYPE, /* the stored value has another type, or a length that its type has not */
    REGISTRY_TOO_SHORT,  /* REG-13: the length needed has been stored */
    REGISTRY_NO_LENGTH,  /* the pointer to the length is NULL */
    REGISTRY_BAD_NAME,   /* NULL, too long, or control characters */
    REGISTRY_MISSING,    /* there is no such value */
    REGISTRY_NO_MEMORY,  /* for the value, or one deferred write too many */
    REGISTRY_NOT_WRITTEN, /* the hive's file could not be written; nothing has changed */
    REGISTRY_READ_ONLY,   /* the session may not write the hive's file */
};

/* A sentence for people, without a full stop. */
const char *registry_status_words(enum registry_status status);

/* False: no memory. */
bool registry_init(struct registry *registry, const struct memory_operations *memory,
                   unsigned arena_pages, const struct arena_operations *arena);

/* Gives the channel a window of `capacity` pages at `base` (arena.h). Once for each channel. False:
 * the window cannot be used; the channel will never have a buffer. */
bool registry_add_channel(struct registry *registry, struct registry_channel *channel, void *base,
                          unsigned capacity);

/* Whose keys the channel uses from now on. `service` must stay where it is. */
void registry_bind_channel(struct registry_channel *channel, const char *service,
                           uint8_t controller, uint8_t number);

/* The next channel that has a window; NULL begins, NULL at the end. */
struct registry_channel *registry_next_channel(const struct registry *registry,
                                               const struct registry_channel *after);

/* ------------------------------------------------------------------ the buffer */

/* AtaPortRegistryAllocateBuffer. NULL: *status says why. `place` is kept for reports. */
void *registry_allocate(struct registry_channel *channel, uint32_t byte_count, const void *place,
                        enum registry_status *status);

/* What became of the deferred writes of a buffer. */
struct registry_flush {
    unsigned deferred_count; /* all of them are stored, or none */
    unsigned changed_count;  /* whose bytes are not what was handed over: REG-11 */
    const struct registry_deferred *first_changed; /* valid until the next deferred write */
};

/* AtaPortRegistryFreeBuffer: stores what was written deferred, in that order, as one batch, and
 * frees the buffer. REGISTRY_NOT_THE_BUFFER: nothing is done. REGISTRY_NO_MEMORY,
 * REGISTRY_NOT_WRITTEN, REGISTRY_BAD_NAME: the buffer is freed, but none of the deferred writes is
 * stored. */
enum registry_status registry_free(struct registry_channel *channel, const void *buffer,
                                   struct registry_flush *flush);

/* Do these bytes lie in the channel's live buffer? */
bool registry_contains(const struct registry_channel *channel, const void *bytes,
                       size_t byte_count);

/* Looks whether something wrote beside the live buffer (REG-05). What it found is repaired, so that
 * each damage is found once. *distance as in arena.h. */
enum arena_damage registry_check(struct registry_channel *channel, size_t *distance);

static inline struct registry_name registry_deferred_name(const struct registry_channel *channel,
                                                          const struct registry_deferred *deferred)
{
    return (struct registry_name){channel->names + deferred->name_at, deferred->name_byte_count};
}

/* ------------------------------------------------------------------ values */

/* The arguments that the routines share. */
struct registry_access {
    uint8_t controller;
    bool is_channel_key;
    const char *name; /* each byte a character of Latin-1; "" is the key's default value */
    uint8_t type;     /* REGISTRY_SZ, REGISTRY_BINARY, REGISTRY_DWORD */
    void *buffer;     /* NULL with a length of 0: a read that only asks for the length */
    uint32_t *byte_count;
    const void *place;
};

/* Reads into the buffer; *byte_count becomes the value's length. Otherwise the buffer is left
 * alone, and *byte_count becomes the length needed (REGISTRY_TOO_SHORT) or 0. A REG_SZ's length
 * includes its terminator, which is added where the stored value has none; a stored REG_DWORD that
 * has not 4 bytes and a REG_SZ with half a character count as of another type. */
enum registry_status registry_read(struct registry_channel *channel,
                                   const struct registry_access *access);

/* Stores at once. On failure *byte_count becomes 0, and nothing has changed. A REG_SZ ends with its
 * terminator. */
enum registry_status registry_write(struct registry_channel *channel,
                                    const struct registry_access *access);

/* Stores when the buffer is freed, with what the bytes are then. */
enum registry_status registry_write_deferred(struct registry_channel *channel,
                                             const struct registry_access *access);

#endif
