/* SPDX-License-Identifier: MIT */
/*
 * The registry service; see service.h.
 *
 * Owns the channels' buffers and deferred writes. Context: PASSIVE_LEVEL, but for what service.h
 * names.
 */
#include "port/registry/service.h"

#include <stdatomic.h>
#include <stdio.h>

#include "lib/crc32.h"
#include "lib/utf.h"

#define SERVICES "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\"
#define PATH_MAX_BYTES \
    (sizeof(SERVICES) + REGISTRY_NAME_MAX_BYTES + sizeof("\\Controller255\\Channel255"))

const char *registry_status_words(enum registry_status status)
{
    switch (status) {
    case REGISTRY_DONE:
        return "done";
    case REGISTRY_NOT_ENOUGH:
        return "the registry arena has not that many bytes free";
    case REGISTRY_HAS_BUFFER:
        return "the channel has a registry buffer already";
    case REGISTRY_NOT_THE_BUFFER:
        return "this is not the channel's registry buffer";
    case REGISTRY_OUTSIDE:
        return "the bytes do not lie in the channel's registry buffer";
    case REGISTRY_BAD_TYPE:
        return "ValueType is none of the three types, or the bytes are none of that type";
    case REGISTRY_OTHER_TYPE:
        return "the stored value is of another type than the driver asks for, or of another length";
    case REGISTRY_TOO_SHORT:
        return "the value is longer than the buffer";
    case REGISTRY_NO_LENGTH:
        return "BufferLength is NULL";
    case REGISTRY_BAD_NAME:
        return "a value's name has at most 255 characters, none of them a control character";
    case REGISTRY_MISSING:
        return "there is no such value";
    case REGISTRY_NO_MEMORY:
        return "there is no room for another value";
    case REGISTRY_NOT_WRITTEN:
        return "the hive's file cannot be written";
    case REGISTRY_READ_ONLY:
        return "the session may not write the hive's file";
    }
    return "";
}

/* ------------------------------------------------------------------ channels */

bool registry_init(struct registry *registry, const struct memory_operations *memory,
                   unsigned arena_pages, const struct arena_operations *arena)
{
    arena_init(&registry->arena, arena_pages, arena);
    return hive_init(&registry->hive, memory);
}

bool registry_add_channel(struct registry *registry, struct registry_channel *channel, void *base,
                          unsigned capacity)
{
    *channel = (struct registry_channel){.registry = registry, .service = ""};
    return arena_add_window(&registry->arena, &channel->window, base, capacity);
}

void registry_bind_channel(struct registry_channel *channel, const char *service,
                           uint8_t controller, uint8_t number)
{
    channel->service = service;
    channel->controller = controller;
    channel->number = number;
}

struct registry_channel *registry_next_channel(const struct registry *registry,
                                               const struct registry_channel *after)
{
    _Static_assert(offsetof(struct registry_channel, window) == 0, "a window is its channel");
    return (struct registry_channel *)(after ? after->window.next : registry->arena.windows);
}

/* ------------------------------------------------------------------ the buffer */

/* A deferred write may interrupt the routines that allocate and free: the state is what it goes by,
 * and everything else is in order whenever the state says that there is a live buffer. */
static void set_state(struct registry_channel *channel, enum registry_buffer_state state)
{
    atomic_signal_fence(memory_order_seq_cst);
    channel->state = state;
    atomic_signal_fence(memory_order_seq_cst);
}

void *registry_allocate(struct registry_channel *channel, uint32_t byte_count, const void *place,
                        enum registry_status *status)
{
    void *buffer = NULL;

    if (channel->state != REGISTRY_NO_BUFFER) {
        *status = REGISTRY_HAS_BUFFER;
        return NULL;
    }
    if (channel->registry)
        buffer = arena_allocate(&channel->registry->arena, &channel->window, byte_count);
    *status = buffer ? REGISTRY_DONE : REGISTRY_NOT_ENOUGH;
    if (buffer) {
        channel->place = place;
        channel->deferred_count = 0;
        channel->names_byte_count = 0;
        set_state(channel, REGISTRY_LIVE);
    }
    return buffer;
}

bool registry_contains(const struct registry_channel *channel, const void *bytes, size_t byte_count)
{
    return channel->state == REGISTRY_LIVE && arena_contains(&channel->window, bytes, byte_count);
}

enum arena_damage registry_check(struct registry_channel *channel, size_t *distance)
{
    enum arena_damage damage = ARENA_INTACT;

    if (channel->state == REGISTRY_LIVE)
        damage = arena_check(&channel->window, distance);
    if (damage != ARENA_INTACT)
        arena_repair(&channel->window);
    return damage;
}

/* ------------------------------------------------------------------ keys, names, types */

