/* SPDX-License-Identifier: MIT */
/* The model of ata_model.h. */
#include "tests/host/ata_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BSY  0x80
#define DRDY 0x40
#define DSC  0x10
#define DRQ  0x08
#define ERR  0x01
#define IDLE (DRDY | DSC)

#define SRST 0x04
#define NIEN 0x02
#define HOB  0x80

#define ACCESS_NS 100u
#define STALE_NS  350u /* four reads of a register later it is over */
#define NEVER     UINT64_MAX

struct model model;

/* ------------------------------------------------------------------ offences and log */

__attribute__((format(printf, 1, 2))) static void offend(const char *format, ...)
{
    va_list arguments;
    if (model.offences++)
        return;
    va_start(arguments, format);
    vsnprintf(model.offence, sizeof model.offence, format, arguments);
    va_end(arguments);
}

static void note(char kind, const char *name, uint32_t value)
{
    if (model.log_count < MODEL_LOG_LENGTH)
        model.log[model.log_count++] = (struct model_access){kind, name, value};
}

const char *model_log_text(void)
{
    static char text[16384];
    size_t at = 0;
    text[0] = 0;
    for (unsigned i = 0; i < model.log_count && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%c%s", i ? " " : "",
                               model.log[i].kind, model.log[i].name);
    return text;
}

void model_log_clear(void)
{
    model.log_count = model.data_units = 0;
}

/* ------------------------------------------------------------------ devices */

void model_init(void)
{
    uint8_t *ram = model.ram;
    for (unsigned i = 0; i < 2; i++)
        free(model.device[i].data);
    memset(&model, 0, sizeof model);
    model.ram = ram ? ram : malloc(MODEL_RAM_BYTES);
    memset(model.ram, 0xA5, MODEL_RAM_BYTES);
    model.has_bus_master = true;
    model.srst_cleared_ns = model.srst_set_ns = 0;
    model.now_ns = 1000000000;
}

static void signature(struct model_device *device)
{
    device->count[0] = device->low[0] = 1;
    device->middle[0] = device->kind == MODEL_CD ? 0x14 : 0;
    device->high[0] = device->kind == MODEL_CD ? 0xEB : 0;
    device->error = 1;
}

static void defaults(struct model_device *device)
{
    device->multiple = 0;
    device->pio_mode = device->dma_mode = 0;
    device->heads = 16;
    device->sectors_per_track = 63;
    device->asleep = false;
}

void model_add(unsigned target, enum model_kind kind, uint64_t sector_count)
{
    struct model_device *device = &model.device[target];
    device->kind = kind;
    device->sector_count = sector_count;
    device->data = malloc(MODEL_SECTORS * MODEL_SECTOR);
    for (uint32_t i = 0; i < MODEL_SECTORS * MODEL_SECTOR; i++)
        device->data[i] = (uint8_t)(i * 7 + i / 512 * 13 + target * 101);
    device->latency_ns = 50000;
    device->reset_ns = 3000000;
    device->bad_sector = -1;
    device->status = kind == MODEL_CD ? 0 : IDLE;
    signature(device);
    defaults(device);
}

uint8_t *model_sector(struct model_device *device, uint64_t lba)
{
    uint32_t bytes = device->kind == MODEL_CD ? MODEL_CD_SECTOR : MODEL_SECTOR;
    return device->data + lba % (MODEL_SECTORS * MODEL_SECTOR / bytes) * bytes;
}

static struct model_device *selected(void)
{
    return &model.device[model.device_register >> 4 & 1];
}

static uint8_t true_status(const struct model_device *device)
{
    return model.now_ns < device->stale_until_ns ? device->stale_status : device->status;
}

static void update_line(void)
{
    bool line = selected()->interrupt && !(model.control & NIEN);
    if (line && !model.line) {
        model.edge = true;
        if (!model.latch_is_dead)
            model.bm_status |= 0x04;
    }
    model.line = line;
}

static void raise(struct model_device *device)
{
    if (device->lose_interrupts) {
        device->lose_interrupts--;
        return;
    }
    device->interrupt = true;
    update_line();
}

static void later(struct model_device *device, enum model_work work, uint64_t delay_ns)
{
    device->work = work;
    device->work_at_ns = device->never_ready ? NEVER : model.now_ns + delay_ns;
}

