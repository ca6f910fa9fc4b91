/* SPDX-License-Identifier: MIT */
/*
 * Registers in memory: the twelve routines AtaPortRead/WriteRegister*, with Buffer and without.
 *
 * Each access is looked up in the ranges that the controller which runs now has mapped (ADR-01),
 * done by the HAL, counted and traced; those of an AHCI controller's registers go the ways of their
 * records (hba.h), which for whole registers are found at once. Entered from every context in which
 * a miniport runs.
 */
#include "port/access/access.h"
#include "port/access/hba.h"
#include "port/access/refuse.h"
#include "port/contract/context.h"
#include "port/contract/entry.h"
#include "port/objects.h"
#include "port/trace.h"

/* Where an access lies: device memory, or the channel's uncached extension (drivers in the field
 * keep register-like structures there). NULL: nowhere that is mapped. */
static const struct mapped_range *range_of(uintptr_t address, uint64_t byte_count)
{
    static const struct mapped_range uncached;
    const struct controller *controller = context_now->controller;
    if (!controller || context_now->kind == CONTEXT_BUILD_IO)
        return NULL;
    for (unsigned i = 0; i < controller->mapped_count; i++) {
        const struct mapped_range *range = &controller->mapped[i];
        if (address >= range->base && byte_count <= range->byte_count &&
            address - range->base <= range->byte_count - byte_count)
            return range;
    }
    const struct channel *channel = context_now->channel;
    bool is_uncached =
        channel && channel->memory.uncached && address >= (uintptr_t)channel->memory.uncached &&
        byte_count <= channel->memory.uncached_size &&
        address - (uintptr_t)channel->memory.uncached <= channel->memory.uncached_size - byte_count;
    return is_uncached ? &uncached : NULL;
}

/* The register of an AHCI controller that it lies in as a whole; NULL: in none. */
static const struct access_register *record_of(const struct mapped_range *range, const void *at,
                                               unsigned width)
{
    uintptr_t offset = (uintptr_t)at - range->base + range->offset;
    if (!range->hba || offset >= HBA_BYTES || offset % 4 + width > 4)
        return NULL;
    return &range->hba->registers[offset / 4];
}

#define WIDTHS(DEFINE)         \
    DEFINE(Uchar, UCHAR, 8)    \
    DEFINE(Ushort, USHORT, 16) \
    DEFINE(Ulong, ULONG, 32)

/* ------------------------------------------------------------------ one register
 *
 * (The routines go to these ways, and do not call them: the caller is the driver.) */

