/* SPDX-License-Identifier: MIT */
/*
 * The registry in memory: look-ups and changes; see store.h.
 *
 * Owns the tree. May not recurse. Not entered from interrupts.
 */
#include "port/registry/store_internal.h"

const char *store_result_words(enum store_result result)
{
    switch (result) {
    case STORE_OK:
        return "done";
    case STORE_NO_MEMORY:
        return "there is no memory left for the registry";
    case STORE_BAD_ROOT:
        return "a key begins with HKEY_LOCAL_MACHINE (HKLM) or another root key";
    case STORE_BAD_NAME:
        return "names have at most 255 characters, keys at least one, and none a control character";
    case STORE_TOO_DEEP:
        return "keys are nested at most 32 deep";
    case STORE_TOO_LONG:
        return "a value has at most 1048576 bytes";
    case STORE_IS_ROOT:
        return "a root key cannot be deleted";
    }
    return "";
}

/* ------------------------------------------------------------------ nodes */

static struct store_key *new_key(struct store *store, struct store_key *parent,
                                 struct registry_name name, uint32_t hash)
{
    struct store_key *key = memory_alloc(&store->memory, sizeof(*key) + name.byte_count);

    if (!key)
        return NULL;
    *key = (struct store_key){
        .link.hash = hash,
        .parent = parent,
        .name_byte_count = (uint16_t)name.byte_count,
        .depth = parent ? (uint8_t)(parent->depth + 1) : 0,
        .layer = (uint8_t)store->layer,
    };
    memcpy(key->name, name.text, name.byte_count);
    return key;
}

static struct store_value *new_value(struct store *store, struct store_key *key,
                                     struct registry_name name, size_t byte_count)
{
    struct store_value *value =
        memory_alloc(&store->memory, sizeof(*value) + name.byte_count + byte_count);

    if (!value)
        return NULL;
    *value = (struct store_value){
        .link.hash = name_hash(name, key->link.hash),
        .key = key,
        .byte_count = (uint32_t)byte_count,
        .name_byte_count = (uint16_t)name.byte_count,
        .layer = (uint8_t)store->layer,
    };
    memcpy(value->bytes, name.text, name.byte_count);
    return value;
}

/* ------------------------------------------------------------------ look-ups */

/* Tombstones included. */
static struct store_key *find_child(const struct store *store, const struct store_key *parent,
                                    struct registry_name name, uint32_t hash)
{
    for (struct store_link *link = table_chain(&store->keys, hash); link; link = link->next) {
        struct store_key *key = (struct store_key *)link;
        if (link->hash == hash && key->parent == parent && names_equal(store_key_name(key), name))
            return key;
    }
    return NULL;
}

static struct store_value *find_value(const struct store *store, const struct store_key *key,
                                      struct registry_name name)
{
    uint32_t hash = name_hash(name, key->link.hash);

    for (struct store_link *link = table_chain(&store->values, hash); link; link = link->next) {
        struct store_value *value = (struct store_value *)link;
        if (link->hash == hash && value->key == key && names_equal(store_value_name(value), name))
            return value;
    }
    return NULL;
}

struct store_key *store_find_child(const struct store *store, const struct store_key *key,
                                   struct registry_name name)
{
    struct store_key *child = find_child(store, key, name, name_hash(name, key->link.hash));
    return child && !child->is_deleted ? child : NULL;
}

struct store_value *store_find_value(const struct store *store, const struct store_key *key,
                                     struct registry_name name)
{
    struct store_value *value = find_value(store, key, name);
    return value && !value->is_deleted ? value : NULL;
}

/* What a name on a path means below `parent`: root keys have short names, too, and the first
 * control set is the current one, as in Windows, where that is a link. The text is NULL if there is
 * no such root key. */
static struct registry_name resolve(const struct store *store, const struct store_key *parent,
                                    struct registry_name name)
{
    if (parent == store->top) {
        const char *root = root_key_name(name);
        return root ? registry_name(root) : (struct registry_name){0};
    }
    if (parent->depth == 2 && parent->parent == store->top->first_child &&
        names_equal(name, registry_name("ControlSet001")) &&
        names_equal(store_key_name(parent), registry_name("SYSTEM")))
        return registry_name("CurrentControlSet");
    return name;
}

struct store_key *store_find_key(const struct store *store, struct registry_name path)
{
    struct store_key *key = store->top;
    struct registry_name name;

