/* SPDX-License-Identifier: MIT */
/*
 * The PE loader, with every input that fuzzing it has kept.
 *
 * SOURCES: port/loader/pe_sections.c tests/fuzz/fuzz_pe.c port/loader/pe.c port/loader/pe_load.c port/loader/pe_names.c
 * SOURCES: port/loader/pe_error.c port/loader/pe_cookie.c
 * ARGUMENTS: tests/fuzz/pe.txt
 */
#include "tests/fuzz/replay.h"

int main(int argc, char **argv)
{
    return replay_main(argc, argv);
}
