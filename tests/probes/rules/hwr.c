/* SPDX-License-Identifier: MIT */
/*
 * HWR-01 to HWR-07, HWR-14 to HWR-20, HWR-23, HWR-24 and HWR-26: the task file. Each case does something of its own before the
 * request that it is handed, wrongly in one thing or rightly in another way than the base does; a reset
 * puts the channel right behind that, and the port repeats the request.
 */
#include "cases.h"

enum { DATA, FEATURES, SECTOR_COUNT, LBA_LOW, LBA_MID, LBA_HIGH, DEVICE, COMMAND };

#define DEVICE_0      0xE0 /* by LBA */
#define DEVICE_1      0xF0
#define LAST_SECTOR   1023u
#define SECTOR_WORDS  256
#define LOOKS_LIMIT   1000000
#define RESET_WAIT_US 5000

/* As macros: the line that a case uses them in is the one that is reported. */
#define WRITE(channel, offset, value) \
    AtaPortWritePortUchar((channel)->command_block + (offset), (UCHAR)(value))
#define CONTROL(channel, value) AtaPortWritePortUchar((channel)->device_control, value)
#define READ_STATUS(channel)    AtaPortReadPortUchar((channel)->command_block + COMMAND)
#define ALTERNATE(channel)      AtaPortReadPortUchar((channel)->device_control)
#define READ_DATA(channel, words) \
    AtaPortReadPortBufferUshort((PUSHORT)(PVOID)(channel)->command_block, buffer, words)

static USHORT buffer[2 * SECTOR_WORDS];

static void settle(const struct probe_channel *channel)
{
    for (ULONG i = 0; i < 4; i++)
        ALTERNATE(channel);
}

static void select(const struct probe_channel *channel, UCHAR device)
{
    WRITE(channel, DEVICE, device);
    settle(channel);
}

/* All but the command. */
static void prepare(const struct probe_channel *channel, ULONG lba, UCHAR count)
{
    select(channel, DEVICE_0);
    WRITE(channel, FEATURES, 0);
    WRITE(channel, SECTOR_COUNT, count);
    WRITE(channel, LBA_LOW, lba);
    WRITE(channel, LBA_MID, lba >> 8);
    WRITE(channel, LBA_HIGH, lba >> 16);
}

static void issue(const struct probe_channel *channel, UCHAR opcode, ULONG lba, UCHAR count)
{
    prepare(channel, lba, count);
    WRITE(channel, COMMAND, opcode);
    settle(channel);
}

static UCHAR wait_for(const struct probe_channel *channel, UCHAR mask, UCHAR value)
{
    UCHAR status = ALTERNATE(channel);

    for (ULONG i = 0; i < LOOKS_LIMIT && (status & mask) != value; i++)
        status = ALTERNATE(channel);
    return status;
}

static void wait_for_data(const struct probe_channel *channel)
{
    wait_for(channel, IDE_STATUS_BUSY | IDE_STATUS_DRQ, IDE_STATUS_DRQ);
}

static void wait_for_end(const struct probe_channel *channel)
{
    wait_for(channel, IDE_STATUS_BUSY | IDE_STATUS_DRQ, 0);
}

/* The request goes back, and the port sends it once more. */
static BOOLEAN give_up(struct probe_channel *channel)
{
    (void)ProbeReset(channel);
    return TRUE;
}

/* A reset; what comes 5 ms later is `next`. */
static BOOLEAN reset_then(struct probe_channel *channel, IDE_HW_DPC next)
{
    channel->phase = PHASE_RESET;
    CONTROL(channel, IDE_DC_RESET_CONTROLLER);
    AtaPortStallExecution(10);
    CONTROL(channel, IDE_DC_REENABLE_CONTROLLER);
    AtaPortRequestTimer(channel, next, RESET_WAIT_US);
    return TRUE;
}

/* ------------------------------------------------------------------ HWR-01 */

CASE hwr_write_while_busy(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_READ, 0, 1);
    WRITE(at->channel, SECTOR_COUNT, 1); /* BREAKS: HWR-01 */
    return give_up(at->channel);
}

