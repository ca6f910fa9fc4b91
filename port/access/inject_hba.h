/* SPDX-License-Identifier: MIT */
/* Faults of AHCI controllers, whose registers are in memory. */
#ifndef PORT_ACCESS_INJECT_HBA_H
#define PORT_ACCESS_INJECT_HBA_H

#include "port/access/hba.h"
#include "port/access/inject_state.h"

/* The ways of their registers, in place of those that hba.h says. */
extern const struct access_register inject_hba_ways;

/* Is it an AHCI port's interrupt that comes? Before IdeHwInterrupt is called. */
bool inject_hba_interrupts(const struct channel *channel);
/* An interrupt comes, of a command that is over, or of another: its data is changed, if a rule says
 * so. */
void inject_hba_settle(struct inject_channel *state);
/* What its registers say of the interrupt is taken from the device, so that the line falls: hidden
 * from the driver until it is shown, or shown at once. */
void inject_hba_hold(struct inject_channel *state, bool is_shown);
void inject_hba_show(struct inject_channel *state);
/* The link has come, or gone: PxSERR and PxIS say so. */
void inject_hba_link(struct inject_channel *state, bool has_come);
/* There are no faults any more: commands are the driver's again, and registers the device's. */
void inject_hba_end(struct inject_channel *state);
/* Is a port's device at work, whatever the driver is shown of it? */
bool inject_hba_is_at_work(const struct channel *channel);

#endif
