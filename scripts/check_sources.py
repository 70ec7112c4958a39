#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What every source file keeps to: the licence in its first line, messages that name no command-line option, and names of constants
and classes that no other file of the part has (a unity build joins files).

    check_sources.py          exits 1 and names each file, line and fault
    check_sources.py --fix    writes the licence's line where it is missing

The library is used from C++ and Python as well: a string of src/graphsieve that advises an option takes its name from
base/option.h.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
LICENCE = "SPDX-License-Identifier: Apache-2.0"
FOLDERS = ["src", "cli", "python", "tests", "bench", "scripts", "cmake"]
COMMENT = {".h": "//", ".cc": "//", ".cu": "//", ".cuh": "//", ".js": "//", ".py": "#", ".sh": "#", ".cmake": "#"}
EXEMPT = {"base/option.cc", "report/repeat.cc", "report/page_quality.cc"}  # words options, writes a command, a style
OPTION = re.compile(r'"(?:[^"\\]|\\.)*(?<![\w-])--[a-z](?:[^"\\]|\\.)*"')
LIBRARY = "src/graphsieve"
PARTS = [[f"{LIBRARY}/{folder}" for folder in part.split()] for part in (
    "files graph recipe data datasets", "runtime inputs nn sampling evaluate run train engine plan compress analysis study report",
    "tables")] + [["cli"]]
DEFINED = re.compile(r"^(?:constexpr|const)\b[^=;(]*?\b(k[A-Z]\w*)\s*(?:\[\])?\s*=|^(?:class|struct) (\w+)(?: final)?(?: : [^{;]*)? \{")


def sources():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in COMMENT and path.is_file() and "__pycache__" not in path.parts:
                yield path


def has_licence(text):
    return LICENCE in "\n".join(text.split("\n", 2)[:2])


def with_licence(path, text):
    line = f"{COMMENT[path.suffix]} {LICENCE}\n"
    if not text.startswith("#!"):
        return line + text
    first, rest = text.split("\n", 1)
    return f"{first}\n{line}{rest}"


def options_named(path, text):
    """Lines of the library that name a command-line option in a string."""
    library = ROOT / "src" / "graphsieve"
    if path.suffix not in (".h", ".cc") or not path.is_relative_to(library) or str(path.relative_to(library)) in EXEMPT:
        return []
    lines = text.split("\n")
    return [number for number, line in enumerate(lines, 1) if OPTION.search(re.sub(r"^\s*//.*", "", line))]


def names_defined_twice():
    """Names that two files of one part define in unnamed namespaces: a unity build may join the files."""
    found = []
    for folders in PARTS:
        first = {}
        for path in sorted(path for folder in folders for path in (ROOT / folder).glob("*.cc")):
            for number, line in enumerate(path.read_text().split("\n"), 1):
                for name in (match[1] or match[2] for match in DEFINED.finditer(line)):
                    other = first.setdefault(name, path)
                    if other != path:
                        found.append(f"{path.relative_to(ROOT)}:{number}: {name} is also defined in {other.relative_to(ROOT)}")
    return found


def main():
    wrong, count = names_defined_twice(), 0
    for path in sources():
        count += 1
        text = path.read_text()
        if not has_licence(text):
            if "--fix" in sys.argv[1:]:
                path.write_text(with_licence(path, text))
            else:
                wrong.append(f"{path.relative_to(ROOT)}:1: lacks the line '{LICENCE}'; scripts/check_sources.py --fix writes it")
        wrong += [f"{path.relative_to(ROOT)}:{n}: names a command-line option; take its name from base/option.h"
                  for n in options_named(path, text)]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if wrong:
        sys.exit(1)
    print(f"{count} source files are in order")


if __name__ == "__main__":
    main()
