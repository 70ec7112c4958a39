#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command that writes files on a file system of every size, from too small for anything to just enough: it ends
with a clean error that says so, and works when there is room. Needs root for mounting; skipped by name without it."""

import subprocess
import sys
import tempfile

from outcome import Expected, wrong_after, wrong_end
from sweep import keyed_random, options, scenarios, sweep

PAGE = 4096


def mount(path, pages, *more):
    # Each file and folder takes an inode of its own; so many do not run out before the pages do.
    return subprocess.run(
        ["mount", "-t", "tmpfs", "-o", ",".join([f"size={pages * PAGE}", "nr_inodes=10000", *more]), "none", path],
        capture_output=True,
        text=True,
    )


def pages_of(folder):
    return sum(1 + -(-p.lstat().st_size // PAGE) for p in folder.rglob("*"))


def trial(workspace, scenario, expected, pages):
    workspace.fresh()
    if (mounted := mount(workspace.work, pages)).returncode != 0:
        return f"not mounted: {mounted.stderr.strip()}", "", ""
    try:
        ended = workspace.call(expected.command)
        if why := wrong_end(workspace, scenario, expected, ended, ["No space left on device"]):
            return "", why, ended.err
        mount(workspace.work, 100000, "remount")
        why, error = wrong_after(workspace, scenario, expected)
        return "same result" if ended.code == 0 else "clean error", why, error
    finally:
        subprocess.run(["umount", workspace.work], check=True)


def sizes(scenario, most, chosen):
    """Numbers of pages up to what an undisturbed run leaves and half as much again, small ones more often."""
    every = sorted({min(most, 1 + int(1.25**i)) for i in range(60)} | set(range(1, min(most, 12))))
    if chosen.full:
        return every
    return keyed_random("small disk", scenario.name, chosen.seed).sample(every, min(1, len(every)))


def run(workspace, case):
    scenario, chosen = case
    expected = Expected(workspace, scenario)
    outcomes = []
    for pages in sizes(scenario, pages_of(workspace.work) * 3 // 2 + 8, chosen):
        outcome, why, error = trial(workspace, scenario, expected, pages)
        outcomes.append((f"{scenario.name}, {pages} pages", why, error) if why else outcome)
    return outcomes


def main():
    chosen = options(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        mounted = mount(folder, 10)
        if mounted.returncode != 0:
            print(f"skipped: cannot mount a file system here: {mounted.stderr.strip()}")
            sys.exit(77)
        subprocess.run(["umount", folder], check=True)
    writing = [s for s in scenarios(chosen.only) if s.results and not s.copies]
    sys.exit(sweep("small file systems", run, [(s, chosen) for s in writing], chosen.jobs))


if __name__ == "__main__":
    main()
