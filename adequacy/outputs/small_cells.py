"""Small counts in reports: never shown, nor to be worked out from what is shown.

A list of counts that add up to a known total gives a hidden count away if all others are shown, and it gives away that
a count is small if the hidden ones together are few. So more is hidden until neither holds, the total last of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Shown", "hide_small_counts"]


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown of a list of counts: None where it may not."""

    counts: dict[str, int | None]
    total: int | None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is hidden, so that shares may be shown too."""
        return self.total is not None and None not in self.counts.values()


def hide_small_counts(counts: Mapping[str, int], most: int) -> Shown:
    """Hide counts from 1 to ``most`` and as many others as keep them hidden. Zero may be shown.

    Parameters
    ----------
    counts : mapping of str to int
        Counts that add up to the total, which the reader sees too.
    most : int
        The largest count that must not be shown (the policy's ``small_cell_max``).

    Returns
    -------
    Shown
        Knowing it, the rule and that hidden counts are at least 1, a reader can still not say of any hidden count that
        it is ``most`` or less.

    Examples
    --------
    >>> hide_small_counts({"A": 3, "B": 40, "C": 90}, 10)
    Shown(counts={'A': None, 'B': None, 'C': 90}, total=133)
    >>> hide_small_counts({"A": 3, "B": 0}, 10)
    Shown(counts={'A': None, 'B': 0}, total=None)
    """
    hidden = {key for key, count in counts.items() if 0 < count <= most}
    total: int | None = sum(counts.values())
    if hidden:
        spare = sorted((count, key) for key, count in counts.items() if count > most)
        while not _is_safe(hidden, counts, most):
            if not spare:
                total = None
                break
            hidden.add(spare.pop(0)[1])
    return Shown({key: None if key in hidden else count for key, count in counts.items()}, total)


def _is_safe(hidden: set[str], counts: Mapping[str, int], most: int) -> bool:
    """Whether each hidden count could, for all the reader knows, be larger than ``most``, and there are several."""
    together = sum(counts[key] for key in hidden)
    return len(hidden) > 1 and together - (len(hidden) - 1) > most
