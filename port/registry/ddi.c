/* SPDX-License-Identifier: MIT */
/*
 * The exported registry routines: AtaPortRegistryAllocateBuffer, FreeBuffer, Read, Write,
 * WriteDeferred.
 *
 * Owns the rules about them (REG-02 to REG-14, CTX-08) but for the contexts, which are their rows'
 * (port/contract/routines.def): what is reported; what the routines do is in service.c. Every call
 * looks first whether something wrote beside the channel's buffer (REG-05). Entered from every
 * context in which a miniport runs; only deferred writes go on above PASSIVE_LEVEL.
 */
#include "port/registry/ddi.h"

#include <irb.h>

#include "lib/plural.h"
#include "port/contract/entry.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"
#include "port/log.h"
#include "port/memory.h"
#include "port/objects.h"
#include "port/registry/arena.h"
#include "port/registry/kernel.h"
#include "port/registry/name.h"
#include "port/registry/store.h"

_Static_assert(IDE_REG_SZ == REGISTRY_SZ && IDE_REG_BINARY == REGISTRY_BINARY &&
                   IDE_REG_DWORD == REGISTRY_DWORD,
               "the interface's types are the registry's");
_Static_assert(sizeof(ULONG) == sizeof(uint32_t), "lengths are 32 bits");

/* ------------------------------------------------------------------ who may call, and when */

static bool is_controller_only(void)
{
    const struct driver *driver = context_now->driver;
    return driver && driver->is_registered && !driver->interface.AtaChannelInitRoutine;
}

/* REG-05, for what nothing stopped: bytes of the same page, or of the last pointer. The address is
 * there for a watchpoint. (A buffer that is live has come from a call.) */
static void report_damage(struct channel *channel, const char *routine, const void *place)
{
    struct registry_channel *registry = &channel->registry;
    size_t distance;
    enum arena_damage damage = registry_check(registry, &distance);
    const bool is_behind = damage == ARENA_DAMAGED_BEHIND;
    const uint8_t *buffer = registry->window.buffer;
    char last_call[160];

    if (damage != ARENA_INTACT) {
        hal_name_address((uintptr_t)registry->last_call - 1, last_call, sizeof last_call);
        contract_report(RULE_REG_05, channel, routine, place,
                        "since the call in %s something wrote the byte at %p, %zu byte%s %s the "
                        "buffer of %zu bytes at %p",
                        last_call,
                        is_behind ? (const void *)(buffer + registry->window.byte_count + distance)
                                  : (const void *)(buffer - distance),
                        is_behind ? distance + 1 : distance, plural(distance + is_behind),
                        is_behind ? "past the end of" : "before", registry->window.byte_count,
                        (const void *)buffer);
    }
    registry->last_call = place;
}

/* What every routine looks at before it does anything. NULL: it must return its failure value. */
static struct channel *enter(PVOID extension, enum routine routine, const void *place)
{
    struct channel *channel;

    entry_direction(routine_name(routine), place);
    if (is_controller_only()) {
        contract_report(RULE_REG_14, NULL, routine_name(routine), place, "nothing was done");
        return NULL;
    }
    bool may = entry_optional(routine, extension, &channel, place);
    if (channel && context_now->kind != CONTEXT_BUILD_IO) /* where nothing may be asked at all */
        report_damage(channel, routine_name(routine), place);
    if (!may)
        return NULL;
    if (channel->given.configuration.ChannelMode != IdeModeDump)
        return channel;
    contract_report(RULE_CTX_08, channel, routine_name(routine), place, "nothing was done");
    return NULL;
}

/* ------------------------------------------------------------------ the buffer */

PVOID NTAPI AtaPortRegistryAllocateBuffer(PVOID ChannelExtension, ULONG BufferSize)
{
    const enum routine routine = ROUTINE_AtaPortRegistryAllocateBuffer;
    struct channel *channel = enter(ChannelExtension, routine, CALLER);
    enum registry_status status;
    void *buffer;

    if (!channel)
        return NULL;
    buffer = registry_allocate(&channel->registry, BufferSize, CALLER, &status);
    if (status == REGISTRY_HAS_BUFFER)
        contract_report(RULE_REG_02, channel, routine_name(routine), CALLER,
                        "its %zu-byte buffer is at %p; no other was allocated",
                        channel->registry.window.byte_count,
                        (void *)channel->registry.window.buffer);
    else if (!buffer)
        port_message(channel, "%s(%u): %s (pages free: %u of %u)", routine_name(routine),
                     (unsigned)BufferSize,
                     BufferSize == 0 ? "a buffer has at least one byte"
                                     : registry_status_words(status),
                     port_registry.arena.free_count, port_registry.arena.page_count);
    return buffer;
}

