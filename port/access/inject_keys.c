/* SPDX-License-Identifier: MIT */
/* The keys of fault rules, and their numbers; see inject_words.h. Pure; any context. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/near.h"
#include "port/access/inject.h"
#include "port/access/inject_words.h"
#include "port/access/names.h"

bool inject_wrong(struct reading *reading, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reading->error, reading->error_size, format, arguments);
    va_end(arguments);
    return false;
}

const char *inject_next_word(struct reading *reading)
{
    return reading->next < reading->count ? reading->words[reading->next++] : "";
}

/* ------------------------------------------------------------------ numbers */

static int digit_of(char sign, unsigned base)
{
    int digit = sign >= '0' && sign <= '9'   ? sign - '0'
                : sign >= 'a' && sign <= 'f' ? sign - 'a' + 10
                : sign >= 'A' && sign <= 'F' ? sign - 'A' + 10
                                             : 99;
    return digit < (int)base ? digit : -1;
}

const char *inject_number_at(const char *text, unsigned base, uint64_t limit, uint64_t *value)
{
    uint64_t number = 0;
    bool has_any = false;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    for (; digit_of(*text, base) >= 0; text++) {
        unsigned digit = (unsigned)digit_of(*text, base);
        if (digit > limit || number > (limit - digit) / base)
            return NULL;
        number = number * base + digit;
        has_any = true;
    }
    *value = number;
    return has_any ? text : NULL;
}

bool inject_number_is(const char *text, unsigned base, uint64_t limit, uint64_t *value)
{
    const char *end = inject_number_at(text, base, limit, value);
    if (end && base == 16 && (*end == 'h' || *end == 'H'))
        end++;
    return end && !*end;
}

/* ------------------------------------------------------------------ keys */

static bool key_channel(struct reading *reading, const char *value)
{
    struct inject_rule *rule = reading->rule;
    uint64_t number, channel = INJECT_ANY;
    const char *end = inject_number_at(value, 10, 255, &number);

    if (end && *end == '.')
        end = inject_number_at(end + 1, 10, 255, &channel);
    if (!end || *end)
        return inject_wrong(
            reading,
            "channel=%s: a channel's name as `devices` has it, as in 0.1; 0 for all of "
            "controller 0.",
            value);
    rule->controller = (uint16_t)number;
    rule->channel = (uint16_t)channel;
    return true;
}

static bool key_target(struct reading *reading, const char *value)
{
    uint64_t target;
    if (!inject_number_is(value, 10, 7, &target))
        return inject_wrong(reading, "target=%s: 0 or 1 (on a SATA bus up to 7).", value);
    reading->rule->target = (uint16_t)target;
    return true;
}

/* By one of the two names that a register of the task file has. False: `value` is the name that it
 * does not have for this kind of fault. */
static bool take_role(struct reading *reading, enum access_role role, const char *value)
{
    size_t length = strlen(value);
    bool is_read = name_is(register_name(role, false), value, length);
    bool is_written = name_is(register_name(role, true), value, length);
    enum inject_kind kind = reading->rule->kind;

    reading->rule->place = INJECT_PLACE_ROLE;
    reading->rule->role = (uint8_t)role;
    if (is_read == is_written ||
        !(kind == INJECT_READ ? is_written : is_read && kind == INJECT_WRITE))
        return true;
    return inject_wrong(reading, "register=%s: that one is only %s; what is %s there is %s.", value,
                        is_written ? "written" : "read", is_written ? "read" : "written",
                        register_name(role, is_read));
}

static bool key_register(struct reading *reading, const char *value)
{
    struct inject_rule *rule = reading->rule;
    size_t length = strlen(value);
    enum access_role role = register_role(value, length);
    uint64_t number;
    int port;

    if (role != ROLE_NONE)
        return take_role(reading, role, value);
    if (ahci_register_offset(value, length, &rule->offset_of, &port)) {
        bool is_any = rule->offset_of >= AHCI_PORTS_OFFSET && port < 0;
        rule->place = is_any ? INJECT_PLACE_AHCI_PORT : INJECT_PLACE_NUMBER;
        rule->offset_of -= is_any ? AHCI_PORTS_OFFSET : 0;
        return true;
    }
    if (!inject_number_is(value, 16, 0xFFFF, &number))
        return inject_wrong(
            reading,
            "register=%s: no register has that name. Names are those of the standards, with - for "
            "blanks (Status, Alternate-Status, LBA-Low, Command, Bus-Master-Status, PxTFD); "
            "numbers are ports in hexadecimal.",
            value);
    rule->place = INJECT_PLACE_NUMBER;
    rule->offset_of = (uint32_t)number;
    return true;
}

static bool key_command(struct reading *reading, const char *value)
{
    bool is_packet = reading->rule->kind == INJECT_SENSE;
    size_t length = strlen(value);
    uint64_t number;
    uint8_t opcode;

    if (!is_packet && name_is("SRST", value, length)) {
        number = INJECT_SRST;
    } else if (is_packet ? packet_command_opcode(value, length, &opcode)
                         : ata_command_opcode(value, length, &opcode)) {
        number = opcode;
    } else if (!inject_number_is(value, 16, 0xFF, &number)) {
        return inject_wrong(reading,
                            "command=%s: no %s command has that name. Names are those of the "
                            "standard, with - for blanks (%s); numbers are hexadecimal (%s).",
                            value, is_packet ? "packet" : "ATA",
                            is_packet ? "READ(10)" : "READ-DMA, and SRST", is_packet ? "28" : "C8");
    }
    reading->rule->command = (uint16_t)number;
    return true;
}

