/* SPDX-License-Identifier: MIT */
/*
 * HWR-08 to HWR-13, HWR-21, HWR-25, HWR-27: the bus master. Each case starts one transfer by itself, wrongly in one thing or
 * rightly in another way than the base does. What would not end by itself, or moves data to the wrong
 * place, is reset behind that, and the port repeats it.
 */
#include "cases.h"

enum {
    FEATURES = 1,
    SECTOR_COUNT,
    LBA_LOW,
    LBA_MID,
    LBA_HIGH,
    DEVICE,
    STATUS,
    COMMAND = STATUS
}; /* in the command block */

/* What HWR-09 and HWR-10 say of it. */
#define BOUNDARY   0x10000u
#define COUNT_MASK 0xFFFFu
#define FIRMWARE   0x000F0000u /* SeaBIOS, below 1 MiB */
#define KERNEL     0x00200000u /* this kernel's own code or data */
#define BEYOND     0xE0000000u /* no memory */

#define PCI_COMMAND            4
#define PCI_COMMAND_IO         0x0001
#define PCI_COMMAND_BUS_MASTER 0x0004

/* ------------------------------------------------------------------ a transfer by steps */

static UCHAR direction(const struct probe_channel *channel)
{
    return channel->current->IrbFlags & IRB_FLAGS_DATA_IN ? BM_TO_MEMORY : 0;
}

/* As macros: the line that a case uses them in is the one that is reported. */
#define WRITE_COMMAND(channel, value) \
    AtaPortWritePortUchar((channel)->bus_master + BM_COMMAND, value)
#define WRITE_STATUS(channel, value) AtaPortWritePortUchar((channel)->bus_master + BM_STATUS, value)
#define WRITE_TABLE(channel, value) \
    AtaPortWritePortUlong((PULONG)(PVOID)((channel)->bus_master + BM_TABLE), value)
#define START(channel) WRITE_COMMAND(channel, direction(channel) | BM_START)

static BOOLEAN take(struct occasion *at)
{
    return probe_take_transfer(at->channel, at->irb);
}

/* All but start. */
static void prepare(struct probe_channel *channel)
{
    probe_program(channel);
    probe_send(channel);
}

/* It is given up; the port sends the request once more. */
static BOOLEAN give_up(struct probe_channel *channel)
{
    (void)ProbeReset(channel);
    return TRUE;
}

/* One descriptor for all of it, if it does not cross a boundary. */
static void describe_whole(struct probe_channel *channel, ULONG byte_count)
{
    channel->table[0].control = (byte_count & COUNT_MASK) | PRD_END;
}

static ULONG length_of(const struct probe_channel *channel)
{
    return channel->current->DataTransferLength;
}

/* ------------------------------------------------------------------ HWR-08 */

static void configure(struct probe_channel *channel, USHORT clear, USHORT set)
{
    USHORT command;

    AtaPortGetBusData(channel->controller, &command, PCI_COMMAND, sizeof command);
    command = (USHORT)((command & ~clear) | set);
    AtaPortSetBusData(channel->controller, &command, PCI_COMMAND, sizeof command);
}

CASE hwr_master_off(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    configure(channel, PCI_COMMAND_BUS_MASTER, 0);
    prepare(channel);
    START(channel); /* BREAKS: HWR-08 */
    configure(channel, 0, PCI_COMMAND_BUS_MASTER);
    return give_up(channel);
}

CASE hwr_ports_off(struct occasion *at)
{
    configure(at->channel, PCI_COMMAND_IO, 0);
    (void)AtaPortReadPortUchar(at->channel->device_control); /* BREAKS: HWR-08 */
    configure(at->channel, 0, PCI_COMMAND_IO);
    return FALSE;
}

/* ------------------------------------------------------------------ HWR-09 */

CASE hwr_prd_odd_address(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->table[0].address |= 1;
    describe_whole(channel, length_of(channel) - 2);
    prepare(channel);
    START(channel); /* BREAKS: HWR-09 */
    return give_up(channel);
}

CASE hwr_prd_odd_length(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    describe_whole(channel, length_of(channel) - 1);
    prepare(channel);
    START(channel); /* BREAKS: HWR-09 */
    return give_up(channel);
}

static ULONG count_of(const struct probe_prd *prd)
{
    return prd->control & COUNT_MASK ? prd->control & COUNT_MASK : BOUNDARY;
}

