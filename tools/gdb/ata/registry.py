# SPDX-License-Identifier: MIT
"""The registry in the guest's memory: `ata registry`, `ata buffers`."""

import gdb

from . import reader, words
from .commands import Command, rows

ROOTS = {"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER", "HKCR": "HKEY_CLASSES_ROOT", "HKU": "HKEY_USERS"}


def bytes_at(value, count):
    return reader.memory(int(value.address), count) or b""


def name_of(key):
    return bytes_at(key["name"], int(key["name_byte_count"])).decode(errors="replace")


def children(key):
    return [child for child in reader.linked(key["first_child"]) if not child["is_deleted"]]


def values(key):
    return [value for value in reader.linked(key["first_value"]) if not value["is_deleted"]]


def find(path):
    key = reader.variable("port_registry")["hive"]["store"]["top"].dereference()
    for depth, part in enumerate(word for word in path.split("\\") if word):
        wanted = ROOTS.get(part.upper(), part) if depth == 0 else part
        wanted = "CurrentControlSet" if depth == 2 and wanted.lower() == "controlset001" else wanted
        below = [child for child in children(key) if name_of(child).lower() == wanted.lower()]
        if not below:
            there = ", ".join(name_of(child) for child in children(key)) or "none"
            raise gdb.GdbError(f"There is no key {part} in {name_of(key) or 'the registry'}; there are: {there}.")
        key = below[0]
    return key


def in_words(kind, data):
    """A value as .reg files write it."""
    if kind == 1 and len(data) % 2 == 0:
        return '"' + data.decode("utf-16-le", errors="replace").rstrip("\0").replace("\\", "\\\\").replace('"', '\\"') + '"'
    if kind == 4 and len(data) == 4:
        return f"dword:{int.from_bytes(data, 'little'):08x}"
    shown = data[:32].hex(",") + (f" ... ({len(data)} bytes)" if len(data) > 32 else "")
    return f"hex{'' if kind == 3 else f'({kind:x})'}:{shown}"


def show(key, path):
    print(f"[{path}]")
    for value in values(key):
        size = int(value["name_byte_count"])
        raw = bytes_at(value["bytes"], size + int(value["byte_count"]))
        name = f'"{raw[:size].decode(errors="replace")}"' if size else "@"
        print(f"{name}={in_words(int(value['type']), raw[size:])}")
    for child in children(key):
        print()
        show(child, f"{path}\\{name_of(child)}")


def path_of(key):
    parts = []
    while not reader.is_null(key["parent"]):
        parts.append(name_of(key))
        key = key["parent"].dereference()
    return "\\".join(reversed(parts))


class Registry(Command):
    """A key of the registry and all that is below it: ata registry [KEY]

As .reg files have it. Without a key it is HKLM\\\\SYSTEM\\\\CurrentControlSet\\\\Services, where the drivers' values are."""

    NAME = "ata registry"

    def run(self, text):
        key = find(text.strip('"') or "HKLM\\SYSTEM\\CurrentControlSet\\Services")
        show(key, path_of(key))


class Buffers(Command):
    """The channels' registry buffers, and what waits in them to be stored: ata buffers"""

    NAME = "ata buffers"

    def run(self, text):
        arena = reader.variable("port_registry")["arena"]
        lines = []
        for channel in reader.channels():
            registry = channel["registry"]
            window = registry["window"]
            if reader.is_null(registry["registry"]):
                continue
            state = words.enumerator(registry["state"]).replace("REGISTRY_", "").replace("_", " ").lower()
            is_live = bool(window["is_live"])
            lines.append((reader.text(channel["name"]), state, f"{int(window['buffer']):#x}" if is_live else "-",
                          words.many(int(window["byte_count"]), "byte") if is_live else "-", int(registry["deferred_count"]),
                          place(registry["place"]) if is_live else "-"))
        if lines:
            rows(("CHANNEL", "STATE", "BUFFER", "SIZE", "DEFERRED WRITES", "ALLOCATED BY"), lines)
        print(f"{int(arena['free_count'])} of {int(arena['page_count'])} pages of the arena are free")


def place(address):
    """Who called from there: the line before a return address."""
    if int(address) == 0:
        return "-"
    line = gdb.find_pc_line(int(address) - 1)
    return f"{line.symtab.filename}:{line.line}" if line.symtab else f"{int(address):#x}"


Registry()
Buffers()
