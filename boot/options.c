/* SPDX-License-Identifier: MIT */
/* Command lines of the kernel and its modules; see options.h. Pure: tested on the host. */
#include <stdio.h>
#include <string.h>

#include "boot/options.h"
#include "boot/shell/numbers.h"
#include "lib/near.h"

/* A piece of a command line. */
struct span {
    const char *text;
    size_t length;
};

static bool span_is(struct span span, const char *word)
{
    return strlen(word) == span.length && memcmp(span.text, word, span.length) == 0;
}

/* Length for "%.*s": what a sentence about a long word shows of it. */
static int shown(struct span span)
{
    return span.length < 60 ? (int)span.length : 60;
}

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

/* The next word, split at its first '='; value.text is NULL without one. */
static bool next_word(const char **cursor, struct span *key, struct span *value)
{
    const char *word = skip_blanks(*cursor), *end = word, *equals = NULL;

    for (; *end && *end != ' ' && *end != '\t'; end++)
        if (*end == '=' && !equals)
            equals = end;
    *cursor = end;
    *key = (struct span){word, (size_t)((equals ? equals : end) - word)};
    *value = (struct span){equals ? equals + 1 : NULL, equals ? (size_t)(end - equals - 1) : 0};
    return end > word;
}

/* ------------------------------------------------------------------ the kernel's command line */

/* Looks `value` up in a list of words. Returns its place, or -1. */
static int place_in(struct span value, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (span_is(value, words[i]))
            return i;
    return -1;
}

static bool set_mode(struct boot_options *options, struct span value)
{
    static const char *const words[] = {
        [SHELL_INTERACTIVE] = "interactive",
        [SHELL_COMMANDS] = "commands",
        [SHELL_TOUR] = "tour",
    };
    int place = place_in(value, words, 3);
    if (place >= 0)
        options->mode = (enum shell_mode)place;
    return place >= 0;
}

static bool set_strict(struct boot_options *options, struct span value)
{
    static const char *const words[] = {"0", "1"};
    int place = place_in(value, words, 2);
    options->strict = place == 1;
    return place >= 0;
}

static bool set_dump(struct boot_options *options, struct span value)
{
    static const char *const words[] = {"0", "1"};
    int place = place_in(value, words, 2);
    options->dump = place == 1;
    return place >= 0;
}

static bool set_checks(struct boot_options *options, struct span value)
{
    static const char *const words[] = {"off", "calls", "on"};
    int place = place_in(value, words, 3);
    options->checks = place >= 1;
    options->audits = place == 2;
    return place >= 0;
}

/* What it means is another's business. False: it is longer than `capacity` takes. */
static bool keep(struct span value, char *text, size_t capacity)
{
    if (value.length >= capacity)
        return false;
    memcpy(text, value.text, value.length);
    text[value.length] = 0;
    return true;
}

static bool set_trace(struct boot_options *options, struct span value)
{
    return keep(value, options->trace_words, sizeof options->trace_words);
}

/* A number of at most `limit`. */
static bool number_in(struct span value, uint32_t limit, uint32_t *number)
{
    char text[12];
    uint64_t parsed;

    if (!keep(value, text, sizeof text) || number_parse(text, &parsed) != NUMBER_OK ||
        parsed > limit)
        return false;
    *number = (uint32_t)parsed;
    return true;
}

/* All levels up to this one. */
static bool set_debug(struct boot_options *options, struct span value)
{
    uint32_t level;
    if (!number_in(value, UINT32_MAX, &level))
        return false;
    options->debug_mask = level < 31 ? (2u << level) - 1 : UINT32_MAX;
    return true;
}

static bool set_debug_mask(struct boot_options *options, struct span value)
{
    return number_in(value, UINT32_MAX, &options->debug_mask);
}

static bool set_disks(struct boot_options *options, struct span value)
{
    return keep(value, options->disks, sizeof options->disks);
}

static bool set_cds(struct boot_options *options, struct span value)
{
    return keep(value, options->cds, sizeof options->cds);
}

static bool set_door(struct boot_options *options, struct span value)
{
    return keep(value, options->door, sizeof options->door);
}

static bool set_door_writes(struct boot_options *options, struct span value)
{
    static const char *const words[] = {"0", "1"};
    int place = place_in(value, words, 2);
    options->door_writes = place == 1;
    return place >= 0;
}

static bool set_watchdog(struct boot_options *options, struct span value)
{
    return number_in(value, WATCHDOG_MOST_MS, &options->watchdog_ms);
}

static bool set_tick(struct boot_options *options, struct span value)
{
    return number_in(value, TICK_MOST_US, &options->tick_us) && options->tick_us >= TICK_LEAST_US;
}

static bool set_columns(struct boot_options *options, struct span value)
{
    uint32_t columns;
    if (!number_in(value, COLUMNS_MOST, &columns) || columns < COLUMNS_LEAST)
        return false;
    options->columns = (uint16_t)columns;
    return true;
}

static bool set_build_io(struct boot_options *options, struct span value)
{
    static const char *const words[] = {"free", "guarded"};
    int place = place_in(value, words, 2);
    options->guard_build_io = place == 1;
    return place >= 0;
}

/* By how much: no structure has grown or shrunk by that. */
#define VERSION_ERROR 4