/* A piece that begins in one 64 KiB and goes on in the next. */
CASE hwr_prd_crosses(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    struct probe_prd *table = channel->table;

    if (!take(at))
        return FALSE;
    table[3] = table[2];
    table[2].address = table[1].address + 512;
    table[2].control = (table[1].control & ~COUNT_MASK) | (count_of(&table[1]) - 512);
    table[1].address -= 512;
    table[1].control = 1024;
    table[0].control = count_of(&table[0]) - 512;
    prepare(channel);
    START(channel); /* BREAKS: HWR-09 */
    return give_up(channel);
}

CASE hwr_prd_zero(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    describe_whole(channel, 0);
    prepare(channel);
    START(channel); /* BREAKS: HWR-09 */
    return give_up(channel);
}

/* An element of a list that has no length, taken as it is. */
CASE hwr_prd_zero_first(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->table[1] = channel->table[0];
    channel->table[0].control = 0;
    prepare(channel);
    START(channel); /* BREAKS: HWR-09 */
    return give_up(channel);
}

/* ------------------------------------------------------------------ HWR-10 */

CASE hwr_table_no_end(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->table[0].control &= ~PRD_END;
    prepare(channel);
    START(channel); /* BREAKS: HWR-10 */
    return give_up(channel);
}

CASE hwr_table_two_ends(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    describe_whole(channel, length_of(channel) / 2);
    channel->table[1] = channel->table[0];
    channel->table[1].address += length_of(channel) / 2;
    prepare(channel);
    START(channel); /* BREAKS: HWR-10 */
    return give_up(channel);
}

CASE hwr_table_end_in_the_middle(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    describe_whole(channel, length_of(channel) / 2);
    channel->table[1] = channel->table[0];
    channel->table[1].address += length_of(channel) / 2;
    channel->table[1].control &= ~PRD_END;
    prepare(channel);
    START(channel); /* BREAKS: HWR-10 */
    return give_up(channel);
}

/* All of it twice the first half. */
CASE hwr_table_in_disorder(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    describe_whole(channel, length_of(channel) / 2);
    channel->table[1] = channel->table[0];
    channel->table[0].control &= ~PRD_END;
    prepare(channel);
    START(channel); /* BREAKS: HWR-10 */
    return give_up(channel);
}

CASE hwr_table_short(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    describe_whole(channel, length_of(channel) - 2);
    prepare(channel);
    START(channel); /* BREAKS: HWR-10 */
    return give_up(channel);
}

/* Long enough for the request, and not for the command. (It is seen of a table that is new: of one
 * that stays where it is, only what the request wants is asked.) */
CASE hwr_table_short_for_command(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    const IDEREGISTERS *registers;

    if (!take(at))
        return FALSE;
    registers = &channel->current->IdeTaskFile.Current;
    WRITE_TABLE(channel, 0);
    probe_program(channel);
    AtaPortWritePortUchar(channel->command_block + SECTOR_COUNT,
                          (UCHAR)(registers->bSectorCountReg + 1));
    AtaPortWritePortUchar(channel->command_block + LBA_LOW, registers->bSectorNumberReg);
    AtaPortWritePortUchar(channel->command_block + LBA_MID, registers->bCylLowReg);
    AtaPortWritePortUchar(channel->command_block + LBA_HIGH, registers->bCylHighReg);
    AtaPortWritePortUchar(channel->command_block + COMMAND, registers->bCommandReg);
    START(channel); /* BREAKS: HWR-10 */
    return give_up(channel);
}

CASE hwr_table_long(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    describe_whole(channel, length_of(channel) + 512);
    prepare(channel);
    START(channel); /* BREAKS: HWR-10 */
    return give_up(channel);
}

/* The bus master reads from the multiple of four below, and finds half a descriptor. */
CASE hwr_table_misaligned(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    struct probe_prd prd;

    if (!take(at))
        return FALSE;
    prd = channel->table[0];
    channel->table[0] = (struct probe_prd){0, 0};
    *(struct probe_prd *)(PVOID)((PUCHAR)channel->table + 2) = prd;
    WRITE_TABLE(channel, channel->table_address + 2);
    WRITE_COMMAND(channel, direction(channel));
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
    probe_send(channel);
    START(channel); /* BREAKS: HWR-10 */
    return TRUE;
}

CASE hwr_table_low_bits(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    WRITE_TABLE(channel, channel->table_address | 1);
    WRITE_COMMAND(channel, direction(channel));
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
    probe_send(channel);
    START(channel); /* BREAKS: HWR-10 */
    return give_up(channel);
}

