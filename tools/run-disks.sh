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

# One sentence for everything that is wrong with an image, before QEMU sees it.
check_image() { # word path kind (disk or cd) -> $REPLY, its format; further files are added to image_files
  local facts=() user_format=${FORMAT-}
  [[ $3 == disk ]] || user_format=
  check_file "$1" "$2"
  [[ -s $2 ]] || die "$1=$2: the file is empty"
  mapfile -d '' -t facts < <("$top/build/tools/image" "$3" "$2" "$user_format")
  case ${facts[0]-} in
    raw | qcow2) ;;
    *) die "$1=$2: ${facts[1]-what it is cannot be found out}" ;;
  esac
  image_files+=("${facts[@]:1}")
  REPLY=${facts[0]}
}

image_files=()   # all files of all images
session_words=() # for tools/session.c: each drive and what a user calls it
# A host that cannot read or write is a device error for the guest; QEMU would stop the machine for some.
device_words=rerror=report,werror=report

add_disk() { # word path name device; the place is that of find_place
  local word=$1 path=$2 name=$3 kind=${4#ide-} format other unmap=,discard=unmap options=snapshot=on says='read-only session  '
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
  printf '%-5s  %-16s  %s%s\n' "$word" "$place_name" "$says" "$path"
  image_files+=("$path")
  absolute "$path"
  if ((has_record)); then
    record_drive "$name" "$kind" "$format" "$REPLY"
  else
    qemu_words+=(-drive "if=none,id=$name-image,$options$unmap,driver=$format,file.driver=file,file.filename=${REPLY//,/,,}")
  fi
  [[ $options == snapshot=off ]] || REPLY="the overlay of this session in $run_dir"
  session_words+=(-d "$name-image" "$word=$path" "$REPLY")
  qemu_words+=(-device "$4,id=$name,$place_words,drive=$name-image,$device_words")
}

# A value may say which controller is meant; that is there then. -> $path, $on
split_value() { # word value
  path=$2 on=$first_controller
  case $path in
    piix3-ide:* | piix4-ide:* | ahci:* | isa-ide:*)
      on=${path%%:*} path=${path#*:}
      [[ -n $path ]] || die "$1=$2: a file's name must follow; ./$2 is a file that is called so"
      add_controller "$1=$2" "$on" ;;
  esac
}

disk_places= # of the disks 0 to 3, whether they are there or not: what else there is has higher numbers
cd_place=

# Those that were asked for, or the demonstration's.
add_disks() {
  local disk=${DISK-} cdrom=${CDROM-} path on number word value
  local disk_positions=(0 1 3 2)
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
  [[ $disk != none ]] || disk=
  for number in 0 1 2 3; do
    word=DISK${number#0} value=$disk
    ((number == 0)) || value=${!word-}
    split_value "$word" "$value"
    find_place "$on" "${disk_positions[number]}"
    disk_places+=${disk_places:+,}$place
    [[ -z $value ]] || add_disk "$word" "$path" "hd$number" ide-hd
  done
  [[ -n $cdrom ]] || return 0
  split_value CDROM "$cdrom"
  find_place "$on" 2
  cd_place=$place
  [[ -z ${DISK3-} || $disk_places != *",$place" ]] ||
    die "DISK3 and CDROM have the same place, the $place_name: give one of them, or name another controller for it"
  if [[ $path == none ]]; then
    qemu_words+=(-device "ide-cd,id=cd0,$place_words")
  else
    add_disk CDROM "$path" cd0 ide-cd
  fi
}
