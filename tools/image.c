/* SPDX-License-Identifier: MIT */
/*
 * usage: image disk|cd FILE [raw|qcow2]     what QEMU may open FILE as; the last word is the user's FORMAT=
 *
 * run-qemu.sh calls it for each image. Prints strings that end with a zero byte: "raw" or "qcow2", and
 * the further files that an image consists of; or "no" and a sentence that says why and what to do.
 *
 * A guest may have written any bytes into an image in an earlier session, and its first ones are what
 * its format is taken from. So nothing that stands inside a file leads to another one, unless the user
 * has said FORMAT=qcow2; even then each file of the chain must say what its backing file is, since
 * QEMU would look at that file's bytes otherwise. What is no disk but a container of one is never taken
 * for a raw disk: the guest would read the container, and write over it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECTOR_BYTES    512u
#define MAX_CHAIN       64u
#define MAX_NAME        1023u       /* of a backing file; QEMU takes no longer ones */
#define QCOW_MAGIC      0x514649FBu /* "QFI" FBh */
#define HEADER_BYTES    4096u       /* as much of a file's beginning as is ever looked at... */
#define MAX_EXTENSIONS  65536u /* ...but for a qcow2 file's header, which ends with its cluster */
#define FOOTER_BYTES    SECTOR_BYTES
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static _Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

static _Noreturn void refuse(const char *format, ...)
{
    va_list arguments;

    printf("no%c", 0);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("%c", 0);
    exit(1);
}

/* A name that stands in an image, for people: nothing in it reaches the terminal as it is. Two at a
 * time are kept. */
static const char *shown(const char *name)
{
    static char texts[2][4 * MAX_NAME + 5];
    static unsigned turn;
    char *text = texts[turn++ % COUNT_OF(texts)], *at = text;

    for (; *name && at < text + 4 * MAX_NAME; name++)
        at += sprintf(at, *name >= ' ' && *name <= '~' ? "%c" : "\\x%02x", (unsigned char)*name);
    *at = 0;
    return text;
}

static uint32_t big32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t big64(const uint8_t *bytes)
{
    return (uint64_t)big32(bytes) << 32 | big32(bytes + 4);
}

/* `what` begins the sentence: empty for the image itself. */
static FILE *open_file(const char *path, const char *what)
{
    struct stat status;
    FILE *file;

    /* Looked at before it is opened: a FIFO would wait for a writer. */
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        refuse("%sis not a regular file", what);
    file = fopen(path, "rb");
    if (!file)
        refuse("%scannot be read: %s", what, strerror(errno));
    return file;
}

/* ------------------------------------------------------------------ containers */

/* Where a signature stands: from the file's first byte on, or, negative, from behind its last one. */
struct container {
    long at;
    const char *signature;
    unsigned length;
    const char *name;
    const char *qemu; /* its name for qemu-img; NULL: that does not know it */
};

