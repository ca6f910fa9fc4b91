/* SPDX-License-Identifier: MIT */
/*
 * The registry routines as a miniport calls them: the right contexts and the wrong ones, each rule
 * broken on purpose, and that the channel goes on afterwards. The test takes the driver's part: it
 * pushes the contexts that the port would push, and calls the exported routines for a channel that
 * runs.
 */
#include <irb.h>
#include <string.h>

#include "port/call.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/contract/rules.h"
#include "port/registry/arena.h"
#include "port/registry/kernel.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#define PLAN 75u

static struct channel *channel, *other;

/* ------------------------------------------------------------------ contexts */

static struct context now;
static struct driver driver_now;

static void enter(struct channel *of, enum context_kind kind, IDE_CONTROL_ACTION action)
{
    now = *channel_context(of, kind);
    now.kind = kind;
    now.action = action;
    /* The test's buffers and names are the kernel's, so the driver that it plays is a part of the kernel. */
    driver_now = *now.driver;
    driver_now.image = NULL;
    now.driver = &driver_now;
    context_push(&now);
}

static void leave(void)
{
    context_pop(&now);
}

/* Reports of a rule since the last question for it. */
static uint64_t broken(enum rule rule)
{
    static uint64_t before[RULE_COUNT];
    uint64_t count = contract_count(rule) - before[rule];
    before[rule] += count;
    return count;
}

/* All rules' counts are as they were when each was asked for last, but for `rule`, once more. */
static bool only(enum rule rule)
{
    bool right = true;
    for (unsigned i = 0; i < RULE_COUNT; i++)
        right &= broken(i) == (i == rule);
    return right;
}

static bool none(void)
{
    return only(RULE_COUNT);
}

/* ------------------------------------------------------------------ shorter calls */

static void *allocate(uint32_t byte_count)
{
    return AtaPortRegistryAllocateBuffer(channel->memory.extension, byte_count);
}

static void release(void *buffer)
{
    AtaPortRegistryFreeBuffer(channel->memory.extension, buffer);
}

static bool is_live(void)
{
    return channel->registry.state == REGISTRY_LIVE;
}

static ULONG length;

static BOOLEAN read(const char *name, UCHAR type, void *buffer, ULONG byte_count)
{
    length = byte_count;
    return AtaPortRegistryChannelSubkeyRead(channel->memory.extension, 0, (PCHAR)name, type, buffer,
                                            &length);
}

static BOOLEAN write(const char *name, UCHAR type, const void *buffer, ULONG byte_count)
{
    length = byte_count;
    return AtaPortRegistryChannelSubkeyWrite(channel->memory.extension, 0, (PCHAR)name, type,
                                             (PUCHAR)buffer, &length);
}

static BOOLEAN write_deferred(const char *name, UCHAR type, const void *buffer, ULONG byte_count)
{
    length = byte_count;
    return AtaPortRegistryChannelSubkeyWriteDeferred(channel->memory.extension, 0, (PCHAR)name,
                                                     type, (PUCHAR)buffer, &length);
}

/* ------------------------------------------------------------------ every context */

