/* SPDX-License-Identifier: MIT */
/* Requests on their way to the miniport; what their issuers call. */
#ifndef PORT_REQUEST_QUEUE_H
#define PORT_REQUEST_QUEUE_H

struct channel;
struct request;

/* Puts a request into its device's queue and pushes what can be pushed. The request is the port's
 * until its callback runs, which may be before this returns. Context: at or below
 * DISPATCH_LEVEL. */
void request_submit(struct request *request);
/* The same where the form is complete already (irb_form_complete). */
void request_send(struct request *request);
/* Its issuer does not want it any more. One that waits in its queue ends now; one that the miniport
 * has keeps its slot, and is not repeated when it comes back. The callback runs in both cases.
 * Context: at or below DISPATCH_LEVEL. */
void request_cancel(struct request *request);
/* Pushes queued requests to the miniport while slots are free. Context: DISPATCH_LEVEL. */
void channel_dispatch(struct channel *channel);

#endif
