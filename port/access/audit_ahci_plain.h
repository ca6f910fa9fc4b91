/* SPDX-License-Identifier: MIT */
/*
 * AHCI's part of the auditor for accesses that are as most are: each of these takes note of one, or
 * says false where it wants a closer look (audit_ahci.h). Context: any in which a miniport runs.
 */
#ifndef PORT_ACCESS_AUDIT_AHCI_PLAIN_H
#define PORT_ACCESS_AUDIT_AHCI_PLAIN_H

#include "port/access/audit.h"
#include "port/access/audit_ahci_command.h"
#include "port/objects.h"

/* ------------------------------------------------------------------ interrupts */

/* The number of the call of IdeHwInterrupt that runs; 0: none does. */
static inline uint32_t ahci_this_call(void)
{
    return context_now->kind == CONTEXT_INTERRUPT ? audit_call_number(context_now->channel) : 0;
}

/* What of PxIS keeps IS set, as far as it is known. */
static inline uint32_t ahci_raised(const struct audit_hba_port *port)
{
    return port->pending & ~AHCI_IS_ELSEWHERE & port->known[HBA_PORT_IE];
}

/* Where only one command was under way, the driver may know that it is over without having asked
 * for its slot. */
static inline void ahci_one_may_be_over(struct audit_hba_port *port)
{
    uint32_t in_use = port->issued | port->active;
    if (!(in_use & (in_use - 1)))
        port->issued = port->active = port->queued = 0;
}

/* IS was read. */
static inline bool ahci_takes_interrupts(const struct access_hba *hba)
{
    return !hba->audit->too_early;
}

/* It is about to be written: for one port, whose PxIS was cleared before in this call. */
static inline bool ahci_takes_interrupts_clear(const struct access_hba *hba, uint32_t value)
{
    uint32_t call = ahci_this_call();

    if (!call || !value || value & (value - 1))
        return false;
    const struct audit_hba_port *port = &hba->audit->ports[(unsigned)__builtin_ctz(value)];
    return port->cleared_call == call && !port->too_early_call && !ahci_raised(port);
}

/* PxIS was read. */
static inline bool ahci_takes_port_interrupts(struct audit_hba_port *port, uint32_t value)
{
    if (port->too_early_call | (value & AHCI_IS_TASK_FILE))
        return false;
    port->pending = value;
    if (value & AHCI_IS_OVER)
        ahci_one_may_be_over(port);
    return true;
}

/* It is about to be written: that is all there is to it. */
static inline void ahci_write_port_interrupts(struct audit_hba_port *port, uint32_t value)
{
    port->pending &= ~value;
    if (value)
        port->cleared_call = ahci_this_call();
}

/* ------------------------------------------------------------------ slots */

/* PxSACT, and PxCI, were read: what the driver sees. A queued command is over when its bit of
 * PxSACT is clear, another one when that of PxCI is. */
static inline uint32_t ahci_read_active(struct audit_hba_port *port, uint32_t value)
{
    port->issued &= ~(port->queued & port->active & ~value);
    port->active &= value;
    port->queued &= port->issued | port->active;
    return value;
}

static inline uint32_t ahci_read_issued(struct audit_hba_port *port, uint32_t value)
{
    port->issued &= value;
    port->queued &= port->issued | port->active;
    return value | port->stopped;
}

/* PxSACT is about to be written: for slots that are free, of a port that is started. */
static inline bool ahci_takes_active(struct audit_hba_port *port, uint32_t value)
{
    if (value & (port->active | port->issued) || port->holds)
        return false;
    port->active |= value;
    return true;
}

/* ------------------------------------------------------------------ a command */

/* The FIS of READ FPDMA QUEUED up to its opcode, which WRITE's is one more than; the header of a
 * command whose data is one piece. */
#define AHCI_QUEUED_FIS    0x00608027u
#define AHCI_QUEUED_WRITE  0x00010000u
#define AHCI_OPCODE_MASK   0x00FFFFFFu
#define AHCI_PLAIN_FIS     0x00008027u
#define AHCI_ADDRESS_MASK  0x00FFFFFFu
#define AHCI_DEVICE_LBA    0x40000000u /* beside the address */
#define AHCI_ONE_PRD       (1u << 16 | FIS_DWORDS)
#define AHCI_ONE_PRD_BYTES (sizeof(struct ahci_table) + sizeof(struct ahci_prd))

/* Does a queued command's FIS lead to sectors that the device of a request has, and as many as are
 * its data? (The barriers here, and below, keep what is asked later out of registers.) */
static inline __attribute__((always_inline)) bool ahci_is_on_device(const uint32_t *fis,
                                                                    const struct irb_slot *irb)
{
    const struct device *device = irb->request->device;
    uint32_t sectors = fis[0] >> 24 | (fis[2] >> 16 & 0xFF00);

    if (!(fis[1] & AHCI_DEVICE_LBA))
        return false;
    if (sectors * device->sector_size != irb->data_byte_count)
        return false;
    hal_compiler_barrier();
    uint64_t lba = (fis[1] & AHCI_ADDRESS_MASK) | (uint64_t)(fis[2] & AHCI_ADDRESS_MASK) << 24;
    return lba + sectors <= device->sector_count;
}

/* Three registers of an address, and Device. */
static inline uint32_t ahci_address_of(const IDEREGISTERS *registers)
{
    uint32_t address;

    __builtin_memcpy(&address, &registers->bSectorNumberReg, sizeof address);
    return address;
}

