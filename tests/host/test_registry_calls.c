/* SPDX-License-Identifier: MIT */
/*
 * The registry service: random calls of every routine, with good and bad arguments, against a plain
 * model; and the rule of one buffer for each channel, in every state that can be reached.
 *
 * SOURCES: port/registry/memory.c port/registry/name.c lib/utf.c lib/crc32.c
 * SOURCES: port/registry/store.c port/registry/store_table.c port/registry/store_journal.c
 * SOURCES: port/registry/reg_scan.c port/registry/reg_data.c port/registry/reg_read.c
 * SOURCES: port/registry/reg_write.c port/registry/hive.c port/registry/arena.c
 * SOURCES: port/registry/service.c
 */
#include "tests/host/service_host.h"

#include "tests/host/closure.h"
#include "tests/host/model.h"
#include "tests/host/tap.h"

/* ------------------------------------------------------------------ the model */

#define MODEL_KEYS   6u /* of each driver: Controller0 and 1, their Channel0 and 1 */
#define MODEL_NAMES  5u
#define MODEL_BUFFER (PAGES * PAGE)

struct model_data {
    bool is_there;
    uint8_t type;
    uint32_t byte_count;
    uint8_t bytes[MODEL_BUFFER];
};

struct model_deferred {
    unsigned key, name;
    uint8_t type;
    uint32_t at, byte_count; /* in the buffer */
    uint8_t bytes[MODEL_BUFFER];
};

struct model_channel {
    bool is_live;
    uint32_t byte_count;
    uint8_t bytes[MODEL_BUFFER];
    unsigned deferred_count;
    size_t name_bytes;
    struct model_deferred deferred[REGISTRY_MAX_DEFERRED];
};

static struct model_data model_values[2 * MODEL_KEYS][MODEL_NAMES];
static struct model_channel model_channels[CHANNELS];

/* The first spelling is the one in UTF-8; the others are what a driver may pass. */
static const char *const model_names[MODEL_NAMES][3] = {{"Name", "Name", "nAME"},
                                                        {"\u00C4", "\xC4", "\xE4"},
                                                        {"", "", ""},
                                                        {"a b\\", "a b\\", "A B\\"},
                                                        {"y", "y", "Y"}};

static unsigned model_key(unsigned channel, uint8_t controller, bool is_channel_key)
{
    unsigned driver = channel / 2, number = channel % 2;
    return driver * MODEL_KEYS + controller * 3 + (is_channel_key ? 1 + number : 0);
}

static void model_path(unsigned key, char *path, size_t size)
{
    unsigned rest = key % MODEL_KEYS % 3;
    snprintf(path, size, SERVICES "%s\\Controller%u%s", key / MODEL_KEYS ? "other" : "pata",
             key % MODEL_KEYS / 3,
             rest == 0   ? ""
             : rest == 1 ? "\\Channel0"
                         : "\\Channel1");
}

static const char *model_compare(const struct store *store)
{
    for (unsigned key = 0; key < 2 * MODEL_KEYS; key++) {
        const struct store_key *found;
        char path[128];
        model_path(key, path, sizeof(path));
        found = store_find_key(store, registry_name(path));
        for (unsigned name = 0; name < MODEL_NAMES; name++) {
            const struct model_data *expected = &model_values[key][name];
            const struct store_value *value =
                found ? store_find_value(store, found, registry_name(model_names[name][0])) : NULL;
            if (!value != !expected->is_there)
                return value ? "a value too many" : "a value is missing";
            if (value &&
                (value->type != expected->type || value->byte_count != expected->byte_count ||
                 memcmp(store_value_data(value), expected->bytes, value->byte_count) != 0))
                return "a value differs";
        }
    }
    return NULL;
}

static void model_store(unsigned key, unsigned name, uint8_t type, const uint8_t *bytes,
                        uint32_t byte_count)
{
    struct model_data *value = &model_values[key][name];
    value->is_there = true;
    value->type = type;
    value->byte_count = byte_count;
    memcpy(value->bytes, bytes, byte_count);
}

