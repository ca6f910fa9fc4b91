/* SPDX-License-Identifier: MIT */
/*
 * ahci.sys as an ordinary process: its sources over a simulated port and a simulated controller,
 * which are stricter than QEMU and have what it lacks: log 10h, hot plug, a firmware that holds the
 * controller, link power.
 *
 * SOURCES: tests/host/ahci_model.c tests/host/port_model.c
 * SOURCES: miniport/ahci/driver.c miniport/ahci/channel.c miniport/ahci/initialize.c
 * SOURCES: miniport/ahci/start.c miniport/ahci/interrupt.c miniport/ahci/machine.c
 * SOURCES: miniport/ahci/error.c miniport/ahci/queue.c miniport/ahci/complete.c
 * SOURCES: miniport/ahci/command.c miniport/ahci/packet.c miniport/ahci/link.c
 * SOURCES: miniport/ahci/phase.c miniport/ahci/notes.c
 */
#include <stdlib.h>
#include <string.h>

#include "miniport/ahci/steps.h"
#include "tests/host/ahci_model.h"
#include "tests/host/port_model.h"
#include "tests/host/tap.h"

#define READ      IRB_FUNCTION_ATA_READ
#define WRITE     IRB_FUNCTION_ATA_WRITE
#define COMMAND   IRB_FUNCTION_ATA_COMMAND
#define IN_FLAGS  IRB_FLAGS_DATA_IN
#define OUT_FLAGS IRB_FLAGS_DATA_OUT

#define READ_EXT      0x25
#define WRITE_EXT     0x35
#define WRITE_FUA_EXT 0x3D
#define COUNT         4u /* sectors of each request */
#define BUFFER        (COUNT * 512u)

/* ------------------------------------------------------------------ helpers */

static void one_disk(void)
{
    port_model_stop();
    ahci_model_init(32768);
    memset(test_irbs, 0, sizeof test_irbs);
    port_model.pci_ids = 0x29228086;
    port_model.abar = AHCI_MODEL_ABAR;
    port_model.abar_bytes = AHCI_MODEL_BYTES;
}

static void set(const char *name, uint32_t value)
{
    port_model.settings[0].name = name;
    port_model.settings[0].value = value;
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
        printf("# controller: %s\n", model.offence);
    if (port_model.offences)
        printf("# port: %s\n", port_model.offence);
    if (port_model.breaks)
        printf("# the driver called AtaPortDebugBreak\n");
    return model.offences == 0 && port_model.offences == 0 && port_model.breaks == 0;
}

static struct test_irb *sectors(uint8_t opcode, uint64_t lba, unsigned place)
{
    const bool is_read = opcode == READ_EXT;
    struct test_irb *irb =
        irb_new(is_read ? READ : WRITE, 0, (is_read ? IN_FLAGS : OUT_FLAGS) | IRB_FLAGS_48BIT,
                port_model_memory(place * BUFFER), BUFFER);
    IDEREGISTERS *current = &irb->irb.IdeTaskFile.Current,
                 *previous = &irb->irb.IdeTaskFile.Previous;

    current->bCommandReg = opcode;
    current->bSectorCountReg = COUNT;
    current->bSectorNumberReg = (UCHAR)lba;
    current->bCylLowReg = (UCHAR)(lba >> 8);
    current->bCylHighReg = (UCHAR)(lba >> 16);
    current->bDriveHeadReg = 0x40;
    previous->bSectorNumberReg = (UCHAR)(lba >> 24);
    return irb;
}

static bool is_read_right(uint64_t lba, unsigned place)
{
    return memcmp(port_model_memory(place * BUFFER), model_sector(&model.device[0], lba), BUFFER) ==
           0;
}

static uint8_t read_at(uint64_t lba)
{
    memset(port_model_memory(0), 0, BUFFER);
    const uint8_t irb_status = irb_run(sectors(READ_EXT, lba, 0));
    return irb_status == IRB_STATUS_SUCCESS && !is_read_right(lba, 0) ? 0xEE : irb_status;
}

