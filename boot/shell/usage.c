/* SPDX-License-Identifier: MIT */
/* The grammar of usages; see usage.h. Pure: tested on the host. */
#include <string.h>

#include "boot/shell/usage.h"

static usage_places bit(unsigned place)
{
    return (usage_places)1 << place;
}

/* ------------------------------------------------------------------ reading it */

static void add_item(struct usage *usage, const char *text, size_t length)
{
    struct usage_item *item;

    if (usage->count == USAGE_ITEMS || length == 0 || length >= USAGE_WORD_SIZE)
        return;
    item = &usage->items[usage->count++];
    *item = (struct usage_item){.text = text, .length = (uint8_t)length, .what = *text};
    if (strchr("[]|", *text))
        return;
    item->what = *text >= 'A' && *text <= 'Z' ? 'k' : 'w';
    if (length > 3 && memcmp(text + length - 3, "...", 3) == 0) {
        item->length = (uint8_t)(length - 3);
        item->repeats = true;
    }
    /* A fault's rule is several words. */
    item->repeats |= item->length == 4 && memcmp(text, "RULE", 4) == 0;
}

void usage_read(struct usage *usage, const char *text)
{
    usage->count = 0;
    while (*text) {
        size_t length = *text == '[' || *text == ']' ? 1 : strcspn(text, " []");
        add_item(usage, text, length);
        text += length;
        text += strspn(text, " ");
    }
}

/* ------------------------------------------------------------------ places */

/* The end of the group, or of the usage, that an item is in. */
static unsigned group_end(const struct usage *usage, unsigned from)
{
    unsigned depth = 0, i = from;

    for (; i < usage->count; i++) {
        if (usage->items[i].what == ']' && depth-- == 0)
            break;
        depth += usage->items[i].what == '[';
    }
    return i;
}

static void reach(const struct usage *usage, unsigned place, usage_places *places);

/* All ways through a group that begins at a place. */
static void reach_ways(const struct usage *usage, unsigned from, usage_places *places)
{
    unsigned end = group_end(usage, from), depth = 0;

    reach(usage, from, places);
    for (unsigned i = from; i < end; i++) {
        depth += usage->items[i].what == '[';
        depth -= usage->items[i].what == ']';
        if (usage->items[i].what == '|' && depth == 0)
            reach(usage, i + 1, places);
    }
}

/* Where one is who stands before an item. Goes forward only, so it ends. */
static void reach(const struct usage *usage, unsigned place, usage_places *places)
{
    char what = place < usage->count ? usage->items[place].what : 0;

    if (what == '[') {
        reach_ways(usage, place + 1, places);
        reach(usage, group_end(usage, place + 1) + 1, places);
    } else if (what == '|') {
        unsigned end = group_end(usage, place);
        reach(usage, end < usage->count ? end + 1 : end, places);
    } else if (what == ']') {
        reach(usage, place + 1, places);
    } else {
        *places |= bit(place < usage->count ? place : usage->count);
    }
}

usage_places usage_start(const struct usage *usage)
{
    usage_places places = 0;
    reach_ways(usage, 0, &places);
    return places;
}

/* ------------------------------------------------------------------ words */

/* The index-th of an item's words: "a|b". */
static bool item_word(const struct usage_item *item, unsigned index, char word[USAGE_WORD_SIZE])
{
    const char *text = item->text, *end = item->text + item->length;

    for (; index > 0 && text < end; index--) {
        while (text < end && *text != '|')
            text++;
        text += text < end;
    }
    size_t length = 0;
    while (text + length < end && text[length] != '|' && (length == 0 || text[length - 1] != '='))
        length++;
    memcpy(word, text, length);
    word[length] = 0;
    return length > 0;
}

static bool takes(const struct usage_item *item, const char *word)
{
    char own[USAGE_WORD_SIZE];

    if (item->what == 'k')
        return true;
    for (unsigned i = 0; item_word(item, i, own); i++) {
        size_t length = strlen(own);
        if (own[length - 1] == '=' ? strncmp(word, own, length) == 0 : strcmp(word, own) == 0)
            return true;
    }
    return false;
}

usage_places usage_step(const struct usage *usage, usage_places places, const char *word)
{
    usage_places next = 0;

    for (unsigned i = 0; i < usage->count; i++) {
        if (!(places & bit(i)) || !takes(&usage->items[i], word))
            continue;
        reach(usage, i + 1, &next);
        if (usage->items[i].repeats)
            next |= bit(i);
    }
    return next;
}

bool usage_wants_words(const struct usage *usage, usage_places places)
{
    bool has_words = false;

    for (unsigned i = 0; i < usage->count; i++) {
        if (!(places & bit(i)))
            continue;
        if (usage->items[i].what == 'k')
            return false;
        has_words = true;
    }
    return has_words;
}

/* Has an item before this one the same word? */
static bool came_before(const struct usage *usage, usage_places places, unsigned item,
                        const char *word)
{
    char own[USAGE_WORD_SIZE];

    for (unsigned i = 0; i < item; i++)
        for (unsigned j = 0; places & bit(i) && item_word(&usage->items[i], j, own); j++)
            if (strcmp(own, word) == 0)
                return true;
    return false;
}

static bool nth(const struct usage *usage, usage_places places, char what, unsigned index,
                char word[USAGE_WORD_SIZE])
{
    unsigned found = 0;

    for (unsigned i = 0; i < usage->count; i++) {
        const struct usage_item *item = &usage->items[i];
        for (unsigned j = 0; places & bit(i) && item->what == what && item_word(item, j, word); j++)
            if (!came_before(usage, places, i, word) && found++ == index)
                return true;
    }
    return false;
}

bool usage_word(const struct usage *usage, usage_places places, unsigned index,
                char word[USAGE_WORD_SIZE])
{
    return nth(usage, places, 'w', index, word);
}

bool usage_kind(const struct usage *usage, usage_places places, unsigned index,
                char kind[USAGE_WORD_SIZE])
{
    return nth(usage, places, 'k', index, kind);
}

unsigned usage_expand(const struct usage *usage, usage_places places, const char *beginning,
                      char word[USAGE_WORD_SIZE])
{
    char candidate[USAGE_WORD_SIZE];
    unsigned count = 0;

    if (!usage_wants_words(usage, places))
        return 0;
    for (unsigned i = 0; usage_word(usage, places, i, candidate); i++) {
        if (strncmp(candidate, beginning, strlen(beginning)) != 0 || strchr(candidate, '='))
            continue;
        if (count++ == 0)
            memcpy(word, candidate, sizeof candidate);
    }
    return count;
}
