/* SPDX-License-Identifier: MIT */
/* Completion, abbreviations, and words that were meant; see complete.h. */
#include <stdio.h>
#include <string.h>

#include "boot/shell/commands.h"
#include "boot/shell/complete.h"
#include "boot/shell/words.h"
#include "hal/hal.h"
#include "lib/near.h"

/* What changes a disk or the registry is done by whoever has written all of it. */
static const char *const whole_words[] = {
    "ata", "cdb", "compact", "copy", "delete", "fill", "set", "trim", "write",
};

static bool is_whole_word(const char *word)
{
    for (size_t i = 0; i < sizeof whole_words / sizeof *whole_words; i++)
        if (strcmp(whole_words[i], word) == 0)
            return true;
    return false;
}

static const struct command *commands; /* the table */
static unsigned command_count;

void complete_begin(const struct command *table, unsigned count)
{
    commands = table;
    command_count = count;
}

/* ------------------------------------------------------------------ abbreviations */

/* Says which words begin so: "read, registry and reset". `next` gives them by their number. */
struct listing {
    const char *beginning;
    unsigned count, printed;
};

static void list_word(struct listing *listing, const char *word)
{
    const char *separator = listing->printed == 0                    ? ""
                            : listing->printed + 1 == listing->count ? " or "
                                                                     : ", ";
    hal_printf("%s%s", separator, word);
    listing->printed++;
}

static bool begins(const char *word, const char *beginning)
{
    return strncmp(word, beginning, strlen(beginning)) == 0;
}

static bool refuse_short(const char *word, const char *whole)
{
    command_fail("\"%.40s\" would be %s, which changes what is stored: that word is written in "
                 "full.",
                 word, whole);
    return false;
}

