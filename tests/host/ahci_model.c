/* SPDX-License-Identifier: MIT */
/* The controller of ahci_model.h. Clauses are those of AHCI 1.3.1. */
#include "tests/host/ahci_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCESS_NS 50u
#define PORT      0x100u

/* Registers. */
enum { CAP, GHC = 4, IS = 8, PI = 0xC, CAP2 = 0x24, BOHC = 0x28 };
enum {
    CLB = 0x00,
    CLBU = 0x04,
    FB = 0x08,
    FBU = 0x0C,
    PIS = 0x10,
    PIE = 0x14,
    CMD = 0x18,
    TFD = 0x20,
    SIG = 0x24,
    SSTS = 0x28,
    SCTL = 0x2C,
    SERR = 0x30,
    SACT = 0x34,
    CI = 0x38,
};

#define GHC_IE         0x2u
#define CMD_ST         0x1u
#define CMD_SUD        0x2u
#define CMD_FRE        0x10u
#define CMD_FR         0x4000u
#define CMD_CR         0x8000u
#define CMD_WRITABLE   0xFFFF003Fu
#define CAP_SSS        0x08000000u
#define BOHC_BOS       0x1u
#define BOHC_OOS       0x2u
#define IS_DHRS        0x1u
#define IS_PSS         0x2u
#define IS_SDBS        0x8u
#define IS_PCS         0x40u
#define IS_PRCS        0x400000u
#define IS_TFES        0x40000000u
#define IS_REFLECTED   (IS_PCS | IS_PRCS)
#define SERR_N         0x10000u
#define SERR_X         0x4000000u
#define LINK_UP        0x113u
#define TFD_NOTHING    0x7Fu
#define TFD_IDLE       0x50u
#define STATUS_ERR     0x41u
#define NOT_IDLE       0x88u
#define FIRST_OF_RANGE 0x80u /* of PRDs in a table */

struct model model;
struct ahci_model ahci_model;

__attribute__((format(printf, 1, 2))) static void offend(const char *format, ...)
{
    va_list arguments;
    if (model.offences++)
        return;
    va_start(arguments, format);
    vsnprintf(model.offence, sizeof model.offence, format, arguments);
    va_end(arguments);
}

/* ------------------------------------------------------------------ the line */

/* 10.7: the port's causes, the controller's bit, the line; it is level-triggered. */
static void update_line(void)
{
    struct ahci_model *hba = &ahci_model;

    hba->pis &= ~IS_REFLECTED;
    hba->pis |= (hba->serr & SERR_X ? IS_PCS : 0) | (hba->serr & SERR_N ? IS_PRCS : 0);
    if (hba->pis & hba->pie && !(hba->is & 1)) {
        hba->is |= 1;
        hba->is_acknowledged = false;
    }
    model.line = model.edge = hba->ghc & GHC_IE && hba->is;
}

static void raise_cause(uint32_t cause)
{
    ahci_model.pis |= cause;
    update_line();
}

/* ------------------------------------------------------------------ memory */

static uint8_t *memory_at(uint32_t address, uint32_t byte_count)
{
    if (address < MODEL_RAM_BASE || address - MODEL_RAM_BASE > MODEL_RAM_BYTES - byte_count) {
        offend("memory at %#x", address);
        return model.ram;
    }
    return model.ram + (address - MODEL_RAM_BASE);
}