static bool model_fits(uint8_t type, const uint8_t *bytes, uint32_t byte_count)
{
    if (type == 4)
        return byte_count == 4;
    if (type == 1)
        return byte_count >= 2 && byte_count % 2 == 0 && bytes[byte_count - 1] == 0 &&
               bytes[byte_count - 2] == 0;
    return true;
}

/* ------------------------------------------------------------------ random calls */

static const char *call_allocate(unsigned channel, uint32_t byte_count)
{
    struct model_channel *model = &model_channels[channel];
    enum registry_status status, expected = REGISTRY_DONE;
    uint32_t used = 0;
    uint8_t *buffer;

    for (unsigned i = 0; i < CHANNELS; i++)
        used += model_channels[i].is_live ? (model_channels[i].byte_count + PAGE - 1) / PAGE : 0;
    if (model->is_live)
        expected = REGISTRY_HAS_BUFFER;
    else if (byte_count == 0 || byte_count > MODEL_BUFFER ||
             (byte_count + PAGE - 1) / PAGE + used > PAGES)
        expected = REGISTRY_NOT_ENOUGH;
    buffer = registry_allocate(&channels[channel], byte_count, NULL, &status);
    if (status != expected || !buffer != (expected != REGISTRY_DONE))
        return "allocate";
    if (buffer) {
        model->is_live = true;
        model->byte_count = byte_count;
        model->deferred_count = 0;
        model->name_bytes = 0;
        memset(model->bytes, 0, byte_count);
    }
    return NULL;
}

/* What is stored already is not written again, so that a full file does not matter. */
static bool is_stored(unsigned key, unsigned name, uint8_t type, const uint8_t *bytes,
                      uint32_t byte_count)
{
    const struct model_data *value = &model_values[key][name];

    return value->is_there && value->type == type && value->byte_count == byte_count &&
           memcmp(value->bytes, bytes, byte_count) == 0;
}

static const char *call_free(unsigned channel, uint32_t how, bool memory_is_short)
{
    struct model_channel *model = &model_channels[channel];
    uint8_t *buffer = channels[channel].window.buffer;
    const void *argument = how % 8 == 0   ? NULL
                           : how % 8 == 1 ? buffer + 1
                           : how % 8 == 2 ? channels[(channel + 1) % CHANNELS].window.buffer
                                          : buffer;
    enum registry_status status, expected = REGISTRY_DONE;
    struct registry_flush flush;
    bool is_written = false;
    unsigned changed = 0;

    status = registry_free(&channels[channel], argument, &flush);
    if (!model->is_live || argument != buffer)
        return status == REGISTRY_NOT_THE_BUFFER ? NULL : "free with a wrong pointer";
    for (unsigned i = 0; i < model->deferred_count; i++) {
        const struct model_deferred *deferred = &model->deferred[i];
        is_written |= !is_stored(deferred->key, deferred->name, deferred->type,
                                 model->bytes + deferred->at, deferred->byte_count);
        changed += memcmp(model->deferred[i].bytes, model->bytes + model->deferred[i].at,
                          model->deferred[i].byte_count) != 0;
    }
    if (flush.changed_count != changed || flush.deferred_count != model->deferred_count)
        return "free: the deferred writes are not what they were";
    model->is_live = false;
    if (file_is_full && is_written)
        expected = REGISTRY_NOT_WRITTEN;
    if (status == REGISTRY_NO_MEMORY && memory_is_short)
        return NULL;
    if (status != expected)
        return "free";
    for (unsigned i = 0; i < model->deferred_count && status == REGISTRY_DONE; i++) {
        const struct model_deferred *deferred = &model->deferred[i];
        model_store(deferred->key, deferred->name, deferred->type, model->bytes + deferred->at,
                    deferred->byte_count);
    }
    return NULL;
}

static const uint8_t call_types[] = {1, 1, 3, 3, 3, 4, 4, 4, 0, 2, 7, 255};

struct call {
    unsigned channel, key, name;
    struct registry_access access;
    uint32_t byte_count, asked, at;
    bool is_inside, is_type;
};

