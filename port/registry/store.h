/* SPDX-License-Identifier: MIT */
/*
 * The registry in memory: a tree of keys with values, changed in transactions.
 *
 * Owns: every key and value, and the journal of the running transaction. May not: know of files,
 * drivers or the machine; recurse. Not entered from interrupts. Memory comes from registry/memory.
 *
 * Bounds: a look-up costs one hash and, on average, at most two comparisons for each component of
 * the path, whatever the size of the registry. Setting and deleting cost a look-up and a few list
 * steps; deleting a key costs, when the transaction is committed, a few steps for each key and
 * value that goes. Names: registry/name.h. Data: STORE_MAX_DATA. Size: what pages_alloc gives.
 *
 * Layers. Built-in defaults, the drivers' .reg files and the hive's file are loaded in this order;
 * a later one wins. Since only the file is ever written, and must mean the same over other layers
 * (another driver tomorrow), the store remembers what the file layer said: `layer` on keys and
 * values, deleted values and keys as tombstones (`is_deleted`), and keys whose whole tree the file
 * deleted before it said anything else about them (`is_cut`). Tombstones are left by
 * STORE_LAYER_FILE only, and never below a cut key, where nothing of other layers can show. The
 * look-ups and walks below skip tombstones.
 */
#ifndef PORT_REGISTRY_STORE_H
#define PORT_REGISTRY_STORE_H

#include "port/registry/memory.h"
#include "port/registry/name.h"

#define STORE_MAX_DATA (1u << 20) /* bytes of a value */

/* Types of values, as in every .reg file. Any other 32-bit number is kept as it is. */
#define REGISTRY_SZ        1u
#define REGISTRY_EXPAND_SZ 2u
#define REGISTRY_BINARY    3u
#define REGISTRY_DWORD     4u
#define REGISTRY_MULTI_SZ  7u

enum store_layer {
    STORE_LAYER_DEFAULTS, /* built in */
    STORE_LAYER_DRIVER,   /* the .reg file beside a driver */
    STORE_LAYER_FILE,     /* the hive's file, and all that happens while the system runs */
};

enum store_result {
    STORE_OK,
    STORE_NO_MEMORY,
    STORE_BAD_ROOT, /* the path does not begin with a root key */
    STORE_BAD_NAME, /* empty, too long, no UTF-8, control characters */
    STORE_TOO_DEEP, /* over REGISTRY_MAX_DEPTH */
    STORE_TOO_LONG, /* data over STORE_MAX_DATA */
    STORE_IS_ROOT,  /* root keys cannot be deleted */
};

/* A sentence for people, without a full stop. */
const char *store_result_words(enum store_result result);

/* What a hash table links. */
struct store_link {
    struct store_link *next;
    uint32_t hash;
};

struct store_value {
    struct store_link link; /* first */
    struct store_key *key;
    struct store_value *previous, *next; /* in the key's list */
    uint32_t type, byte_count;
    uint16_t name_byte_count;
    uint8_t layer;
    bool is_deleted;
    char bytes[]; /* name, then data */
};

struct store_key {
    struct store_link link; /* first */
    struct store_key *parent;
    struct store_key *previous, *next; /* in the parent's list */
    struct store_key *first_child, *last_child;
    struct store_value *first_value, *last_value;
    uint16_t name_byte_count;
    uint8_t depth; /* 1: a root key; 0: the invisible key above these */
    uint8_t layer;
    bool is_deleted, is_cut;
    char name[];
};

/* One entry of the journal: what was done, and all that is needed to undo it. */
enum store_change_kind {
    CHANGE_SET_VALUE,    /* new_value in place of old_value (or NULL) */
    CHANGE_DELETE_VALUE, /* old_value is gone (or NULL), new_value is its tombstone (or NULL) */
    CHANGE_CREATE_KEY,   /* new_key; it may be a tombstone, to hold others */
    CHANGE_REVIVE_KEY,   /* old_key was a tombstone, and was moved to the end of its list */
    CHANGE_MARK_KEY,     /* a later layer named old_key */
    CHANGE_DELETE_KEY,   /* old_key is gone (or NULL), new_key is its tombstone (or NULL) */
};

