/* SPDX-License-Identifier: MIT */
/*
 * The page that Windows shares with all code, at an address that compilers' libraries and system
 * headers know by heart (KUSER_SHARED_DATA): the time, in several forms, and the system's version,
 * read-only.
 */
#ifndef PORT_SHARED_PAGE_H
#define PORT_SHARED_PAGE_H

#include "hal/hal.h"

#if defined(__x86_64__)
#define SHARED_PAGE_ADDRESS 0xFFFFF78000000000ull
#else
#define SHARED_PAGE_ADDRESS 0xFFDF0000u
#endif

/* The time of NT: units of 100 ns since 1601-01-01 00:00 UTC. Any context. */
uint64_t shared_page_system_time(void);

/* Mends a page fault, if it is a read of the page. Context: a fault handler. */
bool shared_page_fault(const struct hal_fault *fault);

#endif
