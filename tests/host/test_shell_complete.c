/* SPDX-License-Identifier: MIT */
/*
 * Completion, abbreviations and "did you mean" of the shell, with its own table of commands: at a
 * prompt, by keys; and what is said of words that cannot stand where they do.
 *
 * SOURCES: boot/shell/line_editor.c boot/shell/line_draw.c boot/shell/line_search.c boot/shell/line_complete.c boot/shell/history.c
 * SOURCES: boot/shell/complete.c boot/shell/usage.c boot/shell/commands.c boot/shell/columns.c boot/shell/words.c
 * SOURCES: lib/near.c
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "boot/shell/commands.h"
#include "boot/shell/complete.h"
#include "boot/shell/line_editor_internal.h"
#include "boot/shell/words.h"
#include "hal/hal.h"
#include "lib/near.h"
#include "tests/host/tap.h"

/* ------------------------------------------------------------------ what is not here */

static char said[8192];

void hal_printf(const char *format, ...)
{
    size_t length = strlen(said);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(said + length, sizeof said - length, format, arguments);
    va_end(arguments);
}

enum command_result command_fail(const char *format, ...)
{
    size_t length = strlen(said);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(said + length, sizeof said - length, format, arguments);
    va_end(arguments);
    strcat(said, "\n");
    return COMMAND_FAILED;
}

#define STUB(name)                                                   \
    enum command_result command_##name(unsigned count, char **words) \
    {                                                                \
        (void)count, (void)words;                                    \
        return COMMAND_DONE;                                         \
    }                                                                \
    struct stub
STUB(devices);
STUB(mode);
STUB(cd);
STUB(identify);
STUB(partitions);
STUB(read);
STUB(write);
STUB(flush);
STUB(trim);
STUB(fill);
STUB(verify);
STUB(sha256);
STUB(copy);
STUB(smart);
STUB(ata);
STUB(cdb);
STUB(bench);
STUB(registry);
STUB(rules);
STUB(irbs);
STUB(counters);
STUB(fault);
STUB(stop);
STUB(start);
STUB(poweroff);
STUB(log);
STUB(trace);
STUB(drivers);
STUB(reset);
STUB(setting);

/* ------------------------------------------------------------------ a prompt */

static struct line_editor editor;
static char asked[200]; /* for which kinds of words */
static char shown[16384];

static void show(const char *text, size_t byte_count)
{
    size_t length = strlen(shown);
    if (length + byte_count < sizeof shown) {
        memcpy(shown + length, text, byte_count);
        shown[length + byte_count] = 0;
    }
}

static bool offer_kind(const char *kind, const struct complete_place *place,
                       struct line_completion *completion)
{
    static const struct {
        const char *kind, *word;
        bool is_whole, ignores_case;
    } words[] = {
        {"DISK", "0", true, false},
        {"DISK", "cd0", true, false},
        {"DST", "cd0", true, false},
        {"CHANNEL", "0.0", true, false},
        {"CHANNEL", "0.1", true, false},
        {"KEY", "HKLM\\SYS\\", false, true},
        {"NAME", "a name", true, true},
        {"NAME", "semi;colon", true, true},
        {"TYPE:VALUE", "dword:", false, false},
        {"COMMAND", "read-dma", true, false},
        {"WORDS", "irbs", true, false},
        {"RULE", "interrupt", true, false},
        {"RULE", "channel=", false, false},
    };

    snprintf(asked + strlen(asked), sizeof asked - strlen(asked), "%s,%s,%u;", place->command->name,
             kind, place->count);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].kind, kind) == 0)
            completion->offer(completion, &(struct line_candidate){words[i].word, words[i].is_whole,
                                                                   words[i].ignores_case});
    return true;
}

static void type(const char *keys)
{
    static const struct line_editor_host host = {.write = show, .complete = complete_line};

    memset(&editor, 0, sizeof editor);
    line_editor_init(&editor, &host, "> ", 80);
    line_editor_begin(&editor);
    asked[0] = shown[0] = 0;
    for (; *keys; keys++)
        (void)line_editor_byte(&editor, (uint8_t)*keys);
}

static void check(const char *keys, const char *line)
{
    type(keys);
    tap_ok(strcmp(editor.text, line) == 0, "Tab makes <%s> of <%.*s>", line,
           (int)strcspn(keys, "\t"), keys);
    if (strcmp(editor.text, line) != 0)
        printf("# it is <%s>, asked for %s\n", editor.text, asked);
}

