#!/usr/bin/env bash
# usage: build.sh PRESET JOBS. Configures once, builds, and leaves bin/graphsieve.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1 jobs=$2
export PATH="$PWD/.venv/bin:$PATH"
[ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >"/tmp/graphsieve-configure.$$" 2>&1 ||
  { cat "/tmp/graphsieve-configure.$$" >&2; rm -f "/tmp/graphsieve-configure.$$"; exit 1; }
rm -f "/tmp/graphsieve-configure.$$"
plan=$(ninja -C "build/$preset" -n 2>&1) || { echo "$plan" >&2; exit 1; }
case "$plan" in *'no work to do'*) exit 0 ;; esac
ninja -C "build/$preset" -j "$jobs" --quiet
[ -e "build/$preset/graphsieve" ] || exit 0  # a preset without the program
mkdir -p bin
ln -sfn "../build/$preset/graphsieve" bin/graphsieve