static void finish(struct model_device *device, uint8_t status, uint8_t error)
{
    device->work = WORK_NONE;
    device->status = status;
    device->error = error;
    if (device->kind == MODEL_CD)
        device->status &=
            (uint8_t)~DSC; /* of packet devices the bit says something else. EDGE: 149 */
    if (device->is_packet)
        device->count[0] = 3;
}

static void fail(struct model_device *device, uint8_t error)
{
    finish(device, IDLE | ERR, error);
}

static void check(struct model_device *device, uint8_t key, uint8_t asc)
{
    device->sense_key = key;
    device->asc = asc;
    device->is_packet = true;
    fail(device, (uint8_t)(key << 4 | 4));
    raise(device);
}

/* ------------------------------------------------------------------ data */

static bool is_write(uint8_t opcode)
{
    return opcode == 0x30 || opcode == 0xC5 || opcode == 0xCA || opcode == 0x34 || opcode == 0x39 ||
           opcode == 0x35;
}

/* Is the block that begins at device->lba readable, writable? */
static bool block_is_good(struct model_device *device, uint32_t sectors)
{
    for (uint32_t i = 0; i < sectors; i++)
        if ((int64_t)(device->lba + i) == device->bad_sector ||
            device->lba + i >= device->sector_count)
            return false;
    return true;
}

static void next_block_in(struct model_device *device)
{
    uint32_t bytes = device->left < device->block_bytes ? device->left : device->block_bytes;

    if (device->opcode == 0x20 || device->opcode == 0x24 || device->opcode == 0xC4 ||
        device->opcode == 0x29) {
        if (!block_is_good(device, bytes / MODEL_SECTOR)) {
            fail(device, device->bad_error ? device->bad_error : 0x10);
            raise(device);
            return;
        }
        for (uint32_t i = 0; i < bytes / MODEL_SECTOR; i++)
            memcpy(device->buffer + i * MODEL_SECTOR, model_sector(device, device->lba + i),
                   MODEL_SECTOR);
        device->lba += bytes / MODEL_SECTOR;
    } else if (device->is_packet && device->at) {
        memmove(device->buffer, device->buffer + device->at, sizeof device->buffer - device->at);
    }
    device->at = 0;
    device->end = bytes;
    device->left -= bytes;
    device->status = IDLE | DRQ;
    if (device->is_packet) {
        if (bytes % 2)
            /* EDGE: 127 */
            offend("the drive was asked for %u bytes, and moves words", bytes);
        device->count[0] = 2;
        device->middle[0] = (uint8_t)bytes;
        device->high[0] = (uint8_t)(bytes >> 8);
    }
    device->work = WORK_NONE;
    raise(device);
}

static void next_block_out(struct model_device *device, bool first)
{
    uint32_t bytes = device->left < device->block_bytes ? device->left : device->block_bytes;
    device->at = 0;
    device->end = bytes;
    device->left -= bytes;
    device->status = IDLE | DRQ;
    device->work = WORK_NONE;
    if (!first)
        raise(device);
}

static void store_block(struct model_device *device)
{
    uint32_t sectors = device->end / MODEL_SECTOR;
    if (!block_is_good(device, sectors)) {
        fail(device, device->bad_error ? device->bad_error : 0x10);
        raise(device);
        return;
    }
    for (uint32_t i = 0; i < sectors; i++)
        memcpy(model_sector(device, device->lba + i), device->buffer + i * MODEL_SECTOR,
               MODEL_SECTOR);
    device->lba += sectors;
    if (device->left) {
        next_block_out(device, false);
    } else {
        finish(device, IDLE, 0);
        raise(device);
    }
}

/* The block in the buffer has been moved by the host. */
static void block_moved(struct model_device *device)
{
    if (device->work == WORK_PACKET || device->opcode == 0)
        return;
    if (device->to_host) {
        if (device->left) {
            device->status = IDLE | BSY;
            later(device, WORK_DATA_IN, device->latency_ns);
        } else if (device->is_packet) {
            device->status = BSY;
            later(device, WORK_DONE, device->latency_ns);
        } else {
            finish(device, device->keeps_drq ? IDLE | DRQ : IDLE, 0);
            device->at = device->end = 0;
        }
    } else {
        device->status = IDLE | BSY;
        later(device, WORK_DATA_OUT, device->latency_ns);
    }
}

/* ------------------------------------------------------------------ bus master */