void registry_kernel_free(struct channel *channel, const void *buffer, const char *routine,
                          const void *place)
{
    struct registry_channel *registry = &channel->registry;
    struct registry_flush flush;
    enum registry_status status;

    report_damage(channel, routine, place);
    status = registry_free(registry, buffer, &flush);
    if (status == REGISTRY_NOT_THE_BUFFER) {
        if (registry->state == REGISTRY_NO_BUFFER)
            contract_report(RULE_REG_04, channel, routine, place,
                            "%p was passed, and the channel has no buffer; nothing was freed",
                            buffer);
        else
            contract_report(RULE_REG_04, channel, routine, place,
                            "%p was passed, and the buffer is at %p; nothing was freed", buffer,
                            (void *)registry->window.buffer);
        return;
    }
    if (flush.changed_count > 0) {
        struct registry_name name = registry_deferred_name(registry, flush.first_changed);
        contract_report(
            RULE_REG_11, channel, routine, place,
            "deferred values changed after they were handed over (%u of %u), the first is "
            "\"%.*s\"; stored is what the buffer holds now",
            flush.changed_count, flush.deferred_count, (int)name.byte_count, name.text);
    }
    if (status != REGISTRY_DONE)
        port_message(channel, "deferred registry writes are lost (%u): %s", flush.deferred_count,
                     registry_status_words(status));
}

VOID NTAPI AtaPortRegistryFreeBuffer(PVOID ChannelExtension, PVOID Buffer)
{
    const enum routine routine = ROUTINE_AtaPortRegistryFreeBuffer;
    struct channel *channel = enter(ChannelExtension, routine, CALLER);

    if (channel)
        registry_kernel_free(channel, Buffer, routine_name(routine), CALLER);
}

/* ------------------------------------------------------------------ values */

static void report_outside(struct channel *channel, const struct registry_access *access,
                           uint32_t asked, const char *routine)
{
    const struct registry_channel *registry = &channel->registry;

    if (registry->state != REGISTRY_LIVE)
        contract_report(RULE_REG_08, channel, routine, access->place,
                        "Buffer is %p, and the channel has no registry buffer", access->buffer);
    else
        contract_report(RULE_REG_08, channel, routine, access->place,
                        "Buffer is %p, bytes: %u, and the registry buffer %p, bytes: %zu",
                        access->buffer, (unsigned)asked, (void *)registry->window.buffer,
                        registry->window.byte_count);
}

/* Says what went wrong. `asked` is what *BufferLength was. */
static BOOLEAN finish(struct channel *channel, const struct registry_access *access,
                      enum registry_status status, uint32_t asked, const char *routine)
{
    const char *name = access->name ? access->name : "(NULL)",
               *words = registry_status_words(status);

    switch (status) {
    case REGISTRY_DONE:
        return TRUE;
    case REGISTRY_OUTSIDE:
        report_outside(channel, access, asked, routine);
        break;
    case REGISTRY_BAD_TYPE:
        contract_report(RULE_REG_12, channel, routine, access->place,
                        "value \"%.64s\", ValueType %u, bytes: %u: %s", name, access->type,
                        (unsigned)asked, words);
        break;
    case REGISTRY_TOO_SHORT:
        /* No buffer at all is a question for the length, and breaks no rule. */
        if (access->buffer && asked > 0)
            contract_report(RULE_REG_13, channel, routine, access->place,
                            "value \"%.64s\", bytes: %u, and the buffer has %u", name,
                            (unsigned)*access->byte_count, (unsigned)asked);
        break;
    case REGISTRY_NO_LENGTH:
        contract_report(RULE_REG_08, channel, routine, access->place, "%s", words);
        break;
    case REGISTRY_OTHER_TYPE: /* the user's doing, who is to know that the setting is not used */
    case REGISTRY_BAD_NAME:
    case REGISTRY_NO_MEMORY:
    case REGISTRY_NOT_WRITTEN:
        port_message(channel, "%s: value \"%.64s\": %s", routine, name, words);
        break;
    case REGISTRY_MISSING:
    case REGISTRY_NOT_ENOUGH:
    case REGISTRY_HAS_BUFFER:
    case REGISTRY_NOT_THE_BUFFER:
    case REGISTRY_READ_ONLY: /* the user's wish, and nobody's fault */
        break;
    }
    return FALSE;
}

