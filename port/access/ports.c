/* SPDX-License-Identifier: MIT */
/*
 * Ports: the twelve routines AtaPortRead/WritePort*, with Buffer and without.
 *
 * The map of the controller that runs now leads from a port to a record (access.h), and the record
 * to what becomes of an access: it is refused (ADR-01); it is done, counted and traced; or, for a
 * register that somebody wants to know of, it also goes through inject.h, and is told to the
 * auditor. Nothing is cached, reordered or polled. Entered from every context in which a miniport
 * runs; this is the hottest code of the port.
 */
#include "port/access/access.h"
#include "port/access/audit.h"
#include "port/access/refuse.h"
#include "port/contract/entry.h"
#include "port/objects.h"
#include "port/trace.h"

#define WIDTHS(DEFINE)         \
    DEFINE(Uchar, UCHAR, 8)    \
    DEFINE(Ushort, USHORT, 16) \
    DEFINE(Ulong, ULONG, 32)

/* ------------------------------------------------------------------ nothing is mapped there */

/* (The routines go to these, and do not call them: the caller is the driver.) */

#define DEFINE_REFUSING(Name, TYPE, bits)                                                \
    static __attribute__((cold))                                                         \
    TYPE ACCESS_WAY refuse_read##bits(const struct access_register *reg, uintptr_t port) \
    {                                                                                    \
        (void)reg;                                                                       \
        access_refuse(ROUTINE_AtaPortReadPort##Name, CALLER, port, (bits) / 8);          \
        return (TYPE)ACCESS_NOTHING;                                                     \
    }                                                                                    \
    static __attribute__((cold)) VOID ACCESS_WAY refuse_write##bits(                     \
        const struct access_register *reg, uintptr_t port, TYPE value)                   \
    {                                                                                    \
        (void)reg, (void)value;                                                          \
        access_refuse(ROUTINE_AtaPortWritePort##Name, CALLER, port, (bits) / 8);         \
    }
WIDTHS(DEFINE_REFUSING)

/* ------------------------------------------------------------------ nobody wants to know */

#define DEFINE_PLAIN(Name, TYPE, bits)                                                          \
    static TYPE ACCESS_WAY plain_read##bits(const struct access_register *reg, uintptr_t port)  \
    {                                                                                           \
        (void)reg;                                                                              \
        TYPE value = hal_in##bits((uint16_t)port);                                              \
        access_counters.registers++;                                                            \
        trace(TRACE_PORT_READ, (unsigned)port, (bits) / 8, value);                              \
        return value;                                                                           \
    }                                                                                           \
    static VOID ACCESS_WAY plain_write##bits(const struct access_register *reg, uintptr_t port, \
                                             TYPE value)                                        \
    {                                                                                           \
        (void)reg;                                                                              \
        hal_out##bits((uint16_t)port, value);                                                   \
        access_counters.registers++;                                                            \
        trace(TRACE_PORT_WRITE, (unsigned)port, (bits) / 8, value);                             \
    }
WIDTHS(DEFINE_PLAIN)

/* ------------------------------------------------------------------ registers of interest */

/* What begins something in a device has a time. */
static inline __attribute__((always_inline)) void trace_write(uintptr_t port, enum access_role role,
                                                              unsigned width, uint32_t value)
{
    if (role == ROLE_STATUS || role == ROLE_ALTERNATE_STATUS || role == ROLE_DEVICE)
        trace_timed(TRACE_PORT_WRITE,
                    trace_head(TRACE_PORT_WRITE, (unsigned)port, width | TRACE_TIMED), value);
    else
        trace(TRACE_PORT_WRITE, (unsigned)port, width, value);
}

/* What comes in another width than the register's own, for which drivers have little reason, by way
 * of a filter, or has to be looked at before it is done. */
__attribute__((cold)) void access_before_read(const struct access_register *reg)
{
    if (contract_audits)
        audit_before_read(reg, (enum access_role)reg->role);
}

__attribute__((cold)) void access_tell_read(const struct access_register *reg, uintptr_t port,
                                            unsigned width, uint32_t value, bool is_injected)
{
    access_counters.registers++;
    trace(TRACE_PORT_READ, (unsigned)port, width | (is_injected ? TRACE_INJECTED : 0), value);
    if (contract_audits)
        audit_read(reg, (enum access_role)reg->role, width, value, false);
}

__attribute__((cold)) uint32_t access_before_write(const struct access_register *reg,
                                                   unsigned width, uint32_t value)
{
    if (!contract_audits)
        return value;
    value = audit_before_write(reg, value);
    audit_write(reg, (enum access_role)reg->role, width, value);
    return value;
}

