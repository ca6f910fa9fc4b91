/* SPDX-License-Identifier: MIT */
/* The terminal's width; see columns.h. */
#include <stdbool.h>

#include "boot/shell/columns.h"
#include "hal/hal.h"

#define USUAL_COLUMNS 80u
#define FIT_LEAST     8u

static unsigned terminal_columns; /* 0: not known */

void columns_set(unsigned columns)
{
    terminal_columns = columns;
}

unsigned columns_width(void)
{
    return terminal_columns ? terminal_columns : USUAL_COLUMNS;
}

unsigned columns_fit(unsigned wanted, unsigned others)
{
    if (!terminal_columns || wanted + others <= terminal_columns || wanted <= FIT_LEAST)
        return wanted;
    return terminal_columns > others + FIT_LEAST ? terminal_columns - others : FIT_LEAST;
}

void columns_print(unsigned column, unsigned indent, const char *text)
{
    for (bool is_first = true; *text; is_first = false) {
        unsigned length = 0;
        while (text[length] && text[length] != ' ')
            length++;
        if (!is_first && column + 1 + length > columns_width()) {
            hal_printf("\n%*s", (int)indent, "");
            column = indent;
        } else if (!is_first) {
            hal_printf(" ");
            column++;
        }
        hal_printf("%.*s", (int)length, text);
        column += length;
        text += length;
        text += *text == ' ';
    }
    hal_printf("\n");
}
