/* SPDX-License-Identifier: MIT */
/*
 * The words of fault rules; see inject_rule.h. Owns nothing. May not touch a device, nor know what
 * a fault does. Any context.
 */
#include <stdio.h>
#include <string.h>

#include "lib/near.h"
#include "port/access/inject.h"
#include "port/access/inject_words.h"
#include "port/access/names.h"

/* VALUE[/MASK], both hexadecimal. */
static bool read_masked(struct reading *reading, const char *form, const char *text, uint32_t limit)
{
    uint64_t value, mask = limit;
    const char *end = inject_number_at(text, 16, limit, &value);

    if (end && *end == '/')
        end = inject_number_at(end + 1, 16, limit, &mask);
    if (!end || *end)
        return inject_wrong(reading,
                            "\"%s\" is not as in %s: hexadecimal, at most %#x; the bits of MASK "
                            "become those of VALUE.",
                            text, form, (unsigned)limit);
    reading->rule->value = (uint32_t)value;
    reading->rule->mask = (uint32_t)mask;
    return true;
}

/* ------------------------------------------------------------------ what */

static bool take_value(struct reading *reading)
{
    return read_masked(reading, "read VALUE[/MASK]", inject_next_word(reading), UINT32_MAX);
}

static bool take_write(struct reading *reading)
{
    const char *word = inject_next_word(reading);
    reading->rule->is_drop = strcmp(word, "drop") == 0;
    return reading->rule->is_drop ||
           read_masked(reading, "write drop, or write VALUE[/MASK]", word, UINT32_MAX);
}

static bool take_interrupt(struct reading *reading)
{
    static const char *const words[] = {"lost", "late", "early", "double", "spurious", "shared"};
    const char *word = inject_next_word(reading);

    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) != 0)
            continue;
        reading->rule->kind = (enum inject_kind)(INJECT_LOST + i);
        return true;
    }
    return inject_wrong(
        reading, "\"interrupt %s\": an interrupt is lost, late, early, double, spurious or shared.",
        word);
}

static bool take_nothing(struct reading *reading)
{
    (void)reading;
    return true;
}

static bool take_float(struct reading *reading)
{
    const char *word = inject_next_word(reading);
    uint64_t value;

    if (!inject_number_is(word, 16, 0xFF, &value) || (value != 0xFF && value != 0x7F))
        return inject_wrong(reading, "\"float %s\": a bus that nobody drives shows FF, or 7F.",
                            word);
    reading->rule->value = (uint32_t)value;
    return true;
}

/* "UNC", "UNC+ABRT", or a number. ATA/ATAPI-6: a command that ends with ICRC was aborted, too. */
static bool take_error(struct reading *reading)
{
    const char *word = inject_next_word(reading);
    uint64_t number;
    uint32_t bits = 0, bit;

    if (inject_number_is(word, 16, 0xFF, &number)) {
        reading->rule->value = (uint32_t)number;
        return true;
    }
    for (const char *name = word;; name++) {
        size_t length = strcspn(name, "+");
        if (!bits_mask(BITS_ERROR, name, length, &bit))
            return inject_wrong(
                reading,
                "\"error %s\": what Error shows is UNC, IDNF, ICRC, ABRT, several of "
                "them as in IDNF+ABRT, or its bits in hexadecimal.",
                word);
        bits |= bit == IDE_ERROR_CRC_ERROR ? bit | IDE_ERROR_COMMAND_ABORTED : bit;
        name += length;
        if (!*name)
            break;
    }
    reading->rule->value = bits;
    return true;
}

static bool take_dma(struct reading *reading)
{
    const char *word = inject_next_word(reading);
    return strcmp(word, "above-4g") == 0 ||
           inject_wrong(reading, "\"dma %s\": what is refused is DMA above-4g.", word);
}

static bool take_sense(struct reading *reading)
{
    const char *word = inject_next_word(reading), *end = word;
    uint64_t part;

    for (unsigned i = 0; i < 3; i++) {
        end = inject_number_at(end, 16, i ? 0xFF : 0xF, &part);
        if (!end || *end != (i < 2 ? '/' : 0))
            return inject_wrong(
                reading, "\"sense %s\": sense data are KEY/ASC/ASCQ in hexadecimal, as in 3/11/00.",
                word);
        reading->rule->sense[i] = (uint8_t)part;
        end++;
    }
    return true;
}

/* PLACE=VALUE[/MASK], where the place is a number below `limit`. Returns what follows the '='. */
static const char *take_place(struct reading *reading, unsigned base, uint32_t limit)
{
    const char *end;
    uint64_t place;

    end = inject_number_at(inject_next_word(reading), base, limit - 1, &place);
    reading->rule->offset = end ? (uint32_t)place : 0;
    return end && *end == '=' ? end + 1 : NULL;
}

