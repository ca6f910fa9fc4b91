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
#define DMA_ERROR     0x02u /* of the status: these two are cleared by writing 1 */
#define DMA_INTERRUPT 0x04u

/* A physical region descriptor. A count of 0 is 64 KiB. */
struct audit_prd {
    uint32_t address, control;
};
#define PRD_COUNT_MASK 0xFFFFu
#define PRD_END        0x80000000u
#define PRD_BOUNDARY   0x10000u

/* audit_dma.doubts: why a start is looked at closely. The status bits that were read and not
 * cleared since have their own places. */
#define DMA_DOUBT_STATUS  (DMA_ERROR | DMA_INTERRUPT)
#define DMA_DOUBT_STARTED 0x01u /* it was, and not stopped since */
#define DMA_DOUBT_TABLE   0x08u /* its address is new, or was never written */
#define DMA_DOUBT_BYTES   0x10u /* some of its bytes were never written: nobody knows it */
#define DMA_DOUBT_MASTER  0x20u /* bus mastering is off */

/* audit_dma.owed: what is still to be done for the transfer. */
#define DMA_OWES_STOP 0x01u
#define DMA_OWES_LOOK 0x02u

/* audit_dma.awaited, beside DMA_START and DMA_TO_MEMORY: any direction. */
#define DMA_AWAITED_SOME 0x80u

/* ------------------------------------------------------------------ what is said */

/* What each opcode has the command register wait for; 0: it moves nothing by bus master. */
extern const uint8_t audit_dma_commands[256];
#define OPCODE_PACKET      0xA0u
#define FEATURE_PACKET_DMA 0x01u

/* A command was written. */
static inline void audit_dma_commanded(struct audit *audit, uint8_t opcode)
{
    uint8_t awaited = audit_dma_commands[opcode];

    if (awaited & DMA_AWAITED_SOME && opcode == OPCODE_PACKET &&
        !(audit->current.features & FEATURE_PACKET_DMA))
        awaited = 0;
    if (__builtin_expect(audit->dma.doubts & DMA_DOUBT_STARTED, 0))
        awaited = 0; /* it has what it waits for */
    audit->dma.awaited = awaited;
}

/* Is the table as most are: one descriptor for all of the data, of a request whose data lies in one
 * piece? */
static inline bool audit_dma_is_plain(const struct audit_prd *prd, const struct irb_slot *slot)
{
    const struct request *request = slot->request;
    uint32_t byte_count = slot->data_byte_count;

    return prd->address == request->physical && byte_count - 1 < request->physical_byte_count &&
           prd->control == (PRD_END | (byte_count & PRD_COUNT_MASK)) &&
           !((prd->address | byte_count) & 1) &&
           (prd->address & (PRD_BOUNDARY - 1)) + byte_count <= PRD_BOUNDARY;
}

/* The command register is about to be written. False: it is a start that wants a closer look; else
 * it is taken note of. Plain is the transfer of the request that the context was handed. */
static inline __attribute__((always_inline)) bool audit_dma_command(struct audit *audit,
                                                                    uint8_t value)
{
    struct audit_dma *dma = &audit->dma;

    if (!(value & DMA_START)) {
        dma->doubts &= (uint8_t)~DMA_DOUBT_STARTED;
        dma->owed &= (uint8_t)~DMA_OWES_STOP;
        return true;
    }
    const struct irb_slot *slot = context_now->slot;
    if (__builtin_expect(value != dma->awaited || dma->doubts || !slot ||
                             !audit_dma_is_plain(dma->table, slot),
                         0))
        return false;
    dma->owner = slot;
    dma->awaited = 0;
    dma->doubts = DMA_DOUBT_STARTED;
    dma->owed = DMA_OWES_STOP | DMA_OWES_LOOK;
    return true;
}

/* Of such a start: looks at everything, and takes note of it. Returns what is to be written: the
 * same, or without DMA_START (HWR-21). */
uint8_t audit_dma_start(struct channel *channel, uint8_t value) __attribute__((cold));

/* The status register was read. */
static inline void audit_dma_status_read(struct audit *audit, uint8_t value)
{
    struct audit_dma *dma = &audit->dma;

    dma->owed &= (uint8_t)~DMA_OWES_LOOK;
    dma->doubts = (uint8_t)((dma->doubts & ~DMA_DOUBT_STATUS) | (value & DMA_DOUBT_STATUS));
    if (!(value & DMA_INTERRUPT))
        dma->clear_since = audit->command.accesses;
}

/* It is about to be written: is the interrupt bit cleared behind start, and nobody has seen it
 * set? */
static inline bool audit_dma_is_blind(const struct audit_dma *dma, uint8_t value)
{
    return __builtin_expect(value & DMA_INTERRUPT && dma->doubts & DMA_DOUBT_STARTED &&
                                !(dma->doubts & DMA_INTERRUPT),
                            0);
}
void audit_dma_cleared_early(struct channel *channel) __attribute__((cold));

/* It was written. */
static inline void audit_dma_status_written(struct audit *audit, uint8_t value)
{
    audit->dma.doubts &= (uint8_t) ~(value & DMA_DOUBT_STATUS);
    if (value & DMA_INTERRUPT)
        audit->dma.clear_since = audit->command.accesses;
}

/* The table's address was written; or so many bytes of it, from one of them on. */
void audit_dma_table(struct channel *channel, uint32_t address) __attribute__((cold));
void audit_dma_table_piece(struct channel *channel, unsigned first, unsigned width, uint32_t value)
    __attribute__((cold));

/* ------------------------------------------------------------------ the rest of its life */

void audit_dma_judge_end(struct irb_slot *slot, UCHAR irb_status, const char *routine)
    __attribute__((cold));

/* A driver completes an IRB, in that routine. */
static inline void audit_dma_end(struct irb_slot *slot, UCHAR irb_status, const char *routine)
{
    if (__builtin_expect(slot->channel->audit.dma.owed, 0))
        audit_dma_judge_end(slot, irb_status, routine);
}

/* The port ends an IRB by itself: nobody owes anything for it any more. */
static inline void audit_dma_forget(const struct irb_slot *slot)
{
    struct audit_dma *dma = &slot->channel->audit.dma;

    if (slot == dma->owner)
        dma->owed = 0;
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
    uint8_t awaited = channel->audit.dma.awaited;
    /* (A command that has failed at once is over, and needs no start.) */
    return awaited && !(awaited & DMA_AWAITED_SOME) && !channel->audit.command.is_over;
}

/* A channel's driver is about to start: what was said before is another life's. Context:
 * PASSIVE_LEVEL. */
void audit_dma_begin(struct channel *channel);

#endif
