/* SPDX-License-Identifier: MIT */
/* Arguments of the variadic exports: on x86_64 they follow the Microsoft convention, whose list
 * type is not the compiler's own va_list. */
#ifndef PORT_DDI_VARIADIC_H
#define PORT_DDI_VARIADIC_H

#include <stdarg.h>

#ifdef __x86_64__
#define ddi_va_list  __builtin_ms_va_list
#define ddi_va_start __builtin_ms_va_start
#define ddi_va_end   __builtin_ms_va_end
#else
#define ddi_va_list  va_list
#define ddi_va_start va_start
#define ddi_va_end   va_end
#endif

#endif
