/* SPDX-License-Identifier: MIT */
/* x86's part of hal.h, which includes this. */
#ifndef HAL_X86_HAL_INLINE_H
#define HAL_X86_HAL_INLINE_H

#if defined(__x86_64__)
#define HAL_MACHINE "x86_64"
#define HAL_FIRST_IN_REGISTER
#define HAL_WITH(handed, ...) (__VA_ARGS__, handed)
#else
#define HAL_MACHINE           "i386"
#define HAL_FIRST_IN_REGISTER __attribute__((regparm(1)))
#define HAL_WITH(handed, ...) (handed, __VA_ARGS__)
#endif

#include "hal/x86/cpu/call.h"
#include "hal/x86/cpu/gate.h"
#include "hal/x86/cpu/io.h"

#endif
