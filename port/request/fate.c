/* SPDX-License-Identifier: MIT */
/*
 * What becomes of requests that fail (fates.def), and of devices; see fate.h.
 *
 * Owns struct device_failures. A device that causes LIMIT_RESETS resets without a success is taken
 * off line: its queue fails, and nothing is sent to it any more. One whose transfers fail on their
 * way is used in a slower mode, at last by PIO; one that causes resets by DMA is used by PIO. There
 * is no way back up but channel_forget_failures (a start of the channel, or `reset`).
 *
 * How modes change: the channel's queues are held; when nothing is at its miniport, whoever waits
 * at PASSIVE_LEVEL next has AtaControllerTransferModeSelect and IdeHwInitialize called
 * (enumerate.c), with a smaller set of modes. Entered at DISPATCH_LEVEL.
 */
#include "port/request/fate.h"

#include "port/access/audit_command.h"
#include "port/irb_names.h"
#include "port/limits.h"
#include "port/log.h"
#include "port/request/queue.h"
#include "port/request/timeout.h"
#include "port/trace.h"

#define STATUS_FAILED (IDE_STATUS_ERROR | 0x20u) /* ERR, DF */

/* ------------------------------------------------------------------ modes */

void (*modes_change)(void);

bool modes_may_change(const struct channel *channel)
{
    return channel->queue.busy.bits & BUSY_MODES && channel_takes_requests(channel->state) &&
           channel->state != CHANNEL_SUSPENDED && !channel->irbs.outstanding &&
           channel->recovery == RECOVERY_NONE && channel->power_irb == POWER_IRB_NONE;
}

static void wait_for_modes(void *context)
{
    struct channel *channel = context;

    if (modes_may_change(channel))
        irql_passive = modes_change;
    else if (channel->queue.busy.bits & BUSY_MODES)
        timer_arm(&channel->queue.modes_timer, LIMIT_MODES_WAIT_MS * 1000u);
}

void modes_init(struct channel *channel)
{
    channel->queue.modes_timer.deferred =
        (struct deferred){.procedure = wait_for_modes, .context = channel};
}

/* The fastest mode of DMA that its target is used in; 0: none. */
static ULONG fastest_dma(const struct device *device)
{
    ULONG modes = device->given.parameters.TransferModeSelected & DMA_SUPPORT;
    return modes ? 1u << (31 - __builtin_clz(modes)) : 0;
}

static bool is_by_dma(const struct request *request)
{
    const IDEREGISTERS *registers = &request->task_file.Current;
    const union audit_task_file task_file = {.features = registers->bFeaturesReg,
                                             .command = registers->bCommandReg};

    if (request->function == IRB_FUNCTION_ATAPI_COMMAND)
        return request->byte_count && fastest_dma(request->device);
    if (!(request->function & IRB_FUNCTION_ATA_COMMAND))
        return false;
    enum audit_protocol protocol = audit_protocol_of(&task_file);
    return protocol == PROTOCOL_DMA_IN || protocol == PROTOCOL_DMA_OUT;
}

/* Withholds its fastest mode, or all of DMA: after CRC errors Ultra DMA may do better if it is
 * slower, and everything else is better without DMA. False: it has no mode to step down to. */
static bool step_down(struct device *device, const char *why, bool is_crc)
{
    struct channel *channel = device->channel;
    struct device *first = device_first_unit(device);
    ULONG fastest = fastest_dma(device);
    struct device_failures *failures = &first->failures;

    if (channel->controller->given.configuration.AtaBusType == IdeBusSata) {
        if (!failures->is_told)
            device_message(device, ": %s; a link of Serial ATA has no slower mode to select", why);
        failures->is_told = true;
        return false;
    }
    if (!fastest || channel_is_leaving(channel->state))
        return false;
    failures->withheld |=
        is_crc && fastest > UDMA_MODE0 ? DMA_SUPPORT & ~(fastest - 1) : (ULONG)DMA_SUPPORT;
    failures->why = why;
    device->counters.steps++;
    trace_timed(TRACE_RECOVERY, trace_head(TRACE_RECOVERY, channel->traced, TRACED_STEP),
                device->target);
    shared_set(&channel->queue.busy, BUSY_MODES);
    timer_arm(&channel->queue.modes_timer, LIMIT_MODES_WAIT_MS * 1000u);
    return true;
}

