"""The policy in force on a date: the plan's radius, its settings, its counties, its services.

Everything is asked with a date and answers from that day's version, or says that none is in force and when the first
begins. Rows for requests (decision table, clocks, letters) and for whole-plan measures (schemes) are read from their
own compiled files when first asked for, so that one ordinary check reads one small file. Standard library only.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.errors import NoStandardInForce, PolicyError, UsageError
from adequacy.policy.catalogue import Catalogue
from adequacy.policy.model import CONFIDENCE, PlanProfile, Service, Setting, Standard, in_force

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from adequacy.policy.records import (
        CatchmentCounty,
        Clock,
        ClosedDay,
        ClosedReview,
        CountyClass,
        CredentialingRule,
        DecisionRow,
        EventRule,
        Letter,
        Outcome,
        RoadClass,
        Ruleset,
        Scheme,
    )

__all__ = ["Policy", "load_policy"]

COMPILED = Path(__file__).parent / "compiled"
PARTS = ("core", "requests", "standards", "tables")


class _Parts:
    """The compiled form in its four parts, each read when first asked for."""

    def __init__(self, loaded: Mapping[str, Any] | None = None) -> None:
        self._loaded: dict[str, Any] = dict(loaded or {})

    def __getitem__(self, part: str) -> Any:
        if part not in self._loaded:
            path = COMPILED / f"{part}.json"
            try:
                self._loaded[part] = json.loads(path.read_bytes())
            except (OSError, ValueError) as error:
                raise PolicyError(
                    f"policy/compiled/{part}.json cannot be read ({type(error).__name__}). "
                    "Install adequacy again, or rebuild it with: python -m adequacy.policy"
                ) from error
        return self._loaded[part]


def load_policy(plan: str = "alliance", overlay: Path | None = None) -> Policy:
    """Load the policy of a plan.

    Without an overlay the compiled form answers, in a few milliseconds. With one, all shipped and overlaid files are
    read and checked anew, which takes longer and needs YAML and pydantic.

    Parameters
    ----------
    plan : str
        Name of a plan profile: a file in ``plans/``.
    overlay : Path, optional
        A folder of the plan's own dated files, with the same relative paths as the shipped ones; entries found there
        replace the shipped entries of the same name, others are added.

    Returns
    -------
    Policy

    Raises
    ------
    UsageError
        There is no such plan profile.
    PolicyError
        A file is wrong; the message names file, entry, key and fix, all faults of the file at once.

    Examples
    --------
    >>> from datetime import date
    >>> policy = load_policy()
    >>> policy.radius(date(2026, 11, 23)).limit_mi
    30.0
    """
    parts, overridden = _Parts(), tuple[str, ...]()
    if overlay is not None:
        from adequacy.policy.loader import read_policy  # heavy: only for a plan's own files

        loaded, overridden = read_policy(overlay)
        parts = _Parts(loaded)
    known = parts["core"]["plans"]
    if plan not in known:
        raise UsageError(f"No plan profile is named {plan!r}. Known: {', '.join(sorted(known))}.")
    return Policy(plan, parts, overridden)


class Policy:
    """The rules of one plan, by date. Made by ``load_policy``.

    Attributes
    ----------
    plan : PlanProfile
    overridden : tuple of str
        What an overlay replaced or added, as ``file: entry``; empty for the shipped policy.
    sha256 : str
        Hash of the whole policy's content, independent of layout and line ends.
    """

    def __init__(self, plan: str, parts: _Parts, overridden: tuple[str, ...]) -> None:
        self._parts = parts
        core = parts["core"]
        self._core = core
        self.overridden = overridden
        self.sha256: str = core["sha256"]
        self.plan = _profile(plan, core["plans"][plan])

    def __repr__(self) -> str:
        return f"<Policy {self.plan.key} {self.sha256[:12]}, {len(self.overridden)} overridden>"

    @cached_property
    def services(self) -> Catalogue:
        """The service catalogue."""
        services = tuple(_service(row) for row in self._core["services"])
        return Catalogue(services, self._core["words"])

    def radius(self, on: date) -> Standard:
        """Give the plan's out-of-network radius rule in force on a date.

        Raises
        ------
        NoStandardInForce
            The plan has no such rule, or none yet on that date; the message names the first date.
        """
        name = self.plan.radius_standard
        if not name:
            raise NoStandardInForce(
                f"{self.plan.name} has no radius rule: {self.plan.no_radius_reason}. Choose another plan with --plan, "
                "give a limit for this question with --limit-mi, or add the rule in the plan's own policy folder."
            )
        return standard_on(name, self._core["radius"][name], on)

    def setting(self, name: str, on: date) -> Setting:
        """Give a dated setting with its unit and source. ``PolicyError`` if there is none of that name."""
        try:
            entry = self._core["settings"][name]
        except KeyError:
            raise PolicyError(
                f"settings.yaml has no entry {name!r}: add it with value, unit, date and source."
            ) from None
        version = in_force(entry["values"], on.isoformat())
        if version is None:
            raise _none_in_force(f"settings.yaml: {name}", entry["values"], on)
        value = version["value"]
        return Setting(
            name=name,
            value=tuple(value) if isinstance(value, list) else value,
            unit=entry["unit"],
            from_date=version["from"],
            confidence=entry["confidence"],
            source=entry["source"],
            description=entry["description"],
            note=entry["note"],
        )

    def value(self, name: str, on: date) -> Any:
        """Give the value of a dated setting: a number, a switch, a word, or a tuple; its unit is in its name."""
        return self.setting(name, on).value

    @property
    def setting_names(self) -> tuple[str, ...]:
        """The names of all settings, in order."""
        return tuple(self._core["settings"])

    def catchment(self, on: date) -> tuple[CatchmentCounty, ...]:
        """List the counties the plan serves on a date, with dates and sources; empty for a plan of whole states."""
        from adequacy.policy.records import CatchmentCounty

        day = on.isoformat()
        rows = self._core["catchment"].get(self.plan.key, [])
        return tuple(
            CatchmentCounty(fips, county, start, end, CONFIDENCE[mark], joined, source)
            for fips, county, start, end, mark, joined, source in rows
            if start <= day and (not end or day <= end)
        )

    def counties(self, on: date) -> tuple[str, ...]:
        """List the FIPS codes of the counties the plan serves on a date; empty for a plan of whole states."""
        day = on.isoformat()
        rows = self._core["catchment"].get(self.plan.key, [])
        # the rows themselves, not records: an ordinary question asks this
        return tuple(row[0] for row in rows if row[2] <= day and (not row[3] or day <= row[3]))

    def serves(self, county_fips: str, on: date) -> bool:
        """Whether the plan serves a county on a date: listed by date, or in one of its states."""
        if self.plan.catchment == "states":
            return county_fips[:2] in self.plan.states.values()
        return county_fips in self.counties(on)

    def later_text_known(self, on: date) -> str | None:
        """Say that a later published rule text is known but not active; None where there is none.

        Every record and letter carries it until the plan's own policy makes that text active or drops it.
        """
        rulesets = self._core["rulesets"]
        current = self._active(on)
        for key in reversed(self.plan.rulesets):
            later = rulesets[key]
            if current and not later["active"] and later["effective_from"] > current["effective_from"]:
                return (
                    f"A later published rule text ({later['effective_from'][:7]}: {later['title']}) is known and not "
                    f"active; the text of {current['effective_from']} decides until the plan's policy says otherwise."
                )
        return None

    def _active(self, on: date) -> dict[str, Any] | None:
        """Give the compiled entry of the active ruleset on a date, with its key."""
        day, found = on.isoformat(), None
        for key in self.plan.rulesets:
            entry = self._core["rulesets"][key]
            if entry["active"] and entry["effective_from"] <= day:
                found = {"id": key, **entry}
        return found

    def ruleset(self, on: date) -> Ruleset:
        """Give the ruleset that decides a request received on a date.

        Raises
        ------
        NoStandardInForce
            The plan has no ruleset, or none was active yet on that date.
        """
        from adequacy.policy.records import Ruleset

        found = self._active(on)
        if found is not None:
            return Ruleset.from_entry(found["id"], found)
        active = [self._core["rulesets"][key] for key in self.plan.rulesets if self._core["rulesets"][key]["active"]]
        if not active:
            raise NoStandardInForce(
                f"plans/{self.plan.key}.yaml names no active ruleset: its requests are not decided here."
            )
        raise _none_in_force("rulesets.yaml: the rules for requests", [{"from": active[0]["effective_from"]}], on)

    @property
    def rulesets(self) -> tuple[Ruleset, ...]:
        """All rulesets of the plan, oldest first: the active ones and those that are only documented."""
        from adequacy.policy.records import Ruleset

        return tuple(Ruleset.from_entry(key, self._core["rulesets"][key]) for key in self.plan.rulesets)

    def decision_rows(self, ruleset: Ruleset | str) -> tuple[DecisionRow, ...]:
        """List the decision table of a ruleset in its order; the first match wins."""
        from adequacy.policy.records import DecisionRow

        key = ruleset if isinstance(ruleset, str) else ruleset.id
        return tuple(DecisionRow.from_row(row) for row in self._parts["requests"]["decisions"].get(key, []))

    def clocks(self, on: date) -> dict[str, Clock]:
        """Give the plan's clocks in force on a date by name; those switched off are left out."""
        from adequacy.policy.records import Clock

        day = on.isoformat()
        clocks = (Clock.from_row(row) for row in self._parts["requests"]["clocks"] if row["plan"] == self.plan.key)
        return {
            c.clock: c for c in clocks if c.is_active and c.from_date <= day and (not c.to_date or day <= c.to_date)
        }

    @cached_property
    def closed_days(self) -> tuple[ClosedDay, ...]:
        """The days the plan's office is closed, besides weekends, in order."""
        from adequacy.policy.records import ClosedDay

        rows = self._parts["requests"]["closed_days"].get(self.plan.closed_days, [])
        return tuple(ClosedDay(day, name, CONFIDENCE[mark], source) for day, name, mark, source in rows)

    @property
    def closed_years(self) -> tuple[int, ...]:
        """The years whose closed days are known; outside them an "act by" date knows weekends only."""
        return tuple(sorted({int(day.date[:4]) for day in self.closed_days}))

    def needs(self, on: date) -> dict[str, str]:
        """Give the services on the plan's posted needs list on a date, by key, with the source of each.

        The shipped list is empty: the list is known to exist since the text of 2025-12, its content is not. A plan that
        has made that text active lays its own list over.
        """
        day = on.isoformat()
        rows = (row for row in self._parts["requests"]["needs"] if row["plan"] == self.plan.key)
        return {
            row["service_key"]: row["source"]
            for row in rows
            if row["from"] <= day and (not row["to"] or day <= row["to"])
        }

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """The outcomes of the decision table by name: state, what answers the request, words for staff."""
        from adequacy.policy.records import Outcome

        return {row["outcome"]: Outcome.from_row(row) for row in self._parts["requests"]["outcomes"]}

    @cached_property
    def events(self) -> dict[str, EventRule]:
        """The events of a request by name, with the states in which each is allowed."""
        from adequacy.policy.records import EventRule

        return {row["event"]: EventRule.from_row(row) for row in self._parts["requests"]["events"]}

    def credentialing(self, decision: str, enrolment: str) -> CredentialingRule:
        """Give what follows from a credentialing decision and what is known of the enrolment.

        Raises
        ------
        PolicyError
            ``credentialing.csv`` has no row for the two.
        """
        from adequacy.policy.records import CredentialingRule

        for row in self._parts["requests"]["credentialing"]:
            if row["decision"] == decision and row["enrolment"] in ("*", enrolment):
                return CredentialingRule.from_row(row)
        raise PolicyError(f"credentialing.csv has no row for {decision} and {enrolment}: add it with its source.")

    def closed_review(self, service_key: str, on: date) -> ClosedReview | None:
        """Give the plan's recorded legal review of a service in force on a date; None where there is none."""
        from adequacy.policy.records import ClosedReview

        day = on.isoformat()
        for row in self._parts["requests"]["closed_reviews"]:
            ours = row["plan"] == self.plan.key and row["service_key"] == service_key
            if ours and row["from"] <= day and (not row["to"] or day <= row["to"]):
                mark = CONFIDENCE[row["confidence"]]
                return ClosedReview(service_key, row["from"], row["is_closed"], row["by"], mark, row["source"])
        return None

    @cached_property
    def letters(self) -> dict[str, Letter]:
        """The letter catalogue by code."""
        from adequacy.policy.records import Letter

        return {row["letter"]: Letter.from_row(row) for row in self._parts["requests"]["letters"]}

    @property
    def scheme_names(self) -> tuple[str, ...]:
        """The names of all schemes of standards."""
        return tuple(self._parts["standards"]["schemes"])

    def scheme(self, name: str) -> Scheme:
        """Give a scheme of standards. ``UsageError`` if there is none of that name."""
        from adequacy.policy.records import Scheme

        schemes = self._parts["standards"]["schemes"]
        if name not in schemes:
            raise UsageError(f"No scheme is named {name!r}. Known: {', '.join(schemes)}.")
        return Scheme(name, schemes[name], self._parts)

    def standard(self, name: str, on: date) -> Standard:
        """Give one standard by ``scheme.entry`` in force on a date.

        Raises
        ------
        UsageError
            There is no such standard.
        NoStandardInForce
            It is not in force on that date; the message names the first date.
        """
        scheme, _, key = name.partition(".")
        standards = self._parts["standards"]["schemes"].get(scheme, {}).get("standards", {})
        if key not in standards:
            raise UsageError(f"No standard is named {name!r}. 'adequacy standards' lists all.")
        return standard_on(name, standards[key], on)

    @cached_property
    def road_classes(self) -> tuple[RoadClass, ...]:
        """The classes of street a car is driven on, with the speeds the plan gives them."""
        from adequacy.policy.records import RoadClass

        return tuple(RoadClass.from_row(row) for row in self._parts["tables"]["road_classes"])

    def county_class(self, county_fips: str, on: date) -> CountyClass | None:
        """Give a county's class (urban or rural) by the dated list; None where the list does not name it that day."""
        from adequacy.policy.records import CountyClass

        day = on.isoformat()
        for area_class, start, end, mark, source in self._parts["standards"]["county_class"].get(county_fips, []):
            if start <= day and (not end or day <= end):
                return CountyClass(county_fips, area_class, start, end, CONFIDENCE[mark], source)
        return None