/* Is the FIS of a read or write what its request has asked for, register by register? */
static inline __attribute__((always_inline)) bool ahci_is_as_asked(const uint32_t *fis,
                                                                   const struct request *request)
{
    const IDEREGISTERS *current = &request->task_file.Current;
    const IDEREGISTERS *previous = &request->task_file.Previous;
    const bool is_48 = request->flags & IRB_FLAGS_48BIT;

    return (request->function == IRB_FUNCTION_ATA_READ ||
            request->function == IRB_FUNCTION_ATA_WRITE) &&
           fis[0] == (AHCI_PLAIN_FIS | (uint32_t)current->bCommandReg << 16 |
                      (uint32_t)current->bFeaturesReg << 24) &&
           fis[1] == ahci_address_of(current) &&
           fis[2] == (is_48 ? ahci_address_of(previous) & AHCI_ADDRESS_MASK : 0) &&
           fis[3] ==
               (current->bSectorCountReg | (is_48 ? (uint32_t)previous->bSectorCountReg << 8 : 0));
}

/* Is the PRD all of a request's data, which lies in one piece, and is an even number of bytes? */
static inline __attribute__((always_inline)) bool ahci_is_its_data(const struct ahci_prd *prd,
                                                                   const struct irb_slot *irb)
{
    const struct request *request = irb->request;

    if (irb->data_byte_count - 1 >= request->physical_byte_count ||
        prd->length + 1 != irb->data_byte_count)
        return false;
    hal_compiler_barrier();
    return ((uint64_t)prd->address_high << 32 | prd->address) == request->physical &&
           !(prd->address & 1);
}

/* Does a command list, or a table with one PRD, that begins there lie in a channel's uncached
 * extension? (RAM is seen where it lies.) */
static inline __attribute__((always_inline)) bool
ahci_is_in_uncached(const struct channel_memory *memory, uint64_t address)
{
    _Static_assert(AHCI_LIST_BYTES <= UNCACHED_REACH && AHCI_ONE_PRD_BYTES <= UNCACHED_REACH, "");
    return address - (uintptr_t)memory->uncached_guard.pages < memory->uncached_reach;
}

/* May it go beside what is under way, and is it what its slot was given for? A queued one, */
static inline __attribute__((always_inline)) bool ahci_takes_queued(struct audit_hba_port *port,
                                                                    uint32_t value,
                                                                    const struct ahci_table *table,
                                                                    const struct irb_slot *irb)
{
    if (value & ~port->active || port->issued & ~port->queued ||
        1u << (table->fis[FIS_COUNT] >> FIS_TAG_SHIFT) != value)
        return false;
    hal_compiler_barrier();
    if (!ahci_is_on_device(table->fis_dwords, irb))
        return false;
    port->queued |= value;
    return true;
}

/* and another one. */
static inline __attribute__((always_inline)) bool
ahci_takes_unqueued(const struct audit_hba_port *port, uint32_t value,
                    const struct ahci_table *table, const struct irb_slot *irb)
{
    return !(port->active | port->queued | (value & (value - 1))) &&
           ahci_is_as_asked(table->fis_dwords, irb->request);
}

/* PxCI is about to be written: for one free slot, whose command is a read or write of the request
 * that the context was handed. Its header and table lie where they stay for the channel's life: in
 * the uncached extension, the table perhaps at the beginning of the IrbExtension. */
static inline bool ahci_takes_issue(struct audit_hba_port *port, uint32_t value)
{
    if (port->holds || value & (port->issued | port->missing_slots) || !value)
        return false;
    hal_compiler_barrier();
    const struct irb_slot *irb = context_now->slot;
    if (!irb || irb->state != SLOT_ACTIVE)
        return false;
    const struct channel_memory *memory = &irb->channel->memory;
    uint64_t list = (uint64_t)port->known[HBA_PORT_CLBU] << 32 | port->known[HBA_PORT_CLB];
    if (!ahci_is_in_uncached(memory, list))
        return false;
    hal_compiler_barrier();
    const struct ahci_header *header =
        (const struct ahci_header *)(uintptr_t)list + (unsigned)__builtin_ctz(value);
    uint64_t address = (uint64_t)header->table_high << 32 | header->table;
    if (address % sizeof(struct ahci_table) || (!ahci_is_in_uncached(memory, address) &&
                                                (address != (uintptr_t)irb->extension_memory ||
                                                 memory->irb_extension_size < AHCI_ONE_PRD_BYTES)))
        return false;
    hal_compiler_barrier();
    const struct ahci_table *table = (const struct ahci_table *)(uintptr_t)address;
    const bool is_write = irb->request->function == IRB_FUNCTION_ATA_WRITE;
    if (header->description != (AHCI_ONE_PRD | (is_write ? AHCI_HEADER_WRITE : 0)) ||
        !ahci_is_its_data(&table->prds[0], irb))
        return false;
    hal_compiler_barrier();
    const uint32_t queued = AHCI_QUEUED_FIS | (is_write ? AHCI_QUEUED_WRITE : 0);
    if ((table->fis_dwords[0] & AHCI_OPCODE_MASK) == queued
            ? !ahci_takes_queued(port, value, table, irb)
            : !ahci_takes_unqueued(port, value, table, irb))
        return false;
    hal_compiler_barrier();
    port->issued |= value;
    return true;
}

#endif
