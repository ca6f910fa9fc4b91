# SPDX-License-Identifier: MIT
"""The ATA port driver in GDB: drivers' symbols, and commands that show what the port is doing.

    gdb -x tools/gdb/ataport.py build/x86_64/kernel.elf                     a guest that runs: `make debug`, or
    (gdb) target remote 127.0.0.1:1234                                      `make run GDB=1`
    gdb -x tools/gdb/ataport.py build/x86_64/kernel.elf build/run/core      what a crash has left

When the kernel has loaded a driver, the symbols of its .sys file are added at the address that it was loaded to, and a
temporary breakpoint is set at its DriverEntry (with MINIPORT in the environment, at those of the drivers that it names
only). The file is looked for among MINIPORT (from the environment), then where folders of MINIPORT are built, then
beside the kernel.

A kernel that would end with an exception, a failed assertion, or a broken rule under STRICT=1, stops instead, in the
frame where it happened.

    help ata            what shows the port's state; docs/debugging.md has an example of each
    break-irb, break-rule, break-access          stop in a driver
    drivers             adds the symbols of drivers that were loaded before GDB came
    console TEXT        types a line on the guest's console (under `make debug`); it is read once the
                        guest runs on

The package ata has the commands: reader.py alone finds the port's structures, words.py says numbers in the kernel's own
words, commands.py has what the subcommands of `ata` have in common, images.py symbols and where a session stops by
itself; of the others each has a group of commands. They read memory, and do nothing else: no function of the guest is
called, and no device is touched, so that they work on a core as on a guest that is stopped. It was run with GDB 13.1;
12 and later ones are expected to have what it uses of their Python interface.
"""

import os
import sys

import gdb
import gdb.printing
import gdb.types

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

gdb.execute("set pagination off")
gdb.execute("set confirm off")
gdb.execute("set print pretty on")
gdb.execute("set host-charset UTF-8")  # whatever the locale: names come from drivers, and from damaged memory

# pylint: disable=wrong-import-position,unused-import
from ata import images, irb, life, printers, registry, trace, wire

images.start()
