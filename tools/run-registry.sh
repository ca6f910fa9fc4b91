# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables of run-qemu.sh, and for it
#
# The part of run-qemu.sh that looks after the registry's file: what may be appended to, who may append, and
# whether all that was stored is there. It is read by that script.

# What the session stores is appended to the file. Only what is meant for that is written: an empty file, or
# one that begins as the kernel's reader wants it (port/registry/reg_read.c), in UTF-8 or UTF-16.
begins_as_registry() { # path
  local line decode=(cat)
  [[ -s $1 ]] || return 0
  case $(head -c 2 -- "$1" | od -An -tx1) in
    ' 00 00') ;; # no text
    ' ff fe' | ' fe ff' | ' 00 '* | *' 00') decode=(tr -d '\0') ;; # UTF-16
  esac
  while read -r line || [[ -n $line ]]; do # without the blanks around it
    line=${line#$'\xef\xbb\xbf'} line=${line#$'\xff\xfe'} line=${line#$'\xfe\xff'}
    case $line in
      '' | ';'* | '#'*) ;;
      'Windows Registry Editor Version 5.00' | REGEDIT4) return 0 ;;
      *) return 1 ;;
    esac
  done < <(head -c 65536 -- "$1" | "${decode[@]}" | tr '\0\r' '?\n')
  return 1
}

# Descriptor 9 is the file, locked, whatever becomes of its name; QEMU inherits it, so that the lock lasts as
# long as the one who writes. A session that was killed a moment ago may still be going, and one that ends may
# put a shorter file in its place.
lock_hive() {
  local i
  for ((i = 0; i < 20; i++)); do
    exec 9<"$hive" || return 1
    if flock --nonblock 9; then
      [[ /dev/fd/9 -ef $hive_path ]] && return 0
    else
      sleep 0.1
    fi
  done
  exec 9<&-
  return 1
}

# Does the user's file have what the session stored? Afterwards it may be shortened. False: said why not.
settle_hive() {
  local rescue=$hive.session number=
  ((hive_writable)) || return 0
  if [[ ! /dev/fd/9 -ef $hive_path ]]; then
    (($(stat -L -c %s /dev/fd/9) > hive_size)) || return 0
    while [[ -e ${hive_path%"$hive"}$rescue ]]; do rescue=$hive.session$((++number)); done
    printf 'run-qemu.sh: HIVE=%s was replaced while the session ran. ' "$hive" >&2
    cat </dev/fd/9 >"${hive_path%"$hive"}$rescue" &&
      printf 'The file that the session wrote is now %s\n' "$rescue" >&2 ||
      printf '%s cannot be written: what the session stored is lost\n' "$rescue" >&2
    return 1
  fi
  grep -q $'^\001registry: snapshot appended' debug.log 2>/dev/null || return 0
  exec 9<&- # the tool locks the file itself
  "$top/build/tools/registry" compact "$hive_path"
}