static const struct command *find_exactly(const char *name)
{
    for (unsigned i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* The only command that begins so; *count is how many there are. */
static const struct command *find_beginning(const char *name, unsigned *count)
{
    const struct command *found = NULL;

    *count = 0;
    for (unsigned i = 0; *name && i < command_count; i++) {
        if (!begins(commands[i].name, name))
            continue;
        found = &commands[i];
        ++*count;
    }
    return *count == 1 ? found : NULL;
}

static void say_no_command(const char *name)
{
    struct near near = near_begin(name, strlen(name));
    char sentence[120];

    for (unsigned i = 0; i < command_count; i++)
        near_consider(&near, commands[i].name);
    snprintf(sentence, sizeof sentence, "There is no command \"%.40s\"", name);
    near_finish(&near, "; `help` lists those there are.", sentence, sizeof sentence);
    command_fail("%s", sentence);
}

const struct command *complete_find_command(const char *name, bool is_person)
{
    const struct command *command = find_exactly(name), *only;
    unsigned count = 0;

    if (command)
        return command;
    only = is_person ? find_beginning(name, &count) : NULL;
    if (only && !is_whole_word(only->name))
        return only;
    if (only) {
        refuse_short(name, only->name);
    } else if (count > 1) {
        struct listing listing = {.count = count};
        hal_printf("\"%.40s\" may be ", name);
        for (unsigned i = 0; i < command_count; i++)
            if (begins(commands[i].name, name))
                list_word(&listing, commands[i].name);
        hal_printf(".\n");
    } else {
        say_no_command(name);
    }
    return NULL;
}

/* ------------------------------------------------------------------ words of a command */

static struct usage usage; /* of the command that is looked at */

static void say_several(usage_places places, const char *word, unsigned count)
{
    struct listing listing = {.count = count};
    char candidate[USAGE_WORD_SIZE];

    hal_printf("\"%.40s\" may be ", word);
    for (unsigned i = 0; usage_word(&usage, places, i, candidate); i++)
        if (begins(candidate, word))
            list_word(&listing, candidate);
    hal_printf(".\n");
}

bool complete_expand(const struct command *command, unsigned count, char **words)
{
    static char expanded[8][USAGE_WORD_SIZE];
    unsigned used = 0;

    usage_read(&usage, command->arguments);
    usage_places places = usage_start(&usage);
    for (unsigned i = 1; i < count && places; i++) {
        usage_places next = usage_step(&usage, places, words[i]);
        unsigned found = next || used == 8 || !*words[i]
                             ? 0
                             : usage_expand(&usage, places, words[i], expanded[used]);
        if (found > 1) {
            say_several(places, words[i], found);
            return false;
        }
        if (found == 1 && is_whole_word(expanded[used]))
            return refuse_short(words[i], expanded[used]);
        if (found == 1) {
            words[i] = expanded[used++];
            next = usage_step(&usage, places, words[i]);
        }
        places = next;
    }
    return true;
}

void complete_say_meant(const struct command *command, unsigned count, char **words)
{
    char candidate[USAGE_WORD_SIZE], best[USAGE_WORD_SIZE];

    usage_read(&usage, command->arguments);
    usage_places places = usage_start(&usage);
    for (unsigned i = 1; i < count; i++) {
        usage_places next = usage_step(&usage, places, words[i]);
        if (!next && usage_wants_words(&usage, places)) {
            struct near near = near_begin(words[i], strlen(words[i]));
            for (unsigned j = 0; usage_word(&usage, places, j, candidate); j++) {
                near_consider(&near, candidate);
                if (near.best == candidate)
                    near.best = memcpy(best, candidate, sizeof best);
            }
            if (near.best)
                hal_printf("\"%.40s\" cannot stand there; did you mean %s?\n", words[i], near.best);
        }
        if (!next)
            return;
        places = next;
    }
}

/* ------------------------------------------------------------------ Tab */

#define MOST_WORDS 64u

bool (*complete_kinds)(const char *kind, const struct complete_place *place,
                       struct line_completion *completion);

static struct {
    char bytes[LINE_CAPACITY + 2], text[LINE_CAPACITY + 2];
    char *words[MOST_WORDS];
} split;

/* Where the command begins that the text's end is in. False: it is in a comment. */
static bool find_command_start(const char *text, size_t length, size_t *start)
{
    struct command_text command;
    size_t position = 0, behind = 0;

    while (words_next_command(text, length, &position, &command)) {
        *start = (size_t)(command.text - text);
        behind = *start + command.length;
        if (position < length && text[position] == ';')
            behind = *start = ++position;
        else if (position < length)
            return false; /* a comment ended it */
        else
            return true;
    }
    if (memchr(text + behind, '#', length - behind))
        return false;
    *start = length;
    return true;
}

/* Cuts it into words; the last one, which may be empty, is the one to be completed. Returns how
 * many there are, and where the last one begins; 0: too many. */
static unsigned split_words(const char *text, size_t length, size_t *start, bool *is_quoted)
{
    bool in_word = false, quoted = false;
    unsigned count;

    *is_quoted = false;
    for (size_t i = 0; i < length; i++) {
        bool is_blank = !quoted && text[i] == ' ';
        if (!is_blank && !in_word) {
            *start = i;
            *is_quoted = false;
        }
        in_word = !is_blank;
        if (text[i] == '"') {
            quoted = !quoted;
            *is_quoted = true;
        }
    }
    if (!in_word) {
        *start = length;
        *is_quoted = false;
    }
    memcpy(split.text, text, length);
    if (quoted)
        split.text[length++] = '"';
    if (words_split((struct command_text){split.text, length}, split.bytes, sizeof split.bytes,
                    split.words, MOST_WORDS - 1, &count) != WORDS_OK)
        return 0;
    if (!in_word)
        split.words[count++] = split.bytes + sizeof split.bytes - 1; /* an empty one */
    return count;
}

static void offer(struct line_completion *completion, const char *word, bool is_whole)
{
    completion->offer(completion, &(struct line_candidate){.word = word, .is_whole = is_whole});
}

static void offer_words(const struct command *command, unsigned count,
                        struct line_completion *completion)
{
    char word[USAGE_WORD_SIZE];
    struct complete_place place = {command, count, split.words, completion->word};

    usage_read(&usage, command->arguments);
    usage_places places = usage_start(&usage);
    for (unsigned i = 1; i < count; i++) {
        usage_places next = usage_step(&usage, places, split.words[i]);
        if (!next && usage_expand(&usage, places, split.words[i], word) == 1)
            next = usage_step(&usage, places, word);
        places = next;
    }
    for (unsigned i = 0; usage_word(&usage, places, i, word); i++)
        offer(completion, word, word[strlen(word) - 1] != '=');
    for (unsigned i = 0; usage_kind(&usage, places, i, word); i++)
        if (complete_kinds)
            (void)complete_kinds(word, &place, completion);
}

void complete_line(const char *text, size_t length, struct line_completion *completion)
{
    size_t start, word_start = 0;
    unsigned count, others;

    completion->word = "";
    if (!find_command_start(text, length, &start))
        return;
    count = split_words(text + start, length - start, &word_start, &completion->is_quoted);
    if (count == 0)
        return;
    completion->start = start + word_start;
    completion->word = split.words[count - 1];
    if (count == 1) {
        for (unsigned i = 0; i < command_count; i++)
            offer(completion, commands[i].name, true);
        return;
    }
    const struct command *command = find_exactly(split.words[0]);
    if (!command)
        command = find_beginning(split.words[0], &others);
    if (command)
        offer_words(command, count - 1, completion);
}
