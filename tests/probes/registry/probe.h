/* SPDX-License-Identifier: MIT */
/*
 * A probe: a miniport that breaks each rule about the registry buffer, in each context, and looks at
 * what the port does about it. tests/boot/registry-buffer.t boots it and knows what to expect.
 *
 * A case is a function. Its name is the case's name, and the place at which the port reports what the
 * case breaks; a case prints
 *   case NAME: begin
 *   case NAME: ok        or       case NAME: not ok: FILE:LINE: what should have been true
 * and the port's reports stand between. Cases do not nest.
 *
 * It serves the IDENTIFY DEVICE of the primary master, with the real device and its interrupt, so that
 * the port takes it through every routine; all other requests end with IRB_STATUS_SELECTION_TIMEOUT.
 *
 * What happens (driver.c has the script):
 *   start of channel 0   sizes, frees, values; it keeps a buffer of the whole arena, and every routine
 *                        that may not use the registry tries to
 *   start of channel 1   the arena is exhausted
 *   stop of channel 0    it frees that buffer
 *   stop of channel 1    it takes the whole arena, and leaves it to the port
 *   2nd start, stop of 1 it allocates again and again, and never frees
 *   3rd start of 1       it keeps a buffer
 *   2nd start of 0       as the first, but without a buffer
 */
#ifndef PROBES_REGISTRY_PROBE_H
#define PROBES_REGISTRY_PROBE_H

#include <irb.h>

/* The port's arena (REGISTRY_ARENA_BYTE_COUNT in port/registry/arena.h). */
#define ARENA_BYTES 0x40000u
#define PAGE_BYTES  0x1000u

/* The names that the interface's wrappers have are long for a table of calls. */
#define ReadValue          AtaPortRegistryChannelSubkeyRead
#define WriteValue         AtaPortRegistryChannelSubkeyWrite
#define WriteValueDeferred AtaPortRegistryChannelSubkeyWriteDeferred

/* One function in the image for each in the source, under its own name. */
#define CASE __attribute__((noipa)) void

struct probe_controller {
    ULONG started; /* so that it is not empty */
};

struct probe_channel {
    struct probe_controller *controller;
    PIDE_CHANNEL_CONFIGURATION configuration; /* while IdeHwControl(IdeStart) runs */
    ULONG number;
    PUCHAR command_block, device_control; /* NULL: no registers */
    PUCHAR buffer;                        /* the registry buffer that it keeps, or NULL */
    PIDE_REQUEST_BLOCK identify;          /* under way */
    PIDE_REQUEST_BLOCK held;              /* never answered, so that there is a reset */
    BOOLEAN is_enumerating;               /* which cases of io.c are still to come */
    BOOLEAN build_io_wanted, start_io_wanted, interrupt_wanted, hold_wanted;
};

/* By number; the last one that was initialised. They outlive a channel's stop, as the extensions do not. */
extern struct probe_channel *probe_channels[MAX_IDE_DEVICE];

/* ------------------------------------------------------------------ cases: cases.c */

void case_begin(PCSTR name);
void case_check(BOOLEAN holds, PCSTR words, PCSTR file, ULONG line);
void case_end(void);

#define CHECK(condition) case_check((condition) != 0, #condition, __FILE_NAME__, __LINE__)

/* Are all bytes this one? */
BOOLEAN is_filled(const UCHAR *bytes, ULONG byte_count, UCHAR byte);
void fill(PUCHAR bytes, ULONG byte_count, UCHAR byte);

/* In the channel's key, through a buffer that begins at `buffer` and has 4 bytes. */
BOOLEAN has_dword(struct probe_channel *channel, PUCHAR buffer, PCHAR name, ULONG value);
BOOLEAN has_no_value(struct probe_channel *channel, PUCHAR buffer, PCHAR name);

/* ------------------------------------------------------------------ allocate and free: buffer.c */

void buffer_cases(struct probe_channel *channel);
CASE in_channel_init(struct probe_channel *channel);
CASE dump_mode(struct probe_channel *channel);
CASE exhausted_in_channel_init(struct probe_channel *channel);
CASE exhausted(struct probe_channel *channel);
CASE in_stop(struct probe_channel *channel);
/* Each of these begins a case that the next AtaChannelInitRoutine ends. */
CASE left_behind(struct probe_channel *channel);
void left_behind_end(struct probe_channel *channel);
CASE never_freed(struct probe_channel *channel);
void never_freed_end(struct probe_channel *channel);
CASE other_channels_buffer(struct probe_channel *channel);

/* ------------------------------------------------------------------ values: values.c, deferred.c */

void value_cases(struct probe_channel *channel);
void deferred_cases(struct probe_channel *channel);

/* ------------------------------------------------------------------ contexts: contexts.c */

/* All of the registry, from where it may not be used. `buffer` is the channel's, or another's. */
typedef void context_case(PVOID Extension, PUCHAR buffer);

__attribute__((noipa)) context_case in_driver_entry, in_adapter_control, in_channel_enabled,
    in_other_channels_init, in_other_channels_start, in_adapter_control_stop;

/* With a buffer, and without one. */
enum context {
    BUILD_IO,
    START_IO,
    INTERRUPT,
    WORKER,
    SYNCHRONIZED,
    CONTROLLER_SYNC,
    TIMER,
    MODE_SELECT,
    MODE_SELECT_CONTROLLER,
    INITIALIZE,
    RESET,
    CONTEXT_COUNT
};
void context_run(struct probe_channel *channel, PVOID extension, enum context context);
/* The deferred writes that contexts were allowed have been stored, and no other. */
void check_context_values(struct probe_channel *channel, PUCHAR buffer);

/* IdeHwBuildIo may print nothing, so the case is begun before and ended behind it. */
void build_io_begin(struct probe_channel *channel);

/* ------------------------------------------------------------------ requests: io.c */

BOOLEAN NTAPI ProbeInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                              PIDENTIFY_DEVICE_DATA IdentifyData);
BOOLEAN NTAPI ProbeBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);
BOOLEAN NTAPI ProbeStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);
BOOLEAN NTAPI ProbeInterrupt(PVOID ChannelExtension);
BOOLEAN NTAPI ProbeReset(PVOID ChannelExtension);

#endif
