/* SPDX-License-Identifier: MIT */
/*
 * usage: lines IMAGE
 *
 * The places in a driver's source, by address, for the kernel's reports and back traces (port/loader/lines.h),
 * from the image's DWARF (dwarf.h). Prints a line for each stretch of code, sorted by address:
 *
 *   00001a2c pata_reset_begin miniport/pata/reset.c:87
 *
 * The first word is the stretch's start relative to the image, always 8 hexadecimal digits, so that the text can
 * be searched by halves; it goes on to the next line's. Alone it means that nothing is known. Where a function of
 * the driver's was inlined, its callers follow, the nearest first, each behind a tab.
 *
 * The place is the driver's own: many routines of the interface are inline functions in
 * include/ddi, so where such a one was inlined, its caller is named. Where a function begins, its
 * definition stands last, for a report about the whole routine, whatever the compiler has moved to
 * its first byte:
 *
 *   00001a2c pata_reset_begin miniport/pata/reset.c:89\t=pata_reset_begin miniport/pata/reset.c:87
 *
 * A path is as the compiler recorded it; an absolute one, which is some user's, is cut to its file
 * name.
 *
 * Behind these stands how frames lie, for back traces through code that keeps no frame pointers (port/loader/frames.h):
 * a line of 21 bytes for each stretch, which begins with @ and the stretch's start.
 *
 *   @00001a2c s0010 0008
 *
 * PE32 and PE32+. Prints nothing, and succeeds, for an image without line numbers; ends with 1 for one that is none,
 * and, with what could be read, where the DWARF is damaged.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/dwarf.h"

#define MAX_FRAMES 32

/* ------------------------------------------------------------------ the image */

static uint8_t *image;
static size_t image_byte_count;

static uint64_t number_at(size_t offset, unsigned byte_count)
{
    uint64_t number = 0;

    if (offset > image_byte_count || byte_count > image_byte_count - offset)
        return 0;
    while (byte_count-- > 0)
        number = number << 8 | image[offset + byte_count];
    return number;
}

static bool read_image(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t count;

    if (!file)
        return false;
    do {
        image = realloc(image, image_byte_count + 65536);
        if (!image)
            abort();
        count = fread(image + image_byte_count, 1, 65536, file);
        image_byte_count += count;
    } while (count > 0);
    return fclose(file) == 0;
}

/* A name of more than 8 bytes stands behind the symbols, and "/OFFSET" in its place. */
static bool has_name(size_t header, size_t strings, const char *name)
{
    char field[9] = {0};
    size_t offset;

    memcpy(field, image + header, 8);
    if (field[0] != '/')
        return strcmp(field, name) == 0;
    offset = strings + strtoul(field + 1, NULL, 10);
    return offset < image_byte_count && strlen(name) < image_byte_count - offset &&
           strcmp((const char *)image + offset, name) == 0;
}

/* False: it is no PE image. */
static bool find_sections(struct dwarf_bytes found[DWARF_SECTIONS], uint64_t *base,
                          unsigned *address_size)
{
    size_t coff = number_at(0x3C, 4) + 4, optional = coff + 20;
    size_t strings = number_at(coff + 8, 4) + 18 * number_at(coff + 12, 4);
    size_t header = optional + number_at(coff + 16, 2);

    if (number_at(0, 2) != 0x5A4D || number_at(coff - 4, 4) != 0x4550)
        return false;
    *address_size = number_at(optional, 2) == 0x20B ? 8 : 4;
    *base = *address_size == 8 ? number_at(optional + 24, 8) : number_at(optional + 28, 4);
    image = realloc(image, image_byte_count + 1); /* a name at its end ends */
    if (!image)
        abort();
    image[image_byte_count] = 0;
    for (unsigned left = (unsigned)number_at(coff + 2, 2); left > 0; left--, header += 40) {
        size_t start = number_at(header + 20, 4), size = number_at(header + 16, 4);
        size_t used = number_at(header + 8, 4);
        if (header + 40 > image_byte_count || start > image_byte_count)
            return true;
        if (used > 0 && used < size) /* the rest fills a page */
            size = used;
        if (size > image_byte_count - start)
            size = image_byte_count - start;
        for (unsigned i = 0; i < DWARF_SECTIONS; i++)
            if (has_name(header, strings, dwarf_names[i]))
                found[i] =
                    (struct dwarf_bytes){image + start, size, *base + number_at(header + 12, 4)};
    }
    return true;
}