/* In the IrbExtension, which is longer than 64 KiB here: where it crosses a boundary. */
static struct probe_prd *use_extension(struct probe_channel *channel, ULONG offset, ULONG *address)
{
    PUCHAR at = (PUCHAR)channel->current->IrbExtension + offset;
    ULONG length;

    *address = AtaPortConvertPhysicalAddressToUlong(
        AtaPortGetPhysicalAddress(channel, channel->current, at, &length));
    return (struct probe_prd *)(PVOID)at;
}

static void program_at(struct probe_channel *channel, ULONG address)
{
    WRITE_TABLE(channel, address);
    WRITE_COMMAND(channel, direction(channel));
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
    probe_send(channel);
}

CASE hwr_table_crosses(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    struct probe_prd *table;
    ULONG address;

    if (!take(at))
        return FALSE;
    use_extension(channel, 0, &address);
    table = use_extension(channel, BOUNDARY - address % BOUNDARY - 8, &address);
    table[0] = table[1] = channel->table[0];
    table[0].control = length_of(channel) / 2;
    table[1].control = length_of(channel) / 2 | PRD_END;
    table[1].address += length_of(channel) / 2;
    program_at(channel, address);
    START(channel); /* BREAKS: HWR-10 */
    return give_up(channel);
}

/* Sixteen bytes each, and that many of them that no 64 KiB hold the table. */
#define MANY 8193
CASE hwr_table_too_long(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    struct probe_prd *table;
    ULONG address, data;

    if (!take(at))
        return FALSE;
    data = channel->table[0].address;
    table = use_extension(channel, 0, &address);
    table = use_extension(channel, (BOUNDARY - address % BOUNDARY) % BOUNDARY, &address);
    for (ULONG i = 0; i < MANY; i++)
        table[i] = (struct probe_prd){data + 16 * i, 16};
    table[MANY - 2].control = 8;
    table[MANY - 1] = (struct probe_prd){data + length_of(channel) - 8, 8 | PRD_END};
    program_at(channel, address);
    START(channel); /* BREAKS: HWR-10 */
    return give_up(channel);
}

/* ------------------------------------------------------------------ HWR-11 */

CASE hwr_start_first(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    probe_program(channel);
    START(channel); /* BREAKS: HWR-11 */
    probe_send(channel);
    return TRUE;
}

/* Told when the request times out, as of the routine that was handed it. */
CASE hwr_never_started(struct occasion *at)
{
    if (!take(at))
        return FALSE;
    prepare(at->channel);
    return TRUE;
}

CASE hwr_direction(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    prepare(channel);
    WRITE_COMMAND(channel, (direction(channel) ^ BM_TO_MEMORY) | BM_START); /* BREAKS: HWR-11 */
    return TRUE;
}

CASE hwr_table_behind_command(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    prepare(channel);
    WRITE_TABLE(channel, channel->table_address); /* BREAKS: HWR-11 */
    START(channel);
    return TRUE;
}

CASE hwr_table_behind_start(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    prepare(channel);
    START(channel);
    WRITE_TABLE(channel, channel->table_address); /* BREAKS: HWR-11 */
    return TRUE;
}

/* By bytes and words: of four writes one is reported. */
static void write_table_in_pieces(struct probe_channel *channel, ULONG address)
{
    PUCHAR table = channel->bus_master + BM_TABLE;

    AtaPortWritePortUchar(table + 1, (UCHAR)(address >> 8));
    AtaPortWritePortUchar(table, (UCHAR)address);
    AtaPortWritePortUshort((PUSHORT)(PVOID)(table + 2), (USHORT)(address >> 16));
}

CASE hwr_piece_behind_command(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    prepare(channel);
    /* BREAKS: HWR-11 */
    AtaPortWritePortUchar(channel->bus_master + BM_TABLE + 1, (UCHAR)(channel->table_address >> 8));
    write_table_in_pieces(channel, channel->table_address);
    START(channel);
    return TRUE;
}

/* No memory, and written in pieces. */
CASE hwr_table_by_pieces_beyond(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    write_table_in_pieces(channel, BEYOND);
    WRITE_COMMAND(channel, direction(channel));
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
    probe_send(channel);
    START(channel); /* BREAKS: HWR-21 */
    return TRUE;
}

CASE hwr_cleared_behind_start(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    WRITE_TABLE(channel, channel->table_address);
    probe_send(channel);
    START(channel);
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR); /* BREAKS: HWR-11 */
    return give_up(channel);
}

/* ------------------------------------------------------------------ the end: HWR-12, HWR-13 */

