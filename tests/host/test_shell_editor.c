/* SPDX-License-Identifier: MIT */
/*
 * The line editor against a pretended terminal: what the person sees is compared with what is in
 * the line after every key, in scripts and with random keys.
 *
 * SOURCES: boot/shell/line_editor.c boot/shell/line_draw.c boot/shell/line_search.c boot/shell/line_complete.c
 * SOURCES: boot/shell/history.c
 */
#include <stdlib.h>
#include <string.h>

#include "boot/shell/line_editor_internal.h"
#include "tests/host/tap.h"

/* ------------------------------------------------------------------ the terminal */

/* A dumb terminal: characters, carriage return, backspace, line feed. Anything else is a mistake.
 */
#define ROWS        64u
#define MAX_COLUMNS 128u

static struct {
    unsigned columns, row, column;
    char cells[ROWS][MAX_COLUMNS][8]; /* a character each, "" for a blank */
    unsigned bells, mistakes;
} terminal;

static void terminal_clear(unsigned columns)
{
    memset(&terminal, 0, sizeof terminal);
    terminal.columns = columns;
}

static void new_row(void)
{
    if (terminal.row == ROWS - 1) {
        memmove(terminal.cells[0], terminal.cells[1],
                sizeof terminal.cells - sizeof terminal.cells[0]);
        memset(terminal.cells[ROWS - 1], 0, sizeof terminal.cells[0]);
    } else {
        terminal.row++;
    }
}

static void put_character(const char *bytes, size_t count)
{
    if (terminal.column >= terminal.columns) { /* it would wrap: the editor must not let it */
        terminal.mistakes++;
        return;
    }
    char *cell = terminal.cells[terminal.row][terminal.column++];
    memset(cell, 0, 8);
    if (count > 1 || *bytes != ' ')
        memcpy(cell, bytes, count);
}

static void terminal_write(const char *text, size_t byte_count)
{
    for (size_t i = 0; i < byte_count;) {
        unsigned char byte = (unsigned char)text[i];
        size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        if (length > byte_count - i) {
            terminal.mistakes++; /* a character in two writes */
            return;
        }
        if (byte == '\r')
            terminal.column = 0;
        else if (byte == '\n')
            new_row();
        else if (byte == '\b')
            terminal.column -= terminal.column > 0;
        else if (byte == '\a')
            terminal.bells++;
        else if (byte < ' ' || byte == 0x7F || (byte >= 0x80 && byte < 0xC0))
            terminal.mistakes++;
        else
            put_character(text + i, length);
        i += length;
    }
}

/* A row as text, without blanks at its end. */
static const char *row_text(unsigned row)
{
    static char text[MAX_COLUMNS * 8];
    size_t length = 0, end = 0;

    for (unsigned column = 0; column < terminal.columns; column++) {
        const char *cell = terminal.cells[row][column];
        if (cell[0]) {
            strcpy(text + length, cell);
            length += strlen(cell);
            end = length;
        } else {
            text[length++] = ' ';
        }
    }
    text[end] = 0;
    return text;
}

/* ------------------------------------------------------------------ the editor */

static const char *const names[] = {"help", "devices", "read", "registry", "rules", "write", NULL};

/* The word before the cursor, whatever stands before it; in test_shell_complete.c it is the shell's
 * own choice. */
static void complete(const char *text, size_t length, struct line_completion *completion)
{
    static char word[LINE_CAPACITY];
    size_t start = length;

    while (start > 0 && text[start - 1] != ' ')
        start--;
    memcpy(word, text + start, length - start);
    word[length - start] = 0;
    completion->start = start;
    completion->is_quoted = strchr(word, '"');
    completion->word = word + completion->is_quoted;
    for (unsigned i = 0; names[i]; i++)
        completion->offer(completion, &(struct line_candidate){.word = names[i], .is_whole = true});
    completion->offer(completion, &(struct line_candidate){"Key\\", false, true});
    completion->offer(completion, &(struct line_candidate){"wide \"\xC3\xA9", true, true});
    completion->offer(completion, &(struct line_candidate){"wide \"\xC3\xA8", true, true});
}

