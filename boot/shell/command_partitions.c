/* SPDX-License-Identifier: MIT */
/* `partitions`: the partition table of a disk, and what lies in the partitions. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "boot/shell/filesystems.h"
#include "boot/shell/numbers.h"
#include "boot/shell/partitions.h"
#include "boot/shell/transfer.h"
#include "lib/plural.h"
#include "port/block.h"
#include "port/objects.h"

static struct block_request request; /* the last one, for its description */

/* Reads into the first transfer buffer. False: no memory for it, or the device failed. */
static bool read_sectors(struct device *device, uint64_t lba, uint64_t sector_count)
{
    request = (struct block_request){
        .device = device,
        .operation = BLOCK_READ,
        .lba = lba,
        .sector_count = sector_count,
        .buffer = transfer_buffer(0),
    };
    return request.buffer && block_run(&request) == BLOCK_OK;
}

/* For partitions_read. */
static bool read_sector(void *context, uint64_t lba, void *sector)
{
    struct device *device = context;

    if (!read_sectors(device, lba, 1))
        return false;
    memcpy(sector, request.buffer, device->sector_size);
    return true;
}

/* A partition, or the whole of a disk. */
struct part {
    struct device *device;
    uint64_t first_lba;
};

/* For filesystem_probe. */
static bool read_bytes(void *context, uint64_t offset, void *bytes, size_t count)
{
    const struct part *part = context;
    uint32_t sector_size = part->device->sector_size;
    uint64_t sector = number_divide(offset, sector_size);

    if (!read_sectors(part->device, part->first_lba + sector, 1))
        return false;
    memcpy(bytes, (uint8_t *)request.buffer + (offset - sector * sector_size), count);
    return true;
}

static enum filesystem_result probe(struct device *device, uint64_t first_lba,
                                    uint64_t sector_count, struct filesystem *filesystem)
{
    struct part part = {.device = device, .first_lba = first_lba};

    if (first_lba >= device->sector_count)
        return FILESYSTEM_UNKNOWN;
    if (sector_count > device->sector_count - first_lba)
        sector_count = device->sector_count - first_lba;
    struct filesystem_source source = {
        .read = read_bytes,
        .context = &part,
        .byte_count = sector_count * device->sector_size,
    };
    return filesystem_probe(&source, filesystem);
}

static void print_filesystem(const struct filesystem *filesystem)
{
    hal_printf("%s%s%s%s", filesystem->name, filesystem->label[0] ? " \"" : "", filesystem->label,
               filesystem->label[0] ? "\"" : "");
    if (filesystem->also)
        hal_printf(" or %s (it has the marks of both)", filesystem->also);
}

/* Behind the type of a partition. */
static void print_content(struct device *device, const struct partition *partition)
{
    struct filesystem filesystem;

    switch (probe(device, partition->first_lba, partition->sector_count, &filesystem)) {
    case FILESYSTEM_UNKNOWN:
        break;
    case FILESYSTEM_FOUND:
        hal_printf(" ");
        print_filesystem(&filesystem);
        break;
    case FILESYSTEM_UNREADABLE:
        hal_printf(" cannot be read");
        break;
    }
}

static void print_type(const struct partition *partition, bool is_gpt)
{
    char type[48];

    if (partition->type)
        snprintf(type, sizeof type, "%s", partition->type);
    else if (is_gpt)
        snprintf(type, sizeof type, "%s", partition->guid);
    else
        snprintf(type, sizeof type, "type 0x%02x", partition->mbr_type);
    hal_printf("%-24s", type);
}

static void print_partition(struct device *device, const struct partition *partition, bool is_gpt)
{
    char size[SIZE_TEXT_CAPACITY] = "?";

    if (partition->sector_count <= number_divide(UINT64_MAX, device->sector_size))
        size_format(partition->sector_count * device->sector_size, size, sizeof size);
    hal_printf("%4u%c %12" PRIu64 " %12" PRIu64 " %10s  ", partition->number,
               partition->is_active ? '*' : ' ', partition->first_lba, partition->sector_count,
               size);
    print_type(partition, is_gpt);
    if (!partition->is_extended)
        print_content(device, partition);
    if (partition->name[0])
        hal_printf(" (%s)", partition->name);
    hal_printf("\n");
}

