/* SPDX-License-Identifier: MIT */
/*
 * The registry in the kernel: one instance, its arena in static memory, its windows from the HAL.
 */
#ifndef PORT_REGISTRY_KERNEL_H
#define PORT_REGISTRY_KERNEL_H

#include "port/registry/service.h"

extern struct registry port_registry;

/* Before anything is loaded into it. False: no memory. Context: PASSIVE_LEVEL. */
bool registry_kernel_init(void);

/* Reads the built-in defaults; a file into one layer, the layers in their order. What is wrong is
 * printed, and kept. Context: PASSIVE_LEVEL. */
void registry_kernel_load_defaults(void);
void registry_kernel_load(enum store_layer layer, const struct reg_source *source);

/* What was said while files were read, as lines, and what was in the hive's. */
const struct reg_summary *registry_kernel_check(const char **said);

/* Appends all that the hive's file says once more, and has the host shorten the file to that when
 * the guest has ended. False: it could not be written. Context: PASSIVE_LEVEL. */
bool registry_kernel_compact(void);

/* Gives a new channel its window. False: there is no room; its buffers will be NULL. Context:
 * PASSIVE_LEVEL. */
bool registry_kernel_add_channel(struct registry_channel *channel);

#endif
