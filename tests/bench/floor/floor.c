/* SPDX-License-Identifier: MIT */
/*
 * The floor: what a transfer costs on a drive with no driver around it. One disk is read and
 * written with the fewest register accesses that are right, and each command completes by
 * interrupt: ide.c does so on a PCI IDE controller, ahci.c on an AHCI controller.
 *
 * Owns: the whole machine. May not: be clever where the port could not be; the drive's and the
 * controller's state is checked after every command. Entered once, by start.S.
 *
 * Command line: drive=ahci takes that one (else IDE's); workload=NAME runs only that one; divide=N
 * divides the numbers of operations; with drive=ahci sweep=1 runs more sizes and depths, and
 * latencies=1 also prints the time of each operation, of queued commands; run=verify copies half of the disk instead, for the host to
 * compare.
 *
 * Each workload prints one line, all numbers for all operations together:
 *   bench floor NAME ops=N ns_total=N accesses=N data_accesses=N
 * accesses are those to the drive's registers and its controller's; data_accesses those to IDE's
 * data port.
 *
 * The order of addresses, which the kernel's `bench` command shares. Area: the disk's sectors, at
 * most 131,072 for reads and 8,192 for writes, rounded down to whole operations. Sequential:
 * operation i transfers unit i modulo the number of units. Random: xorshift32 (shifts 13, 17, 5)
 * started with 1 before each workload, one step before each operation; unit = state modulo the
 * number of units.
 */
#include "tests/bench/floor/floor.h"

#define MULTIBOOT_LOADED       0x2BADB002u
#define MULTIBOOT_COMMAND_LINE 4u

static uint32_t divisor;
static char only[32];
static bool has_found;

void bench_mark_begin(void)
{
}

void bench_mark_end(void)
{
}

static bool same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

bool floor_wants(const char *workload)
{
    bool is_wanted = !only[0] || same_text(only, workload);

    has_found |= is_wanted;
    return is_wanted;
}

uint32_t floor_operations(uint32_t ops)
{
    return divisor < ops ? ops / divisor : 1;
}

static void run_bench(const struct floor_drive *drive)
{
    divisor = machine_option_number("divide", 1);
    machine_option_text("workload", only, sizeof(only));
    if (divisor == 0)
        machine_fail("divide= wants a number above 0");
    drive->bench();
    if (!has_found)
        machine_fail("no workload \"%s\"", only);
}

static const struct floor_drive *find_drive(void)
{
    static const struct floor_drive *const drives[] = {&floor_ide, &floor_ahci};
    char name[8] = "ide";

    machine_option_text("drive", name, sizeof(name));
    for (size_t i = 0; i < sizeof(drives) / sizeof(drives[0]); i++) {
        if (same_text(name, drives[i]->name))
            return drives[i];
    }
    machine_fail("drive= is ide or ahci");
}

void floor_main(uint32_t magic, const uint32_t *information);
void floor_main(uint32_t magic, const uint32_t *information)
{
    char what[16] = "bench";

    machine_start();
    if (magic != MULTIBOOT_LOADED)
        machine_fail("not started by a multiboot loader");
    if (information[0] & MULTIBOOT_COMMAND_LINE)
        machine_set_command_line((const char *)(uintptr_t)information[4]);
    machine_option_text("run", what, sizeof(what));
    const struct floor_drive *drive = find_drive();
    drive->start();
    if (same_text(what, "verify"))
        machine_printf("verify floor sectors=%u\n", drive->verify());
    else if (same_text(what, "bench"))
        run_bench(drive);
    else
        machine_fail("run= is bench or verify");
    machine_exit_success();
}
