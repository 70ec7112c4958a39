#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: lint.sh BUILD [FILE.cc…]. The format of all C++ files, ruff and mypy over the Python package, ruff's errors over all Python,
# and clang-tidy over the C++ files that are named, else over those without torch (a file with torch takes minutes); with
# LINT_SINCE=COMMIT over at most 24 of the latter that changed since the commit.
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
scripts/format.sh --check
ruff check --quiet python tests/docs scripts
ruff check --quiet --select F --exclude '.venv*' .
MYPYPATH="$build/python" mypy --no-error-summary python/graphsieve
[ -f build/dev/build.ninja ] || cmake --preset dev >/dev/null  # compile commands of single files
without_torch=(src/graphsieve/{base,graph,files,recipe,data,datasets}/*.cc src/graphsieve/report/{html,page*,curves,repeat}.cc)
if [ $# -eq 0 ] && [ -n "${LINT_SINCE:-}" ]; then
  mapfile -t changed < <(comm -12 <(git diff --name-only --diff-filter=d "$LINT_SINCE" | sort) <(printf '%s\n' "${without_torch[@]}" | sort) | head -24)
  set -- "${changed[@]}"
  [ $# -gt 0 ] || exit 0
fi
[ $# -gt 0 ] || set -- "${without_torch[@]}"
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 4 clang-tidy -p build/dev --quiet 2> >(grep -v 'warnings generated' >&2)
