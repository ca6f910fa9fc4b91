/* SPDX-License-Identifier: MIT */
/* What the registry routines do, as their documentation says it; see model.h. Calls nothing. */
#include "model.h"

struct channel_model model[CHANNELS];
BOOLEAN model_mistake;
ULONG model_reports[RULE_COUNT];

PCSTR const model_names[NAMES][2] = {
    {"Name", "nAME"}, {"\xC4rger", "\xE4RGER"}, {"", ""}, {"a b\\\"", "A B\\\""}, {"y", "Y"}};

/* Keys: Controller<N>, and below it Channel<M>. Channels of one number share those of a controller. */
static struct value values[CONTROLLERS][1 + CHANNELS - FIRST_CHANNELS][NAMES];
/* The second spelling, for the mistake. */
static struct value values_mistaken[CONTROLLERS][1 + CHANNELS - FIRST_CHANNELS][NAMES];

PCSTR const model_rules[RULE_COUNT] = {"CTX-01", "CTX-09", "CTX-10", "REG-01", "REG-02", "REG-03",
                                       "REG-04", "REG-05", "REG-07", "REG-08", "REG-09", "REG-10",
                                       "REG-11", "REG-12", "REG-13", "IRB-09", "IRB-19"};

struct value *model_value(const struct call *call)
{
    ULONG key = call->is_channel_key ? 1 + model_number(call->channel) : 0;

    if (model_mistake && call->spelling)
        return &values_mistaken[call->controller][key][call->name];
    return &values[call->controller][key][call->name];
}

static void copy(PUCHAR to, const UCHAR *from, ULONG byte_count)
{
    for (ULONG i = 0; i < byte_count; i++)
        to[i] = from[i];
}

static BOOLEAN is_same(const UCHAR *a, const UCHAR *b, ULONG byte_count)
{
    for (ULONG i = 0; i < byte_count; i++)
        if (a[i] != b[i])
            return FALSE;
    return TRUE;
}

static void store(struct value *value, UCHAR type, const UCHAR *bytes, ULONG length)
{
    value->is_there = TRUE;
    value->type = type;
    value->length = length;
    copy(value->bytes, bytes, length);
    value->bytes[length] = value->bytes[length + 1] = 0;
}

/* ------------------------------------------------------------------ who may call */

/* The rule that a call breaks by its extension or by where it comes from. */
static enum rule refusal(const struct call *call)
{
    static const UCHAR where[] = {REG_01, REG_03, REG_09, REG_09, REG_10};

    if (call->extension_kind != LIVE_CHANNEL)
        return call->extension_kind == CONTROLLER_EXTENSION ? CTX_09 : CTX_10;
    if (call->place == IN_BUILD_IO)
        return CTX_01;
    if (call->own == call->channel &&
        (call->place == IN_START_OR_STOP ||
         (call->place == IN_CHANNEL_ROUTINE && call->routine == WRITE_DEFERRED)))
        return NO_RULE;
    return (enum rule)where[call->routine];
}

/* ------------------------------------------------------------------ the buffer */

static ULONG pages_of(ULONG byte_count)
{
    return byte_count / PAGE_BYTES + (byte_count % PAGE_BYTES != 0);
}

/* Any free pages will do, so only their number counts. */
static BOOLEAN fits_in_arena(ULONG size)
{
    ULONG used = 0;

    for (ULONG i = 0; i < CHANNELS; i++)
        used += model[i].buffer ? pages_of(model[i].size) : 0;
    return size > 0 && pages_of(size) + used <= ARENA_BYTES / PAGE_BYTES;
}

void model_allocated(const struct call *call, PVOID buffer)
{
    struct channel_model *channel = &model[call->channel];

    channel->buffer = buffer;
    channel->size = call->size;
    channel->deferred_count = 0;
    for (ULONG i = 0; i < channel->size; i++)
        channel->bytes[i] = 0;
}

static void flush(struct channel_model *channel)
{
    BOOLEAN is_changed = FALSE;

    for (ULONG i = 0; i < channel->deferred_count; i++) {
        const struct deferred *deferred = &channel->deferred[i];

        is_changed |= !is_same(deferred->bytes, channel->bytes + deferred->at, deferred->length);
        store(deferred->value, deferred->type, channel->bytes + deferred->at, deferred->length);
    }
    model_reports[REG_11] += is_changed;
    channel->buffer = NULL;
    channel->deferred_count = 0;
}

/* Bytes past the buffer's end that were written are found by whatever comes next. */
static void find_damage(struct channel_model *channel)
{
    if (channel->buffer)
        model_reports[REG_05] += channel->is_damaged;
    channel->is_damaged = FALSE;
}

