/* SPDX-License-Identifier: MIT */
/*
 * The PE image loader, as pure functions over bytes: what a driver's file says, whether it can be
 * believed, and the image that it becomes in memory.
 *
 * Owns: nothing; every function works on what its caller hands in, so the same code runs in the
 * kernel, in tests on the host and under a fuzzer. May not: allocate, map pages, touch the HAL, or
 * trust a single byte of the file. Contexts: any that can afford the time, which grows linearly
 * with the file.
 *
 * The order of use: pe_inspect() checks a whole file and describes it; the caller provides memory
 * for the mapped sections; pe_load() fills it. The names of functions can be asked for at any time
 * after.
 *
 * Source: "PE Format" (Microsoft's published description of the Portable Executable and Common
 * Object File Format).
 */
#ifndef PORT_LOADER_PE_H
#define PORT_LOADER_PE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PE_PAGE_SIZE          4096u
#define PE_MAX_FILE_SIZE      (64u << 20)
#define PE_MAX_IMAGE_SIZE     (64u << 20)
#define PE_MAX_SECTIONS       64u
#define PE_MAX_IMPORT_MODULES 64u
#define PE_MAX_IMPORTS        4096u
/* Room for a module's or a symbol's name with its terminator; a longer one is refused. */
#define PE_NAME_CAPACITY         128u
#define PE_SECTION_NAME_CAPACITY 20u

enum pe_machine {
    PE_MACHINE_I386 = 0x014c,
    PE_MACHINE_AMD64 = 0x8664,
};

/* The machine that this code is compiled for. */
#if defined(__x86_64__)
#define PE_MACHINE_HERE PE_MACHINE_AMD64
#elif defined(__i386__)
#define PE_MACHINE_HERE PE_MACHINE_I386
#endif

/* Why a file is refused. PE_NO_MEMORY and what follows it come from image.c. */
#define PE_STATUSES(X)                                                                     \
    X(PE_OK)                                                                               \
    X(PE_TRUNCATED)     /* ends inside a header or the section table */                    \
    X(PE_NOT_PE)        /* something else */                                               \
    X(PE_WRONG_MACHINE) /* code for another processor */                                   \
    X(PE_NOT_DRIVER)    /* an object file, a program, anything but a native image */       \
    X(PE_BAD_HEADER)    /* the headers contradict themselves */                            \
    X(PE_TOO_LARGE)     /* over one of the limits above */                                 \
    X(PE_MISALIGNED)    /* something is not where its alignment says */                    \
    X(PE_SECTION_OUTSIDE_FILE)                                                             \
    X(PE_SECTION_OUTSIDE_IMAGE)                                                            \
    X(PE_SECTION_OVERLAP)                                                                  \
    X(PE_SECTION_ORDER) /* not in ascending order */                                       \
    X(PE_WRITABLE_CODE) /* writable and executable */                                      \
    X(PE_BAD_ENTRY)     /* no entry point, or none in code */                              \
    X(PE_UNSUPPORTED)   /* thread-local storage, delayed or bound imports, managed code */ \
    X(PE_BAD_RELOCATION)                                                                   \
    X(PE_RELOCATIONS_STRIPPED) /* can run at its preferred address only */                 \
    X(PE_BAD_IMPORT)           /* the import tables cannot be read */                      \
    X(PE_IMPORT_BY_ORDINAL)                                                                \
    X(PE_UNKNOWN_IMPORT) /* nobody exports the name, or nobody has the module's name */    \
    X(PE_NO_MEMORY)                                                                        \
    X(PE_TOO_MANY_IMAGES)                                                                  \
    X(PE_ALREADY_LOADED)

#define PE_STATUS_ENUMERATOR(name) name,
enum pe_status { PE_STATUSES(PE_STATUS_ENUMERATOR) PE_STATUS_COUNT };
#undef PE_STATUS_ENUMERATOR

/* A refusal. The text goes after the driver's name: "x.sys: " text. */
struct pe_error {
    enum pe_status status;
    char text[256];
};

/* What a section, or a page, may be used for: bits. A section that is writable and executable is
 * refused, unless the image's sections share pages anyhow. */
#define PE_READ_ONLY    0u
#define PE_READ_WRITE   1u
#define PE_READ_EXECUTE 2u

struct pe_section {
    char name[PE_SECTION_NAME_CAPACITY];
    uint32_t rva;             /* a multiple of the section alignment */
    uint32_t byte_count;      /* in memory, not rounded; 0 for an empty section */
    uint32_t file_offset;     /* where its contents start; the rest of it is zeroes */
    uint32_t file_byte_count; /* at most byte_count */
    unsigned access;          /* PE_READ_xxx */
    bool mapped; /* false: nothing at run time looks at it (debug information, relocations) */
};

struct pe_directory {
    uint32_t rva, byte_count; /* both 0 when there is none; only relocations rely on the size */
};

