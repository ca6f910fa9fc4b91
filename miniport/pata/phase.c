/* SPDX-License-Identifier: MIT */
/* Steps that the state machine's table (phases.h) does not know. */
#include "steps.h"

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