/* Random arguments, and what is wrong with them. */
static void make_call(const struct model_operation *operation, struct call *call)
{
    const struct model_channel *model;
    uint32_t room;

    memset(call, 0, sizeof(*call));
    call->channel = operation->a % CHANNELS;
    model = &model_channels[call->channel];
    room = model->is_live ? model->byte_count : 64;
    call->access.controller = operation->a >> 8 & 1;
    call->access.is_channel_key = operation->a >> 9 & 1;
    call->name = (operation->a >> 10) % MODEL_NAMES;
    call->access.name = model_names[call->name][1 + (operation->a >> 16 & 1)];
    call->access.type = call_types[operation->b % sizeof(call_types)];
    call->key = model_key(call->channel, call->access.controller, call->access.is_channel_key);
    call->at = (operation->c & 3) ? 0 : operation->c / 4 % (room + 3);
    call->asked =
        operation->b / 64 % 4 == 0 ? operation->b / 256 % (room + 3) : operation->b / 256 % 12;
    if (call->access.type == 4 && operation->b / 1024 % 4)
        call->asked = 4;
    call->byte_count = call->asked;
    call->access.byte_count = &call->byte_count;
    call->access.buffer = channels[call->channel].window.buffer;
    if (call->access.buffer)
        call->access.buffer = (uint8_t *)call->access.buffer + call->at;
    call->is_inside = model->is_live && call->at <= model->byte_count &&
                      call->asked <= model->byte_count - call->at;
    call->is_type = call->access.type == 1 || call->access.type == 3 || call->access.type == 4;
}

static const char *call_read(const struct model_operation *operation)
{
    enum registry_status status, expected;
    const struct model_data *value;
    struct model_channel *model;
    uint32_t length = 0, needed;
    struct call call;

    make_call(operation, &call);
    model = &model_channels[call.channel];
    value = &model_values[call.key][call.name];
    needed = value->byte_count;
    if (value->type == 1 && (needed < 2 || value->bytes[needed - 2] || value->bytes[needed - 1]))
        needed += 2;
    if (!call.is_inside && !(call.access.buffer == NULL && call.asked == 0))
        expected = REGISTRY_OUTSIDE;
    else if (!call.is_type)
        expected = REGISTRY_BAD_TYPE;
    else if (!value->is_there)
        expected = REGISTRY_MISSING;
    else if (value->type != call.access.type)
        expected = REGISTRY_OTHER_TYPE;
    else if (value->type == 4 && value->byte_count != 4)
        expected = REGISTRY_OTHER_TYPE;
    else if (value->type == 1 && value->byte_count % 2 != 0)
        expected = REGISTRY_OTHER_TYPE;
    else if (needed > call.asked || !call.access.buffer)
        expected = REGISTRY_TOO_SHORT, length = needed;
    else
        expected = REGISTRY_DONE, length = needed;
    status = registry_read(&channels[call.channel], &call.access);
    if (status != expected || call.byte_count != length)
        return "read";
    if (status == REGISTRY_DONE) {
        memset(model->bytes + call.at, 0, length);
        memcpy(model->bytes + call.at, value->bytes, value->byte_count);
    }
    return NULL;
}

static const char *call_write(const struct model_operation *operation, bool is_deferred,
                              bool memory_is_short)
{
    enum registry_status status, expected = REGISTRY_DONE;
    struct model_deferred *deferred;
    struct model_channel *model;
    struct call call;
    size_t name_bytes;

    make_call(operation, &call);
    model = &model_channels[call.channel];
    name_bytes = strlen(model_names[call.name][0]);
    if (!call.is_inside)
        expected = REGISTRY_OUTSIDE;
    else if (!call.is_type || !model_fits(call.access.type, model->bytes + call.at, call.asked))
        expected = REGISTRY_BAD_TYPE;
    else if (is_deferred && (model->deferred_count == REGISTRY_MAX_DEFERRED ||
                             model->name_bytes + name_bytes > REGISTRY_DEFERRED_NAMES))
        expected = REGISTRY_NO_MEMORY;
    else if (!is_deferred && file_is_full &&
             !is_stored(call.key, call.name, call.access.type, model->bytes + call.at, call.asked))
        expected = REGISTRY_NOT_WRITTEN;
    status = is_deferred ? registry_write_deferred(&channels[call.channel], &call.access)
                         : registry_write(&channels[call.channel], &call.access);
    if (call.byte_count != (status == REGISTRY_DONE ? call.asked : 0))
        return "write: the length";
    if (status == REGISTRY_NO_MEMORY && memory_is_short && !is_deferred)
        return NULL;
    if (status != expected)
        return is_deferred ? "write deferred" : "write";
    if (status == REGISTRY_DONE && !is_deferred)
        model_store(call.key, call.name, call.access.type, model->bytes + call.at, call.asked);
    if (status == REGISTRY_DONE && is_deferred) {
        deferred = &model->deferred[model->deferred_count++];
        model->name_bytes += name_bytes;
        deferred->key = call.key;
        deferred->name = call.name;
        deferred->type = call.access.type;
        deferred->at = call.at;
        deferred->byte_count = call.asked;
        memcpy(deferred->bytes, model->bytes + call.at, call.asked);
    }
    return NULL;
}

