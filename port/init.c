/* SPDX-License-Identifier: MIT */
/* What the port sets up before anything else; see init.h. */
#include "port/init.h"

#include "hal/hal.h"
#include "port/access/access.h"
#include "port/access/traced.h"
#include "port/block.h"
#include "port/contract/context.h"
#include "port/enumerate.h"
#include "port/hang.h"
#include "port/interrupt.h"
#include "port/irql.h"
#include "port/loader/image.h"
#include "port/memory_faults.h"
#include "port/parcel.h"
#include "port/registry/kernel.h"
#include "port/request/timeout.h"
#include "port/software_interrupts.h"
#include "port/timer.h"
#include "port/trace.h"

#define ENTRIES_SHOWN 32u /* of the trace, on a panic */

static void show_trace(void)
{
    trace_print(ENTRIES_SHOWN);
}

void port_init(void)
{
    access_init();
    hal_interrupt_set_calls((struct hal_call *const *)&context_now);
    irql_init();
    timer_init();
    interrupt_init(channel_reset);
    enumerate_init();
    parcel_cancel = block_cancel;
    if (!registry_kernel_init())
        PANIC("no memory for the registry");
    hal_set_symbol_hook(image_name_address);
    hal_set_unwind_hook(image_unwind);
    memory_faults_init();
    software_interrupts_init();
    trace_set_world(&access_traced);
    traced_publish();
    hal_set_panic_hook(show_trace);
    hang_init();
}
