/* SPDX-License-Identifier: MIT */
/*
 * A TCG plugin: which of the guest's instructions ran, and how often.
 *
 *   -plugin coverage.so,out=FILE,above=0x1f0000      those at this address or above it
 *   -plugin coverage.so,probe=on                     says "coverage: yes", and QEMU ends
 *
 * FILE has a line for each instruction that was translated: `ADDRESS BYTES COUNT`, the address
 * hexadecimal. A count is of 64 bits, a page's instructions are kept together, and a page is never
 * forgotten: an image that takes another one's place adds to its counts.
 *
 * Nothing is done to the guest, and only what lies above the address becomes slower.
 *
 * Owns: its counters. Entered by QEMU, at translation and from translated code, with one virtual
 * CPU.
 */
#include "tests/bench/qemu_plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u

struct page {
    struct page *next;
    uint64_t address;
    uint64_t counts[PAGE_BYTES];
    uint8_t byte_counts[PAGE_BYTES]; /* of the instruction that begins there; 0: none does */
};

static struct page *pages;
static const char *out_file;
static uint64_t lowest;

static struct page *page_at(uint64_t address)
{
    struct page *page = pages;

    while (page && page->address != address)
        page = page->next;
    if (page)
        return page;
    page = calloc(1, sizeof *page);
    if (!page) {
        fprintf(stderr, "coverage: no memory for another page\n");
        exit(1);
    }
    page->address = address;
    page->next = pages;
    pages = page;
    return page;
}

static void executed(unsigned vcpu_index, void *user_data)
{
    (void)vcpu_index;
    ++*(uint64_t *)user_data;
}

static void translated(struct qemu_plugin_tb *tb)
{
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address < lowest)
            continue;
        struct page *page = page_at(address - address % PAGE_BYTES);
        page->byte_counts[address % PAGE_BYTES] = (uint8_t)qemu_plugin_insn_size(insn);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, QEMU_PLUGIN_CB_NO_REGS,
                                               &page->counts[address % PAGE_BYTES]);
    }
}

static void at_exit(void)
{
    FILE *file = fopen(out_file, "w");

    if (!file) {
        perror(out_file);
        return;
    }
    for (const struct page *page = pages; page; page = page->next)
        for (unsigned i = 0; i < PAGE_BYTES; i++)
            if (page->byte_counts[i])
                fprintf(file, "%" PRIx64 " %u %" PRIu64 "\n", page->address + i,
                        page->byte_counts[i], page->counts[i]);
    if (fclose(file) != 0)
        perror(out_file);
}

int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info, int argument_count,
                        char **arguments)
{
    for (int i = 0; i < argument_count; i++) {
        if (strncmp(arguments[i], "out=", 4) == 0)
            out_file = arguments[i] + 4;
        else if (strncmp(arguments[i], "above=", 6) == 0)
            lowest = strtoull(arguments[i] + 6, NULL, 0);
        else if (strcmp(arguments[i], "probe=on") == 0) {
            printf("coverage: yes\n");
            exit(0);
        } else {
            fprintf(stderr, "coverage: cannot take the argument \"%s\"\n", arguments[i]);
            return -1;
        }
    }
    if (!out_file) {
        fprintf(stderr, "coverage: out= is needed\n");
        return -1;
    }
    return plugin_begin(id, info, translated, at_exit);
}
