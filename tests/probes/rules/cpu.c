/* SPDX-License-Identifier: MIT */
/* CPU-01: routines that return with the processor in another state. Each takes the place of the base's one
 * when the channel starts, and breaks the rule in one of its calls. */
#include "cases.h"

#define FLAG_NESTED    0x4000u
#define FLAG_ALIGNMENT 0x40000u
#define CR0_PROTECT    0x10000u

static ULONG calls_left __asm__("cpu_calls_left");

/* Is this the call? */
static BOOLEAN is_it(void)
{
    return calls_left && --calls_left == 0;
}

static __attribute__((always_inline)) inline void set_flag(ULONG_PTR flag)
{
    ULONG_PTR flags;

    __asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
    __asm__ volatile("push %0\n\tpopf" : : "r"(flags | flag) : "cc", "memory");
}

/* ------------------------------------------------------------------ flags */

/* BREAKS: CPU-01 */
static BOOLEAN NTAPI cpu_interrupts_off_build_io(PVOID channel, PIDE_REQUEST_BLOCK irb)
{
    BOOLEAN result = ProbeBuildIo(channel, irb);

    if (is_it())
        __asm__ volatile("cli" : : : "memory");
    return result;
}

CASE cpu_interrupts_off(struct occasion *at)
{
    calls_left = 5;
    at->channel_interface->IdeHwBuildIo = cpu_interrupts_off_build_io;
    return FALSE;
}

/* BREAKS: CPU-01 */
static BOOLEAN NTAPI cpu_interrupts_on_interrupt(PVOID channel)
{
    BOOLEAN result = ProbeInterrupt(channel);

    if (is_it())
        __asm__ volatile("sti" : : : "memory");
    return result;
}

CASE cpu_interrupts_on(struct occasion *at)
{
    calls_left = 5;
    at->channel_interface->IdeHwInterrupt = cpu_interrupts_on_interrupt;
    return FALSE;
}

/* BREAKS: CPU-01 */
static BOOLEAN NTAPI cpu_direction_start_io(PVOID channel, PIDE_REQUEST_BLOCK irb)
{
    BOOLEAN result = ProbeStartIo(channel, irb);

    if (is_it())
        __asm__ volatile("std" : : : "memory", "cc");
    return result;
}

CASE cpu_direction(struct occasion *at)
{
    calls_left = 5;
    at->channel_interface->IdeHwStartIo = cpu_direction_start_io;
    return FALSE;
}

/* BREAKS: CPU-01 */
static BOOLEAN NTAPI cpu_nested_task_control(PVOID channel, IDE_CONTROL_ACTION action,
                                             PVOID parameters)
{
    BOOLEAN result = ProbeControl(channel, action, parameters);

    if (is_it())
        set_flag(FLAG_NESTED);
    return result;
}

CASE cpu_nested_task(struct occasion *at)
{
    calls_left = 1;
    at->channel_interface->IdeHwControl = cpu_nested_task_control;
    return FALSE;
}

/* A callback, and one that no interrupt comes into: that would have the flag from it. */
/* BREAKS: CPU-01 */
static VOID NTAPI cpu_alignment_synchronized(PVOID channel)
{
    UNREFERENCED_PARAMETER(channel);
    set_flag(FLAG_ALIGNMENT);
}

CASE cpu_alignment(struct occasion *at)
{
    AtaPortRequestSynchronizedRoutine(at->channel, cpu_alignment_synchronized);
    return FALSE;
}

/* Exported routines are entered with the flag set: what they fill lies where it should, and not in front of it. */
#define FROM_ABOVE(call)                              \
    do {                                              \
        __asm__ volatile("std" : : : "memory", "cc"); \
        call;                                         \
        __asm__ volatile("cld" : : : "memory", "cc"); \
    } while (0)

CASE cpu_direction_call(struct occasion *at)
{
    volatile UCHAR bytes[24];
    PUCHAR middle = (PUCHAR)(ULONG_PTR)&bytes[8], status = at->channel->bus_master + 2;
    ULONG touched = 0;

    for (ULONG i = 0; i < sizeof bytes; i++)
        bytes[i] = 0x55;
    FROM_ABOVE(AtaPortReadPortBufferUchar(status, middle, 8));       /* BREAKS: CPU-01 */
    FROM_ABOVE(AtaPortDebugPrint(0, (PCCHAR) "from %s\n", "above")); /* BREAKS: CPU-01 */
    FROM_ABOVE(AtaPortStallExecution(1));                            /* BREAKS: CPU-01 */
    for (ULONG i = 0; i < sizeof bytes; i++)
        touched |= (bytes[i] != 0x55) << i;
    probe_returned(touched);
    return FALSE;
}

/* ------------------------------------------------------------------ registers */

/* What x86_64 has for the level: interrupts up to this class are held back. */
static void hold_interrupts_back(void)
{
#ifdef __x86_64__
    __asm__ volatile("mov %0, %%cr8" : : "r"((ULONG_PTR)15) : "memory");
#else
    __asm__ volatile("cli" : : : "memory");
#endif
}

/* BREAKS: CPU-01 */
static BOOLEAN NTAPI cpu_priority_build_io(PVOID channel, PIDE_REQUEST_BLOCK irb)
{
    BOOLEAN result = ProbeBuildIo(channel, irb);

    if (is_it())
        hold_interrupts_back();
    return result;
}

CASE cpu_priority(struct occasion *at)
{
    calls_left = 5;
    at->channel_interface->IdeHwBuildIo = cpu_priority_build_io;
    return FALSE;
}

