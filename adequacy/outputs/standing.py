"""How a plan stands against a scheme of standards, service by service, as a table of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adequacy.outputs.html import Html, Row, table, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["standing_of", "standing_table"]

_WORDS = {"yes": "met", "no": "not met", "not_measured": "not measured"}


def standing_of(by_county: Iterable[Mapping[str, Any]], scheme: str, people: str) -> dict[str, Any]:
    """Gather county results by standard and service.

    Parameters
    ----------
    by_county : iterable of mappings
        Rows of ``by_county`` of a measure; small cells are hidden there already.
    scheme : str
        Name of the scheme, as the table's caption says it.
    people : str
        Whose access was measured, in words.

    Returns
    -------
    dict
        ``scheme``, ``people`` and ``rows``: service, standard, ages, and the counties by verdict.
    """
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for each in by_county:
        key = (str(each["service"]), str(each["standard"]), str(each["ages"]))
        row = rows.setdefault(key, {"service": key[0], "standard": key[1], "ages": key[2], "yes": [], "no": []})
        row.setdefault(str(each["met"]), []).append(str(each["county"]))
    return {"scheme": scheme, "people": people, "rows": list(rows.values())}


def standing_table(standing: Mapping[str, Any], names: Mapping[str, str]) -> Html:
    """Draw the table: a row for each service and standard, the counties by verdict in words."""
    rows = []
    for each in sorted(
        standing["rows"], key=lambda row: (-len(row["no"]), row["service"], row["standard"], row["ages"])
    ):
        name = names.get(each["service"], each["service"])
        ages = "" if each["ages"] == "all" else f", {each['ages']}"
        cells = [", ".join(each.get(word, [])) or "none" for word in _WORDS]
        rows.append(Row([f"{name}{ages}", *cells]))
    heads = [("Service", ""), *((f"Counties where {word}", "") for word in _WORDS.values())]
    caption = f"Against {standing['scheme']}: {standing['people']}"
    note = (
        "Measured by straight line; where a standard speaks of minutes, what miles cannot settle is not measured. The "
        "workbook of adequacy measure holds every figure, and says which standards nobody has verified."
    )
    return tag("div", table(caption, heads, rows), tag("p", note, class_="note"), class_="tablebox")
