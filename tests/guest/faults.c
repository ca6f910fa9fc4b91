/* SPDX-License-Identifier: MIT */
/*
 * Faults that are injected, on disk 0, which is read by DMA: what a request comes to, what its rule has
 * counted, and that the disk is right again when the rule is gone.
 */
#include <string.h>

#include "port/access/access.h"
#include "port/access/inject.h"
#include "port/block.h"
#include "port/channel.h"
#include "port/objects.h"
#include "tests/guest/guest.h"
#include "tests/guest/tap.h"

#define SECTORS 8u
#define LBA     9u

static struct device *disk;
static uint8_t *buffer, *reference; /* reference: the first 64 sectors */
static struct block_request last;

/* One read of SECTORS sectors, of which block.c makes one command. */
static enum block_status read_at(uint64_t lba)
{
    memset(buffer, 0x5A, SECTORS * 512);
    last = (struct block_request){.device = disk,
                                  .operation = BLOCK_READ,
                                  .lba = lba,
                                  .sector_count = SECTORS,
                                  .buffer = buffer};
    return block_run(&last);
}

static bool has_sectors_of(uint64_t lba)
{
    return memcmp(buffer, reference + lba * 512, SECTORS * 512) == 0;
}

static unsigned add(const char *text)
{
    char error[300];
    unsigned number = inject_add(text, error, sizeof error);
    if (!number)
        hal_printf("# %s\n", error);
    return number;
}

static uint64_t seen(unsigned number)
{
    const struct inject_rule *rule = inject_rule(number);
    return rule ? rule->seen : 0;
}

static uint64_t injected(unsigned number)
{
    const struct inject_rule *rule = inject_rule(number);
    return rule ? rule->injected : 0;
}

/* ------------------------------------------------------------------ what each comes to */

static const struct {
    const char *rule;
    enum block_status status;
    uint8_t ata_status, ata_error; /* of a device error */
    bool times_out;
} cases[] = {
    {"interrupt lost", BLOCK_OK, 0, 0, true},
    {"interrupt late for=3ms", BLOCK_OK, 0, 0, false},
    {"interrupt early", BLOCK_OK, 0, 0, false},
    {"interrupt double", BLOCK_OK, 0, 0, false},
    {"interrupt spurious", BLOCK_OK, 0, 0, false},
    {"interrupt shared command=READ-DMA for=2ms", BLOCK_OK, 0, 0, false},
    {"bsy", BLOCK_OK, 0, 0, true},
    {"bsy command=READ-DMA for=3ms", BLOCK_OK, 0, 0, false},
    {"bsy command=READ-DMA", BLOCK_OK, 0, 0, true},
    {"drq command=READ-DMA", BLOCK_OK, 0, 0, true},
    {"df", BLOCK_DEVICE_ERROR, 0x70, 0, false},
    {"error UNC", BLOCK_DEVICE_ERROR, 0x51, 0x40, false},
    {"error IDNF+ABRT command=C8", BLOCK_DEVICE_ERROR, 0x51, 0x14, false},
    {"bus-master-error", BLOCK_OK, 0, 0, false},
    {"error ICRC command=READ-DMA", BLOCK_OK, 0, 0, false},
    {"write drop register=Command", BLOCK_OK, 0, 0, true},
    {"read 00/04 register=Bus-Master-Status", BLOCK_OK, 0, 0, true},
    {"read 71 register=Status", BLOCK_DEVICE_ERROR, 0x71, 0, false},
    {"float FF for=20ms", BLOCK_OK, 0, 0, true},
    {"vanish for=20ms", BLOCK_OK, 0, 0, true},
};
#define CASE_COUNT (sizeof cases / sizeof *cases)

static void test_cases(void)
{
    for (unsigned i = 0; i < CASE_COUNT; i++) {
        uint64_t timeouts = disk->counters.timeouts;
        add("time-outs 100");
        unsigned number = add(cases[i].rule);
        enum block_status status = read_at(LBA);
        bool is_so = status == cases[i].status && injected(number) == 1 &&
                     (disk->counters.timeouts > timeouts) == cases[i].times_out;
        if (status == BLOCK_OK)
            is_so &= has_sectors_of(LBA);
        if (status == BLOCK_DEVICE_ERROR)
            is_so &= last.request.ata_status == cases[i].ata_status &&
                     last.request.ata_error == cases[i].ata_error;
        if (!guest_ok(is_so, "%s", cases[i].rule))
            hal_printf("# status %u, registers %x %x, injected %u of %u, time-outs %u\n", status,
                       last.request.ata_status, last.request.ata_error, (unsigned)injected(number),
                       (unsigned)seen(number), (unsigned)(disk->counters.timeouts - timeouts));
        inject_forget_all();
        if (read_at(LBA) != BLOCK_OK || !has_sectors_of(LBA))
            guest_ok(false, "and a read without it");
    }
}

