/* SPDX-License-Identifier: MIT */
/*
 * The registry in memory: names, limits, look-up cost, and a model test.
 *
 * The model is a table with a place for every key and value that the test can name, addressed by
 * numbers: it knows nothing of case, lists, hashes, journals or tombstones.
 *
 * SOURCES: port/registry/memory.c port/registry/name.c lib/utf.c
 * SOURCES: port/registry/store.c port/registry/store_table.c port/registry/store_journal.c
 */
#include "tests/host/registry_host.h"

#include "port/registry/store.h"
#include "tests/host/model.h"
#include "tests/host/tap.h"

static struct host_pages pages;
static struct store store;

static bool open_store(size_t page_budget)
{
    struct memory_operations operations = host_memory(&pages, page_budget);
    return store_init(&store, &operations);
}

static struct registry_name text(const char *characters)
{
    return registry_name(characters);
}

static enum store_result set(const char *path, const char *name, const char *data)
{
    return store_set_value(&store, text(path), text(name), REGISTRY_BINARY, data, strlen(data));
}

static bool value_is(const char *path, const char *name, const char *data)
{
    struct store_key *key = store_find_key(&store, text(path));
    struct store_value *value = key ? store_find_value(&store, key, text(name)) : NULL;
    if (!data)
        return !value;
    return value && value->byte_count == strlen(data) &&
           memcmp(store_value_data(value), data, value->byte_count) == 0;
}

/* ------------------------------------------------------------------ what must always hold */

static const char *check_value(const struct store_key *key, const struct store_value *value,
                               bool below_cut)
{
    if (value->key != key)
        return "a value does not know its key";
    if (value->is_deleted && (value->layer != STORE_LAYER_FILE || below_cut || key->is_deleted))
        return "a tombstone stands where none may be";
    if (value->next ? value->next->previous != value : key->last_value != value)
        return "a list of values is broken";
    if (!value->is_deleted && store_find_value(&store, key, store_value_name(value)) != value)
        return "a value is not found";
    return NULL;
}

static const char *check_structure(void)
{
    uint32_t keys = 0, values = 0;

    for (struct store_key *key = store.top; key; key = store_walk(store.top, key)) {
        bool below_cut = false;
        for (const struct store_key *at = key; at; at = at->parent)
            below_cut |= at->is_cut;
        for (struct store_value *value = key->first_value; value; value = value->next) {
            const char *fault = check_value(key, value, below_cut);
            if (fault)
                return fault;
            values++;
        }
        if (key == store.top)
            continue;
        keys++;
        if (key->depth != key->parent->depth + 1)
            return "a key's depth is wrong";
        if (!key->is_deleted && key->layer > key->parent->layer && key->parent != store.top)
            return "a key's layer is later than its parent's";
        if (key->is_deleted && (key->layer != STORE_LAYER_FILE || key->depth == 1))
            return "a tombstone of a key stands where none may be";
        if (key->is_deleted && key->is_cut && key->first_child)
            return "there is something below a deleted tree";
        if (!key->is_deleted && key->parent->is_deleted)
            return "a live key has a dead parent";
        if (key->next ? key->next->previous != key : key->parent->last_child != key)
            return "a list of keys is broken";
        if (!key->is_deleted && store_find_child(&store, key->parent, store_key_name(key)) != key)
            return "a key is not found";
    }
    if (!store.in_transaction &&
        (keys != store.keys.link_count || values != store.values.link_count))
        return "the tables hold something that the tree does not";
    if (!store.in_transaction && store.first_change)
        return "there is a journal outside a transaction";
    return NULL;
}

/* ------------------------------------------------------------------ the model */

#define ROOTS     2
#define LEVELS    3
#define NAMES     7
#define SPELLINGS 3
#define KEY_COUNT \
    (ROOTS * 8 * 8 * 8) /* a digit for each level: 0 ends the path, 1 + n is name n \
                         */

