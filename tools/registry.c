/* SPDX-License-Identifier: MIT */
/*
 * usage: registry check FILE     names each damaged line and batch, and counts what is in the file
 *        registry export FILE    all that it says in the end, as a .reg file, in UTF-8
 *        registry compact FILE   makes it as short as it can be and mean the same
 *        registry session ... FILE -- COMMAND    has it while a guest runs: registry_session.c
 *
 * The kernel's own reader and writer (port/registry), as a program of the host. Ends with 0, with 1
 * when a line of the file is damaged (or, with `check`, a batch), with 2 when something could not be
 * done.
 *
 * `compact` never leaves a file that is half written: the short one is written beside it, synced and
 * renamed into place. Batches that were not finished and comments go; the file as it was is kept as
 * FILE.old. A file with damaged lines is not shortened, since what they were meant to say would be
 * lost. The file is locked meanwhile, as a session locks it: never under one that writes.
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
#include "tools/registry.h"

#define LOCK_TRIES   20u
#define LOCK_WAIT_US 100000u

int failure_code = 2;

_Noreturn void fail(const struct file *file, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "registry: %s: ", file->name);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(failure_code);
}

/* ------------------------------------------------------------------ the file */

/* A FIFO would be waited for, and is refused. */
static void open_file(struct file *file, const char *name)
{
    *file = (struct file){.name = name};
    file->descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->descriptor < 0)
        fail(file, "%s", strerror(errno));
}

void read_file(struct file *file)
{
    if (fstat(file->descriptor, &file->status) != 0)
        fail(file, "%s", strerror(errno));
    if (!S_ISREG(file->status.st_mode))
        fail(file, "is not a file");
    file->byte_count = (size_t)file->status.st_size;
    file->bytes = malloc(file->byte_count + 1);
    if (!file->bytes)
        fail(file, "there is no memory for it");
    for (size_t at = 0; at < file->byte_count;) {
        ssize_t count = pread(file->descriptor, file->bytes + at, file->byte_count - at, (off_t)at);
        if (count <= 0)
            fail(file, "cannot be read: %s", count < 0 ? strerror(errno) : "it became shorter");
        at += (size_t)count;
    }
}

bool has_its_name(const struct file *file)
{
    struct stat open_one, named_one;

    return fstat(file->descriptor, &open_one) == 0 && stat(file->name, &named_one) == 0 &&
           open_one.st_ino == named_one.st_ino && open_one.st_dev == named_one.st_dev;
}

bool lock_file(const struct file *file)
{
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (flock(file->descriptor, LOCK_EX | LOCK_NB) == 0)
            return true;
        usleep(LOCK_WAIT_US);
    }
    return false;
}

static void write_all(const struct file *file, int descriptor, const void *bytes, size_t byte_count,
                      const char *path)
{
    for (size_t at = 0; at < byte_count;) {
        ssize_t count = write(descriptor, (const uint8_t *)bytes + at, byte_count - at);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            int error = errno;
            unlink(path);
            fail(file, "nothing was changed: %s: %s", path, strerror(error));
        }
        at += (size_t)count;
    }
}

