/* SPDX-License-Identifier: MIT */
/*
 * AtaPortRegistryAllocateBuffer and AtaPortRegistryFreeBuffer, from where they may be called: sizes,
 * one buffer at a time, what may be freed, two channels and one arena. Entered at PASSIVE_LEVEL.
 */
#include "probe.h"

/* ------------------------------------------------------------------ sizes */

/* A buffer is aligned for a pointer, zeroed, can be written to its last byte, and ends, rounded up to
 * a pointer, with a page: the next one is the guard. */
static void check_size(struct probe_channel *channel, ULONG byte_count)
{
    const ULONG_PTR pointer_mask = sizeof(PVOID) - 1;

    for (ULONG round = 0; round < 2; round++) {
        PUCHAR buffer = AtaPortRegistryAllocateBuffer(channel, byte_count);
        ULONG_PTR address = (ULONG_PTR)buffer;

        CHECK(buffer != NULL);
        if (!buffer)
            return;
        CHECK((address & pointer_mask) == 0);
        CHECK((address + ((byte_count + pointer_mask) & ~pointer_mask)) % PAGE_BYTES == 0);
        CHECK(is_filled(buffer, byte_count, 0));
        fill(buffer, byte_count, 0xFF); /* which the second round must not find */
        CHECK(is_filled(buffer, byte_count, 0xFF));
        AtaPortRegistryFreeBuffer(channel, buffer);
    }
}

static void check_no_such_size(struct probe_channel *channel, ULONG byte_count)
{
    PUCHAR buffer;

    CHECK(AtaPortRegistryAllocateBuffer(channel, byte_count) == NULL);
    buffer = AtaPortRegistryAllocateBuffer(channel, 8); /* and there is no live buffer */
    CHECK(buffer != NULL);
    AtaPortRegistryFreeBuffer(channel, buffer);
}

#define SIZE_CASE(name, check, byte_count)          \
    static CASE name(struct probe_channel *channel) \
    {                                               \
        case_begin(__func__);                       \
        check(channel, byte_count);                 \
        case_end();                                 \
    }

SIZE_CASE(size_0, check_no_such_size, 0)
SIZE_CASE(size_1, check_size, 1)
SIZE_CASE(size_7, check_size, 7)
SIZE_CASE(size_8, check_size, 8)
SIZE_CASE(size_4095, check_size, PAGE_BYTES - 1)
SIZE_CASE(size_4096, check_size, PAGE_BYTES)
SIZE_CASE(size_4097, check_size, PAGE_BYTES + 1)
SIZE_CASE(size_arena, check_size, ARENA_BYTES)
SIZE_CASE(size_arena_and_1, check_no_such_size, ARENA_BYTES + 1)
SIZE_CASE(size_2_gib, check_no_such_size, 0x80000000u)
SIZE_CASE(size_rounds_to_0, check_no_such_size, 0xFFFFFFF9u)
SIZE_CASE(size_largest, check_no_such_size, 0xFFFFFFFFu)

/* ------------------------------------------------------------------ one at a time: REG-02 */

static CASE second_buffer(struct probe_channel *channel)
{
    PUCHAR buffer, other;

    case_begin(__func__);
    buffer = AtaPortRegistryAllocateBuffer(channel, 100);
    CHECK(buffer != NULL);
    fill(buffer, 100, 0x5A);
    CHECK(AtaPortRegistryAllocateBuffer(channel, 100) == NULL);         /* BREAKS: REG-02 */
    CHECK(AtaPortRegistryAllocateBuffer(channel, 0) == NULL);           /* BREAKS: REG-02 */
    CHECK(AtaPortRegistryAllocateBuffer(channel, 0xFFFFFFFFu) == NULL); /* BREAKS: REG-02 */
    CHECK(is_filled(buffer, 100, 0x5A)); /* the first one has not changed */
    AtaPortRegistryFreeBuffer(channel, buffer);
    other = AtaPortRegistryAllocateBuffer(channel, 200); /* any other time */
    CHECK(other != NULL);
    AtaPortRegistryFreeBuffer(channel, other);
    case_end();
}

