/* SPDX-License-Identifier: MIT */
/* TAG: queue tags. Lun is 0 throughout. */
#include "cases.h"

CASE tag_not_initialized(struct occasion *at)
{
    UCHAR tag = AtaPortAllocateQueueTag(at->channel, 0, 0); /* BREAKS: TAG-01 */

    probe_returned(tag);
    return FALSE;
}

/* The channel's and a device's are not the same. */
CASE tag_other_queue(struct occasion *at)
{
    UCHAR tag;

    if (!AtaPortInitializeQueueTag(at->channel, 1, 0, 8))
        return FALSE;
    tag = AtaPortAllocateQueueTag(at->channel, IDE_UNTAGGED, 0); /* BREAKS: TAG-01 */
    probe_returned(tag);
    return FALSE;
}

CASE tag_not_allocated(struct occasion *at)
{
    if (!AtaPortInitializeQueueTag(at->channel, 0, 0, 8) ||
        AtaPortAllocateQueueTag(at->channel, 0, 0) != 1)
        return FALSE;
    AtaPortReleaseQueueTag(at->channel, 0, 0, 2);               /* BREAKS: TAG-03 */
    probe_returned(AtaPortAllocateQueueTag(at->channel, 0, 0)); /* 2, and not 1 */
    return FALSE;
}

CASE tag_released_twice(struct occasion *at)
{
    if (!AtaPortInitializeQueueTag(at->channel, IDE_UNTAGGED, 0, 1))
        return FALSE;
    AtaPortReleaseQueueTag(at->channel, IDE_UNTAGGED, 0,
                           AtaPortAllocateQueueTag(at->channel, IDE_UNTAGGED, 0));
    AtaPortReleaseQueueTag(at->channel, IDE_UNTAGGED, 0, 1); /* BREAKS: TAG-03 */
    probe_returned(AtaPortAllocateQueueTag(at->channel, IDE_UNTAGGED, 0));
    return FALSE;
}

CASE tag_none(struct occasion *at)
{
    if (!AtaPortInitializeQueueTag(at->channel, 0, 0, 8))
        return FALSE;
    AtaPortReleaseQueueTag(at->channel, 0, 0, 0); /* BREAKS: TAG-03 */
    return FALSE;
}

/* ------------------------------------------------------------------ what the port promises: TAG-02 */

/* All of 1 to `most`, each once, then none; one that was given back is handed out again. */
static BOOLEAN tags_are_right(PVOID channel, UCHAR target, ULONG most)
{
    UCHAR is_taken[256] = {0};

    if (!AtaPortInitializeQueueTag(channel, target, 0, (UCHAR)most))
        return FALSE;
    for (ULONG count = 0; count < most; count++) {
        UCHAR tag = AtaPortAllocateQueueTag(channel, target, 0);
        if (tag == 0 || tag > most || is_taken[tag])
            return FALSE;
        is_taken[tag] = TRUE;
    }
    if (AtaPortAllocateQueueTag(channel, target, 0) != 0)
        return FALSE;
    for (ULONG tag = 1; tag <= most; tag++) {
        AtaPortReleaseQueueTag(channel, target, 0, (UCHAR)tag);
        if (AtaPortAllocateQueueTag(channel, target, 0) != tag)
            return FALSE;
    }
    return AtaPortAllocateQueueTag(channel, target, 0) == 0;
}

CASE tag_numbers(struct occasion *at)
{
    static const UCHAR most[] = {1, 2, 31, 32, 33, 63, 64, 127, 128, 254, 255};
    BOOLEAN are_right = TRUE;

    for (ULONG i = 0; i < ARRAYSIZE(most); i++)
        are_right &= tags_are_right(at->channel, 0, most[i]) &&
                     tags_are_right(at->channel, IDE_UNTAGGED, most[i]);
    probe_returned(are_right);
    return FALSE;
}

const struct probe_case tag_cases[] = {
    {"tag_not_initialized", AT_START, 1, tag_not_initialized},
    {"tag_other_queue", AT_START_IO, 1, tag_other_queue},
    {"tag_not_allocated", AT_INITIALIZE, 1, tag_not_allocated},
    {"tag_released_twice", AT_INTERRUPT, 1, tag_released_twice},
    {"tag_none", AT_START, 1, tag_none},
    {"tag_numbers", AT_START, 1, tag_numbers},
    {NULL, 0, 0, NULL},
};
