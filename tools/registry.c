/* SPDX-License-Identifier: MIT */
/*
 * usage: registry check FILE     names each damaged line and batch, and counts what is in the file
 *        registry export FILE    all that it says in the end, as a .reg file, in UTF-8
 *        registry compact FILE   makes it as short as it can be and mean the same
 *
 * The kernel's own reader and writer (port/registry), as a program of the host. Ends with 0, with 1
 * when a line of the file is damaged (or, with `check`, a batch), with 2 when something could not be
 * done.
 *
 * `compact` never leaves a file that is half written: the short one is written beside it, synced and
 * renamed into place. Batches that were not finished and comments go; the file as it was is kept as
 * FILE.old. A file with damaged lines is not shortened, since what they were meant to say would be
 * lost. The file is locked meanwhile, as run-qemu.sh locks it: never under a session that writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/plural.h"
#include "port/registry/reg_file.h"

static const char *file_name; /* as it was typed, for messages */

static _Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static _Noreturn void fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "registry: %s: ", file_name);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(2);
}

/* ------------------------------------------------------------------ the file */

struct file {
    int descriptor;
    struct stat status;
    uint8_t *bytes;
    size_t byte_count;
};

/* A FIFO would be waited for, and is refused. */
static void read_file(struct file *file, const char *path)
{
    file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->descriptor < 0 || fstat(file->descriptor, &file->status) != 0)
        fail("%s", strerror(errno));
    if (!S_ISREG(file->status.st_mode))
        fail("is not a file");
    file->byte_count = (size_t)file->status.st_size;
    file->bytes = malloc(file->byte_count + 1);
    if (!file->bytes)
        fail("there is no memory for it");
    for (size_t at = 0; at < file->byte_count;) {
        ssize_t count = read(file->descriptor, file->bytes + at, file->byte_count - at);
        if (count <= 0)
            fail("cannot be read: %s", count < 0 ? strerror(errno) : "it became shorter");
        at += (size_t)count;
    }
}

/* Nobody else may write it until this program ends. */
static void lock_file(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat locked, named;

    if (descriptor < 0)
        fail("%s", strerror(errno));
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        fail("another session is writing it; it stays as it is");
    if (fstat(descriptor, &locked) != 0 || stat(path, &named) != 0 ||
        locked.st_ino != named.st_ino || locked.st_dev != named.st_dev)
        fail("somebody else has just replaced it; it stays as it is");
}

static void write_all(int descriptor, const void *bytes, size_t byte_count, const char *path)
{
    for (size_t at = 0; at < byte_count;) {
        ssize_t count = write(descriptor, (const uint8_t *)bytes + at, byte_count - at);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            int error = errno;
            unlink(path);
            fail("nothing was changed: %s: %s", path, strerror(error));
        }
        at += (size_t)count;
    }
}

/* Puts the bytes into `folder/name`, wholly or not at all, with the owner and mode of `like`. */
static void replace_file(const char *path, const void *bytes, size_t byte_count,
                         const struct stat *like)
{
    char temporary[PATH_MAX], folder[PATH_MAX];
    int descriptor;

    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        fail("the name is too long");
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        fail("nothing was changed: %s: %s", temporary, strerror(errno));
    write_all(descriptor, bytes, byte_count, temporary);
    /* Only root may give a file away; what matters is that its mode is no wider than before. */
    if (fchown(descriptor, like->st_uid, like->st_gid) != 0)
        (void)errno;
    if (fchmod(descriptor, like->st_mode & 07777) != 0 || fsync(descriptor) != 0 ||
        close(descriptor) != 0 || rename(temporary, path) != 0) {
        int error = errno;
        unlink(temporary);
        fail("nothing was changed: %s: %s", path, strerror(error));
    }
    strcpy(folder, path);
    *(strrchr(folder, '/') + 1) = '\0';
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
}

/* ------------------------------------------------------------------ the registry */

static void *allocate_pages(void *context, size_t page_count)
{
    (void)context;
    return calloc(page_count, MEMORY_PAGE_SIZE);
}

static void print_line(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "%s\n", text);
}

