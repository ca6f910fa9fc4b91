/* SPDX-License-Identifier: MIT */
/*
 * The way to the hardware: start-up, PCI configuration space, mapped ranges, memory for bus
 * masters.
 */
#ifndef DDI_IRB_BUS_H
#define DDI_IRB_BUS_H

#include "controller.h"

/* ------------------------------------------------------------------ start-up */

/*
 * Introduces the miniport to the port.
 *   DriverObject, RegistryPath  what DriverEntry was given
 *   ControllerInterface         copied, so it may live on the stack
 * Context: DriverEntry, exactly once (INI-01).
 * Returns: an NTSTATUS that DriverEntry returns in turn. STATUS_INVALID_PARAMETER: a null pointer,
 * a Version that is not the structure's size, no AtaAdapterControl (INI-02), an AlignmentMask other
 * than 0, 1, 3 and 7 (INI-03), a routine outside of the driver's code (MEM-03).
 * STATUS_INVALID_DEVICE_REQUEST: not the time for it. The driver is
 * not started. Source: AtaPortInitializeEx, IDE_CONTROLLER_INTERFACE.
 */
DDI_ROUTINE ULONG NTAPI AtaPortInitializeEx(PVOID DriverObject, PVOID RegistryPath,
                                            PIDE_CONTROLLER_INTERFACE ControllerInterface);

/* ------------------------------------------------------------------ PCI configuration space */

/*
 * Reads BufferLength bytes of the controller's configuration space, from byte ConfigDataOffset on.
 * Context: any, with the controller extension (CTX-09).
 * Returns: the number of bytes read: fewer where the space ends (ADR-04), 0 on failure.
 * Source: AtaPortGetBusData.
 */
DDI_ROUTINE ULONG NTAPI AtaPortGetBusData(PVOID ControllerExtension, PVOID Buffer,
                                          ULONG ConfigDataOffset, ULONG BufferLength);

/*
 * Overwrites BufferLength bytes of the controller's configuration space, from byte ConfigDataOffset
 * on. Context: any, with the controller extension (CTX-09). Returns: the number of bytes written:
 * fewer where the space ends (ADR-04), 0 on failure. Source: AtaPortSetBusData; the mask that the
 * page mentions is not in the prototype.
 */
DDI_ROUTINE ULONG NTAPI AtaPortSetBusData(PVOID ControllerExtension, PVOID Buffer,
                                          ULONG ConfigDataOffset, ULONG BufferLength);

/* ------------------------------------------------------------------ ranges */

/*
 * Makes a range of the controller's resources reachable for the routines of irb/access.h.
 *   ChannelExtension  or the controller's: either will do, and what the controller has mapped its
 *                     channels may use
 *   IoAddress         inside an access range, RangeStart as a rule
 *   NumberOfBytes     0 means the whole range
 * Context: any.
 * Returns: the address to use; NULL when the range is not one that the miniport was given (ADR-02).
 * Source: AtaPortGetDeviceBase.
 */
DDI_ROUTINE PVOID NTAPI AtaPortGetDeviceBase(PVOID ChannelExtension, IDE_PHYSICAL_ADDRESS IoAddress,
                                             ULONG NumberOfBytes);

/* ------------------------------------------------------------------ memory for bus masters */

/*
 * Gives the channel memory that it shares with its hardware, and sets the size of IrbExtension.
 *   UncachedExtensionSize  bytes, page-aligned, physically contiguous
 *   IrbExtensionSize       bytes of each request's IrbExtension: contiguous, and aligned to 128
 *                          bytes at least
 * NumberOfOverlappedRequests has its highest value by now: it may be lowered later (INI-10). The
 * port frees the memory after IdeHwControl(IdeStop).
 * Context: IdeHwControl(IdeStart) only (CTX-03), once per start (CTX-04).
 * Returns: the memory; NULL in any other context, the second time, or when there is not enough.
 * Source: AtaPortGetUnCachedExtension.
 */
DDI_ROUTINE PVOID NTAPI AtaPortGetUnCachedExtension(PVOID ChannelExtension,
                                                    ULONG UncachedExtensionSize,
                                                    ULONG IrbExtensionSize);

/* The documentation's spelling. */
#define AtaPortGetUncachedExtension AtaPortGetUnCachedExtension

/*
 * Where the bus finds a byte of the uncached extension (its end included), or of an IRB extension
 * or a buffer of a request.
 *   Irb             the request that VirtualAddress belongs to; NULL serves for both extensions
 *   VirtualAddress  the byte
 *   Length          out: how many bytes are contiguous from there on
 * Context: any. Returns: the address; 0 on failure. Source: AtaPortGetPhysicalAddress.
 */
DDI_ROUTINE IDE_PHYSICAL_ADDRESS NTAPI AtaPortGetPhysicalAddress(PVOID ChannelExtension,
                                                                 PIDE_REQUEST_BLOCK Irb,
                                                                 PVOID VirtualAddress,
                                                                 ULONG *Length);

/*
 * The pieces of a request's buffer, NumberOfPhysicalBreaks + 1 at most. The list is the port's:
 * read it only, and not after the request is completed (IRB-07). IRB_FLAGS_USE_DMA is set in every
 * request with data, IDENTIFY and PIO commands too, where the controller is a bus master.
 * Context: IdeHwStartIo, or any while the miniport holds the request.
 * Returns: the list; NULL without IRB_FLAGS_USE_DMA (IRB-08).
 * Source: AtaPortGetScatterGatherList, Access to Scatter/Gather Lists.
 */
DDI_ROUTINE PIDE_SCATTER_GATHER_LIST NTAPI AtaPortGetScatterGatherList(PVOID ChannelExtension,
                                                                       PIDE_REQUEST_BLOCK Irb);

/*
 * The low 32 bits of an address. Context: any.
 * Returns: the low part also when there is a high one, which breaks ADR-03.
 * Source: AtaPortConvertPhysicalAddressToUlong.
 */
DDI_ROUTINE ULONG NTAPI AtaPortConvertPhysicalAddressToUlong(IDE_PHYSICAL_ADDRESS Address);

/*
 * A number as an address. Context: any. Source: AtaPortConvertUlongToPhysicalAddress. Windows
 * declares this one as a routine and exports it nowhere, so here it is in line.
 */
static FORCEINLINE IDE_PHYSICAL_ADDRESS NTAPI
AtaPortConvertUlongToPhysicalAddress(ULONG_PTR UlongAddress)
{
    IDE_PHYSICAL_ADDRESS address;

    address.QuadPart = (LONGLONG)UlongAddress;
    return address;
}

/*
 * Copies Length bytes; Move allows source and destination to overlap, Copy does not (ADR-05).
 * Context: any. Source: AtaPortMoveMemory, AtaPortCopyMemory.
 */
DDI_ROUTINE VOID NTAPI AtaPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length);
DDI_ROUTINE VOID NTAPI AtaPortCopyMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length);

#endif
