/* SPDX-License-Identifier: MIT */
/*
 * Calls into drivers; part of hal.h, which says what is looked at.
 *
 * Part of every disk transfer: the whole state is one word, compared once. EFLAGS and CR0 have no
 * bits in common that matter here, and the caller's level fits into what is left out of both.
 */
#ifndef HAL_X86_CPU_CALL_H
#define HAL_X86_CPU_CALL_H

#define HAL_STATE_LEVEL     0x00000003u /* the caller's */
#define HAL_STATE_NUMERIC   0x00000020u /* CR0.NE */
#define HAL_STATE_TRAP      0x00000100u
#define HAL_STATE_INTERRUPT 0x00000200u
#define HAL_STATE_DIRECTION 0x00000400u
#define HAL_STATE_PRIVILEGE 0x00003000u /* IOPL */
#define HAL_STATE_NESTED    0x00004000u
#define HAL_STATE_PROTECT   0x00010000u /* CR0.WP */
#define HAL_STATE_ALIGNMENT 0x00040000u /* EFLAGS.AC, CR0.AM */
#define HAL_STATE_PRIORITY  0x0F000000u /* CR8, which only x86_64 has */
#define HAL_STATE_FLAGS                                                                 \
    (HAL_STATE_TRAP | HAL_STATE_INTERRUPT | HAL_STATE_DIRECTION | HAL_STATE_PRIVILEGE | \
     HAL_STATE_NESTED | HAL_STATE_ALIGNMENT)
#define HAL_STATE_CONTROL (HAL_STATE_NUMERIC | HAL_STATE_PROTECT)

struct hal_settings {
    uintptr_t page_root, features; /* CR3, CR4 */
    struct {
        uint16_t limit;
        uintptr_t base;
    } __attribute__((packed)) interrupt_table; /* IDTR */
    uint64_t segments;                         /* DS, ES, FS, GS */
    uint32_t sse_control; /* MXCSR without what has happened; valid with has_fpu */
    uint16_t x87_control;
    bool has_fpu; /* these registers belong to what runs now */
};

static inline __attribute__((always_inline)) bool hal_direction_clear(void)
{
    uintptr_t flags;
    __asm__ volatile("pushf; pop %0; cld" : "=r"(flags)::"memory");
    return (flags & HAL_STATE_DIRECTION) != 0;
}

/* The part of a call that all numbers of arguments share: what comes behind the call instruction.
 * The registers of the caller may have been changed, so everything is found from `now`. */
_Static_assert(offsetof(struct hal_call, stack) == 0 &&
                   offsetof(struct hal_call, stack_found) == sizeof(uintptr_t) &&
                   offsetof(struct hal_call, state) == 2 * sizeof(uintptr_t),
               "the code below knows them");

#ifdef __x86_64__
/* Above the return address, for the routine that is called. */
#define HAL_CALL_HOME_BYTES 32u
/* CR8 has to be 0, and is added where a sum hides it in one case only: 8 together with CR0.NE
 * clear. */
#define HAL_CALL_CHECK               \
    "movq %[now], %%rcx\n\t"         \
    "cmpq %%rsp, (%%rcx)\n\t"        \
    "jne 2f\n\t"                     \
    "addq $32, %%rsp\n\t"            \
    "pushfq\n\t"                     \
    "popq %%rdx\n\t"                 \
    "movq %%cr0, %%r8\n\t"           \
    "orl %%r8d, %%edx\n\t"           \
    "movq %%cr8, %%r8\n\t"           \
    "andl %[mask], %%edx\n\t"        \
    "orl %[level], %%edx\n\t"        \
    "leal (%%rdx,%%r8,4), %%edx\n\t" \
    "cmpl %%edx, 16(%%rcx)\n\t"      \
    "jne %l[wrong]\n\t"              \
    ".subsection 1\n\t"              \
    "2:\tmovq %%rsp, 8(%%rcx)\n\t"   \
    "movq (%%rcx), %%rsp\n\t"        \
    "addq $32, %%rsp\n\t"            \
    "jmp %l[wrong]\n\t"              \
    ".previous"

