/* SPDX-License-Identifier: MIT */
/* I/O instructions, device memory accesses and the interrupt flag of x86; part of hal.h. */
#ifndef HAL_X86_CPU_IO_H
#define HAL_X86_CPU_IO_H

/* (A value that goes out is extended first: then who wants it as a word has it.) */
#define HAL_DEFINE_PORT_IO(bits, suffix, part)                                                  \
    static inline uint##bits##_t hal_in##bits(uint16_t port)                                    \
    {                                                                                           \
        uint##bits##_t value;                                                                   \
        __asm__ volatile("in" suffix " %1, %0" : "=a"(value) : "Nd"(port) : "memory");          \
        return value;                                                                           \
    }                                                                                           \
    static inline void hal_out##bits(uint16_t port, uint##bits##_t value)                       \
    {                                                                                           \
        uint32_t wide = value;                                                                  \
        __asm__ volatile("out" suffix " %" part "0, %1" ::"a"(wide), "Nd"(port) : "memory");    \
    }                                                                                           \
    static inline void hal_in_buffer##bits(uint16_t port, void *buffer, size_t count)           \
    {                                                                                           \
        __asm__ volatile("rep ins" suffix : "+D"(buffer), "+c"(count) : "d"(port) : "memory");  \
    }                                                                                           \
    static inline void hal_out_buffer##bits(uint16_t port, const void *buffer, size_t count)    \
    {                                                                                           \
        __asm__ volatile("rep outs" suffix : "+S"(buffer), "+c"(count) : "d"(port) : "memory"); \
    }                                                                                           \
    static inline uint##bits##_t hal_read##bits(const volatile void *address)                   \
    {                                                                                           \
        return *(const volatile uint##bits##_t *)address;                                       \
    }                                                                                           \
    static inline void hal_write##bits(volatile void *address, uint##bits##_t value)            \
    {                                                                                           \
        *(volatile uint##bits##_t *)address = value;                                            \
    }

HAL_DEFINE_PORT_IO(8, "b", "b")
HAL_DEFINE_PORT_IO(16, "w", "w")
HAL_DEFINE_PORT_IO(32, "l", "")
#undef HAL_DEFINE_PORT_IO

#define HAL_EFLAGS_IF 0x200u

static inline const void *hal_opaque(const void *pointer)
{
    __asm__("" : "+r"(pointer));
    return pointer;
}

static inline void hal_compiler_barrier(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline __attribute__((always_inline)) void hal_keep_frame(void)
{
    __asm__ volatile("" ::"r"(__builtin_frame_address(0)));
}

static inline bool hal_interrupts_enabled(void)
{
    uintptr_t flags;
    __asm__ volatile("pushf; pop %0" : "=r"(flags)::"memory");
    return (flags & HAL_EFLAGS_IF) != 0;
}

static inline void hal_interrupts_disable_now(void)
{
    __asm__ volatile("cli" ::: "memory");
}

static inline bool hal_interrupts_disable(void)
{
    bool enabled = hal_interrupts_enabled();
    hal_interrupts_disable_now();
    return enabled;
}

/* The CPU's cycle counter. */
static inline uint64_t hal_cycles(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline uintptr_t hal_fetch_add16(uint16_t *at, uint16_t amount)
{
    uintptr_t value = amount; /* the rest of it stays 0 */
    __asm__ volatile("xaddw %w0, %1" : "+r"(value), "+m"(*at)::"cc");
    return value;
}

static inline void hal_cycles_note(uint64_t *at)
{
    __asm__ volatile("rdtsc\n\tmovl %%eax, %0\n\tmovl %%edx, 4+%0" : "=o"(*at)::"eax", "edx");
}

static inline void hal_interrupts_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}

static inline void hal_interrupts_restore(bool enabled)
{
    if (enabled)
        hal_interrupts_enable();
}

#endif
