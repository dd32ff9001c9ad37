"""A log of past decisions replayed by the rule: where the two part company, and why.

The log says what was decided; the rule says what the roster of that day shows. What the log does not tell (was a
consumer named, was the treatment client-specific) stays unknown, so agreement is judged on the finding.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adequacy.clocks import read_date
from adequacy.determination.asking import determine_on
from adequacy.errors import (
    AdequacyError,
    AmbiguousService,
    CoordinateError,
    InputError,
    MissingColumn,
    NoStandardInForce,
    NoSuchService,
    OutputError,
    PlaceUnknown,
    UnknownService,
    shown,
    shown_list,
)
from adequacy.separated import rows_by_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from adequacy.determination.deciding import Determination
    from adequacy.network import NetworkFile
    from adequacy.policy import Policy

__all__ = ["OUT_COLUMNS", "Replay", "backtest_file", "replay", "summary"]

IN_COLUMNS = ("id", "received", "service", "decision", "reason")
OUT_COLUMNS = ("finding", "outcome", "letter", "agrees", "why")
DECISIONS = ("closed", "continued", "other")
#: Decision and finding that say the same.
_SAME = {("closed", "covered"), ("continued", "gap")}


@dataclass(frozen=True, slots=True)
class Replay:
    """One past decision, decided again.

    ``agrees`` is ``yes``, ``no`` or ``undecidable``; ``why`` says it in words, ``kind`` in one of few where a row could
    not be asked at all.
    """

    row: Mapping[str, str]
    finding: str
    outcome: str
    letter: str
    agrees: str
    why: str
    service_key: str = ""
    county_fips: str = ""
    kind: str = ""

    def columns(self) -> dict[str, str]:
        """Give the row with what the replay adds."""
        return {**self.row, **{name: getattr(self, name) for name in OUT_COLUMNS}}


def replay(row: Mapping[str, str], network_on: Callable[[str], NetworkFile], policy: Policy) -> Replay:
    """Replay one past decision.

    Parameters
    ----------
    row : mapping
        ``id, received, service, zip`` or ``lon, lat``, ``decision``, ``reason``.
    network_on : callable
        Gives the network that answers for a day.
    policy : Policy
    """
    try:
        on = read_date(row["received"][:10])
        request = _request(row, policy)
        decided = determine_on(network_on(on.isoformat()), policy, request, on=on)
    except AdequacyError as error:
        return Replay(row, "", "", "", "undecidable", error.message, kind=_kind(error))
    return _judged(row, decided)


def _request(row: Mapping[str, str], policy: Policy) -> dict[str, str]:
    """A past decision as the facts of a request; what the log does not tell stays unknown."""
    service = policy.services.find(row["service"])
    place = {"zip": row["zip"]} if row.get("zip") else {"point": f"{row.get('lat', '')},{row.get('lon', '')}"}
    return {
        "received": row["received"],
        "service_key": service.key,
        "service_text": row["service"],
        "requester": "",
        "consumer_ref": row["id"],
        "level_of_care": "non-inpatient",
        "requested_by": "provider",
        "urgent": "N",
        "in_treatment": "N",
        "client_specific": "U",
        "nctracks": "U",
        "accessible": "U",
        **place,
    }


def _judged(row: Mapping[str, str], decided: Determination) -> Replay:
    """Whether the log and the rule agree, and why not."""
    answer = decided.evidence.answer
    finding = answer["finding"] if answer else ""
    agrees, why = _agreement(row, decided, finding)
    return Replay(
        row=row,
        finding=finding,
        outcome=decided.outcome.outcome,
        letter=decided.trail.row.letter,
        agrees=agrees,
        why=why,
        service_key=decided.evidence.service.key,
        county_fips=(answer["origin"]["county_fips"] or "") if answer else "",
    )


def _agreement(row: Mapping[str, str], decided: Determination, finding: str) -> tuple[str, str]:
    """The verdict and its reason."""
    decision = row["decision"].strip().casefold()
    answer = decided.evidence.answer
    if answer is None:
        return "undecidable", "inpatient: no distance decides it"
    if decision not in DECISIONS:
        return "undecidable", f"decision {shown(row['decision'])} is not one of {', '.join(DECISIONS)}"
    if decision == "other":
        return "undecidable", "neither closed nor continued: the rule has nothing to compare"
    if finding == "too_close_to_call":
        return "undecidable", f"the limit lies inside the place: a street address would settle it; {_nearest(answer)}"
    if (decision, finding) in _SAME:
        return "yes", f"{finding}; {_nearest(answer)}"
    if decision == "closed":
        return "no", f"closed, but no counted site is within the limit; {_nearest(answer)}{_near_miss(answer)}"
    return "no", _continued_though_covered(decided, answer)


def _nearest(answer: Mapping[str, Any]) -> str:
    """The nearest counted site in words."""
    nearest = answer["nearest_mi"]["reference"]
    return "no site of this service counts" if nearest is None else f"nearest counted site {nearest:.1f} mi"


def _near_miss(answer: Mapping[str, Any]) -> str:
    """The nearest site that did not count, where it lies nearer: probably the one that was counted then."""
    limit = answer["standard"]["limit_mi"]
    near = [site for site in answer["not_counted"] if site["distance_mi"] is not None and site["distance_mi"] <= limit]
    if not near:
        return ""
    site = min(near, key=lambda each: (each["distance_mi"], each["site_id"]))
    return f"; a site at {site['distance_mi']:.1f} mi did not count: {', '.join(site['reasons'])}"


def _continued_though_covered(decided: Determination, answer: Mapping[str, Any]) -> str:
    """Why a continued request may have been right on other grounds than distance."""
    accessible = next(fact.value for fact in decided.facts if fact.name == "accessible")
    count = len(answer["sites"])
    told = (
        "at least one is verified as accepting"
        if accessible == "Y"
        else "none is verified as accepting: was it called?"
    )
    return f"continued, but {count} counted sites are within the limit and {told}; {_nearest(answer)}"


def backtest_file(past: Path, out: Path, network_on: Callable[[str], NetworkFile], policy: Policy) -> list[Replay]:
    """Replay a log and write it with what the rule says, in the same order.

    Raises
    ------
    MissingColumn, InputError
        The log lacks a column or cannot be read; nothing is written.
    OutputError
        The result cannot be written.
    """
    header, rows = _read(past)
    replays = [replay(row, network_on, policy) for row in rows]
    columns = [name for name in header if name not in OUT_COLUMNS] + list(OUT_COLUMNS)
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(each.columns() for each in replays)
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror or error}.") from error
    return replays


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Read a log, all text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, read = rows_by_name(file, path.name)
            rows = [{name: value.strip() for name, value in row.items() if name} for row in read]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no CSV file in UTF-8"
        raise InputError(f"{path.name}: cannot be read ({why}). Check the path, or export it again.") from error
    missing = [name for name in IN_COLUMNS if name not in header]
    if "zip" not in header and not {"lon", "lat"} <= set(header):
        missing.append("zip (or lon and lat)")
    if missing:
        raise MissingColumn(f"{path.name}: no column {', '.join(missing)}. Found: {shown_list(header)}.")
    return header, rows


def summary(replays: Sequence[Replay]) -> dict[str, Any]:
    """Count where the log and the rule agree and part company: by reason given, service and county.

    Examples
    --------
    >>> summary([])["rows"]
    0
    """
    apart = [each for each in replays if each.agrees == "no"]
    return {
        "rows": len(replays),
        "agrees": dict(Counter(each.agrees for each in replays)),
        "apart": {
            "by_decision": _counts(f"{each.row['decision']}, rule says {each.finding}" for each in apart),
            "by_reason": _counts(each.row["reason"] or "no reason given" for each in apart),
            "by_service": _counts(each.service_key for each in apart),
            "by_county": _counts(each.county_fips or "unknown" for each in apart),
        },
        "undecidable": _counts(each.kind or _head(each.why) for each in replays if each.agrees == "undecidable"),
    }


#: Why a row could not be asked, by the error; a summary repeats no message, it may quote a place.
_KINDS: tuple[tuple[type[AdequacyError], str], ...] = (
    (AmbiguousService, "the word for the service may mean several: give its key"),
    (UnknownService, "no service is known by the word given"),
    (NoSuchService, "the word is known but is no service of its own"),
    (CoordinateError, "the coordinates cannot be a place"),
    (PlaceUnknown, "the place cannot be found"),
    (NoStandardInForce, "no rule was in force on that day"),
)


def _kind(error: AdequacyError) -> str:
    """What kind of fault kept a row from being decided."""
    return next((words for kind, words in _KINDS if isinstance(error, kind)), "a value is malformed or missing")


def _head(why: str) -> str:
    """The part of a reason before its figures."""
    return why.partition(";")[0]


def _counts(words: Any) -> dict[str, int]:
    """Counts of words, most first."""
    return dict(sorted(Counter(words).items(), key=lambda item: (-item[1], item[0])))
