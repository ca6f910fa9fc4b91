/* SPDX-License-Identifier: MIT */
/*
 * Division of 64-bit integers on i386, whose compiler calls these functions for it.
 *
 * Owns nothing. Any context. x86_64 needs none of this. A compiler for i386 brings a library with
 * them, which a compiler for x86_64 that makes code for i386 often lacks.
 */
#include <stdint.h>

uint64_t __udivmoddi4(uint64_t dividend, uint64_t divisor, uint64_t *remainder);
uint64_t __udivdi3(uint64_t dividend, uint64_t divisor);
uint64_t __umoddi3(uint64_t dividend, uint64_t divisor);
int64_t __divdi3(int64_t dividend, int64_t divisor);
int64_t __moddi3(int64_t dividend, int64_t divisor);

/* DIV, 64 bits by 32. The quotient must fit into 32 bits: high < divisor. */
static inline uint32_t divide_step(uint32_t high, uint32_t low, uint32_t divisor,
                                   uint32_t *remainder)
{
    uint32_t quotient;
    __asm__("divl %4" : "=a"(quotient), "=d"(*remainder) : "0"(low), "1"(high), "rm"(divisor));
    return quotient;
}

/* A divisor of up to 32 bits, 0 included: then DIV itself faults, as it does in a 32-bit
 * division. */
static uint64_t divide_by_short(uint64_t dividend, uint32_t divisor, uint64_t *remainder)
{
    uint32_t rest;
    uint32_t high = divide_step(0, (uint32_t)(dividend >> 32), divisor, &rest);
    uint32_t low = divide_step(rest, (uint32_t)dividend, divisor, &rest);
    *remainder = rest;
    return (uint64_t)high << 32 | low;
}

/* A longer one: the quotient is estimated from the divisor's first 32 bits. Half the dividend is
 * used, so that the estimate fits; it is exact or one too large, and taking one off makes it never
 * too large. */
static uint64_t divide_by_long(uint64_t dividend, uint64_t divisor, uint64_t *remainder)
{
    unsigned shift = (unsigned)__builtin_clz((uint32_t)(divisor >> 32));
    uint64_t half = dividend >> 1;
    uint32_t rest;
    uint32_t estimate = divide_step((uint32_t)(half >> 32), (uint32_t)half,
                                    (uint32_t)(divisor << shift >> 32), &rest);
    uint64_t quotient = ((uint64_t)estimate << shift) >> 31;
    if (quotient != 0)
        quotient--;
    *remainder = dividend - quotient * divisor;
    if (*remainder >= divisor) {
        quotient++;
        *remainder -= divisor;
    }
    return quotient;
}

static uint64_t divide(uint64_t dividend, uint64_t divisor, uint64_t *remainder)
{
    return divisor >> 32 == 0 ? divide_by_short(dividend, (uint32_t)divisor, remainder)
                              : divide_by_long(dividend, divisor, remainder);
}

uint64_t __udivmoddi4(uint64_t dividend, uint64_t divisor, uint64_t *remainder)
{
    uint64_t rest, quotient = divide(dividend, divisor, &rest);
    if (remainder != 0)
        *remainder = rest;
    return quotient;
}

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor)
{
    uint64_t remainder;
    return divide(dividend, divisor, &remainder);
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor)
{
    uint64_t remainder;
    divide(dividend, divisor, &remainder);
    return remainder;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* Towards zero; the remainder has the dividend's sign. */
int64_t __divdi3(int64_t dividend, int64_t divisor)
{
    uint64_t remainder, quotient = divide(magnitude(dividend), magnitude(divisor), &remainder);
    return (int64_t)((dividend < 0) != (divisor < 0) ? -quotient : quotient);
}

int64_t __moddi3(int64_t dividend, int64_t divisor)
{
    uint64_t remainder;
    divide(magnitude(dividend), magnitude(divisor), &remainder);
    return (int64_t)(dividend < 0 ? -remainder : remainder);
}
