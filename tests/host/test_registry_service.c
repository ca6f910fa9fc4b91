/* SPDX-License-Identifier: MIT */
/*
 * The registry service: each routine with good and bad arguments, deferred writes, and the driver
 * database. test_registry_calls.c calls them at random.
 *
 * SOURCES: port/registry/memory.c port/registry/name.c lib/utf.c lib/crc32.c
 * SOURCES: port/registry/store.c port/registry/store_table.c port/registry/store_journal.c
 * SOURCES: port/registry/reg_scan.c port/registry/reg_data.c port/registry/reg_read.c
 * SOURCES: port/registry/reg_write.c port/registry/hive.c port/registry/arena.c
 * SOURCES: port/registry/service.c port/registry/binding.c
 */
#include "tests/host/service_host.h"

#include "port/registry/binding.h"
#include "tests/host/tap.h"

static void *allocate(unsigned channel, uint32_t byte_count)
{
    enum registry_status status;
    return registry_allocate(&channels[channel], byte_count, NULL, &status);
}

static enum registry_status do_free(unsigned channel, const void *buffer)
{
    struct registry_flush flush;
    return registry_free(&channels[channel], buffer, &flush);
}

static enum registry_status do_read(unsigned channel, bool is_channel_key, const char *name,
                                    uint8_t type, void *buffer, uint32_t *byte_count)
{
    struct registry_access access = {0, is_channel_key, name, type, buffer, byte_count, NULL};
    return registry_read(&channels[channel], &access);
}

static enum registry_status do_write(unsigned channel, bool is_channel_key, const char *name,
                                     uint8_t type, void *buffer, uint32_t byte_count, bool deferred)
{
    struct registry_access access = {0, is_channel_key, name, type, buffer, &byte_count, NULL};
    return deferred ? registry_write_deferred(&channels[channel], &access)
                    : registry_write(&channels[channel], &access);
}

static const struct store_value *stored(const char *path, const char *name)
{
    const struct store_key *key = store_find_key(&registry.hive.store, registry_name(path));
    return key ? store_find_value(&registry.hive.store, key, registry_name(name)) : NULL;
}

static bool stored_is(const char *path, const char *name, const void *data, size_t byte_count)
{
    const struct store_value *value = stored(path, name);
    return value && value->byte_count == byte_count &&
           memcmp(store_value_data(value), data, byte_count) == 0;
}

/* ------------------------------------------------------------------ plain cases */

static void set_in_store(const char *path, const char *name, uint32_t type, const void *data,
                         size_t byte_count)
{
    store_set_value(&registry.hive.store, registry_name(path), registry_name(name), type, data,
                    byte_count);
}

