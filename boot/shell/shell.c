/* SPDX-License-Identifier: MIT */
/*
 * The shell's loop: where commands come from, running one, remembering what failed; see shell.h.
 *
 * Owns the console's input. May not: know of any command in particular; the table in commands.c
 * does.
 */
#include <stdio.h>
#include <string.h>

#include "boot/shell/candidates.h"
#include "boot/shell/columns.h"
#include "boot/shell/commands.h"
#include "boot/shell/complete.h"
#include "boot/shell/line_editor.h"
#include "boot/shell/session.h"
#include "boot/shell/shell.h"
#include "boot/shell/words.h"
#include "hal/hal.h"
#include "lib/host_file.h"
#include "lib/plural.h"
#include "port/idle.h"
#include "port/irql.h"

#define PROMPT "> "

static struct line_editor editor;
static bool is_history_kept; /* by the host */

/* A sector of 512 bytes, each written as a word of its own, is the longest useful command. */
#define COMMAND_MAX_WORDS 1200u
#define COMMAND_MAX_BYTES 8192u

static struct {
    char text[COMMAND_MAX_BYTES];       /* the present command's words */
    char *words[COMMAND_MAX_WORDS + 1]; /* pointers into `text` */
} shell;

/* ------------------------------------------------------------------ one command */

static enum command_result run_words(unsigned count, char **words)
{
    bool is_person = shell_session.is_interactive;
    const struct command *command = complete_find_command(words[0], is_person);

    if (!command || (is_person && !complete_expand(command, count, words)))
        return COMMAND_FAILED;
    enum command_result result = command->run(count, words);
    if (result == COMMAND_BAD_ARGUMENTS) {
        complete_say_meant(command, count, words);
        hal_printf("Usage: %s%s%s\n", command->name, *command->arguments ? " " : "",
                   command->arguments);
    }
    return result;
}

/* True: it succeeded. */
static bool run_command(struct command_text command)
{
    unsigned count;

    switch (words_split(command, shell.text, sizeof shell.text, shell.words, COMMAND_MAX_WORDS,
                        &count)) {
    case WORDS_OK:
        break;
    case WORDS_UNCLOSED_QUOTE:
        command_fail("A double quote is not closed.");
        return false;
    case WORDS_TOO_LONG:
        command_fail("The command is too long: it may have up to %u characters.",
                     COMMAND_MAX_BYTES - 1);
        return false;
    case WORDS_TOO_MANY:
        command_fail("The command is too long: it may have up to %u words.", COMMAND_MAX_WORDS);
        return false;
    }
    shell.words[count] = NULL;
    return count == 0 || run_words(count, shell.words) == COMMAND_DONE;
}

/* hal_printf cuts at 1,024 bytes, and a command may be longer. */
static void show_command(struct command_text command)
{
    hal_printf(PROMPT);
    for (size_t at = 0; at < command.length; at += 512) {
        size_t left = command.length - at;
        hal_printf("%.*s", (int)(left < 512 ? left : 512), command.text + at);
    }
    hal_printf("\n");
}

bool shell_run_shown(const char *text)
{
    struct command_text command = {text, strlen(text)};
    show_command(command);
    return run_command(command);
}

/* ------------------------------------------------------------------ commands from a text */

/* How many failed commands are named at the end, and how much of each is shown. */
#define FAILURES_NAMED 64u
#define FAILURE_SHOWN  72

static void name_failures(const struct command_text *failures, unsigned failed, unsigned run)
{
    hal_printf("\n%u of %u command%s failed:\n", failed, run, plural(run));
    for (unsigned i = 0; i < failed && i < FAILURES_NAMED; i++) {
        bool is_cut = failures[i].length > FAILURE_SHOWN;
        hal_printf("  %.*s%s\n", is_cut ? FAILURE_SHOWN : (int)failures[i].length, failures[i].text,
                   is_cut ? "..." : "");
    }
    if (failed > FAILURES_NAMED)
        hal_printf("  and %u more\n", failed - FAILURES_NAMED);
}

