/* SPDX-License-Identifier: MIT */
/*
 * The .reg parser, with every input that fuzzing it has kept.
 *
 * SOURCES: tests/fuzz/fuzz_reg.c
 * SOURCES: port/registry/memory.c port/registry/name.c lib/utf.c lib/crc32.c
 * SOURCES: port/registry/store.c port/registry/store_table.c port/registry/store_journal.c
 * SOURCES: port/registry/reg_scan.c port/registry/reg_data.c port/registry/reg_read.c
 * SOURCES: port/registry/reg_write.c
 * ARGUMENTS: tests/fuzz/reg.txt
 */
#include "tests/fuzz/replay.h"

int main(int argc, char **argv)
{
    return replay_main(argc, argv);
}
