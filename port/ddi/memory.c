/* SPDX-License-Identifier: MIT */
/*
 * The exported routines around memory: uncached and IRB extensions, physical addresses, copy and
 * move.
 */
#include <string.h>

#include "port/contract/entry.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"
#include "port/data.h"
#include "port/log.h"
#include "port/memory.h"
#include "port/objects.h"
#include "port/request/slots.h"

/* CTX-12: what a crash dump's memory has for it. */
#define DUMP_UNCACHED_LIMIT 0x8000u

PVOID NTAPI AtaPortGetUnCachedExtension(PVOID ChannelExtension, ULONG UncachedExtensionSize,
                                        ULONG IrbExtensionSize)
{
    const enum routine routine = ROUTINE_AtaPortGetUnCachedExtension;
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    if (!channel)
        return NULL;
    if (channel->irbs.slots) {
        contract_report(RULE_CTX_04, channel, routine_name(routine), CALLER,
                        "nothing was allocated");
        return NULL;
    }
    if (channel->given.configuration.ChannelMode == IdeModeDump &&
        UncachedExtensionSize > DUMP_UNCACHED_LIMIT) {
        contract_report(RULE_CTX_12, channel, routine_name(routine), CALLER,
                        "%u bytes in dump mode: nothing was allocated",
                        (unsigned)UncachedExtensionSize);
        return NULL;
    }
    /* A miniport that wants IRB extensions only asks for 0 bytes, and must be able to tell success
     * from failure: it gets a page of its own. */
    uint64_t limit =
        channel->controller->given.configuration.Dma64BitAddress ? UINT64_MAX : 1ull << 32;
    channel->memory.uncached = guard_give(&channel->memory.uncached_guard, "uncached extension",
                                          channel, UncachedExtensionSize, GUARD_FROM_PAGE, limit);
    channel->memory.irb_extension_size = IrbExtensionSize;
    if (!channel->memory.uncached || !slots_create(channel)) {
        channel->memory.irb_extension_size = 0;
        port_message(channel, "%s: no memory; bytes asked for: %u, and %u an IRB",
                     routine_name(routine), (unsigned)UncachedExtensionSize,
                     (unsigned)IrbExtensionSize);
        guard_take_back(&channel->memory.uncached_guard);
        channel->memory.uncached = NULL;
        return NULL;
    }
    channel->memory.uncached_size = UncachedExtensionSize;
    if (UncachedExtensionSize >= UNCACHED_REACH)
        channel->memory.uncached_reach = UncachedExtensionSize - UNCACHED_REACH + 1;
    return channel->memory.uncached;
}

/* Memory that a miniport may hand to its controller, as the port sees it. */
struct piece {
    const uint8_t *at;
    size_t byte_count; /* from there on */
};

/* Is the address in [start, start + byte_count], whose first byte the port sees at `memory`? Also
 * the address of the end is asked for. */
static bool find_inside(struct piece *piece, const void *address, const void *start,
                        size_t byte_count, const void *memory)
{
    size_t offset = (uintptr_t)address - (uintptr_t)start;
    if (!start || offset > byte_count)
        return false;
    piece->at = (const uint8_t *)memory + offset;
    piece->byte_count = byte_count - offset;
    return true;
}

/* The IrbExtension of any slot. */
static bool find_extension(struct piece *piece, struct channel *channel, const void *address)
{
    uint32_t byte_count = channel->memory.irb_extension_size;
    enum slot_part part;
    struct irb_slot *slot;

    /* The end of one may be the first byte of an unmapped page. */
    return byte_count && slot_locate(channel, (uintptr_t)address - 1, &slot, &part) && slot &&
           find_inside(piece, address, slot->extension, byte_count, slot->extension_memory);
}

/* The data of an IRB that is outstanding. */
static bool find_data(struct piece *piece, const struct irb_slot *slot, const void *address)
{
    size_t offset = (uintptr_t)address - (uintptr_t)slot->shown_data;
    uint32_t run = slot->data_byte_count - (uint32_t)offset;

    if (slot->state != SLOT_ACTIVE ||
        !find_inside(piece, address, slot->shown_data, slot->data_byte_count, slot->data))
        return false;
    if (run) {
        piece->at = slot_data_at(slot, (uint32_t)offset, &run);
        piece->byte_count = run;
    } else if (slot->data_byte_count) {
        piece->at = slot_data_at(slot, slot->data_byte_count - 1, &run) + 1;
    }
    return true;
}