static const char *const roots[ROOTS][SPELLINGS] = {
    {"HKEY_LOCAL_MACHINE", "HKLM", "hkey_Local_Machine"}, {"HKEY_USERS", "hku", "HKU"}};
/* Rows are different names, spellings in a row the same. */
static const char *const names[NAMES][SPELLINGS] = {
    {"Alpha", "ALPHA", "alpha"},
    {"K\u00E4se\u00FE", "k\u00C4SE\u00DE", "K\u00C4se\u00FE"},
    {"a\u00F7", "A\u00F7", "a\u00F7"}, /* the division sign and the multiplication sign lie */
    {"a\u00D7", "A\u00D7", "a\u00D7"}, /* as far apart as two cases of a letter */
    {"x]\"; [", "X]\"; [", "x]\"; ["},
    {"\u20AC\U0001F600", "\u20AC\U0001F600", "\u20AC\U0001F600"},
    {"b", "B", "b"},
};

struct model_value {
    uint64_t order; /* 0: there is none */
    uint32_t type, byte_count;
    uint8_t data[40];
};

struct model {
    uint64_t clock;
    uint64_t key_order[KEY_COUNT]; /* 0: there is none */
    struct model_value values[KEY_COUNT][NAMES];
};

static struct model model, model_at_begin;

static unsigned key_digit(unsigned key, unsigned level)
{
    return key >> (3 * (LEVELS - 1 - level)) & 7;
}

static unsigned key_parent(unsigned key)
{
    for (unsigned level = LEVELS; level-- > 0;) {
        if (key_digit(key, level))
            return key & ~(7u << (3 * (LEVELS - 1 - level)));
    }
    return KEY_COUNT; /* a root key */
}

/* A path has no gap: below a digit 0 there are only zeros. */
static bool is_key(unsigned key)
{
    for (unsigned level = 1; level < LEVELS; level++) {
        if (key_digit(key, level) && !key_digit(key, level - 1))
            return false;
    }
    return true;
}

static unsigned key_from_random(uint32_t random, unsigned depth)
{
    unsigned key = random % ROOTS << (3 * LEVELS);
    for (unsigned level = 0; level < depth; level++) {
        random /= NAMES + 1;
        key |= (1 + random % NAMES) << (3 * (LEVELS - 1 - level));
    }
    return key;
}

static void key_path(unsigned key, uint32_t spelling, char *path)
{
    strcpy(path, roots[key >> (3 * LEVELS)][spelling % SPELLINGS]);
    for (unsigned level = 0; level < LEVELS && key_digit(key, level); level++) {
        spelling /= SPELLINGS;
        strcat(path, "\\");
        strcat(path, names[key_digit(key, level) - 1][spelling % SPELLINGS]);
    }
}

static void model_create(unsigned key)
{
    if (key == KEY_COUNT || model.key_order[key])
        return;
    model_create(key_parent(key));
    model.key_order[key] = ++model.clock;
}

static void model_delete(unsigned key)
{
    for (unsigned other = 0; other < KEY_COUNT; other++) {
        unsigned at = other;
        while (at != KEY_COUNT && at != key)
            at = key_parent(at);
        if (at == key) {
            model.key_order[other] = 0;
            memset(model.values[other], 0, sizeof(model.values[other]));
        }
    }
}

static void model_reset(void)
{
    memset(&model, 0, sizeof(model));
    for (unsigned root = 0; root < ROOTS; root++)
        model_create(root << (3 * LEVELS));
}

