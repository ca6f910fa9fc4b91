/* SPDX-License-Identifier: MIT */
/* What an IRB says when it comes back in another way than as a plain success. Context: any. */
#ifndef PORT_REQUEST_JUDGE_H
#define PORT_REQUEST_JUDGE_H

#include "port/objects.h"

/* Makes the list of physically contiguous pieces of an IRB's data, at most PORT_PHYSICAL_BREAKS
 * + 1. False: it is in more, which the block layer prevents, or not in memory. Context: any. */
bool list_build(const struct irb_slot *slot, IDE_SCATTER_GATHER_LIST *list,
                IDE_SCATTER_GATHER_ELEMENT *elements);
/* INI-09, IRB-05, 07, 14, 15, 16 when an IRB comes back; what is wrong is put right. */
void slot_judge(struct irb_slot *slot, const char *routine, const void *place)
    __attribute__((cold));
/* IRB-17: IdeHwBuildIo has left IRB_FLAGS_MAP_BUFFERS. */
void slot_judge_build_io(struct irb_slot *slot) __attribute__((cold));
/* IRB-18: has a packet command failed, as far as can be told? */
bool slot_may_need_sense(const struct irb_slot *slot) __attribute__((cold));

#endif
