/* SPDX-License-Identifier: MIT */
/*
 * What is judged when an IRB comes back, from AtaPortCompleteRequest or finished by IdeHwBuildIo:
 * INI-09, IRB-02, 04, 05, 11, 12, and what judge.c judges. Entered from every context in which a
 * miniport runs.
 */
#include "port/request/results.h"

#include "port/access/audit.h"
#include "port/access/inject_state.h"
#include "port/contract/report.h"
#include "port/irb_names.h"
#include "port/objects.h"
#include "port/request/judge.h"
#include "port/request/slots.h"

/* ------------------------------------------------------------------ request sense */

static void set_sense(struct irb_slot *sense, enum irb_slot_state next)
{
    const struct device *unit = sense->unit;

    state_step(MACHINE_SLOT, state_place(sense->channel->traced, unit->target, unit->lun),
               sense->state, next);
    sense->state = next;
}

#define FROM(state) (1u << SLOT_##state)

/* A step out of one of these states. False: it is in another one. An interrupt may want it, too. */
static bool step_sense(struct irb_slot *sense, unsigned from, enum irb_slot_state next)
{
    enum irql level = irql_enter_dirql();
    bool may = from >> sense->state & 1;
    if (may && sense->state == SLOT_ACTIVE)
        slot_hide(sense);
    if (may)
        set_sense(sense, next);
    irql_leave_dirql(level);
    return may;
}

bool slot_begin_sense(struct irb_slot *sense, struct device *unit)
{
    const unsigned from = FROM(FREE) | FROM(TAKEN_BACK);
    enum irql level = irql_enter_dirql();
    if (from >> sense->state & 1)
        sense->unit = unit;
    bool begun = step_sense(sense, from, SLOT_ACTIVE);
    irql_leave_dirql(level);
    return begun;
}

bool slot_end_sense(struct irb_slot *sense, enum irb_slot_state next)
{
    return step_sense(sense, FROM(ACTIVE), next);
}

bool slot_release_late(struct irb_slot *sense)
{
    return step_sense(sense, FROM(TAKEN_BACK) | FROM(OWED), SLOT_FREE);
}

void slot_take_back_sense(struct irb_slot *slot, enum irb_slot_state next)
{
    if (slot->sense)
        (void)slot_end_sense(slot->sense, next);
    slot->sense = NULL;
}

void slot_check_released(struct irb_slot *sense)
{
    if (sense->state == SLOT_OWED && slot_release_late(sense))
        contract_report_irb(RULE_IRB_11, sense, "AtaPortBuildRequestSenseIrb", sense->place,
                            "it was never released");
}

/* IRB-12. Sense data that has come is the issuer's all the same. */
static void check_sense(struct irb_slot *slot, const char *routine, const void *place)
{
    struct irb_slot *sense = slot->sense;
    UCHAR status = IRB_STATUS(sense->page->irb.IrbStatus);
    bool has_come = status == IRB_STATUS_SUCCESS || status == IRB_STATUS_DATALENGTH_MISMATCH;

    contract_report_irb(RULE_IRB_12, slot, routine, place,
                        "its request-sense IRB %s; the port took it back",
                        status == IRB_STATUS_PENDING ? "is still pending" : "was not released");
    if (!has_come)
        slot->page->irb.IrbStatus &= (UCHAR)~IRB_STATUS_AUTOSENSE_VALID;
}

/* ------------------------------------------------------------------ registers */

#define STATUS_OF_TROUBLE \
    (IDE_STATUS_BUSY | IDE_STATUS_DRQ | IDE_STATUS_ERROR | 0x20u) /* 0x20: DF */

/* IRB-04. A driver that answers from memory, without asking the device, is not doubted. In
 * IdeHwBuildIo nothing was started. */
static void check_device_error(const struct irb_slot *slot, const char *routine, const void *place)
{
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;

    if (irb->AtaStatus == 0) {
        contract_report_irb(RULE_IRB_04, slot, routine, place,
                            "AtaStatus is 0, which no device that failed shows");
        return;
    }
    if (context_now->kind == CONTEXT_BUILD_IO) {
        contract_report_irb(RULE_IRB_04, slot, routine, place,
                            "AtaStatus is %#x, and no device has seen the request", irb->AtaStatus);
        return;
    }
    enum audit_answer seen = audit_status_seen(slot->channel, slot->begun, irb->AtaStatus);
    if (seen == AUDIT_OTHER)
        contract_report_irb(RULE_IRB_04, slot, routine, place,
                            "AtaStatus is %#x, which the device has not shown", irb->AtaStatus);
    else if (seen == AUDIT_SEEN && !(irb->AtaStatus & STATUS_OF_TROUBLE) && IsAtaCommand(irb) &&
             !audit_dma_has_failed(slot->channel, slot->begun) &&
             !inject_has_hidden_since(slot->channel, slot->begun))
        contract_report_irb(RULE_IRB_04, slot, routine, place,
                            "AtaStatus is %#x, which shows no failure, and neither has the bus "
                            "master shown any",
                            irb->AtaStatus);
    else if (seen == AUDIT_SEEN && irb->AtaStatus & IDE_STATUS_ERROR &&
             audit_error_seen(slot->channel, slot->begun, irb->AtaError) != AUDIT_SEEN)
        contract_report_irb(RULE_IRB_04, slot, routine, place,
                            "AtaError is %#x, which was not read from the Error register",
                            irb->AtaError);
}

/* ------------------------------------------------------------------ all of it */

void slot_check_results(struct irb_slot *slot, const char *routine, const void *place)
{
    IDE_REQUEST_BLOCK *irb = &slot->page->irb;

    if (irb->ReservedAsUlong || irb->Reserved)
        contract_report_irb(RULE_INI_09, slot, routine, place, "a reserved member was written");
    slot_judge(slot, routine, place);
    if (!irb_status_is_final(irb->IrbStatus)) {
        contract_report_irb(RULE_IRB_02, slot, routine, place, "IrbStatus is %#x (%s)",
                            irb->IrbStatus, irb_status_name(irb->IrbStatus));
        irb->IrbStatus = IRB_STATUS_INTERNAL_ERROR;
    }
    if (IRB_STATUS(irb->IrbStatus) == IRB_STATUS_DEVICE_ERROR)
        check_device_error(slot, routine, place);
    if (irb->DataTransferLength > slot->data_byte_count) {
        contract_report_irb(RULE_IRB_05, slot, routine, place,
                            "DataTransferLength is %u, %u were asked for",
                            (unsigned)irb->DataTransferLength, (unsigned)slot->data_byte_count);
        irb->DataTransferLength = slot->data_byte_count;
    }
    if (slot->sense)
        check_sense(slot, routine, place);
    slot_take_back_sense(slot, SLOT_OWED);
}
