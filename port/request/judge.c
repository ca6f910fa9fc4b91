/* SPDX-License-Identifier: MIT */
/*
 * What an IRB says when it comes back, beside what AtaPortCompleteRequest itself looks at: the
 * members that are the port's (IRB-14, INI-09), and whether its status keeps what it promises
 * (IRB-05, 15, 16). Completions that are plain successes do not come here, unless one of the
 * members that irb_seal is made of has changed, or the slot has a reason of its own (CARE_xxx).
 *
 * Entered from every context in which a miniport completes.
 */
#include "port/request/judge.h"

#include <string.h>

#include "port/access/audit.h"
#include "port/call.h"
#include "port/contract/report.h"
#include "port/data.h"
#include "port/owned.h"
#include "port/request/queue.h"
#include "port/request/slots.h"

/* Of IrbFlags: what IdeHwBuildIo asks for, and MARK_IRB_FOR_DMA, MARK_IRB_FOR_PIO. */
#define MINIPORTS_FLAGS (IRB_FLAGS_MAP_BUFFERS | IRB_FLAGS_USE_DMA)

/* Who completed it, as reports say it. */
struct completer {
    const char *routine;
    const void *place;
};

bool list_build(const struct irb_slot *slot, IDE_SCATTER_GATHER_LIST *list,
                IDE_SCATTER_GATHER_ELEMENT *elements)
{
    uint32_t run;

    list->NumberOfElements = 0;
    for (uint32_t offset = 0; offset < slot->data_byte_count; offset += run) {
        run = slot->data_byte_count - offset;
        const void *at = slot_data_at(slot, offset, &run);
        uint64_t physical = memory_physical_run(at, &run);
        if (!physical || list->NumberOfElements == PORT_PHYSICAL_BREAKS + 1)
            return false;
        elements[list->NumberOfElements++] =
            (IDE_SCATTER_GATHER_ELEMENT){.Address.QuadPart = (LONGLONG)physical, .Length = run};
    }
    return true;
}

/* IRB-07: the device may have moved data to where the list said. */
static void judge_list(struct irb_slot *slot, const struct completer *by)
{
    const struct irb_page *page = slot->page;
    IDE_SCATTER_GATHER_ELEMENT elements[PORT_PHYSICAL_BREAKS + 1];
    IDE_SCATTER_GATHER_LIST list;
    bool is_same =
        list_build(slot, &list, elements) && page->list.NumberOfElements == list.NumberOfElements;

    for (ULONG i = 0; is_same && i < list.NumberOfElements; i++)
        is_same = page->elements[i].Address.QuadPart == elements[i].Address.QuadPart &&
                  page->elements[i].Length == elements[i].Length;
    if (!is_same)
        contract_report_irb(RULE_IRB_07, slot, by->routine, by->place,
                            "its scatter/gather list was changed");
}

/* IRB-14 and INI-09. */
static void judge_members(struct irb_slot *slot, const struct completer *by)
{
    IDE_REQUEST_BLOCK *irb = &slot->page->irb, given;
    const IDE_TASK_FILE *task_file = &slot->request->task_file;
    char names[160];

    slot_given_irb(slot, &given);
    given.IrbFlags = (given.IrbFlags & ~(ULONG)MINIPORTS_FLAGS) | (irb->IrbFlags & MINIPORTS_FLAGS);
    if (irb->SenseInfoBufferLength < given.SenseInfoBufferLength)
        given.SenseInfoBufferLength = irb->SenseInfoBufferLength; /* so much sense data */
    bool changed = owned_restore(OWNED_IRB, irb, &given, names, sizeof names);
    if (!changed && irb->Function == IRB_FUNCTION_POWER_CHANGE)
        changed = owned_restore(OWNED_POWER, irb, &given, names, sizeof names);
    if (changed)
        contract_report_irb(RULE_IRB_14, slot, by->routine, by->place,
                            "%s was changed; the port put its value back", names);
    if (IsAtaCommand(irb) && (irb->IdeTaskFile.Current.bReserved != task_file->Current.bReserved ||
                              irb->IdeTaskFile.Previous.bReserved != task_file->Previous.bReserved))
        contract_report_irb(RULE_INI_09, slot, by->routine, by->place,
                            "bReserved of IDEREGISTERS was written");
}

/* Can the device have had more for the IRB than was asked for? An ATA command moves what its task
 * file says, and DRQ shows that there is more; a packet command what its CDB says, which READ tells
 * in blocks, and a device that has offered more in spite of it has sent more. */
static bool can_overrun(const struct irb_slot *slot)
{
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    const UCHAR *cdb = slot->request->cdb;

    if (IsAtaCommand(irb))
        return irb->AtaStatus & IDE_STATUS_DRQ;
    return !IsAtapiCommand(irb) || cdb[0] != 0x28 || /* READ(10) */
           (cdb[7] << 8 | cdb[8]) * slot->request->device->sector_size != slot->data_byte_count ||
           audit_has_moved_more(slot->channel, slot->data_byte_count);
}

