#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--overwrite, --resume and single files where the target is not ours, or holds more than ours (layouts.py): no file of
someone else is lost or changed, and complete folders of ours are replaced."""

import os
import subprocess
import sys

from judge import unclean
from layouts import NEEDS, all_layouts
from program import has_python
from sweep import keyed_random, options, sweep
from workspace import leftovers, snapshot


def lost(before, after, ours):
    """The first path outside of `ours` that is gone or changed; empty where there is none."""
    for path, what in before.items():
        if not any(path == own or path.startswith(own + "/") for own in ours) and after.get(path) != what:
            return path
    return ""


def trial(workspace, layout):
    workspace.need(*NEEDS)
    if os.path.ismount(workspace.work / "out"):
        subprocess.run(["umount", workspace.work / "out"], check=True)
    workspace.fresh()
    try:
        layout.prepare(workspace)
    except PermissionError as refused:
        return f"skipped: {refused}", "", ""
    before, stock = snapshot(workspace.work), snapshot(workspace.stock)
    environment = {name: value.replace("{work}", str(workspace.work)) for name, value in layout.environment.items()}
    ended = workspace.call(layout.command, environment, folder=workspace.work / layout.folder)
    after = snapshot(workspace.work)
    if path := lost(before, after, layout.ours) or lost(stock, snapshot(workspace.stock), ()):
        return "", f"LOST OR CHANGED: {path}", f"exit code {ended.code}: {ended.err}"
    if layout.expected == "replaced":
        if ended.code != 0:
            return "", "is refused, expected it to work", ended.err
        left = [name for name in leftovers(workspace.work) if name not in before]
        return "replaced", f"leaves {left}" if left else "", ended.err
    if ended.code == 0:
        return "", "is not refused, though nothing is lost", ended.err
    if why := unclean(ended):
        return "", why, ended.err
    more = sorted(after.keys() - before.keys())
    return "refused", f"refused, but leaves {more[:3]}" if more else "", ended.err


LAYOUTS = {layout.name: layout for layout in all_layouts()}


def run(workspace, names):
    outcomes = []
    for layout in map(LAYOUTS.get, names):
        outcome, why, error = trial(workspace, layout)
        outcomes.append((layout.name, why, error) if why else outcome)
    if os.path.ismount(workspace.work / "out"):
        subprocess.run(["umount", workspace.work / "out"], check=True)
    return outcomes


def main():
    chosen = options(__doc__)
    python = has_python()
    names = [
        name for name, layout in LAYOUTS.items() if chosen.only in name and (python or layout.command[0] != "python")
    ]
    if not chosen.full:
        names = keyed_random("layouts", chosen.seed).sample(names, min(len(names), 120))
    sys.exit(
        sweep(
            "hostile layouts",
            run,
            [names[i :: chosen.jobs] for i in range(chosen.jobs)],
            chosen.jobs,
        )
    )


if __name__ == "__main__":
    main()