static uint8_t *physical(uint32_t address, uint32_t bytes)
{
    if (address < MODEL_RAM_BASE || address - MODEL_RAM_BASE > MODEL_RAM_BYTES - bytes) {
        offend("bus master at %#x, %u bytes: no memory there", address, bytes);
        return NULL;
    }
    return model.ram + (address - MODEL_RAM_BASE);
}

/* Moves `bytes` between data and memory; returns what was moved. */
static uint32_t run_table(uint8_t *data, uint32_t bytes, bool to_memory)
{
    uint32_t moved = 0, table = model.bm_table;

    for (unsigned i = 0; moved < bytes; i++, table += 8) {
        uint8_t *entry = physical(table, 8);
        if (!entry)
            return moved;
        uint32_t address, control;
        memcpy(&address, entry, 4);
        memcpy(&control, entry + 4, 4);
        uint32_t length = (control & 0xFFFF) ? control & 0xFFFE : 0x10000;
        if ((address & 1) || (control & 1))
            /* EDGE: 99, 100 */
            offend("descriptor %u: odd address or length", i);
        if ((address & 0xFFFF) + length > 0x10000)
            /* EDGE: 96 */
            offend("descriptor %u crosses 64 KiB: %#x, %#x bytes", i, address, length);
        uint32_t piece = length < bytes - moved ? length : bytes - moved;
        uint8_t *memory = physical(address & ~1u, piece);
        if (!memory)
            return moved;
        if (to_memory)
            memcpy(memory, data + moved, piece);
        else
            memcpy(data + moved, memory, piece);
        moved += piece;
        bool is_last = control >> 31;
        if (is_last && moved == bytes && piece == length)
            model.bm_status &= (uint8_t)~1; /* the table is used up */
        if (is_last) {
            if (moved < bytes || piece < length)
                /* EDGE: 102, 103, 104 */
                offend("table and command differ in length");
            break;
        }
        if (moved == bytes)
            offend("the table goes on behind the command's end");
    }
    return moved;
}

static void dma(struct model_device *device)
{
    uint32_t bytes = device->left;
    bool to_memory = device->to_host;

    if (!(model.bm_command & 1)) { /* waits for the engine */
        device->work_at_ns = NEVER;
        return;
    }
    if (((model.bm_command & 8) != 0) != to_memory)
        /* EDGE: 108 */
        offend("bus master has the wrong direction");
    if (device->crc_errors) {
        device->crc_errors--;
        fail(device, 0x84);
        raise(device);
        return;
    }
    if (!device->is_packet && !block_is_good(device, bytes / MODEL_SECTOR)) {
        fail(device, device->bad_error ? device->bad_error : 0x10);
        raise(device);
        return;
    }
    uint8_t *data = device->buffer;
    if (to_memory && !device->is_packet)
        for (uint32_t i = 0; i < bytes / MODEL_SECTOR; i++)
            memcpy(data + i * MODEL_SECTOR, model_sector(device, device->lba + i), MODEL_SECTOR);
    uint32_t moved = 0;
    if (!model.bus_master_enabled)
        moved = bytes; /* nothing is moved, and all seems well but the active bit */
    else
        moved = run_table(data, bytes, to_memory);
    if (moved < bytes) { /* the device has more, the engine has stopped: silence */
        model.bm_status &= (uint8_t)~1;
        device->work_at_ns = NEVER;
        return;
    }
    if (!to_memory && !device->is_packet)
        for (uint32_t i = 0; i < bytes / MODEL_SECTOR; i++)
            memcpy(model_sector(device, device->lba + i), data + i * MODEL_SECTOR, MODEL_SECTOR);
    if (device->bm_error)
        model.bm_status |= 2;
    finish(device, IDLE, 0);
    raise(device);
}

/* ------------------------------------------------------------------ commands */

static uint64_t address_of(const struct model_device *device, bool is_ext)
{
    if (is_ext)
        return (uint64_t)device->high[1] << 40 | (uint64_t)device->middle[1] << 32 |
               (uint64_t)device->low[1] << 24 | (uint64_t)device->high[0] << 16 |
               (uint64_t)device->middle[0] << 8 | device->low[0];
    if (model.device_register & 0x40)
        return (uint64_t)(model.device_register & 0xF) << 24 | (uint64_t)device->high[0] << 16 |
               (uint64_t)device->middle[0] << 8 | device->low[0];
    uint64_t cylinder = device->high[0] << 8 | device->middle[0];
    return (cylinder * device->heads + (model.device_register & 0xF)) * device->sectors_per_track +
           device->low[0] - 1u;
}

