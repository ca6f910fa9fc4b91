/* SPDX-License-Identifier: MIT */
/*
 * A library that is loaded into QEMU (LD_PRELOAD) and lets the host's storage fail. HOST_FAULTS has one
 * fault a line: "write ERRNO OFFSET PATH", "read ..." and "sync ...". An access of the file PATH that has the
 * byte at OFFSET in it (a sync: any) fails with ERRNO.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int fails(const char *kind, int file, off_t at, size_t length)
{
    const char *line = getenv("HOST_FAULTS");
    char link[64], path[PATH_MAX], wanted_kind[8], wanted_path[PATH_MAX];
    int error, used;
    long long offset;

    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (!line || count < 0)
        return 0;
    path[count] = 0;
    for (; sscanf(line, " %7s %d %lld %4095[^\n]%n", wanted_kind, &error, &offset, wanted_path,
                  &used) == 4;
         line += used) {
        if (strcmp(kind, wanted_kind) == 0 && strcmp(path, wanted_path) == 0 &&
            (length == 0 || (at <= offset && (off_t)(at + (off_t)length) > offset))) {
            errno = error;
            return 1;
        }
    }
    return 0;
}

static size_t total(const struct iovec *parts, int count)
{
    size_t length = 0;

    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    return length;
}

/* The C library has each under two names, of which a program uses either. */
#define STAND_IN(result, name, kind, parameters, arguments, file, at, length) \
    result name parameters                                                    \
    {                                                                         \
        static result(*original) parameters;                                  \
        if (!original)                                                        \
            *(void **)&original = dlsym(RTLD_NEXT, #name);                    \
        return fails(kind, file, at, length) ? -1 : original arguments;       \
    }
#define STAND_INS(name, kind, parameters, arguments, length)               \
    STAND_IN(ssize_t, name, kind, parameters, arguments, file, at, length) \
    STAND_IN(ssize_t, name##64, kind, parameters, arguments, file, at, length)

STAND_INS(pwrite, "write", (int file, const void *bytes, size_t length, off_t at),
          (file, bytes, length, at), length)
STAND_INS(pread, "read", (int file, void *bytes, size_t length, off_t at),
          (file, bytes, length, at), length)
STAND_INS(pwritev, "write", (int file, const struct iovec *parts, int count, off_t at),
          (file, parts, count, at), total(parts, count))
STAND_INS(preadv, "read", (int file, const struct iovec *parts, int count, off_t at),
          (file, parts, count, at), total(parts, count))
STAND_IN(int, fdatasync, "sync", (int file), (file), file, 0, 0)
