/* SPDX-License-Identifier: MIT */
/*
 * The ways of an access to a port while fault rules are armed: what the rules make of it, the
 * device, the auditor, the trace. Each register of a channel goes here then, since what a device
 * does of itself shows in all of them; without rules nothing leads here.
 *
 * Entered from every context in which a miniport runs.
 */
#include <string.h>

#include "port/access/audit.h"
#include "port/access/inject_data.h"
#include "port/access/inject_effects.h"
#include "port/access/inject_hba.h"
#include "port/access/inject_ports.h"
#include "port/trace.h"

#define BUS_MASTER_ACTIVE    0x01u
#define BUS_MASTER_ERROR     0x02u
#define BUS_MASTER_INTERRUPT 0x04u

/* ------------------------------------------------------------------ the device */

static uint32_t read_device(uint16_t port, unsigned width)
{
    return width == 1 ? hal_in8(port) : width == 2 ? hal_in16(port) : hal_in32(port);
}

static void write_device(uint16_t port, unsigned width, uint32_t value)
{
    if (width == 1)
        hal_out8(port, (uint8_t)value);
    else if (width == 2)
        hal_out16(port, (uint16_t)value);
    else
        hal_out32(port, value);
}

static void read_device_block(uint16_t port, unsigned width, void *buffer, uint32_t count)
{
    if (width == 1)
        hal_in_buffer8(port, buffer, count);
    else if (width == 2)
        hal_in_buffer16(port, buffer, count);
    else
        hal_in_buffer32(port, buffer, count);
}

static void write_device_block(uint16_t port, unsigned width, const void *buffer, uint32_t count)
{
    if (width == 1)
        hal_out_buffer8(port, buffer, count);
    else if (width == 2)
        hal_out_buffer16(port, buffer, count);
    else
        hal_out_buffer32(port, buffer, count);
}

/* ------------------------------------------------------------------ what is read */

static struct inject_access access_to(const struct access_register *reg, uint16_t port)
{
    return (struct inject_access){(enum access_role)reg->role, port, INJECT_NOWHERE};
}

static bool is_bus_master(const struct access_register *reg)
{
    return reg->role >= ROLE_BUS_MASTER_COMMAND;
}

/* Has the device failed the command that it got in place of another one? */
static bool has_ended(const struct inject_channel *state, uint32_t status)
{
    return state->end.rule && state->end.target == state->target &&
           (status & (IDE_STATUS_BUSY | IDE_STATUS_ERROR)) == IDE_STATUS_ERROR;
}

/* Status of a device that says something, as the rules want it. */
static uint32_t change_status(struct inject_channel *state, uint32_t value)
{
    const struct inject_end *end = &state->end;

    if (value & IDE_STATUS_BUSY)
        return value;
    if (has_ended(state, value)) {
        value &= ~(uint32_t)(IDE_STATUS_ERROR | INJECT_STATUS_DF | IDE_STATUS_DRQ);
        value |= inject_end_status(state);
        inject_show(state, end->rule);
    }
    return inject_in_effect(state, EFFECT_DRQ) ? value | IDE_STATUS_DRQ : value;
}

/* Error, which is 0 where there is no device. */
static uint32_t change_error(const struct inject_channel *state, uint32_t value)
{
    bool is_ours = value && state->end.rule && state->end.target == state->target;
    return is_ours ? state->end.error : value;
}

static uint32_t change_bus_master_status(const struct inject_channel *state, uint32_t value)
{
    if (state->has_bus_master_error && value & BUS_MASTER_INTERRUPT)
        value = (value | BUS_MASTER_ERROR) & ~BUS_MASTER_ACTIVE;
    return state->has_latch ? value | BUS_MASTER_INTERRUPT : value;
}

/* What the registers of a device show that can't be asked. False: it can. */
static bool is_mute(struct inject_channel *state, const struct access_register *reg, uint8_t *shown)
{
    if (is_bus_master(reg))
        return false;
    if (inject_is_absent(state, shown))
        return true;
    *shown = INJECT_BUSY_STATUS;
    return state->is_early || inject_in_effect(state, EFFECT_BSY);
}

