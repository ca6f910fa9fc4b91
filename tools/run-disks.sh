# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables of run-qemu.sh, and for it
#
# The part of run-qemu.sh that looks at images and makes QEMU's words of them. It is read by that script.

positions=('primary master  ' 'primary slave   ' 'secondary master' 'secondary slave ')

# One sentence for everything that is wrong with an image, before QEMU sees it.
check_image() { # word path kind (disk or cd) -> $REPLY, its format; further files are added to image_files
  local size facts=() user_format=${FORMAT-}
  [[ $3 == disk ]] || user_format=
  check_file "$1" "$2"
  size=$(stat -L -c %s -- "$2") || die "$1=$2: its size cannot be read"
  ((size > 0)) || die "$1=$2: the file is empty"
  mapfile -d '' -t facts < <("$top/build/tools/image" "$3" "$2" "$user_format")
  case ${facts[0]-} in
    raw | qcow2) ;;
    *) die "$1=$2: ${facts[1]-what it is cannot be found out}" ;;
  esac
  [[ ${facts[0]} == qcow2 ]] || ((size % 512 == 0)) ||
    die "$1=$2: its size in bytes, $size, is not a multiple of 512, so it is no disk image"
  image_files+=("${facts[@]:1}")
  REPLY=${facts[0]}
}

image_files=()   # all files of all images
session_words=() # for tools/session.c: each drive and what a user calls it
# A host that cannot read or write is a device error for the guest; QEMU would stop the machine for some.
device_words=rerror=report,werror=report

add_disk() { # word path position name device
  local word=$1 path=$2 name=$4 kind=${5#ide-} format other options=snapshot=on says='read-only session  '
  [[ $kind == cd ]] || kind=disk
  check_image "$word" "$path" "$kind"
  format=$REPLY
  if [[ $kind == cd ]]; then
    options=media=cdrom,readonly=on
  elif ((write)); then
    [[ -w $path ]] || die "WRITE=1, but you may not write $word=$path"
    says='WRITES GO TO '
    options=snapshot=off
  fi
  for other in "${image_files[@]}"; do
    ((!write)) || [[ ! $other -ef $path ]] || die "$word=$path: is a file of another disk, too, which WRITE=1 forbids"
  done
  printf '%-5s  %s  %s%s\n' "$word" "${positions[$3]}" "$says" "$path"
  image_files+=("$path")
  absolute "$path"
  qemu_words+=(-drive "if=none,id=$name-image,$options,driver=$format,file.driver=file,file.filename=${REPLY//,/,,}")
  [[ $options == snapshot=off ]] || REPLY="the overlay of this session in $run_dir"
  session_words+=(-d "$name-image" "$word=$path" "$REPLY")
  place "$3"
  qemu_words+=(-device "$5,id=$name,$REPLY,drive=$name-image,$device_words")
}