/* The values of a key, in order, against the store's walk. */
static const char *compare_values(unsigned number, const struct store_key *key)
{
    uint64_t last = 0;
    unsigned found = 0, expected = 0;

    for (struct store_value *value = store_next_value(key, NULL); value;
         value = store_next_value(key, value)) {
        struct model_value *other = NULL;
        for (unsigned i = 0; i < NAMES; i++) {
            for (unsigned j = 0; j < SPELLINGS; j++) {
                if (value->name_byte_count == strlen(names[i][j]) &&
                    memcmp(value->bytes, names[i][j], value->name_byte_count) == 0)
                    other = &model.values[number][i];
            }
        }
        if (!other || !other->order || other->order <= last)
            return "a value too many, or out of order";
        last = other->order;
        found++;
        if (other->type != value->type || other->byte_count != value->byte_count ||
            memcmp(other->data, store_value_data(value), value->byte_count) != 0)
            return "a value differs";
    }
    for (unsigned i = 0; i < NAMES; i++)
        expected += model.values[number][i].order != 0;
    return found == expected ? NULL : "a value is missing";
}

static const char *compare(void)
{
    char path[256];

    for (unsigned number = 0; number < KEY_COUNT; number++) {
        struct store_key *key;
        const char *fault;
        unsigned children = 0, expected = 0;
        uint64_t last = 0;
        if (!is_key(number))
            continue;
        key_path(number, 0, path);
        key = store_find_key(&store, text(path));
        if (!key != !model.key_order[number])
            return key ? "a key too many" : "a key is missing";
        if (!key)
            continue;
        fault = compare_values(number, key);
        if (fault)
            return fault;
        for (unsigned other = 0; other < KEY_COUNT; other++)
            expected += model.key_order[other] && key_parent(other) == number;
        for (struct store_key *child = store_next_child(key, NULL); child;
             child = store_next_child(key, child)) {
            for (unsigned other = 0; other < KEY_COUNT; other++) {
                if (!model.key_order[other] || key_parent(other) != number)
                    continue;
                key_path(other, 0, path);
                if (store_find_key(&store, text(path)) == child) {
                    if (model.key_order[other] <= last)
                        return "keys are out of order";
                    last = model.key_order[other];
                    children++;
                }
            }
        }
        if (children != expected)
            return "the number of children differs";
    }
    return check_structure();
}

/* ------------------------------------------------------------------ random operations */

enum operation {
    OPERATION_CREATE,
    OPERATION_SET,
    OPERATION_SET_AGAIN,
    OPERATION_PUT,
    OPERATION_DELETE_VALUE,
    OPERATION_DELETE_KEY,
    OPERATION_BEGIN,
    OPERATION_COMMIT,
    OPERATION_ROLLBACK,
    OPERATION_MEMORY,
    OPERATION_LAYER,
    OPERATION_COUNT,
};

static const char *const operation_names[OPERATION_COUNT] = {
    "create", "set",    "set",      "put",    "delete value", "delete key",
    "begin",  "commit", "rollback", "memory", "layer"};

static void model_set(unsigned key, unsigned name, uint32_t type, const uint8_t *data, size_t size)
{
    struct model_value *value = &model.values[key][name];

    model_create(key);
    if (!value->order)
        value->order = ++model.clock;
    value->type = type;
    value->byte_count = (uint32_t)size;
    memcpy(value->data, data, size);
}

static uint64_t memory_ended; /* in how many operations */

/* STORE_NO_MEMORY is right only when memory was taken away. */
static const char *judge(enum store_result result, bool memory_is_short)
{
    memory_ended += result == STORE_NO_MEMORY;
    if (result == STORE_OK || (result == STORE_NO_MEMORY && memory_is_short))
        return NULL;
    return "an operation failed";
}

static const char *do_value(enum operation kind, const struct model_operation *operation,
                            unsigned key, const char *path, bool memory_is_short)
{
    unsigned name = operation->b % NAMES;
    const char *spelling = names[name][operation->b / NAMES % SPELLINGS];
    struct store_key *found = store_find_key(&store, text(path));
    size_t size = operation->c % 40;
    uint8_t data[40];
    enum store_result result;
    void *room;

    memset(data, (int)operation->c, sizeof(data));
    if (kind == OPERATION_DELETE_VALUE) {
        if (!found)
            return NULL;
        result = store_delete_value(&store, found, text(spelling));
        if (result == STORE_OK)
            memset(&model.values[key][name], 0, sizeof(model.values[key][name]));
        return judge(result, memory_is_short);
    }
    if (kind == OPERATION_PUT) {
        if (!found)
            return NULL;
        result = store_put_value(&store, found, text(spelling), operation->c, size, &room);
        if (result == STORE_OK && size > 0)
            memcpy(room, data, size);
    } else {
        result = store_set_value(&store, text(path), text(spelling), operation->c, data, size);
    }
    if (result == STORE_OK)
        model_set(key, name, operation->c, data, size);
    return judge(result, memory_is_short);
}

