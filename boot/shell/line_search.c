/* SPDX-License-Identifier: MIT */
/*
 * Ctrl-R: a search of the history while its text is typed. The line that is found is the editor's
 * line meanwhile, with the cursor where the text stands in it; what was there before waits in the
 * draft.
 */
#include <stdio.h>
#include <string.h>

#include "boot/shell/line_editor_internal.h"

static struct line_search *search_of(struct line_editor *editor)
{
    return &editor->search;
}

/* ------------------------------------------------------------------ what is shown */

#define WIDE_COLUMNS   60u
#define NARROW_COLUMNS 36u

/* The end of the text that is sought, as much as a quarter of the terminal takes. */
static const char *shown_pattern(const struct line_editor *editor)
{
    const struct line_search *search = &editor->search;
    size_t at = search->length;

    for (unsigned left = editor->columns / 4; left > 0 && at > 0; left--) {
        at--;
        while (at > 0 && is_continuation(search->pattern[at]))
            at--;
    }
    return search->pattern + at;
}

static void settle_prompt(struct line_editor *editor)
{
    const bool has_failed = editor->search.has_failed;
    const char *what = editor->columns >= WIDE_COLUMNS
                           ? (has_failed ? "(failed reverse-i-search)" : "(reverse-i-search)")
                       : editor->columns >= NARROW_COLUMNS ? (has_failed ? "(failed)" : "(search)")
                                                           : (has_failed ? "!" : "?");

    snprintf(editor->search.prompt, sizeof editor->search.prompt, "%s`%s': ", what,
             shown_pattern(editor));
}

static void draw(struct line_editor *editor)
{
    settle_prompt(editor);
    editor_draw(editor);
}

/* ------------------------------------------------------------------ searching */

/* The line at which the search is, or that from which it began. */
static const char *present_line(const struct line_editor *editor)
{
    return editor->search.found ? history_line(&editor->history, editor->search.found)
                                : editor->draft;
}

/* Looks from one line on, to older or newer ones, for the pattern. A line that says the same as the
 * present one is passed over if `is_other`. */
static void look(struct line_editor *editor, unsigned from, bool older, bool is_other)
{
    struct line_search *search = search_of(editor);
    const char *line, *present = present_line(editor);

    for (unsigned back = from; (line = history_line(&editor->history, back));
         back = older ? back + 1 : back - 1) {
        const char *place = strstr(line, search->pattern);
        if (!place || (is_other && strcmp(line, present) == 0))
            continue;
        search->found = back;
        search->has_failed = false;
        editor_set_line(editor, line, (size_t)(place - line));
        draw(editor);
        return;
    }
    search->has_failed = true;
    editor_bell(editor);
    draw(editor);
}

void search_begin(struct line_editor *editor)
{
    struct line_search *search = search_of(editor);

    if (editor->browsed == 0)
        memcpy(editor->draft, editor->text, editor->length + 1);
    *search = (struct line_search){
        .is_on = true, .line_cursor = editor->cursor, .line_browsed = editor->browsed};
    memcpy(search->line, editor->text, editor->length + 1);
    draw(editor);
}

/* Ctrl-R and Ctrl-S. Without a pattern it is that of the search before. */
static void look_on(struct line_editor *editor, bool older)
{
    struct line_search *search = search_of(editor);

    if (search->length == 0 && editor->last_pattern[0]) {
        search->length = strlen(editor->last_pattern);
        memcpy(search->pattern, editor->last_pattern, search->length + 1);
        look(editor, 1, true, false);
    } else if (search->length > 0) {
        look(editor, older ? search->found + 1 : search->found - 1, older, true);
    }
}

void search_character(struct line_editor *editor, const char *bytes, size_t count)
{
    struct line_search *search = search_of(editor);

    if (search->length + count >= SEARCH_CAPACITY) {
        editor_bell(editor);
        return;
    }
    memcpy(search->pattern + search->length, bytes, count);
    search->length += count;
    search->pattern[search->length] = 0;
    look(editor, search->found ? search->found : 1, true, false);
}

/* ------------------------------------------------------------------ its end */

void search_end(struct line_editor *editor)
{
    struct line_search *search = search_of(editor);

    search->is_on = false;
    if (search->found) {
        editor->browsed = search->found;
        editor->is_cut = false;
    }
    if (search->length > 0)
        memcpy(editor->last_pattern, search->pattern, search->length + 1);
    draw(editor);
}

static void give_up(struct line_editor *editor)
{
    struct line_search *search = search_of(editor);

    search_end(editor);
    editor->browsed = search->line_browsed;
    editor_set_line(editor, search->line, search->line_cursor);
    draw(editor);
}

void search_restore(struct line_editor *editor)
{
    struct line_search *search = search_of(editor);
    const char *line = history_line(&editor->history, search->found);

    if (!line)
        return;
    const char *place = strstr(line, search->pattern);
    editor_set_line(editor, line, place ? (size_t)(place - line) : strlen(line));
    editor->browsed = search->found;
    draw(editor);
}

static void shorten(struct line_editor *editor)
{
    struct line_search *search = search_of(editor);

    if (search->length == 0) {
        editor_bell(editor);
        return;
    }
    do
        search->length--;
    while (search->length > 0 && is_continuation(search->pattern[search->length]));
    search->pattern[search->length] = 0;
    search->found = 0;
    if (search->length > 0) {
        look(editor, 1, true, false);
    } else {
        search->has_failed = false;
        editor_set_line(editor, search->line, search->line_cursor);
        draw(editor);
    }
}

bool search_key(struct line_editor *editor, uint8_t byte)
{
    switch (byte) {
    case CONTROL('R'):
        look_on(editor, true);
        return true;
    case CONTROL('S'):
        look_on(editor, false);
        return true;
    case CONTROL('H'):
    case DELETE:
        shorten(editor);
        return true;
    case CONTROL('G'):
        give_up(editor);
        return true;
    case ESCAPE:
        /* Or the first byte of an arrow's: the next one tells. */
        give_up(editor);
        editor->escape = LINE_ESCAPE_AFTER_SEARCH;
        return true;
    }
    search_end(editor);
    return false;
}