static void test_reads(void)
{
    static const char path[] = SERVICES "pata\\Controller0\\Channel1";
    uint8_t *buffer;
    uint32_t length;

    open_registry();
    set_in_store(path, "Dword", REGISTRY_DWORD, "\x78\x56\x34\x12", 4);
    set_in_store(path, "Odd", REGISTRY_DWORD, "\1\2", 2);
    set_in_store(path, "Text", REGISTRY_SZ, "h\0i\0\0", 6);
    set_in_store(path, "Open", REGISTRY_SZ, "h\0i", 4);
    set_in_store(path, "Half", REGISTRY_SZ, "h\0i", 3);
    set_in_store(path, "None", REGISTRY_SZ, "", 0);
    set_in_store(path, "Bytes", REGISTRY_BINARY, "\1\2\3\4\5", 5);
    set_in_store(path, "Empty", REGISTRY_BINARY, "", 0);
    set_in_store(path, "Expand", REGISTRY_EXPAND_SZ, "h\0\0", 4);
    set_in_store(path, "", REGISTRY_DWORD, "\1\0\0", 4);
    set_in_store(path, "\u00E4", REGISTRY_DWORD, "\2\0\0", 4);
    set_in_store(SERVICES "pata\\Controller0", "Dword", REGISTRY_DWORD, "\1\1\1\1", 4);

    length = 16;
    TAP_CHECK(do_read(1, true, "Dword", REGISTRY_DWORD, &length, &length) == REGISTRY_OUTSIDE &&
              length == 0);
    buffer = allocate(1, 16);
    memset(buffer, 0xEE, 16);
#define READS(name, type, room, expected_status, expected_length, expected_bytes)           \
    (length = (room), do_read(1, true, name, type, buffer, &length) == (expected_status) && \
                          length == (expected_length) &&                                    \
                          memcmp(buffer, expected_bytes, sizeof(expected_bytes) - 1) == 0)
#define UNTOUCHED "\xEE\xEE\xEE\xEE"
    TAP_CHECK(READS("Dword", REGISTRY_DWORD, 0, REGISTRY_TOO_SHORT, 4, UNTOUCHED));
    TAP_CHECK(READS("Dword", REGISTRY_DWORD, 3, REGISTRY_TOO_SHORT, 4, UNTOUCHED));
    TAP_CHECK(READS("Missing", REGISTRY_DWORD, 16, REGISTRY_MISSING, 0, UNTOUCHED));
    TAP_CHECK(READS("Dword", REGISTRY_BINARY, 16, REGISTRY_OTHER_TYPE, 0, UNTOUCHED));
    TAP_CHECK(READS("Dword", 2, 16, REGISTRY_BAD_TYPE, 0, UNTOUCHED));
    TAP_CHECK(READS("Expand", REGISTRY_SZ, 16, REGISTRY_OTHER_TYPE, 0, UNTOUCHED));
    TAP_CHECK(READS("Odd", REGISTRY_DWORD, 16, REGISTRY_OTHER_TYPE, 0, UNTOUCHED));
    TAP_CHECK(READS("Half", REGISTRY_SZ, 16, REGISTRY_OTHER_TYPE, 0, UNTOUCHED));
    TAP_CHECK(READS("Text", REGISTRY_SZ, 5, REGISTRY_TOO_SHORT, 6, UNTOUCHED));
    TAP_CHECK(READS("Open", REGISTRY_SZ, 5, REGISTRY_TOO_SHORT, 6, UNTOUCHED));
    TAP_CHECK(READS("Dword", REGISTRY_DWORD, 17, REGISTRY_OUTSIDE, 0, UNTOUCHED));
    TAP_CHECK(READS("Tab\t", REGISTRY_DWORD, 16, REGISTRY_BAD_NAME, 0, UNTOUCHED));
    TAP_CHECK(READS(NULL, REGISTRY_DWORD, 16, REGISTRY_BAD_NAME, 0, UNTOUCHED));
    TAP_CHECK(READS("dword", REGISTRY_DWORD, 4, REGISTRY_DONE, 4, "\x78\x56\x34\x12\xEE"));
    TAP_CHECK(READS("Text", REGISTRY_SZ, 6, REGISTRY_DONE, 6, "h\0i\0\0\0\xEE"));
    memset(buffer, 0xEE, 16);
    TAP_CHECK(READS("Open", REGISTRY_SZ, 16, REGISTRY_DONE, 6, "h\0i\0\0\0\xEE"));
    TAP_CHECK(READS("None", REGISTRY_SZ, 2, REGISTRY_DONE, 2, "\0\0i\0"));
    TAP_CHECK(READS("Bytes", REGISTRY_BINARY, 16, REGISTRY_DONE, 5, "\1\2\3\4\5\0\xEE"));
    TAP_CHECK(READS("Empty", REGISTRY_BINARY, 0, REGISTRY_DONE, 0, "\1\2\3\4\5"));
    TAP_CHECK(READS("", REGISTRY_DWORD, 4, REGISTRY_DONE, 4, "\1\0\0\0"));
    TAP_CHECK(READS("\xE4", REGISTRY_DWORD, 4, REGISTRY_DONE, 4, "\2\0\0\0"));
    length = 4;
    TAP_CHECK(do_read(1, false, "Dword", REGISTRY_DWORD, buffer + 12, &length) == REGISTRY_DONE &&
              memcmp(buffer + 12, "\1\1\1\1", 4) == 0);
    length = 4;
    TAP_CHECK(do_read(1, false, "Dword", REGISTRY_DWORD, buffer + 13, &length) == REGISTRY_OUTSIDE);
    length = 4;
    TAP_CHECK(do_read(1, false, "Dword", REGISTRY_DWORD, buffer - 1, &length) == REGISTRY_OUTSIDE);
    /* Asking for a length takes no buffer. */
    length = 0;
    TAP_CHECK(do_read(1, true, "Text", REGISTRY_SZ, NULL, &length) == REGISTRY_TOO_SHORT &&
              length == 6);
    length = 0;
    TAP_CHECK(do_read(0, true, "Text", REGISTRY_SZ, NULL, &length) == REGISTRY_MISSING &&
              length == 0);
    length = 1;
    TAP_CHECK(do_read(1, true, "Text", REGISTRY_SZ, NULL, &length) == REGISTRY_OUTSIDE &&
              length == 0);
    TAP_CHECK(do_read(1, true, "Text", REGISTRY_SZ, buffer, NULL) == REGISTRY_NO_LENGTH);
    close_registry();
}

