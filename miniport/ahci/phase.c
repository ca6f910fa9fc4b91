/* SPDX-License-Identifier: MIT */
/*
 * The table of the state machine, and the one way to change a phase.
 *
 * Owns: which phase may follow which, and which interrupts are wanted in it. May not: know what a
 * phase does.
 *
 * A step that the table does not know is a bug of this driver. It is refused: the port stays in the
 * phase it was in, the kernel's log and an attached debugger are told, and as nothing more comes of
 * what was under way, the port driver's time-out resets the channel.
 */
#include "steps.h"

#define BIT(name) (1u << PHASE_##name)
/* The port driver may do so at any time: IdeHwReset, an LUN reset; IdeHwControl. */
#define BY_PORT (BIT(STOPPING) | BIT(STOPPED))

static const ULONG ahci_followers[PHASE_COUNT] = {
    [PHASE_STOPPED] = BIT(HANDOFF),
    [PHASE_HANDOFF] = BY_PORT | BIT(TAKE),
    [PHASE_TAKE] = BY_PORT | BIT(LINK) | BIT(ABSENT),
    [PHASE_RUNNING] = BY_PORT | BIT(SILENT) | BIT(FAILED) | BIT(TAKE),
    [PHASE_SILENT] = BY_PORT | BIT(RUNNING) | BIT(FAILED),
    [PHASE_FAILED] = BY_PORT | BIT(LOG) | BIT(RUNNING) | BIT(TAKE),
    [PHASE_LOG] = BY_PORT | BIT(RUNNING),
    [PHASE_STOPPING] = BY_PORT | BIT(COMRESET),
    [PHASE_COMRESET] = BY_PORT | BIT(TAKE),
    [PHASE_LINK] = BY_PORT | BIT(READY) | BIT(ABSENT),
    [PHASE_READY] = BY_PORT | BIT(RUNNING),
    [PHASE_ABSENT] = BIT(STOPPED) | BIT(TAKE),
};

static const char *const names[PHASE_COUNT] = {
    [PHASE_STOPPED] = "stopped", [PHASE_HANDOFF] = "hand-off",  [PHASE_TAKE] = "take",
    [PHASE_RUNNING] = "running", [PHASE_SILENT] = "silent",     [PHASE_FAILED] = "failed",
    [PHASE_LOG] = "log",         [PHASE_STOPPING] = "stopping", [PHASE_COMRESET] = "reset",
    [PHASE_LINK] = "link",       [PHASE_READY] = "ready",       [PHASE_ABSENT] = "absent",
};

/* What a phase that looks by timers does not want to hear of stays in PxIS until it is cleared. */
static ULONG interrupts_of(const struct ahci_channel *channel, enum ahci_phase phase)
{
    switch (phase) {
    case PHASE_RUNNING:
    case PHASE_LOG:
        return INT_DONE | INT_FAILED | ahci_link_causes(channel);
    case PHASE_ABSENT:
        return ahci_link_causes(channel);
    case PHASE_STOPPED:
    case PHASE_HANDOFF:
    case PHASE_TAKE:
    case PHASE_SILENT:
    case PHASE_FAILED:
    case PHASE_STOPPING:
    case PHASE_COMRESET:
    case PHASE_LINK:
    case PHASE_READY:
        break;
    }
    return 0;
}

static void refuse(struct ahci_channel *channel, enum ahci_phase phase)
{
    AtaPortDebugPrint(0, "ahci: port %u: a step from '%s' to '%s' is refused\n", channel->port,
                      names[channel->phase], names[phase]);
    AtaPortDebugBreak(channel);
}

BOOLEAN ahci_enter(struct ahci_channel *channel, enum ahci_phase phase)
{
    if (!(ahci_followers[channel->phase] >> phase & 1)) {
        refuse(channel, phase);
        return FALSE;
    }
    if (interrupts_of(channel, phase) != interrupts_of(channel, channel->phase))
        ahci_write(channel, PORT_IE, interrupts_of(channel, phase));
    channel->phase = phase;
    channel->waited_us = 0;
    ahci_ask_timer(channel, 0); /* what was asked for before counts no more */
    return TRUE;
}
