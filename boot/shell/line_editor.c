/* SPDX-License-Identifier: MIT */
/* The line editor; see line_editor.h. */
#include <string.h>

#include "boot/shell/line_editor_internal.h"

/* ------------------------------------------------------------------ characters and columns */

/* Where the character before or after a place begins. */
static size_t step_left(const struct line_editor *editor, size_t at)
{
    if (at > 0)
        at--;
    while (at > 0 && is_continuation(editor->text[at]))
        at--;
    return at;
}

static size_t step_right(const struct line_editor *editor, size_t at)
{
    if (at < editor->length)
        at++;
    while (at < editor->length && is_continuation(editor->text[at]))
        at++;
    return at;
}

static size_t word_left(const struct line_editor *editor, size_t at)
{
    while (at > 0 && editor->text[at - 1] == ' ')
        at--;
    while (at > 0 && editor->text[at - 1] != ' ')
        at--;
    return at;
}

static size_t word_right(const struct line_editor *editor, size_t at)
{
    while (at < editor->length && editor->text[at] == ' ')
        at++;
    while (at < editor->length && editor->text[at] != ' ')
        at++;
    return at;
}

static unsigned columns_of(const char *text, size_t length)
{
    unsigned columns = 0;
    for (size_t i = 0; i < length; i++)
        columns += !is_continuation(text[i]);
    return columns;
}

static unsigned columns_between(const struct line_editor *editor, size_t from, size_t to)
{
    return from < to ? columns_of(editor->text + from, to - from) : 0;
}

static const char *present_prompt(const struct line_editor *editor)
{
    return editor->search.is_on ? search_prompt(editor) : editor->prompt;
}

static unsigned prompt_columns(const struct line_editor *editor)
{
    const char *prompt = present_prompt(editor);
    return columns_of(prompt, strlen(prompt));
}

/* Columns for the line's text: the terminal's last column stays free, so that it never wraps. */
static unsigned window_columns(const struct line_editor *editor)
{
    unsigned taken = prompt_columns(editor) + 1;
    return editor->columns > taken + 8 ? editor->columns - taken : 8;
}

/* ------------------------------------------------------------------ drawing */

void editor_put(struct line_editor *editor, const char *text)
{
    editor->host->write(text, strlen(text));
}

static void put_repeated(struct line_editor *editor, char character, unsigned count)
{
    char run[32];

    memset(run, character, sizeof run);
    while (count > 0) {
        unsigned now = count < sizeof run ? count : (unsigned)sizeof run;
        editor->host->write(run, now);
        count -= now;
    }
}

/* Moves the window so that the cursor is in it, by half its width at a time. */
static void scroll_to_cursor(struct line_editor *editor)
{
    unsigned width = window_columns(editor);

    if (editor->cursor < editor->window_start ||
        columns_between(editor, editor->window_start, editor->cursor) > width) {
        size_t start = editor->cursor;
        for (unsigned i = 0; i < width / 2; i++)
            start = step_left(editor, start);
        editor->window_start = start;
    }
    if (columns_between(editor, 0, editor->length) <= width)
        editor->window_start = 0;
}

/* Draws the visible part of the line, blanks out what was behind it, and goes back to the
 * cursor. */
void editor_draw(struct line_editor *editor)
{
    unsigned width = window_columns(editor), shown = 0, all;

    scroll_to_cursor(editor);
    size_t end = editor->window_start;
    while (end < editor->length && shown < width) {
        end = step_right(editor, end);
        shown++;
    }
    editor_put(editor, "\r");
    editor_put(editor, present_prompt(editor));
    editor->host->write(editor->text + editor->window_start, end - editor->window_start);
    all = prompt_columns(editor) + shown;
    unsigned stale = editor->shown_columns > all ? editor->shown_columns - all : 0;
    put_repeated(editor, ' ', stale);
    put_repeated(editor, '\b', stale + columns_between(editor, editor->cursor, end));
    editor->shown_columns = all;
}

void line_editor_redraw(struct line_editor *editor)
{
    editor->shown_columns = 0;
    editor_draw(editor);
}

static void move_cursor(struct line_editor *editor, size_t cursor)
{
    size_t start = editor->window_start;
    unsigned width = window_columns(editor);

    if (cursor <= editor->cursor && cursor >= start) {
        put_repeated(editor, '\b', columns_between(editor, cursor, editor->cursor));
        editor->cursor = cursor;
    } else if (cursor > editor->cursor && columns_between(editor, start, cursor) <= width) {
        editor->host->write(editor->text + editor->cursor, cursor - editor->cursor);
        editor->cursor = cursor;
    } else {
        editor->cursor = cursor;
        editor_draw(editor);
    }
}