/* *is_injected: the device has not said that. */
static uint32_t read_filtered(struct inject_channel *state, const struct access_register *reg,
                              uint16_t port, unsigned width, bool *is_injected)
{
    const struct inject_access access = access_to(reg, port);
    uint32_t value, said;
    uint8_t shown;

    inject_note_access(state, &access);
    if (is_mute(state, reg, &shown)) {
        value = shown * 0x01010101u;
        said = ~value; /* nobody has asked it */
    } else {
        value = said = read_device(port, width);
        if (reg->role == ROLE_STATUS || reg->role == ROLE_ALTERNATE_STATUS)
            value = change_status(state, value);
        else if (reg->role == ROLE_ERROR)
            value = change_error(state, value);
        else if (reg->role == ROLE_BUS_MASTER_STATUS)
            value = change_bus_master_status(state, value);
        else if (reg->role == ROLE_DATA)
            inject_change_data(state, (uint8_t *)&value, width);
    }
    if (reg->role == ROLE_STATUS && !state->withheld)
        inject_mask_line(state, false); /* the device has withdrawn its interrupt */
    value = inject_change_read(state, &access, value) & UINT32_MAX >> (32 - 8 * width);
    *is_injected = value != said;
    return value;
}

/* ------------------------------------------------------------------ what is written */

/* Does a device that can't be asked hear it all the same? Device Control is not its alone, nor is
 * Device; and DEVICE RESET is for packet devices that are busy (ATA/ATAPI-6, 9.11). */
static bool is_heard(struct inject_channel *state, const struct access_register *reg,
                     uint32_t value)
{
    uint8_t shown;

    if (!is_mute(state, reg, &shown))
        return true;
    if (inject_in_effect(state, EFFECT_FLOAT))
        return false;
    return reg->role == ROLE_ALTERNATE_STATUS ||
           (reg->role == ROLE_DEVICE && shown != INJECT_BUSY_STATUS) ||
           (reg->role == ROLE_STATUS && shown == INJECT_BUSY_STATUS &&
            value == IDE_COMMAND_ATAPI_RESET);
}

/* Does a command move its data by bus master? PACKET says so in Features. */
static bool is_dma(const struct inject_channel *state, uint8_t opcode)
{
    const uint8_t protocol = audit_opcodes[opcode].protocol;

    return protocol == PROTOCOL_DMA_IN || protocol == PROTOCOL_DMA_OUT ||
           protocol == PROTOCOL_QUEUED || (protocol == PROTOCOL_PACKET && state->features & 1);
}

/* Whose command it is: such a channel has one at a time. */
static const struct request *request_of(const struct inject_channel *state)
{
    const struct irb_slot *slot = state->channel->irbs.last;
    return slot && slot->state == SLOT_ACTIVE ? slot->request : NULL;
}

/* What a device is about to get: what it means, and what it gets in its place. */
static uint32_t note_write(struct inject_channel *state, enum access_role role, unsigned width,
                           uint32_t value)
{
    switch (role) {
    case ROLE_ERROR: /* Features */
        state->features = (uint8_t)value;
        break;
    case ROLE_DEVICE:
        state->target = value >> 4 & 1;
        break;
    case ROLE_STATUS: /* Command */
        if (value == IDE_COMMAND_ATAPI_RESET)
            inject_note_reset(state, false);
        state->has_bus_master_error = false;
        if (inject_awaits_request())
            inject_begin_request(request_of(state));
        inject_begin_data(state, (uint8_t)value);
        return inject_replace_command(state, (uint8_t)value, is_dma(state, (uint8_t)value));
    case ROLE_ALTERNATE_STATUS: /* Device Control */
        if (value & IDE_DC_RESET_CONTROLLER)
            inject_note_reset(state, true);
        break;
    case ROLE_DATA:
        return inject_replace_packet(state, value, width);
    case ROLE_BUS_MASTER_STATUS:
        if (value & BUS_MASTER_ERROR)
            state->has_bus_master_error = false;
        if (value & BUS_MASTER_INTERRUPT)
            state->has_latch = false;
        break;
    case ROLE_NONE:
    case ROLE_SECTOR_COUNT:
    case ROLE_LBA_LOW:
    case ROLE_LBA_MID:
    case ROLE_LBA_HIGH:
    case ROLE_BUS_MASTER_COMMAND:
    case ROLE_BUS_MASTER_TABLE:
    case ROLE_BUS_MASTER_TABLE_1:
    case ROLE_BUS_MASTER_TABLE_2:
    case ROLE_BUS_MASTER_TABLE_3:
    case ROLE_COUNT:
        break;
    }
    return value;
}

