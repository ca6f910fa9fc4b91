/* SPDX-License-Identifier: MIT */
/*
 * Port and register access: AtaPortRead/WritePort* and AtaPortRead/WriteRegister*.
 *
 * Every access is checked against what AtaPortGetDeviceBase mapped for the controller that runs now
 * (ADR-01), counted, and traced; then it goes to the HAL. Nothing is cached, reordered or polled.
 * Entered from every context in which a miniport runs; this is the hottest code of the port.
 */
#include "port/access.h"

#include <string.h>

#include "lib/plural.h"
#include "port/memory.h"
#include "port/trace.h"

struct access_counters access_counters;

uint8_t access_no_ports[ACCESS_PORT_COUNT];

/* What the map of this context says of a port. */
static inline uint8_t port_entry(uintptr_t port)
{
    return __builtin_expect(port < ACCESS_PORT_COUNT, 1) ? context_now->port_map[port] : 0;
}

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
    return channel && channel->uncached && address >= (uintptr_t)channel->uncached &&
           byte_count <= channel->uncached_size &&
           address - (uintptr_t)channel->uncached <= channel->uncached_size - byte_count;
}

/* Why an access was not done. In IdeHwBuildIo nothing is mapped, since no routine may be called. */
static __attribute__((noinline)) void report_access(const char *routine, const void *place,
                                                    uintptr_t address, unsigned width)
{
    if (contract_in_build_io(routine, place))
        return;
    contract_report(RULE_ADR_01, NULL, routine, place,
                    "%u byte%s at %#llx: no range of that kind was mapped there with "
                    "AtaPortGetDeviceBase; a read returned all ones, a write was dropped",
                    width, plural(width), (unsigned long long)address);
}

/* What a read of a buffer gives where it may not read. */
static __attribute__((cold)) void fill_with_ones(void *buffer, size_t byte_count)
{
    memset(buffer, 0xFF, byte_count);
}

/* Before what goes through it with string instructions. */
static __attribute__((noinline)) bool buffer_is_refused(const void *buffer, uint64_t byte_count,
                                                        const char *routine, const void *place)
{
    contract_direction(routine, place);
    return memory_is_refused(buffer, byte_count, routine, place);
}

/* The checks that stand before every access. What a marked port notes is `what` of its marks. */
#define CHECK_PORT(routine, port, width, what, failure)                                         \
    do {                                                                                        \
        if (__builtin_expect((int8_t)port_entry((uintptr_t)(port)) < (width), 0)) {             \
            hal_compiler_barrier(); /* the common case compares in memory, and keeps nothing */ \
            const uint8_t entry_ = port_entry((uintptr_t)(port));                               \
            if ((entry_ & ACCESS_WIDTH) < (width)) {                                            \
                report_access(routine, CALLER, (uintptr_t)(port), width);                       \
                return failure;                                                                 \
            }                                                                                   \
            context_now->noted |= (uint8_t)(entry_ & (what));                                   \
        }                                                                                       \
    } while (0)
#define CHECK_REGISTER(routine, address, byte_count, width, failure)     \
    do {                                                                 \
        if (!register_is_mapped((uintptr_t)(address), byte_count)) {     \
            report_access(routine, CALLER, (uintptr_t)(address), width); \
            return failure;                                              \
        }                                                                \
    } while (0)

#define CHECK_BUFFER(routine, buffer, byte_count)                   \
    do {                                                            \
        if (buffer_is_refused(buffer, byte_count, routine, CALLER)) \
            return;                                                 \
    } while (0)

/* Writing 1 to the bus master's interrupt bit clears it. */
#define NOTED_BY_WRITE(value) ((value)&ACCESS_BUS_MASTER_INTERRUPT ? ACCESS_CLEARED_BUS_MASTER : 0)

