/* SPDX-License-Identifier: MIT */
/*
 * IRBs that few issue: SMART and the general purpose log by pass-through, writes that are forced to the medium, and what
 * the miniport is told before its channel stops. The driver is the puppet, which answers for the device.
 */
#include <stdio.h>
#include <string.h>

#include "boot/shell/smart.h"
#include "port/block.h"
#include "port/channel.h"
#include "port/contract/report.h"
#include "port/controller.h"
#include "port/objects.h"
#include "port/pass_through.h"
#include "port/power.h"
#include "tests/guest/guest.h"
#include "tests/guest/puppet.h"
#include "tests/guest/tap.h"

#define PLAN 28u

static struct channel *channel;
static struct device *disk;
static uint8_t *buffer;

/* The functions of the IRBs since puppet_forget, "103 104". */
static bool functions_are(const char *expected)
{
    char text[64] = "";
    unsigned length = 0;

    for (unsigned i = 0; i < puppet.call_count && i < PUPPET_MOST_CALLS && length < 56; i++)
        if (puppet.calls[i].kind == CONTEXT_START_IO && puppet.calls[i].channel == 0)
            length += (unsigned)snprintf(text + length, sizeof text - length, "%s%x",
                                         length ? " " : "", puppet.calls[i].function);
    if (strcmp(text, expected) == 0)
        return true;
    hal_printf("# it was: %s\n", text);
    return false;
}

/* ------------------------------------------------------------------ pass-through */

static IDE_REQUEST_BLOCK seen; /* the last ATA command's */
static uint8_t abort_opcode;   /* such a one fails */

static void answer_registers(PIDE_REQUEST_BLOCK irb)
{
    IDE_TASK_FILE *results = irb->SenseInfoBuffer;

    results->Current = (IDEREGISTERS){.bFeaturesReg = irb->AtaError,
                                      .bSectorCountReg = 0x12,
                                      .bSectorNumberReg = 0x34,
                                      .bCylLowReg = 0xF4,
                                      .bCylHighReg = 0x2C,
                                      .bDriveHeadReg = 0x45,
                                      .bCommandReg = irb->AtaStatus};
    results->Previous = (IDEREGISTERS){
        .bSectorCountReg = 0x9A, .bSectorNumberReg = 0xBC, .bCylLowReg = 0xDE, .bCylHighReg = 0xF0};
    irb->IrbStatus |= IRB_STATUS_RETURN_TASKFILE_VALID;
}

static bool command(PIDE_REQUEST_BLOCK irb)
{
    seen = *irb;
    irb->AtaStatus = 0x50;
    irb->IrbStatus = IRB_STATUS_SUCCESS;
    if (abort_opcode && irb->IdeTaskFile.Current.bCommandReg == abort_opcode) {
        irb->AtaStatus = 0x51;
        irb->AtaError = IDE_ERROR_COMMAND_ABORTED;
        irb->IrbStatus = IRB_STATUS_DEVICE_ERROR;
        irb->DataTransferLength = 0;
    } else if (irb->Function == IRB_FUNCTION_ATA_GPLOG) {
        memset(irb->DataBuffer, 0, irb->DataTransferLength);
        ((uint8_t *)irb->DataBuffer)[2 * 0x10] = 3;
    }
    if (IsReturnResults(irb))
        answer_registers(irb);
    return true;
}

