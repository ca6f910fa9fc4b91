/* SPDX-License-Identifier: MIT */
/* The tests that run in the kernel, by name: `test=NAME` on the command line of the test kernel. */
#ifndef TESTS_GUEST_GUEST_H
#define TESTS_GUEST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

struct device;

/* Runs one and prints TAP. False: there is no test of that name. */
bool guest_test(const char *name);

/* A check has failed: what the trace has of the time since the one before that failed, at most its last lines. */
void guest_show_trace(void);
/* The same of what has come since trace_next was `first`, up to many lines. */
void guest_show_trace_since(uint16_t first);

/* What the first sectors of a disk hold, read one by one; NULL: there is no such disk, or they can't be read. */
uint8_t *guest_first_sectors(struct device *disk, unsigned sector_count);

void guest_test_hal(void);
void guest_fail_hal(const char *how);
void guest_test_loans(void);
void guest_test_buffers(void);
void guest_test_block(void);
void guest_test_registry(void);
void guest_test_overlap(void);
void guest_test_order(void);
void guest_test_bounds(void);
void guest_test_queues(void);
void guest_test_sequence(void);
void guest_test_units(void);
void guest_test_limits(void);
void guest_test_depth(bool by_pio);
void guest_test_recovery(void);
void guest_test_results(void);
void guest_test_issuers(void);
void guest_test_statuses(void);
void guest_test_power(void);
void guest_test_dump(void);
void guest_test_routines(void);
void guest_test_identify(void);
void guest_test_edges(void);
void guest_test_edge_faults(void);
void guest_test_medium(void);
void guest_test_cancel(void);
void guest_test_faults(void);
void guest_test_contexts(void);
void guest_test_states(void);
void guest_fail_state(void);

#endif