CASE hwr_command_in_flight(struct occasion *at)
{
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_CHECK_POWER);
    WRITE(at->channel, COMMAND, IDE_COMMAND_CHECK_POWER); /* BREAKS: HWR-01 */
    return give_up(at->channel);
}

CASE hwr_select_while_busy(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_READ, 0, 1);
    wait_for_data(at->channel);
    WRITE(at->channel, DEVICE, DEVICE_1); /* BREAKS: HWR-01 */
    return give_up(at->channel);
}

/* A packet device may be reset whatever it does. */
CASE hwr_device_reset(struct occasion *at)
{
    select(at->channel, 0xA0);
    WRITE(at->channel, LBA_HIGH, 8);
    WRITE(at->channel, COMMAND, IDE_COMMAND_ATAPI_PACKET);
    settle(at->channel);
    wait_for_data(at->channel);
    WRITE(at->channel, COMMAND, IDE_COMMAND_ATAPI_RESET);
    settle(at->channel);
    wait_for_end(at->channel);
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-02 */

CASE hwr_status_too_early(struct occasion *at)
{
    select(at->channel, DEVICE_1);
    WRITE(at->channel, DEVICE, DEVICE_0);
    READ_STATUS(at->channel); /* BREAKS: HWR-02 */
    return give_up(at->channel);
}

/* What Alternate Status shows too early is relied on. */
CASE hwr_relied_too_early(struct occasion *at)
{
    select(at->channel, DEVICE_1);
    WRITE(at->channel, DEVICE, DEVICE_0);
    ALTERNATE(at->channel);
    WRITE(at->channel, FEATURES, 0); /* BREAKS: HWR-02 */
    return give_up(at->channel);
}

/* Four reads by one call are enough. */
CASE hwr_settled_by_block(struct occasion *at)
{
    UCHAR seen[4];

    select(at->channel, DEVICE_1);
    WRITE(at->channel, DEVICE, DEVICE_0);
    AtaPortReadPortBufferUchar(at->channel->device_control, seen, sizeof seen);
    READ_STATUS(at->channel);
    return give_up(at->channel);
}

/* A microsecond is enough, too. */
CASE hwr_stalled(struct occasion *at)
{
    select(at->channel, DEVICE_1);
    WRITE(at->channel, DEVICE, DEVICE_0);
    AtaPortStallExecution(1);
    READ_STATUS(at->channel);
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-03 */

static VOID NTAPI hwr_not_selected_again_timer(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;

    WRITE(channel, COMMAND, IDE_COMMAND_CHECK_POWER); /* BREAKS: HWR-03 */
    give_up(channel);
}

CASE hwr_not_selected_again(struct occasion *at)
{
    return reset_then(at->channel, hwr_not_selected_again_timer);
}

/* What IDENTIFY data say is a drive of ATA-5, by a fault; and one of today. */
CASE hwr_old_device(struct occasion *at)
{
    WRITE(at->channel, DEVICE, IDE_LBA_MODE); /* BREAKS: HWR-03 */
    return give_up(at->channel);
}

CASE hwr_new_device(struct occasion *at)
{
    WRITE(at->channel, DEVICE, IDE_LBA_MODE);
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-04 */

CASE hwr_short_reset(struct occasion *at)
{
    CONTROL(at->channel, IDE_DC_RESET_CONTROLLER);
    CONTROL(at->channel, IDE_DC_REENABLE_CONTROLLER); /* BREAKS: HWR-04 */
    return give_up(at->channel);
}

CASE hwr_look_at_reset(struct occasion *at)
{
    CONTROL(at->channel, IDE_DC_RESET_CONTROLLER);
    AtaPortStallExecution(10);
    CONTROL(at->channel, IDE_DC_REENABLE_CONTROLLER);
    ALTERNATE(at->channel); /* BREAKS: HWR-04 */
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-05 */

CASE hwr_data_unasked(struct occasion *at)
{
    AtaPortReadPortUshort((PUSHORT)(PVOID)at->channel->command_block); /* BREAKS: HWR-05 */
    return give_up(at->channel);
}

CASE hwr_data_blind(struct occasion *at)
{
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_READ);
    AtaPortStallExecution(200);
    READ_DATA(at->channel, SECTOR_WORDS); /* BREAKS: HWR-05 */
    return give_up(at->channel);
}

CASE hwr_data_too_much(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_READ, 0, 1);
    wait_for_data(at->channel);
    READ_DATA(at->channel, SECTOR_WORDS + 1); /* BREAKS: HWR-05 */
    return give_up(at->channel);
}

CASE hwr_data_two_blocks(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_READ, 0, 2);
    wait_for_data(at->channel);
    READ_DATA(at->channel, SECTOR_WORDS);
    READ_DATA(at->channel, SECTOR_WORDS); /* BREAKS: HWR-05 */
    return give_up(at->channel);
}

CASE hwr_data_too_little(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_READ, 0, 1);
    wait_for_data(at->channel);
    READ_DATA(at->channel, SECTOR_WORDS - 1);
    WRITE(at->channel, SECTOR_COUNT, 1); /* BREAKS: HWR-05 */
    return give_up(at->channel);
}

