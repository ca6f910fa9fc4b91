/* SPDX-License-Identifier: MIT */
/*
 * A probe that breaks nothing: cases that use routines as their pages describe them, from an image, and print
 * what came of it. tests/boot/callbacks.t and tests/boot/routines.t know what to expect.
 */
#include "base.h"

/* SyncWithIsr FALSE, which is allowed: INI-05 notes it. */
CASE sync_false(struct occasion *at)
{
    at->start->SyncWithIsr = FALSE;
    return FALSE;
}

/* ------------------------------------------------------------------ debug prints, log, time */

static WCHAR wide[] = {'w', 'i', 'd', 'e', 0xE9, 0};

/* Each line has what it should look like behind it; `~` stands for a blank at an end. */
CASE debug_print(struct occasion *at)
{
    UNICODE_STRING counted = {.Length = 6, .MaximumLength = 12, .Buffer = wide};
    struct {
        USHORT Length, MaximumLength;
        PCHAR Buffer;
    } counted_narrow = {3, 4, "abcd"};

    UNREFERENCED_PARAMETER(at);
    AtaPortDebugPrint(0, "[%d|%i|%5d|%-5d|%05d|%+d|% d] = [-1|2|    3|4    |00005|+6| 7]\n", -1, 2,
                      3, 4, 5, 6, 7);
    AtaPortDebugPrint(0, "[%u|%x|%X|%#x|%o|%08lx|%lu] = [4294967295|ab|AB|0xcd|17|000000ef|8]\n",
                      0xFFFFFFFFu, 0xAB, 0xAB, 0xCD, 15, 0xEFul, 8ul);
    AtaPortDebugPrint(0,
                      "[%I64x|%I64d|%I64u|%016I64X|%llu|%I32x] = "
                      "[123456789abcdef|-2|18446744073709551615|0000000ABCDEF012|9|10]\n",
                      0x123456789ABCDEFll, -2ll, ~0ull, 0xABCDEF012ll, 9ll, 0x10);
    AtaPortDebugPrint(0, "[%hx|%hd|%hhx|%hu] = [5678|-1|78|65535]\n", 0x12345678, 0x1FFFF,
                      0x12345678, 0x1FFFF);
    AtaPortDebugPrint(0, "[%s|%8s|%-8s|%.2s|%.*s|%*d] = [text|    text|text    |te|tex|   9]\n",
                      "text", "text", "text", "text", 3, "text", 4, 9);
    AtaPortDebugPrint(
        0, "[%S|%ws|%ls|%.2ws|%6.3S|%hs|%hS] = [wide?|wide?|wide?|wi|   wid|text|text]\n", wide,
        wide, wide, wide, wide, "text", "text");
    AtaPortDebugPrint(0, "[%wZ|%Z|%5wZ|%s|%S] = [wid|abc|  wid|(null)|(null)]\n", &counted,
                      &counted_narrow, &counted, NULL, NULL);
    AtaPortDebugPrint(0, "[%c|%3c|%C|%wc|%%] = [a|  b|c|d|%%]\n", 'a', 'b', L'c', L'd');
    AtaPortDebugPrint(0, "[%Id|%Ix|%p] = [-3|ff|%p]\n", (LONG_PTR)-3, (ULONG_PTR)0xFF,
                      (PVOID)0x1234, (PVOID)0x1234);
    AtaPortDebugPrint(0, "no line feed");
    AtaPortDebugPrint(0, "unknown: %y %d\n", 1);
    AtaPortDebugPrint(1, "level 1\n");
    AtaPortDebugPrint(2, "level 2\n");
    AtaPortDebugPrint(3, "level 3\n");
    return FALSE;
}

CASE system(struct occasion *at)
{
    LARGE_INTEGER time, later;
    union {
        IDE_ERROR_LOG_ENTRY entry;
        UCHAR bytes[sizeof(IDE_ERROR_LOG_ENTRY) + 4];
    } error = {.entry = {.IrbStatus = IRB_STATUS_DEVICE_ERROR,
                         .TargetId = 1,
                         .UniqueId = 0x42,
                         .DumpDataSize = 3,
                         .DumpData = {0xAA}}};

    error.entry.DumpData[1] = 0xBB;
    error.entry.DumpData[2] = 0xCC;
    AtaPortQuerySystemTime(&time);
    AtaPortStallExecution(20);
    AtaPortQuerySystemTime(&later);
    AtaPortDebugPrint(0, "time %I64d %s\n", time.QuadPart,
                      later.QuadPart - time.QuadPart >= 200 ? "goes on" : "stands still");
    AtaPortLogError(at->channel, &error.entry);
    AtaPortTraceNotification(TraceNotification, at->channel);
    AtaPortDebugBreak(at->channel);
    AtaPortDebugPrint(0, "after the break\n");
    return FALSE;
}

/* Nothing has changed, but the port has to look. */
CASE bus_change(struct occasion *at)
{
    AtaPortBusChangeDetected(at->channel);
    return FALSE;
}

/* ------------------------------------------------------------------ addresses */

