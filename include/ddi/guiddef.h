/* SPDX-License-Identifier: MIT */
/*
 * GUIDs. DEFINE_GUID declares one, and also defines it in the source files that include
 * <initguid.h> before the header that names it.
 */
#ifndef DDI_GUIDDEF_H
#define DDI_GUIDDEF_H

#include "nt.h"

typedef struct _GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID, *PGUID, *LPGUID;
typedef const GUID *PCGUID, *LPCGUID;

#endif

/* Outside the guard: <initguid.h> may come after a first inclusion and changes what the word means.
 */
#undef DEFINE_GUID
#undef DDI_ANY_DEFINITION
#ifdef INITGUID
/* One definition stays when several source files ask for it. */
#if defined(_WIN32)
#define DDI_ANY_DEFINITION __attribute__((__selectany__))
#else
#define DDI_ANY_DEFINITION __attribute__((__weak__))
#endif
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    EXTERN_C const GUID name;                                        \
    const GUID DDI_ANY_DEFINITION name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) EXTERN_C const GUID name
#endif