__attribute__((cold)) void access_tell_write(const struct access_register *reg, uintptr_t port,
                                             unsigned width, uint32_t value, bool is_injected)
{
    access_counters.registers++;
    trace_write(port, (enum access_role)reg->role, width | (is_injected ? TRACE_INJECTED : 0),
                value);
    if (contract_audits)
        audit_written(reg, (enum access_role)reg->role, width, value);
}

#define DEFINE_OTHER_WIDTH(Name, TYPE, bits)                                            \
    static __attribute__((cold, noinline)) TYPE ACCESS_WAY answer_with_care##bits(      \
        const struct access_register *reg, uintptr_t port, TYPE value)                  \
    {                                                                                   \
        access_tell_read(reg, port, (bits) / 8, value, false);                          \
        return value;                                                                   \
    }                                                                                   \
    static __attribute__((cold))                                                        \
    TYPE ACCESS_WAY other_read##bits(const struct access_register *reg, uintptr_t port) \
    {                                                                                   \
        access_before_read(reg);                                                        \
        return answer_with_care##bits(reg, port, hal_in##bits((uint16_t)port));         \
    }                                                                                   \
    static __attribute__((cold)) VOID ACCESS_WAY other_write##bits(                     \
        const struct access_register *reg, uintptr_t port, TYPE value)                  \
    {                                                                                   \
        value = (TYPE)access_before_write(reg, (bits) / 8, value);                      \
        hal_out##bits((uint16_t)port, value);                                           \
        access_tell_write(reg, port, (bits) / 8, value, false);                         \
    }
WIDTHS(DEFINE_OTHER_WIDTH)

/* One of each for each role, since the way of every command leads through here. */
#define DEFINE_ROLE(ROLE, TYPE, bits)                                                      \
    static TYPE ACCESS_WAY read_##ROLE(const struct access_register *reg, uintptr_t port)  \
    {                                                                                      \
        audit_before_read(reg, ROLE);                                                      \
        TYPE value = hal_in##bits((uint16_t)port);                                         \
        if (__builtin_expect(audit_answer_needs_care(reg, ROLE, value), 0))                \
            return answer_with_care##bits(reg, port, value);                               \
        audit_read(reg, ROLE, (bits) / 8, value, true);                                    \
        access_counters.registers++;                                                       \
        trace(TRACE_PORT_READ, (unsigned)port, (bits) / 8, value);                         \
        return value;                                                                      \
    }                                                                                      \
    static VOID ACCESS_WAY write_##ROLE(const struct access_register *reg, uintptr_t port, \
                                        TYPE value)                                        \
    {                                                                                      \
        if (__builtin_expect(audit_needs_care(reg, ROLE, value), 0)) {                     \
            other_write##bits(reg, port, value);                                           \
            return;                                                                        \
        }                                                                                  \
        audit_write(reg, ROLE, (bits) / 8, value);                                         \
        hal_out##bits((uint16_t)port, value);                                              \
        if (ROLE != ROLE_DEVICE) /* the same device, still */                              \
            audit_written(reg, ROLE, (bits) / 8, value);                                   \
        access_counters.registers++;                                                       \
        trace_write(port, ROLE, (bits) / 8, value);                                        \
    }
#define FOR_EACH_ROLE(WITH)                 \
    WITH(ROLE_DATA, USHORT, 16)             \
    WITH(ROLE_ERROR, UCHAR, 8)              \
    WITH(ROLE_SECTOR_COUNT, UCHAR, 8)       \
    WITH(ROLE_LBA_LOW, UCHAR, 8)            \
    WITH(ROLE_LBA_MID, UCHAR, 8)            \
    WITH(ROLE_LBA_HIGH, UCHAR, 8)           \
    WITH(ROLE_DEVICE, UCHAR, 8)             \
    WITH(ROLE_STATUS, UCHAR, 8)             \
    WITH(ROLE_ALTERNATE_STATUS, UCHAR, 8)   \
    WITH(ROLE_BUS_MASTER_COMMAND, UCHAR, 8) \
    WITH(ROLE_BUS_MASTER_STATUS, UCHAR, 8)  \
    WITH(ROLE_BUS_MASTER_TABLE, ULONG, 32)
FOR_EACH_ROLE(DEFINE_ROLE)

/* The bus master's command register, in two ways: a stop saves none of the processor's registers
 * that a look at a start takes. */