/* ------------------------------------------------------------------ what may be freed: REG-04 */

/* Hands `pointer` over while there is a buffer, which must outlive that. */
static FORCEINLINE void free_other(struct probe_channel *channel, PUCHAR buffer, PVOID pointer)
{
    ULONG length = 4;

    CHECK(buffer != NULL);
    fill(buffer, 100, 0x5A);
    AtaPortRegistryFreeBuffer(channel, pointer); /* BREAKS: REG-04 */
    CHECK(is_filled(buffer, 100, 0x5A));
    CHECK(ReadValue(channel, 0, "Number", IDE_REG_DWORD, buffer, &length));
    AtaPortRegistryFreeBuffer(channel, buffer);
}

#define FREE_CASE(name, pointer)                                     \
    static CASE name(struct probe_channel *channel)                  \
    {                                                                \
        UCHAR local[8];                                              \
        PUCHAR buffer = AtaPortRegistryAllocateBuffer(channel, 100); \
                                                                     \
        UNREFERENCED_PARAMETER(local);                               \
        case_begin(__func__);                                        \
        free_other(channel, buffer, pointer);                        \
        case_end();                                                  \
    }

FREE_CASE(free_null, NULL)
FREE_CASE(free_stack, local)
FREE_CASE(free_inside, buffer + 8)
FREE_CASE(free_before, buffer - 4) /* the buffer's page begins before it */
FREE_CASE(free_page, (PUCHAR)((ULONG_PTR)buffer & ~(ULONG_PTR)(PAGE_BYTES - 1)))
FREE_CASE(free_behind, buffer + 104) /* the guard page */
FREE_CASE(free_not_memory, (PUCHAR) ~(ULONG_PTR)7)

static CASE free_twice(struct probe_channel *channel)
{
    PUCHAR buffer, again;

    case_begin(__func__);
    buffer = AtaPortRegistryAllocateBuffer(channel, 100);
    CHECK(buffer != NULL);
    AtaPortRegistryFreeBuffer(channel, buffer);
    AtaPortRegistryFreeBuffer(channel, buffer); /* BREAKS: REG-04 */
    /* Without a buffer NULL is as wrong. BREAKS: REG-04 */
    AtaPortRegistryFreeBuffer(channel, NULL);
    again = AtaPortRegistryAllocateBuffer(channel, 100);
    CHECK(again != NULL);
    AtaPortRegistryFreeBuffer(channel, again);
    case_end();
}

/* ------------------------------------------------------------------ beside the buffer: REG-05 */

/* Nothing stops a write between 61 bytes and 64: the next call sees it, once. */
static CASE overrun_in_slack(struct probe_channel *channel)
{
    PUCHAR buffer;
    ULONG length = 4;

    case_begin(__func__);
    buffer = AtaPortRegistryAllocateBuffer(channel, 61);
    CHECK(buffer != NULL);
    buffer[61] = 0;
    /* BREAKS: REG-05 */
    CHECK(ReadValue(channel, 0, "Number", IDE_REG_DWORD, buffer, &length));
    buffer[-1] = 0;
    AtaPortRegistryFreeBuffer(channel, buffer); /* BREAKS: REG-05 */
    case_end();
}

void buffer_cases(struct probe_channel *channel)
{
    size_0(channel);
    size_1(channel);
    size_7(channel);
    size_8(channel);
    size_4095(channel);
    size_4096(channel);
    size_4097(channel);
    size_arena(channel);
    size_arena_and_1(channel);
    size_2_gib(channel);
    size_rounds_to_0(channel);
    size_largest(channel);
    second_buffer(channel);
    free_null(channel);
    free_stack(channel);
    free_inside(channel);
    free_before(channel);
    free_page(channel);
    free_behind(channel);
    free_not_memory(channel);
    free_twice(channel);
    overrun_in_slack(channel);
}

/* ------------------------------------------------------------------ where all is allowed */