static bool find_piece(struct piece *piece, struct channel *channel, const IDE_REQUEST_BLOCK *irb,
                       const void *address)
{
    const struct irb_slot *slot = irb ? slot_from_irb(channel, irb) : NULL;

    return (slot && find_data(piece, slot, address)) ||
           find_inside(piece, address, channel->memory.uncached, channel->memory.uncached_size,
                       channel->memory.uncached) ||
           find_extension(piece, channel, address) ||
           find_inside(piece, address, channel->memory.extension, channel->memory.extension_size,
                       channel->memory.extension);
}

IDE_PHYSICAL_ADDRESS NTAPI AtaPortGetPhysicalAddress(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb,
                                                     PVOID VirtualAddress, ULONG *Length)
{
    const enum routine routine = ROUTINE_AtaPortGetPhysicalAddress;
    IDE_PHYSICAL_ADDRESS physical = {.QuadPart = 0};
    uint32_t run = 0;
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    struct piece piece;

    if (memory_is_refused(Length, sizeof *Length, routine_name(routine), CALLER))
        return physical;
    if (channel && find_piece(&piece, channel, Irb, VirtualAddress)) {
        run = (uint32_t)piece.byte_count;
        if (run == 0) /* the end itself: the address after the last byte */
            physical.QuadPart = (LONGLONG)hal_physical(piece.at - 1) + 1;
        else
            physical.QuadPart = (LONGLONG)memory_physical_run(piece.at, &run);
    }
    if (Length)
        *Length = physical.QuadPart ? run : 0;
    return physical;
}

ULONG NTAPI AtaPortConvertPhysicalAddressToUlong(IDE_PHYSICAL_ADDRESS Address)
{
    const enum routine routine = ROUTINE_AtaPortConvertPhysicalAddressToUlong;
    bool is_large = (uint64_t)Address.QuadPart >> 32 != 0;

    /* It is part of every request, so that only what needs care takes its time. */
    if (__builtin_expect(!is_large && context_now->kind != CONTEXT_BUILD_IO, 1))
        return (ULONG)Address.QuadPart;
    if (!entry_plain(routine, CALLER))
        return 0;
    if (is_large)
        contract_report(RULE_ADR_03, NULL, routine_name(routine), CALLER,
                        "%#llx has more than 32 bits", (unsigned long long)Address.QuadPart);
    return (ULONG)Address.QuadPart;
}

/* Is one of them the kernel's? */
static inline bool copy_is_refused(const void *to, const void *from, ULONG byte_count,
                                   enum routine routine, const void *place)
{
    return memory_is_refused(to, byte_count, routine_name(routine), place) ||
           memory_is_refused(from, byte_count, routine_name(routine), place);
}

VOID NTAPI AtaPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length)
{
    const enum routine routine = ROUTINE_AtaPortMoveMemory;
    if (entry_plain(routine, CALLER) &&
        !copy_is_refused(WriteBuffer, ReadBuffer, Length, routine, CALLER))
        memmove(WriteBuffer, ReadBuffer, Length);
}

VOID NTAPI AtaPortCopyMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length)
{
    const enum routine routine = ROUTINE_AtaPortCopyMemory;
    uintptr_t to = (uintptr_t)WriteBuffer, from = (uintptr_t)ReadBuffer;
    if (!entry_plain(routine, CALLER) ||
        copy_is_refused(WriteBuffer, ReadBuffer, Length, routine, CALLER))
        return;
    if (to - from >= Length && from - to >= Length) {
        memcpy(WriteBuffer, ReadBuffer, Length);
        return;
    }
    contract_report(RULE_ADR_05, NULL, routine_name(routine), CALLER,
                    "from %p to %p, bytes: %u: copied as by AtaPortMoveMemory", ReadBuffer,
                    WriteBuffer, (unsigned)Length);
    memmove(WriteBuffer, ReadBuffer, Length);
}