static struct registry_name key_path(const struct registry_channel *channel, uint8_t controller,
                                     bool is_channel_key, char path[PATH_MAX_BYTES])
{
    int length;

    if (is_channel_key)
        length = snprintf(path, PATH_MAX_BYTES, SERVICES "%s\\Controller%u\\Channel%u",
                          channel->service, controller, channel->number);
    else
        length = snprintf(path, PATH_MAX_BYTES, SERVICES "%s\\Controller%u", channel->service,
                          controller);
    if ((size_t)length >= PATH_MAX_BYTES)
        length = 0; /* a service's name that no key can have: the store refuses an empty path */
    return (struct registry_name){path, (size_t)length};
}

/* At most two bytes of UTF-8 for each character of Latin-1. */
struct value_name {
    char text[2 * REGISTRY_NAME_MAX_UNITS];
    size_t byte_count;
};

/* Drivers' names are byte strings. They are read as Latin-1, of which ASCII is a part. */
static bool name_from_driver(const char *name, struct value_name *result)
{
    size_t length = name ? strnlen(name, REGISTRY_NAME_MAX_UNITS + 1) : SIZE_MAX;

    if (length > REGISTRY_NAME_MAX_UNITS)
        return false;
    result->byte_count = 0;
    for (size_t i = 0; i < length; i++)
        result->byte_count += utf8_encode((uint8_t)name[i], result->text + result->byte_count);
    return value_name_fault((struct registry_name){result->text, result->byte_count}) == NAME_GOOD;
}

static bool is_type(uint8_t type)
{
    return type == REGISTRY_SZ || type == REGISTRY_BINARY || type == REGISTRY_DWORD;
}

static bool ends_with_terminator(const uint8_t *bytes, uint32_t byte_count)
{
    return byte_count >= 2 && bytes[byte_count - 2] == 0 && bytes[byte_count - 1] == 0;
}

/* Are these bytes a value of that type? */
static bool fits_type(uint8_t type, const void *bytes, uint32_t byte_count)
{
    switch (type) {
    case REGISTRY_DWORD:
        return byte_count == 4;
    case REGISTRY_SZ:
        return byte_count % 2 == 0 && ends_with_terminator(bytes, byte_count);
    default:
        return type == REGISTRY_BINARY;
    }
}

/* What can be wrong with the arguments of every routine. */
static enum registry_status check_access(const struct registry_channel *channel,
                                         const struct registry_access *access,
                                         struct value_name *name)
{
    if (!access->byte_count)
        return REGISTRY_NO_LENGTH;
    if (!registry_contains(channel, access->buffer, *access->byte_count))
        return REGISTRY_OUTSIDE;
    if (!is_type(access->type))
        return REGISTRY_BAD_TYPE;
    return name_from_driver(access->name, name) ? REGISTRY_DONE : REGISTRY_BAD_NAME;
}

static enum registry_status status_from_store(enum store_result result)
{
    switch (result) {
    case STORE_OK:
        return REGISTRY_DONE;
    case STORE_NO_MEMORY:
    case STORE_TOO_LONG:
        return REGISTRY_NO_MEMORY;
    case STORE_BAD_ROOT:
    case STORE_BAD_NAME:
    case STORE_TOO_DEEP:
    case STORE_IS_ROOT:
        break;
    }
    return REGISTRY_BAD_NAME;
}

/* ------------------------------------------------------------------ reading */

static enum registry_status find(const struct registry_channel *channel,
                                 const struct registry_access *access,
                                 const struct value_name *name, const struct store_value **value)
{
    const struct store *store = &channel->registry->hive.store;
    char path[PATH_MAX_BYTES];
    const struct store_key *key =
        store_find_key(store, key_path(channel, access->controller, access->is_channel_key, path));

    *value = NULL;
    if (key)
        *value = store_find_value(store, key, (struct registry_name){name->text, name->byte_count});
    if (!*value)
        return REGISTRY_MISSING;
    if ((*value)->type != access->type ||
        ((*value)->type == REGISTRY_DWORD && (*value)->byte_count != 4) ||
        ((*value)->type == REGISTRY_SZ && (*value)->byte_count % 2 != 0))
        return REGISTRY_OTHER_TYPE;
    return REGISTRY_DONE;
}

enum registry_status registry_read(struct registry_channel *channel,
                                   const struct registry_access *access)
{
    bool asks_for_length = !access->buffer && access->byte_count && *access->byte_count == 0;
    const struct store_value *value;
    enum registry_status status;
    struct value_name name;
    uint32_t room, needed;

    status = check_access(channel, access, &name);
    if (status == REGISTRY_NO_LENGTH)
        return status;
    if (status == REGISTRY_OUTSIDE && asks_for_length && channel->registry) {
        status = is_type(access->type) ? REGISTRY_DONE : REGISTRY_BAD_TYPE;
        if (status == REGISTRY_DONE && !name_from_driver(access->name, &name))
            status = REGISTRY_BAD_NAME;
    }
    room = *access->byte_count;
    *access->byte_count = 0;
    if (status == REGISTRY_DONE)
        status = find(channel, access, &name, &value);
    if (status != REGISTRY_DONE)
        return status;
    needed = value->byte_count;
    if (access->type == REGISTRY_SZ && !ends_with_terminator(store_value_data(value), needed))
        needed += 2;
    *access->byte_count = needed;
    if (needed > room || !access->buffer)
        return REGISTRY_TOO_SHORT;
    memset(access->buffer, 0, needed);
    memcpy(access->buffer, store_value_data(value), value->byte_count);
    return REGISTRY_DONE;
}

