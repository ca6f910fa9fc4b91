/* SPDX-License-Identifier: MIT */
/*
 * PxCI: what is said of the commands that a driver issues; see audit_ahci.h. Of each it is one
 * thing at most. Entered from any context in which a miniport runs.
 */
#include "port/access/audit_ahci_command.h"
#include "port/access/audit_stop.h"

#define OPCODE_SLEEP      0xE6u
#define OPCODE_SLEEP_OLD  0x99u
#define LAST_SECTOR_OF_28 0x0FFFFFFEull

#define ACCUSE_COMMAND(command, rule, format, ...)                                               \
    ACCUSE((command)->at, rule, "port %u, slot %u, %s (0x%02x): " format, (command)->at->number, \
           (command)->slot, ahci_name(command), (command)->opcode, __VA_ARGS__)

bool ahci_is_started(const struct hba_access *at, const char *name)
{
    const struct audit_hba_port *port = at->port;

    if (!(port->seen >> HBA_PORT_CMD & 1) || port->known[HBA_PORT_CMD] & AHCI_CMD_START)
        return true;
    ACCUSE(at, RULE_HWR_22, "port %u: %s is written while PxCMD.ST is 0", at->number, name);
    return false;
}

static bool has_fbs(const struct audit_hba_port *port)
{
    return port->known[HBA_PORT_FBS] & AHCI_FBS_ENABLE;
}

/* ------------------------------------------------------------------ the port's state */

/* AHCI: 3.3.8, 3.3.10. */
static bool is_to_nobody(const struct ahci_command *command)
{
    const struct hba_access *at = command->at;
    const char *why = at->port->is_absent     ? "PxSSTS.DET shows no device"
                      : at->port->is_floating ? "the status in PxTFD floats: there is no device"
                                              : NULL;
    if (why)
        ACCUSE_COMMAND(command, RULE_HWR_19, "%s", why);
    return why;
}

/* AHCI: 5.6.4, 6.2.2. */
static const char *fault_of_state(const struct ahci_command *command)
{
    const struct audit_hba_port *port = command->at->port;
    uint32_t bit = 1u << command->slot;
    bool is_active = port->active & bit, is_queued = command->kind & KIND_QUEUED;
    uint32_t queued = port->queued & (port->issued | port->active) & ~bit;
    uint32_t others = port->issued & ~port->queued & ~bit;

    if (has_fbs(port) || AHCI_HEADER_PORT(command->header))
        return NULL;
    if (port->has_failed)
        return "PxIS.TFES says that a command has failed: ST is to be cleared and set before the "
               "next one";
    if (is_queued && others)
        return "it is a queued command, and others are under way that are not";
    if (!is_queued && queued)
        return "it is no queued command, and queued ones are under way";
    if (is_queued && !is_active)
        return "it is a queued command, and its bit of PxSACT was not set";
    if (!is_queued && is_active)
        return "its bit of PxSACT was set, and it is no queued command";
    if (is_queued && command->table->fis[FIS_COUNT] >> FIS_TAG_SHIFT != command->slot)
        return "the tag in its Count is not the slot's number"; /* AHCI: 9.3.1.1 */
    if (is_queued && command->kind & KIND_SECTORS && !(command->table->fis[FIS_DEVICE] & FIS_LBA))
        return "bit 6 of its Device is not set, as READ and WRITE FPDMA QUEUED want it"; /* ACS-2 */
    return NULL;
}

/* ------------------------------------------------------------------ header, table, PRDs */

static unsigned direction_of(const struct ahci_command *command)
{
    ULONG flags = command->irb ? command->irb->page->irb.IrbFlags : 0;
    if (!(command->kind & KIND_PACKET))
        return command->kind & (KIND_IN | KIND_OUT);
    return flags & IRB_FLAGS_DATA_OUT ? KIND_OUT : flags & IRB_FLAGS_DATA_IN ? KIND_IN : 0;
}

