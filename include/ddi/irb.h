/* SPDX-License-Identifier: MIT */
/*
 * The interface between the ATA port driver and its miniports.
 *
 *     irb/request.h         the IRB: what is to be done, how it ended
 *     irb/transfer_mode.h   PIO, DMA and Ultra DMA modes as bits and as numbers
 *     irb/device.h          what is known about a device, notifications, error log entries
 *     irb/controller.h      the controller's and the channel's configuration and entry points
 *     irb/bus.h             start-up, PCI configuration space, memory and its bus addresses
 *     irb/queue.h           completing requests, request sense, pausing queues, queue tags
 *     irb/callback.h        workers, timers, synchronised routines
 *     irb/notify.h          hot plug, power, error log, debug output, time
 *     irb/registry.h        settings that outlive the machine's power
 *     irb/access.h          ports and registers of the controller
 *
 * Owns: the list above, in the order in which the parts build on each other. May not: declare
 * anything.
 *
 * Each routine's comment says what its parameters mean, in which of the miniport's entry points it
 * may be called (Context), what it returns when it fails (Returns), and which page of Microsoft's
 * documentation describes it (Source). Codes such as REG-01 are rules that the port checks while a
 * driver runs; it prints the rule's text with every report. What holds for every routine that takes
 * an extension is said here once: the pointer is one the port handed out and has not taken back
 * (CTX-10), a channel's where a channel's is asked for (CTX-09); otherwise the routine does nothing
 * and returns its failure value. And IdeHwBuildIo calls no routine at all (CTX-01).
 */
#ifndef DDI_IRB_H
#define DDI_IRB_H
/* By this word headers that serve several kinds of miniports know which one they are in. */
#define _NTIRB_

#include "miniport.h"
#include "initguid.h"
#include "ata.h"

#include "irb/transfer_mode.h"
#include "irb/request.h"
#include "irb/device.h"
#include "irb/controller.h"
#include "irb/bus.h"
#include "irb/queue.h"
#include "irb/callback.h"
#include "irb/notify.h"
#include "irb/registry.h"
#include "irb/access.h"

#endif