static void test_writes(void)
{
    static const char key[] = SERVICES "pata\\Controller0",
                      sub[] = SERVICES "other\\Controller0\\Channel0";
    static char long_name[300];
    uint8_t *buffer;
    size_t before;

    open_registry();
    TAP_CHECK(do_write(0, false, "v", REGISTRY_DWORD, &before, 4, false) == REGISTRY_OUTSIDE);
    buffer = allocate(0, 64);
    memcpy(buffer, "\1\2\3\4h\0i\0\0", 10);
    TAP_CHECK(do_write(0, false, "d", REGISTRY_DWORD, buffer, 4, false) == REGISTRY_DONE &&
              stored_is(key, "D", "\1\2\3\4", 4));
    before = file.byte_count;
    TAP_CHECK(strstr(file.bytes, "\"d\"=dword:04030201\n") && before > 0);
    TAP_CHECK(do_write(0, false, "d", REGISTRY_DWORD, buffer, 3, false) == REGISTRY_BAD_TYPE);
    TAP_CHECK(do_write(0, false, "d", REGISTRY_DWORD, buffer, 5, false) == REGISTRY_BAD_TYPE);
    TAP_CHECK(do_write(0, false, "d", REGISTRY_SZ, buffer + 4, 4, false) == REGISTRY_BAD_TYPE);
    TAP_CHECK(do_write(0, false, "d", REGISTRY_SZ, buffer + 4, 5, false) == REGISTRY_BAD_TYPE);
    TAP_CHECK(do_write(0, false, "d", REGISTRY_SZ, buffer + 4, 0, false) == REGISTRY_BAD_TYPE);
    TAP_CHECK(do_write(0, false, "d", REGISTRY_MULTI_SZ, buffer, 4, false) == REGISTRY_BAD_TYPE);
    TAP_CHECK(do_write(0, false, "d", REGISTRY_BINARY, buffer, 65, false) == REGISTRY_OUTSIDE);
    TAP_CHECK(do_write(0, false, "d", REGISTRY_BINARY, NULL, 0, false) == REGISTRY_OUTSIDE);
    TAP_CHECK(do_write(0, false, NULL, REGISTRY_BINARY, buffer, 1, false) == REGISTRY_BAD_NAME);
    memset(long_name, 'n', 256);
    TAP_CHECK(do_write(0, false, long_name, REGISTRY_BINARY, buffer, 1, false) ==
              REGISTRY_BAD_NAME);
    TAP_CHECK(stored_is(key, "d", "\1\2\3\4", 4) && file.byte_count == before);
    long_name[255] = '\0';
    TAP_CHECK(do_write(0, false, long_name, REGISTRY_BINARY, buffer, 1, false) == REGISTRY_DONE);
    TAP_CHECK(do_write(0, false, "s", REGISTRY_SZ, buffer + 4, 6, false) == REGISTRY_DONE &&
              stored(key, "s")->type == REGISTRY_SZ && stored(key, "s")->byte_count == 6);
    TAP_CHECK(do_write(0, false, "e", REGISTRY_BINARY, buffer + 64, 0, false) == REGISTRY_DONE &&
              stored_is(key, "e", "", 0));
    buffer = allocate(2, 8);
    TAP_CHECK(do_write(2, true, "x", REGISTRY_BINARY, buffer, 8, false) == REGISTRY_DONE &&
              stored_is(sub, "x", "\0\0\0\0\0\0\0", 8));

    file_is_full = true;
    TAP_CHECK(do_write(2, true, "x", REGISTRY_BINARY, buffer, 1, false) == REGISTRY_NOT_WRITTEN &&
              stored(sub, "x")->byte_count == 8);
    file_is_full = false;
    registry.hive.append = NULL; /* a file that may only be read: changes stay in memory */
    before = file.byte_count;
    TAP_CHECK(do_write(2, true, "x", REGISTRY_BINARY, buffer, 1, false) == REGISTRY_DONE &&
              stored(sub, "x")->byte_count == 1 && file.byte_count == before);
    close_registry();
}

