/* SPDX-License-Identifier: MIT */
/* `partitions`: the partition table of a disk, and what lies in the partitions. */
#include "boot/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/filesystems.h"
#include "boot/numbers.h"
#include "boot/partitions.h"
#include "boot/transfer.h"

#define ISO_9660_DESCRIPTOR 16u /* sector of a CD */

static struct block_request request; /* the last one, for its description */

static bool read_sectors(struct device *device, uint64_t lba, uint64_t sector_count, void *buffer)
{
    request = (struct block_request){
        .device = device,
        .operation = BLOCK_READ,
        .lba = lba,
        .sector_count = sector_count,
        .buffer = buffer,
    };
    return block_run(&request) == BLOCK_OK;
}

/* For partitions_read. */
static bool read_sector(void *context, uint64_t lba, void *sector)
{
    struct device *device = context;
    void *buffer = transfer_buffer(0);

    if (!buffer || !read_sectors(device, lba, 1, buffer))
        return false;
    memcpy(sector, buffer, device->sector_size);
    return true;
}

/* What a partition or a whole disk begins with; false if it cannot be read or is not known. */
static bool probe(struct device *device, uint64_t lba, uint64_t sector_count,
                  struct filesystem *filesystem)
{
    uint8_t *head = transfer_buffer(0);
    uint64_t wanted = FILESYSTEM_HEAD_BYTES / device->sector_size;

    if (!head || lba >= device->sector_count || sector_count == 0)
        return false;
    if (sector_count > device->sector_count - lba)
        sector_count = device->sector_count - lba;
    memset(head, 0, FILESYSTEM_HEAD_BYTES);
    return read_sectors(device, lba, sector_count < wanted ? sector_count : wanted, head) &&
           filesystem_probe(head, filesystem);
}

static void print_filesystem(const struct filesystem *filesystem)
{
    hal_printf("%s%s%s%s", filesystem->name, filesystem->label[0] ? " \"" : "", filesystem->label,
               filesystem->label[0] ? "\"" : "");
}

static void print_type(const struct partition *partition, bool is_gpt)
{
    char type[48];

    if (partition->type)
        snprintf(type, sizeof type, "%s", partition->type);
    else if (is_gpt)
        snprintf(type, sizeof type, "%s", partition->guid);
    else
        snprintf(type, sizeof type, "type %02x", partition->mbr_type);
    hal_printf("%-24s", type);
}

static void print_partition(struct device *device, const struct partition *partition, bool is_gpt)
{
    struct filesystem filesystem;
    char size[SIZE_TEXT_CAPACITY] = "?";

    if (partition->sector_count <= number_divide(UINT64_MAX, device->sector_size))
        size_format(partition->sector_count * device->sector_size, size, sizeof size);
    hal_printf("%4u%c %12" PRIu64 " %12" PRIu64 " %10s  ", partition->number,
               partition->is_active ? '*' : ' ', partition->first_lba, partition->sector_count,
               size);
    print_type(partition, is_gpt);
    if (!partition->is_extended &&
        probe(device, partition->first_lba, partition->sector_count, &filesystem)) {
        hal_printf(" ");
        print_filesystem(&filesystem);
    }
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
    struct filesystem filesystem;
    bool is_gpt = table->scheme == PARTITION_SCHEME_GPT;

    if (table->scheme == PARTITION_SCHEME_NONE) {
        hal_printf("Disk %s has no partition table", device->name);
        if (probe(device, 0, device->sector_count, &filesystem)) {
            hal_printf("; all of it is one file system, ");
            print_filesystem(&filesystem);
        }
        hal_printf(".\n");
        return;
    }
    hal_printf("Disk %s has %s, %u partition%s\n", device->name,
               is_gpt ? "a GUID partition table" : "an MBR", table->count,
               table->count == 1 ? "" : "s");
    if (table->count > 0)
        hal_printf("%4s  %12s %12s %10s  %-24s %s\n", "NO", "FIRST SECTOR", "SECTORS", "SIZE",
                   "TYPE", "FILE SYSTEM");
    for (unsigned i = 0; i < table->count; i++)
        print_partition(device, &table->partitions[i], is_gpt);
}

/* A CD has no partitions as a rule, but a file system at a fixed place. */
static enum command_result print_cd(struct device *device)
{
    struct filesystem filesystem;
    enum block_status status = atapi_read_capacity(device);
    uint8_t *sector = transfer_buffer(0);

    if (status != BLOCK_OK)
        return block_status_fail(device, status);
    if (!sector)
        return COMMAND_FAILED;
    if (device->sector_size < 2048 || device->sector_count <= ISO_9660_DESCRIPTOR) {
        hal_printf("The medium in %s has no file system that is known here.\n", device->name);
        return COMMAND_DONE;
    }
    if (!read_sectors(device, ISO_9660_DESCRIPTOR, 1, sector))
        return block_fail(&request);
    if (!filesystem_probe_cd(sector, &filesystem)) {
        hal_printf("The medium in %s has no file system that is known here.\n", device->name);
        return COMMAND_DONE;
    }
    hal_printf("The medium in %s is one file system, ", device->name);
    print_filesystem(&filesystem);
    hal_printf(".\n");
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
        if (table.count > 0)
            print_table(device, &table);
        return block_fail(&failed);
    }
    print_table(device, &table);
    print_problems(&table);
    return COMMAND_DONE;
}