/* A driver's own stores: into its buffer, or beside it. */
static const char *scribble(const struct model_operation *operation)
{
    unsigned channel = operation->a % CHANNELS;
    struct model_channel *model = &model_channels[channel];
    uint8_t *buffer = channels[channel].window.buffer;
    size_t distance;

    if (!model->is_live)
        return NULL;
    if (operation->b % 8 == 0) {
        uint32_t slack = (8 - model->byte_count % 8) % 8;
        bool behind = slack > 0 && operation->b & 8;
        if (!behind && model->byte_count + slack == (model->byte_count + PAGE - 1) / PAGE * PAGE)
            return NULL; /* the buffer begins with its page */
        buffer[behind ? (ptrdiff_t)model->byte_count : -1] = 0;
        if (registry_check(&channels[channel], &distance) !=
            (behind ? ARENA_DAMAGED_BEHIND : ARENA_DAMAGED_BEFORE))
            return "damage is not found";
        return registry_check(&channels[channel], &distance) == ARENA_INTACT ? NULL
                                                                             : "damage stays";
    }
    for (uint32_t i = operation->b % 64; i < model->byte_count; i += 1 + operation->c % 64)
        model->bytes[i] = buffer[i] = (uint8_t)(operation->c >> 8 & (operation->b & 64 ? 0xFF : 0));
    return NULL;
}

enum call_kind {
    CALL_ALLOCATE,
    CALL_FREE,
    CALL_READ,
    CALL_WRITE,
    CALL_WRITE_DEFERRED,
    CALL_SCRIBBLE,
    CALL_FILE,
    CALL_MEMORY,
    CALL_COUNT,
};

/* How often each kind is called, of 32 times. */
static enum call_kind kind_of(const struct model_operation *operation)
{
    static const uint8_t weights[CALL_COUNT] = {5, 3, 7, 5, 6, 4, 1, 1};
    unsigned rest = operation->kind % 32, kind = 0;
    while (rest >= weights[kind])
        rest -= weights[kind++];
    return kind;
}

static const char *do_call(const struct model_operation *operation, bool verbose)
{
    static const char *const names[CALL_COUNT] = {"allocate",       "free",     "read", "write",
                                                  "write deferred", "scribble", "file", "memory"};
    enum call_kind kind = kind_of(operation);
    unsigned channel = operation->a % CHANNELS;
    bool memory_is_short = pages.budget == 0;
    uint32_t size = operation->c % 4 == 0 ? operation->b : operation->b % 64;

    if (verbose)
        printf("#   %-14s channel %u  %08x %08x %08x\n", names[kind], channel, operation->a,
               operation->b, operation->c);
    switch (kind) {
    case CALL_ALLOCATE:
        return call_allocate(channel, operation->c % 4 == 1 ? operation->b % (7 * PAGE) : size);
    case CALL_FREE:
        return call_free(channel, operation->b, memory_is_short);
    case CALL_READ:
        return call_read(operation);
    case CALL_WRITE:
        return call_write(operation, false, memory_is_short);
    case CALL_WRITE_DEFERRED:
        return call_write(operation, true, memory_is_short);
    case CALL_SCRIBBLE:
        return scribble(operation);
    case CALL_FILE:
        file_is_full = operation->a % 4 == 0;
        break;
    case CALL_MEMORY:
        pages.budget = operation->a % 4 == 0 ? 0 : 1000000;
        if (pages.budget == 0)
            registry.hive.store.memory.chunk_byte_count = operation->b % 1024 & ~15u;
        break;
    case CALL_COUNT:
        break;
    }
    return NULL;
}

