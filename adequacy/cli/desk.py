"""What the commands on requests share: the casebook, the day, the eligibility file."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.cli.check import configured_index, configured_policy
from adequacy.cli.settings import setting
from adequacy.clocks import read_date
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adequacy.api import Network
    from adequacy.casebook import Casebook
    from adequacy.casebook.process import Case
    from adequacy.network import NetworkFile
    from adequacy.policy import Policy

__all__ = [
    "books_policy",
    "configured_index",
    "day_at_plan",
    "decide",
    "given_facts",
    "letter_names",
    "moment",
    "moment_told",
    "now",
    "open_book",
    "opened",
    "requests_of",
    "show",
    "sites_by_service",
    "warn_of_the_future",
    "warn_of_the_order",
]


def now() -> datetime:
    """What the clock says; the only place where requests ask it."""
    return datetime.now(UTC)


#: The rules that requests are decided by are those of every command.
books_policy = configured_policy


def open_book(casebook: str | None, rules: Policy, *, create: bool = False) -> Casebook:
    """Open the casebook that flag, environment or settings file name; else the user's own file.

    A book that somebody named must be there, unless the command begins one: a slip in the name would else answer
    from an empty book. The user's own file is made when it is first asked for.
    """
    from adequacy.casebook import open_casebook

    named = setting("casebook", casebook).value
    return open_casebook(named or _usual_book(), rules, create=create or not named)


def _usual_book() -> Path:
    """The user's own casebook, in the data folder of the system."""
    from platformdirs import user_data_path

    return user_data_path("adequacy", appauthor=False) / "casebook.sqlite"


def given_facts(given: dict[str, Any], policy: Policy) -> dict[str, str]:
    """The facts of the options; place, age and county of a member from the plan's own eligibility file."""
    facts = {name: str(value) for name, value in given.items() if value not in (None, False, "")}
    for name in ("urgent", "in_treatment"):
        if name in facts:
            facts[name] = "Y"
    member, members = facts.pop("member", None), facts.pop("members", None)
    if facts.get("address") == "-":
        facts["address"] = sys.stdin.readline().strip()
    return facts | _member_facts(member, members, facts, policy) if member or members else facts


def _member_facts(member: str | None, members: str | None, facts: dict[str, str], policy: Policy) -> dict[str, str]:
    """What the eligibility file says of a member on the day of receipt."""
    from adequacy.clocks import read_instant, zone_named

    if not member or not members:
        raise UsageError("--member and --members FILE go together.")
    _require_said_once(facts)
    from adequacy.intake import read_member

    received = read_instant(facts["received"], zone_named(policy.plan.timezone)).date().isoformat()
    known = read_member(Path(members), member, received).as_question(configured_index())
    found = {"consumer_ref": member, "consumer_verified": "Y", "eligible_on": received}
    if known.get("lon") is not None:
        found["point"] = f"{known['lat']},{known['lon']}"
    else:
        found |= {name: known[key] for name, key in (("address", "address"), ("zip", "zip5")) if known.get(key)}
    if known["age"] is not None:
        found["age"] = str(known["age"])
    if known["county_of_eligibility"]:
        found["county_fips"] = known["county_of_eligibility"]
    return found


def _require_said_once(facts: dict[str, str]) -> None:
    """Refuse what the eligibility file says already, and a request without the day on which it is asked."""
    if "received" not in facts:
        raise UsageError("--received is missing: a member is looked up on the day of receipt.")
    for name, what in _BY_THE_FILE.items():
        if name in facts:
            raise UsageError(f"--member brings {what}: leave --{name.replace('_', '-')} out.")


_BY_THE_FILE = {
    "consumer_ref": "the reference",
    "zip": "the place",
    "point": "the place",
    "address": "the place",
    "age": "the age",
    "county_fips": "the county",
}


def decide(
    book: Casebook, net: Network, request_id: str, as_of: str | None, at: datetime | None, by: str = ""
) -> dict[str, Any]:
    """Decide a request on the network of a day and give its record."""
    from adequacy.determination.asking import determine_on

    on = _day_of_decision(as_of, at or now(), net)
    index = configured_index()
    return book.decide(
        request_id,
        lambda case, contacts: determine_on(
            net.file,
            book.policy,
            case.request,
            on=on,
            contacts=contacts,
            clocks=[clock.to_dict() for clock in case.clocks],
            index=index,
        ).to_draft(),
        now=now(),
        at=at,
        by=by,
    )


def _day_of_decision(as_of: str | None, at: datetime, net: Network) -> date:
    """The day named, else that of the decision at the plan; for the demo its roster date, so that it does not age."""
    meta = net.file.meta
    return read_date(as_of or (meta.roster_date if meta.is_demo else day_at_plan(at, net.policy)))


def day_at_plan(at: datetime, policy: Policy) -> str:
    """The day of a moment in the plan's time zone."""
    from adequacy.clocks import zone_named

    return at.astimezone(zone_named(policy.plan.timezone)).date().isoformat()


def letter_names(policy: Policy) -> dict[str, str]:
    """The names of the letters by code."""
    return {code: letter.name for code, letter in policy.letters.items()}