static uint32_t word_at(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint8_t *header_of(unsigned slot)
{
    return memory_at(ahci_model.clb, 1024) + slot * 32u;
}

static uint8_t *table_of(unsigned slot)
{
    return memory_at(word_at(header_of(slot) + 8), 4096);
}

/* Moves bytes between the disk's and the command's memory, and says in PRDBC how many. */
static void move(unsigned slot, uint8_t *data, uint32_t byte_count, bool to_host)
{
    uint8_t *header = header_of(slot), *prd = table_of(slot) + FIRST_OF_RANGE;
    uint32_t moved = 0;

    for (unsigned i = word_at(header) >> 16; i > 0 && moved < byte_count; i--, prd += 16) {
        uint32_t length = (word_at(prd + 12) & 0x3FFFFF) + 1;
        if (length > byte_count - moved)
            length = byte_count - moved;
        uint8_t *bytes = memory_at(word_at(prd), length);
        if (to_host)
            memcpy(bytes, data + moved, length);
        else
            memcpy(data + moved, bytes, length);
        moved += length;
    }
    if (moved < byte_count)
        offend("the descriptors of slot %u have %u of %u bytes", slot, moved, byte_count);
    memcpy(header + 4, &moved, 4);
}

/* ------------------------------------------------------------------ the disk */

uint8_t *model_sector(struct model_device *device, uint64_t lba)
{
    return device->data + lba % MODEL_SECTORS * MODEL_SECTOR;
}

static uint64_t lba_of(const uint8_t *fis, bool is_ext)
{
    uint64_t low = fis[4] | (uint64_t)fis[5] << 8 | (uint64_t)fis[6] << 16;
    uint64_t high = fis[8] | (uint64_t)fis[9] << 8 | (uint64_t)fis[10] << 16;
    return is_ext ? low | high << 24 : low | (uint64_t)(fis[7] & 0xF) << 24;
}

static bool is_bad(uint64_t lba, uint32_t count)
{
    for (unsigned i = 0; i < 2; i++)
        if (ahci_model.bad_sector[i] >= (int64_t)lba &&
            ahci_model.bad_sector[i] < (int64_t)(lba + count))
            return true;
    return false;
}

static void identify(unsigned slot)
{
    uint8_t words[512] = {0};
    static const char name[] = "AMEHACI  "; /* "MAHECA I": bytes of words are swapped */
    const uint64_t count = model.device[0].sector_count;
#define WORD(n, v) (words[2 * (n)] = (uint8_t)(v), words[2 * (n) + 1] = (uint8_t)((v) >> 8))
    memcpy(words + 54, name, sizeof name - 1);
    WORD(49, 0x0300);
    WORD(53, 0x0006);
    WORD(60, count & 0xFFFF);
    WORD(61, count >> 16);
    WORD(75, AHCI_MODEL_SLOTS - 1);
    WORD(76, 0x0102);
    WORD(83, 0x7400);
    WORD(84, 0x4060); /* FUA, GPL */
    WORD(86, 0x3400);
    WORD(88, 0x207F);
    WORD(100, count & 0xFFFF);
    WORD(101, count >> 16);
#undef WORD
    move(slot, words, sizeof words, true);
}

/* ACS: A.13. */
static void log_10h(unsigned slot)
{
    uint8_t log[512] = {0}, sum = 0;
    const enum ahci_model_log kind = ahci_model.log;

    ahci_model.logs_read++;
    log[0] = kind == LOG_NO_TAG      ? (uint8_t)(0x80 | ahci_model.failed_tag)
             : kind == LOG_WRONG_TAG ? (uint8_t)(ahci_model.failed_tag ^ 7)
                                     : ahci_model.failed_tag;
    log[2] = STATUS_ERR;
    log[3] = ahci_model.failed_error;
    for (unsigned i = 0; i < 511; i++)
        sum = (uint8_t)(sum + log[i]);
    log[511] = (uint8_t)-sum;
    if (kind == LOG_DAMAGED)
        log[3] ^= 0x10;
    move(slot, log, kind == LOG_SHORT ? 256 : 512, true);
}

/* ------------------------------------------------------------------ commands */

static bool is_queued(uint8_t opcode)
{
    return opcode == 0x60 || opcode == 0x61;
}

/* A plain one stays issued, and the engine stops at it (6.2.2). */
static void fail(unsigned slot, bool queued, uint8_t error)
{
    ahci_model.tfd = STATUS_ERR | (uint32_t)error << 8;
    memset(ahci_model.due_ns, 0, sizeof ahci_model.due_ns);
    if (queued) {
        ahci_model.has_queue_error = true;
        ahci_model.failed_tag = (uint8_t)slot;
        ahci_model.failed_error = error;
    } else {
        ahci_model.cmd = (ahci_model.cmd & ~0x1F00u) | slot << 8;
    }
    raise_cause(IS_TFES | (queued ? IS_SDBS : IS_DHRS));
}

/* The register FIS that a plain command ends with: there is one place for it (4.2.1). The address
 * is that of the command. */
static void send_registers(unsigned slot)
{
    uint8_t *received = memory_at(ahci_model.fb, 256) + 0x40;
    const uint8_t *fis = ahci_model.fis[slot];

    memset(received, 0, 20);
    received[0] = 0x34;
    received[2] = TFD_IDLE;
    memcpy(received + 4, fis + 4, 4);
}

static void succeed(unsigned slot, bool queued, uint32_t cause)
{
    if (cause == IS_DHRS)
        send_registers(slot);
    ahci_model.ci &= ~(1u << slot);
    if (queued)
        ahci_model.sact &= ~(1u << slot);
    else
        ahci_model.tfd = TFD_IDLE;
    raise_cause(queued ? IS_SDBS : cause);
}

/* Reads and writes. */
static void transfer(unsigned slot, const uint8_t *fis, bool to_host)
{
    const bool queued = is_queued(fis[2]),
               is_ext = queued || fis[2] == 0x25 || fis[2] == 0x35 || fis[2] == 0x3D;
    uint32_t count = queued ? fis[3] | (uint32_t)fis[11] << 8 : fis[12] | (uint32_t)fis[13] << 8;
    const uint64_t lba = lba_of(fis, is_ext);

    if (count == 0)
        count = is_ext ? 0x10000 : 0x100;
    if (!(fis[7] & 0x40))
        offend("command %02x without LBA", fis[2]);
    if (queued && fis[12] >> 3 != slot)
        offend("tag %u in slot %u", fis[12] >> 3, slot);
    if (is_bad(lba, count)) {
        fail(slot, queued, ahci_model.bad_error);
        return;
    }
    move(slot, model_sector(&model.device[0], lba), count * MODEL_SECTOR, to_host);
    succeed(slot, queued, IS_DHRS);
}

static void read_log(unsigned slot, const uint8_t *fis)
{
    if (fis[4] != 0x10 || fis[12] != 1 || ahci_model.log == LOG_ABORTED) {
        ahci_model.has_queue_error = false; /* QEMU: any command goes on */
        fail(slot, false, 0x04);
        return;
    }
    if (ahci_model.log == LOG_UNANSWERED)
        return;
    log_10h(slot);
    ahci_model.has_queue_error = false;
    succeed(slot, false, IS_PSS);
}

static void carry_out(unsigned slot)
{
    const uint8_t *fis = table_of(slot);

    ahci_model.due_ns[slot] = 0;
    if (ahci_model.is_asleep)
        return;
    if (ahci_model.has_queue_error && fis[2] != 0x2F)
        offend("command %02x before the log is read", fis[2]);
    if (ahci_model.bus_error) {
        const uint8_t bit = ahci_model.bus_error;
        ahci_model.bus_error = 0;
        memset(ahci_model.due_ns, 0, sizeof ahci_model.due_ns);
        raise_cause(1u << bit);
        return;
    }
    if (ahci_model.refused == fis[2] && fis[2]) {
        fail(slot, false, 0x04);
        return;
    }
    switch (fis[2]) {
    case 0x25: /* READ DMA EXT, READ DMA, READ FPDMA QUEUED */
    case 0xC8:
    case 0x60:
        transfer(slot, fis, true);
        break;
    case 0x35: /* WRITE DMA EXT, WRITE DMA FUA EXT, WRITE DMA, WRITE FPDMA QUEUED */
    case 0x3D:
    case 0xCA:
    case 0x61:
        transfer(slot, fis, false);
        break;
    case 0xEC:
        identify(slot);
        succeed(slot, false, IS_PSS);
        break;
    case 0x2F:
        read_log(slot, fis);
        break;
    case 0x08: /* DEVICE RESET, EXECUTE DEVICE DIAGNOSTIC: the register FIS has I clear */
    case 0x90:
        send_registers(slot);
        succeed(slot, false, 0);
        break;
    case 0xE6: /* SLEEP */
        ahci_model.is_asleep = true;
        succeed(slot, false, IS_DHRS);
        break;
    case 0x06: /* DATA SET MANAGEMENT, FLUSH CACHE (EXT), STANDBY IMMEDIATE, SET FEATURES */
    case 0xE7:
    case 0xEA:
    case 0xE0:
    case 0xEF:
        succeed(slot, false, IS_DHRS);
        break;
    default:
        fail(slot, false, 0x04);
    }
}

static void issue(uint32_t slots)
{
    unsigned at_once = 0;

    if (!(ahci_model.cmd & CMD_ST))
        offend("PxCI is written while ST is clear");
    if (ahci_model.tfd & NOT_IDLE)
        offend("a command is issued, and PxTFD is %02x", ahci_model.tfd & 0xFF);
    slots &= ~ahci_model.ci;
    ahci_model.ci |= slots;
    for (unsigned slot = 0; slot < AHCI_MODEL_SLOTS; slot++) {
        if (!(slots >> slot & 1))
            continue;
        const uint8_t *fis = table_of(slot);
        memcpy(ahci_model.fis[slot], fis, sizeof ahci_model.fis[slot]);
        ahci_model.opcodes[fis[2]]++;
        const bool queued = is_queued(fis[2]);
        if (queued != (ahci_model.sact >> slot & 1))
            offend("command %02x and PxSACT %x", fis[2], ahci_model.sact);
        if (!queued && ahci_model.sact)
            offend("command %02x beside queued ones", fis[2]);
        if (queued)
            ahci_model.ci &= ~(1u << slot); /* 5.6.4: the device has taken it */
        if (!ahci_model.is_mute && ahci_model.is_plugged)
            ahci_model.due_ns[slot] =
                model.now_ns + model.device[0].latency_ns +
                (ahci_model.is_backward ? 10000 * (AHCI_MODEL_SLOTS - slot) : slot);
    }
    for (uint32_t left = ahci_model.sact; left; left &= left - 1)
        at_once++;
    if (at_once > ahci_model.most_at_once)
        ahci_model.most_at_once = at_once;
}

/* ------------------------------------------------------------------ engine and link */

/* The device says for the first time what it is, if that can come through. */
static void send_first_fis(void)
{
    if (!ahci_model.fis_waits || !(ahci_model.cmd & CMD_FRE) || ahci_model.serr & SERR_X)
        return;
    ahci_model.fis_waits = false;
    ahci_model.tfd = TFD_IDLE;
    ahci_model.sig = 0x101;
    raise_cause(IS_DHRS | ahci_model.noise);
}

static void forget_commands(void)
{
    ahci_model.ci = ahci_model.sact = 0;
    memset(ahci_model.due_ns, 0, sizeof ahci_model.due_ns);
}

static void write_cmd(uint32_t value)
{
    const uint32_t old = ahci_model.cmd, runs = old & (CMD_ST | CMD_CR);

    ahci_model.cmd = (old & ~CMD_WRITABLE) | (value & CMD_WRITABLE);
    if (value & CMD_ST && !(old & CMD_ST)) {
        if (old & CMD_CR || !(old & CMD_FR))
            offend("ST is set, and PxCMD is %x", old);
        if (ahci_model.tfd & NOT_IDLE || (ahci_model.ssts & 0xF) != 3)
            offend("ST is set without a device that is idle");
        ahci_model.cmd |= CMD_CR;
    }
    if (!(value & CMD_ST) && old & CMD_ST) {
        forget_commands();
        ahci_model.stops_at_ns = model.now_ns + ahci_model.stop_ns + 1;
    }
    if (!(value & CMD_FRE) && old & CMD_FRE && runs)
        offend("FRE is cleared while the engine runs");
    if (value & CMD_FRE && !ahci_model.touched_ns)
        ahci_model.touched_ns = model.now_ns;
    if (value & CMD_FRE)
        ahci_model.cmd |= CMD_FR;
    else
        ahci_model.cmd &= ~CMD_FR;
    if (value & CMD_SUD && !(old & CMD_SUD) && ahci_model.cap & CAP_SSS)
        ahci_model.link_at_ns = model.now_ns + ahci_model.link_ns + 1;
    send_first_fis();
}

static void write_sctl(uint32_t value)
{
    const bool is_reset = (value & 0xF) == 1, was_reset = (ahci_model.sctl & 0xF) == 1;

    ahci_model.sctl = value;
    if (is_reset && !was_reset) {
        if (ahci_model.cmd & (CMD_ST | CMD_CR))
            offend("COMRESET while the engine runs");
        ahci_model.comresets++;
        ahci_model.comreset_ns = model.now_ns;
        ahci_model.ssts = 0;
        ahci_model.tfd = TFD_NOTHING;
        ahci_model.fis_waits = false;
        ahci_model.link_at_ns = ahci_model.fis_at_ns = 0;
        forget_commands();
    } else if (was_reset && !is_reset) {
        if (model.now_ns - ahci_model.comreset_ns < 1000000)
            offend("COMRESET of %u us", (unsigned)((model.now_ns - ahci_model.comreset_ns) / 1000));
        ahci_model.is_asleep = ahci_model.has_queue_error = false;
        ahci_model.link_at_ns = model.now_ns + ahci_model.link_ns + 1;
    }
}

static void link_comes(void)
{
    ahci_model.link_at_ns = 0;
    if (!ahci_model.is_plugged)
        return;
    ahci_model.ssts = LINK_UP;
    ahci_model.serr |= SERR_N | SERR_X;
    ahci_model.fis_at_ns = model.now_ns + ahci_model.ready_ns + 1;
    update_line();
}

void ahci_model_unplug(void)
{
    ahci_model.is_plugged = false;
    ahci_model.ssts = 0;
    ahci_model.tfd = TFD_NOTHING;
    ahci_model.fis_waits = false;
    ahci_model.serr |= SERR_N;
    memset(ahci_model.due_ns, 0, sizeof ahci_model.due_ns);
    update_line();
}

void ahci_model_plug(void)
{
    ahci_model.is_plugged = true;
    ahci_model.link_at_ns = model.now_ns + ahci_model.link_ns + 1;
}

/* ------------------------------------------------------------------ time */

uint64_t model_next_event_ns(void)
{
    const struct ahci_model *hba = &ahci_model;
    const uint64_t times[] = {hba->link_at_ns, hba->fis_at_ns, hba->stops_at_ns,
                              hba->handed_off_at_ns};
    uint64_t next = UINT64_MAX;

    for (unsigned i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i] && times[i] < next)
            next = times[i];
    for (unsigned i = 0; i < AHCI_MODEL_SLOTS; i++)
        if (hba->due_ns[i] && hba->due_ns[i] < next)
            next = hba->due_ns[i];
    return next;
}

