/* SPDX-License-Identifier: MIT */
/* The list of tests that run in the kernel; see guest.h. */
#include <string.h>

#include "hal/hal.h"
#include "port/block.h"
#include "port/trace.h"
#include "tests/guest/conformance.h"
#include "tests/guest/guest.h"

/* Entries. */
#define TRACE_SHOWN      24u
#define TRACE_SHOWN_LONG 400u

static void print_line(const char *line)
{
    hal_printf("#   %s\n", line);
}

static void show_trace(uint16_t first, unsigned most)
{
    unsigned count = (uint16_t)(trace_next - first);

    if (count > 0)
        hal_printf("# the end of the trace (s since the start, us since the last time):\n");
    trace_show(count < most ? count : most, print_line);
}

void guest_show_trace(void)
{
    static uint16_t shown; /* how far */
    uint16_t first = shown;

    shown = trace_next;
    show_trace(first, TRACE_SHOWN);
}

void guest_show_trace_since(uint16_t first)
{
    show_trace(first, TRACE_SHOWN_LONG);
}

uint8_t *guest_first_sectors(struct device *disk, unsigned sector_count)
{
    uint8_t *sectors = hal_pages_alloc(hal_pages_for(sector_count * 512), UINT64_MAX);
    bool is_read = disk && sectors;

    for (unsigned lba = 0; is_read && lba < sector_count; lba++)
        is_read = block_transfer(disk, BLOCK_READ, lba, 1, sectors + lba * 512) == BLOCK_OK;
    return is_read ? sectors : NULL;
}

bool guest_test(const char *name)
{
    if (strcmp(name, "hal") == 0)
        guest_test_hal();
    else if (strcmp(name, "loans") == 0)
        guest_test_loans();
    else if (strcmp(name, "buffers") == 0)
        guest_test_buffers();
    else if (strcmp(name, "block") == 0)
        guest_test_block();
    else if (strcmp(name, "overlap") == 0)
        guest_test_overlap();
    else if (strcmp(name, "order") == 0)
        guest_test_order();
    else if (strcmp(name, "bounds") == 0)
        guest_test_bounds();
    else if (strcmp(name, "queues") == 0)
        guest_test_queues();
    else if (strcmp(name, "sequence") == 0)
        guest_test_sequence();
    else if (strcmp(name, "units") == 0)
        guest_test_units();
    else if (strcmp(name, "limits") == 0)
        guest_test_limits();
    else if (strcmp(name, "depth") == 0)
        guest_test_depth(false);
    else if (strcmp(name, "depth-pio") == 0)
        guest_test_depth(true);
    else if (strcmp(name, "issuers") == 0)
        guest_test_issuers();
    else if (strcmp(name, "statuses") == 0)
        guest_test_statuses();
    else if (strcmp(name, "recovery") == 0)
        guest_test_recovery();
    else if (strcmp(name, "results") == 0)
        guest_test_results();
    else if (strcmp(name, "power") == 0)
        guest_test_power();
    else if (strcmp(name, "dump") == 0)
        guest_test_dump();
    else if (strcmp(name, "routines") == 0)
        guest_test_routines();
    else if (strcmp(name, "identify") == 0)
        guest_test_identify();
    else if (strcmp(name, "edge-faults") == 0)
        guest_test_edge_faults();
    else if (strcmp(name, "edges") == 0)
        guest_test_edges();
    else if (strcmp(name, "cancel") == 0)
        guest_test_cancel();
    else if (strcmp(name, "faults") == 0)
        guest_test_faults();
    else if (strcmp(name, "contexts") == 0)
        guest_test_contexts();
    else if (strcmp(name, "medium") == 0)
        guest_test_medium();
    else if (strcmp(name, "registry") == 0)
        guest_test_registry();
    else if (strcmp(name, "states") == 0)
        guest_test_states();
    else if (strcmp(name, "fail-state") == 0)
        guest_fail_state();
    else if (strncmp(name, "conformance-", 12) == 0)
        return guest_conformance(name + 12);
    else if (strncmp(name, "fail-", 5) == 0)
        guest_fail_hal(name + 5);
    else
        return false;
    return true;
}