void model_start(ULONG channel, PVOID extension)
{
    model[channel].extension = extension;
}

void model_stop(ULONG channel)
{
    if (model[channel].buffer) {
        model_reports[REG_07]++;
        find_damage(&model[channel]);
        flush(&model[channel]);
    }
    model[channel].extension = NULL;
}

/* ------------------------------------------------------------------ values */

static BOOLEAN is_inside(const struct call *call)
{
    const struct channel_model *channel = &model[call->channel];
    ULONG_PTR at = (ULONG_PTR)call->buffer - (ULONG_PTR)channel->buffer;

    return channel->buffer && at <= channel->size && call->length <= channel->size - at;
}

static BOOLEAN is_type(UCHAR type)
{
    return type == IDE_REG_SZ || type == IDE_REG_BINARY || type == IDE_REG_DWORD;
}

static struct outcome fail(enum rule rule, ULONG length)
{
    if (rule != NO_RULE)
        model_reports[rule]++;
    return (struct outcome){.length = length};
}

/* What a read gives: a REG_SZ has its terminator, also where a deferred write was changed so that what was
 * stored has none. */
ULONG model_length(const struct value *value)
{
    BOOLEAN is_open = value->type == IDE_REG_SZ &&
                      (value->bytes[value->length - 1] || value->bytes[value->length - 2]);

    return value->length + (is_open ? sizeof(WCHAR) : 0);
}

static struct outcome read(const struct call *call)
{
    const struct value *value = model_value(call);
    BOOLEAN asks_for_length = call->buffer == NULL && call->length == 0;
    struct channel_model *channel = &model[call->channel];
    ULONG length;

    if (!is_inside(call) && !asks_for_length)
        return fail(REG_08, 0);
    if (!is_type(call->type))
        return fail(REG_12, 0);
    if (!value->is_there)
        return fail(NO_RULE, 0);
    if (value->type != call->type)
        return fail(NO_RULE, 0);
    length = model_length(value);
    if (length > call->length || asks_for_length)
        return fail(asks_for_length || call->length == 0 ? NO_RULE : REG_13, length);
    copy(channel->bytes + (call->buffer - channel->buffer), value->bytes, length);
    return (struct outcome){TRUE, length};
}

/* Are the bytes a value of that type? */
static BOOLEAN is_of_type(UCHAR type, const UCHAR *bytes, ULONG length)
{
    if (type == IDE_REG_DWORD)
        return length == 4;
    if (type == IDE_REG_SZ)
        return length >= 2 && length % 2 == 0 && !bytes[length - 1] && !bytes[length - 2];
    return type == IDE_REG_BINARY;
}

static struct outcome write(const struct call *call)
{
    struct channel_model *channel = &model[call->channel];
    const UCHAR *bytes;
    ULONG at;

    if (!is_inside(call))
        return fail(REG_08, 0);
    at = (ULONG)(call->buffer - channel->buffer);
    bytes = channel->bytes + at;
    if (!is_of_type(call->type, bytes, call->length))
        return fail(REG_12, 0);
    if (call->routine == WRITE) {
        store(model_value(call), call->type, bytes, call->length);
    } else if (channel->deferred_count == MAX_DEFERRED) {
        return fail(NO_RULE, 0);
    } else {
        struct deferred *deferred = &channel->deferred[channel->deferred_count++];

        deferred->value = model_value(call);
        deferred->type = call->type;
        deferred->at = at;
        deferred->length = call->length;
        copy(deferred->bytes, bytes, call->length);
    }
    return (struct outcome){TRUE, call->length};
}

/* ------------------------------------------------------------------ any call */

struct outcome model_call(const struct call *call)
{
    struct channel_model *channel = &model[call->channel];
    enum rule rule = refusal(call);

    if (rule != CTX_01 && rule != CTX_09 && rule != CTX_10)
        find_damage(channel);
    if (rule != NO_RULE)
        return fail(rule, call->length);
    switch (call->routine) {
    case ALLOCATE:
        if (channel->buffer)
            return fail(REG_02, 0);
        return (struct outcome){.succeeds = fits_in_arena(call->size)};
    case FREE:
        if (!channel->buffer || call->buffer != channel->buffer)
            return fail(REG_04, 0);
        flush(channel);
        return (struct outcome){.succeeds = TRUE};
    case READ:
    case WRITE:
    case WRITE_DEFERRED:
        if (!call->has_length)
            return fail(REG_08, 0);
        return call->routine == READ ? read(call) : write(call);
    }
    return fail(NO_RULE, 0);
}
