/* SPDX-License-Identifier: MIT */
/*
 * The registry-buffer arena: plain cases over real mappings, random use, and a proof over a small
 * arena.
 *
 * In the proof (closure.h) pages are only numbers.
 *
 * SOURCES: port/registry/arena.c
 */
#include "tests/host/registry_host.h"

#include <stdio.h>

#include "tests/host/closure.h"
#include "tests/host/model.h"
#include "tests/host/tap.h"

#define PAGE ARENA_PAGE_SIZE

/* ------------------------------------------------------------------ plain cases */

#define PAGES   8u
#define WINDOWS 3u

static struct host_arena host;
static struct arena arena;
static struct arena_window windows[WINDOWS];

static void open_arena(unsigned page_count, unsigned capacity)
{
    struct arena_operations operations = host_arena(&host, page_count);
    arena_init(&arena, page_count, &operations);
    for (unsigned i = 0; i < WINDOWS; i++)
        arena_add_window(&arena, &windows[i], host_window(capacity), capacity);
}

static void close_arena(void)
{
    for (unsigned i = 0; i < WINDOWS; i++)
        host_window_free(windows[i].base, windows[i].capacity);
    close(host.file);
}

static bool is_filled(const uint8_t *bytes, size_t byte_count, uint8_t value)
{
    for (size_t i = 0; i < byte_count; i++) {
        if (bytes[i] != value)
            return false;
    }
    return true;
}

/* All that a fresh buffer must be. */
static bool is_good_buffer(const struct arena_window *window, const uint8_t *buffer, size_t size)
{
    const uint8_t *end = window->base + window->capacity * PAGE;
    size_t rounded = (size + 7) / 8 * 8, mapped = (size + PAGE - 1) / PAGE * PAGE;
    size_t distance;

    return buffer && (uintptr_t)buffer % sizeof(void *) == 0 && buffer + rounded == end &&
           is_filled(buffer, size, 0) && is_filled(buffer + size, rounded - size, ARENA_PATTERN) &&
           is_filled(end - mapped, (size_t)(buffer - (end - mapped)), ARENA_PATTERN) &&
           !host_is_mapped(end) && !host_is_mapped(end - mapped - 1) &&
           arena_check(window, &distance) == ARENA_INTACT && arena_contains(window, buffer, size) &&
           !arena_contains(window, buffer, size + 1);
}

static bool works(size_t size)
{
    uint8_t *buffer = arena_allocate(&arena, &windows[0], size);
    bool good = is_good_buffer(&windows[0], buffer, size);

    arena_free(&arena, &windows[0]);
    return good && arena.free_count == arena.page_count && !host_is_mapped(buffer);
}

static void test_sizes(void)
{
    static const size_t sizes[] = {
        1,    2,    7,    8,    9,    4088,         4089,     4095,         4096,         4097,
        4104, 8191, 8192, 8193, PAGE, 5 * PAGE + 1, 7 * PAGE, 8 * PAGE - 9, 8 * PAGE - 1, 8 * PAGE};
    bool good = true;

    open_arena(PAGES, PAGES);
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        good &= works(sizes[i]);
    TAP_CHECK(good);
    good = true;
    for (size_t size = 1; size < 3 * PAGE; size += 13)
        good &= works(size);
    TAP_CHECK(good);
    TAP_CHECK(!arena_allocate(&arena, &windows[0], 0));
    TAP_CHECK(!arena_allocate(&arena, &windows[0], 8 * PAGE + 1));
    TAP_CHECK(!arena_allocate(&arena, &windows[0], UINT32_MAX));
    TAP_CHECK(!arena_allocate(&arena, &windows[0], SIZE_MAX));
    TAP_CHECK(arena_allocate(&arena, &windows[0], 1) && !arena_allocate(&arena, &windows[0], 1));
    TAP_CHECK(!arena_allocate(&arena, &windows[1], 7 * PAGE + 1) && arena.free_count == 7);
    TAP_CHECK(arena_allocate(&arena, &windows[1], 7 * PAGE) && arena.free_count == 0);
    TAP_CHECK(!arena_allocate(&arena, &windows[2], 1));
    arena_free(&arena, &windows[2]); /* nothing to free: nothing happens */
    TAP_CHECK(arena.free_count == 0);
    arena_free(&arena, &windows[0]);
    TAP_CHECK(arena_allocate(&arena, &windows[2], PAGE) && arena.free_count == 0);
    close_arena();

    open_arena(PAGES, 2);
    TAP_CHECK(works(2 * PAGE) && !arena_allocate(&arena, &windows[0], 2 * PAGE + 1));
    close_arena();
}

