/* SPDX-License-Identifier: MIT */
/*
 * pata.sys as an ordinary process: its sources over a simulated port and a simulated channel, which
 * are stricter than QEMU and fail on purpose.
 *
 * SOURCES: tests/host/ata_model.c tests/host/port_model.c
 * SOURCES: miniport/pata/driver.c miniport/pata/channel.c miniport/pata/initialize.c
 * SOURCES: miniport/pata/start.c miniport/pata/interrupt.c miniport/pata/machine.c
 * SOURCES: miniport/pata/phase.c miniport/pata/command.c miniport/pata/opcodes.c
 * SOURCES: miniport/pata/issue.c
 * SOURCES: miniport/pata/pio.c miniport/pata/dma.c miniport/pata/atapi.c miniport/pata/reset.c
 * SOURCES: miniport/pata/setup.c miniport/pata/notes.c miniport/pata/timing.c
 * SOURCES: miniport/pata/chips.c miniport/pata/piix.c miniport/pata/wire.c
 */
#include <stdlib.h>
#include <string.h>

#include "miniport/pata/steps.h"
#include "tests/host/port_model.h"
#include "tests/host/tap.h"

#define PIIX3   0x70108086u
#define PIIX4   0x71118086u
#define UNKNOWN 0x12341234u
#define ISA     0u

#define READ      IRB_FUNCTION_ATA_READ
#define WRITE     IRB_FUNCTION_ATA_WRITE
#define COMMAND   IRB_FUNCTION_ATA_COMMAND
#define PACKET    IRB_FUNCTION_ATAPI_COMMAND
#define IN_FLAGS  IRB_FLAGS_DATA_IN
#define OUT_FLAGS IRB_FLAGS_DATA_OUT

/* ------------------------------------------------------------------ helpers */

/* A disk of 16 MiB as device 0, nothing else. */
static void one_disk(uint32_t pci_ids)
{
    port_model_stop();
    model_init();
    memset(test_irbs, 0, sizeof test_irbs);
    port_model.pci_ids = pci_ids;
    model_add(0, MODEL_DISK, 32768);
}

static void disk_and_cd(uint32_t pci_ids)
{
    one_disk(pci_ids);
    model_add(1, MODEL_CD, 900);
}

static void set(unsigned index, const char *name, uint32_t value)
{
    port_model.settings[index].name = name;
    port_model.settings[index].value = value;
}

static void start(void)
{
    if (!port_model_start()) {
        tap_ok(false, "the channel starts");
        exit(1);
    }
    port_model_enumerate();
}

/* Every test ends with it: nobody did what is not allowed. */
static bool is_clean(void)
{
    if (model.offences)
        printf("# device: %s\n", model.offence);
    if (port_model.offences)
        printf("# port: %s\n", port_model.offence);
    if (port_model.breaks)
        printf("# the driver called AtaPortDebugBreak\n");
    return model.offences == 0 && port_model.offences == 0 && port_model.breaks == 0;
}

static struct test_irb *sectors(uint16_t function, uint8_t opcode, unsigned target, uint64_t lba,
                                uint32_t count, uint8_t *buffer)
{
    bool is_ext = opcode == 0x24 || opcode == 0x25 || opcode == 0x29 || opcode == 0x34 ||
                  opcode == 0x35 || opcode == 0x39;
    uint32_t flags = (function == READ ? IN_FLAGS : OUT_FLAGS) | (is_ext ? IRB_FLAGS_48BIT : 0u);
    struct test_irb *irb = irb_new(function, target, flags, buffer, count * 512);
    IDEREGISTERS *current = &irb->irb.IdeTaskFile.Current,
                 *previous = &irb->irb.IdeTaskFile.Previous;

    current->bCommandReg = opcode;
    current->bSectorCountReg = (UCHAR)count;
    current->bSectorNumberReg = (UCHAR)lba;
    current->bCylLowReg = (UCHAR)(lba >> 8);
    current->bCylHighReg = (UCHAR)(lba >> 16);
    current->bDriveHeadReg = 0x40;
    if (is_ext) {
        previous->bSectorCountReg = (UCHAR)(count >> 8);
        previous->bSectorNumberReg = (UCHAR)(lba >> 24);
        previous->bCylLowReg = (UCHAR)(lba >> 32);
        previous->bCylHighReg = (UCHAR)(lba >> 40);
    } else {
        current->bDriveHeadReg |= (UCHAR)(lba >> 24 & 0xF);
    }
    return irb;
}

static uint8_t run_sectors(uint16_t function, uint8_t opcode, unsigned target, uint64_t lba,
                           uint32_t count, uint8_t *buffer)
{
    return irb_run(sectors(function, opcode, target, lba, count, buffer));
}

static bool holds(unsigned target, uint64_t lba, uint32_t count, const uint8_t *buffer)
{
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(model_sector(&model.device[target], lba + i), buffer + i * 512, 512) != 0)
            return false;
    return true;
}

static struct test_irb *packet(uint8_t operation, uint32_t flags, uint8_t *buffer, uint32_t bytes)
{
    struct test_irb *irb = irb_new(PACKET, 1, flags, buffer, bytes);
    irb->irb.CdbLength = 12;
    irb->irb.Cdb[0] = operation;
    if (operation == 0x12)
        irb->irb.Cdb[4] = (UCHAR)bytes;
    if (operation == 0x28)
        irb->irb.Cdb[8] = (UCHAR)(bytes / 2048);
    return irb;
}

static struct test_irb *command(uint8_t opcode, uint8_t count)
{
    struct test_irb *irb = irb_new(COMMAND, 0, 0, NULL, 0);
    irb->irb.IdeTaskFile.Current.bCommandReg = opcode;
    irb->irb.IdeTaskFile.Current.bSectorCountReg = count;
    irb->irb.IdeTaskFile.Current.bDriveHeadReg = 0x40;
    return irb;
}

/* ------------------------------------------------------------------ start */

