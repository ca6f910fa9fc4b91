/* SPDX-License-Identifier: MIT */
/* Requests on their way to the miniport. */
#ifndef PORT_REQUEST_QUEUE_H
#define PORT_REQUEST_QUEUE_H

#include "port/objects.h"

/* Puts a request into its device's queue and pushes what can be pushed. The request is the port's
 * until its callback runs, which may be before this returns. Context: at or below
 * DISPATCH_LEVEL. */
void request_submit(struct request *request);
/* The same where the form is complete already (irb_form_complete), and the data no longer than
 * MaximumTransferLength. */
void request_send(struct request *request);
/* Is there one, of all that wait in a device's queue, are at the miniport, or have come from there
 * and their issuer does not know yet, of which that is true? Context: DISPATCH_LEVEL. */
bool device_has_request(const struct device *device,
                        bool (*is_true)(const struct request *request, const void *context),
                        const void *context);
/* Its issuer does not want it any more. One that waits in its queue ends now; one that the miniport
 * has keeps its slot, and is not repeated when it comes back. The callback runs in both cases.
 * Context: at or below DISPATCH_LEVEL. */
void request_cancel(struct request *request);
/* Pushes queued requests to the miniport while slots are free. Context: DISPATCH_LEVEL. */
void channel_dispatch(struct channel *channel);
/* The IRB as it was before the miniport had it. */
void slot_given_irb(struct irb_slot *slot, IDE_REQUEST_BLOCK *irb);
/* A recovery or power IRB, outside NumberOfOverlappedRequests. False: none is free. DISPATCH_LEVEL.
 */
bool request_start_internal(struct request *request);
/* Puts a request back at the head of its queue. DISPATCH_LEVEL. */
void request_requeue(struct request *request);
/* Ends everything that waits in a device's queue, or in all of the channel's. DISPATCH_LEVEL. */
void device_queue_fail(struct device *device, UCHAR irb_status);
void queues_fail(struct channel *channel, UCHAR irb_status);
/* Ends those in a device's queue that shall go back to their issuers, with
 * IRB_STATUS_INVALID_REQUEST. DISPATCH_LEVEL. */
void device_queue_return(struct device *device, bool (*is_returned)(const struct request *request));
/* As queues_fail, for devices that were taken off line: as for one that is gone. DISPATCH_LEVEL. */
void queues_fail_off_line(struct channel *channel);
/* A request waits for a device without power: it gets it. DISPATCH_LEVEL. */
extern void (*request_wake)(struct device *device);
/* What the trace records has changed. Context: PASSIVE_LEVEL. */
void requests_follow_trace(void);
/* Pauses a device's queue; it goes on by itself. Any context. */
void device_pause(struct device *device, uint64_t duration_us);

#endif
