"""Progress of the engine as bars, in a terminal or a notebook."""
from __future__ import annotations

import sys
from typing import Any

from tqdm.auto import tqdm

__all__ = ["Progress"]


class Progress:
    """Hears what the engine says: a bar for each stage, notes as lines between them."""

    def __init__(self) -> None:
        self._bar: Any = None

    def note(self, text: str) -> None:
        tqdm.write(f"note: {text}", file=sys.stderr)

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
