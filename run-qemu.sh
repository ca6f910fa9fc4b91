#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Boots the kernel in QEMU. The only place that knows QEMU's command line, but for the descriptors that
# tools/session and tools/registry hand QEMU; `./run-qemu.sh --help` says what can be asked for. Everything
# comes in through the environment, so that paths and commands with blanks, quotes and dollar signs arrive
# as they were written; `make run` hands its words on the same way.
#
# QEMU is started inside a directory of its own, where kernel, modules and logs have short fixed names.
# A user's path then stands in one place only: the -drive option, where a comma is written twice and
# nothing else is special (the file driver is named, so that "a:b" is no protocol).

set -u
export LC_ALL=C
top=$(cd -- "${BASH_SOURCE[0]%"${BASH_SOURCE[0]##*/}"}." && pwd) || exit 2

usage() {
  cat <<'HELP'
usage: [NAME=value ...] ./run-qemu.sh       boots the kernel; or: make run [NAME=value ...]

Disks (a path is relative to where you stand; an image is never written without WRITE=1)
  DISK= DISK1=       disks 0 and 1: primary master and primary slave, or AHCI ports 0 and 1
  DISK2=             disk 2: secondary slave, or AHCI port 3
  DISK3= or CDROM=   disk 3, or the CD-ROM drive cd0: secondary master, or AHCI port 2
                     With none of the five: a demonstration disk and CD, made in build/disks/.
                     DISK=none is a machine without disks, CDROM=none a drive without a medium.
                     A disk may say which controller it hangs on, as in DISK2=ahci:path, of CONTROLLER= or
                     not; ./ahci:path is a file that is called so. Others hang on the first one
  FORMAT=            raw or qcow2, for the disks; otherwise taken from each file's first bytes: raw disks, and
                     qcow2 images that consist of one file. FORMAT=qcow2 also lets them name others, as a
                     backing file; formats of other programs are refused by name
  WRITE=1            what the guest writes goes to the images

Machine
  MACHINE=           pc (default), q35 or isapc
  CONTROLLER=        controllers, separated by blanks, beside that which a machine has anyway: pc has
                     piix3-ide, and takes ahci; q35 has ahci, and takes piix4-ide or piix3-ide; isapc
                     has isa-ide. The disks hang on the first one that is named here, else on the
                     machine's own
  ACCEL=             tcg (default) or kvm
  ARCH= QEMU=        x86_64 (default) or i386; the QEMU program (default qemu-system-$ARCH)

Drivers and registry
  MINIPORT=          drivers in addition to pata (IDE) and ahci, or in the place of one with the same
                     name, separated by blanks ("\ " is a blank in a path): ready NAME.sys files, or
                     folders NAME with C files, which are built first. NAME.reg, beside the file, in the
                     folder or beside it, says which device the driver is for (without one HIVE must),
                     and wins over what binds ours. MINIPORT=none: no driver at all
  HIVE= HIVE_RO=1    the registry's file (default build/registry.reg), made if it is missing; it is empty or
                     begins with "Windows Registry Editor Version 5.00". What drivers store, and the
                     shell's `registry set`, is appended to it at once, and what `registry compact` leaves
                     out goes at the end; HIVE_RO forbids every change. One session at a time may write
                     it: meanwhile another one is refused, or, when it did not name the file, only reads it

Commands
  NBD=1              the guest's disks and CDs for the host's tools: nbdkit serves them on a socket whose URI is
                     printed once the door is open. CMD= runs first; then there is the prompt, for any
                     standard input, until `poweroff`, Ctrl-] X, SIGINT or SIGTERM ends the session: requests
                     that are under way end, disks are flushed, and the end is 0. Read-only without WRITE=1;
                     TIMEOUT= is none. docs/nbd.md
  CMD='a; b'         runs the commands and ends. Without it, and when standard input is no terminal, the
                     lines of standard input are the commands; a tour runs if there are none
  TIMEOUT=           seconds until the guest is given up (default: none with a terminal, else 300)
  STRICT=1           end at the first broken rule
  CORE=0             no core: else what a guest leaves that ends with 3 or 4, or is given up, is build/run/core (in
                     RUN_DIR, if that is given), the last one's, for GDB: docs/debugging.md
  CHECKS=off         no contract checks
  TRACE=             what the kernel's trace records, for the shell's `log COUNT`: ports, registers, calls,
                     irbs, requests, rules, states and faults, separated by commas; all, or off; without it
                     all but requests
  FAULT='rule; rule' faults to inject between driver and device, as the shell's `fault add` takes them:
                     docs/faults.md
  KARGS=             further words for the kernel's command line

Debugging and tests
  GDB=1              opens a port for GDB and says which; GDB=<number> that port; GDB=socket the socket
                     gdb.sock in the run directory
  TIMELINE=1         writes what the run did to OUT=, a trace for Perfetto or Chrome's viewer, and one request's life
                     as a picture beside it (.svg): docs/timeline.md. TIMELINE=check also compares all register
                     accesses with QEMU's own trace: 1 is the end when they differ
  RECORD=1           keeps in the folder OUT= (default build/record) what it takes to repeat the run; REPLAY=1 repeats it,
                     and tells whether output, memory and end are the same, and ends as it did: docs/replay.md
  OUT= REQUEST=      that file (default build/trace.json); the request for the picture, by its number in the trace
                     or by a part of its words, or set-up or reset (default: the last one that moved data)
  WATCHDOG=0         lets a driver's routine run for ever that otherwise is stopped after five seconds; with
                     GDB= this is the default
  GDB_WAIT=1         the machine waits for GDB before its first instruction
  HISTORY=           the file for lines that are entered at the prompt, for later sessions (default build/history; the
                     last 1000 are used); nothing behind the = is none
  MODE=interactive   the prompt, although standard input is no terminal
  RUN_DIR=           directory for this run's files, kept afterwards: debug.log, qemu.log, modules, and what
                     `trace save` makes (otherwise only the last run's debug.log is kept, as
                     build/run/debug.log, and saved traces beside it)
  BUILD=             where the kernel and our drivers are (default build/$ARCH)
  QEMU_EXTRA=        further words for QEMU, separated by blanks, or by newlines if it holds any

On a terminal, Ctrl-] X ends QEMU; all other keys, Ctrl-C too, are the guest's. The run also ends when nobody
reads its output any more.

Ends with  0 all commands succeeded    1 a command failed    2 wrong usage, or this host's fault
           3 a rule was broken under STRICT=1    4 kernel assertion or exception, or a driver that did
           not come back
           5 triple fault, lost guest or time-out
           128 + N: a signal ended it (HUP 129, INT 130, TERM 143); the reader of its output is gone (141)
HELP
}

