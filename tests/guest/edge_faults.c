/* SPDX-License-Identifier: MIT */
/*
 * Edge cases of devices (tests/edge-cases.tsv) that QEMU does not show: faults are injected between pata.sys and its
 * devices (docs/faults.md), and each request has to end, with the data that is right or an error, and the devices work
 * afterwards. The devices are those of edges.c: two disks on channel 0.0, a CD and a disk of 3 TiB on channel 0.1.
 */
#include <string.h>

#include "port/access/inject.h"
#include "port/access/inject_state.h"
#include "port/block.h"
#include "port/channel.h"
#include "port/objects.h"
#include "port/parcel.h"
#include "port/request/timeout.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

static struct device *disk, *slave, *cd, *big;
static uint8_t *buffer, *reference; /* of disk 0 */

#define SECTORS           8u
#define REFERENCE_SECTORS 64u
#define LIMIT_US          5000000u /* with time-outs that pass a hundred times as fast */

/* ------------------------------------------------------------------ what is asked for */

static bool is_right(uint64_t lba)
{
    return memcmp(buffer, reference + lba * 512, SECTORS * 512) == 0;
}

static struct block_request last;

static enum block_status transfer(struct device *device, enum block_operation operation,
                                  uint64_t lba)
{
    last = (struct block_request){.device = device,
                                  .operation = operation,
                                  .lba = lba,
                                  .sector_count = operation == BLOCK_FLUSH ? 0 : SECTORS,
                                  .buffer = buffer};
    if (operation == BLOCK_READ)
        memset(buffer, 0x5A, SECTORS * 512);
    return block_run(&last);
}

static enum block_status read_by_dma(void)
{
    enum block_status status = transfer(disk, BLOCK_READ, 9);
    return status == BLOCK_OK && !is_right(9) ? BLOCK_BAD_BUFFER : status;
}

static struct request raw;

static enum block_status status_of_raw(void)
{
    return raw.irb_status == IRB_STATUS_SUCCESS        ? BLOCK_OK
           : raw.irb_status == IRB_STATUS_DEVICE_ERROR ? BLOCK_DEVICE_ERROR
                                                       : BLOCK_TIMED_OUT;
}

static enum block_status run_command(struct device *device, uint8_t opcode, uint32_t byte_count)
{
    raw = (struct request){
        .device = device,
        .function = opcode == IDE_COMMAND_READ ? IRB_FUNCTION_ATA_READ : IRB_FUNCTION_ATA_COMMAND,
        .flags = byte_count ? IRB_FLAGS_DATA_IN : 0,
        .timeout_s = 10,
        .buffer = byte_count ? buffer : NULL,
        .byte_count = byte_count,
        .wants_registers = true,
    };
    raw.task_file.Current.bCommandReg = opcode;
    raw.task_file.Current.bSectorCountReg = (UCHAR)(byte_count / 512);
    raw.task_file.Current.bSectorNumberReg = 9;
    raw.task_file.Current.bDriveHeadReg = 0x40;
    memset(buffer, 0x5A, SECTORS * 512);
    request_run(&raw);
    return status_of_raw();
}

static enum block_status read_by_pio(void)
{
    enum block_status status = run_command(disk, IDE_COMMAND_READ, SECTORS * 512);
    return status == BLOCK_OK && !is_right(9) ? BLOCK_BAD_BUFFER : status;
}

static enum block_status flush(void)
{
    return run_command(disk, IDE_COMMAND_FLUSH_CACHE, 0);
}

static enum block_status read_cd(void)
{
    return transfer(cd, BLOCK_READ, 3);
}

static enum block_status read_slave(void)
{
    return transfer(slave, BLOCK_READ, 3);
}

static enum block_status lose_and_read_slave(void)
{
    (void)read_by_dma();
    return read_slave();
}

static void reset(struct device *device)
{
    enum irql level = irql_raise_dispatch();
    channel_reset(device->channel);
    irql_lower(level);
}

static enum block_status reset_and_read(void)
{
    reset(disk);
    return read_by_dma();
}

static enum block_status reset_and_read_cd(void)
{
    reset(cd);
    return read_cd();
}

static enum block_status reset_and_read_multiple(void)
{
    reset(disk);
    enum block_status status = run_command(disk, IDE_COMMAND_READ_MULTIPLE, SECTORS * 512);
    return status == BLOCK_OK && !is_right(9) ? BLOCK_BAD_BUFFER : status;
}

/* Its data are another's, or nothing: nobody may count on them. */
static enum block_status identify_reset_and_read(void)
{
    enum block_status status = run_command(disk, IDE_COMMAND_IDENTIFY, 512);
    bool is_wrong = memcmp(buffer, &disk->given.identify, 20) != 0;
    enum block_status read = reset_and_read();
    return status == BLOCK_OK && is_wrong ? BLOCK_BAD_BUFFER : read;
}

