/* SPDX-License-Identifier: MIT */
/*
 * usage: timeline record MEMORY CAPTURE        reads the ring in MEMORY until SIGTERM comes
 *        timeline show CAPTURE EVENTS PICTURE [REQUEST]
 *                                              writes Trace Event JSON and SVG
 *        timeline compare CAPTURE QEMU-LOG     are these the accesses that QEMU saw?
 *
 * For run-qemu.sh (tools/run-trace.sh). Ends with 0, 1 when the accesses differ or entries are
 * missing, or 2.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plural.h"
#include "tools/timeline/timeline.h"

_Noreturn void die(const char *format, ...)
{
    va_list arguments;

    fputs("timeline: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

void *allocate(size_t byte_count)
{
    void *memory = calloc(1, byte_count);

    if (!memory)
        die("there is no memory for %zu bytes", byte_count);
    return memory;
}

/* The kernel's, for who ends it. Its tables know their ends. */
_Noreturn void hal_panic(const char *file, int line, const char *format, ...)
{
    (void)format;
    die("%s:%d, of the kernel's, has met what it does not know", file, line);
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "w");

    if (!file)
        die("%s: %s", path, strerror(errno));
    return file;
}

static void finish(FILE *file, const char *path)
{
    const bool failed = ferror(file);

    if (fclose(file) != 0 || failed)
        die("%s: cannot be written", path);
}

static int show(const char *capture, const char *events, const char *picture, const char *request)
{
    struct story story;

    story_read(&story, capture);
    FILE *file = create(events);
    write_events(&story, file);
    finish(file, events);
    file = create(picture);
    const bool has_picture = write_diagram(&story, request, file);
    finish(file, picture);
    if (!has_picture)
        remove(picture);
    if (!has_picture && *request)
        die("REQUEST=%s: there is none such among the trace's %zu request%s", request,
            story.request_count, plural(story.request_count));
    printf("timeline: %zu request%s, %" PRIu64 " register access%s: %s%s%s\n", story.request_count,
           plural(story.request_count), story.accesses, story.accesses == 1 ? "" : "es", events,
           has_picture ? ", and a picture: " : "", has_picture ? picture : "");
    if (story.head->missing)
        printf("timeline: %" PRIu64
               " entries are missing: the machine was faster than its reader\n",
               story.head->missing);
    return 0;
}

int main(int argument_count, char **arguments)
{
    const char *what = argument_count > 1 ? arguments[1] : "";
    struct story story;

    if (strcmp(what, "record") == 0 && argument_count == 4)
        return record(arguments[2], arguments[3]);
    if (strcmp(what, "show") == 0 && (argument_count == 5 || argument_count == 6))
        return show(arguments[2], arguments[3], arguments[4],
                    argument_count == 6 ? arguments[5] : "");
    if (strcmp(what, "compare") == 0 && argument_count == 4) {
        story_read(&story, arguments[2]);
        return compare(&story, arguments[3]);
    }
    die("usage: timeline record MEMORY CAPTURE | show CAPTURE EVENTS PICTURE [REQUEST] | compare "
        "CAPTURE QEMU-LOG");
}