def show(document: Any, page: str, output: str) -> None:
    """Print a document as JSON, or its page."""
    sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n" if output == "json" else page)


def requests_of(given: dict[str, Any], file: str | None, policy: Policy) -> list[dict[str, str]]:
    """The requests of a form, or the one of the options."""
    from adequacy.casebook.forms import read_form, read_request

    if file is None:
        return [read_request(given_facts(given, policy), policy, index=configured_index())]
    if any(value not in (None, False) for value in given.values()):
        raise UsageError("--file gives whole requests: leave the other options out.")
    return read_form(Path(file), policy, index=configured_index())


def warn_of_the_future(requests: list[dict[str, str]]) -> None:
    """Say on stderr if a request was received later than now: a typing error, or a wrong clock."""
    late = [request for request in requests if datetime.fromisoformat(request["received"]) > now()]
    if late:
        sys.stderr.write(
            f"Received in the future by this computer's clock: {len(late)} of {len(requests)}. Check it.\n"
        )


def moment_told(text: str | None, policy: Policy) -> datetime:
    """When something happened: as told, else now; said on stderr if it lies in the future."""
    at = moment(text, policy)
    if at > now():
        sys.stderr.write("--at lies in the future by this computer's clock. Check it; correct with a new event.\n")
    return at


def warn_of_the_order(case: Case, policy: Policy) -> None:
    """Say on stderr if something left, by the moment that was told, before the person confirmed it."""
    last = case.events[-1]
    confirmed = next((event.at for event in reversed(case.events) if event.name == "confirmed"), None)
    if policy.events[last.name].needs == "confirmed" and confirmed is not None and last.at < confirmed:
        sys.stderr.write(f"{last.name} lies before its confirmation, as told. Check --at of both.\n")


def opened(book: Casebook, ids: list[str]) -> tuple[Any, str]:
    """What opening prints: the ids, and nothing else on a page; which repeat an earlier request is said on stderr."""
    rows = [{"id": request_id, "duplicates_of": book.case(request_id).duplicates_of or None} for request_id in ids]
    for row in rows:
        if row["duplicates_of"]:
            sys.stderr.write(f"{row['id']} is a resubmission of {row['duplicates_of']}.\n")
    return (rows[0] if len(rows) == 1 else rows), "".join(f"{request_id}\n" for request_id in ids)


def moment(text: str | None, policy: Policy) -> datetime:
    """A moment in the plan's time zone; now where none is given."""
    from adequacy.clocks import read_instant, zone_named

    return read_instant(text, zone_named(policy.plan.timezone)) if text else now()


def sites_by_service(
    network: str | None, plan: str | None, policy: str | None, at: datetime, rules: Policy
) -> Callable[[str], dict[str, str]]:
    """Give what the configured roster of a day says of a service's sites: id to provider and name, once it is asked."""
    from adequacy.cli.check import open_configured

    def sites(service_key: str) -> dict[str, str]:
        with open_configured(network, plan, policy, day_at_plan(at, rules)) as net:
            return {
                each.site_id: ", ".join(dict.fromkeys(filter(None, (each.provider_name, each.site_name))))
                for each in net.file.offerings(service_key)
            }

    return sites


def network_of(record: dict[str, Any], network: str | None, plan: str | None, policy: str | None) -> Network:
    """The network to verify a record on: the one named, of a folder the one with the record's hash, else by its day."""
    from adequacy.api import Network as Opened
    from adequacy.cli.check import open_configured
    from adequacy.network import network_files, open_network

    place = Path(setting("network", network).value or "")
    named = record["network"] or {}
    plan = plan or record["policy"]["plan"]
    if place.is_dir() and place != Path():
        for file in network_files(place):
            found = open_network(file)
            if found.meta.sha256 == named.get("sha256"):
                return Opened(found, books_policy(plan, policy))
            found.close()
    return open_configured(network, plan, policy, record["decided_on"])


def record_of(
    file: str, casebook: str | None, plan: str | None, policy: str | None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A record from its file; of a request from the casebook, with what the book knows of it beyond the record."""
    from adequacy.casebook.view import book_view
    from adequacy.determination import read_record

    if Path(file).suffix.casefold() == ".json" or Path(file).exists():
        return read_record(Path(file)), None
    with open_book(casebook, books_policy(plan, policy)) as book:
        return book.record(file), book_view(book, file)


@contextmanager
def networks_by_day(
    network: str | None, plan: str | None, policy: str | None
) -> Iterator[Callable[[str], NetworkFile]]:
    """Give the network that answers for a day: of a folder the one of that day, each opened once, all closed after."""
    from functools import cache

    from adequacy.cli.check import open_configured

    opened: dict[Path, NetworkFile] = {}

    def open_on(day: str | None) -> NetworkFile:
        found = open_configured(network, plan, policy, day).file
        first = opened.setdefault(found.path, found)
        if first is not found:
            found.close()
        return first

    try:
        if Path(setting("network", network).value or "?").is_dir():
            yield cache(open_on)
        else:
            only = open_on(None)
            yield lambda day: only
    finally:
        for each in opened.values():
            each.close()
