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

const struct access_filter *access_filter;
struct access_counters access_counters;

#define WIDTHS(DEFINE)         \
    DEFINE(Uchar, UCHAR, 8)    \
    DEFINE(Ushort, USHORT, 16) \
    DEFINE(Ulong, ULONG, 32)

/* ------------------------------------------------------------------ nothing is mapped there */

/* (The routines go to these, and do not call them: the caller is the driver.) */

#define DEFINE_REFUSING(Name, TYPE, bits)                                                    \
    static __attribute__((cold)) TYPE ACCESS_WAY refuse_read##bits ACCESS_READ(port)         \
    {                                                                                        \
        (void)reg;                                                                           \
        access_refuse(ROUTINE_AtaPortReadPort##Name, CALLER, port, (bits) / 8);              \
        return (TYPE)ACCESS_NOTHING;                                                         \
    }                                                                                        \
    static __attribute__((cold)) VOID ACCESS_WAY refuse_write##bits ACCESS_WRITE(port, TYPE) \
    {                                                                                        \
        (void)reg, (void)value;                                                              \
        access_refuse(ROUTINE_AtaPortWritePort##Name, CALLER, port, (bits) / 8);             \
    }
WIDTHS(DEFINE_REFUSING)

/* ------------------------------------------------------------------ nobody wants to know */

#define DEFINE_PLAIN(Name, TYPE, bits)                                       \
    static TYPE ACCESS_WAY plain_read##bits ACCESS_READ(port)                \
    {                                                                        \
        (void)reg;                                                           \
        TYPE value = hal_in##bits((uint16_t)port);                           \
        access_counters.registers++;                                         \
        trace(TRACE_PORT_READ, (unsigned)port, (bits) / 8, value);           \
        return value;                                                        \
    }                                                                        \
    static inline VOID ACCESS_WAY plain_write##bits ACCESS_WRITE(port, TYPE) \
    {                                                                        \
        (void)reg;                                                           \
        hal_out##bits((uint16_t)port, value);                                \
        access_counters.registers++;                                         \
        trace(TRACE_PORT_WRITE, (unsigned)port, (bits) / 8, value);          \
    }
WIDTHS(DEFINE_PLAIN)

/* ------------------------------------------------------------------ registers of interest */

/* What begins something in a device has a time. */
static inline __attribute__((always_inline)) void trace_write(uintptr_t port, enum access_role role,
                                                              unsigned width, uint32_t value)
{
    if (role == ROLE_STATUS || role == ROLE_ALTERNATE_STATUS)
        trace_timed(TRACE_PORT_WRITE,
                    trace_head(TRACE_PORT_WRITE, (unsigned)port, width | TRACE_TIMED), value);
    else
        trace(TRACE_PORT_WRITE, (unsigned)port, width, value);
}

void access_before_read(const struct access_register *reg)
{
    if (contract_audits)
        audit_before_read(reg);
}

void access_tell_read(const struct access_register *reg, uintptr_t port, unsigned width,
                      uint32_t value, bool is_injected)
{
    access_counters.registers++;
    trace(TRACE_PORT_READ, (unsigned)port, width | (is_injected ? TRACE_INJECTED : 0), value);
    if (contract_audits)
        audit_read(reg, width, value);
}

uint32_t access_before_write(const struct access_register *reg, unsigned width, uint32_t value)
{
    return contract_audits ? audit_before_write(reg, width, value) : value;
}

void access_tell_write(const struct access_register *reg, uintptr_t port, unsigned width,
                       uint32_t value, bool is_injected)
{
    access_counters.registers++;
    trace_write(port, (enum access_role)reg->role, width | (is_injected ? TRACE_INJECTED : 0),
                value);
    if (contract_audits)
        audit_written(reg, width, value);
}

/* All is looked at. */
#define DEFINE_TOLD(Name, TYPE, bits)                                                          \
    static __attribute__((cold, noinline)) TYPE ACCESS_WAY told##bits ACCESS_WRITE(port, TYPE) \
    {                                                                                          \
        access_tell_read(reg, port, (bits) / 8, value, false);                                 \
        return value;                                                                          \
    }                                                                                          \
    static __attribute__((cold, noinline)) TYPE ACCESS_WAY told_read##bits ACCESS_READ(port)   \
    {                                                                                          \
        access_before_read(reg);                                                               \
        return told##bits HAL_WITH(reg, port, hal_in##bits((uint16_t)port));                   \
    }                                                                                          \
    static __attribute__((cold, noinline)) VOID ACCESS_WAY told_write##bits ACCESS_WRITE(port, \
                                                                                         TYPE) \
    {                                                                                          \
        value = (TYPE)access_before_write(reg, (bits) / 8, value);                             \
        hal_out##bits((uint16_t)port, value);                                                  \
        access_tell_write(reg, port, (bits) / 8, value, false);                                \
    }
WIDTHS(DEFINE_TOLD)

/* The way of a DMA command leads through these: what is plain of it (audit.h) takes few
 * instructions, and calls nobody. */
#define DEFINE_WRITE(name, takes)                                 \
    static VOID ACCESS_WAY write_##name ACCESS_WRITE(port, UCHAR) \
    {                                                             \
        if (!(takes)) {                                           \
            told_write8 HAL_WITH(reg, port, value);               \
            return;                                               \
        }                                                         \
        plain_write8 HAL_WITH(reg, port, value);                  \
    }
#define DEFINE_REGISTER(ROLE) \
    DEFINE_WRITE(ROLE, audit_takes_register(&reg->channel->audit, ROLE, value))
DEFINE_REGISTER(ROLE_ERROR) /* Features */
DEFINE_REGISTER(ROLE_SECTOR_COUNT)
DEFINE_REGISTER(ROLE_LBA_LOW)
DEFINE_REGISTER(ROLE_LBA_MID)
DEFINE_REGISTER(ROLE_LBA_HIGH)
DEFINE_WRITE(device, audit_takes_device(&reg->channel->audit, value))
DEFINE_WRITE(start, audit_takes_start(&reg->channel, value))
DEFINE_WRITE(stop, audit_takes_seen_stop(&reg->channel->audit))
DEFINE_WRITE(bus_master_status, audit_takes_dma_clear(&reg->channel->audit, value))

static VOID ACCESS_WAY write_command ACCESS_WRITE(port, UCHAR)
{
    struct channel *channel = reg->channel;

    if (!audit_takes_command(channel, value)) {
        told_write8 HAL_WITH(reg, port, value);
        return;
    }
    hal_out8((uint16_t)port, value);
    access_counters.registers++;
    uintptr_t place = trace_put(
        TRACE_PORT_WRITE, trace_head(TRACE_PORT_WRITE, (unsigned)port, 1 | TRACE_TIMED), value);
    channel->audit.command.begun = *trace_time_at(place) = hal_cycles();
}

static VOID ACCESS_WAY write_bus_master ACCESS_WRITE(port, UCHAR)
{
    if (value & DMA_START) {
        write_start HAL_WITH(reg, port, value);
        return;
    }
    hal_compiler_barrier();
    write_stop HAL_WITH(reg, port, value);
}

static UCHAR ACCESS_WAY read_bus_master_status ACCESS_READ(port)
{
    UCHAR value = hal_in8((uint16_t)port);

    if (!audit_takes_dma_interrupt(&reg->channel->audit, value))
        return told8 HAL_WITH(reg, port, value);
    access_counters.registers++;
    trace(TRACE_PORT_READ, (unsigned)port, 1, value);
    return value;
}

static UCHAR ACCESS_WAY read_status ACCESS_READ(port)
{
    struct channel *channel = reg->channel;
    bool is_end = __builtin_expect(audit_is_end_near(&channel->audit), 1);

    if (!is_end && !audit_is_idle(&channel->audit))
        return told_read8 HAL_WITH(reg, port);
    UCHAR value = hal_in8((uint16_t)port);
    if (!audit_takes_status(channel, value, is_end))
        return told8 HAL_WITH(reg, port, value);
    access_counters.registers++;
    trace(TRACE_PORT_READ, (unsigned)port, 1, value);
    return value;
}

/* ------------------------------------------------------------------ records */

#define TOLD_WAYS(Name, TYPE, bits) .read##bits = told_read##bits, .write##bits = told_write##bits,
static const struct access_register told_ways = {WIDTHS(TOLD_WAYS)};

static struct access_register ways_of_role(enum access_role role)
{
    static VOID(ACCESS_WAY *const writes[ROLE_COUNT]) ACCESS_WRITE(port, UCHAR) = {
        [ROLE_ERROR] = write_ROLE_ERROR,
        [ROLE_SECTOR_COUNT] = write_ROLE_SECTOR_COUNT,
        [ROLE_LBA_LOW] = write_ROLE_LBA_LOW,
        [ROLE_LBA_MID] = write_ROLE_LBA_MID,
        [ROLE_LBA_HIGH] = write_ROLE_LBA_HIGH,
        [ROLE_DEVICE] = write_device,
        [ROLE_STATUS] = write_command,
        [ROLE_BUS_MASTER_COMMAND] = write_bus_master,
        [ROLE_BUS_MASTER_STATUS] = write_bus_master_status,
    };
    struct access_register ways = access_filter ? access_filter->ways : told_ways;

    if (access_filter)
        return ways;
    if (writes[role])
        ways.write8 = writes[role];
    if (role == ROLE_STATUS)
        ways.read8 = read_status;
    if (role == ROLE_BUS_MASTER_STATUS)
        ways.read8 = read_bus_master_status;
    return ways;
}

#define PLAIN_WAYS(Name, TYPE, bits) \
    .read##bits = plain_read##bits, .write##bits = plain_write##bits,
static const struct access_register plain_ways = {WIDTHS(PLAIN_WAYS)};

struct access_register access_record(enum access_role role, unsigned byte_count)
{
    struct access_register reg = role ? ways_of_role(role) : plain_ways;

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

/* (What is dark is plain to nobody.) */
static const struct access_register *dark_ways(void)
{
    return access_filter ? &access_filter->ways : &told_ways;
}

#define DEFINE_DARK(Name, TYPE, bits)                                                      \
    static __attribute__((cold)) TYPE ACCESS_WAY dark_read##bits ACCESS_READ(port)         \
    {                                                                                      \
        audit_report_dark(port, routine_name(ROUTINE_AtaPortReadPort##Name));              \
        return dark_ways()->read##bits HAL_WITH(reg, port);                                \
    }                                                                                      \
    static __attribute__((cold)) VOID ACCESS_WAY dark_write##bits ACCESS_WRITE(port, TYPE) \
    {                                                                                      \
        audit_report_dark(port, routine_name(ROUTINE_AtaPortWritePort##Name));             \
        dark_ways()->write##bits HAL_WITH(reg, port, value);                               \
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
    uintptr_t reg = (uintptr_t)map->records;

    if (__builtin_expect(port < ACCESS_PORT_COUNT, 1))
        reg += map->ports[port];
    return hal_opaque((const void *)reg);
}

/* ------------------------------------------------------------------ the routines */

#define DEFINE_ROUTINES(Name, TYPE, bits)                             \
    TYPE NTAPI AtaPortReadPort##Name(TYPE *At)                        \
    {                                                                 \
        const struct access_register *reg = record_of((uintptr_t)At); \
        return reg->read##bits HAL_WITH(reg, (uintptr_t)At);          \
    }                                                                 \
    VOID NTAPI AtaPortWritePort##Name(TYPE *At, TYPE Value)           \
    {                                                                 \
        const struct access_register *reg = record_of((uintptr_t)At); \
        reg->write##bits HAL_WITH(reg, (uintptr_t)At, Value);         \
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
                    Buffer[i] = reg->read##bits HAL_WITH(reg, (uintptr_t)At);                      \
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
                    reg->write##bits HAL_WITH(reg, (uintptr_t)At, Buffer[i]);                      \
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
