/* SPDX-License-Identifier: MIT */
/*
 * What the files of this driver offer each other: entry points, steps, and what helps them.
 *
 * Owns: how a step says what comes next. May not: know registers' addresses.
 */
#ifndef AHCI_STEPS_H
#define AHCI_STEPS_H

#include "ahci.h"

#define TICK_US  1000u  /* at first; it grows */
#define TICKS_US 20000u /* up to this */

/* ------------------------------------------------------------------ what comes next */

/* A step returns the phase that follows it, which may be the present one. These ask for the timer
 * of the phase that they are in; the last one asked for is the one that comes. */

static inline void ahci_ask_timer(struct ahci_channel *channel, ULONG delay_us)
{
    channel->timer_asked++;
    channel->timer_left_us = delay_us;
}

/* The phase goes on, and is looked at later and later. FALSE: it has lasted too long. */
static inline BOOLEAN ahci_wait_on(struct ahci_channel *channel, ULONG limit_us)
{
    const ULONG next_us = max(TICK_US, min(channel->waited_us, TICKS_US));

    if (channel->waited_us >= limit_us)
        return FALSE;
    channel->waited_us += next_us;
    ahci_ask_timer(channel, next_us);
    return TRUE;
}

/* ------------------------------------------------------------------ entry points */

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);
BOOLEAN NTAPI AhciChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                              PVOID InitContext);
BOOLEAN NTAPI AhciControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                          PVOID Parameters);
BOOLEAN NTAPI AhciInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                             PIDENTIFY_DEVICE_DATA IdentifyData);
BOOLEAN NTAPI AhciBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);
BOOLEAN NTAPI AhciStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);
BOOLEAN NTAPI AhciReset(PVOID ChannelExtension);
BOOLEAN NTAPI AhciInterrupt(PVOID ChannelExtension);

/* ------------------------------------------------------------------ machine.c */

/* Takes the channel to a phase, and on until the device, a timer or the port has the next word. */
void ahci_run(struct ahci_channel *channel, enum ahci_phase next);
/* Dump mode's timer: the port calls IdeHwInterrupt instead. TRUE: a wait was over, and the next
 * step has been done. */
BOOLEAN ahci_dump_tick(struct ahci_channel *channel);

/* ------------------------------------------------------------------ phase.c */

/* The way to change a phase. FALSE: it may not follow, is reported, and nothing has changed. */
BOOLEAN ahci_enter(struct ahci_channel *channel, enum ahci_phase phase);

/* ------------------------------------------------------------------ error.c */

/* A command has failed: what there is to know of it before the engine stops. */
enum ahci_phase ahci_fail(struct ahci_channel *channel, ULONG causes);
/* Looks whether the engine has stopped. */
enum ahci_phase ahci_failed_look(struct ahci_channel *channel);
void ahci_log_ask(struct ahci_channel *channel);
enum ahci_phase ahci_log_interrupt(struct ahci_channel *channel, ULONG causes);
/* It has taken too long. */
enum ahci_phase ahci_log_tick(struct ahci_channel *channel);

/* ------------------------------------------------------------------ queue.c */

/* An IRB goes, or waits. */
enum ahci_phase ahci_queue(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb);
/* What waits goes on as far as it can. */
enum ahci_phase ahci_go_on(struct ahci_channel *channel);
/* All that waits ends with that. */
void ahci_end_held(struct ahci_channel *channel, UCHAR irb_status);
/* Looks whether the command that ends without interrupt is over. */
enum ahci_phase ahci_silent_look(struct ahci_channel *channel);

/* ------------------------------------------------------------------ complete.c */

/* An IRB ends without a command. */
void ahci_end(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, UCHAR irb_status);
/* The command in a slot is over: its IRB ends. */
void ahci_complete(struct ahci_channel *channel, ULONG slot, UCHAR irb_status, ULONG task_file);
/* What is under way ends, or has ended, without having been carried out. */
void ahci_complete_all(struct ahci_channel *channel, UCHAR irb_status);

/* ------------------------------------------------------------------ command.c, packet.c */

/* IRB_STATUS_PENDING: the slot's command is ready to be issued. Else what the IRB ends with. */
UCHAR ahci_fill(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb, ULONG slot,
                enum ahci_kind kind);
static inline BOOLEAN ahci_moves_sectors(const IDE_REQUEST_BLOCK *irb)
{
    return irb->Function == IRB_FUNCTION_ATA_READ || irb->Function == IRB_FUNCTION_ATA_WRITE;
}
/* A command without data, for IRBs that bring none. */
void ahci_fill_own(struct ahci_channel *channel, ULONG slot, UCHAR opcode);
/* READ LOG EXT, of page 10h. */
void ahci_fill_log(struct ahci_channel *channel, ULONG slot);
UCHAR ahci_fill_packet(struct ahci_channel *channel, PIDE_REQUEST_BLOCK irb,
                       struct ahci_table *table);

/* ------------------------------------------------------------------ link.c */

/* The causes by which the link is heard to come or go. AHCI: 7.3: PhyRdy changes with each turn
 * of a link's power, too. */
static inline ULONG ahci_link_causes(const struct ahci_channel *channel)
{
    return channel->link_power ? INT_CONNECT : INT_LINK;
}

BOOLEAN ahci_engine_has_stopped(struct ahci_channel *channel);
void ahci_engine_start(struct ahci_channel *channel);
/* The port is to read and write no memory any more. */
void ahci_port_stop(struct ahci_channel *channel);
/* Looks whether the firmware has let the controller go. */
enum ahci_phase ahci_handoff_look(struct ahci_channel *channel);
enum ahci_phase ahci_take(struct ahci_channel *channel);
/* The port is taken out of service and reset; what was under way has ended. */
enum ahci_phase ahci_stopping_begin(struct ahci_channel *channel);
enum ahci_phase ahci_stopping_look(struct ahci_channel *channel);
void ahci_comreset_begin(struct ahci_channel *channel);
enum ahci_phase ahci_comreset_end(struct ahci_channel *channel);
enum ahci_phase ahci_link_look(struct ahci_channel *channel);
enum ahci_phase ahci_ready_look(struct ahci_channel *channel);
void ahci_absent(struct ahci_channel *channel);
enum ahci_phase ahci_lose_link(struct ahci_channel *channel);

/* ------------------------------------------------------------------ notes.c */

void ahci_read_settings(struct ahci_channel *channel);
void ahci_note_model(struct ahci_channel *channel, const IDENTIFY_DEVICE_DATA *data);
void ahci_store_notes(struct ahci_channel *channel);

#endif
