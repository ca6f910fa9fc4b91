#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# usage: tools/setup.sh [--check] USE...       USE is build, run, record, nbd, test, debug, bench, fuzz or lint
#
# Finds the programs that a use needs, and installs the missing ones with apt-get when it may: as root,
# or with a sudo that does not ask. Otherwise, and with --check always, it says what to type and fails.
# When nothing is missing it starts no program at all: make runs it every time.
#
# From the environment: ARCH, CROSS, MINIPORT_CROSS, QEMU and HOSTCC, as the Makefile has them.

set -u
PATH=$PATH:/usr/sbin:/sbin

missing=()  # commands or files, for people
packages=() # Debian's and Ubuntu's names of what has them
wished=()   # packages that a use can do without

want() { # package name
  [[ " ${missing[*]-} " == *" $2 "* ]] || missing+=("$2")
  [[ " ${packages[*]-} " == *" $1 "* ]] || packages+=("$1")
}

need() { # command package
  command -v -- "$1" >/dev/null || want "$2" "$1"
}

wish() { # command package
  command -v -- "$1" >/dev/null || wished+=("$2")
}

need_file() { # file package
  [[ -e $1 ]] || want "$2" "$1"
}

need_compiler() {
  case ${CROSS-} in
    '') need gcc gcc && need objcopy binutils ;;
    *) need "${CROSS}gcc" "gcc-${CROSS%-}" && need "${CROSS}objcopy" "binutils-${CROSS%-}" ;;
  esac
}

need_build() {
  need_compiler
  need_host_compiler
  need perl perl
  need awk mawk
  case ${ARCH:-x86_64} in
    i386) need "${MINIPORT_CROSS:-i686-w64-mingw32-}gcc" gcc-mingw-w64-i686-win32 ;;
    *) need "${MINIPORT_CROSS:-x86_64-w64-mingw32-}gcc" gcc-mingw-w64-x86-64-win32 ;;
  esac
}

need_run() {
  if [[ -z ${QEMU-} ]]; then
    need "qemu-system-${ARCH:-x86_64}" qemu-system-x86
  elif ! command -v -- "$QEMU" >/dev/null; then
    echo "setup: QEMU=$QEMU: there is no such program" >&2
    exit 1
  fi
  need sfdisk fdisk
  need mkfs.fat dosfstools
  need mcopy mtools
  need xorriso xorriso
}

need_record() {
  need_run
  need qemu-img qemu-utils
}

# For NBD=1, and what its tests ask the door with.
need_nbd() {
  need nbdkit nbdkit
  need_file /usr/include/nbdkit-plugin.h nbdkit-plugin-dev
}
need_nbd_tools() {
  need nbdinfo libnbd-bin
  need fio fio
}

# What the report of the conformance suite can do without, and what its tests read it with.
wish_report() {
  [[ -e /usr/share/perl5/TAP/Formatter/JUnit.pm ]] || wished+=(libtap-formatter-junit-perl)
  wish genhtml lcov
  wish xmllint libxml2-utils
  wish tidy tidy
}

need_host_compiler() {
  need "${HOSTCC:-gcc}" gcc
  need_file /usr/include/stdio.h libc6-dev
}

need_test() {
  need_build
  need_run
  need_debug
  need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-win32 # both machines, whichever ARCH is: the loader
  need i686-w64-mingw32-gcc gcc-mingw-w64-i686-win32     # is tested with both machines' images
  need qemu-system-i386 qemu-system-x86
  need clang clang # drivers of other compilers and linkers load, too
  need ld.lld lld
  need prove perl
  need hivexregedit libwin-hivex-perl
  need iconv libc-bin
  need_record
  need_nbd
  need_nbd_tools
  need_filesystems
  wish_report
}

# What makes the images that `partitions` is tried on.
need_filesystems() {
  need mkfs.ext4 e2fsprogs
  need mkfs.xfs xfsprogs
  need mkfs.btrfs btrfs-progs
  need mkfs.f2fs f2fs-tools
  need mkfs.ntfs ntfs-3g
  need mkfs.exfat exfatprogs
  need mkudffs udftools
  need mksquashfs squashfs-tools
  need mkfs.cramfs util-linux-extra # older: util-linux
  need sgdisk gdisk
  need cryptsetup cryptsetup-bin
}

need_bench() {
  need_build
  need_run
  wish gnuplot gnuplot-nox # without it `make bench` makes no pictures
}

need_debug() {
  need_build
  need_run
  need gdb gdb
}

need_fuzz() {
  need clang clang
  compgen -G '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a' >/dev/null ||
    want libclang-rt-dev libclang_rt.fuzzer
  need_file /usr/include/stdio.h libc6-dev
  need perl perl
}

need_lint() {
  need perl perl
  need shellcheck shellcheck
  need clang-format clang-format
  need clang clang
  wish cppcheck cppcheck
}

check_only=0
[[ ${1-} == --check ]] && check_only=1 && shift
[[ $# -gt 0 ]] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
look() { # use...
  missing=() packages=() wished=()
  hash -r
  local use
  for use; do
    case $use in
      build | run | record | nbd | test | debug | bench | fuzz | lint) "need_$use" ;;
      *) printf 'setup: there is no use named %s\n' "$use" >&2; exit 2 ;;
    esac
  done
  ((${#missing[@]}))
}
may_install() {
  ((!check_only)) && command -v apt-get >/dev/null && { [[ $EUID -eq 0 ]] || sudo -n true 2>/dev/null; }
}

# What is wished for is installed where that works without a question, and otherwise left out.
install_wished() {
  local as_root=()
  ((${#wished[@]})) && may_install || return 0
  [[ $EUID -eq 0 ]] || as_root=(sudo -n)
  echo "setup: installing ${wished[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wished[@]}" \
    </dev/null >/dev/null 2>&1 || echo "setup: it could not be installed, and is left out"
}

look "$@" || { install_wished; exit 0; }

echo "setup: missing: ${missing[*]}"
as_root=()
[[ $EUID -eq 0 ]] || ! command -v sudo >/dev/null || as_root=(sudo)
install=(apt-get install -y --no-install-recommends "${packages[@]}")

if ! command -v apt-get >/dev/null; then
  echo "setup: there is no apt-get here. Debian has them in: ${packages[*]}" >&2
  exit 1
fi
if ! may_install; then
  if [[ $EUID -eq 0 || ${as_root[0]+set} ]]; then
    echo 'setup: run this first:' >&2
  else
    echo 'setup: there is no sudo here; run this first, as root:' >&2
  fi
  echo "  ${as_root[*]-}${as_root[0]+ }apt-get update && ${as_root[*]-}${as_root[0]+ }${install[*]}" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
[[ $EUID -eq 0 ]] || as_root=(sudo -n env DEBIAN_FRONTEND=noninteractive)
echo "setup: installing ${packages[*]}"
"${as_root[@]}" apt-get update -q </dev/null || echo 'setup: the package lists could not be updated; trying with the old ones' >&2
if ! "${as_root[@]}" "${install[@]}" -q </dev/null; then
  echo "setup: apt-get could not install ${packages[*]}" >&2
  exit 1
fi

# What was asked for must be there now: a program under another name would be missed at every run.
if look "$@"; then
  echo "setup: ${missing[*]} still missing, though installed: ${packages[*]}" >&2
  exit 1
fi
install_wished
echo "setup: installed in $SECONDS s"
