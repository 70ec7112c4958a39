#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench.sh PRESET. Builds the kernel benchmarks and runs them; each checks its answer before it times. Graphs are
# generated; with $GRAPHSIEVE_DATA, `bench/figures.py kernels` measures on tolokers and keeps the figures.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
ninja -C "build/$1" --quiet benchmarks
for program in gather_bench attention_bench reservoir_bench block_bench; do
  echo "== $program"
  "build/$1/bench/$program"
done
for source in bench/ops/*_bench.cc; do
  program=$(basename "$source" .cc)
  [ -x "build/$1/bench/$program" ] || continue
  echo "== $program"
  "build/$1/bench/$program"
done
