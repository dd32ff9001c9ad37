"""What a long command says on stderr: whose data these are, and how far it is."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adequacy.api import Network

__all__ = ["Progress", "demo_notice"]

_EVERY_S = 0.5


def demo_notice(net: Network) -> None:
    """Say first that the demo network answers, where it does."""
    if net.file.meta.is_demo:
        from adequacy.outputs.words import DEMO_NOTICE

        sys.stderr.write(f"{DEMO_NOTICE}\n")


class Progress:
    """Tells how far a command is, on one line that is written over, where somebody watches.

    Parameters
    ----------
    what : str
        What is counted: ``rows answered``.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._last = 0.0
        self._shown = False

    def __call__(self, done: int, total: int | None = None) -> None:
        """Say how many are done, twice a second at most."""
        now = time.monotonic()
        if not sys.stderr.isatty() or (now - self._last < _EVERY_S and done != total):
            return
        self._last, self._shown = now, True
        sys.stderr.write(f"\r{done:,}{f' of {total:,}' if total else ''} {self._what}")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._shown:
            sys.stderr.write("\n")
