/* SPDX-License-Identifier: MIT */
/*
 * The registry in the kernel; see kernel.h. The arena is static memory, a page each; a channel's
 * window is a range of virtual addresses in which those pages are mapped while a buffer lives.
 */
#include "port/registry/kernel.h"

#include <stdio.h>

#include "hal/hal.h"
#include "lib/journal.h"
#include "port/registry/arena.h"
#include "port/registry/hive.h"
#include "port/registry/memory.h"
#include "port/registry/reg_file.h"
#include "port/registry/store.h"

struct registry port_registry;

static uint8_t arena_pages[REGISTRY_ARENA_PAGES][ARENA_PAGE_SIZE]
    __attribute__((aligned(ARENA_PAGE_SIZE)));

static bool map_page(void *context, void *address, unsigned page)
{
    (void)context;
    return hal_map(address, hal_physical(arena_pages[page]), 1, HAL_MAP_WRITE);
}

static void unmap_pages(void *context, void *address, size_t page_count)
{
    (void)context;
    hal_unmap(address, page_count);
}

/* A hive that is too large leaves this to everybody else: an eighth, but no less than channels and
 * a transfer need, of a few MiB a half. */
static size_t pages_kept;
#define LEAST_KEPT (2u << 20) /* bytes */

static size_t pages_to_keep(size_t available)
{
    const size_t least = LEAST_KEPT / HAL_PAGE_SIZE, eighth = available / 8;

    if (eighth >= least)
        return eighth;
    return least < available / 2 ? least : available / 2;
}

static void *allocate_pages(void *context, size_t page_count)
{
    (void)context;
    if (page_count + pages_kept > hal_pages_available())
        return NULL;
    return hal_pages_alloc(page_count, UINT64_MAX);
}

static uint64_t appended;

static void tell(enum journal_kind kind)
{
    const struct journal_message message = {kind, sizeof message, appended};
    hal_journal_tell(&message);
}

/* The host compares the last message with the file. */
static bool append(void *context, const void *bytes, size_t byte_count)
{
    (void)context;
    hal_journal_append(bytes, byte_count);
    appended += byte_count;
    if (byte_count == 0)
        tell(JOURNAL_APPENDED);
    return true;
}

bool registry_kernel_init(void)
{
    static const struct memory_operations memory = {.pages_alloc = allocate_pages};
    static const struct arena_operations arena = {.map = map_page, .unmap = unmap_pages};

    pages_kept = pages_to_keep(hal_pages_available());
    if (!registry_init(&port_registry, &memory, REGISTRY_ARENA_PAGES, &arena))
        return false;
    port_registry.hive.is_read_only = !hal_journal_present();
    if (!port_registry.hive.is_read_only)
        port_registry.hive.append = append;
    return true;
}

/* ------------------------------------------------------------------ files */

/* What was said when the files were read, for `registry check`. */
static char reports[16 << 10];
static size_t reports_byte_count;
static struct reg_summary hive_summary;

static void report_line(void *context, const char *text)
{
    size_t room = sizeof(reports) - reports_byte_count;
    int length = snprintf(reports + reports_byte_count, room, "%s\n", text);

    (void)context;
    if ((size_t)length < room)
        reports_byte_count += (size_t)length;
    else
        reports[reports_byte_count] = '\0';
    hal_printf("%s\n", text);
}

static const struct reg_report report = {.line = report_line};

void registry_kernel_load_defaults(void)
{
    hive_load_defaults(&port_registry.hive, &report);
}

void registry_kernel_load(enum store_layer layer, const struct reg_source *source)
{
    struct reg_summary summary;

    hive_load(&port_registry.hive, layer, source, &report, &summary);
    if (summary.out_of_memory)
        hal_printf("%s: there was no memory for all of it.\n", source->name);
    if (layer == STORE_LAYER_FILE)
        hive_summary = summary;
}

const struct reg_summary *registry_kernel_check(const char **said)
{
    *said = reports;
    return &hive_summary;
}

bool registry_kernel_compact(void)
{
    if (!hive_compact(&port_registry.hive))
        return false;
    tell(JOURNAL_REPEATED);
    return true;
}

bool registry_kernel_add_channel(struct registry_channel *channel)
{
    void *window = hal_window_reserve(REGISTRY_ARENA_PAGES);
    return window && registry_add_channel(&port_registry, channel, window, REGISTRY_ARENA_PAGES);
}
