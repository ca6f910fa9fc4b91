/* SPDX-License-Identifier: MIT */
/* What our plugins share: which version of the interface QEMU has, and what its functions look like
 * there. */
#define _GNU_SOURCE /* RTLD_DEFAULT */

#include "tests/bench/qemu_plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/* The version that QEMU is told; set before it looks. */
QEMU_PLUGIN_EXPORT int qemu_plugin_version;
int plugin_interface;

static void (*plugin_translated)(struct qemu_plugin_tb *tb);
static void (*plugin_at_exit)(void);

/* QEMU looks at qemu_plugin_version once this has run. Which versions it takes it tells by the
 * functions that it has: the first had gone in 2, and the second came with 6, the last before 7. */
__attribute__((constructor)) static void choose_version(void)
{
    if (dlsym(RTLD_DEFAULT, "qemu_plugin_register_vcpu_insn_exec_inline"))
        qemu_plugin_version = 1;
    else
        qemu_plugin_version = dlsym(RTLD_DEFAULT, "qemu_plugin_set_pc") ? 7 : 2;
}

void *plugin_function(const char *name)
{
    void *function = dlsym(RTLD_DEFAULT, name);

    if (!function) {
        fprintf(stderr, "plugin: this QEMU has no function %s for plugins\n", name);
        exit(1);
    }
    return function;
}

static void translated_1_to_6(uint64_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    plugin_translated(tb);
}

static void translated_7(struct qemu_plugin_tb *tb, void *user_data)
{
    (void)user_data;
    plugin_translated(tb);
}

static void at_exit_1_to_6(uint64_t id, void *user_data)
{
    (void)id;
    (void)user_data;
    plugin_at_exit();
}

static void at_exit_7(void *user_data)
{
    (void)user_data;
    plugin_at_exit();
}

int plugin_begin(uint64_t id, const struct qemu_info_t *info,
                 void (*translated)(struct qemu_plugin_tb *tb), void (*at_exit)(void))
{
    if (!info->system_emulation || info->system.smp_vcpus != 1) {
        fprintf(stderr, "plugin: it takes a machine with one CPU\n");
        return -1;
    }
    void *register_translated = plugin_function("qemu_plugin_register_vcpu_tb_trans_cb");
    void *register_at_exit = plugin_function("qemu_plugin_register_atexit_cb");

    plugin_interface = info->version.cur;
    plugin_translated = translated;
    plugin_at_exit = at_exit;
    if (plugin_interface < 7) {
        ((register_translated_1_to_6 *)register_translated)(id, translated_1_to_6);
        ((register_at_exit_1_to_6 *)register_at_exit)(id, at_exit_1_to_6, NULL);
    } else {
        ((register_translated_7 *)register_translated)(id, translated_7, NULL);
        ((register_at_exit_7 *)register_at_exit)(id, at_exit_7, NULL);
    }
    return 0;
}
