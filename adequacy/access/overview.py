"""Who can reach the services of a plan by its gap test: people within the limit, undetermined and beyond it.

The same definitions as one request (what counts, the limit of the day, services that travel), asked for every Census
block group of the plan's counties at once. It knows no consumer: roster and Census are all it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adequacy import reference
from adequacy.access.counting import TRAVELS, counts_for_gap
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from adequacy.network import NetworkFile
    from adequacy.network.file import Offering
    from adequacy.policy import Policy

    Flags = NDArray[np.bool_]

__all__ = ["SCHEMA", "plan_overview"]

SCHEMA = "adequacy.overview/1"


def plan_overview(
    network: NetworkFile,
    policy: Policy,
    *,
    on: str,
    services: Iterable[str] | None = None,
    counties: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Measure how many people of the plan's counties live within the limit of a counted site, service by service.

    Parameters
    ----------
    network : NetworkFile
        Whose sites count.
    policy : Policy
        The limit of the day, and the counties the plan serves.
    on : str
        ISO day.
    services : iterable of str, optional
        Service keys; every service of the network except inpatient ones if not given.
    counties : sequence of str, optional
        Names of the plan's counties, or FIPS codes; the plan's counties of that day if not given.

    Returns
    -------
    dict
        ``schema, plan, as_of, standard, network, policy, data, counties, services``. Each service has its counted
        ``sites``, ``providers`` (number), ``counties`` (people, within, undetermined, beyond, providers), ``zips`` with
        people beyond, and ``sole``: sites that are the only one within the limit for some people. People are Census
        2020 block groups at their centre of population; miles are geodesic.
    """
    day = date.fromisoformat(on)
    standard = policy.radius(day)
    if standard.limit_mi is None:
        raise UsageError(f"{standard.id}: the rule has no single limit in miles, so the plan cannot be measured by it.")
    limit_mi = standard.limit_mi
    places = policy.counties(day) if counties is None else tuple(_code(each, policy, day) for each in counties)
    people = _people(places)
    known = set(network.service_keys())
    wanted = services if services is not None else (each.key for each in policy.services if each.key in known)
    by_service: dict[str, list[Offering]] = {}
    for offering in network.offerings():
        by_service.setdefault(offering.service_key, []).append(offering)
    asked = [policy.services[key] for key in wanted]
    measured = [
        _Service(service, by_service.get(service.key, []), people, places, on, limit_mi).row()
        for service in asked
        if services is not None or service.mode != "inpatient"
    ]
    return {
        "schema": SCHEMA,
        "plan": policy.plan.name,
        "as_of": on,
        "standard": {
            "id": standard.id,
            "limit_mi": limit_mi,
            "source": standard.source,
            "source_reviewed": standard.source_reviewed,
        },
        "network": {
            "name": network.meta.name,
            "roster_date": network.meta.roster_date,
            "sha256": network.meta.sha256,
            "is_demo": network.meta.is_demo,
            "defaults": list(network.meta.defaults),
        },
        "policy": {"sha256": policy.sha256, "overridden": list(policy.overridden)},
        "data": reference.vintages(),
        "small_cell_max": int(policy.value("small_cell_max", day)),
        "counties": [
            {
                "county_fips": code,
                "county": _county(code),
                "people": int(people[people["county_fips"] == code]["people"].sum()),
            }
            for code in places
        ],
        "services": measured,
    }


def _people(counties: Sequence[str]) -> pd.DataFrame:
    """Block groups of the counties: where people live, and how many."""
    frame = reference.people_frame(counties)
    return frame[(frame["source"] == "block_group") & (frame["people"] > 0)].reset_index(drop=True)


def _code(text: str, policy: Policy, day: date) -> str:
    """A county given by FIPS code, or by its name among the plan's."""
    for code in policy.counties(day):
        if text.casefold().removesuffix(" county") == _county(code).casefold():
            return code
    if reference.find_county(text) is None:
        raise UsageError(
            f"{text}: neither a county of the plan nor a five-digit county code. Example: Harnett or 37085."
        )
    return text


@lru_cache(maxsize=256)
def _county(county_fips: str) -> str:
    """Name of a county."""
    county = reference.find_county(county_fips)
    return county.name if county else county_fips