CASE hwr_data_by_bytes(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_READ, 0, 1);
    wait_for_data(at->channel);
    AtaPortReadPortUchar(at->channel->command_block); /* BREAKS: HWR-05 */
    return give_up(at->channel);
}

CASE hwr_data_wrong_way(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_READ, 0, 1);
    wait_for_data(at->channel);
    AtaPortWritePortUshort((PUSHORT)(PVOID)at->channel->command_block, 0); /* BREAKS: HWR-05 */
    return give_up(at->channel);
}

/* Word by word and by 32 bits, looked at between them. */
CASE hwr_data_by_words(struct occasion *at)
{
    PUSHORT port = (PUSHORT)(PVOID)at->channel->command_block;

    issue(at->channel, IDE_COMMAND_READ, 0, 2);
    for (ULONG sector = 0; sector < 2; sector++) {
        wait_for_data(at->channel);
        for (ULONG i = 0; i < SECTOR_WORDS / 2; i++)
            AtaPortReadPortUshort(port);
        ALTERNATE(at->channel);
        AtaPortReadPortBufferUlong((PULONG)(PVOID)port, (PULONG)(PVOID)buffer, SECTOR_WORDS / 4);
    }
    WRITE(at->channel, SECTOR_COUNT, 1);
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-06, HWR-17 */

#define SET_MULTIPLE_COUNT 8

static void set_multiple(struct probe_channel *channel)
{
    issue(channel, IDE_COMMAND_SET_MULTIPLE, 0, SET_MULTIPLE_COUNT);
    wait_for_end(channel);
}

CASE hwr_multiple_never_set(struct occasion *at)
{
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_READ_MULTIPLE); /* BREAKS: HWR-06 */
    return give_up(at->channel);
}

/* 3 is none that a device has. */
CASE hwr_multiple_refused(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_SET_MULTIPLE, 0, 3);
    wait_for_end(at->channel);
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_READ_MULTIPLE); /* BREAKS: HWR-06 */
    return give_up(at->channel);
}

/* Blocks of 8, 8 and 4. */
CASE hwr_multiple(struct occasion *at)
{
    static const UCHAR sectors[] = {8, 8, 4};

    set_multiple(at->channel);
    issue(at->channel, IDE_COMMAND_READ_MULTIPLE, 0, 20);
    for (ULONG i = 0; i < sizeof sectors; i++) {
        wait_for_data(at->channel);
        for (ULONG word = 0; word < sectors[i] * SECTOR_WORDS; word += SECTOR_WORDS)
            READ_DATA(at->channel, SECTOR_WORDS);
    }
    WRITE(at->channel, SECTOR_COUNT, 1);
    return give_up(at->channel);
}

static VOID NTAPI hwr_multiple_undone_timer(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;

    prepare(channel, 0, 1);
    WRITE(channel, COMMAND, IDE_COMMAND_READ_MULTIPLE); /* BREAKS: HWR-17 */
    give_up(channel);
}

CASE hwr_multiple_undone(struct occasion *at)
{
    set_multiple(at->channel);
    return reset_then(at->channel, hwr_multiple_undone_timer);
}

/* ------------------------------------------------------------------ HWR-07 */

