/* SPDX-License-Identifier: MIT */
/*
 * The sweep: what a driver and the port make of each kind of fault, put at each access of a few scenarios
 * in turn, and of two faults at a time. sweep.c runs and judges, sweep_scenarios.c has requests that are run, sweep_changes.c
 * power, stop and start, and hot plug, sweep_faults.c what goes wrong.
 */
#ifndef TESTS_GUEST_SWEEP_H
#define TESTS_GUEST_SWEEP_H

#include "port/block.h"
#include "port/objects.h"

/* ------------------------------------------------------------------ scenarios */

/* The disk is a scratch disk of which everything is known: what it holds, or may hold. */
#define SWEEP_SECTORS 512u

struct sweep_scenario {
    const char *name;
    bool is_packet;  /* its device is the CD */
    bool is_reset;   /* of the channel, with a command in flight */
    bool is_many;    /* several at a time, for drivers that take so many */
    bool is_long;    /* of so many accesses that not each one gets each fault */
    bool is_plugged; /* its device comes and goes by itself, and interrupts */
    /* Makes the device ready, without faults. */
    bool (*prepare)(void);
    /* Starts what is judged; sweep_ends counts how often it has ended. */
    void (*begin)(void);
    /* Did it end well? */
    bool (*is_good)(void);
    /* Did it end because there is no device any more? */
    bool (*is_gone)(void);
    /* Is what it brought as it has to be, if it ended well? */
    bool (*is_right)(void);
};
extern const struct sweep_scenario sweep_scenarios[];
extern const unsigned sweep_scenario_count;

/* How often the request that is judged has come back. */
extern volatile unsigned sweep_ends;

/* sweep_changes.c */
bool sweep_power_down_first(void);
void sweep_begin_power(void);
void sweep_begin_wake(void);
void sweep_begin_channel(void);
void sweep_begin_adapter(void);
void sweep_begin_restart(void);
void sweep_begin_plug(void);
bool sweep_change_is_good(void);
bool sweep_change_is_gone(void);
/* Reads what the scenario "read" does, and waits for it. */
enum block_status sweep_read(void);

/* Finds disk and CD, and writes the disk. False: there is no disk that is written to. */
bool sweep_prepare(void);
/* The scenario's device; NULL: there is none. */
struct device *sweep_device(const struct sweep_scenario *scenario);
/* Another place and length from now on; they have to be within the disk. */
void sweep_place(uint64_t lba, uint32_t count);
#define SWEEP_MOST 64u /* sectors of a request */
/* The scenario in words: its name, and behind it where it is, "write 40+16", if not where it was at first. */
void sweep_name(const struct sweep_scenario *scenario, char *text, size_t size);
/* Does each sector of the disk hold what it has to? What the last write was about may be old or new.
 * False: `text` says which one does not. `is_blind`: it is no fault, and the disk is written anew. */
bool sweep_check_disk(bool is_blind, char *text, size_t size);
/* What is known of how it ended, for people. */
void sweep_describe(const struct sweep_scenario *scenario, char *text, size_t size);

/* ------------------------------------------------------------------ faults */

struct sweep_fault {
    const char *words;
    bool is_blind; /* no driver can see it: what is moved may be anything */
    bool is_early; /* the same at an interrupt that says nothing of the command: it tells its end */
};
extern const struct sweep_fault sweep_faults[];
extern const unsigned sweep_fault_count;

/* ------------------------------------------------------------------ the sweep */

/* `words`: "" for the short form; "SEED:RUNS" goes through all of it, and then on at random until there were
 * RUNS runs; a case as findings name it, "write: read 00 register=Status nth=1" or "read: bsy nth=2 + df nth=1" with "_"
 * for blanks, is run alone, and shown. Context: PASSIVE_LEVEL. */
void conf_sweep(const char *words, bool without_reset);

#endif
