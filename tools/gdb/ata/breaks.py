# SPDX-License-Identifier: MIT
"""Where to stop: `break-irb`, `break-rule`, `break-access`. Each is a breakpoint of GDB's: `info breakpoints` lists it,
and `delete`, `disable` and `ignore` do what they do to others. All of them may be set before a driver is loaded."""

import re

import gdb

from . import irb, reader, words
from .commands import Command


def driver_frame():
    """The number of the first frame that is a driver's, and the frame; None: there is none."""
    frame, kernel = gdb.newest_frame(), reader.kernel().filename
    for number in range(64):
        if frame is None or not frame.is_valid():
            return None
        table = frame.find_sal().symtab
        if table is not None and table.objfile.filename != kernel:
            return number, frame
        frame = frame.older()
    return None


def hint():
    """How to get to the driver's frame."""
    found = driver_frame()
    return f"; `frame {found[0]}` is the driver" if found and found[0] else ""


class Stop(gdb.Breakpoint):
    """A breakpoint that says why it has stopped. `spec` is one for GDB; `what` names it in lists of breakpoints."""

    def __init__(self, spec, **words_):
        super().__init__(spec, **words_)
        self.silent = True


# ------------------------------------------------------------------ IRBs

class InStartIo(gdb.Breakpoint):
    """In the driver's IdeHwStartIo, for the IRB that was waited for."""

    def __init__(self, address, sentence):
        super().__init__(f"*{address:#x}", temporary=True, internal=True)
        self.silent = True
        self.sentence = sentence

    def stop(self):
        print(self.sentence)
        return True


class IrbStop(Stop):
    def __init__(self, code, first, last):
        super().__init__("start_io")  # of port/request/queue.c; it is inline, and GDB finds such ones by name alone
        self.code, self.first, self.last = code, first, last

    def stop(self):
        if gdb.newest_frame().find_sal().symtab.objfile != reader.kernel():
            return False  # a driver may have a function of that name
        slot = gdb.parse_and_eval("slot").dereference()
        block = slot["page"]["irb"]
        if not self.is_wanted(block):
            return False
        sentence = f"IdeHwStartIo gets IRB {int(slot['shown_irb']):#x}: {words.irb_function(int(block['Function']))}, {irb.command_in_words(block)}"
        InStartIo(int(slot["channel"]["given"]["interface"]["IdeHwStartIo"]), sentence)
        return False

    def is_wanted(self, block):
        if self.code is None and self.first is None:
            return True
        if irb.is_packet(block) or irb.is_for_miniport(block):
            return self.first is None and irb.is_packet(block) and int(block["Cdb"][0]) == self.code
        code, lba, count = irb.address_of(block)
        # The driver may choose among commands that do the same; then the function stands for them.
        is_code = self.code is None or code == self.code or (code == 0 and same_function(self.code, int(block["Function"])))
        touches = irb.has_sectors(block) and lba <= self.last and lba + count > self.first if self.first is not None else True
        return is_code and touches


def same_function(code, function):
    name = words.command(code)
    return words.irb_function(function) in ("read", "write", "identify", "flush", "SMART") and \
        words.irb_function(function).upper() in name.upper()


class BreakIrb(Command):
    """Stops in a driver's IdeHwStartIo: break-irb [COMMAND] [LBA[..LBA]]

COMMAND is the name or the number (hexadecimal) of an ATA or packet command: break-irb READ DMA 100..200. With LBAs it
stops for commands that touch one of these sectors."""

    NAME = "break-irb"
    KIND = gdb.COMMAND_BREAKPOINTS

    def run(self, text):
        first = last = code = None
        found = re.search(r"(?:^|\s)(\d+|0x[0-9a-fA-F]+)(?:\.\.(\d+|0x[0-9a-fA-F]+))?$", text)
        # A number alone is a command: its opcode.
        if found and (found.group(2) or found.start() > 0 or len(found.group(1)) > 4):
            first = int(found.group(1), 0)
            last = int(found.group(2), 0) if found.group(2) else first
            text = text[:found.start()].strip()
        if text:
            code = words.opcode(text)
            packets = {name: number for number, name in words.table("port/access/names_commands.c", "packets", "value", "name")}
            code = packets.get(text.upper(), code)
            if code is None:
                raise gdb.GdbError(f"{text}: no command has that name. One is READ DMA EXT; 0xC8 is its number.")
        breakpoint_ = IrbStop(code, first, last)
        name = f"0x{code:02x} {words.command(code)}" if code is not None else "every IRB"
        where = f" that touches LBA {first} to {last}" if first is not None else ""
        print(f"Breakpoint {breakpoint_.number}: {name}{where}, in IdeHwStartIo")