/* ------------------------------------------------------------------ which one */

/* What becomes of so many reads, a bit each: it failed. */
static uint32_t failures(unsigned count)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < count; i++)
        bits |= (uint32_t)(read_at(LBA) != BLOCK_OK) << i;
    return bits;
}

static void test_which(void)
{
    unsigned number = add("error UNC nth=2");
    GUEST_CHECK(failures(4), ==, 0x2, "nth=2 is the second one");
    GUEST_CHECK(seen(number) << 8 | injected(number), ==, 0x401, "one of four");
    GUEST_CHECK(inject_rule(number)->first[0], ==, 2, "which the rule remembers");
    inject_forget_all();
    add("error UNC nth=2 every=3 count=2");
    GUEST_CHECK(failures(10), ==, 0x12, "every=3 from the second on, count=2");
    inject_forget_all();
    add("error UNC count=for-ever");
    GUEST_CHECK(failures(5), ==, 0x1F, "count=for-ever");
    inject_forget_all();

    add("error UNC rate=1/3 seed=5");
    uint32_t first = failures(32);
    inject_forget_all();
    add("error UNC rate=1/3 seed=5");
    GUEST_CHECK(failures(32), ==, first, "a rate repeats with its seed");
    guest_ok(first != 0 && first != UINT32_MAX, "and is none of all and nothing");
    inject_forget_all();
    add("error UNC rate=1/3 seed=6");
    GUEST_CHECK(failures(32), !=, first, "another seed is another order");
    inject_forget_all();

    static const char *const others[] = {"error UNC target=1", "error UNC channel=0.1",
                                         "error UNC channel=7", "error UNC command=WRITE-DMA",
                                         "error UNC after=1000s"};
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
        number = add(others[i]);
        guest_ok(failures(2) == 0 && number && seen(number) == 0, "%s matches nothing", others[i]);
        inject_forget_all();
    }
    number = add("read 00 nth=1000");
    guest_ok(failures(2) == 0 && injected(number) == 0 && seen(number) > 2 && seen(number) < 1000,
             "there is no thousandth access: the rule tells how many there were");
    inject_forget_all();
}

/* ------------------------------------------------------------------ what no driver sees */

static void test_unseen(void)
{
    add("write drop register=LBA-Low");
    guest_ok(read_at(LBA) == BLOCK_OK && !has_sectors_of(LBA), "a dropped LBA Low: other sectors");
    inject_forget_all();
    add("write 5 register=LBA-Low");
    guest_ok(read_at(LBA + 3) == BLOCK_OK && has_sectors_of(5), "a changed one");
    inject_forget_all();
}

/* ------------------------------------------------------------------ rules come and go */

static void test_rules(void)
{
    char error[300] = "";
    unsigned number = 0;

    guest_ok(!access_filter, "without a rule nothing stands between driver and device");
    GUEST_CHECK(inject_add("bsy nht=3", error, sizeof error), ==, 0, "a wrong word is refused");
    guest_ok(strstr(error, "\"nht=3\"") != NULL && !access_filter, "and named");
    for (unsigned i = 0; i < INJECT_RULE_MOST; i++)
        number = add("error UNC nth=1000");
    guest_ok(number && !inject_add("bsy", error, sizeof error) && strstr(error, "fault clear"),
             "32 rules, and no more");
    inject_clear();
    guest_ok(!access_filter && inject_rule(number) && !inject_rule(number)->is_armed,
             "a rule that is over is remembered");
    inject_forget_all();
    guest_ok(!inject_rule(number), "until nobody wants to know of it");
    GUEST_CHECK(inject_add_all("error UNC nth=3; ; bsy nth=1000\n", error, sizeof error), ==, true,
                "several in one text");
    GUEST_CHECK(failures(4), ==, 4, "work together");
    inject_forget_all();
}

void guest_test_faults(void)
{
    guest_plan(CASE_COUNT + 24);
    disk = port_device_by_name("0");
    buffer = hal_pages_alloc(2, UINT64_MAX);
    reference = hal_pages_alloc(8, UINT64_MAX);
    if (!disk || !buffer || !reference ||
        block_transfer(disk, BLOCK_READ, 0, 64, reference) != BLOCK_OK) {
        hal_printf("Bail out! there is no disk 0 that can be read\n");
        return;
    }
    test_cases();
    test_which();
    test_unseen();
    test_rules();
}