static void test_keys(void)
{
    check("dev\t", "devices ");
    check("re\t", "re");
    check("reg\tl\t", "registry list ");
    check("help dev\t", "help dev"); /* the pretended kinds know read-dma only */
    check("cd c\t e\t", "cd cd0  eject ");
    check("cd cd0 l\t", "cd cd0 load ");
    check("read \t", "read ");
    check("read c\t", "read cd0 ");
    check("copy 0 0 c\t", "copy 0 0 cd0 ");
    check("read 0 \t", "read 0 ");
    check("devices \t", "devices ");
    check("devices; sto\t0\t", "devices; stop 0.");
    check("devices;sto\t", "devices;stop ");
    check("write 0 0 00 f\t", "write 0 0 00 fua ");
    check("write 0 0 f\t", "write 0 0 f");
    check("bench 0 r\t", "bench 0 read ");
    check("bench 0 read 4K \t", "bench 0 read 4K ");
    check("bench div\t", "bench divide=");
    check("bench divide=3 \t", "bench divide=3 ");
    check("ata 0 r\t", "ata 0 read-dma ");
    check("ata 0 x 1 2 3 i\t", "ata 0 x 1 2 3 in ");
    check("ata 0 x o\t", "ata 0 x out ");
    check("fault add i\t c\t", "fault add interrupt  channel=");
    check("fault l\t", "fault list ");
    check("trace o\t", "trace o");
    check("trace on i\t", "trace on irbs ");
    check("trace sa\t", "trace save ");
    check("registry get hk\ta\t", "registry get HKLM\\SYS\\a");
    check("registry get K a\t", "registry get K \"a name\" ");
    check("registry get K \"a n\t", "registry get K \"a name\" ");
    check("registry get K SE\t", "registry get K \"semi;colon\" ");
    check("registry set K N d\t", "registry set K N dword:");
    check("reg l h\t", "reg l HKLM\\SYS\\"); /* of abbreviations, too */
    check("nothing r\t", "nothing r");
    check("# re\t", "# re");
    check("devices # reg\t", "devices # reg");
    check("registry list PCI#x \t", "registry list PCI#x ");
    check("help \"a;dev\t", "help \"a;dev");
    check("; dev\t", "; devices ");
    type("cd 0 \t\t");
    tap_ok(strstr(shown, "\r\neject  load  capacity\r\n"),
           "a second Tab lists what may stand there");
    type("trace \t\t");
    tap_ok(strstr(shown, "\r\non  off  clear  save\r\n"), "of all ways");
    type("read x\t");
    tap_ok(strcmp(asked, "read,DISK,1;") == 0, "what stands there is asked for: %s", asked);
    type("setting 0.0 \t");
    tap_ok(strcmp(asked, "setting,GUID,2;") == 0, "and there: %s", asked);
}

/* ------------------------------------------------------------------ usages */

static void check_usage(const char *text, const char *typed, const char *expected)
{
    char words[200] = "", word[USAGE_WORD_SIZE], copy[100];
    struct usage usage;

    usage_read(&usage, text);
    usage_places places = usage_start(&usage);
    strcpy(copy, typed);
    for (char *at = strtok(copy, " "); at; at = strtok(NULL, " "))
        places = usage_step(&usage, places, at);
    for (unsigned i = 0; usage_word(&usage, places, i, word); i++)
        sprintf(words + strlen(words), "%s ", word);
    for (unsigned i = 0; usage_kind(&usage, places, i, word); i++)
        sprintf(words + strlen(words), "%s ", word);
    if (places >> usage.count & 1)
        strcat(words, "end");
    tap_ok(strcmp(words, expected) == 0, "<%s> after <%s>: <%s>", text, typed, words);
}

static void test_usages(void)
{
    check_usage("", "", "end");
    check_usage("", "x", "");
    check_usage("DISK LBA [COUNT]", "", "DISK ");
    check_usage("DISK LBA [COUNT]", "0 0", "COUNT end");
    check_usage("DISK LBA [COUNT]", "0 0 0", "end");
    check_usage("DISK LBA [COUNT]", "0 0 0 0", "");
    check_usage("A [b C | d [E...]] | f", "", "f A ");
    check_usage("A [b C | d [E...]] | f", "x", "b d end");
    check_usage("A [b C | d [E...]] | f", "x b", "C ");
    check_usage("A [b C | d [E...]] | f", "x b y", "end");
    check_usage("A [b C | d [E...]] | f", "x d", "E end");
    check_usage("A [b C | d [E...]] | f", "x d y y", "E end");
    check_usage("A [b C | d [E...]] | f", "f", "b d end"); /* f is an A as well */
    check_usage("[A] [b]", "b", "b end");
    check_usage("on|off", "off", "end");
    check_usage("a [b", "a", "b end"); /* as far as it goes */
    check_usage("a] | b", "a", "end");
}

/* ------------------------------------------------------------------ abbreviations, words meant */

/* A command as somebody types it, or as CMD= has it: its words as they are run, and what is said. */
static void check_run(const char *text, bool is_person, const char *run, const char *sentence)
{
    char buffer[200], joined[200] = "-", *words[20];
    unsigned count;

    said[0] = 0;
    words_split((struct command_text){text, strlen(text)}, buffer, sizeof buffer, words, 20,
                &count);
    const struct command *command = complete_find_command(words[0], is_person);
    if (command && (!is_person || complete_expand(command, count, words))) {
        strcpy(joined, command->name);
        for (unsigned i = 1; i < count; i++)
            sprintf(joined + strlen(joined), " %s", words[i]);
        complete_say_meant(command, count, words);
    }
    tap_ok(strcmp(joined, run) == 0 && strcmp(said, sentence) == 0, "<%s>%s runs <%s>: %s", text,
           is_person ? "" : " in CMD=", joined, said);
}

