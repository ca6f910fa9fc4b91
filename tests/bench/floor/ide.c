/* SPDX-License-Identifier: MIT */
/*
 * The floor on IDE: the primary master of a PCI IDE controller in compatibility mode, by bus-master
 * DMA and by PIO, one command at a time. A unit is 8 or 256 sectors.
 *
 * Owns: the drive and its channel. Entered by floor.c.
 *
 * QEMU: its drive answers at once; the 400 ns that a real one may take after a command are left
 * out.
 */
#include "tests/bench/floor/floor.h"

#define MULTIPLE_SECTORS 16u
#define COUNTED_OPS      64u /* the first ones, which are done once more for this */

/* Primary channel in compatibility mode. */
#define IRQ_LINE         14u
#define DATA             0x1F0
#define FEATURES         0x1F1
#define SECTOR_COUNT     0x1F2
#define LBA_LOW          0x1F3
#define LBA_MID          0x1F4
#define LBA_HIGH         0x1F5
#define DEVICE           0x1F6
#define STATUS           0x1F7
#define COMMAND          0x1F7
#define ALTERNATE_STATUS 0x3F6
#define DEVICE_CONTROL   0x3F6

#define DEVICE_LBA_MASTER 0xE0
#define STATUS_BSY        0x80
#define STATUS_DF         0x20
#define STATUS_DRQ        0x08
#define STATUS_ERR        0x01

#define READ_DMA            0xC8
#define WRITE_DMA           0xCA
#define READ_MULTIPLE       0xC4
#define WRITE_MULTIPLE      0xC5
#define SET_MULTIPLE_MODE   0xC6
#define FLUSH_CACHE         0xE7
#define IDENTIFY_DEVICE     0xEC
#define SET_FEATURES        0xEF
#define SET_TRANSFER_MODE   0x03
#define MODE_MULTIWORD_DMA2 0x22
#define MODE_ULTRA_DMA      0x40

#define IDENTIFY_SECTORS   60 /* and 61: sectors by LBA28 */
#define IDENTIFY_VALIDITY  53 /* bit 2: word 88 is valid */
#define IDENTIFY_ULTRA_DMA 88

/* The bus master's registers, from its base. */
#define BM_COMMAND           0
#define BM_STATUS            2
#define BM_TABLE             4
#define BM_COMMAND_START     0x01
#define BM_COMMAND_TO_MEMORY 0x08
#define BM_STATUS_ACTIVE     0x01
#define BM_STATUS_ERROR      0x02
#define BM_STATUS_INTERRUPT  0x04
#define BM_STATUS_KEPT       0x60 /* drives capable of DMA: written back as they were */

#define PCI_CLASS_IDE    0x0101
#define PCI_CLASS        0x08
#define PCI_BAR4         0x20
#define PCI_IDE_NATIVE_0 0x0100u /* programming interface bit 0, in the dword at PCI_CLASS */

struct prd {
    uint32_t address;
    uint16_t byte_count; /* 0 is 64 KiB */
    uint16_t flags;
};
_Static_assert(sizeof(struct prd) == 8, "a PRD is two dwords");
#define PRD_LAST  0x8000u
#define PRD_BOUND 0x10000u

struct workload {
    const char *name;
    bool dma, write, random;
    unsigned sectors;
    uint32_t ops;
};

static const struct workload workloads[] = {
    {"dma-read-4k-random", true, false, true, SMALL_SECTORS, 8000},
    {"dma-write-4k-random", true, true, true, SMALL_SECTORS, 8000},
    {"dma-read-128k-seq", true, false, false, LARGE_SECTORS, 2000},
    {"dma-write-128k-seq", true, true, false, LARGE_SECTORS, 2000},
    {"pio-read-4k-random", false, false, true, SMALL_SECTORS, 1000},
    {"pio-write-4k-random", false, true, true, SMALL_SECTORS, 1000},
    {"pio-read-128k-seq", false, false, false, LARGE_SECTORS, 100},
    {"pio-write-128k-seq", false, true, false, LARGE_SECTORS, 100},
};

static uint8_t buffer[BUFFER_BYTES] __attribute__((aligned(65536)));
static struct prd prd_table[BUFFER_BYTES / PRD_BOUND + 1] __attribute__((aligned(64)));
static uint16_t bus_master;
static uint32_t area_sectors;