# ------------------------------------------------------------------ rules

class RuleStop(Stop):
    def __init__(self, rule):
        super().__init__("-source port/contract/report.c -function report")
        self.rule = rule

    def stop(self):
        rule = int(gdb.parse_and_eval("rule"))
        if gdb.parse_and_eval("is_note") or (self.rule is not None and rule != self.rule):
            return False
        name, text = words.table("port/contract/rules.c", "rules", "id", "words")[rule]
        print(f"Rule {name} is broken, by {reader.text(gdb.parse_and_eval('routine'))}: {text}{hint()}")
        return True


class BreakRule(Command):
    """Stops where a driver breaks a rule, before it is reported: break-rule [ID]

Without an id it stops at every broken rule. docs/contract.md lists the ids. With CHECKS=off nothing is looked at."""

    NAME = "break-rule"
    KIND = gdb.COMMAND_BREAKPOINTS

    def run(self, text):
        ids = [row[0] for row in words.table("port/contract/rules.c", "rules", "id", "words")]
        if text and text.upper() not in ids:
            raise gdb.GdbError(f"There is no rule {text}; docs/contract.md lists them.")
        breakpoint_ = RuleStop(ids.index(text.upper()) if text else None)
        print(f"Breakpoint {breakpoint_.number}: {text.upper() or 'every rule'}")


# ------------------------------------------------------------------ accesses

def port_role(port):
    """What register a port is: (channel, role)."""
    for channel in reader.channels():
        ports = {name: int(channel["audit"]["ports"][name]) for name in ("status", "alternate_status", "bus_master_status")}
        distance, from_master = port - (ports["status"] - 7), port - (ports["bus_master_status"] - 2)
        if ports["status"] and 0 <= distance < 8:
            return channel, words.number("ROLE_DATA") + distance
        if ports["alternate_status"] and port == ports["alternate_status"]:
            return channel, words.number("ROLE_ALTERNATE_STATUS")
        if ports["bus_master_status"] and from_master in (0, 2, 4):
            return channel, words.number("ROLE_BUS_MASTER_COMMAND") + from_master // 2
    return None, 0


def hba_offset(address):
    """Where an address lies among an AHCI controller's registers; None: in none."""
    for controller in reader.controllers():
        for i in range(reader.counted(controller["mapped_count"], "ranges")):
            mapped = controller["mapped"][i]
            into = address - int(mapped["base"])
            if not reader.is_null(mapped["hba"]) and 0 <= into < int(mapped["byte_count"]):
                return int(mapped["offset"]) + into
    return None


