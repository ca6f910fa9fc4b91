/* SPDX-License-Identifier: MIT */
/*
 * What the files of this driver offer each other: entry points, steps, and what helps them.
 *
 * Owns: how a step says what comes next. May not: know registers' addresses.
 */
#ifndef PATA_STEPS_H
#define PATA_STEPS_H

#include "pata.h"
#include "phases.h"

/* ------------------------------------------------------------------ what comes next */

/* A step returns the phase that follows it, which may be the present one. These are steps' last
 * words. */

/* The command is over. */
static inline enum pata_phase pata_over(struct pata_channel *channel, UCHAR irb_status,
                                        UCHAR status)
{
    channel->outcome = (struct pata_outcome){irb_status, status, FALSE};
    return PHASE_END;
}

/* And the channel is to be reset. */
static inline enum pata_phase pata_over_with_reset(struct pata_channel *channel, UCHAR irb_status,
                                                   UCHAR status)
{
    channel->outcome = (struct pata_outcome){irb_status, status, TRUE};
    return PHASE_END;
}

/* Asks for a tick; the last one asked for is the one that comes. */
static inline void pata_ask_timer(struct pata_channel *channel, ULONG delay_us)
{
    channel->timer_asked++;
    channel->timer_left_us = delay_us;
}

/* Asks for a tick, if the time that was waited for the same thing is below a limit. The ticks get
 * longer, an eighth of what was waited: half a minute takes some sixty of them. */
static inline BOOLEAN pata_wait_more(struct pata_channel *channel, ULONG first_us, ULONG limit_us)
{
    ULONG tick_us = channel->waited_us / 8;

    if (channel->waited_us >= limit_us)
        return FALSE;
    if (tick_us < first_us)
        tick_us = first_us;
    if (tick_us > limit_us - channel->waited_us)
        tick_us = limit_us - channel->waited_us;
    channel->waited_us += tick_us;
    pata_ask_timer(channel, tick_us);
    return TRUE;
}

/* The same, until the port's time-out ends it. */
static inline void pata_wait_on(struct pata_channel *channel, ULONG first_us)
{
    pata_wait_more(channel, first_us, 0xFFFFFFFFu);
}

/* ------------------------------------------------------------------ entry points */

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);
BOOLEAN NTAPI PataAdapterControl(PVOID ControllerExtension, IDE_CONTROL_ACTION ControlAction,
                                 PVOID Parameters);
ATA_CHANNEL_STATE NTAPI PataChannelEnabled(PVOID ControllerExtension, ULONG Channel);
BOOLEAN NTAPI PataTransferModeSelect(PVOID ControllerExtension,
                                     PIDE_TRANSFER_MODE_PARAMETERS Parameters);
BOOLEAN NTAPI PataChannelInit(PVOID ChannelExtension, PIDE_CHANNEL_INTERFACE Interface,
                              PVOID InitContext);
BOOLEAN NTAPI PataControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                          PVOID Parameters);
BOOLEAN NTAPI PataInitialize(PVOID ChannelExtension, PIDE_DEVICE_PARAMETERS Parameters,
                             PIDENTIFY_DEVICE_DATA IdentifyData);
BOOLEAN NTAPI PataBuildIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);
BOOLEAN NTAPI PataStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb);
BOOLEAN NTAPI PataInterrupt(PVOID ChannelExtension);
BOOLEAN NTAPI PataReset(PVOID ChannelExtension);

/* ------------------------------------------------------------------ notes.c */

/* Takes the registry buffer and reads the settings. In IdeHwControl(IdeStart). */
void pata_read_settings(struct pata_channel *channel);
/* Notes what IdeHwInitialize was told of a device. */
void pata_note_model(struct pata_channel *channel, UCHAR target, const IDENTIFY_DEVICE_DATA *data);
/* Notes the rest; gives the buffer back, at which all is stored. In IdeHwControl(IdeStop). */
void pata_store_notes(struct pata_channel *channel);

/* Counts the command under way among the failed ones. */
static inline void pata_count_error(struct pata_channel *channel)
{
    pata_target(channel)->errors++;
}

/* ------------------------------------------------------------------ timing.c */

static inline ULONG pata_highest_mode(ULONG modes)
{
    ULONG index;
    GetHighestBitSet(modes, index);
    return index;
}

