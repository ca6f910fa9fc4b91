/* SPDX-License-Identifier: MIT */
/*
 * What a command wants of its device: that it is there and awake (HWR-19, 20), has the command
 * (HWR-24, audit_support.c), was selected since the reset (half of HWR-03), has the sectors
 * (HWR-07), and has been set up for it (HWR-06, 14; and where a reset has undone that, HWR-17);
 * that data goes by DMA where that was selected (HWR-26); PACKET's byte count limit (HWR-16). Owns
 * what is known of each device. See audit.h and audit_judge.h.
 */
#include <string.h>

#include "port/access/audit_judge.h"

#define MOST_28 0x0FFFFFFEu /* 2^28 - 2: many drives refuse the last address of 28 bits */

#define SET_MULTIPLE     0xC6
#define SET_MAX          0xF9
#define SET_MAX_EXT      0x37
#define CONFIGURATION    0xB1 /* DEVICE CONFIGURATION */
#define SLEEP_OLD        0x99
#define LIMIT_OF_PACKETS 0xFFFF

/* SET FEATURES. */
#define FEATURE_8_BIT       0x01
#define FEATURE_MODE        0x03
#define FEATURE_KEEP        0x66
#define FEATURE_16_BIT      0x81
#define FEATURE_DO_NOT_KEEP 0xCC

/* ------------------------------------------------------------------ a device */

static bool is_selected(const struct audit *audit, unsigned device)
{
    return audit_device_of(&audit->current) == device;
}

static void set_hazards(struct audit *audit, unsigned device, uint32_t hazards, bool is_set)
{
    uint32_t all = is_selected(audit, device) ? audit->hazards : audit->devices[device].hazards;

    all = is_set ? all | hazards : all & ~hazards;
    if (is_selected(audit, device))
        audit->hazards = all;
    else
        audit->devices[device].hazards = all;
}

static void set_size(struct audit *audit, unsigned device, uint64_t sectors)
{
    audit->devices[device].sectors = sectors;
    audit->devices[device].last_28 =
        sectors && sectors - 1 < MOST_28 ? (uint32_t)sectors - 1 : MOST_28;
    if (is_selected(audit, device))
        audit->last_28 = audit->devices[device].last_28;
}

/* ATA/ATAPI-6, 8.15: words 60 and 61; with 48 bits, words 100 to 103. */
static uint64_t size_of(const uint16_t *words)
{
    if (!(words[49] & 1u << 9))
        return 0;
    if ((words[83] & 0xC400) == 0x4400 && (words[100] | words[101] | words[102] | words[103]))
        return words[100] | (uint64_t)words[101] << 16 | (uint64_t)words[102] << 32 |
               (uint64_t)words[103] << 48;
    return words[60] | (uint64_t)words[61] << 16;
}

void audit_identified(struct audit *audit, unsigned index)
{
    struct audit_device *device = &audit->devices[index];
    const uint16_t *words = device->identify;
    const uint16_t versions = words[80] == 0xFFFF ? 0 : words[80];

    device->is_identified = device->is_still_current = true;
    set_size(audit, index,
             audit->command.registers.command == IDE_COMMAND_IDENTIFY ? size_of(words) : 0);
    set_hazards(audit, index, AUDIT_IS_OLD, versions < 1u << 6);
}

void audit_forget_identified(struct audit *audit)
{
    const unsigned index = audit_device_of(&audit->command.registers);

    if (audit->command.registers.command != IDE_COMMAND_IDENTIFY &&
        audit->command.registers.command != IDE_COMMAND_ATAPI_IDENTIFY)
        return;
    audit->devices[index].is_identified = audit->devices[index].is_still_current = false;
    set_size(audit, index, 0);
    set_hazards(audit, index, AUDIT_IS_OLD, false);
}

void audit_undo(struct audit *audit, unsigned index, bool is_software_reset)
{
    struct audit_device *device = &audit->devices[index];

    set_hazards(audit, index, AUDIT_BUSY | AUDIT_FLOATS | AUDIT_ASLEEP, false);
    device->shown = 0;
    if (is_selected(audit, index))
        audit->shown = 0;
    if (is_software_reset && device->keeps_settings)
        return;
    device->was_without_power &= device->dma == AUDIT_UNDONE || device->multiple == AUDIT_UNDONE;
    device->is_still_current = device->has_8_bit = false;
    if (device->dma == AUDIT_SET) {
        /* One that the firmware has set, it may have told the device to keep; but SET FEATURES 66h
         * is about software resets, and nothing else is kept. */
        device->dma = device->dma_mode || !is_software_reset ? AUDIT_UNDONE : AUDIT_DOUBTFUL;
        set_hazards(audit, index, AUDIT_NO_DMA, true);
    }
    if (device->multiple == AUDIT_SET)
        device->multiple = AUDIT_UNDONE;
}

