/* SPDX-License-Identifier: MIT */
/*
 * What a reader outside the machine finds in the kernel's memory: where the trace's ring lies, and
 * whose registers and devices its entries are about. The same bytes on every architecture: the
 * host's tools include this. Written by port/access/traced.c.
 */
#ifndef PORT_TRACE_EXPORT_H
#define PORT_TRACE_EXPORT_H

#include <stdint.h>

/* At the beginning of a page; written when the rest is there. */
#define TRACE_EXPORT_MAGIC     0x3130656361725441ull
#define TRACE_EXPORT_PLACES    192u
#define TRACE_EXPORT_DEVICES   64u
#define TRACE_EXPORT_ALIGNMENT 4096u

/* Registers in a row: `where` as entries have it. Of a task file each has the next role; of AHCI's
 * registers (role ROLE_NONE) each has the next offset. */
struct trace_place {
    uint16_t channel, where;
    uint8_t role, is_memory;
    uint16_t unused;
    uint32_t count, offset;
};

struct trace_device {
    uint16_t channel;
    uint8_t target, lun;
    char name[8], model[41], driver[35];
};

struct trace_export {
    uint64_t magic;
    uint64_t entries, times, next, counted; /* physical addresses, of what trace.h declares */
    uint64_t origin_cycles;                 /* when the clock was 0 */
    uint64_t ns_per_4g_cycles;
    uint32_t entry_count, place_count, device_count, left_out; /* for which there was no room */
    struct trace_place places[TRACE_EXPORT_PLACES];
    struct trace_device devices[TRACE_EXPORT_DEVICES];
};
_Static_assert(sizeof(struct trace_place) == 16 && sizeof(struct trace_device) == 88, "no padding");

#endif
