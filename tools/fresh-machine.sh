#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# usage: [WORD=value ...] tools/fresh-machine.sh SUITE [FOLDER]        as root, on Debian or Ubuntu
#
# What a newcomer meets: a minimal Debian or Ubuntu (SUITE is bookworm, trixie, sid, noble ...: a name that
# debootstrap knows) with git and make and nothing else, in FOLDER (default build/fresh/SUITE), where a clone
# of this checkout's last commit runs `make run </dev/null` and `make test`. Says how long the set-up took, what it
# downloaded and put on the disk, what compilers had to say, and both verdicts; ends with 0 if both are good. The
# logs stay in FOLDER, and so does the system, in FOLDER/root: another call with that FOLDER finds the programs
# installed. For a fresh one, remove FOLDER.
#
#   AS=user       an ordinary user whose language is French, on a machine where root ran `make setup`
#   MIRROR=       where packages come from (default: debootstrap's own for the suite)
#   LIKE=         an older suite of the same kind, for a SUITE that this debootstrap is too old to know
#   TEST= ARCH=   for `make test`
#
# Nothing is mounted but in a mount namespace of this run, which is gone with its last process; and all
# processes are in a process namespace, which is gone with this script, however that ends.

set -u
top=$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd) || exit 2

die() {
  printf 'fresh-machine: %s\n' "$*" >&2
  exit 2
}

# ---------------------------------------------------------------------- outside

if [[ ${1-} != --inside ]]; then
  [[ $# -eq 1 || $# -eq 2 ]] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
  suite=$1 folder=${2:-$top/build/fresh/$1}
  [[ $suite =~ ^[a-z][a-z0-9.-]*$ ]] || die "$suite: expected the name of a Debian or Ubuntu release"
  case ${AS-} in '' | root | user) ;; *) die "AS=$AS: expected root or user" ;; esac
  [[ $EUID -eq 0 ]] || die 'only root may make a system in a folder'
  for program in debootstrap git unshare setpriv flock; do
    command -v -- "$program" >/dev/null || die "there is no $program here"
  done
  mkdir -p -- "$folder" || die "$folder cannot be made"
  folder=$(cd -- "$folder" && pwd) || die "$folder cannot be entered"
  [[ $folder != *[[:space:]]* ]] || die "$folder: debootstrap cannot have blanks in a path"
  exec 9>"$folder/lock" || exit 2
  flock --nonblock 9 || die "$folder: another run uses it"
  setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
    "$BASH" "${BASH_SOURCE[0]}" --inside "$suite" "$folder" &
  pid=$!
  trap 'kill -KILL "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; exit 130' INT TERM HUP
  wait "$pid"
  exit
fi

# ---------------------------------------------------------------------- inside

suite=$2 folder=$3 root=$3/root

if [[ ! -e $folder/made ]]; then
  rm -rf -- "$root"
  echo "fresh-machine: a minimal $suite in $root"
  script=/usr/share/debootstrap/scripts/${LIKE:-$suite}
  [[ -f $script ]] || die "this debootstrap does not know $suite; say LIKE= an older suite of the same kind"
  # Ubuntu has `universe` on wherever it is installed.
  grep -q ubuntu "$script" && components=main,universe || components=main
  debootstrap --variant=minbase --components="$components" --include=git,make "$suite" \
    "$root" "${MIRROR-}" ${LIKE:+"$LIKE"} >"$folder/debootstrap.log" 2>&1 || die "debootstrap failed; its log is $folder/debootstrap.log"
  rm -f -- "$root"/var/cache/apt/archives/*.deb
  : >"$folder/made"
fi
mount -t proc proc "$root/proc" || exit 2
mount --rbind /dev "$root/dev" || exit 2

home=/root user=root path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin language=
in_root() { # user path words...
  local as=$1 with=$2
  shift 2
  chroot --userspec="$as:$as" "$root" env -i HOME="$home" PATH="$with" TERM=dumb ${language:+LANG="$language"} \
    ${http_proxy:+http_proxy="$http_proxy"} sh -c 'cd && exec "$@"' sh "$@" </dev/null
}

megabytes() { # path... -> MB in their files
  du -sxcm -- "$@" 2>/dev/null | tail -n 1 | cut -f 1
}
installed() {
  echo $(($(megabytes "$root") - $(megabytes "$root$home" "$root/var/cache/apt" "$root/var/lib/apt")))
}
downloaded() {
  cat -- "$root"/var/cache/apt/archives/*.deb 2>/dev/null | wc -c | awk '{ printf "%.0f\n", $1 / 1e6 }'
}

if [[ ${AS-} == user ]]; then
  user=somebody home=/home/somebody language=fr_FR.UTF-8
  [[ -d $root$home ]] || in_root root "$path" useradd -m -s /bin/bash somebody || exit 2
fi
rm -rf -- "${root:?}$home/ataport"
git clone -q --no-hardlinks -- "$top" "$root$home/ataport" || die "$top cannot be cloned"
chroot "$root" chown -R "$user:$user" "$home/ataport"
[[ -z $(git -C "$top" status --porcelain --untracked-files=no) ]] ||
  echo 'fresh-machine: what is not committed here is not tried'
if [[ $user == somebody ]]; then
  { in_root root "$path" apt-get install -y --no-install-recommends locales &&
    in_root root "$path" localedef -i fr_FR -f UTF-8 fr_FR.UTF-8 &&
    in_root root "$path" make -C ataport setup; } >"$folder/setup.log" 2>&1 ||
    die "it could not be set up for a user; the log is $folder/setup.log"
  path=/usr/local/bin:/usr/bin:/bin
fi

failed=0
try() { # name words...
  local name=$1 began=$SECONDS before after code=0 log=$folder/$1.log setup warnings
  shift
  before="$(downloaded) $(installed)"
  in_root "$user" "$path" make -C ataport "$@" >"$log" 2>&1 || code=$?
  after="$(downloaded) $(installed)"
  setup=$(sed -n 's/^setup: installed in \([0-9]* s\)$/\1/p' "$log")
  warnings=$(grep -a -c 'warning:' "$log")
  ((code == 0)) || failed=1
  printf 'make %-5s %s after %s s (set-up %s, %s MB downloaded, %s MB on disk); %s in the log; %s\n' "$name" \
    "$( ((code == 0)) && echo good || echo "FAILED with $code")" $((SECONDS - began)) "${setup:-0 s}" \
    $((${after% *} - ${before% *})) $((${after#* } - ${before#* })) \
    "$warnings $( ((warnings == 1)) && echo warning || echo warnings)" \
    "$(grep -a -E '^[0-9]+ passed, [0-9]+ failed$' "$log" || echo "log: $log")"
}
try run run
try test test ${TEST:+TEST="$TEST"} ${ARCH:+ARCH="$ARCH"}

# shellcheck disable=SC2016 # for the shell inside
in_root "$user" "$path" sh -c '. /etc/os-release; echo "on $PRETTY_NAME, $(gcc --version | head -n 1)"
  qemu-system-x86_64 --version | head -n 1; objdump --version | head -n 1; clang --version | head -n 1'
echo "logs: $folder/run.log $folder/test.log"
exit $failed