die() {
  printf 'run-qemu.sh: %s\n' "$*" >&2
  exit 2
}

# A switch is on with 1, off with 0 or nothing; anything else is a mistake.
switch_is_on() { # name
  case ${!1-} in
    1) return 0 ;;
    '' | 0) return 1 ;;
    *) die "$1=${!1}: expected 1 or 0" ;;
  esac
}

absolute() { # path -> $REPLY
  case $1 in
    /*) REPLY=$1 ;;
    *) REPLY=$PWD/$1 ;;
  esac
}

case $#:${1-} in
  0:) ;;
  1:--help | 1:-h) usage && exit 0 ;;
  *) die "takes no arguments but --help: what it shall do comes from the environment (CMD=... DISK=... $0)" ;;
esac

# A misspelt word would be ignored. It may also be somebody else's: that is said, and the run goes on.
"$top/tools/near-words.pl" >&2

# shellcheck source=tools/run-machine.sh
source "$top/tools/run-machine.sh"
# shellcheck source=tools/run-disks.sh
source "$top/tools/run-disks.sh"
# shellcheck source=tools/run-drivers.sh
source "$top/tools/run-drivers.sh"
# shellcheck source=tools/run-door.sh
source "$top/tools/run-door.sh"
# shellcheck source=tools/run-trace.sh
source "$top/tools/run-trace.sh"
# shellcheck source=tools/run-record.sh
source "$top/tools/run-record.sh"
# shellcheck source=tools/run-session.sh
source "$top/tools/run-session.sh"

switch_is_on REPLAY && replay

arch=${ARCH:-x86_64}
case $arch in
  x86_64 | i386) ;;
  *) die "ARCH=$arch: expected x86_64 or i386" ;;
esac
qemu=${QEMU:-qemu-system-$arch}
command -v -- "$qemu" >/dev/null || die "there is no $qemu here: run \`make setup\`, or name QEMU with QEMU="
case $qemu in
  */*) absolute "$qemu" && qemu=$REPLY ;;