static void test_start(void)
{
    disk_and_cd(PIIX4);
    model.device[1].data[0] = 1;
    start();
    uint16_t idetim, udmatim;
    memcpy(&idetim, port_model.config + 0x40, 2);
    memcpy(&udmatim, port_model.config + 0x4A, 2);
    TAP_CHECK(port_model.controller_configuration.BusMaster);
    TAP_CHECK(port_model.modes.DeviceType[0] == DeviceIsAta &&
              port_model.modes.DeviceType[1] == DeviceIsAtapi);
    TAP_CHECK(model.device[0].dma_mode == 0x42 && model.device[0].pio_mode == 0x0C);
    TAP_CHECK(model.device[1].dma_mode == 0x42);
    /* EDGE: 63, 112 */
    TAP_CHECK(model.device[0].multiple == 16 && port_model.parameters[0].MaxBlockXfer == 16);
    TAP_CHECK(port_model.parameters[0].TransferModeSelected == (PIO_MODE4 | UDMA_MODE2));
    TAP_CHECK(idetim == 0xE337 && port_model.config[0x44] == 0x0B); /* PIO 4 for both */
    TAP_CHECK(port_model.config[0x48] == 0x03 && udmatim == 0x0022);
    TAP_CHECK((port_model.config[4] & 5) == 5); /* EDGE: 13, 110 */
    TAP_CHECK(is_clean());

    one_disk(PIIX3);
    start();
    TAP_CHECK(model.device[0].dma_mode == 0x22);
    TAP_CHECK(port_model.modes.DeviceType[1] == DeviceNotExist);
    TAP_CHECK(port_model.modes.DeviceTransferModeSelected[1] == 0);
    TAP_CHECK(is_clean());

    /* A controller whose timings nobody knows: no Ultra DMA but the firmware's. */
    one_disk(UNKNOWN);
    port_model.current_modes = UDMA_MODE4;
    start();
    TAP_CHECK(model.device[0].dma_mode == 0x44);
    one_disk(UNKNOWN);
    port_model.current_modes = UDMA_MODE4;
    model.device[0].has_40_wires = true;
    start();
    TAP_CHECK(model.device[0].dma_mode <= 0x42); /* EDGE: 17 */
    one_disk(UNKNOWN);
    port_model.current_modes = UDMA_MODE6;
    start();
    TAP_CHECK(model.device[0].dma_mode == 0x46);
    one_disk(UNKNOWN);
    port_model.current_modes = UDMA_MODE6;
    set(0, "HighestMode", 0x46);
    start();
    TAP_CHECK(model.device[0].dma_mode == 0x46);
    one_disk(UNKNOWN);
    start();
    TAP_CHECK(model.device[0].dma_mode == 0x22 && is_clean());

    /* Channel disabled in the chipset. */
    one_disk(PIIX4);
    port_model_start();
    port_model.config[0x41] &= 0x7F;
    /* EDGE: 14 */
    TAP_CHECK(port_model.controller_interface.AtaControllerChannelEnabled(
                  port_model.controller, 0) == ChannelStateDisabled);
}

static void test_absent(void)
{
    one_disk(PIIX4);
    start();
    uint64_t before = model.now_ns;
    struct test_irb *irb =
        irb_new(IRB_FUNCTION_ATA_IDENTIFY, 1, IN_FLAGS, port_model_memory(0), 512);
    irb->irb.IdeTaskFile.Current.bCommandReg = 0xEC;
    /* EDGE: 4, 6 */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SELECTION_TIMEOUT && model.now_ns - before < 100000);
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 1, port_model_memory(0)) == IRB_STATUS_SUCCESS);

    port_model_stop();
    model_init();
    memset(test_irbs, 0, sizeof test_irbs);
    port_model.pci_ids = PIIX4;
    model.floats = true;
    /* EDGE: 2 */
    start();
    TAP_CHECK(port_model.modes.DeviceType[0] == DeviceNotExist &&
              port_model.modes.DeviceType[1] == DeviceNotExist);

    port_model_stop();
    model_init();
    port_model.pci_ids = PIIX4;
    start();
    TAP_CHECK(port_model.modes.DeviceType[0] == DeviceNotExist);
    TAP_CHECK(is_clean());
}

static void test_settings(void)
{
    one_disk(PIIX4);
    set(0, "DmaAllowed", 0);
    set(1, "MultipleCount", 5);
    start();
    /* EDGE: 65 */
    TAP_CHECK(model.device[0].dma_mode == 0 && model.device[0].multiple == 4);
    one_disk(PIIX4);
    set(0, "HighestMode", 0x21);
    set(1, "MultipleCount", 0);
    start();
    TAP_CHECK(model.device[0].dma_mode == 0x21 && port_model.parameters[0].MaxBlockXfer == 0);
    one_disk(PIIX4);
    set(0, "HighestMode", 0x0B);
    start();
    TAP_CHECK(model.device[0].dma_mode == 0 && model.device[0].pio_mode == 0x0B);
    one_disk(PIIX4);
    set(0, "HighestMode", 0x99); /* garbage: ignored */
    port_model.registry_fails = false;
    start();
    TAP_CHECK(model.device[0].dma_mode == 0x42);
    one_disk(PIIX4);
    port_model.registry_fails = true;
    start();
    TAP_CHECK(model.device[0].dma_mode == 0x42 && is_clean());
}

/* A note that was handed over once, did not change until it was stored, and has this content. */
static bool is_noted(const char *name, uint8_t type, const void *bytes, uint32_t byte_count)
{
    bool found = false;

    for (const struct model_note *note = model_notes; note->name; note++) {
        if (strcmp(note->name, name) != 0)
            continue;
        if (found || !note->is_stored || note->was_changed || note->type != type ||
            note->byte_count != byte_count || memcmp(note->handed_over, bytes, byte_count) != 0)
            return false;
        found = true;
    }
    return found;
}

static bool is_number_noted(const char *name, uint32_t value)
{
    return is_noted(name, IDE_REG_DWORD, &value, 4);
}

static void test_notes(void)
{
    static const uint16_t text[] = L"MODEL DISK";

    one_disk(PIIX4);
    model.device[0].bad_sector = 105;
    start();
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 100, 8, port_model_memory(0)) == IRB_STATUS_DEVICE_ERROR);
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 105, 1, port_model_memory(0)) == IRB_STATUS_DEVICE_ERROR);
    port_model_enumerate(); /* the port may look again */
    TAP_CHECK(model_notes[0].name && !model_notes[0].is_stored && is_clean());
    port_model_stop();
    /* EDGE: 19 */
    TAP_CHECK(is_noted("Device0Model", IDE_REG_SZ, text, sizeof text));
    TAP_CHECK(is_number_noted("Device0Mode", 0x42) && is_number_noted("Device0Errors", 2));
    TAP_CHECK(!model_notes[3].name);

    disk_and_cd(ISA); /* PIO 2; the search for the packet device fails once, and is no error */
    start();
    port_model_stop();
    TAP_CHECK(is_number_noted("Device0Mode", 0) && is_number_noted("Device1Mode", 0));
    TAP_CHECK(is_number_noted("Device0Errors", 0) && is_number_noted("Device1Errors", 0));

    one_disk(PIIX4); /* a session that stores nothing */
    port_model.registry_is_read_only = true;
    start();
    TAP_CHECK(is_clean());
    port_model_stop();
    TAP_CHECK(!model_notes[0].name);
}

/* ------------------------------------------------------------------ DMA */

static void test_hot_path(void)
{
    static const char expected[] = "wCount wLow wMid wHigh wDevice wCommand wBmCommand "
                                   "rBmStatus rStatus wBmCommand wBmStatus";
    uint8_t *buffer = port_model_memory(0);

    disk_and_cd(PIIX4);
    start();
    buffer = port_model_memory(0);
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 8, 8, buffer) == IRB_STATUS_SUCCESS);
    model_log_clear();
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 100, 8, buffer) == IRB_STATUS_SUCCESS);
    /* EDGE: 83 */
    if (!tap_ok(strcmp(model_log_text(), expected) == 0, "4 KiB read by DMA: eleven accesses"))
        printf("# %s\n", model_log_text());
    TAP_CHECK(holds(0, 100, 8, buffer));
    /* EDGE: 105, 107 */
    TAP_CHECK(model.bm_status == 0 && (model.bm_command & 1) == 0);

    memset(buffer, 0x5A, 4096);
    model_log_clear();
    TAP_CHECK(run_sectors(WRITE, 0xCA, 0, 200, 8, buffer) == IRB_STATUS_SUCCESS);
    TAP_CHECK(model.log_count == 12); /* the direction changed */
    TAP_CHECK(holds(0, 200, 8, buffer) && holds(0, 207, 1, buffer));
    TAP_CHECK(model.bm_status == 0 && port_model.worst_stall_us < 1000 && is_clean());
}

