/* SPDX-License-Identifier: MIT */
/*
 * The part of QEMU's plugin interface that our plugins use (icount.c, tests/report/coverage.c):
 * QEMU exports these functions to the plugins it loads, and not every distribution has a header for
 * them.
 *
 * Names and types are QEMU's; it looks up the two names of "what a plugin offers" by dlsym. The
 * functions here are the same in every version of the interface from 1 to 7. Three have types that
 * depend on the version of the running QEMU, info->version.cur; only their types are here, with the
 * versions in their names, and they are looked up by dlsym too. What our plugins share, so that one
 * of them serves every QEMU from 6.0 to 11.1, is at the end.
 */
#ifndef TESTS_BENCH_QEMU_PLUGIN_H
#define TESTS_BENCH_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ------------------------------------------------------------------ what a plugin offers */

#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

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

/* QEMU: 8.2 and older take 0 to 1; 9.0 to 10.1 take 2 and what came later; 11.1 takes 7 only. */
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

enum qemu_plugin_mem_rw {
    QEMU_PLUGIN_MEM_RW = 3,
};

/* qemu_plugin_register_vcpu_tb_trans_cb: calls `translated` for each block that is translated. */
typedef void register_translated_1_to_6(uint64_t id,
                                        void (*translated)(uint64_t id, struct qemu_plugin_tb *tb));
typedef void register_translated_7(uint64_t id,
                                   void (*translated)(struct qemu_plugin_tb *tb, void *user_data),
                                   void *user_data);

/* qemu_plugin_register_atexit_cb: calls `at_exit` when QEMU ends. */
typedef void register_at_exit_1_to_6(uint64_t id, void (*at_exit)(uint64_t id, void *user_data),
                                     void *user_data);
typedef void register_at_exit_7(uint64_t id, void (*at_exit)(void *user_data), void *user_data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);

/* qemu_plugin_insn_data: where the instruction's bytes are, or a copy of them. */
typedef const void *insn_data_1_to_2(const struct qemu_plugin_insn *insn);
typedef size_t insn_data_3(const struct qemu_plugin_insn *insn, void *buffer, size_t size);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* Before each execution of the instruction. */
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*executed)(unsigned vcpu_index, void *user_data),
                                            enum qemu_plugin_cb_flags flags, void *user_data);

/* After each access that the instruction makes to memory. */
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
                                      void (*accessed)(unsigned vcpu_index, uint32_t info,
                                                       uint64_t address, void *user_data),
                                      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw kind,
                                      void *user_data);

/* Writes to QEMU's log, where `-d plugin` is given. */
void qemu_plugin_outs(const char *text);

/* ------------------------------------------------------------------ what our plugins share */

extern int plugin_interface; /* the version that the running QEMU has */

/* For qemu_plugin_install: each block that is translated, and QEMU's end, are told to the plugin.
 * Returns what QEMU is to be told. */
int plugin_begin(uint64_t id, const struct qemu_info_t *info,
                 void (*translated)(struct qemu_plugin_tb *tb), void (*at_exit)(void));

/* One of QEMU's functions whose types differ. */
void *plugin_function(const char *name);

#endif
