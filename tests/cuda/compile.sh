#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: compile.sh NVCC SRC FILE.cu…: that each file compiles for the oldest GPU that is meant, to PTX, without warnings, and that no
# trap stands in a file that does not call stop(). nvcc puts one, without a word, where device code does what only host code may.
set -euo pipefail
nvcc=$1 src=$2
shift 2
[ -x "$nvcc" ] || { echo "skipped: no nvcc"; exit 77; }
ptx=$(mktemp)
trap 'rm -f "$ptx"' EXIT
for file in "$@"; do
  "$nvcc" -std=c++20 --expt-relaxed-constexpr -Werror all-warnings -arch=compute_80 -ptx -I"$src" "$file" -o "$ptx"
  if grep -q '\btrap;' "$ptx" && ! grep -q '\bstop(' "$file"; then
    echo "error: $file: the code for the GPU holds a trap" >&2
    exit 1
  fi
  basename "$file"
done
