/* SPDX-License-Identifier: MIT */
/*
 * Port and register access: the 24 routines AtaPortRead/WritePort*, AtaPortRead/WriteRegister*,
 * with Buffer and without.
 *
 * Each access is looked up in the map of the controller that runs now (ADR-01), goes through
 * inject.h to the HAL, is told to the auditor, counted, and traced, in this order. Nothing is
 * cached, reordered or polled. Entered from every context in which a miniport runs; this is the
 * hottest code of the port.
 */
#include <string.h>

#include "lib/plural.h"
#include "port/access/access.h"
#include "port/access/audit.h"
#include "port/access/inject.h"
#include "port/contract/entry.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"
#include "port/memory.h"
#include "port/objects.h"
#include "port/trace.h"

struct access_counters access_counters;

/* ------------------------------------------------------------------ may it be accessed? */

/* What the map of this context says of a port. */
static inline struct access_entry port_entry(uintptr_t port)
{
    static const struct access_entry none = {0, 0};
    return __builtin_expect(port < ACCESS_PORT_COUNT, 1) ? context_now->port_map->ports[port]
                                                         : none;
}

static inline const struct access_register *register_of(uint8_t entry)
{
    return access_register(context_now->port_map, entry);
}

/* 1, 2, 3 for one, two, four bytes, as in the map. */
#define WIDTH_CODE(bytes) ((bytes) == 4 ? 3 : (bytes))

/* Device memory, or the channel's uncached extension (drivers in the field keep register-like
 * structures there). */
static bool register_is_mapped(uintptr_t address, uint64_t byte_count)
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

/* Why an access was not done. In IdeHwBuildIo nothing is mapped, since no routine may be called. It
 * has the convention of its callers, so that the common way saves no register. */
static __attribute__((cold, noinline)) void NTAPI refuse(enum routine routine, const void *place,
                                                         uintptr_t address, unsigned width)
{
    if (entry_plain(routine, place))
        contract_report(RULE_ADR_01, NULL, routine_name(routine), place,
                        "%u byte%s at %#llx: no range of that kind was mapped there with "
                        "AtaPortGetDeviceBase; a read returned all ones, a write was dropped",
                        width, plural(width), (unsigned long long)address);
}

/* What a read of a buffer gives where it may not read. */
static __attribute__((cold)) void fill_with_ones(void *buffer, size_t byte_count)
{
    memset(buffer, 0xFF, byte_count);
}

/* Something is to be said of a buffer, or of the direction flag. */
static __attribute__((cold, noinline)) bool NTAPI judge_buffer(bool was_turned, const void *buffer,
                                                               uint64_t byte_count,
                                                               enum routine routine,
                                                               const void *place)
{
    if (was_turned)
        entry_report_direction(routine_name(routine), place);
    return memory_is_refused(buffer, byte_count, routine_name(routine), place);
}

/* Before what goes through it with string instructions. */
static inline bool buffer_is_refused(const void *buffer, uint64_t byte_count, enum routine routine,
                                     const void *place)
{
    bool was_turned = hal_direction_clear();
    bool wants_care = was_turned || (uintptr_t)buffer < hal_window_start;
    return __builtin_expect(wants_care, 0) &&
           judge_buffer(was_turned, buffer, byte_count, routine, place);
}

/* ------------------------------------------------------------------ registers of interest */

/* What begins something in a device has a time. */
static inline __attribute__((always_inline)) void trace_write(uint16_t port, enum access_role role,
                                                              unsigned width, uint32_t value)
{
    if (role == ROLE_BUS_MASTER_STATUS || width > 1)
        trace(TRACE_PORT_WRITE, port, width, value);
    else
        trace_timed(TRACE_PORT_WRITE, trace_head(TRACE_PORT_WRITE, port, width | TRACE_TIMED),
                    value);
}

/* They have eight bits. One of each for each role, since the way of every command leads through
 * here. */
