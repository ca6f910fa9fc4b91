# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables of run-qemu.sh, and for it
#
# The part of run-qemu.sh that records a run, and replays it (docs/replay.md). It is read by that script.
#
# A recording is a folder: QEMU's log of all that came to the guest from outside, with the moment; QEMU's words; every
# file that QEMU has read but the images, which are too big to be copied, and are not written: what the guest wrote
# is in overlays. A replay has copies of all of it, overlays too, and changes nothing.

recording_head='ATA port driver, recording 1'
record_state=replay.log # of the folder: QEMU's own

# QEMU: how long an instruction takes, as a power of two of nanoseconds: about as long as it really does.
icount_shift=3
# QEMU: what has come from a disk or a key is handed over when the CPU does something next (hal/x86/pc/timer.c).
tick_us=500

find_record_dir() {
  absolute "${OUT:-$top/build/record}" && record_dir=$REPLY
}

# What cannot be, before anything is made; and where the recording goes.
check_record() {
  local word
  switch_is_on RECORD || return
  for word in WRITE NBD TIMELINE GDB; do
    case ${!word-} in
      '' | 0) ;;
      *) die "RECORD=1 and $word=${!word}: $(why_not_with_record "$word")" ;;
    esac
  done
  [[ $accel == tcg ]] || die "RECORD=1 and ACCEL=$accel: QEMU records what its own TCG does"
  command -v qemu-img >/dev/null || die "there is no qemu-img here: run \`make setup\`"
  find_record_dir
  [[ -d ${record_dir%/*} && (! -e $record_dir || -d $record_dir) ]] ||
    die "OUT=${OUT-}: is no folder, or there is none that it could be made in"
  [[ -f $record_dir/recording ]] || is_empty "$record_dir" ||
    die "OUT=${OUT-}: holds something else than a recording; it is not touched"
  need_own_run_dir
  # QEMU: when an earlier state is loaded, kvmvapic waits for the CPU, and that for who loads the state (7.2).
  # shellcheck disable=SC2054 # the commas are QEMU's
  qemu_words+=(-icount "shift=$icount_shift,rr=record,rrfile=$record_state,rrsnapshot=init" -global apic-common.vapic=off)
  machine_words=,memory-backend=record-memory
  session_words+=(-r record)
  console_words=,logfile=console.log
  HISTORY=
}

# A folder that is not there is empty.
is_empty() { # folder
  [[ -z $(ls -A -- "$1" 2>/dev/null) ]]
}

# What a recording consists of has names of its own in the run's directory: nobody else's file may be there.
need_own_run_dir() {
  [[ -z ${RUN_DIR-} ]] || is_empty "$RUN_DIR" ||
    die "RUN_DIR=$RUN_DIR: is not empty; a recording and a replay want a folder of their own"
  absolute "${RUN_DIR-}"
  [[ ! $REPLY -ef $record_dir && $REPLY != "$record_dir" ]] || die "RUN_DIR=$RUN_DIR: is the recording's folder, too; give them one each"
}

why_not_with_record() { # word
  case $1 in
    WRITE) echo 'a recording writes no image, so that it can be replayed on it' ;;
    NBD) echo "what the host's tools do through the door cannot be recorded" ;;
    TIMELINE) echo 'the two have an OUT= each; the command "trace save" works in a recording' ;;
    GDB) echo 'what GDB does cannot be recorded; a replay can be looked at: make replay-debug' ;;
  esac
}

# A disk's writes go to an overlay, which is a part of the recording.
record_drive() { # name kind format path
  local image
  [[ $4 != *$'\n'* ]] || die "$4: a recording cannot name an image whose path has more than one line"
  if [[ $2 == cd ]]; then
    image="media=cdrom,readonly=on"
    qemu_words+=(-drive "if=none,id=$1-file,$image,driver=$3,file.driver=file,file.filename=${4//,/,,}")
  else
    image=discard=unmap
    qemu-img create -q -f qcow2 -F "$3" -b "$4" "$run_dir/$1.qcow2" >/dev/null ||
      die "$4: no overlay can be made of it in $run_dir"
    recorded_files+=("$1.qcow2")
    qemu_words+=(-drive "if=none,id=$1-file,$image,driver=qcow2,file.driver=file,file.filename=$1.qcow2")
  fi
  qemu_words+=(-drive "if=none,id=$1-image,$image,driver=blkreplay,image=$1-file")
}
recorded_files=()

# QEMU: the machine's state at the start, from which reverse execution begins, is in the first disk that is written.
add_record() {
  local path
  for path in "${image_files[@]}" "${named_drivers[@]}" "$hive"; do
    [[ $path == */* ]] || path=./$path
    [[ ! ${path%/*}/. -ef $record_dir ]] || die "OUT=${OUT-}: $path lies there, which this run needs; give another folder"
  done
  add_memory_file record
  if [[ -z ${recorded_files[*]} ]]; then
    qemu-img create -q -f qcow2 "$run_dir/state.qcow2" 1M >/dev/null || die "no disk can be made in $run_dir"
    recorded_files+=(state.qcow2)
    # shellcheck disable=SC2054 # the commas are QEMU's
    qemu_words+=(-drive if=none,id=state,driver=qcow2,file.driver=file,file.filename=state.qcow2)
  fi
  kernel_words+=" tick=$tick_us"
}

qemu_version() {
  "$qemu" --version | head -n 1
}

# Of a file, what changes with it.
file_facts() { # path
  stat -L -c '%s %.9Y' -- "$1"
}

# The run has ended. The new recording is whole before the old one goes.
save_recording() {
  local i name path new=$record_dir.new.$$
  # QEMU: the log begins with its version, which QEMU writes at its end.
  if [[ $status == 1 || $status == 126 || ! -s $run_dir/$record_state ||
    $(head -c 4 -- "$run_dir/$record_state" | od -An -tu4) -eq 0 ]]; then
    printf 'run-qemu.sh: nothing was recorded: QEMU has not %s\n' \
      "$( ((status == 1 || status == 126)) && echo started || echo 'finished its log')" >&2
    return
  fi
  for ((i = 0; i < ${#session_words[@]}; i++)); do
    [[ ${session_words[i]} == -m ]] && recorded_files+=("${session_words[i + 2]}")
  done
  for path in "$run_dir"/driver*.lines "$run_dir/commands" "$run_dir/hive.reg"; do
    name=${path##*/}
    [[ -f $path && " ${recorded_files[*]} " != *" $name "* ]] && recorded_files+=("$name")
  done
  recorded_files+=("$record_state")
  {
    printf '%s\n' "$recording_head" "arch $arch" "qemu $(qemu_version)" "mode $mode" "limit $time_limit" "status $status" \
      "memory $(sha256sum <"$run_dir/record.memory")"
    for path in "${image_files[@]}"; do
      absolute "$path"
      printf 'image %s %s\n' "$(file_facts "$REPLY")" "$REPLY"
    done
    printf 'file %s\n' "${recorded_files[@]}"
    printf 'kept %s\n' words console.log debug.log kernel.elf
  } >"$run_dir/recording"
  if ! { mkdir -p -- "$new/external" && (cd -- "$run_dir" &&
    cp --sparse=always -- "${recorded_files[@]}" words console.log debug.log recording "$symbols" "$new"); }; then
    rm -rf -- "$new"
    die "the recording cannot be written to $record_dir"
  fi
  # By their own names GDB finds the drivers there.
  for ((i = 0; i < ${#session_words[@]}; i++)); do
    [[ ${session_words[i]} == -m && ${session_words[i + 2]} == driver*.sys ]] &&
      ln -s "../${session_words[i + 2]}" "$new/external/${session_words[i + 1]##*/}"
  done
  forget_recording
  if ! { mkdir -p -- "$record_dir" && mv -- "$new"/* "$record_dir" && rmdir -- "$new"; }; then
    die "the recording is in $new, and cannot be moved to $record_dir"
  fi
  printf 'run-qemu.sh: recorded in %s: make replay%s, or replay-debug\n' "${record_dir#"$PWD/"}" \
    "${OUT:+$(printf ' OUT=%q' "$OUT")}" >&2
}

# The one that is there, by the names that it has.
forget_recording() {
  local name
  [[ -f $record_dir/recording ]] || return 0
  while read -r name; do
    rm -f -- "$record_dir/${name##*/}"
  done < <(sed -n 's/^file //p; s/^kept //p' "$record_dir/recording")
  [[ ! -d $record_dir/external ]] ||
    { find "$record_dir/external" -maxdepth 1 -type l -delete && rmdir -- "$record_dir/external"; }
  rm -f -- "$record_dir/recording"
}

# ---------------------------------------------------------------------- replays

# A line of the recording that begins with a word: the rest of it.
recorded() { # word
  sed -n "s/^$1 //p" "$record_dir/recording"
}

check_recording() {
  local word line size time path facts version
  find_record_dir
  [[ -f $record_dir/recording ]] || die "$record_dir holds no recording: \`make record\` makes one"
  [[ $(head -n 1 "$record_dir/recording") == "$recording_head" ]] ||
    die "$record_dir is a recording of another version: record it anew"
  for word in DISK DISK1 DISK2 DISK3 CDROM FORMAT WRITE MACHINE CONTROLLER ACCEL MINIPORT HIVE HIVE_RO CMD MODE STRICT CHECKS \
    TRACE FAULT KARGS NBD TIMELINE REQUEST WATCHDOG RECORD QEMU_EXTRA; do
    [[ -z ${!word-} || ${!word} == 0 ]] ||
      die "REPLAY=1 and $word=${!word}: a replay has all that from the recording; leave it out, or record anew"
  done
  need_own_run_dir
  arch=$(recorded arch) recorded_status=$(recorded status) mode=$(recorded mode)
  qemu=${QEMU:-qemu-system-$arch}
  command -v -- "$qemu" >/dev/null || die "there is no $qemu here: run \`make setup\`, or name QEMU with QEMU="
  version=$(qemu_version)
  [[ $version == "$(recorded qemu)" ]] ||
    die "it was recorded with $(recorded qemu), and $qemu is $version: only the same one can replay it"
  while IFS= read -r line; do # a path may begin or end with a blank
    size=${line%% *} line=${line#* } time=${line%% *} path=${line#* }
    [[ -e $path ]] || die "the image $path is not there any more: the recording cannot be replayed without it"
    facts=$(file_facts "$path")
    [[ $facts == "$size $time" ]] ||
      die "the image $path was changed since: what was recorded on it cannot be replayed (record it anew)"
  done < <(recorded image)
  while read -r path; do
    [[ $path != */* && -f $record_dir/$path ]] || die "$record_dir/$path is missing: the recording is damaged"
  done < <(recorded file && recorded kept)
}

# A replay that the guest has ended, or the recording. Whatever is not as it was, is said, and the replay has failed.
compare_with_recording() {
  local differs=() output kept
  cmp -s -- "$run_dir/console.log" "$record_dir/console.log" || differs+=('the output')
  [[ $(sha256sum <"$run_dir/record.memory") == "$(recorded memory)" ]] || differs+=('the memory')
  ((status == recorded_status)) || differs+=("the end ($status, and it was $recorded_status)")
  if ((${#differs[@]} == 0)); then
    printf 'run-qemu.sh: replayed as recorded: the same output (%s bytes), the same memory, the same end\n' \
      "$(stat -c %s -- "$record_dir/console.log")" >&2
    return
  fi
  printf -v output '%s, ' "${differs[@]}"
  printf 'run-qemu.sh: the replay is not as the recording: %s differs\n' "${output%, }" >&2
  kept=$run_dir/console.log
  [[ -n ${RUN_DIR-} ]] || { kept=$top/build/run/replayed.log && mv -f -- "$run_dir/console.log" "$kept"; }
  printf 'run-qemu.sh: what was printed: %s, and when it was recorded: %s\n' "$kept" "$record_dir/console.log" >&2
  exit 1
}

# The replay was not ended by the host, nor by QEMU.
ends_by_itself() {
  ((status == recorded_status || status == 0 || (status % 2 == 1 && status != 1 && status < 128)))
}

replay() {
  local name
  [[ -f $top/build/tools/session ]] || die "$top/build/tools/session is missing: run \`make\` first"
  check_recording
  : "${CORE:=1}"
  symbols=$record_dir/kernel.elf interactive=0 time_limit=${TIMEOUT:-0} has_hive=() has_record=1
  [[ $time_limit =~ ^[0-9]+(\.[0-9]+)?$ ]] || die "TIMEOUT=$time_limit: expected seconds"
  make_run_dir
  while read -r name; do
    copy_for_run "$record_dir/$name" "$name"
  done < <(recorded file)
  mapfile -d '' -t qemu_words <"$record_dir/words"
  for ((i = 0; i < ${#qemu_words[@]}; i++)); do
    case ${qemu_words[i]} in
      *,rr=record,*) qemu_words[i]=${qemu_words[i]/,rr=record,/,rr=replay,} ;;
      # A replay in GDB stops there for GDB; and going back is going on from the start, whose output has been seen.
      panic=pause) [[ ${GDB:-0} == 0 ]] || qemu_words[i]=panic=none ;;
      stdio,id=console,*) [[ ${GDB:-0} == 0 ]] || qemu_words[i]=file,id=console,path=console.log ;;
      # What the guest would store goes nowhere.
      file,id=journal,* | file,id=messages,*) qemu_words[i]=${qemu_words[i]%%,path=*} qemu_words[i]=null${qemu_words[i]#file} ;;
    esac
  done
  truncate -s "$memory_size" -- "$run_dir/record.memory" || die "the machine's memory cannot be made in $run_dir"
  add_gdb
  [[ ${GDB:-0} == 0 ]] && session_words+=(-r replay) || session_words+=(-r debug)
  run_session : :
  # A recording that the host ended, ends by itself when it is replayed.
  if ((status == 0 && recorded_status % 2 == 0)) && ! grep -q '^Triple fault' "$run_dir/qemu.log"; then
    status=$recorded_status time_limit=$(recorded limit)
  fi
  [[ ${GDB:-0} != 0 ]] || ! ends_by_itself || compare_with_recording
  conclude 0
}
