/* SPDX-License-Identifier: MIT */
/* A registry with three channels, its arena, and its file, for tests of the registry service. */
#ifndef TESTS_HOST_SERVICE_HOST_H
#define TESTS_HOST_SERVICE_HOST_H

#include "tests/host/registry_host.h"

#include "port/registry/service.h"
#include "tests/host/reg_host.h"

#define PAGE     ARENA_PAGE_SIZE
#define PAGES    5u
#define CHANNELS 3u
#define SERVICES "HKLM\\SYSTEM\\CurrentControlSet\\Services\\"

static struct host_pages pages;
static struct host_arena host;
static struct registry registry;
static struct registry_channel channels[CHANNELS];
static void *window_bases[CHANNELS];
static struct text file;
static bool file_is_full;

static inline bool append(void *context, const void *bytes, size_t byte_count)
{
    (void)context;
    return !file_is_full && text_add(&file, bytes, byte_count);
}

/* Channels 0 and 1 are of one controller of one driver, channel 2 is of another driver. */
static inline void open_registry(void)
{
    struct memory_operations memory = host_memory(&pages, 1000000);
    struct arena_operations arena = host_arena(&host, PAGES);

    registry_init(&registry, &memory, PAGES, &arena);
    hive_load_defaults(&registry.hive, NULL);
    text_clear(&file);
    file_is_full = false;
    registry.hive.append = append;
    for (unsigned i = 0; i < CHANNELS; i++) {
        if (!window_bases[i])
            window_bases[i] = host_window(PAGES);
        registry_add_channel(&registry, &channels[i], window_bases[i], PAGES);
        registry_bind_channel(&channels[i], i < 2 ? "pata" : "other", 0, (uint8_t)(i % 2));
    }
}

static inline void close_registry(void)
{
    for (unsigned i = 0; i < CHANNELS; i++) {
        struct registry_flush flush;
        if (channels[i].state == REGISTRY_LIVE)
            registry_free(&channels[i], channels[i].window.buffer, &flush);
    }
    close(host.file);
    host_pages_free(&pages);
}

#endif
