/* SPDX-License-Identifier: MIT */
/*
 * The registry: settings come from there, what was learnt of the device goes there.
 *
 * Owns: the channel's registry buffer, which the port lends from IdeHwControl(IdeStart) to
 * IdeHwControl(IdeStop). May not: fail; without a buffer there are default settings and no notes.
 *
 * Everything is a value of ...\Services\<service>\Controller<N>\Channel<M>. Settings, all
 * REG_DWORD; a missing one changes nothing:
 *
 *     NcqDisabled  1: no queued commands
 *     Depth        1 to 32: commands at a time
 *     LinkPower    0: the link stays awake. What the controller has of the following: 1: an idle
 *                  link may sleep a little (Partial), 2: and deeply (Slumber). Then it is not heard
 *                  when a device is pulled out, but by the command that fails (AHCI: 7.3)
 *
 * Notes, for a device that was there when the channel was used last:
 *
 *     Device0Model   REG_SZ
 *     Device0Depth   REG_DWORD, the queued commands that it took at a time; 0: none
 *     Device0Errors  REG_DWORD, how many of its commands failed from start to stop
 *
 * ddi: a deferred write keeps a reference to the bytes in the buffer, which must then stay as they
 * are until the buffer is freed. The model is known in IdeHwInitialize, where nothing may be stored
 * at once, and is handed over there; the others are final at the stop only.
 */
#include "steps.h"

#define MODEL_WORD       27 /* ACS: IDENTIFY DEVICE, words 27 to 46: model number */
#define MODEL_CHARACTERS 40
#define MODELS           4 /* a device may be replaced by another while we run */

struct ahci_notes {
    ULONG setting; /* one after the other is read into it */
    ULONG depth, errors;
    ULONG model_count;
    WCHAR models[MODELS][MODEL_CHARACTERS + 1];
};

/* `missing` if there is no such setting. */
static ULONG read_setting(struct ahci_channel *channel, PCHAR name, ULONG missing)
{
    PULONG setting = &channel->notes->setting;
    ULONG length = sizeof *setting;

    if (AtaPortRegistryChannelSubkeyRead(channel, channel->controller->number, name, IDE_REG_DWORD,
                                         (PUCHAR)setting, &length))
        return *setting;
    return missing;
}

/* Which of CAP's kinds of it a setting allows. */
static ULONG link_power(const struct ahci_channel *channel, ULONG setting)
{
    const ULONG states = setting == 0 ? 0 : setting == 1 ? CAP_PARTIAL : CAP_PARTIAL | CAP_SLUMBER;
    const ULONG found = channel->controller->capabilities & states;

    return found ? found | (channel->controller->capabilities & CAP_LINK_POWER) : 0;
}

void ahci_read_settings(struct ahci_channel *channel)
{
    channel->has_no_queue = FALSE;
    channel->link_power = 0;
    channel->slots = 1;
    if (channel->is_dump) /* one request after the other, and there is no registry */
        return;
    channel->slots = (UCHAR)CAP_SLOTS(channel->controller->capabilities);
    channel->notes = AtaPortRegistryAllocateBuffer(channel, sizeof *channel->notes);
    if (!channel->notes) {
        AtaPortDebugPrint(1, "ahci: no registry buffer; port %u has default settings\n",
                          channel->port);
        return;
    }
    channel->notes->model_count = 0;
    ULONG depth = read_setting(channel, "Depth", SLOTS);
    if (depth >= 1 && depth <= SLOTS)
        channel->slots = (UCHAR)min(channel->slots, depth);
    else
        AtaPortDebugPrint(0, "ahci: Depth %u of port %u is not from 1 to 32\n", depth,
                          channel->port);
    channel->has_no_queue = read_setting(channel, "NcqDisabled", 0) != 0;
    channel->link_power = link_power(channel, read_setting(channel, "LinkPower", 0));
}

/* ------------------------------------------------------------------ notes */

/* A failure is no concern of the driver's: the session may be one that stores nothing. */
static BOOLEAN note(struct ahci_channel *channel, PCHAR name, UCHAR type, PVOID bytes, ULONG length)
{
    return AtaPortRegistryChannelSubkeyWriteDeferred(channel, channel->controller->number, name,
                                                     type, bytes, &length);
}

/* ACS: IDENTIFY DEVICE: each word has its first character in the high byte; blanks fill up (zeros,
 * in some devices). Returns how many characters there are without these. */
static ULONG read_model(const IDENTIFY_DEVICE_DATA *data, PWCHAR model)
{
    const UCHAR *bytes = (const UCHAR *)data + 2 * MODEL_WORD;
    ULONG length = 0;

    for (ULONG i = 0; i < MODEL_CHARACTERS; i++) {
        UCHAR character = bytes[i ^ 1];
        model[i] = character >= ' ' && character <= '~' ? character : character ? '?' : ' ';
        if (model[i] != ' ')
            length = i + 1;
    }
    for (ULONG i = length; i <= MODEL_CHARACTERS; i++)
        model[i] = 0;
    return length;
}

static BOOLEAN is_same(PCWSTR one, PCWSTR other)
{
    while (*one && *one == *other)
        one++, other++;
    return *one == *other;
}

void ahci_note_model(struct ahci_channel *channel, const IDENTIFY_DEVICE_DATA *data)
{
    struct ahci_notes *notes = channel->notes;

    if (!notes || notes->model_count == MODELS)
        return;
    PWCHAR place = notes->models[notes->model_count];
    ULONG length = read_model(data, place);
    if (channel->device.model && is_same(channel->device.model, place))
        return; /* it was initialised before */
    if (note(channel, "Device0Model", IDE_REG_SZ, place, (length + 1) * sizeof *place)) {
        channel->device.model = place;
        notes->model_count++;
    }
}

void ahci_store_notes(struct ahci_channel *channel)
{
    struct ahci_notes *notes = channel->notes;

    if (!notes)
        return;
    if (channel->device.model) {
        notes->depth = channel->device.queue_depth;
        notes->errors = channel->device.errors;
        note(channel, "Device0Depth", IDE_REG_DWORD, &notes->depth, sizeof notes->depth);
        note(channel, "Device0Errors", IDE_REG_DWORD, &notes->errors, sizeof notes->errors);
    }
    channel->notes = NULL;
    AtaPortRegistryFreeBuffer(channel, notes);
}
