/* SPDX-License-Identifier: MIT */
/*
 * Reads and immediate writes from where they may be called: types, lengths, and where Buffer lies
 * (REG-08, REG-12, REG-13). registry.reg has the values that are read. Entered at PASSIVE_LEVEL.
 */
#include "probe.h"

#define BUFFER_BYTES 64u

static PUCHAR new_buffer(struct probe_channel *channel)
{
    PUCHAR buffer = AtaPortRegistryAllocateBuffer(channel, BUFFER_BYTES);

    CHECK(buffer != NULL);
    fill(buffer, BUFFER_BYTES, 0x5A);
    return buffer;
}

/* ------------------------------------------------------------------ reading */

static CASE read_values(struct probe_channel *channel)
{
    static const UCHAR bytes[] = {1, 2, 3, 4, 5};
    static const WCHAR text[] = {'s', 'e', 'v', 'e', 'n', 0};
    PUCHAR buffer;
    ULONG length;

    case_begin(__func__);
    buffer = new_buffer(channel);
    length = 4;
    CHECK(AtaPortRegistryControllerKeyRead(channel, 0, "Number", IDE_REG_DWORD, buffer, &length));
    CHECK(length == 4 && *(PULONG)(PVOID)buffer == 0x17);
    length = BUFFER_BYTES;
    CHECK(ReadValue(channel, 0, "number", IDE_REG_DWORD, buffer, &length));
    CHECK(length == 4 && *(PULONG)(PVOID)buffer == 0x12345678);
    CHECK(is_filled(buffer + 4, BUFFER_BYTES - 4, 0x5A));
    length = sizeof bytes;
    CHECK(ReadValue(channel, 0, "Bytes", IDE_REG_BINARY, buffer, &length));
    CHECK(length == sizeof bytes);
    for (ULONG i = 0; i < sizeof bytes; i++)
        CHECK(buffer[i] == bytes[i]);
    length = sizeof text; /* up to the last byte of the buffer */
    CHECK(ReadValue(channel, 0, "Text", IDE_REG_SZ, buffer + BUFFER_BYTES - sizeof text, &length));
    CHECK(length == sizeof text);
    for (ULONG i = 0; i < ARRAYSIZE(text); i++)
        CHECK(((PWCHAR)(PVOID)(buffer + BUFFER_BYTES - sizeof text))[i] == text[i]);
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* A read that fails leaves the buffer alone, and stores the length needed, or 0. */
static FORCEINLINE void read_fails(struct probe_channel *channel, PUCHAR buffer, UCHAR controller,
                                   PCHAR name, UCHAR type, ULONG room, ULONG needed)
{
    ULONG length = room;

    /* BREAKS: REG-12 REG-13 */
    CHECK(!ReadValue(channel, controller, name, type, buffer, &length));
    CHECK(length == needed);
    CHECK(is_filled(buffer, BUFFER_BYTES, 0x5A));
}

static CASE read_missing(struct probe_channel *channel)
{
    PUCHAR buffer;

    case_begin(__func__);
    buffer = new_buffer(channel);
    read_fails(channel, buffer, 0, "Nothing", IDE_REG_DWORD, 4, 0);
    read_fails(channel, buffer, 0, "", IDE_REG_SZ, 4, 0);
    read_fails(channel, buffer, 1, "Number", IDE_REG_DWORD, 4, 0);
    read_fails(channel, buffer, 255, "Number", IDE_REG_DWORD, 4, 0);
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

static CASE read_too_short(struct probe_channel *channel)
{
    PUCHAR buffer;

    case_begin(__func__);
    buffer = new_buffer(channel);
    read_fails(channel, buffer, 0, "Number", IDE_REG_DWORD, 3, 4);
    read_fails(channel, buffer, 0, "Bytes", IDE_REG_BINARY, 4, 5);
    read_fails(channel, buffer, 0, "Text", IDE_REG_SZ, 11, 12);
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* Asking for the length is no offence, with or without a buffer. */
static CASE read_length(struct probe_channel *channel)
{
    PUCHAR buffer;
    ULONG length = 0;

    case_begin(__func__);
    CHECK(!ReadValue(channel, 0, "Text", IDE_REG_SZ, NULL, &length));
    CHECK(length == 12);
    buffer = new_buffer(channel);
    length = 0;
    CHECK(!ReadValue(channel, 0, "Bytes", IDE_REG_BINARY, NULL, &length));
    CHECK(length == 5);
    read_fails(channel, buffer, 0, "Bytes", IDE_REG_BINARY, 0, 5);
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* What the user has stored in another type, or in a length that its type has not, is not the
 * driver's fault: it is told FALSE, and nothing is reported. */
static CASE read_stored_otherwise(struct probe_channel *channel)
{
    PUCHAR buffer;

    case_begin(__func__);
    buffer = new_buffer(channel);
    read_fails(channel, buffer, 0, "Number", IDE_REG_BINARY, 16, 0);
    read_fails(channel, buffer, 0, "Bytes", IDE_REG_SZ, 16, 0);
    read_fails(channel, buffer, 0, "Text", IDE_REG_DWORD, 16, 0);
    read_fails(channel, buffer, 0, "Odd", IDE_REG_DWORD, 16, 0);
    read_fails(channel, buffer, 0, "Half", IDE_REG_SZ, 16, 0);
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

static CASE read_other_type(struct probe_channel *channel)
{
    PUCHAR buffer;

    case_begin(__func__);
    buffer = new_buffer(channel);
    read_fails(channel, buffer, 0, "Number", 0, 16, 0);
    read_fails(channel, buffer, 0, "Number", 2, 16, 0);
    read_fails(channel, buffer, 0, "Number", 255, 16, 0);
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* ------------------------------------------------------------------ writing */

static CASE write_values(struct probe_channel *channel)
{
    PUCHAR buffer;
    ULONG length;

    case_begin(__func__);
    buffer = new_buffer(channel);
    length = 4;
    CHECK(WriteValue(channel, 0, "Written", IDE_REG_DWORD, buffer, &length));
    length = BUFFER_BYTES;
    CHECK(
        AtaPortRegistryControllerKeyWrite(channel, 0, "Written", IDE_REG_BINARY, buffer, &length));
    fill(buffer, BUFFER_BYTES, 0);
    CHECK(has_dword(channel, buffer, "Written", 0x5A5A5A5A));
    length = BUFFER_BYTES;
    CHECK(AtaPortRegistryControllerKeyRead(channel, 0, "Written", IDE_REG_BINARY, buffer, &length));
    CHECK(length == BUFFER_BYTES && is_filled(buffer, BUFFER_BYTES, 0x5A));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* Both kinds of write are refused, and store nothing. */
static FORCEINLINE void write_fails(struct probe_channel *channel, PUCHAR buffer, UCHAR type,
                                    ULONG byte_count)
{
    ULONG length = byte_count;

    CHECK(!WriteValue(channel, 0, "Refused", type, buffer, &length)); /* BREAKS: REG-12 */
    length = byte_count;
    CHECK(!WriteValueDeferred(channel, 0, "Refused", type, buffer, &length)); /* BREAKS: REG-12 */
}

static CASE write_other_type(struct probe_channel *channel)
{
    PUCHAR buffer;

    case_begin(__func__);
    buffer = new_buffer(channel);
    buffer[11] = buffer[12] = buffer[13] = 0;
    write_fails(channel, buffer, IDE_REG_DWORD, 3);
    write_fails(channel, buffer, IDE_REG_DWORD, 5);
    write_fails(channel, buffer, IDE_REG_DWORD, 0);
    write_fails(channel, buffer, IDE_REG_SZ, 10); /* without a terminator */
    write_fails(channel, buffer, IDE_REG_SZ, 13); /* half a character */
    write_fails(channel, buffer, IDE_REG_SZ, 0);
    write_fails(channel, buffer, 7, 4);
    AtaPortRegistryFreeBuffer(channel, buffer);
    buffer = new_buffer(channel);
    CHECK(has_no_value(channel, buffer, "Refused"));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* Names that no value can have are failures, and break no rule. */
static CASE bad_names(struct probe_channel *channel)
{
    CHAR name[257];
    PUCHAR buffer;
    ULONG length = 4;

    case_begin(__func__);
    buffer = new_buffer(channel);
    fill((PUCHAR)name, sizeof name - 1, 'n');
    name[256] = 0;
    CHECK(!WriteValue(channel, 0, name, IDE_REG_DWORD, buffer, &length));
    name[255] = 0; /* the longest */
    length = 4;
    CHECK(WriteValue(channel, 0, name, IDE_REG_DWORD, buffer, &length));
    CHECK(has_dword(channel, buffer, name, 0x5A5A5A5A));
    length = 4;
    CHECK(!WriteValue(channel, 0, NULL, IDE_REG_DWORD, buffer, &length));
    length = 4;
    CHECK(!WriteValueDeferred(channel, 0, NULL, IDE_REG_DWORD, buffer, &length));
    length = 4;
    CHECK(!ReadValue(channel, 0, NULL, IDE_REG_DWORD, buffer, &length));
    CHECK(is_filled(buffer, BUFFER_BYTES, 0x5A));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

/* ------------------------------------------------------------------ where Buffer lies: REG-08 */

/* None of the three gets at `bytes`; the registry keeps what it has. */
static FORCEINLINE void all_fail(struct probe_channel *channel, PUCHAR bytes, ULONG byte_count)
{
    ULONG length = byte_count;

    CHECK(!ReadValue(channel, 0, "Bytes", IDE_REG_BINARY, bytes, &length)); /* BREAKS: REG-08 */
    CHECK(length == 0);
    length = byte_count;
    CHECK(!WriteValue(channel, 0, "Refused", IDE_REG_BINARY, bytes, &length)); /* BREAKS: REG-08 */
    length = byte_count;
    /* BREAKS: REG-08 */
    CHECK(!WriteValueDeferred(channel, 0, "Refused", IDE_REG_BINARY, bytes, &length));
}

#define OUTSIDE_CASE(name, bytes, byte_count)            \
    static CASE name(struct probe_channel *channel)      \
    {                                                    \
        UCHAR local[16];                                 \
        PUCHAR buffer;                                   \
                                                         \
        case_begin(__func__);                            \
        fill(local, sizeof local, 0x5A);                 \
        buffer = new_buffer(channel);                    \
        all_fail(channel, bytes, byte_count);            \
        CHECK(is_filled(local, sizeof local, 0x5A));     \
        CHECK(is_filled(buffer, BUFFER_BYTES, 0x5A));    \
        CHECK(has_no_value(channel, buffer, "Refused")); \
        AtaPortRegistryFreeBuffer(channel, buffer);      \
        case_end();                                      \
    }

OUTSIDE_CASE(outside_before, buffer - 1, 8)
OUTSIDE_CASE(outside_behind, buffer + BUFFER_BYTES - 7, 8)
OUTSIDE_CASE(outside_wholly_before, buffer - 8, 8)
OUTSIDE_CASE(outside_wholly_behind, buffer + BUFFER_BYTES, 8)
OUTSIDE_CASE(outside_too_long, buffer, BUFFER_BYTES + 1)
OUTSIDE_CASE(outside_stack, local, sizeof local)
OUTSIDE_CASE(outside_null, NULL, 8)
OUTSIDE_CASE(outside_longest, buffer, 0xFFFFFFFFu)
OUTSIDE_CASE(outside_wraps, buffer + 8, 0u - 8)
OUTSIDE_CASE(outside_at_the_top, (PUCHAR) ~(ULONG_PTR)3, 8) /* its end is address 4 */

static CASE outside_no_length(struct probe_channel *channel)
{
    PUCHAR buffer;

    case_begin(__func__);
    buffer = new_buffer(channel);
    CHECK(!ReadValue(channel, 0, "Bytes", IDE_REG_BINARY, buffer, NULL));    /* BREAKS: REG-08 */
    CHECK(!WriteValue(channel, 0, "Refused", IDE_REG_BINARY, buffer, NULL)); /* BREAKS: REG-08 */
    /* BREAKS: REG-08 */
    CHECK(!WriteValueDeferred(channel, 0, "Refused", IDE_REG_BINARY, buffer, NULL));
    CHECK(is_filled(buffer, BUFFER_BYTES, 0x5A));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

static CASE outside_freed(struct probe_channel *channel)
{
    PUCHAR buffer;

    case_begin(__func__);
    buffer = new_buffer(channel);
    AtaPortRegistryFreeBuffer(channel, buffer);
    all_fail(channel, buffer, 8);
    buffer = new_buffer(channel);
    CHECK(has_no_value(channel, buffer, "Refused"));
    AtaPortRegistryFreeBuffer(channel, buffer);
    case_end();
}

void value_cases(struct probe_channel *channel)
{
    read_values(channel);
    read_missing(channel);
    read_too_short(channel);
    read_length(channel);
    read_stored_otherwise(channel);
    read_other_type(channel);
    write_values(channel);
    write_other_type(channel);
    bad_names(channel);
    outside_before(channel);
    outside_behind(channel);
    outside_wholly_before(channel);
    outside_wholly_behind(channel);
    outside_too_long(channel);
    outside_stack(channel);
    outside_null(channel);
    outside_longest(channel);
    outside_wraps(channel);
    outside_at_the_top(channel);
    outside_no_length(channel);
    outside_freed(channel);
}