/* The fastest PIO and the fastest DMA mode of a set of modes: one or two bits. Single word DMA
 * is not used: ATA-3 dropped it. */
ULONG pata_fastest_modes(ULONG modes);
/* What SET FEATURES takes for the PIO mode, or for the DMA mode, of `modes`. 0: there is no DMA
 * mode. */
UCHAR pata_pio_mode_code(ULONG modes);
UCHAR pata_dma_mode_code(ULONG modes);
/* The modes that IdeHwInitialize may choose from. On another miniport's controller they are what
 * that has selected, or what needs no timings set; `active` is what the firmware left active. */
ULONG pata_usable_modes(const struct pata_controller *controller, UCHAR channel,
                        const IDE_DEVICE_PARAMETERS *parameters, ULONG active);
/* All modes up to the one that a SET FEATURES code stands for; 0: it is no such code. */
ULONG pata_modes_up_to(ULONG code);
/* Sets the controller's timings for controller->modes of a channel. Context: at or below
 * DISPATCH_LEVEL. */
void pata_program_timings(struct pata_controller *controller, UCHAR channel_number);

/* ------------------------------------------------------------------ chips.c, piix.c */

extern const struct pata_chip pata_chip_isa, pata_chip_foreign;
/* The row of a PCI function's ids; there is one for any. */
const struct pata_chip *pata_find_chip(ULONG ids);
ATA_CHANNEL_STATE pata_piix_state(struct pata_controller *controller, UCHAR channel);
void pata_piix3_program(struct pata_controller *controller, UCHAR channel);
void pata_piix4_program(struct pata_controller *controller, UCHAR channel);

/* ------------------------------------------------------------------ wire.c */

/* Lets 400 ns pass: until then Status need not be true. */
void pata_settle(const struct pata_channel *channel);
/* Waits until `(register & mask) == value` holds, some microseconds at most. Returns the last
 * value. */
UCHAR pata_wait(const struct pata_channel *channel, UCHAR (*read)(const struct pata_channel *),
                UCHAR mask, UCHAR value, ULONG limit_us);
/* The same of Alternate Status. */
UCHAR pata_poll(struct pata_channel *channel, UCHAR mask, UCHAR value);
/* LBA Mid and LBA High as a packet device has set them. */
BOOLEAN pata_has_packet_signature(const struct pata_channel *channel);
/* What a device shows when its reset is over (ATA: 9.12), a packet device or a disk: there are
 * packet devices that show a disk's. */
BOOLEAN pata_has_signature(const struct pata_channel *channel);
/* Selects a device, whatever state it is in. The selected one is ready. */
void pata_select(struct pata_channel *channel, UCHAR device_register);

/* Is the device known to be the selected one? */
static inline BOOLEAN pata_is_selected(const struct pata_channel *channel, UCHAR target)
{
    return channel->selected == target + 1;
}

/* ------------------------------------------------------------------ setup.c */

/* What a reset has undone is to be set again. */
void pata_setup_again(struct pata_device *device);
/* Takes a device for gone, until somebody asks it for IDENTIFY again. */
void pata_give_up(struct pata_channel *channel, UCHAR target, UCHAR status);
/* Makes the next of the driver's own commands the channel's; there is one. Channel idle. */
enum pata_phase pata_setup_next(struct pata_channel *channel);
/* It is sent, and a timer watches over it; the timer's tick. */
void pata_setup_watch(struct pata_channel *channel);
enum pata_phase pata_setup_tick(struct pata_channel *channel);
/* It is over, as channel->outcome says. */
enum pata_phase pata_setup_done(struct pata_channel *channel);

/* ------------------------------------------------------------------ command.c */

/* Makes an IRB the channel's command. Channel idle. */
enum pata_phase pata_start_irb(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb);
/* Keeps an IRB until the channel is idle, at the end or at the head of the others. */
void pata_hold(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb);
void pata_hold_first(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb);
PIDE_REQUEST_BLOCK pata_take_held(struct pata_channel *channel);
enum pata_phase pata_non_data_done(struct pata_channel *channel, UCHAR status);
/* The command is over, as channel->outcome says. */
enum pata_phase pata_finish(struct pata_channel *channel);
/* Ends the command under way for its issuer. The bus master no longer moves its data. */
void pata_abandon(struct pata_channel *channel);

/* ------------------------------------------------------------------ issue.c */

