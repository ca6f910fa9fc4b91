/* SPDX-License-Identifier: MIT */
/*
 * A plugin of nbdkit's: the guest's disks and CDs, as NBD's exports. tools/session.c starts it:
 *
 *   nbdkit ... nbd.so memory=FILE notices=DESCRIPTOR
 *
 * FILE is the memory that QEMU shares with the guest, and the descriptor a socket that leads to the
 * guest's second serial port. Owns nothing but what a client has opened; link.c talks to the guest.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include "tools/nbd/link.h"

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

/* As large a request as any client sends at once; what a slot does not take is cut. */
#define LARGEST_REQUEST (32u << 20)
#define LIKED_REQUEST   4096u

static char *memory_path;
static int notices = -1;

/* ------------------------------------------------------------------ start */

static int door_config(const char *key, const char *value)
{
    if (strcmp(key, "memory") == 0) {
        free(memory_path);
        memory_path = nbdkit_absolute_path(value);
        return memory_path ? 0 : -1;
    }
    if (strcmp(key, "notices") == 0)
        return nbdkit_parse_int("notices", value, &notices);
    nbdkit_error("there is no %s=; there are memory= and notices=", key);
    return -1;
}

static int door_config_complete(void)
{
    if (memory_path && notices >= 0)
        return 0;
    nbdkit_error("memory=FILE and notices=DESCRIPTOR are needed: `make run NBD=1` starts nbdkit");
    return -1;
}

static int door_get_ready(void)
{
    return link_map(memory_path, nbdkit_error) ? 0 : -1;
}

/* Nothing is left to serve. tools/session.c, which sees QEMU's end a little later, ends this process, unless it
 * was killed itself. (nbdkit's own end waits for clients that are connected, and they may stay.) */
#define ORPHAN_SECONDS 10

static void end_server(void)
{
    sleep(ORPHAN_SECONDS);
    _exit(EXIT_SUCCESS);
}

static int door_after_fork(void)
{
    int error = link_start(notices, end_server);

    if (error == 0)
        return 0;
    nbdkit_error("there is no thread: %s", strerror(error));
    return -1;
}

static void door_unload(void)
{
    free(memory_path);
}

/* ------------------------------------------------------------------ what there is */

static const struct door_head *wait_until_open(void)
{
    const struct door_head *head = link_wait();

    if (!head) {
        nbdkit_error("the session ends");
        nbdkit_set_error(ESHUTDOWN);
    }
    return head;
}

static int door_list_exports(int read_only, int is_tls, struct nbdkit_exports *exports)
{
    const struct door_head *head = wait_until_open();

    (void)read_only, (void)is_tls;
    for (uint32_t i = 0; head && i < head->export_count; i++)
        if (nbdkit_add_export(exports, head->exports[i].name, head->exports[i].description) != 0)
            return -1;
    return head ? 0 : -1;
}

/* Disk 0, or what comes first. */
static const char *door_default_export(int read_only, int is_tls)
{
    const struct door_head *head = wait_until_open();

    (void)read_only, (void)is_tls;
    return head && head->export_count > 0 ? head->exports[0].name : NULL;
}

struct opened {
    const struct door_export *export;
    uint32_t index;
    bool read_only;
};

static void *door_open(int read_only)
{
    const struct door_head *head = wait_until_open();
    const char *name = nbdkit_export_name();

    if (!head || !name)
        return NULL;
    for (uint32_t i = 0; i < head->export_count; i++) {
        const struct door_export *export = &head->exports[i];
        if (strcmp(export->name, name) != 0 && *name)
            continue;
        struct opened *opened = malloc(sizeof *opened);
        if (opened)
            *opened = (struct opened){export, i, read_only};
        else
            nbdkit_error("no memory");
        return opened;
    }
    nbdkit_error("there is no disk \"%s\"; `nbdinfo --list URI` lists those there are", name);
    nbdkit_set_error(ENOENT);
    return NULL;
}

static void door_close(void *handle)
{
    free(handle);
}

static int64_t door_get_size(void *handle)
{
    return (int64_t)((struct opened *)handle)->export->byte_count;
}

static const char *door_export_description(void *handle)
{
    return ((struct opened *)handle)->export->description;
}