#define DEFINE_READER(ROLE)                                                            \
    static UCHAR NTAPI read_##ROLE(uintptr_t port, const struct access_register *reg)  \
    {                                                                                  \
        uint8_t value = (uint8_t)inject_read((uint16_t)port, hal_in8((uint16_t)port)); \
        audit_read(reg, ROLE, value);                                                  \
        access_counters.registers++;                                                   \
        trace(TRACE_PORT_READ, (unsigned)port, 1, value);                              \
        return value;                                                                  \
    }
#define DEFINE_WRITER(ROLE)                                                                        \
    static VOID NTAPI write_##ROLE(uintptr_t port, UCHAR value, const struct access_register *reg) \
    {                                                                                              \
        uint32_t sent = value;                                                                     \
        if (inject_write((uint16_t)port, &sent))                                                   \
            hal_out8((uint16_t)port, (uint8_t)sent);                                               \
        audit_write(reg, ROLE, value);                                                             \
        access_counters.registers++;                                                               \
        trace_write((uint16_t)port, ROLE, 1, value);                                               \
    }

DEFINE_READER(ROLE_STATUS)
DEFINE_READER(ROLE_ALTERNATE_STATUS)
DEFINE_READER(ROLE_ERROR)
DEFINE_WRITER(ROLE_STATUS)
DEFINE_WRITER(ROLE_ALTERNATE_STATUS)
DEFINE_WRITER(ROLE_DEVICE)
DEFINE_WRITER(ROLE_BUS_MASTER_STATUS)

access_reader *const access_readers[ROLE_COUNT] = {
    [ROLE_STATUS] = read_ROLE_STATUS,
    [ROLE_ALTERNATE_STATUS] = read_ROLE_ALTERNATE_STATUS,
    [ROLE_ERROR] = read_ROLE_ERROR,
};
access_writer *const access_writers[ROLE_COUNT] = {
    [ROLE_STATUS] = write_ROLE_STATUS,
    [ROLE_ALTERNATE_STATUS] = write_ROLE_ALTERNATE_STATUS,
    [ROLE_DEVICE] = write_ROLE_DEVICE,
    [ROLE_BUS_MASTER_STATUS] = write_ROLE_BUS_MASTER_STATUS,
};

/* Wider accesses at such a register, which drivers have little reason for. */
static __attribute__((cold, noinline)) ULONG read_wide(uint8_t entry, uint16_t port, unsigned width)
{
    const struct access_register *reg = register_of(entry);
    uint32_t value = inject_read(port, width == 2 ? hal_in16(port) : hal_in32(port));

    audit_read(reg, (enum access_role)reg->read_role, (uint8_t)value);
    access_counters.registers++;
    trace(TRACE_PORT_READ, port, width, value);
    return value;
}

static __attribute__((cold, noinline)) void write_wide(uint8_t entry, uint16_t port, unsigned width,
                                                       ULONG value)
{
    const struct access_register *reg = register_of(entry);
    uint32_t sent = value;

    if (inject_write(port, &sent)) {
        if (width == 2)
            hal_out16(port, (uint16_t)sent);
        else
            hal_out32(port, sent);
    }
    audit_write(reg, (enum access_role)reg->write_role, (uint8_t)value);
    access_counters.registers++;
    trace_write(port, (enum access_role)reg->write_role, width, value);
}

/* The last unit of a block that was read there. */
static __attribute__((cold, noinline)) void audit_block(uint8_t entry, uint8_t value)
{
    const struct access_register *reg = register_of(entry);
    audit_read(reg, (enum access_role)reg->read_role, value);
}

/* ------------------------------------------------------------------ the routines' bodies */

static bool is_mapped(uint8_t entry, unsigned width)
{
    return (entry & ACCESS_WIDTH_CODE) >= WIDTH_CODE(width);
}

/* What differs between ports and registers in memory: WHERE_ENTRY: what is known of the place;
 * WHERE_IS_PLAIN: it is mapped and of no interest; WHERE_IS_OF_INTEREST: it is mapped all the same,
 * and WHERE_READ_IT and WHERE_WRITE_IT access it; WHERE_READ and so on: the access; WHERE_MAY: is a
 * block mapped? A register buffer is a piece of device memory, as with READ_REGISTER_BUFFER_xxx,
 * where a port buffer is one port. */