/* What looks like the usual request, and is not. */
static void test_not_straight(void)
{
    uint8_t *buffer;
    struct test_irb *irb;

    one_disk(PIIX4);
    start();
    buffer = port_model_memory(0);
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 8, 8, buffer) == IRB_STATUS_SUCCESS);
    irb = sectors(READ, 0xC8, 0, 8, 8, buffer);
    irb->irb.Lun = 1;
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SELECTION_TIMEOUT);
    irb = sectors(READ, 0xC8, 0, 8, 8, buffer);
    irb->irb.TargetId = 8; /* there are two bits less in the Device register */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SELECTION_TIMEOUT);
    irb = sectors(READ, 0xC8, 0, 8, 8, buffer);
    irb->irb.DataTransferLength -= 512;
    TAP_CHECK(irb_run(irb) == IRB_STATUS_INVALID_REQUEST);
    model_log_clear();
    TAP_CHECK(run_sectors(WRITE, 0xC8, 0, 8, 8, buffer) == IRB_STATUS_INVALID_REQUEST);
    TAP_CHECK(model.log_count == 0); /* the flags say one direction, the opcode the other */
    irb = sectors(READ, 0xC8, 0, 8, 8, buffer);
    irb->irb.IrbFlags |= IRB_FLAGS_RETURN_RESULTS;
    TAP_CHECK(irb_run(irb) == (IRB_STATUS_SUCCESS | IRB_STATUS_RETURN_TASKFILE_VALID));
    TAP_CHECK(irb->sense[6] == 0x50 && holds(0, 8, 8, buffer) && is_clean());
}

/* ATA: 9.5: between the command and its interrupt the host has no need of Status. */
static void test_pio_accesses(void)
{
    static const char expected[] = "wCount wLow wMid wHigh wDevice wCommand "
                                   "rBmStatus rStatus wBmStatus rAlternate rAlternate";
    uint8_t *buffer;

    one_disk(PIIX4);
    start();
    buffer = port_model_memory(0);
    TAP_CHECK(run_sectors(READ, 0xC4, 0, 8, 8, buffer) == IRB_STATUS_SUCCESS);
    model_log_clear();
    TAP_CHECK(run_sectors(READ, 0xC4, 0, 100, 8, buffer) == IRB_STATUS_SUCCESS);
    /* EDGE: 43, 48, 55 */
    if (!tap_ok(strcmp(model_log_text(), expected) == 0, "4 KiB read by PIO: eleven accesses"))
        printf("# %s\n", model_log_text());
    TAP_CHECK(holds(0, 100, 8, buffer) && is_clean());
}

static void test_descriptors(void)
{
    uint8_t *buffer;
    struct test_irb *irb;

    one_disk(PIIX4);
    start();
    /* EDGE: 62, 96, 97 */
    buffer = port_model_memory(0xFE00); /* crosses 64 KiB after 512 bytes */
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 0, 256, buffer) == IRB_STATUS_SUCCESS);
    TAP_CHECK(holds(0, 0, 256, buffer));
    buffer = port_model_memory(0x100002);
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 3, 8, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 3, 8, buffer));

    /* EDGE: 118 */
    /* Pieces, one without length. */
    irb = sectors(READ, 0xC8, 0, 10, 2, buffer);
    irb->sg.list.NumberOfElements = 4;
    for (unsigned i = 0; i < 4; i++)
        irb->sg.elements[i].Address.QuadPart = MODEL_RAM_BASE + 0x200000 + i * 0x10000;
    irb->sg.elements[0].Length = 300;
    irb->sg.elements[1].Length = 0;
    irb->sg.elements[2].Length = 212;
    irb->sg.elements[3].Length = 512;
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SUCCESS);
    TAP_CHECK(memcmp(model.ram + 0x200000, model_sector(&model.device[0], 10), 300) == 0 &&
              memcmp(model.ram + 0x220000, model_sector(&model.device[0], 10) + 300, 212) == 0 &&
              memcmp(model.ram + 0x230000, model_sector(&model.device[0], 11), 512) == 0);

    /* What no descriptor can say. */
    /* EDGE: 99 */
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 0, 1, port_model_memory(1)) == IRB_STATUS_INVALID_REQUEST);
    irb = sectors(READ, 0xC8, 0, 0, 1, buffer);
    irb->sg.list.NumberOfElements = 1;
    /* EDGE: 101 */
    irb->sg.elements[0].Address.QuadPart = 0xFFFFFF00;
    irb->sg.elements[0].Length = 512;
    TAP_CHECK(irb_run(irb) == IRB_STATUS_INVALID_REQUEST);
    irb = sectors(READ, 0xC8, 0, 0, 2, buffer);
    /* EDGE: 103, 104 */
    irb->irb.DataTransferLength = 512; /* the command would move more than the buffer holds */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_INVALID_REQUEST);
    irb = sectors(READ, 0xC8, 0, 0, 1, buffer);
    irb->sg.list.NumberOfElements = 1;
    irb->sg.elements[0].Address.QuadPart = MODEL_RAM_BASE;
    irb->sg.elements[0].Length = 256; /* nor does the list */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_INVALID_REQUEST);
    TAP_CHECK(is_clean());
}

static void test_addresses(void)
{
    uint8_t *buffer;

    one_disk(PIIX4);
    model.device[0].sector_count = 1ull << 33;
    start();
    buffer = port_model_memory(0);
    uint64_t lba = 0x1FFFFFFF0;
    TAP_CHECK(run_sectors(READ, 0x25, 0, lba, 8, buffer) == IRB_STATUS_SUCCESS);
    TAP_CHECK(holds(0, lba, 8, buffer) && model.device[0].lba == lba);
    TAP_CHECK(run_sectors(READ, 0x25, 0, 5, 0x400, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 5, 0x400, buffer));
    /* EDGE: 81 */
    TAP_CHECK(run_sectors(READ, 0x29, 0, 77, 0x10000, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 77, 0x10000, buffer));
    lba = 0x0FFFFF00;
    TAP_CHECK(run_sectors(READ, 0xC8, 0, lba, 256, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, lba, 256, buffer));
    TAP_CHECK(is_clean());

    one_disk(PIIX4);
    set(0, "ForceChs", 1);
    start();
    TAP_CHECK(port_model.parameters[0].AddressTranslation == ChsMode &&
              port_model.parameters[0].Chs.NumHeads == 8 &&
              port_model.parameters[0].Chs.NumSectorsPerTrack == 8);
    /* EDGE: 91 */
    TAP_CHECK(model.device[0].heads == 8 && model.device[0].sectors_per_track == 8);
    struct test_irb *irb = sectors(READ, 0xC8, 0, 0, 1, buffer);
    irb->irb.IdeTaskFile.Current.bSectorNumberReg = 3; /* cylinder 2, head 1 */
    irb->irb.IdeTaskFile.Current.bCylLowReg = 2;
    irb->irb.IdeTaskFile.Current.bDriveHeadReg = 1;
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SUCCESS && holds(0, (2 * 8 + 1) * 8 + 2, 1, buffer));
    TAP_CHECK(is_clean());
}

