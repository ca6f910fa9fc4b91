/* SPDX-License-Identifier: MIT */
/*
 * The miniport's settings in the registry, in HKLM\SYSTEM\CurrentControlSet\Services\<service>:
 * Controller<N>, and below it Channel<M>. Data travels in one buffer per channel, which the port
 * lends.
 *
 * Contexts: "start or stop" below is AtaChannelInitRoutine, or IdeHwControl with IdeStart or
 * IdeStop. None of these routines works in dump mode (CTX-08), or for a miniport without
 * AtaChannelInitRoutine (REG-14).
 */
#ifndef DDI_IRB_REGISTRY_H
#define DDI_IRB_REGISTRY_H

#include "../nt.h"

/* ------------------------------------------------------------------ types of a value (REG-12) */

#define IDE_REG_SZ     1 /* UTF-16 with a terminating null */
#define IDE_REG_BINARY 3
#define IDE_REG_DWORD  4 /* 4 bytes */

/* ------------------------------------------------------------------ the buffer */

/*
 * Lends the channel its registry buffer: BufferSize bytes, zeroed. Writes stay inside it (REG-05).
 * Context: start or stop (REG-01).
 * Returns: the buffer, which the miniport frees before IdeHwControl(IdeStop) returns (REG-07); NULL
 * in any other context, while the channel has one already (REG-02), or when there is not enough.
 * Source: AtaPortRegistryAllocateBuffer.
 */
DDI_ROUTINE PVOID NTAPI AtaPortRegistryAllocateBuffer(PVOID ChannelExtension, ULONG BufferSize);

/*
 * Takes the buffer back, and stores what was written deferred: what the buffer holds now (REG-11).
 * It is not used afterwards (REG-06). Context: start or stop (REG-03). On failure: nothing is
 * freed; another context, or a pointer that is not the channel's buffer (REG-04). Source:
 * AtaPortRegistryFreeBuffer.
 */
DDI_ROUTINE VOID NTAPI AtaPortRegistryFreeBuffer(PVOID ChannelExtension, PVOID Buffer);

/* ------------------------------------------------------------------ values */

/*
 * What the three routines have in common:
 *   ControllerNumber  N, counted from 0 per service
 *   ChannelSubKey     TRUE: Controller<N>\Channel<M> of this channel; FALSE: Controller<N>
 *   ValueName         ASCII, terminated
 *   ValueType         IDE_REG_*; on a read, the type that is stored
 *   Buffer            inside the channel's registry buffer, with all of its length (REG-08)
 *   BufferLength      bytes
 * Returns: TRUE; FALSE when a rule is broken, the value cannot be had, or it is of another type.
 */

/*
 * Reads a value; *BufferLength becomes its length, also when Buffer is too small for it, which is a
 * failure that leaves Buffer as it was (REG-13).
 * Context: start or stop (REG-09). Source: AtaPortRegistryControllerKeyRead,
 * AtaPortRegistryChannelSubKeyRead.
 */
DDI_ROUTINE BOOLEAN NTAPI AtaPortRegistryRead(PVOID ChannelExtension, UCHAR ControllerNumber,
                                              BOOLEAN ChannelSubKey, PCHAR ValueName,
                                              UCHAR ValueType, PUCHAR Buffer, PULONG BufferLength);

/*
 * Stores a value at once.
 * Context: start or stop (REG-09). Source: AtaPortRegistryControllerKeyWrite,
 * AtaPortRegistryChannelSubKeyWrite.
 */
DDI_ROUTINE BOOLEAN NTAPI AtaPortRegistryWrite(PVOID ChannelExtension, UCHAR ControllerNumber,
                                               BOOLEAN ChannelSubKey, PCHAR ValueName,
                                               UCHAR ValueType, PUCHAR Buffer, PULONG BufferLength);

/*
 * Stores a value when the buffer is freed; until then its bytes stay as they are (REG-11).
 * Context: any routine of the channel interface but IdeHwBuildIo (REG-10).
 * Source: AtaPortRegistryControllerKeyWriteDeferred, AtaPortRegistryChannelSubKeyWriteDeferred.
 */
DDI_ROUTINE BOOLEAN NTAPI AtaPortRegistryWriteDeferred(PVOID ChannelExtension,
                                                       UCHAR ControllerNumber,
                                                       BOOLEAN ChannelSubKey, PCHAR ValueName,
                                                       UCHAR ValueType, PUCHAR Buffer,
                                                       PULONG BufferLength);

/* ------------------------------------------------------------------ values, by key */

#define DDI_REGISTRY_WRAPPER(wrapper, routine, ChannelSubKey)                                   \
    static FORCEINLINE BOOLEAN NTAPI wrapper(PVOID ChannelExtension, UCHAR ControllerNumber,    \
                                             PCHAR ValueName, UCHAR ValueType, PUCHAR Buffer,   \
                                             PULONG BufferLength)                               \
    {                                                                                           \
        return routine(ChannelExtension, ControllerNumber, ChannelSubKey, ValueName, ValueType, \
                       Buffer, BufferLength);                                                   \
    }

/* Each is the routine above without its ChannelSubKey: the controller's key, then the channel's. */
DDI_REGISTRY_WRAPPER(AtaPortRegistryControllerKeyRead, AtaPortRegistryRead, FALSE)
DDI_REGISTRY_WRAPPER(AtaPortRegistryControllerKeyWrite, AtaPortRegistryWrite, FALSE)
DDI_REGISTRY_WRAPPER(AtaPortRegistryControllerKeyWriteDeferred, AtaPortRegistryWriteDeferred, FALSE)
DDI_REGISTRY_WRAPPER(AtaPortRegistryChannelSubkeyRead, AtaPortRegistryRead, TRUE)
DDI_REGISTRY_WRAPPER(AtaPortRegistryChannelSubkeyWrite, AtaPortRegistryWrite, TRUE)
DDI_REGISTRY_WRAPPER(AtaPortRegistryChannelSubkeyWriteDeferred, AtaPortRegistryWriteDeferred, TRUE)
#undef DDI_REGISTRY_WRAPPER

/* The documentation's spelling of the last three. */
#define AtaPortRegistryChannelSubKeyRead          AtaPortRegistryChannelSubkeyRead
#define AtaPortRegistryChannelSubKeyWrite         AtaPortRegistryChannelSubkeyWrite
#define AtaPortRegistryChannelSubKeyWriteDeferred AtaPortRegistryChannelSubkeyWriteDeferred

#endif