#define PORT_ENTRY(at, bits, way)  (port_entry((uintptr_t)(at)).way)
#define PORT_IS_PLAIN(entry, bits) ((int8_t)(entry) >= WIDTH_CODE(bits / 8))
#define PORT_IS_OF_INTEREST(entry, bits) \
    ((int8_t)(entry) < 0 && ((bits) == 8 || is_mapped(entry, bits / 8)))
#define PORT_READ_IT(entry, at, bits)                                            \
    ((bits) == 8 ? register_of(entry)->read((uintptr_t)(at), register_of(entry)) \
                 : read_wide(entry, (uint16_t)(uintptr_t)(at), bits / 8))
#define PORT_WRITE_IT(entry, at, bits, v)                                                     \
    ((bits) == 8 ? register_of(entry)->write((uintptr_t)(at), (UCHAR)(v), register_of(entry)) \
                 : write_wide(entry, (uint16_t)(uintptr_t)(at), bits / 8, v))
#define PORT_TRACED(at)                ((unsigned)(uintptr_t)(at))
#define PORT_READ(at, bits)            hal_in##bits((uint16_t)(uintptr_t)(at))
#define PORT_WRITE(at, bits, v)        hal_out##bits((uint16_t)(uintptr_t)(at), v)
#define PORT_MAY(at, bits, way, count) is_mapped(port_entry((uintptr_t)(at)).way, bits / 8)
#define PORT_READ_BLOCK(at, bits, buffer, count)                        \
    do {                                                                \
        hal_in_buffer##bits((uint16_t)(uintptr_t)(at), buffer, count);  \
        const uint8_t entry = port_entry((uintptr_t)(at)).read;         \
        if (__builtin_expect(entry & ACCESS_OF_INTEREST && (count), 0)) \
            audit_block(entry, (uint8_t)(buffer)[(count)-1]);           \
    } while (0)
#define PORT_WRITE_BLOCK(at, bits, buffer, count) \
    hal_out_buffer##bits((uint16_t)(uintptr_t)(at), buffer, count)

#define REGISTER_ENTRY(at, bits, way)         register_is_mapped((uintptr_t)(at), bits / 8)
#define REGISTER_IS_PLAIN(entry, bits)        (entry)
#define REGISTER_IS_OF_INTEREST(entry, bits)  false
#define REGISTER_READ_IT(entry, at, bits)     0
#define REGISTER_WRITE_IT(entry, at, bits, v) (void)0
#define REGISTER_TRACED(at)                   ((uint16_t)(uintptr_t)(at))
#define REGISTER_READ(at, bits)               hal_read##bits(at)
#define REGISTER_WRITE(at, bits, v)           hal_write##bits(at, v)
#define REGISTER_MAY(at, bits, way, count) \
    register_is_mapped((uintptr_t)(at), (uint64_t)(count) * (bits / 8))
#define REGISTER_READ_BLOCK(at, bits, buffer, count) \
    for (ULONG i = 0; i < (count); i++)              \
    (buffer)[i] = hal_read##bits((at) + i)
#define REGISTER_WRITE_BLOCK(at, bits, buffer, count) \
    for (ULONG i = 0; i < (count); i++)               \
    hal_write##bits((at) + i, (buffer)[i])

