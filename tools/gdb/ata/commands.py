# SPDX-License-Identifier: MIT
"""`ata`, its subcommands' form, and their tables."""

import gdb

from . import reader


class Ata(gdb.Command):
    """What the ATA port driver is doing, from the guest's memory or a core of it."""

    def __init__(self):
        super().__init__("ata", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)

    def invoke(self, text, from_tty):
        if text.strip():
            raise gdb.GdbError(f'Undefined ata command: "{text}". `help ata` lists them.')
        gdb.execute("help ata")


class Command(gdb.Command):
    """A command whose words are those of its class: NAME, and `run`, which gets the rest of the line."""

    NAME = None
    KIND = gdb.COMMAND_DATA

    def __init__(self):
        super().__init__(self.NAME, self.KIND)

    def invoke(self, text, from_tty):
        if self.KIND == gdb.COMMAND_DATA and not reader.is_loaded():
            raise gdb.GdbError("There is no guest to look at: `target remote` finds one that runs, `core-file` opens a core.")
        try:
            self.run(text.strip())
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"The guest's memory cannot be read: {error}") from error
        except gdb.error as error:
            raise gdb.GdbError(str(error)) from error
        except (IndexError, KeyError, OverflowError, ValueError) as error:
            raise gdb.GdbError(f"What lies in the guest's memory makes no sense here: it was overwritten ({error}).") from error


def rows(heading, lines):
    """A table with columns as wide as they need to be."""
    lines = [[str(cell) for cell in line] for line in lines]
    widths = [max(len(cell) for cell in column) for column in zip(heading, *lines)]
    for line in [heading] + lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def members(lines, indent="  "):
    """Names and what they are, one a line."""
    width = max((len(name) for name, _ in lines), default=0)
    for name, said in lines:
        print(f"{indent}{name.ljust(width)}  {said}".rstrip())


def number_word(text, fallback):
    """A count that a command was given."""
    if not text:
        return fallback
    try:
        return int(text, 0)
    except ValueError:
        raise gdb.GdbError(f"{text}: expected a number.")


Ata()
