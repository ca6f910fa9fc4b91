/* SPDX-License-Identifier: MIT */
/*
 * The registry: settings come from there, what was learnt of the devices goes there.
 *
 * Owns: the channel's registry buffer, which the port lends from IdeHwControl(IdeStart) to
 * IdeHwControl(IdeStop). May not: fail; without a buffer there are default settings and no notes.
 *
 * Everything is a value of ...\Services\<service>\Controller<N>\Channel<M>. Settings, all
 * REG_DWORD; a missing one changes nothing:
 *
 *     DmaAllowed     0 keeps the channel's devices to PIO
 *     HighestMode    a transfer mode as SET FEATURES codes it
 *     MultipleCount  sectors a block, 0 for one sector an interrupt
 *     ForceChs       1 addresses disks by cylinder, head and sector
 *
 * Notes, for each device that was there when the channel was used last, N being 0 or 1:
 *
 *     Device<N>Model   REG_SZ
 *     Device<N>Mode    REG_DWORD, the mode in use, as SET FEATURES codes it
 *     Device<N>Errors  REG_DWORD, how many of its commands failed from start to stop
 *
 * ddi: a deferred write keeps a reference to the bytes in the buffer, which must then stay as they
 * are until the buffer is freed. A model is known in IdeHwInitialize, where nothing may be stored
 * at once, and is handed over there; mode and errors are final at the stop only.
 */
#include "steps.h"

#define MODEL_WORD       27 /* ATA: IDENTIFY DEVICE, words 27 to 46: model number */
#define MODEL_CHARACTERS 40
#define MODELS           (2 * MAX_IDE_DEVICE) /* a device may be replaced by another while we run */

struct pata_notes {
    ULONG setting; /* one after the other is read into it */
    ULONG modes[MAX_IDE_DEVICE], errors[MAX_IDE_DEVICE];
    WCHAR models[MODELS][MODEL_CHARACTERS + 1];
};

/* ------------------------------------------------------------------ settings */

/* `missing` if there is no such setting. */
static ULONG read_setting(struct pata_channel *channel, PCHAR name, ULONG missing)
{
    PULONG setting = &channel->notes->setting;
    ULONG length = sizeof *setting;

    if (AtaPortRegistryChannelSubkeyRead(channel, channel->controller->number, name, IDE_REG_DWORD,
                                         (PUCHAR)setting, &length))
        return *setting;
    return missing;
}

static ULONG modes_of_registry(struct pata_channel *channel)
{
    const ULONG none = 0xFFFFFFFFu;
    ULONG modes = ALL_MODE_SUPPORT, highest = read_setting(channel, "HighestMode", none);

    if (highest != none) {
        modes = pata_modes_up_to(highest);
        if (!modes) {
            AtaPortDebugPrint(0, "pata: HighestMode 0x%02x of channel %u is no transfer mode\n",
                              (unsigned)highest, channel->number);
            modes = ALL_MODE_SUPPORT;
        }
    }
    if (!read_setting(channel, "DmaAllowed", 1))
        modes &= PIO_SUPPORT;
    return modes;
}

void pata_read_settings(struct pata_channel *channel)
{
    ULONG modes = ALL_MODE_SUPPORT;

    channel->multiple_limit = 0xFFFFFFFFu;
    channel->force_chs = FALSE;
    if (!channel->is_dump) /* in dump mode there is no registry */
        channel->notes = AtaPortRegistryAllocateBuffer(channel, sizeof *channel->notes);
    if (channel->notes) {
        modes = modes_of_registry(channel);
        channel->multiple_limit = read_setting(channel, "MultipleCount", channel->multiple_limit);
        channel->force_chs = read_setting(channel, "ForceChs", 0) != 0;
    } else if (!channel->is_dump) {
        AtaPortDebugPrint(1, "pata: no registry buffer; channel %u has default settings\n",
                          channel->number);
    }
    /* SFF-8038i: a simplex controller does DMA for one channel at a time. It is the first one's. */
    if (channel->bus_master && channel->number > 0 &&
        pata_read_bus_master_status(channel) & BM_SIMPLEX)
        modes &= PIO_SUPPORT;
    channel->controller->modes_allowed[channel->number] = modes;
}

/* ------------------------------------------------------------------ notes */

/* A failure is no concern of the driver's: the session may be one that stores nothing. */
static BOOLEAN note(struct pata_channel *channel, PCHAR name, UCHAR type, PVOID bytes, ULONG length)
{
    return AtaPortRegistryChannelSubkeyWriteDeferred(channel, channel->controller->number, name,
                                                     type, bytes, &length);
}

/* ATA: IDENTIFY DEVICE: each word has its first character in the high byte; blanks fill up (zeros,
 * in some devices). Returns how many characters there are without these. */
static ULONG read_model(const IDENTIFY_DEVICE_DATA *data, PWCHAR model)
{
    const UCHAR *bytes = (const UCHAR *)data + 2 * MODEL_WORD;
    ULONG length = 0;

    for (ULONG i = 0; i < MODEL_CHARACTERS; i++) {
        UCHAR character = bytes[i ^ 1];
        if (character == 0)
            character = ' ';
        model[i] = character >= ' ' && character <= '~' ? character : '?';
        if (model[i] != ' ')
            length = i + 1;
    }
    for (ULONG i = length; i <= MODEL_CHARACTERS; i++)
        model[i] = 0;
    return length;
}

void pata_note_model(struct pata_channel *channel, UCHAR target, const IDENTIFY_DEVICE_DATA *data)
{
    static PCHAR const names[MAX_IDE_DEVICE] = {"Device0Model", "Device1Model"};
    struct pata_device *device = &channel->devices[target];
    WCHAR model[MODEL_CHARACTERS + 1], *place;
    ULONG length, same = 0;

    if (!channel->notes || channel->models_noted == MODELS)
        return;
    length = read_model(data, model);
    while (device->model && same <= length && device->model[same] == model[same])
        same++;
    if (same > length)
        return; /* it was initialised before */
    place = channel->notes->models[channel->models_noted];
    for (ULONG i = 0; i <= length; i++)
        place[i] = model[i];
    if (note(channel, names[target], IDE_REG_SZ, place, (length + 1) * sizeof *place)) {
        device->model = place;
        channel->models_noted++;
    }
}

void pata_store_notes(struct pata_channel *channel)
{
    static PCHAR const mode_names[MAX_IDE_DEVICE] = {"Device0Mode", "Device1Mode"};
    static PCHAR const error_names[MAX_IDE_DEVICE] = {"Device0Errors", "Device1Errors"};
    struct pata_notes *notes = channel->notes;

    if (!notes)
        return;
    for (ULONG target = 0; target < MAX_IDE_DEVICE; target++) {
        const struct pata_device *device = &channel->devices[target];

        if (!device->model)
            continue;
        notes->modes[target] = device->dma_ready ? pata_dma_mode_code(device->modes)
                                                 : pata_pio_mode_code(device->modes);
        notes->errors[target] = device->errors;
        note(channel, mode_names[target], IDE_REG_DWORD, &notes->modes[target], sizeof(ULONG));
        note(channel, error_names[target], IDE_REG_DWORD, &notes->errors[target], sizeof(ULONG));
    }
    channel->notes = NULL;
    AtaPortRegistryFreeBuffer(channel, notes);
}
