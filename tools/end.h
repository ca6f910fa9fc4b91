/* SPDX-License-Identifier: MIT */
/*
 * How the programs end that stand between run-qemu.sh and QEMU (tools/session.c, tools/registry_session.c): as
 * QEMU did (128 + N: by signal N), or with one of these. QEMU's own are 0, 1, and odd ones of the guest's.
 */
#ifndef TOOLS_END_H
#define TOOLS_END_H

/* run-qemu.sh has words for each. */
enum end {
    END_BY_ITSELF = 0,
    END_GUEST_SUCCEEDED = 33, /* as QEMU says hal/hal.h's HAL_EXIT_SUCCESS */
    END_GUEST_FAILED = 35,    /* and HAL_EXIT_COMMAND_FAILED */
    END_TOLD = 112,           /* by a signal */
    END_UNREAD = 114,         /* nobody reads the console */
    END_KEY = 116,            /* Ctrl-] X */
    END_HOST_FAILED = 118,    /* the host could not read or write, and that was said */
    END_STUCK = 120,          /* a replay, which was said */
    END_TIME_OUT = 124,
    END_NOT_STARTED = 126,
};

#endif