/* SPC-2 7.20.2: response codes. */
static bool is_sense_data(const UCHAR *sense)
{
    return (sense[0] & 0x7C) == 0x70;
}

/* The Status that is among them is one of a device that has finished. (ATA/ATAPI-6, 9.12: a packet
 * device that was reset shows 0, and its signature.) */
static bool are_registers(const struct irb_slot *slot)
{
    const IDEREGISTERS *registers = (const IDEREGISTERS *)slot->page->sense;

    if (slot->page->irb.SenseInfoBufferType == SENSE_INFO_BUFFER_RETURN_TYPE_D2H_FIS)
        return slot->page->sense[0] == 0x34; /* Serial ATA: register FIS, device to host */
    return slot->page->irb.SenseInfoBufferType != SENSE_INFO_BUFFER_RETURN_TYPE_CDB &&
           (registers->bCommandReg != 0 ||
            (registers->bCylLowReg == 0x14 && registers->bCylHighReg == 0xEB)) &&
           !(registers->bCommandReg & IDE_STATUS_BUSY);
}

/* IRB-15: of a status only the flags are left that say the truth. */
static void judge_promises(struct irb_slot *slot, UCHAR code, const struct completer *by)
{
    IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    UCHAR status = irb->IrbStatus;
    const char *what = NULL;

    if (status & IRB_STATUS_AUTOSENSE_VALID && !is_sense_data(slot->page->sense)) {
        irb->IrbStatus &= (UCHAR)~IRB_STATUS_AUTOSENSE_VALID;
        what = "IRB_STATUS_AUTOSENSE_VALID, but SenseInfoBuffer has no sense data";
    } else if (status & IRB_STATUS_RETURN_TASKFILE_VALID && !are_registers(slot)) {
        irb->IrbStatus &= (UCHAR)~IRB_STATUS_RETURN_TASKFILE_VALID;
        what = "IRB_STATUS_RETURN_TASKFILE_VALID, but SenseInfoBuffer has no registers";
    } else if (irb->IrbFlags & IRB_FLAGS_RETURN_RESULTS &&
               !(status & IRB_STATUS_RETURN_TASKFILE_VALID) &&
               (code == IRB_STATUS_SUCCESS ||
                (code == IRB_STATUS_DEVICE_ERROR && !(irb->AtaStatus & IDE_STATUS_BUSY)))) {
        what = "IRB_FLAGS_RETURN_RESULTS is set, but no registers came back";
    }
    if (what)
        contract_report_irb(RULE_IRB_15, slot, by->routine, by->place, "%s", what);
}

void slot_judge(struct irb_slot *slot, const char *routine, const void *place)
{
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    const struct completer by = {routine, place};
    UCHAR code = IRB_STATUS(irb->IrbStatus);

    judge_members(slot, &by);
    if (slot->list_built)
        judge_list(slot, &by);
    judge_promises(slot, code, &by);
    if (code == IRB_STATUS_INTERNAL_ERROR)
        contract_report_irb(RULE_IRB_16, slot, routine, place,
                            "IrbStatus is IRB_STATUS_INTERNAL_ERROR");
    if (code == IRB_STATUS_DATALENGTH_MISMATCH && slot->data_byte_count &&
        irb->DataTransferLength == slot->data_byte_count && !can_overrun(slot))
        contract_report_irb(RULE_IRB_05, slot, routine, place,
                            "DataTransferLength is still the %u that were asked for",
                            (unsigned)slot->data_byte_count);
}

void slot_judge_build_io(struct irb_slot *slot)
{
    const struct channel *channel = slot->channel;

    if (!channel->given.interface.IdeHwBuildIo || slot->data_byte_count)
        return;
    contract_report_in(channel_context(slot->channel, CONTEXT_BUILD_IO), RULE_IRB_17,
                       "IdeHwBuildIo", ENTRY_PLACE(channel->given.interface.IdeHwBuildIo),
                       "the IRB has no data; the flag was cleared");
    slot->page->irb.IrbFlags &= ~(ULONG)IRB_FLAGS_MAP_BUFFERS;
}

/* A driver may build it before it sets IrbStatus: then Status, as it has read it, says whether the
 * device has failed. */
bool slot_may_need_sense(const struct irb_slot *slot)
{
    const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
    UCHAR code = IRB_STATUS(irb->IrbStatus);

    if (!(slot->request->function & IRB_FUNCTION_ATAPI_COMMAND) || code == IRB_STATUS_SUCCESS)
        return false;
    return code != IRB_STATUS_PENDING || irb->AtaStatus & IDE_STATUS_ERROR ||
           audit_may_have_failed(slot->channel, irb->TargetId);
}
