/* SPDX-License-Identifier: MIT */
/*
 * How the CPU is to be after a call into a driver. Entered from every context; owns nothing.
 */
#include "hal/x86/cpu/cpu.h"
#include "hal/x86/cpu/instructions.h"

/* Of MXCSR: 5:0 say what has happened, the rest how it goes on. */
#define MXCSR_STATUS 0x3Fu

unsigned hal_call_mend(const struct hal_call *call)
{
    uintptr_t flags, control;
    __asm__ volatile("pushf; pop %0; mov %%cr0, %1" : "=r"(flags), "=r"(control));
    unsigned found = ((unsigned)flags & HAL_STATE_FLAGS) | ((unsigned)control & HAL_STATE_CONTROL) |
                     ((unsigned)control & HAL_STATE_ALIGNMENT);
    found |= (unsigned)cpu_take_priority() * (HAL_STATE_PRIORITY & -HAL_STATE_PRIORITY);
    flags = (flags & ~(uintptr_t)HAL_STATE_FLAGS) | (call->state & HAL_STATE_FLAGS);
    control = (control & ~(uintptr_t)HAL_STATE_ALIGNMENT) | HAL_STATE_CONTROL;
    __asm__ volatile("mov %1, %%cr0; push %0; popf" ::"r"(flags), "r"(control) : "cc", "memory");
    return found;
}

void hal_state_describe(unsigned differs, unsigned found,
                        void (*tell)(void *context, const char *format, ...), void *context)
{
    static const struct {
        unsigned bit;
        const char *set, *clear;
    } words[] = {
        {HAL_STATE_INTERRUPT, "interrupts on", "interrupts off"},
        {HAL_STATE_DIRECTION, "the direction flag set", "the direction flag clear"},
        {HAL_STATE_TRAP, "the trap flag set", "the trap flag clear"},
        {HAL_STATE_NESTED, "the nested-task flag set", "the nested-task flag clear"},
        {HAL_STATE_ALIGNMENT, "alignment checks on", "alignment checks off"},
        {HAL_STATE_PRIVILEGE, "another I/O privilege level", "another I/O privilege level"},
        {HAL_STATE_PROTECT, "CR0.WP set", "CR0.WP clear, which lets it write what is read-only"},
        {HAL_STATE_NUMERIC, "CR0.NE set", "CR0.NE clear"},
        {HAL_STATE_PRIORITY, "CR8 raised, which holds interrupts back", NULL},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (differs & words[i].bit)
            tell(context, "%s", found & words[i].bit ? words[i].set : words[i].clear);
}

/* FS and GS are nobody's, but some compilers use them. */
static uint64_t read_segments(void)
{
    uint16_t ds, es, fs, gs;
    __asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
                     : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    return ds | (uint64_t)es << 16 | (uint64_t)fs << 32 | (uint64_t)gs << 48;
}

void hal_settings_read(struct hal_settings *settings)
{
    uintptr_t control;
    __asm__ volatile("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2"
                     : "=r"(control), "=r"(settings->page_root), "=r"(settings->features));
    __asm__ volatile("sidt %0" : "=m"(settings->interrupt_table));
    settings->segments = read_segments();
    /* Their owner may be what was interrupted: then they are left alone. */
    settings->has_fpu = (control & CR0_TASK_SWITCHED) == 0;
    if (!settings->has_fpu)
        return;
    __asm__ volatile("stmxcsr %0; fnstcw %1"
                     : "=m"(settings->sse_control), "=m"(settings->x87_control));
    settings->sse_control &= ~MXCSR_STATUS;
}

static void write_settings(const struct hal_settings *settings)
{
    uint64_t segments = settings->segments;
    uint16_t ds = (uint16_t)segments, es = (uint16_t)(segments >> 16);
    uint16_t fs = (uint16_t)(segments >> 32), gs = (uint16_t)(segments >> 48);
    __asm__ volatile("lidt %0" ::"m"(settings->interrupt_table));
    __asm__ volatile("mov %w0, %%ds; mov %w1, %%es; mov %w2, %%fs; mov %w3, %%gs" ::"r"(ds),
                     "r"(es), "r"(fs), "r"(gs));
    __asm__ volatile("mov %0, %%cr4; mov %1, %%cr3" ::"r"(settings->features),
                     "r"(settings->page_root)
                     : "memory");
    if (settings->has_fpu)
        __asm__ volatile("ldmxcsr %0; fldcw %1" ::"m"(settings->sse_control),
                         "m"(settings->x87_control));
}

bool hal_settings_restore(const struct hal_settings *before,
                          void (*tell)(void *context, const char *format, ...), void *context)
{
    struct hal_settings now;
    hal_settings_read(&now);
    bool has_fpu = before->has_fpu && now.has_fpu;
    bool other_root = now.page_root != before->page_root;
    bool other_features = now.features != before->features;
    bool other_table = now.interrupt_table.base != before->interrupt_table.base ||
                       now.interrupt_table.limit != before->interrupt_table.limit;
    bool other_segments = now.segments != before->segments;
    bool other_sse = has_fpu && now.sse_control != before->sse_control;
    bool other_x87 = has_fpu && now.x87_control != before->x87_control;
    if (!(other_root || other_features || other_table || other_segments || other_sse || other_x87))
        return true;
    if (other_root)
        tell(context, "CR3 %#lx instead of %#lx", (unsigned long)now.page_root,
             (unsigned long)before->page_root);
    if (other_features)
        tell(context, "CR4 %#lx instead of %#lx", (unsigned long)now.features,
             (unsigned long)before->features);
    if (other_table)
        tell(context, "another interrupt table");
    if (other_segments)
        tell(context, "other segment registers");
    if (other_sse)
        tell(context, "MXCSR %#x instead of %#x", now.sse_control, before->sse_control);
    if (other_x87)
        tell(context, "the x87 control word %#x instead of %#x", now.x87_control,
             before->x87_control);
    write_settings(before);
    return false;
}
