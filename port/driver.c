/* SPDX-License-Identifier: MIT */
/*
 * Drivers: an image becomes a driver when its DriverEntry has registered it with
 * AtaPortInitializeEx. Entered at PASSIVE_LEVEL. A driver that is refused or fails is kept with the
 * reason, and harms nobody.
 */
#include "port/driver.h"

#include <stdio.h>
#include <string.h>

#include "port/access/access.h"
#include "port/call.h"
#include "port/contract/report.h"
#include "port/loader/exports.h"
#include "port/loader/image.h"
#include "port/loader/pe.h"
#include "port/log.h"

typedef LONG NTAPI driver_entry(PVOID driver_object, PVOID registry_path);

static struct driver *driver_allocate(const char *name)
{
    size_t pages = hal_pages_for(sizeof(struct driver));
    struct driver *driver = hal_pages_alloc(pages, UINT64_MAX);
    if (!driver)
        return NULL;
    snprintf(driver->name, sizeof driver->name, "%s", name);
    struct driver **link = &port_drivers;
    while (*link)
        link = &(*link)->next;
    *link = driver;
    return driver;
}

/* \Registry\Machine\System\CurrentControlSet\Services\NAME, as DriverEntry gets it. */
static void set_registry_path(struct driver *driver)
{
    char text[128];
    int length =
        snprintf(text, sizeof text, "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\%s",
                 driver->name);
    unsigned i = 0;
    for (; i < (unsigned)length && i + 1 < sizeof text; i++)
        driver->given.registry_path_text[i] = (WCHAR)(UCHAR)text[i];
    driver->given.registry_path_text[i] = 0;
    driver->given.registry_path.Buffer = driver->given.registry_path_text;
    driver->given.registry_path.Length = (USHORT)(i * sizeof(WCHAR));
    driver->given.registry_path.MaximumLength = (USHORT)((i + 1) * sizeof(WCHAR));
}

/* Runs DriverEntry, and sees that a driver which succeeds has registered itself (INI-01). */
static LONG call_driver_entry(struct driver *driver)
{
    struct context context = {.cpu = context_cpu(IRQL_PASSIVE),
                              .kind = CONTEXT_DRIVER_ENTRY,
                              .driver = driver,
                              .trace_head = trace_head(TRACE_CALL, TRACE_NO_CHANNEL, 0),
                              .extension = driver, /* no extension */
                              .port_map = &access_no_ports};
    driver_entry *entry = (driver_entry *)driver->image->entry;
    LONG status =
        MINIPORT_CALL_2(&context, entry, driver->given.object, &driver->given.registry_path);
    if (status >= 0 && !driver->is_registered)
        contract_report_in(&context, RULE_INI_01, "DriverEntry", ENTRY_PLACE(entry),
                           "it succeeded without a call of AtaPortInitializeEx; %s.sys is not used",
                           driver->name);
    return status;
}

static bool fail(struct driver *driver)
{
    hal_one_line(driver->failure); /* it may hold a name from the image */
    port_message(NULL, "%s.sys is not used: %s", driver->name, driver->failure);
    if (driver->image)
        image_unload(driver->image);
    driver->image = NULL;
    driver->is_registered = false;
    return false;
}

bool port_load_driver(const struct driver_file *file)
{
    const char *name = file->name;
    struct pe_error error;
    char image_name[IMAGE_NAME_CAPACITY];

    for (const struct driver *other = port_drivers; other; other = other->next)
        if (strcmp(other->name, name) == 0) {
            port_message(NULL, "there are two drivers %s.sys; the second is not used", name);
            return false;
        }
    struct driver *driver = driver_allocate(name);
    if (!driver) {
        port_message(NULL, "no memory for driver %s", name);
        return false;
    }
    snprintf(image_name, sizeof image_name, "%s.sys", name);
    driver->image =
        image_load(image_name, file->image, file->image_byte_count, export_resolve, &error);
    if (!driver->image) {
        snprintf(driver->failure, sizeof driver->failure, "%s", error.text);
        return fail(driver);
    }
    driver->is_default = file->is_default;
    image_set_lines(driver->image, file->lines, file->lines_byte_count);
    set_registry_path(driver);
    LONG status = call_driver_entry(driver);
    if (status < 0)
        snprintf(driver->failure, sizeof driver->failure, "DriverEntry returned %#010x",
                 (unsigned)status);
    else if (!driver->is_registered)
        snprintf(driver->failure, sizeof driver->failure,
                 "DriverEntry did not register a controller interface with AtaPortInitializeEx");
    if (driver->failure[0])
        return fail(driver);
    return true;
}