CASE hwr_beyond_the_end(struct occasion *at)
{
    prepare(at->channel, LAST_SECTOR, 2);
    WRITE(at->channel, COMMAND, IDE_COMMAND_VERIFY); /* BREAKS: HWR-07 */
    return give_up(at->channel);
}

CASE hwr_beyond_the_end_48(struct occasion *at)
{
    prepare(at->channel, 0x100, 0);
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_VERIFY_EXT); /* BREAKS: HWR-07 */
    return give_up(at->channel);
}

/* The last one, in both ways; what was written for 48 bits is nothing to 28; and the first by
 * cylinder, head and sector. */
CASE hwr_to_the_end(struct occasion *at)
{
    prepare(at->channel, 0, 0);
    issue(at->channel, IDE_COMMAND_VERIFY_EXT, LAST_SECTOR, 1);
    wait_for_end(at->channel);
    prepare(at->channel, 0xFFFFFF, 0xFF);
    issue(at->channel, IDE_COMMAND_VERIFY, LAST_SECTOR, 1);
    wait_for_end(at->channel);
    select(at->channel, 0xA0);
    WRITE(at->channel, LBA_LOW, 1);
    WRITE(at->channel, LBA_MID, 0);
    WRITE(at->channel, COMMAND, IDE_COMMAND_VERIFY);
    settle(at->channel);
    wait_for_end(at->channel);
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-14, HWR-17 */

static void set_mode(const struct probe_channel *channel, UCHAR mode)
{
    select(channel, DEVICE_0);
    WRITE(channel, FEATURES, IDE_FEATURE_SET_TRANSFER_MODE);
    WRITE(channel, SECTOR_COUNT, mode);
    WRITE(channel, COMMAND, IDE_COMMAND_SET_FEATURE);
    settle(channel);
    wait_for_end(channel);
}

/* The device is in multiword DMA mode 2, from an earlier start. */
static BOOLEAN hwr_mode_never_set_start(struct occasion *at)
{
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_READ_DMA); /* BREAKS: HWR-14 */
    return give_up(at->channel);
}

CASE hwr_mode_never_set(struct occasion *at)
{
    static const struct probe_case next = {"hwr_mode_never_set", AT_START_IO, 1,
                                           hwr_mode_never_set_start};

    at->modes->DeviceTransferModeSelected[0] = PIO_MODE0 | MWDMA_MODE1;
    at->channel->armed = &next;
    at->channel->occasions_left = 1;
    return FALSE;
}

CASE hwr_mode_too_fast(struct occasion *at)
{
    set_mode(at->channel, IDE_SET_UDMA_MODE(5));
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_READ_DMA); /* BREAKS: HWR-14 */
    return give_up(at->channel);
}

CASE hwr_mode_not_there(struct occasion *at)
{
    set_mode(at->channel, IDE_SET_UDMA_MODE(7));
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_READ_DMA); /* BREAKS: HWR-14 */
    return give_up(at->channel);
}

static VOID NTAPI hwr_mode_undone_timer(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;

    prepare(channel, 0, 1);
    WRITE(channel, COMMAND, IDE_COMMAND_READ_DMA); /* BREAKS: HWR-17 */
    give_up(channel);
}

CASE hwr_mode_undone(struct occasion *at)
{
    return reset_then(at->channel, hwr_mode_undone_timer);
}

/* ------------------------------------------------------------------ HWR-26 */

/* The request's own sectors, which the port wants by DMA. */
CASE hwr_by_pio(struct occasion *at)
{
    prepare(at->channel, 3, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_READ); /* BREAKS: HWR-26 */
    settle(at->channel);
    wait_for_data(at->channel);
    READ_DATA(at->channel, SECTOR_WORDS);
    return give_up(at->channel);
}

/* Others are the driver's affair. */
CASE hwr_by_pio_itself(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_READ, 4, 1);
    wait_for_data(at->channel);
    READ_DATA(at->channel, SECTOR_WORDS);
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-15 */

CASE hwr_status_in_flight(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_READ, 0, 1);
    READ_STATUS(at->channel); /* BREAKS: HWR-15 */
    return give_up(at->channel);
}

