#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: compile.sh NVCC SRC FILE.cu…: that each file compiles for the oldest GPU that is meant, to PTX, without warnings.
set -euo pipefail
nvcc=$1 src=$2
shift 2
[ -x "$nvcc" ] || { echo "skipped: no nvcc"; exit 77; }
for file in "$@"; do
  "$nvcc" -std=c++20 --expt-relaxed-constexpr -Werror all-warnings -arch=compute_80 -ptx -I"$src" "$file" -o /dev/null
  basename "$file"
done
