"""The public face: a network, questions to it, and answers. Thin: everything is decided below.

Examples
--------
>>> import adequacy as aq
>>> net = aq.demo_network()
>>> answer = net.check("saiop", zip5="27546")
>>> answer.finding
'covered'
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy import access
from adequacy.errors import UsageError
from adequacy.geocode import locate_address, locate_point, locate_zip
from adequacy.network import NetworkFile
from adequacy.network import open_network as open_file
from adequacy.policy import load_policy
from adequacy.reference.demo import demo_path

if TYPE_CHECKING:
    from types import TracebackType

    import folium
    import geopandas

    from adequacy.geocode import Place
    from adequacy.policy import Policy
    from adequacy.roads import RoadNetwork
    from adequacy.roads.search import Direction

__all__ = ["Answer", "Network", "demo_network", "locate", "open_network"]


class Answer:
    """The answer to one question; every number in it can be traced.

    Attributes
    ----------
    record : adequacy.access.Answer
        The frozen record behind it.
    """

    def __init__(self, record: access.Answer) -> None:
        self.record = record
        self._with_drives: dict[str, Any] | None = None

    @property
    def finding(self) -> str:
        """``covered``, ``gap`` or ``too_close_to_call``."""
        return self.record.finding.word

    @property
    def nearest_mi(self) -> access.NearestMiles:
        """Miles to the nearest counted site: ``low``, ``reference``, ``high``; None where no site counts."""
        return self.record.finding.nearest

    @property
    def sites(self) -> geopandas.GeoDataFrame:
        """The counted sites within the limit of some point of the place, nearest first (EPSG:4326)."""
        return _frame(self.to_dict()["sites"])

    @property
    def not_counted(self) -> geopandas.GeoDataFrame:
        """Sites near the place that do not count, with their reasons (EPSG:4326; an unlocated site has no point)."""
        return _frame(self.to_dict()["not_counted"])

    def to_dict(self) -> dict[str, Any]:
        """Give the ``adequacy.check/1`` document, as ``adequacy check --format json`` prints it."""
        return self._with_drives or self.record.to_dict()

    def add_roads(
        self, roads: str | Path | RoadNetwork, *, direction: Direction = "home_to_site", outline: bool = False
    ) -> Answer:
        """Add drive miles and drive minutes to every listed site; the finding stays that of the rule.

        Parameters
        ----------
        roads : path or RoadNetwork
            A ``.roads`` file (``adequacy roads build``), or one already opened with `open_roads`.
        direction : {"home_to_site", "site_to_home"}
            Who drives; one-way streets make the two differ.
        outline : bool
            Also draw where the consumer gets within the limit by road (``to_dict()["roads"]["catchment"]``), for maps.

        Returns
        -------
        Answer
            This answer, so that calls can be chained.

        Raises
        ------
        NetworkFileError
            The file is missing, not a street network of ours, or damaged.
        """
        from adequacy.roads import RoadNetwork, open_roads
        from adequacy.roads.extras import add_drives

        network = roads if isinstance(roads, RoadNetwork) else open_roads(roads)
        self._with_drives = add_drives(self.record.to_dict(), network, direction=direction, outline=outline)
        return self

    def explain(self, *, everything: bool = False, colour: bool = False) -> str:
        """Give the page that ``adequacy check`` prints, at most 80 columns wide."""
        from adequacy.outputs.page import answer_page

        return answer_page(self.to_dict(), everything=everything, colour=colour)

    def map(self, *, tiles: str | None = None) -> folium.Map:
        """Draw the answer as a folium map: the place, the outlines that decided, sites counted and not.

        Internal: it shows where the consumer may be. ``tiles`` names a tile provider, which then learns which area is
        looked at; without it nothing is loaded from anywhere.
        """
        from adequacy.outputs.maps import case_map

        return case_map(self.to_dict(), tiles=tiles)

    def __repr__(self) -> str:
        nearest = self.nearest_mi.reference
        far = "none" if nearest is None else f"{nearest:.1f} mi"
        return f"<Answer {self.finding}: {self.record.service.key}, {self.record.question.on}, nearest {far}>"

    def _repr_html_(self) -> str:
        """Give a small escaped summary for notebooks, without script."""
        from adequacy.outputs.summary import answer_html

        return answer_html(self.to_dict())


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
            A population word of the roster.
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
            A malformed ZIP, coordinate, date, age; no place, or several.
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

    def info(self) -> dict[str, Any]:
        """Describe the network: what ``adequacy network info --format json`` prints."""
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


def _frame(rows: list[dict[str, Any]]) -> geopandas.GeoDataFrame:
    """Rows of a document as a GeoDataFrame in EPSG:4326."""
    import geopandas
    import pandas

    frame = pandas.DataFrame(rows) if rows else pandas.DataFrame(columns=["site_id", "lon", "lat"])
    lon, lat = (pandas.to_numeric(frame[name]) for name in ("lon", "lat"))
    points = geopandas.GeoSeries(geopandas.points_from_xy(lon, lat, crs="EPSG:4326"), index=frame.index)
    return geopandas.GeoDataFrame(frame, geometry=points.where(lon.notna()))
