# SPDX-License-Identifier: MIT
"""Numbers in words. The words are the kernel's own: its tables (names.c, irb_names.c, states.c), its macros (irb.h,
compiled with -g3) and its enumerations. Pure: reads constants."""

import functools
import re

import gdb

from . import reader


def once(function):
    """Constants do not change, but for another kernel."""
    cached = functools.lru_cache(maxsize=None)(lambda kernel, *arguments: function(*arguments))
    return functools.wraps(function)(lambda *arguments: cached(reader.kernel().filename, *arguments))


@once
def table(file, name, *members):
    """A constant table, as tuples of its rows' members: texts and numbers."""
    def plain(value):
        kind = value.type.strip_typedefs()
        is_text = kind.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ARRAY)
        return reader.text(value) if is_text else int(value)
    rows = reader.array(reader.static(file, name))
    return [tuple(plain(row[member]) for member in members) for row in rows]


@once
def all_macros():
    """Those that irb.h brings, as they are written: {name: value}."""
    listing = gdb.execute("info macros port/irb_names.c:20", to_string=True)
    return {name: value.strip() for name, value in re.findall(r"^#define (\w+) (.+)$", listing, re.MULTILINE)
            if re.match(r"(IRB|IDE|DFLAGS|SENSE_INFO|MAX_IDE)_", name)}


@once
def macros(prefix):
    """The numbers that macros of irb.h with that prefix stand for: {name: number}."""
    return {name: int(value, 0) for name, value in all_macros().items()
            if name.startswith(prefix) and re.fullmatch(r"0[xX][0-9a-fA-F]+|\d+", value)}


def define_macros():
    """So that `print Irb->IrbFlags & IRB_FLAGS_DATA_IN` works in frames of drivers that were compiled without -g3."""
    for name, value in all_macros().items():
        gdb.execute(f"macro define {name} {value}")


def macro(prefix, value):
    """The macro that stands for a number, without its prefix; None: there is none."""
    return next((name[len(prefix):] for name, number in macros(prefix).items() if number == value), None)


def flags(prefix, value):
    """Flags by their macros' names: "USE_DMA DATA_IN"."""
    names = [(number, name[len(prefix):]) for name, number in macros(prefix).items() if value & number == number and number]
    rest = value & ~functools.reduce(lambda left, row: left | row[0], names, 0)
    return " ".join([name for _, name in sorted(names)] + ([f"{rest:#x}"] if rest else [])) or "none"


def enumerator(value):
    """The name of an enumeration's value, without what all of them have in common."""
    fields = [field for field in value.type.strip_typedefs().fields() if hasattr(field, "enumval")]
    return next((field.name for field in fields if field.enumval == int(value)), str(int(value)))


@once
def number(name):
    """The value of an enumerator of the kernel's."""
    symbol = reader.kernel().lookup_static_symbol(name)
    if symbol is None:
        raise gdb.GdbError(f"The kernel has no constant {name}: is this its kernel.elf?")
    return int(symbol.value())


def state(machine, value):
    """The name of a state, as the trace has it."""
    return reader.text(reader.variable("state_tables")[number(machine)]["names"][int(value)])


# ------------------------------------------------------------------ IRBs

def irb_function(function):
    names = dict(table("port/irb_names.c", "irb_functions", "value", "name"))
    return names.get(function, "unknown function")


def irb_status(status):
    names = dict(table("port/irb_names.c", "irb_statuses", "value", "name"))
    every = macros("IRB_STATUS_")
    added = ["RETURN_TASKFILE_VALID", "AUTOSENSE_VALID", "FORCE_ENUM_DEVICE1_NEEDED"]
    said = [word for word in added if status & every["IRB_STATUS_" + word]]
    code = status & ~sum(every["IRB_STATUS_" + word] for word in said)
    return " + ".join([names.get(code, "unknown status")] + said)


# ------------------------------------------------------------------ registers

def bits(name, value):
    """Bits of a register by name, "DRDY DSC": the set's name is that of enum name_bits."""
    words = []
    for which, first, last, word in table("port/access/names.c", "all_bits", "set", "first", "last", "name"):
        mask = (1 << (last + 1)) - (1 << first)
        if which == number(name) and value & mask:
            words.append(word if first == last else f"{word} {(value & mask) >> first}")
            value &= ~mask
    return " ".join(words)