/* What log 10h tells: the command that a rule has let fail, none of the queued ones, or a tag. */
static bool take_log(struct reading *reading)
{
    const char *word = inject_next_word(reading);
    uint64_t tag;

    if (strcmp(word, "failed") == 0)
        reading->rule->log = INJECT_LOG_FAILED;
    else if (strcmp(word, "NQ") == 0)
        reading->rule->log = INJECT_LOG_NQ;
    else if (inject_number_is(word, 10, 31, &tag))
        reading->rule->log = (uint16_t)tag;
    else
        return inject_wrong(reading,
                            "\"log %s\": log 10h tells the command that failed, NQ (it was none of "
                            "the queued ones), or a tag from 0 to 31.",
                            word);
    return true;
}

static bool take_identify(struct reading *reading)
{
    const char *value = take_place(reading, 10, 256);
    return value ? read_masked(reading, "identify WORD=VALUE[/MASK]", value, 0xFFFF)
                 : inject_wrong(reading,
                                "identify WORD=VALUE[/MASK]: a word from 0 to 255 in decimal, "
                                "its value in hexadecimal, as in identify 93=4000.");
}

/* As many bytes as VALUE has digits for. */
static bool take_config(struct reading *reading)
{
    const char *value = take_place(reading, 16, 256);
    size_t digits = value ? strcspn(value, "/") : 0;

    if (value && (value[0] == '0' && (value[1] == 'x' || value[1] == 'X')))
        digits -= 2;
    if (digits != 2 && digits != 4 && digits != 8)
        return inject_wrong(
            reading,
            "config OFFSET=VALUE[/MASK]: both hexadecimal, the offset below 100, the value "
            "of 2, 4 or 8 digits, as in config 40=8000.");
    reading->rule->byte_count = (uint8_t)(digits / 2);
    return read_masked(reading, "config OFFSET=VALUE[/MASK]", value,
                       UINT32_MAX >> (32 - 4 * digits));
}

static bool take_factor(struct reading *reading)
{
    const char *word = inject_next_word(reading);
    uint64_t factor;

    if (!inject_number_is(word, 10, 10000, &factor) || factor < 1)
        return inject_wrong(
            reading, "\"time-outs %s\": how many times as fast time-outs pass, from 1 to 10000.",
            word);
    reading->rule->value = (uint32_t)factor;
    return true;
}

#define KEYS_OF_TIMES  (KEY_NTH | KEY_COUNT | KEY_EVERY | KEY_RATE | KEY_SEED | KEY_AFTER)
#define KEYS_OF_ALL    (KEY_CHANNEL | KEYS_OF_TIMES)
#define KEYS_ACCESS    (KEYS_OF_ALL | KEY_TARGET | KEY_COMMAND | KEY_REGISTER | KEY_FOR)
#define KEYS_COMMAND   (KEYS_OF_ALL | KEY_TARGET | KEY_COMMAND)
#define KEYS_INTERRUPT (KEYS_OF_ALL | KEY_TARGET | KEY_COMMAND)

static const struct {
    const char *name; /* the first word */
    enum inject_kind kind;
    bool (*take)(struct reading *reading);
    unsigned keys;
    bool lasts;          /* without count= it is for ever; others happen once */
    const char *details; /* words that may follow it, separated by blanks; NULL: none but values */
} whats[] = {
    {"read", INJECT_READ, take_value, KEYS_ACCESS, false, NULL},
    {"write", INJECT_WRITE, take_write, KEYS_ACCESS, false, "drop"},
    {"interrupt", INJECT_LOST, take_interrupt, KEYS_INTERRUPT | KEY_FOR, false,
     "lost late early double spurious shared"},
    {"bsy", INJECT_BSY, take_nothing, KEYS_ACCESS, false, NULL},
    {"drq", INJECT_DRQ, take_nothing, KEYS_ACCESS, false, NULL},
    {"float", INJECT_FLOAT, take_float, KEYS_ACCESS, false, "FF 7F"},
    {"df", INJECT_DF, take_nothing, KEYS_COMMAND, false, NULL},
    {"error", INJECT_ERROR, take_error, KEYS_COMMAND, false, "UNC IDNF ICRC ABRT"},
    {"bus-master-error", INJECT_BUS_MASTER_ERROR, take_nothing, KEYS_COMMAND, false, NULL},
    {"vanish", INJECT_VANISH, take_nothing, KEYS_ACCESS, false, NULL},
    {"unplug", INJECT_UNPLUG, take_nothing, KEYS_ACCESS & ~(unsigned)KEY_TARGET, false, NULL},
    {"dma", INJECT_DMA_ABOVE_4G, take_dma, KEYS_COMMAND, true, "above-4g"},
    {"sense", INJECT_SENSE, take_sense, KEYS_COMMAND, false, NULL},
    {"log", INJECT_LOG, take_log, KEYS_OF_ALL, true, "failed NQ"},
    {"identify", INJECT_IDENTIFY, take_identify, KEYS_OF_ALL | KEY_TARGET, true, NULL},
    {"config", INJECT_CONFIG, take_config, KEYS_OF_ALL, true, NULL},
    {"time-outs", INJECT_TIMEOUTS, take_factor, 0, true, NULL},
};
#define WHAT_COUNT (sizeof whats / sizeof *whats)
#define ALL_WHATS                                                                                 \
    "read, write, interrupt, bsy, drq, float, df, error, bus-master-error, vanish, unplug, dma, " \
    "sense, log, identify, config and time-outs"

