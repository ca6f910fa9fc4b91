/* SPDX-License-Identifier: MIT */
/*
 * The width of the terminal that shows the console, and what is made to fit it.
 *
 * Owns the width. May not read the console. Context: PASSIVE_LEVEL.
 */
#ifndef BOOT_SHELL_COLUMNS_H
#define BOOT_SHELL_COLUMNS_H

/* Tells the width; 0: no terminal is known, and lines are made for 80 columns. */
void columns_set(unsigned columns);
/* The width that lines shall fit. */
unsigned columns_width(void);
/* How many columns a table's widest one gets that could use `wanted`, beside `others` columns. All
 * of them where no terminal is known: a program may read the table. At least 8. */
unsigned columns_fit(unsigned wanted, unsigned others);
/* Prints a text's words, and a line end. It begins in `column`; a word that would not fit goes to a
 * new line, behind `indent` blanks. */
void columns_print(unsigned column, unsigned indent, const char *text);

#endif