/* ------------------------------------------------------------------ counted accesses */

static uint32_t register_accesses, data_accesses;

/* Every operation exists twice, from the same source: as it is timed, and as its accesses are
 * counted; so that counting adds no instruction to what is timed. */
static ALWAYS_INLINE uint8_t get(bool counted, uint16_t port)
{
    if (counted)
        register_accesses++;
    return hal_in8(port);
}

static ALWAYS_INLINE void put(bool counted, uint16_t port, uint8_t value)
{
    if (counted)
        register_accesses++;
    hal_out8(port, value);
}

/* ------------------------------------------------------------------ one operation */

static _Noreturn void fail_operation(const char *what, uint32_t lba, uint8_t status)
{
    machine_fail("%s at LBA %u: status %u", what, lba, (unsigned)status);
}

static ALWAYS_INLINE void issue(bool counted, uint8_t command, uint32_t lba, unsigned sectors)
{
    put(counted, SECTOR_COUNT, (uint8_t)sectors); /* 256 is written as 0 */
    put(counted, LBA_LOW, (uint8_t)lba);
    put(counted, LBA_MID, (uint8_t)(lba >> 8));
    put(counted, LBA_HIGH, (uint8_t)(lba >> 16));
    put(counted, COMMAND, command);
}

/* The device register (the area ends below LBA 2^24), the PRD table's address and the contents of
 * the table are right from prepare_dma on. Direction and start are one write. */
static ALWAYS_INLINE void transfer_dma(bool counted, bool write, uint32_t lba, unsigned sectors)
{
    uint8_t direction = write ? 0 : BM_COMMAND_TO_MEMORY;
    uint8_t engine, status;

    issue(counted, write ? WRITE_DMA : READ_DMA, lba, sectors);
    put(counted, bus_master + BM_COMMAND, direction | BM_COMMAND_START);
    for (unsigned wake_ups = 0;;) {
        machine_wait_for_interrupt();
        engine = get(counted, bus_master + BM_STATUS);
        if (__builtin_expect(engine & BM_STATUS_INTERRUPT, 1))
            break;
        if (++wake_ups == IDLE_WAKE_UPS_MAX)
            fail_operation("no interrupt from the drive", lba, engine);
    }
    put(counted, bus_master + BM_COMMAND, direction);
    status = get(counted, STATUS);
    put(counted, bus_master + BM_STATUS, (engine & BM_STATUS_KEPT) | BM_STATUS_INTERRUPT);
    if (__builtin_expect((status & (STATUS_BSY | STATUS_DF | STATUS_DRQ | STATUS_ERR)) ||
                             (engine & (BM_STATUS_ACTIVE | BM_STATUS_ERROR)),
                         0))
        fail_operation(write ? "DMA write" : "DMA read", lba, status);
}

static ALWAYS_INLINE void check_pio(uint8_t status, bool more, const char *what, uint32_t lba)
{
    uint8_t wanted = more ? STATUS_DRQ : 0;

    if (__builtin_expect((status & (STATUS_BSY | STATUS_DF | STATUS_DRQ | STATUS_ERR)) != wanted,
                         0))
        fail_operation(what, lba, status);
}

/* ATA: PIO data-in interrupts before every block, and not after the last one. */
static ALWAYS_INLINE void read_pio(bool counted, uint32_t lba, unsigned sectors)
{
    uint8_t *data = buffer;

    issue(counted, READ_MULTIPLE, lba, sectors);
    for (unsigned left = sectors; left;) {
        unsigned now = left < MULTIPLE_SECTORS ? left : MULTIPLE_SECTORS;
        unsigned dwords = now * (SECTOR_BYTES / 4);

        machine_wait_for_interrupt();
        check_pio(get(counted, STATUS), true, "PIO read", lba);
        hal_in_buffer32(DATA, data, dwords);
        if (counted)
            data_accesses += dwords;
        data += now * SECTOR_BYTES;
        left -= now;
    }
}

