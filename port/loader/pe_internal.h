/* SPDX-License-Identifier: MIT */
/*
 * What the files of the PE loader share: the layout of the format, and safe access to untrusted
 * bytes.
 *
 * The format's structures are given as offsets and not as C structs: nothing in a file is aligned,
 * so every field is put together from bytes.
 */
#ifndef PORT_LOADER_PE_INTERNAL_H
#define PORT_LOADER_PE_INTERNAL_H

#include "port/loader/pe.h"

/* MS-DOS header. */
enum {
    DOS_LFANEW = 60, /* u32: file offset of the PE signature */
    DOS_HEADER_SIZE = 64,
};

/* PE signature and COFF file header, from the signature on. */
enum {
    COFF_MACHINE = 4,               /* u16 */
    COFF_SECTION_COUNT = 6,         /* u16 */
    COFF_SYMBOL_TABLE = 12,         /* u32: file offset */
    COFF_SYMBOL_COUNT = 16,         /* u32 */
    COFF_OPTIONAL_HEADER_SIZE = 20, /* u16 */
    COFF_CHARACTERISTICS = 22,      /* u16 */
    COFF_HEADER_SIZE = 24,

    COFF_RELOCATIONS_STRIPPED = 0x0001,
    COFF_EXECUTABLE = 0x0002,
};

/* Optional header. PE32+ (x86_64) differs from PE32 (i386) in the base and in what follows 72. */
enum {
    OPTIONAL_MAGIC = 0,                       /* u16 */
    OPTIONAL_ENTRY = 16,                      /* u32: RVA */
    OPTIONAL_BASE_PE32_PLUS = 24,             /* u64 */
    OPTIONAL_BASE_PE32 = 28,                  /* u32 */
    OPTIONAL_SECTION_ALIGNMENT = 32,          /* u32 */
    OPTIONAL_FILE_ALIGNMENT = 36,             /* u32 */
    OPTIONAL_IMAGE_SIZE = 56,                 /* u32 */
    OPTIONAL_HEADERS_SIZE = 60,               /* u32 */
    OPTIONAL_SUBSYSTEM = 68,                  /* u16 */
    OPTIONAL_DIRECTORY_COUNT_PE32 = 92,       /* u32; the directories follow it */
    OPTIONAL_DIRECTORY_COUNT_PE32_PLUS = 108, /* u32 */

    MAGIC_PE32 = 0x010b,
    MAGIC_PE32_PLUS = 0x020b,
    SUBSYSTEM_NATIVE = 1,
};

/* Data directories: 8 bytes each, u32 RVA and u32 size. */
enum {
    DIRECTORY_EXPORT = 0,
    DIRECTORY_IMPORT = 1,
    DIRECTORY_EXCEPTION = 3,
    DIRECTORY_RELOCATION = 5,
    DIRECTORY_TLS = 9,
    DIRECTORY_LOAD_CONFIG = 10,
    DIRECTORY_DELAY_IMPORT = 13,
    DIRECTORY_MANAGED = 14,
    DIRECTORY_MAX = 16,
    DIRECTORY_SIZE = 8,
};

/* Section header. */
enum {
    SECTION_NAME = 0, /* 8 bytes, padded with zeroes, or '/' and a decimal string table offset */
    SECTION_NAME_SIZE = 8,
    SECTION_VIRTUAL_SIZE = 8,     /* u32 */
    SECTION_RVA = 12,             /* u32 */
    SECTION_RAW_SIZE = 16,        /* u32 */
    SECTION_RAW_OFFSET = 20,      /* u32 */
    SECTION_CHARACTERISTICS = 36, /* u32 */
    SECTION_HEADER_SIZE = 40,
};
#define SECTION_DISCARDABLE 0x02000000u
#define SECTION_EXECUTE     0x20000000u
#define SECTION_WRITE       0x80000000u

/* Base relocations: blocks of u32 page RVA, u32 size of the block, and u16 entries. */
enum {
    RELOCATION_BLOCK_HEADER_SIZE = 8,
    RELOCATION_ABSOLUTE = 0, /* padding */
    RELOCATION_HIGHLOW = 3,  /* 32 bits, i386 */
    RELOCATION_DIR64 = 10,   /* 64 bits, x86_64 */
};

/* Import descriptor. */
enum {
    IMPORT_NAME_TABLE = 0, /* u32 RVA; 0 in images of old linkers, which have only the slots */
    IMPORT_TIME_STAMP = 4, /* u32; not 0: the slots hold addresses bound in advance */
    IMPORT_MODULE = 12,    /* u32: RVA of the module's name */
    IMPORT_SLOTS = 16,     /* u32: RVA of the import address table */
    IMPORT_DESCRIPTOR_SIZE = 20,
    IMPORT_HINT_SIZE = 2, /* stands before each symbol's name */
};

/* Export directory. */
enum {
    EXPORT_FUNCTION_COUNT = 20, /* u32 */
    EXPORT_NAME_COUNT = 24,     /* u32 */
    EXPORT_FUNCTIONS = 28,      /* u32: RVA of u32 RVAs */
    EXPORT_NAMES = 32,          /* u32: RVA of u32 RVAs */
    EXPORT_ORDINALS = 36,       /* u32: RVA of u16 indices into the functions */
    EXPORT_DIRECTORY_SIZE = 40,
};

