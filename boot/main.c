/* SPDX-License-Identifier: MIT */
/*
 * Bring-up: from the HAL's hand-over to the prompt and to power-off, as one list in kernel_main.
 *
 * Owns the order of things. May not know how any of them is done. Entered once, at PASSIVE_LEVEL.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot/door/door.h"
#include "boot/options.h"
#include "boot/shell/arguments.h"
#include "boot/shell/columns.h"
#include "boot/shell/commands.h"
#include "boot/shell/numbers.h"
#include "boot/shell/script.h"
#include "boot/shell/session.h"
#include "boot/shell/shell.h"
#include "boot/shell/words.h"
#include "lib/near.h"
#include "lib/plural.h"
#include "port/access/inject.h"
#include "port/contract/report.h"
#include "port/contract/rules.h"
#include "port/controller.h"
#include "port/device_names.h"
#include "port/driver.h"
#include "port/hang.h"
#include "port/init.h"
#include "port/log.h"
#include "port/objects.h"
#include "port/owned.h"
#include "port/parcel.h"
#include "port/registry/kernel.h"
#include "port/registry/reg_file.h"
#include "port/registry/store.h"
#include "port/request/queue.h"
#include "port/trace.h"

#define KERNEL_NAME    "ATA port driver"
#define KERNEL_VERSION "0.1"

static struct boot_options options;
static struct module_description modules[HAL_MAX_BOOT_MODULES]; /* as in hal_boot_info() */

/* ------------------------------------------------------------------ what the host asked for */

static _Noreturn void refuse(const char *sentence)
{
    hal_printf("%s\n", sentence);
    hal_exit(HAL_EXIT_USAGE);
}

static void print_banner(void)
{
    char memory[SIZE_TEXT_CAPACITY];

    size_format((uint64_t)hal_pages_available() * HAL_PAGE_SIZE, memory, sizeof memory);
    hal_printf(KERNEL_NAME " " KERNEL_VERSION " on " HAL_MACHINE ", %s of memory free, %s\n",
               memory, hal_pci_present() ? "PCI" : "no PCI");
}

static void read_command_lines(void)
{
    const struct hal_boot_info *boot = hal_boot_info();
    char error[200];

    if (!options_parse(boot->command_line, &options, error, sizeof error))
        refuse(error);
    for (unsigned i = 0; i < boot->module_count; i++)
        if (!module_parse(boot->modules[i].command_line, &modules[i], error, sizeof error))
            refuse(error);
}

/* From the first access of the first driver on. */
static void arm_faults(void)
{
    char error[300], sentence[340];

    if (inject_add_all(options.faults, error, sizeof error))
        return;
    snprintf(sentence, sizeof sentence, "A fault cannot be injected. %s", error);
    refuse(sentence);
}

static void apply_options(void)
{
    columns_set(options.columns);
    contract_strict = options.strict;
    contract_checks = options.checks;
    contract_audits = options.audits;
    port_dump_mode = options.dump;
    log_debug_mask = options.debug_mask;
    device_names_begin(options.disks, options.cds);
    hang_limit_ms = options.watchdog_ms;
    if (options.tick_us) {
        hal_timer_tick(options.tick_us);
        hal_console_announce_room();
    }
    port_build_io_care = options.guard_build_io ? BUILD_IO_GUARDED : 0;
    owned_version_error[options.version_structure] = options.version_error;
    const char *unknown;
    if (options.trace_words[0] && !trace_select(options.trace_words, &unknown)) {
        char error[200];
        const char *word;
        struct near near = near_begin(unknown, strcspn(unknown, ","));
        for (unsigned i = 0; (word = trace_word(i)); i++)
            near_consider(&near, word);
        snprintf(error, sizeof error,
                 "On the kernel's command line, trace=%s has a word that the trace does not know",
                 options.trace_words);
        near_finish(&near, ".", error, sizeof error);
        refuse(error);
    }
    requests_follow_trace();
}

/* The next module of a type: its index; module_count at the end. */
static unsigned next_module(enum module_type type, unsigned from)
{
    unsigned count = hal_boot_info()->module_count;
    while (from < count && modules[from].type != type)
        from++;
    return from;
}

static void for_each_module(enum module_type type, void (*visit)(unsigned index))
{
    unsigned count = hal_boot_info()->module_count;
    for (unsigned i = next_module(type, 0); i < count; i = next_module(type, i + 1))
        visit(i);
}

/* ------------------------------------------------------------------ registry and drivers */

static void load_layer(enum store_layer layer, unsigned index)
{
    const struct hal_boot_module *module = &hal_boot_info()->modules[index];

    registry_kernel_load(
        layer, &(struct reg_source){modules[index].name, module->data, module->byte_count});
}

static void load_driver_layer(unsigned index)
{
    load_layer(STORE_LAYER_DRIVER, index);
}

static void load_hive(unsigned index)
{
    load_layer(STORE_LAYER_FILE, index);
}

/* Defaults, then what lies beside the drivers, then the hive: later ones win. */
static void load_registry(void)
{
    registry_kernel_load_defaults();
    for_each_module(MODULE_LAYER, load_driver_layer);
    for_each_module(MODULE_HIVE, load_hive);
}