void audit_power_is_lost(struct channel *channel)
{
    for (unsigned index = 0; index < 2; index++) {
        channel->audit.devices[index].keeps_settings = false;
        audit_undo(&channel->audit, index, false);
        channel->audit.devices[index].was_without_power = true;
    }
    channel->audit.hazards &= ~AUDIT_OF_COMMAND;
}

void audit_start(struct channel *channel)
{
    struct audit *audit = &channel->audit;

    memset(audit->devices, 0, sizeof audit->devices);
    audit->hazards &= AUDIT_NO_INTERRUPT | AUDIT_UNSELECTED | AUDIT_RESETTING;
    audit->hazards |= AUDIT_ALWAYS | AUDIT_NOT_OVER;
    audit->shown = 0;
    audit->polls = 0;
    memset(&audit->command, 0, sizeof audit->command);
    for (unsigned index = 0; index < 2; index++) {
        set_hazards(audit, index, AUDIT_NO_DMA, true);
        set_size(audit, index, 0);
    }
}

void audit_modes_selected(struct channel *channel)
{
    for (unsigned index = 0; index < 2; index++)
        set_hazards(&channel->audit, index, AUDIT_NO_DMA, true);
}

/* ------------------------------------------------------------------ transfer modes */

/* Those of IDENTIFY data, by class as SET FEATURES has it: 0 is single word DMA, 1 multiword, 2
 * Ultra. The high bytes say which one is active. */
static uint8_t modes_of(const struct audit_device *device, unsigned class, bool is_active)
{
    const uint16_t *words = device->identify;
    static const uint8_t word[] = {62, 63, 88};
    uint16_t modes = words[word[class]];

    /* ATA8-ACS, IDENTIFY PACKET DEVICE: with DMADIR, word 62 has the modes of both. */
    if (words[0] >> 14 == 2 && words[62] & 1u << 15)
        return is_active || class == 0
                   ? 0
                   : (uint8_t)(class == 1 ? words[62] >> 7 & 7 : words[62] & 0x7F);
    if (class == 2 && !(words[53] & 4))
        return 0;
    return (uint8_t)(is_active ? modes >> 8 : modes);
}

/* As irb.h has them. */
static const uint8_t class_shift[] = {5, 8, 11};

/* Of a code of SET FEATURES: 10h, 20h and 40h and the mode's number. False: no mode of DMA. */
static bool decode_mode(uint8_t code, unsigned *class, unsigned *number)
{
    *number = code & 7;
    for (*class = 0; *class < 3; ++*class)
        if (code >> 3 == 2u << *class)
            return true;
    return false;
}

static bool has_mode(const struct audit_device *device, uint8_t code, bool is_active)
{
    unsigned class, number;
    return decode_mode(code, &class, &number) && modes_of(device, class, is_active) >> number & 1;
}

/* What the driver has selected in IdeHwInitialize, or AtaControllerTransferModeSelect; 0: nothing
 * that is known. */
static uint32_t selected_modes(const struct channel *channel, unsigned index)
{
    const struct device *device = channel_device(channel, index, 0);
    return device && device->usable ? device->given.parameters.TransferModeSelected & DMA_SUPPORT
                                    : 0;
}

/* Is the device in a mode that the driver counts upon, without having set one? */
static bool is_in_selected_mode(const struct channel *channel, unsigned index, bool *is_any)
{
    const struct audit_device *device = &channel->audit.devices[index];
    uint32_t selected = selected_modes(channel, index), active = 0;

    for (unsigned class = 0; class < 3; class ++)
        active |= (uint32_t)modes_of(device, class, true) << class_shift[class];
    *is_any = active != 0;
    return active && (!selected || active & selected);
}

static bool is_faster_than_selected(const struct channel *channel, unsigned index, uint8_t code)
{
    uint32_t selected = selected_modes(channel, index);
    unsigned class, number;

    return selected && decode_mode(code, &class, &number) &&
           1u << (class_shift[class] + number) > selected;
}

/* HWR-14, and HWR-17. NULL: it is in a good mode, as far as is known. */
static const char *fault_of_mode(struct channel *channel, unsigned index, enum rule *rule)
{
    struct audit_device *device = &channel->audit.devices[index];
    bool is_any;

    *rule = RULE_HWR_14;
    switch ((enum audit_setting)device->dma) {
    case AUDIT_NEVER_SET:
        if (!device->is_identified || is_in_selected_mode(channel, index, &is_any))
            break;
        return is_any ? "no mode was set, and the one that the device is in is not the one that "
                        "was selected for it"
                      : "no mode was set, and the device is in none";
    case AUDIT_SET:
        if (!device->dma_mode)
            break;
        if (device->is_identified && !has_mode(device, device->dma_mode, false))
            return "the mode that was set is none of the device's";
        if (is_faster_than_selected(channel, index, device->dma_mode))
            return "the mode that was set is faster than the one that was selected for controller "
                   "and device";
        break;
    case AUDIT_UNDONE:
        if (device->is_still_current &&
            (device->dma_mode ? has_mode(device, device->dma_mode, true)
                              : is_in_selected_mode(channel, index, &is_any)))
            break;
        *rule = RULE_HWR_17;
        return device->was_without_power
                   ? "the device was without power since the transfer mode was set"
                   : "a reset has come since the transfer mode was set";
    case AUDIT_DOUBTFUL:
        break;
    }
    return NULL;
}