/* Puts the bytes into `path`, wholly or not at all, with the owner and mode of `file`. */
static void replace_file(const struct file *file, const char *path, const void *bytes,
                         size_t byte_count)
{
    char temporary[PATH_MAX], folder[PATH_MAX];
    int descriptor;

    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        fail(file, "the name is too long");
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        fail(file, "nothing was changed: %s: %s", temporary, strerror(errno));
    write_all(file, descriptor, bytes, byte_count, temporary);
    /* Only root may give a file away; what matters is that its mode is no wider than before. */
    if (fchown(descriptor, file->status.st_uid, file->status.st_gid) != 0)
        (void)errno;
    if (fchmod(descriptor, file->status.st_mode & 07777) != 0 || fsync(descriptor) != 0 ||
        close(descriptor) != 0 || rename(temporary, path) != 0) {
        int error = errno;
        unlink(temporary);
        fail(file, "nothing was changed: %s: %s", path, strerror(error));
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

void load_file(struct store *store, const struct file *file, const struct reg_report *report,
               struct reg_summary *summary)
{
    const struct memory_operations operations = {.pages_alloc = allocate_pages};
    const struct reg_source source = {file->name, file->bytes, file->byte_count};

    if (!store_init(store, &operations))
        fail(file, "there is no memory for it");
    store->layer = STORE_LAYER_FILE;
    reg_file_load(store, &source, report, summary);
    if (summary->out_of_memory)
        fail(file, "there is no memory for all of it");
}

static bool add_to_stream(void *context, const void *bytes, size_t byte_count)
{
    return fwrite(bytes, 1, byte_count, context) == byte_count;
}

/* ------------------------------------------------------------------ commands */

static const struct reg_report report = {.line = print_line};

static int check(struct file *file)
{
    struct reg_summary summary;
    struct store store;
    char words[160];

    read_file(file);
    load_file(&store, file, &report, &summary);
    reg_summary_words(&summary, words, sizeof words);
    printf("%s: %s\n", file->name, words);
    return reg_is_damaged(&summary);
}

static int export(struct file *file)
{
    struct reg_summary summary;
    struct store store;
    struct reg_writer writer;

    read_file(file);
    load_file(&store, file, &report, &summary);
    reg_writer_init(&writer, add_to_stream, stdout, REG_UTF8, false);
    reg_write_export(&writer, store.top);
    if (!reg_writer_finish(&writer) || fflush(stdout) != 0)
        fail(file, "the output cannot be written: %s", strerror(errno));
    return summary.damaged_lines > 0;
}

/* The file's byte order mark, which stays. */
static size_t mark_byte_count(const struct file *file)
{
    if (file->byte_count >= 3 && memcmp(file->bytes, "\xEF\xBB\xBF", 3) == 0)
        return 3;
    return file->byte_count >= 2 && memcmp(file->bytes, "\xFF\xFE", 2) == 0 ? 2 : 0;
}

/* The same file, as short as it can be: bytes that the caller frees. */
static char *short_form(const struct file *file, const struct store *store,
                        const struct reg_format *format, size_t *byte_count)
{
    struct reg_writer writer;
    char *bytes = NULL;
    FILE *stream = open_memstream(&bytes, byte_count);

    if (!stream || fwrite(file->bytes, 1, mark_byte_count(file), stream) != mark_byte_count(file))
        fail(file, "there is no memory for it");
    reg_writer_init(&writer, add_to_stream, stream, format->encoding, format->has_crlf);
    reg_write_compact(&writer, store);
    if (!reg_writer_finish(&writer) || fclose(stream) != 0)
        fail(file, "there is no memory for it");
    return bytes;
}

bool compact_file(struct file *file)
{
    char old_path[PATH_MAX], *path = realpath(file->name, NULL); /* a link stays a link */
    struct reg_summary summary;
    struct store store;
    size_t byte_count;

    if (!path)
        fail(file, "%s", strerror(errno));
    read_file(file);
    load_file(&store, file, &report, &summary);
    if (summary.damaged_lines > 0 || summary.voided_lines > 0) {
        fprintf(stderr, "registry: %s: stays as it is, until those lines are right or gone\n",
                file->name);
        return false;
    }
    char *bytes = short_form(file, &store, &summary.format, &byte_count);
    if (byte_count == file->byte_count && memcmp(bytes, file->bytes, byte_count) == 0) {
        printf("%s: is as short as it can be\n", file->name);
    } else {
        if (snprintf(old_path, sizeof old_path, "%s.old", path) >= (int)sizeof old_path)
            fail(file, "the name is too long");
        replace_file(file, old_path, file->bytes, file->byte_count);
        replace_file(file, path, bytes, byte_count);
        printf("%s: %zu byte%s became %zu; as it was: %s.old\n", file->name, file->byte_count,
               plural(file->byte_count), byte_count, file->name);
    }
    free(bytes);
    free(path);
    return true;
}

int main(int argc, char **argv)
{
    const char *command = argc == 3 ? argv[1] : "";
    struct file file;

    if (argc > 1 && strcmp(argv[1], "session") == 0)
        return run_session(argc - 1, argv + 1);
    if (strcmp(command, "check") != 0 && strcmp(command, "export") != 0 &&
        strcmp(command, "compact") != 0) {
        fprintf(stderr, "usage: registry check|export|compact FILE\n"
                        "       registry session ... FILE -- COMMAND\n");
        return 2;
    }
    open_file(&file, argv[2]);
    if (command[0] == 'e')
        return export(&file);
    if (strcmp(command, "check") == 0)
        return check(&file);
    if (!lock_file(&file))
        fail(&file, "another session is writing it; it stays as it is");
    if (!has_its_name(&file))
        fail(&file, "somebody else has just replaced it; it stays as it is");
    return !compact_file(&file);
}
