/* SPDX-License-Identifier: MIT */
/*
 * Faults of AHCI controllers: the ways of their registers while rules are armed, and commands and
 * data that lie in memory. See inject_hba.h.
 *
 * A device that is busy or gone does not take its bits out of PxCI, and its interrupts are hidden:
 * what PxIS says is taken from the controller, so that its line falls, and is shown when it is
 * time. Entered from every context in which a miniport runs, and in interrupt context.
 */
#include "port/access/inject_hba.h"

#include "port/access/audit_ahci_internal.h"
#include "port/access/inject_data.h"
#include "port/access/inject_effects.h"

#define FAILED_IS     AHCI_IS_TASK_FILE
#define FATAL_IS      0x20000000u /* HBFS: the controller's own bus */
#define FLOATING_TFD  0x7Fu
#define CONNECT_IS    0x00000040u /* PCS and PRCS, which show PxSERR's DIAG.X and DIAG.N */
#define PHY_IS        0x00400000u
#define CONNECT_SERR  0x04000000u
#define PHY_SERR      0x00010000u
#define READ_LOG_EXT  0x2Fu
#define LOG_10H       0x10u
#define OPCODE_AT     2u /* of a register FIS */
#define LBA_LOW_AT    4u
#define FEATURES_AT   3u
#define IS_COMMAND_AT 1u
#define IS_COMMAND    0x80u
#define RECEIVED_D2H  0x40u /* in the received-FIS area: Status and Error in bytes 2 and 3 */
#define PACKET_BYTES  12u

/* ------------------------------------------------------------------ whose it is */

static struct inject_channel *state_of(const struct access_register *reg, uint32_t offset)
{
    unsigned port = hba_port_of(offset);
    struct channel *channel = offset < HBA_PORTS || port >= PORT_MAX_CHANNELS
                                  ? NULL
                                  : hba_of(reg)->audit->controller->channels[port];
    return channel ? inject_channel(channel) : NULL;
}

static struct inject_access access_to(uint32_t offset)
{
    uint32_t in_port = offset < HBA_PORTS ? INJECT_NOWHERE : (offset - HBA_PORTS) % HBA_PORT_BYTES;
    return (struct inject_access){ROLE_NONE, offset, in_port};
}

/* Where the driver has mapped its registers; NULL: it has not. */
static uint8_t *registers_of(const struct controller *controller)
{
    for (unsigned i = 0; i < controller->mapped_count; i++)
        if (controller->mapped[i].hba)
            return (uint8_t *)(controller->mapped[i].base - controller->mapped[i].offset);
    return NULL;
}

static uint8_t *port_of(const struct channel *channel)
{
    uint8_t *base = registers_of(channel->controller);
    return base ? base + HBA_PORTS + channel->number * HBA_PORT_BYTES : NULL;
}

/* Offsets in a port; and of the HBA's own IS. */
enum { CLB = 0x00, FB = 0x08, IS = 0x10, IE = 0x14, CMD = 0x18, TFD = 0x20, CI = 0x38 };
#define HBA_IS_AT 8u

/* The port's own look, and change. */
static uint32_t get(const uint8_t *registers, uint32_t offset)
{
    const uint8_t *at = registers + offset;
    uint32_t value = hal_read32(at);

    trace(TRACE_REGISTER_READ, (uint16_t)(uintptr_t)at, 4 | TRACE_OWN, value);
    return value;
}

static void set(uint8_t *registers, uint32_t offset, uint32_t value)
{
    uint8_t *at = registers + offset;

    hal_write32(at, value);
    trace(TRACE_REGISTER_WRITE, (uint16_t)(uintptr_t)at, 4 | TRACE_OWN, value);
}

/* Memory that the controller reaches, where the kernel sees it at the same address; NULL: it is
 * none. */
static void *memory_at(uint32_t low, uint32_t high, size_t byte_count)
{
    uint64_t address = low | (uint64_t)high << 32, last = address + byte_count - 1;
    if (address == 0 || (uintptr_t)last != last ||
        hal_physical((void *)(uintptr_t)address) != address ||
        hal_physical((void *)(uintptr_t)last) != last)
        return NULL;
    return (void *)(uintptr_t)address;
}

