/* SPDX-License-Identifier: MIT */
/* What is looked at when an IRB comes back, and the life of request-sense IRBs. */
#ifndef PORT_REQUEST_RESULTS_H
#define PORT_REQUEST_RESULTS_H

#include "port/objects.h"

/* What is judged before an IRB is completed, and put right where it must be. `routine` is where it
 * came back. Context: any. */
void slot_check_results(struct irb_slot *slot, const char *routine, const void *place)
    __attribute__((cold));
/* A request-sense slot is used, for this unit. False: the miniport has it already. Context: any, as
 * for the next three. */
bool slot_begin_sense(struct irb_slot *sense, struct device *unit);
/* It is taken from the miniport. False: the miniport does not have it. */
bool slot_end_sense(struct irb_slot *sense, enum irb_slot_state next);
/* The miniport releases one that was taken from it before. False: it is no such one. */
bool slot_release_late(struct irb_slot *sense);
/* An IRB ends, and its request-sense IRB with it: SLOT_TAKEN_BACK or SLOT_OWED. */
void slot_take_back_sense(struct irb_slot *slot, enum irb_slot_state next);
/* IRB-11, when a request-sense slot is used again, or for the last time. */
void slot_check_released(struct irb_slot *sense);

#endif
