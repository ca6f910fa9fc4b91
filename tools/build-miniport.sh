#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# usage: [ARCH=...] tools/build-miniport.sh FOLDER
#
# Builds a driver from a folder of C files, anywhere, and prints the path of what came of it:
# build/$ARCH/external/NAME.sys, where NAME is the folder's, with NAME.reg beside it. Nothing is written
# into the folder; its NAME.reg lies in it, or beside it. run-qemu.sh calls this for each folder that
# MINIPORT names. What make and the compiler say goes to standard error.

set -u
top=$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd) || exit 2

die() {
  printf 'MINIPORT=%s: %s\n' "$folder" "$*" >&2
  exit 2
}

[[ $# -eq 1 ]] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
folder=$1
[[ -d $folder ]] || die 'is no folder'
path=$(cd -- "$folder" && pwd) || die 'you may not enter it'
name=${path##*/}
[[ $name =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || die "the folder's name becomes the driver's, and may hold" \
  'letters, digits, "_", "-" and "." only (the folders above it may have any name)'
[[ ${name,,} != *.sys ]] || die "the folder's name becomes the driver's: it does not end in .sys"
[[ $path != *$'\n'* ]] || die 'its path may not hold a line feed'
if ! compgen -G "$path/*.c" >/dev/null; then
  for below in "$path"/*/; do
    compgen -G "$below*.c" >/dev/null && die "there are no C files in it; there are some in ${below%/}"
  done
  die 'there are no C files in it'
fi
# What is read here, and would be waited for.
while read -r -d '' file; do
  die "$file is not a regular file"
done < <(find -L "$path" -maxdepth 3 -name '*.[ch]' -type p,s,b,c -print0)
registry=
for file in "$path/$name.reg" "$path.reg"; do
  [[ -e $file || -L $file ]] || continue
  [[ -f $file ]] || die "$file is not a regular file"
  registry=$file
  break
done

# One at a time: two builds of one driver would write the same files. What make was told on its
# command line is in the environment; its MAKEFLAGS, which are of another run, are not wanted.
out=$top/build/${ARCH:=x86_64}/external
mkdir -p -- "$out" || exit 2
exec 9>"$out/lock"
flock 9
env -u BUILD_PHASE -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u BUILD ARCH="$ARCH" EXTERNAL_NAME="$name" EXTERNAL_FOLDER="$path" \
  make -C "$top" --no-print-directory "build/$ARCH/external/$name.sys" >&2 9>&- ||
  die 'it was not built; what is wrong stands above'

rm -f -- "$out/$name.reg"
[[ -z $registry ]] || cp -- "$registry" "$out/$name.reg" || exit 2
printf '%s\n' "$out/$name.sys"