static void test_dma_errors(void)
{
    uint8_t *buffer;
    struct test_irb *irb;

    one_disk(PIIX4);
    start();
    buffer = port_model_memory(0);
    model.device[0].bad_sector = 105;
    model.device[0].bad_error = 0x40;
    irb = sectors(READ, 0xC8, 0, 100, 8, buffer);
    TAP_CHECK(irb_run(irb) == IRB_STATUS_DEVICE_ERROR);
    /* EDGE: 87 */
    TAP_CHECK(irb->irb.AtaStatus == 0x51 && irb->irb.AtaError == 0x40 &&
              irb->irb.DataTransferLength == 0);
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 106, 8, buffer) == IRB_STATUS_SUCCESS);
    model.device[0].bm_error = true;
    irb = sectors(READ, 0xC8, 0, 300, 8, buffer);
    /* EDGE: 106 */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_DEVICE_ERROR && irb->irb.AtaStatus == 0x50);
    model.device[0].bm_error = false;
    TAP_CHECK(model.bm_status == 0);
    /* EDGE: 110 */
    /* Somebody switches bus mastering off: nothing is moved, and the device sees no error. */
    model.bus_master_enabled = false;
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 300, 8, buffer) == IRB_STATUS_DEVICE_ERROR);
    model.bus_master_enabled = true;
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 300, 8, buffer) == IRB_STATUS_SUCCESS && is_clean());

    /* A bad cable: it is told, and the port chooses a slower mode. */
    one_disk(PIIX4);
    start();
    model.device[0].crc_errors = 3;
    unsigned failures = 0;
    for (unsigned i = 0; i < 4; i++) {
        failures += run_sectors(READ, 0xC8, 0, 1, 1, buffer) == IRB_STATUS_DEVICE_ERROR;
        port_model_run(10000);
    }
    TAP_CHECK(failures == 3 && model.device[0].dma_mode == 0x42);

    /* It refuses Ultra DMA though it has said it has it. */
    one_disk(PIIX4);
    model.device[0].refuses_udma = true;
    model.device[0].refuses_multiple = true;
    start();
    TAP_CHECK(model.device[0].dma_mode == 0x22 && port_model.config[0x48] == 0);
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS);
    TAP_CHECK(run_sectors(READ, 0xC4, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 1, 8, buffer));
    TAP_CHECK(is_clean());

    one_disk(PIIX4);
    set(0, "DmaAllowed", 0);
    start();
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_INVALID_REQUEST && is_clean());
}

/* ------------------------------------------------------------------ PIO */

static void pio_round_trip(uint32_t pci_ids, uint8_t read_opcode, uint8_t write_opcode)
{
    uint8_t *buffer = port_model_memory(0), *odd = port_model_memory(0x30001);

    one_disk(pci_ids);
    start();
    buffer = port_model_memory(0);
    odd = port_model_memory(0x30001);
    model_log_clear();
    TAP_CHECK(run_sectors(READ, read_opcode, 0, 50, 20, odd) == IRB_STATUS_SUCCESS);
    TAP_CHECK(holds(0, 50, 20, odd));
    /* EDGE: 66 */
    TAP_CHECK(model.data_units == 20u * 512 / (pci_ids ? 4 : 2));
    for (unsigned i = 0; i < 20 * 512; i++)
        buffer[i] = (uint8_t)(i * 31);
    /* EDGE: 49 */
    TAP_CHECK(run_sectors(WRITE, write_opcode, 0, 80, 20, buffer) == IRB_STATUS_SUCCESS);
    TAP_CHECK(holds(0, 80, 20, buffer));
    TAP_CHECK(run_sectors(READ, read_opcode, 0, 80, 20, odd) == IRB_STATUS_SUCCESS &&
              memcmp(odd, buffer, 20 * 512) == 0);
    model.device[0].late_drq = true;
    TAP_CHECK(run_sectors(READ, read_opcode, 0, 3, 4, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 3, 4, buffer));
    model.device[0].late_drq = true;
    TAP_CHECK(run_sectors(WRITE, write_opcode, 0, 9, 4, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 9, 4, buffer));
    TAP_CHECK(is_clean());
}

static void test_pio(void)
{
    pio_round_trip(PIIX4, 0x20, 0x30);
    pio_round_trip(PIIX4, 0xC4, 0xC5);
    pio_round_trip(PIIX4, 0x29, 0x39);
    pio_round_trip(ISA, 0x20, 0x30);
    pio_round_trip(ISA, 0xC4, 0xC5);
    TAP_CHECK(!port_model.controller_configuration.BusMaster && model.device[0].dma_mode == 0);
}

static void test_pio_errors(void)
{
    uint8_t *buffer;
    struct test_irb *irb;

    one_disk(PIIX4);
    start();
    buffer = port_model_memory(0);
    model.device[0].bad_sector = 12;
    irb = sectors(READ, 0x20, 0, 10, 8, buffer);
    /* EDGE: 74 */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_DEVICE_ERROR && irb->irb.DataTransferLength == 1024 &&
              irb->irb.AtaError == 0x10);
    TAP_CHECK(holds(0, 10, 2, buffer));
    irb = sectors(WRITE, 0x30, 0, 10, 8, buffer);
    /* EDGE: 73 */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_DEVICE_ERROR && irb->irb.DataTransferLength == 1024);
    irb = sectors(WRITE, 0xC5, 0, 10, 8, buffer);
    TAP_CHECK(irb_run(irb) == IRB_STATUS_DEVICE_ERROR && irb->irb.DataTransferLength == 0);
    model.device[0].bad_sector = -1;

    /* EDGE: 36, 69 */
    /* More data than the buffer: what is left over goes with a reset. */
    irb = irb_new(COMMAND, 0, IN_FLAGS, buffer, 512);
    irb->irb.IdeTaskFile.Current.bCommandReg = 0xEC;
    model.device[0].keeps_drq = true;
    TAP_CHECK(irb_run(irb) == IRB_STATUS_DATALENGTH_MISMATCH);
    port_model_run(100000);
    TAP_CHECK(model.srst_count == 1 && model.device[0].multiple == 16 &&
              model.device[0].dma_mode == 0x42);
    TAP_CHECK(run_sectors(READ, 0xC4, 0, 30, 8, buffer) == IRB_STATUS_SUCCESS);
    /* A buffer shorter than a sector. */
    irb = irb_new(COMMAND, 0, IN_FLAGS, buffer, 100);
    irb->irb.IdeTaskFile.Current.bCommandReg = 0xEC;
    memset(buffer, 0xEE, 512);
    TAP_CHECK(irb_run(irb) == IRB_STATUS_DATALENGTH_MISMATCH &&
              irb->irb.DataTransferLength == 100 && buffer[100] == 0xEE && buffer[0] == 0x40);
    TAP_CHECK(is_clean());
}

