/* SPDX-License-Identifier: MIT */
/*
 * One instruction with pages that are there for it alone: see hal_fault_lend.
 *
 * Owns the pages lent, and the CPU's trap flag while an instruction has them. May not: decide what
 * is lent. Entered from exceptions only, with interrupts disabled; they stay so until the
 * instruction is over, so no other code ever sees a lent page.
 *
 * The trap flag stops the CPU behind the instruction, with a debug exception. A repeated string
 * instruction stops after each repetition and is still the same one then; since it may move on to
 * other pages meanwhile, the oldest loan makes room for a new one.
 */
#include "hal/x86/cpu/cpu.h"

#define EFLAGS_TRAP 0x100u

/* Two operands, each across a page's end. */
#define LOAN_LIMIT 4u

static struct loan {
    uint64_t *entry; /* NULL: none */
    uintptr_t page;
    uint64_t before;
} loans[LOAN_LIMIT];
static unsigned next_loan;
static bool is_lent, is_stepping;
static uintptr_t stepped; /* the instruction */
static uintptr_t interrupt_flag;

static void take_back(struct loan *loan)
{
    if (loan->entry)
        hal_page_entry_store(loan->entry, loan->page, loan->before);
    loan->entry = NULL;
}

bool hal_fault_lend(uintptr_t address, uint64_t physical)
{
    struct loan *loan = &loans[next_loan++ % LOAN_LIMIT];
    take_back(loan);
    loan->page = address & ~(uintptr_t)(HAL_PAGE_SIZE - 1);
    loan->entry = hal_page_entry(loan->page);
    if (!loan->entry)
        return false;
    loan->before = *loan->entry;
    hal_page_entry_store(loan->entry, loan->page,
                         hal_page_entry_value(physical, HAL_MAP_READ | HAL_MAP_WRITE));
    is_lent = true;
    return true;
}

void hal_step_begin(uintptr_t instruction, uintptr_t *cpu_flags)
{
    if (!is_lent)
        return;
    if (!is_stepping) {
        is_stepping = true;
        stepped = instruction;
        interrupt_flag = *cpu_flags & HAL_EFLAGS_IF;
    }
    *cpu_flags = (*cpu_flags | EFLAGS_TRAP) & ~(uintptr_t)HAL_EFLAGS_IF;
}

bool hal_step_over(uintptr_t next_instruction, uintptr_t *cpu_flags)
{
    if (!is_stepping)
        return false;
    if (next_instruction == stepped)
        return true; /* the next repetition */
    for (unsigned i = 0; i < LOAN_LIMIT; i++)
        take_back(&loans[i]);
    is_lent = is_stepping = false;
    *cpu_flags = (*cpu_flags & ~(uintptr_t)EFLAGS_TRAP) | interrupt_flag;
    return true;
}
