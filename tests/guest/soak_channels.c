/* SPDX-License-Identifier: MIT */
/*
 * The soak's channels: what disturbs them, and a new start for those whose device went offline, or moves data in another
 * way than at first; see soak.h. Owns what is known of each. PASSIVE_LEVEL.
 */
#include "port/channel.h"
#include "tests/guest/conformance.h"
#include "tests/guest/soak.h"

/* A device that a fault hides is back after a while of real time. */
#define STARTS   100u
#define START_US 20000u

static struct soak_channel channels[SOAK_DISKS];

/* What disturbs a channel is not the fault of the requests beside it. */
struct soak_channel *soak_channel_of(unsigned disk)
{
    struct channel *channel = soak_disks[disk].device->channel;
    unsigned i = 0;

    while (channels[i].channel && channels[i].channel != channel)
        i++;
    channels[i].channel = channel;
    return &channels[i];
}

void soak_channel_calms(struct soak_channel *channel, bool is_injected, uint64_t lasts_us)
{
    uint64_t until_us = hal_clock_us() + lasts_us;

    channel->faults--;
    if (is_injected && until_us > channel->until_us)
        channel->until_us = until_us;
}

bool soak_is_disturbed(unsigned disk, uint64_t since_us)
{
    const struct soak_channel *channel = soak_channel_of(disk);
    return channel->faults || channel->until_us >= since_us;
}

static bool is_offline(const struct device *device)
{
    return !device->usable || !channel_takes_requests(device->channel->state);
}

static bool is_slower(const struct soak_disk *disk)
{
    return disk->device->given.parameters.TransferModeSelected != disk->mode;
}

void soak_look_at(unsigned disk, bool is_gone, struct soak_counts *counts)
{
    struct soak_channel *channel = soak_channel_of(disk);

    is_gone |= is_offline(soak_disks[disk].device);
    if (channel->is_stopping || (!is_gone && !is_slower(&soak_disks[disk])))
        return;
    channel->is_stopping = true;
    counts->offline += is_gone;
    counts->slower += !is_gone;
}

static bool has_all_disks(const struct channel *channel)
{
    for (unsigned i = 0; i < soak_disk_count; i++) {
        const struct soak_disk *disk = &soak_disks[i];
        if (disk->device->channel == channel && (is_offline(disk->device) || is_slower(disk)))
            return false;
    }
    return true;
}

static bool start_anew(struct channel *channel)
{
    for (unsigned i = 0; i < STARTS; i++) {
        (void)channel_stop(channel);
        if (channel_start(channel) && has_all_disks(channel))
            return true;
        hal_stall_us(START_US);
    }
    return conf_ok(false, "channel %s is back after %u new starts", channel->name, STARTS);
}

bool soak_start_stopped(struct soak_counts *counts)
{
    for (unsigned i = 0; i < SOAK_DISKS && channels[i].channel; i++) {
        struct soak_channel *channel = &channels[i];
        /* What a driver has seen come or go is looked at when there is nothing else to do. */
        channel->is_stopping |= channel->channel->notified.rescan_wanted;
        if (!channel->is_stopping || channel->in_flight)
            continue;
        counts->starts++;
        if (!start_anew(channel->channel))
            return false;
        channel->is_stopping = false;
    }
    return true;
}

unsigned soak_at_driver(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < SOAK_DISKS && channels[i].channel; i++)
        count += channels[i].channel->irbs.outstanding;
    return count;
}

void soak_counts_print(const struct soak_counts *counts, uint64_t passed_us)
{
    static const char *const names[] = {"read",   "write", "write-through",
                                        "verify", "trim",  "flush"};
    uint64_t resets = 0, timeouts = 0, retries = 0;

    for (unsigned i = 0; i < SOAK_DISKS && channels[i].channel; i++) {
        resets += channels[i].channel->counters.resets;
        timeouts += channels[i].channel->counters.timeouts;
    }
    for (unsigned i = 0; i < soak_disk_count; i++)
        retries += soak_disks[i].device->counters.retries;
    hal_printf("soak: %llu requests in %llu.%llu minutes, seed %llu, one in %u with a fault:",
               (unsigned long long)counts->ended, (unsigned long long)(passed_us / 60000000),
               (unsigned long long)(passed_us / 6000000 % 10), (unsigned long long)soak_seed,
               soak_fault_rate);
    for (unsigned i = 0; i <= BLOCK_FLUSH; i++)
        hal_printf("%s %llu %s", i ? "," : "", (unsigned long long)counts->kinds[i], names[i]);
    hal_printf("\nsoak: %llu MiB moved; at most %u requests in flight, %u of them at the driver; "
               "none took longer than %u s\n",
               (unsigned long long)(counts->bytes >> 20), counts->most_in_flight,
               counts->most_at_driver, counts->longest_s);
    hal_printf(
        "soak: time-outs %llu, resets %llu, retries %llu; failed %llu, of them beside another "
        "one's fault %llu\n",
        (unsigned long long)timeouts, (unsigned long long)resets, (unsigned long long)retries,
        (unsigned long long)counts->failed, (unsigned long long)counts->beside);
    hal_printf("soak: cancelled %llu, of them in time %llu; devices offline %llu, slower %llu; "
               "channels started anew %llu, requests submitted anew %llu\n",
               (unsigned long long)counts->cancels, (unsigned long long)counts->cancelled,
               (unsigned long long)counts->offline, (unsigned long long)counts->slower,
               (unsigned long long)counts->starts, (unsigned long long)counts->repeated);
}