static unsigned kept_count;
static char kept[LINE_CAPACITY];

static void keep(const char *line)
{
    kept_count++;
    strcpy(kept, line);
}

static const struct line_editor_host host = {
    .write = terminal_write, .complete = complete, .kept = keep};
static struct line_editor editor;

static void begin(unsigned columns)
{
    terminal_clear(columns);
    memset(&editor, 0, sizeof editor);
    line_editor_init(&editor, &host, "> ", columns);
    line_editor_begin(&editor);
}

/* Types keys; returns the last event that was not LINE_PENDING. The shell starts a new line then.
 */
static enum line_event type_bytes(const char *keys, size_t count)
{
    enum line_event last = LINE_PENDING;

    for (size_t i = 0; i < count; i++) {
        enum line_event event = line_editor_byte(&editor, (uint8_t)keys[i]);
        if (event != LINE_PENDING)
            last = event;
        if (event == LINE_READY && i + 1 < count && keys[i + 1] != '\n')
            line_editor_begin(&editor);
    }
    return last;
}

static enum line_event type(const char *keys)
{
    return type_bytes(keys, strlen(keys));
}

static unsigned columns_of(const char *text, size_t bytes)
{
    unsigned columns = 0;
    for (size_t i = 0; i < bytes; i++)
        columns += ((unsigned char)text[i] & 0xC0) != 0x80;
    return columns;
}

/* Is what the terminal shows the line, or the part of it that fits, with the cursor in its place?
 */
static bool screen_is_right(void)
{
    char expected[LINE_CAPACITY * 2];
    size_t start = editor.window_start, end = start;
    const char *prompt = editor.search.is_on ? editor.search.prompt : "> ";
    unsigned prompt_columns = columns_of(prompt, strlen(prompt));
    unsigned width = editor.columns - prompt_columns - 1, shown = 0;

    while (end < editor.length && shown < width) {
        end++;
        while (end < editor.length && ((unsigned char)editor.text[end] & 0xC0) == 0x80)
            end++;
        shown++;
    }
    int length = sprintf(expected, "%s%.*s", prompt, (int)(end - start), editor.text + start);
    while (length > 0 && expected[length - 1] == ' ')
        expected[--length] = 0;
    return strcmp(row_text(terminal.row), expected) == 0 && editor.cursor >= start &&
           editor.cursor <= editor.length && strlen(editor.text) == editor.length &&
           terminal.column ==
               prompt_columns + columns_of(editor.text + start, editor.cursor - start) &&
           terminal.mistakes == 0;
}

static void check_line(const char *keys, const char *text, size_t cursor)
{
    begin(80);
    type(keys);
    bool right = strcmp(editor.text, text) == 0 && editor.cursor == cursor && screen_is_right();
    tap_ok(right, "keys give <%s>, cursor at %zu", text, cursor);
    if (!right)
        printf("# line <%s>, cursor %zu, screen <%s>, column %u, mistakes %u\n", editor.text,
               editor.cursor, row_text(terminal.row), terminal.column, terminal.mistakes);
}

#define LEFT      "\x1B[D"
#define RIGHT     "\x1B[C"
#define UP        "\x1B[A"
#define DOWN      "\x1B[B"
#define WORD_LEFT "\x1B[1;5D"