static void judge_mode(struct channel *channel, unsigned index, const char *command)
{
    struct audit_device *device = &channel->audit.devices[index];
    enum rule rule;
    const char *why = NULL;

    if (channel->controller->given.configuration.AtaBusType != IdeBusSata)
        why = fault_of_mode(channel, index, &rule);
    set_hazards(&channel->audit, index, AUDIT_NO_DMA, false);
    if (!why) {
        if (device->dma != AUDIT_DOUBTFUL)
            device->dma = AUDIT_SET;
        return;
    }
    device->dma = AUDIT_DOUBTFUL;
    AUDIT_REPORT(channel, rule, AUDIT_WRITE_ROUTINE, "%s: %s", command, why);
}

/* ------------------------------------------------------------------ HWR-26 */

/* A command that moves sectors by PIO: is it the driver's own choice? */
static void judge_way(struct channel *channel, unsigned index, const char *words)
{
    const struct audit *audit = &channel->audit;
    const struct audit_command command = {.registers = audit->current, .previous = audit->previous};
    struct audit_command asked;
    uint64_t lba;
    uint32_t sectors;
    char asked_words[128];

    if (channel->controller->given.configuration.AtaBusType == IdeBusSata ||
        !selected_modes(channel, index) || !audit_command_address(&command, &lba, &sectors) ||
        !audit_is_asked_for_by_dma(channel, index, lba, sectors, &asked))
        return;
    audit_command_words(&asked, asked_words, sizeof asked_words);
    AUDIT_REPORT(channel, RULE_HWR_26, AUDIT_WRITE_ROUTINE,
                 "%s by PIO: the port has asked for %s, and a mode of DMA is selected", words,
                 asked_words);
}

/* ------------------------------------------------------------------ HWR-06, and 17 */

static void judge_multiple(struct channel *channel, unsigned index, const char *command)
{
    struct audit_device *device = &channel->audit.devices[index];
    const bool is_undone = device->multiple == AUDIT_UNDONE;
    const char *why = "SET MULTIPLE MODE has not succeeded for this device";

    if (device->multiple == AUDIT_SET || device->multiple == AUDIT_DOUBTFUL)
        return;
    device->multiple = AUDIT_DOUBTFUL;
    if (is_undone)
        why = device->was_without_power ? "the device was without power since SET MULTIPLE MODE"
                                        : "a reset has come since SET MULTIPLE MODE";
    AUDIT_REPORT(channel, is_undone ? RULE_HWR_17 : RULE_HWR_06, AUDIT_WRITE_ROUTINE, "%s: %s",
                 command, why);
}

/* ------------------------------------------------------------------ HWR-07 */

static void judge_address(struct channel *channel, unsigned index, const char *words)
{
    const struct audit *audit = &channel->audit;
    const struct audit_command command = {.registers = audit->current, .previous = audit->previous};
    const bool is_48 = audit_opcodes[audit->current.command].flags & OPCODE_48;
    uint64_t size = audit->devices[index].sectors, lba;
    uint32_t sectors;

    if (!audit_command_address(&command, &lba, &sectors) ||
        audit_is_asked_for(channel, lba, sectors))
        return;
    audit_note_care(channel, CARE_FAILED);
    if (size && lba + sectors > size)
        AUDIT_REPORT(channel, RULE_HWR_07, AUDIT_WRITE_ROUTINE,
                     "%s: the device's last sector is %llu", words, (unsigned long long)(size - 1));
    else if (!is_48 && lba + sectors - 1 > MOST_28)
        AUDIT_REPORT(channel, RULE_HWR_07, AUDIT_WRITE_ROUTINE,
                     "%s: the last sector for a command of 28 bits is %u", words, MOST_28);
}

/* ------------------------------------------------------------------ HWR-16 */

static void judge_limit(struct channel *channel)
{
    const union audit_task_file *registers = &channel->audit.current;
    uint32_t limit = registers->lba_mid | (uint32_t)registers->lba_high << 8;

    /* 8.23: FFFFh is taken for FFFEh. */
    if (!(registers->features & 1) && limit & 1 && limit != LIMIT_OF_PACKETS)
        AUDIT_REPORT(channel, RULE_HWR_16, AUDIT_WRITE_ROUTINE,
                     "the byte count limit of PACKET, %u, is odd", (unsigned)limit);
}

