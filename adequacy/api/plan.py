"""The whole plan against standards: who the people are, and what the measure says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.clocks import read_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas

    from adequacy.api.network import Network
    from adequacy.compliance import Measured
    from adequacy.roads import RoadNetwork

__all__ = ["census_people", "measure"]


def census_people(counties: Iterable[str] | None = None) -> pandas.DataFrame:
    """List where people live by the 2020 Census, one row per block group; see `adequacy.compliance.census_people`."""
    from adequacy.compliance import census_people

    return census_people(counties)


def measure(
    net: Network,
    *,
    scheme: str,
    people: Any = None,
    as_of: str | None = None,
    services: Iterable[str] | None = None,
    compare: Network | None = None,
    roads: str | Path | RoadNetwork | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Measured:
    """Measure a network against a scheme of standards.

    Parameters
    ----------
    net : Network
        Whose sites count, with the plan's rules.
    scheme : str
        Such as ``nc_tailored_plan`` or ``alliance_oon``; ``adequacy standards`` lists them.
    people : DataFrame, GeoDataFrame or People, optional
        Who must be reached: ``census_people(counties=[...])``, or a table with ``lon`` and ``lat`` (or point geometry),
        optional ``people``, ``age``, ``county_fips``. The Census people of the plan's counties if not given.
    as_of : str, optional
        Day asked about, ISO text; the roster date if not given.
    services : iterable of str, optional
        Only these services.
    compare : Network, optional
        Another network: what it changes stands in ``.changes``.
    roads : path or RoadNetwork, optional
        Streets, by which standards that speak of minutes are decided (``adequacy roads build``, `open_roads`).
    progress : callable, optional
        Called with standards done and standards in all.

    Returns
    -------
    Measured
        ``.by_county``, ``.by_region``, ``.gaps``, ``.single_cover`` (DataFrames), ``.counties(service)``
        (GeoDataFrame), ``.about`` (where every number comes from).

    Examples
    --------
    >>> from adequacy.api import demo_network
    >>> out = measure(demo_network(), scheme="alliance_oon", people=census_people(["Harnett"]), services=["saiop"])
    >>> out.by_county.loc[0, "county"], int(out.by_county.loc[0, "people_within"])
    ('Harnett', 133568)
    """
    from adequacy.compliance import measure_plan

    day = as_of or net.file.meta.roster_date
    if people is None:
        people = census_people(net.policy.counties(read_date(day)) or None)
    other = compare.file if compare else None
    from adequacy.roads import open_roads

    streets = open_roads(roads) if isinstance(roads, (str, Path)) else roads
    return measure_plan(
        net.file,
        net.policy,
        scheme,
        people,
        on=day,
        services=services,
        compare=other,
        roads=streets,
        progress=progress,
    )