def with_bits(name, value, digits=2):
    return f"0x{value:0{digits}x} {bits(name, value)}".rstrip()


def register(role, is_write):
    return table("port/access/names.c", "registers", "read", "written")[role][1 if is_write else 0]


def roles(word):
    """The registers of ports that a word names, as numbers of enum access_role."""
    def bare(name):
        return re.sub(r"[^a-z0-9]", "", name.lower())
    rows = table("port/access/names.c", "registers", "read", "written", "old")
    return [role for role, names in enumerate(rows) if role and bare(word) in [bare(name) for name in names if name]]


def register_names():
    rows = table("port/access/names.c", "registers", "read", "written")
    return sorted({name for row in rows[1:] for name in row if "+" not in name})


# ------------------------------------------------------------------ commands

@once
def commands():
    rows = table("port/access/names_commands.c", "commands", "opcode", "shape", "name")
    return {opcode: (shape, name) for opcode, shape, name in rows}


def command(opcode):
    return commands().get(opcode, (0, "an unknown command"))[1]


def opcode(word):
    """A command's number, from its name or itself; None: there is none."""
    def bare(name):
        return re.sub(r"[^A-Z0-9]", "", name.upper())
    for code, (_, name) in commands().items():
        if bare(name) == bare(word):
            return code
    return int(word, 16) if re.fullmatch(r"(0x)?[0-9A-Fa-f]{1,2}", word) else None


def packet(opcode_):
    names = dict(table("port/access/names_commands.c", "packets", "value", "name"))
    return names.get(opcode_, "an unknown packet command")


def lba(low, device, is_48):
    """`low`: the three registers, and the three that were written before them."""
    address = low[0] | low[1] << 8 | low[2] << 16
    return address | (low[3] << 24 | low[4] << 32 | low[5] << 40 if is_48 else (device & 0x0F) << 24)


def count_of(now, before, is_48):
    whole = now | before << 8 if is_48 else now
    return whole or (0x10000 if is_48 else 0x100)


def many(number_, word):
    return f"{number_} {word}{'' if number_ == 1 else 's'}"


def task_file(code, features, count, low, device, before_features=0, before_count=0):
    """A command with all that is its own: "0xc8 READ DMA, device 0, LBA 2048, 8 sectors"."""
    shape, name = commands().get(code, (0, "an unknown command"))
    is_48 = shape in (number("SHAPE_48"), number("SHAPE_QUEUED"))
    said = [f"0x{code:02x} {name}", f"device {device >> 4 & 1}"]
    if shape in (number("SHAPE_28"), number("SHAPE_48")):
        said.append(f"LBA {lba(low, device, is_48)}")
        said.append(many(count_of(count, before_count, is_48), "sector"))
    elif shape == number("SHAPE_QUEUED"):
        said.append(f"LBA {lba(low, device, True)}")
        said.append(many(count_of(features, before_features, True), "sector"))
        said.append(f"tag {count >> 3}")
    elif shape == number("SHAPE_COUNT"):
        said.append(f"Sector Count 0x{count:02x}")
    elif shape == number("SHAPE_FEATURE"):
        said.append(f"Features 0x{features:02x}, Sector Count 0x{count:02x}")
    elif shape == number("SHAPE_PACKET"):
        said.append(f"Features 0x{features:02x}, at most {low[1] | low[2] << 8} bytes a block")
    return ", ".join(said)


@once
def defined(place, prefix):
    """The numbers that macros of the kernel's with that prefix stand for, as a place of its sources
    has them: {macro: number}."""
    listing = gdb.execute(f"info macros {place}", to_string=True)
    found = re.findall(r"^#define (\w+) (0[xX][0-9A-Fa-f]+|\d+)u?$", listing, re.MULTILINE)
    return {name: int(value, 0) for name, value in found if name.startswith(prefix)}


def hazards():
    """What the auditor's `hazards` has a bit for: {macro: bit}."""
    return defined("port/access/audit_dma.c:30", "AUDIT_")
