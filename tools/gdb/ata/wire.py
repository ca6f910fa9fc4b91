# SPDX-License-Identifier: MIT
"""What was said on the wire, and what lies in memory for the bus masters: `ata taskfile`, `ata prd`.

It is what the auditor has kept of the driver's accesses (port/access/audit*.h), and of what it does
not keep the last one in the trace: no register is read."""

import gdb

from . import ahci, reader, trace, words
from .commands import Command, members, rows

PRD_LIMIT = 64


def what_was_not_recorded():
    """A sentence, where the auditor was told nothing; None where it was."""
    if not reader.variable("contract_checks"):
        return "The checks are off (CHECKS=off): accesses are not recorded, only the trace has them (`ata trace`)."
    if not reader.variable("contract_audits"):
        return "Accesses are not looked at (checks=calls): only the trace has them (`ata trace`)."
    return None


def is_ahci(channel):
    return not reader.is_null(channel["controller"]["hba"])


def show(channel, of_ahci, of_ports):
    print(f"channel {reader.text(channel['name'])}:")
    if is_ahci(channel):
        of_ahci(channel)
    elif int(channel["audit"]["ports"]["status"]):
        of_ports(channel)
    else:
        print("  its registers are not known yet")


def show_all(text, of_ahci, of_ports):
    reason = what_was_not_recorded()
    if reason:
        print(reason)
        return
    absent = words.number("CHANNEL_ABSENT")
    found = [channel for channel in reader.chosen_channels(text) if int(channel["state"]) != absent]
    for channel in found:
        show(channel, of_ahci, of_ports)
    if not found:
        print("No channel has come so far.")


# ------------------------------------------------------------------ task files

REGISTERS = (("Features", "features"), ("Sector Count", "sector_count"), ("LBA Low", "lba_low"), ("LBA Mid", "lba_mid"),
             ("LBA High", "lba_high"), ("Device", "device"))


def command_in_words(command):
    now, before = command["registers"], command["previous"]
    low = [int(registers[name]) for registers in (now, before) for name in ("lba_low", "lba_mid", "lba_high")]
    return words.task_file(int(now["command"]), int(now["features"]), int(now["sector_count"]), low, int(now["device"]),
                           int(before["features"]), int(before["sector_count"]))


def hazard(channel, name):
    return bool(int(channel["audit"]["hazards"]) & words.hazards()[name])


def last_command(channel):
    """What the auditor knows of the last command, in lines."""
    command = channel["audit"]["command"]
    if not int(command["begun"]):
        return [("command", "none was written yet")]
    lines = [("command", command_in_words(command) + (", in flight" if hazard(channel, "AUDIT_IN_FLIGHT") else ", over"))]
    if int(command["bytes_moved"]):
        lines.append(("data port", f"{int(command['bytes_moved'])} bytes moved"))
    return lines


# In the order of their ports, from Error on.
READ = (("ROLE_ERROR", "BITS_ERROR"), ("ROLE_SECTOR_COUNT", None), ("ROLE_LBA_LOW", None), ("ROLE_LBA_MID", None),
        ("ROLE_LBA_HIGH", None), ("ROLE_DEVICE", None))
OF_PACKET = {"ROLE_ERROR": "BITS_PACKET_ERROR", "ROLE_SECTOR_COUNT": "BITS_INTERRUPT_REASON"}
PACKET, SOFTWARE_RESET = 0xA0, 0x04


def answers_packet(accesses, ports, age):
    """Was the command before a read PACKET? A reset ends it."""
    for port, value in accesses.port_writes_before(age):
        if port == int(ports["status"]):
            return value == PACKET
        if port == int(ports["alternate_status"]) and value is not None and value & SOFTWARE_RESET:
            return False
    return False


def status_in_words(value):
    """The auditor has 0 also where it knows of no Status."""
    return words.with_bits("BITS_STATUS", value) if value else "0x00, or not read since the start or a reset"


