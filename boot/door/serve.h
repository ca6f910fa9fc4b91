/* SPDX-License-Identifier: MIT */
/* What door.c and serve.c know of each other. */
#ifndef BOOT_DOOR_SERVE_H
#define BOOT_DOOR_SERVE_H

#include "boot/door/check.h"

struct door {
    struct door_memory *memory; /* shared with the host: nothing there is believed twice */
    struct door_export exports[DOOR_EXPORTS]; /* ours, and right */
    uint32_t export_count;
    enum door_state state; /* 0: not open yet */
    bool is_closing;       /* what comes from now on is refused */
};
extern struct door door;

/* Memory for the data of all slots. False: there is none. Context: PASSIVE_LEVEL. */
bool serve_prepare(void);
/* Looks, soon, at what the host has asked for. Any context. */
void serve_look(void);
/* Is nothing under way? Any context. */
bool serve_is_idle(const void *context);
/* Nothing is asked or answered any more. Any context. */
void serve_shut(void);

#endif
