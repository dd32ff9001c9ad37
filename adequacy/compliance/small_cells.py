"""Small counts of people are never shown, nor let be worked out from what is shown: the one rule, for every output.

A list of counts that add up to a known total gives a hidden count away if all others are shown, and it gives away that
a count is small if the hidden ones together are few. So more is hidden until neither holds, the total last of all.
Verdicts (``met``) stay: they are what a standard asks for, and say of a count no more than that it is on one side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adequacy.compliance.judging import CATCHMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    Row = dict[str, Any]
    Counts = tuple[int, ...]

__all__ = ["Shown", "hide_small", "hide_small_counts"]

#: Columns that say something of few people, emptied together.
_OF_PEOPLE = (
    "people", "people_within", "share_pct", "nearest_median_mi", "nearest_p95_mi", "nearest_max_mi", "nearest_mean_mi",
    "people_beyond", "people_short", "people_perhaps_within", "people_per_provider", "worst_zcta", "worst_zcta_people",
    "places_beyond", "places", "people_off_roads",
)  # fmt: skip
_OF_SHARES = (
    "people_within", "share_pct", "people_beyond", "people_short", "people_perhaps_within", "nearest_p95_mi",
    "nearest_max_mi", "nearest_mean_mi", "worst_zcta", "worst_zcta_people", "people_off_roads",
)  # fmt: skip
_OF_PERHAPS = ("people_perhaps_within",)
_OF_SINGLE = ("people", "share_pct", "places")
_SMALL_SHARES = ("people_within", "people_beyond", "people_short", "people_off_roads")
_OF_CHANGES = ("people_losing", "people_gaining")


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
    first = {key for key, count in counts.items() if 0 < count <= most}
    hidden, is_total_shown = _widened(first, {key: (count,) for key, count in counts.items()}, most, least=1)
    total = sum(counts.values()) if is_total_shown else None
    return Shown({key: None if key in hidden else count for key, count in counts.items()}, total)


def _widened(hidden: Collection[Any], counts: Mapping[Any, Counts], most: int, *, least: int) -> tuple[set[Any], bool]:
    """Which counts to hide so that no total gives a small one away, and whether the totals may still be shown.

    Each key has one count or several (people within, people beyond), each column with a total of its own; ``least`` is
    what a reader knows every hidden count to be at least.
    """
    wide = set(hidden)
    spare = sorted(
        (key for key, each in counts.items() if key not in wide and max(each) > most),
        key=lambda key: (max(counts[key]), str(key)),
    )
    while wide and not _is_safe([counts[key] for key in wide], most, least):
        if not spare:
            return wide, False
        wide.add(spare.pop(0))
    return wide, True


def _is_safe(hidden: Sequence[Counts], most: int, least: int) -> bool:
    """Whether each hidden count could, for all the reader knows, be larger than ``most``, and there are several."""
    together = [sum(column) for column in zip(*hidden, strict=True)]
    rest = least * (len(hidden) - 1)
    return len(hidden) > 1 and all(total == 0 or total - rest > most for total in together)


def hide_small(tables: Mapping[str, Sequence[Row]], most: int, catchment: Collection[str] = ()) -> dict[str, list[Row]]:
    """Empty counts from 1 to ``most`` and whatever would give them away.

    Parameters
    ----------
    tables : mapping of str to rows
        ``by_county`` and what is made from it; they are not changed.
    most : int
        The policy's ``small_cell_max``.
    catchment : collection of str
        The counties of the first region of ``by_region``; all others are its second.

    Returns
    -------
    dict of str to list of dict
        Rows with ``suppressed`` ``Y`` where something is hidden. What the totals of a region, the age groups or another
        table would give away is hidden with it.
    """
    out = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    for rows in out.values():
        for row in rows:
            _hide(row, most)
    known = {_key(row): row for row in tables["by_county"]}
    hidden = -1
    while hidden != (hidden := _hidden(out)):  # one thing hidden may ask for another
        for name in ("by_county", "by_region"):
            for ages in _groups(out.get(name, ()), ("county_fips", "region")):
                _hide_ages(ages, most)
        for rows in _groups(out["by_county"], ("service", "standard", "ages")):
            _hide_totals(rows, known, out.get("by_region", ()), most, catchment)
    _carry_over(out)
    return out


def _hidden(tables: Mapping[str, Sequence[Row]]) -> int:
    """How many cells are empty."""
    return sum(value is None for rows in tables.values() for row in rows for value in row.values())


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("county_fips", "service", "standard", "ages"))


def _carry_over(out: Mapping[str, list[Row]]) -> None:
    """What is hidden of a county is hidden in the tables made from it."""
    hidden = {_key(row): row for row in out["by_county"] if row.get("suppressed")}
    for name in ("gaps", "changes"):
        for row in out.get(name, ()):
            if _key(row) in hidden:
                _empty(row, [each for each in row if _as_in_county(each, hidden[_key(row)])])
    for row in out.get("single_cover", ()):
        if _key(row) in hidden and hidden[_key(row)].get("people_within") is None:
            _empty(row, _OF_SINGLE)  # most of a county with one agency says how few have none


def _as_in_county(name: str, hidden: Row) -> bool:
    """Whether a cell says what is hidden in the county's row."""
    if name in _OF_CHANGES or name.endswith(("_before", "_after")):
        return not name.startswith("met")
    return name in (*_OF_PEOPLE, *_OF_SHARES) and hidden.get(name, None) is None