static const char *do_operation(const struct model_operation *operation, bool verbose)
{
    enum operation kind = operation->kind % OPERATION_COUNT;
    unsigned depth = operation->kind / OPERATION_COUNT % (LEVELS + 1);
    unsigned key = key_from_random(operation->a, depth);
    bool memory_is_short = pages.budget == 0;
    enum store_result result;
    struct store_key *made;
    char path[256];

    key_path(key, operation->c, path);
    if (verbose)
        printf("#   %-12s %s %u %u\n", operation_names[kind], path, operation->b % NAMES,
               operation->c % 40);
    switch (kind) {
    case OPERATION_CREATE:
        result = store_create_key(&store, text(path), &made);
        if (result == STORE_OK)
            model_create(key);
        return judge(result, memory_is_short);
    case OPERATION_SET:
    case OPERATION_SET_AGAIN:
    case OPERATION_PUT:
    case OPERATION_DELETE_VALUE:
        return do_value(kind, operation, key, path, memory_is_short);
    case OPERATION_DELETE_KEY:
        if (depth < 2 && operation->b % 8 != 0)
            break;
        result = store_delete_key(&store, text(path));
        if (depth == 0)
            return result == STORE_IS_ROOT ? NULL : "a root key was deleted";
        if (result == STORE_OK)
            model_delete(key);
        return judge(result, memory_is_short);
    case OPERATION_BEGIN:
        if (!store.in_transaction) {
            store_begin(&store);
            model_at_begin = model;
        }
        break;
    case OPERATION_COMMIT:
        if (store.in_transaction)
            store_commit(&store);
        break;
    case OPERATION_ROLLBACK:
        if (store.in_transaction) {
            store_rollback(&store);
            model = model_at_begin;
        }
        break;
    case OPERATION_MEMORY:
        pages.budget = operation->a % 3 == 0 ? 0 : 1000000;
        if (pages.budget == 0) /* nor much left of what was taken before */
            store.memory.chunk_byte_count = operation->b % 512 & ~15u;
        break;
    case OPERATION_LAYER:
        if (operation->a % 16 == 0 && store.layer < STORE_LAYER_FILE)
            store.layer++;
        break;
    case OPERATION_COUNT:
        break;
    }
    return NULL;
}

static const char *run(const struct model_operation *operations, size_t count, size_t *failed_at,
                       bool verbose)
{
    const char *fault = NULL;

    open_store(1000000);
    model_reset();
    for (size_t i = 0; i < count && !fault; i++) {
        *failed_at = i;
        fault = do_operation(&operations[i], verbose);
        if (!fault && (i % 256 == 255 || i + 1 == count || verbose))
            fault = compare();
    }
    if (!fault && store.in_transaction) {
        store_rollback(&store);
        model = model_at_begin;
        fault = compare();
    }
    host_pages_free(&pages);
    return fault;
}

/* ------------------------------------------------------------------ plain cases */

