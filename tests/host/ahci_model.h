/* SPDX-License-Identifier: MIT */
/*
 * A simple model of an AHCI controller with one port and one disk, for tests of miniports as
 * ordinary processes. It has the place of ata_model.c: `model` is its clock, its memory, its line and
 * its disk (device 0), and counts what no driver may do.
 *
 * It is stricter than QEMU, and has what QEMU lacks: log 10h, an engine that takes its time to stop,
 * a firmware that holds the controller, staggered spin-up, links that come and go.
 */
#ifndef TESTS_HOST_AHCI_MODEL_H
#define TESTS_HOST_AHCI_MODEL_H

#include "tests/host/ata_model.h"

#define AHCI_MODEL_ABAR  0xFEB00000u
#define AHCI_MODEL_BYTES 0x180u
#define AHCI_MODEL_SLOTS 8u

/* What READ LOG EXT of page 10h comes to. */
enum ahci_model_log {
    LOG_ABORTED,    /* as QEMU's does */
    LOG_RIGHT,      /* the tag that has failed */
    LOG_NO_TAG,     /* NQ: it was none of the queued commands */
    LOG_WRONG_TAG,  /* one that is not under way */
    LOG_DAMAGED,    /* its bytes do not add up */
    LOG_SHORT,      /* half of it is sent */
    LOG_UNANSWERED, /* nothing comes of it */
};

struct ahci_model {
    /* What the test sets. */
    uint32_t cap, cap2, bohc; /* of the controller */
    uint64_t handoff_ns;      /* from OOS to the firmware's having gone */
    uint64_t stop_ns;         /* from ST = 0 to CR = 0 */
    uint64_t link_ns;         /* from the end of COMRESET to DET 3 */
    uint64_t ready_ns;        /* from there to the device's first FIS */
    enum ahci_model_log log;
    int64_t bad_sector[2]; /* -1: none */
    uint8_t bad_error;
    uint8_t bus_error; /* the next command ends with this bit of PxIS, 0: none */
    uint32_t noise;    /* of PxIS: comes with each first FIS of the device */
    uint8_t refused;   /* an opcode that the device aborts */
    bool is_mute;      /* no command ends */
    bool is_backward;  /* the command of the highest slot ends first */

    /* Registers. */
    uint32_t ghc, is;
    uint32_t clb, clbu, fb, fbu, pis, pie, cmd, tfd, sig, ssts, sctl, serr, sact, ci;

    /* The device, and its link. */
    bool is_plugged, is_asleep, has_queue_error;
    uint8_t failed_tag, failed_error;
    bool is_acknowledged; /* PxIS was written since IS was */
    bool fis_waits;       /* the first one, for FRE and DIAG.X */
    uint64_t link_at_ns, fis_at_ns, stops_at_ns, handed_off_at_ns;
    uint64_t due_ns[AHCI_MODEL_SLOTS]; /* of those issued; 0: not */
    uint64_t comreset_ns, touched_ns;  /* when that began; when FRE was set first */

    /* For the test to look at. */
    unsigned comresets, logs_read, opcodes[256], most_at_once;
    uint8_t fis[AHCI_MODEL_SLOTS][20]; /* as issued last */
};
extern struct ahci_model ahci_model;

/* A fresh controller with a disk of `sector_count` sectors on its port; 0: nothing on it. */
void ahci_model_init(uint64_t sector_count);
void ahci_model_unplug(void);
void ahci_model_plug(void);

#endif
