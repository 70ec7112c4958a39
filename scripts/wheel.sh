#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds dist/graphsieve-*.whl, looks into it, and runs the Python tests on it in a fresh environment.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
rm -rf dist
python -m pip wheel --quiet --no-deps --no-build-isolation --disable-pip-version-check --wheel-dir dist .
wheel=$(ls dist/graphsieve-*.whl)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python -m zipfile -e "$wheel" "$work/unpacked"
for module in "$work"/unpacked/graphsieve/_*.so; do
  paths=$(readelf -d "$module" | sed -n 's/.*R.*PATH.*\[\(.*\)\]/\1/p' | tr ':' '\n' | grep -v '^\$ORIGIN' || true)
  [ -z "$paths" ] || { echo "error: $module looks for libraries in $paths" >&2; exit 1; }
  ! grep -qF "$PWD" "$module" || { echo "error: $module names this checkout" >&2; exit 1; }
done

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel" "$(grep '^scipy' requirements.txt)"
for test in tests/python/*_test.py; do
  echo "$(basename "$test" .py)"
  (cd "$work" && GRAPHSIEVE_PROGRAM="$OLDPWD/bin/graphsieve" "$work/venv/bin/python" "$OLDPWD/$test" 2>&1 | tail -3)
done
echo "$wheel"
