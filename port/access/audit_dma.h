/* SPDX-License-Identifier: MIT */
/*
 * The auditor's part for bus masters of SFF-8038i: what a driver has written to their registers,
 * and the table of physical region descriptors as it lies in memory when a transfer starts. HWR-08
 * to HWR-13, and HWR-21: a transfer that would reach memory which is neither its request's nor the
 * driver's never starts, and its request ends at once.
 *
 * SFF-8038i, standard programming sequence: table address, direction and a clear status; the
 * command; start. In response to the interrupt: stop, and look at the status. No more is held
 * against a driver than what can go wrong: table address and status may be as an earlier transfer
 * has left them; direction may be set in the write that starts; the interrupt bit may be cleared
 * behind the command as well.
 *
 * Of a request that begins and ends as most do a few instructions are enough; the rest is cold.
 */
#ifndef PORT_ACCESS_AUDIT_DMA_H
#define PORT_ACCESS_AUDIT_DMA_H

#include "port/objects.h"

/* The registers' bits. */
#define DMA_START     0x01u
#define DMA_TO_MEMORY 0x08u
#define DMA_ACTIVE    0x01u
#define DMA_ERROR     0x02u /* of the status: these two are cleared by writing 1 */
#define DMA_INTERRUPT 0x04u

/* A physical region descriptor. A count of 0 is 64 KiB. */
struct audit_prd {
    uint32_t address, control;
};
#define PRD_COUNT_MASK 0xFFFFu
#define PRD_END        0x80000000u
#define PRD_BOUNDARY   0x10000u

/* AUDIT_AWAITED, beside DMA_START and DMA_TO_MEMORY: any direction. */
#define DMA_AWAITED_SOME 0x80u

/* ------------------------------------------------------------------ what is said */

/* The command that is noted is about to be written. */
void audit_dma_commanded(struct audit *audit) __attribute__((cold));

/* Is the table as most are: one descriptor for all of the data, of a request whose data lies in one
 * piece? (What is asked for twice is asked anew: that needs no more registers than are free.) */
static inline __attribute__((always_inline)) bool audit_dma_is_plain(const struct audit_dma *dma,
                                                                     const struct irb_slot *slot)
{
    if (slot->data_byte_count - 1 >= slot->request->physical_byte_count)
        return false;
    hal_compiler_barrier();
    const struct audit_prd *prd = dma->table;
    if (prd->address != slot->request->physical)
        return false;
    hal_compiler_barrier();
    if ((prd->address & (PRD_BOUNDARY - 1)) + slot->data_byte_count > PRD_BOUNDARY)
        return false;
    hal_compiler_barrier();
    if ((prd->address | slot->data_byte_count) & 1)
        return false;
    hal_compiler_barrier();
    return prd->control == (PRD_END | (slot->data_byte_count & PRD_COUNT_MASK));
}

/* The command register is about to be written: without start, behind a look at the status; with
 * it, for the transfer of the request that the context was handed, as its command waits for it.
 * False: it wants a closer look; else note is taken of it. */
static inline void audit_takes_stop(struct audit *audit)
{
    audit->hazards &= ~AUDIT_DMA_STARTED;
}
static inline bool audit_takes_seen_stop(struct audit *audit)
{
    if (__builtin_expect((audit->hazards & AUDIT_DMA_LOOK) != 0, 0))
        return false;
    audit_takes_stop(audit);
    return true;
}
static inline __attribute__((always_inline)) bool audit_takes_start(struct channel *const *channel,
                                                                    uint8_t value)
{
    const struct irb_slot *slot = context_now->slot;

    if (__builtin_expect(((*channel)->audit.hazards & AUDIT_ON_START) != value || !slot ||
                             !audit_dma_is_plain(&(*channel)->audit.dma, slot),
                         0))
        return false;
    hal_compiler_barrier();
    struct audit *audit = &(*channel)->audit;
    audit->dma.owner = slot;
    audit->hazards &= ~AUDIT_AWAITED;
    hal_compiler_barrier();
    audit->hazards |= AUDIT_DMA_STARTED | AUDIT_DMA_LOOK;
    return true;
}

/* Of such a start: looks at everything, and takes note of it. Returns what is to be written: the
 * same, or without DMA_START (HWR-21). */
uint8_t audit_dma_start(struct channel *channel, uint8_t value) __attribute__((cold));