/* Which of the five routines work in a context, and which rule the others break there. */
static void test_contexts(void)
{
    static const IDE_CONTROL_ACTION actions[] = {IdeStart, IdeStop, IdePowerUp, IdePowerDown};
    bool allocates = true, frees = true, reads = true, defers = true;

    (void)none();
    for (unsigned i = CONTEXT_DRIVER_ENTRY; i < CONTEXT_KIND_COUNT + 3; i++) {
        enum context_kind kind = i < CONTEXT_KIND_COUNT ? i : CONTEXT_HW_CONTROL;
        IDE_CONTROL_ACTION action =
            actions[i < CONTEXT_KIND_COUNT ? 0 : i - CONTEXT_KIND_COUNT + 1];
        bool is_start_or_stop =
            kind == CONTEXT_CHANNEL_INIT ||
            (kind == CONTEXT_HW_CONTROL && (action == IdeStart || action == IdeStop));
        bool is_routine = kind == CONTEXT_CHANNEL_INIT || kind == CONTEXT_HW_CONTROL ||
                          kind == CONTEXT_HW_INITIALIZE || kind == CONTEXT_START_IO ||
                          kind == CONTEXT_INTERRUPT || kind == CONTEXT_RESET;
        bool in_build_io = kind == CONTEXT_BUILD_IO;
        void *buffer;

        enter(channel, kind, action);
        buffer = allocate(16);
        leave();
        allocates &= !buffer == !is_start_or_stop && only(is_start_or_stop ? RULE_COUNT
                                                          : in_build_io    ? RULE_CTX_01
                                                                           : RULE_REG_01);
        enter(channel, CONTEXT_CHANNEL_INIT, 0);
        if (!buffer)
            buffer = allocate(16);
        write("Context", IDE_REG_DWORD, buffer, 4);
        leave();
        enter(channel, kind, action);
        reads &= read("Context", IDE_REG_DWORD, buffer, 16) == is_start_or_stop;
        reads &= only(is_start_or_stop ? RULE_COUNT : in_build_io ? RULE_CTX_01 : RULE_REG_09);
        reads &= write("Context", IDE_REG_DWORD, buffer, 4) == is_start_or_stop;
        reads &= only(is_start_or_stop ? RULE_COUNT : in_build_io ? RULE_CTX_01 : RULE_REG_09);
        defers &= write_deferred("Context", IDE_REG_DWORD, buffer, 4) == is_routine;
        defers &= only(is_routine ? RULE_COUNT : in_build_io ? RULE_CTX_01 : RULE_REG_10);
        release(buffer);
        leave();
        frees &= is_live() == !is_start_or_stop;
        frees &= only(is_start_or_stop ? RULE_COUNT : in_build_io ? RULE_CTX_01 : RULE_REG_03);
        enter(channel, CONTEXT_CHANNEL_INIT, 0);
        if (is_live())
            release(buffer);
        leave();
    }
    guest_ok(allocates, "REG-01: AllocateBuffer in every context");
    guest_ok(frees, "REG-03: FreeBuffer in every context");
    guest_ok(reads, "REG-09: Read and Write in every context");
    guest_ok(defers, "REG-10: WriteDeferred in every context");

    guest_ok(!allocate(16) && only(RULE_REG_01), "REG-01: outside of any call of the port");
    enter(other, CONTEXT_CHANNEL_INIT, 0);
    guest_ok(!allocate(16) && only(RULE_REG_01), "REG-01: in another channel's routine");
    leave();
}

/* ------------------------------------------------------------------ the buffer */

