/* SPDX-License-Identifier: MIT */
/*
 * Routines one by one, called as a miniport would: queue tags, configuration space, registers and ports in all widths and
 * forms, memory, addresses, time. Ports are those of the first channel of pata.sys, which is stopped meanwhile; disk 0
 * is a scratch disk of a PC's IDE controller.
 */
#include <string.h>

#include "port/block.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/controller.h"
#include "port/ddi/unpublished.h"
#include "port/loader/image.h"
#include "port/objects.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 42u

static struct channel *channel; /* the puppet's */
static PVOID extension;

/* ------------------------------------------------------------------ queue tags */

static void test_tags(void)
{
    UCHAR device[4], whole[3], most = 0;
    BOOLEAN initialised = FALSE;
    bool all_different = true;

    FROM(channel, CONTEXT_HW_CONTROL, {
        initialised = AtaPortInitializeQueueTag(extension, 0, 0, 3) &&
                      AtaPortInitializeQueueTag(extension, IDE_UNTAGGED, IDE_UNTAGGED, 2);
    });
    guest_ok(initialised, "tags for a device, and for the channel");
    FROM(channel, CONTEXT_START_IO, {
        for (unsigned i = 0; i < 4; i++)
            device[i] = AtaPortAllocateQueueTag(extension, 0, 0);
        for (unsigned i = 0; i < 3; i++)
            whole[i] = AtaPortAllocateQueueTag(extension, IDE_UNTAGGED, IDE_UNTAGGED);
    });
    guest_ok(device[0] == 1 && device[1] == 2 && device[2] == 3 && device[3] == 0,
             "a device has tags from 1 to MaxQueueTag, then 0");
    guest_ok(whole[0] == 1 && whole[1] == 2 && whole[2] == 0, "the channel has its own");
    FROM(channel, CONTEXT_INTERRUPT, AtaPortReleaseQueueTag(extension, 0, 0, 2));
    FROM(channel, CONTEXT_START_IO, device[0] = AtaPortAllocateQueueTag(extension, 0, 0));
    FROM(channel, CONTEXT_START_IO, whole[0] = AtaPortAllocateQueueTag(extension, IDE_UNTAGGED, 0));
    guest_ok(device[0] == 2 && whole[0] == 0,
             "one that is released comes again, for its device only");
    FROM(channel, CONTEXT_WORKER, {
        initialised = AtaPortInitializeQueueTag(extension, 1, 0, 255);
        for (unsigned i = 1; i <= 255; i++)
            all_different &= AtaPortAllocateQueueTag(extension, 1, 0) == i;
        most = AtaPortAllocateQueueTag(extension, 1, 0);
    });
    guest_ok(initialised && all_different && most == 0, "255 tags");
    FROM(channel, CONTEXT_WORKER, initialised = AtaPortInitializeQueueTag(extension, 0, 0, 1));
    FROM(channel, CONTEXT_WORKER, device[0] = AtaPortAllocateQueueTag(extension, 0, 0));
    guest_ok(initialised && device[0] == 1, "they begin anew when they are initialised again");
}

/* ------------------------------------------------------------------ registers */

#define DEFINE_REGISTER_TEST(Name, TYPE)                                                      \
    static bool registers_##Name(TYPE *base)                                                  \
    {                                                                                         \
        TYPE from[4] = {(TYPE)0x12345678u, (TYPE)0x9ABCDEF0u, (TYPE)0x0F1E2D3Cu,              \
                        (TYPE)0x4B5A6978u},                                                   \
             to[4];                                                                           \
        memset(to, 0, sizeof to);                                                             \
        AtaPortWriteRegister##Name(base, from[1]);                                            \
        bool good = *base == from[1] && AtaPortReadRegister##Name(base) == from[1];           \
        AtaPortWriteRegisterBuffer##Name(base + 1, from, 4);                                  \
        good &= memcmp(base + 1, from, sizeof from) == 0 && *base == from[1] && base[5] == 0; \
        AtaPortReadRegisterBuffer##Name(base + 1, to, 4);                                     \
        return good && memcmp(to, from, sizeof from) == 0;                                    \
    }
