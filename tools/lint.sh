#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# All checks that need no build. Each runs whatever the others find, and names file and line.
# (cppcheck keeps in build/ what it found, and looks again at what has changed.)

set -u
cd -- "${BASH_SOURCE[0]%/*}/.." || exit 2
failed=0

# Files of the tree, with the new ones, whose names end so.
mapfile -t c_files < <(find . -path ./build -prune -o -path ./.git -prune -o -name '*.[ch]' -print | sort)
mapfile -t kernel_files < <(find hal boot lib port -name '*.c' | sort)
mapfile -t shell_files < <(find . -path ./build -prune -o -path ./.git -prune -o \( -name '*.sh' -o -path ./.ci/run \) -print | sort)
mapfile -t perl_files < <(find . -path ./build -prune -o -path ./.git -prune -o -name '*.p[lm]' -print -o -name '*.t' -print | sort)

step() { # name command...
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    printf '  %-12s ok\n' "$name"
  else
    printf '%s\n  %-12s FAILED\n' "$output" "$name"
    failed=1
  fi
}

# Its versions format differently; the sources follow this one.
clang_format=clang-format-14
command -v "$clang_format" >/dev/null || clang_format=clang-format

# clang-format's findings are many where a file was never formatted: the first of each file will do.
# shellcheck disable=SC2317 # called by step
check_format() {
  "$clang_format" --dry-run -Werror "$@" 2>&1 |
    awk -F: '/: error: / && !seen[$1]++ { print $1 ":" $2 ": clang-format -i would change this"; bad = 1 }
      END { exit bad }'
}

# shellcheck disable=SC2317 # called by step
check_perl() {
  local file output result=0
  for file; do
    output=$(perl -Itests/lib -Itools -wc "$file" 2>&1) && [[ $output != *$'\n'* ]] && continue
    printf '%s\n' "$output"
    result=1
  done
  return "$result"
}

# The kernel's sources as clang sees them, with gcc's flags as far as clang has them. What differs between the two
# compilers on purpose: attributes for gcc alone, and the scatter/gather list, which ends in an array.
# shellcheck disable=SC2317 # called by step
check_clang() {
  local flags=(-fsyntax-only -std=gnu11 -O2 -ffreestanding -fno-pic -mgeneral-regs-only -fshort-wchar
    -fno-strict-aliasing -fno-common -nostdinc -isystem "$(clang -print-resource-dir)/include"
    -I. -Ilib/libc -Iinclude/ddi -Ihal/x86 -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wundef
    -Wvla -Wno-unknown-attributes -Wno-gnu-variable-sized-type-not-at-end)
  [[ $(clang -dumpversion) != 14.* ]] || flags+=(-Werror) # newer ones warn of more; an error is one with all
  local sources
  mapfile -t sources < <(printf '%s\n' "${kernel_files[@]}" | grep -v '/i386_')
  printf '%s\0' "${sources[@]}" | xargs -0 -P "$(nproc)" -n 20 clang "${flags[@]}" -m64 -mcmodel=small || return
  mapfile -t sources < <(printf '%s\n' "${kernel_files[@]}" | grep '^hal/' | grep -v '/x86_64_')
  clang "${flags[@]}" -m32 -march=i686 -mstack-alignment=4 "${sources[@]}"
}

# shellcheck disable=SC2317 # called by step
check_cppcheck() {
  mkdir -p build/cppcheck
  cppcheck --quiet --error-exitcode=1 --std=c11 --platform=unix64 -j "$(nproc)" --enable=warning,portability \
    --cppcheck-build-dir=build/cppcheck --suppressions-list=tools/cppcheck.list -D__x86_64__ -D__GNUC__ \
    -I. -Ilib/libc -Iinclude/ddi -Ihal/x86 hal boot lib port
}

if version=$("$clang_format" --version 2>&1) && [[ $version == *' version 14.'* ]]; then
  step clang-format check_format "${c_files[@]}"
else
  printf '  %-12s skipped: the sources follow version 14, which formats otherwise than %s\n' clang-format \
    "${version##*clang-format }"
fi
step shellcheck shellcheck "${shell_files[@]}"
step perl check_perl "${perl_files[@]}"
step contract tools/contract.pl --check docs/contract.md
step states tools/states.pl --check docs/states.md
step shell tools/shell.pl --check docs/shell.md
step style tools/check-includes.pl
step clang check_clang
if ! version=$(cppcheck --version 2>/dev/null); then
  printf '  %-12s skipped: it is not installed\n' cppcheck
elif [[ $version == *' 2.10'* ]]; then
  step cppcheck check_cppcheck
else
  printf '  %-12s skipped: tools/cppcheck.list is about the findings of 2.10, and not of %s\n' cppcheck \
    "${version##* }"
fi
exit $failed