/* ------------------------------------------------------------------ a command in memory */

struct command {
    struct ahci_header *header;
    struct ahci_table *table;
};

static bool find_command(const uint8_t *port, unsigned slot, struct command *command)
{
    struct ahci_header *list = memory_at(get(port, CLB), get(port, CLB + 4), AHCI_LIST_BYTES);

    command->header = list ? &list[slot] : NULL;
    command->table = list ? memory_at(list[slot].table, list[slot].table_high,
                                      sizeof(struct ahci_table) +
                                          AHCI_HEADER_PRDS(&list[slot]) * sizeof(struct ahci_prd))
                          : NULL;
    return command->table;
}

/* Does the controller need an address of more than 32 bits for it? */
static bool is_above_4g(const uint8_t *port, const struct command *command)
{
    if (get(port, CLB + 4) || get(port, FB + 4) || command->header->table_high)
        return true;
    for (unsigned i = 0; i < AHCI_HEADER_PRDS(command->header); i++)
        if (command->table->prds[i].address_high)
            return true;
    return false;
}

/* Has an IRB asked for that command? Its data lies where the first PRD says; what moves none is
 * told by its task file. */
static bool is_asked_for(const struct irb_slot *slot, const struct command *command)
{
    const uint8_t *fis = command->table->fis;
    const IDEREGISTERS *asked = &slot->page->irb.IdeTaskFile.Current;
    uint64_t first =
        command->table->prds[0].address | (uint64_t)command->table->prds[0].address_high << 32;

    if (slot->data_byte_count)
        return AHCI_HEADER_PRDS(command->header) && hal_physical(slot->data) == first;
    return !AHCI_HEADER_PRDS(command->header) && fis[OPCODE_AT] == asked->bCommandReg &&
           fis[LBA_LOW_AT] == asked->bSectorNumberReg && fis[LBA_LOW_AT + 1] == asked->bCylLowReg &&
           fis[LBA_LOW_AT + 2] == asked->bCylHighReg;
}

/* Whose command it is: of those that have asked for such a one, the first. NULL: nobody's. */
static const struct request *request_of(const struct channel *channel,
                                        const struct command *command)
{
    const struct irb_slot *first = NULL;

    for (unsigned i = 0; i < channel->irbs.overlapped_count; i++) {
        const struct irb_slot *slot = &channel->irbs.slots[i];
        if (slot->state == SLOT_ACTIVE && slot->request && is_asked_for(slot, command) &&
            (!first || (int32_t)(slot->begun - first->begun) < 0))
            first = slot;
    }
    return first ? first->request : NULL;
}

/* What the first byte at a place becomes. Returns the place; NULL: it stays as it is. */
static uint8_t *replace(uint8_t *at, uint8_t *old, uint8_t value)
{
    *old = *at;
    *at = value;
    return value == *old ? NULL : at;
}

/* QEMU: has no logs. IDENTIFY moves as much, which becomes the log when it is over. */
static uint8_t begin_log(struct inject_channel *state, const uint8_t *fis)
{
    if (fis[LBA_LOW_AT] == LOG_10H)
        state->logged = inject_rule_for(state, INJECT_LOG, READ_LOG_EXT);
    return state->logged ? IDE_COMMAND_IDENTIFY : READ_LOG_EXT;
}

/* A command is about to be issued: it may become another one. What that means for the channel is
 * for when it is over. */
