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
#include "steps.h"

#define BIT(name) PHASE_BIT(name)
/* The port may do so at any time: IdeHwReset, IdeHwControl(IdeStop). */
#define BY_PORT (BIT(RESET) | BIT(STOPPED))
/* An LUN reset takes the command from its device. */
#define BY_LUN_RESET (BIT(DEVICE_RESET) | BIT(RESET_WANTED))
/* Plain success of sectors by DMA needs neither ISSUE nor END (start.c, interrupt.c). */
#define STRAIGHT_IN  BIT(DMA)
#define STRAIGHT_OUT BIT(IDLE)

const ULONG pata_followers[PHASE_COUNT] = {
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

static const char *const names[PHASE_COUNT] = {
    [PHASE_STOPPED] = "stopped",
    [PHASE_IDLE] = "idle",
    [PHASE_ISSUE] = "issue",
    [PHASE_WAIT_READY] = "wait ready",
    [PHASE_NON_DATA] = "non-data",
    [PHASE_SETUP] = "setup",
    [PHASE_PIO_IN] = "PIO in",
    [PHASE_PIO_OUT_FIRST] = "PIO out, first block",
    [PHASE_PIO_OUT] = "PIO out",
    [PHASE_DMA] = "DMA",
    [PHASE_PACKET] = "packet",
    [PHASE_PACKET_DATA] = "packet data",
    [PHASE_PACKET_DMA] = "packet DMA",
    [PHASE_END] = "end",
    [PHASE_DEVICE_RESET] = "device reset",
    [PHASE_RETIME] = "retime",
    [PHASE_RESET_WANTED] = "reset wanted",
    [PHASE_RESET] = "reset",
};

void pata_refuse(struct pata_channel *channel, enum pata_phase phase)
{
    AtaPortDebugPrint(0, "pata: channel %u: a step from '%s' to '%s' is refused\n", channel->number,
                      names[channel->phase], names[phase]);
    AtaPortDebugBreak(channel);
}