    while (path_next(&path, &name)) {
        name = resolve(store, key, name);
        if (!name.text)
            return NULL;
        key = store_find_child(store, key, name);
        if (!key)
            return NULL;
    }
    return key == store->top ? NULL : key;
}

struct store_key *store_next_child(const struct store_key *key, const struct store_key *after)
{
    struct store_key *child = after ? after->next : key->first_child;
    while (child && child->is_deleted)
        child = child->next;
    return child;
}

struct store_value *store_next_value(const struct store_key *key, const struct store_value *after)
{
    struct store_value *value = after ? after->next : key->first_value;
    while (value && value->is_deleted)
        value = value->next;
    return value;
}

struct store_key *store_walk(const struct store_key *top, const struct store_key *key)
{
    if (key->first_child)
        return key->first_child;
    while (key != top) {
        if (key->next)
            return key->next;
        key = key->parent;
    }
    return NULL;
}

/* ------------------------------------------------------------------ changes: keys */

/* Can nothing of other layers show in this key, since the file layer cut it or a key above it? */
static bool is_below_cut(const struct store_key *key)
{
    for (; key; key = key->parent) {
        if (key->is_cut)
            return true;
    }
    return false;
}

static bool leaves_tombstones(const struct store *store, const struct store_key *key)
{
    return store->layer == STORE_LAYER_FILE && !is_below_cut(key);
}

static bool create_child(struct store *store, struct store_key *parent, struct registry_name name,
                         uint32_t hash, bool live, struct store_key **child)
{
    struct store_change *change = change_alloc(store, CHANGE_CREATE_KEY, parent);

    if (!change)
        return false;
    *child = new_key(store, parent, name, hash);
    if (!*child) {
        memory_free(&store->memory, change, sizeof(*change));
        return false;
    }
    (*child)->is_deleted = !live;
    change->made_live = live;
    change->new_key = *child;
    change_append(store, change);
    link_key(store, *child, parent->last_child, NULL);
    return true;
}

static bool revive_key(struct store *store, struct store_key *key)
{
    struct store_change *change = change_alloc(store, CHANGE_REVIVE_KEY, key->parent);

    if (!change)
        return false;
    change->old_key = key;
    change->old_layer = key->layer;
    change->old_previous = key->previous;
    change->old_next = key->next;
    change_append(store, change);
    if (key->next)
        move_key(key, key->parent->last_child, NULL);
    key->is_deleted = false;
    key->layer = (uint8_t)store->layer;
    return true;
}

static bool mark_key(struct store *store, struct store_key *key)
{
    struct store_change *change;

    if (key->layer >= store->layer)
        return true;
    change = change_alloc(store, CHANGE_MARK_KEY, key->parent);
    if (!change)
        return false;
    change->old_key = key;
    change->old_layer = key->layer;
    change_append(store, change);
    key->layer = (uint8_t)store->layer;
    return true;
}

/* Marks a key and all above it as named by the present layer, from the top down. */
static bool mark_path(struct store *store, struct store_key *key)
{
    struct store_key *path[REGISTRY_MAX_DEPTH];
    unsigned depth = 0;

    /* A key's parents are of its layer or of a later one. */
    for (; key->depth > 0 && key->layer < store->layer; key = key->parent)
        path[depth++] = key;
    while (depth > 0) {
        if (!mark_key(store, path[--depth]))
            return false;
    }
    return true;
}

static enum store_result check_path(struct registry_name path)
{
    enum store_result result = STORE_BAD_ROOT;
    struct registry_name name;
    unsigned depth = 0;

    while (path_next(&path, &name)) {
        if (++depth > REGISTRY_MAX_DEPTH)
            return STORE_TOO_DEEP;
        if (depth == 1 && !root_key_name(name))
            return STORE_BAD_ROOT;
        if (key_name_fault(name) != NAME_GOOD)
            return STORE_BAD_NAME;
        result = STORE_OK;
    }
    return result;
}

/* Takes one step down a path that was checked, and gives a root key its full name. *child is NULL
 * if there is no such key, not even a tombstone. False at the end of the path. */