static void put_word(struct model_device *device, unsigned index, uint16_t value)
{
    device->buffer[2 * index] = (uint8_t)value;
    device->buffer[2 * index + 1] = (uint8_t)(value >> 8);
}

static void identify(struct model_device *device)
{
    uint32_t lba28 =
        device->sector_count < 0x0FFFFFFF ? (uint32_t)device->sector_count : 0x0FFFFFFF;
    memset(device->buffer, 0, MODEL_SECTOR);
    put_word(device, 0,
             device->kind == MODEL_CD ? 0x8580 | (device->packet_interrupts ? 0x20 : 0) : 0x0040);
    put_word(device, 1, 64);
    put_word(device, 3, 8);
    put_word(device, 6, 8);
    for (unsigned i = 0; i < 20; i++) /* two characters a word, the first one in the high byte */
        put_word(device, 27 + i,
                 i < 5 ? (uint16_t)("MODEL DISK"[2 * i] << 8 | "MODEL DISK"[2 * i + 1]) : 0x2020);
    put_word(device, 47, 0x8010);
    put_word(device, 49, device->has_no_lba ? 0x0100 : 0x0300);
    put_word(device, 53, 7);
    put_word(device, 60, (uint16_t)lba28);
    put_word(device, 61, (uint16_t)(lba28 >> 16));
    put_word(device, 63, 7);
    put_word(device, 64, 3);
    put_word(device, 83, device->sector_count > 0x0FFFFFFF ? 0x7400 : 0x5000);
    put_word(device, 88, 0x7F);
    put_word(device, 93, device->has_40_wires ? 0x4001 : 0x6001);
    put_word(device, 100, (uint16_t)device->sector_count);
    put_word(device, 101, (uint16_t)(device->sector_count >> 16));
    put_word(device, 102, (uint16_t)(device->sector_count >> 32));
}

static void start_sectors(struct model_device *device, bool is_ext, uint32_t sectors_a_block)
{
    uint32_t count =
        is_ext ? (uint32_t)(device->count[1] << 8 | device->count[0]) : device->count[0];
    if (!count)
        count = is_ext ? 0x10000 : 0x100;
    device->lba = address_of(device, is_ext);
    if (device->lba + count > device->sector_count && device->bad_sector != -2)
        /* EDGE: 80 */
        offend("sectors %llu + %u lie beyond the end", (unsigned long long)device->lba, count);
    device->left = count * MODEL_SECTOR;
    device->block_bytes = sectors_a_block * MODEL_SECTOR;
    device->to_host = !is_write(device->opcode);
    device->is_packet = false;
    device->status = IDLE | BSY;
    if (device->to_host) {
        later(device, WORK_DATA_IN, device->latency_ns);
    } else {
        later(device, WORK_DATA_OUT, device->latency_ns);
        device->end = 0; /* the first block is asked for without interrupt */
    }
}

static void start_dma(struct model_device *device, bool is_ext)
{
    start_sectors(device, is_ext, 256);
    if (!device->dma_mode)
        /* EDGE: 36, 112 */
        offend("DMA command %02x without a DMA mode", device->opcode);
    if (model.bm_command & 1)
        offend("bus master started before the command"); /* EDGE: 109 */
    later(device, WORK_DMA, device->latency_ns);
}

static void set_features(struct model_device *device)
{
    bool ok = true;
    if (device->features[0] == 3) {
        uint8_t code = device->count[0];
        if (code < 0x10)
            device->pio_mode = code;
        else if ((code >= 0x40 && device->refuses_udma) || code > 0x46)
            ok = false;
        else
            device->dma_mode = code;
    } else if (device->features[0] != 2 && device->features[0] != 0x82) {
        ok = false;
    }
    device->status = IDLE | BSY;
    if (ok) {
        later(device, WORK_DONE, device->latency_ns);
    } else {
        fail(device, 4);
        raise(device);
    }
}

static void set_multiple(struct model_device *device)
{
    uint8_t n = device->count[0];
    if (device->refuses_multiple || n > 16 || (n & (n - 1))) {
        fail(device, 4);
        raise(device);
        return;
    }
    device->multiple = n;
    device->status = IDLE | BSY;
    later(device, WORK_DONE, device->latency_ns);
}

