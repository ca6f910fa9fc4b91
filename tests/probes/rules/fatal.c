/* SPDX-License-Identifier: MIT */
/* What no port survives: accesses to memory that is nobody's. */
#include "cases.h"

CASE fatal_write(struct occasion *at)
{
    *(volatile ULONG *)(ULONG_PTR)(16 + 4 * at->channel->number) = 1; /* FATAL: fatal_write */
    return FALSE;
}

/* An exported routine gets the bad pointer. */
CASE fatal_copy(struct occasion *at)
{
    ULONG word;

    AtaPortCopyMemory(&word, (PVOID)(ULONG_PTR)at->channel->number, 4); /* FATAL: fatal_copy */
    return FALSE;
}

CASE fatal_call(struct occasion *at)
{
    case_function *volatile nowhere = NULL;

    return nowhere(at); /* FATAL: fatal_call */
}

const struct probe_case fatal_cases[] = {
    {"fatal_write", AT_INTERRUPT, 1, fatal_write},
    {"fatal_copy", AT_START_IO, 1, fatal_copy},
    {"fatal_call", AT_TIMER, 1, fatal_call},
    {NULL, 0, 0, NULL},
};
