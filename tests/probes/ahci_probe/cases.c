/* SPDX-License-Identifier: MIT */
/* Which case is to run in this start of a channel; see ahci_probe.h. PASSIVE_LEVEL. */
#include "ahci_probe.h"

#define BUFFER_BYTES 4096

static BOOLEAN is_name(PCSTR name, const WCHAR *text, ULONG length)
{
    for (ULONG i = 0; i < length; i++)
        if (!name[i] || (WCHAR)name[i] != text[i])
            return FALSE;
    return !name[length];
}

static const struct ahci_case *case_of(const WCHAR *text, ULONG length)
{
    for (ULONG family = 0; ahci_cases[family]; family++)
        for (const struct ahci_case *row = ahci_cases[family]; row->name; row++)
            if (is_name(row->name, text, length))
                return row;
    return NULL;
}

/* The word for this start. `length` is in characters. */
static const struct ahci_case *word_of(const WCHAR *text, ULONG length, ULONG start)
{
    ULONG begin = 0, end = 0;

    for (ULONG word = 0; word < start; word++) {
        for (begin = end; begin < length && text[begin] == ' ';)
            begin++;
        for (end = begin; end < length && text[end] != ' ';)
            end++;
    }
    return case_of(text + begin, end - begin);
}

const struct ahci_case *ahci_find_case(struct ahci_channel *channel)
{
    const struct ahci_case *found = NULL;
    ULONG length = BUFFER_BYTES;
    PUCHAR buffer;

    channel->starts++;
    if (!ahci_cases[0])
        return NULL;
    buffer = AtaPortRegistryAllocateBuffer(channel, BUFFER_BYTES);
    if (!buffer)
        return NULL;
    if (AtaPortRegistryChannelSubkeyRead(channel, 0, "Break", IDE_REG_SZ, buffer, &length))
        found = word_of((const WCHAR *)(PVOID)buffer, length / sizeof(WCHAR) - 1, channel->starts);
    AtaPortRegistryFreeBuffer(channel, buffer);
    return found;
}
