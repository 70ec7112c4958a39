#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: demo.sh JOBS. Builds the program, unless a complete build has left it, and runs both stages on a graph generated
# by the minesweeper recipe; ends with a table and the run folder's path.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=release
if [ ! -e build/release/graphsieve ] && grep -qw avx2 /proc/cpuinfo 2>/dev/null; then
  preset=demo  # the program alone, with one vector target: half of the time
fi
scripts/build.sh "$preset" "$1" graphsieve-cli
exec bin/graphsieve run minesweeper