static void test_names(void)
{
    char long_name[REGISTRY_NAME_MAX_BYTES + 2], path[4096];
    struct store_key *key;

    open_store(1000000);
    memset(long_name, 'n', sizeof(long_name));
    long_name[255] = '\0';
    TAP_CHECK(set("HKLM\\A", long_name, "x") == STORE_OK);
    TAP_CHECK(value_is("HKLM\\a", long_name, "x"));
    long_name[255] = 'n';
    long_name[256] = '\0';
    TAP_CHECK(set("HKLM\\A", long_name, "x") == STORE_BAD_NAME);
    for (unsigned i = 0; i < 255; i++)
        memcpy(long_name + 3 * i, "\xE2\x82\xAC", 4);
    TAP_CHECK(set("HKLM\\A", long_name, "x") == STORE_OK);
    for (unsigned i = 0; i < 128; i++)
        memcpy(long_name + 4 * i, "\xF0\x9F\x98\x80", 5); /* 256 units of UTF-16 */
    TAP_CHECK(set("HKLM\\A", long_name, "x") == STORE_BAD_NAME);
    long_name[4 * 127] = '\0';
    TAP_CHECK(set("HKLM\\A", long_name, "x") == STORE_OK);
    TAP_CHECK(set("HKLM\\A", "", "default") == STORE_OK && value_is("HKLM\\A", "", "default"));
    TAP_CHECK(set("HKLM\\A", "tab\t", "x") == STORE_BAD_NAME);
    TAP_CHECK(set("HKLM\\A", "\x7F", "x") == STORE_BAD_NAME);
    TAP_CHECK(set("HKLM\\A", "\xC0\x80", "x") == STORE_BAD_NAME);
    TAP_CHECK(set("HKLM\\A", "\xED\xA0\x80", "x") == STORE_BAD_NAME); /* a surrogate */
    TAP_CHECK(set("HKLM\\A", "\xF4\x90\x80\x80", "x") == STORE_BAD_NAME);
    TAP_CHECK(set("HKLM\\A", "\xE4", "x") == STORE_BAD_NAME); /* Latin-1 is no UTF-8 */
    TAP_CHECK(set("HKLM\\A", "back\\slash", "x") == STORE_OK);

    TAP_CHECK(set("", "v", "x") == STORE_BAD_ROOT);
    TAP_CHECK(set("A", "v", "x") == STORE_BAD_ROOT);
    TAP_CHECK(set("HKLMX\\A", "v", "x") == STORE_BAD_ROOT);
    TAP_CHECK(set("\\HKLM\\A", "v", "x") == STORE_BAD_ROOT);
    TAP_CHECK(set("HKLM\\", "v", "x") == STORE_BAD_NAME);
    TAP_CHECK(set("HKLM\\A\\\\B", "v", "x") == STORE_BAD_NAME);
    TAP_CHECK(set("HKLM\\New\\\\B", "v", "x") == STORE_BAD_NAME &&
              !store_find_key(&store, text("HKLM\\New")));
    TAP_CHECK(set("hklm", "v", "x") == STORE_OK && value_is("HKEY_LOCAL_MACHINE", "V", "x"));
    TAP_CHECK(store_find_key(&store, text("HKCU")) && store_find_key(&store, text("HKCC")));

    strcpy(path, "HKLM");
    for (unsigned i = 1; i < REGISTRY_MAX_DEPTH; i++)
        strcat(path, "\\k");
    TAP_CHECK(store_create_key(&store, text(path), &key) == STORE_OK && key->depth == 32);
    strcat(path, "\\k");
    TAP_CHECK(store_create_key(&store, text(path), &key) == STORE_TOO_DEEP);
    TAP_CHECK(store_delete_key(&store, text(path)) == STORE_TOO_DEEP);
    TAP_CHECK(store_delete_key(&store, text("HKLM\\k\\")) == STORE_BAD_NAME);
    TAP_CHECK(store_delete_key(&store, text("HKLM")) == STORE_IS_ROOT);
    TAP_CHECK(store_delete_key(&store, text("HKLM\\none\\at all")) == STORE_OK);
    TAP_CHECK(store_delete_key(&store, text("HKLM\\K")) == STORE_OK &&
              !store_find_key(&store, text("HKLM\\k")));
    TAP_CHECK(!check_structure());
    host_pages_free(&pages);
}