struct pe_image_info {
    const uint8_t *file; /* must stay readable for as long as this description is in use */
    uint32_t file_byte_count;
    enum pe_machine machine;
    uint64_t preferred_base;
    uint32_t image_byte_count;  /* as the file says, debug information included */
    uint32_t mapped_byte_count; /* to the end of the last mapped section, in whole pages */
    uint32_t header_byte_count; /* the first pages: read-only */
    uint32_t entry_rva;
    uint16_t subsystem;
    bool relocations_stripped;
    bool has_dwarf;             /* sections named .debug_* */
    uint32_t section_alignment; /* below the page size: sections may share pages */
    uint32_t cookie_rva;        /* of the security cookie; 0 when there is none */
    const char
        *cookie_fault; /* why what the load configuration says of it is not believed, or NULL */
    struct pe_directory exports, imports, relocations;
    struct pe_directory functions; /* with unwind information (unwind.h): nobody has looked at it */
    uint32_t symbol_table_offset, symbol_count; /* COFF symbols; 0 and 0 when there are none */
    uint32_t string_table_offset, string_table_byte_count;
    uint32_t relocation_count; /* without padding and those in unmapped sections */
    uint32_t import_count;
    uint32_t section_count;
    struct pe_section sections[PE_MAX_SECTIONS]; /* all of them, numbered as in the file, from 0 */
};

enum pe_resolution {
    PE_RESOLVED,
    PE_NO_SUCH_MODULE,
    PE_NO_SUCH_SYMBOL,
};

/* Finds what an import means. module is as the file writes it: compare without case. */
typedef enum pe_resolution (*pe_resolver)(void *context, const char *module, const char *symbol,
                                          uint64_t *address);

/*
 * Checks a whole file and describes it. Everything in the description can be relied on afterwards:
 * sections lie inside the file and the image, in ascending order, apart from each other and from
 * the headers; the entry point lies in code; every relocation lies in one section; every import has
 * a readable module and symbol name and a slot in a mapped section. What is for debuggers only is
 * left out where it is damaged.
 *
 * Parameters: file, byte_count: the file's bytes, of any alignment. machine: what the image must be
 * built for. info: written, also on failure (then of no use). error: written on failure. Returns:
 * PE_OK, or the reason, which is in *error as well. Never PE_UNKNOWN_IMPORT,
 * PE_RELOCATIONS_STRIPPED or a reason of image.c. Context: any. Owner: the caller keeps the file.
 */
enum pe_status pe_inspect(const void *file, size_t byte_count, enum pe_machine machine,
                          struct pe_image_info *info, struct pe_error *error);

/*
 * Makes the image: copies headers and mapped sections, relocates them, and binds every import.
 *
 * Parameters: memory: info->mapped_byte_count bytes, zeroed; only headers and mapped sections are
 * written, so the pages between need not exist. base: the address that the image will run at (in
 * the kernel the same as memory). resolve, context: asked for each import, in the file's order.
 * Returns: PE_OK; PE_RELOCATIONS_STRIPPED when base is not the preferred one and the image cannot
 * be moved; PE_UNKNOWN_IMPORT with the number of such names and the first one; PE_MISALIGNED when
 * base is not a multiple of the page size; PE_TOO_LARGE when an i386 image or an address it imports
 * would be above 4 GiB. On failure memory holds a part of the image, which must not run.
 * Context: any. Owner: the caller keeps memory, and protects it.
 */
enum pe_status pe_load(const struct pe_image_info *info, void *memory, uint64_t base,
                       pe_resolver resolve, void *context, struct pe_error *error);

/* What the page at rva, a multiple of the page size, has to allow for what lies in it: PE_READ_xxx
 * of all, or PE_NOT_MAPPED. Context: any. */
#define PE_NOT_MAPPED UINT_MAX
unsigned pe_page_access(const struct pe_image_info *info, uint32_t rva);

/* Gives the security cookie of a loaded image a value made of `random`, as it must have before the
 * entry point runs. A cookie that does not have the linker's default any more is left alone.
 * Context: any. */
void pe_set_cookie(const struct pe_image_info *info, void *memory, uint64_t random);

/*
 * The function that an address lies in, by the COFF symbol table that mingw-w64's linker writes.
 *
 * Parameters: rva: relative to the image. name, capacity: the name without the decorations of
 * i386's calling conventions, cut to fit. offset: how far behind the function's start rva is.
 * Returns: false if the image has no symbols, or none before rva in the same section.
 * Context: any.
 */
bool pe_function_name(const struct pe_image_info *info, uint32_t rva, char *name, size_t capacity,
                      uint32_t *offset);

/* The same by the export table: the export that starts nearest before rva in the same section. */
bool pe_nearest_export(const struct pe_image_info *info, uint32_t rva, char *name, size_t capacity,
                       uint32_t *offset);

/* The section that holds rva; NULL for the headers, for gaps and outside. Context: any. */
const struct pe_section *pe_section_at(const struct pe_image_info *info, uint32_t rva);

/* "i386", "x86_64", or "unknown". */
const char *pe_machine_name(uint16_t machine);

/* The status as it is spelt above. */
const char *pe_status_name(enum pe_status status);

#endif
