/* SPDX-License-Identifier: MIT */
/* Filling in a struct partition_table; see partitions_internal.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boot/shell/partitions_internal.h"
#include "lib/plural.h"

bool partition_read_sector(const struct partition_source *source, struct partition_table *table,
                           uint64_t lba)
{
    return source->read(source->context, lba, table->sector);
}

void partition_problem(struct partition_table *table, const char *format, ...)
{
    if (table->problem_count < PARTITION_PROBLEMS_MAX) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(table->problems[table->problem_count], PARTITION_PROBLEM_CAPACITY, format,
                  arguments);
        va_end(arguments);
    }
    table->problem_count++;
}

struct partition *partition_add(const struct partition_source *source,
                                struct partition_table *table, unsigned number, uint64_t first_lba,
                                uint64_t sector_count)
{
    if (table->count == PARTITIONS_MAX) {
        partition_problem(
            table, "Partition %u and those after it are not shown: there are too many.", number);
        return NULL;
    }
    struct partition *partition = &table->partitions[table->count++];
    memset(partition, 0, sizeof *partition);
    partition->number = number;
    partition->first_lba = first_lba;
    partition->sector_count = sector_count;

    if (sector_count == 0)
        partition_problem(table, "Partition %u has no sectors.", number);
    else if (first_lba == 0)
        partition_problem(table, "Partition %u begins at sector 0, where the table itself is.",
                          number);
    else if (first_lba >= source->sector_count)
        partition_problem(table,
                          "Partition %u begins at sector %" PRIu64 ", beyond the disk's end.",
                          number, first_lba);
    else if (sector_count > source->sector_count - first_lba)
        partition_problem(table, "Partition %u ends %" PRIu64 " sector%s beyond the disk's end.",
                          number, sector_count - (source->sector_count - first_lba),
                          plural(sector_count - (source->sector_count - first_lba)));
    return partition;
}