static enum block_status restart_and_read(void)
{
    channel_stop(disk->channel);
    return channel_start(disk->channel) ? read_by_dma() : BLOCK_DEVICE_GONE;
}

static enum block_status restart_and_read_cd(void)
{
    channel_stop(cd->channel);
    return channel_start(cd->channel) ? read_cd() : BLOCK_DEVICE_GONE;
}

/* ------------------------------------------------------------------ faults */

#define IS(status) (1u << BLOCK_##status)

static const struct {
    const char *what;
    const char *faults;
    enum block_status (*run)(void);
    unsigned expected; /* IS(...) of those that are as good as one another */
} cases[] = {
    /* EDGE: 29 */
    {"BSY with all other bits set", "read FE register=Status", read_by_dma, IS(OK)},
    {"the same while a command waits for its device", "read FE register=Alternate-Status",
     read_by_pio, IS(OK)},
    /* EDGE: 39 */
    {"a slave that needs a while after a reset",
     "bsy register=Alternate-Status command=SRST target=1 for=100ms", reset_and_read, IS(OK)},
    /* EDGE: 40 */
    {"a disk that is busy for ever after a reset", "bsy command=SRST count=for-ever for=for-ever",
     reset_and_read, IS(DEVICE_GONE) | IS(TIMED_OUT) | IS(DEVICE_ERROR)},
    /* EDGE: 53 */
    {"a lost interrupt", "interrupt lost", read_by_dma, IS(OK)},
    {"one of a write", "interrupt lost command=E7", flush, IS(OK)},
    /* EDGE: 60 */
    {"an interrupt while the device is busy", "interrupt early", read_by_dma, IS(OK)},
    {"the same, by PIO", "interrupt early", read_by_pio, IS(OK)},
    {"a CD's", "interrupt early", read_cd, IS(OK)},
    /* EDGE: 57, 59 */
    {"an interrupt of nobody", "interrupt spurious for=5ms", read_by_dma, IS(OK)},
    /* EDGE: 67 */
    {"DRQ a moment late", "read 50 register=Status command=20", read_by_pio, IS(OK)},
    /* EDGE: 68 */
    {"DRQ with ERR", "read 59 register=Status command=20", read_by_pio, IS(DEVICE_ERROR)},
    /* EDGE: 76 */
    {"DRQ at a flush", "read 58 register=Status command=E7", flush, IS(DEVICE_ERROR)},
    {"for as long as it lasts", "drq command=E7", flush, IS(OK) | IS(DEVICE_ERROR)},
    /* EDGE: 106 */
    {"an error of the bus master", "bus-master-error", read_by_dma, IS(OK)},
    /* EDGE: 130 */
    {"a packet that is asked for with I/O set", "read 03/03 register=Sector-Count command=A0",
     read_cd, IS(OK) | IS(DEVICE_ERROR)},
    {"no packet, but data", "read 00/03 register=Sector-Count command=A0 count=for-ever", read_cd,
     IS(DEVICE_ERROR)},
    /* EDGE: 158 */
    {"a device fault", "df", read_by_dma, IS(DEVICE_ERROR)},
    {"one by PIO", "df", read_by_pio, IS(DEVICE_ERROR)},
    /* EDGE: 159 */
    {"ERR before the command", "read 51 register=Alternate-Status count=2", read_by_pio, IS(OK)},
    /* EDGE: 164 */
    {"a command that never arrives", "write drop register=Command", read_by_dma, IS(OK)},
    {"a packet command", "write drop register=Command", read_cd, IS(OK)},
    /* EDGE: 116 */
    {"a bus master that is not started", "write drop register=Bus-Master-Command", read_by_dma,
     IS(OK)},
    /* EDGE: 165 */
    {"a reset whose SET FEATURES fails", "error ABRT command=EF", reset_and_read,
     IS(OK) | IS(DEVICE_ERROR)},
    {"or has no interrupt", "interrupt lost command=EF", reset_and_read, IS(OK)},
    {"or SET MULTIPLE MODE", "error ABRT command=C6", reset_and_read, IS(OK)},
    {"a start whose IDENTIFY fails once", "error ABRT command=EC", restart_and_read,
     IS(OK) | IS(DEVICE_GONE) | IS(DEVICE_ERROR)},
    {"one that failed as Alternate Status says, and not as Status does",
     "read 20/20 register=Alternate-Status command=C6 count=4", reset_and_read_multiple, IS(OK)},
    {"IDENTIFY data of a disk that is busy", "bsy register=Data command=EC for=1ms count=2",
     identify_reset_and_read, IS(OK)},
    /* EDGE: 122 */
    {"a drive that says it interrupts for the packet", "identify 0=85A0", restart_and_read_cd,
     IS(OK)},
    /* EDGE: 9 */
    {"a packet device that shows a disk's signature after a reset",
     "read 00 register=LBA-Mid command=SRST count=for-ever; read 00 register=LBA-High command=SRST "
     "count=for-ever",
     reset_and_read_cd, IS(OK)},
    /* EDGE: 18 */
    {"a disk that is away for a while", "vanish for=20ms", read_by_dma,
     IS(OK) | IS(DEVICE_GONE) | IS(TIMED_OUT)},
    {"for ever", "vanish for=for-ever", read_by_dma, IS(DEVICE_GONE) | IS(TIMED_OUT)},
    {"the slave beside it", "vanish target=0 for=for-ever", lose_and_read_slave, IS(OK)},
};
#define CASE_COUNT (sizeof cases / sizeof *cases)

