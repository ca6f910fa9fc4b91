# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables of run-qemu.sh, and for it
#
# The part of run-qemu.sh that makes the machine: which controllers it has, and where on them the disks hang.
# It is read by that script.

declare -A controller_bus=() controller_address=() # of each controller: QEMU's name of its buses, and its PCI address
first_controller=

# A controller is called as QEMU calls its device. Whoever asks for one that is missing gets it, in a slot of its own.
add_controller() { # word name
  [[ -z ${controller_bus[$2]-} ]] || return 0
  case $machine:$2 in
    isapc:*) die "$1: the isapc machine has no PCI bus to put $2 on; its own controller is isa-ide" ;;
    pc:piix4-ide) die "$1: the pc machine has a PIIX3 of its own, piix3-ide, on the same ports; use MACHINE=q35" ;;
    pc:ahci) controller_bus[$2]=ahci controller_address[$2]=00:02.0 ;;
    q35:piix[34]-ide)
      [[ -z ${controller_bus[piix3-ide]-}${controller_bus[piix4-ide]-} ]] ||
        die "$1: piix3-ide and piix4-ide use the same ports; a machine has one of them"
      controller_bus[$2]=ctl controller_address[$2]=00:01.0 ;;
    *) die "$1: expected piix3-ide, piix4-ide or ahci" ;;
  esac
  qemu_words+=(-device "$2,id=${controller_bus[$2]},addr=${controller_address[$2]#00:}")
}

add_controllers() {
  local name own address names
  case $machine in
    pc) own=piix3-ide address=00:01.1 ;;
    q35) own=ahci address=00:1f.2 ;;
    isapc) own=isa-ide address=isa ;;
    *) die "MACHINE=$machine: expected pc, q35 or isapc" ;;
  esac
  controller_bus[$own]=ide controller_address[$own]=$address
  IFS=$' \t\n' read -r -d '' -a names <<<"${CONTROLLER-}"
  for name in "${names[@]}"; do
    add_controller "CONTROLLER=$CONTROLLER" "$name"
  done
  first_controller=${names[0]-$own}
}

positions=('primary master' 'primary slave' 'secondary master' 'secondary slave')

# A place on a controller, by its position: 0 to 3 is the primary master ... secondary slave, or the AHCI port.
# -> $place_words, for QEMU; $place, as port/device_names.h has it; $place_name, for people
find_place() { # controller position
  local bus=${controller_bus[$1]} unit=$(($2 % 2)) channel=$(($2 / 2))
  if [[ $1 == ahci ]]; then
    place_words=bus=$bus.$2 place=${controller_address[$1]}/$2.0 place_name="AHCI port $2"
  else
    place_words=bus=$bus.$channel,unit=$unit place=${controller_address[$1]}/$channel.$unit place_name=${positions[$2]}
  fi
}