/* Without start, and nobody has looked at the status. */
void audit_dma_stop(struct channel *channel) __attribute__((cold));
/* A request succeeds. True: its transfer was stopped too early, which was told. */
bool audit_dma_was_stopped(const struct irb_slot *slot) __attribute__((cold));

/* The status register was read. */
void audit_dma_status_read(struct audit *audit, uint8_t value) __attribute__((cold));
/* The same of one that shows the interrupt, and nothing else. */
static inline bool audit_takes_dma_interrupt(struct audit *audit, uint8_t value)
{
    if (__builtin_expect((value & (DMA_ERROR | DMA_INTERRUPT | DMA_ACTIVE)) != DMA_INTERRUPT, 0))
        return false;
    audit->hazards &= ~(AUDIT_DMA_LOOK | AUDIT_DMA_ERROR);
    hal_compiler_barrier();
    audit->hazards |= AUDIT_DMA_INTERRUPT;
    return true;
}

/* It is about to be written: is the interrupt bit cleared behind start, and nobody has seen it
 * set? */
void audit_dma_judge_clear(struct channel *channel, uint8_t value) __attribute__((cold));
/* It was written. */
void audit_dma_status_written(struct audit *audit, uint8_t value) __attribute__((cold));
/* The same of one that clears the interrupt, with no transfer under way and no error seen. (In an
 * interrupt it is this channel's.) */
static inline bool audit_takes_dma_clear(struct audit *audit, uint8_t value)
{
    if (__builtin_expect(
            !(value & DMA_INTERRUPT) || audit->hazards & (AUDIT_DMA_STARTED | AUDIT_DMA_ERROR), 0))
        return false;
    hal_compiler_barrier();
    if (__builtin_expect(!(audit->hazards & AUDIT_OWES_CLEAR), 0) &&
        context_now->kind == CONTEXT_INTERRUPT)
        return false;
    hal_compiler_barrier();
    audit->hazards &= ~(AUDIT_DMA_INTERRUPT | AUDIT_LATCHED | AUDIT_OWES_CLEAR);
    return true;
}

/* The table's address was written; or so many bytes of it, from one of them on. */
void audit_dma_table(struct channel *channel, uint32_t address) __attribute__((cold));
void audit_dma_table_piece(struct channel *channel, unsigned first, unsigned width, uint32_t value)
    __attribute__((cold));

/* ------------------------------------------------------------------ the rest of its life */

void audit_dma_judge_end(struct irb_slot *slot, UCHAR irb_status, const char *routine)
    __attribute__((cold));

/* Is the transfer that was started last not stopped, or has nobody looked at its end? Or has nobody
 * seen the end of the command (audit_judge_end)? */
static inline bool audit_owes(const struct channel *channel)
{
    return channel->audit.hazards & (AUDIT_DMA_STARTED | AUDIT_DMA_LOOK | AUDIT_IN_FLIGHT);
}
/* A driver completes an IRB, in that routine. */
static inline void audit_dma_end(struct irb_slot *slot, UCHAR irb_status, const char *routine)
{
    if (__builtin_expect(audit_owes(slot->channel), 0))
        audit_dma_judge_end(slot, irb_status, routine);
}

/* The port ends an IRB by itself: nobody owes anything for it any more. */
static inline void audit_dma_forget(const struct irb_slot *slot)
{
    struct audit *audit = &slot->channel->audit;

    if (slot != audit->dma.owner)
        return;
    audit->dma.owner = NULL;
    audit->hazards &= ~AUDIT_DMA_LOOK;
}

/* Its controller may master the bus, or not: HWR-08. */
void audit_dma_configured(struct channel *channel, bool masters_bus);
/* HWR-08: a port is touched, and its controller does not decode it. */
void audit_report_dark(uintptr_t port, const char *routine);

/* A request has timed out. Was its transfer reported already? Or was a DMA command written, and
 * never started? Then the device is not to blame for it. */
static inline bool audit_dma_is_told(const struct irb_slot *slot)
{
    return slot->channel->audit.dma.told == slot->begun;
}
static inline bool audit_dma_is_unstarted(const struct channel *channel)
{
    uint32_t awaited = channel->audit.hazards & AUDIT_AWAITED;
    /* (A command that has failed at once is over, and needs no start.) */
    return awaited && !(awaited & DMA_AWAITED_SOME) && channel->audit.hazards & AUDIT_NOT_OVER;
}

/* A channel's driver is about to start: what was said before is another life's. Context:
 * PASSIVE_LEVEL. */
void audit_dma_begin(struct channel *channel);

#endif