/* What a case's interrupt routine does beside what it is about. */
static PIDE_REQUEST_BLOCK end(struct probe_channel *channel)
{
    PIDE_REQUEST_BLOCK irb = channel->current;

    channel->interrupt = NULL;
    channel->current = NULL;
    channel->phase = PHASE_IDLE;
    channel->outstanding--;
    irb->IrbStatus = IRB_STATUS_SUCCESS;
    return irb;
}

static BOOLEAN is_over(struct probe_channel *channel)
{
    return AtaPortReadPortUchar(channel->bus_master + BM_STATUS) & BM_INTERRUPT;
}

/* All that a transfer wants at its end. */
static void stop_and_clear(struct probe_channel *channel)
{
    WRITE_COMMAND(channel, 0);
    AtaPortReadPortUchar(channel->command_block + STATUS);
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
}

static BOOLEAN hwr_never_stopped_interrupt(struct probe_channel *channel)
{
    if (!is_over(channel))
        return FALSE;
    AtaPortReadPortUchar(channel->command_block + STATUS);
    WRITE_STATUS(channel, BM_INTERRUPT);
    AtaPortCompleteRequest(channel, end(channel)); /* BREAKS: HWR-12 */
    return TRUE;
}

CASE hwr_never_stopped(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->interrupt = hwr_never_stopped_interrupt;
    prepare(channel);
    START(channel);
    return TRUE;
}

/* A reset gives the buffers back, too. */
#define ALL_OVER(channel) \
    AtaPortCompleteAllActiveRequests(channel, IDE_UNTAGGED, IDE_UNTAGGED, IRB_STATUS_BUS_RESET)
CASE hwr_reset_unstopped(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    prepare(channel);
    START(channel);
    channel->current = NULL;
    ALL_OVER(channel); /* BREAKS: HWR-12 */
    return give_up(channel);
}

CASE hwr_start_twice(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    prepare(channel);
    START(channel);
    START(channel); /* BREAKS: HWR-12 */
    return TRUE;
}

/* (The emulated device ends the transfer all the same.) */
CASE hwr_stopped_at_once(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    prepare(channel);
    START(channel);
    WRITE_COMMAND(channel, direction(channel)); /* BREAKS: HWR-12 */
    return TRUE;
}

/* ------------------------------------------------------------------ HWR-27 */

static BOOLEAN hwr_other_sectors_interrupt(struct probe_channel *channel)
{
    if (!is_over(channel))
        return FALSE;
    stop_and_clear(channel);
    AtaPortCompleteRequest(channel, end(channel)); /* BREAKS: HWR-27 */
    return TRUE;
}

/* As many, and the first one is the next but one. */
CASE hwr_other_sectors(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    const IDEREGISTERS *registers;

    if (!take(at))
        return FALSE;
    registers = &channel->current->IdeTaskFile.Current;
    channel->interrupt = hwr_other_sectors_interrupt;
    probe_program(channel);
    AtaPortWritePortUchar(channel->command_block + SECTOR_COUNT, registers->bSectorCountReg);
    AtaPortWritePortUchar(channel->command_block + LBA_LOW,
                          (UCHAR)(registers->bSectorNumberReg + 2));
    AtaPortWritePortUchar(channel->command_block + LBA_MID, registers->bCylLowReg);
    AtaPortWritePortUchar(channel->command_block + LBA_HIGH, registers->bCylHighReg);
    AtaPortWritePortUchar(channel->command_block + COMMAND, registers->bCommandReg);
    START(channel);
    return TRUE;
}

/* ------------------------------------------------------------------ HWR-25 */

CASE hwr_succeeds_in_flight(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    prepare(channel);
    AtaPortCompleteRequest(channel, end(channel)); /* BREAKS: HWR-25 */
    return give_up(channel);
}

static BOOLEAN hwr_failure_succeeds_interrupt(struct probe_channel *channel)
{
    if (!is_over(channel))
        return FALSE;
    stop_and_clear(channel);
    AtaPortCompleteRequest(channel, end(channel)); /* BREAKS: HWR-25 */
    return TRUE;
}

static BOOLEAN hwr_failure_shown_before_interrupt(struct probe_channel *channel)
{
    if (!is_over(channel))
        return FALSE;
    stop_and_clear(channel);
    AtaPortCompleteRequest(channel, end(channel)); /* BREAKS: HWR-25 */
    return TRUE;
}

/* (By a fault, it fails.) */
CASE hwr_failure_succeeds(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->interrupt = hwr_failure_succeeds_interrupt;
    prepare(channel);
    START(channel);
    return TRUE;
}

