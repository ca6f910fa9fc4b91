/* SPDX-License-Identifier: MIT */
/*
 * The exported registry routines: AtaPortRegistryAllocateBuffer, FreeBuffer, Read, Write,
 * WriteDeferred.
 *
 * Owns the rules about them (REG-01 to REG-14, CTX-08): who may call what and when, and what is
 * reported; what the routines do is in service.c. Every call looks first whether something wrote
 * beside the channel's buffer (REG-05). Entered from every context in which a miniport runs; only
 * deferred writes go on above PASSIVE_LEVEL.
 */
#include <irb.h>

#include "lib/plural.h"
#include "port/memory.h"
#include "port/port.h"
#include "port/registry/kernel.h"

_Static_assert(IDE_REG_SZ == REGISTRY_SZ && IDE_REG_BINARY == REGISTRY_BINARY &&
                   IDE_REG_DWORD == REGISTRY_DWORD,
               "the interface's types are the registry's");
_Static_assert(sizeof(ULONG) == sizeof(uint32_t), "lengths are 32 bits");

/* ------------------------------------------------------------------ who may call, and when */

/* AtaChannelInitRoutine, or IdeHwControl with IdeStart or IdeStop, of this channel. */
static bool is_start_or_stop(const struct channel *channel)
{
    const struct context *context = context_now;

    if (context->channel != channel)
        return false;
    return context->kind == CONTEXT_CHANNEL_INIT ||
           (context->kind == CONTEXT_HW_CONTROL &&
            (context->action == IdeStart || context->action == IdeStop));
}

/* A routine of the channel's interface. Those that it asked to be called back in are none of these.
 */
static bool is_channel_routine(const struct channel *channel)
{
    const struct context *context = context_now;

    if (context->channel != channel)
        return false;
    switch (context->kind) {
    case CONTEXT_CHANNEL_INIT:
    case CONTEXT_HW_CONTROL:
    case CONTEXT_HW_INITIALIZE:
    case CONTEXT_START_IO:
    case CONTEXT_INTERRUPT:
    case CONTEXT_RESET:
        return true;
    case CONTEXT_NONE:
    case CONTEXT_DRIVER_ENTRY:
    case CONTEXT_ADAPTER_CONTROL:
    case CONTEXT_CHANNEL_ENABLED:
    case CONTEXT_TRANSFER_MODE_SELECT:
    case CONTEXT_BUILD_IO:
    case CONTEXT_WORKER:
    case CONTEXT_TIMER:
    case CONTEXT_SYNCHRONIZED:
    case CONTEXT_CONTROLLER_SYNC:
    case CONTEXT_KIND_COUNT:
        break;
    }
    return false;
}

static bool is_controller_only(void)
{
    const struct driver *driver = context_now->driver;
    return driver && driver->is_registered && !driver->interface.AtaChannelInitRoutine;
}

/* REG-05, for what nothing stopped: bytes of the same page, or of the last pointer. */
static void report_damage(struct channel *channel, const char *routine, const void *place)
{
    struct registry_channel *registry = &channel->registry;
    size_t distance;
    enum arena_damage damage = registry_check(registry, &distance);

    if (damage != ARENA_INTACT)
        contract_report(
            RULE_REG_05, channel, routine, place,
            "since the last registry call something wrote %zu byte%s %s the buffer of %zu "
            "bytes at %p",
            damage == ARENA_DAMAGED_BEHIND ? distance + 1 : distance,
            plural(distance + (damage == ARENA_DAMAGED_BEHIND)),
            damage == ARENA_DAMAGED_BEHIND ? "past the end of" : "before",
            registry->window.byte_count, (void *)registry->window.buffer);
}

/* What every routine looks at before it does anything. NULL: it must return its failure value. */
static struct channel *enter(PVOID extension, enum rule context_rule, const char *routine,
                             const void *place)
{
    struct channel *channel;
    bool may_call;

    contract_direction(routine, place);
    if (is_controller_only()) {
        contract_report(RULE_REG_14, NULL, routine, place, "nothing was done");
        return NULL;
    }
    channel = contract_enter(extension, routine, place);
    if (!channel)
        return NULL;
    report_damage(channel, routine, place);
    if (channel->given.configuration.ChannelMode == IdeModeDump) {
        contract_report(RULE_CTX_08, channel, routine, place, "nothing was done");
        return NULL;
    }
    may_call =
        context_rule == RULE_REG_10 ? is_channel_routine(channel) : is_start_or_stop(channel);
    if (may_call)
        return channel;
    contract_report(context_rule, channel, routine, place, "nothing was done");
    return NULL;
}