/* ------------------------------------------------------------------ writing */

static enum registry_status check_write(const struct registry_channel *channel,
                                        const struct registry_access *access,
                                        struct value_name *name)
{
    enum registry_status status = check_access(channel, access, name);

    if (status == REGISTRY_DONE && !fits_type(access->type, access->buffer, *access->byte_count))
        status = REGISTRY_BAD_TYPE;
    if (status == REGISTRY_DONE && channel->registry->hive.is_read_only)
        status = REGISTRY_READ_ONLY;
    return status;
}

enum registry_status registry_write(struct registry_channel *channel,
                                    const struct registry_access *access)
{
    struct value_name name;
    enum registry_status status = check_write(channel, access, &name);

    if (status == REGISTRY_DONE) {
        struct hive *hive = &channel->registry->hive;
        char path[PATH_MAX_BYTES];
        hive_begin(hive);
        status = status_from_store(store_set_value(
            &hive->store, key_path(channel, access->controller, access->is_channel_key, path),
            (struct registry_name){name.text, name.byte_count}, access->type, access->buffer,
            *access->byte_count));
        if (status != REGISTRY_DONE)
            hive_rollback(hive);
        else if (!hive_commit(hive))
            status = REGISTRY_NOT_WRITTEN;
    }
    if (status != REGISTRY_DONE && access->byte_count)
        *access->byte_count = 0;
    return status;
}

enum registry_status registry_write_deferred(struct registry_channel *channel,
                                             const struct registry_access *access)
{
    struct value_name name;
    enum registry_status status = check_write(channel, access, &name);

    if (status == REGISTRY_DONE &&
        (channel->deferred_count == REGISTRY_MAX_DEFERRED ||
         name.byte_count > REGISTRY_DEFERRED_NAMES - channel->names_byte_count))
        status = REGISTRY_NO_MEMORY;
    if (status != REGISTRY_DONE) {
        if (access->byte_count)
            *access->byte_count = 0;
        return status;
    }
    channel->deferred[channel->deferred_count] = (struct registry_deferred){
        .controller = access->controller,
        .is_channel_key = access->is_channel_key,
        .type = access->type,
        .name_at = (uint16_t)channel->names_byte_count,
        .name_byte_count = (uint16_t)name.byte_count,
        .byte_count = *access->byte_count,
        .bytes = access->buffer,
        .crc = crc32_update(0, access->buffer, *access->byte_count),
        .place = access->place,
    };
    memcpy(channel->names + channel->names_byte_count, name.text, name.byte_count);
    channel->names_byte_count += name.byte_count;
    channel->deferred_count++;
    return REGISTRY_DONE;
}

/* ------------------------------------------------------------------ flushing */

static void find_changed(const struct registry_channel *channel, struct registry_flush *flush)
{
    for (unsigned i = 0; i < channel->deferred_count; i++) {
        const struct registry_deferred *deferred = &channel->deferred[i];
        if (crc32_update(0, deferred->bytes, deferred->byte_count) == deferred->crc)
            continue;
        if (flush->changed_count++ == 0)
            flush->first_changed = deferred;
    }
}

/* All deferred writes in one transaction. */
static enum registry_status store_deferred(struct registry_channel *channel)
{
    struct hive *hive = &channel->registry->hive;
    enum registry_status status = REGISTRY_DONE;
    char path[PATH_MAX_BYTES];

    hive_begin(hive);
    for (unsigned i = 0; i < channel->deferred_count && status == REGISTRY_DONE; i++) {
        const struct registry_deferred *deferred = &channel->deferred[i];
        status = status_from_store(store_set_value(
            &hive->store, key_path(channel, deferred->controller, deferred->is_channel_key, path),
            registry_deferred_name(channel, deferred), deferred->type, deferred->bytes,
            deferred->byte_count));
    }
    if (status != REGISTRY_DONE)
        hive_rollback(hive);
    else if (!hive_commit(hive))
        status = REGISTRY_NOT_WRITTEN;
    return status;
}

enum registry_status registry_free(struct registry_channel *channel, const void *buffer,
                                   struct registry_flush *flush)
{
    enum registry_status status;

    *flush = (struct registry_flush){0};
    if (channel->state != REGISTRY_LIVE || buffer != channel->window.buffer)
        return REGISTRY_NOT_THE_BUFFER;
    set_state(channel, REGISTRY_FLUSHING);
    flush->deferred_count = channel->deferred_count;
    find_changed(channel, flush);
    status = store_deferred(channel);
    arena_free(&channel->registry->arena, &channel->window);
    set_state(channel, REGISTRY_NO_BUFFER);
    return status;
}
