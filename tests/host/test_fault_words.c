/* SPDX-License-Identifier: MIT */
/*
 * The words of fault rules: what they mean, and what is said of wrong ones.
 *
 * SOURCES: port/access/inject_words.c port/access/inject_keys.c port/access/names.c port/access/names_commands.c port/access/names_word.c lib/near.c
 */
#include <string.h>

#include "port/access/inject_rule.h"
#include "tests/host/tap.h"

static struct inject_rule rule;
static char error[300];

static bool reads(const char *text)
{
    return inject_parse(text, &rule, error, sizeof error);
}

static void test_whats(void)
{
    tap_ok(reads("read 7F register=Status") && rule.kind == INJECT_READ && rule.value == 0x7F &&
               rule.mask == UINT32_MAX && rule.place == INJECT_PLACE_ROLE &&
               rule.role == ROLE_STATUS && rule.count == 1 && rule.nth == 1,
           "read VALUE");
    tap_ok(reads("read 0/80000000 register=CAP") && rule.mask == 0x80000000u &&
               rule.place == INJECT_PLACE_NUMBER && rule.offset_of == 0,
           "read VALUE/MASK, of a register in memory");
    tap_ok(reads("read 41 register=PxTFD") && rule.place == INJECT_PLACE_AHCI_PORT &&
               rule.offset_of == 0x20 && reads("read 41 register=P2TFD") &&
               rule.place == INJECT_PLACE_NUMBER && rule.offset_of == 0x220,
           "of any port of AHCI, and of one");
    tap_ok(reads("write drop register=Command") && rule.kind == INJECT_WRITE && rule.is_drop &&
               reads("write 1/3 register=lba_low") && !rule.is_drop && rule.value == 1 &&
               rule.mask == 3 && rule.role == ROLE_LBA_LOW,
           "write drop, and write VALUE/MASK");
    static const char *const interrupts[] = {"lost",   "late",     "early",
                                             "double", "spurious", "shared"};
    for (unsigned i = 0; i < 6; i++) {
        char text[32];
        snprintf(text, sizeof text, "interrupt %s", interrupts[i]);
        tap_ok(reads(text) && rule.kind == INJECT_LOST + i, "%s", text);
    }
    tap_ok(reads("error UNC") && rule.value == 0x40 && reads("error IDNF+ABRT") &&
               rule.value == 0x14 && reads("error ICRC") && rule.value == 0x84 &&
               reads("error 44") && rule.value == 0x44,
           "error BITS");
    tap_ok(reads("sense 3/11/00 command=READ(10)") && rule.sense[0] == 3 && rule.sense[1] == 0x11 &&
               rule.command == 0x28,
           "sense KEY/ASC/ASCQ, of a packet command");
    tap_ok(reads("identify 93=4000/6000") && rule.offset == 93 && rule.value == 0x4000 &&
               rule.mask == 0x6000 && rule.count == INJECT_FOR_EVER,
           "identify WORD=VALUE/MASK, for ever");
    tap_ok(reads("config 40=8000") && rule.offset == 0x40 && rule.byte_count == 2 &&
               rule.value == 0x8000 && rule.mask == 0xFFFF && reads("config 09=0x8A") &&
               rule.byte_count == 1,
           "config OFFSET=VALUE, as wide as it is written");
    tap_ok(reads("time-outs 100") && rule.value == 100 && reads("float 7F") && rule.value == 0x7F &&
               reads("dma above-4g") && reads("df") && reads("bus-master-error") &&
               reads("vanish") && reads("unplug for=2ms") && reads("log failed") &&
               reads("log NQ") && reads("log 31") && !reads("log 32") && reads("drq"),
           "time-outs FACTOR, and those that stand alone");
}