static void test_deferred(void)
{
    static const char key[] = SERVICES "pata\\Controller0";
    struct registry_flush flush;
    uint8_t *buffer;
    char name[16];
    unsigned count = 0;

    open_registry();
    TAP_CHECK(do_write(0, false, "d", REGISTRY_DWORD, &count, 4, true) == REGISTRY_OUTSIDE);
    buffer = allocate(0, 64);
    memcpy(buffer, "\1\0\0\0\2\0\0", 8);
    TAP_CHECK(do_write(0, false, "a", REGISTRY_DWORD, buffer, 4, true) == REGISTRY_DONE);
    TAP_CHECK(do_write(0, false, "b", REGISTRY_DWORD, buffer + 4, 4, true) == REGISTRY_DONE);
    TAP_CHECK(do_write(0, false, "a", REGISTRY_BINARY, buffer + 4, 2, true) == REGISTRY_DONE);
    TAP_CHECK(!stored(key, "a") && !stored(key, "b") && file.byte_count == 0);
    TAP_CHECK(do_write(0, false, "a", REGISTRY_SZ, buffer, 4, true) == REGISTRY_DONE);
    buffer[0] = 9;
    TAP_CHECK(registry_free(&channels[0], buffer + 8, &flush) == REGISTRY_NOT_THE_BUFFER &&
              registry_free(&channels[0], NULL, &flush) == REGISTRY_NOT_THE_BUFFER &&
              registry_free(&channels[1], buffer, &flush) == REGISTRY_NOT_THE_BUFFER &&
              flush.deferred_count == 0 && !stored(key, "a"));
    TAP_CHECK(registry_free(&channels[0], buffer, &flush) == REGISTRY_DONE);
    TAP_CHECK(flush.deferred_count == 4 && flush.changed_count == 2);
    TAP_CHECK(registry_deferred_name(&channels[0], flush.first_changed).byte_count == 1);
    /* In order: the last one wins, with what the buffer held at the end. */
    TAP_CHECK(stored(key, "a")->type == REGISTRY_SZ && stored_is(key, "a", "\11\0\0", 4) &&
              stored_is(key, "b", "\2\0\0", 4));
    TAP_CHECK(strstr(file.bytes, "; batch 1 end") && !strstr(file.bytes, "; batch 2"));
    TAP_CHECK(registry_free(&channels[0], buffer, &flush) == REGISTRY_NOT_THE_BUFFER);

    /* The bound on their number, and on their names. */
    buffer = allocate(0, 64);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        count +=
            do_write(0, true, name, REGISTRY_BINARY, buffer + i % 64, 1, true) == REGISTRY_DONE;
    }
    TAP_CHECK(count == REGISTRY_MAX_DEFERRED);
    TAP_CHECK(registry_free(&channels[0], buffer, &flush) == REGISTRY_DONE &&
              flush.deferred_count == count && flush.changed_count == 0);

    /* All or nothing: no room in the file, no room in memory. */
    buffer = allocate(0, 2 * PAGE);
    do_write(0, false, "c", REGISTRY_DWORD, buffer, 4, true);
    do_write(0, false, "d", REGISTRY_BINARY, buffer, 2 * PAGE, true);
    file_is_full = true;
    TAP_CHECK(do_free(0, buffer) == REGISTRY_NOT_WRITTEN && !stored(key, "c") && !stored(key, "d"));
    file_is_full = false;
    TAP_CHECK(channels[0].state == REGISTRY_NO_BUFFER && registry.arena.free_count == PAGES);
    buffer = allocate(0, 3 * PAGE);
    do_write(0, false, "c", REGISTRY_DWORD, buffer, 4, true);
    do_write(0, false, "d", REGISTRY_BINARY, buffer, 3 * PAGE, true);
    pages.budget = 0;
    registry.hive.store.memory.chunk_byte_count = 1024;
    TAP_CHECK(do_free(0, buffer) == REGISTRY_NO_MEMORY && !stored(key, "c") && !stored(key, "d"));
    pages.budget = 1000000;
    TAP_CHECK(registry.arena.free_count == PAGES && !registry.hive.store.first_change);

    /* A service whose name no key can have. */
    registry_bind_channel(&channels[0], "a\\\\b", 0, 0);
    buffer = allocate(0, 8);
    TAP_CHECK(do_write(0, false, "c", REGISTRY_DWORD, buffer, 4, false) == REGISTRY_BAD_NAME);
    close_registry();
}

