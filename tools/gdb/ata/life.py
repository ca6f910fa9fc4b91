# SPDX-License-Identifier: MIT
"""Controllers, channels, queues, contexts, timers and rules."""

import gdb

from . import reader, words
from .commands import Command, members, rows


def place(controller):
    if not controller["is_pci"]:
        return "ISA"
    pci = controller["pci"]
    numbers = [int(pci[field.name]) for field in pci.type.strip_typedefs().fields()][:3]
    return "{:02x}:{:02x}.{}".format(*numbers)


class Controllers(Command):
    """The controllers, and their channels: ata controllers"""

    NAME = "ata controllers"

    def run(self, text):
        lines = []
        for controller in reader.controllers():
            state = words.state("MACHINE_CONTROLLER", controller["state"])
            why = reader.text(controller["failure"])
            names = [reader.text(channel["name"]) for channel in reader.channels_of(controller)]
            lines.append((int(controller["index"]), place(controller),
                          f"{int(controller['vendor_id']):04x}:{int(controller['device_id']):04x}", f"{int(controller['class_code']):06x}",
                          reader.text(controller["service"]) or "-", state + (f": {why}" if why else ""), " ".join(names) or "-"))
        if lines:
            rows(("NUMBER", "PLACE", "ID", "CLASS", "SERVICE", "STATE", "CHANNELS"), lines)
        else:
            print("No controller has been found yet.")


def device_line(device):
    counters, queue = device["counters"], device["queue"]
    kind = words.enumerator(device["kind"]).replace("DEVICE_", "")
    return (reader.text(device["name"]) or "-", int(device["target"]), int(device["lun"]), kind, reader.text(device["model"]) or "-",
            words.state("MACHINE_POWER", device["power"]), len(list(reader.linked(queue["head"]))), int(queue["outstanding"]),
            int(counters["requests"]), int(counters["errors"]), int(counters["timeouts"]))


class Channel(Command):
    """One channel and its devices: ata channel N

N is its name, as in 0.1, or its number among all channels."""

    NAME = "ata channel"

    def run(self, text):
        if not text:
            raise gdb.GdbError("usage: ata channel N (`ata controllers` has the names)")
        channel = reader.channel_named(text)
        irbs, counters, audit = channel["irbs"], channel["counters"], channel["audit"]
        ports = [f"{name} {int(audit['ports'][member]):#x}" for name, member in
                 (("Status", "status"), ("Alternate Status", "alternate_status"), ("Bus Master Status", "bus_master_status"))
                 if int(audit["ports"][member])]
        why = reader.text(channel["failure"]) or reader.text(channel["init_failure"])
        driver = channel["controller"]["channel_driver"]
        print(f"channel {reader.text(channel['name'])}, (struct channel *) {int(channel.address):#x}")
        members([
            ("state", words.state("MACHINE_CHANNEL", channel["state"]) + (f": {why}" if why else "")),
            ("recovery", words.state("MACHINE_RECOVERY", channel["recovery"])),
            ("power IRB", words.state("MACHINE_POWER_IRB", channel["power_irb"])),
            ("driver", "none" if reader.is_null(driver) else reader.text(driver["name"]) + ".sys"),
            ("extension", f"{int(channel['memory']['extension']):#x}, {words.many(int(channel['memory']['extension_size']), 'byte')}"),
            ("uncached", f"{int(channel['memory']['uncached']):#x}, {words.many(int(channel['memory']['uncached_size']), 'byte')}"),
            ("IRBs", f"{int(irbs['count'])}, {int(irbs['overlapped_count'])} of them for requests; at the driver {int(irbs['outstanding'])} "
                     f"of at most {int(irbs['limit'])}"),
            ("registers", ", ".join(ports) or "in memory, or not known"),
            ("interrupts", f"{int(counters['interrupt_calls'])} calls of IdeHwInterrupt, {int(counters['interrupts_not_ours'])} of them said FALSE"),
            ("counters", f"{words.many(int(counters['requests']), 'request')}, {words.many(int(counters['timeouts']), 'time-out')}, "
                         f"{words.many(int(counters['resets']), 'reset')}"),
        ])
        rows(("DISK", "TARGET", "LUN", "KIND", "MODEL", "POWER", "QUEUED", "AT THE DRIVER", "REQUESTS", "ERRORS", "TIME-OUTS"),
             [device_line(device) for device in reader.devices(channel)])


BUSY = ((1, "the driver has asked for a pause"), (2, "no power"), (4, "transfer modes are to be selected"))


def holds(queue):
    """Why a queue lets no request out."""
    said = [word for bit, word in BUSY if int(queue["busy"]["bits"]) & bit]
    kind = queue.type.strip_typedefs()
    for member, word in (("is_recovering", "recovery"), ("is_closed", "the channel takes none")):
        if gdb.types.has_field(kind, member) and queue[member]:
            said.append(word)
    return ", ".join(said)


def request_in_words(request):
    """What a request asks for; its form is laid out as the IRB is (irb_form.h)."""
    from . import irb
    form = request["form"].address.cast(irb.irb_type().pointer()).dereference()
    function = int(form["Function"])
    return f"{words.irb_function(function)}, {irb.command_in_words(form)}, {words.many(int(request['byte_count']), 'byte')}"


