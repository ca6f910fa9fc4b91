/* SPDX-License-Identifier: MIT */
/*
 * The driver database and the default channel driver; see binding.h.
 *
 * Owns nothing. Not entered from interrupts.
 */
#include "port/registry/binding.h"

#include <stdio.h>

#include "lib/utf.h"

#define CONTROL_SET "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\"
#define DATABASE    CONTROL_SET "Control\\CriticalDeviceDatabase"
#define SERVICES    CONTROL_SET "Services"

bool binding_pci_id(const struct registry_pci_id *function, unsigned index,
                    char id[BINDING_ID_BYTES])
{
    unsigned vendor = function->vendor, number = function->device;
    unsigned subsystem = function->subsystem, revision = function->revision;
    unsigned class = function->class_code & 0xFFFFFF, short_class = class >> 8;

    switch (index) {
    case 0:
        snprintf(id, BINDING_ID_BYTES, "PCI#VEN_%04X&DEV_%04X&SUBSYS_%08X&REV_%02X", vendor, number,
                 subsystem, revision);
        return true;
    case 1:
        snprintf(id, BINDING_ID_BYTES, "PCI#VEN_%04X&DEV_%04X&SUBSYS_%08X", vendor, number,
                 subsystem);
        return true;
    case 2:
        snprintf(id, BINDING_ID_BYTES, "PCI#VEN_%04X&DEV_%04X&REV_%02X", vendor, number, revision);
        return true;
    case 3:
        snprintf(id, BINDING_ID_BYTES, "PCI#VEN_%04X&DEV_%04X", vendor, number);
        return true;
    case 4:
        snprintf(id, BINDING_ID_BYTES, "PCI#VEN_%04X&DEV_%04X&CC_%06X", vendor, number, class);
        return true;
    case 5:
        snprintf(id, BINDING_ID_BYTES, "PCI#VEN_%04X&DEV_%04X&CC_%04X", vendor, number,
                 short_class);
        return true;
    case 6:
        snprintf(id, BINDING_ID_BYTES, "PCI#VEN_%04X&CC_%06X", vendor, class);
        return true;
    case 7:
        snprintf(id, BINDING_ID_BYTES, "PCI#VEN_%04X&CC_%04X", vendor, short_class);
        return true;
    case 8:
        snprintf(id, BINDING_ID_BYTES, "PCI#VEN_%04X", vendor);
        return true;
    case 9:
        snprintf(id, BINDING_ID_BYTES, "PCI#CC_%06X", class);
        return true;
    case 10:
        snprintf(id, BINDING_ID_BYTES, "PCI#CC_%04X", short_class);
        return true;
    default:
        return false;
    }
}

/* A REG_SZ as UTF-8. False: it is something else, empty, or too long. */
static bool string_to_utf8(const struct store_value *value, char *text, size_t size)
{
    const uint8_t *data = store_value_data(value);
    size_t used = 0;

    if (value->type != REGISTRY_SZ)
        return false;
    for (size_t at = 0; at < value->byte_count;) {
        uint32_t character;
        at += utf16le_decode(data + at, value->byte_count - at, &character);
        if (character == 0)
            break;
        if (character == UTF_ILL_FORMED || size - used <= UTF8_MAX_BYTES)
            return false;
        used += utf8_encode(character, text + used);
    }
    text[used] = '\0';
    return used > 0;
}

/* The string `value_name` of the key `child` below `path`. */
static enum binding find_string(const struct store *store, const char *path, const char *child,
                                const char *value_name, char *text, size_t size)
{
    const struct store_key *key = store_find_key(store, registry_name(path));
    const struct store_value *value;

    if (key)
        key = store_find_child(store, key, registry_name(child));
    value = key ? store_find_value(store, key, registry_name(value_name)) : NULL;
    if (!value)
        return BINDING_NONE;
    return string_to_utf8(value, text, size) ? BINDING_FOUND : BINDING_BAD;
}

enum binding binding_find(const struct store *store, const char *id, char *service, size_t size)
{
    return find_string(store, DATABASE, id, "Service", service, size);
}

bool binding_find_pci(const struct store *store, const struct registry_pci_id *function,
                      char *service, size_t size, char bad_id[BINDING_ID_BYTES])
{
    char id[BINDING_ID_BYTES];

    bad_id[0] = '\0';
    for (unsigned i = 0; binding_pci_id(function, i, id); i++) {
        enum binding found = binding_find(store, id, service, size);
        if (found == BINDING_FOUND)
            return true;
        if (found == BINDING_BAD && !bad_id[0])
            memcpy(bad_id, id, BINDING_ID_BYTES);
    }
    return false;
}

enum binding binding_channel_driver(const struct store *store, const char *service, char *driver,
                                    size_t size)
{
    enum binding found = find_string(store, SERVICES, service, "ChannelDriver", driver, size);

    if (found != BINDING_FOUND &&
        binding_find(store, BINDING_IDE_CHANNEL, driver, size) != BINDING_FOUND)
        driver[0] = '\0';
    return found;
}
