/* SPDX-License-Identifier: MIT */
/* Which case is armed, and whether its occasion has come; see base.h. Entered from every context. */
#include "base.h"

const struct probe_case *probe_named_case;

static const struct probe_case *running; /* the last one that ran */
static ULONG_PTR returned;
static BOOLEAN is_in_build_io, print_is_owed;

static BOOLEAN is_name(PCSTR name, const WCHAR *text, ULONG length)
{
    for (ULONG i = 0; i < length; i++)
        if (!name[i] || (WCHAR)name[i] != text[i])
            return FALSE;
    return !name[length];
}

const struct probe_case *probe_find_case(const WCHAR *text, ULONG length)
{
    for (ULONG family = 0; probe_cases[family]; family++)
        for (const struct probe_case *row = probe_cases[family]; row->name; row++)
            if (is_name(row->name, text, length))
                return row;
    return NULL;
}

BOOLEAN probe_occasion(enum occasion_kind kind, PVOID controller, struct probe_channel *channel,
                       PVOID subject)
{
    struct occasion at = {
        .kind = kind, .controller = controller, .channel = channel, .subject = subject};
    const struct probe_case *armed = channel ? channel->armed : probe_named_case;

    if (!armed || armed->at != kind)
        return FALSE;
    if (channel && --channel->occasions_left)
        return FALSE;
    if (channel)
        channel->armed = NULL;
    else
        probe_named_case = NULL;
    running = armed;
    is_in_build_io = kind == AT_BUILD_IO;
    return armed->run(&at);
}

void probe_print_returned(void)
{
    if (!print_is_owed)
        return;
    print_is_owed = FALSE;
    AtaPortDebugPrint(0, "case %s: returned %I64x\n", running->name, (ULONGLONG)returned);
}

void probe_returned(ULONG_PTR value)
{
    returned = value;
    print_is_owed = TRUE;
    if (!is_in_build_io)
        probe_print_returned();
}
