#!/usr/bin/env bash
# usage: compile.sh NVCC SRC FILE.cu…: that each file compiles for the oldest and the newest GPU that is meant, without warnings.
set -euo pipefail
nvcc=$1 src=$2
shift 2
[ -x "$nvcc" ] || { echo "skipped: no nvcc"; exit 77; }
for arch in sm_80 sm_90; do
  for file in "$@"; do
    "$nvcc" -std=c++20 --expt-relaxed-constexpr -Werror all-warnings -arch="$arch" -O1 -I"$src" -c "$file" -o /dev/null
    echo "$(basename "$file") for $arch"
  done
done
