/* SPDX-License-Identifier: MIT */
/*
 * Tab: puts in what all words that may stand there have in common, or, when it is pressed a second
 * time, lists them.
 */
#include <string.h>

#include "boot/shell/line_editor_internal.h"

struct gathering {
    struct line_completion completion; /* first */
    struct line_editor *editor;
    unsigned matches;
    size_t common; /* bytes that all of them begin with */
    char first[LINE_CAPACITY];
    bool is_whole;
    unsigned column; /* of the list */
};

static char folded(char letter, bool ignores_case)
{
    return (char)(ignores_case && letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter);
}

static size_t same_bytes(const char *a, const char *b, bool ignores_case)
{
    size_t same = 0;

    while (a[same] && folded(a[same], ignores_case) == folded(b[same], ignores_case))
        same++;
    return same;
}

static bool fits(const struct line_completion *completion, const struct line_candidate *candidate)
{
    size_t length = strlen(completion->word);
    return same_bytes(completion->word, candidate->word, candidate->ignores_case) == length &&
           strlen(candidate->word) < LINE_CAPACITY;
}

static void gather(struct line_completion *completion, const struct line_candidate *candidate)
{
    struct gathering *gathering = (struct gathering *)completion;

    if (!fits(completion, candidate) ||
        (gathering->matches > 0 && strcmp(gathering->first, candidate->word) == 0))
        return;
    if (gathering->matches++ == 0) {
        gathering->common = strlen(candidate->word);
        memcpy(gathering->first, candidate->word, gathering->common + 1);
        gathering->is_whole = candidate->is_whole;
        return;
    }
    size_t same = same_bytes(gathering->first, candidate->word, candidate->ignores_case);
    if (same < gathering->common)
        gathering->common = same;
    while (gathering->common > 0 && is_continuation(gathering->first[gathering->common]))
        gathering->common--; /* no part of a character */
}

/* Keys and words with `=` are listed without what stands before their last part. */
static const char *last_part(const struct gathering *gathering, const char *word)
{
    const char *part = word;
    size_t length = strlen(gathering->completion.word);

    for (size_t i = 0; i < length; i++)
        if (word[i] == '\\' || word[i] == ',')
            part = word + i + 1;
    return part;
}

static void list(struct line_completion *completion, const struct line_candidate *candidate)
{
    struct gathering *gathering = (struct gathering *)completion;
    struct line_editor *editor = gathering->editor;
    const char *word = last_part(gathering, candidate->word);
    unsigned width = 0;

    if (!fits(completion, candidate))
        return;
    for (const char *at = word; *at; at++)
        width += !is_continuation(*at);
    bool is_beside = gathering->column > 0 && gathering->column + 2 + width < editor->columns;
    if (gathering->column > 0)
        editor_put(editor, is_beside ? "  " : "\r\n");
    gathering->column = is_beside ? gathering->column + 2 + width : width;
    editor_put(editor, word);
}

static void list_all(struct line_editor *editor, struct gathering *gathering)
{
    gathering->completion.offer = list;
    editor_put(editor, "\r\n");
    editor->host->complete(editor->text, editor->cursor, &gathering->completion);
    editor_put(editor, "\r\n");
    line_editor_redraw(editor);
}

static bool needs_quotes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr(" ;\"", text[i]))
            return true;
    return text[0] == '#';
}

/* Has the word's first `length` bytes in the line, within quotes. */
static void put_quoted(struct line_editor *editor, const struct gathering *gathering, size_t length,
                       bool is_end)
{
    const char *text = gathering->first;

    editor_remove(editor, gathering->completion.start, editor->cursor);
    editor_insert(editor, "\"", 1);
    for (size_t i = 0; i < length; i++)
        editor_insert(editor, text[i] == '"' ? "\"\"" : text + i, text[i] == '"' ? 2 : 1);
    if (is_end)
        editor_insert(editor, "\"", 1);
}

/* Has the first `length` bytes of what fits in the word's place. */
static void put_word(struct line_editor *editor, const struct gathering *gathering, size_t length,
                     bool is_end)
{
    const struct line_completion *completion = &gathering->completion;
    size_t written = strlen(completion->word);
    bool is_plain = !completion->is_quoted && !needs_quotes(gathering->first, length);

    if (is_plain && memcmp(gathering->first, completion->word, written) == 0) {
        editor_insert(editor, gathering->first + written, length - written);
    } else if (is_plain) {
        editor_remove(editor, completion->start, editor->cursor);
        editor_insert(editor, gathering->first, length);
    } else {
        put_quoted(editor, gathering, length, is_end);
    }
    if (is_end)
        editor_insert(editor, " ", 1);
}

void complete_word(struct line_editor *editor)
{
    static struct gathering gathering;

    gathering = (struct gathering){.completion.offer = gather, .editor = editor};
    editor->host->complete(editor->text, editor->cursor, &gathering.completion);
    size_t written = strlen(gathering.completion.word), common = gathering.common;
    bool is_end = gathering.matches == 1 && gathering.is_whole;

    if (gathering.matches > 1 && common == written && editor->after_tab)
        list_all(editor, &gathering);
    else if (gathering.matches == 0 || (common == written && !is_end) ||
             editor->length + 2 * common + 4 >= LINE_CAPACITY) /* it may be quoted */
        editor_bell(editor);
    else
        put_word(editor, &gathering, common, is_end);
}