/* MEM-04. Buffer has rules of its own. */
static bool is_refused(const struct registry_access *access, const char *routine)
{
    return memory_is_refused(access->name, 1, routine, access->place) ||
           memory_is_refused(access->byte_count, sizeof *access->byte_count, routine,
                             access->place);
}

/* The name that drivers call one by. */
#define REGISTRY_ROUTINE(name)                                  \
    (ChannelSubKey ? ROUTINE_AtaPortRegistryChannelSubkey##name \
                   : ROUTINE_AtaPortRegistryControllerKey##name)

/* The routines' arguments from ControllerNumber on, with the place they were called from. */
#define ACCESS_ARGUMENTS                          \
    ((struct registry_access){                    \
        .controller = ControllerNumber,           \
        .is_channel_key = ChannelSubKey != FALSE, \
        .name = (const char *)ValueName,          \
        .type = ValueType,                        \
        .buffer = Buffer,                         \
        .byte_count = (uint32_t *)BufferLength,   \
        .place = CALLER,                          \
    })

BOOLEAN NTAPI AtaPortRegistryRead(PVOID ChannelExtension, UCHAR ControllerNumber,
                                  BOOLEAN ChannelSubKey, PCHAR ValueName, UCHAR ValueType,
                                  PUCHAR Buffer, PULONG BufferLength)
{
    const enum routine routine = REGISTRY_ROUTINE(Read);
    struct registry_access access = ACCESS_ARGUMENTS;
    struct channel *channel = enter(ChannelExtension, routine, CALLER);
    uint32_t asked;

    if (!channel || is_refused(&access, routine_name(routine)))
        return FALSE;
    asked = BufferLength ? *BufferLength : 0;
    return finish(channel, &access, registry_read(&channel->registry, &access), asked,
                  routine_name(routine));
}

BOOLEAN NTAPI AtaPortRegistryWrite(PVOID ChannelExtension, UCHAR ControllerNumber,
                                   BOOLEAN ChannelSubKey, PCHAR ValueName, UCHAR ValueType,
                                   PUCHAR Buffer, PULONG BufferLength)
{
    const enum routine routine = REGISTRY_ROUTINE(Write);
    struct registry_access access = ACCESS_ARGUMENTS;
    struct channel *channel = enter(ChannelExtension, routine, CALLER);
    uint32_t asked;

    if (!channel || is_refused(&access, routine_name(routine)))
        return FALSE;
    asked = BufferLength ? *BufferLength : 0;
    return finish(channel, &access, registry_write(&channel->registry, &access), asked,
                  routine_name(routine));
}

BOOLEAN NTAPI AtaPortRegistryWriteDeferred(PVOID ChannelExtension, UCHAR ControllerNumber,
                                           BOOLEAN ChannelSubKey, PCHAR ValueName, UCHAR ValueType,
                                           PUCHAR Buffer, PULONG BufferLength)
{
    const enum routine routine = REGISTRY_ROUTINE(WriteDeferred);
    struct registry_access access = ACCESS_ARGUMENTS;
    struct channel *channel = enter(ChannelExtension, routine, CALLER);
    enum registry_status status;
    uint32_t asked;
    enum irql irql;

    if (!channel || is_refused(&access, routine_name(routine)))
        return FALSE;
    asked = BufferLength ? *BufferLength : 0;
    /* IdeHwInterrupt may write, too: one at a time. */
    irql = irql_enter_dirql();
    status = registry_write_deferred(&channel->registry, &access);
    irql_leave_dirql(irql);
    return finish(channel, &access, status, asked, routine_name(routine));
}
