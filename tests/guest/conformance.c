/* SPDX-License-Identifier: MIT */
/* What the conformance suite's guest tests share, and the ones about start, errors, dump mode and
 * CDs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/sha256.h"
#include "port/block.h"
#include "port/contract/report.h"
#include "port/irb_names.h"
#include "port/objects.h"
#include "port/trace.h"
#include "tests/guest/conformance.h"
#include "tests/guest/guest.h"
#include "tests/guest/soak.h"
#include "tests/guest/sweep.h"

#define LOGGED_ENTRIES 64u /* of the trace */

/* ------------------------------------------------------------------ TAP */

static unsigned checks_done;

static void print_check(const char *result, const char *format, va_list arguments)
{
    hal_printf("%s %u - ", result, ++checks_done);
    hal_vprintf(format, arguments);
    hal_printf("\n");
}

bool conf_ok(bool passed, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_check(passed ? "ok" : "not ok", format, arguments);
    va_end(arguments);
    if (!passed)
        guest_show_trace();
    return passed;
}

void conf_failed(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_check("not ok", format, arguments);
    va_end(arguments);
}

void conf_skip(const char *what, const char *format, ...)
{
    va_list arguments;
    hal_printf("ok %u - %s # SKIP ", ++checks_done, what);
    va_start(arguments, format);
    hal_vprintf(format, arguments);
    va_end(arguments);
    hal_printf("\n");
}

void conf_note(const char *format, ...)
{
    va_list arguments;
    hal_printf("# ");
    va_start(arguments, format);
    hal_vprintf(format, arguments);
    va_end(arguments);
    hal_printf("\n");
}

void conf_note_block(const struct block_request *block)
{
    char text[200];
    block_describe(block, text, sizeof text);
    conf_note("%s", text);
    conf_note("the IRB ended with %s (%#x), AtaStatus 0x%02x, AtaError 0x%02x, %u of %u bytes",
              irb_status_name(block->request.irb_status), block->request.irb_status,
              block->request.ata_status, block->request.ata_error, block->request.transferred,
              block->request.byte_count);
}

/* ------------------------------------------------------------------ devices */

/* It is the one that was loaded last. */
static const struct driver *driver_under_test(void)
{
    const struct driver *last = port_drivers;
    while (last && last->next)
        last = last->next;
    return last;
}

bool conf_is_controller(const struct controller *controller)
{
    return controller->driver && controller->driver == driver_under_test();
}

static bool is_under_test(const struct device *device)
{
    return conf_is_controller(device->channel->controller);
}

struct device *conf_disk(unsigned number)
{
    char serial[8];
    snprintf(serial, sizeof serial, "CONF%u", number);
    for (struct device *device = NULL; (device = port_next_device(device));)
        if (is_under_test(device) && device->usable && strcmp(device->serial, serial) == 0)
            return device;
    return NULL;
}

struct device *conf_cd(void)
{
    for (struct device *device = NULL; (device = port_next_device(device));)
        if (is_under_test(device) && device->usable && device->kind == DEVICE_ATAPI)
            return device;
    return NULL;
}

/* What became of the driver's controllers and channels, for one who misses a disk. */
static void note_channels(void)
{
    for (unsigned i = 0; i < port_controller_count; i++) {
        const struct controller *controller = &port_controllers[i];
        if (!conf_is_controller(controller))
            continue;
        if (controller->state != CONTROLLER_STARTED)
            conf_note("controller %u was not started: %s", i,
                      controller->failure ? controller->failure : "unknown");
        for (unsigned c = 0; c < controller->channel_count; c++)
            if (controller->channels[c] && controller->channels[c]->state == CHANNEL_FAILED)
                conf_note("channel %s was not started: %s", controller->channels[c]->name,
                          controller->channels[c]->failure);
    }
    for (struct device *device = NULL; (device = port_next_device(device));)
        if (is_under_test(device) && !device->usable)
            conf_note("channel %s target %u (%s) was identified, but is not used",
                      device->channel->name, device->target, device->model);
}

struct device *conf_need_disk(unsigned number)
{
    struct device *disk = conf_disk(number);
    if (!conf_ok(disk != NULL, "the driver serves the disk with serial number CONF%u", number))
        note_channels();
    return disk;
}

bool conf_transfer(struct device *device, enum block_operation operation, uint64_t lba,
                   uint64_t count, void *buffer)
{
    struct block_request block = {.device = device,
                                  .operation = operation,
                                  .lba = lba,
                                  .sector_count = count,
                                  .buffer = buffer};
    if (block_run(&block) == BLOCK_OK)
        return true;
    conf_note_block(&block);
    return false;
}