static void test_damage(void)
{
    struct arena_window *found;
    size_t distance = 99;
    uint8_t *buffer;

    open_arena(PAGES, PAGES);
    buffer = arena_allocate(&arena, &windows[0], 13);
    memset(buffer, 0xFF, 13);
    TAP_CHECK(arena_check(&windows[0], &distance) == ARENA_INTACT);
    buffer[13] = 0;
    TAP_CHECK(arena_check(&windows[0], &distance) == ARENA_DAMAGED_BEHIND && distance == 0);
    arena_repair(&windows[0]);
    TAP_CHECK(arena_check(&windows[0], &distance) == ARENA_INTACT && is_filled(buffer, 13, 0xFF));
    buffer[15] ^= 1;
    TAP_CHECK(arena_check(&windows[0], &distance) == ARENA_DAMAGED_BEHIND && distance == 2);
    arena_repair(&windows[0]);
    buffer[-1] = 0;
    TAP_CHECK(arena_check(&windows[0], &distance) == ARENA_DAMAGED_BEFORE && distance == 1);
    arena_repair(&windows[0]);
    buffer[-4080] = 0; /* the first byte of the page */
    TAP_CHECK(arena_check(&windows[0], &distance) == ARENA_DAMAGED_BEFORE && distance == 4080);

    TAP_CHECK(!arena_contains(&windows[0], buffer - 1, 1) &&
              !arena_contains(&windows[0], buffer, 14));
    TAP_CHECK(arena_contains(&windows[0], buffer + 13, 0) &&
              arena_contains(&windows[0], buffer + 12, 1));
    TAP_CHECK(!arena_contains(&windows[0], buffer + 14, 0) &&
              !arena_contains(&windows[0], buffer + 1, SIZE_MAX) &&
              !arena_contains(&windows[0], NULL, 0));

    TAP_CHECK(arena_locate(&arena, buffer, &found) == ARENA_BUFFER && found == &windows[0]);
    TAP_CHECK(arena_locate(&arena, buffer + 12, &found) == ARENA_BUFFER);
    TAP_CHECK(arena_locate(&arena, buffer + 13, &found) == ARENA_SLACK && found == &windows[0]);
    TAP_CHECK(arena_locate(&arena, buffer - 1, &found) == ARENA_SLACK);
    TAP_CHECK(arena_locate(&arena, buffer + 16, &found) == ARENA_BEHIND && found == &windows[0]);
    TAP_CHECK(arena_locate(&arena, buffer + 16 + PAGE, &found) != ARENA_BEHIND);
    TAP_CHECK(arena_locate(&arena, buffer - PAGE, &found) == ARENA_BEFORE && found == &windows[0]);
    TAP_CHECK(arena_locate(&arena, windows[0].base, &found) == ARENA_BEFORE);
    TAP_CHECK(arena_locate(&arena, windows[0].base - 1, &found) != ARENA_NOWHERE);
    TAP_CHECK(arena_locate(&arena, &arena, &found) == ARENA_NOWHERE && !found);
    TAP_CHECK(arena_locate(&arena, windows[1].base, &found) == ARENA_FREED && found == &windows[1]);
    arena_free(&arena, &windows[0]);
    TAP_CHECK(arena_locate(&arena, buffer, &found) == ARENA_FREED && found == &windows[0]);
    TAP_CHECK(!arena_contains(&windows[0], buffer, 1) &&
              arena_check(&windows[0], &distance) == ARENA_INTACT);
    close_arena();
}

/* Where mapping fails, nothing is kept. */
static void test_map_fails(void)
{
    struct arena_window window;
    void *base = host_window(4);
    bool good = true;

    open_arena(PAGES, PAGES);
    for (unsigned after = 0; after < 4; after++) {
        host.fail_after = after;
        good &= !arena_add_window(&arena, &window, base, 4) && arena.windows == &windows[2] &&
                !host_is_mapped(base) && !host_is_mapped((uint8_t *)base + 3 * PAGE);
        host.fail_after = after;
        good &= !arena_allocate(&arena, &windows[1], 5 * PAGE) && arena.free_count == PAGES &&
                !windows[1].is_live && !host_is_mapped(windows[1].base + 7 * PAGE);
        host.fail_after = UINT32_MAX;
        good &= works(8 * PAGE);
    }
    TAP_CHECK(good);
    host_window_free(base, 4);
    close_arena();
}

/* ------------------------------------------------------------------ random use */

