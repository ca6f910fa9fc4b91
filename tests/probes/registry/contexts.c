/* SPDX-License-Identifier: MIT */
/*
 * The registry used from where it may not be: REG-01, REG-03, REG-09, REG-10 in every context,
 * CTX-01, CTX-09, CTX-10. Entered from every context.
 *
 * A deferred write is allowed in some of them. Each uses four bytes of the buffer of its own, and a
 * name of its own.
 */
#include "probe.h"

#define MARK(index) (0xC0DE0000u + (index))

/* Each of the five routines once, all of them refused, but a deferred write where it `is_allowed`. */
static FORCEINLINE void try_all(PVOID extension, PUCHAR buffer, ULONG index, PCHAR name,
                                BOOLEAN is_allowed)
{
    PULONG mark = (PULONG)(PVOID)buffer + index;
    ULONG length = 4;

    *mark = MARK(index);
    /* BREAKS: REG-01 CTX-01 CTX-09 CTX-10 */
    CHECK(AtaPortRegistryAllocateBuffer(extension, 16) == NULL);
    AtaPortRegistryFreeBuffer(extension, buffer); /* BREAKS: REG-03 CTX-01 CTX-09 CTX-10 */
    /* BREAKS: REG-09 CTX-01 CTX-09 CTX-10 */
    CHECK(!ReadValue(extension, 0, "Number", IDE_REG_DWORD, (PUCHAR)mark, &length));
    CHECK(*mark == MARK(index)); /* a buffer that had been freed would fault here */
    length = 4;
    /* BREAKS: REG-09 CTX-01 CTX-09 CTX-10 */
    CHECK(!WriteValue(extension, 0, "Refused", IDE_REG_DWORD, (PUCHAR)mark, &length));
    length = 4;
    /* BREAKS: REG-08 REG-10 CTX-01 CTX-09 CTX-10 */
    CHECK(WriteValueDeferred(extension, 0, name, IDE_REG_DWORD, (PUCHAR)mark, &length) ==
          is_allowed);
}

/* ------------------------------------------------------------------ where there is no channel yet */

/* Index 0 is theirs: they have four bytes. */
#define REFUSED_CASE(name)                               \
    CASE name(PVOID Extension, PUCHAR buffer)            \
    {                                                    \
        case_begin(__func__);                            \
        try_all(Extension, buffer, 0, "Refused", FALSE); \
        case_end();                                      \
    }

REFUSED_CASE(in_adapter_control)
REFUSED_CASE(in_channel_enabled)
REFUSED_CASE(in_other_channels_init)
REFUSED_CASE(in_other_channels_start)
REFUSED_CASE(in_adapter_control_stop)

CASE in_driver_entry(PVOID Extension, PUCHAR buffer)
{
    case_begin(__func__);
    try_all(Extension, buffer, 0, "Refused", FALSE);            /* NULL */
    try_all(buffer, buffer, 0, "Refused", FALSE);               /* somewhere in the driver */
    try_all((PUCHAR)(ULONG_PTR)8, buffer, 0, "Refused", FALSE); /* not even memory */
    case_end();
}

/* ------------------------------------------------------------------ where there is one */

#define CONTEXT_CASE(name, index, value, is_allowed)          \
    static CASE name(PVOID extension, PUCHAR buffer)          \
    {                                                         \
        case_begin(__func__);                                 \
        try_all(extension, buffer, index, value, is_allowed); \
        case_end();                                           \
    }

/* With the channel's own buffer, and with another channel's while it has none. */
#define BOTH_CASES(name, index, value, is_allowed)    \
    CONTEXT_CASE(in_##name, index, value, is_allowed) \
    CONTEXT_CASE(without_buffer_in_##name, index, "Refused", FALSE)

BOTH_CASES(start_io, START_IO, "StartIo", TRUE)
BOTH_CASES(interrupt, INTERRUPT, "Interrupt", TRUE)
BOTH_CASES(worker, WORKER, "Refused", FALSE)
BOTH_CASES(synchronized, SYNCHRONIZED, "Refused", FALSE)
BOTH_CASES(controller_sync, CONTROLLER_SYNC, "Refused", FALSE)
BOTH_CASES(timer, TIMER, "Refused", FALSE)
BOTH_CASES(mode_select, MODE_SELECT, "Refused", FALSE)
BOTH_CASES(mode_select_controller, MODE_SELECT_CONTROLLER, "Refused", FALSE)
BOTH_CASES(initialize, INITIALIZE, "Initialize", TRUE)
BOTH_CASES(reset, RESET, "Reset", TRUE)

static CASE in_build_io(PVOID extension, PUCHAR buffer)
{
    try_all(extension, buffer, BUILD_IO, "Refused", FALSE);
}

static CASE without_buffer_in_build_io(PVOID extension, PUCHAR buffer)
{
    try_all(extension, buffer, BUILD_IO, "Refused", FALSE);
}

void build_io_begin(struct probe_channel *channel)
{
    case_begin(channel->buffer ? "in_build_io" : "without_buffer_in_build_io");
}

#define ROW(index, name) [index] = {in_##name, without_buffer_in_##name}

void context_run(struct probe_channel *channel, PVOID extension, enum context context)
{
    static context_case *const cases[CONTEXT_COUNT][2] = {
        ROW(BUILD_IO, build_io),
        ROW(START_IO, start_io),
        ROW(INTERRUPT, interrupt),
        ROW(WORKER, worker),
        ROW(SYNCHRONIZED, synchronized),
        ROW(CONTROLLER_SYNC, controller_sync),
        ROW(TIMER, timer),
        ROW(MODE_SELECT, mode_select),
        ROW(MODE_SELECT_CONTROLLER, mode_select_controller),
        ROW(INITIALIZE, initialize),
        ROW(RESET, reset),
    };

    if (channel->buffer)
        cases[context][0](extension, channel->buffer);
    else
        cases[context][1](extension, probe_channels[1]->buffer);
}

void check_context_values(struct probe_channel *channel, PUCHAR buffer)
{
    CHECK(has_dword(channel, buffer, "StartIo", MARK(START_IO)));
    CHECK(has_dword(channel, buffer, "Interrupt", MARK(INTERRUPT)));
    CHECK(has_dword(channel, buffer, "Initialize", MARK(INITIALIZE)));
    CHECK(has_dword(channel, buffer, "Reset", MARK(RESET)));
    CHECK(has_no_value(channel, buffer, "Refused"));
}
