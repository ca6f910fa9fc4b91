/* SPDX-License-Identifier: MIT */
/* Exports that include/ddi does not declare; see unpublished.c. */
#ifndef PORT_DDI_UNPUBLISHED_H
#define PORT_DDI_UNPUBLISHED_H

#include <irb.h>

ULONG_PTR NTAPI AtaPortEtwTraceLog(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c);
ULONG_PTR NTAPI AtaPortGetParentBusType(ULONG_PTR a);
ULONG_PTR NTAPI AtaPortInitialize(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c, ULONG_PTR d);
/* Source of these three: the pages of IDE controller minidrivers. The last two return an
 * NTSTATUS. */
VOID NTAPI_V PciIdeXDebugPrint(ULONG DebugPrintLevel, PCCHAR DebugMessage, ...);
ULONG NTAPI PciIdeXGetBusData(PVOID DeviceExtension, PVOID Buffer, ULONG ConfigDataOffset,
                              ULONG BufferLength);
ULONG NTAPI PciIdeXSetBusData(PVOID DeviceExtension, PVOID Buffer, PVOID DataMask,
                              ULONG ConfigDataOffset, ULONG BufferLength);
ULONG_PTR NTAPI PciIdeXInitialize(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c, ULONG_PTR d);
ULONG_PTR NTAPI PciIdexGetBusLocation(ULONG_PTR a, ULONG_PTR b);
VOID NTAPI KeBugCheckEx(ULONG code, ULONG_PTR a, ULONG_PTR b, ULONG_PTR c, ULONG_PTR d);
PVOID NTAPI_V ntoskrnl_memset(PVOID to, int value, SIZE_T byte_count);
PVOID NTAPI_V ntoskrnl_memcpy(PVOID to, const VOID *from, SIZE_T byte_count);
PVOID NTAPI_V ntoskrnl_memmove(PVOID to, const VOID *from, SIZE_T byte_count);
int NTAPI_V ntoskrnl_memcmp(const VOID *a, const VOID *b, SIZE_T byte_count);
extern ULONG KeTickCount[3];

#endif
