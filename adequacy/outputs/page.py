"""The answer as a page a supervisor can read: plain text, at most 80 columns, no boxes, no need for colour."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from adequacy.outputs.escape import escape_terminal
from adequacy.outputs.words import (
    FUNNEL_WORDS,
    ages_text,
    finding_sentence,
    margin_text,
    miles_text,
    panel_text,
    reasons_text,
    whereabouts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["WIDTH", "answer_page"]

WIDTH = 80
_LISTED, _LEDGER = 10, 8
_TITLES = {"covered": "COVERED", "gap": "GAP", "too_close_to_call": "TOO CLOSE TO CALL"}
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_QUIET = ("demo_data", "rule_unverified", "later_rule_text_known", "policy_overridden")


def answer_page(answer: dict[str, Any], *, everything: bool = False, colour: bool = False) -> str:
    """Write the page of an ``adequacy.check/1`` document.

    Parameters
    ----------
    answer : dict
        The document.
    everything : bool
        List every site instead of the nearest few.
    colour : bool
        Print the finding in bold. Off for pipes and where ``NO_COLOR`` is set.

    Returns
    -------
    str
        Lines of at most 80 columns, ending with a newline.
    """
    most = len(answer["sites"]) + len(answer["not_counted"]) if everything else None
    parts = [
        _head(answer),
        _verdict(answer, colour),
        _counties(answer),
        _sites(answer, most or _LISTED),
        _beyond(answer),
        _funnel(answer),
        _not_counted(answer, most or _LEDGER),
        _cautions(answer),
        _provenance(answer),
    ]
    return "\n\n".join("\n".join(part) for part in (list(each) for each in parts) if part) + "\n"


def _wrap(text: str, indent: str = "", first: str | None = None) -> list[str]:
    return textwrap.wrap(
        escape_terminal(text),
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def _head(answer: dict[str, Any]) -> Iterator[str]:
    yield from _wrap(f"{answer['service']['name']} ({answer['service']['key']})")
    asked = answer["question"]
    who = "".join(
        f", {word} {asked[word]}" for word in ("age", "funding", "population") if asked[word] not in (None, "")
    )
    yield from _wrap(f"for a consumer {whereabouts(answer['origin'])}{who}, on {answer['as_of']}")
    for caution in answer["cautions"]:
        if caution["code"] == "demo_data":
            yield from _wrap(caution["text"])


def _verdict(answer: dict[str, Any], colour: bool) -> Iterator[str]:
    if answer["finding_if_unknowns_count"] != answer["finding"]:
        other = _TITLES[answer["finding_if_unknowns_count"]].lower()
        yield from _wrap(f"FACTS ARE MISSING: if they are in the provider's favour, the finding is '{other}'.")
        yield from _wrap("Find them out first: see the sites marked 'not known' below.")
    title = _TITLES[answer["finding"]]
    lines = _wrap(f"{title}: {finding_sentence(answer)}")
    if colour:
        lines[0] = lines[0].replace(title, f"{_BOLD}{title}{_PLAIN}", 1)
    yield from lines
    if answer["nearest_mi"]["low"] is not None and not _is_said(answer):
        yield from _wrap(_range(answer))
    if answer["sites"]:
        yield from _wrap(_accepting(answer))


def _is_said(answer: dict[str, Any]) -> bool:
    """Whether the finding's own sentence gives the one distance there is."""
    return bool(answer["finding"] == "gap" and answer["origin"]["uncertainty_mi"] == 0)


def _range(answer: dict[str, Any]) -> str:
    nearest, limit = answer["nearest_mi"], answer["standard"]["limit_mi"]
    low, reference, high = (nearest[key] for key in ("low", "reference", "high"))
    if answer["origin"]["uncertainty_mi"] == 0 or high is None:
        return f"Nearest counted site: {miles_text(reference, limit)} miles."
    if answer["origin"]["precision"] != "zip":
        least, most = miles_text(low, limit), miles_text(high, limit)
        span = least if least == most else f"{least} to {most}"
        return f"Nearest counted site: {span} miles; the place is known to {margin_text(answer['origin'])}."
    return (
        f"Nearest counted site: {miles_text(low, limit)} to {miles_text(high, limit)} miles, depending on where in the "
        f"place; {miles_text(reference, limit)} from its centre."
    )


def _accepting(answer: dict[str, Any]) -> str:
    """How many sites within can be relied on to take people: never reads as a denial."""
    counts = answer["accessibility"]
    total = len(answer["sites"])
    rest = [
        f"{counts[key]} {word}"
        for key, word in (
            ("accepting_unverified", "say so, not verified lately"),
            ("waitlist", "with a wait-list"),
            ("closed", "not accepting"),
            ("unknown", "not known"),
        )
        if counts[key]
    ]
    noun = "site" if total == 1 else "sites"
    return f"{counts['accepting_verified']} of {total} {noun} verified as accepting" + (
        f" ({', '.join(rest)})." if rest else "."
    )


def _counties(answer: dict[str, Any]) -> Iterator[str]:
    """For services that travel, who serves the county comes first."""
    if answer["service"]["mode"] not in ("mobile", "home"):
        return
    everyone = answer["sites"] + answer["serves_county_beyond_limit"]
    stated = sum(bool(site["counties_served"]) for site in everyone)
    silent = len(everyone) - stated
    yield from _wrap(
        f"Who travels there: {stated} counted {'site states' if stated == 1 else 'sites state'} that "
        f"{'it serves' if stated == 1 else 'they serve'} the consumer's county; {silent} within "
        f"{answer['standard']['limit_mi']:g} miles {'does' if silent == 1 else 'do'} not say."
    )