/* It has got it. A software reset begins when SRST is cleared, as far as the host can see. */
static void note_written(struct inject_channel *state, enum access_role role, uint32_t value)
{
    if (role == ROLE_STATUS) {
        inject_note_command(state, (uint8_t)value);
    } else if (role == ROLE_ALTERNATE_STATUS) {
        bool was_in_reset = state->is_in_reset;
        state->is_in_reset = value & IDE_DC_RESET_CONTROLLER;
        if (state->is_in_reset)
            state->target = 0; /* ATA/ATAPI-6, 9.2 */
        if (was_in_reset && !state->is_in_reset)
            inject_note_command(state, INJECT_SRST);
    }
}

/* False: the device has not got what the driver has written. */
static bool write_filtered(struct inject_channel *state, const struct access_register *reg,
                           uint16_t port, unsigned width, uint32_t value)
{
    const struct inject_access access = access_to(reg, port);
    enum access_role role = (enum access_role)reg->role;
    uint32_t wanted = value, sent;

    inject_note_access(state, &access);
    if (!inject_change_write(state, &access, &value) || !is_heard(state, reg, value))
        return false;
    sent = note_write(state, role, width, value);
    write_device(port, width, sent);
    note_written(state, role, value);
    return sent == wanted;
}

/* ------------------------------------------------------------------ the ways */

static uint32_t read(const struct access_register *reg, uint16_t port, unsigned width)
{
    struct inject_channel *state = inject_channel(reg->channel);
    bool is_injected = false;

    access_before_read(reg);
    uint32_t value =
        state ? read_filtered(state, reg, port, width, &is_injected) : read_device(port, width);

    access_tell_read(reg, port, width, value, is_injected);
    return value;
}

static void write(const struct access_register *reg, uint16_t port, unsigned width, uint32_t value)
{
    struct inject_channel *state = inject_channel(reg->channel);
    bool is_injected = false;

    value = access_before_write(reg, width, value);
    if (state)
        is_injected = !write_filtered(state, reg, port, width, value);
    else
        write_device(port, width, value);
    access_tell_write(reg, port, width, value, is_injected);
}

#define DEFINE_WAYS(TYPE, bits)                                 \
    static TYPE ACCESS_WAY read##bits ACCESS_READ(port)         \
    {                                                           \
        return (TYPE)read(reg, (uint16_t)port, (bits) / 8);     \
    }                                                           \
    static VOID ACCESS_WAY write##bits ACCESS_WRITE(port, TYPE) \
    {                                                           \
        write(reg, (uint16_t)port, (bits) / 8, value);          \
    }
DEFINE_WAYS(UCHAR, 8)
DEFINE_WAYS(USHORT, 16)
DEFINE_WAYS(ULONG, 32)

/* ------------------------------------------------------------------ blocks */

/* A block of Data is one access; other registers' units come one by one. */
static void read_block_filtered(struct inject_channel *state, const struct access_register *reg,
                                uint16_t port, unsigned width, void *buffer, uint32_t count)
{
    const struct inject_access access = access_to(reg, port);
    uint32_t first = 0;
    uint8_t shown;

    inject_note_access(state, &access);
    if (is_mute(state, reg, &shown)) {
        memset(buffer, shown, (size_t)count * width);
    } else {
        read_device_block(port, width, buffer, count);
        inject_change_data(state, buffer, (size_t)count * width);
    }
    memcpy(&first, buffer, width);
    first = inject_change_read(state, &access, first);
    memcpy(buffer, &first, width);
}

