#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: fuzz.sh SECONDS JOBS [READER…]. Builds the fuzzers with clang, sanitizers and the count of lines, and runs each of
# them (or those that are named) for SECONDS, JOBS at once.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1 jobs=$2 && shift 2
export PATH="$PWD/.venv/bin:$PATH"
packages="clang-16 libclang-rt-16-dev llvm-16"
missing=()
for p in $packages; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "error: system packages are missing; install them with" >&2
    echo "  sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  echo "installing system packages: ${missing[*]}"
  log=$(mktemp)
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { cat "$log" >&2; echo "error: the system packages could not be installed" >&2; exit 1; }
  rm -f "$log"
fi
scripts/build.sh fuzz "$(nproc)"
exec python tests/fuzz/run.py build/fuzz --seconds "$seconds" --jobs "$jobs" "$@"