/* Allocates, reads, writes, writes deferred, frees, and finds what it wrote. */
static FORCEINLINE void use_all(struct probe_channel *channel, ULONG byte_count, PCHAR now,
                                PCHAR later)
{
    PUCHAR buffer = AtaPortRegistryAllocateBuffer(channel, byte_count);
    PULONG dword = (PULONG)(PVOID)buffer;
    ULONG length = 4;

    CHECK(buffer != NULL);
    if (!buffer)
        return;
    CHECK(has_dword(channel, buffer, "Number", 0x12345678));
    *dword = 0x600D;
    CHECK(WriteValue(channel, 0, now, IDE_REG_DWORD, buffer, &length));
    CHECK(WriteValueDeferred(channel, 0, later, IDE_REG_DWORD, buffer, &length));
    AtaPortRegistryFreeBuffer(channel, buffer);
    buffer = AtaPortRegistryAllocateBuffer(channel, byte_count);
    CHECK(buffer != NULL);
    CHECK(has_dword(channel, buffer, now, 0x600D));
    CHECK(has_dword(channel, buffer, later, 0x600D));
    AtaPortRegistryFreeBuffer(channel, buffer);
}

CASE in_channel_init(struct probe_channel *channel)
{
    case_begin(__func__);
    use_all(channel, 64, "InitNow", "InitLater");
    case_end();
}

