#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes the pictures of docs/timeline.md anew: one read on IDE, and one on AHCI (make timeline-pictures). The tests compare
# their words with those of a run (tests/boot/timeline.t and timeline-depth.t).
set -eu
cd -- "${BASH_SOURCE[0]%/*}/.."

folder=build/timeline
mkdir -p "$folder"
truncate -s 8M "$folder/disk.img"
for machine in pc:ide q35:ahci; do
  name=one-read-${machine#*:}
  MACHINE=${machine%:*} DISK=$folder/disk.img CMD='read 0 2048 8' HIVE=$folder/registry.reg TIMELINE=1 \
    OUT=$folder/$name.json ./run-qemu.sh >"$folder/$name.log" || { cat "$folder/$name.log"; exit 1; }
  { echo '<!-- SPDX-License-Identifier: MIT -->' && cat "$folder/$name.svg"; } >"docs/$name.svg"
done