bool conf_writes(struct device *device)
{
    static uint8_t sector[4096];
    struct block_request block = {
        .device = device, .operation = BLOCK_WRITE, .lba = 1, .sector_count = 1, .buffer = sector};
    if (!conf_transfer(device, BLOCK_READ, 1, 1, sector))
        return false;
    return block_run(&block) == BLOCK_OK || block.request.irb_status != IRB_STATUS_INVALID_REQUEST;
}

/* ------------------------------------------------------------------ data */

void conf_digest(const struct device *device, uint64_t lba, uint64_t count, const void *data)
{
    struct sha256 state;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char text[2 * SHA256_DIGEST_SIZE + 1];

    sha256_begin(&state);
    sha256_update(&state, data, (size_t)(count * device->sector_size));
    sha256_end(&state, digest);
    sha256_print(digest, text);
    hal_printf("sha256 %s %llu %llu %s\n", device->kind == DEVICE_ATA ? device->serial : "CD",
               (unsigned long long)lba, (unsigned long long)count, text);
}

void conf_fill(void *buffer, size_t byte_count, uint32_t seed)
{
    uint8_t *bytes = buffer;
    uint32_t state = seed * 2654435761u | 1; /* Marsaglia's xorshift */
    for (size_t i = 0; i < byte_count; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes[i] = (uint8_t)(state >> 24);
    }
}

/* ------------------------------------------------------------------ start */

/* The host compares these lines with what it gave to QEMU. */
void conf_start(void)
{
    struct device *cd = conf_cd();
    bool any = false;
    for (unsigned number = 0; number < 4; number++) {
        const struct device *disk = conf_disk(number);
        if (!disk)
            continue;
        any = true;
        hal_printf("disk %s channel %s target %u sectors %llu of %u model %s\n", disk->serial,
                   disk->channel->name, disk->target, (unsigned long long)disk->sector_count,
                   disk->sector_size, disk->model);
    }
    if (!conf_ok(any, "the driver starts, and identifies at least one disk"))
        note_channels();
    if (cd)
        hal_printf("cd channel %s target %u sectors %llu of %u\n", cd->channel->name, cd->target,
                   (unsigned long long)cd->sector_count, cd->sector_size);
}

/* For the host: which controllers are bound to which driver, whatever became of them. */
static void conf_bound(void)
{
    for (unsigned i = 0; i < port_controller_count; i++) {
        const struct controller *controller = &port_controllers[i];
        hal_printf("bound %s %04x:%04x class %06x\n", controller->service, controller->vendor_id,
                   controller->device_id, (unsigned)controller->class_code);
    }
    conf_ok(true, "looked for controllers");
}

/* ------------------------------------------------------------------ errors */

/* QEMU fails reads of sector 1000 and writes of sector 3000 (tests/conformance/errors.t). */
#define BAD_READ  1000u
#define BAD_WRITE 3000u

static void expect_device_error(struct device *disk, enum block_operation operation, uint64_t lba,
                                uint64_t count, uint8_t *buffer, const char *what)
{
    struct block_request block = {.device = disk,
                                  .operation = operation,
                                  .lba = lba,
                                  .sector_count = count,
                                  .buffer = buffer};
    block_run(&block);
    if (!conf_ok(block.status == BLOCK_DEVICE_ERROR &&
                     block.request.irb_status == IRB_STATUS_DEVICE_ERROR &&
                     block.request.ata_status & IDE_STATUS_ERROR,
                 "%s ends with IRB_STATUS_DEVICE_ERROR, and AtaStatus has the error bit", what))
        conf_note_block(&block);
}

void conf_errors(void)
{
    uint8_t *buffer = hal_pages_alloc(CONF_BUFFER_BYTES / HAL_PAGE_SIZE, UINT64_MAX);
    struct device *disk = conf_need_disk(0);
    if (!disk || !conf_ok(buffer != NULL, "memory"))
        return;
    for (unsigned round = 0; round < 2; round++) {
        expect_device_error(disk, BLOCK_READ, BAD_READ, 1, buffer, "a read of a bad sector");
        conf_ok(conf_transfer(disk, BLOCK_READ, BAD_READ - 1, 1, buffer),
                "the sector before is read");
        conf_digest(disk, BAD_READ - 1, 1, buffer);
    }
    expect_device_error(disk, BLOCK_READ, BAD_READ - 100, 200, buffer,
                        "a long read with a bad sector in it");
    conf_ok(conf_transfer(disk, BLOCK_READ, BAD_READ + 1, 200, buffer), "those behind are read");
    conf_digest(disk, BAD_READ + 1, 200, buffer);
    if (!conf_writes(disk)) {
        conf_skip("writes that fail", "the driver does not write");
        return;
    }
    conf_fill(buffer, 512, 7);
    expect_device_error(disk, BLOCK_WRITE, BAD_WRITE, 1, buffer, "a write of a bad sector");
    conf_ok(conf_transfer(disk, BLOCK_WRITE, BAD_WRITE + 1, 1, buffer), "the next one is written");
    conf_digest(disk, BAD_WRITE + 1, 1, buffer);
}

