/* SPDX-License-Identifier: MIT */
/*
 * The few NT types, constants and macros that the miniport interface is written in.
 *
 * Owns: widths, alignments and the calling convention. May not: name anything of ATA or of the
 * port.
 *
 * The widths never change: ULONG is 32 bits, WCHAR 16, BOOLEAN 8, on every target. On a Windows
 * target ULONG is `unsigned long`, as drivers expect; elsewhere `unsigned int`, because `long` may
 * be 64 bits.
 */
#ifndef DDI_NT_H
#define DDI_NT_H

/* ------------------------------------------------------------------ calling convention */

/*
 * NTAPI        stands in every routine and callback with a fixed number of parameters
 * NTAPI_V      stands in the three routines that take "...": the caller removes the arguments
 * DDI_ROUTINE  opens the declaration of a routine of the port. Drivers link against an import
 * library, so a plain `extern` serves; somebody else may define it before including this header
 */
#if defined(_WIN32)
#if defined(__i386__)
#define NTAPI   __attribute__((__stdcall__))
#define NTAPI_V __attribute__((__cdecl__))
#else
#define NTAPI
#define NTAPI_V
#endif
#elif defined(__x86_64__)
#define NTAPI   __attribute__((__ms_abi__))
#define NTAPI_V __attribute__((__ms_abi__))
#elif defined(__i386__)
/* A PHYSICAL_ADDRESS is returned in EDX:EAX: compile with -freg-struct-return, as ELF compilers
 * return it in memory otherwise. */
#define NTAPI   __attribute__((__stdcall__))
#define NTAPI_V __attribute__((__cdecl__))
#else
#error "the miniport interface is defined for i386 and x86_64 only"
#endif

#if defined(__cplusplus)
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif
#ifndef DDI_ROUTINE
#define DDI_ROUTINE EXTERN_C
#endif

/*
 * FORCEINLINE may stand with or without `static`, as in the WDK: a C99 inline function has no
 * external definition, and always_inline sees to it that none is needed.
 */
#ifndef FORCEINLINE
#define FORCEINLINE __inline__ __attribute__((__always_inline__))
#endif
/* Drivers write a bare __inline at file scope and expect no external definition to be needed. */
#if defined(_WIN32) && !defined(__inline)
#define __inline FORCEINLINE
#endif

/* ------------------------------------------------------------------ types */

#ifndef VOID
#define VOID void
#endif
#ifndef NULL
#if defined(__cplusplus)
#define NULL 0
#else
#define NULL ((void *)0)
#endif
#endif
#ifndef NOTHING
#define NOTHING
#endif
/* From the time of segments. */
#ifndef FAR
#define FAR
#endif
#ifndef NEAR
#define NEAR
#endif
/* MSVC's names of the integers with a width; its own mode of clang has them as keywords. */
#if !defined(_MSC_EXTENSIONS) && !defined(__int64)
#define __int64 long long
#endif
#if !defined(_MSC_EXTENSIONS) && !defined(__int32)
#define __int32 int
#define __int16 short
#define __int8 char
#endif
#ifndef CONST
#define CONST const
#endif

#if defined(_WIN32)
typedef long LONG;
typedef unsigned long ULONG;
#else
typedef int LONG;
typedef unsigned int ULONG;
#endif

typedef char CHAR, CCHAR;
typedef signed char SCHAR;
typedef unsigned char UCHAR;
typedef short SHORT, CSHORT;
typedef unsigned short USHORT;
typedef int INT;
typedef unsigned int UINT;
typedef unsigned char BYTE;
typedef unsigned short WORD;
typedef ULONG DWORD;
typedef UCHAR BOOLEAN;
typedef unsigned short WCHAR;

/* i386 ELF aligns 64-bit integers to 4 bytes in structures; the interface says 8. Compilers for Windows do that by
 * themselves; told so, clang from 15 on passes a structure that holds one by reference there. */
#if defined(_WIN32)
typedef long long LONGLONG;
typedef unsigned long long ULONGLONG;
#else
typedef long long LONGLONG __attribute__((__aligned__(8)));
typedef unsigned long long ULONGLONG __attribute__((__aligned__(8)));
#endif
typedef LONGLONG LONG64;
typedef ULONGLONG ULONG64;

