/* SPDX-License-Identifier: MIT */
/* REG-05, REG-06, MEM: memory that is touched outside its bounds, or after its time. */
#include "cases.h"

/* The compiler may not know where it comes from, nor leave an access out. */
static __attribute__((noinline)) volatile UCHAR *allocate(struct probe_channel *channel,
                                                          ULONG byte_count)
{
    return AtaPortRegistryAllocateBuffer(channel, byte_count);
}

static __attribute__((noinline)) void release(struct probe_channel *channel, volatile UCHAR *buffer)
{
    AtaPortRegistryFreeBuffer(channel, (PVOID)(ULONG_PTR)buffer);
}

/* ------------------------------------------------------------------ registry buffers */

CASE memory_write_behind(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 96);

    buffer[96] = 1; /* BREAKS: REG-05 */
    release(at->channel, buffer);
    return FALSE;
}

CASE memory_read_behind(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 4096);

    probe_returned(*(volatile ULONG *)(PVOID)(ULONG_PTR)(buffer + 4100)); /* BREAKS: REG-05 */
    release(at->channel, buffer);
    return FALSE;
}

/* 13 bytes are rounded up to a pointer: what is behind them is looked at when the buffer is freed. */
CASE memory_write_slack(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 13);

    buffer[14] = 1;
    AtaPortRegistryFreeBuffer(at->channel, (PVOID)(ULONG_PTR)buffer); /* BREAKS: REG-05 */
    return FALSE;
}

/* One instruction on i386 and x86_64: REP STOSB, from within to far behind. */
CASE memory_fill_behind(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 64);
    volatile UCHAR *to = buffer + 32;
    ULONG_PTR count = 64;

    /* BREAKS: REG-05 */
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0x77) : "memory");
    probe_returned(buffer[32] + buffer[63]);
    release(at->channel, buffer);
    return FALSE;
}

CASE memory_read_freed(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 5000);

    buffer[1] = 1;
    release(at->channel, buffer);
    probe_returned(buffer[1]); /* BREAKS: REG-06 */
    return FALSE;
}

CASE memory_write_freed(struct occasion *at)
{
    static volatile UCHAR *buffer;

    buffer = allocate(at->channel, 16);
    release(at->channel, buffer);
    buffer[15] = 1; /* BREAKS: REG-06 */
    return FALSE;
}

/* An exported routine touches it: the call is the place. */
CASE memory_copy_freed(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 16);
    ULONG_PTR word = 1;

    release(at->channel, buffer);
    AtaPortCopyMemory(&word, (PVOID)(ULONG_PTR)buffer, sizeof word); /* BREAKS: REG-06 */
    probe_returned(word);
    return FALSE;
}

/* The routine has no stack frame when its REP INSW faults. */
CASE memory_port_freed(struct occasion *at)
{
    volatile UCHAR *buffer = allocate(at->channel, 64);
    PUSHORT words = (PUSHORT)(PVOID)(ULONG_PTR)buffer;

    release(at->channel, buffer);
    /* BREAKS: REG-06 */
    AtaPortReadPortBufferUshort((PUSHORT)(PVOID)at->channel->bus_master, words, 32);
    return FALSE;
}

/* ------------------------------------------------------------------ extensions */

static volatile UCHAR *table_of_stopped; /* of the channel 0.0, for a later case */

/* The uncached extension begins with a page, so what is behind its last page is nobody's. */
CASE memory_behind_uncached(struct occasion *at)
{
    volatile UCHAR *table = (volatile UCHAR *)at->channel->table;

    table_of_stopped = table;
    table[4096] = 1; /* BREAKS: MEM-02 */
    return FALSE;
}

/* A channel extension ends with a page, but for what rounds it up. */
CASE memory_behind_extension(struct occasion *at)
{
    volatile UCHAR *end = (volatile UCHAR *)(at->channel + 1) + 15;

    end[-(LONG_PTR)((ULONG_PTR)end % 16)] = 1; /* BREAKS: MEM-02 */
    return FALSE;
}

CASE memory_behind_controller(struct occasion *at)
{
    volatile UCHAR *end = (volatile UCHAR *)(at->channel->controller + 1) + 15;

    probe_returned(end[-(LONG_PTR)((ULONG_PTR)end % 16)]); /* BREAKS: MEM-02 */
    return FALSE;
}

/* The other channel is stopped. */
CASE memory_stopped_channel(struct occasion *at)
{
    volatile struct probe_channel *other = at->channel->controller->channels[0];

    probe_returned(other->number); /* BREAKS: MEM-01 */
    return FALSE;
}

CASE memory_stopped_uncached(struct occasion *at)
{
    UNREFERENCED_PARAMETER(at);
    *table_of_stopped = 1; /* BREAKS: MEM-01 */
    return FALSE;
}

const struct probe_case memory_cases[] = {
    {"memory_write_behind", AT_START, 1, memory_write_behind},
    {"memory_read_behind", AT_STOP, 1, memory_read_behind},
    {"memory_write_slack", AT_START, 1, memory_write_slack},
    {"memory_fill_behind", AT_CHANNEL_INIT, 1, memory_fill_behind},
    {"memory_read_freed", AT_START, 1, memory_read_freed},
    {"memory_write_freed", AT_STOP, 1, memory_write_freed},
    {"memory_copy_freed", AT_CHANNEL_INIT, 1, memory_copy_freed},
    {"memory_port_freed", AT_STOP, 1, memory_port_freed},
    {"memory_behind_uncached", AT_START_IO, 3, memory_behind_uncached},
    {"memory_behind_extension", AT_INTERRUPT, 2, memory_behind_extension},
    {"memory_behind_controller", AT_TIMER, 1, memory_behind_controller},
    {"memory_stopped_channel", AT_START, 1, memory_stopped_channel},
    {"memory_stopped_uncached", AT_WORKER, 1, memory_stopped_uncached},
    {NULL, 0, 0, NULL},
};
