#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# System packages and the virtual environment. Silent and quick when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
PACKAGES=$(grep -v '^#' packages.txt | xargs)

missing=()
for p in $PACKAGES; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ]; then
    echo "installing system packages: ${missing[*]}"
    log=$(mktemp)
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"; } >"$log" 2>&1 ||
      { cat "$log" >&2; echo "error: the system packages could not be installed" >&2; exit 1; }
    rm -f "$log"
  else
    echo "error: system packages are missing; install them with" >&2
    echo "  sudo apt-get install -y ${missing[*]}" >&2
    exit 1
  fi
fi

stamp=.venv/.installed-$(sha256sum requirements.txt | cut -c1-16)
if [ ! -f "$stamp" ]; then
  echo "setting up .venv (torch and build tools)"
  "${PYTHON:-python3}" -m venv .venv
  if [ -t 1 ]; then
    .venv/bin/python -m pip install --disable-pip-version-check -r requirements.txt
  else
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt 2> >(grep -v '^WARNING' >&2)
  fi
  rm -f .venv/.installed-*
  touch "$stamp"
fi
