"""The plain words in which outputs say what the records say in codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

__all__ = [
    "DEMO_NOTICE",
    "FUNNEL_WORDS",
    "REASON_WORDS",
    "ages_text",
    "day_words",
    "finding_sentence",
    "margin_text",
    "miles_text",
    "panel_text",
    "place_name",
    "reasons_text",
    "share_text",
    "whereabouts",
]

DEMO_NOTICE = "Demo network: real places, invented contracts. Not for a real decision."

REASON_WORDS = {
    "contract_not_started": "contract not started yet",
    "contract_ended": "contract ended",
    "contract_not_active": "contract pending or suspended",
    "contract_unknown": "contract status not known",
    "single_client_only": "single client agreement only",
    "service_not_in_force": "service not in force at this site",
    "not_credentialed": "not credentialed",
    "credential_unknown": "credentialing not known",
    "nctracks_not_active": "NCTracks not active for this service and site",
    "nctracks_unknown": "NCTracks not known",
    "referral_stop": "referrals stopped",
    "funding_does_not_fit": "funding does not fit",
    "ages_do_not_fit": "ages do not fit",
    "population_does_not_fit": "population does not fit",
    "county_not_served": "does not travel to this county",
    "telehealth_only": "telehealth only",
    "not_located": "address not located",
}

FUNNEL_WORDS = {
    "rows": "offerings in the roster",
    "contract_in_force": "contract in force",
    "full_agreement": "full agreement",
    "service_in_force": "service line in force",
    "credentialed": "credentialed",
    "nctracks_active": "NCTracks active",
    "no_referral_stop": "no referral stop",
    "located": "located",
    "counted": "fit this consumer: counted",
}

_PANEL_WORDS = {
    "accepting": "accepting",
    "waitlist": "wait-list",
    "closed": "not accepting",
    "unknown": "accepting: not known",
}


def reasons_text(reasons: list[str]) -> str:
    """Reasons in plain words."""
    return ", ".join(REASON_WORDS.get(reason, reason) for reason in reasons)


def miles_text(distance_mi: float, limit_mi: float | None = None) -> str:
    """A distance to one decimal, with more where one decimal would hide on which side of the limit it lies.

    Examples
    --------
    >>> miles_text(7.94), miles_text(30.04, 30), miles_text(30.00004, 30)
    ('7.9', '30.04', '30.00004')
    """
    if limit_mi is not None and distance_mi != limit_mi:
        for decimals in range(1, 9):
            text = f"{distance_mi:.{decimals}f}"
            if float(text) != limit_mi and (float(text) > limit_mi) == (distance_mi > limit_mi):
                return text
    return f"{distance_mi:.1f}"


def share_text(share_pct: float) -> str:
    """A share of people; what is not everybody never reads as 100, what is somebody never as 0.

    Examples
    --------
    >>> share_text(99.97), share_text(100.0), share_text(0.01)
    ('99.9 %', '100 %', 'less than 0.1 %')
    """
    whole, least = 100.0, 0.1
    if share_pct in (0.0, whole):
        return f"{share_pct:.0f} %"
    if share_pct < least:
        return "less than 0.1 %"
    return f"{min(share_pct, whole - least):.1f} %"


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def day_words(on: date) -> str:
    """A day as a letter writes it.

    Examples
    --------
    >>> from datetime import date
    >>> day_words(date(2026, 11, 3))
    'November 3, 2026'
    """
    return f"{_MONTHS[on.month - 1]} {on.day}, {on.year}"


def ages_text(youngest: int | None, oldest: int | None) -> str:
    """Ages served, or an empty text where the roster is silent.

    Examples
    --------
    >>> ages_text(18, None), ages_text(5, 17), ages_text(None, 20)
    ('ages 18 and over', 'ages 5-17', 'ages up to 20')
    """
    if youngest is None and oldest is None:
        return ""
    if oldest is None:
        return f"ages {youngest} and over"
    return f"ages up to {oldest}" if youngest is None else f"ages {youngest}-{oldest}"


def panel_text(site: dict[str, Any]) -> str:
    """Whether a site takes new people, and since when that is known."""
    text = _PANEL_WORDS.get(str(site["panel_status"]), str(site["panel_status"]))
    verified = site.get("accepting_verified_on")
    if site["panel_status"] == "unknown":
        return text
    return f"{text} (verified {verified})" if verified else f"{text} (not verified)"


def whereabouts(origin: dict[str, Any]) -> str:
    """Where the consumer is, with the county, as the head of a page says it; never an address."""
    word = "in" if origin["precision"] == "zip" else "at"
    county = f", {origin['county']} County" if origin.get("county") else ""
    return f"{word} {place_name(origin)}{county}"


def place_name(origin: dict[str, Any]) -> str:
    """How a page names the place asked about; never an address."""
    if origin["given"] == "zip":
        return f"ZIP {origin['zip5']}"
    if origin["given"] == "address" and origin["precision"] == "zip":
        return f"ZIP {origin['zip5']} of the address given"
    if origin["given"] == "address":
        return f"the address given (ZIP {origin['zip5']})" if origin["zip5"] else "the address given"
    return "the point given"


def finding_sentence(answer: dict[str, Any]) -> str:
    """The finding in one sentence or two."""
    limit = f"{answer['standard']['limit_mi']:g} miles"
    place = place_name(answer["origin"])
    if answer["finding"] == "covered":
        if answer["origin"]["uncertainty_mi"] > 0 and answer["origin"]["precision"] != "zip":
            return f"A contracted site is within {limit} of {place}, known to {margin_text(answer['origin'])}."
        if answer["origin"]["uncertainty_mi"] > 0:
            return f"Wherever in {place} the consumer lives, a contracted site is within {limit}."
        return f"A contracted site is within {limit} of {place}."
    if answer["finding"] == "gap":
        return f"No contracted site is within {limit} of {_any_point(answer)}. {_how_far(answer)}"
    return _too_close(answer, limit)


def margin_text(origin: dict[str, Any]) -> str:
    """How well a place other than a ZIP is known, in miles.

    Examples
    --------
    >>> margin_text({"uncertainty_mi": 0.01}), margin_text({"uncertainty_mi": 0.25})
    ('0.01 miles', '0.25 miles')
    """
    return f"{max(origin['uncertainty_mi'], 0.01):.2f} miles"


def _any_point(answer: dict[str, Any]) -> str:
    place = place_name(answer["origin"])
    if answer["origin"]["precision"] != "zip":
        return place
    return f"any point of {place}" if answer["origin"]["uncertainty_mi"] > 0 else place


def _how_far(answer: dict[str, Any]) -> str:
    low = answer["nearest_mi"]["low"]
    if low is None and answer["service"]["mode"] in ("mobile", "home"):
        return "No counted site anywhere in the network serves the consumer's county."
    if low is None:
        return "No site of this service counts anywhere in the network."
    text = miles_text(low, answer["standard"]["limit_mi"])
    return f"The nearest one is {text} miles away{' at best' if answer['origin']['uncertainty_mi'] > 0 else ''}."


def _too_close(answer: dict[str, Any], limit: str) -> str:
    """Lead with the share of people, then where the rest is, then what settles it."""
    if answer["origin"]["precision"] != "zip":
        return f"{limit} lies inside what is not known of the place or of the site. A more exact address settles it."
    share, part = answer["share_within_pct"], answer["uncovered_part"]
    none, everybody = 0.0, 100.0
    if share == none:
        people = f"None of this ZIP's people counted by the Census is within {limit} of a counted site"
        rest = "a part where nobody was counted is"
    elif share == everybody:
        people = f"All of this ZIP's people counted by the Census are within {limit} of a counted site"
        rest = f"its {part or 'border'} is too close to the line"
    else:
        people = f"{share_text(share)} of this ZIP's people are within {limit} of a counted site"
        rest = f"its {part} is not" if part else "the rest is not"
    settles = "An address index" if answer["origin"]["given"] == "address" else "A street address"
    return f"{people}; {rest}. {settles} settles it."
