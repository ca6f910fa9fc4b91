#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# usage: NAME=mydriver DIR=path tools/new-miniport.sh        or: make new-miniport NAME=mydriver DIR=path
#
# Writes the source of a small working miniport, miniport/skeleton under another name, into the folder
# DIR/NAME (or into DIR, if that ends in NAME). Nothing that is there is overwritten.

set -u
top=$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd) || exit 2

die() {
  printf 'new-miniport: %s\n' "$*" >&2
  exit 2
}

[[ -n ${NAME-} && -n ${DIR-} ]] || die 'say which name and where: make new-miniport NAME=mydriver DIR=path'
[[ $NAME =~ ^[A-Za-z][A-Za-z0-9_-]*$ && ${#NAME} -le 32 ]] ||
  die "NAME=$NAME: the name of a driver begins with a letter, goes on with letters, digits, \"_\" and \"-\", and" \
    'has 32 at most'
[[ ${NAME,,} != none && ! -d $top/miniport/${NAME,,} ]] || die "NAME=$NAME: that name is taken"

# Not every shell replaces a tilde behind "DIR=".
folder=${DIR%/}
[[ $folder == [~]/* ]] && folder=$HOME/${folder:2}
[[ -n $folder ]] || folder=/
[[ ${folder##*/} == "$NAME" ]] || folder=${folder%/}/$NAME
[[ ! -e $folder || -d $folder ]] || die "$folder is there already, and no folder"
mkdir -p -- "$folder" || die "$folder cannot be made"
files=("$NAME.c" "$NAME.reg" README.md)
for file in "${files[@]}"; do
  [[ ! -e $folder/$file && ! -L $folder/$file ]] || die "$folder/$file is there already; nothing was written"
done
set -o noclobber
for file in "${files[@]}"; do
  sed "s/skeleton/$NAME/g" "$top/miniport/skeleton/${file/#$NAME/skeleton}" >"$folder/$file" || exit 2
done

folder=$(cd -- "$folder" && pwd) || exit 2
word=${folder// /\\ }
[[ $folder =~ ^[A-Za-z0-9_./+,:=@-]+$ ]] || word="'${word//\'/\'\\\'\'}'"
printf 'In %s: %s.\nTry  make run MINIPORT=%s\nand  make test MINIPORT=%s\n' "$folder" "${files[*]}" "$word" "$word"