static __attribute__((noinline)) VOID ACCESS_WAY write_start(const struct access_register *reg,
                                                             uintptr_t port, UCHAR value)
{
    write_ROLE_BUS_MASTER_COMMAND(reg, port, value | DMA_START);
}

static __attribute__((flatten)) VOID ACCESS_WAY write_bus_master(const struct access_register *reg,
                                                                 uintptr_t port, UCHAR value)
{
    if (value & DMA_START)
        write_start(reg, port, value);
    else
        write_ROLE_BUS_MASTER_COMMAND(reg, port, value & (UCHAR)~DMA_START);
}

/* ------------------------------------------------------------------ records */

#define OTHER_WIDTHS                                                                              \
    .read8 = other_read8, .read16 = other_read16, .read32 = other_read32, .write8 = other_write8, \
    .write16 = other_write16, .write32 = other_write32
#define ROLE_WAYS(ROLE, TYPE, bits) \
    [ROLE] = {OTHER_WIDTHS, .read##bits = read_##ROLE, .write##bits = write_##ROLE},
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct access_register ways_of_role[ROLE_COUNT] = {
    FOR_EACH_ROLE(ROLE_WAYS)[ROLE_BUS_MASTER_COMMAND] = {OTHER_WIDTHS,
                                                         .read8 = read_ROLE_BUS_MASTER_COMMAND,
                                                         .write8 = write_bus_master},
    [ROLE_BUS_MASTER_TABLE_1] = {OTHER_WIDTHS},
    [ROLE_BUS_MASTER_TABLE_2] = {OTHER_WIDTHS},
    [ROLE_BUS_MASTER_TABLE_3] = {OTHER_WIDTHS},
};
#pragma GCC diagnostic pop

#define PLAIN_WAYS(Name, TYPE, bits) \
    .read##bits = plain_read##bits, .write##bits = plain_write##bits,
static const struct access_register plain_ways = {WIDTHS(PLAIN_WAYS)};

struct access_register access_record(enum access_role role, unsigned byte_count)
{
    struct access_register reg = !role           ? plain_ways
                                 : access_filter ? access_filter->ways
                                                 : ways_of_role[role];

    if (byte_count < 1)
        reg.read8 = refuse_read8, reg.write8 = refuse_write8;
    if (byte_count < 2)
        reg.read16 = refuse_read16, reg.write16 = refuse_write16;
    if (byte_count < 4)
        reg.read32 = refuse_read32, reg.write32 = refuse_write32;
    reg.role = (uint8_t)role;
    reg.is_audited = role && contract_audits;
    reg.byte_count = (uint8_t)byte_count;
    reg.block_bytes = role > ROLE_DATA || (role && access_filter) ? 0 : reg.byte_count;
    return reg;
}

static const struct access_register *ways_of(const struct access_register *reg)
{
    return access_filter ? &access_filter->ways : &ways_of_role[reg->role];
}

#define DEFINE_DARK(Name, TYPE, bits)                                                  \
    static __attribute__((cold))                                                       \
    TYPE ACCESS_WAY dark_read##bits(const struct access_register *reg, uintptr_t port) \
    {                                                                                  \
        audit_report_dark(port, routine_name(ROUTINE_AtaPortReadPort##Name));          \
        return ways_of(reg)->read##bits(reg, port);                                    \
    }                                                                                  \
    static __attribute__((cold)) VOID ACCESS_WAY dark_write##bits(                     \
        const struct access_register *reg, uintptr_t port, TYPE value)                 \
    {                                                                                  \
        audit_report_dark(port, routine_name(ROUTINE_AtaPortWritePort##Name));         \
        ways_of(reg)->write##bits(reg, port, value);                                   \
    }
WIDTHS(DEFINE_DARK)

struct access_register access_dark_record(enum access_role role, unsigned byte_count)
{
    struct access_register reg = access_record(role, byte_count);

    if (byte_count >= 1)
        reg.read8 = dark_read8, reg.write8 = dark_write8;
    if (byte_count >= 2)
        reg.read16 = dark_read16, reg.write16 = dark_write16;
    if (byte_count >= 4)
        reg.read32 = dark_read32, reg.write32 = dark_write32;
    return reg;
}

/* What the map of this context says of a port. (The address is kept as it is, and not made again
 * where it is used.) */
static inline const struct access_register *record_of(uintptr_t port)
{
    const struct access_map *map = context_now->port_map;
    const struct access_register *reg = map->records;

    if (__builtin_expect(port < ACCESS_PORT_COUNT, 1))
        reg += map->ports[port];
    return hal_opaque(reg);
}

/* ------------------------------------------------------------------ the routines */

#define DEFINE_ROUTINES(Name, TYPE, bits)                             \
    TYPE NTAPI AtaPortReadPort##Name(TYPE *At)                        \
    {                                                                 \
        const struct access_register *reg = record_of((uintptr_t)At); \
        return reg->read##bits(reg, (uintptr_t)At);                   \
    }                                                                 \
    VOID NTAPI AtaPortWritePort##Name(TYPE *At, TYPE Value)           \
    {                                                                 \
        const struct access_register *reg = record_of((uintptr_t)At); \
        reg->write##bits(reg, (uintptr_t)At, Value);                  \
    }
WIDTHS(DEFINE_ROUTINES)

/* Through one port, unit by unit. */
#define DEFINE_BUFFER_ROUTINES(Name, TYPE, bits)                                                   \
    VOID NTAPI AtaPortReadPortBuffer##Name(TYPE *At, TYPE *Buffer, ULONG Count)                    \
    {                                                                                              \
        const enum routine routine = ROUTINE_AtaPortReadPortBuffer##Name;                          \
        const struct access_register *reg = record_of((uintptr_t)At);                              \
        if (access_buffer_is_refused(Buffer, (uint64_t)Count * sizeof(TYPE), routine, CALLER))     \
            return;                                                                                \
        if (__builtin_expect(reg->block_bytes < sizeof(TYPE), 0)) {                                \
            if (reg->byte_count < sizeof(TYPE)) {                                                  \
                access_refuse_read(routine, CALLER, (uintptr_t)At, sizeof(TYPE), Buffer, Count);   \
                return;                                                                            \
            }                                                                                      \
            if (reg->role != ROLE_DATA) { /* each unit is an access like others */                 \
                for (ULONG i = 0; i < Count; i++)                                                  \
                    Buffer[i] = reg->read##bits(reg, (uintptr_t)At);                               \
                return;                                                                            \
            }                                                                                      \
            access_filter->read_block(reg, (uint16_t)(uintptr_t)At, sizeof(TYPE), Buffer, Count);  \
        } else {                                                                                   \
            hal_in_buffer##bits((uint16_t)(uintptr_t)At, Buffer, Count);                           \
        }                                                                                          \
        if (reg->is_audited && Count)                                                              \
            audit_moved(reg->channel, Buffer, sizeof(TYPE), Count, false, true);                   \
        access_counters.data_units += Count;                                                       \
        trace(TRACE_PORT_BUFFER, (unsigned)(uintptr_t)At, sizeof(TYPE), Count);                    \
    }                                                                                              \
    VOID NTAPI AtaPortWritePortBuffer##Name(TYPE *At, TYPE *Buffer, ULONG Count)                   \
    {                                                                                              \
        const enum routine routine = ROUTINE_AtaPortWritePortBuffer##Name;                         \
        const struct access_register *reg = record_of((uintptr_t)At);                              \
        if (access_buffer_is_refused(Buffer, (uint64_t)Count * sizeof(TYPE), routine, CALLER))     \
            return;                                                                                \
        if (__builtin_expect(reg->block_bytes < sizeof(TYPE), 0)) {                                \
            if (reg->byte_count < sizeof(TYPE)) {                                                  \
                access_refuse(routine, CALLER, (uintptr_t)At, sizeof(TYPE));                       \
                return;                                                                            \
            }                                                                                      \
            if (reg->role != ROLE_DATA) {                                                          \
                for (ULONG i = 0; i < Count; i++)                                                  \
                    reg->write##bits(reg, (uintptr_t)At, Buffer[i]);                               \
                return;                                                                            \
            }                                                                                      \
            access_filter->write_block(reg, (uint16_t)(uintptr_t)At, sizeof(TYPE), Buffer, Count); \
        } else {                                                                                   \
            hal_out_buffer##bits((uint16_t)(uintptr_t)At, Buffer, Count);                          \
        }                                                                                          \
        if (reg->is_audited && Count)                                                              \
            audit_buffer_write(reg, sizeof(TYPE), Count, Buffer);                                  \
        access_counters.data_units += Count;                                                       \
        trace(TRACE_PORT_BUFFER, (unsigned)(uintptr_t)At, sizeof(TYPE) | TRACE_IS_OUT, Count);     \
    }
WIDTHS(DEFINE_BUFFER_ROUTINES)
