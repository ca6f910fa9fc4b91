/* SPDX-License-Identifier: MIT */
/* The part of the shell that commands ask; see session.h. Owns its state. */
#include <stdarg.h>

#include "boot/shell/session.h"
#include "hal/hal.h"

struct shell_session shell_session;

bool shell_is_interactive(void)
{
    return shell_session.is_interactive;
}

bool shell_is_stopped(void)
{
    shell_session.was_stopped |= hal_console_take_break();
    return shell_session.was_stopped || shell_session.must_end;
}

void shell_forget_break(void)
{
    (void)hal_console_take_break();
    shell_session.was_stopped = false;
}

void shell_power_off(void)
{
    shell_session.power_off_wanted = true;
}

bool shell_is_ending(void)
{
    return shell_session.power_off_wanted;
}

/* Not what comes behind the last command: disks are flushed there. */
void shell_end(void)
{
    shell_session.must_end |= !shell_session.power_off_wanted;
    shell_session.power_off_wanted = true;
}

bool shell_close(void)
{
    const bool was_ended = shell_session.must_end;

    shell_forget_break();
    shell_session.must_end = false;
    return was_ended;
}

enum command_result command_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    hal_vprintf(format, arguments);
    va_end(arguments);
    hal_printf("\n");
    return COMMAND_FAILED;
}