static void test_pass_through(void)
{
    struct pass_through log = {.opcode = 0x2F, .count = 1, .lba = 0x020000000110, .buffer = buffer};
    struct pass_through smart = {
        .opcode = IDE_COMMAND_SMART, .features = IDE_SMART_RETURN_STATUS, .lba = 0xC24F00};
    struct pass_results results;
    struct request request;

    guest_ok(pass_through_kind(&log) == PASS_KNOWN && log.is_48 && log.data == PASS_IN &&
                 log.byte_count == 512,
             "READ LOG EXT: 512 bytes, by 48 bits");
    pass_through_run(disk, &log, &request);
    guest_ok(seen.Function == IRB_FUNCTION_ATA_GPLOG && seen.IrbFlags & IRB_FLAGS_48BIT &&
                 seen.IrbFlags & IRB_FLAGS_DATA_IN && seen.DataTransferLength == 512,
             "is a function of its own");
    guest_ok(seen.IdeTaskFile.Current.bSectorNumberReg == 0x10 &&
                 seen.IdeTaskFile.Current.bCylLowReg == 0x01 &&
                 seen.IdeTaskFile.Previous.bCylHighReg == 0x02 &&
                 seen.IdeTaskFile.Current.bSectorCountReg == 1,
             "with its registers");
    guest_ok(request.irb_status == IRB_STATUS_SUCCESS && log_pages(buffer, 0x10) == 3,
             "its data comes");
    guest_ok(pass_through_results(&request, &results) && results.lba == 0xF0DEBC2CF434 &&
                 results.count == 0x9A12 && results.status == 0x50,
             "and so do the registers, with all of their 48 bits");

    guest_ok(pass_through_kind(&smart) == PASS_KNOWN && !smart.is_48 && smart.data == PASS_NO_DATA,
             "SMART RETURN STATUS: no data");
    pass_through_run(disk, &smart, &request);
    guest_ok(seen.Function == IRB_FUNCTION_ATA_SMART &&
                 seen.IdeTaskFile.Current.bCylLowReg == 0x4F &&
                 seen.IdeTaskFile.Current.bCylHighReg == 0xC2,
             "is a function of its own");
    guest_ok(pass_through_results(&request, &results) && results.lba == 0x52CF434 &&
                 smart_health(results.lba) == SMART_FAILING,
             "28 bits come back, four of them in Device: the disk fails");

    abort_opcode = IDE_COMMAND_SMART;
    puppet_forget();
    pass_through_run(disk, &smart, &request);
    guest_ok(request.irb_status == IRB_STATUS_DEVICE_ERROR && functions_are("105"),
             "a command that fails is not repeated");
    guest_ok(pass_through_results(&request, &results) && results.status == 0x51 &&
                 results.error == IDE_ERROR_COMMAND_ABORTED,
             "its registers come all the same");
    abort_opcode = 0;
}

/* ------------------------------------------------------------------ forced writes */

static void force(PIDE_DEVICE_PARAMETERS parameters)
{
    parameters->DeviceCharacteristics |= DFLAGS_FUA_SUPPORT;
    parameters->MaxBlockXfer = 16;
}

static bool write_through(void)
{
    puppet_forget();
    return block_transfer(disk, BLOCK_WRITE_THROUGH, 3, 2, buffer) == BLOCK_OK;
}

static void test_forced(void)
{
    guest_ok(write_through() && functions_are("103 104"), "a write-through is flushed");
    puppet.in_initialize = force;
    channel_stop(channel);
    channel_start(channel);
    guest_ok(write_through() && functions_are("103") &&
                 seen.IdeTaskFile.Current.bCommandReg == IDE_COMMAND_WRITE_MULTIPLE_FUA_EXT &&
                 seen.IrbFlags & IRB_FLAGS_48BIT && seen.IdeTaskFile.Current.bSectorCountReg == 2,
             "with DFLAGS_FUA_SUPPORT it forces itself");
    abort_opcode = IDE_COMMAND_WRITE_MULTIPLE_FUA_EXT;
    guest_ok(write_through() && functions_are("103 103 104"),
             "when that is aborted, it is flushed");
    guest_ok(write_through() && functions_are("103 104"), "from then on");
    abort_opcode = IDE_COMMAND_FLUSH_CACHE;
    struct block_request through = {.device = disk,
                                    .operation = BLOCK_WRITE_THROUGH,
                                    .lba = 3,
                                    .sector_count = 2,
                                    .buffer = buffer};
    guest_ok(block_run(&through) == BLOCK_DEVICE_ERROR, "it fails when its flush does");
    GUEST_CHECK(through.sectors_done, ==, 0, "none of it is known to be on the medium");
    char text[128];
    block_describe(&through, text, sizeof text);
    guest_ok(strncmp(text, "flush: disk ", 12) == 0, "and that is said: %s", text);
    abort_opcode = 0;
    puppet.in_initialize = NULL;
    puppet_forget();
    (void)block_transfer(disk, BLOCK_TRIM, 0, 8, buffer);
    guest_ok(functions_are(""), "nor does a disk without TRIM get one");
}

/* ------------------------------------------------------------------ trim */

static unsigned trim_count;

/* The first one ends as another request has found out that the driver does no DMA: nothing is trimmed from then on,
 * as port/block_commands.c says. The third one would not have been sent. */
static bool trim_once(PIDE_REQUEST_BLOCK irb)
{
    disk->block.trim_sectors = 0;
    irb->AtaStatus = ++trim_count < 3 ? 0x50 : 0x51;
    irb->IrbStatus = trim_count < 3 ? IRB_STATUS_SUCCESS : IRB_STATUS_DEVICE_ERROR;
    return true;
}

