#!/usr/bin/env bash
# usage: test.sh PRESET JOBS. Every test; real data is read from $GRAPHSIEVE_DATA, else ../shared/data, else skipped by name.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
if [ -z "${GRAPHSIEVE_DATA:-}" ] && [ -d ../shared/data ]; then export GRAPHSIEVE_DATA="$(cd ../shared/data && pwd)"; fi
[ -n "${GRAPHSIEVE_DATA:-}" ] || echo "note: GRAPHSIEVE_DATA is not set; tests on real data are skipped"
ctest --test-dir "build/$1" -j "$2" --output-on-failure --no-tests=error
