/* SPDX-License-Identifier: MIT */
/*
 * The floor on AHCI: the drive of the first port that has one, by READ and WRITE FPDMA QUEUED with
 * up to 32 commands at a time or, with kind=plain on the command line, by READ and WRITE DMA EXT. A
 * command goes as soon as it is there, as a driver has to send what it is handed; interrupts are taken
 * between any two, for others may wait for theirs, and each is dismissed before it is asked what is
 * over (Serial ATA AHCI 1.3.1, 5.6.4 and 10.7.2.1). So the register accesses are two to issue a queued
 * command, one to issue another, and five for an interrupt.
 *
 * Owns: the controller, its port and the drive. Entered by floor.c.
 */
#include "tests/bench/floor/floor.h"

#define SLOTS 32u

#define PCI_CLASS_AHCI     0x0106
#define PCI_BAR5           0x24
#define PCI_INTERRUPT_LINE 0x3C

/* The controller's registers (3.1), and a port's (3.3). */
#define HBA_GHC        0x04
#define GHC_INTERRUPTS 0x00000002u
#define GHC_AHCI       0x80000000u
#define HBA_IS         0x08
#define HBA_PI         0x0C
#define PORTS          0x100
#define PORT_BYTES     0x80
#define PORT_CLB       0x00
#define PORT_CLBU      0x04
#define PORT_FB        0x08
#define PORT_FBU       0x0C
#define PORT_IS        0x10
#define PORT_IE        0x14
#define PORT_CMD       0x18
#define PORT_TFD       0x20
#define PORT_SSTS      0x28
#define PORT_SERR      0x30
#define PORT_SACT      0x34
#define PORT_CI        0x38
#define INT_OVER       0x0000000Bu /* register, PIO set-up and set device bits FISes */
#define INT_FAILED     0x79000000u /* overflow, link, memory, and ERR in Status */
#define CMD_START      0x00000001u
#define CMD_RECEIVE    0x00000010u
#define CMD_RECEIVES   0x00004000u
#define CMD_RUNS       0x00008000u
#define TFD_BSY_DRQ    0x88u
#define SSTS_DET       0x0Fu
#define DET_PRESENT    3u

/* A register FIS of the host's (Serial ATA, 10.5.5), up to the opcode. */
#define FIS_COMMAND(opcode) (0x8027u | (uint32_t)(opcode) << 16)
#define FIS_DWORDS          5u
#define FIS_DEVICE_LBA      0x40000000u
#define FIS_TAG_SHIFT       3

#define READ_DMA_EXT    0x25
#define WRITE_DMA_EXT   0x35
#define READ_QUEUED     0x60
#define WRITE_QUEUED    0x61
#define FLUSH_CACHE_EXT 0xEA
#define IDENTIFY_DEVICE 0xEC

#define IDENTIFY_SECTORS 100 /* and 101 to 103: sectors by LBA48 */
#define IDENTIFY_DEPTH   75  /* less one */
#define IDENTIFY_SATA    76
#define SATA_QUEUES      0x0100u

/* In memory (4.2). */
struct header {
    uint32_t description, byte_count, table, table_high, reserved[4];
};
_Static_assert(sizeof(struct header) == 32, "a command in the list");
#define HEADER_WRITE   0x40u
#define HEADER_ONE_PRD 0x10000u
struct table {
    uint32_t fis[16], packet[4], reserved[12];
    struct {
        uint32_t address, address_high, reserved, length;
    } prd;
} __attribute__((aligned(128)));

static struct header list[SLOTS] __attribute__((aligned(1024)));
static uint8_t received[256] __attribute__((aligned(256)));
static struct table tables[SLOTS];
static uint8_t buffers[SLOTS][BUFFER_BYTES] __attribute__((aligned(4096)));

static volatile uint8_t *hba, *port;
static uint32_t port_bit, area_sectors, drive_depth;
static uint32_t accesses;

/* Operations of one kind: unit by unit in an area, or at random. */
struct work {
    bool queued, write, random;
    uint32_t sectors, depth;
    uint32_t first, units; /* of the area: its sector, and how many */
};

/* ------------------------------------------------------------------ operations */

/* What is measured: the time of all together, their accesses, or the time of each. */
enum measure { TIME, ACCESSES, LATENCIES };

/* As on IDE, all of this exists as often: as it is timed, and as its accesses are counted. */
static ALWAYS_INLINE uint32_t get(bool counted, volatile uint8_t *at)
{
    if (counted)
        accesses++;
    return hal_read32(at);
}

static ALWAYS_INLINE void put(bool counted, volatile uint8_t *at, uint32_t value)
{
    if (counted)
        accesses++;
    hal_write32(at, value);
}

