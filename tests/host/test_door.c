/* SPDX-License-Identifier: MIT */
/*
 * Both sides of the door (lib/door.h) against one that is broken or means harm: what the guest checks of
 * requests, with all values that are near a limit, and the host's side against a guest that this test plays.
 *
 * SOURCES: boot/door/check.c tools/nbd/head.c tools/nbd/link.c
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot/door/check.h"
#include "tests/host/tap.h"
#include "tools/nbd/link.h"

/* ------------------------------------------------------------------ the guest's checks */

static const struct door_export exports[] = {
    {.name = "0", .byte_count = 1 << 20, .sector_size = 512, .flags = 3},
    {.name = "1", .byte_count = 1 << 20, .sector_size = 4096, .flags = DOOR_EXPORT_WRITABLE},
    {.name = "cd0", .byte_count = 1 << 20, .sector_size = 2048, .flags = 0},
    {.name = "cd1", .byte_count = 0, .sector_size = 2048, .flags = 0},
};
#define EXPORT_COUNT 4u

static enum door_verdict check(const struct door_request *asked, struct door_cover *cover,
                               enum door_error *error)
{
    const char *sentence = NULL;
    enum door_verdict verdict = door_check(asked, exports, EXPORT_COUNT, cover, error, &sentence);
    return (verdict == DOOR_GOOD) == !sentence ? verdict : (enum door_verdict) - 1;
}

/* Is what a good request may touch inside its disk, and inside a buffer? */
static bool is_inside(const struct door_request *asked, const struct door_cover *cover)
{
    const struct door_export *export = &exports[asked->export_index];
    uint64_t bytes = cover->count * export->sector_size;

    if (asked->operation == DOOR_FLUSH)
        return cover->count == 0;
    if (cover->first > export->byte_count / export->sector_size ||
        cover->count > export->byte_count / export->sector_size - cover->first)
        return false;
    if (asked->operation == DOOR_TRIM)
        return cover->first * export->sector_size >= asked->offset &&
               (cover->count == 0 ||
                cover->first * export->sector_size + bytes <= asked->offset + asked->byte_count);
    return bytes <= DOOR_BUFFER_SIZE && cover->skip + asked->byte_count <= bytes &&
           cover->first * export->sector_size + cover->skip == asked->offset &&
           cover->is_partial == (bytes != asked->byte_count);
}

static void test_limits(void)
{
    static const uint64_t edges[] = {
        0, 511, 512, 2048, 4096, DOOR_DATA_SIZE, 1 << 20, UINT32_MAX, INT64_MAX, UINT64_MAX};
    const unsigned edge_count = sizeof edges / sizeof *edges;
    unsigned good = 0, outside = 0, forbidden = 0;

    for (uint32_t operation = 0; operation <= DOOR_FLUSH + 1; operation++)
        for (uint32_t index = 0; index <= EXPORT_COUNT; index++)
            for (unsigned i = 0; i < edge_count * 3 * edge_count * 3; i++) {
                struct door_request asked = {
                    .operation = operation,
                    .export_index = index,
                    .flags = i % 2,
                    .offset = edges[i / 3 % edge_count] + i % 3 - 1,
                    .byte_count = edges[i / 9 / edge_count] + i / 3 / edge_count % 3 - 1,
                };
                struct door_cover cover;
                enum door_error error = DOOR_DONE;
                enum door_verdict verdict = check(&asked, &cover, &error);
                bool is_known = operation <= DOOR_FLUSH && index < EXPORT_COUNT;
                good += verdict == DOOR_GOOD;
                if (verdict == DOOR_GOOD)
                    outside += !is_known || !is_inside(&asked, &cover);
                else
                    outside += verdict == DOOR_REFUSED ? error == DOOR_DONE : 0;
                forbidden += verdict == DOOR_GOOD && index >= 2 &&
                             (operation == DOOR_WRITE || operation == DOOR_TRIM);
            }
    tap_ok(good > 100 && outside == 0, "%u good requests, %u of them outside of disk or buffer",
           good, outside);
    tap_ok(forbidden == 0, "no write of what is only to be read");
}

static enum door_error error_of(uint32_t operation, uint32_t index, uint64_t offset, uint64_t count)
{
    struct door_request asked = {
        .operation = operation, .export_index = index, .offset = offset, .byte_count = count};
    struct door_cover cover;
    enum door_error error = DOOR_DONE;
    return check(&asked, &cover, &error) == DOOR_BROKEN ? DOOR_ERRORS : error;
}

