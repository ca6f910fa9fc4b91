/* SPDX-License-Identifier: MIT */
/*
 * Which driver serves which device:
 * HKLM\SYSTEM\CurrentControlSet\Control\CriticalDeviceDatabase\<id>, value `Service`;
 * and which one runs the channels of a miniport that has no channel interface:
 * HKLM\SYSTEM\CurrentControlSet\Services\<service>, value `ChannelDriver`.
 *
 * Owns nothing. May not change the registry. Not entered from interrupts.
 */
#ifndef PORT_REGISTRY_BINDING_H
#define PORT_REGISTRY_BINDING_H

#include "port/registry/store.h"

#define BINDING_ID_BYTES    48u /* room for the longest id */
#define BINDING_IDE_CHANNEL "*PNP0600"

/* A PCI function, as its configuration space has it. */
struct registry_pci_id {
    uint16_t vendor, device;
    uint32_t subsystem; /* the subsystem's device id in the upper half, its vendor's in the lower */
    uint8_t revision;
    uint32_t class_code; /* 24 bits: class, subclass, programming interface */
};

/* The `index`-th id of a function, from the most specific one (0) to the least, in the order in
 * which Windows looks for drivers: with subsystem, with revision, device, device and class, vendor
 * and class, vendor, class. False: there are no more. */
bool binding_pci_id(const struct registry_pci_id *function, unsigned index,
                    char id[BINDING_ID_BYTES]);

/* What a key says. A name is a REG_SZ, not empty, and at most `size` - 1 bytes long as UTF-8:
 * anything else in its place does not count, and the user is to be told. */
enum binding {
    BINDING_NONE,
    BINDING_FOUND,
    BINDING_BAD,
};

/* The service bound to this very id, as UTF-8. */
enum binding binding_find(const struct store *store, const char *id, char *service, size_t size);
/* That bound to the most specific id that has one. False: none is. `bad_id`: the most specific id
 * whose `Service` does not count; "" if there is none. */
bool binding_find_pci(const struct store *store, const struct registry_pci_id *function,
                      char *service, size_t size, char bad_id[BINDING_ID_BYTES]);

/* The driver of the channels for a service whose miniport serves the controller only: without
 * `ChannelDriver` (BINDING_FOUND) that of IDE channels; "" where none is bound to these. */
enum binding binding_channel_driver(const struct store *store, const char *service, char *driver,
                                    size_t size);

#endif
