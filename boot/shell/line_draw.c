/* SPDX-License-Identifier: MIT */
/* The line editor's line: what is in it, and what the terminal shows of it; see line_editor.h. */
#include <string.h>

#include "boot/shell/line_editor_internal.h"

/* ------------------------------------------------------------------ characters and columns */

/* Where the character before or after a place begins. */
size_t editor_step_left(const struct line_editor *editor, size_t at)
{
    while (at > 0 && is_continuation(editor->text[--at]))
        continue;
    return at;
}

size_t editor_step_right(const struct line_editor *editor, size_t at)
{
    if (at < editor->length)
        at++;
    while (at < editor->length && is_continuation(editor->text[at]))
        at++;
    return at;
}

size_t editor_word_left(const struct line_editor *editor, size_t at)
{
    while (at > 0 && editor->text[at - 1] == ' ')
        at--;
    while (at > 0 && editor->text[at - 1] != ' ')
        at--;
    return at;
}

size_t editor_word_right(const struct line_editor *editor, size_t at)
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
    return editor->search.is_on ? editor->search.prompt : editor->prompt;
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
            start = editor_step_left(editor, start);
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
        end = editor_step_right(editor, end);
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

void editor_move(struct line_editor *editor, size_t cursor)
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
    bool is_last =
        to == editor->length && editor->cursor == to && editor_step_right(editor, from) == to;
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
