# SPDX-License-Identifier: MIT
"""The trace: `ata trace`, and the last access of a register. Lines are made by the kernel's own
sources, in build/tools/trace-lines."""

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


UNKNOWN = "by a buffer routine, of which the trace has no value"


class Accesses:
    """Of each register what drivers wrote and read last, as far back as the trace goes. For the
    auditor to keep that would take time in each access."""

    def __init__(self):
        kinds = {words.number(f"TRACE_{where}_{way}"): (where == "REGISTER", way == "WRITE")
                 for where in ("PORT", "REGISTER") for way in ("READ", "WRITE")}
        steps = reader.variable("trace_steps")
        unrecorded = {is_memory for kind, (is_memory, _) in kinds.items() if not int(steps[kind])}
        self.recorded = {False, True} - unrecorded  # is_memory
        self.gaps, self.is_whole = set(), False  # is_memory
        self.latest_first = list(self.entries(kinds))
        self.last_bytes = {}
        for age, (is_memory, is_write, where, width, value) in enumerate(self.latest_first):
            for i in range(width):
                byte = None if value is None else value >> 8 * i & 0xFF
                self.last_bytes.setdefault((is_memory, is_write, where + i & 0xFFFF), (age, byte))

    def entries(self, kinds):
        """Drivers' accesses; those of a kind up to its gap. What comes behind the latest entry is
        none (port/trace.c, show), then the oldest comes."""
        buffers = {words.number("TRACE_PORT_BUFFER"): False, words.number("TRACE_REGISTER_BUFFER"): True}
        bits = words.defined("port/trace.c:90", "TRACE_")
        ring = struct.unpack(f"<{2 * bits['TRACE_ENTRY_COUNT']}I", raw("trace_entries"))
        data_ports = {int(channel["audit"]["ports"]["status"]) - 7 for channel in reader.channels()}
        following, none = int(reader.variable("trace_next")), words.number("TRACE_NONE")
        for left in range(1, bits["TRACE_ENTRY_COUNT"]):
            place = (following - left) % bits["TRACE_ENTRY_COUNT"]
            value, head = ring[2 * place], ring[2 * place + 1]
            kind, extra, where = head >> 16 & 0xFF, head >> 24, head & 0xFFFF
            self.is_whole = kind == none and not extra  # of the oldest place: it has no entry yet
            if kind == none:
                self.gaps |= {name == "REGISTERS" for name in ("PORTS", "REGISTERS") if extra & bits[f"TRACE_GAP_{name}"]}
                if len(self.gaps) == 2:
                    return
                continue
            is_memory, is_write = kinds.get(kind, (buffers.get(kind), bool(extra & bits["TRACE_IS_OUT"])))
            if is_memory is None or is_memory in self.gaps or extra & bits["TRACE_OWN"]:
                continue
            # A wide access there is no access to its neighbours.
            if not is_memory and where in data_ports:
                continue
            width = extra & bits["TRACE_WIDTH"]
            if kind in kinds:
                yield is_memory, is_write, where, width, value
            elif not is_memory:
                yield is_memory, is_write, where, width, None
            elif width and where % width:
                # Units within a register have entries of their own (port/access/registers.c).
                for unit in range(where, where + min(value, 0x1100) * width, width):
                    if unit % 4 + width > 4:
                        yield is_memory, is_write, unit, width, None

    def last(self, is_memory, places, width, ways=(False, True)):
        """The last access, of reads (False) and writes (True): its age and a value, of which a
        driver may have accessed some bytes alone: "0x????0003", or UNKNOWN. None: there is none. A
        register may be mapped in several places."""
        found = []
        for i in range(width):
            keys = [(is_memory, way, place + i & 0xFFFF) for place in places for way in ways]
            found.append(min((self.last_bytes[key] for key in keys if key in self.last_bytes), default=None))
        ages = [byte[0] for byte in found if byte]
        if is_memory not in self.recorded or not ages:
            return None
        if any(byte and byte[1] is None for byte in found):
            return min(ages), UNKNOWN
        if len(ages) < width:
            return min(ages), "0x" + "".join(f"{byte[1]:02x}" if byte else "??" for byte in reversed(found))
        return min(ages), sum(byte[1] << 8 * i for i, byte in enumerate(found))

    def port_writes_before(self, age):
        """Those before an access of that age, the latest first: the port and the value; None: it is
        not known."""
        return ((where, value) for is_memory, is_write, where, _, value in self.latest_first[age + 1:]
                if is_write and not is_memory)

    def why_none(self, is_memory, never):
        """Why there is no access in it; `never` stands for: there was none."""
        if is_memory not in self.recorded:
            return "not recorded: the trace is off, or leaves it out"
        if is_memory in self.gaps:
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
