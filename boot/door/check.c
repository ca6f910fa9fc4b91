/* SPDX-License-Identifier: MIT */
/* Requests of the host are checked; see check.h. Any context. */
#include "boot/door/check.h"

static bool changes_data(const struct door_request *asked)
{
    return asked->operation == DOOR_WRITE || asked->operation == DOOR_TRIM;
}

static enum door_verdict refuse(enum door_error how, const char *why, enum door_error *error,
                                const char **sentence)
{
    *error = how;
    *sentence = why;
    return DOOR_REFUSED;
}

static enum door_verdict broken(const char *why, const char **sentence)
{
    *sentence = why;
    return DOOR_BROKEN;
}

static void find_cover(const struct door_request *asked, uint32_t sector_size,
                       struct door_cover *cover)
{
    uint64_t end = asked->offset + asked->byte_count;
    uint64_t first = asked->offset / sector_size;
    uint64_t behind = end / sector_size + (end % sector_size != 0);

    cover->skip = (uint32_t)(asked->offset % sector_size);
    cover->is_partial = cover->skip != 0 || end % sector_size != 0;
    if (asked->operation == DOOR_TRIM) {
        first += cover->skip != 0;
        behind = end / sector_size;
        cover->is_partial = false;
    }
    cover->first = first;
    cover->count = behind > first ? behind - first : 0;
}

enum door_verdict door_check(const struct door_request *asked, const struct door_export *exports,
                             uint32_t export_count, struct door_cover *cover,
                             enum door_error *error, const char **sentence)
{
    *cover = (struct door_cover){0};
    if (asked->operation > DOOR_FLUSH)
        return broken("an operation that there is not", sentence);
    if (asked->export_index >= export_count)
        return broken("a disk that there is not", sentence);
    if (asked->flags & ~DOOR_FORCED)
        return broken("flags that there are not", sentence);
    if (asked->operation == DOOR_FLUSH)
        return DOOR_GOOD;
    if (asked->byte_count == 0 ||
        (asked->operation != DOOR_TRIM && asked->byte_count > DOOR_DATA_SIZE))
        return broken("no bytes, or more than a slot has", sentence);

    const struct door_export *export = &exports[asked->export_index];
    if (asked->offset > export->byte_count ||
        asked->byte_count > export->byte_count - asked->offset)
        return refuse(asked->operation == DOOR_WRITE ? DOOR_NO_SPACE : DOOR_INVALID,
                      "it goes beyond the last sector", error, sentence);
    if (changes_data(asked) && !(export->flags & DOOR_EXPORT_WRITABLE))
        return refuse(DOOR_READ_ONLY, "it can only be read here (WRITE=1 lets disks be written)",
                      error, sentence);
    if (asked->operation == DOOR_TRIM && !(export->flags & DOOR_EXPORT_TRIMS))
        return refuse(DOOR_INVALID, "it has no TRIM", error, sentence);
    find_cover(asked, export->sector_size, cover);
    return DOOR_GOOD;
}

bool door_conflicts(const struct door_request *one, const struct door_cover *its,
                    const struct door_request *other, const struct door_cover *others)
{
    return one->export_index == other->export_index && changes_data(one) && changes_data(other) &&
           (its->is_partial || others->is_partial) && its->first < others->first + others->count &&
           others->first < its->first + its->count;
}