/* Nothing but what was asked for has touched the buffers, and nothing is where no buffer is. */
static const char *compare_buffer(unsigned channel)
{
    const struct model_channel *model = &model_channels[channel];
    size_t distance;

    if ((channels[channel].state == REGISTRY_LIVE) != model->is_live)
        return "a buffer's state";
    if (!model->is_live)
        return NULL;
    if (channels[channel].window.byte_count != model->byte_count ||
        memcmp(channels[channel].window.buffer, model->bytes, model->byte_count) != 0)
        return "a buffer's bytes";
    if (registry_check(&channels[channel], &distance) != ARENA_INTACT)
        return "something was written beside a buffer";
    return NULL;
}

/* The channel that was called for; now and then, the others too. */
static const char *compare_buffers(unsigned channel, bool all)
{
    const char *fault = compare_buffer(channel);

    for (unsigned i = 0; i < CHANNELS && all && !fault; i++)
        fault = compare_buffer(i);
    return fault;
}

/* What is in the file is what is in memory. */
static const char *compare_file(void)
{
    struct memory_operations memory;
    struct reg_source source = {"file", file.bytes, file.byte_count};
    struct reg_summary summary;
    static struct host_pages other_pages;
    static struct hive hive;
    const char *fault;

    memory = host_memory(&other_pages, 1000000);
    hive_init(&hive, &memory);
    hive_load(&hive, STORE_LAYER_FILE, &source, NULL, &summary);
    fault = model_compare(&hive.store);
    host_pages_free(&other_pages);
    return fault || summary.damaged_lines ? "the file does not say what memory does" : NULL;
}

static const char *run(const struct model_operation *operations, size_t count, size_t *failed_at,
                       bool verbose)
{
    const char *fault = NULL;

    open_registry();
    memset(model_values, 0, sizeof(model_values));
    for (unsigned i = 0; i < CHANNELS; i++) {
        model_channels[i].is_live = false;
        model_channels[i].byte_count = 0;
    }
    for (size_t i = 0; i < count && !fault; i++) {
        *failed_at = i;
        fault = do_call(&operations[i], verbose);
        if (!fault)
            fault = compare_buffers(operations[i].a % CHANNELS, i % 16 == 0);
        if (!fault && (i % 64 == 63 || i + 1 == count || verbose))
            fault = model_compare(&registry.hive.store);
    }
    if (!fault)
        fault = compare_file();
    close_registry();
    return fault;
}

/* ------------------------------------------------------------------ the proof */

/* A state: arena, windows, and who has a buffer. The rest of a channel does not take part. */
struct proof_state {
    struct arena arena;
    struct arena_window windows[CHANNELS];
    enum registry_buffer_state states[CHANNELS];
};

static const uint32_t proof_sizes[] = {0, 1, PAGE, PAGE + 1, 5 * PAGE, 5 * PAGE + 1, UINT32_MAX};
#define PROOF_SIZES (sizeof(proof_sizes) / sizeof(proof_sizes[0]))
#define PROOF_FREES 4u
#define PROOF_CALLS (CHANNELS * (PROOF_SIZES + PROOF_FREES))

static bool proof_map(void *context, void *address, unsigned page)
{
    (void)context;
    (void)address;
    return page < PAGES;
}

static void proof_unmap(void *context, void *address, size_t page_count)
{
    (void)context;
    (void)address;
    (void)page_count;
}

static void proof_load(const struct proof_state *state)
{
    registry.arena = state->arena;
    for (unsigned i = 0; i < CHANNELS; i++) {
        channels[i].window = state->windows[i];
        channels[i].state = state->states[i];
    }
}

static void proof_save(struct proof_state *state)
{
    memset(state, 0, sizeof(*state));
    state->arena = registry.arena;
    for (unsigned i = 0; i < CHANNELS; i++) {
        state->windows[i] = channels[i].window;
        if (channels[i].state == REGISTRY_NO_BUFFER) {
            state->windows[i].byte_count = 0;
            state->windows[i].page_count = 0;
        }
        state->states[i] = channels[i].state;
    }
}

