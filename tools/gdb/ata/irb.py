# SPDX-License-Identifier: MIT
"""IRBs in words: `ata irb`, `ata irbs`."""

import gdb

from . import reader, words
from .commands import Command, members, rows

REGISTERS = ("bSectorNumberReg", "bCylLowReg", "bCylHighReg")


def function_in_words(irb):
    function = int(irb["Function"])
    name = words.macro("IRB_FUNCTION_", function)
    return f"{function:#x} {words.irb_function(function)}" + (f" (IRB_FUNCTION_{name})" if name else "")


def is_packet(irb):
    return bool(int(irb["Function"]) & words.macros("IRB_FUNCTION_")["IRB_FUNCTION_ATAPI_COMMAND"])


def is_for_miniport(irb):
    return bool(int(irb["Function"]) & words.macros("IRB_FUNCTION_")["IRB_FUNCTION_MINIPORT_COMMAND"])


def has(irb, flag):
    return bool(int(irb["IrbFlags"]) & words.macros("IRB_FLAGS_")["IRB_FLAGS_" + flag])


def address_of(irb):
    """Opcode, first sector and count of sectors of an ATA command."""
    current, previous = irb["IdeTaskFile"]["Current"], irb["IdeTaskFile"]["Previous"]
    is_48 = has(irb, "48BIT")
    low = [int(registers[name]) for registers in (current, previous) for name in REGISTERS]
    return (int(current["bCommandReg"]), words.lba(low, int(current["bDriveHeadReg"]), is_48),
            words.count_of(int(current["bSectorCountReg"]), int(previous["bSectorCountReg"]), is_48))


def has_sectors(irb):
    """Does it have an address? Where the driver is to choose the command, its function says so."""
    shapes = [words.number(name) for name in ("SHAPE_28", "SHAPE_48", "SHAPE_QUEUED")]
    shape, _ = words.commands().get(int(irb["IdeTaskFile"]["Current"]["bCommandReg"]), (None, ""))
    return shape in shapes or words.irb_function(int(irb["Function"])) in ("read", "write")


def command_in_words(irb):
    """What is asked of the device, in one line."""
    if is_packet(irb):
        cdb = bytes(int(irb["Cdb"][i]) for i in range(min(int(irb["CdbLength"]), 16)))
        return f"{words.packet(cdb[0])}: {cdb.hex(' ')}" if cdb else "no CDB"
    if int(irb["Function"]) == words.macros("IRB_FUNCTION_")["IRB_FUNCTION_POWER_CHANGE"]:
        power = irb["PowerChange"]
        return f"from {words.enumerator(power['CurrentPowerState'])} to {words.enumerator(power['DesiredPowerState'])}"
    if is_for_miniport(irb):
        return "nothing but its function"
    current, previous = irb["IdeTaskFile"]["Current"], irb["IdeTaskFile"]["Previous"]
    low = [int(registers[name]) for registers in (current, previous) for name in REGISTERS]
    said = words.task_file(int(current["bCommandReg"]), int(current["bFeaturesReg"]), int(current["bSectorCountReg"]),
                           low, int(current["bDriveHeadReg"]), int(previous["bFeaturesReg"]),
                           int(previous["bSectorCountReg"]))
    # The driver may still choose its command: IRB_FUNCTION_ATA_READ stands for all that read.
    if int(current["bCommandReg"]) == 0 and int(irb["Function"]) != words.macros("IRB_FUNCTION_")["IRB_FUNCTION_ATA_COMMAND"]:
        _, lba, count = address_of(irb)
        return f"the driver's to choose, LBA {lba}, {words.many(count, 'sector')}"
    return said


def irb_type():
    return gdb.lookup_type("IDE_REQUEST_BLOCK", reader.kernel().lookup_global_symbol("port_controllers").symtab.static_block())


def find(expression):
    """The IRB that an expression names, and its slot; either may be None. What the driver sees may be hidden from it
    by now, so a slot's is read where the port has it."""
    if not expression:
        slot = reader.current_slot()
        if slot is None:
            raise gdb.GdbError("No driver has been given an IRB yet.")
        return slot["page"]["irb"], slot
    value = gdb.parse_and_eval(expression)
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_PTR:
        address = int(value)
    elif kind.code == gdb.TYPE_CODE_STRUCT and value.address is not None:
        address = int(value.address)
    else:
        address = int(value)
    slot = reader.slot_of(address)
    if slot is not None:
        return slot["page"]["irb"], slot
    if address < 0x1000:
        raise gdb.GdbError(f"{expression} is {address:#x}, and no IRB lies there.")
    return reader.at(address, irb_type()), None