#define SIGNATURE(text) text, sizeof(text) - 1
static const struct container containers[] = {
    {0, SIGNATURE("KDMV"), "a VMware disk (VMDK)", "vmdk"},
    {0, SIGNATURE("COWD"), "a VMware disk (VMDK)", "vmdk"},
    {64, SIGNATURE("\x7f\x10\xda\xbe"), "a VirtualBox disk (VDI)", "vdi"},
    {0, SIGNATURE("vhdxfile"), "a Hyper-V disk (VHDX)", "vhdx"},
    {0, SIGNATURE("conectix"), "a Virtual PC disk (VHD)", "vpc"},
    {-512, SIGNATURE("conectix"), "a Virtual PC disk (VHD)", "vpc"},
    {-511, SIGNATURE("conectix"), "a Virtual PC disk (VHD)", "vpc"}, /* of the first versions */
    {0, SIGNATURE("QED\0"), "a QED image", "qed"},
    {0, SIGNATURE("WithoutFreeSpace"), "a Parallels disk", "parallels"},
    {0, SIGNATURE("WithouFreSpacExt"), "a Parallels disk", "parallels"},
    {0, SIGNATURE("LUKS\xba\xbe"), "an encrypted LUKS volume", NULL},
    {0, SIGNATURE("Bochs Virtual HD Image"), "a Bochs disk", "bochs"},
    {0, SIGNATURE("#!/bin/sh\n#V2.0 Format\n"), "a compressed loop image (cloop)", "cloop"},
    {-512, SIGNATURE("koly"), "an Apple disk image (DMG)", "dmg"},
    {0, SIGNATURE("koly"), "an Apple disk image (DMG)", "dmg"},
    {0, SIGNATURE("sprs"), "an Apple sparse image", NULL},
    {0, SIGNATURE("encrcdsa"), "an encrypted Apple disk image", NULL},
    {0, SIGNATURE("EVF\x09\x0d\x0a\xff\0"), "an EnCase evidence file (E01)", NULL},
    {0, SIGNATURE("EVF2\x0d\x0a\x81\0"), "an EnCase evidence file (Ex01)", NULL},
    {0, SIGNATURE("MSWIM\0\0\0"), "a Windows image (WIM)", NULL},
    {0, SIGNATURE("\x3a\xff\x26\xed"), "an Android sparse image", NULL},
    {0, SIGNATURE("CISO"), "a compressed CD image (CSO)", NULL},
    {0, SIGNATURE("MEDIA DESCRIPTOR"), "a description of a CD image (MDS)", NULL},
    {-12, SIGNATURE("NER5"), "a Nero CD image (NRG)", NULL},
    {-8, SIGNATURE("NERO"), "a Nero CD image (NRG)", NULL},
    {0, SIGNATURE("\x1f\x8b\x08"), "compressed (gzip)", NULL},
    {0, SIGNATURE("\xfd\x37zXZ\0"), "compressed (xz)", NULL},
    {0, SIGNATURE("\x28\xb5\x2f\xfd"), "compressed (zstd)", NULL},
    {0, SIGNATURE("\x04\x22\x4d\x18"), "compressed (lz4)", NULL},
    {0, SIGNATURE("BZh"), "compressed (bzip2)", NULL},
    {0, SIGNATURE("PK\x03\x04"), "an archive (zip)", NULL},
    {0, SIGNATURE("7z\xbc\xaf\x27\x1c"), "an archive (7z)", NULL},
    {0, SIGNATURE("Rar!\x1a\x07"), "an archive (rar)", NULL},
};

/* A VMDK descriptor is text: comments and empty lines, and then its version. It names other files. */
static bool is_vmdk_descriptor(const char *text)
{
    if (*text != '#')
        return false;
    while (*text == '#' || *text == '\n' || *text == '\r' || *text == ' ') {
        if (*text == '#')
            text += strcspn(text, "\n");
        text += *text != 0;
    }
    return strncmp(text, "version=", 8) == 0;
}

/* What the file is, if not a disk's bytes as they are; NULL: nothing that is known. */
static const struct container *find_container(FILE *file, const char *begin, size_t begin_length)
{
    static const struct container descriptor = {0, SIGNATURE(""),
                                                "a VMware disk's description (VMDK)", "vmdk"};
    char end[FOOTER_BYTES];
    size_t end_length = 0;

    if (fseek(file, 0, SEEK_END) == 0 && ftell(file) >= (long)sizeof end &&
        fseek(file, -(long)sizeof end, SEEK_END) == 0)
        end_length = fread(end, 1, sizeof end, file);
    for (size_t i = 0; i < COUNT_OF(containers); i++) {
        const struct container *container = &containers[i];
        const char *bytes =
            container->at < 0 ? end + end_length + container->at : begin + container->at;
        size_t there = container->at < 0 ? (end_length == sizeof end ? (size_t)-container->at : 0)
                       : begin_length > (size_t)container->at ? begin_length - (size_t)container->at
                                                              : 0;
        if (there >= container->length &&
            memcmp(bytes, container->signature, container->length) == 0)
            return container;
    }
    return is_vmdk_descriptor(begin) ? &descriptor : NULL;
}

static _Noreturn void refuse_container(const struct container *container, bool is_cd)
{
    const char *or_raw = is_cd ? "" : "; FORMAT=raw takes its bytes for the disk's all the same";

    if (container->qemu)
        refuse("is %s, not a raw disk. Convert it (qemu-img convert -f %s -O qcow2 OLD NEW) and "
               "use the new file%s",
               container->name, container->qemu, or_raw);
    refuse("is %s, not a raw disk. Make a raw image of it first%s", container->name, or_raw);
}

/* ------------------------------------------------------------------ qcow2 */