class Wanted:
    """What a word names: a register of ports, by its role and whether it is read or written, or one of AHCI's."""

    def __init__(self, word):
        self.roles = words.roles(word)
        self.offset = self.port = None
        bare = re.sub(r"[^a-z0-9]", "", word.lower())
        self.reads = self.writes = True
        if self.roles:
            read, written = (re.sub(r"[^a-z0-9]", "", words.register(self.roles[0], is_write).lower()) for is_write in (False, True))
            self.reads, self.writes = (bare == read, bare == written) if bare in (read, written) else (True, True)
            return
        self.find_ahci(word)

    def find_ahci(self, word):
        found = re.fullmatch(r"[pP](\d+|[xX])(\w+)", word)
        if found:
            names = {name.upper(): offset for offset, name in words.table("port/access/names.c", "port_registers", "offset", "name")}
            self.offset = names.get("PX" + found.group(2).upper())
            self.port = None if found.group(1) in "xX" else int(found.group(1))
            self.is_ports = True
        if self.offset is None:
            names = {name.upper(): offset for offset, name in words.table("port/access/names.c", "hba_registers", "offset", "name")}
            self.offset, self.is_ports = names.get(word.upper()), False
        if self.offset is None:
            raise gdb.GdbError(f"{word}: no register has that name. There are: {', '.join(words.register_names())}; GHC, PxCI, P0TFD and so on.")

    def is_meant(self, address, is_port):
        if is_port:
            return port_role(address)[1] in self.roles
        offset = hba_offset(address) if self.offset is not None else None
        if offset is None or not self.is_ports:
            return offset is not None and offset == self.offset
        return offset >= 0x100 and (offset - 0x100) % 0x80 == self.offset and self.port in (None, (offset - 0x100) // 0x80)


class AfterRead(gdb.Breakpoint):
    """Where a read returns to, in the driver. (GDB's FinishBreakpoint does not see a return into what was inlined.)"""

    every = {}  # by address

    def __init__(self, address):
        super().__init__(f"*{address:#x}", internal=True)
        self.silent = True
        self.access = None  # who waits for it
        self.every[address] = self

    @classmethod
    def wait(cls, access):
        frame = gdb.newest_frame()
        address = frame.older().pc()
        stop = cls.every.get(address)
        if stop is None or not stop.is_valid():
            stop = cls(address)
        stop.access = access

    def stop(self):
        access, self.access = self.access, None
        if access is None or not access.is_valid():
            return False
        register = "$rax" if gdb.lookup_type("void").pointer().sizeof == 8 else "$eax"
        value = int(gdb.parse_and_eval(register)) & (1 << 8 * access.width) - 1
        return access.says(value) and access.tell(f"{access.word} -> 0x{value:0{2 * access.width}x}")


class AccessStop(Stop):
    """One routine of the twenty-four."""

    def __init__(self, routine, word, wanted, value, mask):
        super().__init__(f"-function {routine}", internal=True)
        self.routine, self.word, self.wanted, self.value, self.mask = routine, word, wanted, value, mask
        self.width = {"char": 1, "hort": 2, "long": 4}[routine[-4:]]

    def says(self, value):
        return self.value is None or value & self.mask == self.value & self.mask

    def tell(self, sentence):
        print(f"{self.routine}: {sentence}{hint()}")
        return True

    def stop(self):
        address = int(gdb.parse_and_eval("At"))
        if not self.wanted.is_meant(address, "Port" in self.routine[7:]):
            return False
        if "Buffer" in self.routine:
            return self.tell(f"{self.word}, {int(gdb.parse_and_eval('Count'))} units")
        if "Read" in self.routine:
            AfterRead.wait(self)
            return False
        value = int(gdb.parse_and_eval("Value"))
        return self.says(value) and self.tell(f"{self.word} <- 0x{value:0{2 * self.width}x}")


class BreakAccess(Command):
    """Stops where a driver accesses a register: break-access REGISTER [VALUE[/MASK]]

REGISTER is its name: Command, Status, "LBA Low", "Bus Master Command"; GHC, PxCI for all ports of an AHCI controller,
P0CI for one. VALUE is hexadecimal; with a mask, only the mask's bits count: break-access Status 0x01/0x01 is ERR. A write
stops before it is done, a read behind it, in the driver. `break-access off` takes all of these back."""

    NAME = "break-access"
    KIND = gdb.COMMAND_BREAKPOINTS
    stops = []

    def run(self, text):
        if text == "off":
            for stop in self.stops + list(AfterRead.every.values()):
                if stop.is_valid():
                    stop.delete()
            self.stops.clear()
            AfterRead.every.clear()
            return
        found = re.fullmatch(r'("[^"]+"|.+?)(?:\s+(?:0x)?([0-9A-Fa-f]+)(?:/(?:0x)?([0-9A-Fa-f]+))?)?', text)
        if not found:
            raise gdb.GdbError("usage: break-access REGISTER [VALUE[/MASK]]")
        word = found.group(1).strip('"')
        value = int(found.group(2), 16) if found.group(2) else None
        mask = int(found.group(3), 16) if found.group(3) else 0xFFFFFFFF
        wanted = Wanted(word)
        kind = "Port" if wanted.roles else "Register"
        verbs = [verb for verb, is_on in (("Read", wanted.reads), ("Write", wanted.writes)) if is_on]
        for verb in verbs:
            for buffer in ("", "Buffer"):
                for width in ("Uchar", "Ushort", "Ulong"):
                    self.stops.append(AccessStop(f"AtaPort{verb}{kind}{buffer}{width}", word, wanted, value, mask))
        ways = " and ".join(verb.lower() + "s" for verb in verbs)
        print(f"Stops at {ways} of {word}" + (f", {value:#x}" if value is not None else "") + "; `break-access off` ends that")


BreakIrb()
BreakRule()
BreakAccess()
