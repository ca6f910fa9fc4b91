/* SPDX-License-Identifier: MIT */
/*
 * The exported routines around IRBs: completion, scatter/gather lists, request sense.
 * Entered from every context in which a miniport runs.
 */
#include <string.h>

#include "port/access/audit.h"
#include "port/access/audit_dma.h"
#include "port/contract/entry.h"
#include "port/contract/report.h"
#include "port/contract/routines.h"
#include "port/irb_names.h"
#include "port/log.h"
#include "port/memory.h"
#include "port/objects.h"
#include "port/request/complete.h"
#include "port/request/judge.h"
#include "port/request/results.h"
#include "port/request/slots.h"

/* ------------------------------------------------------------------ completion */

/* IRB-01. Of one that was completed before, the report says where. */
static __attribute__((cold)) void report_not_outstanding(struct channel *channel,
                                                         const struct irb_slot *slot,
                                                         const IDE_REQUEST_BLOCK *irb,
                                                         const void *place)
{
    char end[REPORT_END_SIZE] = "";
    const char *why = "is not outstanding: it was completed before";

    if (!slot)
        why = "is no IRB of this channel";
    else if (slot->state == SLOT_ACTIVE)
        why = "is a request-sense IRB: release it instead";
    else if (!slot->begun)
        why = "was not handed out yet";
    else if (IRB_STATUS(slot->page->irb.IrbStatus) == IRB_STATUS_BUS_RESET)
        why = "is not outstanding: a reset has ended it";
    if (slot && slot->state != SLOT_ACTIVE)
        report_end_place(slot, end);
    contract_report(RULE_IRB_01, channel, routine_name(ROUTINE_AtaPortCompleteRequest), place,
                    "%p %s%s", (const void *)irb, why, end);
}

/* Everything else. (The routines go to what is less common, and do not call it: the caller is the
 * driver.) */
static __attribute__((cold, noinline)) VOID NTAPI complete_with_care(PVOID extension,
                                                                     PIDE_REQUEST_BLOCK irb)
{
    const enum routine routine = ROUTINE_AtaPortCompleteRequest;
    const void *place = CALLER;
    struct channel *channel = entry_channel(routine, extension, place);
    if (!channel)
        return;
    struct irb_slot *slot = slot_from_irb(channel, irb);
    bool is_outstanding = slot && slot->state == SLOT_ACTIVE && slot->request;
    if (is_outstanding) {
        audit_judge_end(slot, slot->page->irb.IrbStatus, routine_name(routine), place);
        audit_dma_end(slot, slot->page->irb.IrbStatus, routine_name(routine));
        slot_check_results(slot, routine_name(routine), place);
        is_outstanding = slot_complete(channel, slot);
    }
    if (is_outstanding)
        slot_note_end(slot, place, __builtin_frame_address(0));
    else
        report_not_outstanding(channel, slot, irb, place);
}

/* Is it a success, all of it, and does nothing want care but perhaps what is in `beside`? */
static inline __attribute__((always_inline)) bool is_plain_success(const struct irb_slot *slot,
                                                                   uint8_t beside)
{
    return __builtin_expect(slot->state == SLOT_ACTIVE && !(slot->care & ~beside) &&
                                slot->page->irb.IrbStatus == IRB_STATUS_SUCCESS &&
                                irb_seal(slot->page) == slot->seal &&
                                slot->page->irb.DataTransferLength <= slot->data_byte_count &&
                                !audit_owes(slot->channel),
                            1);
}

/* One of several, or that shows more than its page. */
static __attribute__((noinline)) VOID NTAPI complete_any(PVOID extension, PIDE_REQUEST_BLOCK irb)
{
    struct channel *channel = context_now->channel;
    struct irb_slot *slot = slot_from_irb(channel, irb);

    if (!slot || !is_plain_success(slot, CARE_MORE)) {
        complete_with_care(extension, irb);
        return;
    }
    slot_hide(slot);
    slot_note_end(slot, CALLER, __builtin_frame_address(0));
    slot_queue_completed(channel, slot);
}

/* At DIRQL (where IdeHwBuildIo never runs), the one that the miniport was given last: seen at a
 * glance. */