/* ------------------------------------------------------------------ changes of the line */

void editor_bell(struct line_editor *editor)
{
    editor_put(editor, "\a");
}

void editor_insert(struct line_editor *editor, const char *bytes, size_t count)
{
    if (editor->length + count >= LINE_CAPACITY) {
        editor->is_cut = true;
        editor_bell(editor);
        return;
    }
    char *place = editor->text + editor->cursor;
    bool at_end = editor->cursor == editor->length;
    memmove(place + count, place, editor->length - editor->cursor);
    memcpy(place, bytes, count);
    editor->length += count;
    editor->cursor += count;
    editor->text[editor->length] = 0;

    unsigned shown = columns_between(editor, editor->window_start, editor->length);
    if (at_end && shown <= window_columns(editor)) {
        editor->host->write(bytes, count);
        editor->shown_columns = prompt_columns(editor) + shown;
    } else {
        editor_draw(editor);
    }
}

void editor_remove(struct line_editor *editor, size_t from, size_t to)
{
    if (from == to)
        return;
    bool is_last = to == editor->length && editor->cursor == to && step_right(editor, from) == to;
    memmove(editor->text + from, editor->text + to, editor->length - to);
    editor->length -= to - from;
    editor->text[editor->length] = 0;
    editor->cursor = from;
    if (is_last && from > editor->window_start) {
        editor_put(editor, "\b \b");
        editor->shown_columns--;
    } else {
        editor_draw(editor);
    }
}

void editor_set_line(struct line_editor *editor, const char *text, size_t cursor)
{
    editor->length = strlen(text);
    memcpy(editor->text, text, editor->length + 1);
    editor->cursor = cursor;
    editor->window_start = 0;
}

/* ------------------------------------------------------------------ history */

/* Keeps a line for this session, and says so. */
static void remember(struct line_editor *editor)
{
    if (history_add(&editor->history, editor->text, editor->length) && editor->host->kept)
        editor->host->kept(editor->text);
}

/* Removes a part that Ctrl-Y brings back. */
static void kill_range(struct line_editor *editor, size_t from, size_t to)
{
    if (from < to) {
        memcpy(editor->killed, editor->text + from, to - from);
        editor->killed[to - from] = 0;
    }
    editor_remove(editor, from, to);
}

static void browse(struct line_editor *editor, bool older)
{
    if (older ? editor->browsed == editor->history.count : editor->browsed == 0) {
        editor_bell(editor);
        return;
    }
    if (editor->browsed == 0)
        memcpy(editor->draft, editor->text, editor->length + 1);
    if (older)
        editor->browsed++;
    else
        editor->browsed--;
    const char *line =
        editor->browsed == 0 ? editor->draft : history_line(&editor->history, editor->browsed);
    editor_set_line(editor, line, strlen(line));
    editor->is_cut = false;
    editor_draw(editor);
}

/* ------------------------------------------------------------------ completion */

/* Where the word before the cursor begins if commands may stand there, or LINE_CAPACITY. */
static size_t completion_start(const struct line_editor *editor)
{
    size_t start = editor->cursor;

    while (start > 0 && editor->text[start - 1] != ' ' && editor->text[start - 1] != ';')
        start--;
    size_t before = start;
    while (before > 0 && editor->text[before - 1] == ' ')
        before--;
    if (before == 0 || editor->text[before - 1] == ';')
        return start;
    bool after_help = before >= 4 && before < start &&
                      memcmp(editor->text + before - 4, "help", 4) == 0 &&
                      (before == 4 || strchr(" ;", editor->text[before - 5]));
    return after_help ? start : LINE_CAPACITY;
}

static void list_candidates(struct line_editor *editor, const char *prefix, size_t length)
{
    const char *name;
    unsigned column = 0;

    editor_put(editor, "\r\n");
    for (unsigned i = 0; (name = editor->host->candidate(i)); i++) {
        unsigned width = (unsigned)strlen(name);
        if (strncmp(name, prefix, length) != 0)
            continue;
        bool fits = column + 2 + width < editor->columns;
        if (column > 0)
            editor_put(editor, fits ? "  " : "\r\n");
        column = column > 0 && fits ? column + 2 + width : width;
        editor_put(editor, name);
    }
    editor_put(editor, "\r\n");
    line_editor_redraw(editor);
}