static void test_abbreviations(void)
{
    check_run("dev", true, "devices", "");
    check_run("dev", false, "-", "There is no command \"dev\"; did you mean devices?\n");
    check_run("devices", true, "devices", "");
    check_run("cd 0 eject", true, "cd 0 eject", "");
    check_run("cd 0 ej", true, "cd 0 eject", "");
    check_run("cd 0 ej", false, "cd 0 ej", "\"ej\" cannot stand there; did you mean eject?\n");
    check_run("re 0 0", true, "-", "\"re\" may be read, registry or reset.\n");
    check_run("c 0 0", true, "-", "\"c\" may be copy, cd, cdb or counters.\n");
    check_run("trace o", true, "-", "\"o\" may be on or off.\n");
    check_run("tra c", true, "trace clear", "");
    check_run("reg l HKLM", true, "registry list HKLM", "");
    check_run("reg g K l", true, "registry get K l", "");
    check_run(
        "wr 0 0 00", true, "-",
        "\"wr\" would be write, which changes what is stored: that word is written in full.\n");
    check_run(
        "registry d K", true, "-",
        "\"d\" would be delete, which changes what is stored: that word is written in full.\n");
    check_run(
        "fil 0 0 1 0", true, "-",
        "\"fil\" would be fill, which changes what is stored: that word is written in full.\n");
    check_run("fi 0 0 1 0", false, "-", "There is no command \"fi\"; did you mean fill?\n");
    check_run("bench w", true, "bench w", ""); /* a disk may have that name */
    check_run("hlp", false, "-", "There is no command \"hlp\"; did you mean help?\n");
    check_run("DEVICES", false, "-", "There is no command \"DEVICES\"; did you mean devices?\n");
    check_run("idnetify", true, "-", "There is no command \"idnetify\"; did you mean identify?\n");
    check_run("frobnicate", true, "-",
              "There is no command \"frobnicate\"; `help` lists those there are.\n");
    check_run("x", false, "-", "There is no command \"x\"; `help` lists those there are.\n");
    check_run("\"\"", true, "-", "There is no command \"\"; `help` lists those there are.\n");
    check_run("cd 0 elect", false, "cd 0 elect",
              "\"elect\" cannot stand there; did you mean eject?\n");
    check_run("registry lits", false, "registry lits",
              "\"lits\" cannot stand there; did you mean list?\n");
    check_run("cd 0 sing", false, "cd 0 sing", "");
}

static void test_distance(void)
{
    static const struct {
        const char *a, *b;
        unsigned distance;
    } rows[] = {
        {"", "", 0},         {"", "abc", 3},           {"abc", "", 3},       {"read", "READ", 0},
        {"raed", "read", 1}, {"rea", "read", 1},       {"reead", "read", 1}, {"resd", "read", 1},
        {"abcd", "dcba", 3}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
    };
    char long_word[60];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        tap_ok(near_distance(rows[i].a, strlen(rows[i].a), rows[i].b, strlen(rows[i].b)) ==
                   rows[i].distance,
               "from <%s> to <%s> it is %u", rows[i].a, rows[i].b, rows[i].distance);
    memset(long_word, 'a', sizeof long_word);
    TAP_CHECK(near_distance(long_word, 60, "a", 1) == 60 &&
              near_distance("a", 1, long_word, 41) == 41);
}

/* Random keys into the shell's own completion. */
static void test_random(void)
{
    static const char *const keys[] = {
        "re", "g", " ", " ",  "\t",   "\t",     "\t",   "\"",   ";",        "#", "H",
        "0",  "e", "o", "\\", "\x7F", "\x1B[D", "\x01", "\x05", "\xC3\xA9", "a", "\x17"};
    static const struct line_editor_host host = {.write = show, .complete = complete_line};
    uint32_t state = 42;
    bool right = true;

    memset(&editor, 0, sizeof editor);
    line_editor_init(&editor, &host, "> ", 40);
    line_editor_begin(&editor);
    for (unsigned i = 0; i < 60000; i++) {
        state = state * 1664525 + 1013904223;
        shown[0] = asked[0] = 0;
        for (const char *key = keys[(state >> 16) % (sizeof keys / sizeof *keys)]; *key; key++)
            (void)line_editor_byte(&editor, (uint8_t)*key);
        right = right && strlen(editor.text) == editor.length && editor.cursor <= editor.length;
        if (i % 300 == 0)
            line_editor_begin(&editor);
    }
    tap_ok(right, "60,000 random keys with Tabs among them");
}

int main(void)
{
    complete_begin(shell_commands, shell_command_count);
    complete_kinds = offer_kind;
    test_keys();
    test_usages();
    test_abbreviations();
    test_distance();
    test_random();
    return tap_exit();
}
