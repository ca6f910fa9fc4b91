/* SPDX-License-Identifier: MIT */
/*
 * A command has failed. Entered from the interrupt routine and from ticks.
 *
 * Owns: the phases FAILED and LOG. May not: decide what becomes of a request beyond its status.
 *
 * AHCI: 6.2.2: the engine stops at the command that failed. It is switched off, which forgets all
 * that was issued; PxSERR is cleared; and when it runs again, what has not failed is issued anew.
 * Of commands that are not queued PxCMD.CCS tells which one it was; of queued ones the device does,
 * in its log 10h (ACS: A.13). One that keeps no such log gets them again one by one, and not
 * queued: they end as those that a reset has ended, and the port repeats them.
 *
 * Errors of the link or of the bus, and a device that is not idle afterwards, want a reset of the
 * port.
 */
#include "ahci.h"

#define STOP_TICK_US  1000u
#define STOP_LIMIT_US 500000u
#define LOG_LIMIT_US  2000000u
#define LOG_SLOT      0u

static ULONG count_of(ULONG slots)
{
    ULONG count = 0;
    for (; slots; slots &= slots - 1)
        count++;
    return count;
}

/* All that is under way ends; the port repeats it. */
static void give_up(struct ahci_channel *channel)
{
    if (channel->kind == KIND_QUEUED)
        channel->unqueued_left = count_of(channel->active);
    ahci_complete_all(channel, channel->active, IRB_STATUS_BUS_RESET);
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

static void ask_log(struct ahci_channel *channel)
{
    channel->kept = channel->shared->list[LOG_SLOT];
    ahci_fill_log(channel, LOG_SLOT);
    ahci_enter(channel, PHASE_LOG, LOG_LIMIT_US);
    ahci_write(channel, PORT_CI, 1u << LOG_SLOT);
}

static void log_is_read(struct ahci_channel *channel)
{
    const UCHAR *log = channel->shared->log;
    const ULONG tag = LOG_TAG(log[0]);

    channel->shared->list[LOG_SLOT] = channel->kept;
    if (log[0] & LOG_NOT_QUEUED || !(channel->active >> tag & 1)) {
        give_up(channel);
        return;
    }
    ahci_complete(channel, tag, IRB_STATUS_DEVICE_ERROR,
                  log[LOG_STATUS] | (ULONG)log[LOG_ERROR] << 8);
    issue_again(channel);
}

void ahci_log_interrupt(struct ahci_channel *channel, ULONG causes)
{
    if (causes & INT_FAILED) {
        give_up(channel);
        if (causes & INT_FATAL || !ahci_engine_has_stopped(channel) ||
            !ahci_device_is_idle(channel)) {
            ahci_link_reset(channel);
            return;
        }
        clear_errors(channel);
        ahci_engine_start(channel);
    } else if (ahci_read(channel, PORT_CI) >> LOG_SLOT & 1) {
        return;
    } else {
        log_is_read(channel);
    }
    ahci_enter(channel, PHASE_RUNNING, 0);
    ahci_go_on(channel);
}

void ahci_log_tick(struct ahci_channel *channel)
{
    give_up(channel);
    ahci_link_reset(channel);
}

/* ------------------------------------------------------------------ what has failed */

/* The engine stands still. */
static void recover(struct ahci_channel *channel)
{
    const ULONG slot = channel->failed_slot;

    clear_errors(channel);
    if (channel->failed_causes & INT_FATAL || !ahci_device_is_idle(channel)) {
        AtaPortDebugPrint(0, "ahci: port %u: interrupt status %x, task file %x: it is reset\n",
                          channel->port, channel->failed_causes, channel->failed_task_file);
        give_up(channel);
        ahci_link_reset(channel);
        return;
    }
    ahci_engine_start(channel);
    if (channel->kind == KIND_QUEUED && channel->active) {
        ask_log(channel);
        return;
    }
    ahci_enter(channel, PHASE_RUNNING, 0);
    if (channel->active >> slot & 1)
        ahci_complete(channel, slot, IRB_STATUS_DEVICE_ERROR, channel->failed_task_file);
    if (!channel->is_alone)
        issue_again(channel);
    ahci_go_on(channel);
}

void ahci_fail(struct ahci_channel *channel, ULONG causes)
{
    channel->failed_causes = causes;
    channel->failed_task_file = ahci_read(channel, PORT_TFD);
    ahci_enter(channel, PHASE_FAILED, 0);
    ahci_failed_tick(channel);
}

void ahci_failed_tick(struct ahci_channel *channel)
{
    if (ahci_engine_has_stopped(channel)) {
        recover(channel);
    } else if (channel->waited_us < STOP_LIMIT_US) {
        channel->waited_us += STOP_TICK_US;
        ahci_enter(channel, PHASE_FAILED, STOP_TICK_US);
    } else {
        give_up(channel);
        ahci_link_reset(channel);
    }
}