/* All but the address is right from prepare on. (The area ends below LBA 2^24.) */
static ALWAYS_INLINE void issue(bool counted, bool queued, unsigned slot, uint32_t lba)
{
    tables[slot].fis[1] = lba | FIS_DEVICE_LBA;
    if (queued)
        put(counted, port + PORT_SACT, 1u << slot);
    else
        list[slot].byte_count = 0;
    put(counted, port + PORT_CI, 1u << slot);
}

/* An interrupt has come. Returns which of the commands under way are over; 0: it was not the port's,
 * or none is. */
static ALWAYS_INLINE uint32_t serve(bool counted, bool queued, uint32_t active)
{
    if (__builtin_expect(!(get(counted, hba + HBA_IS) & port_bit), 0))
        return 0;
    uint32_t causes = get(counted, port + PORT_IS);
    put(counted, port + PORT_IS, causes);
    put(counted, hba + HBA_IS, port_bit);
    if (__builtin_expect(causes & INT_FAILED, 0))
        machine_fail("a command failed: PxIS %u, PxTFD %u", (unsigned)causes,
                     (unsigned)hal_read32(port + PORT_TFD));
    return active & ~get(counted, port + (queued ? PORT_SACT : PORT_CI));
}

static ALWAYS_INLINE uint32_t wait(bool counted, bool queued, uint32_t active)
{
    uint32_t done = 0;

    for (unsigned wake_ups = 0; !done; wake_ups++) {
        if (__builtin_expect(wake_ups == IDLE_WAKE_UPS_MAX, 0))
            machine_fail("no command ends; PxCI %u", (unsigned)hal_read32(port + PORT_CI));
        machine_wait_for_interrupt();
        done = serve(counted, queued, active);
    }
    return done;
}

static ALWAYS_INLINE void check(uint32_t done, uint32_t byte_count)
{
    for (; done; done &= done - 1) {
        const struct header *header = &list[(unsigned)__builtin_ctz(done)];

        if (__builtin_expect(header->byte_count != byte_count, 0))
            machine_fail("%u bytes of %u were moved", (unsigned)header->byte_count,
                         (unsigned)byte_count);
    }
}

/* Of each operation, in its end's order. */
#define LATENCIES_MAX 8192u
static uint64_t latencies[LATENCIES_MAX], begun_at[SLOTS];
static uint32_t latency_count;

static void note_latencies(uint32_t done)
{
    const uint64_t now = machine_ticks();

    for (; done && latency_count < LATENCIES_MAX; done &= done - 1)
        latencies[latency_count++] = now - begun_at[(unsigned)__builtin_ctz(done)];
}

/* The marks stand around the time in which any command is under way: one at a time each of them. */
static ALWAYS_INLINE void run_kind(enum measure measure, bool queued, const struct work *work,
                                   uint32_t ops)
{
    const bool counted = measure == ACCESSES;
    uint32_t state = 1, begun = 0, active = 0;
    uint32_t free = UINT32_MAX >> (SLOTS - work->depth), next = 0;

    while (active || begun < ops) {
        uint32_t done = 0;

        if (free && begun < ops) {
            uint32_t in_turn = free & UINT32_MAX << next; /* copy wants one slot for each */
            unsigned slot = (unsigned)__builtin_ctz(in_turn ? in_turn : free);
            uint32_t unit = (work->random ? xorshift32(&state) : begun) % work->units;

            if (measure == TIME && !active)
                bench_mark_begin();
            begun++;
            free &= ~(1u << slot);
            next = (slot + 1) % SLOTS;
            active |= 1u << slot;
            if (measure == LATENCIES)
                begun_at[slot] = machine_ticks();
            issue(counted, queued, slot, work->first + unit * work->sectors);
            if (machine_take_interrupt())
                done = serve(counted, queued, active);
        } else {
            done = wait(counted, queued, active);
        }
        if (!queued)
            check(done, work->sectors * SECTOR_BYTES);
        if (measure == LATENCIES)
            note_latencies(done);
        free |= done;
        active &= ~done;
        if (measure == TIME && !active)
            bench_mark_end();
    }
}

static void run(enum measure measure, const struct work *work, uint32_t ops)
{
    if (measure == LATENCIES)
        run_kind(LATENCIES, true, work, ops);
    else if (measure == ACCESSES && work->queued)
        run_kind(ACCESSES, true, work, ops);
    else if (measure == ACCESSES)
        run_kind(ACCESSES, false, work, ops);
    else if (work->queued)
        run_kind(TIME, true, work, ops);
    else
        run_kind(TIME, false, work, ops);
}

/* ------------------------------------------------------------------ set-up */

static void fill(unsigned slot, uint32_t description, uint32_t byte_count)
{
    tables[slot].prd.address = (uint32_t)(uintptr_t)buffers[slot];
    tables[slot].prd.length = byte_count - 1;
    list[slot] = (struct header){.description = description | FIS_DWORDS,
                                 .table = (uint32_t)(uintptr_t)&tables[slot]};
}

