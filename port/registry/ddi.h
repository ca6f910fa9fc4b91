/* SPDX-License-Identifier: MIT */
/* What the exported registry routines do, for the port itself. */
#ifndef PORT_REGISTRY_DDI_H
#define PORT_REGISTRY_DDI_H

struct channel;

/* Frees a channel's live buffer for `routine`, reporting what is wrong with it (REG-04, REG-05,
 * REG-11) at `place`. Context: PASSIVE_LEVEL. */
void registry_kernel_free(struct channel *channel, const void *buffer, const char *routine,
                          const void *place);

#endif
