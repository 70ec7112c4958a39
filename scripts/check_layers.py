#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a folder of src/graphsieve includes headers of lower layers alone.

The layers are the block after the line LAYERS in HACKING.md: one layer per line, the lowest first. A folder may
include its own headers and those of the folders in the lines above its own. Prints each include that is not allowed
as FILE:LINE and exits with 1; also where a folder is not in the block, or the block names one that is not there.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "graphsieve"
LAYERS = "<!-- layers -->\n```\n"
INCLUDE = re.compile(r'^\s*#\s*include\s*"graphsieve/([a-z_]+)/')


def layers():
    """The number of each folder's layer, 0 for the lowest."""
    text = (ROOT / "HACKING.md").read_text()
    begin = text.find(LAYERS)
    if begin < 0:
        sys.exit("HACKING.md: has no block of layers (a line '<!-- layers -->' and a fenced block)")
    block = text[begin + len(LAYERS) :].split("```")[0]
    return {folder: number for number, line in enumerate(block.splitlines()) for folder in line.split("#")[0].split()}


def main():
    layer, wrong = layers(), []
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    wrong += [f"HACKING.md: the layers lack the folder src/graphsieve/{name}" for name in sorted(folders - layer.keys())]
    wrong += [f"HACKING.md: the layers name {name}, but src/graphsieve has no such folder" for name in sorted(layer.keys() - folders)]
    count = 0
    for path in sorted(p for p in SOURCE.rglob("*") if p.suffix in (".h", ".cc", ".cu", ".cuh")):
        own = path.relative_to(SOURCE).parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if not found or own not in layer:
                continue
            count += 1
            other = found[1]
            if other != own and layer.get(other, len(layer)) >= layer[own]:
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {own} may not include {other}, which is not below it")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if wrong:
        sys.exit(1)
    print(f"{count} includes of {len(folders)} folders point down")


if __name__ == "__main__":
    main()
