/* SPDX-License-Identifier: MIT */
/* What the floor program's drives share: how a drive is run, sizes, the order of addresses. */
#ifndef TESTS_BENCH_FLOOR_FLOOR_H
#define TESTS_BENCH_FLOOR_FLOOR_H

#include "tests/bench/floor/machine.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

#define SECTOR_BYTES      512u
#define AREA_MAX_SECTORS  131072u
#define WRITE_MAX_SECTORS 8192u
#define SMALL_SECTORS     8u
#define LARGE_SECTORS     256u
#define BUFFER_BYTES      (LARGE_SECTORS * SECTOR_BYTES)
#define IDLE_WAKE_UPS_MAX 16u
#define POLLS_MAX         1000000u

#define PCI_COMMAND        0x04
#define PCI_COMMAND_IO     0x01u
#define PCI_COMMAND_MEMORY 0x02u
#define PCI_COMMAND_MASTER 0x04u

struct floor_drive {
    const char *name;
    void (*start)(void); /* finds the controller, and makes the drive ready */
    void (*bench)(void);
    /* Copies the area's first half to its second half, in all ways, so that the host can compare the
     * halves. Returns the sectors of a half. */
    uint32_t (*verify)(void);
};
extern const struct floor_drive floor_ide, floor_ahci;

/* The two marks between which tests/bench/icount.c counts instructions. noipa: the compiler may
 * neither drop the calls nor make the two one. */
__attribute__((noipa)) void bench_mark_begin(void);
__attribute__((noipa)) void bench_mark_end(void);

/* Is this one to be run? (workload=NAME on the command line.) */
bool floor_wants(const char *workload);
/* The number of operations that divide=N leaves of so many. */
uint32_t floor_operations(uint32_t ops);

static inline uint32_t xorshift32(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* The sectors that are used of a drive that has so many. */
static inline uint32_t floor_area(uint32_t sectors)
{
    if (sectors < LARGE_SECTORS)
        machine_fail("the disk is too small");
    return sectors < AREA_MAX_SECTORS ? sectors : AREA_MAX_SECTORS;
}

static inline void floor_fill(uint8_t *buffer)
{
    for (uint32_t i = 0; i < BUFFER_BYTES; i++)
        buffer[i] = (uint8_t)(i ^ i >> 8);
}

#endif
