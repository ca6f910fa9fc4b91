/* SPDX-License-Identifier: MIT */
/* Random calls, compared with what model.c foretells. */
#ifndef PROBES_REGISTRY_MODEL_CALLS_H
#define PROBES_REGISTRY_MODEL_CALLS_H

#include "model.h"

/* Reads Seed, Total, Skip and Mistake; from AtaChannelInitRoutine, before anything else. */
void calls_begin(PVOID channel_extension);
/* Makes the next `count` operations, or as many as Total leaves. `own`: the channel whose routine
 * this is, CHANNELS if none. Context: any. */
void calls_make(enum place place, ULONG own, ULONG count);
/* Are all operations made? Then everything a channel can read is compared: from its
 * AtaChannelInitRoutine. */
BOOLEAN calls_are_over(void);
void calls_compare_all(ULONG channel);
/* Says what came out: "model: ..." lines. */
void calls_say(void);

extern PVOID controller_extension;

#endif
