# SPDX-License-Identifier: Apache-2.0
"""Folders in which disturbed calls run, and what is left in them."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import tempfile

from inputs import STOCK
from program import Programs

TIMED_FILES = ("result.json", "report.json", "compression.json", "study.json", "sparsified.json")
WEIGHTS = "network.safetensors"
TIMED_KEYS = re.compile(r"seconds|_bytes|rss|planned|^checksum$")


def without_times(value):
    """A JSON value without its times and its memory figures."""
    if isinstance(value, list):
        return [without_times(v) for v in value]
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if not TIMED_KEYS.search(k)}
    return value


def without_checksums(card):
    """A run folder's card without the checksums of files that hold times, and without its own, and
    without what Python's network.save changes on it: the weights are compared themselves, and read."""
    card.pop("replacing", None)
    files = {
        name: None if pathlib.Path(name).name in (*TIMED_FILES, WEIGHTS) else record
        for name, record in card.get("files", {}).items()
    }
    return {**card, "files": files, "checksum": None}


def content(path):
    """A file's bytes; of files that hold times, what is left without them."""
    data = path.read_bytes()
    if path.name == "card.json":
        try:
            return json.dumps(without_checksums(json.loads(data)), sort_keys=True).encode()
        except (ValueError, AttributeError):
            return data
    if path.name in TIMED_FILES:
        try:
            return json.dumps(without_times(json.loads(data)), sort_keys=True).encode()
        except ValueError:
            return data
    if path.name.endswith(".html") and data.rstrip().endswith(b"</html>"):
        return b"a whole page"  # its figures are those of report.json, times among them
    return data


def printed(text):
    """What a call printed, as `content`."""
    try:
        return json.dumps(without_times(json.loads(text)), sort_keys=True)
    except ValueError:
        return text


def bits(path):
    """What stands at a path: None for nothing, else every file's content by its name, but for hidden files
    (`leftovers`)."""
    if path.is_symlink():
        return {".": os.readlink(path).encode()}
    if path.is_file():
        return {".": content(path)}
    if not path.is_dir():
        return None
    found = [p for p in sorted(path.rglob("*")) if not any(part.startswith(".") for part in p.relative_to(path).parts)]
    return {str(p.relative_to(path)): content(p) if p.is_file() else b"" for p in found}


def difference(found, expected):
    """The first difference of two results of `bits` in words; empty where there is none."""
    if found is None or expected is None:
        return "" if found is expected else f"is {'missing' if found is None else 'there'}"
    missing, more = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or more:
        return f"lacks {missing}" if missing else f"has more: {more}"
    return next((f"{name} differs" for name in expected if found[name] != expected[name]), "")


def snapshot(folder):
    """Every file below a folder: its kind, mode, and a hash of its content or where the link leads."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            what = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            what = os.readlink(path) if stat.S_ISLNK(mode) else ""
        found[str(path.relative_to(folder))] = (stat.S_IFMT(mode), what)
    return found


def leftovers(folder):
    """What the program calls its own and should be gone after a success: hidden files and folders, not what is in
    them."""
    found = [p.relative_to(folder) for p in folder.rglob(".*")]
    return sorted(str(p) for p in found if not any(parent in found for parent in p.parents))


class Workspace:
    """`folder`/stock holds the inputs, `folder`/work is the working folder of a call; both have the same paths in every
    call."""

    def __init__(self, base):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=base))
        self.stock, self.work = self.folder / "stock", self.folder / "work"
        self.stock.mkdir()
        self.programs = Programs(base)
        self.made = set()

    def need(self, *names):
        """Makes the inputs of these names, once."""
        for name in names:
            if name in self.made:
                continue
            self.made.add(name)
            if callable(STOCK[name]):
                STOCK[name](self.stock)
                continue
            needs, command = STOCK[name]
            self.need(*needs)
            ended = self.call(command, folder=self.stock)
            if ended.code != 0:
                raise RuntimeError(f"{name} cannot be made: {ended.err}")

    def command(self, command):
        return [str(a).replace("{stock}", str(self.stock)) for a in command]

    def call(self, command, environment=None, kill=None, folder=None):
        return self.programs.call(self.command(command), folder or self.work, environment, kill)

    def failing_call(self, command, kind, k, action):
        """A call in which the k-th call of the system of this kind meets `action` (failing_calls.cc)."""
        options = {"KINDS": kind, "K": k, "ACTION": action, "ROOT": self.folder}
        return self.call(command, {f"FAILING_CALLS_{name}": value for name, value in options.items()})

    def fresh(self, scenario=None, replaced=False):
        """An empty working folder, or one with the files that the call changes, or with older results for it to
        replace."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        for name in scenario.copies if scenario else ():
            shutil.copytree(self.stock / name, self.work / name)
        for name in scenario.results if replaced else ():
            if "." in name:
                (self.work / name).write_text("of an earlier call\n")
            else:
                older = "graph" if scenario.command[0] in ("convert", "generate") else "scores"
                self.need(older)
                shutil.copytree(self.stock / older, self.work / name)

    def results(self, scenario):
        return {name: bits(self.work / name) for name in scenario.results}