static void test_data(void)
{
    static char big[STORE_MAX_DATA + 1];
    size_t used, pages_before;
    bool good = true;

    open_store(1000000);
    TAP_CHECK(store_set_value(&store, text("HKLM\\A"), text("big"), 3, big, STORE_MAX_DATA) ==
              STORE_OK);
    TAP_CHECK(store_set_value(&store, text("HKLM\\A"), text("big"), 3, big, STORE_MAX_DATA + 1) ==
              STORE_TOO_LONG);
    TAP_CHECK(store_set_value(&store, text("HKLM\\A"), text("big"), 3, NULL, 0) == STORE_OK &&
              value_is("HKLM\\A", "big", ""));

    /* What is freed is used again: setting values of every size over and over takes no more pages.
     */
    for (unsigned size = 0; size <= 70000; size += 777)
        good &= store_set_value(&store, text("HKLM\\A"), text("v"), 3, big, size) == STORE_OK;
    used = store.memory.bytes_used;
    pages_before = store.memory.page_count;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned size = 0; size <= 70000; size += 777)
            good &= store_set_value(&store, text("HKLM\\A"), text("v"), 3, big, size) == STORE_OK;
    }
    TAP_CHECK(good && used == store.memory.bytes_used && pages_before == store.memory.page_count);
    host_pages_free(&pages);
}

/* In whatever call memory ends, nothing has changed, and nothing leaks. */
static void test_memory_ends(void)
{
    bool good = true, ended = false;
    size_t used;

    for (size_t budget = 0; budget < 40; budget++) {
        bool opened = open_store(budget);
        ended |= !opened;
        if (opened) {
            used = store.memory.bytes_used;
            for (unsigned i = 0; i < 300; i++) {
                char path[64], data[600];
                snprintf(path, sizeof(path), "HKLM\\a\\b%u\\c\\d", i);
                memset(data, 'd', sizeof(data));
                data[599] = '\0';
                enum store_result result = set(path, "value", data);
                good &= result == STORE_OK ? value_is(path, "value", data)
                                           : !store_find_key(&store, text(path));
                ended |= result == STORE_NO_MEMORY;
            }
            good &= !check_structure();
            good &= store_delete_key(&store, text("HKLM\\a")) == STORE_OK;
            good &= used == store.memory.bytes_used && !check_structure();
        }
        host_pages_free(&pages);
    }
    TAP_CHECK(good);
    TAP_CHECK(ended);
}

/* Links looked at on the way to a value, on average over all, in 1,000ths: a value's place in its
 * chain is how many that takes. */
static unsigned chain_cost(unsigned values)
{
    uint64_t links = 0;
    bool found = true;
    char path[64], name[32];

    open_store(1000000);
    for (unsigned i = 0; i < values; i++) {
        snprintf(path, sizeof(path), "HKLM\\SYSTEM\\Key%u", i / 100);
        snprintf(name, sizeof(name), "Value%u", i % 100);
        set(path, name, name);
    }
    for (unsigned i = 0; i < values; i++) {
        snprintf(path, sizeof(path), "HKLM\\SYSTEM\\Key%u", i / 100);
        snprintf(name, sizeof(name), "Value%u", i % 100);
        found &= value_is(path, name, name);
    }
    TAP_CHECK(found);
    for (uint32_t i = 0, seen = 0; seen < store.values.bucket_count; i++) {
        uint32_t count = i == 0 ? 512 : 512u << (i - 1);
        for (uint32_t j = 0; j < count && seen < store.values.bucket_count; j++, seen++) {
            unsigned place = 0;
            for (struct store_link *link = store.values.segments[i][j]; link; link = link->next)
                links += ++place;
        }
    }
    host_pages_free(&pages);
    return (unsigned)(links * 1000 / values);
}