/* A block that is read while the device is busy, or gone, is none, however it looks afterwards. */
static void test_pio_mute(void)
{
    static const uint8_t statuses[] = {0x80, 0xFF, 0x7F, 0x00};
    static const uint32_t times_ns[] = {20000, 40000, 5000000};
    uint8_t *buffer;

    for (unsigned i = 0; i < sizeof statuses * 3; i++) {
        one_disk(PIIX4);
        start();
        buffer = port_model_memory(0);
        model.device[0].mute_status = statuses[i / 3];
        model.device[0].mute_ns = times_ns[i % 3];
        if (!tap_ok(run_sectors(READ, 0x20, 0, 10, 1, buffer) != IRB_STATUS_SUCCESS,
                    "data of a device that shows %02x fails", statuses[i / 3]))
            printf("# for %u ns\n", times_ns[i % 3]);
        port_model_run(100000);
        TAP_CHECK(run_sectors(READ, 0x20, 0, 10, 1, buffer) == IRB_STATUS_SUCCESS &&
                  holds(0, 10, 1, buffer) && is_clean());
    }

    /* A disk that is gone has done nothing, though another device shows Status 0 in its place. */
    one_disk(PIIX4);
    start();
    model.device[0].lose_interrupts = 1;
    model.device[0].mute_status = 0x00;
    model.device[0].mute_until_ns = UINT64_MAX;
    struct test_irb *irb = command(0xE7, 0);
    irb_submit(irb);
    port_model_run(1000);
    TAP_CHECK(port_model_reset() && irb->irb.IrbStatus == IRB_STATUS_BUS_RESET);
}

/* ------------------------------------------------------------------ packets */

static void packet_commands(uint32_t pci_ids, bool by_dma, bool packet_interrupts)
{
    uint8_t *buffer;
    struct test_irb *irb;

    disk_and_cd(pci_ids);
    model.device[1].packet_interrupts = packet_interrupts;
    if (!by_dma)
        set(0, "DmaAllowed", 0);
    start();
    buffer = port_model_memory(0);
    TAP_CHECK(irb_run(packet(0x00, 0, NULL, 0)) == IRB_STATUS_SUCCESS);
    model_log_clear();
    /* EDGE: 121, 124 */
    TAP_CHECK(irb_run(packet(0x28, IN_FLAGS, buffer, 60 * 2048)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(memcmp(buffer, model_sector(&model.device[1], 0), 60 * 2048) == 0);
    /* EDGE: 142 */
    TAP_CHECK((model.data_units < 100) == by_dma);
    irb = packet(0x12, IN_FLAGS, buffer, 254);
    /* EDGE: 128, 143 */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_DATALENGTH_MISMATCH && irb->irb.DataTransferLength == 36);
    TAP_CHECK(buffer[35] == 36);
    memset(buffer, 0xEE, 16);
    irb = packet(0x12, IN_FLAGS, buffer, 5);
    /* EDGE: 125, 127 */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SUCCESS && irb->irb.DataTransferLength == 5);
    TAP_CHECK(buffer[4] == 5 && buffer[5] == 0xEE);
    /* EDGE: 129 */
    model.device[1].cd_answer_extra = 10;
    irb = packet(0x12, IN_FLAGS, buffer, 20);
    TAP_CHECK(irb_run(irb) == IRB_STATUS_DATALENGTH_MISMATCH && irb->irb.DataTransferLength == 20);
    model.device[1].cd_answer_extra = 0;
    memset(buffer, 0xEE, 16); /* the drive sends where it should take */
    TAP_CHECK(irb_run(packet(0x12, OUT_FLAGS, buffer, 16)) == IRB_STATUS_DATALENGTH_MISMATCH &&
              buffer[0] == 0xEE && buffer[15] == 0xEE);

    irb = packet(0xFE, 0, NULL, 0);
    /* EDGE: 72, 131, 132 */
    TAP_CHECK(irb_run(irb) == (IRB_STATUS_DEVICE_ERROR | IRB_STATUS_AUTOSENSE_VALID));
    TAP_CHECK(irb->irb.AtaStatus == 0x41 && irb->irb.AtaError == 0x54 && irb->sense[2] == 5 &&
              irb->sense[12] == 0x20);
    model.device[1].is_empty = true;
    irb = packet(0x00, 0, NULL, 0);
    TAP_CHECK(irb_run(irb) == (IRB_STATUS_DEVICE_ERROR | IRB_STATUS_AUTOSENSE_VALID) &&
              irb->sense[2] == 2 && irb->sense[12] == 0x3A);
    irb = packet(0x00, 0, NULL, 0);
    irb->irb.SenseInfoBufferLength = 0;
    TAP_CHECK(irb_run(irb) == IRB_STATUS_DEVICE_ERROR);
    /* EDGE: 140, 144 */
    irb = packet(0x28, IN_FLAGS, buffer, 0);
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SUCCESS);
    TAP_CHECK(run_sectors(READ, 0x20, 0, 7, 3, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 7, 3, buffer));
    TAP_CHECK(is_clean());
}

static void test_packets(void)
{
    packet_commands(PIIX4, true, false);
    packet_commands(PIIX4, false, false);
    packet_commands(PIIX4, false, true);
    packet_commands(ISA, false, false);
}

/* ------------------------------------------------------------------ interrupts */

