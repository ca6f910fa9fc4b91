/* SPDX-License-Identifier: MIT */
/*
 * Frames of drivers whose compiler keeps no chain of frame pointers: what an image of x86_64 says
 * of each of its functions (the PE format's exception directory), so that its callers are found.
 * Reads the image and the stack; nothing there is believed: it may be damaged. Any context.
 */
#ifndef PORT_LOADER_UNWIND_H
#define PORT_LOADER_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

struct pe_image_info;

/* A function's state, as far as it is known: its instruction, and the stack and frame pointers. */
struct unwind_frame {
    uint64_t ip, sp, bp;
};

/* Reads a word of the stack. False: nothing is mapped there. */
typedef bool unwind_reader(uint64_t address, uint64_t *word);

/*
 * Puts a caller's state in the place of a function's.
 *
 * Parameters: info, image: of the image as it is loaded, where; rva: of an instruction of the
 * function's; is_call: it is a call, and the frame that behind it. Returns: false if the image does
 * not say, or says something that cannot be; the frame is as it was then.
 */
bool unwind_step(const struct pe_image_info *info, const uint8_t *image, uint32_t rva, bool is_call,
                 unwind_reader *read, struct unwind_frame *frame);

#endif
