/* SPDX-License-Identifier: MIT */
/* `trace` and `log`: what has happened, for people. */
#include <stdio.h>
#include <string.h>

#include "boot/shell/arguments.h"
#include "boot/shell/commands.h"
#include "lib/host_file.h"
#include "lib/near.h"
#include "lib/plural.h"
#include "port/log.h"
#include "port/request/queue.h"
#include "port/trace.h"

enum command_result command_log(unsigned count, char **words)
{
    uint64_t entries = 0;

    if (count > 2 || (count == 2 && !argument_number(words[1], &entries)))
        return COMMAND_BAD_ARGUMENTS;
    port_log_print();
    if (entries > 0)
        trace_print(entries < TRACE_REACH ? (unsigned)entries : TRACE_REACH);
    return COMMAND_DONE;
}

static void save_line(const char *text)
{
    hal_host_file_put(text, strlen(text));
    hal_host_file_put("\n", 1);
}

static enum command_result save(const char *name)
{
    const char begin = HOST_FILE_BEGIN;

    if (!host_file_name_is_good(name))
        return command_fail(
            "\"%.80s\" is no name for a file of a run: up to %u letters, digits, dots, - and "
            "_, and no dot or - first.",
            name, HOST_FILE_NAME_CAPACITY - 1);
    if (!hal_host_file_present())
        return command_fail(
            "Nobody on the host takes files: this QEMU was not started by run-qemu.sh.");
    hal_host_file_put(&begin, 1);
    hal_host_file_put(name, strlen(name) + 1);
    unsigned lines = trace_show(TRACE_REACH, save_line);
    hal_printf("The host has %u line%s for its file %s, and says where that is.\n", lines,
               plural(lines), name);
    hal_host_file_put("", 1); /* now the host may speak */
    return COMMAND_DONE;
}

/* False: said which of the words is none. */
static bool select_words(const char *words)
{
    const char *unknown, *word;
    char sentence[120];

    if (trace_select(words, &unknown))
        return true;
    struct near near = near_begin(unknown, strcspn(unknown, ","));
    for (unsigned i = 0; (word = trace_word(i)); i++)
        near_consider(&near, word);
    snprintf(sentence, sizeof sentence, "\"%.*s\" is no word of the trace's",
             (int)(near.length < 40 ? near.length : 40), unknown);
    near_finish(&near, ".", sentence, sizeof sentence);
    hal_printf("%s\n", sentence);
    return false;
}

static bool change(unsigned count, char **words)
{
    const char *what = count > 1 ? words[1] : "";

    if (strcmp(what, "on") == 0 && count == 3)
        return select_words(words[2]);
    if (count != 2)
        return false;
    if (strcmp(what, "on") == 0 || strcmp(what, "off") == 0)
        trace_switch(strcmp(what, "on") == 0);
    else if (strcmp(what, "clear") == 0)
        trace_clear();
    else
        return false;
    return true;
}

enum command_result command_trace(unsigned count, char **words)
{
    if (count == 3 && strcmp(words[1], "save") == 0)
        return save(words[2]);
    if (!change(count, words))
        return COMMAND_BAD_ARGUMENTS;
    requests_follow_trace();
    return COMMAND_DONE;
}