/* ------------------------------------------------------------------ the buffer */

PVOID NTAPI AtaPortRegistryAllocateBuffer(PVOID ChannelExtension, ULONG BufferSize)
{
    static const char routine[] = "AtaPortRegistryAllocateBuffer";
    struct channel *channel = enter(ChannelExtension, RULE_REG_01, routine, CALLER);
    enum registry_status status;
    void *buffer;

    if (!channel)
        return NULL;
    buffer = registry_allocate(&channel->registry, BufferSize, CALLER, &status);
    if (status == REGISTRY_HAS_BUFFER)
        contract_report(RULE_REG_02, channel, routine, CALLER,
                        "its %zu-byte buffer is at %p; no other was allocated",
                        channel->registry.window.byte_count,
                        (void *)channel->registry.window.buffer);
    else if (!buffer)
        port_message(channel, "%s(%u): %s (pages free: %u of %u)", routine, (unsigned)BufferSize,
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
    static const char routine[] = "AtaPortRegistryFreeBuffer";
    struct channel *channel = enter(ChannelExtension, RULE_REG_03, routine, CALLER);

    if (channel)
        registry_kernel_free(channel, Buffer, routine, CALLER);
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

/* Both names of one: as drivers call it, and as it is exported. */
#define REGISTRY_ROUTINE(name)                                                   \
    (ChannelSubKey ? "AtaPortRegistryChannelSubkey" name "/AtaPortRegistry" name \
                   : "AtaPortRegistryControllerKey" name "/AtaPortRegistry" name)

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
    const char *routine = REGISTRY_ROUTINE("Read");
    struct registry_access access = ACCESS_ARGUMENTS;
    struct channel *channel = enter(ChannelExtension, RULE_REG_09, routine, CALLER);
    uint32_t asked;

    if (!channel || is_refused(&access, routine))
        return FALSE;
    asked = BufferLength ? *BufferLength : 0;
    return finish(channel, &access, registry_read(&channel->registry, &access), asked, routine);
}

BOOLEAN NTAPI AtaPortRegistryWrite(PVOID ChannelExtension, UCHAR ControllerNumber,
                                   BOOLEAN ChannelSubKey, PCHAR ValueName, UCHAR ValueType,
                                   PUCHAR Buffer, PULONG BufferLength)
{
    const char *routine = REGISTRY_ROUTINE("Write");
    struct registry_access access = ACCESS_ARGUMENTS;
    struct channel *channel = enter(ChannelExtension, RULE_REG_09, routine, CALLER);
    uint32_t asked;

    if (!channel || is_refused(&access, routine))
        return FALSE;
    asked = BufferLength ? *BufferLength : 0;
    return finish(channel, &access, registry_write(&channel->registry, &access), asked, routine);
}

BOOLEAN NTAPI AtaPortRegistryWriteDeferred(PVOID ChannelExtension, UCHAR ControllerNumber,
                                           BOOLEAN ChannelSubKey, PCHAR ValueName, UCHAR ValueType,
                                           PUCHAR Buffer, PULONG BufferLength)
{
    const char *routine = REGISTRY_ROUTINE("WriteDeferred");
    struct registry_access access = ACCESS_ARGUMENTS;
    struct channel *channel = enter(ChannelExtension, RULE_REG_10, routine, CALLER);
    enum registry_status status;
    uint32_t asked;
    enum irql irql;

    if (!channel || is_refused(&access, routine))
        return FALSE;
    asked = BufferLength ? *BufferLength : 0;
    /* IdeHwInterrupt may write, too: one at a time. */
    irql = irql_enter_dirql();
    status = registry_write_deferred(&channel->registry, &access);
    irql_leave_dirql(irql);
    return finish(channel, &access, status, asked, routine);
}
