"""From a request to its determination on a network: place it, ask for the finding, look the requester up, decide.

The same steps decide a request, decide it anew to verify its record, and replay a log of past decisions.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from adequacy import access
from adequacy.determination.deciding import Determination, contact_of, determine, needs_distance
from adequacy.determination.facts import names_nobody, standing_of
from adequacy.distance import miles, rival_chord_m, to_ecef
from adequacy.errors import UsageError
from adequacy.geocode import Place, locate_address, locate_point, locate_zip, parse_lat_lon

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from adequacy.determination.facts import Contact
    from adequacy.network import NetworkFile, Offering
    from adequacy.policy import Policy

__all__ = ["decide_again", "determine_on", "origin_of"]

_PLACES = ("zip", "point", "address")


def determine_on(
    network: NetworkFile,
    policy: Policy,
    request: Mapping[str, str],
    *,
    on: date,
    contacts: Sequence[Contact] = (),
    clocks: Sequence[dict[str, Any]] = (),
    index: Path | str | None = None,
    origin: Place | None = None,
) -> Determination:
    """Decide a request by a network.

    Parameters
    ----------
    network : NetworkFile
        The roster of the decision.
    policy : Policy
        The plan's rules.
    request : mapping of str to str
        The facts of the request, as ``casebook.forms`` reads them.
    on : date
        Day of the decision: contracts and calls are those of that day. The ruleset is that of the day of receipt.
    contacts, clocks : sequences
        Calls on file, and the clocks of the request so far.
    index : path, optional
        Address points for a place given as an address.
    origin : Place, optional
        A place already located; else the consumer's, or without a consumer the requester's site.

    Returns
    -------
    determination : Determination

    Raises
    ------
    NotDecidable
        The place cannot be found, or no rule was in force.
    """
    service = policy.services[request["service_key"]]
    answer, beyond = None, []
    if needs_distance(request, service.mode):
        consumer: dict[str, Any] = {
            "age": int(request["age"]) if request.get("age") else None,
            "funding": request.get("funding") or None,
            "population": request.get("population") or None,
        }
        answer = access.ask(
            network,
            policy,
            service,
            origin or origin_of(request, index),
            on.isoformat(),
            county_of_eligibility=request.get("county_fips") or None,
            **consumer,
        ).to_dict()
        most = int(policy.value("nearest_outside_count", on))
        beyond = _beyond(network.offerings(service.key), answer, on, consumer, most)
    npi = request.get("requester_npi")
    standing = standing_of(
        network.offerings_of_npi(npi) if npi else (),
        service.key,
        on,
        site_zip=request.get("site_zip", ""),
        taxonomy=request.get("taxonomy", ""),
    )
    return determine(
        request,
        answer,
        policy=policy,
        on=on,
        standing=standing,
        contacts=contacts,
        clocks=clocks,
        beyond=beyond,
        is_demo=network.meta.is_demo,
    )


def _beyond(
    offerings: Sequence[Offering], answer: Mapping[str, Any], on: date, consumer: Mapping[str, Any], most: int
) -> list[dict[str, Any]]:
    """The counted sites that are within for no point of the place: so many, nearest to its reference point first.

    Chords put the sites in order, and only those that can be among the nearest are tested and measured.
    """
    within = {site["site_id"] for site in answer["sites"]}
    origin = answer["origin"]
    here = to_ecef(origin["lon"], origin["lat"])
    near = sorted(
        (math.dist(here, to_ecef(each.lon, each.lat)), place)
        for place, each in enumerate(offerings)
        if each.lon is not None and each.lat is not None and each.site_id not in within
    )
    found: dict[str, tuple[float, str]] = {}
    reach_m = math.inf
    for chord_m, place in near:
        if chord_m > reach_m:
            break
        each = offerings[place]
        if each.site_id not in found and not access.counts_for_gap(each, on.isoformat(), **consumer):
            far = miles(origin["lon"], origin["lat"], each.lon or 0.0, each.lat or 0.0)
            found[each.site_id] = (far, each.site_id)
            if len(found) == most:
                reach_m = rival_chord_m(chord_m)
    return [{"site_id": site, "distance_mi": far} for far, site in sorted(found.values())[:most]]


def origin_of(request: Mapping[str, str], index: Path | str | None = None) -> Place:
    """Place the consumer; without a consumer, the requester's site.

    Raises
    ------
    UsageError
        The request says neither where the consumer nor where the requester's site is.
    """
    has_consumer = bool(request.get("consumer_ref")) and not names_nobody(request["consumer_ref"])
    prefixes = ("", "site_") if has_consumer else ("site_", "")
    for prefix in prefixes:
        for kind in _PLACES:
            text = request.get(f"{prefix}{kind}")
            if text:
                return _located(kind, text, index)
    raise UsageError("the request says no place: give the consumer's, or without a consumer the requester's site.")


def _located(kind: str, text: str, index: Path | str | None) -> Place:
    """A place from how it is written."""
    if kind == "zip":
        return locate_zip(text)
    return locate_point(*parse_lat_lon(text)) if kind == "point" else locate_address(text, index)


def decide_again(network: NetworkFile, policy: Policy) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Give what `record.verify` asks for: a function that decides a record anew on a network.

    The place is the one the record names, so that no address index is needed; the calls are those it kept.
    """

    def again(record: Mapping[str, Any]) -> dict[str, Any]:
        request = record["request"]
        contacts = [contact_of(entry, request["service_key"]) for entry in record["contact_log"]]
        return determine_on(
            network,
            policy,
            request,
            on=date.fromisoformat(record["decided_on"]),
            contacts=contacts,
            clocks=record["clocks"],
            origin=_origin_again(record),
        ).to_draft()

    return again


def _origin_again(record: Mapping[str, Any]) -> Place | None:
    """The place of a record: an address that was placed as a point stands where it stood then."""
    origin = record["origin"]
    if origin is None or origin["given"] != "address":
        return None
    codes = [caution["code"] for caution in record["answer"]["cautions"]]
    placed = tuple(code for code in codes if code == "no_address_index" or code.startswith("address_"))
    if origin["kind"] != "point":
        place = replace(locate_zip(origin["zip5"]), given="address", source=origin["source"])
        return replace(place, cautions=(*place.cautions, *placed))
    return Place(
        given=origin["given"],
        kind=origin["kind"],
        lon=origin["lon"],
        lat=origin["lat"],
        precision=origin["precision"],
        uncertainty_mi=origin["uncertainty_mi"],
        zip5=origin["zip5"],
        zcta=origin["zcta"],
        state=None,
        county_fips=origin["county_fips"],
        counties=tuple(origin["counties"]),
        area=None,
        mailing=False,
        source=origin["source"],
        cautions=placed,
    )
