/* SPDX-License-Identifier: MIT */
/* What the guest says is looked at before it is believed; see link.h. Pure: tested on the host. */
#include <errno.h>
#include <string.h>

#include "tools/nbd/link.h"

static bool is_text(const char *text, size_t capacity)
{
    size_t length = strnlen(text, capacity);

    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return length < capacity;
}

static const char *check_export(const struct door_export *export)
{
    const uint32_t size = export->sector_size;

    if (!is_text(export->name, sizeof export->name) || !export->name[0] ||
        !is_text(export->description, sizeof export->description))
        return "a disk's name is none";
    if (size < 512 || size > DOOR_SECTOR_MOST || (size & (size - 1)) != 0)
        return "a disk's sectors have a size that sectors do not have";
    if (export->byte_count > INT64_MAX || export->byte_count % size != 0)
        return "a disk's size is none";
    if (export->flags & ~(DOOR_EXPORT_WRITABLE | DOOR_EXPORT_TRIMS))
        return "a disk has flags that there are not";
    return NULL;
}

const char *link_check_head(const struct door_head *head)
{
    if (head->magic != DOOR_MAGIC || head->version != DOOR_VERSION)
        return "it is another version's";
    if (head->export_count > DOOR_EXPORTS)
        return "there are too many disks";
    for (uint32_t i = 0; i < head->export_count; i++) {
        const char *wrong = check_export(&head->exports[i]);
        if (wrong)
            return wrong;
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(head->exports[i].name, head->exports[j].name) == 0)
                return "two disks have one name";
    }
    return NULL;
}

int link_errno(uint32_t error)
{
    static const int numbers[DOOR_ERRORS] = {
        [DOOR_DONE] = 0,         [DOOR_FAILED] = EIO,      [DOOR_NO_SPACE] = ENOSPC,
        [DOOR_INVALID] = EINVAL, [DOOR_READ_ONLY] = EROFS, [DOOR_IS_CLOSING] = ESHUTDOWN,
    };
    return error < DOOR_ERRORS ? numbers[error] : -1;
}
