# SPDX-License-Identifier: MIT
"""An AHCI port's registers, command slots and FISes (Serial ATA AHCI 1.3.1, 4), as the auditor and memory have them."""

from . import reader, trace, words
from .commands import members

LIST_SLOTS, PRD_LIMIT = 32, 8
# The receive area (4.2.1): what kind of FIS lies where.
RECEIVED = (("PIO Setup FIS", 0x20, 0x5F), ("register FIS", 0x40, 0x34), ("Set Device Bits FIS", 0x58, 0xA1))


def port_of(channel):
    """What is known of the channel's port."""
    audit = channel["controller"]["hba"]["audit"]
    return audit, audit["ports"][int(channel["number"])]


def known(port, name):
    """A register as it was written or read last; None: it never was."""
    role = words.number(name)
    return int(port["known"][role]) if int(port["seen"]) >> role & 1 else None


def address(port, low):
    """A register of 64 bits; None: it was never written."""
    bottom, top = known(port, low), known(port, low + "U")
    return None if bottom is None else bottom | (top or 0) << 32


# The auditor keeps what they mean, not their values.
NOT_KEPT = ("PxIS", "PxSSTS", "PxSACT", "PxCI")
CLEARED_BY_RESET = ("PxIE", "PxCMD", "PxSCTL")


def places(controller, offset):
    """Where a register lies, as entries of the trace have it."""
    found = set()
    for i in range(reader.counted(controller["mapped_count"], "ranges")):
        mapped = controller["mapped"][i]
        if not reader.is_null(mapped["hba"]) and 0 <= offset - int(mapped["offset"]) < int(mapped["byte_count"]):
            found.add(int(mapped["base"]) + offset - int(mapped["offset"]) & 0xFFFF)
    return found


def are_shared(controller, its):
    """Does another controller have registers that entries of the trace have the same places for?"""
    others = [other for other in reader.controllers()
              if not reader.is_null(other["hba"]) and int(other["index"]) != int(controller["index"])]
    ranges = [other["mapped"][i] for other in others for i in range(reader.counted(other["mapped_count"], "ranges"))]
    return any(place - int(mapped["base"]) & 0xFFFF < int(mapped["byte_count"]) for mapped in ranges for place in its)


def last_value(channel, port, name, accesses):
    """A register as it was written or read last, or why that is not known."""
    offsets = {known_name: offset for offset, known_name in words.table("port/access/names.c", "port_registers", "offset", "name")}
    its = places(channel["controller"], 0x100 + 0x80 * int(channel["number"]) + offsets[name])
    is_shared = are_shared(channel["controller"], its)
    found = None if is_shared else accesses.last(True, its, 4)
    kept = None if name in NOT_KEPT else known(port, "HBA_PORT_" + name[2:])
    if found and (kept is None or isinstance(found[1], int) or found[1] == trace.UNKNOWN):
        return found[1]
    if kept is not None:
        return "0x00000000, or cleared by a reset of the HBA" if kept == 0 and name in CLEARED_BY_RESET else kept
    if name not in NOT_KEPT:
        return "neither written nor read"
    if is_shared:
        return "not known: the trace does not tell it from another controller's"
    return accesses.why_none(True, "neither written nor read")


def register_lines(channel, port, accesses):
    names = (("PxCLB", None), ("PxCLBU", None), ("PxFB", None), ("PxFBU", None), ("PxIS", "BITS_AHCI_PXIS"),
             ("PxIE", "BITS_AHCI_PXIE"), ("PxCMD", "BITS_AHCI_PXCMD"), ("PxTFD", "TFD"), ("PxSIG", None),
             ("PxSSTS", "BITS_AHCI_PXSSTS"), ("PxSCTL", "BITS_AHCI_PXSCTL"), ("PxSERR", "BITS_AHCI_PXSERR"), ("PxSACT", None),
             ("PxCI", None))
    lines = []
    for name, bits in names:
        value = last_value(channel, port, name, accesses)
        if isinstance(value, str):
            lines.append((name, value))
        elif bits == "TFD":
            error = f", Error {words.with_bits('BITS_ERROR', value >> 8 & 0xFF)}" if value & 0xFF00 else ""
            lines.append((name, f"0x{value:08x} Status {words.bits('BITS_STATUS', value & 0xFF)}{error}"))
        else:
            lines.append((name, words.with_bits(bits, value, 8) if bits else f"0x{value:08x}"))
    return lines


