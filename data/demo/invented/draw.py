"""Seeded draws that are the same on every system and Python: only ``Random.random`` is used, seeded with text."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")
SEED = 20261101


class Draw:
    """Draws for one thing, named by a text: the order in which things are drawn never matters.

    Examples
    --------
    >>> Draw("a site").number(1, 6) == Draw("a site").number(1, 6)
    True
    """

    def __init__(self, name: str, seed: int = SEED) -> None:
        self._random = random.Random(f"{seed}/{name}")

    def share(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()

    def chance(self, pct: float) -> bool:
        """Return True in ``pct`` of 100 draws."""
        return self.share() * 100.0 < pct

    def number(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + int(self.share() * (high - low + 1))

    def pick(self, things: Sequence[T]) -> T:
        """Return one of the things."""
        return things[int(self.share() * len(things))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """Return one of the keys, each as often as its weight says."""
        left = self.share() * sum(weights.values())
        for thing, weight in weights.items():
            left -= weight
            if left < 0:
                return thing
        return thing

    def day(self, first: date, last: date) -> date:
        """Return a day from ``first`` to ``last``, both included."""
        return first + timedelta(days=self.number(0, (last - first).days))


def npi(body: str) -> str:
    """Return the ten digits of an NPI for nine digits: the check digit is Luhn's with the prefix 80840.

    The demo's bodies start with 2: allowed by the standard, and not issued so far, so that no demo row carries a
    real provider's number.

    Examples
    --------
    >>> npi("123456789")
    '1234567893'
    """
    total = 0
    for place, digit in enumerate(reversed("80840" + body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return body + str(-total % 10)