static bool is_not_done_any_more(const struct request *request)
{
    return (request->function == IRB_FUNCTION_ATA_READ ||
            request->function == IRB_FUNCTION_ATA_WRITE) &&
           !request->is_once && is_by_dma(request) && !fastest_dma(request->device);
}

void modes_have_changed(struct channel *channel)
{
    for (struct device *device = channel->devices; device; device = device->next)
        device_queue_return(device, is_not_done_any_more);
    shared_clear(&channel->queue.busy, BUSY_MODES);
    channel_dispatch(channel);
}

/* ------------------------------------------------------------------ devices */

/* How many requests of it have succeeded. */
static uint64_t successes(const struct device *device)
{
    return device->counters.requests - device->counters.errors;
}

static void take_off_line(struct device *device)
{
    device->failures.is_offline = true;
    device_set_usable(device, false);
    trace_timed(TRACE_RECOVERY,
                trace_head(TRACE_RECOVERY, device->channel->traced, TRACED_OFF_LINE),
                device->target);
    device_message(device, ": %u resets have not helped; it is taken off line, until `reset %s`",
                   LIMIT_RESETS, device->channel->name);
}

void device_caused_reset(const struct request *request)
{
    struct device *device = request->device;
    struct device_failures *failures = &device->failures;

    device->counters.resets++;
    if (failures->successes != successes(device))
        failures->resets = 0;
    failures->successes = successes(device);
    if (++failures->resets == LIMIT_RESETS)
        take_off_line(device);
    else if (failures->resets == LIMIT_DMA_RESETS && is_by_dma(request))
        (void)step_down(device, "requests by DMA do not end", false);
}

/* A transfer of it has failed. True: it takes a step down. */
static bool device_failed_transfer(struct device *device, bool is_crc)
{
    struct device_failures *failures = &device->failures;

    if (successes(device) - failures->successes_at_transfer > LIMIT_ERRORS_APART)
        failures->failed_transfers = 0;
    failures->successes_at_transfer = successes(device);
    if (++failures->failed_transfers < LIMIT_TRANSFER_ERRORS)
        return false;
    failures->failed_transfers = 0;
    return step_down(device,
                     is_crc ? "CRC errors on the cable" : "DMA errors that Status does not show",
                     is_crc);
}

bool channel_forget_failures(struct channel *channel)
{
    bool has_changed = false;

    for (struct device *device = channel->devices; device; device = device->next) {
        has_changed |= device->failures.is_offline || device->failures.withheld;
        device->failures = (struct device_failures){0};
        device_set_usable(device, device->usable);
    }
    return has_changed;
}

/* ------------------------------------------------------------------ conditions */

static bool is_given_up(const struct request *request)
{
    return request->is_cancelled;
}

static bool is_off_line(const struct request *request)
{
    return request->device->failures.is_offline;
}

static bool is_first_busy(const struct request *request)
{
    return request->busy_times + 1 < LIMIT_BUSY_TIMES;
}

static bool is_second_busy(const struct request *request)
{
    return request->busy_times + 1 == LIMIT_BUSY_TIMES;
}

static bool was_stopped(const struct request *request)
{
    return request->was_stopped;
}

static bool is_leaving(const struct request *request)
{
    return channel_is_leaving(request->device->channel->state);
}

static bool is_repeated_enough(const struct request *request)
{
    return request->retries == LIMIT_REPEATS;
}

static bool is_once(const struct request *request)
{
    return request->is_once;
}

static bool is_lost_identify(const struct request *request)
{
    return request->function == IRB_FUNCTION_ATA_IDENTIFY && request->timed_out;
}

/* SPC-2: 7.20.6: not ready, cause not reportable, or in process of becoming ready. */
static bool is_becoming_ready(const struct request *request)
{
    return request->function == IRB_FUNCTION_ATAPI_COMMAND && request->sense_valid &&
           !request->is_once && request->ready_times < LIMIT_READY_TIMES &&
           (request->sense[2] & 0xF) == 0x02 && request->sense[12] == 0x04 &&
           request->sense[13] <= 0x01;
}

static bool has_crc_error(const struct request *request)
{
    return request->ata_status & IDE_STATUS_ERROR && request->ata_error & IDE_ERROR_CRC_ERROR;
}

