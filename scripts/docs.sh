#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The documentation's site into build/site. What is generated from the code must be what the code says now.
set -euo pipefail
cd "$(dirname "$0")/.."
for page in commands recipes; do
  bin/graphsieve docs "$page" | cmp -s - "docs/$page.md" ||
    { echo "error: docs/$page.md is old: bin/graphsieve docs $page > docs/$page.md" >&2; exit 1; }
done
stamp=.venv-docs/.installed-$(sha256sum requirements-docs.txt | cut -c1-16)
if [ ! -f "$stamp" ]; then
  "${PYTHON:-python3}" -m venv .venv-docs
  .venv-docs/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-docs.txt 2> >(grep -v '^WARNING' >&2)
  rm -f .venv-docs/.installed-*
  touch "$stamp"
fi
NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --clean
echo "build/site/index.html"