#define DEFINE_FOUND(Name, TYPE, bits)                                                       \
    static __attribute__((noinline)) TYPE ACCESS_WAY read##bits ACCESS_READ(address)         \
    {                                                                                        \
        const struct mapped_range *range = range_of(address, sizeof(TYPE));                  \
        if (__builtin_expect(!range, 0)) {                                                   \
            access_refuse(ROUTINE_AtaPortReadRegister##Name, CALLER, address, (bits) / 8);   \
            return (TYPE)ACCESS_NOTHING;                                                     \
        }                                                                                    \
        reg = record_of(range, (const void *)address, sizeof(TYPE));                         \
        if (reg)                                                                             \
            return reg->read##bits HAL_WITH(reg, address);                                   \
        TYPE value = hal_read##bits((const void *)address);                                  \
        access_counters.registers++;                                                         \
        trace(TRACE_REGISTER_READ, (uint16_t)address, (bits) / 8, value);                    \
        return value;                                                                        \
    }                                                                                        \
    static __attribute__((noinline)) VOID ACCESS_WAY write##bits ACCESS_WRITE(address, TYPE) \
    {                                                                                        \
        const struct mapped_range *range = range_of(address, sizeof(TYPE));                  \
        if (__builtin_expect(!range, 0)) {                                                   \
            access_refuse(ROUTINE_AtaPortWriteRegister##Name, CALLER, address, (bits) / 8);  \
            return;                                                                          \
        }                                                                                    \
        reg = record_of(range, (const void *)address, sizeof(TYPE));                         \
        if (reg) {                                                                           \
            reg->write##bits HAL_WITH(reg, address, value);                                  \
            return;                                                                          \
        }                                                                                    \
        hal_write##bits((void *)address, value);                                             \
        access_counters.registers++;                                                         \
        trace(TRACE_REGISTER_WRITE, (uint16_t)address, (bits) / 8, value);                   \
    }
WIDTHS(DEFINE_FOUND)

#define FOUND_WAYS(Name, TYPE, bits) .read##bits = read##bits, .write##bits = write##bits,
static const struct access_register found = {WIDTHS(FOUND_WAYS)};

/* Of an AHCI controller's whole register the record, without a look at the ranges; of all else the
 * one that looks there. (What is left below a dword shows up as a very large number.) */
static inline const struct access_register *record_at(uintptr_t at, unsigned width)
{
    const struct access_map *map = context_now->port_map;
    uintptr_t offset = at - map->hba_start;
    uintptr_t number = offset >> 2 | offset << (sizeof offset * 8 - 2);
    const struct access_register *reg = &found;

    if (width == 4 && __builtin_expect(number < map->hba_count, 1))
        reg = &map->hba_records[number];
    return hal_opaque(reg);
}

#define DEFINE_ROUTINES(Name, TYPE, bits)                                           \
    TYPE NTAPI AtaPortReadRegister##Name(TYPE *At)                                  \
    {                                                                               \
        const struct access_register *reg = record_at((uintptr_t)At, sizeof(TYPE)); \
        return reg->read##bits HAL_WITH(reg, (uintptr_t)At);                        \
    }                                                                               \
    VOID NTAPI AtaPortWriteRegister##Name(TYPE *At, TYPE Value)                     \
    {                                                                               \
        const struct access_register *reg = record_at((uintptr_t)At, sizeof(TYPE)); \
        reg->write##bits HAL_WITH(reg, (uintptr_t)At, Value);                       \
    }
WIDTHS(DEFINE_ROUTINES)

/* ------------------------------------------------------------------ pieces of device memory */

/* A register buffer is a piece of device memory, as with READ_REGISTER_BUFFER_xxx, where a port
 * buffer is one port. */
#define DEFINE_READ_BUFFER(Name, TYPE, bits)                                                       \
    VOID NTAPI AtaPortReadRegisterBuffer##Name(TYPE *At, TYPE *Buffer, ULONG Count)                \
    {                                                                                              \
        const enum routine routine = ROUTINE_AtaPortReadRegisterBuffer##Name;                      \
        const uint64_t byte_count = (uint64_t)Count * sizeof(TYPE);                                \
        if (access_buffer_is_refused(Buffer, byte_count, routine, CALLER))                         \
            return;                                                                                \
        const struct mapped_range *range = range_of((uintptr_t)At, byte_count);                    \
        if (__builtin_expect(!range, 0)) {                                                         \
            access_refuse_read(routine, CALLER, (uintptr_t)At, sizeof(TYPE), Buffer, Count);       \
            return;                                                                                \
        }                                                                                          \
        for (ULONG i = 0; i < Count; i++) {                                                        \
            const struct access_register *reg = record_of(range, At + i, sizeof(TYPE));            \
            Buffer[i] =                                                                            \
                reg ? reg->read##bits HAL_WITH(reg, (uintptr_t)(At + i)) : hal_read##bits(At + i); \
        }                                                                                          \
        access_counters.data_units += Count;                                                       \
        trace(TRACE_REGISTER_BUFFER, (uint16_t)(uintptr_t)At, sizeof(TYPE), Count);                \
    }
#define DEFINE_WRITE_BUFFER(Name, TYPE, bits)                                                      \
    VOID NTAPI AtaPortWriteRegisterBuffer##Name(TYPE *At, TYPE *Buffer, ULONG Count)               \
    {                                                                                              \
        const enum routine routine = ROUTINE_AtaPortWriteRegisterBuffer##Name;                     \
        const uint64_t byte_count = (uint64_t)Count * sizeof(TYPE);                                \
        if (access_buffer_is_refused(Buffer, byte_count, routine, CALLER))                         \
            return;                                                                                \
        const struct mapped_range *range = range_of((uintptr_t)At, byte_count);                    \
        if (__builtin_expect(!range, 0)) {                                                         \
            access_refuse(routine, CALLER, (uintptr_t)At, sizeof(TYPE));                           \
            return;                                                                                \
        }                                                                                          \
        for (ULONG i = 0; i < Count; i++) {                                                        \
            const struct access_register *reg = record_of(range, At + i, sizeof(TYPE));            \
            if (reg)                                                                               \
                reg->write##bits HAL_WITH(reg, (uintptr_t)(At + i), Buffer[i]);                    \
            else                                                                                   \
                hal_write##bits(At + i, Buffer[i]);                                                \
        }                                                                                          \
        access_counters.data_units += Count;                                                       \
        trace(TRACE_REGISTER_BUFFER, (uint16_t)(uintptr_t)At, sizeof(TYPE) | TRACE_IS_OUT, Count); \
    }

WIDTHS(DEFINE_READ_BUFFER)
WIDTHS(DEFINE_WRITE_BUFFER)
