/* SPDX-License-Identifier: MIT */
/* Power of devices, channels and controllers. */
#ifndef PORT_POWER_H
#define PORT_POWER_H

#include <ata.h>
#include <irb.h>
#include <stdbool.h>
#include <stdint.h>

struct channel;
struct controller;
struct device;

/* IRB_FUNCTION_POWER_CHANGE: to IdePowerD3 when what was written is flushed and nothing is
 * outstanding, the queue then being paused; or to IdePowerD0. A request to a device in D3 brings it
 * back by itself. False: the miniport refused, and nothing has changed. Context: PASSIVE_LEVEL. */
bool device_set_power(struct device *device, IDE_POWER_STATE state);
/* All devices to D3, then IdeHwControl(IdePowerDown); IdeHwControl(IdePowerUp), then all to D0.
 * Requests that come between wait. False: the miniport refused; the channel is as it was. Context:
 * PASSIVE_LEVEL. */
bool channel_power_down(struct channel *channel);
bool channel_power_up(struct channel *channel);
/* A power setting has a new value: IdeHwControl(IdeVendorDefined), if the driver has asked for it,
 * while nothing is outstanding; requests that come between wait. Context: PASSIVE_LEVEL. */
enum setting_outcome {
    SETTING_ACCEPTED,
    SETTING_REFUSED,    /* it returned FALSE */
    SETTING_NOT_ASKED,  /* it has not asked for it */
    SETTING_NOT_WAITED, /* whoever waited for requests to end gave up first */
};
enum setting_outcome channel_set_setting(struct channel *channel, uint8_t target,
                                         const GUID *setting, uint32_t value);
/* All channels, then AtaAdapterControl(IdePowerDown); and back in the other order. False: a
 * miniport refused; all is as it was. Context: PASSIVE_LEVEL. */
bool controller_power_down(struct controller *controller);
bool controller_power_up(struct controller *controller);

/* Once in a channel's life. Context: PASSIVE_LEVEL. */
void power_init(struct channel *channel);
/* The channel is about to start: its devices have power. Context: PASSIVE_LEVEL. */
void power_start(struct channel *channel);
/* No power IRB is sent any more: the channel is about to stop. Context: DISPATCH_LEVEL. */
void power_end(struct channel *channel);

/* Has a miniport asked with AtaPortNotification for a state that a device is not in? Context:
 * any. */
bool channel_wants_power_change(const struct channel *channel);
/* Changes to the states asked for. Context: PASSIVE_LEVEL. */
void channel_change_power(struct channel *channel);

#endif