static bool is_due(uint64_t *at_ns)
{
    if (!*at_ns || *at_ns > model.now_ns)
        return false;
    *at_ns = 0;
    return true;
}

static void happen(void)
{
    struct ahci_model *hba = &ahci_model;

    if (is_due(&hba->stops_at_ns))
        hba->cmd &= ~CMD_CR;
    if (is_due(&hba->handed_off_at_ns))
        hba->bohc = BOHC_OOS;
    if (is_due(&hba->link_at_ns))
        link_comes();
    if (is_due(&hba->fis_at_ns)) {
        hba->fis_waits = true;
        send_first_fis();
    }
    for (unsigned slot = 0; slot < AHCI_MODEL_SLOTS; slot++)
        if (hba->due_ns[slot] && hba->due_ns[slot] <= model.now_ns)
            carry_out(slot);
}

void model_advance(uint64_t delay_ns)
{
    const uint64_t end_ns = model.now_ns + delay_ns;
    uint64_t next;

    while ((next = model_next_event_ns()) <= end_ns) {
        model.now_ns = next > model.now_ns ? next : model.now_ns;
        happen();
    }
    model.now_ns = end_ns;
}

/* ------------------------------------------------------------------ registers */

static uint32_t *register_at(uint32_t offset)
{
    struct ahci_model *hba = &ahci_model;
    static uint32_t scratch;

    switch (offset) {
    case CAP:
        return &hba->cap;
    case GHC:
        return &hba->ghc;
    case IS:
        return &hba->is;
    case PI:
        scratch = 1;
        return &scratch;
    case CAP2:
        return &hba->cap2;
    case BOHC:
        return &hba->bohc;
    case PORT + CLB:
        return &hba->clb;
    case PORT + CLBU:
        return &hba->clbu;
    case PORT + FB:
        return &hba->fb;
    case PORT + FBU:
        return &hba->fbu;
    case PORT + PIS:
        return &hba->pis;
    case PORT + PIE:
        return &hba->pie;
    case PORT + CMD:
        return &hba->cmd;
    case PORT + TFD:
        return &hba->tfd;
    case PORT + SIG:
        return &hba->sig;
    case PORT + SSTS:
        return &hba->ssts;
    case PORT + SCTL:
        return &hba->sctl;
    case PORT + SERR:
        return &hba->serr;
    case PORT + SACT:
        return &hba->sact;
    case PORT + CI:
        return &hba->ci;
    default:
        offend("a register at %#x", offset);
        scratch = 0;
        return &scratch;
    }
}