/* A driver that is refused has said why; the others go on. */
static void load_driver(unsigned index)
{
    const struct hal_boot_info *boot = hal_boot_info();
    struct driver_file file = {.name = modules[index].name,
                               .is_default = modules[index].type == MODULE_DEFAULT,
                               .image = boot->modules[index].data,
                               .image_byte_count = boot->modules[index].byte_count};

    for (unsigned i = next_module(MODULE_LINES, 0); i < boot->module_count;
         i = next_module(MODULE_LINES, i + 1))
        if (strcmp(modules[i].name, file.name) == 0) {
            file.lines = boot->modules[i].data;
            file.lines_byte_count = boot->modules[i].byte_count;
        }
    (void)port_load_driver(&file);
}

/* ------------------------------------------------------------------ the session */

static void print_devices(void)
{
    char size[SIZE_TEXT_CAPACITY], name[16];

    for (struct device *device = NULL; (device = port_next_device(device));) {
        if (!device->usable)
            continue;
        size_format(device->sector_count * device->sector_size, size, sizeof size);
        hal_printf("%s: %s, %s, %s\n", device_words(device, name), device->model,
                   device->sector_count ? size : "no medium", device_mode_name(device));
    }
    if (!port_next_device(NULL))
        hal_printf("No disk was found.\n");
}

/* The file of commands as UTF-8. */
static struct command_text commands_text(const struct hal_boot_module *module)
{
    enum script_encoding encoding = script_encoding(module->data, module->byte_count);
    struct command_text commands = {module->data, module->byte_count};

    if (encoding == SCRIPT_UTF16LE || encoding == SCRIPT_UTF16BE) {
        char *text = hal_pages_alloc(hal_pages_for(module->byte_count * 3 / 2), UINT64_MAX);
        if (!text)
            refuse("There is no memory for the commands.");
        commands.text = text;
        commands.length = script_convert(module->data, module->byte_count, encoding, text);
        encoding = script_encoding(text, commands.length);
    }
    if (encoding != SCRIPT_UTF8)
        refuse("The commands are no text: there are zero bytes in them. Text is UTF-8 or UTF-16.");
    return commands;
}

static bool run_commands(void)
{
    unsigned index = next_module(MODULE_COMMANDS, 0);

    if (index == hal_boot_info()->module_count)
        refuse("With mode=commands there must be a boot module type=commands.");
    struct command_text commands = commands_text(&hal_boot_info()->modules[index]);
    return shell_run_text(commands.text, commands.length);
}

/* tests/guest/guest.c, in a kernel that is built with it. */
bool guest_test(const char *name) __attribute__((weak));

static void run_test(void)
{
    if (!guest_test || !guest_test(options.test))
        refuse("On the kernel's command line, test names no test of this kernel.");
}

static void load_history(unsigned index)
{
    const struct hal_boot_module *module = &hal_boot_info()->modules[index];
    shell_load_history(module->data, module->byte_count);
}

static void prompt(void)
{
    for_each_module(MODULE_HISTORY, load_history);
    hal_printf("`help` lists the commands.\n");
    shell_interactive();
}

/* The commands come first; then the door is open, and the prompt there, until the session ends. */
static bool run_door_session(void)
{
    if (!door_prepare(shell_end))
        hal_exit(HAL_EXIT_USAGE);
    print_devices();
    bool succeeded = options.mode != SHELL_COMMANDS || run_commands();
    if (!shell_is_ending() && door_open(options.door, options.door_writes))
        prompt();
    if (shell_close())
        hal_printf("The host ends the session.\n");
    door_close();
    return succeeded;
}

/* True: nothing failed. A person has seen what failed. */
static bool run_session(void)
{
    if (options.test[0]) {
        run_test();
        return true;
    }
    parcel_stops = shell_is_stopped;
    shell_begin();
    if (options.door[0])
        return run_door_session();
    switch (options.mode) {
    case SHELL_INTERACTIVE:
        print_devices();
        prompt();
        return true;
    case SHELL_COMMANDS:
        print_devices();
        return run_commands();
    case SHELL_TOUR:
        return shell_tour();
    }
    return false;
}

static _Noreturn void end(bool succeeded)
{
    unsigned broken = 0;

    inject_print_summary();
    for (unsigned rule = 0; rule < RULE_COUNT; rule++)
        broken += contract_count((enum rule)rule) > 0;
    if (broken > 0)
        hal_printf("%u rule%s broken, %" PRIu64 " time%s in all\n", broken,
                   broken == 1 ? " was" : "s were", contract_total(), plural(contract_total()));
    hal_exit(succeeded ? HAL_EXIT_SUCCESS : HAL_EXIT_COMMAND_FAILED);
}

_Noreturn void kernel_main(void)
{
    print_banner();
    read_command_lines();
    apply_options();
    port_init();
    arm_faults();
    load_registry();
    for_each_module(MODULE_DEFAULT, load_driver);
    for_each_module(MODULE_DRIVER, load_driver);
    port_start();
    bool succeeded = run_session();
    (void)shell_close();
    bool flushed = port_stop();
    end(succeeded && flushed);
}
