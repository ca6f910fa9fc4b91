/* SPDX-License-Identifier: MIT */
/* What the boot loader hands over, as hal_boot_info and hal_memory_map then say. */
#ifndef HAL_X86_BOOT_MULTIBOOT_H
#define HAL_X86_BOOT_MULTIBOOT_H

#include <stdint.h>

/* Copies everything out of the boot loader's memory. Ends the kernel with a message when the loader
 * broke the protocol or a limit of hal.h is exceeded. Needs: console, the first 4 GiB reachable. */
void hal_multiboot_initialise(uint32_t magic, uintptr_t information);

#endif
