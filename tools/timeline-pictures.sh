#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes the pictures of docs/timeline.md and docs/sequences.md anew, each from a run (make timeline-pictures). The tests
# compare their words with those of a run (tests/boot/timeline.t and timeline-depth.t).
set -eu
cd -- "${BASH_SOURCE[0]%/*}/.."

folder=build/timeline
mkdir -p "$folder"
truncate -s 8M "$folder/disk.img" "$folder/cd.iso"

# run NAME WORD=VALUE...: one run, whose trace the pictures are made of. A command of it may fail.
run() {
  name=$1 && shift
  local code=0
  env DISK="$folder/disk.img" HIVE="$folder/registry.reg" RUN_DIR="$folder/$name" TIMELINE=1 OUT="$folder/$name.json" "$@" \
    ./run-qemu.sh >"$folder/$name.log" || code=$?
  ((code <= 1)) || { cat "$folder/$name.log"; exit 1; }
}

# picture NAME WHICH: of the last run.
picture() {
  build/tools/timeline show "$folder/$name/trace.capture" "$folder/$name.json" "$folder/picture.svg" "$2" >/dev/null
  { echo '<!-- SPDX-License-Identifier: MIT -->' && cat "$folder/picture.svg"; } >"docs/$1.svg"
}

run ide MACHINE=pc CMD='read 0 2048 8; reset 0.0'
picture one-read-ide 'READ DMA'
picture ide-set-up set-up
picture ide-reset reset

# Without DMA, and two sectors a block.
cp tools/timeline/pio.reg "$folder/pio.reg"
run pio MACHINE=pc CDROM="$folder/cd.iso" HIVE="$folder/pio.reg" CMD='fill 0 2048 5 0; sha256 cd0 16 1; cdb cd0 28000fffffff0000010000 in 2048'
picture ide-pio-write 'WRITE MULTIPLE'
picture ide-packet 'READ(10), LBA 16'
picture ide-packet-error 'READ(10), LBA 2'

run ahci MACHINE=q35 CMD='read 0 2048 8'
picture one-read-ahci 'READ DMA'