@dataclass
class _Service:
    """One service, measured for all people."""

    service: Any
    offerings: list[Offering]
    people: pd.DataFrame
    counties: tuple[str, ...]
    on: str
    limit_mi: float

    def row(self) -> dict[str, Any]:
        """Everything the report says of it."""
        import numpy as np

        count = len(self.people)
        self.home = self.people["county_fips"].to_numpy(dtype=object)
        self.zcta = self.people["zcta"].to_numpy(dtype=object)
        self.sure, self.perhaps = np.zeros(count, bool), np.zeros(count, bool)
        self.sole: dict[str, int] = {}
        self.counted: dict[str, Offering] = {}
        self.agencies: set[tuple[str, str]] = set()
        if self.service.mode in TRAVELS:
            for county in self.counties:
                self._measure(self.home == county, [county])
        else:
            self._measure(np.ones(count, bool), None)
        return {
            "service": self.service.key,
            "name": self.service.name,
            "mode": self.service.mode,
            "providers": len({provider for provider, _ in self.agencies}),
            "sites": [_site(offering) for offering in self.counted.values()],
            "counties": [self._county(code) for code in self.counties],
            "zips": self._zips(),
            "sole": self._sole(),
        }

    def _counting(self, counties: list[str] | None) -> list[Offering]:
        """Offerings that count for people of these counties."""
        return [o for o in self.offerings if not counts_for_gap(o, self.on, counties=counties)]

    def _measure(self, mine: Flags, counties: list[str] | None) -> None:
        """Decide for some of the people by the sites that count for them."""
        import numpy as np

        from adequacy.access.bulk import SiteIndex

        sites: dict[str, Offering] = {}
        for offering in self._counting(counties):
            sites.setdefault(offering.site_id, offering)
            self.agencies.add((offering.provider_id, offering.county_fips))
        self.counted |= sites
        if not sites:
            return
        rows = list(sites.values())
        index = SiteIndex(
            [o.lon or 0.0 for o in rows],
            [o.lat or 0.0 for o in rows],
            uncertainty_mi=[o.uncertainty_mi or 0.0 for o in rows],
        )
        lon, lat = self.people["lon"].to_numpy()[mine], self.people["lat"].to_numpy()[mine]
        self.sure[mine] = index.covered(lon, lat, limit_mi=self.limit_mi, edge="high")
        many = index.count_within(lon, lat, limit_mi=self.limit_mi, edge="low")
        self.perhaps[mine] = many > 0
        lone = np.flatnonzero(many == 1)
        people = self.people["people"].to_numpy()[mine]
        found = index.sites_within(lon[lone], lat[lone], limit_mi=self.limit_mi, edge="low")
        for at, row in zip(lone.tolist(), found.row.tolist(), strict=True):
            site = rows[row].site_id
            self.sole[site] = self.sole.get(site, 0) + int(people[at])

    def _split(self, chosen: Flags) -> dict[str, int]:
        people = self.people["people"].to_numpy()
        within = int(people[chosen & self.sure].sum())
        undetermined = int(people[chosen & self.perhaps & ~self.sure].sum())
        total = int(people[chosen].sum())
        return {
            "people": total,
            "within": within,
            "undetermined": undetermined,
            "beyond": total - within - undetermined,
        }

    def _county(self, code: str) -> dict[str, Any]:
        providers = {provider for provider, county in self.agencies if county == code}
        return {
            "county_fips": code,
            "county": _county(code),
            **self._split(self.home == code),
            "providers": len(providers),
        }

    def _zips(self) -> list[dict[str, Any]]:
        """ZIP areas with people beyond the limit, most people first."""
        out = []
        open_to = ~self.perhaps
        for county, zcta in sorted(set(zip(self.home[open_to], self.zcta[open_to], strict=True))):
            here = (self.home == county) & (self.zcta == zcta)
            out.append({"zcta": zcta, "county_fips": county, "county": _county(county), **self._split(here)})
        return sorted(out, key=lambda row: (-row["beyond"], row["zcta"], row["county_fips"]))

    def _sole(self) -> list[dict[str, Any]]:
        """Sites without which some people would have none within the limit, most people first."""
        rows = [_site(self.counted[site]) | {"people": people} for site, people in self.sole.items()]
        return sorted(rows, key=lambda row: (-row["people"], row["site_id"]))


def _site(offering: Offering) -> dict[str, Any]:
    return {
        "site_id": offering.site_id,
        "provider": offering.provider_name,
        "name": offering.site_name or offering.provider_name,
        "city": offering.city,
        "county_fips": offering.county_fips,
        "phone": offering.phone,
        "lon": offering.lon,
        "lat": offering.lat,
    }
