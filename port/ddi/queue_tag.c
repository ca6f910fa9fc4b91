/* SPDX-License-Identifier: MIT */
/*
 * Queue tags: numbers from 1 to MaxQueueTag, for a device or (IDE_UNTAGGED) for the whole channel.
 * 0 is no tag. Every operation looks at no more than eight words.
 */
#include <string.h>

#include "port/contract/entry.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"
#include "port/contract/rules.h"
#include "port/objects.h"

/* The tags of a logical unit; NULL with TAG-01 or TAG-03 reported if there is no such device. */
static struct queue_tags *tags_of(struct channel *channel, UCHAR target, UCHAR lun, enum rule rule,
                                  enum routine routine, const void *place)
{
    if (target == IDE_UNTAGGED)
        return &channel->tags;
    struct device *device = channel_device(channel, target, lun);
    if (device)
        return &device->tags;
    contract_report(rule, channel, routine_name(routine), place, "there is no target %u, unit %u",
                    target, lun);
    return NULL;
}

BOOLEAN NTAPI AtaPortInitializeQueueTag(PVOID DeviceExtension, UCHAR TargetId, UCHAR Lun,
                                        UCHAR MaxQueueTag)
{
    const enum routine routine = ROUTINE_AtaPortInitializeQueueTag;
    struct channel *channel = entry_channel(routine, DeviceExtension, CALLER);
    if (!channel)
        return FALSE;
    struct queue_tags *tags = tags_of(channel, TargetId, Lun, RULE_TAG_01, routine, CALLER);
    if (!tags || MaxQueueTag == 0)
        return FALSE;
    memset(tags, 0, sizeof *tags);
    tags->limit = MaxQueueTag;
    return TRUE;
}

/* 0: none is free. Interrupts may take and give back tags, too: one at a time. */
static unsigned take_free_tag(struct queue_tags *tags)
{
    for (unsigned word = 0; word <= tags->limit / 32u; word++) {
        uint32_t taken = tags->used[word] | (word == 0); /* bit 0 of word 0 is no tag */
        if (taken == UINT32_MAX)
            continue;
        unsigned tag = word * 32 + (unsigned)__builtin_ctz(~taken);
        if (tag > tags->limit)
            return 0;
        tags->used[word] |= 1u << tag % 32;
        return tag;
    }
    return 0;
}

UCHAR NTAPI AtaPortAllocateQueueTag(PVOID DeviceExtension, UCHAR TargetId, UCHAR Lun)
{
    const enum routine routine = ROUTINE_AtaPortAllocateQueueTag;
    struct channel *channel = entry_channel(routine, DeviceExtension, CALLER);
    if (!channel)
        return 0;
    struct queue_tags *tags = tags_of(channel, TargetId, Lun, RULE_TAG_01, routine, CALLER);
    if (!tags)
        return 0;
    if (tags->limit == 0) {
        contract_report(RULE_TAG_01, channel, routine_name(routine), CALLER,
                        "AtaPortInitializeQueueTag was not called for target %u", TargetId);
        return 0;
    }
    bool enabled = hal_interrupts_disable();
    unsigned tag = take_free_tag(tags);
    hal_interrupts_restore(enabled);
    return (UCHAR)tag;
}

VOID NTAPI AtaPortReleaseQueueTag(PVOID DeviceExtension, UCHAR TargetId, UCHAR Lun, UCHAR QueueTag)
{
    const enum routine routine = ROUTINE_AtaPortReleaseQueueTag;
    struct channel *channel = entry_channel(routine, DeviceExtension, CALLER);
    if (!channel)
        return;
    struct queue_tags *tags = tags_of(channel, TargetId, Lun, RULE_TAG_03, routine, CALLER);
    if (!tags)
        return;
    uint32_t bit = 1u << QueueTag % 32;
    if (!(__atomic_fetch_and(&tags->used[QueueTag / 32], ~bit, __ATOMIC_RELAXED) & bit))
        contract_report(RULE_TAG_03, channel, routine_name(routine), CALLER,
                        "tag %u of target %u is not allocated", QueueTag, TargetId);
}