static void disk_command(struct model_device *device)
{
    uint8_t opcode = device->opcode;
    switch (opcode) {
    case 0x20:
    case 0x24:
    case 0x30:
    case 0x34:
        start_sectors(device, opcode & 4, 1);
        return;
    case 0xC4:
    case 0x29:
    case 0xC5:
    case 0x39:
        if (!device->multiple)
            /* EDGE: 36, 63 */
            offend("command %02x without SET MULTIPLE", opcode);
        start_sectors(device, opcode == 0x29 || opcode == 0x39,
                      device->multiple ? device->multiple : 1);
        return;
    case 0xC8:
    case 0xCA:
    case 0x25:
    case 0x35:
        start_dma(device, opcode == 0x25 || opcode == 0x35);
        return;
    case 0x40:
    case 0xE7:
    case 0xEA:
    case 0xE0:
    case 0xE5:
        device->status = IDLE | BSY;
        later(device, WORK_DONE, device->latency_ns);
        return;
    case 0xE6:
        device->asleep = true;
        device->status = IDLE | BSY;
        later(device, WORK_DONE, device->latency_ns);
        return;
    case 0x91:
        device->heads = (model.device_register & 0xF) + 1u;
        device->sectors_per_track = device->count[0];
        device->status = IDLE | BSY;
        later(device, WORK_DONE, device->latency_ns);
        return;
    case 0xC6:
        set_multiple(device);
        return;
    case 0xEF:
        set_features(device);
        return;
    case 0xEC:
        identify(device);
        device->left = device->block_bytes = MODEL_SECTOR;
        device->to_host = true;
        device->status = IDLE | BSY;
        later(device, WORK_DATA_IN, device->latency_ns);
        return;
    }
    fail(device, 4);
    raise(device);
}

static void cd_command(struct model_device *device)
{
    switch (device->opcode) {
    case 0xA1:
        identify(device);
        device->left = device->block_bytes = MODEL_SECTOR;
        device->to_host = true;
        device->status = BSY;
        later(device, WORK_DATA_IN, device->latency_ns);
        return;
    case 0xA0:
        device->is_packet = true;
        device->status = BSY;
        later(device, WORK_PACKET, device->packet_interrupts ? 2000000 : 20000);
        return;
    case 0xEF:
        set_features(device);
        return;
    case 0xEC:
        signature(device);
        break;
    }
    fail(device, 4);
    raise(device);
}

/* The packet has arrived. */
static void packet_command(struct model_device *device)
{
    const uint8_t *packet = device->packet;
    uint32_t limit = (uint32_t)(device->middle[0] | device->high[0] << 8) & ~1u;
    uint32_t lba = (uint32_t)packet[2] << 24 | packet[3] << 16 | packet[4] << 8 | packet[5];
    uint32_t blocks = (uint32_t)packet[7] << 8 | packet[8];
    bool uses_dma = device->features[0] & 1;

    device->to_host = true;
    device->status = BSY;
    device->at = 0;
    if (!uses_dma && !limit && packet[0] != 0) {
        /* EDGE: 126 */
        fail(device, 4); /* and no interrupt */
        return;
    }
    switch (packet[0]) {
    case 0x00: /* TEST UNIT READY */
        if (device->is_empty) {
            check(device, 2, 0x3A);
            return;
        }
        later(device, WORK_DONE, device->latency_ns);
        return;
    case 0x03: /* REQUEST SENSE */
        memset(device->buffer, 0, 18);
        device->buffer[0] = 0x70;
        device->buffer[2] = device->sense_key;
        device->buffer[7] = 10;
        device->buffer[12] = device->asc;
        device->left = packet[4] < 18 ? packet[4] : 18;
        break;
    case 0x12: /* INQUIRY */
        for (unsigned i = 0; i < 64; i++)
            device->buffer[i] = (uint8_t)(i + 1);
        device->left = (packet[4] < 36u ? packet[4] : 36u) + device->cd_answer_extra;
        break;
    case 0x28: /* READ (10) */
        if (!blocks) {
            later(device, WORK_DONE, device->latency_ns);
            return;
        }
        if (lba + blocks > device->sector_count) {
            check(device, 5, 0x21);
            return;
        }
        for (uint32_t i = 0; i < blocks; i++)
            memcpy(device->buffer + i * MODEL_CD_SECTOR, model_sector(device, lba + i),
                   MODEL_CD_SECTOR);
        device->left = blocks * MODEL_CD_SECTOR;
        break;
    default:
        check(device, 5, 0x20);
        return;
    }
    if (uses_dma && !device->dma_mode)
        offend("packet command by DMA without a DMA mode");
    device->block_bytes = limit;
    later(device, uses_dma ? WORK_DMA : WORK_DATA_IN, device->latency_ns);
}

