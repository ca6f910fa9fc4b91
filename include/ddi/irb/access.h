/* SPDX-License-Identifier: MIT */
/*
 * Ports and registers of the controller.
 *
 * "Port" routines are for ranges with InMemory FALSE, "Register" routines for the others. An
 * address comes from AtaPortGetDeviceBase; register routines also take one in the uncached
 * extension. The whole access lies in one such range, and is of its kind; otherwise a read returns
 * all ones and a write is dropped (ADR-01). Port buffers move Count values through the one port,
 * register buffers move Count values to or from as many consecutive registers.
 *
 * Context of all: any routine of the miniport but IdeHwBuildIo.
 * Source: each has a page under its own name.
 */
#ifndef DDI_IRB_ACCESS_H
#define DDI_IRB_ACCESS_H

#include "../nt.h"

/* ------------------------------------------------------------------ ports */

DDI_ROUTINE UCHAR NTAPI AtaPortReadPortUchar(PUCHAR Port);
DDI_ROUTINE USHORT NTAPI AtaPortReadPortUshort(PUSHORT Port);
DDI_ROUTINE ULONG NTAPI AtaPortReadPortUlong(PULONG Port);

DDI_ROUTINE VOID NTAPI AtaPortWritePortUchar(PUCHAR Port, UCHAR Value);
DDI_ROUTINE VOID NTAPI AtaPortWritePortUshort(PUSHORT Port, USHORT Value);
DDI_ROUTINE VOID NTAPI AtaPortWritePortUlong(PULONG Port, ULONG Value);

/* Count is in values, not in bytes. */
DDI_ROUTINE VOID NTAPI AtaPortReadPortBufferUchar(PUCHAR Port, PUCHAR Buffer, ULONG Count);
DDI_ROUTINE VOID NTAPI AtaPortReadPortBufferUshort(PUSHORT Port, PUSHORT Buffer, ULONG Count);
DDI_ROUTINE VOID NTAPI AtaPortReadPortBufferUlong(PULONG Port, PULONG Buffer, ULONG Count);
DDI_ROUTINE VOID NTAPI AtaPortWritePortBufferUchar(PUCHAR Port, PUCHAR Buffer, ULONG Count);
DDI_ROUTINE VOID NTAPI AtaPortWritePortBufferUshort(PUSHORT Port, PUSHORT Buffer, ULONG Count);
DDI_ROUTINE VOID NTAPI AtaPortWritePortBufferUlong(PULONG Port, PULONG Buffer, ULONG Count);

/* ------------------------------------------------------------------ registers */

DDI_ROUTINE UCHAR NTAPI AtaPortReadRegisterUchar(PUCHAR Register);
DDI_ROUTINE USHORT NTAPI AtaPortReadRegisterUshort(PUSHORT Register);
DDI_ROUTINE ULONG NTAPI AtaPortReadRegisterUlong(PULONG Register);

DDI_ROUTINE VOID NTAPI AtaPortWriteRegisterUchar(PUCHAR Register, UCHAR Value);
DDI_ROUTINE VOID NTAPI AtaPortWriteRegisterUshort(PUSHORT Register, USHORT Value);
DDI_ROUTINE VOID NTAPI AtaPortWriteRegisterUlong(PULONG Register, ULONG Value);

/* Count is in values, not in bytes. */
DDI_ROUTINE VOID NTAPI AtaPortReadRegisterBufferUchar(PUCHAR Register, PUCHAR Buffer, ULONG Count);
DDI_ROUTINE VOID NTAPI AtaPortReadRegisterBufferUshort(PUSHORT Register, PUSHORT Buffer,
                                                       ULONG Count);
DDI_ROUTINE VOID NTAPI AtaPortReadRegisterBufferUlong(PULONG Register, PULONG Buffer, ULONG Count);
DDI_ROUTINE VOID NTAPI AtaPortWriteRegisterBufferUchar(PUCHAR Register, PUCHAR Buffer, ULONG Count);
DDI_ROUTINE VOID NTAPI AtaPortWriteRegisterBufferUshort(PUSHORT Register, PUSHORT Buffer,
                                                        ULONG Count);
DDI_ROUTINE VOID NTAPI AtaPortWriteRegisterBufferUlong(PULONG Register, PULONG Buffer, ULONG Count);

#endif
