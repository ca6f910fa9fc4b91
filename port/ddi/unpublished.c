/* SPDX-License-Identifier: MIT */
/*
 * Exports without a published prototype, and the few names of ntoskrnl.exe that drivers' compilers
 * emit.
 *
 * Of the former only the number of argument bytes on i386 is known (tests/abi/tables/exports.txt).
 * They are here so that an image which imports them links; each says that it was called, does
 * nothing, and returns the failure value that fits: 0, or STATUS_NOT_SUPPORTED where an NTSTATUS is
 * likely. Three that older pages describe do what these say: PciIdeXDebugPrint in debug.c,
 * PciIdeXGetBusData and PciIdeXSetBusData in controller.c. PciIdeXInitialize is described, too, but
 * belongs to drivers of the kind that came before ATA miniports.
 */
#include "port/ddi/unpublished.h"

#include <string.h>

#include "hal/hal.h"
#include "port/contract/context.h"
#include "port/contract/entry.h"
#include "port/contract/routines.h"
#include "port/log.h"
#include "port/memory.h"

static void say(enum routine routine, const void *place)
{
    char where[96];
    if (!entry_plain(routine, place))
        return;
    hal_name_address((uintptr_t)place - 1, where, sizeof where);
    port_message(context_now->channel,
                 "%s called %s, which has no published interface; nothing was done", where,
                 routine_name(routine));
}

ULONG_PTR NTAPI AtaPortEtwTraceLog(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c)
{
    (void)a, (void)b, (void)c;
    entry_plain(ROUTINE_AtaPortEtwTraceLog, CALLER);
    return 0; /* a trace nobody listens to: silent */
}

ULONG_PTR NTAPI AtaPortGetParentBusType(ULONG_PTR a)
{
    (void)a;
    say(ROUTINE_AtaPortGetParentBusType, CALLER);
    return 0;
}

ULONG_PTR NTAPI AtaPortInitialize(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c, ULONG_PTR d)
{
    (void)a, (void)b, (void)c, (void)d;
    say(ROUTINE_AtaPortInitialize, CALLER);
    return (ULONG)STATUS_NOT_SUPPORTED;
}

ULONG_PTR NTAPI PciIdeXInitialize(ULONG_PTR a, ULONG_PTR b, ULONG_PTR c, ULONG_PTR d)
{
    (void)a, (void)b, (void)c, (void)d;
    say(ROUTINE_PciIdeXInitialize, CALLER);
    return (ULONG)STATUS_NOT_SUPPORTED;
}

ULONG_PTR NTAPI PciIdexGetBusLocation(ULONG_PTR a, ULONG_PTR b)
{
    (void)a, (void)b;
    say(ROUTINE_PciIdexGetBusLocation, CALLER);
    return (ULONG)STATUS_NOT_SUPPORTED;
}

/* ------------------------------------------------------------------ ntoskrnl.exe */

/* What the kits' entry point and stack checks call before there was int 29h. */
#define DRIVER_OVERRAN_STACK_BUFFER 0xF7u

VOID NTAPI KeBugCheckEx(ULONG code, ULONG_PTR a, ULONG_PTR b, ULONG_PTR c, ULONG_PTR d)
{
    char place[160];
    entry_direction("KeBugCheckEx", CALLER);
    hal_name_address((uintptr_t)CALLER - 1, place, sizeof place);
    PANIC("%s stopped the system: KeBugCheckEx %#x%s (%#llx, %#llx, %#llx, %#llx)", place,
          (unsigned)code,
          code == DRIVER_OVERRAN_STACK_BUFFER ? ", a stack cookie was overwritten" : "",
          (unsigned long long)a, (unsigned long long)b, (unsigned long long)c,
          (unsigned long long)d);
}

/* Cdecl on i386, the Microsoft convention on x86_64; the loader binds memset, memcpy and memcmp to
 * these. */
PVOID NTAPI_V ntoskrnl_memset(PVOID to, int value, SIZE_T byte_count)
{
    return memory_is_refused(to, byte_count, "memset", CALLER) ? to : memset(to, value, byte_count);
}

PVOID NTAPI_V ntoskrnl_memcpy(PVOID to, const VOID *from, SIZE_T byte_count)
{
    return memory_is_refused(to, byte_count, "memcpy", CALLER) ||
                   memory_is_refused(from, byte_count, "memcpy", CALLER)
               ? to
               : memcpy(to, from, byte_count);
}

PVOID NTAPI_V ntoskrnl_memmove(PVOID to, const VOID *from, SIZE_T byte_count)
{
    return memory_is_refused(to, byte_count, "memmove", CALLER) ||
                   memory_is_refused(from, byte_count, "memmove", CALLER)
               ? to
               : memmove(to, from, byte_count);
}

int NTAPI_V ntoskrnl_memcmp(const VOID *a, const VOID *b, SIZE_T byte_count)
{
    return memcmp(a, b, byte_count);
}
