/* SPDX-License-Identifier: MIT */
/* What the line editor's own files share; see line_editor.h. */
#ifndef BOOT_SHELL_LINE_EDITOR_INTERNAL_H
#define BOOT_SHELL_LINE_EDITOR_INTERNAL_H

#include "boot/shell/line_editor.h"

#define CONTROL(letter) ((letter) - '@')
#define ESCAPE          0x1B
#define DELETE          0x7F

/* line_draw.c */

/* Is a byte of UTF-8 none that begins a character? */
static inline bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Where the character, or the word, before or after a place begins. */
size_t editor_step_left(const struct line_editor *editor, size_t at);
size_t editor_step_right(const struct line_editor *editor, size_t at);
size_t editor_word_left(const struct line_editor *editor, size_t at);
size_t editor_word_right(const struct line_editor *editor, size_t at);
void editor_put(struct line_editor *editor, const char *text);
void editor_bell(struct line_editor *editor);
/* Draws the line as it is now. */
void editor_draw(struct line_editor *editor);
void editor_move(struct line_editor *editor, size_t cursor);
/* At the cursor. */
void editor_insert(struct line_editor *editor, const char *bytes, size_t count);
/* Removes a part of the line; the cursor ends where it began. */
void editor_remove(struct line_editor *editor, size_t from, size_t to);
/* Has another text in the line, with the cursor at a place in it; does not draw it. */
void editor_set_line(struct line_editor *editor, const char *text, size_t cursor);

/* line_complete.c */

/* Tab. */
void complete_word(struct line_editor *editor);

/* line_search.c */

/* Ctrl-R: begins. */
void search_begin(struct line_editor *editor);
/* A key while there is a search, but for bytes of escape sequences. False: the search is over, its
 * line is what is edited now, and the key is as any other. */
bool search_key(struct line_editor *editor, uint8_t byte);
/* A character while there is one. */
void search_character(struct line_editor *editor, const char *bytes, size_t count);
/* Ends it: the line that was found is what is edited from here on, as if Up had led there. */
void search_end(struct line_editor *editor);
/* Another key follows ESC, which has ended the search, in a sequence: it did not give it up. */
void search_restore(struct line_editor *editor);

#endif
