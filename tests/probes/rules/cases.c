/* SPDX-License-Identifier: MIT */
/* All cases of rules.sys, by family. */
#include "cases.h"

const struct probe_case *const probe_cases[] = {
    ini_cases,   ctx_cases, adr_cases,  tag_cases,     cbk_cases,    memory_cases,
    fatal_cases, irb_cases, int_cases,  member_cases,  result_cases, other_cases,
    given_cases, cpu_cases, hang_cases, hwr_dma_cases, hwr_cases,    NULL,
};