/* Returns the number of the first one. */
static unsigned inject(const char *faults)
{
    char error[300];
    unsigned speed = inject_add("time-outs 100", error, sizeof error);
    if (!inject_add_all(faults, error, sizeof error))
        hal_printf("# %s\n", error);
    return speed + 1;
}

static uint64_t injected(unsigned number)
{
    const struct inject_rule *rule = inject_rule(number);
    return rule ? rule->injected : 0;
}

static bool all_work(void)
{
    return read_by_dma() == BLOCK_OK && read_by_pio() == BLOCK_OK && read_slave() == BLOCK_OK &&
           read_cd() == BLOCK_OK && transfer(big, BLOCK_READ, 0) == BLOCK_OK;
}

/* No fault any more. A device that was given up is looked for anew. */
static bool recovers(void)
{
    inject_forget_all();
    if (disk->usable && slave->usable && cd->usable && big->usable && all_work())
        return true;
    channel_stop(disk->channel);
    channel_stop(cd->channel);
    return channel_start(disk->channel) && channel_start(cd->channel) && all_work();
}

static void test_cases(void)
{
    for (unsigned i = 0; i < CASE_COUNT; i++) {
        uint64_t began_us = hal_clock_us();
        unsigned number = inject(cases[i].faults);
        enum block_status status = cases[i].run();
        uint64_t count = injected(number), took_us = hal_clock_us() - began_us;
        bool good = cases[i].expected >> status & 1 && count && took_us < LIMIT_US;

        guest_ok(recovers() && good, "%s", cases[i].what);
        if (!good)
            hal_printf("# %s: block status %u, injected %u times, %u ms\n", cases[i].faults, status,
                       (unsigned)count, (unsigned)(took_us / 1000));
    }
}

/* ------------------------------------------------------------------ and what else is to be seen */

#define FURTHER 24u

/* What a start with these faults makes of a device's channel. */
static void restart(struct device *device, const char *faults)
{
    inject(faults);
    channel_stop(device->channel);
    channel_start(device->channel);
}

static void test_starts(void)
{
    /* EDGE: 3 */
    uint64_t began_us = hal_clock_us();
    restart(cd, "float 7F channel=0.1 for=for-ever");
    guest_ok(!cd->usable && !big->usable && hal_clock_us() - began_us < LIMIT_US,
             "a bus that shows 7Fh has no devices");
    guest_ok(recovers(), "until it does not");
    /* EDGE: 15 */
    restart(cd, "read 80/80 register=Bus-Master-Status channel=0.1 count=for-ever");
    guest_ok(big->usable && !(big->given.parameters.TransferModeSelected & ~(ULONG)PIO_SUPPORT) &&
                 transfer(big, BLOCK_READ, 0) == BLOCK_OK && read_by_dma() == BLOCK_OK &&
                 disk->given.parameters.TransferModeSelected & ~(ULONG)PIO_SUPPORT,
             "of a simplex controller's channels the second one goes by PIO");
    guest_ok(recovers(), "and by DMA else");
    /* EDGE: 20 */
    restart(cd, "identify 83=0000 channel=0.1 target=1");
    GUEST_CHECK(big->given.parameters.AddressTranslation, ==, LbaMode,
                "48-bit addresses that nobody vouches for are not used");
    recovers();
    /* EDGE: 90 */
    restart(disk, "identify 49=0000 channel=0.0 target=0");
    guest_ok(disk->usable && disk->given.parameters.AddressTranslation == ChsMode &&
                 read_by_dma() == BLOCK_OK,
             "a disk that knows CHS only is read");
    recovers();
    /* EDGE: 94 */
    restart(disk, "identify 106=5000 channel=0.0 target=0; identify 117=0800 channel=0.0 target=0; "
                  "identify 118=0000 channel=0.0 target=0");
    began_us = hal_clock_us();
    guest_ok(disk->usable && disk->sector_size == 4096,
             "logical sectors of 4096 bytes are believed");
    /* (As a block request, it would be tried by PIO at last, and no driver can tell then.) */
    raw = (struct request){.device = disk,
                           .form = disk->block.forms[BLOCK_READ],
                           .is_once = true,
                           .buffer = buffer,
                           .byte_count = 4096};
    raw.task_file.Current.bSectorCountReg = 1;
    request_run(&raw);
    guest_ok(status_of_raw() != BLOCK_OK && hal_clock_us() - began_us < LIMIT_US,
             "and a disk that sends 512 fails");
    inject_forget_all();
    channel_stop(disk->channel);
    channel_start(disk->channel);
    guest_ok(recovers(), "the disk is read as what it is");
}

