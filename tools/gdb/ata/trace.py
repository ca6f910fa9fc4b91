# SPDX-License-Identifier: MIT
"""The trace: `ata trace`, and the last access of a register. Lines are made by the kernel's own sources, in
build/tools/trace-lines."""

import os
import struct
import subprocess

import gdb

from . import reader, words
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


class Accesses:
    """Of each register what drivers wrote and read last, as far back as the trace goes. For the auditor to keep that would
    take time in each access."""

    def __init__(self):
        kinds = {words.number(f"TRACE_{where}_{way}"): (where == "REGISTER", way == "WRITE")
                 for where in ("PORT", "REGISTER") for way in ("READ", "WRITE")}
        steps = reader.variable("trace_steps")
        unrecorded = {is_memory for kind, (is_memory, _) in kinds.items() if not int(steps[kind])}
        self.recorded = {False, True} - unrecorded  # is_memory
        self.has_gap = self.is_whole = False
        self.latest_first = list(self.entries(kinds))
        self.last_bytes = {}
        for age, (is_memory, is_write, where, width, value) in enumerate(self.latest_first):
            for i in range(width):
                self.last_bytes.setdefault((is_memory, is_write, where + i & 0xFFFF), (age, value >> 8 * i & 0xFF))

    def entries(self, kinds):
        """Drivers' accesses. What comes behind the latest entry is none (port/trace.c, show), then the oldest comes."""
        bits = words.defined("port/trace.c:90", "TRACE_")
        ring = struct.unpack(f"<{2 * bits['TRACE_ENTRY_COUNT']}I", raw("trace_entries"))
        data_ports = {int(channel["audit"]["ports"]["status"]) - 7 for channel in reader.channels()}
        following, none = int(reader.variable("trace_next")), words.number("TRACE_NONE")
        for left in range(1, bits["TRACE_ENTRY_COUNT"]):
            place = (following - left) % bits["TRACE_ENTRY_COUNT"]
            value, head = ring[2 * place], ring[2 * place + 1]
            kind, extra, where = head >> 16 & 0xFF, head >> 24, head & 0xFFFF
            if kind == none and value == bits["TRACE_GAP"]:
                self.has_gap = True
                return
            self.is_whole = kind == none  # of the oldest place: it has no entry yet
            if kind in kinds and not extra & bits["TRACE_OWN"]:
                is_memory, is_write = kinds[kind]
                if is_memory or where not in data_ports:  # a wide access there is no access to its neighbours
                    yield is_memory, is_write, where, extra & bits["TRACE_WIDTH"], value

    def last(self, is_memory, places, width, ways=(False, True)):
        """The last access, of reads (False) and writes (True): its age and a value, of which a driver may have accessed some
        bytes alone: "0x????0003". None: there is none. A register may be mapped in several places."""
        found = []
        for i in range(width):
            keys = [(is_memory, way, place + i & 0xFFFF) for place in places for way in ways]
            found.append(min((self.last_bytes[key] for key in keys if key in self.last_bytes), default=None))
        ages = [byte[0] for byte in found if byte]
        if is_memory not in self.recorded or not ages:
            return None
        if len(ages) < width:
            return min(ages), "0x" + "".join(f"{byte[1]:02x}" if byte else "??" for byte in reversed(found))
        return min(ages), sum(byte[1] << 8 * i for i, byte in enumerate(found))

    def port_writes_before(self, age):
        """Those before an access of that age, the latest first: the port and the value."""
        return ((where, value) for is_memory, is_write, where, _, value in self.latest_first[age + 1:]
                if is_write and not is_memory)

    def why_none(self, is_memory, never):
        """Why there is no access in it; `never` stands for: there was none."""
        if is_memory not in self.recorded:
            return "not recorded: the trace is off, or leaves it out"
        if self.has_gap:
            return "not since the trace was cleared or switched on"
        return never if self.is_whole else "not in the trace any more"


class Trace(Command):
    """The last entries of the trace in words: ata trace [COUNT]

As the shell's `log` shows them: seconds since the start, microseconds since the last time, and what was done. The
latest stands last; COUNT is 32 without one."""

    NAME = "ata trace"

    def run(self, text):
        print(lines(number_word(text, 32)))


Trace()