DEFINE_REGISTER_TEST(Uchar, UCHAR)
DEFINE_REGISTER_TEST(Ushort, USHORT)
DEFINE_REGISTER_TEST(Ulong, ULONG)

static void test_registers(void)
{
    uint8_t *memory = puppet.uncached;
    bool good[3] = {false};

    memset(memory, 0, 256);
    FROM(channel, CONTEXT_INTERRUPT, {
        good[0] = registers_Uchar(memory);
        good[1] = registers_Ushort((USHORT *)(memory + 64));
        good[2] = registers_Ulong((ULONG *)(memory + 128));
    });
    guest_ok(good[0], "registers of 8 bits, one and many at consecutive addresses");
    guest_ok(good[1], "of 16 bits");
    guest_ok(good[2], "of 32 bits");
}

/* ------------------------------------------------------------------ memory, addresses, time */

static void test_memory(void)
{
    UCHAR bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8}, copy[8] = {0};
    IDE_PHYSICAL_ADDRESS address = {.QuadPart = 0xFEDCBA98};
    ULONG low = 0;

    FROM(channel, CONTEXT_INTERRUPT, {
        AtaPortCopyMemory(copy, bytes, 8);
        AtaPortMoveMemory(bytes + 2, bytes, 6);
        low = AtaPortConvertPhysicalAddressToUlong(address);
    });
    guest_ok(memcmp(copy, "\1\2\3\4\5\6\7\10", 8) == 0, "memory is copied");
    guest_ok(memcmp(bytes, "\1\2\1\2\3\4\5\6", 8) == 0, "and moved where it overlaps");
    GUEST_CHECK(low, ==, 0xFEDCBA98, "a physical address as a ULONG");
    GUEST_CHECK(AtaPortConvertUlongToPhysicalAddress(0x87654321u).QuadPart, ==, 0x87654321u,
                "and back");
}

static void test_addresses(void)
{
    uint8_t *memory = puppet.uncached;
    ULONG length = 0, rest = 0, end = 1;
    IDE_PHYSICAL_ADDRESS first, middle, last;

    FROM(channel, CONTEXT_HW_CONTROL, {
        first = AtaPortGetPhysicalAddress(extension, NULL, memory, &length);
        middle = AtaPortGetPhysicalAddress(extension, NULL, memory + 100, &rest);
        last = AtaPortGetPhysicalAddress(extension, NULL, memory + 4096, &end);
    });
    guest_ok((uint64_t)first.QuadPart == hal_physical(memory) && length == 4096,
             "the uncached extension's physical address and length");
    guest_ok(middle.QuadPart == first.QuadPart + 100 && rest == 3996, "from its middle on");
    guest_ok(last.QuadPart == first.QuadPart + 4096 && end == 0, "and of its end");
}

static void test_time(void)
{
    const LONGLONG second = 10000000, from_1601_to_2020 = 132223104000000000ll;
    LARGE_INTEGER before, after;

    FROM(channel, CONTEXT_INTERRUPT, {
        AtaPortQuerySystemTime(&before);
        AtaPortStallExecution(100);
        AtaPortQuerySystemTime(&after);
    });
    guest_ok(before.QuadPart > from_1601_to_2020 &&
                 before.QuadPart < from_1601_to_2020 + 80ll * 365 * 86400 * second,
             "the system time is a date of this century");
    guest_ok(after.QuadPart - before.QuadPart >= 1000, "and goes on in units of 100 ns");
}

/* ------------------------------------------------------------------ configuration space */

/* From AtaAdapterControl of a PCI function. */
/* ------------------------------------------------------------------ timers */

static unsigned first_calls, second_calls;
static uint64_t second_us;

static VOID NTAPI first_routine(PVOID of)
{
    (void)of;
    first_calls++;
}