/* The header's fields (all numbers are big-endian), and the extensions behind it. */
enum {
    QCOW2_VERSION = 4,
    QCOW2_BACKING_OFFSET = 8,
    QCOW2_BACKING_LENGTH = 16,
    QCOW2_CLUSTER_BITS = 20,
    QCOW2_ENCRYPTION = 32,
    QCOW2_V2_BYTES = 72,
    QCOW2_INCOMPATIBLE = 72,
    QCOW2_HEADER_LENGTH = 100,
    QCOW2_V3_BYTES = 104,
};
#define QCOW2_EXTERNAL_DATA     0x04u /* of the incompatible features */
#define QCOW2_EXTENSION_END     0u
#define QCOW2_EXTENSION_BACKING 0xE2792ACAu /* the backing file's format */
#define QCOW2_EXTENSION_DATA    0x44415441u /* the data file's name */

struct qcow2 {
    char backing[MAX_NAME + 1], backing_format[32], data_file[MAX_NAME + 1];
    bool has_backing, has_data_file;
};

static void copy_text(char *to, size_t capacity, const uint8_t *bytes, size_t length)
{
    if (length >= capacity)
        length = capacity - 1;
    memcpy(to, bytes, length);
    to[length] = 0;
}

static void read_extensions(struct qcow2 *image, const uint8_t *header, size_t at, size_t end)
{
    while (at + 8 <= end) {
        uint32_t type = big32(header + at), length = big32(header + at + 4);

        at += 8;
        if (type == QCOW2_EXTENSION_END || length > end - at)
            return;
        if (type == QCOW2_EXTENSION_BACKING)
            copy_text(image->backing_format, sizeof image->backing_format, header + at, length);
        if (type == QCOW2_EXTENSION_DATA)
            copy_text(image->data_file, sizeof image->data_file, header + at, length);
        at += ((size_t)length + 7) & ~(size_t)7;
    }
}

/* The file's header; `what` is for messages. */
static void read_qcow2(struct qcow2 *image, FILE *file, const char *what)
{
    static uint8_t header[MAX_EXTENSIONS];
    size_t length, extensions, end;
    uint64_t backing_offset;
    uint32_t version;

    *image = (struct qcow2){0};
    rewind(file);
    length = fread(header, 1, sizeof header, file);
    if (length < 8 || big32(header) != QCOW_MAGIC)
        refuse("%sis not a qcow2 image", what);
    version = big32(header + QCOW2_VERSION);
    if (version != 2 && version != 3)
        refuse("%sis a qcow image of version %" PRIu32
               "; only versions 2 and 3 (qcow2) can be used%s",
               what, version, version == 1 ? " (qemu-img convert -f qcow -O qcow2 OLD NEW)" : "");
    extensions = version == 2              ? QCOW2_V2_BYTES
                 : length < QCOW2_V3_BYTES ? length
                                           : big32(header + QCOW2_HEADER_LENGTH);
    if (length < (version == 2 ? QCOW2_V2_BYTES : QCOW2_V3_BYTES) || extensions > length)
        refuse("%sbegins as a qcow2 image, but its header is cut off", what);
    if (big32(header + QCOW2_ENCRYPTION) != 0)
        refuse("%sis an encrypted qcow2 image, for which there is no key here. Convert it to one "
               "without",
               what);
    image->has_data_file =
        version == 3 && (big64(header + QCOW2_INCOMPATIBLE) & QCOW2_EXTERNAL_DATA) != 0;
    backing_offset = big64(header + QCOW2_BACKING_OFFSET);
    image->has_backing = backing_offset != 0;
    end = image->has_backing && backing_offset < length ? (size_t)backing_offset : length;
    read_extensions(image, header, extensions, end);
    if (image->has_backing && backing_offset < length) {
        size_t there = length - (size_t)backing_offset,
               named = big32(header + QCOW2_BACKING_LENGTH);
        copy_text(image->backing, sizeof image->backing, header + backing_offset,
                  named < there ? named : there);
    }
}

/* ------------------------------------------------------------------ chains */

/* "nbd://...", "json:{...}": a colon before the first slash. QEMU opens it by other means than a file's. */
static bool is_protocol(const char *name)
{
    size_t length = strcspn(name, ":/");
    return name[length] == ':';
}

/* A name in an image is relative to the image's folder. */
static char *beside(const char *image, const char *name)
{
    const char *slash = strrchr(image, '/');
    size_t folder = *name == '/' || !slash ? 0 : (size_t)(slash - image) + 1;
    char *path = malloc(folder + strlen(name) + 1);

    if (!path)
        refuse("there is no memory");
    memcpy(path, image, folder);
    strcpy(path + folder, name);
    return path;
}

