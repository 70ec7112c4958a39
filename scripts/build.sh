#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: build.sh PRESET JOBS [TARGET…]. Configures once, builds the targets (all, if none is named) with a line of progress,
# and leaves bin/graphsieve.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1 jobs=$2 && shift 2
export PATH="$PWD/.venv/bin:$PATH"
if [ ! -f "build/$preset/build.ninja" ]; then
  log=$(mktemp)
  cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 1; }
  rm -f "$log"
fi
if [ -t 1 ]; then
  NINJA_STATUS='building %f of %t, %W left  ' ninja -C "build/$preset" -j "$jobs" "$@"
else
  echo "building build/$preset"
  ninja -C "build/$preset" -j "$jobs" --quiet "$@"
fi
[ -e "build/$preset/graphsieve" ] || exit 0  # a preset without the program
mkdir -p bin
ln -sfn "../build/$preset/graphsieve" bin/graphsieve
