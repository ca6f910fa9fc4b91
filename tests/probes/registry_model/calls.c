/* SPDX-License-Identifier: MIT */
/*
 * Random calls of the registry routines; see model.h. The first difference ends it: nothing is called
 * after that, and calls_say tells the operation's number and what was wrong.
 */
#include "calls.h"

PVOID controller_extension;

static ULONG seed, total, made, called;
static UCHAR skip[TOTAL_LIMIT / 8];
static ULONG skip_bytes;
static BOOLEAN is_said;
static PCSTR fault; /* NULL: none */
static ULONG fault_operation;
static struct call fault_call;

/* ------------------------------------------------------------------ random numbers */

static ULONG number; /* of the operation */
static ULONG draws;  /* in it */

/* A number from seed, operation and how many were drawn before. */
static ULONG draw(void)
{
    ULONG x = seed * 0x9E3779B9u ^ number * 0x85EBCA6Bu ^ ++draws * 0xC2B2AE35u;

    for (int i = 0; i < 3; i++) {
        x ^= x >> 16;
        x *= 0x7FEB352Du;
        x ^= x >> 15;
    }
    return x;
}

static ULONG below(ULONG limit)
{
    return draw() % limit;
}

/* ------------------------------------------------------------------ the driver's own stores */

static UCHAR nowhere[VALUE_BYTES]; /* memory that is no registry buffer */

static void put(struct channel_model *channel, ULONG at, UCHAR byte)
{
    channel->buffer[at] = channel->bytes[at] = byte;
}

static void scribble(struct channel_model *channel)
{
    ULONG step = 1 + below(64), mask = below(4) ? 0xFF : 0;

    if (!channel->buffer)
        return;
    if (below(8) == 0) {
        /* Where the size is no multiple of a pointer's, a byte behind it can be reached. */
        if (channel->size % sizeof(PVOID) != 0) {
            channel->buffer[channel->size] = 0;
            channel->is_damaged = TRUE;
        }
        return;
    }
    for (ULONG at = below(64); at < channel->size; at += step)
        put(channel, at, (UCHAR)(draw() & mask));
}

/* ------------------------------------------------------------------ making a call */

static ULONG random_size(void)
{
    static const ULONG sizes[] = {0,
                                  1,
                                  7,
                                  8,
                                  PAGE_BYTES,
                                  PAGE_BYTES + 1,
                                  BUFFER_BYTES,
                                  ARENA_BYTES + 1,
                                  0x80000000u,
                                  0xFFFFF001u,
                                  0xFFFFFFFFu};

    switch (below(4)) {
    case 0:
        return sizes[below(sizeof(sizes) / sizeof(*sizes))];
    case 1:
        return below(BUFFER_BYTES + 1);
    default:
        return below(200);
    }
}

static PUCHAR random_to_free(const struct call *call)
{
    const struct channel_model *channel = &model[call->channel];

    switch (below(8)) {
    case 0:
        return NULL;
    case 1:
        return channel->buffer ? channel->buffer + 1 : nowhere;
    case 2:
        return model[(call->channel + 1) % CHANNELS].buffer;
    default:
        return channel->buffer;
    }
}

static void random_access(struct call *call)
{
    static const UCHAR types[] = {IDE_REG_SZ,
                                  IDE_REG_SZ,
                                  IDE_REG_BINARY,
                                  IDE_REG_BINARY,
                                  IDE_REG_DWORD,
                                  IDE_REG_DWORD,
                                  IDE_REG_DWORD,
                                  0,
                                  2,
                                  7,
                                  255};
    struct channel_model *channel = &model[call->channel];
    ULONG at = below(2) ? 0 : below(channel->size + 2);

    call->controller = below(4) == 0;
    call->is_channel_key = (BOOLEAN)below(2);
    call->name = below(NAMES);
    call->spelling = below(2);
    call->type = types[below(sizeof(types))];
    call->length = call->type == IDE_REG_DWORD && below(8) ? 4 : below(below(4) ? 12 : VALUE_BYTES);
    call->has_length = below(64) != 0;
    call->buffer = channel->buffer ? channel->buffer + at : below(2) ? nowhere : NULL;
    if (channel->buffer && below(64) == 0)
        call->buffer = channel->buffer - 1;
    if (below(64) == 0)
        call->length = 0xFFFFFFFFu - below(16);
    if (call->routine == READ && below(16) == 0) {
        call->buffer = NULL;
        call->length = 0;
    }
}

/* Half of the strings end with their terminator by luck or by this. */
static void terminate(const struct call *call)
{
    struct channel_model *channel = &model[call->channel];
    ULONG at = (ULONG)(call->buffer - channel->buffer);

    if (call->type != IDE_REG_SZ || below(4) == 0 || !channel->buffer ||
        call->buffer < channel->buffer || call->length < 2 || call->length > VALUE_BYTES ||
        at > channel->size || call->length > channel->size - at)
        return;
    put(channel, at + call->length - 1, 0);
    put(channel, at + call->length - 2, 0);
}

