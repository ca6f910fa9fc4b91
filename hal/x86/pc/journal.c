/* SPDX-License-Identifier: MIT */
/*
 * The journal: a file on the host that can only grow.
 *
 * Owns its port, that of a second debug console of QEMU's. May not: know what is appended. Entered
 * from any context.
 *
 * QEMU: isa-debugcon hands each byte to the host's kernel (write) before the instruction that wrote
 * it ends. So what has been written is in the file, even if QEMU is killed in the next moment. A
 * write that fails, on a disk that is full, is not told to the guest: run-qemu.sh compares the
 * file's length with what the log says.
 */
#include "hal/hal.h"

#define JOURNAL       0xEAu
#define JOURNAL_COUNT 0xEBu
#define JOURNAL_READY 0x4Au /* what it answers when it is there; run-qemu.sh sets both */

bool hal_journal_present(void)
{
    return hal_in8(JOURNAL) == JOURNAL_READY;
}

void hal_journal_append(const void *bytes, size_t byte_count)
{
    hal_out_buffer8(JOURNAL, bytes, byte_count);
}

void hal_journal_count(uint64_t byte_count)
{
    hal_out_buffer8(JOURNAL_COUNT, &byte_count, sizeof byte_count);
}
