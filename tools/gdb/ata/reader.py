# SPDX-License-Identifier: MIT
"""The port's structures in the guest's memory. Reads memory only; may not print."""

import gdb


MOST = 4096  # of anything that is counted, or in a list
MOST_BYTES = 64 << 20


def kernel():
    """The kernel's object file: drivers may have symbols of the same names."""
    name = gdb.current_progspace().filename
    for objfile in gdb.objfiles():
        if objfile.filename == name:
            return objfile
    raise gdb.GdbError("There is no kernel: `file build/x86_64/kernel.elf` (or build/i386/...) names it.")


def variable(name):
    """A global variable of the kernel's."""
    symbol = kernel().lookup_global_symbol(name)
    if symbol is None:
        raise gdb.GdbError(f"The kernel has no variable {name}: is this its kernel.elf?")
    return symbol.value()


def static(file, name):
    """A variable of one file of the kernel's."""
    return gdb.parse_and_eval(f"'{file}'::{name}")


def kernel_type(name, function):
    """A type as the file of this function has it: a driver may have another one of that name."""
    symbol = kernel().lookup_global_symbol(function)
    if symbol is None:
        raise gdb.GdbError(f"The kernel has no function {function}: is this its kernel.elf?")
    return gdb.lookup_type(name, symbol.symtab.static_block())


def at(address, pointed):
    """What lies at an address, as a value of a type."""
    return gdb.Value(int(address)).cast(pointed.pointer()).dereference()


def is_null(pointer):
    return int(pointer) == 0


def text(value):
    """A string in an array or behind a pointer; "" for NULL."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR and is_null(value):
        return ""
    return value.string(errors="replace")


def counted(value, what):
    """How many there are; not as many as memory says that was overwritten."""
    number = int(value)
    if not 0 <= number <= MOST:
        raise gdb.GdbError(f"The guest's memory says that there are {number} {what}: it was overwritten.")
    return number


def linked(pointer, member="next"):
    """What a list links, from its first on; one that is damaged may lead in a circle, or anywhere."""
    seen = set()
    while not is_null(pointer) and int(pointer) not in seen and len(seen) < MOST:
        seen.add(int(pointer))
        yield pointer.dereference()
        pointer = pointer[member]


def array(value):
    """The elements of an array."""
    low, high = value.type.strip_typedefs().range()
    return [value[i] for i in range(low, high + 1)]


def memory(address, byte_count):
    """Bytes at an address; None where they cannot be read."""
    if not 0 <= byte_count <= MOST_BYTES:
        return None
    try:
        return bytes(gdb.selected_inferior().read_memory(int(address), byte_count))
    except gdb.MemoryError:
        return None


def is_loaded():
    """Is there a guest, or a core of one, to read from? Without, constants alone can be read."""
    return gdb.selected_inferior().pid != 0


# ------------------------------------------------------------------ objects

def controllers():
    return [variable("port_controllers")[i] for i in range(counted(variable("port_controller_count"), "controllers"))]


def channels_of(controller):
    return [controller["channels"][i].dereference() for i in range(counted(controller["channel_count"], "channels"))
            if not is_null(controller["channels"][i])]


def channels():
    return [channel for controller in controllers() for channel in channels_of(controller)]


def channel_named(word):
    """By its name, "0.1", or by its number among all of them."""
    every = channels()
    for number, channel in enumerate(every):
        if word in (text(channel["name"]), str(number)):
            return channel
    names = ", ".join(text(channel["name"]) for channel in every) or "none yet"
    raise gdb.GdbError(f"There is no channel {word}; there are: {names}.")


def chosen_channels(words):
    """The channel that a command names, or all of them."""
    return [channel_named(words)] if words else channels()


def devices(channel):
    return list(linked(channel["devices"]))


def slots(channel):
    first = channel["irbs"]["slots"]
    return [] if is_null(first) else [first[i] for i in range(counted(channel["irbs"]["count"], "IRBs"))]


def contexts():
    """The calls into miniports that are under way, the innermost first."""
    return [context for context in linked(variable("context_now"), "outer") if int(context["kind"]) != 0]  # CONTEXT_NONE


def images():
    return list(linked(variable("loaded_images")))


def is_port_map(controller):
    return not is_null(controller["port_map"])


def slot_of(address):
    """The slot whose IRB lies at an address, as the driver or as the port sees it; None: no slot's."""
    for channel in channels():
        for slot in slots(channel):
            page = slot["page"]
            if address in (int(slot["shown_irb"]), int(page["irb"].address), int(slot.address)):
                return slot
    return None


def current_slot():
    """The IRB that is looked at when nothing says which: that of the call which runs now, else the last one."""
    for context in contexts():
        if not is_null(context["slot"]):
            return context["slot"].dereference()
    for channel in [c["channel"].dereference() for c in contexts() if not is_null(c["channel"])] + channels():
        if not is_null(channel["irbs"]["last"]):
            return channel["irbs"]["last"].dereference()
    return None


def clock_us(cycles):
    """Microseconds since the start, of the cycle counter."""
    ticks = int(cycles) - int(static("hal/x86/pc/clock.c", "time_stamp_at_boot"))
    return ticks * int(static("hal/x86/pc/clock.c", "microseconds_per_tick")) >> 32
