/* SPDX-License-Identifier: MIT */
/* What the port leaves for PASSIVE_LEVEL while somebody waits for a command. */
#ifndef PORT_IDLE_H
#define PORT_IDLE_H

#include <stdbool.h>

struct channel;

/* Does what there is: looks for devices after a bus change, changes power states that a miniport
 * asked for, polls in dump mode. Context: PASSIVE_LEVEL. */
void port_idle(void);
/* Looks for a channel's devices anew, and says what has come and gone. Context: PASSIVE_LEVEL. */
void channel_look_again(struct channel *channel);
/* Is there such work? And is there some that prints? Context: any. */
bool port_idle_wanted(void);
bool port_idle_speaks(void);

#endif
