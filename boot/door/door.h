/* SPDX-License-Identifier: MIT */
/*
 * The door: the host's tools read and write the guest's disks and CDs through the driver, by NBD.
 * It is an issuer of block requests beside the shell; both work at the same time.
 *
 * lib/door.h has what is between guest and host; on the other side is tools/nbd/. door.c is the
 * door's life, serve.c a request's.
 */
#ifndef BOOT_DOOR_DOOR_H
#define BOOT_DOOR_DOOR_H

#include <stdbool.h>

/* Finds what guest and host share; the host may end the session from now on, by `end`, which is
 * called in interrupt context. False: there is no such thing, and that was said. Context:
 * PASSIVE_LEVEL. */
bool door_prepare(void (*end)(void));
/* Waits until the host's side is there, and opens: all disks and CDs that there are, for writing if
 * they may be written. Says so, with the URI by which the host's tools find it. False: whoever
 * waits has been stopped meanwhile. Context: PASSIVE_LEVEL. */
bool door_open(const char *uri, bool writable);
/* New requests are refused; returns when those under way have ended, or somebody does not want to
 * wait any longer (parcel_stops). Context: PASSIVE_LEVEL. */
void door_close(void);

#endif