static void complete(struct line_editor *editor)
{
    size_t start = completion_start(editor);
    if (start == LINE_CAPACITY) {
        editor_bell(editor);
        return;
    }
    const char *prefix = editor->text + start, *first = NULL, *name;
    size_t length = editor->cursor - start, common = 0;
    unsigned matches = 0;

    for (unsigned i = 0; (name = editor->host->candidate(i)); i++) {
        if (strncmp(name, prefix, length) != 0)
            continue;
        if (matches++ == 0) {
            first = name;
            common = strlen(name);
        }
        size_t same = length;
        while (same < common && name[same] == first[same])
            same++;
        common = same;
    }
    if (matches == 0)
        editor_bell(editor);
    else if (common > length || matches == 1)
        editor_insert(editor, first + length, common - length);
    else if (editor->after_tab)
        list_candidates(editor, prefix, length);
    else
        editor_bell(editor);
    if (matches == 1)
        editor_insert(editor, " ", 1);
}

/* ------------------------------------------------------------------ keys */

static void key_up_down_left_right(struct line_editor *editor, uint8_t letter)
{
    bool by_word = editor->parameter_count > 1 && editor->parameters[1] == 5; /* Ctrl is held */

    if (letter == 'A')
        browse(editor, true);
    else if (letter == 'B')
        browse(editor, false);
    else if (letter == 'C')
        move_cursor(editor, by_word ? word_right(editor, editor->cursor)
                                    : step_right(editor, editor->cursor));
    else
        move_cursor(editor, by_word ? word_left(editor, editor->cursor)
                                    : step_left(editor, editor->cursor));
}

/* The last byte of an escape sequence. */
static void key_escape_end(struct line_editor *editor, uint8_t byte)
{
    unsigned number = editor->parameters[0];

    editor->escape = LINE_ESCAPE_NONE;
    if (byte >= 'A' && byte <= 'D')
        key_up_down_left_right(editor, byte);
    else if (byte == 'H' || (byte == '~' && (number == 1 || number == 7)))
        move_cursor(editor, 0);
    else if (byte == 'F' || (byte == '~' && (number == 4 || number == 8)))
        move_cursor(editor, editor->length);
    else if (byte == '~' && number == 3)
        editor_remove(editor, editor->cursor, step_right(editor, editor->cursor));
}

/* Alt with a letter comes as ESC and the letter. */
static void key_alt(struct line_editor *editor, uint8_t byte)
{
    size_t cursor = editor->cursor;

    switch (byte) {
    case 'b':
        move_cursor(editor, word_left(editor, cursor));
        break;
    case 'd':
        kill_range(editor, cursor, word_right(editor, cursor));
        break;
    case 'f':
        move_cursor(editor, word_right(editor, cursor));
        break;
    case DELETE:
        kill_range(editor, word_left(editor, cursor), cursor);
        break;
    }
}

static void key_escape(struct line_editor *editor, uint8_t byte)
{
    if (editor->escape == LINE_ESCAPE_STARTED || editor->escape == LINE_ESCAPE_AFTER_SEARCH) {
        bool is_sequence = byte == '[' || byte == 'O';
        if (is_sequence && editor->escape == LINE_ESCAPE_AFTER_SEARCH)
            search_restore(editor);
        editor->escape = byte == '['   ? LINE_ESCAPE_SEQUENCE
                         : byte == 'O' ? LINE_ESCAPE_SHIFT
                                       : LINE_ESCAPE_NONE;
        if (!is_sequence)
            key_alt(editor, byte);
        memset(editor->parameters, 0, sizeof editor->parameters);
        editor->parameter_count = 1;
    } else if (byte >= '0' && byte <= '9' && editor->escape == LINE_ESCAPE_SEQUENCE) {
        unsigned last = editor->parameter_count - 1;
        if (last < 2 && editor->parameters[last] < 1000)
            editor->parameters[last] = editor->parameters[last] * 10 + byte - '0';
    } else if (byte == ';' && editor->escape == LINE_ESCAPE_SEQUENCE) {
        if (editor->parameter_count < 3)
            editor->parameter_count++;
    } else if (byte >= '@' && byte <= '~') {
        key_escape_end(editor, byte);
    } else if (byte < ' ') {
        editor->escape = LINE_ESCAPE_NONE; /* not a sequence that terminals send */
    }
}

static enum line_event key_enter(struct line_editor *editor)
{
    move_cursor(editor, editor->length);
    editor_put(editor, "\r\n");
    if (editor->is_cut)
        return LINE_TOO_LONG;
    remember(editor);
    return LINE_READY;
}