/* ATA: PIO data-out asks for the first block without an interrupt, and interrupts after each. */
static ALWAYS_INLINE void write_pio(bool counted, uint32_t lba, unsigned sectors)
{
    const uint8_t *data = buffer;
    unsigned left = sectors;
    uint8_t status;

    issue(counted, WRITE_MULTIPLE, lba, sectors);
    for (unsigned polls = 0;;) {
        status = get(counted, ALTERNATE_STATUS);
        if (__builtin_expect(!(status & STATUS_BSY), 1))
            break;
        if (++polls == POLLS_MAX)
            fail_operation("the drive stays busy", lba, status);
    }
    while (left) {
        unsigned now = left < MULTIPLE_SECTORS ? left : MULTIPLE_SECTORS;
        unsigned dwords = now * (SECTOR_BYTES / 4);

        check_pio(status, true, "PIO write", lba);
        hal_out_buffer32(DATA, data, dwords);
        if (counted)
            data_accesses += dwords;
        data += now * SECTOR_BYTES;
        left -= now;
        machine_wait_for_interrupt();
        status = get(counted, STATUS);
    }
    check_pio(status, false, "PIO write", lba);
}

static ALWAYS_INLINE void transfer(bool counted, bool dma, bool write, uint32_t lba,
                                   unsigned sectors)
{
    if (dma)
        transfer_dma(counted, write, lba, sectors);
    else if (write)
        write_pio(counted, lba, sectors);
    else
        read_pio(counted, lba, sectors);
}

/* ------------------------------------------------------------------ set-up */

static uint8_t wait_idle(void)
{
    for (unsigned poll = 0; poll < POLLS_MAX; poll++) {
        uint8_t status = hal_in8(ALTERNATE_STATUS);
        if (!(status & (STATUS_BSY | STATUS_DRQ)))
            return status;
    }
    machine_fail("the drive stays busy");
}

static void command_without_data(uint8_t command, uint8_t features, uint8_t count)
{
    uint8_t status;

    hal_out8(FEATURES, features);
    hal_out8(SECTOR_COUNT, count);
    hal_out8(COMMAND, command);
    do {
        machine_wait_for_interrupt();
        status = hal_in8(STATUS);
    } while (status & STATUS_BSY);
    if (status & (STATUS_DF | STATUS_ERR))
        machine_fail("command %u failed: status %u", (unsigned)command, (unsigned)status);
}

static void find_controller(void)
{
    struct machine_pci_function ide;

    if (!machine_pci_find(PCI_CLASS_IDE, &ide))
        machine_fail("no PCI IDE controller");
    if (machine_pci_read32(ide, PCI_CLASS) & PCI_IDE_NATIVE_0)
        machine_fail("the primary channel is not in compatibility mode");
    bus_master = machine_pci_read32(ide, PCI_BAR4) & 0xFFF0;
    if (!bus_master)
        machine_fail("the controller has no bus master");
    uint32_t command = machine_pci_read32(ide, PCI_COMMAND) & 0xFFFF;
    machine_pci_write32(ide, PCI_COMMAND, command | PCI_COMMAND_IO | PCI_COMMAND_MASTER);
}

static void start_drive(void)
{
    static uint16_t identify[256];
    uint8_t status;

    hal_out8(DEVICE_CONTROL, 0);
    hal_out8(DEVICE, DEVICE_LBA_MASTER);
    machine_stall_us(1); /* ATA: 400 ns until the selected device answers */
    if (wait_idle() == 0)
        machine_fail("no drive");
    hal_in8(STATUS); /* whatever the firmware left pending */
    hal_out8(COMMAND, IDENTIFY_DEVICE);
    do {
        machine_wait_for_interrupt();
        status = hal_in8(STATUS);
    } while (status & STATUS_BSY);
    if (status & STATUS_ERR || !(status & STATUS_DRQ))
        machine_fail("IDENTIFY DEVICE failed: status %u", (unsigned)status);
    hal_in_buffer16(DATA, identify, 256);

    area_sectors =
        floor_area(identify[IDENTIFY_SECTORS] | (uint32_t)identify[IDENTIFY_SECTORS + 1] << 16);

    uint8_t mode = MODE_MULTIWORD_DMA2;
    if (identify[IDENTIFY_VALIDITY] & 4) {
        for (unsigned ultra = 0; ultra < 7; ultra++) {
            if (identify[IDENTIFY_ULTRA_DMA] & 1u << ultra)
                mode = (uint8_t)(MODE_ULTRA_DMA | ultra);
        }
    }
    command_without_data(SET_FEATURES, SET_TRANSFER_MODE, mode);
    command_without_data(SET_MULTIPLE_MODE, 0, MULTIPLE_SECTORS);
}

