/* SPDX-License-Identifier: MIT */
/* What a case says, and what cases share. Prints nothing from IdeHwBuildIo. */
#include "probe.h"

static PCSTR case_name;
static PCSTR failed_words, failed_file; /* the first check that did not hold */
static ULONG failed_line;

void case_begin(PCSTR name)
{
    case_name = name;
    failed_words = NULL;
    AtaPortDebugPrint(0, "case %s: begin\n", name);
}

void case_check(BOOLEAN holds, PCSTR words, PCSTR file, ULONG line)
{
    if (holds || failed_words)
        return;
    failed_words = words;
    failed_file = file;
    failed_line = line;
}

void case_end(void)
{
    if (failed_words)
        AtaPortDebugPrint(0, "case %s: not ok: %s:%u: %s\n", case_name, failed_file,
                          (unsigned)failed_line, failed_words);
    else
        AtaPortDebugPrint(0, "case %s: ok\n", case_name);
}

BOOLEAN is_filled(const UCHAR *bytes, ULONG byte_count, UCHAR byte)
{
    for (ULONG i = 0; i < byte_count; i++)
        if (bytes[i] != byte)
            return FALSE;
    return TRUE;
}

void fill(PUCHAR bytes, ULONG byte_count, UCHAR byte)
{
    for (ULONG i = 0; i < byte_count; i++)
        bytes[i] = byte;
}

BOOLEAN has_dword(struct probe_channel *channel, PUCHAR buffer, PCHAR name, ULONG value)
{
    ULONG length = 4;

    return ReadValue(channel, 0, name, IDE_REG_DWORD, buffer, &length) && length == 4 &&
           *(PULONG)(PVOID)buffer == value;
}

BOOLEAN has_no_value(struct probe_channel *channel, PUCHAR buffer, PCHAR name)
{
    ULONG length = 4;

    return !ReadValue(channel, 0, name, IDE_REG_DWORD, buffer, &length) && length == 0;
}
