"""Schemes of standards as text of at most 80 columns, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from adequacy.policy import Policy, Standard
    from adequacy.policy.records import FederalLimit, Scheme

__all__ = ["standards_page"]

_UNSURE = ("unverified", "partly_verified", "secondary", "legacy")
_SCHEME_COLUMNS = ("name", "title", "authority", "confidence", "source")


def standards_page(policy: Policy, name: str | None, on: date, output: str) -> str:
    """List the schemes, or the standards of one in force on a day.

    Raises
    ------
    UsageError
        There is no such scheme or format.
    NoStandardInForce
        Nothing of the scheme is in force that day.
    """
    if output not in ("text", "json", "csv"):
        raise UsageError(f"--format {output}: not a format. Choose one of text, json, csv.")
    if name is None:
        schemes = [policy.scheme(each) for each in policy.scheme_names]
        rows = [{column: getattr(scheme, column) for column in _SCHEME_COLUMNS} for scheme in schemes]
        return _written(rows, output, lambda: _list(schemes))
    scheme = policy.scheme(name)
    if scheme.federal_limits():
        limits = [asdict(each) for each in scheme.federal_limits() if each.code in scheme.specialty_services()]
        return _written(limits, output, lambda: _federal(scheme))
    found = scheme.standards(on)
    return _written([asdict(each) for each in found], output, lambda: _page(scheme, found, on))


def _written(rows: list[dict[str, Any]], output: str, text: Any) -> str:
    """Rows in one of the formats."""
    if output == "json":
        return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    if output == "text":
        return "".join(f"{line}\n" for line in text())
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "; ".join(v) if isinstance(v, tuple) else v for k, v in row.items()} for row in rows)
    return out.getvalue()


def _wrapped(text: str, indent: int = 0) -> list[str]:
    return textwrap.wrap(text, 80, initial_indent=" " * indent, subsequent_indent=" " * indent)


def _list(schemes: list[Scheme]) -> Iterator[str]:
    """Name and title of each scheme."""
    for scheme in schemes:
        yield from textwrap.wrap(f"{scheme.name:<18}{scheme.title}", 80, subsequent_indent=" " * 18)
        yield from _wrapped(f"{scheme.authority}; {_sure(scheme.confidence)}", 18)


def _head(scheme: Scheme) -> list[str]:
    """What a scheme is and where it stands."""
    lines = [f"{scheme.name}: {scheme.title}", *_wrapped(scheme.description), *_wrapped(f"Source: {scheme.source}")]
    return [*lines, _sure(scheme.confidence).capitalize(), ""]


def _sure(confidence: str) -> str:
    """How sure a scheme is, in words that warn where it is not."""
    return f"{confidence.replace('_', ' ')}{': check it before reporting' if confidence in _UNSURE else ''}"


def _page(scheme: Scheme, found: tuple[Standard, ...], on: date) -> Iterator[str]:
    """Each standard in two or three lines."""
    yield from _head(scheme)
    for each in found:
        mark = " [unverified]" if each.is_unverified else ""
        yield from _wrapped(f"{each.id.partition('.')[2]}{mark}: {_rule(each)}")
        yield from _wrapped(f"services: {', '.join(_services(each))}", 2)
        yield from _wrapped(f"in force since {each.from_date} (asked: {on.isoformat()}); {each.source}", 2)


def _services(each: Standard) -> tuple[str, ...]:
    if each.services == ("*",):
        return ("all but inpatient",)
    return each.services or ("none of the catalogue: not measured",)


def _rule(each: Standard) -> str:
    """A standard in a few words."""
    who = f"{each.min_providers or 1} {'agencies' if (each.min_providers or 1) > 1 else 'agency'}"
    if each.measure == "count":
        more = f", or 1 per {each.per_people:,} people" if each.per_people else ""
        return f"{who} in the {each.area}{more}"
    share = f", {each.required_pct:g} % of people" if each.required_pct else ""
    if each.limit_mi is not None:
        return f"{who} within {each.limit_mi:g} miles{share}"
    limits = f"{each.urban_mi:g} urban / {each.rural_mi:g} rural miles"
    if each.urban_min is not None:
        joint = "or" if each.measure == "miles_or_minutes" else "and"
        limits += f" {joint} {each.urban_min:g} / {each.rural_min:g} min"
    return f"{who} within {limits}{share}"


def _federal(scheme: Scheme) -> Iterator[str]:
    """The specialties we have services for, by county type."""
    yield from _head(scheme)
    tied = scheme.specialty_services()
    rows: dict[str, list[FederalLimit]] = {}
    for row in scheme.federal_limits():
        rows.setdefault(row.code, []).append(row)
    for code, keys in tied.items():
        yield from _wrapped(f"{code} {rows[code][0].specialty}")
        limits = "; ".join(f"{row.county_type} {row.max_miles:g}/{row.max_minutes:g}" for row in rows[code])
        yield from _wrapped(f"miles/minutes: {limits}", 2)
        yield from _wrapped(f"measured by {', '.join(keys)} [table of ours, unverified]", 2)
    yield from _wrapped("Values are joined on county: CMS sets some counties' limits by itself.")