/* ------------------------------------------------------------------ paths */

/* Headers of the interface, ours and those of Windows' kits. What is in them is not the driver's. */
static bool is_interface(const char *path)
{
    static const char *const headers[] = {"irb.h", "ata.h",   "miniport.h", "ntddk.h",
                                          "wdm.h", "ntdef.h", "winnt.h"};
    const char *name = path + strlen(path);

    for (const char *at = path; *at; at++) {
        bool is_start = at == path || at[-1] == '/' || at[-1] == '\\';
        if (is_start && (strncasecmp(at, "include/ddi/", 12) == 0 ||
                         strncasecmp(at, "include\\ddi\\", 12) == 0))
            return true;
    }
    while (name > path && name[-1] != '/' && name[-1] != '\\')
        name--;
    for (unsigned i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (strcasecmp(name, headers[i]) == 0)
            return true;
    return false;
}

static bool is_absolute(const char *path)
{
    return path[0] == '/' || (isalpha((unsigned char)path[0]) && path[1] == ':');
}

/* "./a/../b//c" becomes "b/c"; one from the root, or from above, is its last part. */
static void print_path(const char *path)
{
    char text[4096], *parts[256], *rest = text;
    unsigned count = 0;

    snprintf(text, sizeof text, "%s", path);
    for (char *at = text; *at; at++)
        if (*at == '\\')
            *at = '/';
        else if (*at < ' ')
            *at = '?';
    bool is_elsewhere = is_absolute(text);
    for (char *part; (part = strsep(&rest, "/")) && count < 256;) {
        if (*part == 0 || strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0 && count > 0)
            count--;
        else if (strcmp(part, "..") == 0)
            is_elsewhere = true;
        else
            parts[count++] = part;
    }
    for (unsigned i = is_elsewhere && count > 0 ? count - 1 : 0; i < count; i++)
        printf("%s%s", parts[i], i + 1 < count ? "/" : "");
}

/* ------------------------------------------------------------------ places */

struct frame {
    const char *function, *file;
    unsigned line;
};

static unsigned inline_depth(const struct dwarf_function *function)
{
    unsigned depth = 0;

    for (; function->caller && depth < MAX_FRAMES; function = function->caller)
        depth++;
    return depth;
}

/* The innermost function at an address; rows are asked about in their order. Stretches of functions that were
 * inlined side by side may overlap: then the shorter one counts. */
static const struct dwarf_scope *scope_at(const struct dwarf *dwarf, uint64_t address)
{
    static struct dwarf_scope *around; /* those that have begun and not ended */
    static size_t next, count;
    const struct dwarf_scope *found = NULL;
    size_t kept = 0;

    if (!around)
        around = calloc(dwarf->scope_count + 1, sizeof *around);
    if (!around)
        abort();
    for (; next < dwarf->scope_count && dwarf->scopes[next].start <= address; next++)
        around[count++] = dwarf->scopes[next];
    for (size_t i = 0; i < count; i++)
        if (address < around[i].end)
            around[kept++] = around[i];
    count = kept;
    for (size_t i = 0; i < count; i++) {
        int deeper =
            found ? (int)inline_depth(around[i].function) - (int)inline_depth(found->function) : 1;
        if (deeper > 0 ||
            (deeper == 0 && around[i].end - around[i].start < found->end - found->start))
            found = &around[i];
    }
    return found;
}

/* Does a function begin here? */
static const struct dwarf_function *entry_at(const struct dwarf *dwarf, uint64_t address)
{
    static size_t next;

    for (; next < dwarf->scope_count && dwarf->scopes[next].start <= address; next++)
        if (dwarf->scopes[next].start == address && dwarf->scopes[next].is_entry)
            return dwarf->scopes[next].function;
    return NULL;
}

/* gcc cuts a function in two to inline its beginning, and may put both together again: then the second is called
 * where the function begins. */
static bool is_part_of_caller(const struct dwarf_function *function)
{
    return function->caller && function->name && function->caller->name &&
           strcmp(function->name, function->caller->name) == 0 &&
           function->call_line == function->line;
}

/* What is known of a row: frames, the innermost first. */
static unsigned frames_of(const struct dwarf *dwarf, const struct dwarf_row *row,
                          struct frame frames[MAX_FRAMES])
{
    const struct dwarf_scope *scope = scope_at(dwarf, row->address);
    const struct dwarf_function *function;
    const char *file = row->file;
    unsigned line = row->line, count = 0;

    for (function = scope ? scope->function : NULL; function && count < MAX_FRAMES;
         function = function->caller) {
        if (function->name && file && line > 0)
            frames[count++] = (struct frame){function->name, file, line};
        file = is_part_of_caller(function) ? NULL : function->call_file;
        line = function->call_line;
    }
    return count;
}

static void print_frame(const char *separator, const struct frame *frame)
{
    printf("%s%s ", separator, frame->function);
    print_path(frame->file);
    printf(":%u", frame->line);
}

static bool are_same(const struct frame *a, const struct frame *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (a[i].line != b[i].line || strcmp(a[i].function, b[i].function) != 0 ||
            strcmp(a[i].file, b[i].file) != 0)
            return false;
    return true;
}

/* Says no place twice that goes on. */
static void print_place(uint64_t rva, const struct frame *frames, unsigned count,
                        const struct dwarf_function *entry)
{
    static struct frame before[MAX_FRAMES];
    static unsigned count_before;

    if (rva > UINT32_MAX || (!entry && count == count_before && are_same(frames, before, count)))
        return;
    printf("%08x", (unsigned)rva);
    for (unsigned i = 0; i < count; i++)
        print_frame(i == 0 ? " " : "\t", &frames[i]);
    if (entry)
        print_frame("\t=", &(struct frame){entry->name, entry->file, entry->line});
    printf("\n");
    memcpy(before, frames, count * sizeof *frames);
    count_before = count;
}

static void print_table(const struct dwarf *dwarf, uint64_t base)
{
    struct frame frames[MAX_FRAMES];

    for (size_t i = 0; i < dwarf->row_count; i++) {
        const struct dwarf_row *row = &dwarf->rows[i];
        const struct dwarf_function *entry = entry_at(dwarf, row->address);
        unsigned count = frames_of(dwarf, row, frames);

        while (count > 1 &&
               is_interface(frames->file)) /* the driver's own, or else the outermost */
            memmove(frames, frames + 1, --count * sizeof *frames);
        if (entry && !(entry->name && entry->file && entry->line > 0))
            entry = NULL;
        print_place(row->address - base, frames, count, entry);
    }
}

/* Each of them has so many bytes that the kernel finds it by its number. */
static void print_frames(const struct dwarf *dwarf, uint64_t base)
{
    for (size_t i = 0; i < dwarf->frame_count; i++) {
        const struct dwarf_frame *frame = &dwarf->frames[i];
        const uint64_t rva = frame->address - base;
        if (rva <= UINT32_MAX)
            printf("@%08x %c%04x %04x\n", (unsigned)rva, "-sb"[frame->base], frame -> offset,
                   frame -> saved);
    }
}

int main(int argc, char **argv)
{
    struct dwarf_bytes sections[DWARF_SECTIONS] = {0};
    struct dwarf dwarf;
    uint64_t base;
    unsigned address_size;

    if (argc != 2) {
        fprintf(stderr, "usage: lines IMAGE\n");
        return 2;
    }
    if (!read_image(argv[1])) {
        perror(argv[1]);
        return 1;
    }
    if (!find_sections(sections, &base, &address_size)) {
        fprintf(stderr, "%s: is no PE image\n", argv[1]);
        return 1;
    }
    bool is_whole = dwarf_read(&dwarf, sections);
    print_table(&dwarf, base);
    const bool has_whole_frames = dwarf_read_frames(&dwarf, sections, address_size);
    print_frames(&dwarf, base);
    if (!is_whole)
        fprintf(stderr, "%s: its line numbers are damaged\n", argv[1]);
    if (!has_whole_frames)
        fprintf(stderr, "%s: what it says of its frames is damaged\n", argv[1]);
    return !is_whole || fflush(stdout) != 0;
}