static enum line_event key_control(struct line_editor *editor, uint8_t byte)
{
    size_t cursor = editor->cursor, length = editor->length;

    switch (byte) {
    case '\r':
        return key_enter(editor);
    case '\n':
        return editor->after_return ? LINE_PENDING : key_enter(editor);
    case CONTROL('A'):
        move_cursor(editor, 0);
        break;
    case CONTROL('B'):
        move_cursor(editor, step_left(editor, cursor));
        break;
    case CONTROL('D'):
        if (length == 0)
            return LINE_END;
        editor_remove(editor, cursor, step_right(editor, cursor));
        break;
    case CONTROL('E'):
        move_cursor(editor, length);
        break;
    case CONTROL('F'):
        move_cursor(editor, step_right(editor, cursor));
        break;
    case CONTROL('H'):
    case DELETE:
        editor_remove(editor, step_left(editor, cursor), cursor);
        break;
    case CONTROL('I'):
        complete(editor);
        break;
    case CONTROL('K'):
        kill_range(editor, cursor, length);
        break;
    case CONTROL('L'):
        editor_put(editor, "\x1B[H\x1B[2J"); /* home, clear: only ANSI terminals send people here */
        line_editor_redraw(editor);
        break;
    case CONTROL('N'):
        browse(editor, false);
        break;
    case CONTROL('P'):
        browse(editor, true);
        break;
    case CONTROL('U'):
        kill_range(editor, 0, cursor);
        break;
    case CONTROL('R'):
        search_begin(editor);
        break;
    case CONTROL('W'):
        kill_range(editor, word_left(editor, cursor), cursor);
        break;
    case CONTROL('Y'):
        editor_insert(editor, editor->killed, strlen(editor->killed));
        break;
    case ESCAPE:
        editor->escape = LINE_ESCAPE_STARTED;
        break;
    }
    return LINE_PENDING;
}

/* A byte of a character: the character goes into the line when it is complete. */
static void key_character(struct line_editor *editor, uint8_t byte)
{
    bool continues = is_continuation((char)byte);

    if (!continues) {
        editor->partial_length = 0;
        editor->partial_missing = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0 ? 1 : 0;
    } else if (editor->partial_missing > 0) {
        editor->partial_missing--;
    } else {
        return; /* no character began: it could not be shown */
    }
    editor->partial[editor->partial_length++] = (char)byte;
    if (editor->partial_missing == 0) {
        if (editor->search.is_on)
            search_character(editor, editor->partial, editor->partial_length);
        else
            editor_insert(editor, editor->partial, editor->partial_length);
        editor->partial_length = 0;
    }
}

enum line_event line_editor_byte(struct line_editor *editor, uint8_t byte)
{
    enum line_event event = LINE_PENDING;
    bool is_control = byte < ' ' || byte == DELETE;

    /* ESC that gave up a search was a key of its own, unless a sequence follows. */
    if (editor->escape == LINE_ESCAPE_AFTER_SEARCH && byte != '[' && byte != 'O')
        editor->escape = LINE_ESCAPE_NONE;
    if (editor->escape != LINE_ESCAPE_NONE) {
        key_escape(editor, byte);
    } else if (is_control && editor->search.is_on && search_key(editor, byte)) {
        editor->partial_length = editor->partial_missing = 0;
    } else if (is_control) {
        event = key_control(editor, byte);
    } else {
        key_character(editor, byte);
    }
    editor->after_return = byte == '\r';
    editor->after_tab = byte == CONTROL('I');
    return event;
}

/* ------------------------------------------------------------------ lines */

void line_editor_init(struct line_editor *editor, const struct line_editor_host *host,
                      const char *prompt, unsigned columns)
{
    editor->host = host;
    editor->prompt = prompt;
    editor->columns = columns;
}

void line_editor_begin(struct line_editor *editor)
{
    editor->is_cut = false;
    editor->length = editor->cursor = editor->window_start = 0;
    editor->text[0] = 0;
    editor->browsed = 0;
    editor->escape = LINE_ESCAPE_NONE;
    editor->search.is_on = false;
    editor->partial_length = editor->partial_missing = 0;
    line_editor_redraw(editor);
}

void line_editor_cancel(struct line_editor *editor)
{
    if (editor->search.is_on)
        search_end(editor);
    move_cursor(editor, editor->length);
    editor_put(editor, "^C\r\n");
    line_editor_begin(editor);
}
