/* SPDX-License-Identifier: MIT */
/* The line editor; see line_editor.h. */
#include <string.h>

#include "boot/shell/line_editor_internal.h"

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

/* ------------------------------------------------------------------ keys */

static void key_up_down_left_right(struct line_editor *editor, uint8_t letter)
{
    bool by_word = editor->parameter_count > 1 && editor->parameters[1] == 5; /* Ctrl is held */

    if (letter == 'A')
        browse(editor, true);
    else if (letter == 'B')
        browse(editor, false);
    else if (letter == 'C')
        editor_move(editor, by_word ? editor_word_right(editor, editor->cursor)
                                    : editor_step_right(editor, editor->cursor));
    else
        editor_move(editor, by_word ? editor_word_left(editor, editor->cursor)
                                    : editor_step_left(editor, editor->cursor));
}

/* A terminal says that its size is another one now. What it showed may stand anywhere. */
static void resize(struct line_editor *editor, unsigned columns)
{
    if (columns < LINE_COLUMNS_LEAST || columns > LINE_COLUMNS_MOST)
        return;
    editor->columns = columns;
    if (editor->shown_columns >= columns)
        editor->shown_columns = columns - 1;
    if (editor->host->resized)
        editor->host->resized(columns);
    editor_draw(editor);
}

/* The last byte of an escape sequence. */
static void key_escape_end(struct line_editor *editor, uint8_t byte)
{
    unsigned number = editor->parameters[0];

    editor->escape = LINE_ESCAPE_NONE;
    if (byte >= 'A' && byte <= 'D')
        key_up_down_left_right(editor, byte);
    else if (byte == 'H' || (byte == '~' && (number == 1 || number == 7)))
        editor_move(editor, 0);
    else if (byte == 'F' || (byte == '~' && (number == 4 || number == 8)))
        editor_move(editor, editor->length);
    else if (byte == 't' && number == 8 && editor->parameter_count == 3)
        resize(editor, editor->parameters[2]);
    else if (byte == '~' && number == 3)
        editor_remove(editor, editor->cursor, editor_step_right(editor, editor->cursor));
}

/* Alt with a letter comes as ESC and the letter. */
static void key_alt(struct line_editor *editor, uint8_t byte)
{
    size_t cursor = editor->cursor;

    switch (byte) {
    case 'b':
        editor_move(editor, editor_word_left(editor, cursor));
        break;
    case 'd':
        kill_range(editor, cursor, editor_word_right(editor, cursor));
        break;
    case 'f':
        editor_move(editor, editor_word_right(editor, cursor));
        break;
    case DELETE:
        kill_range(editor, editor_word_left(editor, cursor), cursor);
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
        if (last < 3 && editor->parameters[last] < 1000)
            editor->parameters[last] = editor->parameters[last] * 10 + byte - '0';
    } else if (byte == ';' && editor->escape == LINE_ESCAPE_SEQUENCE) {
        if (editor->parameter_count < 4)
            editor->parameter_count++;
    } else if (byte >= '@' && byte <= '~') {
        key_escape_end(editor, byte);
    } else if (byte < ' ') {
        editor->escape = LINE_ESCAPE_NONE; /* not a sequence that terminals send */
    }
}

static enum line_event key_enter(struct line_editor *editor)
{
    editor_move(editor, editor->length);
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
        editor_move(editor, 0);
        break;
    case CONTROL('B'):
        editor_move(editor, editor_step_left(editor, cursor));
        break;
    case CONTROL('D'):
        if (length == 0)
            return LINE_END;
        editor_remove(editor, cursor, editor_step_right(editor, cursor));
        break;
    case CONTROL('E'):
        editor_move(editor, length);
        break;
    case CONTROL('F'):
        editor_move(editor, editor_step_right(editor, cursor));
        break;
    case CONTROL('H'):
    case DELETE:
        editor_remove(editor, editor_step_left(editor, cursor), cursor);
        break;
    case CONTROL('I'):
        complete_word(editor);
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
        kill_range(editor, editor_word_left(editor, cursor), cursor);
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
    editor_move(editor, editor->length);
    editor_put(editor, "^C\r\n");
    line_editor_begin(editor);
}