/* AHCI: 4.2.2, 4.2.3. */
static const char *fault_of_header(const struct ahci_command *command)
{
    uint32_t description = command->header->description;
    unsigned direction = direction_of(command);
    bool is_packet = command->kind & KIND_PACKET;

    if (AHCI_HEADER_FIS_DWORDS(command->header) != FIS_DWORDS)
        return "CFL is not 5 dwords, as a register FIS has";
    if (is_packet != !!(description & AHCI_HEADER_PACKET))
        return is_packet ? "the A bit of a PACKET command is not set"
                         : "the A bit is set, and it is no PACKET command";
    if (description & AHCI_HEADER_PREFETCH &&
        (command->kind & KIND_QUEUED || has_fbs(command->at->port)))
        return "the P bit is set, which queued commands and FIS-based switching exclude";
    if (direction == KIND_OUT && !(description & AHCI_HEADER_WRITE))
        return "it writes to the device, and the W bit is not set";
    if (direction == KIND_IN && description & AHCI_HEADER_WRITE)
        return "it reads from the device, and the W bit is set";
    return NULL;
}

/* AHCI: 4.2.3.3. */
static const char *fault_of_prd(const struct ahci_prd *prd)
{
    if (prd->address & 1)
        return "its address is odd";
    if (!(prd->length & 1))
        return "its count is even: it is the bytes less one, of which there is an even number";
    if (prd->length & AHCI_PRD_ZERO)
        return "it has more than 4 MiB: the count has 22 bits";
    return NULL;
}

static bool has_faulty_prd(const struct ahci_command *command)
{
    for (unsigned i = 0, count = ahci_used_prds(command); i < count; i++) {
        const char *fault = fault_of_prd(&command->table->prds[i]);
        if (!fault)
            continue;
        ACCUSE_COMMAND(command, RULE_HWR_22, "PRD %u (%#x): %s", i,
                       (unsigned)command->table->prds[i].length, fault);
        return true;
    }
    return false;
}

/* How many bytes the command moves for certain; 0: nobody knows. What an issuer wants is its own
 * affair: a request is known by its data, other commands by what they say. */
static uint64_t least_bytes(const struct ahci_command *command)
{
    const struct irb_slot *owner = ahci_owner(command);
    const struct device *device = owner && owner->request ? owner->request->device : NULL;

    if (command->irb)
        return command->irb->data_byte_count & ~1u;
    if (command->kind & KIND_SECTORS)
        return (uint64_t)ahci_sectors(command) *
               (device && device->kind == DEVICE_ATA && device->sector_size ? device->sector_size
                                                                            : 512);
    return command->kind & KIND_BLOCK ? 512 : 0;
}

/* ------------------------------------------------------------------ HWR-07 */

static bool is_beyond(const struct ahci_command *command)
{
    bool is_28 = command->kind & KIND_28;
    bool is_lba = !is_28 || command->table->fis[FIS_DEVICE] & IDE_LBA_MODE;

    /* What was asked for is not the driver's doing. */
    if (!(command->kind & (KIND_28 | KIND_48)) || !is_lba || command->irb)
        return false;
    const struct irb_slot *owner = ahci_owner(command);
    const struct device *device = owner && owner->request ? owner->request->device : NULL;
    uint64_t last = ahci_lba(command) + ahci_sectors(command) - 1;
    uint64_t limit = is_28 ? LAST_SECTOR_OF_28 : (1ull << 48) - 1;
    if (device && device->kind == DEVICE_ATA && device->sector_count &&
        device->sector_count - 1 < limit)
        limit = device->sector_count - 1;
    if (last <= limit)
        return false;
    ACCUSE_COMMAND(command, RULE_HWR_07, "sectors %llu to %llu, and the last one %s is %llu",
                   (unsigned long long)ahci_lba(command), (unsigned long long)last,
                   limit == LAST_SECTOR_OF_28 ? "of a 28-bit command" : "of the device",
                   (unsigned long long)limit);
    return true;
}

/* ------------------------------------------------------------------ a slot */

