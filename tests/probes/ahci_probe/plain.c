/* SPDX-License-Identifier: MIT */
/* ahci_probe.sys has no cases. */
#include "ahci_probe.h"

const struct ahci_case *const ahci_cases[] = {NULL};