static void test_packets(void)
{
    /* EDGE: 123 */
    restart(cd, "identify 0=85C1 channel=0.1 target=0");
    guest_ok(cd->usable && read_cd() == BLOCK_OK, "a drive with packets of 16 bytes is read");
    recovers();
    restart(cd, "identify 49=0A00 channel=0.1 target=0");
    guest_ok(!(cd->given.parameters.TransferModeSelected & DMA_SUPPORT) && read_cd() == BLOCK_OK,
             "a drive that says it does no DMA is read by PIO");
    inject("read 80 register=LBA-High command=A0");
    guest_ok(read_cd() != BLOCK_OK, "where more than was asked for is offered, the read fails");
    recovers();
    /* EDGE: 145 */
    restart(cd, "identify 62=8780 channel=0.1 target=0");
    guest_ok(read_cd() == BLOCK_OK && inject_channel(cd->channel)->features == 5,
             "a bridge that wants DMADIR is told the direction");
    recovers();
    /* EDGE: 146 */
    inject("sense 3/11/00 command=28");
    guest_ok(read_cd() == BLOCK_DEVICE_ERROR && last.request.sense_valid &&
                 (last.request.sense[2] & 0xF) == 3 && last.request.sense[12] == 0x11,
             "a read error of the medium brings its sense data");
    recovers();
}

static void test_errors(void)
{
    /* EDGE: 150 */
    inject("error UNC");
    guest_ok(read_by_dma() == BLOCK_DEVICE_ERROR && last.request.ata_error == 0x40, "UNC is told");
    recovers();
    inject("error IDNF");
    guest_ok(read_by_pio() == BLOCK_DEVICE_ERROR && raw.ata_error == 0x10, "IDNF, too");
    recovers();
    /* EDGE: 180 */
    unsigned number = inject("error ABRT command=C8 count=for-ever");
    enum block_status status = read_by_dma();
    guest_ok(status == BLOCK_DEVICE_ERROR && injected(number) == 1,
             "what a locked disk refuses is not sent again");
    recovers();
    /* EDGE: 172 */
    inject("bsy command=E7 for=300ms");
    guest_ok(transfer(disk, BLOCK_WRITE, 100) == BLOCK_OK &&
                 transfer(disk, BLOCK_FLUSH, 0) == BLOCK_OK && !last.request.timed_out,
             "a flush has more time than a read");
    inject("bsy command=C8 for=300ms");
    read_by_dma();
    guest_ok(last.request.timed_out, "which has not as much");
    recovers();
    /* EDGE: 176 */
    inject("read 00 register=Sector-Count command=E5");
    status = run_command(disk, 0xE5, 0);
    guest_ok(status == BLOCK_OK && ((const IDEREGISTERS *)raw.sense)->bSectorCountReg == 0,
             "CHECK POWER MODE tells of a disk that sleeps");
    recovers();
}

static bool uses_dma(const struct device *device)
{
    return device->given.parameters.TransferModeSelected & DMA_SUPPORT;
}

/* Errors that never end: a slower mode, and at last PIO. */
static void test_again_and_again(void)
{
    /* EDGE: 113, 167 */
    inject("error ICRC command=C8 count=for-ever");
    guest_ok(read_by_dma() == BLOCK_OK && !uses_dma(disk) && uses_dma(slave),
             "CRC errors that do not end: the read goes by PIO at last, and only its device's");
    inject_forget_all();
    guest_ok(read_by_dma() == BLOCK_OK && !uses_dma(disk), "where it stays");
    channel_stop(disk->channel);
    guest_ok(channel_start(disk->channel) && uses_dma(disk) && all_work(),
             "and by DMA again after a start");
}

void guest_test_edge_faults(void)
{
    guest_plan(CASE_COUNT + FURTHER);
    disk = port_device_by_name("0");
    slave = port_device_by_name("1");
    big = port_device_by_name("2");
    cd = port_device_by_name("cd0");
    buffer = hal_pages_alloc(16, UINT64_MAX);
    reference = guest_first_sectors(disk, REFERENCE_SECTORS);
    if (!guest_ok(disk && slave && big && cd && buffer && reference, "three disks and a CD"))
        return;
    test_cases();
    test_starts();
    test_packets();
    test_errors();
    test_again_and_again();
}
