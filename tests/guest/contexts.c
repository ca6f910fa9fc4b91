/* SPDX-License-Identifier: MIT */
/*
 * port/contract/routines.def, kept: each exported routine is called from each context in which a miniport can run, of its own
 * channel and of another one, and with extensions of each kind. It has to be refused where its row says so, with the
 * row's rule and its failure value, and nowhere else. A row without a call here does not compile.
 *
 * The calls are such that little happens where they are not refused: no IRB is outstanding, no port mapped, no device at
 * that target. The driver is the puppet. What the routines do is for other tests.
 */
#include <stdio.h>
#include <string.h>

#include "port/access/access.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"
#include "port/controller.h"
#include "port/ddi/unpublished.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

static struct controller *controller;
static struct channel *channel, *other;

/* ------------------------------------------------------------------ one call of each */

#define NO_TARGET 7

static ULONG words[4], length;
static LARGE_INTEGER now;
static IDE_ERROR_LOG_ENTRY entry;
static const IDE_PHYSICAL_ADDRESS address = {.QuadPart = 0x1F0};

static VOID NTAPI nothing(PVOID of)
{
    (void)of;
}

/* `its` is the extension. Whether the routine has returned what it returns when it is refused; of a void one nobody knows. */
#define CALL_FAILING(failure, Name, ...)                                       \
    static bool call_##Name(PVOID its)                                         \
    {                                                                          \
        (void)its;                                                             \
        __auto_type value = __builtin_choose_expr(                             \
            __builtin_types_compatible_p(__typeof__(Name(__VA_ARGS__)), void), \
            (Name(__VA_ARGS__), 0), Name(__VA_ARGS__));                        \
        static const __typeof__(value) failed = {failure};                     \
        return memcmp(&value, &failed, sizeof value) == 0;                     \
    }
