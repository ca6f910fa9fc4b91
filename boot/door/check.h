/* SPDX-License-Identifier: MIT */
/*
 * What the host asks for is looked at before anything is done for it. Pure: tested on the host.
 */
#ifndef BOOT_DOOR_CHECK_H
#define BOOT_DOOR_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/door.h"

/* What the sectors of a good read or write take: there is a part of one at each end. */
#define DOOR_BUFFER_SIZE (DOOR_DATA_SIZE + 2 * DOOR_SECTOR_MOST)

/* The sectors that a request touches. */
struct door_cover {
    uint64_t first, count;
    uint32_t skip;   /* bytes of the first one that lie before what was asked for */
    bool is_partial; /* it begins or ends within a sector */
};

enum door_verdict {
    DOOR_GOOD,
    DOOR_REFUSED, /* with *error, and a sentence */
    DOOR_BROKEN,  /* nobody who knows the layout asks so; with a sentence */
};

/* `asked` is a copy that nobody else writes to. A good request has at least one sector, unless it
 * is a flush, or a trim of less than one; of a trim the cover is what lies in it as a whole. */
enum door_verdict door_check(const struct door_request *asked, const struct door_export *exports,
                             uint32_t export_count, struct door_cover *cover,
                             enum door_error *error, const char **sentence);

/* May one of two requests that are under way at the same time not begin before the other has ended?
 * What is partial is read, changed and written, and nobody else writes meanwhile. */
bool door_conflicts(const struct door_request *one, const struct door_cover *its,
                    const struct door_request *other, const struct door_cover *others);

#endif
