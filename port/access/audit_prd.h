/* SPDX-License-Identifier: MIT */
/* The table of physical region descriptors when a transfer starts: HWR-09, HWR-10, HWR-21. */
#ifndef PORT_ACCESS_AUDIT_PRD_H
#define PORT_ACCESS_AUDIT_PRD_H

#include "port/contract/rules.h"
#include "port/objects.h"

/* A transfer that is about to start. */
struct transfer {
    const struct channel *channel;
    const struct irb_slot *owner; /* whose it is; NULL: not known */
    bool is_certain;              /* it can be no other's */
    bool is_packet;               /* the device may move another number of bytes */
    uint32_t command_byte_count;  /* what the command moves; 0: not known */
};

/* What is wrong with its table: the one rule that says most of it. */
struct prd_fault {
    bool is_found;
    bool is_fatal; /* it would reach, or be read from, memory that is not the driver's */
    enum rule rule;
    char text[240];
};

/* Walks the table in memory. Finds the owner, where it is not known, by whose data is described.
 * Context: any. */
void audit_prd_walk(struct transfer *transfer, struct prd_fault *fault);

#endif