static void test_errors(void)
{
    TAP_CHECK(error_of(DOOR_READ, 0, (1 << 20) - 1, 1) == DOOR_DONE);
    TAP_CHECK(error_of(DOOR_READ, 0, (1 << 20) - 1, 2) == DOOR_INVALID);
    TAP_CHECK(error_of(DOOR_WRITE, 0, (1 << 20) - 1, 2) == DOOR_NO_SPACE);
    TAP_CHECK(error_of(DOOR_READ, 0, UINT64_MAX, 2) == DOOR_INVALID);
    TAP_CHECK(error_of(DOOR_WRITE, 2, 0, 2048) == DOOR_READ_ONLY);
    TAP_CHECK(error_of(DOOR_TRIM, 2, 0, 2048) == DOOR_READ_ONLY);
    TAP_CHECK(error_of(DOOR_TRIM, 1, 0, 4096) == DOOR_INVALID);
    TAP_CHECK(error_of(DOOR_READ, 0, 0, 0) == DOOR_ERRORS);
    TAP_CHECK(error_of(DOOR_READ, 0, 0, DOOR_DATA_SIZE + 1) == DOOR_ERRORS);
    TAP_CHECK(error_of(DOOR_TRIM, 0, 0, 1 << 20) == DOOR_DONE);
    TAP_CHECK(error_of(DOOR_FLUSH + 1, 0, 0, 1) == DOOR_ERRORS);
    TAP_CHECK(error_of(DOOR_READ, EXPORT_COUNT, 0, 1) == DOOR_ERRORS);
}

static bool conflict(uint32_t operation, uint32_t index, uint64_t offset, uint64_t count)
{
    struct door_request one = {.operation = DOOR_WRITE, .offset = 700, .byte_count = 1000};
    struct door_request other = {
        .operation = operation, .export_index = index, .offset = offset, .byte_count = count};
    struct door_cover its, others;
    enum door_error error;

    check(&one, &its, &error);
    check(&other, &others, &error);
    bool there = door_conflicts(&one, &its, &other, &others);
    return there == door_conflicts(&other, &others, &one, &its) ? there : !there;
}

/* A write of bytes 700 to 1699, that is of parts of the sectors 1 and 3. */
static void test_conflicts(void)
{
    TAP_CHECK(conflict(DOOR_WRITE, 0, 512, 1));
    TAP_CHECK(conflict(DOOR_WRITE, 0, 1536, 512));
    TAP_CHECK(conflict(DOOR_TRIM, 0, 0, 4096));
    TAP_CHECK(!conflict(DOOR_WRITE, 0, 0, 512));
    TAP_CHECK(!conflict(DOOR_WRITE, 0, 2048, 1));
    TAP_CHECK(!conflict(DOOR_WRITE, 1, 512, 1));
    TAP_CHECK(!conflict(DOOR_READ, 0, 512, 512));
    TAP_CHECK(!conflict(DOOR_FLUSH, 0, 0, 0));
}

/* ------------------------------------------------------------------ the host's side */

/* Everything there is static, so each guest gets a process. */
static struct door_memory *memory;
static int guest_line;
static unsigned complaints;

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
    (void)format;
    complaints++;
}

static unsigned ends;
static void count_end(void)
{
    ends++;
}

static void say_look(void)
{
    char byte = DOOR_LOOK;
    if (write(guest_line, &byte, 1) != 1)
        _exit(99);
}

static void hear(void)
{
    char byte;
    if (read(guest_line, &byte, 1) != 1)
        _exit(98);
}

static void begin_host(void)
{
    char path[40];
    int lines[2], file = memfd_create("door", 0);

    if (file < 0 || ftruncate(file, DOOR_MEMORY_SIZE) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, lines) != 0)
        _exit(97);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    memory = mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    guest_line = lines[0];
    if (memory == MAP_FAILED || !link_map(path, complain) || link_start(lines[1], count_end) != 0)
        _exit(96);
    hear();
}

static void open_guest(void)
{
    memory->head = (struct door_head){.host_magic = DOOR_MAGIC,
                                      .magic = DOOR_MAGIC,
                                      .version = DOOR_VERSION,
                                      .export_count = EXPORT_COUNT};
    memcpy(memory->head.exports, exports, sizeof exports);
    memory->head.state = DOOR_OPEN;
}

static struct door_request *wait_for_request(void)
{
    for (;;) {
        for (unsigned i = 0; i < DOOR_SLOTS; i++)
            if (__atomic_load_n(&memory->requests[i].state, __ATOMIC_ACQUIRE) == DOOR_ASKED)
                return &memory->requests[i];
        hear();
    }
}

