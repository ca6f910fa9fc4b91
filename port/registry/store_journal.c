/* SPDX-License-Identifier: MIT */
/*
 * The store's transactions: a journal of changes, each with what it takes to undo it.
 *
 * Changes are undone last first. So an unlinked key or value can simply keep its neighbours: when
 * its turn comes, the list looks as it did right after it was unlinked, and linking it back between
 * them restores the list exactly. For the same reason rollback needs no memory and cannot fail.
 *
 * Owns the changes; keys and values that a transaction took away are freed here, at commit, and
 * those that it made, at rollback. Not entered from interrupts.
 */
#include "port/registry/store_internal.h"

/* ------------------------------------------------------------------ lists */

static void insert_key(struct store_key *key, struct store_key *previous, struct store_key *next)
{
    key->previous = previous;
    key->next = next;
    *(previous ? &previous->next : &key->parent->first_child) = key;
    *(next ? &next->previous : &key->parent->last_child) = key;
}

static void take_key_out(struct store_key *key)
{
    *(key->previous ? &key->previous->next : &key->parent->first_child) = key->next;
    *(key->next ? &key->next->previous : &key->parent->last_child) = key->previous;
}

void link_key(struct store *store, struct store_key *key, struct store_key *previous,
              struct store_key *next)
{
    insert_key(key, previous, next);
    table_insert(&store->keys, &store->memory, &key->link);
}

void unlink_key(struct store *store, struct store_key *key)
{
    take_key_out(key);
    table_remove(&store->keys, &key->link);
}

void move_key(struct store_key *key, struct store_key *previous, struct store_key *next)
{
    take_key_out(key);
    insert_key(key, previous, next);
}

void link_value(struct store *store, struct store_value *value, struct store_value *previous,
                struct store_value *next)
{
    value->previous = previous;
    value->next = next;
    *(previous ? &previous->next : &value->key->first_value) = value;
    *(next ? &next->previous : &value->key->last_value) = value;
    table_insert(&store->values, &store->memory, &value->link);
}

void unlink_value(struct store *store, struct store_value *value)
{
    *(value->previous ? &value->previous->next : &value->key->first_value) = value->next;
    *(value->next ? &value->next->previous : &value->key->last_value) = value->previous;
    table_remove(&store->values, &value->link);
}

/* ------------------------------------------------------------------ the journal */

struct store_change *change_alloc(struct store *store, enum store_change_kind kind,
                                  struct store_key *key)
{
    struct store_change *change = memory_alloc(&store->memory, sizeof(*change));
    if (change)
        *change = (struct store_change){.kind = kind, .key = key};
    return change;
}

void change_append(struct store *store, struct store_change *change)
{
    change->previous = store->last_change;
    *(store->last_change ? &store->last_change->next : &store->first_change) = change;
    store->last_change = change;
}

static void free_value(struct store *store, struct store_value *value)
{
    if (value)
        memory_free(&store->memory, value, value_block_byte_count(value));
}

static void free_key(struct store *store, struct store_key *key)
{
    memory_free(&store->memory, key, key_block_byte_count(key));
}

/* Frees an unlinked key with all below it. Always the first leaf goes, so there is no recursion. */
static void free_tree(struct store *store, struct store_key *top)
{
    struct store_key *key = top, *parent;

    if (!top)
        return;
    for (;;) {
        while (key->first_child)
            key = key->first_child;
        while (key->first_value) {
            struct store_value *value = key->first_value;
            unlink_value(store, value);
            free_value(store, value);
        }
        if (key == top)
            break;
        parent = key->parent;
        unlink_key(store, key);
        free_key(store, key);
        key = parent;
    }
    free_key(store, top);
}

static void finish(struct store *store, const struct store_change *change)
{
    switch (change->kind) {
    case CHANGE_SET_VALUE:
    case CHANGE_DELETE_VALUE:
        free_value(store, change->old_value);
        break;
    case CHANGE_DELETE_KEY:
        free_tree(store, change->old_key);
        break;
    case CHANGE_CREATE_KEY:
    case CHANGE_REVIVE_KEY:
    case CHANGE_MARK_KEY:
        break;
    }
}

static void undo(struct store *store, const struct store_change *change)
{
    switch (change->kind) {
    case CHANGE_SET_VALUE:
    case CHANGE_DELETE_VALUE:
        if (change->new_value) {
            unlink_value(store, change->new_value);
            free_value(store, change->new_value);
        }
        if (change->old_value)
            link_value(store, change->old_value, change->old_value->previous,
                       change->old_value->next);
        break;
    case CHANGE_CREATE_KEY:
    case CHANGE_DELETE_KEY:
        if (change->new_key) {
            unlink_key(store, change->new_key);
            free_key(store, change->new_key);
        }
        if (change->old_key)
            link_key(store, change->old_key, change->old_key->previous, change->old_key->next);
        break;
    case CHANGE_REVIVE_KEY:
        move_key(change->old_key, change->old_previous, change->old_next);
        change->old_key->is_deleted = true;
        change->old_key->layer = change->old_layer;
        break;
    case CHANGE_MARK_KEY:
        change->old_key->layer = change->old_layer;
        break;
    }
}

void store_begin(struct store *store)
{
    store->in_transaction = true;
}

void store_commit(struct store *store)
{
    struct store_change *change = store->first_change;

    while (change) {
        struct store_change *next = change->next;
        finish(store, change);
        memory_free(&store->memory, change, sizeof(*change));
        change = next;
    }
    store->first_change = store->last_change = NULL;
    store->in_transaction = false;
}

void store_rollback_to(struct store *store, const struct store_change *mark)
{
    while (store->last_change != mark) {
        struct store_change *change = store->last_change;
        undo(store, change);
        store->last_change = change->previous;
        *(change->previous ? &change->previous->next : &store->first_change) = NULL;
        memory_free(&store->memory, change, sizeof(*change));
    }
}

void store_rollback(struct store *store)
{
    store_rollback_to(store, NULL);
    store->in_transaction = false;
}