/* Headers, FISes and PRDs of all slots, which stay for all operations of this kind. */
static void prepare(const struct work *work)
{
    uint32_t opcode = work->queued ? (work->write ? WRITE_QUEUED : READ_QUEUED)
                                   : (work->write ? WRITE_DMA_EXT : READ_DMA_EXT);

    for (unsigned slot = 0; slot < SLOTS; slot++) {
        uint32_t *fis = tables[slot].fis;

        fill(slot, HEADER_ONE_PRD | (work->write ? HEADER_WRITE : 0), work->sectors * SECTOR_BYTES);
        fis[0] = FIS_COMMAND(opcode) | (work->queued ? work->sectors << 24 : 0);
        fis[2] = work->queued ? work->sectors >> 8 << 24 : 0;
        fis[3] = work->queued ? slot << FIS_TAG_SHIFT : work->sectors;
    }
}

static void await_clear(unsigned at, uint32_t bits, const char *what)
{
    for (unsigned poll = 0; poll < POLLS_MAX; poll++) {
        if (!(hal_read32(port + at) & bits))
            return;
    }
    machine_fail("%s", what);
}

static void find_controller(void)
{
    struct machine_pci_function ahci;

    if (!machine_pci_find(PCI_CLASS_AHCI, &ahci))
        machine_fail("no AHCI controller");
    hba = (volatile uint8_t *)(uintptr_t)(machine_pci_read32(ahci, PCI_BAR5) & ~0xFu);
    if (!hba)
        machine_fail("the AHCI controller has no address");
    uint32_t command = machine_pci_read32(ahci, PCI_COMMAND) & 0xFFFF;
    machine_pci_write32(ahci, PCI_COMMAND, command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    machine_let_through(machine_pci_read32(ahci, PCI_INTERRUPT_LINE) & 0xF);
    hal_write32(hba + HBA_GHC, GHC_AHCI);
}

/* 10.3.1, 10.1.2: the port is stopped first; the firmware may have used it. */
static void start_port(void)
{
    hal_write32(port + PORT_CMD, hal_read32(port + PORT_CMD) & ~CMD_START);
    await_clear(PORT_CMD, CMD_RUNS, "the command list does not stop");
    hal_write32(port + PORT_CMD, hal_read32(port + PORT_CMD) & ~CMD_RECEIVE);
    await_clear(PORT_CMD, CMD_RECEIVES, "the receiver of FISes does not stop");
    hal_write32(port + PORT_CLB, (uint32_t)(uintptr_t)list);
    hal_write32(port + PORT_CLBU, 0);
    hal_write32(port + PORT_FB, (uint32_t)(uintptr_t)received);
    hal_write32(port + PORT_FBU, 0);
    hal_write32(port + PORT_SERR, UINT32_MAX);
    hal_write32(port + PORT_CMD, hal_read32(port + PORT_CMD) | CMD_RECEIVE);
    await_clear(PORT_TFD, TFD_BSY_DRQ, "the drive stays busy");
    hal_write32(port + PORT_CMD, hal_read32(port + PORT_CMD) | CMD_START);
    hal_write32(port + PORT_IS, UINT32_MAX);
    hal_write32(hba + HBA_IS, UINT32_MAX);
    hal_write32(port + PORT_IE, INT_OVER | INT_FAILED);
    hal_write32(hba + HBA_GHC, GHC_AHCI | GHC_INTERRUPTS);
}

static void command_alone(uint8_t opcode, uint32_t byte_count)
{
    uint32_t *fis = tables[0].fis;

    fill(0, byte_count ? HEADER_ONE_PRD : 0, byte_count);
    fis[0] = FIS_COMMAND(opcode);
    fis[2] = fis[3] = 0;
    issue(false, false, 0, 0);
    wait(false, false, 1);
}

static void start_drive(void)
{
    const uint16_t *identify = (const uint16_t *)buffers[0];

    command_alone(IDENTIFY_DEVICE, 512);
    uint32_t sectors = identify[IDENTIFY_SECTORS] | (uint32_t)identify[IDENTIFY_SECTORS + 1] << 16;
    area_sectors = floor_area(identify[IDENTIFY_SECTORS + 2] ? UINT32_MAX : sectors);
    drive_depth = identify[IDENTIFY_SATA] & SATA_QUEUES ? (identify[IDENTIFY_DEPTH] & 0x1F) + 1 : 0;
}

static void start(void)
{
    find_controller();
    uint32_t implemented = hal_read32(hba + HBA_PI);
    for (unsigned number = 0; number < 32; number++) {
        port = hba + PORTS + number * PORT_BYTES;
        port_bit = 1u << number;
        if (implemented & port_bit && (hal_read32(port + PORT_SSTS) & SSTS_DET) == DET_PRESENT) {
            start_port();
            start_drive();
            return;
        }
    }
    machine_fail("no drive");
}

/* ------------------------------------------------------------------ workloads */

/* As `bench DISK read SIZE DEPTH` of the kernel's shell has them: 32 MiB each, from 64 KiB on one
 * after the other. */
#define WORKLOAD_BYTES     (32u << 20)
#define SEQUENTIAL_SECTORS 128u
struct workload {
    const char *name;
    uint32_t sectors, depth;
};
static const struct workload workloads[] = {
    {"read-4096-depth-1", 8, 1},
    {"read-4096-depth-32", 8, 32},
    {"read-131072-depth-1", 256, 1},
    {"read-131072-depth-32", 256, 32},
};
static const struct workload sweep[] = {
    {"read-4096-depth-1", 8, 1},     {"read-4096-depth-2", 8, 2},
    {"read-4096-depth-4", 8, 4},     {"read-4096-depth-8", 8, 8},
    {"read-4096-depth-16", 8, 16},   {"read-4096-depth-32", 8, 32},
    {"read-8192-depth-1", 16, 1},    {"read-8192-depth-32", 16, 32},
    {"read-16384-depth-1", 32, 1},   {"read-16384-depth-32", 32, 32},
    {"read-32768-depth-1", 64, 1},   {"read-32768-depth-32", 64, 32},
    {"read-65536-depth-1", 128, 1},  {"read-65536-depth-32", 128, 32},
    {"read-131072-depth-1", 256, 1}, {"read-131072-depth-32", 256, 32},
};

/* Sixteen a line. */
static void print_latencies(const char *name)
{
    for (uint32_t i = 0; i < latency_count; i++) {
        if (i % 16 == 0)
            machine_printf("\nlatencies floor %s", name);
        machine_printf(" %llu", machine_ticks_to_ns(latencies[i]));
    }
    machine_printf("\n");
}

static void run_workload(const struct workload *workload, bool queued)
{
    const struct work work = {
        .queued = queued,
        .random = workload->sectors < SEQUENTIAL_SECTORS,
        .sectors = workload->sectors,
        .depth = workload->depth,
        .units = area_sectors / workload->sectors,
    };
    uint32_t ops = floor_operations(WORKLOAD_BYTES / SECTOR_BYTES / workload->sectors);

    if (queued && workload->depth > drive_depth)
        machine_fail("the drive takes %u queued commands at a time", (unsigned)drive_depth);
    prepare(&work);
    accesses = 0;
    run(ACCESSES, &work, ops);
    uint64_t started = machine_ticks();
    run(TIME, &work, ops);
    uint64_t ticks = machine_ticks() - started;
    machine_printf("bench floor %s ops=%u ns_total=%llu accesses=%llu data_accesses=0\n",
                   workload->name, ops, machine_ticks_to_ns(ticks), (uint64_t)accesses);
    if (queued && machine_option_number("latencies", 0)) {
        latency_count = 0;
        run(LATENCIES, &work, ops);
        print_latencies(workload->name);
    }
}

static bool is_queued(void)
{
    char kind[8] = "";

    return !machine_option_text("kind", kind, sizeof(kind)) || kind[0] != 'p';
}

static void bench(void)
{
    const bool queued = is_queued(), sweeps = machine_option_number("sweep", 0);
    const size_t count =
        sweeps ? sizeof(sweep) / sizeof(sweep[0]) : sizeof(workloads) / sizeof(workloads[0]);

    for (const struct workload *workload = sweeps ? sweep : workloads, *end = workload + count;
         workload < end; workload++)
        if (floor_wants(workload->name))
            run_workload(workload, queued);
}

/* All slots are filled from one part of the disk, and written to another. */
static void copy(struct work work, uint32_t distance)
{
    prepare(&work);
    run(TIME, &work, work.depth);
    work.write = true;
    work.first += distance;
    prepare(&work);
    run(TIME, &work, work.depth);
}

/* A quarter of the half in each combination of size and kind. */
static uint32_t verify(void)
{
    uint32_t half = area_sectors / 2, quarter = half / 4;

    if (quarter % (LARGE_SECTORS * SLOTS))
        machine_fail("verify wants a disk of a multiple of 32 MiB");
    for (unsigned part = 0; part < 4; part++) {
        uint32_t sectors = part & 1 ? LARGE_SECTORS : SMALL_SECTORS;

        for (uint32_t done = 0; done < quarter; done += sectors * SLOTS)
            copy((struct work){.queued = part & 2,
                               .sectors = sectors,
                               .depth = SLOTS,
                               .first = part * quarter + done,
                               .units = SLOTS},
                 half);
    }
    command_alone(FLUSH_CACHE_EXT, 0);
    return half;
}

const struct floor_drive floor_ahci = {"ahci", start, bench, verify};
