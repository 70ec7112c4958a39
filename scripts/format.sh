#!/usr/bin/env bash
# clang-format (pinned in requirements-dev.txt) over all C++ files, in place.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/clang-format ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
git ls-files "*.h" "*.cc" "*.cu" "*.cuh" | xargs .venv/bin/clang-format -i --style=file