static void issue(struct inject_channel *state, const uint8_t *port, unsigned slot)
{
    struct inject_slot *issued = &state->hba.slots[slot];
    struct command command;

    if (!find_command(port, slot, &command) || !(command.table->fis[IS_COMMAND_AT] & IS_COMMAND))
        return;
    uint8_t *fis = command.table->fis, *packet = command.table->packet;
    uint8_t opcode = fis[OPCODE_AT];
    /* What the driver has not seen yet of an earlier command stays. */
    bool has_failed = (get(port, IS) | state->hba.held) & FAILED_IS;
    struct inject_end shown = has_failed ? state->end : (struct inject_end){0};
    bool shows_error = has_failed && state->has_bus_master_error;
    if (inject_awaits_request())
        inject_begin_request(request_of(state->channel, &command));
    state->features = fis[FEATURES_AT];
    state->has_bus_master_error = false;
    inject_begin_data(state, opcode);
    uint8_t sent = inject_replace_command(state, opcode, AHCI_HEADER_PRDS(command.header) > 0);
    if (sent == opcode && is_above_4g(port, &command) && inject_refuses_dma(state, opcode))
        sent = INJECT_NO_COMMAND;
    if (sent == READ_LOG_EXT)
        sent = begin_log(state, fis);
    *issued = (struct inject_slot){.opcode = NULL};
    issued->opcode = replace(&fis[OPCODE_AT], &issued->old_opcode, sent);
    state->command = opcode;
    if (opcode == IDE_COMMAND_ATAPI_PACKET)
        issued->packet = replace(packet, &issued->old_packet,
                                 (uint8_t)inject_replace_packet(state, *packet, PACKET_BYTES));
    issued->end = state->end;
    issued->has_bus_master_error = state->has_bus_master_error;
    issued->identify = state->identify;
    issued->sensed = state->sensed;
    issued->logged = state->logged;
    state->end = shown;
    state->has_bus_master_error = shows_error;
    state->hba.pending |= 1u << slot;
}

static void change_memory(struct inject_channel *state, const struct command *command)
{
    uint32_t left = command->header->byte_count;

    for (unsigned i = 0; i < AHCI_HEADER_PRDS(command->header) && left; i++) {
        const struct ahci_prd *prd = &command->table->prds[i];
        uint32_t length = (prd->length & AHCI_PRD_LENGTH) + 1;
        uint8_t *bytes = memory_at(prd->address, prd->address_high, length);
        length = length < left ? length : left;
        if (bytes)
            inject_change_data(state, bytes, length);
        left -= length;
    }
}

/* The command in a slot is the driver's again. */
static void put_back(struct inject_port *hba, unsigned slot)
{
    const struct inject_slot *issued = &hba->slots[slot];

    hba->pending &= ~(1u << slot);
    if (issued->opcode)
        *issued->opcode = issued->old_opcode;
    if (issued->packet)
        *issued->packet = issued->old_packet;
}

static void put_all_back(struct inject_port *hba)
{
    while (hba->pending)
        put_back(hba, (unsigned)__builtin_ctz(hba->pending));
}

void inject_hba_end(struct inject_channel *state)
{
    put_all_back(&state->hba);
    state->hba = (struct inject_port){0};
}

/* It is over. */
static void settle(struct inject_channel *state, const uint8_t *port, unsigned slot)
{
    const struct inject_slot *issued = &state->hba.slots[slot];
    struct command command;

    put_back(&state->hba, slot);
    state->has_bus_master_error |= issued->has_bus_master_error;
    inject_begin_data(state, INJECT_NO_COMMAND);
    state->identify_sum = 0;
    state->has_signature = false;
    state->identify = issued->identify;
    state->sensed = issued->sensed;
    state->logged = issued->logged;
    if (inject_changes_data(state) && find_command(port, slot, &command))
        change_memory(state, &command);
    if (!issued->end.rule)
        return;
    state->end = issued->end;
    state->hba.failure =
        (struct inject_failure){(uint8_t)slot, inject_end_status(state), state->end.error};
    uint8_t *received = memory_at(get(port, FB), get(port, FB + 4), AHCI_FIS_BYTES);
    if (received) {
        received[RECEIVED_D2H + 2] = inject_end_status(state);
        received[RECEIVED_D2H + 3] = state->end.error;
    }
}

/* The first of some slots whose command is to fail; 0: there is none. */
static uint32_t failing(const struct inject_port *hba, uint32_t slots)
{
    while (slots && !hba->slots[__builtin_ctz(slots)].end.rule)
        slots &= slots - 1;
    return slots & -slots;
}

void inject_hba_settle(struct inject_channel *state)
{
    struct inject_port *hba = &state->hba;
    const uint8_t *port = hba->pending ? port_of(state->channel) : NULL;

    if (!port)
        return;
    uint32_t over = hba->pending & ~get(port, CI);
    /* A command that has failed may stay issued (AHCI 1.3.1, 6.2.2), and so do those behind it. */
    if ((get(port, IS) | hba->held) & FAILED_IS && !state->end.rule && !failing(hba, over))
        over |= failing(hba, hba->pending);
    for (; over; over &= over - 1)
        settle(state, port, (unsigned)__builtin_ctz(over));
}

