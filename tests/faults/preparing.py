# SPDX-License-Identifier: Apache-2.0
"""Ways to prepare a working folder: what stands where a command is asked to write."""

import os
import shutil
import stat
import subprocess
from typing import Any, NamedTuple


class Layout(NamedTuple):
    name: str
    prepare: Any  # prepare(workspace); may raise OSError where the system refuses, which skips the layout
    command: list
    expected: str  # refused, replaced
    ours: tuple = ()  # what a replaced layout may remove, by its path in the working folder
    folder: str = ""  # the working directory of the call, in the working folder
    environment: dict = {}
    needs: tuple = ()


def precious(w):
    """Files of the user beside the target, to which links lead."""
    (w.work / "precious").mkdir(exist_ok=True)
    (w.work / "precious" / "thesis.txt").write_text("years of work\n")


def ours(name):
    """The target is a complete folder of ours."""

    def prepare(w):
        precious(w)
        shutil.copytree(w.stock / name, w.work / "out")

    return prepare


def added(name, path, make):
    """The same with something foreign in it."""

    def prepare(w):
        ours(name)(w)
        target = w.work / "out" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        make(target)

    return prepare


def text(content="mine\n"):
    return lambda path: path.write_text(content)


def link(to):
    return lambda path: path.symlink_to(to)


def folder_with(**files):
    """The target is a folder that holds these files alone; `result_json` stands for result.json."""

    def prepare(w):
        precious(w)
        (w.work / "out").mkdir()
        for name, content in files.items():
            (w.work / "out" / name.replace("_json", ".json")).write_text(content)

    return prepare


def at_target(make):
    def prepare(w):
        precious(w)
        make(w.work / "out")

    return prepare


def mounted(w):
    precious(w)
    (w.work / "out").mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "none", w.work / "out"], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise PermissionError(f"cannot mount: {done.stderr.strip()}")
    shutil.copytree(w.stock / "run", w.work / "out", dirs_exist_ok=True)


def unfinished(make):
    def prepare(w):
        precious(w)
        make(w.work / ".out.unfinished")

    return prepare


def tree(**files):
    """A folder with these files; `__` stands for /."""

    def make(path):
        path.mkdir()
        for name, content in files.items():
            file = path / name.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.symlink_to(content[3:]) if content.startswith("-> ") else file.write_text(content)

    return make


def device(path):
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
