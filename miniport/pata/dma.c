/* SPDX-License-Identifier: MIT */
/*
 * Data by bus master.
 *
 * Owns: the descriptor table, and the bus master's registers while a transfer is under way. May
 * not: take a transfer for good because the device says so; the bus master has its say, too.
 *
 * SFF-8038i, standard programming sequence: build the table; load its address; set the direction
 * and clear interrupt and error; write the command to the device; start. At the interrupt: stop,
 * read the bus master's status, read the device's.
 *
 * Here the device's Status is read before the engine is stopped: an interrupt that comes while data
 * still moves must not cut the transfer off (interrupt.c).
 *
 * Not all of it is done for every command: there is one table, whose address was loaded when the
 * channel started; the direction is written when it changes; interrupt and error are cleared as
 * soon as they were looked at, so they are clear already, unless something has gone another way
 * (latch_is_doubtful). A read of 4 KiB from the device that was used last costs eleven
 * accesses: Sector Count, LBA Low, Mid, High, Device, Command, start; then the bus master's status,
 * Status, stop, clear.
 *
 * SFF-8038i, status register: what interrupt and active bits mean together at the end:
 *     interrupt, not active   all of the table is used, and the device is done
 *     interrupt, active       the device is done, and has not used all of the table
 *     neither                 the table is used up, and the device is not done: no interrupt comes
 * QEMU: it moves nothing while bus mastering is off in configuration space, and shows the second
 * case.
 */
#include "dma.h"

/* Descriptors for one piece, from `prd` on. Returns where the next one goes on; NULL: the table is
 * full, or no descriptor can say it. A piece without length has none, as a count of 0 would mean
 * 64 KiB. */
static struct pata_prd *describe_piece(struct pata_prd *prd, const struct pata_prd *end,
                                       const IDE_SCATTER_GATHER_ELEMENT *element)
{
    ULONG address = element->Address.LowPart, left = element->Length;

    if (((address | left) & 1) || element->Address.HighPart != 0 ||
        (ULONGLONG)address + left > 1ull << 32)
        return NULL;
    while (left) {
        ULONG count = min(left, PRD_BOUNDARY - (address & (PRD_BOUNDARY - 1)));
        if (prd == end)
            return NULL;
        prd->address = address;
        prd->control = count & (PRD_BOUNDARY - 1);
        prd++;
        address += count;
        left -= count;
    }
    return prd;
}

BOOLEAN pata_describe_pieces(struct pata_prd *prd, const IDE_SCATTER_GATHER_LIST *list,
                             ULONG byte_count)
{
    const struct pata_prd *const end = prd + PRD_COUNT;
    ULONG total = 0;

    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        prd = describe_piece(prd, end, &list->Elements[i]);
        if (!prd)
            return FALSE;
        total += list->Elements[i].Length;
    }
    if (total == 0 || total != byte_count)
        return FALSE;
    prd[-1].control |= PRD_END;
    return TRUE;
}

UCHAR pata_dma_prepare(struct pata_channel *channel)
{
    struct pata_command *command = &channel->command;

    if (!pata_describe(channel, command->irb))
        return IRB_STATUS_INVALID_REQUEST;
    command->is_to_memory = (command->irb->IrbFlags & IRB_FLAGS_DATA_IN) != 0;
    return IRB_STATUS_PENDING;
}

enum pata_phase pata_dma_done(struct pata_channel *channel, UCHAR status, UCHAR bus_master_status)
{
    struct pata_command *command = &channel->command;
    /* What moves whole sectors has a table of the right length. Others may want less than was
     * offered. */
    UCHAR trouble = command->is_sector_io ? BM_ERROR | BM_ACTIVE : BM_ERROR;

    if (status & IDE_STATUS_DRQ)
        return pata_protocol_error(channel, status);
    if ((status & STATUS_FAILED) == 0 && (bus_master_status & trouble) == 0)
        return pata_over(channel, IRB_STATUS_SUCCESS, status);
    if (!(status & STATUS_FAILED))
        AtaPortDebugPrint(0, "pata: channel %u: bus master status 0x%02x after command 0x%02x\n",
                          channel->number, bus_master_status, command->opcode);
    /* Which sectors have arrived is not known: the registers hold the start of the transfer. */
    command->irb->DataTransferLength = 0;
    return pata_over(channel, IRB_STATUS_DEVICE_ERROR, status);
}
