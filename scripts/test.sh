#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: test.sh PRESET JOBS. Every test; real data is read from $GRAPHSIEVE_DATA, else ../shared/data, else skipped by name.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
if [ -z "${GRAPHSIEVE_DATA:-}" ] && [ -d ../shared/data ]; then export GRAPHSIEVE_DATA="$(cd ../shared/data && pwd)"; fi
[ -n "${GRAPHSIEVE_DATA:-}" ] || echo "note: GRAPHSIEVE_DATA is not set; tests on real data are skipped"
# Some tests ask for more memory than there can be. Leaks of torch and of Python at the end are not ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:-allocator_may_return_null=1:detect_leaks=0}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-allocator_may_return_null=1:ignore_noninstrumented_modules=1}"
case $1 in
  asan|tsan) export LD_LIBRARY_PATH="$PWD/build/$1/src/graphsieve${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ;;  # their dlopen does not see the caller's RUNPATH
esac
ctest --test-dir "build/$1" -j "$2" --output-on-failure --no-tests=error
