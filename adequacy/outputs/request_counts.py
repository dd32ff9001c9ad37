"""The requests of a casebook in a report: how many, on time, open gaps by service; small counts hidden."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from adequacy.compliance.small_cells import Shown, hide_small_counts
from adequacy.outputs.html import Html, Row, table, tag

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["request_tables"]


def request_tables(stats: Mapping[str, Any], names: Mapping[str, str], most: int) -> list[Html]:
    """Build the tables of the requests.

    Parameters
    ----------
    stats : mapping
        From ``casebook.lists.stats``.
    names : mapping
        Service key to name.
    most : int
        The policy's ``small_cell_max``.

    Returns
    -------
    list of Html
        Two partitions that have no count in common, so that one cannot give away what the other hides.
    """
    answered, on_time = stats["answered"], stats["on_time"]
    clock = hide_small_counts(
        {
            "Answered on time": on_time,
            "Answered late": answered - on_time,
            "Not answered yet": stats["requests"] - answered,
        },
        most,
    )
    by_service: Counter[str] = Counter()
    for each in stats["gaps"]:
        by_service[names.get(each["service_key"], each["service_key"])] += each["requests"]
    parts = [_table("Requests", clock, "Requests", most)]
    if by_service:
        parts.append(
            _table("Requests that found a gap, by service", hide_small_counts(by_service, most), "Service", most)
        )
    return parts


def _table(caption: str, shown: Shown, head: str, most: int) -> Html:
    hidden = f"{most} or fewer, or hidden to keep such a number hidden"
    rows = [Row([key, _number(count)]) for key, count in shown.counts.items()]
    rows.append(Row(["All", _number(shown.total)], "total"))
    note = None if shown.is_whole else tag("p", f"—: {hidden}.", class_="note")
    return tag("div", table(caption, [(head, ""), ("Number", "num")], rows), note, class_="tablebox")


def _number(count: int | None) -> str:
    return "—" if count is None else f"{count:,}"