static unsigned proof_live_pages(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CHANNELS; i++) {
        if (channels[i].state == REGISTRY_LIVE)
            count += (unsigned)((channels[i].window.byte_count + PAGE - 1) / PAGE);
    }
    return count;
}

static const char *proof_call(unsigned call)
{
    unsigned number = call / (PROOF_SIZES + PROOF_FREES), what = call % (PROOF_SIZES + PROOF_FREES);
    struct registry_channel *channel = &channels[number],
                            *other = &channels[(number + 1) % CHANNELS];
    bool was_live = channel->state == REGISTRY_LIVE, fits;
    const void *arguments[PROOF_FREES] = {channel->window.buffer, other->window.buffer,
                                          channel->window.buffer + 8, NULL};
    unsigned live_pages = proof_live_pages();
    enum registry_status status;
    struct registry_flush flush;
    const uint8_t *buffer;

    if (what >= PROOF_SIZES) {
        bool is_right = was_live && what == PROOF_SIZES;
        status = registry_free(channel, arguments[what - PROOF_SIZES], &flush);
        if (status != (is_right ? REGISTRY_DONE : REGISTRY_NOT_THE_BUFFER))
            return "free: its result";
        return (channel->state == REGISTRY_LIVE) == (was_live && !is_right) ? NULL : "free";
    }
    fits = proof_sizes[what] > 0 && proof_sizes[what] <= 5 * PAGE &&
           (proof_sizes[what] + PAGE - 1) / PAGE + live_pages <= PAGES;
    buffer = registry_allocate(channel, proof_sizes[what], NULL, &status);
    if (was_live)
        return !buffer && status == REGISTRY_HAS_BUFFER ? NULL : "a second buffer";
    if (!buffer != !fits || status != (fits ? REGISTRY_DONE : REGISTRY_NOT_ENOUGH))
        return "allocate";
    return !buffer || (uintptr_t)buffer % sizeof(void *) == 0 ? NULL : "alignment";
}

static const char *proof_step(void *bytes, unsigned call)
{
    struct proof_state *state = bytes;
    const char *fault;

    proof_load(state);
    fault = proof_call(call);
    if (!fault && proof_live_pages() + registry.arena.free_count != PAGES)
        fault = "pages are lost";
    for (unsigned i = 0; i < CHANNELS && !fault; i++) {
        if ((channels[i].state == REGISTRY_LIVE) != channels[i].window.is_live)
            fault = "channel and window do not agree";
    }
    proof_save(state);
    return fault;
}

static void test_proof(void)
{
    static uint8_t memory[CHANNELS][(PAGES + 1) * 4096] __attribute__((aligned(4096)));
    struct closure closure = {sizeof(struct proof_state), PROOF_CALLS, proof_step, 0, 0};
    struct arena_operations operations = {proof_map, proof_unmap, NULL};
    struct proof_state first;
    const char *fault;

    open_registry();
    arena_init(&registry.arena, PAGES, &operations);
    for (unsigned i = 0; i < CHANNELS; i++)
        registry_add_channel(&registry, &channels[i], memory[i], PAGES);
    proof_save(&first);
    fault = closure_run(&closure, &first);
    tap_ok(!fault, "at most one buffer for each channel, whatever is called: %s",
           fault ? fault : "sound");
    printf("# %u pages, %u channels, %zu sizes, %u ways to free: %u states, %llu calls; no other "
           "state "
           "can be reached\n",
           PAGES, CHANNELS, PROOF_SIZES, PROOF_FREES, (unsigned)closure.state_count,
           (unsigned long long)closure.tried);
    proof_load(&first);
    close_registry();
}

int main(int argc, char **argv)
{
    uint64_t total = model_number(argc, argv, 1, "MODEL_OPERATIONS", 200000);
    uint64_t seed = model_number(argc, argv, 2, "MODEL_SEED", 1);

    test_proof();
    tap_ok(model_explore(run, total, seed), "random calls agree with the model");
    for (unsigned i = 0; i < CHANNELS; i++)
        host_window_free(window_bases[i], PAGES);
    text_free(&file);
    return tap_exit();
}