/* ------------------------------------------------------------------ interrupts */

/* A command that has failed stops its port (Serial ATA AHCI 1.3.1, 6.2.2). */
bool inject_hba_is_at_work(const struct channel *channel)
{
    const uint8_t *port = port_of(channel);
    return port && get(port, CI) && get(port, CMD) & AHCI_CMD_RUNS &&
           !(get(port, TFD) & IDE_STATUS_ERROR);
}

bool inject_hba_interrupts(const struct channel *channel)
{
    const uint8_t *port = port_of(channel);
    return port && get(port, IS);
}

void inject_hba_hold(struct inject_channel *state, bool is_shown)
{
    unsigned number = state->channel->number;
    uint8_t *registers = registers_of(state->channel->controller);

    if (!registers)
        return;
    uint8_t *port = registers + HBA_PORTS + number * HBA_PORT_BYTES;
    uint32_t causes = get(port, IS);
    state->hba.held |= causes;
    state->hba.is_hidden = !is_shown;
    set(port, IS, causes); /* AHCI 1.3.1, 3.3.5: and then the HBA's own */
    set(registers, HBA_IS_AT, 1u << number);
}

void inject_hba_show(struct inject_channel *state)
{
    state->hba.is_hidden = false;
}

void inject_hba_link(struct inject_channel *state, bool has_come)
{
    state->hba.held |= has_come ? CONNECT_IS | PHY_IS : PHY_IS;
    state->hba.is_hidden = false;
}

/* The bits of IS whose ports show what was held, as far as it interrupts. */
static uint32_t held_ports(const struct controller *controller)
{
    uint32_t ports = 0;
    for (struct inject_channel *state = NULL; (state = inject_next_channel(state));) {
        const uint8_t *port = port_of(state->channel);
        if (state->channel->controller == controller && !state->hba.is_hidden && port &&
            state->hba.held & get(port, IE))
            ports |= 1u << state->channel->number;
    }
    return ports;
}

/* ------------------------------------------------------------------ what is read */

/* The device does not answer: it is busy, or (with what PxTFD shows) gone. */
static bool is_mute(struct inject_channel *state, uint8_t *shown)
{
    if (inject_is_absent(state, shown)) {
        if (!inject_in_effect(state, EFFECT_FLOAT))
            *shown = FLOATING_TFD;
        return true;
    }
    *shown = INJECT_BUSY_STATUS;
    return state->is_early || inject_in_effect(state, EFFECT_BSY);
}

static uint32_t change_task_file(struct inject_channel *state, uint32_t value, bool is_mute_now,
                                 uint8_t shown)
{
    if (is_mute_now)
        return (value & ~0xFFFFu) | shown;
    if (state->end.rule && (value & (IDE_STATUS_BUSY | IDE_STATUS_ERROR)) == IDE_STATUS_ERROR) {
        inject_show(state, state->end.rule);
        value = (value & ~0xFFFFu) | inject_end_status(state) | (uint32_t)state->end.error << 8;
    }
    return inject_in_effect(state, EFFECT_DRQ) ? value | IDE_STATUS_DRQ : value;
}

static uint32_t change_interrupts(const struct inject_channel *state, uint32_t value)
{
    value |= state->hba.is_hidden ? 0 : state->hba.held;
    if (state->has_bus_master_error && value & FAILED_IS)
        value = (value & ~FAILED_IS) | FATAL_IS;
    return value;
}

/* PxCI or PxSACT was read, by which the driver learns what is over. */
static uint32_t change_issued(struct inject_channel *state, enum hba_role role, uint32_t value,
                              bool is_mute_now)
{
    const uint8_t *port = port_of(state->channel);

    if (is_mute_now)
        return value | (role == HBA_PORT_CI ? state->hba.issued : 0);
    state->hba.issued &= value | (port ? get(port, CI) : 0);
    return value;
}

