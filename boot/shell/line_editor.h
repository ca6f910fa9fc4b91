/* SPDX-License-Identifier: MIT */
/*
 * The line editor: bytes from a terminal in, a line of text and what the terminal must show out.
 *
 * Owns the line, its history (history.h), and the terminal's present line. It needs a terminal that
 * obeys carriage return, backspace and line feed; the keys are those that ANSI terminals send. A
 * line that is longer than the terminal is wide scrolls sideways. Text is UTF-8; each character is
 * taken to be one column wide. May not: touch the HAL; its ways out are in struct line_editor_host,
 * so the same code runs against a pretended terminal in tests. Not entered from interrupts.
 */
#ifndef BOOT_SHELL_LINE_EDITOR_H
#define BOOT_SHELL_LINE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/shell/history.h"

#define LINE_CAPACITY      2048u /* bytes with the terminator */
#define SEARCH_CAPACITY    64u   /* of what Ctrl-R seeks, with the terminator */
#define LINE_COLUMNS_LEAST 20u   /* what is narrower, or wider, is not believed */
#define LINE_COLUMNS_MOST  1000u

/* A word that Tab may put in. */
struct line_candidate {
    const char *word;
    bool is_whole;     /* nothing may follow in the same word */
    bool ignores_case; /* what was written of it may have other letters */
};

struct line_completion {
    void (*offer)(struct line_completion *completion, const struct line_candidate *candidate);
    /* What the host says before it offers something: where the word begins in the text, whether
     * there are quotes in it, and what it is without them. */
    size_t start;
    bool is_quoted;
    const char *word;
};

struct line_editor_host {
    void (*write)(const char *text, size_t byte_count);
    /* Offers what may stand at the end of a text. */
    void (*complete)(const char *text, size_t length, struct line_completion *completion);
    /* The terminal has another width now; NULL: nobody wants to know. */
    void (*resized)(unsigned columns);
    /* A line is in the history now; NULL: nobody wants to know. */
    void (*kept)(const char *line);
};

enum line_event {
    LINE_PENDING,  /* more keys are wanted */
    LINE_TOO_LONG, /* Enter, on a line that was longer than LINE_CAPACITY */
    LINE_READY,    /* Enter: the line is in editor->text, terminated, and in the history */
    LINE_END,      /* Ctrl-D on an empty line */
};

enum line_escape {
    LINE_ESCAPE_NONE,
    LINE_ESCAPE_STARTED,      /* ESC */
    LINE_ESCAPE_SEQUENCE,     /* ESC [ and its parameters */
    LINE_ESCAPE_SHIFT,        /* ESC O: one more byte */
    LINE_ESCAPE_AFTER_SEARCH, /* ESC, which has given up a search */
};

/* Ctrl-R. */
struct line_search {
    bool is_on, has_failed;
    char pattern[SEARCH_CAPACITY]; /* what is sought */
    size_t length;
    char prompt[SEARCH_CAPACITY + 40]; /* what stands before the line meanwhile */
    unsigned found;                    /* the line, as history_line has it; 0: none yet */
    /* What the line was before. */
    char line[LINE_CAPACITY];
    size_t line_cursor;
    unsigned line_browsed;
};

struct line_editor {
    const struct line_editor_host *host;
    const char *prompt;
    unsigned columns; /* of the terminal */

    char text[LINE_CAPACITY];
    size_t length, cursor; /* in bytes; the cursor is never inside a character */

    /* What is on the terminal's line. */
    size_t window_start;    /* first byte shown */
    unsigned shown_columns; /* how many columns are not blank, with the prompt */

    /* Keys in parts. */
    enum line_escape escape;
    unsigned parameters[3], parameter_count;
    char partial[4]; /* bytes of a character that is not complete yet */
    unsigned partial_length, partial_missing;
    bool after_return; /* a line feed now belongs to the carriage return before it */
    bool is_cut;       /* keys were lost, since the line is full: it will not be run */
    bool after_tab;    /* a second Tab lists the candidates */

    /* Lines entered before; `browsed` is which of them is being edited (history_line), 0: the line
     * being written, which waits in `draft`. */
    struct history history;
    unsigned browsed;
    char draft[LINE_CAPACITY];

    struct line_search search;
    char last_pattern[SEARCH_CAPACITY]; /* of the search before */
    char killed[LINE_CAPACITY];         /* what Ctrl-K, U, W or Alt-D removed last, for Ctrl-Y */
};

/* columns: the terminal's width; 80 if nobody knows. The prompt is ASCII. Of an
 * editor that is all zeros, but for its history. */
void line_editor_init(struct line_editor *editor, const struct line_editor_host *host,
                      const char *prompt, unsigned columns);
/* Starts an empty line with the prompt. */
void line_editor_begin(struct line_editor *editor);
/* Draws prompt and line anew, after something else was printed on a fresh line. */
void line_editor_redraw(struct line_editor *editor);
enum line_event line_editor_byte(struct line_editor *editor, uint8_t byte);
/* Ctrl-C: gives up the line and starts an empty one. */
void line_editor_cancel(struct line_editor *editor);

#endif