static void *ask(void *data)
{
    return (void *)(intptr_t)link_request(DOOR_READ, 0, 0, 512, 700, data);
}

/* Asks, and lets the guest answer with these; the result. */
static int answered_with(uint32_t state, uint32_t error, uint8_t *data)
{
    pthread_t asker;
    void *result;

    pthread_create(&asker, NULL, ask, data);
    struct door_request *request = wait_for_request();
    memset(memory->data[request - memory->requests], 0x5A, 700);
    request->error = error;
    __atomic_store_n(&request->state, state, __ATOMIC_RELEASE);
    say_look();
    pthread_join(asker, &result);
    return (int)(intptr_t)result;
}

static bool in_process(bool (*play)(int variant), int variant)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        begin_host();
        open_guest();
        _exit(play(variant) ? 0 : 1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool play_good(int variant)
{
    uint8_t data[700];

    (void)variant;
    say_look();
    const struct door_head *head = link_wait();
    if (!head || head->export_count != EXPORT_COUNT || strcmp(head->exports[2].name, "cd0") != 0)
        return false;
    for (unsigned i = 0; i < 3 * DOOR_SLOTS; i++)
        if (answered_with(DOOR_ANSWERED, DOOR_DONE, data) != 0 || data[699] != 0x5A)
            return false;
    if (answered_with(DOOR_ANSWERED, DOOR_NO_SPACE, data) != ENOSPC)
        return false;
    memory->head.state = DOOR_SHUT;
    say_look();
    while (link_wait())
        usleep(1000);
    return link_request(DOOR_READ, 0, 0, 0, 512, data) == ESHUTDOWN && complaints == 0;
}

static bool play_bad_head(int variant)
{
    struct door_head *head = &memory->head;

    switch (variant) {
    case 0:
        head->magic++;
        break;
    case 1:
        head->version++;
        break;
    case 2:
        head->export_count = DOOR_EXPORTS + 1;
        break;
    case 3:
        head->export_count = UINT32_MAX;
        break;
    case 4:
        memset(head->exports[1].name, 'x', sizeof head->exports[1].name);
        break;
    case 5:
        head->exports[1].name[0] = '0';
        break;
    case 6:
        head->exports[1].name[0] = 0;
        break;
    case 7:
        memset(head->exports[1].description, 'x', sizeof head->exports[1].description);
        break;
    case 8:
        head->exports[1].description[0] = '\n';
        break;
    case 9:
        head->exports[1].sector_size = 0;
        break;
    case 10:
        head->exports[1].sector_size = 1000;
        break;
    case 11:
        head->exports[1].sector_size = 1 << 16;
        break;
    case 12:
        head->exports[1].byte_count = UINT64_MAX - 4095;
        break;
    case 13:
        head->exports[1].byte_count++;
        break;
    case 14:
        head->exports[1].flags = 4;
        break;
    case 15:
        head->state = 77;
        break;
    default:
        return false;
    }
    say_look();
    return !link_wait() && complaints == 1;
}

static bool play_bad_answer(int variant)
{
    uint8_t data[700];

    say_look();
    link_wait();
    int result = answered_with(variant == 0 ? 77 : DOOR_ANSWERED,
                               variant == 1 ? DOOR_ERRORS : UINT32_MAX, data);
    return result == ESHUTDOWN && !link_wait() && complaints == 1;
}

/* The machine ends while a request is under way. */
static bool play_end(int variant)
{
    uint8_t data[700];
    pthread_t asker;
    void *result;

    (void)variant;
    say_look();
    link_wait();
    pthread_create(&asker, NULL, ask, data);
    wait_for_request();
    close(guest_line);
    pthread_join(asker, &result);
    while (__atomic_load_n(&ends, __ATOMIC_ACQUIRE) == 0)
        usleep(1000);
    return (int)(intptr_t)result == ESHUTDOWN && !link_wait();
}

int main(void)
{
    test_limits();
    test_errors();
    test_conflicts();
    tap_ok(in_process(play_good, 0), "a guest that is right is served, slots are used again");
    for (int i = 0; i <= 15; i++)
        tap_ok(in_process(play_bad_head, i), "a head that is wrong, %d, shuts the door", i);
    for (int i = 0; i < 3; i++)
        tap_ok(in_process(play_bad_answer, i), "an answer that is none, %d, shuts the door", i);
    tap_ok(in_process(play_end, 0), "a machine that ends leaves nobody waiting");
    return tap_exit();
}
