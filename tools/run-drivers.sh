# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables of run-qemu.sh, and for it
#
# The part of run-qemu.sh that makes modules of drivers: their images, their line tables, and the .reg files
# beside them. It is read by that script.

# The kernel names places in a driver's source by a line table: the one beside the image, or else one made
# now, if the image has line numbers and this host the tools. Without, it names functions or addresses.
add_lines() { # image name
  local beside=${1%.sys}.lines name=driver$driver_count.lines
  if [[ -f $beside && ! $1 -nt $beside ]]; then
    [[ -s $beside ]] || return 0
    copy_for_run "$beside" "$name"
  else
    grep -q '\.debug_line' <"$1" && timeout 10 "$top/build/tools/lines" "$1" >"$run_dir/$name" 2>/dev/null &&
      [[ -s $run_dir/$name ]] || return 0
  fi
  add_module "$name" "type=lines name=$2"
}

driver_count=0
driver_names=/
add_driver() { # type path
  local name=${2##*/} layer=${2%.sys}.reg
  name=${name%.sys}
  [[ $driver_names != */"${name,,}"/* ]] || die "MINIPORT=$2: there is already a driver named $name"
  driver_names+=${name,,}/
  [[ ! -e $layer && ! -L $layer ]] || check_file MINIPORT "$layer"
  copy_for_run "$2" "driver$driver_count.sys"
  add_module "driver$driver_count.sys" "type=$1 name=$name"
  add_lines "$2" "$name"
  if [[ -f $layer ]]; then
    copy_for_run "$layer" "driver$driver_count.reg"
    add_module "driver$driver_count.reg" "type=layer name=${layer##*/}"
  fi
  driver_count=$((driver_count + 1))
}

# The paths of MINIPORT=, of which a folder is built first.
named_drivers=()
find_named_drivers() {
  local path miniports
  # Blanks and newlines separate; "\ " stands for a blank, and is kept from the split as a control byte.
  miniports=${MINIPORT-}
  miniports=${miniports//'\ '/$'\001'}
  IFS=$' \t\n' read -r -d '' -a miniports <<<"$miniports"
  for path in "${miniports[@]}"; do
    path=${path//$'\001'/ }
    if [[ -d $path ]]; then
      path=$(ARCH=$arch "$top/tools/build-miniport.sh" "$path") || exit 2
    fi
    check_file MINIPORT "$path"
    [[ $path == *.sys ]] || die "MINIPORT=$path: a driver's file name ends in .sys"
    named_drivers+=("$path")
  done
}

# Those that are there unless one of MINIPORT= takes their place by its name, and those of MINIPORT=.
default_drivers=(pata ahci)
add_drivers() {
  local path name is_named
  [[ ${MINIPORT-} != none ]] || return 0
  find_named_drivers
  for name in "${default_drivers[@]}"; do
    is_named=
    for path in "${named_drivers[@]}"; do
      path=${path##*/}
      [[ ${path,,} != "$name.sys" ]] || is_named=1
    done
    [[ -z $is_named ]] || continue
    [[ -f $build/$name.sys ]] || die "$build/$name.sys is missing: run \`make\` first"
    add_driver default "$build/$name.sys"
  done
  for path in "${named_drivers[@]}"; do
    add_driver driver "$path"
    name=${path##*/}
    name=${name%.sys}
    # The registry binds those of the list without.
    [[ -f ${path%.sys}.reg || " ${default_drivers[*]} " == *" ${name,,} "* ]] ||
      printf 'DRIVER %s.sys: there is no %s.reg beside it, so only HIVE= can bind it to a device\n' "$name" "$name"
  done
}