static void random_extension(struct call *call)
{
    call->extension_kind = NO_EXTENSION;
    switch (below(48)) {
    case 0:
        call->extension = NULL;
        break;
    case 1:
        call->extension = nowhere;
        break;
    case 2:
        call->extension = (PUCHAR)model[call->channel].extension + sizeof(PVOID);
        break;
    case 3:
        call->extension_kind = CONTROLLER_EXTENSION;
        call->extension = controller_extension;
        break;
    default:
        call->extension_kind = LIVE_CHANNEL;
        call->extension = model[call->channel].extension;
        break;
    }
}

/* False: this operation is none. */
static BOOLEAN random_call(enum place place, ULONG own, struct call *call)
{
    static const UCHAR weights[] = {
        [ALLOCATE] = 5, [FREE] = 3, [READ] = 7, [WRITE] = 5, [WRITE_DEFERRED] = 6};
    ULONG rest = below(32), routine = ALLOCATE;

    *call = (struct call){.place = place, .own = own};
    call->channel = own < CHANNELS && below(4) ? own : below(CHANNELS);
    if (!model[call->channel].extension)
        return FALSE; /* stopped: its extension may be another channel's by now */
    random_extension(call);
    while (routine <= WRITE_DEFERRED && rest >= weights[routine])
        rest -= weights[routine++];
    if (routine > WRITE_DEFERRED) {
        scribble(&model[call->channel]);
        return FALSE;
    }
    call->routine = (enum routine)routine;
    if (call->routine == ALLOCATE)
        call->size = random_size();
    else if (call->routine == FREE)
        call->buffer = random_to_free(call);
    else
        random_access(call);
    return TRUE;
}

/* ------------------------------------------------------------------ comparing */

static PCSTR compare_buffer(const struct channel_model *channel, ULONG at, ULONG length)
{
    for (ULONG i = at; channel->buffer && i < channel->size && i - at < length; i++)
        if (channel->buffer[i] != channel->bytes[i])
            return "the buffer holds something else";
    return NULL;
}

static PCSTR allocate(const struct call *call)
{
    struct outcome expected = model_call(call);
    PUCHAR buffer = AtaPortRegistryAllocateBuffer(call->extension, call->size);

    if (!buffer)
        return expected.succeeds ? "there is no buffer" : NULL;
    if (!expected.succeeds)
        return "a buffer was lent that may not be";
    if ((ULONG_PTR)buffer % sizeof(PVOID) != 0)
        return "the buffer is not aligned";
    for (ULONG i = 0; i < CHANNELS; i++)
        if (model[i].buffer && buffer < model[i].buffer + model[i].size &&
            model[i].buffer < buffer + call->size)
            return "two buffers overlap";
    model_allocated(call, buffer);
    return compare_buffer(&model[call->channel], 0, call->size);
}

static PCSTR free_buffer(const struct call *call)
{
    const struct channel_model *channel = &model[call->channel];
    PCSTR difference = compare_buffer(channel, 0, BUFFER_BYTES);

    model_call(call);
    AtaPortRegistryFreeBuffer(call->extension, call->buffer);
    return difference;
}

static PCSTR access(const struct call *call)
{
    struct channel_model *channel = &model[call->channel];
    PCHAR name = (PCHAR)model_names[call->name][call->spelling];
    ULONG length = call->length;
    PULONG length_at = call->has_length ? &length : NULL;
    struct outcome expected;
    BOOLEAN result;

    terminate(call);
    expected = model_call(call);
    switch (call->routine) {
    case READ:
        result = AtaPortRegistryRead(call->extension, call->controller, call->is_channel_key, name,
                                     call->type, call->buffer, length_at);
        break;
    case WRITE:
        result = AtaPortRegistryWrite(call->extension, call->controller, call->is_channel_key, name,
                                      call->type, call->buffer, length_at);
        break;
    default:
        result =
            AtaPortRegistryWriteDeferred(call->extension, call->controller, call->is_channel_key,
                                         name, call->type, call->buffer, length_at);
        break;
    }
    if ((result != FALSE) != expected.succeeds)
        return expected.succeeds ? "it returned FALSE" : "it returned TRUE";
    if (call->has_length && length != expected.length)
        return "another length";
    return compare_buffer(channel, 0, 2 * VALUE_BYTES);
}

/* ------------------------------------------------------------------ operations */

static void make_one(enum place place, ULONG own)
{
    struct call call;
    PCSTR difference = NULL;

    draws = 0;
    if (!random_call(place, own, &call))
        return;
    called++;
    switch (call.routine) {
    case ALLOCATE:
        difference = allocate(&call);
        break;
    case FREE:
        difference = free_buffer(&call);
        break;
    case READ:
    case WRITE:
    case WRITE_DEFERRED:
        difference = access(&call);
        break;
    }
    if (difference) {
        fault = difference;
        fault_operation = number;
        fault_call = call;
    }
}