/* What is stored already is not written again; a session that may not write changes nothing. */
static void test_file(void)
{
    uint32_t number = 5, other = 6;
    uint32_t *buffer;
    size_t size;

    open_registry();
    buffer = allocate(0, 8);
    memcpy(buffer, &number, 4);
    TAP_CHECK(do_write(0, true, "Number", 4, buffer, 4, false) == REGISTRY_DONE);
    size = file.byte_count;
    TAP_CHECK(size > 0 && do_write(0, true, "nUMBER", 4, buffer, 4, false) == REGISTRY_DONE);
    TAP_CHECK(do_write(0, true, "Number", 4, buffer, 4, true) == REGISTRY_DONE);
    TAP_CHECK(do_free(0, buffer) == REGISTRY_DONE && file.byte_count == size);
    buffer = allocate(0, 8);
    memcpy(buffer, &number, 4);
    TAP_CHECK(do_write(0, true, "Number", 3, buffer, 4, false) == REGISTRY_DONE);
    TAP_CHECK(file.byte_count > size); /* another type is another value */

    registry.hive.is_read_only = true;
    size = file.byte_count;
    memcpy(buffer, &other, 4);
    TAP_CHECK(do_write(0, true, "Number", 4, buffer, 4, false) == REGISTRY_READ_ONLY);
    TAP_CHECK(do_write(0, true, "Number", 4, buffer, 4, true) == REGISTRY_READ_ONLY);
    TAP_CHECK(do_write(0, true, "Number", 9, buffer, 4, false) == REGISTRY_BAD_TYPE);
    TAP_CHECK(do_free(0, buffer) == REGISTRY_DONE && file.byte_count == size);
    TAP_CHECK(stored_is(SERVICES "pata\\Controller0\\Channel0", "Number", &number, 4));
    close_registry();
}

static void test_damage(void)
{
    size_t distance = 0;
    uint8_t *buffer;

    open_registry();
    TAP_CHECK(registry_check(&channels[0], &distance) == ARENA_INTACT);
    buffer = allocate(0, 5);
    TAP_CHECK(registry_check(&channels[0], &distance) == ARENA_INTACT);
    buffer[6] = 0;
    TAP_CHECK(registry_check(&channels[0], &distance) == ARENA_DAMAGED_BEHIND && distance == 1);
    TAP_CHECK(registry_check(&channels[0], &distance) == ARENA_INTACT);
    buffer[-3] = 0;
    TAP_CHECK(registry_check(&channels[0], &distance) == ARENA_DAMAGED_BEFORE && distance == 3);
    TAP_CHECK(registry_check(&channels[0], &distance) == ARENA_INTACT);
    close_registry();
}

/* ------------------------------------------------------------------ the driver database */

#define DATABASE "HKLM\\SYSTEM\\CurrentControlSet\\Control\\CriticalDeviceDatabase\\"

static bool bind(const char *id, const char *service)
{
    const char *fault;
    char path[256], text[128];
    uint32_t column;

    snprintf(path, sizeof(path), DATABASE "%s", id);
    snprintf(text, sizeof(text), "sz:%s", service);
    return reg_set_from_text(&registry.hive.store, registry_name(path), registry_name("Service"),
                             registry_name(text), &fault, &column);
}

