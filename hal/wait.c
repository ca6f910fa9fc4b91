/* SPDX-License-Identifier: MIT */
/* Owns the wait that is under way: who waits notes it, who watches reads it. Any context. */
#include "hal/internal.h"

struct hal_wait hal_wait;
