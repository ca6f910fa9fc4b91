/* SPDX-License-Identifier: MIT */
/*
 * The trace in words: commands by what was written before them, registers, requests, times, and what is folded.
 *
 * SOURCES: port/trace.c port/trace_words.c port/trace_command.c port/trace_text.c port/access/names.c
 * SOURCES: port/access/names_commands.c port/access/names_word.c port/contract/context.c port/contract/rules.c port/states.c
 * SOURCES: port/irb_names.c
 */
#include <irb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "port/contract/context.h"
#include "port/contract/rules.h"
#include "port/states.h"
#include "port/trace_words.h"
#include "tests/host/tap.h"

/* A machine with a channel 0.1 on the usual ports, and an AHCI controller 2 whose registers lie at ...2000. */
#define COMMAND_BLOCK 0x170u
#define CONTROL_BLOCK 0x376u
#define BUS_MASTER    0xC008u
#define CHANNEL       trace_channel(0, 1)

static char seen[8192]; /* the lines */
static char printed[8192];

uint64_t hal_cycles_us(uint64_t cycles)
{
    return cycles / 1000;
}

void hal_printf(const char *format, ...)
{
    size_t length = strlen(printed);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(printed + length, sizeof printed - length, format, arguments);
    va_end(arguments);
}

void hal_panic(const char *file, int line, const char *format, ...)
{
    (void)file, (void)line, (void)format;
    abort();
}

static bool find(bool is_memory, uint16_t where, struct trace_register *found)
{
    static const uint8_t bus_master[] = {ROLE_BUS_MASTER_COMMAND, 0, ROLE_BUS_MASTER_STATUS, 0,
                                         ROLE_BUS_MASTER_TABLE};

    *found = (struct trace_register){.channel = (uint16_t)CHANNEL};
    if (is_memory) {
        *found = (struct trace_register){.channel = (uint16_t)trace_channel(2, 0),
                                         .offset = where - 0x2000u};
        return where >= 0x2000 && where < 0x3100;
    }
    if (where - COMMAND_BLOCK < 8)
        found->role = (enum access_role)(ROLE_DATA + where - COMMAND_BLOCK);
    else if (where == CONTROL_BLOCK)
        found->role = ROLE_ALTERNATE_STATUS;
    else if (where - BUS_MASTER < 5)
        found->role = (enum access_role)bus_master[where - BUS_MASTER];
    return found->role != ROLE_NONE;
}

static unsigned table_length;

static unsigned find_table(uint16_t channel, struct trace_prd *prds, unsigned most)
{
    for (unsigned i = 0; i < table_length && i < most; i++)
        prds[i] = (struct trace_prd){0x200000 + 0x1000 * i, 4096};
    return channel == CHANNEL ? table_length : 0;
}

static const struct trace_world machine = {find, find_table};

/* ------------------------------------------------------------------ entries */

static void take_line(const char *text)
{
    strncat(seen, text, sizeof seen - strlen(seen) - 2);
    strcat(seen, "\n");
}

static void begin(void)
{
    trace_clear();
    memset(trace_times, 0, sizeof trace_times);
}

static void put(enum trace_kind kind, unsigned where, unsigned extra, uint32_t value)
{
    (void)trace_put(kind, trace_head(kind, where, extra), value);
}

static void put_at(uint64_t us, enum trace_kind kind, unsigned where, unsigned extra,
                   uint32_t value)
{
    *trace_time_at(trace_put(kind, trace_head(kind, where, extra), value)) = us * 1000;
}

static void out(unsigned port, uint8_t value)
{
    put(TRACE_PORT_WRITE, port, 1, value);
}

