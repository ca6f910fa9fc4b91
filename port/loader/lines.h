/* SPDX-License-Identifier: MIT */
/*
 * Places in a driver's source: the line table that tools/lines.c makes of an image on the host.
 *
 * Owns: nothing. A table is text, a line for each stretch of code, sorted by address:
 *
 *   00001a2c pata_reset_begin miniport/pata/reset.c:87
 *
 * The 8 hexadecimal digits are the stretch's start relative to the image; it goes on to the next
 * line's, and without further words nothing is known of it. Behind a tab each stand the functions
 * in which that one was inlined, the nearest first, and behind a tab and = the definition of the
 * function that begins there. May not: trust the text, allocate. Pure: any context, the panic's
 * back trace among them.
 */
#ifndef PORT_LOADER_LINES_H
#define PORT_LOADER_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_DEFINITION UINT32_MAX

/*
 * The place of an address relative to the image.
 *
 * Parameters: text, byte_count: the table, 0 bytes if there is none. depth: 0, or how often the
 * function was inlined in the one that is wanted; LINES_DEFINITION: where the function is defined
 * whose first byte it is. place, place_byte_count: the words "function
 * file:line" in the table, not terminated; written on success. Returns: false if nothing is known.
 */
bool lines_find(const char *text, size_t byte_count, uint32_t rva, unsigned depth,
                const char **place, size_t *place_byte_count);

#endif