static void test_editing(void)
{
    check_line("read 0 0", "read 0 0", 8);
    check_line("reaad" LEFT "\x7F", "read", 3);
    check_line("ad" LEFT LEFT "re" RIGHT RIGHT, "read", 4);
    check_line("ad\x01re", "read", 2);
    check_line("ad\x1B[Hre\x1B[F!", "read!", 5);
    check_line("ad\x1B[1~re\x1B[4~!", "read!", 5);
    check_line("ad\x1BOHre\x1BOF!", "read!", 5);
    check_line("xread\x1B[H\x1B[3~", "read", 0);
    check_line("read 0 0" LEFT LEFT LEFT "\x0B", "read ", 5);
    check_line("read 0 0" LEFT LEFT LEFT "\x15", "0 0", 0);
    check_line("read 10 20  \x17", "read 10 ", 8);
    check_line("read 10 20" WORD_LEFT "x", "read 10 x20", 9);
    check_line("read 10 20" WORD_LEFT WORD_LEFT "\x1B[1;5C!", "read 10! 20", 8);
    check_line("\x08\x08" LEFT RIGHT "\x1B[3~", "", 0);
    check_line("a\x02\x06"
               "b",
               "ab", 2);
    check_line("abc\x01\x04", "bc", 0);
    check_line("\x1B[999;999;999Za\x1Bzb", "ab", 2);
    check_line("\x1B[15~\x1B[200~x", "x", 1);
    check_line("\x01\x1B\rread", "read", 4);
}

static void test_utf8(void)
{
    check_line("caf\xC3\xA9", "caf\xC3\xA9", 5);
    check_line("caf\xC3\xA9" LEFT "x", "cafx\xC3\xA9", 4);
    check_line("caf\xC3\xA9\x7F", "caf", 3);
    check_line("\xE2\x82\xAC"
               "1" LEFT LEFT "\x1B[3~",
               "1", 0);
    check_line("\xF0\x9F\x98\x80x" LEFT "y", "\xF0\x9F\x98\x80yx", 5);
    check_line("a\xA9"
               "b\xC3"
               "c",
               "abc", 3); /* ill-formed: dropped */
}

static void test_lines(void)
{
    begin(80);
    tap_ok(type("devices\r") == LINE_READY && strcmp(editor.text, "devices") == 0, "Enter");
    tap_ok(type("\n") == LINE_PENDING, "the line feed behind a carriage return is part of it");
    line_editor_begin(&editor);
    tap_ok(type("a\n") == LINE_READY && strcmp(editor.text, "a") == 0, "a line feed is Enter too");
    line_editor_begin(&editor);
    tap_ok(type("\n") == LINE_READY && editor.length == 0, "and again");
    line_editor_begin(&editor);
    tap_ok(type("\x04") == LINE_END, "Ctrl-D on an empty line");
    type("abc" LEFT);
    line_editor_cancel(&editor);
    tap_ok(strcmp(row_text(terminal.row - 1), "> abc^C") == 0 && editor.length == 0 &&
               screen_is_right(),
           "Ctrl-C gives up the line");
}

static bool line_is(const char *text)
{
    return strcmp(editor.text, text) == 0 && screen_is_right();
}

static void test_history(void)
{
    begin(80);
    type("one\rtwo\rtwo\r\r hidden\rthree\r");
    line_editor_begin(&editor);
    type("draft" UP);
    TAP_CHECK(line_is("three"));
    type(UP);
    TAP_CHECK(line_is("two"));
    type(UP UP UP);
    TAP_CHECK(line_is("one") && terminal.bells == 2);
    type(DOWN DOWN DOWN);
    TAP_CHECK(line_is("draft"));
    type(DOWN);
    TAP_CHECK(line_is("draft") && terminal.bells == 3);
    type("\x10\x10 more\r");
    line_editor_begin(&editor);
    type(UP);
    TAP_CHECK(line_is("two more"));
    for (unsigned i = 0; i < HISTORY_LINES + 5; i++) {
        char line[16];
        sprintf(line, "%s%u\r", i ? "" : "\x15", i);
        type(line);
        line_editor_begin(&editor);
    }
    for (unsigned i = 0; i < HISTORY_LINES; i++)
        type(UP);
    TAP_CHECK(line_is("5") && terminal.bells == 3);
    type(UP);
    TAP_CHECK(line_is("5") && terminal.bells == 4);
}

