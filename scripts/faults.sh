#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: faults.sh PRESET JOBS. The full sweeps of tests/faults: failing calls, kills, small file systems, damaged files,
# hostile layouts. Each prints what failed, its row of docs/reliability.md and a closing line; the last line sums them up.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH" PYTHONPATH="$PWD/build/$1/python" PYTHONDONTWRITEBYTECODE=1
export GRAPHSIEVE_PROGRAM="$PWD/build/$1/graphsieve"
export GRAPHSIEVE_FAILING_CALLS="$PWD/build/$1/tests/faults/libfailing_calls.so"
passed=0 failed=0
for test in tests/faults/*_test.py; do
  echo "== $(basename "$test" _test.py)"
  closing=$(python "$test" --full --jobs "$2" | tee >(cat >&2) | tail -1)
  case $closing in
    *' passed, '*' failed'*) read -r good _ bad _ <<<"$closing" ;;
    *) good=0 bad=1 ;;  # the driver itself failed
  esac
  passed=$((passed + good)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