def fis_in_words(fis):
    """A command FIS, or a register FIS of a device (Serial ATA, 10.5)."""
    if fis[0] == 0x27 and not fis[1] & 0x80:
        return f"Device Control 0x{fis[15]:02x} {words.bits('BITS_DEVICE_CONTROL', fis[15])}".rstrip()
    if fis[0] == 0x27:
        return words.task_file(fis[2], fis[3], fis[12], list(fis[4:7] + fis[8:11]), fis[7], fis[11], fis[13])
    error = f", Error {words.with_bits('BITS_ERROR', fis[3])}" if fis[3] else ""
    return f"Status {words.with_bits('BITS_STATUS', fis[2])}{error}"


def task_file(channel, accesses):
    """As it is known, and the FISes that the device has sent."""
    if reader.is_null(channel["controller"]["hba"]["audit"]):
        print("  nothing is recorded of its controller")
        return
    _, port = port_of(channel)
    print(f"  port {int(channel['number'])}, written or read last")
    members(register_lines(channel, port, accesses), "    ")
    area = address(port, "HBA_PORT_FB")
    print("  received from the device")
    if area is None:
        print("    PxFB was never written: nothing can be received")
        return
    lines = []
    for name, offset, kind in RECEIVED:
        fis = reader.memory(area + offset, 20)
        if fis is None:
            print(f"    memory at {area + offset:#x} cannot be read")
            return
        lines.append((name, fis_in_words(fis) if fis[0] == kind else "none"))
    members(lines, "    ")


def slot_state(port, slot):
    said = [word for member, word in (("issued", "issued"), ("active", "active"), ("queued", "queued"), ("stopped", "stopped (HWR-21)"))
            if int(port[member]) >> slot & 1]
    return ", ".join(said) or "not issued"


def show_slot(port, slot, header):
    description, moved, table = (int.from_bytes(header[at:at + size], "little") for at, size in ((0, 4), (4, 4), (8, 8)))
    count = description >> 16
    print(f"  slot {slot}: {slot_state(port, slot)}; table at {table:#x}, {words.many(count, 'PRD')}, "
          f"{'from' if description & 0x40 else 'to'} memory, {moved} bytes moved")
    body = reader.memory(table, 128 + 16 * min(count, PRD_LIMIT))
    if body is None:
        print(f"    memory at {table:#x} cannot be read")
        return
    lines = [("command FIS", fis_in_words(body[:20]))]
    if description & 0x20:
        lines.append(("packet", f"{words.packet(body[64])}: {body[64:76].hex(' ')}"))
    for i in range(min(count, PRD_LIMIT)):
        prd = body[128 + 16 * i:144 + 16 * i]
        where, length = int.from_bytes(prd[:8], "little"), (int.from_bytes(prd[12:16], "little") & 0x3FFFFF) + 1
        lines.append((f"PRD {i}", f"{where:#x}: {words.many(length, 'byte')}"))
    if count > PRD_LIMIT:
        lines.append(("", f"and {count - PRD_LIMIT} more"))
    members(lines, "    ")


def slots(channel):
    """The commands in the slots, as they lie in memory: those that are issued, and those that were."""
    if reader.is_null(channel["controller"]["hba"]["audit"]):
        print("  nothing is recorded of its controller")
        return
    _, port = port_of(channel)
    commands = address(port, "HBA_PORT_CLB")
    if commands is None:
        print("  PxCLB was never written: there is no command list")
        return
    print(f"  port {int(channel['number'])}, command list at {commands:#x}")
    under_way = int(port["issued"]) | int(port["active"])
    for slot in range(LIST_SLOTS):
        header = reader.memory(commands + 32 * slot, 32)
        if header is None:
            print(f"  memory at {commands + 32 * slot:#x} cannot be read")
            return
        was_used = int.from_bytes(header[8:16], "little") != 0 and header[0] & 0x1F
        if under_way >> slot & 1 or was_used:
            show_slot(port, slot, header)
