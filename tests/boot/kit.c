/* SPDX-License-Identifier: MIT */
/*
 * The entry point that vendors' kits link in front of DriverEntry, in its ways: it wants a security cookie that somebody has
 * set, reads the clock in the page that Windows shares with all code, and ends with int 29h where it cannot go
 * on. Used by kit.t; it says what it has seen, and then is pata.
 *
 *     -DFAST_FAIL   the driver finds its stack damaged
 *     -DWRITE       it writes to the shared page
 */
#include <miniport.h>
#include <irb.h>

#if defined(__x86_64__)
#define SHARED_PAGE    ((ULONG_PTR)0xFFFFF78000000000)
#define DEFAULT_COOKIE ((ULONG_PTR)0x00002B992DDFA232)
#else
#define SHARED_PAGE    ((ULONG_PTR)0xFFDF0000)
#define DEFAULT_COOKIE ((ULONG_PTR)0xBB40E64E)
extern __attribute__((dllimport)) volatile ULONG KeTickCount[3];
#endif

/* Where the linker finds the cookie: the size, then what drivers do not use, as far as the cookie. */
ULONG_PTR __security_cookie = DEFAULT_COOKIE;
extern const struct load_config {
    ULONG size;
    UCHAR others[sizeof(PVOID) == 8 ? 84 : 56];
    ULONG_PTR *cookie;
    ULONG_PTR table, count;
} _load_config_used;
const struct load_config _load_config_used = {.size = sizeof(struct load_config),
                                              .cookie = &__security_cookie};

/* What compilers for Windows refer to where floating-point numbers are used. */
extern int _fltused;
int _fltused;

NTSTATUS NTAPI DriverEntry(PVOID DriverObject, PVOID RegistryPath);
#if defined(WRITE)
/* Frames of several sizes lie below it, without frame pointers: who called whom says the image. */
static __attribute__((noinline)) ULONG wrong_write(ULONG depth)
{
    volatile ULONG room[16], more = depth * 3;

    room[depth] = more;
    if (depth == 0)
        *(volatile ULONG *)(SHARED_PAGE + 0x320) = 0; /* WRITE */
    else
        room[depth] += wrong_write(depth - 1); /* CALL */
    return room[depth] + more;
}
#endif

NTSTATUS NTAPI GsDriverEntry(PVOID DriverObject, PVOID RegistryPath);

static ULONG shared(ULONG offset)
{
    return *(volatile ULONG *)(SHARED_PAGE + offset);
}

/* As system headers read it: again, while the high half changes. */
static ULONGLONG shared_time(ULONG offset)
{
    ULONG low, high;

    do {
        high = shared(offset + 4);
        low = shared(offset);
    } while (high != shared(offset + 8));
    return (ULONGLONG)high << 32 | low;
}

/* 40 ms, by one of the page's clocks: what the others say meanwhile. */
static void look_at_clocks(void)
{
    /* Each clock is read inside of the time of the one before, however long this takes. */
    ULONGLONG system_time = shared_time(0x014), ticks = shared_time(0x320);
    ULONGLONG interrupt_time = shared_time(0x008), passed;
    LARGE_INTEGER asked;
#if defined(__i386__)
    ULONG count, before;
#endif

    do
        passed = shared_time(0x008) - interrupt_time;
    while (passed < 400000);
    ticks = shared_time(0x320) - ticks;
    ULONGLONG now = shared_time(0x014);
    AtaPortQuerySystemTime(&asked);
    AtaPortDebugPrint(0, "kit: passed %u, ticks %u, system time %u, asked %u\n", (ULONG)passed,
                      (ULONG)ticks, (ULONG)(now - system_time),
                      (ULONG)((ULONGLONG)asked.QuadPart - system_time));
#if defined(__i386__)
    do {
        before = shared(0x320);
        count = KeTickCount[0];
    } while (before != shared(0x320));
    AtaPortDebugPrint(0, "kit: KeTickCount is %u ticks away\n", count - before);
#endif
}

NTSTATUS NTAPI GsDriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    volatile ULONG_PTR *cookie = &__security_cookie;

    AtaPortDebugPrint(0, "kit: cookie %s\n", *cookie == DEFAULT_COOKIE ? "not set" : "set");
    AtaPortDebugPrint(0, "kit: version %u.%u, multiplier %u\n", shared(0x26C), shared(0x270),
                      shared(0x004));
    look_at_clocks();
#if defined(FAST_FAIL)
    __asm__ volatile("int $0x29" : : "c"(2)); /* FAST_FAIL */
#endif
#if defined(WRITE)
    AtaPortDebugPrint(0, "kit: %u\n", wrong_write(3)); /* ENTRY */
#endif
    return DriverEntry(DriverObject, RegistryPath);
}