static bool read_number(struct reading *reading, const char *key, const char *value, uint64_t limit,
                        uint64_t *number)
{
    return (inject_number_is(value, 10, limit, number) && *number > 0) ||
           inject_wrong(reading, "%s=%s: a number from 1 on.", key, value);
}

static bool key_nth(struct reading *reading, const char *value)
{
    uint64_t number;
    if (!read_number(reading, "nth", value, UINT32_MAX, &number))
        return false;
    reading->rule->nth = (uint32_t)number;
    return true;
}

static bool key_count(struct reading *reading, const char *value)
{
    if (strcmp(value, "for-ever") == 0) {
        reading->rule->count = INJECT_FOR_EVER;
        return true;
    }
    return (inject_number_is(value, 10, UINT32_MAX, &reading->rule->count) &&
            reading->rule->count > 0) ||
           inject_wrong(reading, "count=%s: a number from 1 on, or for-ever.", value);
}

static bool key_every(struct reading *reading, const char *value)
{
    uint64_t number;
    if (!read_number(reading, "every", value, UINT32_MAX, &number))
        return false;
    reading->rule->every = (uint32_t)number;
    return true;
}

static bool key_rate(struct reading *reading, const char *value)
{
    uint64_t rate, of;
    const char *end = inject_number_at(value, 10, UINT32_MAX, &rate);

    if (!end || *end != '/' || !inject_number_is(end + 1, 10, UINT32_MAX, &of) || rate == 0 ||
        rate > of)
        return inject_wrong(reading, "rate=%s: how many of how many, as in 1/1000.", value);
    reading->rule->rate = (uint32_t)rate;
    reading->rule->of = (uint32_t)of;
    return true;
}

static bool key_seed(struct reading *reading, const char *value)
{
    return inject_number_is(value, 10, UINT64_MAX, &reading->rule->seed) ||
           inject_wrong(reading, "seed=%s: a number.", value);
}

static bool read_time(struct reading *reading, const char *key, const char *value, uint64_t *time)
{
    const char *end = inject_number_at(value, 10, UINT32_MAX, time);

    if (end && strcmp(end, "us") == 0)
        return true;
    *time *= 1000;
    if (end && strcmp(end, "ms") == 0)
        return true;
    *time *= 1000;
    return (end && strcmp(end, "s") == 0) ||
           inject_wrong(reading, "%s=%s: a time is a number with us, ms or s, as in 10ms%s.", key,
                        value, strcmp(key, "for") == 0 ? "; or for-ever" : "");
}

static bool key_after(struct reading *reading, const char *value)
{
    return read_time(reading, "after", value, &reading->rule->after_us);
}

static bool key_for(struct reading *reading, const char *value)
{
    if (strcmp(value, "for-ever") == 0) {
        reading->rule->for_us = INJECT_FOR_EVER;
        return true;
    }
    return read_time(reading, "for", value, &reading->rule->for_us);
}

static const struct {
    const char *name;
    bool (*set)(struct reading *reading, const char *value);
    unsigned key;
} keys[] = {
    {"channel", key_channel, KEY_CHANNEL},
    {"target", key_target, KEY_TARGET},
    {"register", key_register, KEY_REGISTER},
    {"command", key_command, KEY_COMMAND},
    {"nth", key_nth, KEY_NTH},
    {"count", key_count, KEY_COUNT},
    {"every", key_every, KEY_EVERY},
    {"rate", key_rate, KEY_RATE},
    {"seed", key_seed, KEY_SEED},
    {"after", key_after, KEY_AFTER},
    {"for", key_for, KEY_FOR},
};
#define ALL_KEYS (sizeof keys / sizeof *keys)

bool inject_key(unsigned index, char word[INJECT_NAME_SIZE])
{
    if (index >= ALL_KEYS)
        return false;
    snprintf(word, INJECT_NAME_SIZE, "%s=", keys[index].name);
    return true;
}

static bool wrong_key(struct reading *reading, const char *word)
{
    struct near near = near_begin(word, strcspn(word, "="));
    char meant[60] = "";

    for (unsigned i = 0; i < ALL_KEYS; i++)
        near_consider(&near, keys[i].name);
    near_finish(&near, ".", meant, sizeof meant);
    return inject_wrong(reading,
                        "\"%s\" is no key of a fault%s Keys are channel=, target=, register=, "
                        "command=, nth=, count=, every=, rate=, seed=, after= and for=.",
                        word, meant);
}

bool inject_take_key(struct reading *reading, const char *what, unsigned allowed, unsigned *given)
{
    const char *word = inject_next_word(reading), *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : 0;

    for (unsigned i = 0; equals && i < ALL_KEYS; i++) {
        if (strlen(keys[i].name) != length || memcmp(keys[i].name, word, length) != 0)
            continue;
        if (!(allowed & keys[i].key))
            return inject_wrong(reading, "%s= says nothing of \"%s\".", keys[i].name, what);
        if (*given & keys[i].key)
            return inject_wrong(reading, "%s= stands there twice.", keys[i].name);
        *given |= keys[i].key;
        return keys[i].set(reading, equals + 1);
    }
    return wrong_key(reading, word);
}
