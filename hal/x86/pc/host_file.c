/* SPDX-License-Identifier: MIT */
/*
 * Texts that become files on the host.
 *
 * Owns its port, that of a debug console of QEMU's (lib/host_file.h), which tools/session.c sets
 * up. May not: know what is in them. Entered from any context.
 */
#include "hal/hal.h"

#define HOST_FILE       0xECu
#define HOST_FILE_READY 0x46u /* what it answers when it is there */

bool hal_host_file_present(void)
{
    return hal_in8(HOST_FILE) == HOST_FILE_READY;
}

void hal_host_file_put(const void *bytes, size_t byte_count)
{
    hal_out_buffer8(HOST_FILE, bytes, byte_count);
}
