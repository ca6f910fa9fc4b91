# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables of run-qemu.sh, and for it
#
# The part of run-qemu.sh that looks at images and makes QEMU's words of them. It is read by that script.

# Of disks, drivers and the registry alike.
check_file() { # word path
  [[ -e $2 ]] || die "$1=$2: there is no such file"
  [[ ! -d $2 ]] || die "$1=$2: is a directory, not a file"
  [[ -f $2 ]] || die "$1=$2: is not a regular file"
  [[ -r $2 ]] || die "$1=$2: you may not read it"
}

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
  local word=$1 path=$2 name=$4 kind=${5#ide-} format other unmap=,discard=unmap options=snapshot=on says='read-only session  '
  [[ $kind == cd ]] || kind=disk
  check_image "$word" "$path" "$kind"
  format=$REPLY
  if [[ $kind == cd ]]; then
    options=media=cdrom,readonly=on unmap=
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
  qemu_words+=(-drive "if=none,id=$name-image,$options$unmap,driver=$format,file.driver=file,file.filename=${REPLY//,/,,}")
  [[ $options == snapshot=off ]] || REPLY="the overlay of this session in $run_dir"
  session_words+=(-d "$name-image" "$word=$path" "$REPLY")
  place "$3"
  qemu_words+=(-device "$5,id=$name,$REPLY,drive=$name-image,$device_words")
}

# Those that were asked for, or the demonstration's.
add_disks() {
  local disk=${DISK-} cdrom=${CDROM-}
  switch_is_on WRITE && write=1 || write=0
  case ${FORMAT-} in
    '' | raw | qcow2) ;;
    *) die "FORMAT=$FORMAT: expected raw or qcow2" ;;
  esac
  if [[ -z $disk${DISK1-}${DISK2-}${DISK3-}$cdrom ]]; then
    disk=$top/build/disks/demo.img cdrom=$top/build/disks/demo.iso
    if [[ ! -f $disk || ! -f $cdrom || $top/tools/make-disks.sh -nt $disk ]]; then
      "$top/tools/make-disks.sh" "$top/build/disks" || die "the demonstration disks could not be made"
    fi
  fi
  [[ -n $cdrom && -n ${DISK3-} ]] && die "DISK3 and CDROM have the same place, the secondary master: give one of them"
  [[ -n $disk && $disk != none ]] && add_disk DISK "$disk" 0 hd0 ide-hd
  [[ -n ${DISK1-} ]] && add_disk DISK1 "$DISK1" 1 hd1 ide-hd
  [[ -n ${DISK2-} ]] && add_disk DISK2 "$DISK2" 3 hd2 ide-hd
  [[ -n ${DISK3-} ]] && add_disk DISK3 "$DISK3" 2 hd3 ide-hd
  if [[ $cdrom == none ]]; then
    place 2
    qemu_words+=(-device "ide-cd,id=cd0,$REPLY")
  elif [[ -n $cdrom ]]; then
    add_disk CDROM "$cdrom" 2 cd0 ide-cd
  fi
}
