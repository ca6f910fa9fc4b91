/* SPDX-License-Identifier: MIT */
/*
 * Deferred writes: nothing is stored before AtaPortRegistryFreeBuffer, and then all of it, as the
 * buffer is at that moment (REG-11). Entered at PASSIVE_LEVEL.
 */
#include "probe.h"

#define MOST_DEFERRED 64u /* that the port keeps for a channel */

/* Writes `value` into the buffer's dword number `index`, and that deferred. */
static FORCEINLINE BOOLEAN defer(struct probe_channel *channel, PUCHAR buffer, ULONG index,
                                 PCHAR name, ULONG value)
{
    PULONG dword = (PULONG)(PVOID)buffer + index;
    ULONG length = 4;

    *dword = value;
    return WriteValueDeferred(channel, 0, name, IDE_REG_DWORD, (PUCHAR)dword, &length);
}

static CASE deferred_until_freed(struct probe_channel *channel)
{
    PUCHAR buffer;

    case_begin(__func__);
    buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    CHECK(buffer != NULL);
    CHECK(defer(channel, buffer, 0, "First", 1));
    CHECK(defer(channel, buffer, 1, "Second", 2));
    CHECK(has_no_value(channel, buffer + 32, "First"));
    CHECK(has_no_value(channel, buffer + 32, "Second"));
    AtaPortRegistryFreeBuffer(channel, buffer);
    buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    CHECK(has_dword(channel, buffer, "First", 1));
    CHECK(has_dword(channel, buffer, "Second", 2));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* Of several writes to one value the last wins, and over an immediate one in between. */
static CASE deferred_last_wins(struct probe_channel *channel)
{
    PUCHAR buffer;
    ULONG length = 4;

    case_begin(__func__);
    buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    CHECK(buffer != NULL);
    CHECK(defer(channel, buffer, 2, "Last", 1));
    CHECK(defer(channel, buffer, 0, "Last", 2));
    CHECK(defer(channel, buffer, 1, "Last", 3));
    *(PULONG)(PVOID)(buffer + 32) = 4;
    CHECK(WriteValue(channel, 0, "Last", IDE_REG_DWORD, buffer + 32, &length));
    AtaPortRegistryFreeBuffer(channel, buffer);
    buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    CHECK(has_dword(channel, buffer, "Last", 3));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* REG-11, by the same bytes used twice. */
static CASE deferred_changed(struct probe_channel *channel)
{
    PUCHAR buffer;

    case_begin(__func__);
    buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    CHECK(buffer != NULL);
    CHECK(defer(channel, buffer, 0, "ChangedFirst", 1));
    CHECK(defer(channel, buffer, 0, "ChangedSecond", 2));
    CHECK(defer(channel, buffer, 1, "Unchanged", 3));
    AtaPortRegistryFreeBuffer(channel, buffer); /* BREAKS: REG-11 */
    buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    CHECK(has_dword(channel, buffer, "ChangedFirst", 2));
    CHECK(has_dword(channel, buffer, "ChangedSecond", 2));
    CHECK(has_dword(channel, buffer, "Unchanged", 3));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* A write that is refused takes none of the others with it. */
static CASE deferred_too_many(struct probe_channel *channel)
{
    CHAR name[] = "Many00";
    PUCHAR buffer;

    case_begin(__func__);
    buffer = AtaPortRegistryAllocateBuffer(channel, 4 * (MOST_DEFERRED + 1));
    CHECK(buffer != NULL);
    for (ULONG i = 0; i <= MOST_DEFERRED; i++) {
        name[4] = (CHAR)('0' + i / 10);
        name[5] = (CHAR)('0' + i % 10);
        CHECK(defer(channel, buffer, i, name, i) == (i < MOST_DEFERRED));
    }
    AtaPortRegistryFreeBuffer(channel, buffer);
    buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    CHECK(has_dword(channel, buffer, "Many00", 0));
    CHECK(has_dword(channel, buffer, "Many63", 63));
    CHECK(has_no_value(channel, buffer, "Many64"));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* What one buffer was written is not written again with the next. */
static CASE deferred_forgotten(struct probe_channel *channel)
{
    PUCHAR buffer;
    ULONG length = 4;

    case_begin(__func__);
    buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    CHECK(buffer != NULL);
    *(PULONG)(PVOID)buffer = 5;
    CHECK(WriteValue(channel, 0, "First", IDE_REG_DWORD, buffer, &length));
    AtaPortRegistryFreeBuffer(channel, buffer);
    buffer = AtaPortRegistryAllocateBuffer(channel, 64);
    CHECK(has_dword(channel, buffer, "First", 5));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

void deferred_cases(struct probe_channel *channel)
{
    deferred_until_freed(channel);
    deferred_last_wins(channel);
    deferred_changed(channel);
    deferred_too_many(channel);
    deferred_forgotten(channel);
}