static void test_keys(void)
{
    tap_ok(
        reads(
            "bsy channel=0.1 target=1 command=READ-DMA nth=3 every=2 count=5 after=10ms for=2s") &&
            rule.controller == 0 && rule.channel == 1 && rule.target == 1 && rule.command == 0xC8 &&
            rule.nth == 3 && rule.every == 2 && rule.count == 5 && rule.after_us == 10000 &&
            rule.for_us == 2000000,
        "all that may stand together");
    tap_ok(reads("bsy command=c8h") && rule.command == 0xC8 && reads("bsy command=0xC8") &&
               rule.command == 0xC8 && reads("bsy command=SRST") && rule.command == INJECT_SRST,
           "a command's number, and SRST");
    tap_ok(reads("write drop rate=1/1000 seed=7") && rule.rate == 1 && rule.of == 1000 &&
               rule.seed == 7 && rule.count == INJECT_FOR_EVER,
           "a rate, for ever");
    tap_ok(reads("bsy channel=2 count=for-ever for=for-ever") && rule.controller == 2 &&
               rule.channel == INJECT_ANY && rule.count == INJECT_FOR_EVER &&
               rule.for_us == INJECT_FOR_EVER,
           "a whole controller; for ever");
    tap_ok(reads("  bsy,,register=3F6\t nth=2 ") &&
               strcmp(rule.text, "bsy register=3F6 nth=2") == 0 &&
               rule.place == INJECT_PLACE_NUMBER && rule.offset_of == 0x3F6,
           "a port; blanks and commas between words");
}

static void test_wrong(void)
{
    static const struct {
        const char *text, *error;
    } wrong[] = {
        {"", "A fault begins with"},
        {"flaot FF", "\"flaot\" is no fault; did you mean float? Faults are "},
        {"read", "read VALUE"},
        {"read 100000000", "hexadecimal"},
        {"read 7F register=Command", "only written; what is read there is Status"},
        {"write drop register=Status", "only read; what is written there is Command"},
        {"write dorp", "write drop"},
        {"interrupt gone", "lost, late, early, double, spurious or shared"},
        {"float FE", "FF, or 7F"},
        {"error XYZ", "UNC, IDNF, ICRC, ABRT"},
        {"error UNC+", "UNC, IDNF, ICRC, ABRT"},
        {"dma below", "above-4g"},
        {"sense 3/11", "KEY/ASC/ASCQ"},
        {"identify 256=0", "from 0 to 255"},
        {"identify 93", "from 0 to 255"},
        {"config 40=8", "2, 4 or 8 digits"},
        {"config 100=80", "below 100"},
        {"time-outs 0", "from 1 to 10000"},
        {"time-outs 10 nth=2", "nth= says nothing of \"time-outs\""},
        {"bsy nht=3", "no key of a fault; did you mean nth? Keys are channel="},
        {"bsy for", "no key of a fault"},
        {"bsy nth=0", "a number from 1 on"},
        {"bsy nth=x", "a number from 1 on"},
        {"bsy count=0", "or for-ever"},
        {"bsy rate=2/1", "as in 1/1000"},
        {"bsy rate=1", "as in 1/1000"},
        {"bsy seed=1", "rate=, which is missing"},
        {"bsy nth=1 nth=2", "twice"},
        {"bsy for=10", "us, ms or s"},
        {"bsy after=1h", "us, ms or s"},
        {"bsy channel=a", "as in 0.1"},
        {"bsy target=9", "0 or 1"},
        {"bsy command=READ-DMAA", "no ATA command has that name"},
        {"sense 3/11/00 command=READ-DMA", "no packet command has that name"},
        {"bsy register=Sttus", "no register has that name"},
        {"identify 93=0 command=EC", "command= says nothing of \"identify\""},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bool is_taken = reads(wrong[i].text);
        if (!tap_ok(!is_taken && strstr(error, wrong[i].error), "\"%s\"", wrong[i].text))
            printf("# %s\n", is_taken ? "was taken" : error);
    }
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    tap_ok(!reads(text) && strstr(error, "not as long"), "a word that is too long");
    for (size_t i = 3; i < sizeof text - 1; i += 4)
        text[i] = ' ';
    memcpy(text, "bsy", 3);
    tap_ok(!reads(text) && strstr(error, "not as long"), "and too many");
}

int main(void)
{
    test_whats();
    test_keys();
    test_wrong();
    return tap_exit();
}
