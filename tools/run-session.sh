# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables of run-qemu.sh, and for it
#
# The part of run-qemu.sh that starts what has been put together, stays until it has ended, and says how: of a new
# run and of a replay alike. It is read by that script.

# ---------------------------------------------------------------------- this run's directory

# shellcheck disable=SC2317 # reached through the trap
finish() {
  [[ -n ${terminal_state-} ]] && stty "$terminal_state" 2>/dev/null
  if [[ -z ${RUN_DIR-} ]]; then
    local log
    for log in debug.log nbdkit.log; do
      [[ -f $run_dir/$log ]] && mv -f -- "$run_dir/$log" "$top/build/run/$log"
    done
    rm -rf -- "$run_dir"
  else
    rm -f -- "$run_dir/nbd.sock" "$run_dir"/{door,trace,record}.memory
  fi
}

# Sets run_dir; saved_dir is for what the guest saves (`trace save`), which stays, as debug.log does.
make_run_dir() {
  if [[ -n ${RUN_DIR-} ]]; then
    absolute "$RUN_DIR" && run_dir=$REPLY saved_dir=$REPLY
    [[ -d $run_dir ]] || mkdir -p -- "$run_dir" || die "RUN_DIR=$RUN_DIR cannot be made"
  else
    # What a killed run left behind goes first.
    local left
    for left in "$top"/build/run/[0-9]*; do
      [[ -d $left ]] && ! kill -0 "${left##*/}" 2>/dev/null && rm -rf -- "$left"
    done
    run_dir=$top/build/run/$$ saved_dir=$top/build/run
    mkdir -p -- "$run_dir" || die "$run_dir cannot be made"
  fi
  trap finish EXIT
}

# tools/session copies it into this run's directory.
copy_for_run() { # file name
  absolute "$1"
  session_words+=(-m "$REPLY" "$2")
}

# A memory that is a file in the run's directory, for who looks at it from outside. The file may not be there when
# the next run begins: it would be read before QEMU has made it anew.
add_memory_file() { # name
  { rm -f -- "$run_dir/$1.memory" && truncate -s "$memory_size" -- "$run_dir/$1.memory"; } ||
    die "the machine's memory cannot be made in $run_dir"
  # shellcheck disable=SC2054 # the commas are QEMU's
  qemu_words+=(-object "memory-backend-file,id=$1-memory,share=on,mem-path=$1.memory,size=$memory_size")
}
memory_size=128M # as QEMU's -m says

# ---------------------------------------------------------------------- GDB

# Not by connecting to it: QEMU takes that for a GDB, and stops its guest. A port that another run is about
# to open is locked.
port_is_taken() { # port
  local pattern
  printf -v pattern ':%04X 0*:0000 0A' "$1" # the local port, no other side, listening
  grep -q "$pattern" /proc/net/tcp /proc/net/tcp6 2>/dev/null && return
  mkdir -p -- "$top/build/run" && exec 8>"$top/build/run/gdb-$1.lock" && ! flock --nonblock 8
}

