/* SPDX-License-Identifier: MIT */
/* What Interlocked* do, as a process: it ends with 0 when each does what it should. */
#include <miniport.h>

/* Each returns what it should; the sum says which did not. */
static ULONG wrong_ones(VOID)
{
    LONG volatile value = 5;
    PVOID volatile pointer = NULL;
    ULONG wrong = 0;

    wrong |= InterlockedIncrement(&value) != 6;
    wrong |= (InterlockedDecrement(&value) != 5) << 1;
    wrong |= (InterlockedExchange(&value, 9) != 5) << 2;
    wrong |= (InterlockedExchangeAdd(&value, -2) != 9) << 3;
    wrong |= (InterlockedCompareExchange(&value, 1, 8) != 7) << 4;
    wrong |= (InterlockedCompareExchange(&value, 12, 7) != 7) << 5;
    wrong |= (InterlockedAnd(&value, 10) != 12) << 6;
    wrong |= (InterlockedOr(&value, 3) != 8) << 7;
    wrong |= (InterlockedXor(&value, 1) != 11) << 8;
    wrong |= (InterlockedExchangePointer(&pointer, &wrong) != NULL) << 9;
    wrong |= (InterlockedCompareExchangePointer(&pointer, NULL, &wrong) != &wrong) << 10;
    return wrong | (ULONG)(value != 10 || pointer != NULL) << 11;
}

int main(void)
{
#if defined(__x86_64__)
    LONGLONG volatile wide = 0xFFFFFFFF;

    if (InterlockedIncrement64(&wide) != 0x100000000 || InterlockedExchange64(&wide, 7) == 7)
        return 2;
#endif
    return wrong_ones() != 0;
}