def _hide_ages(rows: list[Row], most: int) -> None:
    """Hide both age groups of an area where everybody less one of them, or less both, is a small number."""
    people = {row["ages"]: row["people"] for row in rows}
    if len(people) == 1:
        return
    known = [value for value in people.values() if isinstance(value, int)]
    everybody = max(known, default=0)
    rest = [everybody - value for value in known] + [2 * everybody - sum(known)]
    if len(known) < len(people) or any(_is_small(value, most) for value in rest):
        for row in rows:
            if row["ages"] != "all":
                _empty(row, _OF_PEOPLE)


def _is_small(value: object, most: int) -> bool:
    return isinstance(value, int) and 0 < value <= most


def _hide(row: Row, most: int) -> None:
    """Hide what is small of one row."""
    before_after = [name for name in row if name.endswith(("_before", "_after")) and not name.startswith("met")]
    if _is_small(row.get("people"), most):
        _empty(row, (*_OF_PEOPLE, *_OF_CHANGES, *before_after))
    elif any(_is_small(row.get(name), most) for name in _SMALL_SHARES):
        _empty(row, _OF_SHARES)
    elif any(_is_small(row.get(name), most) for name in _OF_CHANGES):
        _empty(row, (*_OF_CHANGES, *before_after))
    if any(_is_small(each, most) for each in _perhaps(row)):
        _empty(row, _OF_PERHAPS)
    rest = (row.get("people_beyond") or 0) - (row.get("worst_zcta_people") or 0)
    if _is_small(row.get("worst_zcta_people"), most) or _is_small(rest, most):
        _empty(row, ("worst_zcta", "worst_zcta_people"))


def _perhaps(row: Row) -> Counts:
    """People who are perhaps within, and those surely beyond; nobody is perhaps where that is not said."""
    within, perhaps = row.get("people_within"), row.get("people_perhaps_within")
    if within is None or perhaps is None:
        return (0, 0)
    return perhaps - within, row["people"] - perhaps


def _empty(row: Row, names: Sequence[str]) -> None:
    """Empty some cells and say so."""
    for name in names:
        if name in row:
            row[name] = None
    row["suppressed"] = "Y"


def _groups(rows: Sequence[Row], keys: Sequence[str]) -> Iterator[list[Row]]:
    """Rows that belong together."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(key) for key in keys), []).append(row)
    yield from groups.values()


def _hide_totals(
    rows: list[Row], known: Mapping[Any, Row], regions: Sequence[Row], most: int, catchment: Collection[str]
) -> None:
    """Hide more of the counties of a region, and of the region itself, where its totals would give a county away."""
    ours = [row for row in rows if row["county_fips"] in catchment]
    others = [row for row in rows if row["county_fips"] not in catchment]
    totals = [row for row in regions if all(row[name] == rows[0][name] for name in ("service", "standard", "ages"))]
    for mine, first in ((ours, True), (others, False)):
        total = next((row for row in totals if (row["region"] == CATCHMENT) == first), None)
        for column, names, counts in _LEVELS:
            _hide_level(mine, known, total, most, (column, names, counts))


def _hide_level(
    rows: list[Row],
    known: Mapping[Any, Row],
    total: Row | None,
    most: int,
    level: tuple[str, Sequence[str], Callable[[Row], Counts]],
) -> None:
    """One kind of numbers: those of all people, of those within, of those perhaps within."""
    column, names, counts = level
    true = {_key(row): known[_key(row)] for row in rows}
    counted = {key: counts(row) for key, row in true.items() if row.get(column) is not None}
    hidden = {_key(row) for row in rows if row.get(column) is None and _key(row) in counted}
    wide, is_total_shown = _widened(hidden, counted, most, least=1 if column == "people" else 0)
    for row in rows:
        if _key(row) in wide - hidden:
            _empty(row, names)
    if total is not None and wide:
        if not is_total_shown:
            _empty(total, names)
        elif "people_short" in total and column != "people_perhaps_within":
            _empty(total, ("people_short",))  # with the required share it says who is within


def _within(row: Row) -> Counts:
    off = row.get("people_off_roads")
    beyond = row.get("people_beyond")
    return row["people_within"], row["people"] - row["people_within"] if beyond is None else beyond, off or 0


_LEVELS: tuple[tuple[str, Sequence[str], Callable[[Row], Counts]], ...] = (
    ("people", _OF_PEOPLE, lambda row: (row["people"],)),
    ("people_within", _OF_SHARES, _within),
    ("people_perhaps_within", _OF_PERHAPS, _perhaps),
)
