/* SPDX-License-Identifier: MIT */
/*
 * The host's side of the door (lib/door.h), without NBD: what the guest has behind it, and requests
 * that are handed to the guest and waited for. plugin.c serves them.
 */
#ifndef TOOLS_NBD_LINK_H
#define TOOLS_NBD_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/door.h"

/* Looks at a copy that nobody else writes to. NULL, or a sentence that says what is wrong with it. */
const char *link_check_head(const struct door_head *head);
/* errno for the guest's answer; -1: it is none. */
int link_errno(uint32_t error);

/* The file is mapped. False: it cannot be, and `say` was told why. */
bool link_map(const char *path, void (*say)(const char *format, ...));
/* Starts the thread that listens to the guest, on an open socket, and tells the guest that somebody
 * is there. 0, or an errno. When the machine has ended, and all requests with it, that thread calls
 * `ended`. */
int link_start(int notices, void (*ended)(void));
/* Waits until the door is open. NULL: it was shut first, for good. What is returned stays. */
const struct door_head *link_wait(void);
/* One request, of up to DOOR_DATA_SIZE bytes where data is moved, by any thread: 0, or an errno.
 * `data` is where it goes to or comes from. */
int link_request(uint32_t operation, uint32_t export_index, uint32_t flags, uint64_t offset,
                 uint64_t byte_count, void *data);

#endif