/* What the ring holds is what a plain list of the same lines would end in. */
static void test_history_ring(void)
{
    static struct history history;
    static char lines[3000][64];
    char line[3000];
    uint32_t state = 7;
    unsigned count = 0, wrong = 0;

    for (unsigned i = 0; i < 3000; i++) {
        state = state * 1664525 + 1013904223;
        size_t length = 1 + (state >> 16) % (i % 50 == 0 ? 2900 : i % 1000 < 500 ? 20 : 400);
        memset(line, 'a' + (int)(i % 26), sizeof line);
        wrong += !history_add(&history, line, length);
        snprintf(lines[count++], sizeof lines[0], "%c%zu", line[0], length);
        char text[64];
        for (unsigned back = 1; back <= history.count; back += 1 + history.count / 20) {
            const char *found = history_line(&history, back);
            snprintf(text, sizeof text, "%c%zu", found[0], strlen(found));
            wrong += strcmp(text, lines[count - back]) != 0;
        }
        wrong += history.count == 0 || history.count > HISTORY_LINES ||
                 (i > 1200 && history.count < 300) || history_line(&history, 0) ||
                 history_line(&history, history.count + 1);
    }
    tap_ok(wrong == 0, "lines of all lengths: the newest are there");
    TAP_CHECK(!history_add(&history, "", 0) && !history_add(&history, " x", 2) &&
              !history_add(&history, "a\tb", 3) && !history_add(&history, "a\x7F", 2) &&
              !history_add(&history, line, HISTORY_BYTES));
    memset(&history, 0, sizeof history);
    const char text[] = "one\ntwo\r\ntwo\n\n\xFFthr\x01\0ee\n  x\nfour";
    char *copy = malloc(sizeof text - 1);
    memcpy(copy, text, sizeof text - 1);
    history_load(&history, copy, sizeof text - 1, 100);
    TAP_CHECK(history.count == 3 && strcmp(history_line(&history, 1), "four") == 0 &&
              strcmp(history_line(&history, 2), "two") == 0);
    history_load(&history, copy, sizeof text - 1, 3);
    TAP_CHECK(history.count == 5 && strcmp(history_line(&history, 1), "two") == 0);
    free(copy);
}

static void test_kept(void)
{
    begin(80);
    kept_count = 0;
    type("one\rone\r two\r\rthree\r");
    TAP_CHECK(kept_count == 2 && strcmp(kept, "three") == 0);
}

#define CTRL_R "\x12"
#define CTRL_S "\x13"
#define CTRL_G "\x07"

static void begin_search(unsigned columns)
{
    begin(columns);
    type("read 0 1\rread 0 2\rdevices\rread 0 2\rsha256 0\r");
    line_editor_begin(&editor);
}