static bool is_zeroed(const uint8_t *bytes, size_t byte_count)
{
    for (size_t i = 0; i < byte_count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void test_sizes(void)
{
    const uint32_t all = REGISTRY_ARENA_BYTE_COUNT;
    static const uint32_t sizes[] = {1, 7, 8, 4095, 4096, 4097, REGISTRY_ARENA_BYTE_COUNT};
    bool good = true;
    uint8_t *buffer, *second;

    enter(channel, CONTEXT_HW_CONTROL, IdeStart);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        buffer = allocate(sizes[i]);
        good &= buffer && (uintptr_t)buffer % sizeof(void *) == 0 && is_zeroed(buffer, sizes[i]);
        if (buffer)
            memset(buffer, 0xFF, sizes[i]);
        release(buffer);
    }
    guest_ok(good && none(), "buffers of 1 byte up to the whole arena: aligned, zeroed");
    guest_ok(!allocate(0), "size 0 gives NULL");
    guest_ok(!allocate(UINT32_MAX), "size 0xFFFFFFFF gives NULL");
    guest_ok(!allocate(all + 1), "one byte more than the arena gives NULL");
    guest_ok(!allocate(0x80000000u) && none(), "and none of these breaks a rule");
    buffer = allocate(all - HAL_PAGE_SIZE);
    leave();

    enter(other, CONTEXT_CHANNEL_INIT, 0);
    guest_ok(!AtaPortRegistryAllocateBuffer(other->memory.extension, HAL_PAGE_SIZE + 1),
             "an arena with one page left has no room for more");
    second = AtaPortRegistryAllocateBuffer(other->memory.extension, HAL_PAGE_SIZE);
    guest_ok(second && port_registry.arena.free_count == 0, "but for one page");
    AtaPortRegistryFreeBuffer(other->memory.extension, second);
    leave();
    enter(channel, CONTEXT_HW_CONTROL, IdeStop);
    release(buffer);
    guest_ok(port_registry.arena.free_count == REGISTRY_ARENA_PAGES && none(),
             "all freed gives all back");
    leave();
}

static void test_one_buffer(void)
{
    uint8_t *buffer, *other_buffer;

    enter(channel, CONTEXT_CHANNEL_INIT, 0);
    buffer = allocate(100);
    memset(buffer, 0x5A, 100);
    guest_ok(!allocate(1) && only(RULE_REG_02), "REG-02: a second buffer");
    guest_ok(!allocate(0) && only(RULE_REG_02), "REG-02: also of size 0");
    guest_ok(is_live() && buffer[0] == 0x5A && buffer[99] == 0x5A, "the first one is not touched");
    leave();
    enter(other, CONTEXT_CHANNEL_INIT, 0);
    other_buffer = AtaPortRegistryAllocateBuffer(other->memory.extension, 100);
    guest_ok(other_buffer && none(), "another channel has a buffer of its own");
    leave();

    enter(channel, CONTEXT_CHANNEL_INIT, 0);
    release(other_buffer);
    guest_ok(is_live() && only(RULE_REG_04), "REG-04: another channel's buffer");
    release(NULL);
    guest_ok(is_live() && only(RULE_REG_04), "REG-04: NULL");
    release(buffer + 8);
    guest_ok(is_live() && only(RULE_REG_04), "REG-04: a pointer into the buffer");
    release(buffer);
    guest_ok(!is_live() && none(), "the right pointer");
    release(buffer);
    guest_ok(only(RULE_REG_04), "REG-04: twice");
    leave();
    guest_ok(hal_physical(buffer) == 0, "a freed buffer is not mapped");
    enter(other, CONTEXT_CHANNEL_INIT, 0);
    AtaPortRegistryFreeBuffer(other->memory.extension, other_buffer);
    guest_ok(other->registry.state == REGISTRY_NO_BUFFER && none(),
             "the other channel frees its own");
    leave();
}

static void test_slack(void)
{
    uint8_t *buffer;

    enter(channel, CONTEXT_CHANNEL_INIT, 0);
    buffer = allocate(13);
    guest_ok(hal_physical(buffer + 16) == 0, "the first byte past the rounded size is not mapped");
    memset(buffer, 0, 13);
    (void)read("Missing", IDE_REG_DWORD, buffer, 4);
    guest_ok(none(), "writes to all of the buffer break no rule");
    buffer[13] = 0;
    (void)read("Missing", IDE_REG_DWORD, buffer, 4);
    guest_ok(only(RULE_REG_05), "REG-05: one byte past the end, at the next call");
    (void)read("Missing", IDE_REG_DWORD, buffer, 4);
    guest_ok(none(), "once");
    buffer[-1] = 0;
    release(buffer);
    guest_ok(only(RULE_REG_05) && !is_live(), "REG-05: one byte before it, at the free");
    leave();
}

/* ------------------------------------------------------------------ values */

static void test_outside(void)
{
    static const uint8_t elsewhere[64];
    static const char *const where[] = {"elsewhere", "before", "over the end", "behind", "at NULL"};
    uint8_t *buffer;

    enter(channel, CONTEXT_CHANNEL_INIT, 0);
    guest_ok(!read("Outside", IDE_REG_BINARY, (void *)elsewhere, 8) && only(RULE_REG_08) &&
                 length == 0,
             "REG-08: Read without a buffer");
    buffer = allocate(64);
    const uint8_t *const bad[] = {elsewhere, buffer - 1, buffer + 60, buffer + 65, NULL};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        bool read_good = !read("Outside", IDE_REG_BINARY, (void *)bad[i], 8) && only(RULE_REG_08);
        bool write_good = !write("Outside", IDE_REG_BINARY, bad[i], 8) && only(RULE_REG_08);
        bool later_good =
            !write_deferred("Outside", IDE_REG_BINARY, bad[i], 8) && only(RULE_REG_08);
        guest_ok(read_good && write_good && later_good, "REG-08: %s", where[i]);
    }
    guest_ok(!write("Outside", IDE_REG_BINARY, buffer, 65) && only(RULE_REG_08),
             "REG-08: longer than the buffer");
    guest_ok(!write("Outside", IDE_REG_BINARY, buffer, UINT32_MAX) && only(RULE_REG_08),
             "REG-08: of length 0xFFFFFFFF");
    guest_ok(!read("Outside", IDE_REG_BINARY, buffer, 64) && none(),
             "and nothing was stored by any of these");
    release(buffer);
    leave();
}