static bool step_down(const struct store *store, const struct store_key *parent,
                      struct registry_name *path, struct registry_name *name, uint32_t *hash,
                      struct store_key **child)
{
    if (!path_next(path, name))
        return false;
    *name = resolve(store, parent, *name);
    *hash = name_hash(*name, parent->link.hash);
    *child = find_child(store, parent, *name, *hash);
    return true;
}

static enum store_result create_path(struct store *store, struct registry_name path,
                                     struct store_key **result)
{
    enum store_result fault = check_path(path);
    struct store_key *parent = store->top, *child;
    struct registry_name name;
    uint32_t hash;
    bool done;

    if (fault != STORE_OK)
        return fault;
    while (step_down(store, parent, &path, &name, &hash, &child)) {
        if (!child)
            done = create_child(store, parent, name, hash, true, &child);
        else if (child->is_deleted)
            done = revive_key(store, child);
        else
            done = mark_key(store, child);
        if (!done)
            return STORE_NO_MEMORY;
        parent = child;
    }
    *result = parent;
    return STORE_OK;
}

/* Takes `key` (NULL: there is none) out of `parent`, and puts a cut tombstone in its place if this
 * layer leaves any. */
static bool delete_child(struct store *store, struct store_key *parent, struct store_key *key,
                         struct registry_name name, uint32_t hash)
{
    struct store_change *change;
    struct store_key *tombstone = NULL;

    change = change_alloc(store, CHANGE_DELETE_KEY, parent);
    if (!change)
        return false;
    if (leaves_tombstones(store, parent)) {
        tombstone = new_key(store, parent, name, hash);
        if (!tombstone) {
            memory_free(&store->memory, change, sizeof(*change));
            return false;
        }
        tombstone->is_deleted = tombstone->is_cut = true;
    }
    change->old_key = key;
    change->new_key = tombstone;
    change_append(store, change);
    if (key)
        unlink_key(store, key);
    if (tombstone)
        link_key(store, tombstone, parent->last_child, NULL);
    return true;
}

static enum store_result delete_path(struct store *store, struct registry_name path)
{
    enum store_result fault = check_path(path);
    struct store_key *parent = store->top, *child;
    struct registry_name name;
    uint32_t hash;

    if (fault != STORE_OK)
        return fault;
    while (step_down(store, parent, &path, &name, &hash, &child)) {
        bool is_last = !path.text;
        if (is_last && parent == store->top)
            return STORE_IS_ROOT;
        if (!child && !leaves_tombstones(store, parent))
            return STORE_OK;
        if (is_last) {
            bool is_gone = child && child->is_deleted && child->is_cut;
            if (!is_gone && !delete_child(store, parent, child, name, hash))
                return STORE_NO_MEMORY;
        } else if (!child && !create_child(store, parent, name, hash, false, &child)) {
            return STORE_NO_MEMORY;
        }
        parent = child;
    }
    return STORE_OK;
}

/* ------------------------------------------------------------------ changes: values */

/* Puts `value` (NULL: nothing) in the place of `old` (NULL: at the end). A tombstone's place is not
 * kept: what is set again after it was deleted is new. */
static bool replace_value(struct store *store, struct store_key *key, struct store_value *value,
                          struct store_value *old)
{
    struct store_change *change;

    change = change_alloc(
        store, value && !value->is_deleted ? CHANGE_SET_VALUE : CHANGE_DELETE_VALUE, key);
    if (!change)
        return false;
    change->new_value = value;
    change->old_value = old;
    change_append(store, change);
    if (old)
        unlink_value(store, old);
    if (value && old && !old->is_deleted)
        link_value(store, value, old->previous, old->next);
    else if (value)
        link_value(store, value, key->last_value, NULL);
    return true;
}

static enum store_result put_value(struct store *store, struct store_key *key,
                                   struct registry_name name, uint32_t type, size_t byte_count,
                                   void **data)
{
    struct store_value *value, *old;

    if (value_name_fault(name) != NAME_GOOD)
        return STORE_BAD_NAME;
    if (byte_count > STORE_MAX_DATA)
        return STORE_TOO_LONG;
    if (!mark_path(store, key))
        return STORE_NO_MEMORY;
    old = find_value(store, key, name);
    if (old && !old->is_deleted)
        name = store_value_name(old); /* a value keeps the spelling it was made with */
    value = new_value(store, key, name, byte_count);
    if (!value)
        return STORE_NO_MEMORY;
    value->type = type;
    if (!replace_value(store, key, value, old)) {
        memory_free(&store->memory, value, value_block_byte_count(value));
        return STORE_NO_MEMORY;
    }
    *data = store_value_data(value);
    return STORE_OK;
}

