"""Whether an offering counts for the gap test: the one definition, asked by letter and report alike.

An offering counts on a day if every test of the funnel holds on that day. What fails is named by a reason word; a
reason that ends in ``_unknown`` says that a fact is missing, not that it is against the provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequacy.access.populations import fold_population

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adequacy.network import Offering

__all__ = [
    "FUNNEL",
    "REASONS",
    "TRAVELS",
    "counts_for_gap",
    "funnel",
    "is_only_unknown",
    "serves_all_counties",
]

#: The tests in the order of the funnel, each with the reasons by which an offering can fail it.
FUNNEL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("contract_in_force", ("contract_not_started", "contract_ended", "contract_not_active", "contract_unknown")),
    ("full_agreement", ("single_client_only",)),
    ("service_in_force", ("service_not_in_force",)),
    ("credentialed", ("not_credentialed", "credential_unknown")),
    ("nctracks_active", ("nctracks_not_active", "nctracks_unknown")),
    ("no_referral_stop", ("referral_stop",)),
    ("located", ("telehealth_only", "not_located")),
    (
        "counted",
        ("funding_does_not_fit", "ages_do_not_fit", "population_does_not_fit", "county_not_served"),
    ),
)

#: Modes of the services that travel to the consumer: for them the county served matters, before the radius.
TRAVELS = ("mobile", "home")

#: Every reason word, in the order of the funnel.
REASONS: tuple[str, ...] = tuple(reason for _, reasons in FUNNEL for reason in reasons)


def _span(first: str, last: str, on: str) -> str:
    """Say whether a day lies before, within or after a span of ISO dates; an empty end is open."""
    if first and on < first:
        return "before"
    if last and on > last:
        return "after"
    return "within"


def _contract(offering: Offering, on: str) -> str | None:
    """Reason why the contract is not in force, or None."""
    span = _span(offering.contract_from, offering.contract_to, on)
    if offering.contract_status == "ended" or span == "after":
        return "contract_ended"
    if span == "before":
        return "contract_not_started"
    if offering.contract_status == "active":
        return None
    return "contract_unknown" if offering.contract_status == "unknown" else "contract_not_active"


def _credential(offering: Offering, on: str) -> str | None:
    """Reason why the provider is not credentialed, or None; a date that has passed outranks the status."""
    lapsed = _span("", offering.credential_due, on) == "after" or _span("", offering.license_expiry, on) == "after"
    if not lapsed and offering.credential_status == "approved":
        return None
    return "credential_unknown" if not lapsed and offering.credential_status == "unknown" else "not_credentialed"


def _nctracks(offering: Offering, on: str) -> str | None:
    """Reason why NCTracks is not active for this service at this site, or None."""
    in_span = _span(offering.nctracks_from, offering.nctracks_to, on) == "within"
    if in_span and offering.nctracks_status == "active":
        return None
    return "nctracks_unknown" if in_span and offering.nctracks_status == "unknown" else "nctracks_not_active"


def _location(offering: Offering) -> str | None:
    """Reason why the offering has no place to travel to, or None."""
    if offering.telehealth == "only":
        return "telehealth_only"
    return "not_located" if offering.lon is None or offering.lat is None else None


def _serves(populations: str, word: str) -> bool:
    """Whether a list of populations names a word, however either is spelled."""
    return fold_population(word) in map(fold_population, populations.split(";"))


def _fits(
    offering: Offering, age: int | None, counties: Sequence[str] | None, funding: str | None, population: str | None
) -> list[str]:
    """Reasons why the offering does not fit this consumer."""
    reasons = []
    if funding and offering.funding not in ("both", funding):
        reasons.append("funding_does_not_fit")
    youngest, oldest = offering.ages_min, offering.ages_max
    if age is not None and ((youngest is not None and age < youngest) or (oldest is not None and age > oldest)):
        reasons.append("ages_do_not_fit")
    if population and offering.populations and not _serves(offering.populations, population):
        reasons.append("population_does_not_fit")
    if counties and offering.counties_served and not set(offering.counties_served.split(";")) & set(counties):
        reasons.append("county_not_served")
    return reasons


def counts_for_gap(
    offering: Offering,
    on: str,
    *,
    age: int | None = None,
    counties: Sequence[str] | None = None,
    funding: str | None = None,
    population: str | None = None,
) -> tuple[str, ...]:
    """Name every reason why an offering does not count on a day; an empty tuple means that it counts.

    Parameters
    ----------
    offering : Offering
        One provider giving one service at one site, as the network file holds it.
    on : str
        The day asked about, ISO text (``2026-11-01``). The last day of a span is still in force.
    age : int, optional
        Age of the consumer in years; without it ages are not tested.
    counties : sequence of str, optional
        County codes (FIPS) in which the consumer may live. Give them for services that travel to the consumer only.
        An offering that serves none of them fails; one that does not state its counties passes.
    funding : {"medicaid", "state"}, optional
        Who pays; without it funding is not tested.
    population : str, optional
        A population word of the roster; an offering that states no population passes.

    Returns
    -------
    tuple of str
        Words of ``REASONS``, in funnel order.
    """
    found = [
        _contract(offering, on),
        "single_client_only" if offering.agreement_type == "single_client" else None,
        "service_not_in_force" if _span(offering.service_from, offering.service_to, on) != "within" else None,
        _credential(offering, on),
        _nctracks(offering, on),
        "referral_stop" if offering.referral_stop == "Y" else None,
        _location(offering),
    ]
    return (*(reason for reason in found if reason), *_fits(offering, age, counties, funding, population))


def is_only_unknown(reasons: Sequence[str]) -> bool:
    """Whether an offering fails for missing facts alone.

    Examples
    --------
    >>> is_only_unknown(("nctracks_unknown",)), is_only_unknown(("nctracks_unknown", "referral_stop"))
    (True, False)
    """
    return bool(reasons) and all(reason.endswith("_unknown") for reason in reasons)


def serves_all_counties(offering: Offering, counties: Sequence[str] | None) -> bool:
    """Whether a travelling offering serves every county in which the consumer may live; not stated counts as yes."""
    if not counties or not offering.counties_served:
        return True
    return set(counties) <= set(offering.counties_served.split(";"))


def funnel(ledger: Iterable[Sequence[str]]) -> dict[str, int]:
    """Count offerings test by test.

    Parameters
    ----------
    ledger : iterable of sequences of str
        The reasons of each offering, as ``counts_for_gap`` gives them.

    Returns
    -------
    dict of str to int
        ``rows``, then each test of ``FUNNEL`` with the number of offerings that passed it and all before it.

    Examples
    --------
    >>> funnel([(), ("nctracks_unknown",), ("contract_ended", "referral_stop")])["nctracks_active"]
    1
    """
    counts = {"rows": 0} | {test: 0 for test, _ in FUNNEL}
    for reasons in ledger:
        counts["rows"] += 1
        failed = set(reasons)
        for test, names in FUNNEL:
            if failed.intersection(names):
                break
            counts[test] += 1
    return counts
