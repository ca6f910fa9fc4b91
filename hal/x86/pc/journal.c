/* SPDX-License-Identifier: MIT */
/*
 * The journal: a file on the host that can only grow.
 *
 * Owns its two ports, each that of a debug console of QEMU's: the file's, and that of what is said
 * about it (lib/journal.h). May not: know what is appended. Entered from any context.
 *
 * QEMU: isa-debugcon hands each byte to the host's kernel (write) before the instruction that wrote
 * it ends. So what has been written is in the file, even if QEMU is killed in the next moment. A
 * write that fails, on a disk that is full, is not told to the guest: so it says how much it wrote,
 * and tools/registry_session.c, which sets both ports up, compares that with the file's length.
 */
#include "hal/internal.h"

#define JOURNAL       0xEAu
#define JOURNAL_TALK  0xEBu
#define JOURNAL_READY 0x4Au /* what it answers when it is there */

bool hal_journal_present(void)
{
    return hal_in8(JOURNAL) == JOURNAL_READY;
}

void hal_journal_append(const void *bytes, size_t byte_count)
{
    struct hal_wait before = hal_wait_begin(HAL_WATCHED_OUTSIDE);
    hal_out_buffer8(JOURNAL, bytes, byte_count);
    hal_wait_end(before);
}

void hal_journal_tell(const struct journal_message *message)
{
    hal_out_buffer8(JOURNAL_TALK, message, sizeof *message);
}
