/* SPDX-License-Identifier: MIT */
/* All cases of rules.sys, by family. */
#include "cases.h"

const struct probe_case *const probe_cases[] = {ini_cases, memory_cases, fatal_cases, NULL};