static enum store_result delete_value(struct store *store, struct store_key *key,
                                      struct registry_name name)
{
    struct store_value *old, *tombstone = NULL;

    if (value_name_fault(name) != NAME_GOOD)
        return STORE_BAD_NAME;
    if (!mark_path(store, key))
        return STORE_NO_MEMORY;
    old = find_value(store, key, name);
    if (old ? old->is_deleted : !leaves_tombstones(store, key))
        return STORE_OK;
    if (leaves_tombstones(store, key)) {
        tombstone = new_value(store, key, name, 0);
        if (!tombstone)
            return STORE_NO_MEMORY;
        tombstone->is_deleted = true;
    }
    if (!replace_value(store, key, tombstone, old)) {
        if (tombstone)
            memory_free(&store->memory, tombstone, value_block_byte_count(tombstone));
        return STORE_NO_MEMORY;
    }
    return STORE_OK;
}

/* ------------------------------------------------------------------ changes: each all or nothing
 */

struct attempt {
    const struct store_change *mark;
    bool is_own; /* no transaction was running */
};

static struct attempt attempt_begin(struct store *store)
{
    struct attempt attempt = {store->last_change, !store->in_transaction};
    store->in_transaction = true;
    return attempt;
}

static enum store_result attempt_end(struct store *store, struct attempt attempt,
                                     enum store_result result)
{
    if (result != STORE_OK)
        store_rollback_to(store, attempt.mark);
    if (attempt.is_own)
        store_commit(store);
    return result;
}

enum store_result store_create_key(struct store *store, struct registry_name path,
                                   struct store_key **key)
{
    struct attempt attempt = attempt_begin(store);
    return attempt_end(store, attempt, create_path(store, path, key));
}

enum store_result store_put_value(struct store *store, struct store_key *key,
                                  struct registry_name name, uint32_t type, size_t byte_count,
                                  void **data)
{
    struct attempt attempt = attempt_begin(store);
    return attempt_end(store, attempt, put_value(store, key, name, type, byte_count, data));
}

/* Does the present layer say just this already? */
static bool is_said(const struct store *store, const struct store_key *key,
                    struct registry_name name, uint32_t type, const void *data, size_t byte_count)
{
    const struct store_value *value = store_find_value(store, key, name);

    return value && value->layer == store->layer && value->type == type &&
           value->byte_count == byte_count &&
           (byte_count == 0 || memcmp(store_value_data(value), data, byte_count) == 0);
}

enum store_result store_set_value(struct store *store, struct registry_name path,
                                  struct registry_name name, uint32_t type, const void *data,
                                  size_t byte_count)
{
    struct attempt attempt = attempt_begin(store);
    struct store_key *key;
    void *copy;
    enum store_result result = create_path(store, path, &key);

    if (result == STORE_OK && !is_said(store, key, name, type, data, byte_count)) {
        result = put_value(store, key, name, type, byte_count, &copy);
        if (result == STORE_OK && byte_count > 0)
            memcpy(copy, data, byte_count);
    }
    return attempt_end(store, attempt, result);
}

enum store_result store_delete_value(struct store *store, struct store_key *key,
                                     struct registry_name name)
{
    struct attempt attempt = attempt_begin(store);
    return attempt_end(store, attempt, delete_value(store, key, name));
}

enum store_result store_delete_key(struct store *store, struct registry_name path)
{
    struct attempt attempt = attempt_begin(store);
    return attempt_end(store, attempt, delete_path(store, path));
}

/* ------------------------------------------------------------------ start */

bool store_init(struct store *store, const struct memory_operations *operations)
{
    struct store_key *root;

    *store = (struct store){.layer = STORE_LAYER_DEFAULTS};
    memory_init(&store->memory, operations);
    if (!table_init(&store->keys, &store->memory) || !table_init(&store->values, &store->memory))
        return false;
    store->top = new_key(store, NULL, registry_name(""), 0);
    if (!store->top)
        return false;
    for (unsigned i = 0; i < ROOT_KEYS; i++) {
        if (store_create_key(store, registry_name(root_keys[i]), &root) != STORE_OK)
            return false;
    }
    return true;
}