static void test_binding(void)
{
    static const char *const ids[] = {"PCI#CC_0101",
                                      "PCI#CC_010180",
                                      "PCI#VEN_8086",
                                      "PCI#VEN_8086&CC_0101",
                                      "PCI#VEN_8086&CC_010180",
                                      "PCI#VEN_8086&DEV_7010&CC_0101",
                                      "PCI#VEN_8086&DEV_7010&CC_010180",
                                      "PCI#VEN_8086&DEV_7010",
                                      "PCI#VEN_8086&DEV_7010&REV_02",
                                      "PCI#VEN_8086&DEV_7010&SUBSYS_11001AF4",
                                      "PCI#VEN_8086&DEV_7010&SUBSYS_11001AF4&REV_02"};
    struct registry_pci_id piix = {0x8086, 0x7010, 0x11001AF4, 2, 0x010180};
    struct registry_pci_id network = {0x8086, 0x100E, 0x11001AF4, 3, 0x020000};
    struct store *store = &registry.hive.store;
    char service[16], bad[BINDING_ID_BYTES], long_name[64] = "sixteen-bytes-xx";
    bool good = true;

    open_registry();
    TAP_CHECK(binding_find_pci(store, &piix, service, 16, bad) && strcmp(service, "pata") == 0);
    TAP_CHECK(binding_find(store, "*pnp0600", service, 16) == BINDING_FOUND &&
              strcmp(service, "pata") == 0);
    TAP_CHECK(!binding_find_pci(store, &network, service, 16, bad));
    /* Each id is more specific than the one before it. */
    for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        char name[16];
        snprintf(name, sizeof(name), "driver%u", i);
        good &= bind(ids[i], name) && binding_find_pci(store, &piix, service, 16, bad) &&
                strcmp(service, name) == 0;
    }
    TAP_CHECK(good);
    TAP_CHECK(!binding_find_pci(store, &network, service, 16, bad) ||
              strcmp(service, "driver2") == 0); /* PCI#VEN_8086 is bound now */
    TAP_CHECK(!bad[0]);
    /* What is no name of a service does not count, and is named. */
    bind("PCI#VEN_8086", "");
    TAP_CHECK(!binding_find_pci(store, &network, service, 16, bad));
    bind("PCI#VEN_8086", long_name);
    TAP_CHECK(!binding_find_pci(store, &network, service, 16, bad));
    store_set_value(store, registry_name(DATABASE "PCI#VEN_8086"), registry_name("Service"),
                    REGISTRY_DWORD, "abc", 4);
    TAP_CHECK(!binding_find_pci(store, &network, service, 16, bad) &&
              strcmp(bad, "PCI#VEN_8086") == 0);
    TAP_CHECK(binding_find_pci(store, &piix, service, 16, bad) && !bad[0]); /* not looked at */
    store_set_value(store, registry_name(DATABASE "PCI#VEN_8086"), registry_name("Service"),
                    REGISTRY_SZ, "x\0\0\xD8", 5);
    TAP_CHECK(!binding_find_pci(store, &network, service, 16, bad));
    TAP_CHECK(binding_find(store, "PCI#VEN_8086", service, 16) == BINDING_BAD);
    TAP_CHECK(binding_find(store, "PCI#VEN_8087", service, 16) == BINDING_NONE);
    /* A bad one that is more specific, and a good one. */
    store_set_value(store, registry_name(DATABASE "PCI#VEN_8086&DEV_7010&SUBSYS_11001AF4&REV_02"),
                    registry_name("Service"), REGISTRY_DWORD, "abc", 4);
    TAP_CHECK(binding_find_pci(store, &piix, service, 16, bad) && strcmp(service, "driver9") == 0 &&
              strcmp(bad, "PCI#VEN_8086&DEV_7010&SUBSYS_11001AF4&REV_02") == 0);
    /* The default channel driver. */
    TAP_CHECK(binding_channel_driver(store, "pata", service, 16) == BINDING_NONE &&
              strcmp(service, "pata") == 0);
    store_set_value(store, registry_name(SERVICES "pata"), registry_name("channeldriver"),
                    REGISTRY_DWORD, "abc", 4);
    TAP_CHECK(binding_channel_driver(store, "PATA", service, 16) == BINDING_BAD &&
              strcmp(service, "pata") == 0);
    store_set_value(store, registry_name(SERVICES "pata"), registry_name("ChannelDriver"),
                    REGISTRY_SZ, "x\0\0", 4);
    TAP_CHECK(binding_channel_driver(store, "PATA", service, 16) == BINDING_FOUND &&
              strcmp(service, "x") == 0);
    store_delete_key(store, registry_name(DATABASE "*PNP0600"));
    TAP_CHECK(binding_channel_driver(store, "other", service, 16) == BINDING_NONE && !service[0]);
    bind("PCI#VEN_8086", "\u20AC");
    TAP_CHECK(binding_find_pci(store, &network, service, 16, bad) &&
              strcmp(service, "\u20AC") == 0);
    close_registry();
}

int main(void)
{
    test_reads();
    test_writes();
    test_deferred();
    test_file();
    test_damage();
    test_binding();
    for (unsigned i = 0; i < CHANNELS; i++)
        host_window_free(window_bases[i], PAGES);
    text_free(&file);
    return tap_exit();
}
