/* SPDX-License-Identifier: MIT */
/*
 * Between driver and device: what changes, drops or delays an access or an interrupt on purpose. A
 * fault rule is a line of words (docs/faults.md). While one is armed, the registers of all channels
 * have ways of their own in the map's records (access.h), and interrupts a handler of their own;
 * while none is, nobody asks.
 *
 * Elsewhere two things are changed: what AtaPortGetBusData gives, for which there is a function
 * here, and how fast time-outs pass (timer_set_speed).
 */
#ifndef PORT_ACCESS_INJECT_H
#define PORT_ACCESS_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/access/inject_rule.h"

/* ------------------------------------------------------------------ rules */

/* Arms one more rule. Returns its number, from 1 on; 0: `error` has a sentence that says what is
 * wrong with it, and what is possible. Context: PASSIVE_LEVEL. */
unsigned inject_add(const char *text, char *error, size_t error_size);
/* The same for one request alone, which is about to be submitted: nothing matches until its first
 * command reaches the device, and what begins with an access begins with that command. For who
 * wants the same faults again, whatever the order is in which requests get their turn. */
unsigned inject_add_for(const struct request *request, const char *text, char *error,
                        size_t error_size);
/* Disarms one; what has begun by it goes on. Context: PASSIVE_LEVEL. */
void inject_disarm(unsigned number);
/* Rules that stand behind each other, with ';' or a newline between them. False: one of them is
 * wrong; those before it are armed. Context: PASSIVE_LEVEL. */
bool inject_add_all(const char *text, char *error, size_t error_size);
/* Disarms them all; what a device did on their account is over, but for what it has told already.
 * What they injected stays known, of the last 32. Context: PASSIVE_LEVEL. */
void inject_clear(void);
/* The same, and nothing stays known: for who keeps books of its own. */
void inject_forget_all(void);

/* What has become of a rule: `seen` is how many accesses, commands or interrupts came that it
 * matches (with nth=9 and seen 5 there was no ninth one), `injected` how many of them were changed.
 * NULL: it is not known (any more). The rule may be another one when 32 more have been added.
 * Context: PASSIVE_LEVEL. */
const struct inject_rule *inject_rule(unsigned number);

/* For who types rules: the index-th word that a rule may begin with; that may follow such a word;
 * and the index-th key, with its `=`. False: there are no more. */
#define INJECT_NAME_SIZE 24u
bool inject_what(unsigned index, char word[INJECT_NAME_SIZE]);
bool inject_detail(const char *what, unsigned index, char word[INJECT_NAME_SIZE]);
bool inject_key(unsigned index, char word[INJECT_NAME_SIZE]);

/* Prints the rules that are armed, with what has become of them; and at the end of a run what was
 * injected, in words that repeat it. Context: PASSIVE_LEVEL. */
void inject_print_rules(void);
void inject_print_summary(void);

/* ------------------------------------------------------------------ elsewhere */

struct controller;

/* Bytes of configuration space, as a driver is about to get them. Context: any. */
void inject_change_config(const struct controller *controller, uint32_t offset, uint8_t *bytes,
                          uint32_t byte_count);

#endif