/* A callback, which is called in another way. */
/* BREAKS: CPU-01 */
static VOID NTAPI cpu_priority_worker_routine(PVOID channel)
{
    UNREFERENCED_PARAMETER(channel);
    hold_interrupts_back();
}

CASE cpu_priority_worker(struct occasion *at)
{
    AtaPortRequestWorkerRoutine(at->channel, cpu_priority_worker_routine);
    return FALSE;
}

/* BREAKS: CPU-01 */
static BOOLEAN NTAPI cpu_interrupt_table_control(PVOID channel, IDE_CONTROL_ACTION action,
                                                 PVOID parameters)
{
    BOOLEAN result = ProbeControl(channel, action, parameters);
    struct {
        USHORT limit;
        ULONG_PTR base;
    } __attribute__((packed)) table;

    if (is_it()) {
        __asm__ volatile("sidt %0" : "=m"(table));
        table.limit -= 16;
        __asm__ volatile("lidt %0" : : "m"(table));
    }
    return result;
}

CASE cpu_interrupt_table(struct occasion *at)
{
    calls_left = 1;
    at->channel_interface->IdeHwControl = cpu_interrupt_table_control;
    return FALSE;
}

/* BREAKS: CPU-01 */
static BOOLEAN NTAPI cpu_write_protection_interrupt(PVOID channel)
{
    ULONG_PTR control;
    BOOLEAN result = ProbeInterrupt(channel);

    if (is_it()) {
        __asm__ volatile("mov %%cr0, %0" : "=r"(control));
        __asm__ volatile("mov %0, %%cr0" : : "r"(control & ~(ULONG_PTR)CR0_PROTECT) : "memory");
    }
    return result;
}

CASE cpu_write_protection(struct occasion *at)
{
    calls_left = 5;
    at->channel_interface->IdeHwInterrupt = cpu_write_protection_interrupt;
    return FALSE;
}

/* BREAKS: CPU-01 */
static BOOLEAN NTAPI cpu_rounding_initialize(PVOID channel, PIDE_DEVICE_PARAMETERS parameters,
                                             PIDENTIFY_DEVICE_DATA identify)
{
    BOOLEAN result = ProbeInitialize(channel, parameters, identify);
    const ULONG towards_zero = 0x7F80;

    if (is_it())
        __asm__ volatile("ldmxcsr %0" : : "m"(towards_zero));
    return result;
}

CASE cpu_rounding(struct occasion *at)
{
    calls_left = 1;
    at->channel_interface->IdeHwInitialize = cpu_rounding_initialize;
    return FALSE;
}

/* BREAKS: CPU-01 */
static BOOLEAN NTAPI cpu_segment_control(PVOID channel, IDE_CONTROL_ACTION action, PVOID parameters)
{
    BOOLEAN result = ProbeControl(channel, action, parameters);

    if (is_it())
        __asm__ volatile("mov %w0, %%gs" : : "r"(0x10) : "memory"); /* the data selector */
    return result;
}

CASE cpu_segment(struct occasion *at)
{
    calls_left = 1;
    at->channel_interface->IdeHwControl = cpu_segment_control;
    return FALSE;
}

/* ------------------------------------------------------------------ the stack */

static IDE_HW_BUILDIO real_build_io __asm__("cpu_real_build_io") __attribute__((used));

/* A routine that takes the wrong number of bytes from the stack: on i386 none, as one that is not NTAPI. (In
 * plain assembly, since a compiler would do it right.) */
#pragma GCC diagnostic ignored "-Wunused-parameter"
/* BREAKS: CPU-01 */
static __attribute__((naked)) BOOLEAN NTAPI cpu_stack_build_io(PVOID channel,
                                                               PIDE_REQUEST_BLOCK irb)
{
#ifdef __x86_64__
    __asm__("subl $1, cpu_calls_left(%rip)\n\t"
            "jz 1f\n\t"
            "jmp *cpu_real_build_io(%rip)\n"
            "1:\tmovl $1, %eax\n\t"
            "ret $16");
#else
    __asm__("subl $1, cpu_calls_left\n\t"
            "jz 1f\n\t"
            "jmp *cpu_real_build_io\n"
            "1:\tmovl $1, %eax\n\t"
            "ret");
#endif
}

CASE cpu_stack(struct occasion *at)
{
    calls_left = 5;
    real_build_io = ProbeBuildIo;
    at->channel_interface->IdeHwBuildIo = cpu_stack_build_io;
    return FALSE;
}

const struct probe_case cpu_cases[] = {
    {"cpu_interrupts_off", AT_CHANNEL_INIT, 1, cpu_interrupts_off},
    {"cpu_interrupts_on", AT_CHANNEL_INIT, 1, cpu_interrupts_on},
    {"cpu_direction", AT_CHANNEL_INIT, 1, cpu_direction},
    {"cpu_direction_call", AT_START_IO, 2, cpu_direction_call},
    {"cpu_priority", AT_CHANNEL_INIT, 1, cpu_priority},
    {"cpu_priority_worker", AT_START_IO, 2, cpu_priority_worker},
    {"cpu_interrupt_table", AT_CHANNEL_INIT, 1, cpu_interrupt_table},
    {"cpu_nested_task", AT_CHANNEL_INIT, 1, cpu_nested_task},
    {"cpu_alignment", AT_START_IO, 2, cpu_alignment},
    {"cpu_write_protection", AT_CHANNEL_INIT, 1, cpu_write_protection},
    {"cpu_rounding", AT_CHANNEL_INIT, 1, cpu_rounding},
    {"cpu_segment", AT_CHANNEL_INIT, 1, cpu_segment},
    {"cpu_stack", AT_CHANNEL_INIT, 1, cpu_stack},
    {NULL, 0, 0, NULL},
};
