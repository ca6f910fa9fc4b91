#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What `make debug` runs: QEMU, stopped before its first instruction, and GDB attached to it, which goes
# on to the driver's DriverEntry. What the guest prints appears between GDB's lines; GDB's command
# `console TEXT` types on the guest's console. run-qemu.sh's words hold here too, and with CMD= the
# guest runs these commands. TEST= names one of tests/guest/run.pl's tests, whose machine and kernel it is then.
# With REPLAY=1 it is the recording of OUT= (docs/replay.md), which GDB lets run to its end, or up to what broke a
# rule or ends the kernel, and goes back from. Arguments are further ones for GDB.

set -u
cd -- "${BASH_SOURCE[0]%/*}/.." || exit 2
arch=${ARCH:-x86_64}
kernel=build/$arch/kernel.elf
if [[ ${REPLAY-} == 1 ]]; then
  kernel=${OUT:-build/record}/kernel.elf
elif [[ -n ${TEST-} ]]; then
  kernel=build/$arch/guest/kernel.elf
  mapfile -d '' words < <(PERL5LIB=tests/lib tests/guest/run.pl "$TEST" words)
  ((${#words[@]})) || exit 2 # it has said why
  export "${words[@]}"
fi
if [[ ! -f $kernel ]]; then
  [[ ${REPLAY-} == 1 ]] && what='make record' || what='make'
  echo "debug: $kernel is missing: run \`$what\` first" >&2
  exit 2
fi

run_dir=build/run/debug.$$
mkdir -p "$run_dir"
mkfifo "$run_dir/console" || exit 2
exec 3<>"$run_dir/console" # held open for both, so that it never ends

# In a session of its own: Ctrl-C in GDB stops the guest, and must not end QEMU. No core: GDB has the
# guest itself, and nobody else is to stop it and let it go on.
[[ -n ${CMD-} || ${REPLAY-} == 1 ]] || export MODE=interactive
CORE=0 GDB=socket GDB_WAIT=1 TIMEOUT=${TIMEOUT:-0} RUN_DIR=$run_dir/run setsid ./run-qemu.sh <&3 3<&- &
pid=$!
# shellcheck disable=SC2317 # reached through the trap
finish() {
  kill "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  rm -rf -- "$run_dir"
}
trap finish EXIT
trap : INT

for ((i = 0; i < 100; i++)); do
  [[ -S $run_dir/run/gdb.sock ]] && break
  kill -0 "$pid" 2>/dev/null || exit 2 # run-qemu.sh has said why
  sleep 0.05
done
if [[ ${REPLAY-} == 1 ]]; then
  cat <<'HINT'
The recording runs up to the first broken rule, a crash, or its end. "reverse-continue" then goes back to the last
breakpoint or watchpoint before, "reverse-step" and "reverse-stepi" a line or an instruction. What the guest printed is
in console.log, beside the recording.
HINT
else
  cat <<HINT
The guest stops when its driver is loaded; "continue" lets it run. "console TEXT" types on its console,
as does, from another terminal, what is written to $run_dir/console.
HINT
fi
ATAPORT_CONSOLE=$run_dir/console ATAPORT_REPLAY=${REPLAY-} gdb -q -x tools/gdb/ataport.py -ex "target remote $run_dir/run/gdb.sock" \
  -ex continue "$@" "$kernel" 3<&-