add_gdb() {
  gdb_port=
  case ${GDB-} in
    '' | 0) ;;
    socket) qemu_words+=(-chardev 'socket,id=gdb,path=gdb.sock,server=on,wait=off' -gdb chardev:gdb) ;;
    *[!0-9]*) die "GDB=$GDB: expected 1, a port number, or socket" ;;
    1)
      gdb_port=1234
      while port_is_taken $gdb_port; do
        gdb_port=$((gdb_port + 1))
        ((gdb_port < 1334)) || die "GDB=1: the ports 1234 to 1333 are all taken"
      done ;;
    *)
      gdb_port=$GDB
      ((${#gdb_port} <= 5 && gdb_port >= 1 && gdb_port <= 65535)) || die "GDB=$GDB: a port is a number from 1 to 65535"
      port_is_taken "$gdb_port" && die "GDB=$GDB: that port is taken" ;;
  esac
  [[ -n $gdb_port ]] && qemu_words+=(-gdb "tcp:127.0.0.1:$gdb_port")
  switch_is_on GDB_WAIT && qemu_words+=(-S)
}

# ---------------------------------------------------------------------- run

# Starts QEMU with qemu_words, and sets status to what QEMU and those between (tools/end.h) have ended with. What
# shall be done meanwhile: the commands $1, and $2 when QEMU has ended.
run_session() { # before after
  local left count name
  for left in "$run_dir"/{debug.log,qemu.log,core}; do
    [[ ! -e $left ]] || rm -f -- "$left"
  done
  switch_is_on CORE && session_words+=(-c core)
  [[ -n $gdb_port ]] &&
    printf 'GDB: target remote 127.0.0.1:%s (gdb -x tools/gdb/ataport.py %s)\n' "$gdb_port" "$symbols"
  if ((interactive)); then
    exec 3<&0
    if [[ -t 0 ]]; then
      echo 'Ctrl-] X ends QEMU, Ctrl-C goes to the guest.'
      terminal_state=$(stty -g)
    fi
  else
    exec 3</dev/null
  fi

  # A signal ends QEMU; what must be done afterwards is done all the same.
  signals=()
  pid=
  for name in INT QUIT TERM HUP PIPE; do
    # shellcheck disable=SC2064 # the name is this one's
    trap "signals+=($name); [[ -z \$pid ]] || kill \"\$pid\" 2>/dev/null" "$name"
  done

  "$1"
  # In the background, so that a signal is not kept waiting. The overlay files of read-only sessions are made in
  # the run directory too, not in the system's. QEMU starts with fewer page faults where its memory has large
  # pages.
  TMPDIR=$run_dir GLIBC_TUNABLES=${GLIBC_TUNABLES-glibc.malloc.hugetlb=1} "${has_hive[@]}" "$top/build/tools/session" \
    -C "$run_dir" -t "$time_limit" -f "$saved_dir" "${session_words[@]}" -- "$qemu" "${qemu_words[@]}" <&3 3<&- &
  pid=$!
  ((${#signals[@]} == 0)) || kill "$pid" 2>/dev/null
  while
    count=${#signals[@]}
    wait "$pid"
    status=$?
    ((count != ${#signals[@]})) # a signal has ended the waiting, and not yet QEMU
  do :; done
  pid=
  "$2"
}

lost() {
  printf 'run-qemu.sh: %s; the kernel'"'"'s log is %s\n' "$*" "$kept/debug.log" >&2
  exit 5
}

# Says how the run ended, and ends as `--help` has it; a run without fault ends with $1.
conclude() { # code
  local tool where
  [[ -n ${RUN_DIR-} ]] && kept=$run_dir || kept=$top/build/run
  if [[ -f $run_dir/core ]]; then
    # A guest that is given up has not said how much of its memory it uses: the rest is zeroes.
    fallocate --dig-holes -- "$run_dir/core" 2>/dev/null
    [[ $run_dir == "$kept" ]] || mv -f -- "$run_dir/core" "$kept/core"
    tool=$top/tools/gdb/ataport.py
    printf "run-qemu.sh: the guest's memory is in %s, to be looked at: gdb -x %s %s %s\n" "${kept#"$PWD/"}/core" \
      "${tool#"$PWD/"}" "${symbols#"$PWD/"}" "${kept#"$PWD/"}/core" >&2
  fi

  # QEMU: a value v written to isa-debug-exit ends it with (v << 1) | 1; hal/hal.h has the values, and
  # tools/end.h those that are even.
  case $status in
    33) exit "$1" ;;
    35) exit 1 ;;
    37) exit 2 ;;
    39) exit 3 ;;
    41 | 43) exit 4 ;;
    112) exit $((128 + $(kill -l "${signals[0]:-TERM}"))) ;;
    114)
      printf 'run-qemu.sh: nobody reads the output any more, so the guest was ended\n' >&2
      exit 141 ;;
    116)
      [[ $mode == interactive ]] && exit 0
      lost "QEMU was ended with Ctrl-] X before the commands were done" ;;
    118 | 120) exit 2 ;; # what the host could not do has been said
    124)
      where=$(sed -n 's/\r$//; s/^STOPPED: from outside, //p' "$run_dir/debug.log" 2>/dev/null)
      [[ -z $where ]] || lost "time-out: the guest was stopped after $time_limit s (TIMEOUT=); $where"
      ((!has_record)) ||
        lost "time-out: the guest was still running after $time_limit s, and was given up (TIMEOUT=)"
      lost "time-out: the guest was still running after $time_limit s, did not answer, and was given up (TIMEOUT=)" ;;
    126) die "QEMU could not be started" ;;
    1) die "QEMU did not start the machine; its message stands above" ;;
    0) ;;
    *)
      ((status & 1 && status < 128)) &&
        lost "lost guest: it ended with $((status >> 1)), a value that the kernel never writes"
      ((status < 128)) || die "QEMU was ended by signal $((status - 128))"
      die "QEMU itself failed and ended with $status" ;;
  esac
  # QEMU ends with 0 for a triple fault or a reset.
  grep -q '^Triple fault' "$run_dir/qemu.log" 2>/dev/null &&
    lost "triple fault: the CPU could not even enter an exception handler"
  lost "lost guest: the machine was reset or switched off, and the kernel never said how it ended"
}
