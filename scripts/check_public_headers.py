#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the public headers, which are the list in cmake/public_headers.cmake.

Each one exists, includes public headers of this project alone, and marks with GRAPHSIEVE_API what it declares and another
file defines: functions, and classes with members of their own. Prints each fault as FILE:LINE and exits with 1.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "graphsieve"
INCLUDE = re.compile(r'^\s*#\s*include\s*"(?:graphsieve/)?([^"]+)"')
NEEDS_NO_MARK = ("inline ", "constexpr ", "using ", "enum ", "namespace ", "struct ", "template", "extern template", "#", "}", "/")


def public_headers():
    text = re.sub(r"#.*", "", (ROOT / "cmake" / "public_headers.cmake").read_text())
    return re.search(r"set\(public_headers\s+([^)]*)\)", text)[1].split()


def declarations(text):
    """The declarations that begin a line (those of a namespace), each with its line's number and up to ; or {."""
    lines = [re.sub(r"//.*", "", line) for line in text.split("\n")]
    number = 0
    while number < len(lines):
        line = lines[number]
        if not line or line[0].isspace() or line.startswith("template"):
            # A template's declaration goes on in the next line.
            number += 2 if line.startswith("template") and not re.search(r"[;{]", line) else 1
            continue
        first, whole = number, line
        while not re.search(r"[;{]", whole) and not line.startswith("#") and number + 1 < len(lines):
            number += 1
            whole += " " + lines[number].strip()
        yield first + 1, whole
        number += 1


def main():
    headers, wrong = public_headers(), []
    for name in headers:
        path = SOURCE / name
        if not path.is_file():
            wrong.append(f"cmake/public_headers.cmake: names {name}, but src/graphsieve has no such file")
            continue
        text, shown = path.read_text(), path.relative_to(ROOT)
        for number, line in enumerate(text.split("\n"), 1):
            found = INCLUDE.match(line)
            if found and found[1] not in headers:
                wrong.append(f"{shown}:{number}: a public header includes {found[1]}, which cmake/public_headers.cmake lacks")
        for number, declaration in declarations(text):
            if declaration.startswith(NEEDS_NO_MARK) or "GRAPHSIEVE_API" in declaration:
                continue
            is_function = declaration.rstrip().endswith(";") and "(" in declaration
            is_class = declaration.startswith("class ") and "{" in declaration
            if is_function or is_class:
                wrong.append(f"{shown}:{number}: lacks GRAPHSIEVE_API")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if wrong:
        sys.exit(1)
    print(f"{len(headers)} public headers are in order")


if __name__ == "__main__":
    main()