uint32_t model_read(uint32_t address, unsigned width)
{
    (void)width;
    model_advance(ACCESS_NS);
    return *register_at(address - AHCI_MODEL_ABAR);
}

static void write_of_controller(uint32_t offset, uint32_t value)
{
    struct ahci_model *hba = &ahci_model;

    if (offset == GHC) {
        hba->ghc = value;
    } else if (offset == IS) {
        if (hba->pis & hba->pie & ~IS_REFLECTED && !hba->is_acknowledged)
            offend("IS is cleared before PxIS");
        hba->is_acknowledged = false;
        hba->is &= ~value;
    } else if (offset == BOHC && value & BOHC_OOS) {
        hba->bohc |= BOHC_OOS;
        hba->handed_off_at_ns = model.now_ns + hba->handoff_ns + 1;
    } else {
        offend("%x is written to %#x", value, offset);
    }
}

void model_write(uint32_t address, uint32_t value, unsigned width)
{
    const uint32_t offset = address - AHCI_MODEL_ABAR;
    struct ahci_model *hba = &ahci_model;

    (void)width;
    model_advance(ACCESS_NS);
    switch (offset) {
    case PORT + PIS:
        hba->pis &= ~value;
        hba->is_acknowledged = true;
        break;
    case PORT + SERR:
        hba->serr &= ~value;
        send_first_fis();
        break;
    case PORT + CMD:
        write_cmd(value);
        break;
    case PORT + SCTL:
        write_sctl(value);
        break;
    case PORT + SACT:
        if (!(hba->cmd & CMD_ST))
            offend("PxSACT is written while ST is clear");
        hba->sact |= value;
        break;
    case PORT + CI:
        issue(value);
        break;
    case PORT + CLB:
    case PORT + CLBU:
    case PORT + FB:
    case PORT + FBU:
        if (hba->cmd & (CMD_ST | CMD_CR | CMD_FRE | CMD_FR))
            offend("the port's memory changes while it runs");
        *register_at(offset) = value;
        break;
    case PORT + PIE:
        hba->pie = value;
        break;
    default:
        write_of_controller(offset, value);
    }
    update_line();
}

