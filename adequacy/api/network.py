"""An open network with its rules: questions about one place, about arrays of points, and about the whole plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy import access
from adequacy.api.answer import Answer
from adequacy.errors import UsageError
from adequacy.geocode import locate_address, locate_point, locate_zip
from adequacy.network import NetworkFile
from adequacy.network import open_network as open_file
from adequacy.policy import load_policy
from adequacy.reference.demo import demo_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    import folium
    import pandas
    from numpy.typing import ArrayLike

    from adequacy.access.points import ServicePoints
    from adequacy.geocode import Place
    from adequacy.policy import Policy

__all__ = ["Network", "demo_network", "locate", "open_network"]


class Network:
    """An open network with the rules that apply to it. Use it as a context manager, or close it.

    Parameters
    ----------
    file : NetworkFile
        An open network file.
    policy : Policy
        The plan's rules.
    """

    def __init__(self, file: NetworkFile, policy: Policy) -> None:
        self.file = file
        self.policy = policy
        self._asked: dict[Any, ServicePoints] = {}

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Network {self.file.meta.name} of {self.file.meta.roster_date}>"

    def close(self) -> None:
        """Close the network file."""
        self.file.close()

    def check(
        self,
        service: str,
        *,
        zip5: str | None = None,
        lon: float | None = None,
        lat: float | None = None,
        address: str | None = None,
        place: Place | None = None,
        as_of: str | None = None,
        age: int | None = None,
        funding: str | None = None,
        population: str | None = None,
        limit_mi: float | None = None,
        index: Path | None = None,
        county_of_eligibility: str | None = None,
    ) -> Answer:
        """Ask whether a contracted site of a service is within the limit of every point where the consumer may be.

        Parameters
        ----------
        service : str
            Key, staff term, abbreviation or code, in any case.
        zip5 : str, optional
            ZIP code (ZIP+4 is accepted): answered for its whole area.
        lon, lat : float, optional
            Decimal degrees, WGS 84.
        address : str, optional
            Street address with ZIP; placed by ``index`` where given, else by its ZIP. It never leaves this computer.
        place : Place, optional
            A place already located. Exactly one of ``zip5``, ``lon`` and ``lat``, ``address``, ``place`` is needed.
        as_of : str, optional
            Day asked about, ISO text; the roster date if not given, so that an answer can be repeated.
        age : int, optional
            Age of the consumer in years.
        funding : {"medicaid", "state"}, optional
            Who pays.
        population : str, optional
            A population word of the roster; one that nobody knows is refused.
        limit_mi : float, optional
            A limit in statute miles instead of the rule's.
        index : Path, optional
            Address points for ``address``.
        county_of_eligibility : str, optional
            County code from the eligibility file; outranks the county on the map.

        Returns
        -------
        Answer

        Raises
        ------
        UsageError
            A malformed ZIP, coordinate, date, age; a population that nobody knows; no place, or several.
        UnknownService
            No such service (suggestions in ``choices``), or several (``AmbiguousService``).
        NotDecidable
            The ZIP does not exist or is military, the point lies outside the US, no rule is in force on that day.
        """
        found = self.policy.services.find(service)
        where = place or locate(zip5=zip5, lon=lon, lat=lat, address=address, index=index)
        record = access.ask(
            self.file,
            self.policy,
            found,
            where,
            as_of or self.file.meta.roster_date,
            age=age,
            funding=funding,
            population=population,
            limit_mi=limit_mi,
            county_of_eligibility=county_of_eligibility,
        )
        return Answer(record)

    def nearest(
        self,
        service: str,
        points: Any = None,
        *,
        lon: ArrayLike | None = None,
        lat: ArrayLike | None = None,
        as_of: str | None = None,
        age: int | None = None,
        funding: str | None = None,
        population: str | None = None,
    ) -> Any:
        """Measure the miles from points to the nearest counted site of a service, however far.

        Parameters
        ----------
        service : str
            Key, staff term, abbreviation or code, in any case.
        points : GeoDataFrame, GeoSeries or DataFrame, optional
            Point geometry in any CRS, or columns ``lon`` and ``lat``; it is not changed.
        lon, lat : array_like, optional
            Instead: decimal degrees, WGS 84.
        as_of : str, optional
            Day asked about, ISO text; the roster date if not given.
        age : int, optional
            Age of the consumers in years.
        funding : {"medicaid", "state"}, optional
            Who pays.
        population : str, optional
            A population word of the roster; one that nobody knows is refused.

        Returns
        -------
        Series or ndarray of float
            Statute miles, geodesic, WGS 84, unrounded; +inf where no site counts, NaN for a missing point. A Series
            with the index of the points, where they have one.

        Raises
        ------
        UsageError
            The points are given in no way or in two, have no CRS, or the day, age, funding or population cannot be.
        UnknownService
            No such service, or several.

        Examples
        --------
        >>> net = demo_network()
        >>> net.nearest("saiop", lon=[-78.846], lat=[35.397]).round(1).tolist()
        [2.9]
        """
        ask, at, _ = self._points(service, points, lon, lat, as_of, (age, funding, population))
        return _like(at, ask.nearest(*at[:2]), "nearest_mi")

    def covered(
        self,
        service: str,
        points: Any = None,
        *,
        lon: ArrayLike | None = None,
        lat: ArrayLike | None = None,
        limit_mi: float | None = None,
        as_of: str | None = None,
        age: int | None = None,
        funding: str | None = None,
        population: str | None = None,
    ) -> Any:
        """Decide for points whether a counted site is within the limit, the limit included; the rule's if not given.

        The parameters are those of `nearest`. Each point is decided as ``check`` decides it: True where the finding is
        *covered*.

        Returns
        -------
        Series or ndarray of bool
            False for a missing point.
        """
        ask, at, limit = self._points(service, points, lon, lat, as_of, (age, funding, population), limit_mi)
        return _like(at, ask.covered(*at[:2], limit), "covered")

    def count_within(
        self,
        service: str,
        points: Any = None,
        *,
        lon: ArrayLike | None = None,
        lat: ArrayLike | None = None,
        limit_mi: float | None = None,
        as_of: str | None = None,
        age: int | None = None,
        funding: str | None = None,
        population: str | None = None,
    ) -> Any:
        """Count the counted sites surely within the limit of points; parameters as for `covered`.

        Returns
        -------
        Series or ndarray of int
        """
        ask, at, limit = self._points(service, points, lon, lat, as_of, (age, funding, population), limit_mi)
        return _like(at, ask.count_within(*at[:2], limit), "sites_within")

    def sites_within(
        self,
        service: str,
        points: Any = None,
        *,
        lon: ArrayLike | None = None,
        lat: ArrayLike | None = None,
        limit_mi: float | None = None,
        as_of: str | None = None,
        age: int | None = None,
        funding: str | None = None,
        population: str | None = None,
    ) -> pandas.DataFrame:
        """List the counted sites surely within the limit of points; parameters as for `covered`.

        Returns
        -------
        DataFrame
            ``point`` (index label, or position), ``site_id, provider_id, provider_name, site_name, distance_mi``
            (statute miles, unrounded); by point, nearest first.
        """
        ask, at, limit = self._points(service, points, lon, lat, as_of, (age, funding, population), limit_mi)
        return ask.sites_within(*at[:2], limit, at[2])

    def _points(
        self,
        service: str,
        points: Any,
        lon: ArrayLike | None,
        lat: ArrayLike | None,
        as_of: str | None,
        consumer: tuple[int | None, str | None, str | None],
        limit_mi: float | None = None,
    ) -> tuple[ServicePoints, tuple[Any, Any, Any], float]:
        """The counted sites of a service ready for points, the points, and the limit."""
        from adequacy.access.coverage_file import CoverageFile
        from adequacy.access.points import ServicePoints, lon_lat

        found = self.policy.services.find(service)
        at = lon_lat(points, lon, lat)
        known = dict(zip(("age", "funding", "population"), consumer, strict=True))
        on = as_of or self.file.meta.roster_date
        question = access.consumer_question(
            self.file,
            self.policy,
            found,
            None,
            on,
            limit_mi=limit_mi,
            **known,  # type: ignore[arg-type]
        )
        key = (found.key, question)
        if key not in self._asked:
            self._asked[key] = ServicePoints(self.file.offerings(found.key), question, CoverageFile(self.file))
        return self._asked[key], at, question.limit_mi

    def overview(
        self,
        *,
        services: Iterable[str] | None = None,
        counties: Sequence[str] | None = None,
        as_of: str | None = None,
    ) -> dict[str, Any]:
        """Measure who can reach the services within the plan's limit: people by county and ZIP, sites, sole cover.

        Parameters
        ----------
        services : iterable of str, optional
            Keys, staff terms or codes; every service of the network except inpatient ones if not given.
        counties : sequence of str, optional
            Names of the plan's counties, or FIPS codes; the plan's counties if not given.
        as_of : str, optional
            ISO day; the roster date if not given.

        Returns
        -------
        dict
            An ``adequacy.overview/1`` document: roster and Census alone, nothing of any consumer.
        """
        from adequacy.access.overview import plan_overview

        keys = None if services is None else [self.policy.services.find(each).key for each in services]
        on = as_of or self.file.meta.roster_date
        return plan_overview(self.file, self.policy, on=on, services=keys, counties=counties)

    def map(self, service: str | None = None, *, as_of: str | None = None, tiles: str | None = None) -> folium.Map:
        """Draw the plan's counties by the share of people within the limit of a counted site, and the sites.

        Parameters
        ----------
        service : str, optional
            Key, staff term or code; the service with most people beyond the limit if not given.
        as_of : str, optional
            ISO day; the roster date if not given.
        tiles : str, optional
            A tile provider, as ``folium.Map`` takes it; nothing is loaded without it.
        """
        from adequacy.outputs.report import report_scene
        from adequacy.outputs.report_tables import worst_first
        from adequacy.outputs.scene_map import scene_map

        overview = self.overview(services=None if service is None else [service], as_of=as_of)
        return scene_map(report_scene(overview, worst_first(overview)[0], "leadership"), tiles=tiles)

    def info(self) -> dict[str, Any]:
        """Describe the network: what ``adequacy network info --format json`` prints."""
        from adequacy.access.coverage_file import CoverageFile

        meta = self.file.meta
        return {
            "schema": "adequacy.network/1",
            "path": str(self.file.path),
            "name": meta.name,
            "roster_date": meta.roster_date,
            "sha256": meta.sha256,
            "is_demo": meta.is_demo,
            "build_version": meta.build_version,
            **self.file.counts,
            "defaults": list(meta.defaults),
            "accepted": list(meta.accepted),
            "sources": list(meta.sources),
            "coverage": CoverageFile(self.file).state(),
            "services": access.counted_sites(self.file, meta.roster_date),
        }


def open_network(
    path: str | Path, *, as_of: str | None = None, plan: str = "alliance", policy: str | Path | None = None
) -> Network:
    """Open a network file, or the one of a folder that answers for a day.

    Parameters
    ----------
    path : path
        A GeoPackage that ``adequacy network build`` wrote, or a folder of them.
    as_of : str, optional
        ISO day; of a folder, the newest network with a roster date on or before it answers.
    plan : str
        Plan profile.
    policy : path, optional
        A folder of the plan's own dated rules, laid over the shipped ones.

    Returns
    -------
    Network

    Raises
    ------
    NetworkFileError
        The file is missing, empty, corrupt, not ours or newer than this version.
    PolicyError
        A policy file is wrong.
    """
    rules = load_policy(plan, Path(policy) if policy else None)
    return Network(open_file(Path(path), as_of), rules)


def demo_network(*, plan: str = "alliance", policy: str | Path | None = None) -> Network:
    """Open the demo network: real places, invented contracts.

    Examples
    --------
    >>> demo_network().check("mst", zip5="27546", as_of="2026-11-01").record.network["is_demo"]
    True
    """
    return open_network(demo_path(), plan=plan, policy=policy)


def locate(
    *,
    zip5: str | None = None,
    lon: float | None = None,
    lat: float | None = None,
    address: str | None = None,
    index: Path | None = None,
) -> Place:
    """Turn what is known of a place into a Place; exactly one way of saying it is needed.

    Raises
    ------
    UsageError
        No place was given, or several.
    """
    point = lon is not None or lat is not None
    if [zip5 is not None, point, address is not None].count(True) != 1:
        raise UsageError("Say where the consumer is in exactly one way: a ZIP, a point, or an address.")
    if zip5 is not None:
        return locate_zip(zip5)
    if address is not None:
        return locate_address(address, index)
    if lon is None or lat is None:
        raise UsageError("A point needs both a longitude and a latitude.")
    return locate_point(lon, lat)


def _like(at: tuple[Any, Any, Any], values: Any, name: str) -> Any:
    """Values with the index of the points, where they have one."""
    if at[2] is None:
        return values
    import pandas

    return pandas.Series(values, index=at[2], name=name)