bool shell_run_text(const char *text, size_t length)
{
    static struct command_text failures[FAILURES_NAMED];
    struct command_text command;
    unsigned run = 0, failed = 0;
    size_t position = 0;

    while (!shell_session.power_off_wanted &&
           words_next_command(text, length, &position, &command)) {
        run++;
        shell_session.was_stopped = false;
        show_command(command);
        if (!run_command(command)) {
            if (failed < FAILURES_NAMED)
                failures[failed] = command;
            failed++;
        }
        shell_session.was_stopped =
            false; /* what the port does by itself is not what was stopped */
        port_idle();
    }
    unsigned left = 0;
    while (words_next_command(text, length, &position, &command))
        left++;
    if (left > 0)
        hal_printf("%u command%s after %s did not run.\n", left, plural(left),
                   shell_session.must_end ? "the host's end of the session" : "poweroff");
    if (failed > 0)
        name_failures(failures, failed, run);
    return failed == 0;
}

/* ------------------------------------------------------------------ commands from a person */

#define KEY_BREAK (-1)

/* What the port says meanwhile gets lines of its own, and the line that is being typed comes back
 * below. */
static void let_port_work(void)
{
    bool speaks = port_idle_speaks();

    if (speaks)
        hal_printf("\n");
    port_idle();
    if (speaks)
        line_editor_redraw(&editor);
}

static int wait_for_key(void)
{
    for (;;) {
        let_port_work();
        hal_interrupts_disable();
        bool is_break = hal_console_take_break() || shell_session.must_end;
        int key = is_break ? KEY_BREAK : hal_console_read();
        bool has_key = is_break || key >= 0;
        if (!has_key && !port_idle_wanted())
            irql_rest();
        hal_interrupts_enable();
        if (has_key)
            return key;
    }
}

/* The host has it before the command runs. */
static void hand_over(const char *line)
{
    const char begin = HOST_FILE_LINE;

    if (!is_history_kept)
        return;
    hal_host_file_put(&begin, 1);
    hal_host_file_put(line, strlen(line) + 1);
}

void shell_load_history(const char *text, size_t byte_count)
{
    history_load(&editor.history, text, byte_count, LINE_CAPACITY - 1);
    is_history_kept = hal_host_file_present();
}

/* Runs the commands of a line. */
static void run_line(const char *line)
{
    struct command_text command;
    size_t position = 0, length = strlen(line);

    hal_log(PROMPT "%s\n", line);
    shell_forget_break();
    while (!shell_session.power_off_wanted && !shell_session.was_stopped &&
           words_next_command(line, length, &position, &command))
        run_command(command);
    shell_session.was_stopped = false;
}

void shell_begin(void)
{
    complete_begin(shell_commands, shell_command_count);
    candidates_begin();
}

void shell_interactive(void)
{
    static const struct line_editor_host host = {
        .write = hal_console_write,
        .complete = complete_line,
        .kept = hand_over,
        .resized = columns_set,
    };

    shell_session.is_interactive = true;
    line_editor_init(&editor, &host, PROMPT, columns_width());
    line_editor_begin(&editor);
    do {
        int key = wait_for_key();
        if (key == KEY_BREAK) {
            if (shell_session.must_end)
                hal_printf("\n");
            else
                line_editor_cancel(&editor);
            continue;
        }
        switch (line_editor_byte(&editor, (uint8_t)key)) {
        case LINE_PENDING:
            break;
        case LINE_READY:
            run_line(editor.text);
            if (!shell_session.power_off_wanted)
                line_editor_begin(&editor);
            break;
        case LINE_TOO_LONG:
            hal_printf("The line is longer than %u bytes; it was not run.\n", LINE_CAPACITY - 1);
            line_editor_begin(&editor);
            break;
        case LINE_END:
            hal_printf("poweroff\n");
            shell_power_off();
            break;
        }
    } while (!shell_session.power_off_wanted);
}