static void test_search(void)
{
    begin_search(80);
    type("draft" LEFT CTRL_R);
    TAP_CHECK(line_is("draft") &&
              strcmp(row_text(terminal.row), "(reverse-i-search)`': draft") == 0);
    type("re");
    TAP_CHECK(line_is("read 0 2") && editor.cursor == 0);
    type(CTRL_R);
    TAP_CHECK(line_is("read 0 1")); /* the other "read 0 2" says the same */
    type(CTRL_R);
    TAP_CHECK(line_is("read 0 1") && terminal.bells == 1);
    TAP_CHECK(strncmp(row_text(terminal.row), "(failed reverse-i-search)`re': ", 31) == 0);
    type(CTRL_S);
    TAP_CHECK(line_is("read 0 2") && !editor.search.has_failed);
    type(CTRL_G);
    TAP_CHECK(line_is("draft") && editor.cursor == 4 && editor.browsed == 0);
    type(CTRL_R "0 1");
    TAP_CHECK(line_is("read 0 1") && editor.cursor == 5);
    type("\x7F\x7F\x7F");
    TAP_CHECK(line_is("draft") && editor.search.is_on);
    type("dev" RIGHT);
    TAP_CHECK(line_is("devices") && editor.cursor == 1 && !editor.search.is_on);
    type(UP);
    TAP_CHECK(line_is("read 0 2"));
    type(DOWN DOWN DOWN DOWN);
    TAP_CHECK(line_is("draft"));
    type(CTRL_R CTRL_R);
    TAP_CHECK(line_is("devices") && strcmp(editor.search.pattern, "dev") == 0);
    TAP_CHECK(type("\r") == LINE_READY && strcmp(editor.text, "devices") == 0);
    line_editor_begin(&editor);
    type("abc" CTRL_R "sha\x1B");
    TAP_CHECK(line_is("abc") && editor.cursor == 3);
    type("d");
    TAP_CHECK(line_is("abcd"));
    type(CTRL_R "nothing\x05!");
    TAP_CHECK(line_is("abcd!"));
    type(CTRL_R "sha");
    line_editor_cancel(&editor);
    TAP_CHECK(line_is("") && !editor.search.is_on);
    type(CTRL_R CTRL_R CTRL_R);
    TAP_CHECK(line_is("sha256 0"));
    type("\x1B[1;5C!");
    TAP_CHECK(line_is("sha256! 0"));
    for (unsigned columns = 20; columns < 100; columns += 7) {
        begin_search(columns);
        bool right = true;
        for (const char *key = CTRL_R
             "read 0 of a long pattern that fits nowhere at all" CTRL_R CTRL_S;
             *key; key++) {
            type_bytes(key, 1);
            right = right && screen_is_right();
        }
        for (unsigned i = 0; i < 60; i++)
            type("\x7F");
        right = right && screen_is_right();
        tap_ok(right, "a search on a terminal %u columns wide", columns);
    }
}

static unsigned told_columns;

static void note_columns(unsigned columns)
{
    told_columns = columns;
}

/* The terminal becomes narrower and wider while there is a line. */
static void test_resizing(void)
{
    struct line_editor_host noting = host;
    char report[40];
    bool right = true;

    noting.resized = note_columns;
    begin(80);
    editor.host = &noting;
    type("read 0 0 and so on until it is longer than twenty columns" LEFT LEFT);
    for (unsigned columns = 120; columns >= 20; columns -= 4) {
        terminal.columns = columns;
        terminal.column = 0;
        memset(terminal.cells[terminal.row], 0, sizeof terminal.cells[0]);
        sprintf(report, "\x1B[8;24;%ut", columns);
        type(report);
        right = right && screen_is_right() && told_columns == columns && editor.columns == columns;
    }
    tap_ok(right, "a line fits a terminal whose size changes");
    type("\x1B[8;24;19t\x1B[8;24;1001t\x1B[8;24t\x1B[8;24;50;1t\x1B[4;24;50t");
    TAP_CHECK(editor.columns == 20 && screen_is_right());
}

static void test_killing(void)
{
    check_line("read 10 20\x17\x17\x19 x", "read 10  x", 10);
    check_line("read 10\x01\x0B\x19\x19", "read 10read 10", 14);
    check_line("a b c\x1B"
               "b\x1B"
               "b!\x1B"
               "f?",
               "a !b? c", 5);
    check_line("a b c\x01\x1B"
               "d\x05\x19",
               " b ca", 5);
    check_line("a b c\x1B\x7F", "a b ", 4);
    check_line("\x19", "", 0);
}

static void test_completion(void)
{
    check_line("dev\t", "devices ", 8);
    check_line("re\t", "re", 2); /* read, registry */
    check_line("reg\t", "registry ", 9);
    check_line("devices; wr\t0", "devices; write 0", 16);
    check_line("dev 0\x01\x1B[C\x1B[C\t", "devices v 0", 8);
    check_line("zz\t", "zz", 2);
    check_line("ke\t\t", "Key\\", 4);
    check_line("read WI\t", "read \"wide \"\"", 13);
    check_line("\"hel\t0", "\"help\" 0", 8);
    check_line("devices\t0", "devices 0", 9);
    begin(80);
    type("re\t\t");
    tap_ok(strcmp(row_text(terminal.row - 1), "read  registry") == 0 && line_is("re"),
           "a second Tab lists the candidates");
    begin(80);
    type("\t\t");
    tap_ok(strstr(row_text(terminal.row - 1),
                  "help  devices  read  registry  rules  write  Key\\  wide"),
           "on an empty line all of them");
}