/* With its interrupt off. */
CASE hwr_status_polled(struct occasion *at)
{
    CONTROL(at->channel, IDE_DC_DISABLE_INTERRUPTS);
    issue(at->channel, IDE_COMMAND_READ, 0, 1);
    READ_STATUS(at->channel);
    wait_for_data(at->channel);
    READ_DATA(at->channel, SECTOR_WORDS);
    CONTROL(at->channel, IDE_DC_REENABLE_CONTROLLER);
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-16 */

static void prepare_packet(const struct probe_channel *channel, ULONG limit)
{
    select(channel, 0xA0);
    WRITE(channel, FEATURES, 0);
    WRITE(channel, LBA_MID, limit);
    WRITE(channel, LBA_HIGH, limit >> 8);
}

static void send_packet(const struct probe_channel *channel, UCHAR opcode, UCHAR length)
{
    USHORT packet[6] = {opcode, 0, length};

    AtaPortWritePortBufferUshort((PUSHORT)(PVOID)channel->command_block, packet, 6);
}

CASE hwr_packet_odd_limit(struct occasion *at)
{
    prepare_packet(at->channel, 255);
    WRITE(at->channel, COMMAND, IDE_COMMAND_ATAPI_PACKET); /* BREAKS: HWR-16 */
    return give_up(at->channel);
}

CASE hwr_packet_no_limit(struct occasion *at)
{
    prepare_packet(at->channel, 0);
    WRITE(at->channel, COMMAND, IDE_COMMAND_ATAPI_PACKET); /* BREAKS: HWR-16 */
    settle(at->channel);
    wait_for_data(at->channel);
    send_packet(at->channel, 0x12, 36);
    return give_up(at->channel);
}

CASE hwr_packet_by_bytes(struct occasion *at)
{
    UCHAR packet[12] = {0};

    prepare_packet(at->channel, 0xFFFE);
    WRITE(at->channel, COMMAND, IDE_COMMAND_ATAPI_PACKET);
    settle(at->channel);
    wait_for_data(at->channel);
    AtaPortWritePortBufferUchar(at->channel->command_block, packet, 12); /* BREAKS: HWR-16 */
    return give_up(at->channel);
}

CASE hwr_packet_too_early(struct occasion *at)
{
    USHORT packet[6] = {0};

    prepare_packet(at->channel, 0xFFFE);
    WRITE(at->channel, COMMAND, IDE_COMMAND_ATAPI_PACKET);
    AtaPortStallExecution(10);
    /* BREAKS: HWR-16 */
    AtaPortWritePortBufferUshort((PUSHORT)(PVOID)at->channel->command_block, packet, 6);
    return give_up(at->channel);
}

/* Interrupt Reason shows I/O, by a fault: the device wants no packet. */
CASE hwr_packet_unwanted(struct occasion *at)
{
    USHORT packet[6] = {0};

    prepare_packet(at->channel, 0xFFFE);
    WRITE(at->channel, COMMAND, IDE_COMMAND_ATAPI_PACKET);
    settle(at->channel);
    wait_for_data(at->channel);
    AtaPortReadPortUchar(at->channel->command_block + SECTOR_COUNT);
    /* BREAKS: HWR-16 */
    AtaPortWritePortBufferUshort((PUSHORT)(PVOID)at->channel->command_block, packet, 6);
    return give_up(at->channel);
}

/* INQUIRY of five bytes: the device offers five, and six go over the wire. */
CASE hwr_packet_not_padded(struct occasion *at)
{
    prepare_packet(at->channel, 0xFFFE);
    WRITE(at->channel, COMMAND, IDE_COMMAND_ATAPI_PACKET);
    settle(at->channel);
    wait_for_data(at->channel);
    send_packet(at->channel, 0x12, 5);
    AtaPortStallExecution(100);
    wait_for_data(at->channel);
    AtaPortReadPortUchar(at->channel->command_block + LBA_MID);
    AtaPortReadPortUchar(at->channel->command_block + LBA_HIGH);
    READ_DATA(at->channel, 2);
    WRITE(at->channel, FEATURES, 0); /* BREAKS: HWR-16 */
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-18 */

/* It waits for an interrupt that cannot come. */
CASE hwr_interrupt_off(struct occasion *at)
{
    prepare(at->channel, 0, 1);
    CONTROL(at->channel, IDE_DC_DISABLE_INTERRUPTS);
    WRITE(at->channel, COMMAND, IDE_COMMAND_VERIFY); /* BREAKS: HWR-18 */
    return TRUE;
}

/* The same of data, which was seen to be there. */
CASE hwr_interrupt_off_data(struct occasion *at)
{
    prepare(at->channel, 0, 1);
    CONTROL(at->channel, IDE_DC_DISABLE_INTERRUPTS);
    WRITE(at->channel, COMMAND, IDE_COMMAND_READ); /* BREAKS: HWR-18 */
    settle(at->channel);
    wait_for_data(at->channel);
    return TRUE;
}

/* It can come until nIEN is set, behind the command. (The slave is not there, and takes its time.) */
CASE hwr_interrupt_off_later(struct occasion *at)
{
    select(at->channel, DEVICE_1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_FLUSH_CACHE);
    CONTROL(at->channel, IDE_DC_DISABLE_INTERRUPTS); /* BREAKS: HWR-18 */
    return TRUE;
}

/* The same of PACKET: not where that was written. */
CASE hwr_interrupt_off_packet(struct occasion *at)
{
    prepare_packet(at->channel, 0xFFFE);
    WRITE(at->channel, COMMAND, IDE_COMMAND_ATAPI_PACKET);
    CONTROL(at->channel, IDE_DC_DISABLE_INTERRUPTS); /* BREAKS: HWR-18 */
    settle(at->channel);
    wait_for_data(at->channel);
    send_packet(at->channel, 0x12, 36);
    return TRUE;
}

/* ------------------------------------------------------------------ HWR-19 */

/* Alternate Status shows FFh, by a fault. */
CASE hwr_floating(struct occasion *at)
{
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_CHECK_POWER);
    AtaPortStallExecution(100);
    ALTERNATE(at->channel);
    WRITE(at->channel, COMMAND, IDE_COMMAND_CHECK_POWER); /* BREAKS: HWR-19 */
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-20 */

CASE hwr_asleep(struct occasion *at)
{
    issue(at->channel, IDE_COMMAND_SLEEP, 0, 0);
    wait_for_end(at->channel);
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_CHECK_POWER); /* BREAKS: HWR-20 */
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-23 */

/* The device takes its time, by a fault. */
CASE hwr_polled(struct occasion *at)
{
    prepare(at->channel, 0, 0);
    WRITE(at->channel, COMMAND, IDE_COMMAND_CHECK_POWER);
    while (ALTERNATE(at->channel) & IDE_STATUS_BUSY) /* BREAKS: HWR-23 */
        ;
    return give_up(at->channel);
}

/* It gives up while the device is busy still, and another call goes on with it. */
#define PATIENCE 22000000 /* 100 ns each */

static VOID NTAPI give_up_later(PVOID ChannelExtension)
{
    give_up(ChannelExtension);
}

CASE hwr_polled_in_vain(struct occasion *at)
{
    LARGE_INTEGER start, now;

    prepare(at->channel, 0, 0);
    WRITE(at->channel, COMMAND, IDE_COMMAND_STANDBY_IMMEDIATE);
    AtaPortQuerySystemTime(&start);
    do {
        ALTERNATE(at->channel); /* BREAKS: HWR-23 */
        AtaPortQuerySystemTime(&now);
    } while (now.QuadPart - start.QuadPart < PATIENCE);
    AtaPortRequestTimer(at->channel, give_up_later, RESET_WAIT_US);
    return TRUE;
}

/* Long, but not that long. */
CASE hwr_polled_shortly(struct occasion *at)
{
    prepare(at->channel, 0, 0);
    WRITE(at->channel, COMMAND, IDE_COMMAND_IDLE_IMMEDIATE);
    wait_for_end(at->channel);
    return give_up(at->channel);
}

/* ------------------------------------------------------------------ HWR-24 */

/* By faults, IDENTIFY data do not have what these commands need. */

CASE hwr_missing_multiple(struct occasion *at)
{
    prepare(at->channel, 0, 8);
    WRITE(at->channel, COMMAND, IDE_COMMAND_SET_MULTIPLE); /* BREAKS: HWR-24 */
    return give_up(at->channel);
}

CASE hwr_missing_dma(struct occasion *at)
{
    prepare(at->channel, 0, 0);
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_READ_DMA_EXT); /* BREAKS: HWR-24 */
    return give_up(at->channel);
}

CASE hwr_missing_48(struct occasion *at)
{
    prepare(at->channel, 0, 0);
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_VERIFY_EXT); /* BREAKS: HWR-24 */
    return give_up(at->channel);
}

