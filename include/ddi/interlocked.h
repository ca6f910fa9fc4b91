/* SPDX-License-Identifier: MIT */
/*
 * Changes of one variable that nothing else comes between, an interrupt or another processor. Each returns what stood
 * there before, but for Increment and Decrement, which return what stands there now.
 */
#ifndef DDI_INTERLOCKED_H
#define DDI_INTERLOCKED_H

#include "nt.h"

#define DDI_INTERLOCKED(suffix, type)                                                         \
    static FORCEINLINE type InterlockedIncrement##suffix(type volatile *Addend)               \
    {                                                                                         \
        return __sync_add_and_fetch(Addend, 1);                                               \
    }                                                                                         \
    static FORCEINLINE type InterlockedDecrement##suffix(type volatile *Addend)               \
    {                                                                                         \
        return __sync_sub_and_fetch(Addend, 1);                                               \
    }                                                                                         \
    static FORCEINLINE type InterlockedExchangeAdd##suffix(type volatile *Addend, type Value) \
    {                                                                                         \
        return __sync_fetch_and_add(Addend, Value);                                           \
    }                                                                                         \
    static FORCEINLINE type InterlockedAnd##suffix(type volatile *Destination, type Value)    \
    {                                                                                         \
        return __sync_fetch_and_and(Destination, Value);                                      \
    }                                                                                         \
    static FORCEINLINE type InterlockedOr##suffix(type volatile *Destination, type Value)     \
    {                                                                                         \
        return __sync_fetch_and_or(Destination, Value);                                       \
    }                                                                                         \
    static FORCEINLINE type InterlockedXor##suffix(type volatile *Destination, type Value)    \
    {                                                                                         \
        return __sync_fetch_and_xor(Destination, Value);                                      \
    }                                                                                         \
    static FORCEINLINE type InterlockedCompareExchange##suffix(type volatile *Destination,    \
                                                               type Exchange, type Comparand) \
    {                                                                                         \
        return __sync_val_compare_and_swap(Destination, Comparand, Exchange);                 \
    }                                                                                         \
    static FORCEINLINE type InterlockedExchange##suffix(type volatile *Target, type Value)    \
    {                                                                                         \
        type before = *Target;                                                                \
        type seen;                                                                            \
        while ((seen = __sync_val_compare_and_swap(Target, before, Value)) != before)         \
            before = seen;                                                                    \
        return before;                                                                        \
    }

DDI_INTERLOCKED(, LONG)
/* On i386 the compiler would call a helper that is not there. */
#if defined(__x86_64__)
DDI_INTERLOCKED(64, LONGLONG)
#endif
#undef DDI_INTERLOCKED

static FORCEINLINE PVOID InterlockedExchangePointer(PVOID volatile *Target, PVOID Value)
{
    PVOID before = *Target, seen;

    while ((seen = __sync_val_compare_and_swap(Target, before, Value)) != before)
        before = seen;
    return before;
}

static FORCEINLINE PVOID InterlockedCompareExchangePointer(PVOID volatile *Destination,
                                                           PVOID Exchange, PVOID Comparand)
{
    return __sync_val_compare_and_swap(Destination, Comparand, Exchange);
}

#endif
