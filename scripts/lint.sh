#!/usr/bin/env bash
# usage: lint.sh BUILD [FILE.cc…]. ruff and mypy over the Python package, ruff's errors over all Python, clang-tidy over the C++
# files that are named, else those without torch: with it a file takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 && shift
export PATH="$PWD/.venv/bin:$PATH"
stamp=.venv/.dev-$(sha256sum requirements-dev.txt | cut -c1-16)
if [ ! -f "$stamp" ]; then
  python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt 2> >(grep -v '^WARNING' >&2)
  rm -f .venv/.dev-*
  touch "$stamp"
fi
ruff check --quiet python tests/docs scripts
ruff check --quiet --select F --exclude '.venv*' .
MYPYPATH="$build/python" mypy --no-error-summary python/graphsieve
[ -f build/dev/build.ninja ] || cmake --preset dev >/dev/null  # compile commands of single files
[ $# -gt 0 ] || set -- src/graphsieve/{base,graph,io,recipe}/*.cc src/graphsieve/report/{html,page*,quality,curves,repeat}.cc
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 4 clang-tidy -p build/dev --quiet 2> >(grep -v 'warnings generated' >&2)