/* So many reads at once, of sectors 100, 110 and so on. */
static struct test_irb *reads[8];
static void begin_reads(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        reads[i] = sectors(READ_EXT, 100 + 10 * i, i);
    for (unsigned i = 0; i < count; i++)
        irb_submit(reads[i]);
}

/* The statuses that they have ended with, a hexadecimal digit each, the first one first; 0: not. */
static uint32_t end_reads(unsigned count, uint64_t limit_us)
{
    uint32_t statuses = 0;

    for (unsigned i = 0; i < count; i++) {
        const uint8_t irb_status = irb_wait(reads[i], limit_us);
        const bool is_wrong = irb_status == IRB_STATUS_SUCCESS && !is_read_right(100 + 10 * i, i);
        statuses = statuses << 4 | (is_wrong ? 0xE : irb_status & 0xF);
        reads[i]->active = !reads[i]->done;
    }
    return statuses;
}

static struct test_irb *function(uint16_t number)
{
    return irb_new(number, 0, 0, NULL, 0);
}

static struct test_irb *command(uint8_t opcode)
{
    struct test_irb *irb = irb_new(COMMAND, 0, 0, NULL, 0);
    irb->irb.IdeTaskFile.Current.bCommandReg = opcode;
    irb->irb.IdeTaskFile.Current.bDriveHeadReg = 0x40;
    return irb;
}

static struct test_irb *with_results(struct test_irb *irb, IDE_TASK_FILE *results)
{
    irb->irb.IrbFlags |= IRB_FLAGS_RETURN_RESULTS;
    irb->irb.SenseInfoBuffer = results;
    irb->irb.SenseInfoBufferLength = sizeof *results;
    return irb;
}

/* ------------------------------------------------------------------ data */

