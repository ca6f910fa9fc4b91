/* SPDX-License-Identifier: MIT */
/*
 * The table of the state machine.
 *
 * Owns: which phase may follow which. May not: know what a phase does.
 *
 * A step that the table does not know is a bug of this driver. It is refused: the channel stays in
 * the phase it was in, the kernel's log and an attached debugger are told, and as nothing more
 * comes of the command, the port's time-out resets the channel.
 */
#ifndef PATA_PHASES_H
#define PATA_PHASES_H

#include "pata.h"

#define BIT(name) PHASE_BIT(name)
/* The port may do so at any time: IdeHwReset, IdeHwControl(IdeStop). */
#define BY_PORT (BIT(RESET) | BIT(STOPPED))
/* An LUN reset takes the command from its device. */
#define BY_LUN_RESET (BIT(DEVICE_RESET) | BIT(RESET_WANTED))
/* Plain success of sectors by DMA needs neither ISSUE nor END (start.c, interrupt.c). */
#define STRAIGHT_IN  BIT(DMA)
#define STRAIGHT_OUT BIT(IDLE)

/* Which phases may follow each, as bits. (Where both are known it is no question at all.) */
static const ULONG pata_followers[PHASE_COUNT] = {
    [PHASE_STOPPED] = BIT(IDLE),
    [PHASE_IDLE] = BY_PORT | BY_LUN_RESET | BIT(ISSUE) | STRAIGHT_IN,
    [PHASE_ISSUE] = BIT(WAIT_READY) | BIT(NON_DATA) | BIT(SETUP) | BIT(PIO_IN) |
                    BIT(PIO_OUT_FIRST) | BIT(DMA) | BIT(PACKET) | BIT(DEVICE_RESET) | BIT(END) |
                    BIT(RESET_WANTED),
    [PHASE_WAIT_READY] = BY_PORT | BY_LUN_RESET | BIT(ISSUE),
    [PHASE_NON_DATA] = BY_PORT | BY_LUN_RESET | BIT(END) | BIT(ISSUE),
    [PHASE_SETUP] = BY_PORT | BY_LUN_RESET | BIT(END),
    [PHASE_PIO_IN] = BY_PORT | BY_LUN_RESET | BIT(END),
    [PHASE_PIO_OUT_FIRST] = BY_PORT | BY_LUN_RESET | BIT(END) | BIT(PIO_OUT),
    [PHASE_PIO_OUT] = BY_PORT | BY_LUN_RESET | BIT(END),
    [PHASE_DMA] = BY_PORT | BY_LUN_RESET | BIT(END) | STRAIGHT_OUT,
    [PHASE_PACKET] = BY_PORT | BY_LUN_RESET | BIT(END) | BIT(PACKET_DATA) | BIT(PACKET_DMA),
    [PHASE_PACKET_DATA] = BY_PORT | BY_LUN_RESET | BIT(END),
    [PHASE_PACKET_DMA] = BY_PORT | BY_LUN_RESET | BIT(END),
    [PHASE_END] = BIT(IDLE) | BIT(ISSUE) | BIT(RETIME) | BIT(RESET_WANTED),
    [PHASE_DEVICE_RESET] = BY_PORT | BIT(END) | BIT(IDLE) | BIT(RESET_WANTED),
    [PHASE_RETIME] = BY_PORT | BIT(IDLE),
    [PHASE_RESET_WANTED] = BY_PORT,
    [PHASE_RESET] = BY_PORT | BIT(IDLE),
};

#undef BIT
#undef BY_PORT
#undef BY_LUN_RESET
#undef STRAIGHT_IN
#undef STRAIGHT_OUT

void pata_refuse(struct pata_channel *channel, enum pata_phase phase);

/* The ways to change a phase: from any, and from one that the channel is known to be in. FALSE: it
 * may not follow, is reported, and nothing has changed. */
static inline BOOLEAN pata_enter_from(struct pata_channel *channel, enum pata_phase from,
                                      enum pata_phase phase)
{
    if (!(pata_followers[from] >> phase & 1)) {
        pata_refuse(channel, phase);
        return FALSE;
    }
    channel->phase = phase;
    return TRUE;
}

static inline BOOLEAN pata_enter(struct pata_channel *channel, enum pata_phase phase)
{
    return pata_enter_from(channel, channel->phase, phase);
}

#endif
