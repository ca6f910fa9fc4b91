/* SPDX-License-Identifier: MIT */
/*
 * Reads the trace's ring in the memory of a machine that runs. Owns the capture file. Writes
 * nothing into the machine's memory, so the machine does not know of it.
 *
 * An entry's place is taken before the entry is written, and an interrupt may come in between. So
 * an entry is read when half of the ring has been written behind it; what is left, when the machine
 * has ended. If the machine was faster by more than the other half, entries are missing, and the
 * file says how many.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/timeline/timeline.h"

#define PERIOD_NS 1000000
/* The kernel's image begins at 1 MiB (boot/kernel.ld). */
#define SEARCH_FROM 0x100000u
#define SEARCH_END  0x1000000u

static struct ring {
    const uint8_t *memory;
    size_t size;
    const struct trace_export *export; /* NULL: not found yet */
    uint64_t written, read;            /* entries, since the machine's start */
    struct capture_head head;
    FILE *file;
} ring;

static volatile sig_atomic_t is_told;

static void on_signal(int number)
{
    (void)number;
    is_told = 1;
}

static const void *at(uint64_t address, uint64_t byte_count)
{
    if (address > ring.size || byte_count > ring.size - address)
        die("the kernel says that its trace is at %#llx, where the machine has no memory",
            (unsigned long long)address);
    return ring.memory + address;
}

static bool find_export(void)
{
    for (size_t place = SEARCH_FROM; !ring.export && place < SEARCH_END && place < ring.size;
         place += TRACE_EXPORT_ALIGNMENT) {
        const struct trace_export *export = (const void *)(ring.memory + place);
        if (*(const volatile uint64_t *)&export->magic == TRACE_EXPORT_MAGIC)
            ring.export = export;
    }
    return ring.export;
}

/* How many there are. `counted` may be laps behind (trace_count_laps), or stand still: then there
 * is less than a lap since the last look, a millisecond ago. */
static uint64_t look(void)
{
    const volatile uint32_t *counted = at(ring.export->counted, sizeof *counted);
    const volatile uint16_t *next = at(ring.export->next, sizeof *next);
    const uint32_t before = *counted;
    const uint16_t place = *next;
    const int32_t more = (int32_t)(before + (uint16_t)(place - before) - (uint32_t)ring.written);

    ring.written += more < 0 ? (uint16_t)(place - ring.written) : (uint32_t)more;
    return ring.written;
}

static void put(const struct record *record)
{
    if (fwrite(record, sizeof *record, 1, ring.file) != 1)
        die("the trace cannot be written: %s", strerror(errno));
    ring.head.record_count++;
}

static void put_missing(uint64_t count)
{
    ring.head.missing += count;
    put(&(struct record){
        .value = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX,
        .head = trace_head(TRACE_NONE, TRACE_NO_CHANNEL, TRACE_GAP_PORTS | TRACE_GAP_REGISTERS)});
}

/* Reads up to that entry. What was written over meanwhile is not what it was. */
static void read_to(uint64_t end)
{
    static struct record records[TRACE_ENTRY_COUNT];
    const struct trace_entry *entries =
        at(ring.export->entries, sizeof *entries * TRACE_ENTRY_COUNT);
    const uint64_t *times = at(ring.export->times, sizeof *times * TRACE_ENTRY_COUNT);
    const uint64_t first =
        ring.written > TRACE_ENTRY_COUNT + ring.read ? ring.written - TRACE_ENTRY_COUNT : ring.read;

    for (uint64_t i = first; i < end; i++) {
        const size_t place = i % TRACE_ENTRY_COUNT;
        records[i - first] =
            (struct record){entries[place].value, entries[place].head, times[place]};
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    const uint64_t now = look();
    uint64_t good = now > TRACE_ENTRY_COUNT + first ? now - TRACE_ENTRY_COUNT : first;
    if (good > end)
        good = end;
    if (good > ring.read)
        put_missing(good - ring.read);
    for (uint64_t i = good; i < end; i++) {
        const uint32_t head = records[i - first].head;
        if (trace_kind_of(head) != TRACE_NONE || trace_gap_of(head)) /* else: `trace clear` */
            put(&records[i - first]);
    }
    ring.read = end;
}

static void follow(void)
{
    const struct timespec period = {.tv_nsec = PERIOD_NS};

    while (!is_told && getppid() != 1) {
        if (find_export()) {
            const uint64_t half = TRACE_ENTRY_COUNT / 2, written = look();
            if (written > ring.read + half)
                read_to(written - half);
        }
        nanosleep(&period, NULL);
    }
    if (find_export())
        read_to(look());
}

int record(const char *memory_path, const char *capture_path)
{
    const struct sigaction action = {.sa_handler = on_signal};
    struct stat status;

    sigaction(SIGTERM, &action, NULL);
    signal(SIGINT, SIG_IGN); /* run-qemu.sh says when it is over */
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int memory = open(memory_path, O_RDONLY | O_CLOEXEC);
    if (memory < 0 || fstat(memory, &status) < 0)
        die("%s: %s", memory_path, strerror(errno));
    ring.size = (size_t)status.st_size;
    ring.memory = mmap(NULL, ring.size, PROT_READ, MAP_SHARED, memory, 0);
    ring.file = fopen(capture_path, "wb");
    if (ring.memory == MAP_FAILED || !ring.file)
        die("%s: %s", ring.file ? memory_path : capture_path, strerror(errno));
    ring.head.magic = CAPTURE_MAGIC;
    if (fwrite(&ring.head, sizeof ring.head, 1, ring.file) != 1)
        die("%s: %s", capture_path, strerror(errno));
    follow();
    if (ring.export && ring.export->entry_count != TRACE_ENTRY_COUNT)
        die("the kernel's ring has %u entries, and this program was built for %u",
            ring.export->entry_count, TRACE_ENTRY_COUNT);
    if (ring.export)
        ring.head.export = *ring.export;
    rewind(ring.file);
    if (fwrite(&ring.head, sizeof ring.head, 1, ring.file) != 1 || fclose(ring.file) != 0)
        die("%s: %s", capture_path, strerror(errno));
    return 0;
}