/* Half of the list has gone to the disk, which then fails. */
static bool trim_half(PIDE_REQUEST_BLOCK irb)
{
    irb->DataTransferLength = 512;
    irb->AtaStatus = 0x51;
    irb->AtaError = IDE_ERROR_COMMAND_ABORTED;
    irb->IrbStatus = IRB_STATUS_DEVICE_ERROR;
    return true;
}

static void test_trim(void)
{
    const struct block_device before = disk->block;
    const uint64_t sector_count = disk->sector_count;
    struct block_request trim = {.device = disk, .operation = BLOCK_TRIM, .buffer = buffer};

    disk->block.forms[BLOCK_TRIM] = disk->block.forms[BLOCK_VERIFY];
    disk->block.forms[BLOCK_TRIM].flags |= IRB_FLAGS_DATA_OUT;
    disk->block.trim_sectors = 8;
    disk->block.trim_bytes = 1024;
    trim.sector_count = 24;
    puppet.command = trim_once;
    guest_ok(block_run(&trim) == BLOCK_UNSUPPORTED && trim_count == 1 && trim.sectors_done == 8,
             "a disk that loses its TRIM meanwhile: what was not trimmed fails");

    disk->sector_count = trim.sector_count = 65u * MAX_IDE_LBA_RANGE_SECTOR_COUNT_VALUE;
    disk->block.trim_sectors = (uint32_t)trim.sector_count;
    puppet.command = trim_half;
    guest_ok(block_run(&trim) == BLOCK_DEVICE_ERROR && trim.sectors_done == 0,
             "what has moved of the list is no sectors that are trimmed");
    puppet.command = command;
    disk->sector_count = sector_count;
    disk->block = before;
}

/* ------------------------------------------------------------------ before a stop */

static void test_stop(void)
{
    uint64_t reported = contract_total();

    channel_stop(channel);
    channel_start(channel);
    puppet_forget();
    guest_ok(channel_stop(channel) && functions_are(""), "nothing was written: nothing is said");
    channel_start(channel);
    (void)block_transfer(disk, BLOCK_WRITE, 3, 1, buffer);
    puppet_forget();
    guest_ok(channel_stop(channel) && functions_are("401 104 402"),
             "else ADAPTER_FLUSH, the device's flush, SHUTDOWN");
    channel_start(channel);
    (void)block_transfer(disk, BLOCK_WRITE, 3, 1, buffer);
    puppet_forget();
    guest_ok(channel_power_down(channel) && functions_are("401 104 104 403"),
             "no SHUTDOWN when power goes: it comes back");
    guest_ok(channel_power_up(channel), "it does");
    (void)block_transfer(disk, BLOCK_WRITE, 3, 1, buffer);
    puppet.status = IRB_STATUS_INVALID_REQUEST; /* of the miniport's own functions alone */
    puppet_forget();
    guest_ok(channel_stop(channel) && functions_are("401 104 402"), "a driver may refuse them");
    puppet.status = IRB_STATUS_SUCCESS;
    channel_start(channel);
    (void)block_transfer(disk, BLOCK_WRITE, 3, 1, buffer);
    abort_opcode = IDE_COMMAND_FLUSH_CACHE;
    puppet_forget();
    guest_ok(!channel_stop(channel) && functions_are("401 104"),
             "no SHUTDOWN of a device that was not flushed");
    abort_opcode = 0;
    channel_start(channel);
    (void)block_transfer(disk, BLOCK_WRITE, 3, 1, buffer);
    puppet.status = IRB_STATUS_BUS_RESET;
    puppet_forget();
    guest_ok(!channel_stop(channel) && functions_are("401 104"),
             "a device is flushed even when ADAPTER_FLUSH has failed");
    puppet.status = IRB_STATUS_SUCCESS;
    channel_start(channel);
    guest_ok(contract_total() == reported, "no rule is broken by all this");
}

void guest_test_issuers(void)
{
    guest_plan(PLAN);
    buffer = hal_pages_alloc(1, UINT64_MAX);
    struct controller *controller = puppet_create();
    puppet.command = command;
    controller_start(controller);
    channel = controller->channels[0];
    disk = channel_device(channel, 0, 0);
    test_pass_through();
    test_forced();
    test_trim();
    test_stop();
}