esac
absolute "${BUILD:-$top/build/$arch}" && build=$REPLY
for needed in "$build/kernel" "$top/build/tools/image" "$top"/build/tools/{session,registry,lines}; do
  [[ -f $needed ]] || die "$needed is missing: run \`make\` first"
done

# ---------------------------------------------------------------------- the machine

machine=${MACHINE:-pc}
accel=${ACCEL:-tcg}
qemu_words=(-nodefaults -no-user-config -display none -net none -no-reboot -boot menu=off -m 128
  -device 'isa-debug-exit,iobase=0xf4,iosize=4' -debugcon file:debug.log
  -D qemu.log -d cpu_reset)

machine_words=
console_words=
check_door && has_door=1 || has_door=0
# The machine stops when the guest says that it has failed, until tools/session has a core of it.
: "${CORE:=1}"
switch_is_on CORE && qemu_words+=(-device pvpanic -action panic=pause)
check_trace && has_trace=1 || has_trace=0
check_record && has_record=1 || has_record=0
add_controllers
case $accel in
  tcg) ;;
  kvm) [[ -w /dev/kvm ]] || die "ACCEL=kvm: /dev/kvm is not there, or you may not use it" ;;
  *) die "ACCEL=$accel: expected tcg or kvm" ;;
esac
# QEMU: isapc's default CPU is a 486; qemu64 is the other machines' default. For i386 it is one without long
# mode, which qemu-system-i386 would take away with a warning.
[[ $arch == i386 ]] && cpu=qemu64,lm=off,syscall=off || cpu=qemu64
qemu_words+=(-M "$machine$machine_words" -accel "$accel" -cpu "$cpu")

# ---------------------------------------------------------------------- this run's directory, disks

make_run_dir
add_disks

# ---------------------------------------------------------------------- boot modules

# QEMU takes one list for all modules, separated by commas; a comma inside is written twice. What follows
# a file's name is handed to the kernel; `name=` is the last word and takes the rest.
modules=
add_module() { # file string
  local string="$1 $2"
  modules+=${modules:+,}${string//,/,,}
}

add_drivers

# The registry's file is that program's, which starts the one that starts QEMU.
hive=${HIVE:-$top/build/registry.reg}
[[ -n ${HIVE-} ]] && hive_access=--write || hive_access=--write-or-read
switch_is_on HIVE_RO && hive_access=--read
has_hive=()
if [[ -n ${HIVE-} || -e $hive || $hive_access != --read ]]; then
  [[ ! -e $hive && $hive_access != --read ]] || check_file HIVE "$hive"
  for path in "${image_files[@]}"; do
    [[ ! $path -ef $hive ]] || die "HIVE=$hive: is a disk's image, too; it is not touched"
  done
  add_module hive.reg "type=hive name=$hive"
  has_hive=("$top/build/tools/registry" session "$hive_access" --copy "$run_dir/hive.reg" "$hive" --)
fi

# ---------------------------------------------------------------------- time limit and commands

time_limit=${TIMEOUT:-}
if [[ -z $time_limit ]]; then
  [[ -t 0 ]] || ((has_door)) && time_limit=0 || time_limit=300
fi
[[ $time_limit =~ ^[0-9]+(\.[0-9]+)?$ ]] || die "TIMEOUT=$time_limit: expected seconds"

[[ -e /dev/fd/0 ]] || exec </dev/null
[[ -e /dev/fd/1 ]] || exec >/dev/null
[[ -e /dev/fd/2 ]] || exec 2>/dev/null
# With a door the prompt is there as long as the session, for whatever standard input is.
[[ -t 0 || ${MODE-} == interactive ]] || { ((has_door)) && [[ -z ${CMD-} ]]; } && interactive=1 || interactive=0
[[ -z ${MODE-} || $MODE == interactive ]] || die "MODE=$MODE: expected interactive, or nothing"
if [[ -n ${CMD-} ]]; then
  mode=commands
  printf '%s' "$CMD" >"$run_dir/commands" || die "the commands cannot be written to $run_dir"
elif ((interactive)); then
  mode=interactive
else
  timeout "$time_limit" cat >"$run_dir/commands"
  case $? in
    0) ;;
    124) die "standard input has not ended after $time_limit s (TIMEOUT=): its lines are the commands; </dev/null" \
      "is none" ;;
    *) die "standard input cannot be read, or not be written to $run_dir" ;;
  esac
  grep -q "[^[:space:]]" "$run_dir/commands" && mode=commands || mode=tour