static void command(uint8_t opcode)
{
    struct model_device *device = selected();
    uint8_t before = true_status(device);

    model.command_count++;
    if (opcode == 0x08) {
        if (device->kind != MODEL_CD) {
            device->opcode = opcode;
            fail(device, 4);
            raise(device);
            return;
        }
        defaults(device);
        signature(device);
        device->interrupt = false;
        device->never_ready = false;
        device->stale_status = before;
        device->stale_until_ns = model.now_ns + STALE_NS;
        device->status = BSY;
        device->opcode = 0;
        later(device, WORK_DONE, 1000000);
        return;
    }
    if (device->opcode == 0 && device->work == WORK_DONE) {
        offend("command %02x in the midst of a reset", opcode);
        return;
    }
    if (before & (BSY | DRQ)) {
        /* EDGE: 24 */
        offend("command %02x while Status is %02x", opcode, before);
        return;
    }
    if (model.control & NIEN)
        /* EDGE: 46 */
        offend("command %02x with interrupts off", opcode);
    if (device->asleep)
        /* EDGE: 175 */
        offend("command %02x to a sleeping device", opcode);
    device->interrupt = false;
    update_line();
    if (device->kind == MODEL_NONE)
        return;
    device->opcode = opcode;
    device->is_packet = false;
    device->at = device->end = 0;
    device->error = 0;
    device->stale_status = before;
    device->stale_until_ns = model.now_ns + STALE_NS;
    if (device->kind == MODEL_CD)
        cd_command(device);
    else
        disk_command(device);
}

/* ------------------------------------------------------------------ time */

static void soft_reset_done(struct model_device *device)
{
    device->status = device->kind == MODEL_CD ? 0 : IDLE;
    device->work = WORK_NONE;
    signature(device);
}

static void run(struct model_device *device)
{
    enum model_work work = device->work;
    if (work == WORK_NONE || device->work_at_ns > model.now_ns)
        return;
    if (device->late_drq && device->status & BSY &&
        (work == WORK_DATA_IN || work == WORK_DATA_OUT) && !device->is_packet && device->at == 0) {
        /* BSY goes (and the interrupt comes) before DRQ does. */
        device->late_drq = false;
        device->status = IDLE;
        if (work == WORK_DATA_IN)
            raise(device);
        device->lose_interrupts += work == WORK_DATA_IN;
        later(device, work, 10000);
        return;
    }
    switch (work) {
    case WORK_NONE:
        break;
    case WORK_DONE:
        if (device->opcode == 0) {
            soft_reset_done(device);
            if (device == selected())
                raise(device); /* QEMU: so does a reset. EDGE: 35 */
            break;
        }
        finish(device, IDLE, 0);
        raise(device);
        break;
    case WORK_DATA_IN:
        next_block_in(device);
        break;
    case WORK_DATA_OUT:
        if (device->end == 0) {
            next_block_out(device, true);
        } else {
            device->work = WORK_NONE;
            store_block(device);
        }
        break;
    case WORK_PACKET:
        device->status = IDLE | DRQ;
        device->count[0] = 1;
        device->at = 0;
        device->end = 12;
        device->work_at_ns = NEVER;
        if (device->packet_interrupts)
            raise(device);
        break;
    case WORK_DMA:
        dma(device);
        break;
    }
}

void model_advance(uint64_t delay_ns)
{
    uint64_t end = model.now_ns + delay_ns;
    for (;;) {
        uint64_t next = model_next_event_ns();
        if (next > end)
            break;
        if (next > model.now_ns)
            model.now_ns = next;
        for (unsigned i = 0; i < 2; i++)
            run(&model.device[i]);
    }
    model.now_ns = end;
}

uint64_t model_next_event_ns(void)
{
    uint64_t next = NEVER;
    for (unsigned i = 0; i < 2; i++)
        if (model.device[i].work != WORK_NONE && model.device[i].work_at_ns < next)
            next = model.device[i].work_at_ns;
    return next;
}

/* ------------------------------------------------------------------ registers */