/* A disk takes any number of bytes; a CD says what its sectors are. */
static int door_block_size(void *handle, uint32_t *minimum, uint32_t *preferred, uint32_t *maximum)
{
    uint32_t sector_size = ((struct opened *)handle)->export->sector_size;

    *minimum = sector_size > 512 ? sector_size : 1;
    *preferred = sector_size > 512 ? sector_size : LIKED_REQUEST;
    *maximum = LARGEST_REQUEST;
    return 0;
}

static int door_can_write(void *handle)
{
    const struct opened *opened = handle;
    return !opened->read_only && (opened->export->flags & DOOR_EXPORT_WRITABLE) != 0;
}

static int door_can_trim(void *handle)
{
    return door_can_write(handle) &&
           (((struct opened *)handle)->export->flags & DOOR_EXPORT_TRIMS) != 0;
}

static int door_can_flush(void *handle)
{
    (void)handle;
    return 1;
}

static int door_can_fua(void *handle)
{
    (void)handle;
    return NBDKIT_FUA_NATIVE;
}

/* A flush is the disk's, whoever has written. */
static int door_can_multi_conn(void *handle)
{
    (void)handle;
    return 1;
}

/* ------------------------------------------------------------------ requests */

static int request(void *handle, enum door_operation operation, uint32_t nbd_flags, uint64_t offset,
                   uint64_t byte_count, void *data)
{
    const struct opened *opened = handle;
    uint32_t flags = nbd_flags & NBDKIT_FLAG_FUA ? DOOR_FORCED : 0;
    int error = link_request(operation, opened->index, flags, offset, byte_count, data);

    if (error == 0)
        return 0;
    nbdkit_error("disk %s: %s%s", opened->export->name, strerror(error),
                 error == EIO ? "; the guest's log says what the device said" : "");
    nbdkit_set_error(error);
    return -1;
}

/* In pieces that a slot takes; those behind the first begin with a sector. */
static int move(void *handle, enum door_operation operation, uint32_t nbd_flags, uint64_t offset,
                uint32_t byte_count, uint8_t *data)
{
    uint32_t sector_size = ((struct opened *)handle)->export->sector_size;

    for (uint32_t taken; byte_count > 0; byte_count -= taken, offset += taken, data += taken) {
        taken = DOOR_DATA_SIZE - (uint32_t)(offset % sector_size);
        if (taken > byte_count)
            taken = byte_count;
        if (request(handle, operation, nbd_flags, offset, taken, data) != 0)
            return -1;
    }
    return 0;
}

static int door_pread(void *handle, void *buffer, uint32_t count, uint64_t offset, uint32_t flags)
{
    return move(handle, DOOR_READ, flags, offset, count, buffer);
}

static int door_pwrite(void *handle, const void *buffer, uint32_t count, uint64_t offset,
                       uint32_t flags)
{
    return move(handle, DOOR_WRITE, flags, offset, count, (uint8_t *)(uintptr_t)buffer);
}

static int door_trim(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
    return request(handle, DOOR_TRIM, flags, offset, count, NULL);
}

static int door_flush(void *handle, uint32_t flags)
{
    (void)flags;
    return request(handle, DOOR_FLUSH, 0, 0, 0, NULL);
}

static struct nbdkit_plugin plugin = {
    .name = "ataport",
    .longname = "disks behind the ATA port driver",
    .description = "Serves the disks and CDs of a guest that `make run NBD=1` has started.",
    .unload = door_unload,
    .config = door_config,
    .config_complete = door_config_complete,
    .get_ready = door_get_ready,
    .after_fork = door_after_fork,
    .list_exports = door_list_exports,
    .default_export = door_default_export,
    .open = door_open,
    .close = door_close,
    .get_size = door_get_size,
    .export_description = door_export_description,
    .block_size = door_block_size,
    .can_write = door_can_write,
    .can_flush = door_can_flush,
    .can_trim = door_can_trim,
    .can_fua = door_can_fua,
    .can_multi_conn = door_can_multi_conn,
    .pread = door_pread,
    .pwrite = door_pwrite,
    .flush = door_flush,
    .trim = door_trim,
    .errno_is_preserved = 0,
};

NBDKIT_REGISTER_PLUGIN(plugin)
