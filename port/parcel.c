/* SPDX-License-Identifier: MIT */
/* Requests that may be given up, and all waiting for requests; see parcel.h. PASSIVE_LEVEL. */
#include "port/parcel.h"

#include "port/data.h"
#include "port/limits.h"
#include "port/request/queue.h"

/* A request that was not lost ends within this, and then it is known what it has done. */
#define LAST_WAIT_US (LIMIT_GIVE_UP_MS * 1000u)

bool (*parcel_stops)(void);
void (*parcel_cancel)(struct block_request *block);

static struct parcel *given_up;

/* ------------------------------------------------------------------ memory */

/* Pages are freed at PASSIVE_LEVEL only, so those of requests that have ended meanwhile wait for
 * the next. */
static void collect(void)
{
    for (struct parcel **link = &given_up; *link;) {
        struct parcel *parcel = *link;
        if (parcel->is_over) {
            *link = parcel->next;
            parcel_free(parcel);
        } else {
            link = &parcel->next;
        }
    }
}

struct parcel *parcel_new(size_t data_byte_count)
{
    size_t head = hal_pages_for(sizeof(struct parcel)), pages = hal_pages_for(data_byte_count);

    collect();
    struct parcel *parcel = hal_pages_alloc(head + pages, UINT64_MAX);
    if (parcel) {
        parcel->data = (uint8_t *)parcel + head * HAL_PAGE_SIZE;
        parcel->page_count = head + pages;
    }
    return parcel;
}

void parcel_free(struct parcel *parcel)
{
    hal_pages_free(parcel, parcel->page_count);
}

/* ------------------------------------------------------------------ on its way */

/* DISPATCH_LEVEL. */
static void request_over(struct request *request)
{
    struct parcel *parcel = request->context;
    parcel->is_over = true;
}

void parcel_submit(struct parcel *parcel)
{
    parcel->is_over = false;
    parcel->block.request.is_piece = false;
    parcel->block.request.callback = request_over;
    parcel->block.request.context = parcel;
    request_submit(&parcel->block.request);
}

bool parcel_wait_until(bool (*is_over)(const void *context), const void *context)
{
    bool stops = false;

    ASSERT_OP(irql_now, ==, IRQL_PASSIVE);
    irql_lower(irql_raise_dispatch()); /* as irql_wait does */
    hal_interrupts_disable();
    while (!is_over(context) && !(stops = parcel_stops && parcel_stops()))
        irql_pause();
    hal_interrupts_enable();
    return !stops;
}

static bool has_ended(const void *context)
{
    return ((const struct parcel *)context)->is_over;
}

bool parcel_wait(const struct parcel *parcel)
{
    return parcel_wait_until(has_ended, parcel);
}

/* Only to end a pause of the CPU. */
static void wake(void *context)
{
    (void)context;
}

bool parcel_give_up(struct parcel *parcel)
{
    if (parcel->is_over)
        return true;
    struct port_timer timer = {.deferred.procedure = wake};
    uint64_t end_us = hal_clock_us() + LAST_WAIT_US;

    parcel_cancel(&parcel->block);
    timer_arm(&timer, LAST_WAIT_US);
    hal_interrupts_disable();
    while (!parcel->is_over && hal_clock_us() < end_us)
        irql_pause();
    hal_interrupts_enable();
    timer_cancel(&timer);
    if (parcel->is_over)
        return true;
    parcel->next = given_up;
    given_up = parcel;
    return false;
}

/* ------------------------------------------------------------------ others' requests */

/* Where nobody ever gives up, or there is no memory for a parcel, they stay where they are. */

static void request_finished(struct request *request)
{
    *(bool *)request->context = true;
}

void request_run(struct request *request)
{
    struct parcel *parcel = parcel_stops ? parcel_new(request->byte_count) : NULL;
    void *buffer = request->buffer;
    const struct segment *segments = request->segments;
    bool done = false;

    if (!parcel) {
        request->callback = request_finished;
        request->context = &done;
        request_submit(request);
        irql_wait(&done);
        return;
    }
    struct request *inner = &parcel->block.request;
    *inner = *request;
    inner->buffer = request->byte_count ? parcel->data : NULL;
    inner->segments = NULL;
    inner->physical_byte_count = 0;
    request_take_data(request, buffer, segments, 0, request->byte_count);
    if (request->flags & IRB_FLAGS_DATA_OUT)
        request_data_read(request, parcel->data, request->byte_count);
    parcel_submit(parcel);
    if (!parcel_wait(parcel) && !parcel_give_up(parcel)) {
        request->irb_status = IRB_STATUS_BUSY;
        request->is_cancelled = true;
        return;
    }
    *request = *inner;
    request_take_data(request, buffer, segments, 0, request->byte_count);
    if (request->flags & IRB_FLAGS_DATA_IN)
        request_data_write(request, parcel->data, request->transferred);
    parcel_free(parcel);
}