static uint32_t read_data(unsigned width)
{
    struct model_device *device = selected();
    uint32_t value = 0;

    if (device->mute_ns) {
        device->mute_until_ns = model.now_ns + device->mute_ns;
        device->mute_ns = 0;
    }
    if (model.now_ns < device->mute_until_ns)
        return device->mute_status * 0x01010101u;
    if (!(true_status(device) & DRQ) || device->at + width > ((device->end + 1) & ~1u)) {
        /* EDGE: 70, 71 */
        offend("data port read without DRQ (%u bytes, %u of %u)", width, device->at, device->end);
        return 0;
    }
    memcpy(&value, device->buffer + device->at, width);
    device->at += width;
    if (device->at >= device->end && !device->keeps_drq)
        block_moved(device);
    else if (device->at >= device->end)
        device->at = 0;
    return value;
}

static void write_data(uint32_t value, unsigned width)
{
    struct model_device *device = selected();

    if (!(true_status(device) & DRQ) || device->at + width > ((device->end + 1) & ~1u)) {
        offend("data port written without DRQ (%u bytes, %u of %u)", width, device->at,
               device->end);
        return;
    }
    if (device->work == WORK_PACKET) {
        memcpy(device->packet + device->at, &value, width);
        device->at += width;
        if (device->at == device->end)
            packet_command(device);
        return;
    }
    memcpy(device->buffer + device->at, &value, width);
    device->at += width;
    if (device->at >= device->end)
        block_moved(device);
}

static uint8_t read_status(bool acknowledges)
{
    struct model_device *device = selected();

    if ((model.control & SRST) || model.now_ns - model.srst_cleared_ns < 2000000)
        if (model.srst_count)
            /* EDGE: 33 */
            offend("Status read %llu us after SRST",
                   (unsigned long long)(model.now_ns - model.srst_cleared_ns) / 1000);
    if (acknowledges) {
        bool in_flight = device->work != WORK_NONE || device->interrupt;
        if (in_flight && model.command_count && !model.in_interrupt && !(model.control & NIEN) &&
            device->opcode)
            if (device->status & (BSY | DRQ))
                /* EDGE: 44 */
                offend("Status read outside the interrupt routine with a command under way");
        if (!(true_status(device) & BSY)) {
            device->interrupt = false;
            update_line();
        }
    }
    if (device->kind == MODEL_NONE)
        return 0;
    return model.now_ns < device->mute_until_ns ? device->mute_status : true_status(device);
}

static uint8_t pair(const uint8_t *pair_)
{
    return pair_[model.control & HOB ? 1 : 0];
}

static const char *const read_names[8] = {"Data", "Error", "Count",  "Low",
                                          "Mid",  "High",  "Device", "Status"};
static const char *const write_names[8] = {"Data", "Features", "Count",  "Low",
                                           "Mid",  "High",     "Device", "Command"};

static uint32_t read_block(unsigned offset, unsigned width)
{
    const struct model_device *device = selected();
    bool nobody = device->kind == MODEL_NONE && model.device[0].kind == MODEL_NONE;

    if (offset == 0)
        return read_data(width);
    switch (offset) {
    case 1:
        return device->error;
    case 2:
        return nobody ? 0 : pair(device->count);
    case 3:
        return nobody ? 0 : pair(device->low);
    case 4:
        return nobody ? 0 : pair(device->middle);
    case 5:
        return nobody ? 0 : pair(device->high);
    case 6:
        return model.device_register;
    }
    return read_status(true);
}

static void push(uint8_t *pair_, uint8_t value)
{
    pair_[1] = pair_[0];
    pair_[0] = value;
}

static void write_block(unsigned offset, uint32_t value, unsigned width)
{
    uint8_t status = true_status(selected());

    if (model.now_ns < selected()->mute_until_ns)
        return; /* nobody hears it */
    if (offset == 0) {
        write_data(value, width);
        return;
    }
    model.control &= (uint8_t)~HOB;
    if (offset != 7 && (status & (BSY | DRQ))) {
        /* EDGE: 23, 25 */
        offend("%s written while Status is %02x", write_names[offset], status);
        return;
    }
    for (unsigned i = 0; i < 2; i++) { /* both devices see it */
        struct model_device *device = &model.device[i];
        uint8_t *const pairs[8] = {NULL,           device->features, device->count, device->low,
                                   device->middle, device->high,     NULL,          NULL};
        if (pairs[offset])
            push(pairs[offset], (uint8_t)value);
    }
    if (offset == 6) {
        struct model_device *before = selected();
        if ((value & 0xA0) != 0xA0)
            /* EDGE: 26, 34 */
            offend("Device written without its obsolete bits");
        model.device_register = (uint8_t)value;
        if (selected() != before) {
            /* EDGE: 22 */
            selected()->stale_status = before->status;
            selected()->stale_until_ns = model.now_ns + STALE_NS;
        }
        update_line();
    } else if (offset == 7) {
        command((uint8_t)value);
    }
}