static void print_problems(const struct partition_table *table)
{
    for (unsigned i = 0; i < table->problem_count && i < PARTITION_PROBLEMS_MAX; i++)
        hal_printf("%s\n", table->problems[i]);
    if (table->problem_count > PARTITION_PROBLEMS_MAX)
        hal_printf("%u more things are wrong.\n", table->problem_count - PARTITION_PROBLEMS_MAX);
}

static void print_table(struct device *device, const struct partition_table *table)
{
    bool is_gpt = table->scheme == PARTITION_SCHEME_GPT;

    hal_printf("Disk %s has %s, %u partition%s\n", device->name,
               is_gpt ? "a GUID partition table" : "an MBR", table->count, plural(table->count));
    if (table->count > 0)
        hal_printf("%4s  %12s %12s %10s  %-24s %s\n", "NO", "FIRST SECTOR", "SECTORS", "SIZE",
                   "TYPE", "FILE SYSTEM");
    for (unsigned i = 0; i < table->count; i++)
        print_partition(device, &table->partitions[i], is_gpt);
}

/* A disk whose first sector has the form of an MBR can begin with a file system all the same: as
 * its boot sector, or as a table that is there beside it. */
static enum command_result print_disk(struct device *device, const struct partition_table *table)
{
    struct filesystem filesystem;

    if (table->foreign) {
        hal_printf("Disk %s has %s, which is not read here.\n", device->name, table->foreign);
        return COMMAND_DONE;
    }
    enum filesystem_result result = probe(device, 0, device->sector_count, &filesystem);
    if (result == FILESYSTEM_UNREADABLE && table->scheme == PARTITION_SCHEME_NONE)
        return block_fail(&request);
    if (table->scheme != PARTITION_SCHEME_NONE &&
        !(result == FILESYSTEM_FOUND && table->is_doubtful)) {
        print_table(device, table);
        print_problems(table);
        if (result == FILESYSTEM_FOUND) {
            hal_printf("The disk as a whole is a file system too, ");
            print_filesystem(&filesystem);
            hal_printf(".\n");
        }
        return COMMAND_DONE;
    }
    hal_printf("Disk %s has no partition table", device->name);
    if (result == FILESYSTEM_FOUND) {
        hal_printf("; all of it is one file system, ");
        print_filesystem(&filesystem);
        hal_printf(".\n");
    } else {
        hal_printf(".\n");
        print_problems(table);
    }
    return COMMAND_DONE;
}

/* A CD has no partitions as a rule. */
static enum command_result print_cd(struct device *device)
{
    struct filesystem filesystem;
    enum block_status status = atapi_read_capacity(device);

    if (status != BLOCK_OK)
        return block_status_fail(device, status);
    switch (probe(device, 0, device->sector_count, &filesystem)) {
    case FILESYSTEM_UNREADABLE:
        return block_fail(&request);
    case FILESYSTEM_FOUND:
        hal_printf("The medium in %s is one file system, ", device->name);
        print_filesystem(&filesystem);
        hal_printf(".\n");
        break;
    case FILESYSTEM_UNKNOWN:
        hal_printf("The medium in %s has no file system that is known here.\n", device->name);
        break;
    }
    return COMMAND_DONE;
}

enum command_result command_partitions(unsigned count, char **words)
{
    static struct partition_table table;

    if (count != 2)
        return COMMAND_BAD_ARGUMENTS;
    struct device *device = argument_device(words[1]);
    if (!device)
        return COMMAND_FAILED;
    if (!transfer_buffer(0)) /* which says why */
        return COMMAND_FAILED;
    if (device->kind == DEVICE_ATAPI)
        return print_cd(device);

    struct partition_source source = {
        .read = read_sector,
        .context = device,
        .sector_bytes = device->sector_size,
        .sector_count = device->sector_count,
    };
    if (!partitions_read(&source, &table)) {
        struct block_request failed = request;
        if (table.scheme != PARTITION_SCHEME_NONE)
            print_table(device, &table);
        return block_fail(&failed);
    }
    return print_disk(device, &table);
}