/* The same, and Alternate Status has told of the failure first. */
CASE hwr_failure_shown_before(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->interrupt = hwr_failure_shown_before_interrupt;
    prepare(channel);
    for (ULONG i = 0; i < 5; i++)
        AtaPortReadPortUchar(channel->device_control);
    START(channel);
    return TRUE;
}

/* No interrupt is waited for. */
CASE hwr_polled_to_the_end(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    AtaPortWritePortUchar(channel->device_control, IDE_DC_DISABLE_INTERRUPTS);
    prepare(channel);
    START(channel);
    while (AtaPortReadPortUchar(channel->device_control) & (IDE_STATUS_BUSY | IDE_STATUS_DRQ))
        ;
    (void)is_over(channel);
    stop_and_clear(channel);
    AtaPortWritePortUchar(channel->device_control, IDE_DC_REENABLE_CONTROLLER);
    AtaPortCompleteRequest(channel, end(channel));
    return TRUE;
}

/* ------------------------------------------------------------------ HWR-13 */

static BOOLEAN hwr_not_looked_interrupt(struct probe_channel *channel)
{
    if (AtaPortReadPortUchar(channel->command_block + STATUS) & (IDE_STATUS_BUSY | IDE_STATUS_DRQ))
        return FALSE;
    WRITE_COMMAND(channel, 0);
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
    AtaPortCompleteRequest(channel, end(channel)); /* BREAKS: HWR-13 */
    return TRUE;
}

CASE hwr_not_looked(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->interrupt = hwr_not_looked_interrupt;
    prepare(channel);
    START(channel);
    return TRUE;
}

/* The port ends a request that a reset has left outstanding (IRB-10), and nobody has looked at its
 * transfer. What succeeds in its slot after it owes nothing for that: here two flushes, of which
 * the device hears nothing, so that no look comes before them. */
static ULONG requests;
static BOOLEAN is_left;
static ULONG flushes;

/* Stopped and dismissed, and not completed. */
static BOOLEAN hwr_left_at_reset_interrupt(struct probe_channel *channel)
{
    AtaPortReadPortUchar(channel->command_block + STATUS);
    WRITE_COMMAND(channel, 0);
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
    return TRUE;
}

/* BREAKS: IRB-09 */
static BOOLEAN NTAPI hwr_left_at_reset_start_io(PVOID ChannelExtension, PIDE_REQUEST_BLOCK Irb)
{
    struct probe_channel *channel = ChannelExtension;

    if (!IsAtaCommand(Irb) || !channel->devices[Irb->TargetId].is_initialized || flushes == 2)
        return ProbeStartIo(channel, Irb);
    if (is_left) {
        BOOLEAN is_flush = !IRB_FOR_DATA_TRANSFER(Irb);
        flushes += is_flush;
        Irb->IrbStatus = is_flush ? IRB_STATUS_SUCCESS : IRB_STATUS_INVALID_REQUEST;
        AtaPortCompleteRequest(channel, Irb);
        return TRUE;
    }
    if (++requests < 3 || !probe_take_transfer(channel, Irb))
        return ProbeStartIo(channel, Irb);
    is_left = TRUE;
    channel->interrupt = hwr_left_at_reset_interrupt;
    prepare(channel);
    START(channel);
    return TRUE;
}

/* BREAKS: IRB-10 */
static BOOLEAN NTAPI hwr_left_at_reset_reset(PVOID ChannelExtension)
{
    struct probe_channel *channel = ChannelExtension;

    if (!channel->interrupt)
        return ProbeReset(channel);
    channel->interrupt = NULL;
    channel->current = NULL;
    channel->phase = PHASE_IDLE;
    channel->outstanding = 0;
    return TRUE;
}

CASE hwr_left_at_reset(struct occasion *at)
{
    requests = flushes = 0;
    is_left = FALSE;
    at->channel_interface->IdeHwStartIo = hwr_left_at_reset_start_io;
    at->channel_interface->IdeHwReset = hwr_left_at_reset_reset;
    return FALSE;
}

/* The next request is the case's, too. */
static void rearm(struct probe_channel *channel, const struct probe_case *again)
{
    channel->armed = again;
    channel->occasions_left = 1;
}

/* (It would say TRUE, but that INT-01 forbids.) */
static BOOLEAN leave_set(struct probe_channel *channel)
{
    if (!is_over(channel))
        return FALSE;
    AtaPortReadPortUchar(channel->command_block + STATUS);
    WRITE_COMMAND(channel, 0);
    AtaPortCompleteRequest(channel, end(channel));
    return FALSE;
}