/* One PRD for each 64 KiB of the buffer; the table stays for all operations of this size. */
static void prepare_dma(unsigned sectors)
{
    uint32_t left = sectors * SECTOR_BYTES;
    struct prd *prd = prd_table;

    for (uint32_t address = (uint32_t)(uintptr_t)buffer;; prd++) {
        uint32_t now = left < PRD_BOUND ? left : PRD_BOUND;

        *prd = (struct prd){address, (uint16_t)now, 0};
        address += now;
        left -= now;
        if (!left)
            break;
    }
    prd->flags = PRD_LAST;
    hal_out32(bus_master + BM_TABLE, (uint32_t)(uintptr_t)prd_table);
    hal_out8(bus_master + BM_COMMAND, 0);
    hal_out8(bus_master + BM_STATUS, (hal_in8(bus_master + BM_STATUS) & BM_STATUS_KEPT) |
                                         BM_STATUS_ERROR | BM_STATUS_INTERRUPT);
}

/* ------------------------------------------------------------------ workloads */

static ALWAYS_INLINE void repeat(const struct workload *workload, uint32_t ops, bool counted,
                                 bool dma, bool write)
{
    uint32_t most = write ? WRITE_MAX_SECTORS : AREA_MAX_SECTORS, state = 1;
    uint32_t units = (area_sectors < most ? area_sectors : most) / workload->sectors;

    for (uint32_t op = 0; op < ops; op++) {
        uint32_t unit = (workload->random ? xorshift32(&state) : op) % units;

        if (!counted)
            bench_mark_begin();
        transfer(counted, dma, write, unit * workload->sectors, workload->sectors);
        if (!counted)
            bench_mark_end();
    }
}

static ALWAYS_INLINE void repeat_kind(const struct workload *workload, uint32_t ops, bool counted)
{
    if (workload->dma && workload->write)
        repeat(workload, ops, counted, true, true);
    else if (workload->dma)
        repeat(workload, ops, counted, true, false);
    else if (workload->write)
        repeat(workload, ops, counted, false, true);
    else
        repeat(workload, ops, counted, false, false);
}

static void run_workload(const struct workload *workload, uint32_t ops)
{
    uint32_t counted_ops = ops < COUNTED_OPS ? ops : COUNTED_OPS;
    uint64_t start, ticks;

    floor_fill(buffer);
    prepare_dma(workload->sectors);

    register_accesses = 0;
    data_accesses = 0;
    repeat_kind(workload, counted_ops, true);

    start = machine_ticks();
    repeat_kind(workload, ops, false);
    ticks = machine_ticks() - start;
    machine_printf("bench floor %s ops=%u ns_total=%llu accesses=%llu data_accesses=%llu\n",
                   workload->name, ops, machine_ticks_to_ns(ticks),
                   machine_divide((uint64_t)register_accesses * ops, counted_ops),
                   machine_divide((uint64_t)data_accesses * ops, counted_ops));
}

static void bench(void)
{
    for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++) {
        if (floor_wants(workloads[i].name))
            run_workload(&workloads[i], floor_operations(workloads[i].ops));
    }
}

/* A quarter of the half in each combination of size and method. */
static uint32_t verify(void)
{
    uint32_t half = area_sectors / 2, quarter = half / 4;

    if (area_sectors % (LARGE_SECTORS * 8))
        machine_fail("verify wants a disk of whole mebibytes");
    for (unsigned part = 0; part < 4; part++) {
        unsigned sectors = part & 1 ? LARGE_SECTORS : SMALL_SECTORS;

        prepare_dma(sectors);
        for (uint32_t lba = part * quarter; lba < (part + 1) * quarter; lba += sectors) {
            if (part & 2) {
                transfer(false, true, false, lba, sectors);
                transfer(false, false, true, lba + half, sectors);
            } else {
                transfer(false, false, false, lba, sectors);
                transfer(false, true, true, lba + half, sectors);
            }
        }
    }
    command_without_data(FLUSH_CACHE, 0, 0);
    return half;
}

static void start(void)
{
    machine_let_through(IRQ_LINE);
    find_controller();
    start_drive();
}

const struct floor_drive floor_ide = {"ide", start, bench, verify};