static void test_long_lines(void)
{
    char line[LINE_CAPACITY + 50];
    bool right = true;

    begin(40);
    for (unsigned i = 0; i < 200; i++) {
        char key[2] = {(char)('a' + i % 26), 0};
        type(key);
        right = right && screen_is_right();
    }
    tap_ok(right && editor.length == 200, "a long line scrolls while it is written");
    for (unsigned i = 0; i < 150; i++) {
        type(LEFT);
        right = right && screen_is_right();
    }
    tap_ok(right && editor.cursor == 50, "and while the cursor goes back");
    for (unsigned i = 0; i < 60; i++) {
        type(i % 3 ? "x" : "\x7F");
        right = right && screen_is_right();
    }
    tap_ok(right, "and while it is changed in the middle");
    type("\x01");
    TAP_CHECK(screen_is_right() && editor.window_start == 0);
    type("\x05");
    TAP_CHECK(screen_is_right() && editor.window_start > 0);

    begin(80);
    memset(line, 'y', sizeof line);
    type_bytes(line, sizeof line);
    TAP_CHECK(editor.length == LINE_CAPACITY - 1 && terminal.bells > 0 && screen_is_right());
    TAP_CHECK(type("\xC3\xA9") == LINE_PENDING && editor.length == LINE_CAPACITY - 1);
}

/* Random keys: whatever they are, the screen shows the line. */
static void test_random(void)
{
    static const char *const keys[] = {
        "a",         "b",
        " ",         " ",
        "\xC3\xA9",  "\xE2\x82\xAC",
        ";",         LEFT,
        LEFT,        RIGHT,
        UP,          DOWN,
        "\x7F",      "\x7F",
        "\x1B[3~",   "\x01",
        "\x05",      "\x0B",
        "\x15",      "\x17",
        "\t",        "help",
        "re",        "\r",
        CTRL_R,      CTRL_R,
        CTRL_S,      CTRL_G,
        "\x1B",      "\x19",
        "\x1B[1;5D", "\x1B[1;5C",
        "xyzzy",     "quite a long word",
    };
    uint32_t state = 20260101;
    unsigned wrong = 0;

    for (unsigned round = 0; round < 3; round++) {
        begin(round == 0 ? 80 : round == 1 ? 20 : 5);
        for (unsigned i = 0; i < 20000; i++) {
            state = state * 1664525 + 1013904223;
            const char *key = keys[(state >> 16) % (sizeof keys / sizeof *keys)];
            if (type(key) == LINE_READY)
                line_editor_begin(&editor);
            wrong += round < 2 && !screen_is_right();
        }
        tap_ok(wrong == 0 && (round == 2 || terminal.mistakes == 0),
               "20,000 random keys on a terminal %u columns wide", terminal.columns);
    }
    /* Random bytes: nothing to compare, but nothing may go wrong either. */
    begin(80);
    for (unsigned i = 0; i < 200000; i++) {
        state = state * 1664525 + 1013904223;
        if (line_editor_byte(&editor, (uint8_t)(state >> 24)) != LINE_PENDING)
            line_editor_begin(&editor);
    }
    tap_ok(editor.length < LINE_CAPACITY && editor.cursor <= editor.length, "200,000 random bytes");
}

int main(void)
{
    test_editing();
    test_utf8();
    test_lines();
    test_history();
    test_history_ring();
    test_kept();
    test_search();
    test_resizing();
    test_killing();
    test_completion();
    test_long_lines();
    test_random();
    return tap_exit();
}