static void judge(const struct ahci_command *command)
{
    uint64_t bytes = ahci_prd_bytes(command), wanted = least_bytes(command);
    const struct ahci_prd *loose;
    const char *fault;

    if (command->at->port->is_asleep)
        ACCUSE_COMMAND(command, RULE_HWR_20, "%s", "the device sleeps: only a reset wakes it");
    else if (is_to_nobody(command) || is_beyond(command))
        return;
    else if ((fault = fault_of_state(command)) || (fault = fault_of_header(command)))
        ACCUSE_COMMAND(command, RULE_HWR_22, "%s", fault);
    else if (has_faulty_prd(command))
        return;
    else if ((loose = ahci_loose_prd(command)))
        ACCUSE_COMMAND(command, RULE_HWR_22,
                       "PRD %u (%#x) goes on behind what the command moves, into memory that is "
                       "not the driver's",
                       (unsigned)(loose - command->table->prds), (unsigned)loose->length);
    else if (bytes < wanted)
        ACCUSE_COMMAND(command, RULE_HWR_22,
                       "its PRDs (%u) hold %llu of the %llu bytes that it moves",
                       (unsigned)AHCI_HEADER_PRDS(command->header), (unsigned long long)bytes,
                       (unsigned long long)wanted);
}

/* A FIS that is no command: Device Control is written. AHCI: 10.4.1. */
static void judge_control(const struct ahci_command *command)
{
    struct audit_hba_port *port = command->at->port;

    if (AHCI_HEADER_PRDS(command->header))
        ACCUSE(command->at, RULE_HWR_22,
               "port %u, slot %u: it has PRDs, and the C bit of its FIS is clear: the device takes "
               "it for no command",
               command->at->number, command->slot);
    if (!(command->table->fis[FIS_CONTROL] & FIS_SRST))
        return;
    port->is_asleep = false;
    if (!(command->header->description & AHCI_HEADER_CLEAR_BUSY))
        ACCUSE(command->at, RULE_HWR_22,
               "port %u, slot %u: a software reset whose header has no C bit (clear busy)",
               command->at->number, command->slot);
}

/* False: it is stopped. */
static bool issue(const struct hba_access *at, unsigned slot)
{
    struct audit_hba_port *port = at->port;
    struct ahci_command command = {.at = at, .slot = slot};
    uint32_t bit = 1u << slot;
    bool is_used = port->issued & bit || (port->active & port->queued & bit);

    if (port->missing_slots & bit)
        ACCUSE(at, RULE_HWR_22, "port %u: slot %u, of %u", at->number, slot,
               (unsigned)(at->audit->cap >> 8 & 0x1F) + 1);
    else if (is_used)
        ACCUSE(at, RULE_HWR_22, "port %u: PxCI is set for slot %u, which is in use", at->number,
               slot);
    port->issued |= bit;
    port->queued &= ~bit;
    if (is_used || !(port->seen >> HBA_PORT_CLB & 1))
        return true;
    if (!ahci_find_command(&command)) {
        const struct irb_slot *owner = ahci_owner(&command);
        port->is_quiet = true;
        if (owner)
            audit_stop_request(owner->channel, owner);
        return false;
    }
    if (command.header->description & AHCI_HEADER_BIST)
        return true;
    if (command.header->table % sizeof(struct ahci_table)) /* what is read there is not the table */
        ACCUSE_COMMAND(&command, RULE_HWR_22, "%s", "its table is not aligned to 128 bytes");
    else if (command.table->fis[FIS_TYPE] != FIS_REGISTER)
        ACCUSE_COMMAND(&command, RULE_HWR_22, "%s", "its FIS is no register FIS (27h)");
    else if (ahci_is_command(&command))
        judge(&command);
    else
        judge_control(&command);
    if (command.kind & KIND_QUEUED)
        port->queued |= bit;
    if (command.opcode == OPCODE_SLEEP || command.opcode == OPCODE_SLEEP_OLD)
        port->is_asleep = true;
    return true;
}

bool ahci_issue(const struct hba_access *at, uint32_t *slots)
{
    struct audit_hba_port *port = at->port;
    uint32_t stopped = 0;

    if (!*slots)
        return true;
    if (port->is_missing) { /* AHCI: 3.1.4 */
        ACCUSE(at, RULE_HWR_19, "port %u: the controller has no such port (PI %#x)", at->number,
               (unsigned)at->audit->pi);
        return true;
    }
    if (!ahci_is_started(at, "PxCI"))
        return true;
    for (uint32_t left = *slots; left; left &= left - 1)
        if (!issue(at, (unsigned)__builtin_ctz(left)))
            stopped |= left & -left;
    port->stopped |= stopped;
    *slots &= ~stopped;
    return *slots;
}