/* Integers as wide as a pointer. */
typedef __SIZE_TYPE__ ULONG_PTR;
typedef __PTRDIFF_TYPE__ LONG_PTR;
typedef ULONG_PTR SIZE_T;
typedef __SIZE_TYPE__ size_t;

typedef void *PVOID;
typedef void *HANDLE, **PHANDLE;
/* A pointer of 64-bit code, whatever this code is: 8 bytes. */
#if defined(__x86_64__)
typedef void *PVOID64;
#else
typedef ULONGLONG PVOID64;
#endif
typedef CHAR *PCHAR, *PSTR;
typedef CHAR *PCCHAR; /* not const: the name means a character that may be signed or not */
typedef const CHAR *PCSTR;
typedef UCHAR *PUCHAR;
typedef SHORT *PSHORT;
typedef USHORT *PUSHORT;
typedef LONG *PLONG;
typedef ULONG *PULONG;
typedef LONGLONG *PLONGLONG;
typedef ULONGLONG *PULONGLONG;
typedef ULONG_PTR *PULONG_PTR;
typedef BOOLEAN *PBOOLEAN;
typedef WCHAR *PWCHAR, *PWSTR;
typedef const WCHAR *PCWSTR;
/* Text of the width that the driver is built for. */
#if defined(UNICODE)
typedef WCHAR TCHAR, *PTCHAR, *PTSTR;
typedef const WCHAR *PCTSTR;
#else
typedef CHAR TCHAR, *PTCHAR, *PTSTR;
typedef const CHAR *PCTSTR;
#endif

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

/* An address as the bus sees it; port numbers travel in it as well. */
typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

/* Lengths in bytes, without a terminator; Buffer need not be terminated. */
typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCHAR Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

/* DriverEntry gets one and hands it on; what is inside is the port's business. */
typedef struct _DRIVER_OBJECT DRIVER_OBJECT, *PDRIVER_OBJECT;

/* ------------------------------------------------------------------ status codes */

typedef LONG NTSTATUS, *PNTSTATUS;

#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)

#define STATUS_SUCCESS                ((NTSTATUS)0x00000000)
#define STATUS_UNSUCCESSFUL           ((NTSTATUS)0xC0000001)
#define STATUS_NOT_IMPLEMENTED        ((NTSTATUS)0xC0000002)
#define STATUS_INVALID_PARAMETER      ((NTSTATUS)0xC000000D)
#define STATUS_NO_SUCH_DEVICE         ((NTSTATUS)0xC000000E)
#define STATUS_INVALID_DEVICE_REQUEST ((NTSTATUS)0xC0000010)
#define STATUS_NO_MEMORY              ((NTSTATUS)0xC0000017)
#define STATUS_BUFFER_TOO_SMALL       ((NTSTATUS)0xC0000023)
#define STATUS_REVISION_MISMATCH      ((NTSTATUS)0xC0000059)
#define STATUS_INSUFFICIENT_RESOURCES ((NTSTATUS)0xC000009A)
#define STATUS_DEVICE_NOT_READY       ((NTSTATUS)0xC00000A3)
#define STATUS_IO_TIMEOUT             ((NTSTATUS)0xC00000B5)
#define STATUS_NOT_SUPPORTED          ((NTSTATUS)0xC00000BB)
#define STATUS_IO_DEVICE_ERROR        ((NTSTATUS)0xC0000185)

/* ------------------------------------------------------------------ versions */

#define NTDDI_WINXP    0x05010000
#define NTDDI_WS03     0x05020000
#define NTDDI_VISTA    0x06000000
#define NTDDI_VISTASP1 0x06000100
#define NTDDI_LONGHORN NTDDI_VISTA
#define NTDDI_WS08     0x06000100
#define NTDDI_WIN7     0x06010000
#define NTDDI_WIN8     0x06020000
#define NTDDI_WINBLUE  0x06030000
#define NTDDI_WIN10    0x0A000000

