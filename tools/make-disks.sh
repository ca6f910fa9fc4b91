#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# usage: tools/make-disks.sh FOLDER
#
# Makes the demonstration disks in FOLDER: demo.img, 64 MiB with a partition table and a FAT file system
# with files in it, and demo.iso, a small CD. Made twice they are the same bytes: serial numbers, labels
# and dates are fixed. Each appears under its name only when it is complete.

set -eu
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1609459200 # 2021-01-01
export MTOOLS_SKIP_CHECK=1 MTOOLSRC=/dev/null
PATH=$PATH:/usr/sbin:/sbin

[[ $# -eq 1 ]] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
mkdir -p -- "$1"
folder=$(cd -- "$1" && pwd)
work=$(mktemp -d "$folder/making.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
cd -- "$work"

# The files. numbers.txt is large enough to need many clusters, and every line says where it is.
mkdir files files/docs
cat >files/readme.txt <<'TEXT'
This is a demonstration disk for the ATA port driver. Try:

  devices
  partitions 0
  read 0 0
  sha256 0
  sha256 cd0
TEXT
for ((i = 0; i < 16; i++)); do
  printf 'Chapter %d of sixteen.\n' "$i" >"files/docs/chapter$i.txt"
done
awk 'BEGIN { for (i = 0; i < 65536; i++) printf "line %10d\n", i }' >files/numbers.txt
(cd files && sha256sum readme.txt numbers.txt docs/*.txt >sha256sum.txt)
find files -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

# The disk: one partition from sector 2048 to the end, type 0E (FAT16 with LBA).
truncate -s 64M demo.img
printf 'label: dos\nlabel-id: 0x41544150\nstart=2048, type=e, bootable\n' |
  sfdisk --quiet --no-reread --no-tell-kernel demo.img
mkfs.fat --invariant -F 16 -n DEMO -i 41544150 -h 2048 --offset 2048 demo.img $((64 * 1024 - 1024)) >/dev/null
mcopy -s -m -i demo.img@@1M files/* ::

# -p: in the place of xorriso's own version. Its banner cannot be turned off, so what it says is shown when it
# fails only.
xorriso -as mkisofs -quiet -V DEMO -p DEMO -J -r -o demo.iso files 2>xorriso.log ||
  { cat xorriso.log >&2; exit 1; }

mv -f -- demo.img demo.iso "$folder"