/* A request by DMA: its buffer, where the scatter/gather list says; the driver's own memory; others' not. */
CASE physical(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    PIDE_SCATTER_GATHER_LIST list = AtaPortGetScatterGatherList(channel, at->irb);
    ULONG length = 0, other = 1;
    IDE_PHYSICAL_ADDRESS buffer =
        AtaPortGetPhysicalAddress(channel, at->irb, at->irb->DataBuffer, &length);
    BOOLEAN good = list && buffer.QuadPart == list->Elements[0].Address.QuadPart &&
                   length >= list->Elements[0].Length;

    AtaPortDebugPrint(0, "physical, with an IRB: %s\n", good ? "ok" : "not ok");
    good = AtaPortGetPhysicalAddress(channel, NULL, channel->table, &length).LowPart ==
               channel->table_address &&
           length >= PRD_COUNT * sizeof(struct probe_prd);
    good &= AtaPortGetPhysicalAddress(channel, NULL, channel->table + 1, NULL).LowPart ==
            channel->table_address + sizeof(struct probe_prd);
    AtaPortDebugPrint(0, "physical, without: %s\n", good ? "ok" : "not ok");
    good =
        AtaPortGetPhysicalAddress(channel, NULL, (PVOID)(ULONG_PTR)&probe_entry, &other).QuadPart ==
            0 &&
        other == 0;
    AtaPortDebugPrint(0, "physical, not its own: %s\n", good ? "ok" : "not ok");
    return FALSE;
}

/* ------------------------------------------------------------------ SSE */

#ifdef __x86_64__
#define SSE_REGISTERS   16
#define EACH_HIGH(step) step(8) step(9) step(10) step(11) step(12) step(13) step(14) step(15)
#define HIGH_CLOBBERS   , "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#else
#define SSE_REGISTERS 8
#define EACH_HIGH(step)
#define HIGH_CLOBBERS
#endif
#define EACH(step) step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) EACH_HIGH(step)
#define CLOBBERS   "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7" HIGH_CLOBBERS
#define LOAD(n)    "movdqu " #n "*16(%[from]), %%xmm" #n "\n\t"
#define STORE(n)   "movdqu %%xmm" #n ", " #n "*16(%[to])\n\t"
#define ONES(n)    "pcmpeqd %%xmm" #n ", %%xmm" #n "\n\t"

static UCHAR sse_in[SSE_REGISTERS * 16], sse_out[SSE_REGISTERS * 16];
static volatile ULONG sse_interrupts;
static ULONG sse_starts, sse_hit, sse_damaged;

/* Overwrites every register, as a driver that computes with them may. */
static __attribute__((target("sse2"), noipa)) void use_registers(void)
{
    __asm__ volatile(EACH(ONES)::: CLOBBERS);
}

/* Fills the registers, waits for an interrupt of the driver for a while, and looks at them again. */
static __attribute__((target("sse2"), noipa)) void keep_registers(ULONG turns)
{
    ULONG before = sse_interrupts;

    for (ULONG i = 0; i < sizeof sse_in; i++)
        sse_in[i] = (UCHAR)(i * 7 + sse_starts);
    __asm__ volatile(
        EACH(LOAD) "1:\tpause\n\t"
                   "cmpl %[before], %[now]\n\t"
                   "jne 2f\n\t"
                   "subl $1, %[turns]\n\t"
                   "jnz 1b\n"
                   "2:\n\t" EACH(STORE)
        : [turns] "+r"(turns)
        : [from] "r"(sse_in), [to] "r"(sse_out), [before] "r"(before), [now] "m"(sse_interrupts)
        : "memory", "cc", CLOBBERS);
    if (sse_interrupts == before)
        return;
    sse_hit++;
    for (ULONG i = 0; i < sizeof sse_in; i++)
        if (sse_in[i] != sse_out[i]) {
            sse_damaged++;
            break;
        }
}

static BOOLEAN NTAPI SseInterrupt(PVOID ChannelExtension)
{
    use_registers();
    sse_interrupts++;
    return ProbeInterrupt(ChannelExtension);
}

/* Waits while the other channel has a request under way, which interrupts. */
static BOOLEAN NTAPI SseStartIo(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;
    struct probe_channel *other = channel->controller->channels[!channel->number];

    sse_starts++;
    if (other && other->current)
        keep_registers(20000000);
    use_registers();
    return ProbeStartIo(ChannelExtension, Irb);
}

static BOOLEAN NTAPI SseControl(PVOID ChannelExtension, IDE_CONTROL_ACTION ControlAction,
                                PVOID Parameters)
{
    struct probe_channel *channel = ChannelExtension;
    BOOLEAN result = ProbeControl(ChannelExtension, ControlAction, Parameters);

    if (ControlAction == IdeStart) {
        PIDE_CHANNEL_CONFIGURATION configuration = Parameters;
        configuration->SyncWithIsr = channel->sync_with_isr = FALSE;
    } else if (ControlAction == IdeStop) {
        channel->controller->channels[channel->number] =
            NULL; /* the other one looks at it no more */
        AtaPortDebugPrint(0, "sse: %s, %u damaged\n", sse_hit ? "interrupted" : "never interrupted",
                          sse_damaged);
    }
    return result;
}

/* Requests are started with interrupts enabled (SyncWithIsr FALSE), and SSE is used there and at the interrupt. */
CASE sse(struct occasion *at)
{
    at->channel_interface->IdeHwInterrupt = SseInterrupt;
    at->channel_interface->IdeHwStartIo = SseStartIo;
    at->channel_interface->IdeHwControl = SseControl;
    return FALSE;
}

/* ------------------------------------------------------------------ the table */

static const struct probe_case behave_cases[] = {
    {"sync_false", AT_START, 1, sync_false},
    {"debug_print", AT_START, 1, debug_print},
    {"system", AT_START, 1, system},
    {"bus_change", AT_TIMER, 1, bus_change},
    {"physical", AT_START_IO, 1, physical},
    {"sse", AT_CHANNEL_INIT, 1, sse},
    {0},
};

const struct probe_case *const probe_cases[] = {behave_cases, NULL};
