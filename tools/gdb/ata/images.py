# SPDX-License-Identifier: MIT
"""The drivers' symbols, as they are loaded, and where a session stops by itself: in a driver's DriverEntry, where the
kernel would end, and in AtaPortDebugBreak."""

import os
import re
import struct

import gdb

from . import breaks, reader, words

# A recording is replayed, and GDB goes back in it, too: what was loaded is not loaded anew there, nor forgotten.
is_replay = os.environ.get("ATAPORT_REPLAY") == "1"
known = {}  # of each driver with symbols: its base, and the file they came from


def image_base(path):
    """The address that a PE image was linked for."""
    with open(path, "rb") as image:
        head = image.read(4096)
    optional = struct.unpack_from("<I", head, 0x3C)[0] + 24
    if struct.unpack_from("<H", head, optional)[0] == 0x20B:  # PE32+
        return struct.unpack_from("<Q", head, optional + 24)[0]
    return struct.unpack_from("<I", head, optional + 28)[0]


def miniports():
    """The paths that MINIPORT names."""
    words = re.findall(r"(?:\\ |\S)+", os.environ.get("MINIPORT", ""))
    return [word.replace("\\ ", " ").rstrip("/") for word in words if word != "none"]


def is_debugged(name):
    """Is this driver, which has just been loaded, the one to stop in? Of ours it is the first."""
    names = [os.path.basename(os.path.abspath(path)) for path in miniports()]
    bare = [re.sub(r"\.sys$", "", word, flags=re.IGNORECASE).lower() for word in names + [name]]
    return bare[-1] in bare[:-1] if names else len(known) == 1


def image_file(name):
    """The file of the driver with this name, or None."""
    kernel = os.path.dirname(gdb.current_progspace().filename or "")
    built = [os.path.join(kernel, folder, name + ".sys") for folder in ("external", "")]
    for path in miniports() + built:
        if os.path.basename(path).lower() == name.lower() + ".sys" and os.path.isfile(path):
            return os.path.abspath(path)
    return None


def is_other(path, image):
    """Is the file not the one that was loaded? A boot module stays in memory as it was."""
    loaded = reader.memory(int(image["info"]["file"]), int(image["info"]["file_byte_count"]))
    with open(path, "rb") as file:
        return loaded is not None and loaded != file.read()


def quoted(path):
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def add_symbols(name, base, image=None):
    """Adds a driver's symbols; returns the address of its DriverEntry, or None."""
    name = re.sub(r"\.sys$", "", name, flags=re.IGNORECASE)
    path = image_file(name)
    if path is None:
        print(f"{name}.sys is at {base:#x}; its file was not found, so it has no symbols (MINIPORT=path names it)")
        return None
    offset = (base - image_base(path)) & ((1 << 64) - 1)
    gdb.execute(f'add-symbol-file {quoted(path)} -o {offset:#x}', to_string=True)
    known[base] = path
    print(f"{name}.sys is loaded at {base:#x}")
    if image is not None and is_other(path, image):
        print(f"{path} is not what was loaded: it was built anew since. Lines and variables may be wrong.")
    for objfile in gdb.objfiles():
        if os.path.realpath(objfile.filename or "") == os.path.realpath(path):
            entry = objfile.lookup_global_symbol("DriverEntry")
            if entry is not None:
                return int(entry.value().address)
    return None


def add_all():
    """The symbols of the drivers that are loaded now."""
    for image in reader.images():
        if int(image["base"]) not in known:
            add_symbols(reader.text(image["name"]), int(image["base"]), image)


class ImageLoaded(gdb.Breakpoint):
    """Stops nowhere: adds the symbols and lets the kernel go on."""

    def __init__(self):
        super().__init__("image_loaded_for_debugger", internal=True)
        self.silent = True

    def stop(self):
        name, base = gdb.parse_and_eval("name").string(), int(gdb.parse_and_eval("base"))
        entry = add_symbols(name, base) if base not in known else None
        if entry is not None and is_debugged(name) and not is_replay:
            gdb.Breakpoint(f"*{entry:#x}", temporary=True)
        return False