/* Each window's buffer is filled with its own bytes, which nothing but its owner ever changes. */
static const char *use(const struct model_operation *operation, uint8_t *fills,
                       unsigned *free_pages)
{
    unsigned number = operation->kind % WINDOWS;
    struct arena_window *window = &windows[number];
    size_t size = operation->a % 4 == 0 ? operation->b % (10 * PAGE) : operation->b % 6000;
    size_t needed = (size + PAGE - 1) / PAGE;
    uint8_t *buffer;

    if (window->is_live && !is_filled(window->buffer, window->byte_count, fills[number]))
        return "a buffer's bytes have changed";
    if (operation->c % 3 == 0) {
        if (window->is_live)
            *free_pages += window->page_count;
        arena_free(&arena, window);
        return arena.free_count == *free_pages ? NULL : "pages were lost";
    }
    bool expected = !window->is_live && size > 0 && size <= PAGES * PAGE && needed <= *free_pages;
    buffer = arena_allocate(&arena, window, size);
    if (!buffer != !expected)
        return "a buffer was refused or given wrongly";
    if (!buffer)
        return NULL;
    if (!is_good_buffer(window, buffer, size))
        return "a fresh buffer is not as it should be";
    *free_pages -= (unsigned)needed;
    fills[number] = (uint8_t)(operation->c >> 8 | 1);
    memset(buffer, fills[number], size);
    return NULL;
}

static const char *run(const struct model_operation *operations, size_t count, size_t *failed_at,
                       bool verbose)
{
    uint8_t fills[WINDOWS] = {0};
    unsigned free_pages = PAGES;
    const char *fault = NULL;

    open_arena(PAGES, PAGES);
    for (size_t i = 0; i < count && !fault; i++) {
        *failed_at = i;
        if (verbose)
            printf("#   window %u: %s %u\n", operations[i].kind % WINDOWS,
                   operations[i].c % 3 ? "allocate" : "free", operations[i].b % 6000);
        fault = use(&operations[i], fills, &free_pages);
    }
    close_arena();
    return fault;
}

/* ------------------------------------------------------------------ the proof */

#define PROOF_PAGES   4u
#define PROOF_WINDOWS 3u

/* One window is smaller than the arena. */
static const unsigned proof_capacity[PROOF_WINDOWS] = {4, 4, 2};
static const size_t proof_sizes[] = {0,        1,        PAGE - 3, PAGE,         PAGE + 1,
                                     2 * PAGE, 3 * PAGE, 4 * PAGE, 4 * PAGE + 1, UINT32_MAX};
#define PROOF_SIZES (sizeof(proof_sizes) / sizeof(proof_sizes[0]))
#define PROOF_CALLS (PROOF_WINDOWS * (PROOF_SIZES + 1)) /* each size, and free */

/* A state: the arena with its windows, and what is mapped where (page + 1). */
struct proof_state {
    struct arena arena;
    struct arena_window windows[PROOF_WINDOWS];
    uint8_t mapped[PROOF_WINDOWS][PROOF_PAGES];
};

static struct proof_state now;
static _Alignas(4096) uint8_t proof_memory[PROOF_WINDOWS][(PROOF_PAGES + 1) * 4096];
static const char *proof_fault;
static bool proof_adding;

static bool proof_place(const void *address, unsigned *window, unsigned *slot)
{
    size_t at = (size_t)((const uint8_t *)address - &proof_memory[0][0]);
    *window = (unsigned)(at / sizeof(proof_memory[0]));
    *slot = (unsigned)(at % sizeof(proof_memory[0]) / PAGE);
    return at % PAGE == 0 && *window < PROOF_WINDOWS && *slot < proof_capacity[*window];
}

static bool proof_map(void *context, void *address, unsigned page)
{
    unsigned window, slot;

    (void)context;
    if (!proof_place(address, &window, &slot))
        proof_fault = "something was mapped outside the windows";
    else if (page >= PROOF_PAGES)
        proof_fault = "a page outside the arena was mapped";
    else if (now.mapped[window][slot])
        proof_fault = "a mapping was replaced";
    else
        now.mapped[window][slot] = (uint8_t)(page + 1);
    for (unsigned i = 0; i < PROOF_WINDOWS * PROOF_PAGES && !proof_adding; i++) {
        unsigned other = i / PROOF_PAGES, place = i % PROOF_PAGES;
        if (now.mapped[other][place] == page + 1 && (other != window || place != slot))
            proof_fault = "a page was mapped twice";
    }
    return true;
}

static void proof_unmap(void *context, void *address, size_t page_count)
{
    (void)context;
    for (size_t i = 0; i < page_count; i++) {
        unsigned window, slot;
        if (!proof_place((uint8_t *)address + i * PAGE, &window, &slot) ||
            !now.mapped[window][slot])
            proof_fault = "something was unmapped that was not mapped";
        else
            now.mapped[window][slot] = 0;
    }
}

static void proof_begin(void)
{
    struct arena_operations operations = {proof_map, proof_unmap, NULL};

    memset(&now, 0, sizeof(now));
    arena_init(&now.arena, PROOF_PAGES, &operations);
    proof_adding = true;
    for (unsigned i = 0; i < PROOF_WINDOWS; i++) {
        if (!arena_add_window(&now.arena, &now.windows[i], proof_memory[i], proof_capacity[i]))
            proof_fault = "a window was refused";
    }
    proof_adding = false;
}