static void test_interrupts(void)
{
    uint8_t *buffer;
    struct test_irb *irb;

    disk_and_cd(PIIX4);
    start();
    buffer = port_model_memory(0);
    run_sectors(READ, 0xC8, 0, 1, 1, buffer);
    port_model.at_dirql = true;
    model_log_clear();
    /* EDGE: 54 */
    TAP_CHECK(!port_model.interface.IdeHwInterrupt(port_model.channel)); /* somebody else's */
    TAP_CHECK(strcmp(model_log_text(), "rBmStatus") == 0);
    /* EDGE: 47 */
    model.device[0].interrupt = true; /* unasked: eject button */
    model.bm_status |= 4;
    model.in_interrupt = true;
    TAP_CHECK(port_model.interface.IdeHwInterrupt(port_model.channel));
    TAP_CHECK(!model.device[0].interrupt && model.bm_status == 0);
    model.in_interrupt = false;
    port_model.at_dirql = false;

    /* EDGE: 114 */
    /* A stray one while data moves. */
    irb = sectors(READ, 0xC8, 0, 1, 8, buffer);
    irb_submit(irb);
    model.bm_status |= 4;
    model.edge = true;
    TAP_CHECK(irb_wait(irb, 1000000) == IRB_STATUS_SUCCESS && holds(0, 1, 8, buffer));
    irb->active = false;

    /* A bus master that latches nothing for PIO. */
    model.latch_is_dead = true;
    TAP_CHECK(run_sectors(READ, 0x20, 0, 9, 2, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 9, 2, buffer));
    model.latch_is_dead = false;

    /* EDGE: 56 */
    /* One that comes when its command is over already, just before a transfer starts. */
    struct test_irb *flush = command(0xE7, 0);
    struct test_irb *refused = irb_new(COMMAND, 0, OUT_FLAGS, buffer, 512);
    refused->irb.IdeTaskFile.Current.bCommandReg = 0x3B; /* the disk does not know it */
    irb = sectors(READ, 0xC8, 0, 20, 8, buffer);
    irb_submit(flush);
    irb_submit(refused);
    irb_submit(irb);
    TAP_CHECK(irb_wait(irb, 1000000) == IRB_STATUS_SUCCESS && holds(0, 20, 8, buffer));
    TAP_CHECK(flush->irb.IrbStatus == IRB_STATUS_SUCCESS &&
              refused->irb.IrbStatus == IRB_STATUS_DEVICE_ERROR && is_clean());
    flush->active = refused->active = irb->active = false;

    /* EDGE: 53 */
    /* Lost ones: what is over ends as it ended. */
    for (unsigned by_reset = 0; by_reset < 2; by_reset++) {
        model.device[0].lose_interrupts = 1;
        irb = command(0xE7, 0);
        irb_submit(irb);
        TAP_CHECK(irb_wait(irb, 1000000) == 0);
        if (by_reset) {
            TAP_CHECK(port_model_reset());
        } else {
            struct test_irb *lun = irb_new(IRB_FUNCTION_LUN_RESET, 0, 0, NULL, 0);
            TAP_CHECK(irb_run(lun) == IRB_STATUS_SUCCESS && model.srst_count == 0);
        }
        TAP_CHECK(irb->done && irb->irb.IrbStatus == IRB_STATUS_SUCCESS);
        irb->active = false;
        port_model_run(1000000);
    }
    /* A refused command that does not interrupt. EDGE: 52 */
    model.device[0].lose_interrupts = 1;
    irb = command(0xB1, 0);
    irb_submit(irb);
    TAP_CHECK(irb_wait(irb, 1000000) == 0);
    TAP_CHECK(irb_run(irb_new(IRB_FUNCTION_LUN_RESET, 0, 0, NULL, 0)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(irb->irb.IrbStatus == IRB_STATUS_DEVICE_ERROR && irb->irb.AtaError == 4);
    irb->active = false;
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS);
    TAP_CHECK(is_clean());
}

/* ------------------------------------------------------------------ resets */

/* A tick that was on its way when a reset began is not the reset's. */
static void test_stale_tick(void)
{
    one_disk(PIIX4);
    model.device[0].latency_ns = 20000000;
    start();
    struct test_irb *irb = sectors(WRITE, 0x30, 0, 1, 1, port_model_memory(0));
    irb_submit(irb); /* a timer looks whether the disk wants its data */
    IDE_HW_DPC tick = port_model.timer;
    port_model.timer = NULL;
    tick(port_model.channel);
    TAP_CHECK(port_model_reset());
    port_model_run(1000000);
    /* EDGE: 163 */
    TAP_CHECK(irb->irb.IrbStatus == IRB_STATUS_BUS_RESET && is_clean());
    irb->active = false;
}

static void test_resets(void)
{
    uint8_t *buffer;
    struct test_irb *irb, *lun;

    disk_and_cd(PIIX4);
    start();
    buffer = port_model_memory(0);
    /* EDGE: 41 */
    TAP_CHECK(port_model_reset());              /* nothing is under way */
    irb = sectors(READ, 0xC8, 0, 1, 8, buffer); /* comes while the reset is */
    irb_submit(irb);
    TAP_CHECK(!irb->done && irb_wait(irb, 10000000) == IRB_STATUS_SUCCESS &&
              holds(0, 1, 8, buffer));
    irb->active = false;
    TAP_CHECK(model.device[0].multiple == 16 && !port_model.paused);

    /* The disk hangs: it cannot be reset alone. */
    model.device[0].never_ready = true;
    irb = sectors(READ, 0xC8, 0, 1, 8, buffer);
    irb_submit(irb);
    port_model_run(1000000);
    lun = irb_new(IRB_FUNCTION_LUN_RESET, 0, 0, NULL, 0);
    TAP_CHECK(irb_run(lun) == IRB_STATUS_INVALID_REQUEST && !irb->done);
    model.device[0].never_ready = false;
    TAP_CHECK(port_model_reset() && irb->irb.IrbStatus == IRB_STATUS_BUS_RESET);
    irb->active = false;
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS);

    /* EDGE: 37 */
    /* The CD hangs: DEVICE RESET, and its settings again. */
    model.device[1].never_ready = true;
    irb = packet(0x28, IN_FLAGS, buffer, 2048);
    irb_submit(irb);
    port_model_run(1000000);
    unsigned resets = model.srst_count;
    lun = irb_new(IRB_FUNCTION_LUN_RESET, 1, 0, NULL, 0);
    TAP_CHECK(irb_run(lun) == IRB_STATUS_SUCCESS && irb->irb.IrbStatus == IRB_STATUS_BUS_RESET);
    irb->active = false;
    port_model_run(10000);
    TAP_CHECK(model.srst_count == resets && model.device[1].dma_mode == 0x42);
    TAP_CHECK(irb_run(packet(0x28, IN_FLAGS, buffer, 2048)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(is_clean());

    /* Meanwhile Status may say nothing at all, which is no reason to go on. EDGE: 32 */
    model.device[0].is_quiet_in_reset = true;
    model.device[0].reset_ns = 20000000;
    TAP_CHECK(port_model_reset());
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS && is_clean());

    /* A slow one comes back late; a dead one is given up, the other goes on. EDGE: 39, 40 */
    model.device[1].reset_ns = 20000000000;
    TAP_CHECK(port_model_reset());
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS);
    TAP_CHECK(irb_run(packet(0x28, IN_FLAGS, buffer, 2048)) == IRB_STATUS_SUCCESS);
    model.device[1].never_ready = true;
    uint64_t before_ns = model.now_ns;
    resets = model.srst_count;
    TAP_CHECK(port_model_reset());
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS);
    TAP_CHECK(model.now_ns - before_ns < 31500000000 && model.srst_count == resets + 2);
    TAP_CHECK(irb_run(packet(0x28, IN_FLAGS, buffer, 2048)) == IRB_STATUS_SELECTION_TIMEOUT);
    TAP_CHECK(port_model.bus_changes == 1 && !port_model.paused);
    TAP_CHECK(is_clean());

    /* SLEEP: only a reset wakes it. */
    one_disk(PIIX4);
    start();
    /* EDGE: 175 */
    TAP_CHECK(irb_run(command(0xE6, 0)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS &&
              model.srst_count == 1);
    TAP_CHECK(is_clean());
}

