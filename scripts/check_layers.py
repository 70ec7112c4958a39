#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a folder of src/graphsieve includes headers of lower layers alone.

The layers are the block after the line LAYERS in HACKING.md: one layer per line, the lowest first. A folder may
include its own headers and those of the folders in the lines above its own. Prints each include that is not allowed
as FILE:LINE and exits with 1; also where a folder is not in the block, or the block names one that is not there.

The preset fuzz builds a few sources of the engine alone, which CMakeLists.txt lists. Also prints each source that these include the
header of, but that is not in the list: the fuzzers could not be linked.
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


def sources_missing_from_fuzzers():
    """One sentence per source of the engine that the preset fuzz needs and does not build."""
    listed = re.search(r"set\(engine_sources (.*?)\)", (SOURCE / "CMakeLists.txt").read_text())[1].split()
    engine = set(re.search(r"file\(GLOB engine_sources CONFIGURE_DEPENDS (.*?)\)", (SOURCE / "CMakeLists.txt").read_text(), re.S)[1]
                 .replace("/*.cc", "").split())
    for name in listed:
        for path in (SOURCE / name, (SOURCE / name).with_suffix(".h")):
            for needed in re.findall(r'^#include "graphsieve/([\w/]+)\.h"', path.read_text(), re.M):
                source = f"{needed}.cc"
                if needed.split("/")[0] in engine and source not in listed and (SOURCE / source).exists():
                    yield f"src/graphsieve/CMakeLists.txt: the preset fuzz lacks {source}, whose header {name} includes"


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
    wrong += sources_missing_from_fuzzers()
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if wrong:
        sys.exit(1)
    print(f"{count} includes of {len(folders)} folders point down")


if __name__ == "__main__":
    main()