void calls_make(enum place place, ULONG own, ULONG count)
{
    for (ULONG i = 0; i < count && made < total; i++) {
        number = made++;
        if (!fault && !(number / 8 < skip_bytes && skip[number / 8] >> number % 8 & 1))
            make_one(place, own);
    }
    if (fault && !is_said && place != IN_BUILD_IO)
        calls_say();
}

BOOLEAN calls_are_over(void)
{
    return made >= total;
}

/* ------------------------------------------------------------------ beginning and end */

static ULONG setting(PVOID extension, PULONG at, PCHAR name, ULONG otherwise)
{
    ULONG length = sizeof(*at);

    if (!AtaPortRegistryRead(extension, 0, FALSE, name, IDE_REG_DWORD, (PUCHAR)at, &length))
        return otherwise;
    return *at;
}

void calls_begin(PVOID channel_extension)
{
    PUCHAR buffer = AtaPortRegistryAllocateBuffer(channel_extension, sizeof(skip));
    ULONG length = sizeof(skip);

    seed = setting(channel_extension, (PULONG)(PVOID)buffer, "Seed", 1);
    total = setting(channel_extension, (PULONG)(PVOID)buffer, "Total", 0);
    model_mistake = setting(channel_extension, (PULONG)(PVOID)buffer, "Mistake", 0) != 0;
    if (total > TOTAL_LIMIT)
        total = TOTAL_LIMIT;
    if (AtaPortRegistryRead(channel_extension, 0, FALSE, "Skip", IDE_REG_BINARY, buffer, &length)) {
        for (ULONG i = 0; i < length; i++)
            skip[i] = buffer[i];
        skip_bytes = length;
    }
    AtaPortRegistryFreeBuffer(channel_extension, buffer);
}

/* Every value of the channel's key and of the controllers' keys. */
void calls_compare_all(ULONG channel)
{
    struct call call = {.routine = READ,
                        .place = IN_START_OR_STOP,
                        .own = channel,
                        .channel = channel,
                        .extension = model[channel].extension};
    PUCHAR buffer;

    if (fault)
        return;
    buffer = AtaPortRegistryAllocateBuffer(call.extension, VALUE_BYTES);
    for (ULONG i = 0; i < CONTROLLERS * 2 * NAMES * 2 && !fault; i++) {
        const struct value *value;
        ULONG length = VALUE_BYTES;
        BOOLEAN is_there;

        call.controller = (UCHAR)(i & 1);
        call.is_channel_key = i >> 1 & 1;
        call.spelling = i >> 2 & 1;
        call.name = i >> 3;
        value = model_value(&call);
        if (model_mistake)
            continue;
        call.type = value->is_there ? value->type : IDE_REG_BINARY;
        is_there = AtaPortRegistryRead(call.extension, call.controller, call.is_channel_key,
                                       (PCHAR)model_names[call.name][call.spelling], call.type,
                                       buffer, &length);
        if (!is_there != !value->is_there || length != (value->is_there ? model_length(value) : 0))
            fault = "in the end a value is not what it should be";
        for (ULONG b = 0; is_there && !fault && b < length; b++)
            if (buffer[b] != value->bytes[b])
                fault = "in the end a value has other bytes";
        fault_call = call;
        fault_operation = made;
    }
    AtaPortRegistryFreeBuffer(call.extension, buffer);
}

void calls_say(void)
{
    static const PCSTR routines[] = {"AllocateBuffer", "FreeBuffer", "Read", "Write",
                                     "WriteDeferred"};
    const struct call *call = &fault_call;

    if (is_said)
        return;
    is_said = fault != NULL;
    AtaPortDebugPrint(0, "model: %u operations, %u calls, seed %u\n", (unsigned)made,
                      (unsigned)called, (unsigned)seed);
    for (ULONG i = 0; i < RULE_COUNT; i++)
        AtaPortDebugPrint(0, "model: %s %u\n", model_rules[i], (unsigned)model_reports[i]);
    if (!fault) {
        AtaPortDebugPrint(0, "model: no difference\n");
        return;
    }
    AtaPortDebugPrint(0, "model: operation %u: %s\n", (unsigned)fault_operation, fault);
    AtaPortDebugPrint(0,
                      "model: it was %s from place %u of channel %u for channel %u (extension %u): "
                      "size %u, buffer %p + %d, Controller%u%s, name %u.%u, type %u, length %u\n",
                      routines[call->routine], (unsigned)call->place, (unsigned)call->own,
                      (unsigned)call->channel, (unsigned)call->extension_kind, (unsigned)call->size,
                      model[call->channel].buffer,
                      (int)(call->buffer - model[call->channel].buffer), (unsigned)call->controller,
                      call->is_channel_key ? "\\Channel" : "", (unsigned)call->name,
                      (unsigned)call->spelling, (unsigned)call->type, (unsigned)call->length);
}
