# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables of run-qemu.sh, and for it
#
# The part of run-qemu.sh that makes a timeline (docs/timeline.md): the machine's memory is a file, in which
# tools/timeline/ reads the kernel's trace while the machine runs, and makes files for people of it afterwards. It
# is read by that script.

timeline=$top/build/tools/timeline

# What cannot be, before anything is made; where what is made goes.
check_trace() {
  case ${TIMELINE-} in
    '' | 0) return 1 ;;
    1 | check) ;;
    *) die "TIMELINE=$TIMELINE: expected 1, or check" ;;
  esac
  [[ -x $timeline ]] || die "$timeline is missing: run \`make\` first"
  [[ ! ${REQUEST-1} =~ ^0*$ ]] ||
    die "REQUEST=$REQUEST: expected the number that a request has in the trace, from 1 on, a part of its words, set-up or reset"
  absolute "${OUT:-$top/build/trace.json}" && trace_events=$REPLY
  trace_picture=${trace_events%.json}.svg
  [[ -d ${trace_events%/*} && ! -d $trace_events ]] || die "OUT=${OUT-}: there is no folder for it, or it is one"
  machine_words=,memory-backend=trace-memory
  # What the requests are is recorded as well.
  TRACE=${TRACE:-all}
  [[ ,$TRACE, == *,all,* ]] || TRACE+=,requests
}

add_trace() {
  add_memory_file trace
  [[ $TIMELINE != check ]] ||
    qemu_words+=(-trace 'ide_ioport_*' -trace ide_status_read -trace ide_ctrl_write -trace 'ide_data_*' -trace bmdma_read
      -trace bmdma_write -trace 'bmdma_addr_*' -trace ahci_mem_read -trace ahci_mem_write -trace serial_update_parameters)
}

start_trace() {
  "$timeline" record "$run_dir/trace.memory" "$run_dir/trace.capture" </dev/null &
  trace_reader=$!
}

# QEMU has ended. Sets trace_code.
end_trace() {
  kill "$trace_reader" 2>/dev/null
  wait "$trace_reader" &&
    "$timeline" show "$run_dir/trace.capture" "$trace_events" "$trace_picture" "${REQUEST-}" &&
    { [[ $TIMELINE != check ]] || "$timeline" compare "$run_dir/trace.capture" "$run_dir/qemu.log"; }
  trace_code=$?
}
