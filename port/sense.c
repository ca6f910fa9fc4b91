/* SPDX-License-Identifier: MIT */
/*
 * What a request that has failed says: sense data of packet devices, and what its issuer is told.
 * See sense.h. Any context.
 */
#include "port/sense.h"

enum {
    SENSE_NOT_READY = 2,
    SENSE_ILLEGAL_REQUEST = 5,
    SENSE_UNIT_ATTENTION = 6,
};
#define ASC_OUT_OF_RANGE   0x21
#define ASC_MEDIUM_CHANGED 0x28
#define ASC_NO_MEDIUM      0x3A

/* Fixed-format sense data (SPC-2 7.20.2): key in byte 2, additional code in bytes 12 and 13. Where
 * the miniport could not get it, the key is in Error bits 7:4 (ATA/ATAPI-6 9.8). */
static uint8_t sense_key(const struct request *request)
{
    return request->sense_valid ? request->sense[2] & 0xF : request->ata_error >> 4;
}

static uint8_t sense_code(const struct request *request)
{
    return request->sense_valid ? request->sense[12] : 0;
}

bool atapi_should_repeat(const struct request *request)
{
    if (request->irb_status != IRB_STATUS_DEVICE_ERROR)
        return false;
    uint8_t code = sense_code(request);
    switch (sense_key(request)) {
    case SENSE_UNIT_ATTENTION: /* without sense data it may be this one as well as any other */
        if (code == ASC_MEDIUM_CHANGED || !request->sense_valid)
            request->device->medium_changed = true;
        return true;
    case SENSE_NOT_READY:
        /* QEMU: after a change of medium the first command says "no medium", the next "changed". */
        if (code == ASC_NO_MEDIUM)
            request->device->medium_changed = true;
        return code == ASC_NO_MEDIUM;
    }
    return false;
}

/* What a CHECK CONDITION means for a block request. */
static enum block_status atapi_status(const struct request *request)
{
    switch (sense_key(request)) {
    case SENSE_UNIT_ATTENTION:
        return request->device->medium_changed ? BLOCK_MEDIUM_CHANGED : BLOCK_DEVICE_ERROR;
    case SENSE_NOT_READY:
        return sense_code(request) == ASC_NO_MEDIUM ? BLOCK_NO_MEDIUM : BLOCK_DEVICE_ERROR;
    case SENSE_ILLEGAL_REQUEST:
        return sense_code(request) == ASC_OUT_OF_RANGE ? BLOCK_OUT_OF_RANGE : BLOCK_DEVICE_ERROR;
    }
    return BLOCK_DEVICE_ERROR;
}

const char *atapi_sense_name(const uint8_t *sense)
{
    static const char *const keys[16] = {
        "no sense",       "recovered error", "not ready",      "medium error",
        "hardware error", "illegal request", "unit attention", "data protect",
        "blank check",    "vendor specific", "copy aborted",   "aborted command",
        "equal",          "volume overflow", "miscompare",     "reserved",
    };
    if ((sense[2] & 0xF) == SENSE_NOT_READY && sense[12] == ASC_NO_MEDIUM)
        return "no medium";
    if ((sense[2] & 0xF) == SENSE_ILLEGAL_REQUEST && sense[12] == ASC_OUT_OF_RANGE)
        return "address out of range";
    return keys[sense[2] & 0xF];
}

enum block_status block_status_of(const struct request *request)
{
    if (request->is_cancelled && request->irb_status != IRB_STATUS_SUCCESS)
        return BLOCK_CANCELLED;
    if (request->device->failures.is_offline && request->irb_status != IRB_STATUS_SUCCESS)
        return BLOCK_DEVICE_GONE;
    if (request->device->kind == DEVICE_ATAPI && request->irb_status == IRB_STATUS_DEVICE_ERROR)
        return atapi_status(request);
    switch (request->irb_status) {
    case IRB_STATUS_SUCCESS: /* of less than was asked for is none */
        return request->transferred == request->byte_count ? BLOCK_OK : BLOCK_DEVICE_ERROR;
    case IRB_STATUS_SELECTION_TIMEOUT:
        return BLOCK_DEVICE_GONE;
    case IRB_STATUS_BUS_RESET:
        return request->timed_out ? BLOCK_TIMED_OUT : BLOCK_DEVICE_ERROR;
    }
    return BLOCK_DEVICE_ERROR;
}
