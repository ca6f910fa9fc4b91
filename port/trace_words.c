/* SPDX-License-Identifier: MIT */
/* Entries of the trace in words; see trace_words.h. Any context. */
#include "port/trace_words.h"

#include <stdio.h>
#include <string.h>

#include "lib/plural.h"
#include "port/access/names.h"
#include "port/contract/context.h"
#include "port/contract/rules.h"
#include "port/irb_names.h"
#include "port/irql.h"
#include "port/states.h"

#define PACKET     0xA0u
#define PRDS_SHOWN 4u

#define DEVICE_CONTROL_RESET 0x04u
#define BUS_MASTER_START     0x01u
#define BUS_MASTER_TO_MEMORY 0x08u

/* ------------------------------------------------------------------ what was written before */

void trace_reader_begin(struct trace_reader *reader, const struct trace_world *world)
{
    *reader = (struct trace_reader){.world = world};
    for (unsigned i = 0; i < TRACE_TASK_FILES; i++)
        reader->files[i].channel = TRACE_NO_CHANNEL;
}

static struct trace_task_file *task_file(struct trace_reader *reader, uint16_t channel)
{
    for (unsigned i = 0; i < TRACE_TASK_FILES; i++)
        if (reader->files[i].channel == channel)
            return &reader->files[i];
    struct trace_task_file *file = &reader->files[reader->next_file++ % TRACE_TASK_FILES];
    *file = (struct trace_task_file){.channel = channel};
    return file;
}

/* A device answers into the same registers, but for Device: what was written there before a command
 * says nothing of the next one. ATA/ATAPI-6, 9.2: a reset selects device 0. */
static void note_write(struct trace_task_file *file, enum access_role role, uint8_t value)
{
    const uint16_t device = 1u << ROLE_DEVICE;

    if (role == ROLE_STATUS) {
        file->has_now &= device;
        file->has_before = 0;
        file->is_packet = value == PACKET;
    } else if (role == ROLE_ALTERNATE_STATUS && value & DEVICE_CONTROL_RESET) {
        file->now[ROLE_DEVICE] = 0;
        file->has_now = device;
        file->has_before = 0;
        file->is_packet = false;
    } else if (role == ROLE_BUS_MASTER_COMMAND) {
        file->is_running = value & BUS_MASTER_START;
        file->is_known = true;
    } else if (role < TASK_FILE_COUNT) {
        file->has_before = (uint16_t)(file->has_before | (file->has_now & 1u << role));
        file->before[role] = file->now[role];
        file->now[role] = value;
        file->has_now |= (uint16_t)(1u << role);
    }
}

void trace_reader_note(struct trace_reader *reader, const struct trace_entry *entry)
{
    enum trace_kind kind = trace_kind_of(entry->head);
    struct trace_register found;

    if (trace_gap_of(entry->head) & TRACE_GAP_PORTS) {
        trace_reader_begin(reader, reader->world);
        return;
    }
    if (kind == TRACE_PACKET && entry->head >> 24 <= TRACE_PACKET_BYTES - 4) {
        memcpy(reader->packet + (entry->head >> 24), &entry->value, 4);
        reader->has_packet = true;
    }
    if (kind == TRACE_PORT_BUFFER)
        reader->has_packet = false;
    if (kind != TRACE_PORT_WRITE || !reader->world->find(false, (uint16_t)entry->head, &found))
        return;
    note_write(task_file(reader, found.channel), found.role, (uint8_t)entry->value);
}

/* ------------------------------------------------------------------ whose it is */

/* The beginning of a line; nothing has a channel of its own before DriverEntry has returned. */
static void put_channel(unsigned channel, char *text, size_t size)
{
    char name[TRACE_CHANNEL_NAME] = "";

    if (channel != TRACE_NO_CHANNEL)
        trace_channel_name(channel, name, sizeof name);
    snprintf(text, size, "%-4s ", name);
}

/* ------------------------------------------------------------------ registers */

/* A value of Device. */
static void add_device(uint8_t value, char *text, size_t size)
{
    trace_add(text, size, " device %u%s", value >> 4 & 1, value & 0x40 ? ", LBA" : "");
    if (value & 0x0F)
        trace_add(text, size, value & 0x40 ? ", bits 27:24 = %#x" : ", head %u", value & 0x0Fu);
}

/* The table that the bus master was started on. */
static void add_prds(const struct trace_reader *reader, uint16_t channel, char *text, size_t size)
{
    struct trace_prd prds[PRDS_SHOWN];
    unsigned count =
        reader->is_last_start ? reader->world->find_table(channel, prds, PRDS_SHOWN) : 0;

    for (unsigned i = 0; i < count && i < PRDS_SHOWN; i++)
        trace_add(text, size, "%s%#x: %u", i ? ", " : ", PRD ", (unsigned)prds[i].address,
                  (unsigned)prds[i].byte_count);
    if (count > PRDS_SHOWN)
        trace_add(text, size, " and %u more", count - PRDS_SHOWN);
}