/* What must hold in every state. */
static const char *proof_invariants(void)
{
    unsigned owned = 0, free_pages = 0, seen[PROOF_PAGES] = {0};
    uint16_t page = now.arena.first_free;

    for (; page != UINT16_MAX && free_pages <= PROOF_PAGES; page = now.arena.next_page[page]) {
        if (page >= PROOF_PAGES || seen[page]++)
            return "the list of free pages is broken";
        free_pages++;
    }
    if (free_pages != now.arena.free_count)
        return "the number of free pages is wrong";
    for (unsigned i = 0; i < PROOF_WINDOWS; i++) {
        const struct arena_window *window = &now.windows[i];
        unsigned pages = window->is_live ? (unsigned)((window->byte_count + PAGE - 1) / PAGE) : 0;
        for (unsigned slot = 0; slot < PROOF_PAGES; slot++) {
            unsigned mapped = now.mapped[i][slot];
            bool expected = slot < proof_capacity[i] && slot >= proof_capacity[i] - pages;
            if (!mapped != !expected)
                return "what is mapped is not the end of the window";
            if (mapped && seen[mapped - 1]++)
                return "a page is free and mapped, or mapped twice";
        }
        owned += pages;
        if (!window->is_live)
            continue;
        if ((uintptr_t)window->buffer % sizeof(void *) ||
            window->buffer + (window->byte_count + 7) / 8 * 8 !=
                window->base + window->capacity * PAGE)
            return "a buffer is not aligned, or not at the end of its window";
    }
    return owned + free_pages == PROOF_PAGES ? NULL : "pages are lost";
}

/* One call, and whether it did what it should in this state. */
static const char *proof_call(unsigned call)
{
    unsigned number = call / (PROOF_SIZES + 1), what = call % (PROOF_SIZES + 1), in_use = 0;
    struct arena_window *window = &now.windows[number];
    bool was_live = window->is_live, expected;
    size_t size;

    for (unsigned i = 0; i < PROOF_WINDOWS; i++)
        in_use += now.windows[i].is_live ? now.windows[i].page_count : 0;
    if (what == PROOF_SIZES) {
        arena_free(&now.arena, window);
        return window->is_live ? "a buffer was not freed" : NULL;
    }
    size = proof_sizes[what];
    expected = !was_live && size > 0 && size <= proof_capacity[number] * PAGE &&
               (size + PAGE - 1) / PAGE + in_use <= PROOF_PAGES;
    if (!arena_allocate(&now.arena, window, size) != !expected)
        return "a request succeeded or failed wrongly";
    return window->is_live == (was_live || expected) ? NULL : "the window's state is wrong";
}

/* What is left of a freed buffer has no influence, and is not part of the state. */
static void proof_forget(struct proof_state *state)
{
    for (unsigned i = 0; i < PROOF_WINDOWS; i++) {
        if (!state->windows[i].is_live) {
            state->windows[i].buffer = NULL;
            state->windows[i].byte_count = 0;
            state->windows[i].page_count = 0;
        }
    }
}

static const char *proof_step(void *state, unsigned call)
{
    const char *fault;

    memcpy(&now, state, sizeof(now));
    fault = proof_call(call);
    if (!fault)
        fault = proof_fault;
    if (!fault)
        fault = proof_invariants();
    proof_forget(&now);
    memcpy(state, &now, sizeof(now));
    /* From every state, freeing everything gives everything back. */
    for (unsigned i = 0; i < PROOF_WINDOWS; i++)
        arena_free(&now.arena, &now.windows[i]);
    if (!fault && now.arena.free_count != PROOF_PAGES)
        fault = "not all pages came back";
    return fault;
}

static void test_proof(void)
{
    struct closure closure = {sizeof(now), PROOF_CALLS, proof_step, 0, 0};
    struct proof_state first;
    const char *fault;

    proof_begin();
    memcpy(&first, &now, sizeof(first));
    fault = closure_run(&closure, &first);
    tap_ok(!fault, "every sequence of calls, of any length: %s", fault ? fault : "sound");
    printf(
        "# %u pages, %u windows, %zu sizes: %u states, %llu calls; no other state can be reached\n",
        PROOF_PAGES, PROOF_WINDOWS, PROOF_SIZES, (unsigned)closure.state_count,
        (unsigned long long)closure.tried);
}

int main(int argc, char **argv)
{
    uint64_t total = model_number(argc, argv, 1, "MODEL_OPERATIONS", 200000);
    uint64_t seed = model_number(argc, argv, 2, "MODEL_SEED", 1);

    test_sizes();
    test_damage();
    test_map_fails();
    tap_ok(model_explore(run, total / 10, seed), "random use agrees with the model");
    test_proof();
    return tap_exit();
}