static void read_block(const struct access_register *reg, uint16_t port, unsigned width,
                       void *buffer, uint32_t count)
{
    struct inject_channel *state = inject_channel(reg->channel);

    if (state && count)
        read_block_filtered(state, reg, port, width, buffer, count);
    else
        read_device_block(port, width, buffer, count);
}

/* What a rule changes is the first unit. */
static void write_block_filtered(struct inject_channel *state, const struct access_register *reg,
                                 uint16_t port, unsigned width, const void *buffer, uint32_t count)
{
    const struct inject_access access = access_to(reg, port);
    uint32_t first = 0;

    memcpy(&first, buffer, width);
    inject_note_access(state, &access);
    if (!inject_change_write(state, &access, &first) || !is_heard(state, reg, first))
        return;
    first = inject_replace_packet(state, first, (size_t)count * width);
    write_device(port, width, first);
    write_device_block(port, width, (const uint8_t *)buffer + width, count - 1);
}

static void write_block(const struct access_register *reg, uint16_t port, unsigned width,
                        const void *buffer, uint32_t count)
{
    struct inject_channel *state = inject_channel(reg->channel);

    if (state && count)
        write_block_filtered(state, reg, port, width, buffer, count);
    else
        write_device_block(port, width, buffer, count);
}

uint8_t inject_look(uint16_t port)
{
    uint8_t value = hal_in8(port);

    trace(TRACE_PORT_READ, port, 1 | TRACE_OWN, value);
    return value;
}

/* A device with DRQ waits for the host, or its data goes by the bus master, if that runs. QEMU: a
 * packet device shows BSY with it then, and without BSY it wants its packet. */
bool inject_ports_are_at_work(struct channel *channel)
{
    const struct inject_channel *state = inject_channel(channel);
    const uint16_t port = channel->audit.ports.bus_master_status;
    uint8_t status;

    if (!channel->audit.ports.alternate_status || !state || state->is_in_reset)
        return false;
    status = inject_look(channel->audit.ports.alternate_status);
    if (AUDIT_IS_FLOATING(status))
        return false;
    if (!(status & IDE_STATUS_DRQ))
        return status & IDE_STATUS_BUSY;
    if (!port || !(inject_look(port) & BUS_MASTER_ACTIVE))
        return false;
    return status & IDE_STATUS_BUSY || channel_device_kind(channel, state->target) != DEVICE_ATAPI;
}

/* ------------------------------------------------------------------ all of it */

static struct access_filter filter = {
    .ways = {.read8 = read8,
             .write8 = write8,
             .read16 = read16,
             .write16 = write16,
             .read32 = read32,
             .write32 = write32},
    .read_block = read_block,
    .write_block = write_block,
};

/* What was not followed: which device is selected. (Nobody is told of it, and no device minds.) */
static void look_around(void)
{
    for (struct channel *channel = NULL; (channel = port_next_channel(channel));) {
        uint16_t status = channel->audit.ports.status;
        struct inject_channel *state = status ? inject_channel(channel) : NULL;
        if (!state)
            continue;
        state->target = inject_look((uint16_t)(status - ROLE_STATUS + ROLE_DEVICE)) >> 4 & 1;
        state->command = INJECT_ANY;
        state->is_in_reset = false;
    }
}

void inject_filter_ports(bool wanted)
{
    if (wanted)
        look_around();
    bool enabled = hal_interrupts_disable(); /* a driver would meet registers half marked */
    filter.hba_ways = inject_hba_ways;
    access_filter = wanted ? &filter : NULL;
    for (unsigned i = 0; i < port_controller_count; i++) {
        if (port_controllers[i].port_map)
            access_mark(&port_controllers[i]);
        hba_mark(&port_controllers[i]);
    }
    hal_interrupts_restore(enabled);
}