/* Sends channel->command, now or when the device is ready. */
enum pata_phase pata_issue(struct pata_channel *channel);

/* ------------------------------------------------------------------ pio.c */

/* IRB_STATUS_PENDING: the command is ready to be sent; else it can't be. */
UCHAR pata_pio_prepare(struct pata_channel *channel, struct pata_device *device);
enum pata_phase pata_pio_in(struct pata_channel *channel, UCHAR status);
enum pata_phase pata_pio_out(struct pata_channel *channel, UCHAR status);
/* Looks whether the device wants the first block. */
enum pata_phase pata_pio_out_first(struct pata_channel *channel);
/* One block that the device offers or asks for: to and from command->data as far as that
 * reaches, the rest is thrown away, or zeros. DRQ is set. */
void pata_read_block(struct pata_channel *channel, ULONG byte_count);
void pata_write_block(struct pata_channel *channel, ULONG byte_count);
/* The data is over: the device says that it failed, or fewer bytes may have moved than should. */
enum pata_phase pata_transfer_over(struct pata_channel *channel, UCHAR status);
/* The device does what the protocol doesn't allow: the command fails, the channel is reset. */
enum pata_phase pata_protocol_error(struct pata_channel *channel, UCHAR status);

/* ------------------------------------------------------------------ dma.c */

/* Builds the descriptor table. IRB_STATUS_PENDING, or why it can't be. */
UCHAR pata_dma_prepare(struct pata_channel *channel);
/* The engine is stopped, its status cleared; `bus_master_status` is from before. */
enum pata_phase pata_dma_done(struct pata_channel *channel, UCHAR status, UCHAR bus_master_status);

/* ------------------------------------------------------------------ atapi.c */

UCHAR pata_packet_prepare(struct pata_channel *channel, struct pata_device *device);
/* Looks whether the device wants the packet; it says so. */
enum pata_phase pata_packet_wait(struct pata_channel *channel);
enum pata_phase pata_packet_request(struct pata_channel *channel, UCHAR status);
enum pata_phase pata_packet_data(struct pata_channel *channel, UCHAR status);
enum pata_phase pata_packet_dma_done(struct pata_channel *channel, UCHAR status,
                                     UCHAR bus_master_status);
/* The request sense is over: the failed IRB is completed. */
void pata_sense_done(struct pata_channel *channel, PIDE_REQUEST_BLOCK sense);

/* ------------------------------------------------------------------ reset.c */

/* Is the command under way over, though no interrupt told so? Then the interrupt is dismissed and
 * the engine stopped, as IdeHwInterrupt does it. */
BOOLEAN pata_is_over_unseen(struct pata_channel *channel, UCHAR *status, UCHAR *bus_master_status);
/* An LUN reset IRB: DEVICE RESET, for what takes it. */
enum pata_phase pata_reset_unit(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb);
void pata_complete_lun_reset(struct pata_channel *channel, PIDE_REQUEST_BLOCK irb,
                             UCHAR irb_status);
void pata_device_reset_wait(struct pata_channel *channel);
enum pata_phase pata_device_reset_tick(struct pata_channel *channel);
/* SRST. */
void pata_reset_begin(struct pata_channel *channel);
enum pata_phase pata_reset_tick(struct pata_channel *channel);

/* ------------------------------------------------------------------ machine.c */

/* Takes the channel to a phase, and on until the device, a timer or the port has the next word. */
void pata_run(struct pata_channel *channel, enum pata_phase next);
/* The same from what the device says. */
void pata_step(struct pata_channel *channel, UCHAR status, UCHAR bus_master_status);
/* Dump mode's timer: the port calls IdeHwInterrupt instead. TRUE: a wait was over, and the next
 * step has been done. */
BOOLEAN pata_dump_tick(struct pata_channel *channel);
void pata_go_on_with_waiting(struct pata_channel *channel);

static inline BOOLEAN pata_something_waits(const struct pata_channel *channel)
{
    return channel->held_head || channel->devices[0].setup_pending ||
           channel->devices[1].setup_pending;
}

/* If the channel is idle: goes on with what waits. Each entry point ends with it. */
static inline void pata_go_on(struct pata_channel *channel)
{
    if (channel->phase == PHASE_IDLE && pata_something_waits(channel))
        pata_go_on_with_waiting(channel);
}

#endif
