/* SPDX-License-Identifier: MIT */
/*
 * The exported routines around memory: uncached and IRB extensions, physical addresses, copy and
 * move.
 */
#include <string.h>

#include "port/memory.h"
#include "port/request/request.h"

PVOID NTAPI AtaPortGetUnCachedExtension(PVOID ChannelExtension, ULONG UncachedExtensionSize,
                                        ULONG IrbExtensionSize)
{
    static const char routine[] = "AtaPortGetUnCachedExtension";
    struct channel *channel = contract_channel(ChannelExtension, routine, CALLER);
    if (!channel || contract_in_build_io(routine, CALLER))
        return NULL;
    if (context_now->kind != CONTEXT_HW_CONTROL || context_now->action != IdeStart) {
        contract_report(RULE_CTX_03, channel, routine, CALLER, "nothing was allocated");
        return NULL;
    }
    if (channel->slots) {
        contract_report(RULE_CTX_04, channel, routine, CALLER, "nothing was allocated");
        return NULL;
    }
    /* A miniport that wants IRB extensions only asks for 0 bytes, and must be able to tell success
     * from failure: it gets a page of its own. */
    uint64_t limit = channel->controller->configuration.Dma64BitAddress ? UINT64_MAX : 1ull << 32;
    channel->uncached = guard_give(&channel->uncached_memory, "uncached extension", channel,
                                   UncachedExtensionSize, GUARD_FROM_PAGE, limit);
    channel->irb_extension_size = IrbExtensionSize;
    if (!channel->uncached || !slots_create(channel)) {
        channel->irb_extension_size = 0;
        port_message(channel, "%s: no memory for %u bytes and %u bytes an IRB", routine,
                     (unsigned)UncachedExtensionSize, (unsigned)IrbExtensionSize);
        guard_take_back(&channel->uncached_memory);
        channel->uncached = NULL;
        return NULL;
    }
    channel->uncached_size = UncachedExtensionSize;
    return channel->uncached;
}

/* Is [address, ...) memory that this channel's miniport may hand to its controller? Also the
 * address of the end is asked for. */
static bool inside(const void *address, const void *start, size_t byte_count)
{
    return start && (uintptr_t)address >= (uintptr_t)start &&
           (uintptr_t)address - (uintptr_t)start <= byte_count;
}

IDE_PHYSICAL_ADDRESS NTAPI AtaPortGetPhysicalAddress(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb,
                                                     PVOID VirtualAddress, ULONG *Length)
{
    static const char routine[] = "AtaPortGetPhysicalAddress";
    IDE_PHYSICAL_ADDRESS physical = {.QuadPart = 0};
    uint32_t run = 0;
    struct channel *channel = contract_channel(ChannelExtension, routine, CALLER);

    if (channel) {
        const uint8_t *end = NULL;
        size_t extensions = (size_t)channel->slot_count * channel->irb_extension_stride;
        const struct irb_slot *slot = Irb ? slot_from_irb(channel, Irb) : NULL;
        if (slot && slot->state == SLOT_ACTIVE &&
            inside(VirtualAddress, slot->data, slot->data_byte_count))
            end = (const uint8_t *)slot->data + slot->data_byte_count;
        else if (inside(VirtualAddress, channel->uncached, channel->uncached_size))
            end = (const uint8_t *)channel->uncached + channel->uncached_size;
        else if (inside(VirtualAddress, channel->irb_extensions, extensions))
            end = (const uint8_t *)channel->irb_extensions + extensions;
        else if (inside(VirtualAddress, channel->extension, channel->extension_size))
            end = (const uint8_t *)channel->extension + channel->extension_size;
        if (end) {
            run = (uint32_t)(end - (const uint8_t *)VirtualAddress);
            if (run == 0) /* the end itself: the address after the last byte */
                physical.QuadPart = (LONGLONG)hal_physical((const uint8_t *)VirtualAddress - 1) + 1;
            else
                physical.QuadPart = (LONGLONG)memory_physical_run(VirtualAddress, &run);
        }
    }
    if (Length)
        *Length = physical.QuadPart ? run : 0;
    return physical;
}

ULONG NTAPI AtaPortConvertPhysicalAddressToUlong(IDE_PHYSICAL_ADDRESS Address)
{
    static const char routine[] = "AtaPortConvertPhysicalAddressToUlong";
    if (contract_in_build_io(routine, CALLER))
        return 0;
    if ((uint64_t)Address.QuadPart >> 32)
        contract_report(RULE_ADR_03, NULL, routine, CALLER, "%#llx has more than 32 bits",
                        (unsigned long long)Address.QuadPart);
    return (ULONG)Address.QuadPart;
}

VOID NTAPI AtaPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length)
{
    if (!contract_in_build_io("AtaPortMoveMemory", CALLER))
        memmove(WriteBuffer, ReadBuffer, Length);
}

VOID NTAPI AtaPortCopyMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length)
{
    if (!contract_in_build_io("AtaPortCopyMemory", CALLER))
        memcpy(WriteBuffer, ReadBuffer, Length);
}
