"""Small counts of members are never shown, nor let be derived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Row = dict[str, Any]

__all__ = ["hide_small"]

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
_SMALL_SHARES = ("people_within", "people_beyond", "people_short", "people_off_roads")
_OF_CHANGES = ("people_losing", "people_gaining")


def hide_small(tables: Mapping[str, Sequence[Row]], most: int) -> dict[str, list[Row]]:
    """Empty counts from 1 to ``most`` and whatever would give them away.

    Parameters
    ----------
    tables : mapping of str to rows
        ``by_county`` and what is made from it; they are not changed.
    most : int
        The policy's ``small_cell_max``.

    Returns
    -------
    dict of str to list of dict
        Rows with ``suppressed`` ``Y`` where something is hidden. Where one county alone would be hidden, the next
        smallest is hidden too, so that no total gives it away; what is hidden in ``by_county`` is hidden everywhere.
    """
    out = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    for rows in out.values():
        for row in rows:
            _hide(row, most)
    for group in _groups(out["by_county"], ("county_fips",)):
        _hide_ages(group, most)
    for group in _groups(out["by_county"], ("service", "standard", "ages")):
        _complement(group)
    hidden = {_key(row): row for row in out["by_county"] if row.get("suppressed")}
    for name in ("gaps", "changes"):
        for row in out.get(name, ()):
            if _key(row) in hidden:
                _empty(row, [each for each in row if _as_in_county(each, hidden[_key(row)])])
    return out


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("county_fips", "service", "standard", "ages"))


def _as_in_county(name: str, hidden: Row) -> bool:
    """Whether a cell says what is hidden in the county's row."""
    if name in _OF_CHANGES or name.endswith(("_before", "_after")):
        return not name.startswith("met")
    return name in (*_OF_PEOPLE, *_OF_SHARES) and hidden.get(name, None) is None


def _hide_ages(rows: list[Row], most: int) -> None:
    """Hide both age groups of a county where everybody less one of them, or less both, is a small number."""
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
    elif _is_small(row.get("worst_zcta_people"), most):
        _empty(row, ("worst_zcta", "worst_zcta_people"))


def _empty(row: Row, names: Sequence[str]) -> None:
    """Empty some cells and say so."""
    for name in names:
        if name in row:
            row[name] = None
    row["suppressed"] = "Y"


def _groups(rows: Sequence[Row], keys: Sequence[str]) -> Iterator[list[Row]]:
    """Rows whose counts add up to a total."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    yield from groups.values()


def _complement(rows: list[Row]) -> None:
    """Where a single row hides a number, hide the next smallest of the same kind."""
    for column, names in (("people", _OF_PEOPLE), ("people_within", _OF_SHARES)):
        hidden = [row for row in rows if row.get("suppressed") and row.get(column) is None]
        shown = [row for row in rows if isinstance(row.get(column), int) and row[column] > 0]
        if len(hidden) == 1 and shown:
            _empty(min(shown, key=lambda row: (row[column], row["county_fips"])), names)
