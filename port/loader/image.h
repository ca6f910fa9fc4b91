/* SPDX-License-Identifier: MIT */
/*
 * Driver images in the kernel: where they are, what they are called, how they come and go.
 *
 * Owns: the windows of virtual addresses that images run in, the pages behind them, and the list of
 * loaded images. May not: call into a driver, or know what a miniport is.
 */
#ifndef PORT_LOADER_IMAGE_H
#define PORT_LOADER_IMAGE_H

#include "hal/hal.h"
#include "port/loader/pe.h"

#define IMAGE_MAX_LOADED    32u
#define IMAGE_NAME_CAPACITY 40u

struct loaded_image {
    struct loaded_image *next; /* in loaded_images */
    char name[IMAGE_NAME_CAPACITY];
    uintptr_t base;
    size_t byte_count;         /* of the window from base on; whole pages */
    uintptr_t entry;           /* DriverEntry */
    uintptr_t text_address;    /* of the section that the entry point is in */
    uint64_t preferred_base;   /* base - preferred_base is GDB's add-symbol-file -o */
    struct pe_image_info info; /* info.file is the boot module, which stays */
    const char *lines;         /* its line table, another boot module (lines.h); NULL without one */
    size_t lines_byte_count;
    const char *frames; /* behind it, how frames lie (frames.h); NULL without it */
    size_t frames_byte_count;
};

/* The images that are loaded now, the latest first. Also read by GDB. */
extern struct loaded_image *loaded_images;

/*
 * Loads a driver: checks the file, backs a window with pages, relocates and links against what
 * `resolve` gives (the export table), sets its security cookie, and protects it page by page; no
 * page is writable and executable, unless code and data share it (the log says so).
 *
 * Parameters: name: what reports call it, such as "pata.sys"; cut to fit. file, byte_count: the
 * file; it must stay readable while the image is loaded. error: written on failure. Returns: the
 * image, or NULL with the reason in *error: what pe_inspect() and pe_load() say, PE_ALREADY_LOADED,
 * PE_TOO_MANY_IMAGES, or PE_NO_MEMORY. After a failure nothing stays behind. Context: not an
 * interrupt. Owner: this module keeps the image until image_unload().
 */
struct loaded_image *image_load(const char *name, const void *file, size_t byte_count,
                                pe_resolver resolve, struct pe_error *error);

/*
 * Takes an image away: its addresses fault from now on. Nothing may run in it or call it any more.
 * The window is used again for the next image that fits.
 * Context: not an interrupt.
 */
void image_unload(struct loaded_image *image);

/* The loaded image that an address lies in, or NULL. Context: any. */
struct loaded_image *image_at(uintptr_t address);

/* Does the address lie in executable code of a loaded image? Context: any. */
bool image_is_code(uintptr_t address);

/* Gives an image its line table and its frames', one text, which stays where it is. Context: not
 * an interrupt. */
void image_set_lines(struct loaded_image *image, const char *lines, size_t byte_count);

/*
 * Names an address in a loaded image: "pata.sys!PataStartIo miniport/pata/command.c:120" by its
 * line table, else "pata.sys+0x1234 (PataStartIo+0x1c)" by the image's symbols or else by the
 * nearest export before it, or "pata.sys+0x1234". Returns: false when the address lies in no image.
 * With a depth, by its line table alone: the function that the one there was inlined in; with
 * HAL_DEFINITION the routine that begins there. Made for
 * hal_set_symbol_hook(). Context: any.
 */
bool image_name_address(uintptr_t address, unsigned depth, char *text, size_t size);

/* The caller's frame, by the image's unwind information, or by what the host has made of its DWARF;
 * where this says nothing of the function there is a frame pointer in it. An image that has neither
 * leaves a guess. Made for hal_set_unwind_hook(). Context: any. */
enum hal_unwound image_unwind(struct hal_frame *frame, bool is_call);

/*
 * Empty functions for a debugger's breakpoints: called when an image is ready to run and when it is
 * about to go. text_address is that of the first code section, as add-symbol-file takes it.
 */
void image_loaded_for_debugger(const char *name, uintptr_t base, uintptr_t text_address);
void image_unloaded_for_debugger(const char *name, uintptr_t base);

#endif