VOID NTAPI AtaPortCompleteRequest(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    if (entry_needs_care(ChannelExtension) || irql_now != IRQL_DIRQL) {
        complete_with_care(ChannelExtension, Irb);
        return;
    }
    struct irb_slot *slot = slot_if_last(context_now->channel, Irb);
    if (!slot || !is_plain_success(slot, 0)) {
        complete_any(ChannelExtension, Irb);
        return;
    }
    slot_hide_irb(slot);
    slot_note_end(slot, CALLER, __builtin_frame_address(0));
    slot_queue_completed(slot->channel, slot);
}

/* IRB-02, IRB-16: the status that IRBs get instead. */
static UCHAR judged_status(const struct irb_slot *slot, UCHAR status, const char *routine,
                           const void *place)
{
    bool is_final = irb_status_is_final(status);

    if (!is_final || IRB_STATUS(status) == IRB_STATUS_INTERNAL_ERROR)
        contract_report_irb(is_final ? RULE_IRB_16 : RULE_IRB_02, slot, routine, place,
                            "IrbStatus is %#x (%s)", status, irb_status_name(status));
    return is_final ? status : IRB_STATUS_INTERNAL_ERROR;
}

VOID NTAPI AtaPortCompleteAllActiveRequests(PVOID ChannelExtension, UCHAR TargetId, UCHAR Lun,
                                            UCHAR IrbStatus)
{
    const enum routine routine = ROUTINE_AtaPortCompleteAllActiveRequests;
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    if (!channel)
        return;
    bool is_judged = false;
    for (unsigned i = 0; i < channel->irbs.count; i++) {
        struct irb_slot *slot = slot_at(channel, i);
        if (slot->state != SLOT_ACTIVE || !slot->request) /* sense IRBs go with their originals */
            continue;
        if (!device_is_meant(slot->request->device, TargetId, Lun))
            continue;
        slot_take_back_sense(slot, SLOT_TAKEN_BACK);
        if (!is_judged)
            IrbStatus = judged_status(slot, IrbStatus, routine_name(routine), CALLER);
        is_judged = true;
        audit_dma_end(slot, IrbStatus, routine_name(routine));
        slot_end(channel, slot, IrbStatus);
        slot_note_end(slot, CALLER, __builtin_frame_address(0));
    }
}

/* ------------------------------------------------------------------ scatter/gather lists */

/* Where fill_slot (port/request/queue.c) did not know the list. */
static bool build_list(struct irb_slot *slot)
{
    struct irb_page *page = slot->page;

    slot->list_built = list_build(slot, &page->list, page->elements);
    slot->care |= CARE_LIST;
    return slot->list_built;
}

/* Everything but the common case of AtaPortGetScatterGatherList. */
static __attribute__((noinline)) PIDE_SCATTER_GATHER_LIST NTAPI
list_with_care(PVOID extension, PIDE_REQUEST_BLOCK irb)
{
    const enum routine routine = ROUTINE_AtaPortGetScatterGatherList;
    const void *place = CALLER;
    struct channel *channel = entry_channel(routine, extension, place);
    if (!channel)
        return NULL;
    struct irb_slot *slot = slot_from_irb(channel, irb);
    if (!slot || slot->state != SLOT_ACTIVE) {
        contract_report(RULE_IRB_01, channel, routine_name(routine), place,
                        "%p is no outstanding IRB of this channel", (void *)irb);
        return NULL;
    }
    if (!(slot->page->irb.IrbFlags & IRB_FLAGS_USE_DMA)) {
        contract_report_irb(RULE_IRB_08, slot, routine_name(routine), place,
                            "it is not marked for DMA");
        return NULL;
    }
    if (!slot->list_built && !build_list(slot)) {
        port_message(channel,
                     "%s: the %u-byte buffer at %p is in more than %u pieces, or not in memory",
                     routine_name(routine), (unsigned)slot->data_byte_count, slot->data,
                     PORT_PHYSICAL_BREAKS + 1);
        return NULL;
    }
    return slot_shown_list(slot);
}