static bool set_version(struct boot_options *options, struct span value)
{
    static const char *const structures[] = {"controller", "interface", "channel", "device"};
    static const char *const ways[] = {"less", "more"};
    size_t length = 0;

    while (length < value.length && value.text[length] != ':')
        length++;
    if (length == value.length)
        return false;
    int structure = place_in((struct span){value.text, length}, structures, 4);
    int way = place_in((struct span){value.text + length + 1, value.length - length - 1}, ways, 2);
    options->version_structure = (uint8_t)structure;
    options->version_error = way == 1 ? VERSION_ERROR : -VERSION_ERROR;
    return structure >= 0 && way >= 0;
}

static bool set_test(struct boot_options *options, struct span value)
{
    return value.length > 0 && keep(value, options->test, sizeof options->test);
}

static bool set_faults(struct boot_options *options, struct span value)
{
    return keep(value, options->faults, sizeof options->faults);
}

static const struct {
    const char *name, *values;
    bool (*set)(struct boot_options *options, struct span value);
} keys[] = {
    {"mode", "interactive, commands or tour", set_mode},
    {"strict", "0 or 1", set_strict},
    {"checks", "on, calls or off", set_checks},
    {"dump", "0 or 1", set_dump},
    {"trace", "a short list of words", set_trace},
    {"debug", "a number of up to 32 bits", set_debug},
    {"debug_mask", "a number of up to 32 bits", set_debug_mask},
    {"disks", "up to 127 characters of places, as in 00:1f.2/0.0,isa/1.0", set_disks},
    {"cds", "up to 127 characters of places, as in 00:1f.2/0.0,isa/1.0", set_cds},
    {"door", "a URI of up to 399 characters", set_door},
    {"door_writes", "0 or 1", set_door_writes},
    {"watchdog", "milliseconds, up to 60000; 0 for none", set_watchdog},
    {"tick", "microseconds, from 100 to 50000", set_tick},
    {"columns", "a number from 20 to 1000", set_columns},
    {"build_io", "guarded or free", set_build_io},
    {"version", "controller, interface, channel or device, with :less or :more", set_version},
    {"test", "a short name", set_test},
    {"faults", "up to 1023 characters", set_faults},
};
#define KEY_COUNT (sizeof keys / sizeof *keys)

static void refuse_key(struct span key, char *error, size_t error_size)
{
    struct near near = near_begin(key.text, key.length);

    for (size_t i = 0; i < KEY_COUNT; i++)
        near_consider(&near, keys[i].name);
    snprintf(error, error_size, "The kernel's command line has no key \"%.*s\"", shown(key),
             key.text);
    near_finish(
        &near,
        "; it knows mode, strict, checks, dump, trace, debug, debug_mask, disks, cds, door, "
        "door_writes, watchdog, tick, columns, build_io, version, test and faults.",
        error, error_size);
}

bool options_parse(const char *command_line, struct boot_options *options, char *error,
                   size_t error_size)
{
    struct span key, value;

    *options = (struct boot_options){.mode = SHELL_INTERACTIVE,
                                     .checks = true,
                                     .audits = true,
                                     .debug_mask = UINT32_MAX,
                                     .watchdog_ms = WATCHDOG_DEFAULT_MS};
    while (next_word(&command_line, &key, &value)) {
        size_t i = 0;
        while (i < KEY_COUNT && !span_is(key, keys[i].name))
            i++;
        if (i == KEY_COUNT) {
            refuse_key(key, error, error_size);
            return false;
        }
        if (!value.text || !keys[i].set(options, value)) {
            snprintf(error, error_size,
                     "On the kernel's command line, %s must be %s, not \"%.*s\".", keys[i].name,
                     keys[i].values, shown(value), value.text ? value.text : "");
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------ modules */

static bool module_type(struct span word, enum module_type *type)
{
    static const char *const words[] = {
        [MODULE_DEFAULT] = "default", [MODULE_DRIVER] = "driver", [MODULE_LINES] = "lines",
        [MODULE_LAYER] = "layer",     [MODULE_HIVE] = "hive",     [MODULE_COMMANDS] = "commands",
        [MODULE_HISTORY] = "history",
    };
    int place = place_in(word, words, sizeof words / sizeof *words);
    if (place >= 0)
        *type = (enum module_type)place;
    return place >= 0;
}

bool module_parse(const char *command_line, struct module_description *description, char *error,
                  size_t error_size)
{
    struct span key, value;
    const char *rest = command_line;

    memset(description, 0, sizeof *description);
    if (!next_word(&rest, &key, &value) || !span_is(key, "type") || !value.text ||
        !module_type(value, &description->type)) {
        snprintf(error, error_size,
                 "The boot module \"%.60s\" must begin with type=default, driver, lines, layer, "
                 "hive, commands or history.",
                 command_line);
        return false;
    }
    rest = skip_blanks(rest);
    if (strncmp(rest, "name=", 5) == 0) {
        rest += 5; /* the name may hold blanks: it is the rest of the line */
        size_t length = strlen(rest);
        if (length >= sizeof description->name) {
            snprintf(error, error_size, "The boot module's name \"%.40s...\" is too long.", rest);
            return false;
        }
        memcpy(description->name, rest, length + 1);
    } else if (*rest) {
        snprintf(error, error_size, "The boot module \"%.60s\" has more than type= and name=.",
                 command_line);
        return false;
    }
    if ((description->type == MODULE_DEFAULT || description->type == MODULE_DRIVER) &&
        !description->name[0]) {
        snprintf(error, error_size, "The boot module \"%.60s\" is a driver without name=.",
                 command_line);
        return false;
    }
    return true;
}
