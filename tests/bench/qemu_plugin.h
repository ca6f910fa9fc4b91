/* SPDX-License-Identifier: MIT */
/*
 * The part of QEMU's plugin interface, version 1, that tests/bench/icount.c uses: QEMU exports
 * these functions to the plugins it loads, and Debian's package has no header for them.
 *
 * Names and types are QEMU's; it looks up the two names of "what a plugin offers" by dlsym.
 */
#ifndef TESTS_BENCH_QEMU_PLUGIN_H
#define TESTS_BENCH_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ------------------------------------------------------------------ what a plugin offers */

#define QEMU_PLUGIN_EXPORT  __attribute__((visibility("default")))
#define QEMU_PLUGIN_VERSION 1

struct qemu_info_t {
    const char *target_name; /* "x86_64", "i386" */
    struct {
        int min, cur; /* versions of the interface that this QEMU takes */
    } version;
    bool system_emulation;
    struct {
        int smp_vcpus, max_vcpus;
    } system;
};

extern QEMU_PLUGIN_EXPORT int qemu_plugin_version;

/* arguments are the "key=value" of -plugin, in order, and stay for ever. Non-zero: QEMU gives up.
 */
QEMU_PLUGIN_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info,
                                           int argument_count, char **arguments);

/* ------------------------------------------------------------------ what QEMU offers */

struct qemu_plugin_tb;   /* a translation block: a run of instructions translated together */
struct qemu_plugin_insn; /* an instruction in it; both live only as long as the call */

enum qemu_plugin_cb_flags {
    QEMU_PLUGIN_CB_NO_REGS,
};

enum qemu_plugin_op {
    QEMU_PLUGIN_INLINE_ADD_U64,
};

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                           void (*translated)(uint64_t id,
                                                              struct qemu_plugin_tb *tb));
void qemu_plugin_register_atexit_cb(uint64_t id, void (*at_exit)(uint64_t id, void *user_data),
                                    void *user_data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);

const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* Before each execution of the instruction: a call, or an addition to *counter. */
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*executed)(unsigned vcpu_index, void *user_data),
                                            enum qemu_plugin_cb_flags flags, void *user_data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                enum qemu_plugin_op operation, void *counter,
                                                uint64_t value);

/* Writes to QEMU's log, where `-d plugin` is given. */
void qemu_plugin_outs(const char *text);

#endif
