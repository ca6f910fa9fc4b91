# SPDX-License-Identifier: MIT
"""The trace: `ata trace`. Its lines are made by the kernel's own sources, in build/tools/trace-lines."""

import os
import subprocess

import gdb

from . import reader
from .commands import Command, number_word

PROGRAM = os.path.join(os.path.dirname(__file__), "..", "..", "..", "build", "tools", "trace-lines")


def channel_word(channel):
    return int(channel["traced"])


def pieces_of_channel(channel):
    ports = channel["audit"]["ports"]
    yield "ports", channel_word(channel), int(ports["status"]), int(ports["alternate_status"]), int(ports["bus_master_status"]) - 2
    table = int(channel["audit"]["dma"]["table"])
    for i in range(64 if table else 0):
        raw = reader.memory(table + 8 * i, 8)
        if raw is None:
            return
        address, control = int.from_bytes(raw[:4], "little"), int.from_bytes(raw[4:], "little")
        yield "prd", channel_word(channel), address, control
        if control >> 31:
            return


def pieces_of_memory(controller):
    if reader.is_null(controller["hba"]):
        return
    for i in range(reader.counted(controller["mapped_count"], "ranges")):
        mapped = controller["mapped"][i]
        if not reader.is_null(mapped["hba"]):
            yield "memory", int(controller["index"]) << 5, int(mapped["base"]) & 0xFFFF, int(mapped["byte_count"]), int(mapped["offset"])


def raw(name):
    value = reader.variable(name)
    found = reader.memory(int(value.address), value.type.sizeof)
    if found is None:
        raise gdb.GdbError("The trace cannot be read: no guest runs, and there is no core.")
    return found


def lines(count):
    """The last entries in words, as the shell's `log` shows them."""
    described = [("clock", int(reader.static("hal/x86/pc/clock.c", "time_stamp_at_boot")),
                  int(reader.static("hal/x86/pc/clock.c", "microseconds_per_tick")))]
    for controller in reader.controllers():
        described += pieces_of_memory(controller)
        for channel in reader.channels_of(controller):
            described += pieces_of_channel(channel)
    head = "".join(" ".join(str(max(word, 0) if isinstance(word, int) else word) for word in piece) + "\n" for piece in described)
    if not os.path.exists(PROGRAM):
        raise gdb.GdbError(f"{os.path.relpath(PROGRAM)} is missing: `make` builds it.")
    done = subprocess.run([PROGRAM, str(count)], input=head.encode() + b"end\n" + raw("trace_entries") + raw("trace_times") + raw("trace_next"),
                          capture_output=True, check=False)
    if done.returncode:
        raise gdb.GdbError(done.stderr.decode(errors="replace").strip())
    return done.stdout.decode(errors="replace").rstrip("\n")


class Trace(Command):
    """The last entries of the trace in words: ata trace [COUNT]

As the shell's `log` shows them: seconds since the start, microseconds since the last time, and what was done. The
latest stands last; COUNT is 32 without one."""

    NAME = "ata trace"

    def run(self, text):
        print(lines(number_word(text, 32)))


Trace()
