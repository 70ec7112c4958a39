# SPDX-License-Identifier: Apache-2.0
"""Messages of the engine while it runs: notes as Python warnings, progress as bars in a terminal or a notebook."""
from __future__ import annotations

import contextlib
import sys
import warnings
from typing import Any

from tqdm.auto import tqdm

__all__ = ["GraphsieveWarning", "Listener", "Progress"]


class GraphsieveWarning(UserWarning):
    """Something odd about the data or the run, which the program prints as a note: "3 self loops in the data dropped"."""


def users_level() -> int:
    """Returns the `stacklevel` with which the caller's warnings.warn points at the line outside the package."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]:
        frame, level = frame.f_back, level + 1
    return level


def note(text: str) -> None:
    """Gives a note as a GraphsieveWarning, which names the user's line."""
    warnings.warn(text, GraphsieveWarning, stacklevel=users_level())


class Listener:
    """Receives the engine's messages, and turns each note into a GraphsieveWarning."""

    def note(self, text: str) -> None:
        note(text)

    def information(self, text: str) -> None:
        """Receives what the engine does or has chosen, when nothing about it is odd."""

    def stage(self, name: str, steps: int) -> None:
        """Is called when a stage of `steps` steps begins."""

    def step(self, done: int, status: str) -> None:
        """Is called when `done` steps of the stage are done."""

    def close(self) -> None:
        """Is called when the call has ended."""


class Progress(Listener):
    """Shows a bar for each stage, and information as lines between the bars."""

    def __init__(self) -> None:
        self._bar: Any = None

    def note(self, text: str) -> None:
        level = users_level()
        with contextlib.ExitStack() as stack:
            if self._bar is not None:
                stack.enter_context(tqdm.external_write_mode(file=sys.stderr))
            warnings.warn(text, GraphsieveWarning, stacklevel=level)

    def information(self, text: str) -> None:
        tqdm.write(text, file=sys.stderr)

    def stage(self, name: str, steps: int) -> None:
        self.close()
        self._bar = tqdm(total=steps, desc=name, leave=True)

    def step(self, done: int, status: str) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(status, refresh=False)
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None