def read_last(channel, accesses):
    """The registers that a device answers in, but for Status."""
    ports = channel["audit"]["ports"]
    status = int(ports["status"])
    registers = [(role, status - 7 + i, bits) for i, (role, bits) in enumerate(READ, 1)]
    registers.append(("ROLE_ALTERNATE_STATUS", int(ports["alternate_status"]), "BITS_STATUS"))
    registers.append(("ROLE_BUS_MASTER_STATUS", int(ports["bus_master_status"]), "BITS_BUS_MASTER_STATUS"))
    lines = []
    for role, port, bits in registers:
        if not port:
            continue
        name, found = words.register(words.number(role), False), accesses.last(False, [port], 1, (False,))
        if found is None:
            lines.append((name, accesses.why_none(False, "never read")))
            continue
        age, value = found
        if value == trace.UNKNOWN:
            lines.append((name, value))
            continue
        if role in OF_PACKET and answers_packet(accesses, ports, age):
            bits = OF_PACKET[role]
        lines.append((name, words.with_bits(bits, value) if bits else f"0x{value:02x}"))
    return lines


def task_file_of_ports(channel, accesses):
    audit = channel["audit"]
    selected = int(audit["current"]["device"]) >> 4 & 1
    lines = [(name, f"0x{int(audit['current'][member]):02x}, before that 0x{int(audit['previous'][member]):02x}") for name, member in REGISTERS]
    lines.append(("Device Control", words.with_bits("BITS_DEVICE_CONTROL", int(audit["control"])) if audit["has_control"] else "never written"))
    print("  written last")
    members(lines + last_command(channel), "    ")
    print("  read last")
    members([(f"Status, device {selected}", status_in_words(int(audit["shown"]))),
             (f"Status, device {1 - selected}", status_in_words(int(audit["devices"][1 - selected]["shown"])))]
            + read_last(channel, accesses), "    ")


class TaskFile(Command):
    """What was last written to and read from a channel's registers: ata taskfile [CHANNEL]

Of an AHCI port its registers, as they were written or read last, and the FISes of its device. No register is
read now: it is what the port's auditor has recorded (nothing with CHECKS=off), and what the trace has of registers whose
values the auditor does not keep; `not in the trace any more` says that their last access, if any, is too long ago."""

    NAME = "ata taskfile"

    def run(self, text):
        accesses = trace.Accesses() if not what_was_not_recorded() else None
        show_all(text, lambda channel: ahci.task_file(channel, accesses), lambda channel: task_file_of_ports(channel, accesses))


# ------------------------------------------------------------------ descriptors

def prd_of_ports(channel):
    dma = channel["audit"]["dma"]
    written = int(dma["table_bytes"])
    if written != 0xF:
        print("  the table's address was never written, or not all of it")
        return
    address = int(dma["table_address"])
    state = "under way" if hazard(channel, "AUDIT_DMA_STARTED") else "not running"
    owner = f", for IRB {int(dma['owner']['shown_irb']):#x}" if not reader.is_null(dma["owner"]) else ""
    print(f"  table at {address:#x}; the bus master is {state}{owner}")
    prd = reader.kernel_type("struct audit_prd", "audit_dma_start")
    lines = []
    for i in range(PRD_LIMIT):
        raw = reader.memory(address + i * prd.sizeof, prd.sizeof)
        if raw is None:
            print(f"  memory at {address + i * prd.sizeof:#x} cannot be read")
            break
        start, control = int.from_bytes(raw[:4], "little"), int.from_bytes(raw[4:], "little")
        if start == control == 0:
            print("  the table is empty" if i == 0 else "  no descriptor is marked as the last one")
            break
        lines.append((i, f"{start:#x}", words.many(control & 0xFFFF or 0x10000, "byte"), "the last one" if control >> 31 else ""))
        if control >> 31:
            break
    if lines:
        rows(("  PRD", "ADDRESS", "LENGTH", ""), [(f"  {line[0]}",) + line[1:] for line in lines])


class Prd(Command):
    """The table of physical region descriptors: ata prd [CHANNEL]

Of an AHCI port the commands in its slots: header, command FIS, packet and descriptors, as they lie in memory. Where
they lie the port's auditor has recorded; with CHECKS=off it has not."""

    NAME = "ata prd"

    def run(self, text):
        show_all(text, ahci.slots, prd_of_ports)


TaskFile()
Prd()