/* Of a packet command, the Error register has the sense key there. */
static bool has_failed_on_its_way(const struct request *request)
{
    return (request->function == IRB_FUNCTION_ATA_READ ||
            request->function == IRB_FUNCTION_ATA_WRITE) &&
           !request->is_once && is_by_dma(request) &&
           (has_crc_error(request) ||
            (request->ata_status && !(request->ata_status & STATUS_FAILED)));
}

static bool always(const struct request *request)
{
    (void)request;
    return true;
}

/* ------------------------------------------------------------------ fates */

enum fate {
    FATE_END,
    FATE_END_GONE,
    FATE_PAUSE,
    FATE_READY,
    FATE_RESET,
    FATE_REPEAT,
    FATE_TRANSFER
};

#define IRB_STATUS_ANY IRB_STATUS_PENDING /* which nothing comes back with */

static enum fate fate_of(const struct request *request)
{
    static const struct {
        uint8_t status, fate;
        bool (*holds)(const struct request *request);
    } rows[] = {
#define FATE(status_, condition, action, when, then) \
    {IRB_STATUS_##status_, FATE_##action, condition},
#include "port/request/fates.def"
#undef FATE
    };
    size_t i = 0;

    while ((rows[i].status != IRB_STATUS_ANY && rows[i].status != request->irb_status) ||
           !rows[i].holds(request))
        i++; /* the last row holds always */
    return (enum fate)rows[i].fate;
}

/* Busy after a pause, too: the device is stuck, maybe in a block of data that nobody takes. */
static bool reset_and_repeat(struct request *request)
{
    struct channel *channel = request->device->channel;

    request->busy_times++;
    if (channel->recovery == RECOVERY_NONE) { /* else it is being reset */
        device_message(request->device, ": %s was busy, and busy again after a pause; resetting",
                       irb_function_name(request->function));
        device_caused_reset(request);
        channel_reset(channel);
    }
    if (is_off_line(request))
        request->irb_status = IRB_STATUS_SELECTION_TIMEOUT;
    return !request->is_once && !is_off_line(request);
}

static void pause_for(struct device *device, uint32_t duration_ms)
{
    if (!(device->queue.busy.bits & BUSY_ASKED)) /* else the miniport knows for how long */
        device_pause(device, duration_ms * UINT64_C(1000));
}

static bool is_tried_again(struct request *request)
{
    struct device *device = request->device;

    switch (fate_of(request)) {
    case FATE_END:
        return false;
    case FATE_END_GONE:
        request->irb_status = IRB_STATUS_SELECTION_TIMEOUT;
        return false;
    case FATE_PAUSE:
        request->busy_times++;
        pause_for(device, LIMIT_BUSY_PAUSE_MS);
        return true;
    case FATE_READY:
        request->ready_times++;
        pause_for(device, LIMIT_READY_PAUSE_MS);
        return true;
    case FATE_RESET:
        return reset_and_repeat(request);
    case FATE_TRANSFER:
        /* In another mode it begins anew. */
        request->retries = device_failed_transfer(device, has_crc_error(request))
                               ? 0
                               : (uint8_t)(request->retries + 1);
        return true;
    case FATE_REPEAT:
        request->retries++;
        return true;
    }
    return false;
}

struct repeat_count request_repeat_count(const struct request *request)
{
    switch (request->irb_status) {
    case IRB_STATUS_BUSY:
        return (struct repeat_count){request->busy_times, LIMIT_BUSY_TIMES};
    case IRB_STATUS_DEVICE_ERROR:
        if (request->ready_times)
            return (struct repeat_count){request->ready_times, LIMIT_READY_TIMES};
        break;
    }
    return (struct repeat_count){request->retries, request->retries ? LIMIT_REPEATS : 0};
}

bool request_is_repeated(struct request *request)
{
    struct device *device = request->device;

    device->counters.errors++;
    device->was_written |= request->function == IRB_FUNCTION_ATA_WRITE; /* a part of it, maybe */
    if (!is_tried_again(request))
        return false;
    device->counters.retries++;
    const struct repeat_count count = request_repeat_count(request);
    trace_timed(TRACE_RECOVERY, trace_head(TRACE_RECOVERY, device->channel->traced, TRACED_REPEAT),
                device->target | (uint32_t)request->irb_status << 8 | count.number << 16 |
                    count.limit << 24);
    request->sense_valid = request->registers_valid = false;
    return true;
}