static void test_lookup_cost(void)
{
    unsigned small = chain_cost(100), large = chain_cost(100000);

    printf("# links looked at for a value, on average: %u.%03u of 100 values, %u.%03u of 100000\n",
           small / 1000, small % 1000, large / 1000, large % 1000);
    TAP_CHECK(large < 2 * small && large < 2000);
}

/* What the file layer said is remembered, whatever is below it. */
static void test_layers(void)
{
    struct store_key *key;
    struct store_value *value;

    open_store(1000000);
    set("HKLM\\A", "one", "default");
    set("HKLM\\A\\B", "two", "default");
    store.layer = STORE_LAYER_FILE;
    key = store_find_key(&store, text("HKLM\\A"));
    TAP_CHECK(key->layer == STORE_LAYER_DEFAULTS);
    TAP_CHECK(store_delete_value(&store, key, text("ONE")) == STORE_OK &&
              value_is("HKLM\\A", "one", NULL));
    TAP_CHECK(key->layer == STORE_LAYER_FILE && key->parent->layer == STORE_LAYER_FILE);
    value = key->first_value;
    TAP_CHECK(value && value->is_deleted && !store_next_value(key, NULL));
    TAP_CHECK(set("HKLM\\A", "one", "file") == STORE_OK && value_is("HKLM\\A", "one", "file"));
    TAP_CHECK(!key->first_value->is_deleted && !key->first_value->next);

    TAP_CHECK(store_delete_key(&store, text("HKLM\\A\\B")) == STORE_OK &&
              !store_find_key(&store, text("HKLM\\A\\B")));
    TAP_CHECK(key->first_child && key->first_child->is_cut && key->first_child->is_deleted);
    TAP_CHECK(set("HKLM\\A\\B", "three", "file") == STORE_OK &&
              value_is("HKLM\\A\\B", "two", NULL));
    TAP_CHECK(key->first_child->is_cut && !key->first_child->is_deleted);
    /* Below a cut key a deletion needs no tombstone. */
    TAP_CHECK(store_delete_value(&store, key->first_child, text("three")) == STORE_OK &&
              !key->first_child->first_value);
    TAP_CHECK(store_delete_key(&store, text("HKU\\never\\was")) == STORE_OK &&
              !store_find_key(&store, text("HKU\\never")) && !check_structure());
    host_pages_free(&pages);
}

/* A key that is made again moves to the end; taken back, it is where it was, and so are its neighbours. */
static void test_rollback_of_order(void)
{
    static const char *const order[] = {"k2", "k3", "k4", "k5"};
    const struct store_key *parent, *child = NULL;
    struct store_key *key;
    bool good = true;

    open_store(1000000);
    store.layer = STORE_LAYER_FILE;
    for (const char *name = "12345"; *name; name++) {
        char path[] = "HKLM\\A\\k?";
        path[8] = *name;
        store_create_key(&store, text(path), &key);
        if (*name == '3')
            store_delete_key(&store, text("HKLM\\A\\k1"));
    }
    store_begin(&store);
    store_delete_key(&store, text("HKLM\\A\\k4"));
    store_create_key(&store, text("HKLM\\A\\k1"), &key);
    store_rollback(&store);
    parent = store_find_key(&store, text("HKLM\\A"));
    for (unsigned i = 0; i < 4; i++) {
        child = store_next_child(parent, child);
        good &= child && names_equal(store_key_name(child), text(order[i]));
    }
    TAP_CHECK(good && !store_next_child(parent, child) && !check_structure());
    host_pages_free(&pages);
}

int main(int argc, char **argv)
{
    uint64_t total = model_number(argc, argv, 1, "MODEL_OPERATIONS", 200000);
    uint64_t seed = model_number(argc, argv, 2, "MODEL_SEED", 1);

    test_names();
    test_data();
    test_memory_ends();
    test_lookup_cost();
    test_layers();
    test_rollback_of_order();
    tap_ok(model_explore(run, total, seed), "random operations agree with the model");
    printf("# memory ended in %llu of them\n", (unsigned long long)memory_ended);
    return tap_exit();
}