/* ------------------------------------------------------------------ a fresh one */

void ahci_model_init(uint64_t sector_count)
{
    static uint8_t *ram, *data;
    struct model_device *disk = &model.device[0];

    ram = ram ? ram : malloc(MODEL_RAM_BYTES);
    data = data ? data : malloc((size_t)MODEL_SECTORS * MODEL_SECTOR);
    if (!ram || !data)
        abort();
    memset(&model, 0, sizeof model);
    model.ram = ram;
    disk->data = data;
    disk->kind = sector_count ? MODEL_DISK : MODEL_NONE;
    disk->sector_count = sector_count;
    disk->latency_ns = 20000;
    memset(ram, 0xCC, 1u << 20);
    for (uint32_t i = 0; i < MODEL_SECTORS * MODEL_SECTOR; i++)
        data[i] = (uint8_t)(i / MODEL_SECTOR * 7 + i);
    ahci_model = (struct ahci_model){
        .cap = 0xC0000000u | (AHCI_MODEL_SLOTS - 1) << 8,
        .stop_ns = 1000,
        .link_ns = 1000000,
        .ready_ns = 3000000,
        .bad_sector = {-1, -1},
        .bad_error = 0x40,
        .log = LOG_RIGHT,
        .tfd = TFD_NOTHING,
        .sig = UINT32_MAX,
        .cmd = CMD_SUD,
        .is_plugged = sector_count != 0,
        .ssts = sector_count ? LINK_UP : 0,
        .fis_waits = sector_count != 0,
    };
}