/* Microsoft's convention: arguments in RCX, RDX and R8, room for them on the stack, which is
 * aligned to 16 at the call as wherever the compiler calls. */
static inline __attribute__((always_inline)) bool
hal_call(struct hal_call *call, struct hal_call *const *now, const unsigned *level,
         unsigned argument_count, uintptr_t *value, uintptr_t first, uintptr_t second,
         uintptr_t third)
{
    register uintptr_t third_register __asm__("r8") = third;
    if (argument_count < 3)
        __asm__("" : "=r"(third_register)); /* whatever it holds */
    if (argument_count < 2)
        __asm__("" : "=d"(second));
    __asm__ volatile goto("subq $32, %%rsp\n\t"
                          "movq %%rsp, (%[call])\n\t"
                          "call *%%rax\n\t" HAL_CALL_CHECK
                          : "+a"(*value), "+c"(first), "+d"(second), "+r"(third_register)
                          : [call] "r"(call), [now] "m"(*now), [level] "m"(*level),
                            [mask] "i"(HAL_STATE_FLAGS | HAL_STATE_CONTROL)
                          : "r9", "r10", "r11", "cc", "memory"
                          : wrong);
    return true;
wrong:
    return false;
}
#else
#define HAL_CALL_HOME_BYTES 0u
#define HAL_CALL_CHECK             \
    "call *%%eax\n\t"              \
    "movl %[now], %%ecx\n\t"       \
    "cmpl %%esp, (%%ecx)\n\t"      \
    "jne 2f\n\t"                   \
    "pushfl\n\t"                   \
    "popl %%edx\n\t"               \
    "andl %[flags], %%edx\n\t"     \
    "orl %[level], %%edx\n\t"      \
    "xorl 8(%%ecx), %%edx\n\t"     \
    "movl %%cr0, %%ecx\n\t"        \
    "andl %[control], %%ecx\n\t"   \
    "cmpl %%ecx, %%edx\n\t"        \
    "jne %l[wrong]\n\t"            \
    ".subsection 1\n\t"            \
    "2:\tmovl %%esp, 4(%%ecx)\n\t" \
    "movl (%%ecx), %%esp\n\t"      \
    "jmp %l[wrong]\n\t"            \
    ".previous"
#define HAL_CALL_OPERANDS                                                                 \
    [call] "r"(call), [now] "m"(*now), [level] "m"(*level), [flags] "i"(HAL_STATE_FLAGS), \
        [control] "i"(HAL_STATE_CONTROL)

/* stdcall: the routine takes its arguments from the stack. */
static inline __attribute__((always_inline)) bool
hal_call(struct hal_call *call, struct hal_call *const *now, const unsigned *level,
         unsigned argument_count, uintptr_t *value, uintptr_t first, uintptr_t second,
         uintptr_t third)
{
    if (argument_count < 2)
        __asm__("" : "=d"(second)); /* whatever it holds */
    if (argument_count == 1)
        __asm__ volatile goto("movl %%esp, (%[call])\n\t"
                              "pushl %%ecx\n\t" HAL_CALL_CHECK
                              : "+a"(*value), "+c"(first), "+d"(second)
                              : HAL_CALL_OPERANDS
                              : "cc", "memory"
                              : wrong);
    else if (argument_count == 2)
        __asm__ volatile goto("movl %%esp, (%[call])\n\t"
                              "pushl %%edx\n\t"
                              "pushl %%ecx\n\t" HAL_CALL_CHECK
                              : "+a"(*value), "+c"(first), "+d"(second)
                              : HAL_CALL_OPERANDS
                              : "cc", "memory"
                              : wrong);
    else
        __asm__ volatile goto("movl %%esp, (%[call])\n\t"
                              "pushl %[third]\n\t"
                              "pushl %%edx\n\t"
                              "pushl %%ecx\n\t" HAL_CALL_CHECK
                              : "+a"(*value), "+c"(first), "+d"(second)
                              : HAL_CALL_OPERANDS, [third] "r"(third)
                              : "cc", "memory"
                              : wrong);
    return true;
wrong:
    return false;
}
#endif

#endif