/* ------------------------------------------------------------------ a command is about to begin */

/* Nothing else is said of a command to a device that is not there, or asleep. */
static bool is_out_of_reach(struct channel *channel, const char *words)
{
    struct audit *audit = &channel->audit;
    const uint32_t hazards = audit->hazards;

    audit->hazards &= ~(AUDIT_FLOATS | AUDIT_ASLEEP);
    if (hazards & AUDIT_FLOATS)
        AUDIT_REPORT(channel, RULE_HWR_19, AUDIT_WRITE_ROUTINE,
                     "%s: its Status was 0x%02x when it was read last", words, audit->shown);
    else if (hazards & AUDIT_ASLEEP && audit->current.command != IDE_COMMAND_ATAPI_RESET)
        AUDIT_REPORT(channel, RULE_HWR_20, AUDIT_WRITE_ROUTINE,
                     "%s: it sleeps, and only a reset wakes it", words);
    else
        return false;
    return true;
}

void audit_judge_command(struct channel *channel)
{
    struct audit *audit = &channel->audit;
    const struct audit_command command = {.registers = audit->current,
                                          .previous = audit->previous,
                                          .protocol = audit_protocol_of(&audit->current)};
    const unsigned index = audit_device_of(&audit->current);
    const uint8_t flags = audit_opcodes[audit->current.command].flags;
    char words[128];

    audit_command_words(&command, words, sizeof words);
    if (audit->hazards & AUDIT_UNSELECTED)
        AUDIT_REPORT(channel, RULE_HWR_03, AUDIT_WRITE_ROUTINE,
                     "%s: Device was not written since SRST", words);
    audit->hazards &= ~AUDIT_UNSELECTED;
    if (is_out_of_reach(channel, words) || audit_is_unsupported(channel, index, words))
        return;
    judge_address(channel, index, words);
    if (flags & OPCODE_MULTIPLE)
        judge_multiple(channel, index, words);
    if (audit->hazards & AUDIT_NO_DMA && audit_is_by_dma(&command))
        judge_mode(channel, index, words);
    if (command.protocol == PROTOCOL_PACKET)
        judge_limit(channel);
    if (flags & OPCODE_ADDRESS &&
        (command.protocol == PROTOCOL_PIO_IN || command.protocol == PROTOCOL_PIO_OUT))
        judge_way(channel, index, words);
}

/* ------------------------------------------------------------------ and is over */

static void note_feature(struct audit *audit, unsigned index)
{
    const struct audit_command *command = &audit->command;
    struct audit_device *device = &audit->devices[index];
    unsigned class, number;

    switch (command->registers.features) {
    case FEATURE_MODE:
        if (!decode_mode(command->registers.sector_count, &class, &number))
            break;
        device->dma = AUDIT_SET;
        device->dma_mode = command->registers.sector_count;
        set_hazards(audit, index, AUDIT_NO_DMA, true); /* is it a good one? */
        break;
    case FEATURE_KEEP:
        device->keeps_settings = true;
        break;
    case FEATURE_DO_NOT_KEEP:
        device->keeps_settings = false;
        break;
    case FEATURE_8_BIT:
        device->has_8_bit = true;
        break;
    case FEATURE_16_BIT:
        device->has_8_bit = false;
        break;
    }
}

static void note_multiple(struct audit *audit, unsigned index, bool has_succeeded)
{
    struct audit_device *device = &audit->devices[index];
    const uint8_t sectors = audit->command.registers.sector_count;

    if (!has_succeeded) { /* which count holds now is not said */
        if (device->multiple == AUDIT_SET)
            device->multiple = AUDIT_DOUBTFUL;
        device->multiple_sectors = 0;
        return;
    }
    device->multiple = sectors ? AUDIT_SET : AUDIT_NEVER_SET;
    device->multiple_sectors = sectors;
}

void audit_note_end(struct channel *channel, bool has_succeeded)
{
    struct audit *audit = &channel->audit;
    const unsigned index = audit_device_of(&audit->command.registers);

    switch (audit->command.registers.command) {
    case IDE_COMMAND_SET_FEATURE:
        if (has_succeeded)
            note_feature(audit, index);
        break;
    case SET_MULTIPLE:
        note_multiple(audit, index, has_succeeded);
        break;
    case IDE_COMMAND_SLEEP:
    case SLEEP_OLD:
        set_hazards(audit, index, AUDIT_ASLEEP, has_succeeded);
        break;
    case SET_MAX: /* how many sectors there are now, IDENTIFY says */
    case SET_MAX_EXT:
    case CONFIGURATION:
        set_size(audit, index, 0);
        break;
    }
}