/* These headers follow the Windows 7 kit. */
#ifndef NTDDI_VERSION
#define NTDDI_VERSION NTDDI_WIN7
#endif
/* The same without the service pack. */
#ifndef _WIN32_WINNT
#define _WIN32_WINNT (NTDDI_VERSION >> 16)
#endif
#ifndef WINVER
#define WINVER _WIN32_WINNT
#endif

/* ------------------------------------------------------------------ words about declarations */

#ifndef DECLSPEC_ALIGN
#define DECLSPEC_ALIGN(bytes) __attribute__((__aligned__(bytes)))
#endif
#ifndef DECLSPEC_CACHEALIGN
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#endif
#ifndef DECLSPEC_NORETURN
#define DECLSPEC_NORETURN __attribute__((__noreturn__))
#endif
#ifndef DECLSPEC_NOINLINE
#define DECLSPEC_NOINLINE __attribute__((__noinline__))
#endif
#ifndef DECLSPEC_NOTHROW
#define DECLSPEC_NOTHROW __attribute__((__nothrow__))
#endif
#ifndef DECLSPEC_DEPRECATED
#define DECLSPEC_DEPRECATED __attribute__((__deprecated__))
#endif
#ifndef DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_DEPRECATED_DDK
#endif
#if defined(_WIN32)
#define DDI_DECLSPEC(windows, elsewhere) __attribute__((windows))
#else
#define DDI_DECLSPEC(windows, elsewhere) __attribute__((elsewhere))
#endif
#ifndef DECLSPEC_SELECTANY
#define DECLSPEC_SELECTANY DDI_DECLSPEC(__selectany__, __weak__)
#endif
#ifndef DECLSPEC_IMPORT
#define DECLSPEC_IMPORT DDI_DECLSPEC(__dllimport__, )
#endif
#ifndef DECLSPEC_EXPORT
#define DECLSPEC_EXPORT DDI_DECLSPEC(__dllexport__, )
#endif
/* About classes of C++ and about analysis: nothing here. */
#ifndef DECLSPEC_NOVTABLE
#define DECLSPEC_NOVTABLE
#endif
#ifndef DECLSPEC_UUID
#define DECLSPEC_UUID(text)
#endif
#ifndef DECLSPEC_ADDRSAFE
#define DECLSPEC_ADDRSAFE
#endif

/* ------------------------------------------------------------------ small helpers */

#ifndef UNREFERENCED_PARAMETER
#define UNREFERENCED_PARAMETER(name) ((void)(name))
#endif
#ifndef UNREFERENCED_LOCAL_VARIABLE
#define UNREFERENCED_LOCAL_VARIABLE(name) ((void)(name))
#endif
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef FIELD_OFFSET
#define FIELD_OFFSET(type, field) ((LONG) __builtin_offsetof(type, field))
#endif
#ifndef RTL_FIELD_SIZE
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#endif
#ifndef RTL_NUMBER_OF
#define RTL_NUMBER_OF(array) (sizeof(array) / sizeof((array)[0]))
#endif
#ifndef ARRAYSIZE
#define ARRAYSIZE(array) RTL_NUMBER_OF(array)
#endif
#ifndef CONTAINING_RECORD
#define CONTAINING_RECORD(address, type, field) \
    ((type *)(void *)((PCHAR)(address) - __builtin_offsetof(type, field)))
#endif
#ifndef C_ASSERT
#if defined(__cplusplus)
#define C_ASSERT(expression) static_assert((expression), #expression)
#else
#define C_ASSERT(expression) _Static_assert((expression), #expression)
#endif
#endif
/* In a build with DBG a condition that does not hold ends in int 2Ch, which the port reports with its
 * line. (The port has an ASSERT of its own.) */
#if defined(_WIN32) && !defined(ASSERT)
#if defined(DBG) && DBG
#define ASSERT(expression) ((expression) ? (void)0 : DdiAssertionFailed())
static FORCEINLINE void DdiAssertionFailed(void)
{
    __asm__ __volatile__("int $0x2c");
}
#else
#define ASSERT(expression) ((void)0)
#endif
#define NT_ASSERT(expression)          ASSERT(expression)
#define ASSERTMSG(message, expression) ASSERT(expression)
#endif
#define UNALIGNED

#endif