static VOID NTAPI second_routine(PVOID of)
{
    (void)of;
    second_calls++;
    second_us = hal_clock_us();
}

static void second_call(uint64_t asked_us, const char *what)
{
    uint64_t limit_us = asked_us + 2000000;

    while (second_calls == 0 && hal_clock_us() < limit_us)
        hal_stall_us(100);
    hal_stall_us(1000);
    guest_ok(first_calls == 0 && second_calls == 1 && second_us - asked_us >= 50000 &&
                 !channel->callbacks.timer_routine,
             "%s: it is called once, in its own time", what);
}

/* A timer that has run out, and is asked for anew before its routine is called: the last one counts, and waits. */
static void test_timer(void)
{
    enum irql level = irql_raise_dispatch(); /* keeps the routine back */
    uint64_t asked_us;

    FROM(channel, CONTEXT_WORKER, AtaPortRequestTimer(extension, first_routine, 0));
    while (channel->callbacks.timer.armed)
        hal_stall_us(10);
    asked_us = hal_clock_us();
    FROM(channel, CONTEXT_WORKER, AtaPortRequestTimer(extension, second_routine, 50000));
    irql_lower(level);
    guest_ok(first_calls == 0 && second_calls == 0,
             "a timer asked for anew: nothing is called yet");
    second_call(asked_us, "asked for before it was called");

    /* The same where the call has begun already, and an interrupt asks. */
    second_calls = 0;
    level = irql_raise_dispatch();
    FROM(channel, CONTEXT_WORKER, AtaPortRequestTimer(extension, first_routine, 0));
    while (channel->callbacks.timer.armed)
        hal_stall_us(10);
    deferred_cancel(&channel->callbacks.timer.deferred);
    asked_us = hal_clock_us();
    FROM(channel, CONTEXT_INTERRUPT, AtaPortRequestTimer(extension, second_routine, 50000));
    channel->callbacks.timer.deferred.procedure(channel->callbacks.timer.deferred.context);
    guest_ok(first_calls == 0 && second_calls == 0, "nor by the call that had begun");
    irql_lower(level);
    second_call(asked_us, "asked for from an interrupt");
}

static void test_bus_data(struct controller *controller)
{
    enum { VENDOR_ID = 0, CLASS = 9, INTERRUPT_LINE = 0x3C };
    struct context context = {.kind = CONTEXT_ADAPTER_CONTROL,
                              .driver = controller->driver,
                              .controller = controller,
                              .extension = controller};
    UCHAR all[256], part[4], line, old, mask[2] = {0x0F, 0}, other[2] = {0xAA, 0xBB};
    PVOID its = controller->extension;

    context_push(&context);
    GUEST_CHECK(AtaPortGetBusData(its, all, 0, sizeof all), ==, 256, "all of configuration space");
    guest_ok((all[0] | all[1] << 8) == controller->vendor_id &&
                 (all[2] | all[3] << 8) == controller->device_id,
             "is the function's");
    GUEST_CHECK(AtaPortGetBusData(its, part, CLASS, 3), ==, 3, "three bytes at an odd offset");
    guest_ok(memcmp(part, all + CLASS, 3) == 0, "are the same");
    old = all[INTERRUPT_LINE];
    line = 0x5A;
    GUEST_CHECK(AtaPortSetBusData(its, &line, INTERRUPT_LINE, 1), ==, 1, "a byte is written");
    AtaPortGetBusData(its, part, INTERRUPT_LINE, 4);
    guest_ok(part[0] == 0x5A && memcmp(part + 1, all + INTERRUPT_LINE + 1, 3) == 0,
             "and nothing beside it");
    GUEST_CHECK(PciIdeXSetBusData(its, other, mask, INTERRUPT_LINE, 2), ==, (ULONG)STATUS_SUCCESS,
                "PciIdeXSetBusData writes what its mask says");
    GUEST_CHECK(PciIdeXGetBusData(its, part, INTERRUPT_LINE, 2), ==, (ULONG)STATUS_SUCCESS,
                "PciIdeXGetBusData reads it");
    guest_ok(part[0] == 0x5A && part[1] == all[INTERRUPT_LINE + 1], "four bits of one byte");
    AtaPortSetBusData(its, &old, INTERRUPT_LINE, 1);
    AtaPortGetBusData(its, &line, INTERRUPT_LINE, 1);
    GUEST_CHECK(line, ==, old, "and back");
    context_pop(&context);
}