def slot_lines(slot):
    request = slot["request"]
    lines = [("state", f"slot {int(slot['index'])} of channel {reader.text(slot['channel']['name'])}: "
                       f"{words.state('MACHINE_SLOT', slot['state'])}")]
    if not reader.is_null(request):
        request = request.dereference()
        tried = f", repeated {words.many(int(request['retries']), 'time')}" if int(request["retries"]) else ""
        name = reader.text(request["device"]["name"]) if not reader.is_null(request["device"]) else ""
        lines.append(("request", f"(struct request *) {int(request.address):#x}" + (f", disk {name}" if name else "") + tried))
    if not reader.is_null(slot["page"]) and slot["list_built"]:
        found = slot["page"]["list"]
        count = int(found["NumberOfElements"])
        for i in range(min(count, 4)):
            element = slot["page"]["elements"][i]
            lines.append(("list" if i == 0 else "", f"{int(element['Address']['QuadPart']):#x}: {words.many(int(element['Length']), 'byte')}"))
        if count > 4:
            lines.append(("", f"and {count - 4} more"))
    left = int(slot["ticks_left"])
    if int(slot["state"]) == words.number("SLOT_ACTIVE"):
        lines.append(("time-out", f"in {left} s" if left else "none, or over"))
    return lines


def irb_lines(irb):
    status, error = int(irb["AtaStatus"]), int(irb["AtaError"])
    error_bits = "BITS_PACKET_ERROR" if is_packet(irb) else "BITS_ERROR"
    tag = int(irb["QueueTag"])
    sense = words.macro("SENSE_INFO_BUFFER_RETURN_TYPE_", int(irb["SenseInfoBufferType"])) or int(irb["SenseInfoBufferType"])
    return [
        ("Function", function_in_words(irb)),
        ("command", command_in_words(irb)),
        ("IrbStatus", f"{int(irb['IrbStatus']):#04x} {words.irb_status(int(irb['IrbStatus']))}"),
        ("AtaStatus", words.with_bits("BITS_STATUS", status)),
        ("AtaError", words.with_bits(error_bits, error)),
        ("for", f"Channel {int(irb['Channel'])}, TargetId {int(irb['TargetId'])}, Lun {int(irb['Lun'])}"),
        ("IrbFlags", f"{int(irb['IrbFlags']):#x} {words.flags('IRB_FLAGS_', int(irb['IrbFlags']))}"),
        ("TimeOutValue", words.many(int(irb["TimeOutValue"]), "second")),
        ("DataBuffer", f"{int(irb['DataBuffer']):#x}, DataTransferLength {int(irb['DataTransferLength'])}"),
        ("SenseInfoBuffer", f"{int(irb['SenseInfoBuffer']):#x}, {words.many(int(irb['SenseInfoBufferLength']), 'byte')}, {sense}"),
        ("IrbExtension", f"{int(irb['IrbExtension']):#x}"),
        ("QueueTag", "IDE_UNTAGGED" if tag == 0xFF else str(tag)),
        ("NextIrb", f"{int(irb['NextIrb']):#x}"),
    ]


class Irb(Command):
    """One IRB, every field in words: ata irb [EXPRESSION]

The expression is a pointer to an IRB (Irb, in most routines of a driver), an IRB itself, or its address. Without one it
is the IRB that the routine which runs now was given, or else the one that was given to a driver last. An IRB that has
been completed is hidden from its driver, and shown here all the same."""

    NAME = "ata irb"

    def run(self, text):
        irb, slot = find(text)
        seen = int(slot["shown_irb"]) if slot is not None else int(irb.address)
        print(f"IRB {seen:#x}")
        members((slot_lines(slot) if slot is not None else []) + irb_lines(irb))


class Irbs(Command):
    """All IRBs that drivers have: ata irbs [all]

With `all` also those that wait for a request: their fields are what the last one has left."""

    NAME = "ata irbs"

    def run(self, text):
        free = words.number("SLOT_FREE")
        lines = []
        for channel in reader.channels():
            for slot in reader.slots(channel):
                if int(slot["state"]) == free and text != "all":
                    continue
                irb = slot["page"]["irb"]
                lines.append((reader.text(channel["name"]), int(slot["index"]), f"{int(slot['shown_irb']):#x}",
                              words.state("MACHINE_SLOT", slot["state"]), int(irb["TargetId"]), words.irb_function(int(irb["Function"])),
                              command_in_words(irb), words.irb_status(int(irb["IrbStatus"]))))
        if lines:
            rows(("CHANNEL", "SLOT", "IRB", "STATE", "TARGET", "FUNCTION", "COMMAND", "STATUS"), lines)
        else:
            print("No driver has an IRB.")


Irb()
Irbs()