/* ------------------------------------------------------------------ for who types them */

bool inject_what(unsigned index, char word[INJECT_NAME_SIZE])
{
    if (index >= WHAT_COUNT)
        return false;
    snprintf(word, INJECT_NAME_SIZE, "%s", whats[index].name);
    return true;
}

bool inject_detail(const char *what, unsigned index, char word[INJECT_NAME_SIZE])
{
    const char *text = "";

    for (unsigned i = 0; i < WHAT_COUNT; i++)
        if (strcmp(whats[i].name, what) == 0 && whats[i].details)
            text = whats[i].details;
    for (; index > 0 && *text; index--) {
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    snprintf(word, INJECT_NAME_SIZE, "%.*s", (int)strcspn(text, " "), text);
    return *text;
}

static bool wrong_what(struct reading *reading, const char *word)
{
    struct near near = near_begin(word, strlen(word));
    char meant[60] = "";

    for (unsigned i = 0; i < WHAT_COUNT; i++)
        near_consider(&near, whats[i].name);
    near_finish(&near, ".", meant, sizeof meant);
    return inject_wrong(reading, "\"%s\" is no fault%s Faults are " ALL_WHATS ".", word, meant);
}

/* ------------------------------------------------------------------ all of it */

/* Splits at blanks, and writes the words down as rule->text. */
static bool split(struct reading *reading, const char *text)
{
    struct inject_rule *rule = reading->rule;
    size_t used = 0;

    while (*(text += strspn(text, " \t,"))) {
        size_t length = strcspn(text, " \t,");
        if (reading->count == INJECT_WORD_LIMIT || length >= INJECT_WORD_SIZE ||
            used + length + 2 > sizeof rule->text)
            return inject_wrong(reading, "A fault is not as long as that: \"%.40s...\"", text);
        memcpy(reading->words[reading->count++], text, length);
        if (used)
            rule->text[used++] = ' ';
        memcpy(rule->text + used, text, length);
        used += length;
        text += length;
    }
    return true;
}

bool inject_parse(const char *text, struct inject_rule *rule, char *error, size_t error_size)
{
    struct reading reading = {.rule = rule, .error = error, .error_size = error_size};
    unsigned what = 0, given = 0;

    *rule = (struct inject_rule){.controller = INJECT_ANY,
                                 .channel = INJECT_ANY,
                                 .target = INJECT_ANY,
                                 .command = INJECT_ANY,
                                 .nth = 1,
                                 .every = 1,
                                 .seed = 1};
    if (!split(&reading, text))
        return false;
    const char *word = inject_next_word(&reading);
    while (what < WHAT_COUNT && strcmp(whats[what].name, word) != 0)
        what++;
    if (what == WHAT_COUNT && *word)
        return wrong_what(&reading, word);
    if (what == WHAT_COUNT)
        return inject_wrong(&reading, "A fault begins with what goes wrong: " ALL_WHATS ".");
    rule->kind = whats[what].kind;
    if (!whats[what].take(&reading))
        return false;
    while (reading.next < reading.count)
        if (!inject_take_key(&reading, whats[what].name, whats[what].keys, &given))
            return false;
    if (given & KEY_SEED && !(given & KEY_RATE))
        return inject_wrong(&reading, "seed= belongs to rate=, which is missing.");
    if (!(given & KEY_COUNT))
        rule->count = whats[what].lasts || given & (KEY_RATE | KEY_EVERY) ? INJECT_FOR_EVER : 1;
    return true;
}
