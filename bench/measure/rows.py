# SPDX-License-Identifier: Apache-2.0
"""Rows of bench/results/GROUP.jsonl: a key, values, and where they come from."""
import json
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results"


def commit():
    """The commit, with '+' if tracked files outside bench/results have changed; empty outside a checkout."""
    def git(*args):
        return subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "-uno", "--", ".", ":!bench/results") else "")


def machine():
    name = platform.processor()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
            break
    return {"cpu": name, "cores": len(os.sched_getaffinity(0)), "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)}


class Rows:
    """One group's rows. A key is a dict; the last row of a key counts."""

    def __init__(self, group):
        self.path = RESULTS / f"{group}.jsonl"
        self.by_key = {}
        if self.path.exists():
            for line in self.path.read_text().splitlines():
                if line.strip():
                    row = json.loads(line)
                    self.by_key[self.name(row["key"])] = row

    @staticmethod
    def name(key):
        return json.dumps(key, sort_keys=True)

    def get(self, key):
        return self.by_key.get(self.name(key))

    def all(self, **fields):
        return [r for r in self.by_key.values() if all(r["key"].get(f) == v for f, v in fields.items())]

    def put(self, key, values, command, versions):
        row = {"key": key, "values": values, "command": command, "commit": commit(), "machine": machine(), "versions": versions}
        self.by_key[self.name(key)] = row
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")  # all rows anew, so that a key stands once and a cut leaves the old file
        partial.write_text("".join(json.dumps(r) + "\n" for r in self.by_key.values()))
        partial.replace(self.path)
        return row
