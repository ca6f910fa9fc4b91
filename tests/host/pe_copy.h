/* SPDX-License-Identifier: MIT */
/* Copies of a PE image that tests of the loader damage, and the places in them. */
#ifndef TESTS_HOST_PE_COPY_H
#define TESTS_HOST_PE_COPY_H

#include "port/loader/pe_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy that may be damaged. It is exactly as long as the file, so that the sanitizer sees the
 * first byte too far, and starts at an odd address, so that it sees typed access to bytes. */
struct copy {
    uint8_t *allocation, *bytes;
    size_t byte_count;
};

static inline struct copy copy_of(const uint8_t *bytes, size_t byte_count)
{
    struct copy copy = {.byte_count = byte_count};

    copy.allocation = malloc(byte_count + 1);
    copy.bytes = copy.allocation + 1;
    memcpy(copy.bytes, bytes, byte_count);
    return copy;
}

static inline void put16(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static inline uint8_t *coff(struct copy *copy)
{
    return copy->bytes + pe_get32(copy->bytes + DOS_LFANEW);
}

static inline uint8_t *optional(struct copy *copy)
{
    return coff(copy) + COFF_HEADER_SIZE;
}

static inline bool is_wide(struct copy *copy)
{
    return pe_get16(coff(copy) + COFF_MACHINE) == PE_MACHINE_AMD64;
}

static inline uint8_t *directory(struct copy *copy, unsigned index)
{
    unsigned count_offset =
        is_wide(copy) ? OPTIONAL_DIRECTORY_COUNT_PE32_PLUS : OPTIONAL_DIRECTORY_COUNT_PE32;
    return optional(copy) + count_offset + 4 + index * DIRECTORY_SIZE;
}

static inline uint8_t *section_number(struct copy *copy, unsigned index)
{
    return optional(copy) + pe_get16(coff(copy) + COFF_OPTIONAL_HEADER_SIZE) +
           index * SECTION_HEADER_SIZE;
}

/* The header of a section with a short name. */
static inline uint8_t *section(struct copy *copy, const char *name)
{
    unsigned count = pe_get16(coff(copy) + COFF_SECTION_COUNT);

    for (unsigned i = 0; i < count; i++) {
        uint8_t *header = section_number(copy, i);
        if (strncmp((const char *)header, name, SECTION_NAME_SIZE) == 0)
            return header;
    }
    printf("Bail out! the sample has no section %s\n", name);
    exit(1);
}

/* The header of the largest section that is not loaded. */
static inline uint8_t *debug_section(struct copy *copy)
{
    unsigned count = pe_get16(coff(copy) + COFF_SECTION_COUNT);
    uint8_t *largest = section(copy, ".reloc");

    for (unsigned i = 0; i < count; i++) {
        uint8_t *header = section_number(copy, i);
        if ((pe_get32(header + SECTION_CHARACTERISTICS) & SECTION_DISCARDABLE) != 0 &&
            pe_get32(header + SECTION_VIRTUAL_SIZE) > pe_get32(largest + SECTION_VIRTUAL_SIZE))
            largest = header;
    }
    return largest;
}

static inline void set_flags(uint8_t *header, uint32_t flags)
{
    pe_put32(header + SECTION_CHARACTERISTICS, pe_get32(header + SECTION_CHARACTERISTICS) | flags);
}

/* Contents at an RVA, by the section headers. */
static inline uint8_t *at_rva(struct copy *copy, uint32_t rva)
{
    unsigned count = pe_get16(coff(copy) + COFF_SECTION_COUNT);

    for (unsigned i = 0; i < count; i++) {
        uint8_t *header = section_number(copy, i);
        uint32_t start = pe_get32(header + SECTION_RVA);
        if (rva >= start && rva - start < pe_get32(header + SECTION_RAW_SIZE))
            return copy->bytes + pe_get32(header + SECTION_RAW_OFFSET) + (rva - start);
    }
    printf("Bail out! the sample has nothing at RVA %#x\n", rva);
    exit(1);
}

static inline uint8_t *relocation_table(struct copy *copy)
{
    return at_rva(copy, pe_get32(directory(copy, DIRECTORY_RELOCATION)));
}

static inline uint8_t *import_table(struct copy *copy)
{
    return at_rva(copy, pe_get32(directory(copy, DIRECTORY_IMPORT)));
}

/* The first entry of the first module's name table. */
static inline uint8_t *first_import(struct copy *copy)
{
    return at_rva(copy, pe_get32(import_table(copy) + IMPORT_NAME_TABLE));
}

#endif