PIDE_SCATTER_GATHER_LIST NTAPI AtaPortGetScatterGatherList(PVOID ChannelExtension,
                                                           PIDE_REQUEST_BLOCK Irb)
{
    if (!entry_needs_care(ChannelExtension)) {
        const struct irb_slot *slot = slot_if_last(context_now->channel, Irb);
        if (__builtin_expect(slot && slot->state == SLOT_ACTIVE && slot->list_built &&
                                 (slot->page->irb.IrbFlags & IRB_FLAGS_USE_DMA),
                             1))
            return slot_shown_list(slot);
    }
    return list_with_care(ChannelExtension, Irb);
}

/* ------------------------------------------------------------------ request sense */

PIDE_REQUEST_BLOCK NTAPI AtaPortBuildRequestSenseIrb(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    const enum routine routine = ROUTINE_AtaPortBuildRequestSenseIrb;
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    if (!channel)
        return NULL;
    struct irb_slot *original = slot_from_irb(channel, Irb);
    if (!original || original->state != SLOT_ACTIVE || !original->request) {
        contract_report(RULE_IRB_01, channel, routine_name(routine), CALLER,
                        "%p is no outstanding IRB of this channel", (void *)Irb);
        return NULL;
    }
    struct request *request = original->request;
    if (!slot_may_need_sense(original)) {
        contract_report_irb(RULE_IRB_18, original, routine_name(routine), CALLER,
                            "it is no packet command that has failed");
        return NULL;
    }
    struct irb_slot *slot = slot_sense_for(request->device);
    if (!slot) {
        port_message(channel, "%s: all request-sense IRBs are with the driver",
                     routine_name(routine));
        return NULL;
    }
    slot_check_released(slot);
    if (!slot_begin_sense(slot, request->device)) {
        contract_report_irb(RULE_IRB_11, original, routine_name(routine), CALLER,
                            "target %u, unit %u has one outstanding already",
                            request->device->target, request->device->lun);
        return NULL;
    }
    IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    ULONG length = sizeof request->sense;
    memset(irb, 0, sizeof *irb);
    irb->Function = IRB_FUNCTION_REQUEST_SENSE;
    irb->Channel = channel->number;
    irb->TargetId = request->device->target;
    irb->Lun = request->device->lun;
    irb->IrbFlags = IRB_FLAGS_DATA_IN | IRB_FLAGS_MAP_BUFFERS;
    if (channel->controller->given.configuration.BusMaster)
        irb->IrbFlags |= IRB_FLAGS_USE_DMA;
    irb->TimeOutValue = original->page->irb.TimeOutValue;
    slot->data = original->page->sense;
    irb->DataBuffer = slot->shown_data = slot_shown_sense(original);
    irb->DataTransferLength = slot->data_byte_count = length;
    irb->IrbExtension = slot->extension;
    irb->CdbLength = 6; /* REQUEST SENSE, SPC-2 7.20 */
    irb->Cdb[0] = 0x03;
    irb->Cdb[4] = (UCHAR)length;
    slot->request = NULL;
    slot->list_built = false;
    slot->ticks_left = 0;
    slot->place = CALLER;
    slot->care = slot->care_always;
    slot_show(slot);
    original->sense = slot;
    original->care |= CARE_SENSE;
    return slot->shown_irb;
}

VOID NTAPI AtaPortReleaseRequestSenseIrb(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    const enum routine routine = ROUTINE_AtaPortReleaseRequestSenseIrb;
    struct channel *channel = entry_channel(routine, ChannelExtension, CALLER);
    if (!channel)
        return;
    struct irb_slot *slot = slot_from_irb(channel, Irb);
    if (slot && slot_release_late(slot))
        return;
    if (!slot || slot->request || !slot_end_sense(slot, SLOT_FREE)) {
        contract_report(RULE_IRB_11, channel, routine_name(routine), CALLER,
                        "%p is no outstanding request-sense IRB", (void *)Irb);
        return;
    }
    for (unsigned i = 0; i < channel->irbs.overlapped_count; i++)
        if (slot_at(channel, i)->sense == slot)
            slot_at(channel, i)->sense = NULL;
}