struct store_change {
    struct store_change *previous, *next;
    enum store_change_kind kind;
    uint8_t old_layer;
    bool made_live;        /* CHANGE_CREATE_KEY: not as a tombstone */
    struct store_key *key; /* whose list was changed: a value's key, a key's parent */
    union {
        struct {
            struct store_value *new_value, *old_value;
        };
        struct {
            struct store_key *new_key, *old_key;
            struct store_key *old_previous, *old_next;
        };
    };
};

/* Linear hashing: the table grows by one bucket at a time and never moves. Segment 0 holds the
 * first page of buckets, every further segment as many as all before it. */
#define STORE_TABLE_SEGMENTS 16u

struct store_table {
    struct store_link **segments[STORE_TABLE_SEGMENTS];
    uint32_t bucket_count, link_count;
};

struct store {
    struct memory memory;
    struct store_table keys, values;
    struct store_key *top;  /* the invisible key above the root keys */
    enum store_layer layer; /* of what is being set and deleted now; the owner's to set */
    bool in_transaction;
    struct store_change *first_change, *last_change;
};

/* False: there is not even memory for an empty registry. */
bool store_init(struct store *store, const struct memory_operations *operations);

/* ------------------------------------------------------------------ reading */

/* The key or value, NULL if there is none; root keys always exist. Paths may begin with a root
 * key's short name (HKLM\...), and name the first control set (HKLM\SYSTEM\ControlSet001\...) for
 * the current one.
 */
struct store_key *store_find_key(const struct store *store, struct registry_name path);
struct store_key *store_find_child(const struct store *store, const struct store_key *key,
                                   struct registry_name name);
struct store_value *store_find_value(const struct store *store, const struct store_key *key,
                                     struct registry_name name);

/* Walks in the order in which things were first set. NULL as `after` begins; NULL at the end.
 * store->top is the parent of the root keys. Nothing may be changed during a walk. */
struct store_key *store_next_child(const struct store_key *key, const struct store_key *after);
struct store_value *store_next_value(const struct store_key *key, const struct store_value *after);

/* The next key below `top`, parents first, tombstones included; `top` itself begins. NULL at the
 * end. */
struct store_key *store_walk(const struct store_key *top, const struct store_key *key);

static inline struct registry_name store_key_name(const struct store_key *key)
{
    return (struct registry_name){key->name, key->name_byte_count};
}
static inline struct registry_name store_value_name(const struct store_value *value)
{
    return (struct registry_name){value->bytes, value->name_byte_count};
}
static inline void *store_value_data(const struct store_value *value)
{
    return (void *)(value->bytes + value->name_byte_count);
}

/* ------------------------------------------------------------------ changing */

/* Every change is all or nothing: with any other result than STORE_OK, nothing has changed. Outside
 * a transaction each call is one of its own. */

/* Makes the key and its parents where they are missing. */
enum store_result store_create_key(struct store *store, struct registry_name path,
                                   struct store_key **key);

/* Makes or replaces a value of `key`, which must not be deleted. *data, of byte_count bytes, is for
 * the caller to fill in: at once. */
enum store_result store_put_value(struct store *store, struct store_key *key,
                                  struct registry_name name, uint32_t type, size_t byte_count,
                                  void **data);

/* Both, and copies the data. A value that the present layer has set to just this stays as it is,
 * and nothing enters the journal. */
enum store_result store_set_value(struct store *store, struct registry_name path,
                                  struct registry_name name, uint32_t type, const void *data,
                                  size_t byte_count);

/* Afterwards there is no such value of `key`, which must not be deleted. */
enum store_result store_delete_value(struct store *store, struct store_key *key,
                                     struct registry_name name);

/* Afterwards there is no such key, nor anything below it. */
enum store_result store_delete_key(struct store *store, struct registry_name path);

/* ------------------------------------------------------------------ transactions */

/* Between begin and commit changes are visible at once; rollback takes all of them back and cannot
 * fail. The journal (first_change) tells what was done, in order; every key and value that it names
 * stays in memory until the end. Transactions do not nest. */
void store_begin(struct store *store);
void store_commit(struct store *store);
void store_rollback(struct store *store);

/* Takes back what was done since the journal ended with `mark` (store->last_change, then). */
void store_rollback_to(struct store *store, const struct store_change *mark);

#endif