#define DEFINE_PORT_ACCESS(Name, TYPE, bits)                                                \
    TYPE NTAPI AtaPortReadPort##Name(TYPE *Port)                                            \
    {                                                                                       \
        CHECK_PORT("AtaPortReadPort" #Name, Port, bits / 8, ACCESS_READ_STATUS, (TYPE)~0u); \
        TYPE value = hal_in##bits((uint16_t)(uintptr_t)Port);                               \
        access_counters.registers++;                                                        \
        trace(TRACE_PORT_READ, (uint16_t)(uintptr_t)Port, bits / 8, value);                 \
        return value;                                                                       \
    }                                                                                       \
    VOID NTAPI AtaPortWritePort##Name(TYPE *Port, TYPE Value)                               \
    {                                                                                       \
        CHECK_PORT("AtaPortWritePort" #Name, Port, bits / 8, NOTED_BY_WRITE(Value), );      \
        hal_out##bits((uint16_t)(uintptr_t)Port, Value);                                    \
        access_counters.registers++;                                                        \
        trace(TRACE_PORT_WRITE, (uint16_t)(uintptr_t)Port, bits / 8, Value);                \
    }                                                                                       \
    VOID NTAPI AtaPortReadPortBuffer##Name(TYPE *Port, TYPE *Buffer, ULONG Count)           \
    {                                                                                       \
        CHECK_BUFFER("AtaPortReadPortBuffer" #Name, Buffer, (uint64_t)Count *(bits / 8));   \
        CHECK_PORT("AtaPortReadPortBuffer" #Name, Port, bits / 8, ACCESS_READ_STATUS,       \
                   fill_with_ones(Buffer, Count * sizeof(TYPE)));                           \
        access_counters.data_units += Count;                                                \
        trace(TRACE_PORT_BUFFER, (uint16_t)(uintptr_t)Port, bits / 8, Count);               \
        hal_keep_frame();                                                                   \
        hal_in_buffer##bits((uint16_t)(uintptr_t)Port, Buffer, Count);                      \
    }                                                                                       \
    VOID NTAPI AtaPortWritePortBuffer##Name(TYPE *Port, TYPE *Buffer, ULONG Count)          \
    {                                                                                       \
        CHECK_BUFFER("AtaPortWritePortBuffer" #Name, Buffer, (uint64_t)Count *(bits / 8));  \
        CHECK_PORT("AtaPortWritePortBuffer" #Name, Port, bits / 8, 0, );                    \
        access_counters.data_units += Count;                                                \
        trace(TRACE_PORT_BUFFER, (uint16_t)(uintptr_t)Port, bits / 8 | 0x80, Count);        \
        hal_keep_frame();                                                                   \
        hal_out_buffer##bits((uint16_t)(uintptr_t)Port, Buffer, Count);                     \
    }

DEFINE_PORT_ACCESS(Uchar, UCHAR, 8)
DEFINE_PORT_ACCESS(Ushort, USHORT, 16)
DEFINE_PORT_ACCESS(Ulong, ULONG, 32)

/* The buffer forms on registers read or write consecutive addresses, as READ_REGISTER_BUFFER_xxx
 * do: a register buffer is a piece of device memory, where a port buffer is one port. */
#define DEFINE_REGISTER_ACCESS(Name, TYPE, bits)                                                  \
    TYPE NTAPI AtaPortReadRegister##Name(TYPE *Register)                                          \
    {                                                                                             \
        CHECK_REGISTER("AtaPortReadRegister" #Name, Register, bits / 8, bits / 8, (TYPE)~0u);     \
        TYPE value = hal_read##bits(Register);                                                    \
        access_counters.registers++;                                                              \
        trace(TRACE_REGISTER_READ, (uint16_t)(uintptr_t)Register, bits / 8, value);               \
        return value;                                                                             \
    }                                                                                             \
    VOID NTAPI AtaPortWriteRegister##Name(TYPE *Register, TYPE Value)                             \
    {                                                                                             \
        CHECK_REGISTER("AtaPortWriteRegister" #Name, Register, bits / 8, bits / 8, );             \
        access_counters.registers++;                                                              \
        trace(TRACE_REGISTER_WRITE, (uint16_t)(uintptr_t)Register, bits / 8, Value);              \
        hal_write##bits(Register, Value);                                                         \
    }                                                                                             \
    VOID NTAPI AtaPortReadRegisterBuffer##Name(TYPE *Register, TYPE *Buffer, ULONG Count)         \
    {                                                                                             \
        CHECK_BUFFER("AtaPortReadRegisterBuffer" #Name, Buffer, (uint64_t)Count *(bits / 8));     \
        CHECK_REGISTER("AtaPortReadRegisterBuffer" #Name, Register, (uint64_t)Count *(bits / 8),  \
                       bits / 8, fill_with_ones(Buffer, Count * sizeof(TYPE)));                   \
        access_counters.data_units += Count;                                                      \
        hal_keep_frame();                                                                         \
        for (ULONG i = 0; i < Count; i++)                                                         \
            Buffer[i] = hal_read##bits(Register + i);                                             \
    }                                                                                             \
    VOID NTAPI AtaPortWriteRegisterBuffer##Name(TYPE *Register, TYPE *Buffer, ULONG Count)        \
    {                                                                                             \
        CHECK_BUFFER("AtaPortWriteRegisterBuffer" #Name, Buffer, (uint64_t)Count *(bits / 8));    \
        CHECK_REGISTER("AtaPortWriteRegisterBuffer" #Name, Register, (uint64_t)Count *(bits / 8), \
                       bits / 8, );                                                               \
        access_counters.data_units += Count;                                                      \
        hal_keep_frame();                                                                         \
        for (ULONG i = 0; i < Count; i++)                                                         \
            hal_write##bits(Register + i, Buffer[i]);                                             \
    }

DEFINE_REGISTER_ACCESS(Uchar, UCHAR, 8)
DEFINE_REGISTER_ACCESS(Ushort, USHORT, 16)
DEFINE_REGISTER_ACCESS(Ulong, ULONG, 32)

/* ------------------------------------------------------------------ mapping */

/* The access range that holds [address, address + byte_count); byte_count 0 means to its end. */
static const IDE_ACCESS_RANGE *find_range(const IDE_ACCESS_RANGE *ranges, unsigned count,
                                          uint64_t address, uint32_t byte_count)
{
    for (unsigned i = 0; i < count; i++) {
        const IDE_ACCESS_RANGE *range = &ranges[i];
        uint64_t start = (uint64_t)range->RangeStart.QuadPart;
        if (address >= start && address - start < range->RangeLength &&
            byte_count <= range->RangeLength - (address - start))
            return range;
    }
    return NULL;
}

static void set_width(uint8_t *entry, unsigned width)
{
    *entry = (uint8_t)((*entry & ~ACCESS_WIDTH) | width);
}

static __attribute__((cold)) void map_ports(struct controller *controller, uint32_t port,
                                            uint32_t byte_count)
{
    uint8_t *map = controller->port_map;
    uint32_t end = port + byte_count < ACCESS_PORT_COUNT ? port + byte_count : ACCESS_PORT_COUNT;
    for (uint32_t i = end; i-- > port;) {
        unsigned behind = i + 1 < ACCESS_PORT_COUNT ? map[i + 1] & ACCESS_WIDTH : 0;
        set_width(&map[i], behind < 4 ? behind + 1 : 4);
    }
    for (uint32_t i = port; i-- > 0 && map[i] && (map[i] & ACCESS_WIDTH) < 4;) {
        unsigned behind = map[i + 1] & ACCESS_WIDTH; /* a range that ended here goes on */
        set_width(&map[i], behind < 4 ? behind + 1 : 4);
    }
    access_mark(controller);
}

static void mark_port(struct controller *controller, uint16_t port, unsigned mark)
{
    if (port && controller->port_map[port])
        controller->port_map[port] |= (uint8_t)(ACCESS_MARK | mark);
}

void access_mark(struct controller *controller)
{
    for (unsigned i = 0; i < controller->channel_count && contract_checks; i++) {
        const struct channel *channel = controller->channels[i];
        if (!channel)
            continue;
        mark_port(controller, channel->ports.status,
                  ACCESS_OF_CHANNEL(ACCESS_READ_STATUS, channel->number));
        mark_port(controller, channel->ports.bus_master_status,
                  ACCESS_OF_CHANNEL(ACCESS_CLEARED_BUS_MASTER, channel->number));
    }
}

PVOID NTAPI AtaPortGetDeviceBase(PVOID ChannelExtension, IDE_PHYSICAL_ADDRESS IoAddress,
                                 ULONG NumberOfBytes)
{
    static const char routine[] = "AtaPortGetDeviceBase";
    struct channel *channel;
    struct controller *controller = contract_either(ChannelExtension, &channel, routine, CALLER);
    uint64_t address = (uint64_t)IoAddress.QuadPart;
    const IDE_ACCESS_RANGE *range = NULL;

    if (!controller || contract_in_build_io(routine, CALLER))
        return NULL;
    if (channel)
        range = find_range(channel->resources.IdeAccessRange,
                           channel->resources.NumberOfAccessRanges, address, NumberOfBytes);
    if (!range)
        range = find_range(controller->ranges, controller->resources.NumberOfAccessRanges, address,
                           NumberOfBytes);
    if (!range) {
        contract_report(RULE_ADR_02, channel, routine, CALLER,
                        "%#llx is in none of the access ranges (bytes: %u)",
                        (unsigned long long)address, (unsigned)NumberOfBytes);
        return NULL;
    }
    uint32_t byte_count =
        NumberOfBytes
            ? NumberOfBytes
            : range->RangeLength - (uint32_t)(address - (uint64_t)range->RangeStart.QuadPart);
    uintptr_t base = (uintptr_t)address;
    if (range->InMemory) {
        base = (uintptr_t)hal_map_device(address, byte_count);
        if (!base) {
            port_message(channel, "%s: no room to map %#llx (bytes: %u)", routine,
                         (unsigned long long)address, (unsigned)byte_count);
            return NULL;
        }
        for (unsigned i = 0; i < controller->mapped_count; i++)
            if (controller->mapped[i].base == base &&
                controller->mapped[i].byte_count == byte_count)
                return (PVOID)base;
        if (controller->mapped_count == PORT_MAX_MAPPED) {
            port_message(channel, "%s: more than %u ranges of device memory", routine,
                         PORT_MAX_MAPPED);
            return NULL;
        }
        controller->mapped[controller->mapped_count++] =
            (struct mapped_range){.base = base, .byte_count = byte_count};
    } else {
        map_ports(controller, (uint32_t)address, byte_count);
    }
    return (PVOID)base;
}

bool access_create_map(struct controller *controller)
{
    if (!controller->port_map)
        controller->port_map = hal_pages_alloc(ACCESS_PORT_COUNT / HAL_PAGE_SIZE, UINT64_MAX);
    return controller->port_map != NULL;
}

void access_unmap_all(struct controller *controller)
{
    controller->mapped_count = 0;
    memset(controller->port_map, 0, ACCESS_PORT_COUNT);
}
