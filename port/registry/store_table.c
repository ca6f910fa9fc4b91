/* SPDX-License-Identifier: MIT */
/*
 * The store's hash tables: linear hashing with segments.
 *
 * A table grows by one bucket with an insertion, when there are more links than buckets: one old
 * bucket is split, so no insertion ever rehashes the whole table, and no link ever moves in memory.
 * Owns the segments. May not look into names. Not entered from interrupts.
 */
#include "port/registry/store_internal.h"

#define FIRST_SEGMENT_BUCKETS (MEMORY_PAGE_SIZE / sizeof(struct store_link *))
#define MAX_BUCKETS           (FIRST_SEGMENT_BUCKETS << (STORE_TABLE_SEGMENTS - 1))

/* Segment 0 has the buckets below FIRST_SEGMENT_BUCKETS, segment n >= 1 the FIRST_SEGMENT_BUCKETS *
 * 2^(n-1) buckets from that number on. */
static unsigned segment_of(size_t bucket, size_t *first_bucket)
{
    unsigned segment;

    *first_bucket = 0;
    if (bucket < FIRST_SEGMENT_BUCKETS)
        return 0;
    segment = 32u - (unsigned)__builtin_clz((unsigned)(bucket / FIRST_SEGMENT_BUCKETS));
    *first_bucket = FIRST_SEGMENT_BUCKETS << (segment - 1);
    return segment;
}

static struct store_link **bucket_at(const struct store_table *table, size_t bucket)
{
    size_t first;
    unsigned segment = segment_of(bucket, &first);
    return &table->segments[segment][bucket - first];
}

/* Smallest power of two that is at least the number of buckets. */
static uint32_t round_up_to_power(uint32_t bucket_count)
{
    return (uint32_t)1 << (32 - __builtin_clz(bucket_count - 1));
}

/* Buckets from bucket_count up to the next power of two do not exist yet: their links are still in
 * the bucket without the highest bit. */
static size_t bucket_of(const struct store_table *table, uint32_t hash)
{
    uint32_t power = round_up_to_power(table->bucket_count);
    uint32_t bucket = hash & (power - 1);
    return bucket < table->bucket_count ? bucket : bucket & (power / 2 - 1);
}

static bool add_segment(struct store_table *table, struct memory *memory, unsigned segment,
                        size_t bucket_count)
{
    size_t byte_count = bucket_count * sizeof(struct store_link *);
    table->segments[segment] = memory_pages(memory, byte_count / MEMORY_PAGE_SIZE);
    return table->segments[segment];
}

bool table_init(struct store_table *table, struct memory *memory)
{
    *table = (struct store_table){0};
    if (!add_segment(table, memory, 0, FIRST_SEGMENT_BUCKETS))
        return false;
    table->bucket_count = FIRST_SEGMENT_BUCKETS;
    return true;
}

static void grow(struct store_table *table, struct memory *memory)
{
    size_t bucket = table->bucket_count, first;
    struct store_link **from, **to;
    unsigned segment;

    if (bucket == MAX_BUCKETS)
        return;
    segment = segment_of(bucket, &first);
    if (!table->segments[segment] && !add_segment(table, memory, segment, first))
        return;
    from = bucket_at(table, bucket - round_up_to_power((uint32_t)bucket + 1) / 2);
    to = bucket_at(table, bucket);
    table->bucket_count++;
    while (*from) {
        struct store_link *link = *from;
        if (bucket_of(table, link->hash) == bucket) {
            *from = link->next;
            link->next = *to;
            *to = link;
        } else {
            from = &link->next;
        }
    }
}

struct store_link *table_chain(const struct store_table *table, uint32_t hash)
{
    return *bucket_at(table, bucket_of(table, hash));
}

void table_insert(struct store_table *table, struct memory *memory, struct store_link *link)
{
    struct store_link **bucket;

    if (++table->link_count > table->bucket_count)
        grow(table, memory);
    bucket = bucket_at(table, bucket_of(table, link->hash));
    link->next = *bucket;
    *bucket = link;
}

void table_remove(struct store_table *table, struct store_link *link)
{
    struct store_link **at = bucket_at(table, bucket_of(table, link->hash));

    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    table->link_count--;
}