static void add_bus_master(const struct trace_reader *reader, const struct trace_task_file *file,
                           uint8_t value, char *text, size_t size)
{
    const char *direction = value & BUS_MASTER_TO_MEMORY ? "to memory" : "from memory";

    if (value & BUS_MASTER_START && !(file->is_known && file->is_running)) {
        trace_add(text, size, " bus master start, %s", direction);
        add_prds(reader, file->channel, text, size);
    } else if (value & BUS_MASTER_START) {
        trace_add(text, size, " bus master goes on, %s", direction);
    } else {
        trace_add(text, size, " bus master %s, %s",
                  file->is_known && !file->is_running ? "stopped" : "stop", direction);
    }
}

/* What a value says, in a register of that role. */
static void add_value(struct trace_reader *reader, uint16_t channel, enum access_role role,
                      bool is_write, uint8_t value, char *text, size_t size)
{
    const struct trace_task_file *file = task_file(reader, channel);
    enum name_bits bits = register_bits(role, is_write);
    char names[80];

    if (role == ROLE_DEVICE) {
        add_device(value, text, size);
    } else if (role == ROLE_BUS_MASTER_COMMAND && is_write) {
        add_bus_master(reader, file, value, text, size);
    } else {
        if (file->is_packet && !is_write && role == ROLE_ERROR)
            bits = BITS_PACKET_ERROR;
        if (file->is_packet && !is_write && role == ROLE_SECTOR_COUNT)
            bits = BITS_INTERRUPT_REASON;
        bits_write(bits, value, names, sizeof names);
        trace_add(text, size, "%s%s", names[0] ? " " : "", names);
    }
}

/* One of AHCI's: "P0CMD" for PxCMD. */
static void add_ahci(uint32_t offset, bool is_write, uint32_t value, char *text, size_t size)
{
    char names[120];
    int port;
    const char *name = ahci_register_name(offset, &port);

    if (!name)
        trace_add(text, size, "register %#x", (unsigned)offset);
    else if (port < 0)
        trace_add(text, size, "%s", name);
    else
        trace_add(text, size, "P%d%s", port, name + 2);
    bits_write(ahci_register_bits(offset), value, names, sizeof names);
    trace_add(text, size, " %s 0x%08x%s%s", is_write ? "<-" : "->", (unsigned)value,
              names[0] ? " " : "", names);
}

static void put_access(struct trace_reader *reader, const struct trace_entry *entry, char *text,
                       size_t size)
{
    enum trace_kind kind = trace_kind_of(entry->head);
    unsigned extra = entry->head >> 24, digits = (extra & TRACE_WIDTH) * 2;
    bool is_memory = kind == TRACE_REGISTER_READ || kind == TRACE_REGISTER_WRITE;
    bool is_write = kind == TRACE_PORT_WRITE || kind == TRACE_REGISTER_WRITE;
    uint16_t where = (uint16_t)entry->head;
    struct trace_register found;
    bool is_found = reader->world->find(is_memory, where, &found);

    put_channel(is_found ? found.channel : TRACE_NO_CHANNEL, text, size);
    if (is_found && found.role == ROLE_NONE) {
        add_ahci(found.offset, is_write, entry->value, text, size);
    } else if (is_found && found.role == ROLE_STATUS && is_write) {
        trace_add(text, size, "Command <- ");
        trace_command_words(task_file(reader, found.channel), (uint8_t)entry->value, text, size);
    } else if (is_found) {
        trace_add(text, size, "%s %s 0x%0*x", register_name(found.role, is_write),
                  is_write ? "<-" : "->", digits, (unsigned)entry->value);
        add_value(reader, found.channel, found.role, is_write, (uint8_t)entry->value, text, size);
    } else {
        trace_add(text, size, "%s%04x %s 0x%0*x", is_memory ? "memory 0x..." : "port 0x", where,
                  is_write ? "<-" : "->", digits, (unsigned)entry->value);
    }
    if (extra & TRACE_INJECTED)
        trace_add(text, size, " (injected)");
    if (extra & TRACE_OWN)
        trace_add(text, size, " (the port's own look)");
}

static void put_buffer(struct trace_reader *reader, const struct trace_entry *entry, char *text,
                       size_t size)
{
    bool is_memory = trace_kind_of(entry->head) == TRACE_REGISTER_BUFFER;
    unsigned extra = entry->head >> 24, width = extra & TRACE_WIDTH;
    unsigned byte_count = (unsigned)entry->value * width;
    const char *way = extra & TRACE_IS_OUT ? "<-" : "->";
    struct trace_register found;
    bool is_found = reader->world->find(is_memory, (uint16_t)entry->head, &found);

    put_channel(is_found ? found.channel : TRACE_NO_CHANNEL, text, size);
    if (is_found && found.role != ROLE_NONE)
        trace_add(text, size, "%s", register_name(found.role, extra & TRACE_IS_OUT));
    else
        trace_add(text, size, "%s%04x", is_memory ? "memory 0x..." : "port 0x",
                  (unsigned)(uint16_t)entry->head);
    trace_add(text, size, " %s %u byte%s (%u x %u)", way, byte_count, plural(byte_count),
              (unsigned)entry->value, width);
    if (reader->has_packet) {
        trace_add(text, size, ": ");
        trace_packet_words(reader->packet, text, size);
    }
}