static void test_data(void)
{
    one_disk();
    start();
    TAP_CHECK(port_model.configuration.NumberOfOverlappedRequests == AHCI_MODEL_SLOTS);
    TAP_CHECK(port_model.parameters[0].NumberOfOverlappedRequests == AHCI_MODEL_SLOTS);
    TAP_CHECK(ahci_model.comresets == 0);
    TAP_CHECK(read_at(7) == IRB_STATUS_SUCCESS && ahci_model.opcodes[0x60] == 1);
    begin_reads(8);
    TAP_CHECK(end_reads(8, 1000000) == 0x11111111 && ahci_model.most_at_once == 8);

    memset(port_model_memory(0), 0x5A, BUFFER);
    TAP_CHECK(irb_run(sectors(WRITE_EXT, 300, 0)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(ahci_model.opcodes[0x61] == 1 && !(ahci_model.fis[0][7] & 0x80));
    TAP_CHECK(is_read_right(300, 0));
    memset(port_model_memory(0), 0xA5, BUFFER);
    TAP_CHECK(irb_run(sectors(WRITE_FUA_EXT, 300, 0)) == IRB_STATUS_SUCCESS &&
              is_read_right(300, 0));
    TAP_CHECK(ahci_model.opcodes[0x61] == 2 && ahci_model.fis[0][7] & 0x80);
    TAP_CHECK(is_clean());

    one_disk();
    set("NcqDisabled", 1);
    start();
    begin_reads(8);
    TAP_CHECK(end_reads(8, 1000000) == 0x11111111 && ahci_model.opcodes[READ_EXT] == 8);
    TAP_CHECK(irb_run(sectors(WRITE_FUA_EXT, 300, 0)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(ahci_model.opcodes[WRITE_FUA_EXT] == 1 && ahci_model.opcodes[0x61] == 0);
    TAP_CHECK(is_clean());
}

/* What moves no sectors waits for queued commands, and those behind it wait, too. EDGE: 198 */
static void test_order(void)
{
    one_disk();
    start();
    begin_reads(4);
    struct test_irb *flush = command(0xEA);
    irb_submit(flush);
    reads[4] = sectors(READ_EXT, 140, 4);
    irb_submit(reads[4]);
    TAP_CHECK(ahci_model.opcodes[0xEA] == 0 && ahci_model.opcodes[0x60] == 4);
    TAP_CHECK(end_reads(5, 1000000) == 0x11111 && flush->done);
    flush->active = false;

    /* TRIM, and SET FEATURES, which is the issuer's affair. */
    struct test_irb *trim =
        irb_new(COMMAND, 0, OUT_FLAGS | IRB_FLAGS_48BIT, port_model_memory(0), 512);
    trim->irb.IdeTaskFile.Current = (IDEREGISTERS){
        .bFeaturesReg = 1, .bSectorCountReg = 1, .bDriveHeadReg = 0x40, .bCommandReg = 0x06};
    TAP_CHECK((irb_run(trim) & 0xF) == IRB_STATUS_DATALENGTH_MISMATCH ||
              trim->irb.IrbStatus == IRB_STATUS_SUCCESS);
    TAP_CHECK(ahci_model.fis[0][2] == 0x06 && ahci_model.fis[0][3] == 1 &&
              ahci_model.fis[0][12] == 1 && ahci_model.fis[0][7] == 0x40);
    struct test_irb *features = command(0xEF);
    features->irb.IdeTaskFile.Current.bFeaturesReg = 0x02;
    TAP_CHECK(irb_run(features) == IRB_STATUS_SUCCESS && ahci_model.fis[0][3] == 0x02);

    /* What the port asks of the miniport. */
    const unsigned flushes = ahci_model.opcodes[0xEA];
    TAP_CHECK(irb_run(function(IRB_FUNCTION_ADAPTER_FLUSH)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(irb_run(function(IRB_FUNCTION_SHUTDOWN)) == IRB_STATUS_SUCCESS);
    TAP_CHECK(ahci_model.opcodes[0xEA] == flushes + 2);
    TAP_CHECK(irb_run(function(IRB_FUNCTION_MINIPORT_IOCTL)) == IRB_STATUS_INVALID_REQUEST);
    struct test_irb *queued = command(0x60);
    TAP_CHECK(irb_run(queued) == IRB_STATUS_INVALID_REQUEST);
    TAP_CHECK(is_clean());
}

/* The registers that a command ends with are its own, whatever comes behind it. */
static void test_results(void)
{
    IDE_TASK_FILE results = {0};

    one_disk();
    set("NcqDisabled", 1);
    start();
    struct test_irb *smart = with_results(command(0xE7), &results);
    smart->irb.IdeTaskFile.Current.bCylLowReg = 0xF4;
    smart->irb.IdeTaskFile.Current.bCylHighReg = 0x2C;
    irb_submit(smart);
    begin_reads(3);
    TAP_CHECK(end_reads(3, 1000000) == 0x111 && smart->done);
    TAP_CHECK(smart->irb.IrbStatus == (IRB_STATUS_SUCCESS | IRB_STATUS_RETURN_TASKFILE_VALID));
    TAP_CHECK(results.Current.bCylLowReg == 0xF4 && results.Current.bCylHighReg == 0x2C);
    smart->active = false;
    TAP_CHECK(is_clean());
}

/* DEVICE RESET and EXECUTE DEVICE DIAGNOSTIC end without interrupt. */
static void test_silent(void)
{
    IDE_TASK_FILE results = {0};

    one_disk();
    start();
    struct test_irb *reset = with_results(command(0x08), &results);
    irb_submit(reset);
    begin_reads(2);
    TAP_CHECK(end_reads(2, 1000000) == 0x11 && reset->done && model.now_ns < 100000000);
    TAP_CHECK(reset->irb.IrbStatus == (IRB_STATUS_SUCCESS | IRB_STATUS_RETURN_TASKFILE_VALID));
    TAP_CHECK(results.Current.bCommandReg == 0x50 && ahci_model.comresets == 0);
    reset->active = false;
    TAP_CHECK(irb_run(command(0x90)) == IRB_STATUS_SUCCESS);

    /* As QEMU does it: nothing comes of it, and PxCI keeps its bit. */
    ahci_model.is_mute = true;
    TAP_CHECK(irb_run(with_results(command(0x08), &results)) ==
              (IRB_STATUS_SUCCESS | IRB_STATUS_RETURN_TASKFILE_VALID));
    TAP_CHECK(results.Current.bSectorNumberReg == 1 && results.Current.bCylHighReg == 0);
    ahci_model.is_mute = false;
    TAP_CHECK(read_at(1) == IRB_STATUS_SUCCESS && ahci_model.comresets == 0);

    /* It is refused by the device; the device is gone; it does not end. */
    ahci_model.refused = 0x08;
    struct test_irb *refused = command(0x08);
    TAP_CHECK(irb_run(refused) == IRB_STATUS_DEVICE_ERROR && refused->irb.AtaError == 0x04);
    TAP_CHECK(ahci_model.comresets == 0 && read_at(1) == IRB_STATUS_SUCCESS);
    ahci_model.is_mute = true;
    struct test_irb *endless = command(0x90);
    irb_submit(endless);
    ahci_model.tfd = 0x80;
    TAP_CHECK(irb_wait(endless, 10000000) == IRB_STATUS_BUS_RESET && ahci_model.comresets == 1);
    endless->active = false;
    port_model_run(1000000);
    struct test_irb *lost = command(0x90);
    irb_submit(lost);
    ahci_model_unplug();
    ahci_model_plug();
    TAP_CHECK(irb_wait(lost, 1000000) == IRB_STATUS_BUS_RESET);
    lost->active = false;
    port_model_run(1000000);
    ahci_model.is_mute = false;
    TAP_CHECK(port_model.bus_changes == 1 && read_at(1) == IRB_STATUS_SUCCESS && is_clean());
}

/* ------------------------------------------------------------------ errors */

/* Log 10h tells which one it was; the others are issued again. EDGE: 186 */
static void test_log(void)
{
    one_disk();
    start();
    ahci_model.bad_sector[0] = 122;
    begin_reads(4);
    TAP_CHECK(end_reads(4, 1000000) == 0x1131);
    TAP_CHECK(reads[2]->irb.AtaStatus == 0x41 && reads[2]->irb.AtaError == 0x40);
    TAP_CHECK(ahci_model.logs_read == 1 && ahci_model.comresets == 0);
    TAP_CHECK(ahci_model.opcodes[0x60] == 5 && ahci_model.opcodes[READ_EXT] == 0);
    TAP_CHECK(is_clean());

    /* The first slot's command, whose place the log's took, and one more. */
    one_disk();
    start();
    ahci_model.bad_sector[0] = 103;
    ahci_model.bad_sector[1] = 131;
    ahci_model.bad_error = 0x10;
    begin_reads(5);
    TAP_CHECK(end_reads(5, 1000000) == 0x31131);
    TAP_CHECK(reads[0]->irb.AtaError == 0x10 && reads[3]->irb.AtaError == 0x10);
    TAP_CHECK(ahci_model.logs_read == 2);
    ahci_model.bad_sector[0] = 113;
    begin_reads(2);
    TAP_CHECK(end_reads(2, 1000000) == 0x13);

    /* That slot's command is under way yet. */
    ahci_model.is_backward = true;
    begin_reads(5);
    TAP_CHECK(end_reads(5, 1000000) == 0x13131);
    TAP_CHECK(is_clean());
}

/* A log that does not say it, or none: those that are done have succeeded, the others are ended by
 * a reset, and go one by one when they come again, and not queued. */
static void test_no_log(void)
{
    static const enum ahci_model_log logs[] = {LOG_ABORTED, LOG_NO_TAG, LOG_WRONG_TAG, LOG_DAMAGED,
                                               LOG_SHORT};
    for (unsigned i = 0; i < sizeof logs / sizeof *logs; i++) {
        one_disk();
        start();
        ahci_model.log = logs[i];
        ahci_model.bad_sector[0] = 122;
        begin_reads(5);
        tap_ok(end_reads(5, 1000000) == 0x11555, "log %u: what is not done is ended", i);
        tap_ok(ahci_model.comresets == 1 && ahci_model.opcodes[READ_EXT] == 0,
               "log %u: with one reset", i);
        begin_reads(5);
        tap_ok(end_reads(5, 1000000) == 0x11311 && reads[2]->irb.AtaError == 0x40,
               "log %u: the faulty one fails when they come again", i);
        tap_ok(ahci_model.opcodes[READ_EXT] == 3, "log %u: as many have gone unqueued", i);
        tap_ok(is_clean(), "log %u: as is allowed", i);
    }

    one_disk();
    start();
    ahci_model.log = LOG_UNANSWERED;
    ahci_model.bad_sector[0] = 122;
    begin_reads(5);
    TAP_CHECK(end_reads(5, 3000000) == 0x11555 && ahci_model.comresets == 1);
    TAP_CHECK(read_at(7) == IRB_STATUS_SUCCESS);
    TAP_CHECK(is_clean());
}

/* Those behind it end with a reset, and when they come again each has only its own failure.
 * EDGE: 185 */
static void test_plain_error(void)
{
    one_disk();
    set("NcqDisabled", 1);
    start();
    ahci_model.bad_sector[0] = 121;
    begin_reads(5);
    TAP_CHECK(end_reads(5, 1000000) == 0x11355);
    TAP_CHECK(reads[2]->irb.AtaStatus == 0x41 && reads[2]->irb.AtaError == 0x40);
    TAP_CHECK(ahci_model.logs_read == 0 && ahci_model.comresets == 1);
    begin_reads(3);
    TAP_CHECK(end_reads(3, 1000000) == 0x113 && ahci_model.comresets == 1);

    /* What waited when it failed goes first, and takes nobody's turn to go alone. */
    ahci_model.bad_sector[1] = 131;
    begin_reads(5);
    struct test_irb *flush = command(0xEA);
    irb_submit(flush);
    struct test_irb *late[] = {sectors(READ_EXT, 160, 5), sectors(READ_EXT, 170, 6)};
    irb_submit(late[0]);
    irb_submit(late[1]);
    TAP_CHECK(end_reads(5, 1000000) == 0x11355 && ahci_model.comresets == 2);
    reads[0] = sectors(READ_EXT, 130, 3);
    reads[1] = sectors(READ_EXT, 140, 4);
    irb_submit(reads[0]);
    irb_submit(reads[1]);
    TAP_CHECK(irb_wait(flush, 1000000) == IRB_STATUS_SUCCESS &&
              irb_wait(late[0], 1000000) == IRB_STATUS_SUCCESS &&
              irb_wait(late[1], 1000000) == IRB_STATUS_SUCCESS);
    TAP_CHECK(irb_wait(reads[0], 1000000) == IRB_STATUS_DEVICE_ERROR &&
              irb_wait(reads[1], 1000000) == IRB_STATUS_SUCCESS && ahci_model.comresets == 2);
    for (unsigned i = 0; i < 2; i++)
        reads[i]->active = late[i]->active = false;
    flush->active = false;
    ahci_model.bad_sector[1] = -1;

    /* The last one, and an engine that takes its time to stop. */
    ahci_model.stop_ns = 40000000;
    begin_reads(3);
    TAP_CHECK(end_reads(3, 1000000) == 0x113 && ahci_model.comresets == 2);
    TAP_CHECK(is_clean());
}

/* IFS, HBDS, HBFS; OFS of a queued command, of which nobody knows whose it is. EDGE: 187 */
static void test_fatal(void)
{
    static const uint8_t bits[] = {27, 28, 29, 24};
    for (unsigned i = 0; i < sizeof bits; i++) {
        one_disk();
        start();
        ahci_model.bus_error = bits[i];
        begin_reads(3);
        tap_ok(end_reads(3, 1000000) == 0x555, "PxIS bit %u: what is under way is ended", bits[i]);
        tap_ok(read_at(9) == IRB_STATUS_SUCCESS && ahci_model.comresets == 1,
               "PxIS bit %u: the port is reset, and goes on", bits[i]);
        tap_ok(is_clean(), "PxIS bit %u: as is allowed", bits[i]);
    }
}

static void test_reset(void)
{
    one_disk();
    start();
    ahci_model.is_mute = true;
    begin_reads(3);
    TAP_CHECK(end_reads(3, 1000) == 0);
    ahci_model.is_mute = false;
    TAP_CHECK(port_model_reset() && end_reads(3, 0) == 0x555);
    TAP_CHECK(read_at(9) == IRB_STATUS_SUCCESS && ahci_model.comresets == 1);

    ahci_model.is_mute = true;
    begin_reads(2);
    ahci_model.is_mute = false;
    struct test_irb *reset = function(IRB_FUNCTION_LUN_RESET);
    TAP_CHECK(irb_run(reset) == IRB_STATUS_SUCCESS && end_reads(2, 0) == 0x55);
    TAP_CHECK(ahci_model.comresets == 2 && read_at(9) == IRB_STATUS_SUCCESS);

    /* It comes back and does nothing: after some resets it is given up. */
    ahci_model.ready_ns = 60000000000;
    TAP_CHECK(port_model_reset());
    TAP_CHECK(read_at(9) == IRB_STATUS_SELECTION_TIMEOUT && port_model.removals == 1);
    TAP_CHECK(ahci_model.comresets == 5 && is_clean());
}

/* A device that is ready after each reset, and then ends nothing: when it is given up, what was
 * sent to it is under way no more. */
static void test_given_up(void)
{
    unsigned tries = 0;

    one_disk();
    start();
    ahci_model.is_mute = true;
    while (port_model.removals == 0 && tries < 10) {
        begin_reads(3);
        port_model_run(1000000);
        tries++;
        if (!port_model_reset() || end_reads(3, 0) != 0x555)
            break;
        port_model_run(1000000);
    }
    TAP_CHECK(tries == 3 && port_model.removals == 1);
    TAP_CHECK(!(ahci_model.cmd & (CMD_START | CMD_RUNS)) && ahci_model.sact == 0);
    TAP_CHECK(read_at(9) == IRB_STATUS_SELECTION_TIMEOUT);

    /* Another one comes. */
    ahci_model.is_mute = false;
    ahci_model_unplug();
    ahci_model_plug();
    port_model_run(1000000);
    TAP_CHECK(port_model.arrivals == 1 && read_at(9) == IRB_STATUS_SUCCESS);
    TAP_CHECK(is_clean());

    /* A port that does not stop, whatever is done. */
    ahci_model.stop_ns = UINT64_MAX / 2;
    TAP_CHECK(port_model_reset());
    port_model_run(60000000);
    TAP_CHECK(port_model.removals == 2);
}

/* ------------------------------------------------------------------ hot plug */

static void test_hot_plug(void)
{
    one_disk();
    start();
    ahci_model.is_mute = true;
    begin_reads(4);
    ahci_model_unplug();
    TAP_CHECK(end_reads(4, 1000000) == 0x5555);
    port_model_run(1000000);
    TAP_CHECK(port_model.removals == 1 && port_model.arrivals + port_model.bus_changes == 0);
    TAP_CHECK(read_at(1) == IRB_STATUS_SELECTION_TIMEOUT);
    TAP_CHECK(irb_run(function(IRB_FUNCTION_SHUTDOWN)) == IRB_STATUS_SUCCESS);

    ahci_model.is_mute = false;
    ahci_model_plug();
    port_model_run(1000000);
    TAP_CHECK(port_model.arrivals == 1 && port_model.removals == 1);
    port_model_enumerate();
    TAP_CHECK(read_at(1) == IRB_STATUS_SUCCESS);

    /* Another one in its place, sooner than it is seen to be gone. */
    begin_reads(4);
    ahci_model_unplug();
    ahci_model_plug();
    TAP_CHECK(end_reads(4, 1000000) == 0x5555);
    port_model_run(1000000);
    TAP_CHECK(port_model.bus_changes == 1 && port_model.removals == 1 && port_model.arrivals == 1);
    port_model_enumerate();
    TAP_CHECK(read_at(1) == IRB_STATUS_SUCCESS && ahci_model.comresets == 2);

    /* While the engine stops at a command that has failed. */
    ahci_model.bad_sector[0] = 121;
    ahci_model.stop_ns = 40000000;
    begin_reads(4);
    port_model_run(1000);
    ahci_model_unplug();
    ahci_model_plug();
    end_reads(4, 1000000);
    port_model_run(1000000);
    TAP_CHECK(port_model.bus_changes == 2 && port_model.removals == 1);
    ahci_model.bad_sector[0] = -1;
    port_model_enumerate();
    TAP_CHECK(read_at(1) == IRB_STATUS_SUCCESS);

    /* While the port is reset. */
    TAP_CHECK(port_model_reset());
    ahci_model_unplug();
    TAP_CHECK(read_at(1) == IRB_STATUS_SELECTION_TIMEOUT && port_model.removals == 2);
    TAP_CHECK(is_clean());
}

/* ------------------------------------------------------------------ start */

/* A port without device is not waited for, but as long as it may take to see one. EDGE: 181, 196 */
static void test_presence(void)
{
    one_disk();
    ahci_model_init(0);
    TAP_CHECK(port_model_start() && read_at(1) == IRB_STATUS_SELECTION_TIMEOUT);
    TAP_CHECK(model.now_ns < 1000000 && is_clean());

    one_disk();
    ahci_model_init(0);
    ahci_model.cap |= CAP_STAGGERED;
    ahci_model.cmd = 0;
    TAP_CHECK(port_model_start() && read_at(1) == IRB_STATUS_SELECTION_TIMEOUT);
    TAP_CHECK(model.now_ns > 10000000 && model.now_ns < 25000000 && is_clean());

    one_disk();
    ahci_model.cap |= CAP_STAGGERED;
    ahci_model.cmd = ahci_model.ssts = 0;
    ahci_model.fis_waits = false;
    ahci_model.link_ns = 8000000;
    start();
    TAP_CHECK(read_at(1) == IRB_STATUS_SUCCESS && ahci_model.comresets == 0 && is_clean());
}

/* The firmware has left its engine running, which takes its time to stop. EDGE: 182, 184 */
static void test_running_engine(void)
{
    one_disk();
    ahci_model.cmd = CMD_SPIN_UP | CMD_START | CMD_RUNS | CMD_FIS_ON | CMD_FIS_RUNS;
    ahci_model.tfd = 0x50;
    ahci_model.fis_waits = false;
    ahci_model.stop_ns = 300000000;
    start();
    TAP_CHECK(read_at(1) == IRB_STATUS_SUCCESS && ahci_model.comresets == 0 && is_clean());

    one_disk();
    ahci_model.cmd = CMD_SPIN_UP | CMD_START | CMD_RUNS | CMD_FIS_ON | CMD_FIS_RUNS;
    ahci_model.stop_ns = 700000000;
    start();
    TAP_CHECK(read_at(1) == IRB_STATUS_SUCCESS && ahci_model.comresets == 1 && is_clean());
}

/* The firmware lets the controller go; takes its time; is busy; does not. EDGE: 196 */
static void test_handoff(void)
{
    static const struct {
        uint64_t handoff_us;
        uint32_t bohc;
        uint64_t least_us, most_us;
    } cases[] = {{1, 1, 0, 10000},
                 {10000, 1, 10000, 20000},
                 {1000000, 0x11, 1000000, 1100000},
                 {60000000, 1, 25000, 60000}};

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_disk();
        ahci_model.cap2 = 1;
        ahci_model.bohc = cases[i].bohc;
        ahci_model.handoff_ns = cases[i].handoff_us * 1000;
        start();
        tap_ok(ahci_model.touched_ns / 1000 >= cases[i].least_us &&
                   ahci_model.touched_ns / 1000 <= cases[i].most_us,
               "firmware %u: the port is touched after %u us", i,
               (unsigned)(ahci_model.touched_ns / 1000));
        tap_ok(read_at(1) == IRB_STATUS_SUCCESS && is_clean(), "firmware %u: it works", i);
    }
}

/* ------------------------------------------------------------------ power */

static void test_power(void)
{
    one_disk();
    start();
    ahci_model.is_mute = true;
    begin_reads(1);
    TAP_CHECK(!port_model_power(IdePowerDown));
    TAP_CHECK(port_model_reset() && end_reads(1, 0) == 5);
    ahci_model.is_mute = false;
    TAP_CHECK(read_at(1) == IRB_STATUS_SUCCESS);
    TAP_CHECK(port_model_power(IdePowerDown));
    TAP_CHECK(!(ahci_model.cmd & (CMD_START | CMD_FIS_ON | CMD_RUNS)) && ahci_model.pie == 0);
    TAP_CHECK(port_model_power(IdePowerUp) && read_at(1) == IRB_STATUS_SUCCESS);
    TAP_CHECK(!port_model_power(IdePowerUp));

    struct test_irb *power = function(IRB_FUNCTION_POWER_CHANGE);
    power->irb.PowerChange.DesiredPowerState = IdePowerD3;
    TAP_CHECK(irb_run(power) == IRB_STATUS_SUCCESS && ahci_model.opcodes[0xEA] == 1 &&
              ahci_model.opcodes[0xE0] == 1);

    /* SLEEP: only a reset wakes it. EDGE: 175 */
    TAP_CHECK(irb_run(command(0xE6)) == IRB_STATUS_SUCCESS);
    power = function(IRB_FUNCTION_POWER_CHANGE);
    power->irb.PowerChange.DesiredPowerState = IdePowerD3;
    const unsigned comresets = ahci_model.comresets;
    TAP_CHECK(irb_run(power) == IRB_STATUS_SUCCESS && ahci_model.opcodes[0xEA] == 1);
    TAP_CHECK(read_at(1) == IRB_STATUS_SUCCESS && ahci_model.comresets == comresets + 1);
    TAP_CHECK(is_clean());
}

/* What the link has to say while it comes up is no command's failure. */
static void test_noise(void)
{
    one_disk();
    ahci_model.noise = INT_LINK_FATAL;
    start();
    TAP_CHECK(read_at(1) == IRB_STATUS_SUCCESS && ahci_model.comresets == 0);
    TAP_CHECK(port_model_reset() && read_at(1) == IRB_STATUS_SUCCESS);
    TAP_CHECK(ahci_model.comresets == 1 && is_clean());
}

/* Where CAP says that there is such a thing, and a setting wants it. */
static void test_link_power(void)
{
    static const struct {
        uint32_t cap, setting, sctl, cmd;
        bool hears_phy;
    } cases[] = {
        {CAP_PARTIAL | CAP_SLUMBER | CAP_LINK_POWER, 0, 0x300, 0, true},
        {CAP_PARTIAL | CAP_SLUMBER | CAP_LINK_POWER, 1, 0x200, CMD_LINK_POWER, false},
        {CAP_PARTIAL | CAP_SLUMBER | CAP_LINK_POWER, 2, 0, CMD_LINK_POWER | CMD_SLUMBER, false},
        {CAP_PARTIAL | CAP_SLUMBER, 2, 0, 0, false},
        {CAP_SLUMBER | CAP_LINK_POWER, 1, 0x300, 0, true},
        {0, 2, 0x300, 0, true},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_disk();
        set("LinkPower", cases[i].setting);
        ahci_model.cap |= cases[i].cap;
        start();
        tap_ok(read_at(1) == IRB_STATUS_SUCCESS, "link power %u: it works", i);
        tap_ok(ahci_model.sctl == cases[i].sctl &&
                   (ahci_model.cmd & (CMD_LINK_POWER | CMD_SLUMBER)) == cases[i].cmd &&
                   !(ahci_model.pie & INT_PHY_READY) == !cases[i].hears_phy,
               "link power %u: PxSCTL %x, PxCMD %x, PxIE %x", i, ahci_model.sctl, ahci_model.cmd,
               ahci_model.pie);
        tap_ok(port_model_reset() && read_at(1) == IRB_STATUS_SUCCESS &&
                   ahci_model.sctl == cases[i].sctl && is_clean(),
               "link power %u: after a reset, too", i);
    }
}

int main(void)
{
    test_data();
    test_order();
    test_results();
    test_silent();
    test_log();
    test_no_log();
    test_plain_error();
    test_fatal();
    test_reset();
    test_given_up();
    test_hot_plug();
    test_presence();
    test_running_engine();
    test_handoff();
    test_noise();
    test_power();
    test_link_power();
    port_model_stop();
    return tap_exit();
}