CASE hwr_missing_flush(struct occasion *at)
{
    prepare(at->channel, 0, 0);
    WRITE(at->channel, COMMAND, IDE_COMMAND_FLUSH_CACHE_EXT); /* BREAKS: HWR-24 */
    return give_up(at->channel);
}

CASE hwr_missing_smart(struct occasion *at)
{
    prepare(at->channel, 0xC24F00, 1);
    WRITE(at->channel, FEATURES, 0xDA);             /* RETURN STATUS */
    WRITE(at->channel, COMMAND, IDE_COMMAND_SMART); /* BREAKS: HWR-24 */
    return give_up(at->channel);
}

/* The disk of the test has them. */
CASE hwr_nothing_missing(struct occasion *at)
{
    set_multiple(at->channel);
    prepare(at->channel, 0, 0);
    issue(at->channel, IDE_COMMAND_VERIFY_EXT, 0, 1);
    wait_for_end(at->channel);
    issue(at->channel, IDE_COMMAND_FLUSH_CACHE_EXT, 0, 0);
    wait_for_end(at->channel);
    prepare(at->channel, 0xC24F00, 1);
    WRITE(at->channel, FEATURES, 0xDA);
    WRITE(at->channel, COMMAND, IDE_COMMAND_SMART);
    settle(at->channel);
    wait_for_end(at->channel);
    return give_up(at->channel);
}

