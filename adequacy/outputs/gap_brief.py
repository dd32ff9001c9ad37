"""L14, the gap brief for leadership: a service, a county and counts; no consumer, and no small number.

The map shows the whole State and all sites that count: a provider's place is public, and a choice of the nearest ones
would give a consumer's away. The county is as close as it goes. Counts of requests from one to the policy's limit are
not shown, nor anything from which they could be worked out; counts of sites and of people in the Census are no secret.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from adequacy.errors import UsageError
from adequacy.outputs.letter_file import LetterFile, make_letter
from adequacy.outputs.letters import confirmed_words, draft_mark, plan_fields, record_notes, rule_fields
from adequacy.outputs.words import FUNNEL_WORDS
from adequacy.reference import counties, county_border, find_county

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from adequacy.policy import Policy

__all__ = ["BRIEF", "shown_counts", "write_gap_brief"]

BRIEF = "L14"
#: The tests of a roster; what a request adds to them is not for this reader.
_TESTS = ("contract_in_force", "full_agreement", "service_in_force", "credentialed", "nctracks_active", "located")
_HERE, _SERVED, _DOT = "#1f3a5f", "#c9d3de", "#c2410c"
_STRETCH = 1.23  # a degree of latitude against one of longitude, about the middle of the State
_KEPT_BACK = "not shown, so that a small number cannot be worked out"


def write_gap_brief(
    determination: Mapping[str, Any],
    path: Path,
    *,
    policy: Policy,
    on: date,
    gaps: Iterable[Mapping[str, Any]],
    sites: Iterable[tuple[float, float]] | None = None,
    confirmed_by: str = "",
    confirmed_on: date | None = None,
    templates: Path | None = None,
) -> LetterFile:
    """Write the gap brief of a request whose decision flags a gap.

    Parameters
    ----------
    determination : mapping
        The frozen record.
    path : Path
        File to write: .docx, .txt, .html or .pdf.
    policy : Policy
        The plan's rules.
    on : date
        Day of the brief.
    gaps : iterable of mappings
        Requests with a gap in the casebook: ``service_key, county_fips, requests``, as ``casebook.lists.stats`` counts
        them.
    sites : iterable of (lon, lat), optional
        Points in degrees (WGS 84) of all sites of the service that count on the roster; the map says so without.
    confirmed_by : str
        The named person who confirmed it; a draft without.
    confirmed_on : date, optional
        When.
    templates : Path, optional
        Folder of the plan's own templates.

    Raises
    ------
    UsageError
        The decision flags no gap.
    """
    outcome = policy.outcomes[determination["outcome"]]
    if not outcome.gap or determination["answer"] is None:
        raise UsageError(f"{BRIEF} is not due: {determination['outcome']} flags no gap.")
    fips = determination["consumer"]["county_of_eligibility"] or determination["origin"]["county_fips"]
    county = find_county(fips) if fips else None
    service_key = determination["request"]["service_key"]
    mine = [row for row in gaps if row["service_key"] == service_key]
    here = sum(row["requests"] for row in mine if row["county_fips"] == fips)
    most = int(policy.value("small_cell_max", on))
    shown_here, shown_all = shown_counts(here, sum(row["requests"] for row in mine), most)
    funnel = determination["answer"]["funnel"]
    points = None if sites is None else sorted(set(sites))
    drawn = _map(policy, on, county.state, county.county_fips, points or []) if county is not None else None
    values = {
        **plan_fields(policy, on),
        **rule_fields(determination, policy),
        "notes": record_notes(determination),
        "draft_mark": draft_mark(confirmed_by),
        "decided_by": confirmed_words(confirmed_by, confirmed_on),
        "area_name": f"{county.name} County" if county else "an area of no known county",
        "gap_requests_here": shown_here,
        "gap_requests_all": shown_all,
        "people_in_area": f"{county.people:,}" if county and county.people is not None else "not known",
        "sites_counted": str(funnel["counted"]),
        "sites_on_roster": str(funnel["rows"]),
        "funnel_lines": [
            f"{funnel[test]} of {funnel['rows']}: {words}" for test, words in FUNNEL_WORDS.items() if test in _TESTS
        ],
        "suppression_note": f"Counts of requests from 1 to {most} are not shown, nor what would give them away.",
        "picture": drawn or "",
        "picture_words": (
            f"Map of the counties of the State: those that {policy.plan.name} serves are grey, {county.name} County is "
            f"dark. {_dots(points)}"
            if county and drawn
            else ""
        ),
    }
    return make_letter(BRIEF, values, path, policy=policy, on=on, templates=templates)


def shown_counts(here: int, everywhere: int, most: int) -> tuple[str, str]:
    """Give the count of one county and of all as they may be shown: a small one, and what gives it away, is not.

    Parameters
    ----------
    here, everywhere : int
        Requests in the county and in all counties, this one included.
    most : int
        Counts from 1 to this number are small.

    Examples
    --------
    >>> shown_counts(12, 40, 10), shown_counts(3, 40, 10)[0], shown_counts(12, 14, 10)
    (('12', '40'), 'fewer than 11', ('12', 'not shown, so that a small number cannot be worked out'))
    """

    def is_small(count: int) -> bool:
        return 1 <= count <= most

    few = f"fewer than {most + 1}"
    if is_small(everywhere):
        return few, few
    if is_small(here):
        return few, _KEPT_BACK
    return str(here), _KEPT_BACK if is_small(everywhere - here) else str(everywhere)


def _dots(points: list[tuple[float, float]] | None) -> str:
    """What the dots on the map are."""
    if points is None:
        return "Sites are not drawn: the network file of the decision was not at hand."
    return f"Dots ({len(points)}): places with a site of this service whose contract and enrollment are in order."


def _map(policy: Policy, on: date, state: str, fips: str, points: list[tuple[float, float]]) -> bytes:
    """Draw the plan's counties, that of the gap dark; always the whole State: no view gives a place away."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    served = set(policy.counties(on))
    figure = Figure(figsize=(6.5, 2.6), dpi=150)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    for county in counties(state):
        border = county_border(county.county_fips)
        colour = _HERE if county.county_fips == fips else _SERVED if county.county_fips in served else "white"
        rings, polygons = border or ((), ())
        for outer, *_ in polygons:
            axes.fill(*rings[outer], facecolor=colour, edgecolor="#55606b", linewidth=0.5)
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # a site of another State moves no border
    if points:
        lons, lats = zip(*points, strict=True)
        axes.scatter(lons, lats, s=40, color=_DOT, edgecolors="white", linewidths=0.7, zorder=3)
    axes.set_aspect(_STRETCH)
    axes.set_axis_off()
    out = io.BytesIO()
    canvas.figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