/* Load configuration. It has grown with the years; its size says which members there are. */
enum {
    LOAD_CONFIG_SIZE = 0,         /* u32 */
    LOAD_CONFIG_COOKIE_PE32 = 60, /* u32: the cookie's address in an image at the preferred base */
    LOAD_CONFIG_COOKIE_PE32_PLUS = 88, /* u64 */
};
/* What the linker's libraries put there. On x86_64 the upper 16 bits stay 0: code relies on it. */
#define COOKIE_DEFAULT_PE32      0xBB40E64Eu
#define COOKIE_DEFAULT_PE32_PLUS 0x00002B992DDFA232ull
#define COOKIE_MASK_PE32_PLUS    0x0000FFFFFFFFFFFFull

/* COFF symbol. */
enum {
    SYMBOL_NAME = 0, /* 8 bytes, or u32 0 and u32 string table offset */
    SYMBOL_NAME_SIZE = 8,
    SYMBOL_VALUE = 8,      /* u32: offset in its section */
    SYMBOL_SECTION = 12,   /* i16: from 1; 0 and below are no sections */
    SYMBOL_TYPE = 14,      /* u16 */
    SYMBOL_CLASS = 16,     /* u8 */
    SYMBOL_AUX_COUNT = 17, /* u8: records that follow and belong to this one */
    SYMBOL_SIZE = 18,

    SYMBOL_TYPE_FUNCTION = 0x20,
    SYMBOL_CLASS_EXTERNAL = 2,
    SYMBOL_CLASS_STATIC = 3,
};

static inline uint16_t pe_get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t pe_get32(const uint8_t *bytes)
{
    return pe_get16(bytes) | (uint32_t)pe_get16(bytes + 2) << 16;
}

static inline uint64_t pe_get64(const uint8_t *bytes)
{
    return pe_get32(bytes) | (uint64_t)pe_get32(bytes + 4) << 32;
}

static inline void pe_put32(uint8_t *bytes, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static inline void pe_put64(uint8_t *bytes, uint64_t value)
{
    pe_put32(bytes, (uint32_t)value);
    pe_put32(bytes + 4, (uint32_t)(value >> 32));
}

/* Do byte_count bytes from offset on lie inside limit bytes? */
static inline bool pe_fits(uint64_t offset, uint64_t byte_count, uint64_t limit)
{
    return byte_count <= limit && offset <= limit - byte_count;
}

static inline uint64_t pe_round_up(uint64_t value, uint64_t power_of_two)
{
    return (value + power_of_two - 1) & ~(power_of_two - 1);
}

/* Fills in *error and returns status. Characters that no terminal should see become '?'. */
enum pe_status pe_fail(struct pe_error *error, enum pe_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The section that holds all of byte_count (at least 1) bytes at rva, or NULL. */
const struct pe_section *pe_section_of(const struct pe_image_info *info, uint32_t rva,
                                       uint32_t byte_count);

/* Reads the image as it is before relocation, from the file; what a section has no contents for is
 * 0. False, and nothing written, when the bytes do not all lie in one section. */
bool pe_read(const struct pe_image_info *info, uint32_t rva, void *bytes, uint32_t byte_count);

/* Reads a string with its terminator. Returns its length, 0 also when it does not fit, is not
 * terminated inside its section, or is outside every section. */
size_t pe_read_string(const struct pe_image_info *info, uint32_t rva, char *text, size_t capacity);

/* Copies a name of the string table, cut to fit. False when there is no such name. */
bool pe_string_table_name(const struct pe_image_info *info, uint32_t offset, char *name,
                          size_t capacity);

/* Checks every relocation; with memory, applies them too. Counts them. */
enum pe_status pe_walk_relocations(const struct pe_image_info *info, uint8_t *memory,
                                   uint64_t delta, uint32_t *count, struct pe_error *error);

/* Fills in cookie_rva and cookie_fault. load_config_rva: 0 when there is no load configuration. */
void pe_find_cookie(struct pe_image_info *info, uint32_t load_config_rva);

/* One import: its names and where its address goes. */
struct pe_import {
    const char *module, *symbol;
    uint32_t slot_rva;
};

/* Checks every import and hands each to visit, which stops the walk with anything but PE_OK. */
typedef enum pe_status (*pe_import_visitor)(void *context, const struct pe_import *import,
                                            struct pe_error *error);
enum pe_status pe_walk_imports(const struct pe_image_info *info, pe_import_visitor visit,
                               void *context, struct pe_error *error);

/* What the steps of pe_inspect hand from one to the next. */
struct pe_inspection {
    struct pe_image_info *info;
    struct pe_error *error;
    const uint8_t *coff;     /* PE signature and COFF header */
    const uint8_t *optional; /* optional header */
    const uint8_t *directories;
    const uint8_t *section_headers;
    uint32_t optional_byte_count;
    uint32_t directory_count;
    uint32_t file_alignment;
};

/* pe_sections.c: all sections, into info. */
enum pe_status pe_read_sections(struct pe_inspection *inspection);

#endif