fi
[[ $mode == commands ]] && add_module commands type=commands

# What was entered at the prompt before, and is from here on: tools/session has the file. HISTORY= without a word
# after it is none.
history=${HISTORY-$top/build/history}
if [[ -n $history ]] && { ((has_door)) || [[ $mode == interactive ]]; }; then
  for path in "$hive" "${image_files[@]}"; do
    [[ ! $path -ef $history ]] || die "HISTORY=$history: is the registry's file, or a disk's image, too; it is not touched"
  done
  absolute "$history"
  session_words+=(-y "$REPLY" history)
  add_module history type=history
fi

# ---------------------------------------------------------------------- the kernel's command line

kernel_words=mode=$mode
kernel_words+=" disks=$disk_places${cd_place:+ cds=$cd_place}"
switch_is_on STRICT && kernel_words+=' strict=1'
case ${CHECKS-} in
  '' | on) ;;
  off) kernel_words+=' checks=off' ;;
  *) die "CHECKS=$CHECKS: expected on or off" ;;
esac
# Who debugs a driver stops in it for as long as it takes.
[[ ${GDB:-0} == 0 ]] && : "${WATCHDOG:=1}"
switch_is_on WATCHDOG || kernel_words+=' watchdog=0'
if [[ -n ${TRACE-} ]]; then
  [[ $TRACE != *[[:space:]]* ]] || die "TRACE=$TRACE: may not hold blanks"
  kernel_words+=" trace=$TRACE"
fi
# The width of the reader's terminal. What a person types at goes to it, even through a pipe; a size that nobody
# knows is 0 0.
columns=
if [[ -t 1 ]]; then
  { columns=$(stty size <&3 2>/dev/null); } 3>&1
elif [[ $mode == interactive && -t 0 ]]; then
  columns=$(stty size 2>/dev/null)
fi
columns=${columns#* }
[[ $columns =~ ^[1-9][0-9]{1,3}$ ]] && ((columns >= 20 && columns <= 1000)) && kernel_words+=" columns=$columns"
# Words of the kernel's command line hold no blanks.
if [[ -n ${FAULT-} ]]; then
  faults=${FAULT//[$'\n\r']/;}
  ((${#faults} < 1024)) || die "FAULT= is ${#faults} characters long: at most 1023"
  kernel_words+=" faults=${faults//[[:blank:]]/,}"
fi
((has_door)) && add_door
((has_trace)) && add_trace
((has_record)) && add_record
kernel_words+=${KARGS:+ $KARGS}

# ---------------------------------------------------------------------- GDB, extra words

add_gdb
extra=()
if [[ ${QEMU_EXTRA-} == *$'\n'* ]]; then
  mapfile -t extra <<<"$QEMU_EXTRA"
else
  read -r -a extra <<<"${QEMU_EXTRA-}"
fi

# ---------------------------------------------------------------------- run

copy_for_run "$build/kernel" kernel
symbols=$build/kernel.elf
# shellcheck disable=SC2054 # the commas are QEMU's
qemu_words+=(-chardev "stdio,id=console,signal=off$console_words" -serial chardev:console
  -kernel kernel -append "$kernel_words" ${modules:+-initrd "$modules"} "${extra[@]}")

trace_code=0
# shellcheck disable=SC2317 # called by run_session
before() {
  ((!has_trace)) || start_trace
}
# shellcheck disable=SC2317
after() {
  ((!has_trace)) || end_trace
  ((!has_record)) || save_recording
}
run_session before after
conclude "$trace_code"