/* The channel has had a buffer of the whole arena since it was started. */
CASE in_stop(struct probe_channel *channel)
{
    PUCHAR buffer;

    case_begin(__func__);
    CHECK(has_no_value(channel, channel->buffer + PAGE_BYTES, "StartIo")); /* written deferred */
    AtaPortRegistryFreeBuffer(channel, channel->buffer);
    use_all(channel, ARENA_BYTES, "StopNow", "StopLater");
    buffer = AtaPortRegistryAllocateBuffer(channel, 4);
    CHECK(buffer != NULL);
    check_context_values(channel, buffer);
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* CTX-08. The port goes by the mode that the channel's configuration has; nothing else in this
 * kernel makes it IdeModeDump. */
CASE dump_mode(struct probe_channel *channel)
{
    PUCHAR buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    ULONG length = 4;

    case_begin(__func__);
    CHECK(buffer != NULL);
    fill(buffer, 64, 0x5A);
    channel->configuration->ChannelMode = IdeModeDump;
    CHECK(AtaPortRegistryAllocateBuffer(channel, 16) == NULL);               /* BREAKS: CTX-08 */
    AtaPortRegistryFreeBuffer(channel, buffer);                              /* BREAKS: CTX-08 */
    CHECK(!ReadValue(channel, 0, "Number", IDE_REG_DWORD, buffer, &length)); /* BREAKS: CTX-08 */
    CHECK(is_filled(buffer, 64, 0x5A));
    /* BREAKS: CTX-08 */
    CHECK(!WriteValue(channel, 0, "Refused", IDE_REG_DWORD, buffer, &length));
    /* BREAKS: CTX-08 */
    CHECK(!WriteValueDeferred(channel, 0, "Refused", IDE_REG_DWORD, buffer, &length));
    channel->configuration->ChannelMode = IdeModeNormal;
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* ------------------------------------------------------------------ two channels, one arena */

static void check_exhausted(struct probe_channel *channel)
{
    PUCHAR all = probe_channels[0]->buffer;

    CHECK(all != NULL);
    CHECK(AtaPortRegistryAllocateBuffer(channel, 1) == NULL);
    CHECK(AtaPortRegistryAllocateBuffer(channel, PAGE_BYTES) == NULL);
    CHECK(AtaPortRegistryAllocateBuffer(channel, ARENA_BYTES) == NULL);
    all[0] = all[ARENA_BYTES - 1] = 0x5A; /* it is still channel 0's */
    CHECK(all[0] == 0x5A && all[ARENA_BYTES - 1] == 0x5A);
}

CASE exhausted_in_channel_init(struct probe_channel *channel)
{
    case_begin(__func__);
    check_exhausted(channel);
    case_end();
}

/* That channel's buffer is no way out. */
CASE exhausted(struct probe_channel *channel)
{
    PUCHAR all = probe_channels[0]->buffer;
    ULONG length = 4;

    case_begin(__func__);
    check_exhausted(channel);
    AtaPortRegistryFreeBuffer(channel, all);                              /* BREAKS: REG-04 */
    CHECK(!ReadValue(channel, 0, "Number", IDE_REG_DWORD, all, &length)); /* BREAKS: REG-08 */
    check_exhausted(channel);
    case_end();
}

/* Both channels have one. */
CASE other_channels_buffer(struct probe_channel *channel)
{
    PUCHAR other = probe_channels[1]->buffer, buffer;
    ULONG length;

    case_begin(__func__);
    buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    CHECK(buffer != NULL && other != NULL);
    fill(buffer, 64, 0x5A);
    fill(other, 64, 0xA5);
    AtaPortRegistryFreeBuffer(channel, other); /* BREAKS: REG-04 */
    length = 4;
    CHECK(!ReadValue(channel, 0, "Number", IDE_REG_DWORD, other, &length)); /* BREAKS: REG-08 */
    length = 4;
    CHECK(!WriteValue(channel, 0, "Refused", IDE_REG_DWORD, other, &length)); /* BREAKS: REG-08 */
    length = 4;
    /* BREAKS: REG-08 */
    CHECK(!WriteValueDeferred(channel, 0, "Refused", IDE_REG_DWORD, other, &length));
    CHECK(is_filled(buffer, 64, 0x5A) && is_filled(other, 64, 0xA5));
    CHECK(has_no_value(channel, buffer, "Refused"));
    AtaPortRegistryFreeBuffer(channel, buffer);
    CHECK(is_filled(other, 64, 0xA5));
    case_end();
}

/* ------------------------------------------------------------------ never freed: REG-07 */

/* Channel 0 has freed its buffer: now there is enough. The channel stops with it. */
CASE left_behind(struct probe_channel *channel)
{
    PUCHAR buffer;
    ULONG length = 4;

    case_begin(__func__);
    buffer = AtaPortRegistryAllocateBuffer(channel, ARENA_BYTES); /* BREAKS: REG-07 */
    CHECK(buffer != NULL);
    if (!buffer)
        return;
    CHECK(is_filled(buffer, ARENA_BYTES, 0));
    *(PULONG)(PVOID)buffer = 0x1EF7;
    CHECK(WriteValueDeferred(channel, 0, "LeftFirst", IDE_REG_DWORD, buffer, &length));
    *(PULONG)(PVOID)(buffer + ARENA_BYTES - 4) = 0xBE41;
    CHECK(WriteValueDeferred(channel, 0, "LeftLast", IDE_REG_DWORD, buffer + ARENA_BYTES - 4,
                             &length));
}

void left_behind_end(struct probe_channel *channel)
{
    PUCHAR buffer = AtaPortRegistryAllocateBuffer(channel, ARENA_BYTES);

    CHECK(buffer != NULL);
    CHECK(has_dword(channel, buffer, "LeftFirst", 0x1EF7));
    CHECK(has_dword(channel, buffer, "LeftLast", 0xBE41));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* As published drivers do: a buffer for each value, whatever comes back, and none of them freed. */
CASE never_freed(struct probe_channel *channel)
{
    PUCHAR first, second, third;
    ULONG length = 4;

    case_begin(__func__);
    first = AtaPortRegistryAllocateBuffer(channel, 4); /* BREAKS: REG-07 */
    CHECK(first && has_dword(channel, first, "LeftFirst", 0x1EF7));
    second = AtaPortRegistryAllocateBuffer(channel, 4); /* BREAKS: REG-02 */
    /* BREAKS: REG-08 */
    CHECK(!ReadValue(channel, 0, "LeftLast", IDE_REG_DWORD, second, &length));
    third = AtaPortRegistryAllocateBuffer(channel, 4); /* BREAKS: REG-02 */
    length = 4;
    CHECK(!ReadValue(channel, 0, "LeftLast", IDE_REG_DWORD, third, &length)); /* BREAKS: REG-08 */
}

void never_freed_end(struct probe_channel *channel)
{
    PUCHAR buffer = AtaPortRegistryAllocateBuffer(channel, ARENA_BYTES);

    CHECK(buffer != NULL);
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}