/* ------------------------------------------------------------------ calls and requests */

static const char *irql_name(unsigned level)
{
    static const char *const names[] = {"PASSIVE_LEVEL", "DISPATCH_LEVEL", "DIRQL"};
    return level <= IRQL_DIRQL ? names[level] : "?";
}

/* A line that begins with a channel. */
static __attribute__((format(printf, 4, 5))) void put_line(unsigned channel, char *text,
                                                           size_t size, const char *format, ...)
{
    va_list arguments;

    put_channel(channel, text, size);
    size_t length = strlen(text);
    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

static void put_call(unsigned channel, uint32_t value, char *text, size_t size)
{
    struct context call = {.kind = (enum context_kind)(value & 0xFF),
                           .action = (IDE_CONTROL_ACTION)(value >> 8 & 0xFF)};
    char name[48];

    context_name(&call, name, sizeof name);
    put_line(channel, text, size, "call %s at %s", name, irql_name(value >> 16 & 0xFF));
}

static void put_state(unsigned where, unsigned machine, uint32_t value, char *text, size_t size)
{
    char subject[64];

    if (machine >= MACHINE_COUNT)
        return;
    state_subject((enum state_machine)machine, where | (value & STATE_UNIT), subject,
                  sizeof subject);
    put_line(TRACE_NO_CHANNEL, text, size, "%s: %s -> %s", subject,
             state_name((enum state_machine)machine, value & 0xFF),
             state_name((enum state_machine)machine, value >> 8 & 0xFF));
}

static void put_recovery(unsigned channel, unsigned what, uint32_t value, char *text, size_t size)
{
    const unsigned target = value & 0xFF;

    switch ((enum traced_recovery)what) {
    case TRACED_REPEAT:
        put_line(channel, text, size, "target %u: a request is to be repeated, after %s", target,
                 irb_status_name((uint8_t)(value >> 8)));
        if (value >> 24)
            trace_add(text, size, " (%u of %u)", (unsigned)(value >> 16 & 0xFF),
                      (unsigned)(value >> 24));
        else
            trace_add(text, size, " (in another mode)");
        break;
    case TRACED_STEP:
        put_line(channel, text, size, "target %u: a step down, to a slower mode or PIO", target);
        break;
    case TRACED_OFF_LINE:
        put_line(channel, text, size, "target %u is taken off line", target);
        break;
    }
}

void trace_reader_words(struct trace_reader *reader, const struct trace_entry *entry, char *text,
                        size_t size)
{
    unsigned where = (uint16_t)entry->head, extra = entry->head >> 24;
    uint32_t value = entry->value;

    text[0] = 0;
    switch (trace_kind_of(entry->head)) {
    case TRACE_PORT_READ:
    case TRACE_PORT_WRITE:
    case TRACE_REGISTER_READ:
    case TRACE_REGISTER_WRITE:
        put_access(reader, entry, text, size);
        break;
    case TRACE_PORT_BUFFER:
    case TRACE_REGISTER_BUFFER:
        put_buffer(reader, entry, text, size);
        break;
    case TRACE_CALL:
        put_call(where, value, text, size);
        break;
    case TRACE_FALSE:
        put_line(where, text, size, "%s returns FALSE",
                 context_kind_name((enum context_kind)value));
        break;
    case TRACE_RULE:
        put_line(where, text, size, "rule %s is broken", contract_rule_id((enum rule)value));
        break;
    case TRACE_STATE:
        put_state(where, extra, value, text, size);
        break;
    case TRACE_IRB_START:
        put_line(where, text, size,
                 "IRB in slot %u begins: %s, IdeHwBuildIo at %s, IdeHwStartIo at %s", extra,
                 irb_function_name((uint16_t)value), irql_name(value >> 24 & 0xFF),
                 irql_name(value >> 16 & 0xFF));
        break;
    case TRACE_IRB_END:
        put_line(where, text, size, "IRB in slot %u ends: %s", extra,
                 irb_status_name((uint8_t)value));
        break;
    case TRACE_FAULT:
        put_line(where, text, size, "fault %u is injected", (unsigned)value);
        break;
    case TRACE_RECOVERY:
        put_recovery(where, extra, value, text, size);
        break;
    case TRACE_TIMEOUT:
        put_line(where, text, size, "IRB in slot %u: its time is over", extra);
        break;
    case TRACE_WAITS:
        if (extra >= TRACE_DROPPED)
            put_line(where, text, size, "a request leaves its queue");
        else
            put_line(where, text, size, "a request waits, for target %u", extra);
        break;
    case TRACE_BUILD:
        put_line(where, text, size, "IRB in slot %u is for target %u", extra, value >> 16 & 0xFF);
        break;
    case TRACE_NONE:
    case TRACE_IRB_FORM:
    case TRACE_PACKET:
    case TRACE_KIND_COUNT:
        break;
    }
}
