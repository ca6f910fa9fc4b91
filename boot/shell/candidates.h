/* SPDX-License-Identifier: MIT */
/* Which disks, channels, keys and so on there are, for Tab. Context: PASSIVE_LEVEL. */
#ifndef BOOT_SHELL_CANDIDATES_H
#define BOOT_SHELL_CANDIDATES_H

/* Hands itself over to complete.h. */
void candidates_begin(void);

#endif
