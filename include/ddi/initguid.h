/* SPDX-License-Identifier: MIT */
/* Turns the DEFINE_GUID lines that follow into definitions; include it before the headers with the
 * GUIDs. */
#ifndef INITGUID
#define INITGUID
#endif

#include "guiddef.h"