static FILE *open_next(const char *path, const char *kind, char *what, size_t capacity)
{
    snprintf(what, capacity, "its %s file %.900s ", kind, shown(path));
    return open_file(path, what);
}

/* The user has said that it is qcow2, and that its other files are meant. Names them all. */
static void follow_chain(const char *path, const struct qcow2 *first, char *files[],
                         unsigned *count)
{
    struct qcow2 image = *first;
    char what[MAX_NAME + 1];

    for (unsigned depth = 0; depth < MAX_CHAIN; depth++) {
        if (image.has_data_file && image.data_file[0] && !is_protocol(image.data_file)) {
            files[*count] = beside(path, image.data_file);
            fclose(open_next(files[(*count)++], "data", what, sizeof what));
        }
        if (!image.has_backing || is_protocol(image.backing))
            return;
        bool is_raw = strcmp(image.backing_format, "raw") == 0;
        if (!is_raw && strcmp(image.backing_format, "qcow2") != 0)
            refuse(
                "does not say that its backing file %.900s is raw or qcow2 (it says \"%s\"), and "
                "the bytes of a disk are no witness. Say it: qemu-img rebase -u -b BACKING -F "
                "raw IMAGE",
                shown(image.backing), shown(image.backing_format));
        path = files[*count] = beside(path, image.backing);
        FILE *file = open_next(files[(*count)++], "backing", what, sizeof what);
        if (!is_raw)
            read_qcow2(&image, file, what);
        fclose(file);
        if (is_raw)
            return;
    }
    refuse("its backing files are more than %u; is one its own?", MAX_CHAIN);
}

static void refuse_others(const struct qcow2 *image, bool is_cd)
{
    const char *remedy = is_cd ? "Convert it (qemu-img convert -f qcow2 -O raw OLD NEW)"
                               : "If you made it so, say FORMAT=qcow2";

    if (image->has_backing)
        refuse("is a qcow2 image that shows the bytes of another file, \"%s\", which a guest that "
               "wrote this one can "
               "have chosen. %s",
               shown(image->backing), remedy);
    if (image->has_data_file)
        refuse("is a qcow2 image whose data is in another file, \"%s\", which a guest that wrote "
               "this one can have "
               "chosen. %s",
               shown(image->data_file), remedy);
}

int main(int argc, char **argv)
{
    const char *format = argc > 3 ? argv[3] : "";
    char *files[2 * MAX_CHAIN + 2];
    char begin[HEADER_BYTES + 1];
    unsigned file_count = 0;
    size_t length;
    long long size;

    if (argc < 3 || argc > 4 || (strcmp(argv[1], "disk") != 0 && strcmp(argv[1], "cd") != 0)) {
        fprintf(stderr, "usage: image disk|cd FILE [raw|qcow2]\n");
        return 2;
    }
    bool is_cd = strcmp(argv[1], "cd") == 0, is_qcow2 = strcmp(format, "qcow2") == 0;
    FILE *file = open_file(argv[2], "");
    if (strcmp(format, "raw") != 0) {
        length = fread(begin, 1, HEADER_BYTES, file);
        begin[length] = 0;
        if (is_qcow2 || (length >= 4 && big32((const uint8_t *)begin) == QCOW_MAGIC)) {
            struct qcow2 image;
            read_qcow2(&image, file, "");
            if (!is_qcow2)
                refuse_others(&image, is_cd);
            follow_chain(argv[2], &image, files, &file_count);
            is_qcow2 = true;
        } else {
            const struct container *container = find_container(file, begin, length);
            if (container)
                refuse_container(container, is_cd);
        }
    }
    if (!is_qcow2 && (fseeko(file, 0, SEEK_END) || (size = ftello(file)) < 0))
        refuse("its size cannot be read: %s", strerror(errno));
    if (!is_qcow2 && size % SECTOR_BYTES)
        refuse("its size in bytes, %lld, is not a multiple of %u, so it is no disk image", size,
               SECTOR_BYTES);
    printf("%s%c", is_qcow2 ? "qcow2" : "raw", 0);
    for (unsigned i = 0; i < file_count; i++)
        printf("%s%c", files[i], 0);
    return 0;
}