def _sites(answer: dict[str, Any], most: int) -> Iterator[str]:
    sites = answer["sites"]
    if not sites:
        return
    yield f"Contracted sites, nearest first ({len(sites)})"
    for site in sites[:most]:
        yield from _entry(site, answer["standard"]["limit_mi"])
    if len(sites) > most:
        yield f"       ... and {len(sites) - most} more: add --all, or --list FILE.xlsx"


def _entry(site: dict[str, Any], limit: float) -> Iterator[str]:
    """One site: miles and name, then address, then how to reach it."""
    partly = "  (not from everywhere in the place)" if site["within"] == "part" else ""
    name = site["name"] or site["provider"]
    if site["name"] and site["provider"] and not site["name"].casefold().startswith(site["provider"].casefold()):
        name = f"{site['name']} ({site['provider']})"
    yield from _wrap(f"{name}{partly}", " " * 7, f"{miles_text(site['distance_mi'], limit):>5}  ")
    place = ", ".join(
        part for part in (site["address"], site["city"], f"{site['state']} {site['zip5']}".strip()) if part
    )
    yield from _wrap(place, " " * 7)
    ages = ages_text(site["ages_min"], site["ages_max"])
    facts = (site["phone"] or "no phone in the roster", panel_text(site), ages, _ends(site), _drive(site))
    yield from _wrap("  ".join(fact for fact in facts if fact).replace("  ", "; "), " " * 7)


def _ends(site: dict[str, Any]) -> str:
    return f"contract ends {site['contract_to']}" if site["contract_to"] else ""


def _drive(site: dict[str, Any]) -> str:
    """The drive, where roads were given: an extra, never in place of the miles that decide."""
    if "drive_mi" not in site:
        return ""
    if site["drive_mi"] is None:
        return "by road: not measured"
    return f"by road {site['drive_mi']:.1f} mi, {site['drive_min']:.0f} min"


def _roads(answer: dict[str, Any]) -> Iterator[str]:
    """Say what the drives are and are not."""
    roads = answer.get("roads")
    if roads is None:
        return
    origin = "the place" if roads["from"] == "place" else "the centre of the place, not the consumer's home"
    way = "to the site" if roads["direction"] == "home_to_site" else "from the site"
    yield from _wrap(
        f"By road: an extra, measured {way} from {origin}, without traffic; the finding is that of the straight-line "
        f"rule. Streets: {roads['source']}, data of {roads['date'] or 'no stated day'}, (c) OpenStreetMap "
        "contributors, ODbL 1.0."
    )


def _beyond(answer: dict[str, Any]) -> Iterator[str]:
    beyond = answer["serves_county_beyond_limit"]
    if not beyond:
        return
    yield from _wrap(f"Farther than {answer['standard']['limit_mi']:g} miles, but serving the county ({len(beyond)})")
    for site in beyond[:_LEDGER]:
        yield from _entry(site, answer["standard"]["limit_mi"])
    if len(beyond) > _LEDGER:
        yield f"       ... and {len(beyond) - _LEDGER} more: --format json"


def _funnel(answer: dict[str, Any]) -> Iterator[str]:
    """In a gap: where the offerings fell out, in the network and near the place."""
    if answer["finding"] == "covered":
        return
    yield "Where offerings of this service fall out      in the network   near the place"
    for test, words in FUNNEL_WORDS.items():
        yield f"  {words:<42} {answer['funnel'][test]:>14} {answer['funnel_near'][test]:>16}"
    reach = answer["standard"]["limit_mi"] + answer["tolerance_mi"]
    close = [each for each in answer["one_fix_away"] if each["distance_low_mi"] <= reach]
    if close:
        yield "One fix away from counting, and within reach"
    for each in close:
        yield from _ledger_line(each, answer["standard"]["limit_mi"])


def _not_counted(answer: dict[str, Any], most: int) -> Iterator[str]:
    ledger = answer["not_counted"]
    if not ledger:
        return
    yield f"Not counted, and why ({len(ledger)})"
    for each in ledger[:most]:
        yield from _ledger_line(each, answer["standard"]["limit_mi"])
    if len(ledger) > most:
        yield f"       ... and {len(ledger) - most} more: add --all"


def _ledger_line(each: dict[str, Any], limit: float) -> list[str]:
    miles = "  ?  " if each["distance_mi"] is None else f"{miles_text(each['distance_mi'], limit):>5}"
    name = each["name"] or each["provider"]
    where = f", {each['city']}" if each["city"] else ""
    return _wrap(f"{name}{where}: {reasons_text(each['reasons'])}", " " * 7, f"{miles}  ")


def _cautions(answer: dict[str, Any]) -> Iterator[str]:
    told = [each for each in answer["cautions"] if each["code"] not in _QUIET]
    if told:
        yield "Mind"
    for each in told:
        yield from _wrap(each["text"], "  ", "- ")


def _provenance(answer: dict[str, Any]) -> Iterator[str]:
    yield from _roads(answer)
    standard, network = answer["standard"], answer["network"]
    reviewed = f", reviewed {standard['source_reviewed']}" if standard["source_reviewed"] else ""
    yield from _wrap(
        f"Rule: {standard['id']}, {standard['limit_mi']:g} straight-line miles (WGS 84 geodesic, the limit itself is "
        f"inside){reviewed}. {standard['source']}"
    )
    for each in answer["cautions"]:
        if each["code"] in _QUIET and each["code"] != "demo_data":
            yield from _wrap(each["text"])
    yield from _wrap(
        f"Roster: {network['name']} of {network['roster_date']}, content {network['sha256'][:12]}. "
        f"Place: {answer['origin']['source']}; margin {answer['tolerance_mi']:g} mi. adequacy {answer['version']}."
    )
    yield from _wrap(
        "This is the plan's gap test for one request. It is not the State's adequacy standard, and no decision."
    )
