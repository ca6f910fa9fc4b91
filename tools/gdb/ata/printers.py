# SPDX-License-Identifier: MIT
"""How GDB prints the structures of irb.h: numbers as they are, and behind them what they mean."""

import gdb
import gdb.printing

from . import words


class Members:
    """A structure whose members stand in their order, some of them with words."""

    IN_WORDS = {}

    def __init__(self, value):
        self.value = value

    def children(self):
        for field in self.value.type.strip_typedefs().fields():
            if field.name is None:
                yield from self.anonymous(self.value[field])
            else:
                yield field.name, self.member(field.name, self.value[field.name])

    def anonymous(self, union):
        for field in union.type.strip_typedefs().fields():
            yield field.name, union[field.name]

    def member(self, name, member):
        in_words = self.IN_WORDS.get(name)
        return f"{int(member):#x} {in_words(self.value, int(member))}".rstrip() if in_words else member


def flags(prefix):
    return lambda _, number: words.flags(prefix, number)


def bits(name):
    return lambda _, number: words.bits(name, number)


class Irb(Members):
    IN_WORDS = {
        "Function": lambda _, number: words.irb_function(number),
        "IrbStatus": lambda _, number: words.irb_status(number),
        "AtaStatus": bits("BITS_STATUS"),
        "AtaError": bits("BITS_ERROR"),
        "IrbFlags": flags("IRB_FLAGS_"),
        "SenseInfoBufferType": lambda _, number: words.macro("SENSE_INFO_BUFFER_RETURN_TYPE_", number) or "",
    }

    def anonymous(self, union):
        every = words.macros("IRB_FUNCTION_")
        function = int(self.value["Function"])
        if function & every["IRB_FUNCTION_ATAPI_COMMAND"]:
            name = "Cdb"
        elif function == every["IRB_FUNCTION_POWER_CHANGE"]:
            name = "PowerChange"
        else:
            name = "IdeTaskFile"
        yield name, union[name]


class DeviceParameters(Members):
    IN_WORDS = {"DeviceCharacteristics": flags("DFLAGS_")}


class Registers:
    """IDEREGISTERS, in the order of the task file."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        names = ("Features", "Count", "LBA Low", "Mid", "High", "Device", "Command")
        members = ("bFeaturesReg", "bSectorCountReg", "bSectorNumberReg", "bCylLowReg", "bCylHighReg", "bDriveHeadReg", "bCommandReg")
        shown = [f"{name} 0x{int(self.value[member]):02x}" for name, member in zip(names, members)]
        opcode = int(self.value["bCommandReg"])
        return ", ".join(shown) + (f" {words.command(opcode)}" if opcode in words.commands() and opcode else "")


class LargeInteger:
    """LARGE_INTEGER, PHYSICAL_ADDRESS and the like: one number."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        return f"{int(self.value['QuadPart']) & (1 << 64) - 1:#x}"


class List:
    """IDE_SCATTER_GATHER_LIST: as many elements as it says."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        return words.many(int(self.value["NumberOfElements"]), "element")

    def children(self):
        for i in range(min(int(self.value["NumberOfElements"]), 64)):
            element = self.value["Elements"][i]
            yield f"[{i}]", f"{int(element['Address']['QuadPart']):#x}: {words.many(int(element['Length']), 'byte')}"


class UnicodeString:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        if int(self.value["Buffer"]) == 0:
            return "NULL"
        raw = gdb.selected_inferior().read_memory(int(self.value["Buffer"]), int(self.value["Length"]))
        return '"' + bytes(raw).decode("utf-16-le", errors="replace") + '"'


class Guid:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        low = bytes(int(self.value["Data4"][i]) for i in range(8))
        return (f"{int(self.value['Data1']):08X}-{int(self.value['Data2']):04X}-{int(self.value['Data3']):04X}-"
                f"{low[:2].hex().upper()}-{low[2:].hex().upper()}")


PRINTERS = {
    "_IDE_REQUEST_BLOCK": Irb,
    "_IDEREGISTERS": Registers,
    "_IDE_DEVICE_PARAMETERS": DeviceParameters,
    "_IDE_SCATTER_GATHER_LIST": List,
    "_LARGE_INTEGER": LargeInteger,
    "_ULARGE_INTEGER": LargeInteger,
    "_UNICODE_STRING": UnicodeString,
    "_GUID": Guid,
}


class Public(gdb.printing.PrettyPrinter):
    """The structures that a miniport is handed, whoever's debug information names them."""

    def __call__(self, value):
        tag = value.type.strip_typedefs().unqualified().tag
        printer = PRINTERS.get(tag)
        return printer(value) if printer else None


gdb.printing.register_pretty_printer(None, Public("ataport"), replace=True)