/* One body for each kind of access. Space is Port or Register, WHERE its name above. */
#define DEFINE_READ(Space, WHERE, Name, TYPE, bits)                                            \
    TYPE NTAPI AtaPortRead##Space##Name(TYPE *At)                                              \
    {                                                                                          \
        const __typeof__(WHERE##_ENTRY(At, bits, read)) entry = WHERE##_ENTRY(At, bits, read); \
        if (__builtin_expect(!WHERE##_IS_PLAIN(entry, bits), 0)) {                             \
            if (WHERE##_IS_OF_INTEREST(entry, bits))                                           \
                return (TYPE)WHERE##_READ_IT(entry, At, bits);                                 \
            refuse(ROUTINE_AtaPortRead##Space##Name, CALLER, (uintptr_t)At, bits / 8);         \
            return (TYPE)UINT32_MAX;                                                           \
        }                                                                                      \
        TYPE value = WHERE##_READ(At, bits);                                                   \
        access_counters.registers++;                                                           \
        trace(TRACE_##WHERE##_READ, WHERE##_TRACED(At), bits / 8, value);                      \
        return value;                                                                          \
    }
#define DEFINE_WRITE(Space, WHERE, Name, TYPE, bits)                                             \
    VOID NTAPI AtaPortWrite##Space##Name(TYPE *At, TYPE Value)                                   \
    {                                                                                            \
        const __typeof__(WHERE##_ENTRY(At, bits, write)) entry = WHERE##_ENTRY(At, bits, write); \
        if (__builtin_expect(!WHERE##_IS_PLAIN(entry, bits), 0)) {                               \
            if (WHERE##_IS_OF_INTEREST(entry, bits))                                             \
                WHERE##_WRITE_IT(entry, At, bits, Value);                                        \
            else                                                                                 \
                refuse(ROUTINE_AtaPortWrite##Space##Name, CALLER, (uintptr_t)At, bits / 8);      \
            return;                                                                              \
        }                                                                                        \
        WHERE##_WRITE(At, bits, Value);                                                          \
        access_counters.registers++;                                                             \
        trace(TRACE_##WHERE##_WRITE, WHERE##_TRACED(At), bits / 8, Value);                       \
    }
#define DEFINE_READ_BUFFER(Space, WHERE, Name, TYPE, bits)                            \
    VOID NTAPI AtaPortRead##Space##Buffer##Name(TYPE *At, TYPE *Buffer, ULONG Count)  \
    {                                                                                 \
        const enum routine routine = ROUTINE_AtaPortRead##Space##Buffer##Name;        \
        if (buffer_is_refused(Buffer, (uint64_t)Count * (bits / 8), routine, CALLER)) \
            return;                                                                   \
        if (__builtin_expect(!WHERE##_MAY(At, bits, read, Count), 0)) {               \
            refuse(routine, CALLER, (uintptr_t)At, bits / 8);                         \
            fill_with_ones(Buffer, (size_t)Count * sizeof(TYPE));                     \
            return;                                                                   \
        }                                                                             \
        WHERE##_READ_BLOCK(At, bits, Buffer, Count);                                  \
        access_counters.data_units += Count;                                          \
        trace(TRACE_##WHERE##_BUFFER, (uint16_t)(uintptr_t)At, bits / 8, Count);      \
    }
#define DEFINE_WRITE_BUFFER(Space, WHERE, Name, TYPE, bits)                                     \
    VOID NTAPI AtaPortWrite##Space##Buffer##Name(TYPE *At, TYPE *Buffer, ULONG Count)           \
    {                                                                                           \
        const enum routine routine = ROUTINE_AtaPortWrite##Space##Buffer##Name;                 \
        if (buffer_is_refused(Buffer, (uint64_t)Count * (bits / 8), routine, CALLER))           \
            return;                                                                             \
        if (__builtin_expect(!WHERE##_MAY(At, bits, write, Count), 0)) {                        \
            refuse(routine, CALLER, (uintptr_t)At, bits / 8);                                   \
            return;                                                                             \
        }                                                                                       \
        WHERE##_WRITE_BLOCK(At, bits, Buffer, Count);                                           \
        access_counters.data_units += Count;                                                    \
        trace(TRACE_##WHERE##_BUFFER, (uint16_t)(uintptr_t)At, bits / 8 | TRACE_IS_OUT, Count); \
    }

/* ------------------------------------------------------------------ the table */

#define SPACES(DEFINE, Name, TYPE, bits) \
    DEFINE(Port, PORT, Name, TYPE, bits) \
    DEFINE(Register, REGISTER, Name, TYPE, bits)
#define WIDTHS(DEFINE)                 \
    SPACES(DEFINE, Uchar, UCHAR, 8)    \
    SPACES(DEFINE, Ushort, USHORT, 16) \
    SPACES(DEFINE, Ulong, ULONG, 32)

WIDTHS(DEFINE_READ)
WIDTHS(DEFINE_WRITE)
WIDTHS(DEFINE_READ_BUFFER)
WIDTHS(DEFINE_WRITE_BUFFER)