static void test_values(void)
{
    static const UCHAR text[] = {'h', 0, 'i', 0, 0, 0};
    uint8_t *buffer;
    ULONG needed = 0;

    enter(channel, CONTEXT_HW_CONTROL, IdeStart);
    buffer = allocate(64);
    memcpy(buffer, "\1\2\3\4", 4);
    memcpy(buffer + 8, text, sizeof text);
    guest_ok(write("Dword", IDE_REG_DWORD, buffer, 4) && length == 4, "write a REG_DWORD");
    guest_ok(write("Text", IDE_REG_SZ, buffer + 8, 6), "write a REG_SZ");
    guest_ok(write("Bytes", IDE_REG_BINARY, buffer, 3), "write a REG_BINARY");
    memset(buffer, 0xEE, 64);
    guest_ok(read("dWORD", IDE_REG_DWORD, buffer, 64) && length == 4 &&
                 memcmp(buffer, "\1\2\3\4\xEE", 5) == 0,
             "read the REG_DWORD, in another case");
    guest_ok(read("Text", IDE_REG_SZ, buffer + 58, 6) && length == 6 &&
                 memcmp(buffer + 58, text, 6) == 0,
             "read the REG_SZ with its terminator, at the very end of the buffer");
    guest_ok(read("Bytes", IDE_REG_BINARY, buffer, 3) && length == 3 && none(),
             "read the REG_BINARY");
    memset(buffer, 0xEE, 64);
    guest_ok(!read("Dword", IDE_REG_DWORD, buffer, 3) && length == 4 && buffer[0] == 0xEE &&
                 only(RULE_REG_13),
             "REG-13: a short buffer: the length needed, and nothing else");
    guest_ok(!AtaPortRegistryChannelSubkeyRead(channel->memory.extension, 0, (PCHAR) "Text",
                                               IDE_REG_SZ, NULL, &needed) &&
                 needed == 6 && none(),
             "no buffer asks for the length, and breaks no rule");
    guest_ok(!read("Missing", IDE_REG_DWORD, buffer, 64) && length == 0 && none(),
             "a missing value: 0");
    guest_ok(!read("Dword", IDE_REG_BINARY, buffer, 64) && length == 0 && none(),
             "another type than the stored one: no value, and no driver's fault");
    guest_ok(!read("Dword", 2, buffer, 64) && length == 0 && only(RULE_REG_12),
             "REG-12: no such type");
    guest_ok(!write("Dword", IDE_REG_DWORD, buffer, 5) && only(RULE_REG_12), "REG-12: five bytes");
    guest_ok(!write("Text", IDE_REG_SZ, buffer, 6) && only(RULE_REG_12), "REG-12: no terminator");
    guest_ok(!AtaPortRegistryChannelSubkeyRead(channel->memory.extension, 0, (PCHAR) "Text",
                                               IDE_REG_SZ, buffer, NULL) &&
                 only(RULE_REG_08),
             "REG-08: no length at all");
    guest_ok(!read(NULL, IDE_REG_DWORD, buffer, 4) && none(), "no name: FALSE, and no more");
    length = 4;
    guest_ok(!AtaPortRegistryControllerKeyRead(channel->memory.extension, 0, (PCHAR) "Dword",
                                               IDE_REG_DWORD, buffer, &length) &&
                 !AtaPortRegistryChannelSubkeyRead(channel->memory.extension, 1, (PCHAR) "Dword",
                                                   IDE_REG_DWORD, buffer, &length),
             "the controller's key and another controller's are other keys");
    release(buffer);
    leave();
}