static uint32_t read_of_port(struct inject_channel *state, enum hba_role role, uint32_t value)
{
    uint8_t shown;
    bool is_mute_now = is_mute(state, &shown);
    bool is_gone = inject_in_effect(state, EFFECT_VANISH);

    if (!is_mute_now)
        inject_hba_settle(state);
    switch (role) {
    case HBA_PORT_TFD:
        return change_task_file(state, value, is_mute_now, shown);
    case HBA_PORT_IS:
        return change_interrupts(state, value);
    case HBA_PORT_SSTS:
        return is_gone ? 0 : value;
    case HBA_PORT_SERR:
        return value | (state->hba.held & CONNECT_IS ? CONNECT_SERR : 0) |
               (state->hba.held & PHY_IS ? PHY_SERR : 0);
    case HBA_PORT_SIG:
        return is_gone ? UINT32_MAX : value;
    case HBA_PORT_SACT:
    case HBA_PORT_CI:
        return change_issued(state, role, value, is_mute_now);
    case HBA_NONE:
    case HBA_CAP:
    case HBA_GHC:
    case HBA_IS:
    case HBA_PI:
    case HBA_PORT_CLB:
    case HBA_PORT_CLBU:
    case HBA_PORT_FB:
    case HBA_PORT_FBU:
    case HBA_PORT_IE:
    case HBA_PORT_CMD:
    case HBA_PORT_SCTL:
    case HBA_PORT_FBS:
    case HBA_ROLE_COUNT:
        break;
    }
    return value;
}

/* ------------------------------------------------------------------ what is written */

static void issue_all(struct inject_channel *state, const uint8_t *port, uint32_t slots)
{
    slots &= ~state->hba.issued;
    state->hba.issued |= slots;
    inject_hba_settle(state);
    for (unsigned slot = 0; slot < 32; slot++)
        if (slots >> slot & 1)
            issue(state, port, slot);
}

/* A port is about to get it. False: it does not. */
static bool write_to_port(struct inject_channel *state, enum hba_role role, const uint8_t *port,
                          uint32_t *value)
{
    uint8_t shown;

    if (role == HBA_PORT_CI) {
        if (inject_is_absent(state, &shown)) {
            state->hba.issued |= *value;
            return false;
        }
        issue_all(state, port, *value);
    } else if (role == HBA_PORT_IS) {
        if (state->has_bus_master_error && *value & FATAL_IS) {
            state->has_bus_master_error = false;
            *value |= FAILED_IS;
        }
        state->hba.held &= ~*value | CONNECT_IS | PHY_IS;
    } else if (role == HBA_PORT_SERR) {
        state->hba.held &=
            ~((*value & CONNECT_SERR ? CONNECT_IS : 0) | (*value & PHY_SERR ? PHY_IS : 0));
    } else if (role == HBA_PORT_CMD) {
        if (*value & AHCI_CMD_OVERRIDE)
            inject_note_reset(state, true);
        if (!(*value & AHCI_CMD_START)) {
            inject_hba_settle(state);
            put_all_back(&state->hba);
            state->hba.issued = 0;
        }
    } else if (role == HBA_PORT_SCTL && (*value & AHCI_DET) == AHCI_DET_RESET) {
        inject_note_reset(state, true);
    }
    return true;
}

/* It has got it. A reset is over when DET is 0 again. */
static void written_to_port(struct inject_channel *state, enum hba_role role, uint32_t value)
{
    if (role == HBA_PORT_CI) {
        inject_note_command(state, state->command);
    } else if (role == HBA_PORT_SCTL) {
        bool was_in_reset = state->is_in_reset;
        state->is_in_reset = (value & AHCI_DET) == AHCI_DET_RESET;
        if (was_in_reset && !state->is_in_reset)
            inject_note_command(state, INJECT_SRST);
    }
}

static void reset_all(const struct controller *controller)
{
    for (struct inject_channel *state = NULL; (state = inject_next_channel(state));)
        if (state->channel->controller == controller) {
            inject_note_reset(state, true);
            inject_note_command(state, INJECT_SRST);
        }
}

/* ------------------------------------------------------------------ the controller's own */

static bool is_of_controller(const struct inject_rule *rule, const struct controller *controller,
                             const struct inject_access *access)
{
    return (rule->controller == INJECT_ANY || rule->controller == controller->index) &&
           rule->channel == INJECT_ANY && rule->place == INJECT_PLACE_NUMBER &&
           inject_is_of_place(rule, access);
}