class ImageUnloaded(gdb.Breakpoint):
    def __init__(self):
        super().__init__("image_unloaded_for_debugger", internal=True)
        self.silent = True

    def stop(self):
        path = known.pop(int(gdb.parse_and_eval("base")), None)
        if path is not None:
            gdb.execute(f"remove-symbol-file {quoted(path)}", to_string=True)
        return False


class Crash(gdb.Breakpoint):
    """The kernel is about to end because of an exception, an assertion, or a broken rule under STRICT=1: stops,
    so that there is something to look at. What it had to say of it is on the console."""

    WORDS = {0x13: "a rule was broken", 0x14: "an assertion failed", 0x15: "an exception"}

    def __init__(self):
        super().__init__("hal_exit", internal=True)
        self.silent = True

    def stop(self):
        why = self.WORDS.get(int(gdb.parse_and_eval("code")))
        if why is None and is_replay:
            print("The recording ends here.")
        if why is None:  # an ordinary end
            return is_replay
        print(f"The kernel would end here: {why}. `backtrace` shows how it came to that; `continue` ends it.")
        return True


def guilty_frame():
    """The frame in which it happened, of a kernel that ends: what an exception has interrupted, the code that failed an
    assertion, or the driver that broke a rule."""
    frame = gdb.newest_frame()
    while frame is not None and frame.is_valid():
        older = frame.older()
        if frame.type() == gdb.SIGTRAMP_FRAME or frame.name() == "hal_panic":
            return older
        frame = older
    found = breaks.driver_frame()
    return found[1] if found else None


def stand_there(frame):
    if frame is not None:
        frame.select()
        gdb.execute("frame")


def is_ending():
    """Does the kernel stand in its way out?"""
    frame = gdb.newest_frame()
    return frame.name() == "hal_exit" or (frame.older() is not None and frame.older().name() == "hal_exit")


def select_guilty(event):
    """The debugger stands where it happened, and not in the way out."""
    if isinstance(event, gdb.StopEvent) and not isinstance(event, gdb.SignalEvent) and \
            any(isinstance(stop, Crash) for stop in getattr(event, "breakpoints", [])):
        stand_there(guilty_frame())


class DebugBreak(gdb.Breakpoint):
    """A driver called AtaPortDebugBreak: stops, and says so."""

    def __init__(self):
        super().__init__("debug_break", internal=True)
        self.silent = True

    def stop(self):
        print("A driver called AtaPortDebugBreak; `up 2` is its frame.")
        return True


class Drivers(gdb.Command):
    """Adds the symbols of the drivers that are loaded already: for a GDB that came late."""

    def __init__(self):
        super().__init__("drivers", gdb.COMMAND_FILES)

    def invoke(self, text, from_tty):
        add_all()


class Console(gdb.Command):
    """Types a line on the guest's console: console devices"""

    def __init__(self):
        super().__init__("console", gdb.COMMAND_RUNNING)

    def invoke(self, text, from_tty):
        path = os.environ.get("ATAPORT_CONSOLE")
        if not path:
            raise gdb.GdbError("The console is on another terminal: type there.")
        with open(path, "wb", buffering=0) as console:
            console.write(text.encode() + b"\r")


def start():
    """With a core, which GDB has opened already, the drivers are there, and nothing will stop any more."""
    Drivers()
    Console()
    if gdb.current_progspace().filename:
        words.define_macros()
    if reader.is_loaded():
        if "MIS-MATCHED" in gdb.execute("compare-sections .text", to_string=True):
            print(f"{gdb.current_progspace().filename} is not the kernel that this is a core of: nothing below is to be believed.")
        try:
            add_all()
            if is_ending():
                stand_there(guilty_frame())
        except (gdb.error, gdb.GdbError, IndexError, ValueError) as error:
            print(f"Of the drivers nothing is known: the guest's memory was overwritten ({error}).")
        return
    ImageLoaded()
    Crash()
    DebugBreak()
    if is_replay:
        breaks.RuleStop(None)
    else:
        ImageUnloaded()
    gdb.events.stop.connect(select_guilty)