static void test_deferred(void)
{
    uint8_t *buffer;
    unsigned stored = 0;

    enter(channel, CONTEXT_CHANNEL_INIT, 0);
    buffer = allocate(64);
    leave();
    enter(channel, CONTEXT_INTERRUPT, 0);
    enum irql irql = irql_enter_dirql();
    memcpy(buffer, "\1\0\0\0\2\0\0\0", 8);
    guest_ok(write_deferred("First", IDE_REG_DWORD, buffer, 4), "write deferred, at DIRQL");
    guest_ok(write_deferred("Second", IDE_REG_DWORD, buffer + 4, 4), "and another value");
    guest_ok(write_deferred("First", IDE_REG_DWORD, buffer + 4, 4), "and the first one again");
    irql_leave_dirql(irql);
    leave();
    enter(channel, CONTEXT_HW_CONTROL, IdeStop);
    guest_ok(!read("First", IDE_REG_DWORD, buffer + 60, 4),
             "nothing is stored before the buffer is freed");
    release(buffer);
    guest_ok(none(), "freed: no rule broken");
    buffer = allocate(64);
    guest_ok(read("First", IDE_REG_DWORD, buffer, 4) && buffer[0] == 2 &&
                 read("Second", IDE_REG_DWORD, buffer, 4) && buffer[0] == 2,
             "stored in order, the last one wins");
    guest_ok(write_deferred("First", IDE_REG_DWORD, buffer, 4), "write deferred");
    buffer[0] = 9;
    release(buffer);
    guest_ok(only(RULE_REG_11), "REG-11: the bytes changed before the free");
    buffer = allocate(64);
    guest_ok(read("First", IDE_REG_DWORD, buffer, 4) && buffer[0] == 9,
             "stored is what the buffer held at the free");
    for (unsigned i = 0; i < 2 * REGISTRY_MAX_DEFERRED; i++)
        stored += write_deferred("Many", IDE_REG_BINARY, buffer, 1);
    guest_ok(stored == REGISTRY_MAX_DEFERRED && none(), "their number is bounded");
    release(buffer);
    leave();
}

/* ------------------------------------------------------------------ who may not call at all */

static void test_callers(void)
{
    static struct driver controller_only = {.is_registered = true};
    void *controller_extension = channel->controller->extension;

    enter(channel, CONTEXT_CHANNEL_INIT, 0);
    guest_ok(!AtaPortRegistryAllocateBuffer(controller_extension, 8) && only(RULE_CTX_09),
             "CTX-09: a controller extension");
    guest_ok(!AtaPortRegistryAllocateBuffer(NULL, 8) && only(RULE_CTX_10), "CTX-10: no extension");
    channel->given.configuration.ChannelMode = IdeModeDump;
    guest_ok(!allocate(8) && only(RULE_CTX_08), "CTX-08: in dump mode");
    channel->given.configuration.ChannelMode = IdeModeNormal;
    leave();
    enter(channel, CONTEXT_ADAPTER_CONTROL, IdeStart);
    now.driver = &controller_only;
    now.channel = NULL;
    now.extension = &now; /* no channel's */
    guest_ok(!AtaPortRegistryAllocateBuffer(controller_extension, 8) && only(RULE_REG_14),
             "REG-14: a driver without channels");
    leave();
}

/* ------------------------------------------------------------------ a leak */

static void test_leak(void)
{
    uint8_t *buffer;

    enter(channel, CONTEXT_CHANNEL_INIT, 0);
    buffer = allocate(16);
    buffer[0] = 77;
    guest_ok(write_deferred("Leaked", IDE_REG_DWORD, buffer, 4), "a buffer with a deferred write");
    leave();
    (void)none();
    channel_stop(channel);
    guest_ok(only(RULE_REG_07) && !is_live(), "REG-07: the channel stops, and the port frees it");
    guest_ok(port_registry.arena.free_count == REGISTRY_ARENA_PAGES, "all of it");
    guest_ok(channel_start(channel) && none(), "the channel starts again");
    enter(channel, CONTEXT_CHANNEL_INIT, 0);
    buffer = allocate(16);
    guest_ok(buffer && read("Leaked", IDE_REG_DWORD, buffer, 4) && buffer[0] == 77,
             "what was written deferred was stored");
    release(buffer);
    leave();
}

void guest_test_registry(void)
{
    guest_plan(PLAN);
    channel = port_next_channel(NULL);
    other = channel ? port_next_channel(channel) : NULL;
    if (!guest_ok(channel && other && channel->state == CHANNEL_RUNNING, "there are two channels"))
        return;
    test_contexts();
    test_sizes();
    test_one_buffer();
    test_slack();
    test_outside();
    test_values();
    test_deferred();
    test_callers();
    test_leak();
}
