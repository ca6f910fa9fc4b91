/* SPDX-License-Identifier: MIT */
/*
 * A command has failed. Entered from the interrupt routine and from ticks.
 *
 * Owns: the phases FAILED and LOG. May not: decide what becomes of a request beyond its status.
 *
 * AHCI: 6.2.2: the engine stops at the command that failed. It is switched off, which forgets all
 * that was issued; PxSERR is cleared; and it runs again. Of commands that are not queued PxCMD.CCS
 * tells which one it was. Of queued ones the device does, in its log 10h (ACS: A.13), and what has
 * not failed is issued anew.
 *
 * The port is reset after errors of the link or of the bus; where the device is not idle
 * afterwards; where one keeps no such log; and where others that are not queued stood behind the
 * one that failed. What was under way ends as what a reset has ended. The port repeats it, and the
 * device gets it one by one, so that each fails for itself alone.
 *
 * QEMU: does not stop at the command that failed. The next one runs on while the engine is off, and
 * if that is on again when it ends, QEMU 7.2.22 itself ends, by a signal.
 */
#include "steps.h"

#define STOP_LIMIT_US 500000u
#define LOG_LIMIT_US  2000000u
#define LOG_SLOT      0u

/* All that is under way ends when the port is reset, and is repeated; behind what waits now. */
static enum ahci_phase give_up(struct ahci_channel *channel)
{
    channel->alone_left = 0;
    for (ULONG slots = channel->active; slots; slots &= slots - 1)
        channel->alone_left++;
    for (PIDE_REQUEST_BLOCK irb = channel->held_head; irb; irb = irb->NextIrb)
        channel->alone_left += ahci_moves_sectors(irb);
    return PHASE_STOPPING;
}

static void issue_again(struct ahci_channel *channel)
{
    ULONG slots = channel->active;

    for (ULONG slot = 0; slot < SLOTS; slot++)
        if (slots >> slot & 1)
            channel->shared->list[slot].byte_count = 0;
    if (slots)
        ahci_issue(channel, slots, channel->kind);
}

static void clear_errors(struct ahci_channel *channel)
{
    ahci_write(channel, PORT_SERR, 0xFFFFFFFFu);
    ahci_write(channel, PORT_IS, INT_FAILED);
}

/* ------------------------------------------------------------------ the log */

void ahci_log_ask(struct ahci_channel *channel)
{
    channel->kept = channel->shared->list[LOG_SLOT];
    ahci_fill_log(channel, LOG_SLOT);
    ahci_ask_timer(channel, LOG_LIMIT_US);
    ahci_write(channel, PORT_CI, 1u << LOG_SLOT);
}

/* ACS: A.13: its bytes add up to 0. */
static BOOLEAN is_whole(const UCHAR *log)
{
    UCHAR sum = 0;

    for (ULONG i = 0; i < LOG_BYTES; i++)
        sum = (UCHAR)(sum + log[i]);
    return sum == 0;
}

static enum ahci_phase log_is_read(struct ahci_channel *channel)
{
    const UCHAR *log = channel->shared->log;
    const ULONG tag = LOG_TAG(log[0]);

    channel->shared->list[LOG_SLOT] = channel->kept;
    if (!is_whole(log) || log[0] & LOG_NOT_QUEUED || !(channel->active >> tag & 1))
        return give_up(channel);
    ahci_complete(channel, tag, IRB_STATUS_DEVICE_ERROR,
                  log[LOG_STATUS] | (ULONG)log[LOG_ERROR] << 8);
    issue_again(channel);
    return PHASE_RUNNING;
}

enum ahci_phase ahci_log_interrupt(struct ahci_channel *channel, ULONG causes)
{
    if (causes & INT_FAILED)
        return give_up(channel);
    return ahci_read(channel, PORT_CI) >> LOG_SLOT & 1 ? PHASE_LOG : log_is_read(channel);
}

enum ahci_phase ahci_log_tick(struct ahci_channel *channel)
{
    return give_up(channel);
}

/* ------------------------------------------------------------------ what has failed */

/* The engine stands still. */
static enum ahci_phase recover(struct ahci_channel *channel)
{
    const ULONG slot = channel->failed_slot;
    const ULONG others = channel->active & ~(1u << slot);
    const BOOLEAN wants_reset = channel->kind == KIND_PLAIN && others;

    clear_errors(channel);
    if (channel->failed_causes & INT_FATAL || !ahci_device_is_idle(channel)) {
        AtaPortDebugPrint(0,
                          "ahci: port %u: interrupt status 0x%08x, task file 0x%08x: it is reset\n",
                          channel->port, channel->failed_causes, channel->failed_task_file);
        return give_up(channel);
    }
    if (!wants_reset)
        ahci_engine_start(channel);
    if (channel->kind == KIND_QUEUED && channel->active)
        return PHASE_LOG;
    if (channel->active >> slot & 1) /* request sense may follow at once */
        ahci_complete(channel, slot, IRB_STATUS_DEVICE_ERROR, channel->failed_task_file);
    return wants_reset ? give_up(channel) : PHASE_RUNNING;
}

enum ahci_phase ahci_failed_look(struct ahci_channel *channel)
{
    /* Before recovery clears PxSERR, which alone tells of it. */
    if (ahci_read(channel, PORT_IS) & ahci_link_causes(channel))
        return ahci_lose_link(channel);
    if (ahci_engine_has_stopped(channel))
        return recover(channel);
    if (ahci_wait_on(channel, STOP_LIMIT_US))
        return PHASE_FAILED;
    return give_up(channel);
}

enum ahci_phase ahci_fail(struct ahci_channel *channel, ULONG causes)
{
    channel->failed_causes = causes;
    channel->failed_task_file = ahci_read(channel, PORT_TFD);
    return PHASE_FAILED;
}