static void load(struct store *store, const struct file *file, struct reg_summary *summary)
{
    const struct memory_operations operations = {.pages_alloc = allocate_pages};
    const struct reg_source source = {file_name, file->bytes, file->byte_count};
    const struct reg_report report = {.line = print_line};

    if (!store_init(store, &operations))
        fail("there is no memory for it");
    store->layer = STORE_LAYER_FILE;
    reg_file_load(store, &source, &report, summary);
    if (summary->out_of_memory)
        fail("there is no memory for all of it");
}

static bool add_to_stream(void *context, const void *bytes, size_t byte_count)
{
    return fwrite(bytes, 1, byte_count, context) == byte_count;
}

/* ------------------------------------------------------------------ commands */

static int check(const struct reg_summary *summary)
{
    char words[160];

    reg_summary_words(summary, words, sizeof words);
    printf("%s: %s\n", file_name, words);
    return reg_is_damaged(summary);
}

static int export(const struct store *store, const struct reg_summary *summary)
{
    struct reg_writer writer;

    reg_writer_init(&writer, add_to_stream, stdout, REG_UTF8, false);
    reg_write_export(&writer, store->top);
    if (!reg_writer_finish(&writer) || fflush(stdout) != 0)
        fail("the output cannot be written: %s", strerror(errno));
    return summary->damaged_lines > 0;
}

/* The file's byte order mark, which stays. */
static size_t mark_byte_count(const struct file *file)
{
    if (file->byte_count >= 3 && memcmp(file->bytes, "\xEF\xBB\xBF", 3) == 0)
        return 3;
    return file->byte_count >= 2 && memcmp(file->bytes, "\xFF\xFE", 2) == 0 ? 2 : 0;
}

static int compact(const char *path, const struct file *file, const struct store *store,
                   const struct reg_summary *summary)
{
    char old_path[PATH_MAX];
    struct reg_writer writer;
    char *bytes = NULL;
    size_t byte_count = 0;
    FILE *stream = open_memstream(&bytes, &byte_count);

    if (summary->damaged_lines > 0 || summary->voided_lines > 0) {
        fprintf(stderr, "registry: %s: stays as it is, until those lines are right or gone\n",
                file_name);
        return 1;
    }
    if (!stream || fwrite(file->bytes, 1, mark_byte_count(file), stream) != mark_byte_count(file))
        fail("there is no memory for it");
    reg_writer_init(&writer, add_to_stream, stream, summary->format.encoding,
                    summary->format.has_crlf);
    reg_write_compact(&writer, store);
    if (!reg_writer_finish(&writer) || fclose(stream) != 0)
        fail("there is no memory for it");
    if (byte_count == file->byte_count && memcmp(bytes, file->bytes, byte_count) == 0) {
        printf("%s: is as short as it can be\n", file_name);
        return 0;
    }
    if (snprintf(old_path, sizeof old_path, "%s.old", path) >= (int)sizeof old_path)
        fail("the name is too long");
    replace_file(old_path, file->bytes, file->byte_count, &file->status);
    replace_file(path, bytes, byte_count, &file->status);
    printf("%s: %zu byte%s became %zu; as it was: %s.old\n", file_name, file->byte_count,
           plural(file->byte_count), byte_count, file_name);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    const char *command = argc == 3 ? argv[1] : "";
    bool is_check = strcmp(command, "check") == 0, is_export = strcmp(command, "export") == 0,
         is_compact = strcmp(command, "compact") == 0;
    struct reg_summary summary;
    struct store store;
    struct file file;
    char *path;

    if (!is_check && !is_export && !is_compact) {
        fprintf(stderr, "usage: registry check|export|compact FILE\n");
        return 2;
    }
    file_name = argv[2];
    path = realpath(file_name, NULL); /* a link stays a link */
    if (!path)
        fail("%s", strerror(errno));
    if (is_compact)
        lock_file(path);
    read_file(&file, path);
    load(&store, &file, &summary);
    if (is_compact)
        return compact(path, &file, &store, &summary);
    return is_check ? check(&summary) : export(&store, &summary);
}
