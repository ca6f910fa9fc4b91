/* SPDX-License-Identifier: MIT */
/*
 * What the port driver does with its objects, module by module, in the order of calls.
 */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include "port/objects.h"

/* ------------------------------------------------------------------ bring-up, in the order of
 * calls */

/* IRQL, timers, trace, contract. Before everything else in the port. */
void port_init(void);
/* What a driver is made of. The bytes stay where they are. */
struct driver_file {
    const char *name; /* of the service; the image is `name`.sys */
    const void *image;
    size_t image_byte_count;
    const char *lines; /* its line table (loader/lines.h); NULL without one */
    size_t lines_byte_count;
};
/* Loads an image and runs its DriverEntry. False: refused or failed; said on the console and kept in
 * driver->failure. Context: PASSIVE_LEVEL. */
bool port_load_driver(const struct driver_file *file);
/* Finds the controllers (PCI functions that the registry binds, or the ISA legacy ports), binds
 * them to drivers and starts them. Context: PASSIVE_LEVEL, after the registry is filled. */
void port_start(void);
/* Stops every channel and controller, as before power-off: requests are finished, caches flushed,
 * then IdeHwControl(IdeStop). Context: PASSIVE_LEVEL. */
bool port_stop(void);
/* Work that the port left for PASSIVE_LEVEL (looking for devices after a bus change, polling in dump
 * mode). Called while the shell waits for a command. */
void port_idle(void);
/* Is there such work? And is there some that prints? Context: any. */
bool port_idle_wanted(void);
bool port_idle_speaks(void);

/* ------------------------------------------------------------------ controllers, channels, devices
 */

/* What is set up once in a channel's life. Context: PASSIVE_LEVEL. */
void channel_init(struct channel *channel);
/* AtaChannelInitRoutine, if it was not called since AtaAdapterControl(IdeStart), and IdeHwControl(IdeStart).
 * Context: PASSIVE_LEVEL. False: channel->failure says why. */
bool channel_start(struct channel *channel);
/* Context: PASSIVE_LEVEL. False: what was written could not be flushed, and may be lost. */
bool channel_stop(struct channel *channel);
/* AtaAdapterControl(IdeStop) has returned. Context: PASSIVE_LEVEL. */
void channel_take_extension_back(struct channel *channel);
/* Has it requests, a power IRB or a reset under way? Context: any. */
bool channel_has_work(const struct channel *channel);
/* Looks for devices on a started channel, and initialises those found. Context: PASSIVE_LEVEL. */
void channel_enumerate(struct channel *channel);

/* IRB_FUNCTION_POWER_CHANGE: to IdePowerD3 when what was written is flushed and nothing is outstanding, the
 * queue then being paused; or to IdePowerD0. A request to a device in D3 brings it back by itself. False:
 * the miniport refused, and nothing has changed. Context: PASSIVE_LEVEL. */
bool device_set_power(struct device *device, IDE_POWER_STATE state);
/* All devices to D3, then IdeHwControl(IdePowerDown); IdeHwControl(IdePowerUp), then all to D0. Requests that
 * come between wait. False: the miniport refused; the channel is as it was. Context: PASSIVE_LEVEL. */
bool channel_power_down(struct channel *channel);
bool channel_power_up(struct channel *channel);
/* All channels, then AtaAdapterControl(IdePowerDown); and back in the other order. Context: PASSIVE_LEVEL. */
bool controller_power_down(struct controller *controller);
bool controller_power_up(struct controller *controller);

bool controller_start(struct controller *controller);
bool controller_stop(struct controller *controller);
/* resources.c. Finds a controller's access ranges and makes it decode them. */
void controller_find_resources(struct controller *controller);
void controller_enable_bus_master(struct controller *controller);
/* Are both channels of a PCI IDE controller in native mode? */
bool controller_is_native(const struct controller *controller);
/* Finds access ranges and interrupt line of a channel. */
void controller_channel_resources(struct controller *controller, struct channel *channel);

/* ------------------------------------------------------------------ requests: port/request/ */

/* Puts a request into its device's queue and pushes what can be pushed. Context: at or below
 * DISPATCH_LEVEL. */
void request_submit(struct request *request);
/* Submits and waits for the end, or for parcel_stops (parcel.h): then it is_cancelled. Context: PASSIVE_LEVEL. */
void request_run(struct request *request);
/* Its issuer does not want it any more. One that waits in its queue ends now; one that the miniport has keeps its
 * slot, and is not repeated when it comes back. The callback runs in both cases. Context: at or below
 * DISPATCH_LEVEL. */
void request_cancel(struct request *request);
/* Pushes queued requests to the miniport while slots are free. Context: DISPATCH_LEVEL. */
void channel_dispatch(struct channel *channel);
/* Allocates and frees the slots of a channel. NumberOfOverlappedRequests is final. False: no
 * memory. */
bool slots_create(struct channel *channel);
void slots_destroy(struct channel *channel);
/* Runs when a channel has been idle and gets work, and every second. */
void watchdog_arm(struct channel *channel);
void watchdog_init(struct channel *channel);
/* Calls IdeHwReset and sees to what it left. Context: DISPATCH_LEVEL. */
void channel_reset(struct channel *channel);

const char *irb_status_name(uint8_t irb_status);
const char *irb_function_name(uint16_t function);

/* ------------------------------------------------------------------ messages */

/* One line on console and log: "pata 0.1: text". `channel` may be NULL. */
void port_message(const struct channel *channel, const char *format, ...)
    __attribute__((cold, format(printf, 2, 3)));

#endif