CASE hwr_not_cleared_next(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    WRITE_TABLE(channel, channel->table_address);
    probe_send(channel);
    START(channel); /* BREAKS: HWR-13 */
    return TRUE;
}

CASE hwr_not_cleared(struct occasion *at)
{
    static const struct probe_case next = {"hwr_not_cleared", AT_START_IO, 1, hwr_not_cleared_next};
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    rearm(channel, &next);
    channel->interrupt = leave_set;
    prepare(channel);
    START(channel);
    return TRUE;
}

/* ------------------------------------------------------------------ HWR-21 */

CASE hwr_prd_kernel(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->table[0].address = KERNEL;
    prepare(channel);
    START(channel); /* BREAKS: HWR-21 */
    return TRUE;
}

CASE hwr_prd_firmware(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->table[0].address = FIRMWARE;
    prepare(channel);
    START(channel); /* BREAKS: HWR-21 */
    return TRUE;
}

CASE hwr_prd_beyond(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->table[0].address = BEYOND;
    prepare(channel);
    START(channel); /* BREAKS: HWR-21 */
    return TRUE;
}

/* Half of it lies behind the buffer. */
CASE hwr_prd_behind(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->table[0].address += length_of(channel) / 2;
    prepare(channel);
    START(channel); /* BREAKS: HWR-21 */
    return TRUE;
}

/* Another request that the driver has, too: the channel takes two. */
static PIDE_REQUEST_BLOCK first_of_two;

CASE hwr_prd_of_another_second(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    ULONG address = AtaPortGetScatterGatherList(channel, first_of_two)->Elements[0].Address.LowPart;

    if (!take(at))
        return FALSE;
    channel->table[0].address = address;
    prepare(channel);
    START(channel); /* BREAKS: HWR-21 */
    return TRUE;
}

CASE hwr_prd_of_another(struct occasion *at)
{
    static const struct probe_case next = {"hwr_prd_of_another", AT_START_IO, 1,
                                           hwr_prd_of_another_second};

    first_of_two = at->irb;
    at->channel->outstanding++;
    rearm(at->channel, &next);
    return TRUE;
}

CASE hwr_prd_virtual(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->table[0].address = (ULONG)(ULONG_PTR)channel->current->DataBuffer;
    prepare(channel);
    START(channel); /* BREAKS: HWR-21 */
    return TRUE;
}

CASE hwr_table_virtual(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    program_at(channel, (ULONG)(ULONG_PTR)channel->table);
    START(channel); /* BREAKS: HWR-21 */
    return TRUE;
}

/* PACKET with DMA in Features; its table has one descriptor, for all of the data. FALSE: it is no such request. */
static BOOLEAN send_packet(struct occasion *at, ULONG address)
{
    struct probe_channel *channel = at->channel;
    PUCHAR registers = channel->command_block;
    USHORT packet[6];

    if (!IsAtapiCommand(at->irb) || !IRB_USES_DMA(at->irb) || !IRB_FOR_DATA_TRANSFER(at->irb))
        return FALSE;
    for (ULONG i = 0; i < sizeof packet; i++)
        ((PUCHAR)packet)[i] = at->irb->Cdb[i];
    channel->current = at->irb;
    channel->moved = 0;
    channel->outstanding++;
    channel->phase = PHASE_DMA;
    channel->table[0] = (struct probe_prd){address, 0};
    describe_whole(channel, length_of(channel));
    AtaPortWritePortUchar(registers + DEVICE, 0xA0);
    AtaPortStallExecution(1);
    probe_program(channel);
    AtaPortWritePortUchar(registers + FEATURES, 1);
    AtaPortWritePortUchar(registers + COMMAND, IDE_COMMAND_ATAPI_PACKET);
    AtaPortStallExecution(1);
    while ((AtaPortReadPortUchar(channel->device_control) & (IDE_STATUS_BUSY | IDE_STATUS_DRQ)) !=
           IDE_STATUS_DRQ)
        ;
    AtaPortWritePortBufferUshort((PUSHORT)(PVOID)registers, packet, 6);
    return TRUE;
}

CASE hwr_prd_of_packet(struct occasion *at)
{
    if (!send_packet(at, KERNEL))
        return FALSE;
    START(at->channel); /* BREAKS: HWR-21 */
    return TRUE;
}

/* QEMU ends itself at such a one. */
CASE hwr_table_beyond(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    program_at(channel, BEYOND);
    START(channel); /* BREAKS: HWR-21 */
    return TRUE;
}