CASE hwr_packet_to_disk(struct occasion *at)
{
    prepare_packet(at->channel, 0xFFFE);
    WRITE(at->channel, COMMAND, IDE_COMMAND_ATAPI_PACKET); /* BREAKS: HWR-24 */
    return give_up(at->channel);
}

CASE hwr_sectors_of_packet(struct occasion *at)
{
    prepare(at->channel, 0, 1);
    WRITE(at->channel, COMMAND, IDE_COMMAND_VERIFY); /* BREAKS: HWR-24 */
    return give_up(at->channel);
}

const struct probe_case hwr_cases[] = {
    {"hwr_write_while_busy", AT_START_IO, 2, hwr_write_while_busy},
    {"hwr_command_in_flight", AT_START_IO, 2, hwr_command_in_flight},
    {"hwr_select_while_busy", AT_START_IO, 2, hwr_select_while_busy},
    {"hwr_device_reset", AT_START_IO, 2, hwr_device_reset},
    {"hwr_status_too_early", AT_START_IO, 2, hwr_status_too_early},
    {"hwr_status_too_early_with_faults", AT_START_IO, 2, hwr_status_too_early},
    {"hwr_relied_too_early", AT_START_IO, 2, hwr_relied_too_early},
    {"hwr_settled_by_block", AT_START_IO, 2, hwr_settled_by_block},
    {"hwr_stalled", AT_START_IO, 2, hwr_stalled},
    {"hwr_not_selected_again", AT_START_IO, 2, hwr_not_selected_again},
    {"hwr_old_device", AT_START_IO, 2, hwr_old_device},
    {"hwr_new_device", AT_START_IO, 2, hwr_new_device},
    {"hwr_short_reset", AT_START_IO, 2, hwr_short_reset},
    {"hwr_look_at_reset", AT_START_IO, 2, hwr_look_at_reset},
    {"hwr_data_unasked", AT_START_IO, 2, hwr_data_unasked},
    {"hwr_data_blind", AT_START_IO, 2, hwr_data_blind},
    {"hwr_data_too_much", AT_START_IO, 2, hwr_data_too_much},
    {"hwr_data_two_blocks", AT_START_IO, 2, hwr_data_two_blocks},
    {"hwr_data_too_little", AT_START_IO, 2, hwr_data_too_little},
    {"hwr_data_by_bytes", AT_START_IO, 2, hwr_data_by_bytes},
    {"hwr_data_wrong_way", AT_START_IO, 2, hwr_data_wrong_way},
    {"hwr_data_by_words", AT_START_IO, 2, hwr_data_by_words},
    {"hwr_multiple_never_set", AT_START_IO, 2, hwr_multiple_never_set},
    {"hwr_multiple_refused", AT_START_IO, 2, hwr_multiple_refused},
    {"hwr_multiple", AT_START_IO, 2, hwr_multiple},
    {"hwr_multiple_undone", AT_START_IO, 2, hwr_multiple_undone},
    {"hwr_beyond_the_end", AT_START_IO, 2, hwr_beyond_the_end},
    {"hwr_beyond_the_end_48", AT_START_IO, 2, hwr_beyond_the_end_48},
    {"hwr_to_the_end", AT_START_IO, 2, hwr_to_the_end},
    {"hwr_mode_never_set", AT_MODE_SELECT, 1, hwr_mode_never_set},
    {"hwr_mode_too_fast", AT_START_IO, 2, hwr_mode_too_fast},
    {"hwr_mode_not_there", AT_START_IO, 2, hwr_mode_not_there},
    {"hwr_mode_undone", AT_START_IO, 3, hwr_mode_undone},
    {"hwr_by_pio", AT_START_IO, 2, hwr_by_pio},
    {"hwr_by_pio_itself", AT_START_IO, 2, hwr_by_pio_itself},
    {"hwr_status_in_flight", AT_START_IO, 2, hwr_status_in_flight},
    {"hwr_status_polled", AT_START_IO, 2, hwr_status_polled},
    {"hwr_packet_odd_limit", AT_START_IO, 2, hwr_packet_odd_limit},
    {"hwr_packet_no_limit", AT_START_IO, 2, hwr_packet_no_limit},
    {"hwr_packet_by_bytes", AT_START_IO, 2, hwr_packet_by_bytes},
    {"hwr_packet_too_early", AT_START_IO, 2, hwr_packet_too_early},
    {"hwr_packet_unwanted", AT_START_IO, 3, hwr_packet_unwanted},
    {"hwr_packet_not_padded", AT_START_IO, 2, hwr_packet_not_padded},
    {"hwr_interrupt_off", AT_START_IO, 2, hwr_interrupt_off},
    {"hwr_interrupt_off_data", AT_START_IO, 2, hwr_interrupt_off_data},
    {"hwr_interrupt_off_later", AT_START_IO, 2, hwr_interrupt_off_later},
    {"hwr_interrupt_off_packet", AT_START_IO, 2, hwr_interrupt_off_packet},
    {"hwr_floating", AT_START_IO, 2, hwr_floating},
    {"hwr_asleep", AT_START_IO, 2, hwr_asleep},
    {"hwr_polled", AT_START_IO, 2, hwr_polled},
    {"hwr_polled_in_vain", AT_START_IO, 2, hwr_polled_in_vain},
    {"hwr_polled_shortly", AT_START_IO, 2, hwr_polled_shortly},
    {"hwr_missing_multiple", AT_START_IO, 2, hwr_missing_multiple},
    {"hwr_missing_dma", AT_START_IO, 2, hwr_missing_dma},
    {"hwr_missing_48", AT_START_IO, 2, hwr_missing_48},
    {"hwr_missing_flush", AT_START_IO, 2, hwr_missing_flush},
    {"hwr_missing_smart", AT_START_IO, 2, hwr_missing_smart},
    {"hwr_nothing_missing", AT_START_IO, 2, hwr_nothing_missing},
    {"hwr_packet_to_disk", AT_START_IO, 2, hwr_packet_to_disk},
    {"hwr_sectors_of_packet", AT_START_IO, 2, hwr_sectors_of_packet},
    {NULL, 0, 0, NULL},
};