/* ------------------------------------------------------------------ ports */

#define PORT(TYPE, number) ((TYPE *)(uintptr_t)(number))
#define DATA               0x1F0
#define COUNT              0x1F2
#define COMMAND            0x1F7
#define DEVICE_CONTROL     0x3F6

static UCHAR wait_ready(void)
{
    UCHAR status;
    do
        status = AtaPortReadPortUchar(PORT(UCHAR, COMMAND));
    while (status & IDE_STATUS_BUSY);
    return status;
}

/* READ SECTORS or WRITE SECTORS of sector `lba`, by polling; the data port is the caller's. */
static bool begin(UCHAR command, UCHAR lba)
{
    static const UCHAR registers[] = {1, 0, 0, 0, 0xE0};

    AtaPortWritePortUchar(PORT(UCHAR, DEVICE_CONTROL), IDE_DC_DISABLE_INTERRUPTS);
    for (unsigned i = 0; i < sizeof registers; i++)
        AtaPortWritePortUchar(PORT(UCHAR, COUNT + i), i == 1 ? lba : registers[i]);
    AtaPortWritePortUchar(PORT(UCHAR, COMMAND), command);
    AtaPortStallExecution(1);
    return (wait_ready() & (IDE_STATUS_DRQ | IDE_STATUS_ERROR)) == IDE_STATUS_DRQ;
}

static bool is_over(void)
{
    return (wait_ready() & (IDE_STATUS_DRQ | IDE_STATUS_ERROR)) == 0;
}

enum form { WORDS, DWORDS, WORD_BUFFER, DWORD_BUFFER, FORM_COUNT };

static bool read_sector(UCHAR lba, enum form form, UCHAR *bytes)
{
    if (!begin(IDE_COMMAND_READ, lba))
        return false;
    if (form == WORD_BUFFER)
        AtaPortReadPortBufferUshort(PORT(USHORT, DATA), (USHORT *)(void *)bytes, 256);
    else if (form == DWORD_BUFFER)
        AtaPortReadPortBufferUlong(PORT(ULONG, DATA), (ULONG *)(void *)bytes, 128);
    else if (form == WORDS)
        for (unsigned i = 0; i < 512; i += 2)
            *(USHORT *)(void *)(bytes + i) = AtaPortReadPortUshort(PORT(USHORT, DATA));
    else
        for (unsigned i = 0; i < 512; i += 4)
            *(ULONG *)(void *)(bytes + i) = AtaPortReadPortUlong(PORT(ULONG, DATA));
    return is_over();
}

static bool write_sector(UCHAR lba, enum form form, UCHAR *bytes)
{
    if (!begin(IDE_COMMAND_WRITE, lba))
        return false;
    if (form == WORD_BUFFER)
        AtaPortWritePortBufferUshort(PORT(USHORT, DATA), (USHORT *)(void *)bytes, 256);
    else if (form == DWORD_BUFFER)
        AtaPortWritePortBufferUlong(PORT(ULONG, DATA), (ULONG *)(void *)bytes, 128);
    else if (form == WORDS)
        for (unsigned i = 0; i < 512; i += 2)
            AtaPortWritePortUshort(PORT(USHORT, DATA), *(USHORT *)(void *)(bytes + i));
    else
        for (unsigned i = 0; i < 512; i += 4)
            AtaPortWritePortUlong(PORT(ULONG, DATA), *(ULONG *)(void *)(bytes + i));
    return is_over();
}

