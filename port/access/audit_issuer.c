/* SPDX-License-Identifier: MIT */
/*
 * What the port itself has asked a channel's driver for, so that a driver is not blamed for doing
 * it. Reads the IRBs that the driver has; see audit_judge.h.
 */
#include "port/access/audit_judge.h"

#include "port/data.h"

static const struct irb_slot *next_active(const struct channel *channel,
                                          const struct irb_slot *after)
{
    const struct irb_slot *slot = after ? after + 1 : channel->irbs.slots;
    const struct irb_slot *end = channel->irbs.slots + channel->irbs.count;

    while (slot < end && slot->state != SLOT_ACTIVE)
        slot++;
    return slot < end ? slot : NULL;
}

/* What a request's task file says; an empty one for a request without. */
static struct audit_command asked_command(const struct irb_slot *slot)
{
    struct audit_command asked = {.fresh = 0};

    if (!slot->request || !(slot->request->function & IRB_FUNCTION_ATA_COMMAND))
        return asked;
    const IDEREGISTERS *now = &slot->request->task_file.Current,
                       *before = &slot->request->task_file.Previous;
    asked.registers = (union audit_task_file){
        .features = now->bFeaturesReg,
        .sector_count = now->bSectorCountReg,
        .lba_low = now->bSectorNumberReg,
        .lba_mid = now->bCylLowReg,
        .lba_high = now->bCylHighReg,
        .device = now->bDriveHeadReg,
        .command = now->bCommandReg,
    };
    asked.previous = (union audit_task_file){
        .sector_count = before->bSectorCountReg,
        .lba_low = before->bSectorNumberReg,
        .lba_mid = before->bCylLowReg,
        .lba_high = before->bCylHighReg,
    };
    asked.protocol = audit_protocol_of(&asked.registers);
    return asked;
}

static bool is_of_sectors(const struct audit_command *asked, uint64_t lba, uint32_t sectors)
{
    uint64_t asked_lba;
    uint32_t asked_sectors;
    return audit_command_address(asked, &asked_lba, &asked_sectors) && asked_lba == lba &&
           asked_sectors == sectors;
}

bool audit_is_asked_for(const struct channel *channel, uint64_t lba, uint32_t sectors)
{
    const struct irb_slot *slot = NULL;

    while ((slot = next_active(channel, slot))) {
        struct audit_command asked = asked_command(slot);
        if (is_of_sectors(&asked, lba, sectors))
            return true;
    }
    return false;
}

bool audit_is_of_others(const struct irb_slot *slot, struct audit_command *asked)
{
    uint64_t lba, asked_lba;
    uint32_t sectors, asked_sectors;

    *asked = asked_command(slot);
    return audit_command_address(asked, &asked_lba, &asked_sectors) &&
           audit_command_address(&slot->channel->audit.command, &lba, &sectors) &&
           (lba < asked_lba || lba + sectors > asked_lba + asked_sectors);
}

bool audit_is_asked_for_by_dma(const struct channel *channel, unsigned target, uint64_t lba,
                               uint32_t sectors, struct audit_command *asked)
{
    const struct irb_slot *slot = NULL;
    bool is_found = false;

    while ((slot = next_active(channel, slot))) {
        struct audit_command command = asked_command(slot);
        if (slot->page->irb.TargetId != target || !is_of_sectors(&command, lba, sectors))
            continue;
        if (!audit_is_by_dma(&command))
            return false;
        *asked = command;
        is_found = true;
    }
    return is_found;
}

bool audit_is_command_asked_for(const struct channel *channel, uint8_t opcode)
{
    const struct irb_slot *slot = NULL;

    while ((slot = next_active(channel, slot)))
        if (slot->request && slot->request->function & IRB_FUNCTION_ATA_COMMAND &&
            slot->request->task_file.Current.bCommandReg == opcode)
            return true;
    return false;
}

void audit_note_care(struct channel *channel, unsigned care)
{
    const unsigned target = audit_device_of(&channel->audit.command.registers);

    for (unsigned i = 0; i < channel->irbs.count; i++) {
        struct irb_slot *slot = &channel->irbs.slots[i];
        if (slot->state == SLOT_ACTIVE && slot->page->irb.TargetId == target)
            slot->care |= (uint8_t)care;
    }
}

bool audit_is_only_of_target(const struct channel *channel, const struct irb_slot *slot)
{
    const struct irb_slot *other = NULL;

    while ((other = next_active(channel, other)))
        if (other != slot && other->page->irb.TargetId == slot->page->irb.TargetId)
            return false;
    return true;
}

bool audit_packet_wants_data(const struct channel *channel)
{
    const unsigned target = audit_device_of(&channel->audit.command.registers);
    const struct irb_slot *slot = NULL;
    bool wants = false;

    while ((slot = next_active(channel, slot))) {
        const IDE_REQUEST_BLOCK *irb = &slot->page->irb;
        if (irb->TargetId != target || !IsAtapiCommand(irb))
            continue;
        if (!slot->data_byte_count)
            return false;
        wants = true;
    }
    return wants;
}

const void *audit_port_data(const struct channel *channel, const void *data, uint32_t byte_count)
{
    const struct irb_slot *slot = NULL;

    while ((slot = next_active(channel, slot))) {
        uintptr_t offset = (uintptr_t)data - (uintptr_t)slot->shown_data;
        if (slot->data && byte_count && offset <= slot->data_byte_count &&
            byte_count <= slot->data_byte_count - offset) {
            uint32_t run = byte_count;
            const void *at = slot_data_at(slot, (uint32_t)offset, &run);
            return run == byte_count ? at : NULL;
        }
    }
    return NULL;
}