/* ------------------------------------------------------------------ drivers that do it in other ways */

CASE hwr_one_write(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    WRITE_TABLE(channel, channel->table_address);
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
    probe_send(channel);
    START(channel);
    return TRUE;
}

CASE hwr_in_pieces(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    write_table_in_pieces(channel, channel->table_address);
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
    probe_send(channel);
    START(channel);
    return TRUE;
}

/* By the Buffer routines, one unit each. */
CASE hwr_by_buffer(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    UCHAR start;

    if (!take(at))
        return FALSE;
    start = (UCHAR)(direction(channel) | BM_START);
    AtaPortWritePortBufferUlong((PULONG)(PVOID)(channel->bus_master + BM_TABLE),
                                &channel->table_address, 1);
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
    probe_send(channel);
    AtaPortWritePortBufferUchar(channel->bus_master + BM_COMMAND, &start, 1);
    return TRUE;
}

CASE hwr_cleared_behind_command(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    WRITE_TABLE(channel, channel->table_address);
    probe_send(channel);
    WRITE_STATUS(channel, BM_INTERRUPT | BM_ERROR);
    WRITE_COMMAND(channel, direction(channel));
    START(channel);
    return TRUE;
}

/* The table of before, at its address of before; the status is clear. */
CASE hwr_reused(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    probe_send(channel);
    START(channel);
    return TRUE;
}

/* More descriptors than the list has elements, and ends elsewhere. */
CASE hwr_split(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    ULONG address, length;

    if (!take(at))
        return FALSE;
    address = channel->table[0].address;
    length = length_of(channel);
    for (ULONG i = 0; i < 8; i++)
        channel->table[i] = (struct probe_prd){address + i * 62, 62};
    channel->table[7].control = (length - 7 * 62) | PRD_END;
    prepare(channel);
    START(channel);
    return TRUE;
}

/* In the IrbExtension. */
CASE hwr_table_in_extension(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    struct probe_prd *table;
    ULONG address;

    if (!take(at))
        return FALSE;
    table = use_extension(channel, 4, &address);
    table[0] = channel->table[0];
    program_at(channel, address);
    START(channel);
    return TRUE;
}

/* Data that a driver would copy to where it belongs: a buffer of its own. */
CASE hwr_bounced(struct occasion *at)
{
    struct probe_channel *channel = at->channel;
    ULONG address;

    if (!take(at))
        return FALSE;
    use_extension(channel, 0, &address);
    channel->table[0].address = address;
    prepare(channel);
    START(channel);
    return give_up(channel);
}

/* Stopped, looked at, cleared: in the order of the document, which is not the base's. */
static BOOLEAN end_by_the_book(struct probe_channel *channel)
{
    UCHAR engine;

    WRITE_COMMAND(channel, direction(channel));
    engine = AtaPortReadPortUchar(channel->bus_master + BM_STATUS);
    AtaPortReadPortUchar(channel->command_block + STATUS);
    WRITE_STATUS(channel, engine | BM_INTERRUPT);
    AtaPortCompleteRequest(channel, end(channel));
    return TRUE;
}

CASE hwr_packet_by_dma(struct occasion *at)
{
    PIDE_SCATTER_GATHER_LIST list = AtaPortGetScatterGatherList(at->channel, at->irb);

    if (!list || !send_packet(at, list->Elements[0].Address.LowPart))
        return FALSE;
    at->channel->interrupt = end_by_the_book;
    START(at->channel);
    probe_returned(0);
    return TRUE;
}

CASE hwr_by_the_book(struct occasion *at)
{
    struct probe_channel *channel = at->channel;

    if (!take(at))
        return FALSE;
    channel->interrupt = end_by_the_book;
    prepare(channel);
    START(channel);
    return TRUE;
}