class Queue(Command):
    """What waits for the driver, device by device, and why: ata queue [CHANNEL]"""

    NAME = "ata queue"

    def run(self, text):
        is_empty = True
        for channel in reader.chosen_channels(text):
            if int(channel["state"]) == words.number("CHANNEL_ABSENT"):
                continue
            why = holds(channel["queue"])
            print(f"channel {reader.text(channel['name'])}: {int(channel['irbs']['outstanding'])} at the driver of at most "
                  f"{int(channel['irbs']['limit'])}" + (f"; held: {why}" if why else ""))
            is_empty = False
            for device in reader.devices(channel):
                requests = list(reader.linked(device["queue"]["head"]))
                why = holds(device["queue"])
                if not requests and not why and not int(device["queue"]["outstanding"]):
                    continue
                print(f"  target {int(device['target'])}, unit {int(device['lun'])}: {int(device['queue']['outstanding'])} at the driver of "
                      f"at most {int(device['queue']['limit'])}, {len(requests)} waiting" + (f"; held: {why}" if why else ""))
                for request in requests:
                    print(f"    (struct request *) {int(request.address):#x}: {request_in_words(request)}")
        if is_empty:
            print("No channel has come so far.")


class Context(Command):
    """The calls into drivers that are under way, the innermost first: ata context"""

    NAME = "ata context"

    def run(self, text):
        levels = ("PASSIVE_LEVEL", "DISPATCH_LEVEL", "DIRQL")
        print(f"the CPU is at {levels[int(reader.variable('irql_now'))]}")
        found = reader.contexts()
        for context in found:
            action = words.enumerator(context["action"])
            kind = words.enumerator(context["kind"])
            with_action = kind in ("CONTEXT_ADAPTER_CONTROL", "CONTEXT_HW_CONTROL")
            where = f" of channel {reader.text(context['channel']['name'])}" if not reader.is_null(context["channel"]) else ""
            driver = reader.text(context["driver"]["name"]) + ".sys" if not reader.is_null(context["driver"]) else "no driver"
            irb = f", IRB {int(context['slot']['shown_irb']):#x}" if not reader.is_null(context["slot"]) else ""
            name = context_name(context) + (f"({action})" if with_action else "")
            print(f"  in {name}{where}, at {levels[int(context['level'])]}, {driver}{irb}")
        if not found:
            print("  no driver runs")


def context_name(context):
    """What its routine is called."""
    return reader.text(reader.static("port/contract/context.c", "context_names")[int(context["kind"])])


def function_at(address):
    """"pata_timer+4 in line.c:12", as GDB knows it."""
    symbol = gdb.execute(f"info symbol {int(address):#x}", to_string=True).split(" in section")[0].strip()
    return f"{int(address):#x}" if symbol.startswith("No symbol") else symbol


class Timers(Command):
    """The timers that are armed, in the order in which they are due: ata timers"""

    NAME = "ata timers"

    def run(self, text):
        owners = {}
        for channel in reader.channels():
            name = f"channel {reader.text(channel['name'])}"
            owners[int(channel["timeouts"]["watchdog"].address)] = f"{name}: a second, for time-outs of requests"
            owners[int(channel["timeouts"]["stopped"].address)] = f"{name}: a transfer was stopped (HWR-21)"
            owners[int(channel["callbacks"]["timer"].address)] = \
                f"{name}: AtaPortRequestTimer, {function_at(channel['callbacks']['timer_routine'])}"
            owners[int(channel["queue"]["busy_timer"].address)] = f"{name}: the end of a pause"
            owners[int(channel["queue"]["modes_timer"].address)] = f"{name}: transfer modes are to be selected"
            owners[int(channel["power"]["limit"].address)] = f"{name}: the limit of a power IRB"
            for device in reader.devices(channel):
                owners[int(device["queue"]["busy_timer"].address)] = f"{name}, target {int(device['target'])}: the end of a pause"
        lines = [(f"{int(timer['deadline_us']) / 1e6:.6f}", owners.get(int(timer.address), function_at(timer["deferred"]["procedure"])))
                 for timer in reader.linked(reader.static("port/timer.c", "timers"))]
        if lines:
            rows(("DUE (s since the start)", "WHAT FOR"), lines)
        else:
            print("No timer is armed.")


class Rules(Command):
    """The rules that drivers have broken, and where: ata rules [ID]

With a rule's id its text, whether it was broken or not."""

    NAME = "ata rules"

    def run(self, text):
        rules = words.table("port/contract/rules.c", "rules", "id", "words")
        chosen = [number for number, (rule, _) in enumerate(rules) if not text or rule.upper() == text.upper()]
        if not chosen:
            raise gdb.GdbError(f"There is no rule {text}; docs/contract.md lists them.")
        if not reader.variable("contract_checks"):
            print("The checks are off (CHECKS=off): no broken rule is recorded.")
        lines = []
        count = reader.counted(reader.static("port/contract/report.c", "place_count"), "places")
        for i in range(count):
            broken = reader.static("port/contract/report.c", "places")[i]
            if int(broken["rule"]) in chosen:
                lines.append((rules[int(broken["rule"])][0], int(broken["count"]), reader.text(broken["words"])))
        if lines:
            rows(("RULE", "TIMES", "WHERE"), lines)
        elif not text and reader.variable("contract_checks"):
            print("No rule was broken.")
        if text:
            print(f"{rules[chosen[0]][0]}: {rules[chosen[0]][1]}")


for command in (Controllers, Channel, Queue, Context, Timers, Rules):
    command()