def _none_in_force(what: str, versions: list[dict[str, Any]], on: date) -> NoStandardInForce:
    """Say that nothing applies on a date, naming the first and the last day."""
    first, end = versions[0]["from"], versions[-1].get("to")
    span = f"it ended on {end}" if end and on.isoformat() > end else f"its first begins {first}"
    return NoStandardInForce(
        f"{what} has no value in force on {on.isoformat()}; {span}. "
        "Check the date, or add that day's value with its citation in the plan's own policy folder."
    )


def standard_on(name: str, entry: Mapping[str, Any], on: date) -> Standard:
    """Make the standard in force on a date from its compiled entry; ``NoStandardInForce`` if none is."""
    scheme, _, key = name.partition(".")
    version = in_force(entry["values"], on.isoformat())
    if version is None:
        raise _none_in_force(f"standards/{scheme}.yaml: {key}", entry["values"], on)
    fixed: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items() if k != "values"}
    numbers: dict[str, Any] = {k: version.get(k) for k in _NUMBERS}
    return Standard(id=name, scheme=scheme, from_date=version["from"], **fixed, **numbers)


_NUMBERS = (
    "limit_mi",
    "urban_mi",
    "rural_mi",
    "urban_min",
    "rural_min",
    "min_providers",
    "required_pct",
    "per_people",
)


def _profile(key: str, entry: Mapping[str, Any]) -> PlanProfile:
    """Make a plan profile from its compiled entry."""
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    fields["practitioner_types"] = tuple(tuple(row) for row in entry["practitioner_types"])
    return PlanProfile(key=key, **fields)


def _service(row: list[Any]) -> Service:
    """Make a service from its compiled row, whose order is that of the fields."""
    cells: list[Any] = [tuple(cell) if isinstance(cell, list) else cell for cell in row]
    return Service(*cells)
