/* SPDX-License-Identifier: MIT */
/*
 * Frames of drivers whose compiler keeps no chain of frame pointers, where the image has DWARF:
 * what tools/lines.c makes of it on the host, behind the line table (lines.h).
 *
 * A table is text, a line of 21 bytes for each stretch of code, sorted by address:
 *
 *   @00001a2c s0010 0008
 *
 * The stretch's start relative to the image; it goes on to the next line's. Before the function was
 * called, the stack pointer was this many bytes (hexadecimal) above what the stack pointer (s) or
 * the frame pointer (b) is now; the return address lies just below. So many bytes below lies the
 * caller's frame pointer; 0: the function has left it alone. With - nothing is known.
 *
 * May not: trust the text, or what lies on the stack; allocate. Pure: any context, the panic's back
 * trace among them.
 */
#ifndef PORT_LOADER_FRAMES_H
#define PORT_LOADER_FRAMES_H

#include <stddef.h>

#include "port/loader/unwind.h"

/* Where the line table ends, and this one begins. */
size_t frames_begin(const char *text, size_t byte_count);

/*
 * Puts a caller's state in the place of a function's, as unwind_step does.
 *
 * Parameters: text, byte_count: the table alone; rva: of an instruction of the function's;
 * word_size: of what is pushed. Returns: false if the table does not say, or says something that
 * cannot be; the frame is as it was then.
 */
bool frames_step(const char *text, size_t byte_count, uint32_t rva, unsigned word_size,
                 unwind_reader *read, struct unwind_frame *frame);

#endif