/* What task file registers are written with, from Features on; in the order of their ports. */
static void write_task_file(const uint8_t *values, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        out(COMMAND_BLOCK + 1 + i, values[i]);
}
#define TASK_FILE(...) \
    write_task_file((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* The last `count` entries are these lines, without their times. */
static void check(unsigned count, const char *wanted, const char *what)
{
    char words[sizeof seen] = "";

    seen[0] = 0;
    trace_show(count, take_line);
    for (char *line = strtok(seen, "\n"); line; line = strtok(NULL, "\n")) {
        strcat(words, strlen(line) > 22 ? line + 22 : line);
        strcat(words, "\n");
    }
    if (!tap_ok(strcmp(words, wanted) == 0, "%s", what))
        printf("# got\n%s# wanted\n%s", words, wanted);
}

static void check_command(uint8_t opcode, const char *wanted)
{
    char line[200];

    out(COMMAND_BLOCK + 7, opcode);
    snprintf(line, sizeof line, "0.1  Command <- %s\n", wanted);
    check(1, line, wanted);
}

/* ------------------------------------------------------------------ commands */

static void test_commands(void)
{
    begin();
    check_command(0xC8, "0xc8 READ DMA");
    TASK_FILE(0, 8, 0x00, 0x08, 0x00, 0xE0);
    check_command(0xC8, "0xc8 READ DMA, device 0, LBA 2048, 8 sectors");
    check_command(0xC8, "0xc8 READ DMA, device 0");
    TASK_FILE(0, 0, 0x56, 0x34, 0x12, 0xF3);
    check_command(0xCA, "0xca WRITE DMA, device 1, LBA 51524694, 256 sectors");
    TASK_FILE(0, 1, 0x11, 0x34, 0x02, 0xA5);
    check_command(0x20, "0x20 READ SECTOR(S), device 0, cylinder 564, head 5, sector 17, 1 sector");
    out(COMMAND_BLOCK + 2, 4);
    out(COMMAND_BLOCK + 4, 4);
    check_command(0xC4, "0xc4 READ MULTIPLE, device 0, 4 sectors");
    TASK_FILE(0, 1, 0x44, 0x55, 0x66);
    TASK_FILE(0, 2, 0x11, 0x22, 0x33, 0x40);
    check_command(0x25, "0x25 READ DMA EXT, device 0, LBA 112516402455057, 258 sectors");
    TASK_FILE(0, 0, 0x00, 0x00, 0x00);
    TASK_FILE(0, 0, 0x11, 0x22, 0x33, 0x50);
    check_command(0x35, "0x35 WRITE DMA EXT, device 1, LBA 3351057, 65536 sectors");
    TASK_FILE(0, 9, 0x11, 0x22, 0x33, 0x40);
    check_command(0x25, "0x25 READ DMA EXT, device 0");
    TASK_FILE(0x01, 0, 0, 0, 0);
    TASK_FILE(0x00, 0x28, 7, 0, 0, 0x40);
    check_command(0x60, "0x60 READ FPDMA QUEUED, device 0, LBA 7, 256 sectors, tag 5");
    TASK_FILE(0x08, 0x18, 7, 0, 0, 0x40);
    check_command(0xC7, "0xc7 READ DMA QUEUED, device 0, LBA 7, 8 sectors, tag 3");
    TASK_FILE(3, 0x45);
    check_command(0xEF, "0xef SET FEATURES, device 0, 0x03 Set transfer mode, Ultra DMA mode 5");
    TASK_FILE(0x77);
    check_command(0xEF, "0xef SET FEATURES, device 0, 0x77");
    TASK_FILE(0xDA);
    check_command(0xB0, "0xb0 SMART, device 0, 0xda RETURN STATUS");
    TASK_FILE(0, 16);
    check_command(0xC6, "0xc6 SET MULTIPLE MODE, device 0, count 16");
    TASK_FILE(1, 0, 0, 0x00, 0x08);
    check_command(0xA0, "0xa0 PACKET, device 0, DMA, byte count limit 2048");
    TASK_FILE(1, 1, 1, 1, 1, 0xB0);
    check_command(0xEC, "0xec IDENTIFY DEVICE, device 1");
    check_command(0xFF, "0xff (no known command), device 1");
    out(CONTROL_BLOCK, 0x04);
    check_command(0xE7, "0xe7 FLUSH CACHE, device 0");
}

/* ------------------------------------------------------------------ registers */

static void test_registers(void)
{
    begin();
    put(TRACE_PORT_READ, COMMAND_BLOCK + 7, 1, 0x58);
    put(TRACE_PORT_READ, CONTROL_BLOCK, 1, 0xD0);
    put(TRACE_PORT_READ, CONTROL_BLOCK, 1 | TRACE_INJECTED, 0x00);
    put(TRACE_PORT_READ, COMMAND_BLOCK + 1, 1, 0x44);
    out(CONTROL_BLOCK, 0x06);
    out(COMMAND_BLOCK + 6, 0xB5);
    out(COMMAND_BLOCK + 6, 0xE3);
    put(TRACE_PORT_READ, COMMAND_BLOCK + 2, 1, 0x03);
    put(TRACE_PORT_READ, 0x1234, 2, 0xBEEF);
    check(9,
          "0.1  Status -> 0x58 DRDY DSC DRQ\n"
          "0.1  Alternate Status -> 0xd0 BSY DRDY DSC\n"
          "0.1  Alternate Status -> 0x00 (injected)\n"
          "0.1  Error -> 0x44 UNC ABRT\n"
          "0.1  Device Control <- 0x06 SRST nIEN\n"
          "0.1  Device <- 0xb5 device 1, head 5\n"
          "0.1  Device <- 0xe3 device 0, LBA, bits 27:24 = 0x3\n"
          "0.1  Sector Count -> 0x03\n"
          "     port 0x1234 -> 0xbeef\n",
          "registers by name, values with their bits");
    begin();
    out(COMMAND_BLOCK + 7, 0xA0);
    put(TRACE_PACKET, COMMAND_BLOCK, 0, 0x00000028);
    put(TRACE_PACKET, COMMAND_BLOCK, 4, 0x00001000);
    put(TRACE_PACKET, COMMAND_BLOCK, 8, 0x00000001);
    put(TRACE_PORT_BUFFER, COMMAND_BLOCK, 2 | TRACE_IS_OUT, 6);
    put(TRACE_PORT_BUFFER, COMMAND_BLOCK, 4, 512);
    put(TRACE_PORT_READ, COMMAND_BLOCK + 2, 1, 0x03);
    put(TRACE_PORT_READ, COMMAND_BLOCK + 1, 1, 0x64);
    put(TRACE_PORT_BUFFER, 0x99, 1, 1);
    check(8,
          "0.1  Data <- 12 bytes (6 x 2): 0x28 READ(10), LBA 16, 1 block\n"
          "0.1  Data -> 2048 bytes (512 x 4)\n"
          "0.1  Sector Count -> 0x03 I/O C/D\n"
          "0.1  Error -> 0x64 UNIT ATTENTION ABRT\n"
          "     port 0x0099 -> 1 byte (1 x 1)\n",
          "after PACKET they mean something else");
    begin();
    put(TRACE_PORT_WRITE, BUS_MASTER + 4, 4, 0x1F000);
    out(BUS_MASTER, 0x08);
    out(BUS_MASTER, 0x09);
    put(TRACE_PORT_READ, BUS_MASTER + 2, 1, 0x65);
    out(BUS_MASTER, 0x00);
    out(BUS_MASTER, 0x01);
    table_length = 2;
    check(6,
          "0.1  PRD Table Address <- 0x0001f000\n"
          "0.1  Bus Master Command <- 0x08 bus master stop, to memory\n"
          "0.1  Bus Master Command <- 0x09 bus master start, to memory\n"
          "0.1  Bus Master Status -> 0x65 Drive-1-DMA Drive-0-DMA Interrupt Active\n"
          "0.1  Bus Master Command <- 0x00 bus master stop, from memory\n"
          "0.1  Bus Master Command <- 0x01 bus master start, from memory, PRD 0x200000: 4096, "
          "0x201000: "
          "4096\n",
          "the bus master, with the table of its last start");
    table_length = 6;
    check(1,
          "0.1  Bus Master Command <- 0x01 bus master start, from memory, PRD 0x200000: 4096, "
          "0x201000: "
          "4096, 0x202000: 4096, 0x203000: 4096 and 2 more\n",
          "with the beginning of a long one");
    out(BUS_MASTER, 0x01);
    check(1, "0.1  Bus Master Command <- 0x01 bus master goes on, from memory\n",
          "and start while it runs");
    begin();
    table_length = 1;
    out(BUS_MASTER, 0x09);
    out(BUS_MASTER, 0x00);
    out(BUS_MASTER, 0x09);
    out(BUS_MASTER, 0x08);
    out(COMMAND_BLOCK + 2, 0x01);
    check(5,
          "0.1  Bus Master Command <- 0x09 bus master start, to memory\n"
          "0.1  Bus Master Command <- 0x00 bus master stop, from memory\n"
          "0.1  Bus Master Command <- 0x09 bus master start, to memory, PRD 0x200000: 4096\n"
          "0.1  Bus Master Command <- 0x08 bus master stop, to memory\n"
          "0.1  Sector Count <- 0x01\n",
          "the last start is it when other writes have followed");
    begin();
    put(TRACE_REGISTER_WRITE, 0x2004, 4, 0x80000002);
    put(TRACE_REGISTER_READ, 0x2000 + 0x100 + 3 * 0x80 + 0x20, 4, 0x0441);
    put(TRACE_REGISTER_READ, 0x2000 + 0x100 + 0x1C, 4, 0);
    put(TRACE_REGISTER_WRITE, 0x9998, 4, 5);
    put(TRACE_REGISTER_BUFFER, 0x9998, 4, 5);
    check(5,
          "2.0  GHC <- 0x80000002 AE IE\n"
          "2.0  P3TFD -> 0x00000441 DRDY ERR Error ABRT\n"
          "2.0  register 0x11c -> 0x00000000\n"
          "     memory 0x...9998 <- 0x00000005\n"
          "     memory 0x...9998 -> 20 bytes (5 x 4)\n",
          "AHCI's registers, and memory that nobody knows");
}

/* ------------------------------------------------------------------ the rest */

static void test_events(void)
{
    begin();
    put(TRACE_CALL, CHANNEL, 0, CONTEXT_HW_CONTROL | IdeStop << 8 | IRQL_PASSIVE << 16);
    put(TRACE_CALL, TRACE_NO_CHANNEL, 0, CONTEXT_DRIVER_ENTRY);
    put(TRACE_FALSE, CHANNEL, 0, CONTEXT_INTERRUPT);
    put(TRACE_IRB_START, trace_channel(15, 31), 3,
        IRB_FUNCTION_ATA_READ | IRQL_DIRQL << 16 | (uint32_t)IRQL_DISPATCH << 24);
    put(TRACE_IRB_END, CHANNEL, 3, IRB_STATUS_DEVICE_ERROR);
    put(TRACE_TIMEOUT, CHANNEL, 3, 0);
    put(TRACE_RULE, CHANNEL, 0, RULE_ADR_01);
    put(TRACE_STATE, CHANNEL, MACHINE_RECOVERY, RECOVERY_NONE | RECOVERY_RESET << 8);
    put(TRACE_STATE, CHANNEL, MACHINE_POWER,
        POWER_D0 | POWER_D0 << 8 | (state_place(0, 5, 0) & STATE_UNIT));
    put(TRACE_STATE, 2, MACHINE_CONTROLLER, CONTROLLER_STOPPED | CONTROLLER_STARTING << 8);
    put(TRACE_RECOVERY, CHANNEL, TRACED_REPEAT, 1 | IRB_STATUS_BUS_RESET << 8 | 2 << 16 | 3 << 24);
    put(TRACE_RECOVERY, CHANNEL, TRACED_REPEAT, 1 | IRB_STATUS_DEVICE_ERROR << 8);
    check(
        12,
        "0.1  call IdeHwControl(IdeStop) at PASSIVE_LEVEL\n"
        "     call DriverEntry at PASSIVE_LEVEL\n"
        "0.1  IdeHwInterrupt returns FALSE\n"
        "15.31 IRB in slot 3 begins: read, IdeHwBuildIo at DISPATCH_LEVEL, IdeHwStartIo at DIRQL\n"
        "0.1  IRB in slot 3 ends: device error\n"
        "0.1  IRB in slot 3: its time is over\n"
        "0.1  rule ADR-01 is broken\n"
        "     recovery of channel 0.1: none -> reset\n"
        "     power of channel 0.1, target 5: D0 -> D0\n"
        "     controller 2: stopped -> starting\n"
        "0.1  target 1: a request is to be repeated, after bus reset (2 of 3)\n"
        "0.1  target 1: a request is to be repeated, after device error (in another mode)\n",
        "calls, requests, rules and states");
}

/* The lines as they are. */
static void check_lines(unsigned count, const char *wanted, const char *what)
{
    seen[0] = 0;
    trace_show(count, take_line);
    if (!tap_ok(strcmp(seen, wanted) == 0, "%s", what))
        printf("# got\n%s# wanted\n%s", seen, wanted);
}

static void test_times(void)
{
    begin();
    put_at(999999, TRACE_CALL, CHANNEL, 0, CONTEXT_START_IO);
    out(COMMAND_BLOCK + 2, 1);
    out(COMMAND_BLOCK + 2, 1);
    put_at(1000011, TRACE_PORT_WRITE, COMMAND_BLOCK + 7, 1 | TRACE_TIMED, 0xE7);
    put_at(4294967296u + 1000011u, TRACE_PORT_WRITE, COMMAND_BLOCK + 7, 1 | TRACE_TIMED, 0xE7);
    out(COMMAND_BLOCK + 2, 1);
    check_lines(6,
                "   0.999999           0.1  call IdeHwStartIo at PASSIVE_LEVEL\n"
                "                      0.1  Sector Count <- 0x01, 2 times\n"
                "   1.000011      +12  0.1  Command <- 0xe7 FLUSH CACHE, 2 times\n"
                "                      0.1  Sector Count <- 0x01\n",
                "times, of those that have one, and equal neighbours in one line");
    put_at(UINT64_C(9000000000), TRACE_CALL, CHANNEL, 0, CONTEXT_START_IO);
    check_lines(3,
                "4295.967307           0.1  Command <- 0xe7 FLUSH CACHE\n"
                "                      0.1  Sector Count <- 0x01\n"
                "9000.000000 +4704032693  0.1  call IdeHwStartIo at PASSIVE_LEVEL\n",
                "of 64 bits");
    check_lines(0, "", "no entries are no lines");
    tap_ok(trace_show(UINT32_MAX, take_line) == 5, "and there are no more than there are");
    trace_clear();
    check_lines(UINT32_MAX, "", "none when they were forgotten");
}

/* Who looks for the last access of a register finds where what was recorded begins. */
static unsigned gaps(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < TRACE_ENTRY_COUNT; i++)
        count += trace_gap_of(trace_at(i)->head) != 0;
    return count;
}

static unsigned gap_before(unsigned entries)
{
    return trace_gap_of(trace_at((uint16_t)(trace_next - entries - 1))->head);
}

static void test_gaps(void)
{
    const unsigned both = TRACE_GAP_PORTS | TRACE_GAP_REGISTERS;

    begin();
    tap_ok(gaps() == 1 && gap_before(0) == both, "what was forgotten leaves a gap");
    trace_switch(true);
    trace_select("irbs,ports,registers", &(const char *){0});
    trace_select("ports,registers", &(const char *){0});
    tap_ok(gaps() == 1, "there is none while all accesses are recorded");
    trace_select("registers", &(const char *){0});
    trace_switch(false);
    tap_ok(gaps() == 1, "nor where fewer are");
    trace_switch(true);
    out(COMMAND_BLOCK + 2, 1);
    put(TRACE_REGISTER_READ, 0x2008, 4, 1);
    tap_ok(gaps() == 2 && gap_before(1) == TRACE_GAP_REGISTERS,
           "but where they are recorded again, of their kind");
    trace_select("irbs,ports,registers", &(const char *){0});
    tap_ok(gaps() == 3 && gap_before(0) == TRACE_GAP_PORTS, "or more of them");
    trace_switch(false);
    trace_switch(true);
    tap_ok(gaps() == 4 && gap_before(0) == both, "or all");
    trace_select("all", &(const char *){0});
}

/* Nothing is made up of what was written on both sides of a gap. */
static void test_across_gaps(void)
{
    begin();
    TASK_FILE(0, 8, 0x00, 0x08, 0x00, 0xE0);
    put(TRACE_PACKET, COMMAND_BLOCK, 0, 0x00000028);
    trace_switch(false);
    out(COMMAND_BLOCK + 3, 0x55);
    trace_switch(true);
    put(TRACE_PORT_BUFFER, COMMAND_BLOCK, 2 | TRACE_IS_OUT, 6);
    check(1, "0.1  Data <- 12 bytes (6 x 2)\n", "a packet from before a gap is not shown");
    check_command(0xC8, "0xc8 READ DMA");
    TASK_FILE(0, 8, 0x00, 0x08, 0x00, 0xE0);
    trace_select("ports", &(const char *){0});
    trace_select("all", &(const char *){0});
    check_command(0xC8, "0xc8 READ DMA, device 0, LBA 2048, 8 sectors");
    begin();
    table_length = 1;
    out(BUS_MASTER, 0x09);
    trace_switch(false);
    trace_switch(true);
    out(BUS_MASTER, 0x00);
    out(COMMAND_BLOCK + 2, 1);
    trace_switch(false);
    trace_switch(true);
    out(COMMAND_BLOCK + 2, 1);
    check(6,
          "0.1  Bus Master Command <- 0x09 bus master start, to memory\n"
          "0.1  Bus Master Command <- 0x00 bus master stop, from memory\n"
          "0.1  Sector Count <- 0x01\n"
          "0.1  Sector Count <- 0x01\n",
          "nor the table of a start before one, which may not be the last, nor neighbours as one");
}

static void test_selection(void)
{
    begin();
    const char *unknown;
    tap_ok(trace_select("irbs,calls", &unknown) && !trace_select("irbs,nothing,x", &unknown) &&
               strcmp(unknown, "nothing,x") == 0 && !trace_select("irb", &unknown),
           "words");
    out(COMMAND_BLOCK + 2, 1);
    put(TRACE_IRB_END, CHANNEL, 3, IRB_STATUS_SUCCESS);
    out(COMMAND_BLOCK + 2, 2);
    check(UINT32_MAX, "0.1  IRB in slot 3 ends: success\n", "what is not selected is not there");
    trace_switch(false);
    put(TRACE_IRB_END, CHANNEL, 4, IRB_STATUS_SUCCESS);
    check(UINT32_MAX, "0.1  IRB in slot 3 ends: success\n", "nothing while it is off");
    trace_switch(true);
    put(TRACE_IRB_END, CHANNEL, 5, IRB_STATUS_SUCCESS);
    out(COMMAND_BLOCK + 2, 2);
    check(UINT32_MAX, "0.1  IRB in slot 3 ends: success\n0.1  IRB in slot 5 ends: success\n",
          "then again what was selected");
    trace_select("off", &(const char *){0});
    trace_switch(true);
    out(COMMAND_BLOCK + 2, 2);
    check(1, "0.1  Sector Count <- 0x02\n", "or all, where nothing was");
    trace_clear();
    printed[0] = 0;
    trace_print(10);
    tap_ok(strstr(printed, ":\nIt is empty.\n") != NULL, "an empty trace is called so");
}

/* More channels than a reader has room for: the first one is forgotten, no other. */
static bool find_many(bool is_memory, uint16_t where, struct trace_register *found)
{
    (void)is_memory;
    *found = (struct trace_register){.channel = where >> 4,
                                     .role = (enum access_role)(ROLE_DATA + where % 8)};
    return true;
}

static void test_many(void)
{
    begin();
    trace_set_world(&(const struct trace_world){find_many, find_table});
    for (unsigned channel = 0; channel <= TRACE_TASK_FILES; channel++)
        out(channel << 4 | 6, 0xB0);
    out(1 << 4 | 7, 0xE7);
    out(0 << 4 | 7, 0xE7);
    check(2, "0.1  Command <- 0xe7 FLUSH CACHE, device 1\n0.0  Command <- 0xe7 FLUSH CACHE\n",
          "many channels");
    trace_set_world(&machine);
}

int main(void)
{
    trace_set_world(&machine);
    test_commands();
    test_registers();
    test_events();
    test_times();
    test_gaps();
    test_across_gaps();
    test_selection();
    test_many();
    return tap_exit();
}