static void write_control(uint8_t value)
{
    uint8_t before = model.control;
    model.control = value;
    if (!(before & SRST) && (value & SRST)) {
        model.srst_set_ns = model.now_ns;
        model.srst_count++;
        for (unsigned i = 0; i < 2; i++) {
            struct model_device *device = &model.device[i];
            device->work = WORK_NONE;
            device->interrupt = false;
            device->keeps_drq = false;
            defaults(device);
            device->status = device->kind == MODEL_NONE || device->is_quiet_in_reset ? 0 : BSY;
        }
    } else if ((before & SRST) && !(value & SRST)) {
        if (model.now_ns - model.srst_set_ns < 5000)
            /* EDGE: 33 */
            offend("SRST was set for %u ns only", (unsigned)(model.now_ns - model.srst_set_ns));
        model.srst_cleared_ns = model.now_ns;
        model.device_register = 0;
        for (unsigned i = 0; i < 2; i++)
            if (model.device[i].kind != MODEL_NONE) {
                model.device[i].opcode = 0;
                later(&model.device[i], WORK_DONE, model.device[i].reset_ns);
            }
    }
    update_line();
}

static void write_bus_master(unsigned offset, uint32_t value)
{
    switch (offset) {
    case 0:
        if ((value & 1) && (model.bm_command & 1))
            offend("bus master started while it was started");
        if ((value & 1) && (model.bm_status & 6))
            /* EDGE: 56 */
            offend("bus master started with status %02x", model.bm_status);
        if ((value & 1) && !(model.bm_command & 1)) {
            if ((value ^ model.bm_command) & 8)
                offend("direction changed by the start");
            model.bm_status |= 1;
            for (unsigned i = 0; i < 2; i++)
                if (model.device[i].work == WORK_DMA && model.device[i].work_at_ns == NEVER &&
                    !model.device[i].never_ready)
                    model.device[i].work_at_ns = model.now_ns;
        }
        if (!(value & 1))
            model.bm_status &= (uint8_t)~1;
        model.bm_command = (uint8_t)value;
        break;
    case 2:
        model.bm_status = (uint8_t)((model.bm_status & ~(value & 6) & ~0x60) | (value & 0x60));
        break;
    case 4:
        if (value & 3)
            /* EDGE: 98 */
            offend("descriptor table at %#x", value);
        model.bm_table = value;
        break;
    }
}

uint32_t model_read(uint32_t port, unsigned width)
{
    uint32_t value = 0xFFFFFFFF;

    model_advance(ACCESS_NS);
    if (model.floats)
        return value;
    if (port - MODEL_COMMAND_BLOCK < 8) {
        value = read_block(port - MODEL_COMMAND_BLOCK, width);
        if (port == MODEL_COMMAND_BLOCK)
            model.data_units++;
        else
            note('r', read_names[port - MODEL_COMMAND_BLOCK], value);
    } else if (port == MODEL_CONTROL_BLOCK) {
        value = read_status(false);
        note('r', "Alternate", value);
    } else if (port == MODEL_BUS_MASTER + 2) {
        value = model.bm_status;
        note('r', "BmStatus", value);
    } else {
        offend("read of port %#x", port);
    }
    return value;
}

void model_write(uint32_t port, uint32_t value, unsigned width)
{
    model_advance(ACCESS_NS);
    if (model.floats)
        return;
    if (port - MODEL_COMMAND_BLOCK < 8) {
        if (port == MODEL_COMMAND_BLOCK)
            model.data_units++;
        else
            note('w', write_names[port - MODEL_COMMAND_BLOCK], value);
        write_block(port - MODEL_COMMAND_BLOCK, value, width);
    } else if (port == MODEL_CONTROL_BLOCK) {
        note('w', "Control", value);
        write_control((uint8_t)value);
    } else if (port - MODEL_BUS_MASTER < 8) {
        unsigned offset = port - MODEL_BUS_MASTER;
        note('w', offset == 0 ? "BmCommand" : offset == 2 ? "BmStatus" : "BmTable", value);
        write_bus_master(offset, value);
    } else {
        offend("write of port %#x", port);
    }
}
