/* SPDX-License-Identifier: MIT */
/*
 * A driver that does nothing but write the registry and flush, until QEMU is killed:
 * tests/boot/crash.t.
 *
 * Round N stores deferred, as one batch, values that all say N: Number, Text, Bytes in the channel's
 * key and Number in the controller's; every fourth round stores Immediate at once, in between. At the
 * start it reads what the last session left, and prints
 *
 *     journal: found N, immediate M      all values of a round say the same (0: there are none)
 *     journal: torn: what differs
 *
 * and then, when the call that stores has returned:
 *
 *     journal: flushed N
 *     journal: immediate N
 *
 * Entered in IdeHwControl(IdeStart).
 */
#include "base.h"

#define TEXT_CHARACTERS 200 /* at most, without terminator */
#define BYTES           600
#define ROUNDS          1000000 /* nobody waits so long */

struct buffer {
    ULONG number, controller_number, immediate;
    WCHAR text[TEXT_CHARACTERS + 1];
    UCHAR bytes[BYTES];
};

/* How long and what each round's values are: every length comes, also odd ones. */
static ULONG text_length(ULONG round)
{
    return round * 7 % (TEXT_CHARACTERS + 1);
}

static ULONG bytes_length(ULONG round)
{
    return round * 13 % (BYTES + 1);
}

static WCHAR text_character(ULONG round, ULONG i)
{
    return (WCHAR)(' ' + (round + i) % 95);
}

/* ------------------------------------------------------------------ what is there */

static BOOLEAN is_text(const struct buffer *buffer, ULONG byte_count, ULONG round)
{
    if (byte_count != (text_length(round) + 1) * sizeof(WCHAR))
        return FALSE;
    for (ULONG i = 0; i < text_length(round); i++)
        if (buffer->text[i] != text_character(round, i))
            return FALSE;
    return TRUE;
}

static BOOLEAN are_bytes(const struct buffer *buffer, ULONG byte_count, ULONG round)
{
    if (byte_count != bytes_length(round))
        return FALSE;
    for (ULONG i = 0; i < byte_count; i++)
        if (buffer->bytes[i] != (UCHAR)(round + i))
            return FALSE;
    return TRUE;
}

/* The length of the value, 0 if there is none. */
static ULONG read(struct probe_channel *channel, PCHAR name, UCHAR type, PVOID bytes,
                  ULONG byte_count)
{
    return AtaPortRegistryChannelSubkeyRead(channel, channel->controller->number, name, type, bytes,
                                            &byte_count)
               ? byte_count
               : 0;
}

/* NULL: everything says buffer->number. */
static PCSTR what_differs(struct probe_channel *channel, struct buffer *buffer)
{
    ULONG length = sizeof buffer->controller_number, round;

    round = read(channel, "Number", IDE_REG_DWORD, &buffer->number, 4) ? buffer->number : 0;
    buffer->number = round;
    if (!AtaPortRegistryControllerKeyRead(channel, channel->controller->number, "Number",
                                          IDE_REG_DWORD, (PUCHAR)&buffer->controller_number,
                                          &length))
        buffer->controller_number = 0;
    if (buffer->controller_number != round)
        return "the controller's number";
    length = read(channel, "Text", IDE_REG_SZ, buffer->text, sizeof buffer->text);
    if (round ? !is_text(buffer, length, round) : length != 0)
        return "the text";
    length = read(channel, "Bytes", IDE_REG_BINARY, buffer->bytes, sizeof buffer->bytes);
    return (round ? !are_bytes(buffer, length, round) : length != 0) ? "the bytes" : NULL;
}

static ULONG look(struct probe_channel *channel)
{
    struct buffer *buffer = AtaPortRegistryAllocateBuffer(channel, sizeof *buffer);
    PCSTR difference = what_differs(channel, buffer);
    ULONG round = buffer->number;

    if (!read(channel, "Immediate", IDE_REG_DWORD, &buffer->immediate, 4))
        buffer->immediate = 0;
    if (difference)
        AtaPortDebugPrint(0, "journal: torn: %s is not of round %u\n", difference, (unsigned)round);
    else
        AtaPortDebugPrint(0, "journal: found %u, immediate %u\n", (unsigned)round,
                          (unsigned)buffer->immediate);
    AtaPortRegistryFreeBuffer(channel, buffer);
    return round;
}

/* ------------------------------------------------------------------ what is written */

static void write_deferred(struct probe_channel *channel, PCHAR name, UCHAR type, PVOID bytes,
                           ULONG byte_count)
{
    if (!AtaPortRegistryChannelSubkeyWriteDeferred(channel, channel->controller->number, name, type,
                                                   bytes, &byte_count))
        AtaPortDebugPrint(0, "journal: %s was refused\n", name);
}

static void write_round(struct probe_channel *channel, ULONG round)
{
    struct buffer *buffer = AtaPortRegistryAllocateBuffer(channel, sizeof *buffer);
    ULONG length = 4;

    for (ULONG i = 0; i < text_length(round); i++)
        buffer->text[i] = text_character(round, i);
    for (ULONG i = 0; i < bytes_length(round); i++)
        buffer->bytes[i] = (UCHAR)(round + i);
    buffer->number = buffer->controller_number = buffer->immediate = round;
    write_deferred(channel, "Number", IDE_REG_DWORD, &buffer->number, 4);
    write_deferred(channel, "Text", IDE_REG_SZ, buffer->text,
                   (text_length(round) + 1) * sizeof(WCHAR));
    write_deferred(channel, "Bytes", IDE_REG_BINARY, buffer->bytes, bytes_length(round));
    if (!AtaPortRegistryControllerKeyWriteDeferred(channel, channel->controller->number, "Number",
                                                   IDE_REG_DWORD,
                                                   (PUCHAR)&buffer->controller_number, &length))
        AtaPortDebugPrint(0, "journal: Number was refused\n");
    if (round % 4 == 0 &&
        AtaPortRegistryChannelSubkeyWrite(channel, channel->controller->number, "Immediate",
                                          IDE_REG_DWORD, (PUCHAR)&buffer->immediate, &length))
        AtaPortDebugPrint(0, "journal: immediate %u\n", (unsigned)round);
    AtaPortRegistryFreeBuffer(channel, buffer);
    AtaPortDebugPrint(0, "journal: flushed %u\n", (unsigned)round);
}

CASE journal(struct occasion *at)
{
    ULONG found = look(at->channel);

    for (ULONG round = found + 1; round <= found + ROUNDS; round++)
        write_round(at->channel, round);
    return FALSE;
}

static const struct probe_case cases[] = {{"journal", AT_START, 1, journal}, {NULL, 0, 0, NULL}};
const struct probe_case *const probe_cases[] = {cases, NULL};