/* ------------------------------------------------------------------ packet devices */

void conf_packet(void)
{
    uint8_t *buffer = hal_pages_alloc(CONF_BUFFER_BYTES / HAL_PAGE_SIZE, UINT64_MAX);
    struct device *cd = conf_cd();
    struct request request;
    uint8_t read_beyond[10] = {0x28, 0, 0xFF, 0xFF, 0xFF, 0xF0, 0, 0, 1}; /* READ(10) */

    if (!cd) {
        conf_skip("packet commands", "the driver uses no packet device");
        return;
    }
    conf_ok(cd->sector_count == 500 && cd->sector_size == 2048, "READ CAPACITY: %llu of %u bytes",
            (unsigned long long)cd->sector_count, cd->sector_size);
    conf_ok(conf_transfer(cd, BLOCK_READ, 0, 500, buffer), "the whole medium");
    conf_digest(cd, 0, 500, buffer);
    conf_ok(conf_transfer(cd, BLOCK_READ, 499, 1, buffer + 1),
            "the last sector, at an odd address");
    conf_digest(cd, 499, 1, buffer + 1);
    enum block_status status =
        atapi_command(cd, read_beyond, sizeof read_beyond, buffer, 2048, true, &request);
    if (!conf_ok(status == BLOCK_OUT_OF_RANGE && request.sense_valid,
                 "a read beyond the end: CHECK CONDITION, with sense data fetched"))
        conf_note("IRB status %s, sense data %s, key %x, code %02x",
                  irb_status_name(request.irb_status), request.sense_valid ? "valid" : "missing",
                  request.sense[2] & 0xF, request.sense[12]);
    conf_ok(conf_transfer(cd, BLOCK_READ, 100, 3, buffer), "the next read");
    conf_digest(cd, 100, 3, buffer);
    conf_ok(atapi_eject(cd, false) == BLOCK_OK, "the tray opens (no data)");
    conf_ok(block_transfer(cd, BLOCK_READ, 0, 1, buffer) == BLOCK_NO_MEDIUM, "nothing is in it");
    conf_ok(atapi_eject(cd, true) == BLOCK_OK, "it closes");
    conf_ok(conf_transfer(cd, BLOCK_READ, 7, 1, buffer), "and the medium is read again");
    conf_digest(cd, 7, 1, buffer);
}

/* ------------------------------------------------------------------ the list */

/* Into the log, where the host's report of the suite looks: where rules were broken, and the last
 * of the trace. */
static void log_line(const char *line)
{
    hal_log("trace %s\n", line);
}

static void log_end(void)
{
    for (const struct contract_place *place = NULL; (place = contract_next_place(place));)
        hal_log("broken %" PRIu64 " %s %s\n", place->count, contract_rule_id(place->rule),
                place->words);
    trace_show(LOGGED_ENTRIES, log_line);
}

static bool run(const char *name)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"bound", conf_bound},     {"start", conf_start},         {"read", conf_read},
        {"write", conf_write},     {"addresses", conf_addresses}, {"errors", conf_errors},
        {"timeout", conf_timeout}, {"slow", conf_slow},           {"reset", conf_reset},
        {"stop", conf_stop},       {"power", conf_power},         {"dump", conf_dump},
        {"packet", conf_packet},   {"versions", conf_versions},
    };
    for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++)
        if (strcmp(name, tests[i].name) == 0) {
            tests[i].run();
            return true;
        }
    static const char sweep[] = "sweep", without[] = "-without-reset", soak[] = "soak";
    if (strncmp(name, soak, sizeof soak - 1) == 0) {
        name += sizeof soak - 1;
        conf_soak(*name == ':' ? name + 1 : "");
        return true;
    }
    if (strncmp(name, sweep, sizeof sweep - 1) != 0)
        return false;
    name += sizeof sweep - 1;
    bool without_reset = strncmp(name, without, sizeof without - 1) == 0;
    name += without_reset ? sizeof without - 1 : 0;
    conf_sweep(*name == ':' ? name + 1 : "", without_reset);
    return true;
}

bool guest_conformance(const char *name)
{
    if (!run(name))
        return false;
    hal_printf("1..%u\n", checks_done);
    log_end();
    return true;
}
