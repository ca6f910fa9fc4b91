# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables of run-qemu.sh, and for it
#
# The part of run-qemu.sh that makes the door, by which the host's tools reach the guest's disks: memory that guest
# and NBD server share, and the words for QEMU, for tools/session.c and for the kernel. It is read by that script.

door_memory_size=16M # DOOR_MEMORY_SIZE of lib/door.h

# What cannot be, before anything is made.
check_door() {
  switch_is_on NBD || return 1
  [[ $machine != isapc ]] || die "NBD=1: the isapc machine has no PCI bus for the memory that guest and server share"
  [[ ${QEMU_EXTRA-} != *rr=re[cp]* ]] || die "NBD=1: what is asked through the door is in no recording, so nothing repeats" \
    "it; record or replay without NBD="
  command -v nbdkit >/dev/null ||
    die "NBD=1: there is no nbdkit here: run \`make setup\`, or install it (Debian and Ubuntu have it in nbdkit)"
  door_plugin=$top/build/tools/nbd.so
  [[ -f $door_plugin ]] || die "$door_plugin is missing: run \`make NBD=1\` first"
}

# All that is not surely right in a URI as its number.
uri_escape() { # text -> $REPLY
  local i character
  REPLY=
  for ((i = 0; i < ${#1}; i++)); do
    character=${1:i:1}
    case $character in
      [A-Za-z0-9/._~-]) REPLY+=$character ;;
      *) printf -v character '%%%02X' "'$character" && REPLY+=${character: -3:1}${character: -2} ;;
    esac
  done
}

# A socket's path has a limit of its own, which is the kernel's.
add_door() {
  door_socket=$run_dir/nbd.sock
  ((${#door_socket} <= 107)) ||
    die "NBD=1: $door_socket is longer than the 107 characters that a socket's path may have; name a shorter RUN_DIR="
  rm -f -- "$door_socket"
  { rm -f -- "$run_dir/door.memory" && truncate -s "$door_memory_size" -- "$run_dir/door.memory"; } ||
    die "the memory for NBD=1 cannot be made in $run_dir"
  # shellcheck disable=SC2054 # the commas are QEMU's
  qemu_words+=(-object "memory-backend-file,id=door-memory,share=on,mem-path=door.memory,size=$door_memory_size"
    -device ivshmem-plain,memdev=door-memory,addr=0x10)
  session_words+=(-n "$door_socket" "$door_plugin" door.memory)
  uri_escape "$door_socket"
  kernel_words+=" door=nbd+unix:///?socket=$REPLY door_writes=$write"
}