#define CALL(Name, ...) CALL_FAILING(0, Name, __VA_ARGS__)
#define CALL_WIDTH(Kind, Name, TYPE)                                                 \
    CALL_FAILING((TYPE)UINT32_MAX, AtaPortRead##Kind##Name, puppet.uncached)         \
    CALL(AtaPortWrite##Kind##Name, puppet.uncached, 0)                               \
    CALL(AtaPortRead##Kind##Buffer##Name, puppet.uncached, (TYPE *)(void *)words, 1) \
    CALL(AtaPortWrite##Kind##Buffer##Name, puppet.uncached, (TYPE *)(void *)words, 1)
#define CALL_WIDTHS(Kind)            \
    CALL_WIDTH(Kind, Uchar, UCHAR)   \
    CALL_WIDTH(Kind, Ushort, USHORT) \
    CALL_WIDTH(Kind, Ulong, ULONG)
#define CALL_VALUE(Name) CALL(Name, its, 0, (PCHAR) "a", IDE_REG_DWORD, (PUCHAR)words, &length)
#define CALL_VALUES(Way)                                                                          \
    CALL(AtaPortRegistry##Way, its, 0, FALSE, (PCHAR) "a", IDE_REG_DWORD, (PUCHAR)words, &length) \
    CALL_VALUE(AtaPortRegistryChannelSubkey##Way)                                                 \
    CALL_VALUE(AtaPortRegistryControllerKey##Way)

CALL_WIDTHS(Port)
CALL_WIDTHS(Register)
CALL_VALUES(Read)
CALL_VALUES(Write)
CALL_VALUES(WriteDeferred)
CALL(AtaPortAllocateQueueTag, its, 0, 0)
CALL(AtaPortBuildRequestSenseIrb, its, NULL)
CALL(AtaPortBusChangeDetected, its)
CALL(AtaPortCompleteAllActiveRequests, its, NO_TARGET, 0, IRB_STATUS_SUCCESS)
CALL(AtaPortCompleteRequest, its, NULL)
CALL(AtaPortControllerSyncRoutine, its, nothing)
CALL(AtaPortConvertPhysicalAddressToUlong, address)
CALL(AtaPortCopyMemory, words, words + 1, 4)
CALL(AtaPortDebugBreak, its)
CALL(AtaPortDebugPrint, 3, (PCCHAR) "")
CALL(AtaPortDeviceArrived, its, NO_TARGET)
CALL(AtaPortDeviceBusy, its, NO_TARGET, 0, 1)
CALL(AtaPortDeviceReady, its, NO_TARGET, 0)
CALL(AtaPortDeviceRemoved, its, NO_TARGET)
CALL(AtaPortDeviceStateChange, its, NO_TARGET, 0, 0)
CALL(AtaPortEtwTraceLog, 0, 0, 0)
CALL(AtaPortGetBusData, its, words, 0, 4)
CALL(AtaPortGetDeviceBase, its, address, 0)
CALL(AtaPortGetParentBusType, 0)
CALL(AtaPortGetPhysicalAddress, its, NULL, its, &length)
CALL(AtaPortGetScatterGatherList, its, NULL)
CALL(AtaPortGetUnCachedExtension, its, 64, 0)
CALL_FAILING((ULONG)STATUS_NOT_SUPPORTED, AtaPortInitialize, 0, 0, 0, 0)
CALL(AtaPortInitializeQueueTag, its, 0, 0, 4)
CALL(AtaPortLogError, its, &entry)
CALL(AtaPortMoveMemory, words, words + 1, 4)
CALL(AtaPortNotification, (IDE_NOTIFICATION_TYPE)77, its, 0, 0)
CALL(AtaPortQuerySystemTime, &now)
CALL(AtaPortRegistryFreeBuffer, its, words)
CALL(AtaPortReleaseQueueTag, its, 0, 0, 1)
CALL(AtaPortReleaseRequestSenseIrb, its, NULL)
CALL(AtaPortRequestCallback, (IDE_CALLBACK_TYPE)77, its, nothing, 0)
CALL(AtaPortRequestPowerStateChange, its, NO_TARGET, 0, IdePowerD0)
CALL(AtaPortRequestSynchronizedRoutine, its, nothing)
CALL(AtaPortRequestTimer, its, nothing, 1000000)
CALL(AtaPortRequestWorkerRoutine, its, nothing)
CALL(AtaPortSetBusData, its, words, 0, 4)
CALL(AtaPortStallExecution, 0)
CALL(AtaPortTraceNotification, 0, its)
CALL(PciIdeXDebugPrint, 3, (PCCHAR) "")
CALL_FAILING((ULONG)STATUS_UNSUCCESSFUL, PciIdeXGetBusData, its, words, 0, 4)
CALL_FAILING((ULONG)STATUS_NOT_SUPPORTED, PciIdeXInitialize, 0, 0, 0, 0)
CALL_FAILING((ULONG)STATUS_UNSUCCESSFUL, PciIdeXSetBusData, its, words, words, 0, 4)
CALL_FAILING((ULONG)STATUS_NOT_SUPPORTED, PciIdexGetBusLocation, 0, 0)

static bool call_AtaPortInitializeEx(PVOID its)
{
    struct driver *driver = controller->driver;
    ULONG status;

    (void)its;
    driver->is_registered = false;
    status =
        AtaPortInitializeEx(driver->given.object, &driver->given.registry_path, &driver->interface);
    driver->is_registered = true;
    return status == (ULONG)STATUS_INVALID_DEVICE_REQUEST;
}

/* A channel has one buffer. */
static bool call_AtaPortRegistryAllocateBuffer(PVOID its)
{
    PVOID buffer = AtaPortRegistryAllocateBuffer(its, 16);

    if (buffer)
        AtaPortRegistryFreeBuffer(its, buffer);
    return !buffer;
}

static bool (*const calls[ROUTINE_COUNT])(PVOID its) = {
#define ROUTINE(name, modules, stack, takes, contexts, rule) [ROUTINE_##name] = call_##name,
#define CALLED_AS(name, exported, takes, contexts, rule)     [ROUTINE_##name] = call_##name,
#include "port/contract/routines.def"
};

/* ------------------------------------------------------------------ calls from a context */

static bool takes_channel(const struct routine_row *row)
{
    return row->takes == TAKES_CHANNEL || row->takes == TAKES_OWN_CHANNEL ||
           row->takes == TAKES_CHANNEL_OR_NULL;
}

/* The context of the puppet's routines of that kind. Those of the controller know no channel. */
static struct context make_context(struct channel *of, enum context_kind kind,
                                   IDE_CONTROL_ACTION action)
{
    struct context context = of->contexts[kind];

    context.action = action;
    context.port_map = &access_no_ports;
    if (kind < CONTEXT_TRANSFER_MODE_SELECT) {
        context.channel = NULL;
        context.extension = &context_now; /* no channel's */
    }
    if (kind == CONTEXT_DRIVER_ENTRY)
        context.controller = NULL;
    return context;
}

/* Which of the rules about extensions and contexts a call breaks; RULE_COUNT: none. Other rules that it breaks are
 * not looked at. And has it returned its failure value? */
static enum rule broken_by(enum routine routine, PVOID extension, struct context *context,
                           bool *has_failed)
{
    const enum rule rules[] = {RULE_CTX_01, RULE_CTX_09, RULE_CTX_10,
                               (enum rule)routine_rows[routine].rule};
    uint64_t before[RULE_COUNT];
    enum rule broken = RULE_COUNT;

    for (unsigned rule = 0; rule < RULE_COUNT; rule++)
        before[rule] = contract_count((enum rule)rule);
    context_push(context);
    *has_failed = calls[routine](extension);
    context_pop(context);
    for (unsigned i = 0; i < sizeof rules / sizeof *rules; i++)
        if (contract_count(rules[i]) != before[rules[i]])
            broken = rules[i];
    return broken;
}

static bool is_as_expected(enum routine routine, PVOID extension, enum rule expected,
                           struct context *context, const char *what)
{
    bool has_failed;
    enum rule broken = broken_by(routine, extension, context, &has_failed);
    char name[64];

    if (broken == expected && (has_failed || expected == RULE_COUNT))
        return true;
    context_name(context, name, sizeof name);
    hal_printf("# %s in %s, with %s: %s, not %s%s\n", routine_name(routine), name, what,
               broken == RULE_COUNT ? "no rule" : contract_rule_id(broken),
               expected == RULE_COUNT ? "no rule" : contract_rule_id(expected),
               has_failed ? "" : "; it did not return its failure value");
    return false;
}

/* As the row says. */
static enum rule expected_in(const struct routine_row *row, const struct context *context)
{
    if (routine_contexts[row->contexts].mask & routine_context_bit(context) &&
        (row->takes != TAKES_OWN_CHANNEL || context->channel == channel))
        return RULE_COUNT;
    return context->kind == CONTEXT_BUILD_IO ? RULE_CTX_01 : (enum rule)row->rule;
}

/* With the right extension. */
static bool try_context(enum routine routine, struct channel *of, enum context_kind kind,
                        IDE_CONTROL_ACTION action)
{
    const struct routine_row *row = &routine_rows[routine];
    struct context context = make_context(of, kind, action);
    PVOID extension =
        row->takes == TAKES_CONTROLLER ? controller->extension : channel->memory.extension;

    return is_as_expected(routine, extension, expected_in(row, &context), &context,
                          of == channel ? "its extension" : "another channel's extension");
}

static bool try_contexts(enum routine routine)
{
    bool good = true;

    for (unsigned kind = CONTEXT_DRIVER_ENTRY; kind < CONTEXT_KIND_COUNT; kind++) {
        bool has_actions = kind == CONTEXT_ADAPTER_CONTROL || kind == CONTEXT_HW_CONTROL;
        unsigned last = has_actions ? IdeVendorDefined : IdeStart;
        for (unsigned action = IdeStart; action <= last; action++) {
            good &= try_context(routine, channel, kind, (IDE_CONTROL_ACTION)action);
            good &= try_context(routine, other, kind, (IDE_CONTROL_ACTION)action);
        }
    }
    return good;
}

/* Is the routine named where a rule was broken, or noted? Each has been, in IdeHwBuildIo at least. */
static bool is_named(enum routine routine)
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "%s in ", routine_name(routine));
    for (const struct contract_place *place = NULL; (place = contract_next_place(place));)
        if (strstr(place->words, wanted))
            return true;
    hal_printf("# no place in %s was reported\n", routine_name(routine));
    return false;
}

/* ------------------------------------------------------------------ wrong extensions */

static bool try_extension(enum routine routine, PVOID extension, enum rule expected,
                          const char *what)
{
    struct context context = make_context(channel, CONTEXT_HW_CONTROL, IdeStart);

    return is_as_expected(routine, extension, expected, &context, what);
}

static bool try_extensions(enum routine routine)
{
    const struct routine_row *row = &routine_rows[routine];
    bool takes_both = row->takes == TAKES_EITHER;
    bool good = true;

    if (row->takes == TAKES_NOTHING)
        return true;
    good &=
        try_extension(routine, controller->extension, takes_channel(row) ? RULE_CTX_09 : RULE_COUNT,
                      "a controller's extension");
    good &= try_extension(routine, channel->memory.extension,
                          takes_channel(row) || takes_both ? RULE_COUNT : RULE_CTX_09,
                          "a channel's extension");
    good &= try_extension(routine, words, RULE_CTX_10, "no extension");
    good &= try_extension(routine, NULL,
                          row->takes == TAKES_CHANNEL_OR_NULL ? RULE_COUNT : RULE_CTX_10, "NULL");
    return good;
}

/* ------------------------------------------------------------------ all rows */

void guest_test_contexts(void)
{
    controller = puppet_create();
    guest_plan(2 * ROUTINE_COUNT + 2);
    if (!guest_ok(controller_start(controller), "a controller"))
        return;
    channel = controller->channels[0];
    other = controller->channels[1];
    for (unsigned i = 0; i < ROUTINE_COUNT; i++) {
        enum routine routine = (enum routine)i;
        guest_ok(try_contexts(routine) && is_named(routine), "%s is refused where its row says so",
                 routine_name(routine));
        guest_ok(try_extensions(routine), "%s: and with such extensions", routine_name(routine));
    }
    guest_ok(channel_stop(channel) && channel_start(channel), "the channel works after it");
}
