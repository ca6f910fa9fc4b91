/* SPDX-License-Identifier: MIT */
/*
 * What the three files of the store share: the hash tables and the journal. For store*.c only.
 */
#ifndef PORT_REGISTRY_STORE_INTERNAL_H
#define PORT_REGISTRY_STORE_INTERNAL_H

#include "port/registry/store.h"

/* store_table.c. An insertion never fails: when there is no page for a larger table, chains grow.
 */
bool table_init(struct store_table *table, struct memory *memory);
struct store_link *table_chain(const struct store_table *table, uint32_t hash);
void table_insert(struct store_table *table, struct memory *memory, struct store_link *link);
void table_remove(struct store_table *table, struct store_link *link);

/* store_journal.c: links and unlinks, tables included. An unlinked key or value remembers its
 * neighbours, and link_* between them puts it back. */
void link_key(struct store *store, struct store_key *key, struct store_key *previous,
              struct store_key *next);
void unlink_key(struct store *store, struct store_key *key);
void link_value(struct store *store, struct store_value *value, struct store_value *previous,
                struct store_value *next);
void unlink_value(struct store *store, struct store_value *value);
/* Moves a linked key to another place in its list; its table stays as it is. */
void move_key(struct store_key *key, struct store_key *previous, struct store_key *next);

/* A zeroed change that is not in the journal yet; NULL: no memory. */
struct store_change *change_alloc(struct store *store, enum store_change_kind kind,
                                  struct store_key *key);
void change_append(struct store *store, struct store_change *change);

static inline size_t value_block_byte_count(const struct store_value *value)
{
    return sizeof(*value) + value->name_byte_count + value->byte_count;
}
static inline size_t key_block_byte_count(const struct store_key *key)
{
    return sizeof(*key) + key->name_byte_count;
}

#endif