static uint32_t read_of_controller(const struct access_register *reg, uint32_t offset,
                                   uint32_t value)
{
    const struct controller *controller = hba_of(reg)->audit->controller;
    const struct inject_access access = access_to(offset);
    struct inject_rule *rule = NULL;

    if (reg->role == HBA_IS)
        value |= held_ports(controller);
    while ((rule = inject_next_of(INJECT_READ, rule)))
        if (is_of_controller(rule, controller, &access) && inject_hit(rule, NULL))
            value = (value & ~rule->mask) | (rule->value & rule->mask);
    return value;
}

static bool write_to_controller(const struct access_register *reg, uint32_t offset, uint32_t *value)
{
    const struct controller *controller = hba_of(reg)->audit->controller;
    const struct inject_access access = access_to(offset);
    struct inject_rule *rule = NULL;

    while ((rule = inject_next_of(INJECT_WRITE, rule))) {
        if (!is_of_controller(rule, controller, &access) || !inject_hit(rule, NULL))
            continue;
        if (rule->is_drop)
            return false;
        *value = (*value & ~rule->mask) | (rule->value & rule->mask);
    }
    if (reg->role == HBA_GHC && *value & AHCI_GHC_RESET)
        reset_all(controller);
    return true;
}

/* ------------------------------------------------------------------ the ways */

static uint32_t read(const struct access_register *reg, uintptr_t address, unsigned width)
{
    uint32_t offset = hba_offset_of(hba_of(reg), reg);
    struct inject_channel *state = state_of(reg, offset);
    unsigned shift = (unsigned)(address % 4) * 8;
    uint32_t value;

    if (state) {
        const struct inject_access access = access_to(offset);
        inject_note_access(state, &access);
        value = hal_read32((const void *)(address - address % 4));
        value = read_of_port(state, (enum hba_role)reg->role, value);
        value = inject_change_read(state, &access, value);
    } else {
        value = hal_read32((const void *)(address - address % 4));
        value = read_of_controller(reg, offset, value);
    }
    value >>= shift;
    if (width < 4)
        value &= (1u << width * 8) - 1;
    return hba_tell_read(reg, address, width, value);
}

static void write_device(uintptr_t address, unsigned width, uint32_t value)
{
    if (width == 1)
        hal_write8((void *)address, (uint8_t)value);
    else if (width == 2)
        hal_write16((void *)address, (uint16_t)value);
    else
        hal_write32((void *)address, value);
}

static void write(const struct access_register *reg, uintptr_t address, unsigned width,
                  uint32_t value)
{
    uint32_t offset = hba_offset_of(hba_of(reg), reg);
    struct inject_channel *state = state_of(reg, offset);
    enum hba_role role = (enum hba_role)reg->role;
    unsigned shift = (unsigned)(address % 4) * 8;
    bool is_sent;

    if (!hba_tell_write(reg, address, width, &value))
        return;
    value <<= shift;
    if (state) {
        const struct inject_access access = access_to(offset);
        const uint8_t *port = port_of(state->channel);
        inject_note_access(state, &access);
        is_sent = inject_change_write(state, &access, &value) &&
                  (!port || write_to_port(state, role, port, &value));
    } else {
        is_sent = write_to_controller(reg, offset, &value);
    }
    if (!is_sent)
        return;
    write_device(address, width, value >> shift);
    if (state)
        written_to_port(state, role, value);
}

#define DEFINE_WAYS(TYPE, bits)                                    \
    static TYPE ACCESS_WAY read##bits ACCESS_READ(address)         \
    {                                                              \
        return (TYPE)read(reg, address, (bits) / 8);               \
    }                                                              \
    static VOID ACCESS_WAY write##bits ACCESS_WRITE(address, TYPE) \
    {                                                              \
        write(reg, address, (bits) / 8, value);                    \
    }
DEFINE_WAYS(UCHAR, 8)
DEFINE_WAYS(USHORT, 16)
DEFINE_WAYS(ULONG, 32)

const struct access_register inject_hba_ways = {.read8 = read8,
                                                .write8 = write8,
                                                .read16 = read16,
                                                .write16 = write16,
                                                .read32 = read32,
                                                .write32 = write32};
