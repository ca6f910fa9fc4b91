/* SPDX-License-Identifier: MIT */
/* Commands as somebody else has written them; see pass_through.h. PASSIVE_LEVEL. */
#include "port/pass_through.h"

#include <string.h>

#include "port/access/audit_command.h"
#include "port/limits.h"
#include "port/objects.h"
#include "port/parcel.h"
#include "port/sense.h"

/* ACS: the general purpose log. */
#define COMMAND_READ_LOG_EXT      0x2F
#define COMMAND_WRITE_LOG_EXT     0x3F
#define COMMAND_READ_LOG_DMA_EXT  0x47
#define COMMAND_WRITE_LOG_DMA_EXT 0x57

/* ------------------------------------------------------------------ what kind it is */

/* SMART: all that moves data moves sectors; those of READ DATA and READ THRESHOLDS are one. */
static uint32_t smart_bytes(const struct pass_through *command)
{
    switch (command->features) {
    case IDE_SMART_READ_ATTRIBUTES:
    case IDE_SMART_READ_THRESHOLDS:
        return 512;
    case IDE_SMART_READ_LOG:
    case IDE_SMART_WRITE_LOG:
        return (command->count & 0xFFu) * 512;
    }
    return 0;
}

enum pass_kind pass_through_kind(struct pass_through *command)
{
    struct audit_command known = {
        .registers = {.features = (uint8_t)command->features,
                      .sector_count = (uint8_t)command->count,
                      .command = command->opcode},
        .previous = {.sector_count = (uint8_t)(command->count >> 8)},
    };
    enum audit_protocol protocol = audit_protocol_of(&known.registers);

    known.protocol = (uint8_t)protocol;
    command->is_48 = audit_opcodes[command->opcode].flags & OPCODE_48;
    command->byte_count =
        command->opcode == IDE_COMMAND_SMART ? smart_bytes(command) : audit_command_bytes(&known);
    switch (protocol) {
    case PROTOCOL_UNKNOWN:
        return PASS_UNKNOWN;
    case PROTOCOL_QUEUED:
    case PROTOCOL_PACKET:
        return PASS_REFUSED;
    case PROTOCOL_NON_DATA:
    case PROTOCOL_DEVICE_RESET:
    case PROTOCOL_DIAGNOSTIC:
        command->data = PASS_NO_DATA;
        break;
    case PROTOCOL_PIO_IN:
    case PROTOCOL_DMA_IN:
        command->data = PASS_IN;
        break;
    case PROTOCOL_PIO_OUT:
    case PROTOCOL_DMA_OUT:
        command->data = PASS_OUT;
        break;
    }
    return PASS_KNOWN;
}

static USHORT function_of(UCHAR opcode)
{
    USHORT function;

    switch (opcode) {
    case COMMAND_READ_LOG_EXT:
    case COMMAND_WRITE_LOG_EXT:
    case COMMAND_READ_LOG_DMA_EXT:
    case COMMAND_WRITE_LOG_DMA_EXT:
        return IRB_FUNCTION_ATA_GPLOG; /* which the macro does not know */
    }
    IdeMapAtaCommandToIrbFunction(opcode, function);
    return function;
}

/* ------------------------------------------------------------------ on its way */

/* 28 bits of the address: those above 23 are in Device (ATA/ATAPI-6, 7.7). */
static void set_registers(IDE_TASK_FILE *task_file, const struct pass_through *command,
                          uint8_t target)
{
    uint8_t flags = audit_opcodes[command->opcode].flags;
    UCHAR device = target ? 0xB0 : 0xA0;

    if (command->is_48 || flags & (OPCODE_ADDRESS | OPCODE_ONE))
        device |= IDE_LBA_MODE;
    if (!command->is_48)
        device |= (UCHAR)(command->lba >> 24 & 0x0F);
    task_file->Current = (IDEREGISTERS){
        .bFeaturesReg = (UCHAR)command->features,
        .bSectorCountReg = (UCHAR)command->count,
        .bSectorNumberReg = (UCHAR)command->lba,
        .bCylLowReg = (UCHAR)(command->lba >> 8),
        .bCylHighReg = (UCHAR)(command->lba >> 16),
        .bDriveHeadReg = device,
        .bCommandReg = command->opcode,
    };
    if (command->is_48)
        task_file->Previous = (IDEREGISTERS){
            .bFeaturesReg = (UCHAR)(command->features >> 8),
            .bSectorCountReg = (UCHAR)(command->count >> 8),
            .bSectorNumberReg = (UCHAR)(command->lba >> 24),
            .bCylLowReg = (UCHAR)(command->lba >> 32),
            .bCylHighReg = (UCHAR)(command->lba >> 40),
        };
}

static void run(struct device *device, enum pass_data data, void *buffer, uint32_t byte_count,
                struct request *request)
{
    request->device = device;
    request->timeout_s = LIMIT_PASS_THROUGH_S;
    if (data != PASS_NO_DATA && byte_count) {
        request->flags |= data == PASS_IN ? IRB_FLAGS_DATA_IN : IRB_FLAGS_DATA_OUT;
        request->buffer = buffer;
        request->byte_count = byte_count;
    }
    if (data == PASS_OUT)
        device->was_written = true; /* for all that is known */
    request_run(request);
}

void pass_through_run(struct device *device, const struct pass_through *command,
                      struct request *request)
{
    *request = (struct request){
        .function = function_of(command->opcode),
        .flags = command->is_48 ? IRB_FLAGS_48BIT : 0,
        .is_once = !command->may_repeat,
        .wants_registers = true,
    };
    set_registers(&request->task_file, command, device->target);
    run(device, command->data, command->buffer, command->byte_count, request);
}

bool pass_through_results(const struct request *request, struct pass_results *results)
{
    IDE_TASK_FILE registers = {0};
    const IDEREGISTERS *now = &registers.Current, *before = &registers.Previous;

    *results = (struct pass_results){.status = request->ata_status, .error = request->ata_error};
    if (!request->registers_valid)
        return false;
    memcpy(&registers, request->sense, sizeof registers);
    results->status = now->bCommandReg;
    results->error = now->bFeaturesReg;
    results->device = now->bDriveHeadReg;
    results->count = now->bSectorCountReg;
    results->lba =
        (uint32_t)now->bCylHighReg << 16 | (uint32_t)now->bCylLowReg << 8 | now->bSectorNumberReg;
    if (request->flags & IRB_FLAGS_48BIT) {
        results->count |= (uint16_t)(before->bSectorCountReg << 8);
        results->lba |= (uint64_t)before->bCylHighReg << 40 | (uint64_t)before->bCylLowReg << 32 |
                        (uint64_t)before->bSectorNumberReg << 24;
    } else if (now->bDriveHeadReg & IDE_LBA_MODE) {
        results->lba |= (uint32_t)(now->bDriveHeadReg & 0x0F) << 24;
    }
    return true;
}

void pass_through_packet(struct device *device, const uint8_t *cdb, uint8_t cdb_length,
                         enum pass_data data, void *buffer, uint32_t byte_count,
                         struct request *request)
{
    *request = (struct request){
        .function = IRB_FUNCTION_ATAPI_COMMAND, .is_once = true, .cdb_length = cdb_length};
    memcpy(request->cdb, cdb, cdb_length);
    run(device, data, buffer, byte_count, request);
    (void)atapi_should_repeat(request); /* whoever sends it decides; but a new medium is noticed */
}
