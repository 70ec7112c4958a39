#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: format.sh [--check]. clang-format (pinned in requirements-dev.txt) over all C++ files, in place; with --check nothing is
# written, and the files that it would change are named.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/clang-format ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
how=(-i)
[ "${1:-}" = --check ] && how=(--dry-run -Werror)
git ls-files "*.h" "*.cc" "*.cu" "*.cuh" | xargs .venv/bin/clang-format "${how[@]}" --style=file