static void test_ports(struct device *disk)
{
    static const char *const names[] = {"16 bits", "32 bits", "16 bits, buffer", "32 bits, buffer"};
    struct channel *its = disk->channel;
    UCHAR *bytes = hal_pages_alloc(1, UINT64_MAX), *expected = bytes + 1024, echo[4] = {0};
    UCHAR sequence[4] = {1, 2, 3, 0x77};
    bool good[FORM_COUNT] = {false};

    block_transfer(disk, BLOCK_READ, 9, 1, expected);
    FROM(its, CONTEXT_WORKER, {
        for (unsigned form = 0; form < FORM_COUNT; form++) {
            memset(bytes, 0, 512);
            good[form] =
                read_sector(9, (enum form)form, bytes) && memcmp(bytes, expected, 512) == 0;
        }
    });
    for (unsigned form = 0; form < FORM_COUNT; form++)
        guest_ok(good[form], "a sector is read from a port: %s", names[form]);
    FROM(its, CONTEXT_WORKER, {
        for (unsigned form = 0; form < FORM_COUNT; form++) {
            expected[0] = (UCHAR)(0xC0 + form);
            good[form] = write_sector((UCHAR)(20 + form), (enum form)form, expected);
        }
    });
    for (unsigned form = 0; form < FORM_COUNT; form++)
        FROM(its, CONTEXT_WORKER, {
            expected[0] = (UCHAR)(0xC0 + form);
            good[form] &= read_sector((UCHAR)(20 + form), WORD_BUFFER, bytes) &&
                          memcmp(bytes, expected, 512) == 0;
        });
    guest_ok(good[0] && good[1] && good[2] && good[3], "and written to it, in each form");
    FROM(its, CONTEXT_WORKER, {
        AtaPortWritePortBufferUchar(PORT(UCHAR, COUNT), sequence, 4);
        AtaPortReadPortBufferUchar(PORT(UCHAR, COUNT), echo, 4);
    });
    guest_ok(echo[0] == 0x77 && echo[3] == 0x77,
             "a port buffer of bytes is one port again and again");
    channel_stop(its);
    channel_start(its);
    GUEST_CHECK(block_transfer(disk, BLOCK_READ, 9, 1, bytes), ==, BLOCK_OK,
                "the channel works after it");
}

/* ------------------------------------------------------------------ exports without a prototype */

static void test_unpublished(void)
{
    const ULONG not_supported = (ULONG)STATUS_NOT_SUPPORTED;
    bool good = false;

    FROM(channel, CONTEXT_WORKER, {
        good = AtaPortInitialize(0, 0, 0, 0) == not_supported && AtaPortGetParentBusType(0) == 0 &&
               AtaPortEtwTraceLog(0, 0, 0) == 0 && PciIdexGetBusLocation(0, 0) == not_supported &&
               PciIdeXInitialize(0, 0, 0, 0) == not_supported;
    });
    guest_ok(good, "exports that no page describes return their failure values");
}

void guest_test_routines(void)
{
    struct device *disk = port_device_by_name("0");
    struct controller *controller = puppet_create();

    guest_plan(PLAN);
    if (!guest_ok(disk && disk->channel->controller->is_pci, "disk 0, on PCI"))
        return;
    puppet.overlapped = 4;
    controller_start(controller);
    channel = controller->channels[0];
    extension = channel->memory.extension;
    test_tags();
    test_registers();
    test_memory();
    test_addresses();
    test_time();
    test_unpublished();
    test_timer();
    /* The test's buffers are the kernel's, so the driver that it plays is a part of the kernel. */
    struct driver *played = disk->channel->controller->driver;
    struct loaded_image *image = played->image;
    played->image = NULL;
    test_bus_data(disk->channel->controller);
    test_ports(disk);
    played->image = image;
    GUEST_CHECK(contract_total(), ==, 0, "no rule was broken");
}