const struct probe_case hwr_dma_cases[] = {
    {"hwr_master_off", AT_START_IO, 2, hwr_master_off},
    {"hwr_ports_off", AT_START_IO, 2, hwr_ports_off},
    {"hwr_prd_odd_address", AT_START_IO, 2, hwr_prd_odd_address},
    {"hwr_prd_odd_length", AT_START_IO, 2, hwr_prd_odd_length},
    {"hwr_prd_crosses", AT_START_IO, 2, hwr_prd_crosses},
    {"hwr_prd_zero", AT_START_IO, 2, hwr_prd_zero},
    {"hwr_prd_zero_first", AT_START_IO, 2, hwr_prd_zero_first},
    {"hwr_table_no_end", AT_START_IO, 2, hwr_table_no_end},
    {"hwr_table_two_ends", AT_START_IO, 2, hwr_table_two_ends},
    {"hwr_table_in_disorder", AT_START_IO, 2, hwr_table_in_disorder},
    {"hwr_table_end_in_the_middle", AT_START_IO, 2, hwr_table_end_in_the_middle},
    {"hwr_table_short", AT_START_IO, 2, hwr_table_short},
    {"hwr_table_short_for_command", AT_START_IO, 2, hwr_table_short_for_command},
    {"hwr_table_long", AT_START_IO, 2, hwr_table_long},
    {"hwr_table_misaligned", AT_START_IO, 2, hwr_table_misaligned},
    {"hwr_table_low_bits", AT_START_IO, 2, hwr_table_low_bits},
    {"hwr_table_crosses", AT_START_IO, 2, hwr_table_crosses},
    {"hwr_table_too_long", AT_START_IO, 2, hwr_table_too_long},
    {"hwr_start_first", AT_START_IO, 2, hwr_start_first},
    {"hwr_never_started", AT_START_IO, 2, hwr_never_started},
    {"hwr_direction", AT_START_IO, 2, hwr_direction},
    {"hwr_table_behind_command", AT_START_IO, 2, hwr_table_behind_command},
    {"hwr_table_behind_start", AT_START_IO, 2, hwr_table_behind_start},
    {"hwr_piece_behind_command", AT_START_IO, 2, hwr_piece_behind_command},
    {"hwr_cleared_behind_start", AT_START_IO, 2, hwr_cleared_behind_start},
    {"hwr_never_stopped", AT_START_IO, 2, hwr_never_stopped},
    {"hwr_reset_unstopped", AT_START_IO, 2, hwr_reset_unstopped},
    {"hwr_left_at_reset", AT_CHANNEL_INIT, 1, hwr_left_at_reset},
    {"hwr_start_twice", AT_START_IO, 2, hwr_start_twice},
    {"hwr_stopped_at_once", AT_START_IO, 2, hwr_stopped_at_once},
    {"hwr_succeeds_in_flight", AT_START_IO, 2, hwr_succeeds_in_flight},
    {"hwr_failure_succeeds", AT_START_IO, 2, hwr_failure_succeeds},
    {"hwr_failure_shown_before", AT_START_IO, 2, hwr_failure_shown_before},
    {"hwr_other_sectors", AT_START_IO, 2, hwr_other_sectors},
    {"hwr_polled_to_the_end", AT_START_IO, 2, hwr_polled_to_the_end},
    {"hwr_not_looked", AT_START_IO, 2, hwr_not_looked},
    {"hwr_not_cleared", AT_START_IO, 2, hwr_not_cleared},
    {"hwr_prd_kernel", AT_START_IO, 2, hwr_prd_kernel},
    {"hwr_prd_firmware", AT_START_IO, 2, hwr_prd_firmware},
    {"hwr_prd_beyond", AT_START_IO, 2, hwr_prd_beyond},
    {"hwr_prd_behind", AT_START_IO, 2, hwr_prd_behind},
    {"hwr_prd_of_another", AT_START_IO, 2, hwr_prd_of_another},
    {"hwr_prd_virtual", AT_START_IO, 2, hwr_prd_virtual},
    {"hwr_table_virtual", AT_START_IO, 2, hwr_table_virtual},
    {"hwr_prd_of_packet", AT_START_IO, 2, hwr_prd_of_packet},
    {"hwr_table_beyond", AT_START_IO, 2, hwr_table_beyond},
    {"hwr_table_by_pieces_beyond", AT_START_IO, 2, hwr_table_by_pieces_beyond},
    {"hwr_one_write", AT_START_IO, 2, hwr_one_write},
    {"hwr_in_pieces", AT_START_IO, 2, hwr_in_pieces},
    {"hwr_by_buffer", AT_START_IO, 2, hwr_by_buffer},
    {"hwr_cleared_behind_command", AT_START_IO, 2, hwr_cleared_behind_command},
    {"hwr_reused", AT_START_IO, 2, hwr_reused},
    {"hwr_split", AT_START_IO, 2, hwr_split},
    {"hwr_table_in_extension", AT_START_IO, 2, hwr_table_in_extension},
    {"hwr_bounced", AT_START_IO, 2, hwr_bounced},
    {"hwr_packet_by_dma", AT_START_IO, 2, hwr_packet_by_dma},
    {"hwr_by_the_book", AT_START_IO, 2, hwr_by_the_book},
    {NULL, 0, 0, NULL},
};