static void test_left_over(void)
{
    uint8_t *buffer;

    /* The firmware left the channel in the midst of a read, device 1 selected, interrupts off. */
    disk_and_cd(PIIX4);
    buffer = port_model_memory(0);
    model.device[1].status = 0x58;
    model.device_register = 0xB0;
    model.control = 2;
    model.bm_command = 9;
    model.bm_status = 0x65;
    start();
    TAP_CHECK(model.srst_count == 1);
    TAP_CHECK(port_model.modes.DeviceType[0] == DeviceIsAta &&
              port_model.modes.DeviceType[1] == DeviceIsAtapi);
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 1, 8, buffer));
    /* EDGE: 111, 168, 169 */
    TAP_CHECK((model.bm_status & 0x66) == 0x60 && is_clean());

    /* Busy for a while, and then done. */
    one_disk(PIIX4);
    model.device[0].status = 0x80;
    model.device[0].opcode = 0xE7;
    model.device[0].work = WORK_DONE;
    model.device[0].work_at_ns = model.now_ns + 300000000;
    start();
    TAP_CHECK(model.srst_count == 0 && port_model.modes.DeviceType[0] == DeviceIsAta && is_clean());

    /* The other device is, and is waited for when it is selected. */
    disk_and_cd(PIIX4);
    model.device[1].status = 0x80;
    model.device[1].opcode = 0xE7;
    model.device[1].work = WORK_DONE;
    model.device[1].work_at_ns = model.now_ns + 300000000;
    start();
    TAP_CHECK(port_model.modes.DeviceType[1] == DeviceIsAtapi && is_clean());

    /* Busy for ever, through every reset: it ends. */
    one_disk(PIIX4);
    model.device[0].status = 0x80;
    model.device[0].never_ready = true;
    start();
    TAP_CHECK(port_model.modes.DeviceType[0] == DeviceNotExist && is_clean());
}

/* ------------------------------------------------------------------ states */

/* The port may reset the channel whatever it waits for; passing phases wait for nothing. */
static bool can_be_reset_anywhere(void)
{
    for (unsigned phase = PHASE_STOPPED + 1; phase < PHASE_COUNT; phase++)
        if (phase != PHASE_ISSUE && phase != PHASE_END &&
            !(pata_followers[phase] & PHASE_BIT(RESET))) {
            printf("# phase %u cannot be reset\n", phase);
            return false;
        }
    return true;
}

/* A step that the table does not know changes nothing, and is reported. */
static void test_refused_steps(void)
{
    one_disk(PIIX4);
    start();
    struct pata_channel *channel = port_model.channel;
    uint8_t *buffer = port_model_memory(0);

    TAP_CHECK(can_be_reset_anywhere());
    model_log_clear();
    pata_run(channel, PHASE_PIO_OUT_FIRST); /* nothing was issued */
    TAP_CHECK(channel->phase == PHASE_IDLE && port_model.breaks == 1 && model.log_count == 0);

    struct test_irb *irb = sectors(READ, 0xC8, 0, 9, 8, buffer);
    irb_submit(irb);
    pata_run(channel, PHASE_ISSUE); /* another command meanwhile */
    TAP_CHECK(channel->phase == PHASE_DMA && port_model.breaks == 2);
    TAP_CHECK(irb_wait(irb, 1000000) == IRB_STATUS_SUCCESS && holds(0, 9, 8, buffer));
    irb->active = false;

    TAP_CHECK(port_model_reset());
    pata_run(channel, PHASE_ISSUE); /* nor is Status to be read now (ATA: 9.2) */
    TAP_CHECK(channel->phase == PHASE_RESET && port_model.breaks == 3);
    port_model_run(1000000);
    port_model.breaks = 0;
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS && is_clean());
}

/* ------------------------------------------------------------------ other requests */

