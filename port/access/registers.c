/* SPDX-License-Identifier: MIT */
/*
 * Registers in memory: the twelve routines AtaPortRead/WriteRegister*, with Buffer and without.
 *
 * Each access is looked up in the ranges that the controller which runs now has mapped (ADR-01),
 * done by the HAL, counted and traced. Entered from every context in which a miniport runs.
 */
#include "port/access/access.h"
#include "port/access/refuse.h"
#include "port/contract/context.h"
#include "port/contract/entry.h"
#include "port/objects.h"
#include "port/trace.h"

/* Device memory, or the channel's uncached extension (drivers in the field keep register-like
 * structures there). */
static bool is_mapped(uintptr_t address, uint64_t byte_count)
{
    const struct controller *controller = context_now->controller;
    if (!controller || context_now->kind == CONTEXT_BUILD_IO)
        return false;
    for (unsigned i = 0; i < controller->mapped_count; i++) {
        const struct mapped_range *range = &controller->mapped[i];
        if (address >= range->base && byte_count <= range->byte_count &&
            address - range->base <= range->byte_count - byte_count)
            return true;
    }
    const struct channel *channel = context_now->channel;
    return channel && channel->memory.uncached && address >= (uintptr_t)channel->memory.uncached &&
           byte_count <= channel->memory.uncached_size &&
           address - (uintptr_t)channel->memory.uncached <=
               channel->memory.uncached_size - byte_count;
}

/* One body for each kind of access. A register buffer is a piece of device memory, as with
 * READ_REGISTER_BUFFER_xxx, where a port buffer is one port. */
#define DEFINE_READ(Name, TYPE, bits)                                                            \
    TYPE NTAPI AtaPortReadRegister##Name(TYPE *At)                                               \
    {                                                                                            \
        if (__builtin_expect(!is_mapped((uintptr_t)At, (bits) / 8), 0)) {                        \
            access_refuse(ROUTINE_AtaPortReadRegister##Name, CALLER, (uintptr_t)At, (bits) / 8); \
            return (TYPE)ACCESS_NOTHING;                                                         \
        }                                                                                        \
        TYPE value = hal_read##bits(At);                                                         \
        access_counters.registers++;                                                             \
        trace(TRACE_REGISTER_READ, (uint16_t)(uintptr_t)At, (bits) / 8, value);                  \
        return value;                                                                            \
    }
#define DEFINE_WRITE(Name, TYPE, bits)                                                            \
    VOID NTAPI AtaPortWriteRegister##Name(TYPE *At, TYPE Value)                                   \
    {                                                                                             \
        if (__builtin_expect(!is_mapped((uintptr_t)At, (bits) / 8), 0)) {                         \
            access_refuse(ROUTINE_AtaPortWriteRegister##Name, CALLER, (uintptr_t)At, (bits) / 8); \
            return;                                                                               \
        }                                                                                         \
        hal_write##bits(At, Value);                                                               \
        access_counters.registers++;                                                              \
        trace(TRACE_REGISTER_WRITE, (uint16_t)(uintptr_t)At, (bits) / 8, Value);                  \
    }
#define DEFINE_READ_BUFFER(Name, TYPE, bits)                                                 \
    VOID NTAPI AtaPortReadRegisterBuffer##Name(TYPE *At, TYPE *Buffer, ULONG Count)          \
    {                                                                                        \
        const enum routine routine = ROUTINE_AtaPortReadRegisterBuffer##Name;                \
        const uint64_t byte_count = (uint64_t)Count * sizeof(TYPE);                          \
        if (access_buffer_is_refused(Buffer, byte_count, routine, CALLER))                   \
            return;                                                                          \
        if (__builtin_expect(!is_mapped((uintptr_t)At, byte_count), 0)) {                    \
            access_refuse_read(routine, CALLER, (uintptr_t)At, sizeof(TYPE), Buffer, Count); \
            return;                                                                          \
        }                                                                                    \
        for (ULONG i = 0; i < Count; i++)                                                    \
            Buffer[i] = hal_read##bits(At + i);                                              \
        access_counters.data_units += Count;                                                 \
        trace(TRACE_REGISTER_BUFFER, (uint16_t)(uintptr_t)At, sizeof(TYPE), Count);          \
    }
#define DEFINE_WRITE_BUFFER(Name, TYPE, bits)                                                      \
    VOID NTAPI AtaPortWriteRegisterBuffer##Name(TYPE *At, TYPE *Buffer, ULONG Count)               \
    {                                                                                              \
        const enum routine routine = ROUTINE_AtaPortWriteRegisterBuffer##Name;                     \
        const uint64_t byte_count = (uint64_t)Count * sizeof(TYPE);                                \
        if (access_buffer_is_refused(Buffer, byte_count, routine, CALLER))                         \
            return;                                                                                \
        if (__builtin_expect(!is_mapped((uintptr_t)At, byte_count), 0)) {                          \
            access_refuse(routine, CALLER, (uintptr_t)At, sizeof(TYPE));                           \
            return;                                                                                \
        }                                                                                          \
        for (ULONG i = 0; i < Count; i++)                                                          \
            hal_write##bits(At + i, Buffer[i]);                                                    \
        access_counters.data_units += Count;                                                       \
        trace(TRACE_REGISTER_BUFFER, (uint16_t)(uintptr_t)At, sizeof(TYPE) | TRACE_IS_OUT, Count); \
    }

#define WIDTHS(DEFINE)         \
    DEFINE(Uchar, UCHAR, 8)    \
    DEFINE(Ushort, USHORT, 16) \
    DEFINE(Ulong, ULONG, 32)

WIDTHS(DEFINE_READ)
WIDTHS(DEFINE_WRITE)
WIDTHS(DEFINE_READ_BUFFER)
WIDTHS(DEFINE_WRITE_BUFFER)
