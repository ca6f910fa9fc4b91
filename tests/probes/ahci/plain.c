/* SPDX-License-Identifier: MIT */
/* ahci.sys has no cases. */
#include "ahci.h"

const struct ahci_case *const ahci_cases[] = {NULL};