static void test_functions(void)
{
    uint8_t *buffer;
    struct test_irb *irb;

    disk_and_cd(PIIX4);
    start();
    buffer = port_model_memory(0);
    irb = irb_new(IRB_FUNCTION_SHUTDOWN, 0, 0, NULL, 0);
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SUCCESS && model.device[0].opcode == 0xE7);
    irb = irb_new(IRB_FUNCTION_POWER_CHANGE, 0, 0, NULL, 0);
    irb->irb.PowerChange.DesiredPowerState = IdePowerD3;
    model_log_clear();
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SUCCESS && model.device[0].opcode == 0xE0);
    TAP_CHECK(strstr(model_log_text(), "wCommand") != strstr(model_log_text(), "wCommand rStatus"));
    irb = irb_new(IRB_FUNCTION_POWER_CHANGE, 0, 0, NULL, 0);
    irb->irb.PowerChange.DesiredPowerState = IdePowerD0;
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SUCCESS);
    TAP_CHECK(irb_run(irb_new(IRB_FUNCTION_ADAPTER_FLUSH, 1, 0, NULL, 0)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(irb_run(irb_new(IRB_FUNCTION_MINIPORT_IOCTL, 0, 0, NULL, 0)) ==
              IRB_STATUS_INVALID_REQUEST);
    irb = irb_new(IRB_FUNCTION_ADAPTER_FLUSH, 0, 0, NULL, 0);
    /* EDGE: 148 */
    irb->irb.Lun = 3;
    TAP_CHECK(irb_run(irb) == IRB_STATUS_SELECTION_TIMEOUT);
    /* EDGE: 219 */
    TAP_CHECK(irb_run(irb_new(IRB_FUNCTION_LUN_RESET, 2, 0, NULL, 0)) ==
              IRB_STATUS_SELECTION_TIMEOUT);
    irb = sectors(READ, 0xC7, 0, 0, 1, buffer); /* queued */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_INVALID_REQUEST);
    irb = packet(0x00, 0, NULL, 0);
    irb->irb.TargetId = 0; /* to a disk */
    TAP_CHECK(irb_run(irb) == IRB_STATUS_INVALID_REQUEST);

    irb = command(0xB1, 0);
    irb->irb.IrbFlags |= IRB_FLAGS_RETURN_RESULTS;
    irb->irb.IdeTaskFile.Current.bSectorNumberReg = 0x77;
    TAP_CHECK(irb_run(irb) == (IRB_STATUS_DEVICE_ERROR | IRB_STATUS_RETURN_TASKFILE_VALID));
    TAP_CHECK(irb->sense[0] == 4 && irb->sense[2] == 0x77 && irb->sense[6] == 0x51 &&
              irb->irb.SenseInfoBufferType == SENSE_INFO_BUFFER_RETURN_TYPE_28BIT_TASKFILE);
    irb = command(0xE7, 0x12);
    irb->irb.IrbFlags |= IRB_FLAGS_RETURN_RESULTS | IRB_FLAGS_48BIT;
    irb->irb.IdeTaskFile.Previous.bSectorCountReg = 0x34;
    TAP_CHECK(irb_run(irb) == (IRB_STATUS_SUCCESS | IRB_STATUS_RETURN_TASKFILE_VALID));
    /* EDGE: 82 */
    TAP_CHECK(irb->sense[1] == 0x12 && irb->sense[8 + 1] == 0x34 && irb->sense[6] == 0x50 &&
              (model.control & 0x80) == 0);

    /* EDGE: 37 */
    TAP_CHECK(irb_run(command(0x08, 0)) == IRB_STATUS_DEVICE_ERROR); /* a disk aborts it */
    TAP_CHECK(irb_run(command(0xC6, 4)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(run_sectors(READ, 0xC4, 0, 1, 6, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 1, 6, buffer));
    /* EDGE: 64 */
    TAP_CHECK(irb_run(command(0xC6, 0)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(run_sectors(READ, 0xC4, 0, 1, 6, buffer) == IRB_STATUS_SUCCESS);
    TAP_CHECK(run_sectors(WRITE, 0xCE, 0, 1, 1, buffer) == IRB_STATUS_INVALID_REQUEST);
    TAP_CHECK(is_clean());
}

static void test_power_and_stop(void)
{
    uint8_t *buffer;

    one_disk(PIIX4);
    start();
    buffer = port_model_memory(0);
    port_model.config[0x40] = port_model.config[4] = 0;
    model.bus_master_enabled = false;
    model.device[0].dma_mode = model.device[0].multiple = 0;
    model.bm_table = 0;
    port_model.controller_interface.AtaAdapterControl(port_model.controller, IdePowerUp, NULL);
    TAP_CHECK(port_model.interface.IdeHwControl(port_model.channel, IdePowerUp, NULL));
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS &&
              holds(0, 1, 8, buffer));
    TAP_CHECK(model.device[0].dma_mode == 0x42 && port_model.config[0x40] != 0);
    port_model.interface.IdeHwControl(port_model.channel, IdeStop, NULL);
    TAP_CHECK((model.control & 2) && !port_model.interface.IdeHwInterrupt(port_model.channel));
    port_model.in_control = true;
    TAP_CHECK(
        port_model.interface.IdeHwControl(port_model.channel, IdeStart, &port_model.configuration));
    port_model.in_control = false;
    port_model_enumerate();
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS && is_clean());

    /* A stop cuts a reset short. Interrupts stay off, and for whom one of the line's is, cannot be
     * looked at, until the reset that the start begins anew is over. */
    unsigned resets = model.srst_count;
    TAP_CHECK(port_model_reset());
    port_model.interface.IdeHwControl(port_model.channel, IdeStop, NULL);
    port_model.in_control = true;
    TAP_CHECK(
        port_model.interface.IdeHwControl(port_model.channel, IdeStart, &port_model.configuration));
    port_model.in_control = false;
    TAP_CHECK((model.control & 2) && !port_model.interface.IdeHwInterrupt(port_model.channel));
    port_model_run(1000000000);
    port_model_enumerate();
    TAP_CHECK(run_sectors(READ, 0xC8, 0, 1, 8, buffer) == IRB_STATUS_SUCCESS && is_clean());
    TAP_CHECK(model.srst_count == resets + 2 && !(model.control & 2));
}

/* ------------------------------------------------------------------ everything at random */

static struct test_irb *random_irb(uint8_t *buffer)
{
    static const uint8_t opcodes[] = {0x20, 0x30, 0xC4, 0xC5, 0xC8, 0xCA, 0x25, 0x35, 0x24, 0x39};
    unsigned kind = (unsigned)rand() % 8;

    if (kind == 0)
        return packet(0x00, 0, NULL, 0);
    if (kind == 1)
        return packet(0x28, IN_FLAGS, buffer, (1u + (unsigned)rand() % 20) * 2048);
    if (kind == 2)
        return packet(0x12, IN_FLAGS, buffer, (unsigned)rand() % 100);
    if (kind == 3)
        return command(rand() % 2 ? 0xE7 : 0xB1, 0);
    uint8_t opcode = opcodes[(unsigned)rand() % sizeof opcodes];
    bool is_write =
        opcode == 0x30 || opcode == 0xC5 || opcode == 0xCA || opcode == 0x35 || opcode == 0x39;
    return sectors(is_write ? WRITE : READ, opcode, 0, (unsigned)rand() % 4000,
                   1 + (unsigned)rand() % 64, buffer);
}

static void random_fault(void)
{
    struct model_device *disk = &model.device[0], *cd = &model.device[1];
    switch (rand() % 24) {
    case 0:
        disk->bad_sector = rand() % 4000;
        break;
    case 1:
        disk->lose_interrupts = 1;
        break;
    case 2:
        cd->lose_interrupts = 1;
        break;
    case 3:
        disk->late_drq = true;
        break;
    case 4:
        disk->never_ready = true;
        break;
    case 5:
        cd->never_ready = true;
        break;
    case 6:
        cd->is_empty = !cd->is_empty;
        break;
    case 7:
        disk->latency_ns = (uint32_t)rand() % 1000000;
        break;
    case 8:
        model.edge = true;
        break;
    case 9:
        disk->crc_errors = 1;
        break;
    }
}

/* The port's ladder: LUN reset, then IdeHwReset. */
static void recover(struct test_irb *irb)
{
    struct test_irb *lun = irb_new(IRB_FUNCTION_LUN_RESET, irb->irb.TargetId, 0, NULL, 0);
    irb_submit(lun);
    irb_wait(lun, 35000000);
    if (!irb->done || !lun->done) {
        model.device[0].never_ready = model.device[1].never_ready = false;
        port_model_reset();
    }
    lun->active = false;
}

static void look_again(void)
{
    for (unsigned i = 0; i < 2; i++) {
        model.device[i].never_ready = false;
        model.device[i].lose_interrupts = 0;
    }
    port_model_reset();
    port_model_run(1000000);
    port_model_enumerate();
}

static void test_random(void)
{
    uint8_t *buffer;
    unsigned ended = 0, succeeded = 0, wrong = 0;

    disk_and_cd(PIIX4);
    start();
    buffer = port_model_memory(0);
    srand(1);
    for (unsigned i = 0; i < 6000; i++) {
        random_fault();
        struct test_irb *irb = random_irb(buffer + 2 * ((unsigned)rand() % 64));
        uint64_t lba = irb->irb.IdeTaskFile.Current.bSectorNumberReg |
                       (uint64_t)irb->irb.IdeTaskFile.Current.bCylLowReg << 8;
        irb_submit(irb);
        if (!irb_wait(irb, 10000000))
            recover(irb);
        ended += irb->done;
        if (irb->irb.IrbStatus == IRB_STATUS_SUCCESS) {
            succeeded++;
            if (irb->irb.Function == READ || irb->irb.Function == WRITE)
                wrong += !holds(0, lba, irb->irb.DataTransferLength / 512, irb->irb.DataBuffer);
        }
        irb->active = false;
        if ((irb->irb.IrbStatus & 0xF) == IRB_STATUS_SELECTION_TIMEOUT || i % 500 == 499)
            look_again(); /* a device was given up, or DMA modes lowered */
    }
    printf("# %u of %u succeeded, %u resets\n", succeeded, ended, model.srst_count);
    TAP_CHECK(ended == 6000);
    /* EDGE: 120 */
    TAP_CHECK(wrong == 0);
    TAP_CHECK(succeeded > 3000 && port_model.worst_stall_us < 1000);
    TAP_CHECK(is_clean());
}

int main(void)
{
    test_start();
    test_absent();
    test_settings();
    test_notes();
    test_hot_path();
    test_not_straight();
    test_pio_accesses();
    test_descriptors();
    test_addresses();
    test_dma_errors();
    test_pio();
    test_pio_errors();
    test_pio_mute();
    test_packets();
    test_interrupts();
    test_stale_tick();
    test_resets();
    test_left_over();
    test_refused_steps();
    test_functions();
    test_power_and_stop();
    test_random();
    port_model_stop();
    for (unsigned i = 0; i < 2; i++)
        free(model.device[i].data);
    free(model.ram);
    return tap_exit();
}
