/* SPDX-License-Identifier: MIT */
/*
 * The cases of rules.sys, a table for each family of rules. A case's name is its function's; the value
 * `Break`, and the expectation in tests/boot/contract-*.t, use it.
 */
#ifndef PROBES_RULES_CASES_H
#define PROBES_RULES_CASES_H

#include "base.h"

extern const struct probe_case ini_cases[], ctx_cases[], adr_cases[], tag_cases[], cbk_cases[];
extern const struct probe_case memory_cases[], irb_cases[], int_cases[], cpu_cases[];
extern const struct probe_case member_cases[], result_cases[], other_cases[], given_cases[];
extern const struct probe_case fatal_cases[], hang_cases[], hwr_dma_cases[], hwr_cases[];

#endif
