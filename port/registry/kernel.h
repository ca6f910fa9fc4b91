/* SPDX-License-Identifier: MIT */
/*
 * The registry in the kernel: one instance, its arena in static memory, its windows from the HAL.
 */
#ifndef PORT_REGISTRY_KERNEL_H
#define PORT_REGISTRY_KERNEL_H

#include "port/registry/service.h"

struct channel;

extern struct registry port_registry;

/* Before anything is loaded into it. False: no memory. Context: PASSIVE_LEVEL. */
bool registry_kernel_init(void);

/* Gives a new channel its window. False: there is no room; its buffers will be NULL. Context:
 * PASSIVE_LEVEL. */
bool registry_kernel_add_channel(struct registry_channel *channel);

/* Frees a channel's live buffer for `routine`, reporting what is wrong with it (REG-04, REG-05,
 * REG-11) at `place`. Context: PASSIVE_LEVEL. */
void registry_kernel_free(struct channel *channel, const void *buffer, const char *routine,
                          const void *place);

#endif
