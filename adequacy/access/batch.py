"""Many questions at once, each answered as ``ask`` would answer it.

Rows come in chunks of any size. A ZIP is answered once for each service and day. Points of the same service and day
(and, where the service travels, the same county) are answered together by the bulk kernels; the miles of the one site
each row names are then measured as a single question measures them.
"""

from __future__ import annotations

from collections import OrderedDict
from math import isfinite
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from adequacy.access.answer import question_for
from adequacy.access.finding import NearestMiles, brief, counted_of
from adequacy.clocks import read_date
from adequacy.distance import miles
from adequacy.errors import AdequacyError, CoordinateError, UsageError
from adequacy.geocode import locate_point, locate_zip
from adequacy.reference import counties_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adequacy.access.finding import Brief, Counted, Question
    from adequacy.geocode import Place
    from adequacy.network import NetworkFile, Offering
    from adequacy.policy import Policy, Service

__all__ = ["BatchAnswer", "BatchAnswerer", "BatchRow", "Stand"]

#: Fewer points than this of one service, day and county are not worth an index.
_FEW = 12
#: How many answers by ZIP, and how many sets of counted sites, are kept in memory.
_ZIPS_KEPT, _SETS_KEPT = 200_000, 2_000


class BatchRow(NamedTuple):
    """One question, as texts: ``zip5``, or ``lon`` and ``lat``; an empty ``on`` means the batch's own day."""

    service: str
    zip5: str = ""
    lon: str = ""
    lat: str = ""
    on: str = ""


class BatchAnswer(NamedTuple):
    """One answer: finding, miles to the nearest counted site (statute, unrounded), sites within; or why there is none.

    ``nearest_mi`` is measured from the point that stands for the place, ``low`` and ``high`` from its best-placed and
    its worst-placed point; None where no site counts.
    """

    finding: str = ""
    nearest_mi: float | None = None
    nearest_low_mi: float | None = None
    nearest_high_mi: float | None = None
    sites_within: int | None = None
    error: str = ""

    @classmethod
    def of(cls, found: Brief) -> BatchAnswer:
        """Make it from a finding."""
        near = found.nearest
        return cls(found.word, near.reference, near.low, near.high, found.sites_within)


class Stand(NamedTuple):
    """Where a row stands, and the sites that count for it: rows of the same ``key`` share them."""

    key: tuple[str, str, tuple[str, ...] | None]
    lon: float
    lat: float
    counted: Counted


Key = TypeVar("Key")
Value = TypeVar("Value")


class _Kept(Generic[Key, Value]):
    """The most recently used values, up to a number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Give the value of a key, made if it is not at hand."""
        if key in self._values:
            self._values.move_to_end(key)
        else:
            self._values[key] = make()
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        return self._values[key]


class _Group(NamedTuple):
    """What rows that are answered together share: service, day, and the county where the service travels."""

    service: Service
    on: str
    county: str | None


class BatchAnswerer:
    """Answers rows, chunk by chunk.

    Parameters
    ----------
    network_on : callable
        Gives the network that answers for an ISO day.
    policy : Policy
        The plan's rules.
    day : str
        ISO day of rows that name none.

    Examples
    --------
    >>> from adequacy.api import demo_network
    >>> net = demo_network()
    >>> answers = BatchAnswerer(lambda on: net.file, net.policy, "2026-11-01")
    >>> rows = [BatchRow("saiop", "27546"), BatchRow("H0015", lon="-78.85", lat="35.40"), BatchRow("saiop", "2754")]
    >>> [each.finding or each.error[:28] for each in answers.answer(rows)]
    ['covered', 'covered', 'The ZIP code has 4 digits; i']
    """

    def __init__(self, network_on: Callable[[str], NetworkFile], policy: Policy, day: str) -> None:
        self._network_on = network_on
        self._policy = policy
        self._day = read_date(day).isoformat()
        self._services: dict[str, Service | AdequacyError] = {}
        self._days: dict[str, str | AdequacyError] = {}
        self._by_zip: _Kept[tuple[str, str, str], BatchAnswer] = _Kept(_ZIPS_KEPT)
        self._places: _Kept[str, Place | AdequacyError] = _Kept(_ZIPS_KEPT // 10)
        self._offerings: _Kept[tuple[Any, str], list[Offering]] = _Kept(_SETS_KEPT)
        self._counted: _Kept[tuple[str, str, tuple[str, ...] | None], Counted] = _Kept(_SETS_KEPT)
        self._indexes: _Kept[_Group, Any] = _Kept(_SETS_KEPT)

    def answer(self, rows: Sequence[BatchRow]) -> list[BatchAnswer]:
        """Answer a chunk of rows, in their order; a row that cannot be answered says why in ``error``."""
        out: list[BatchAnswer] = [BatchAnswer()] * len(rows)
        points: list[tuple[int, Service, str, float, float]] = []
        for i, row in enumerate(rows):
            try:
                service, on = self._service(row.service), self._on(row.on)
                if _is_point(row):
                    points.append((i, service, on, _degrees(row.lon), _degrees(row.lat)))
                else:
                    out[i] = self._zip(service, on, row.zip5)
            except AdequacyError as error:
                out[i] = BatchAnswer(error=error.message)
        self._points(points, out)
        return out

    def stand(self, row: BatchRow) -> Stand:
        """Where a row stands that was answered: the point of its ZIP, or its own.

        Raises
        ------
        AdequacyError
            The row cannot be answered.
        """
        service, on = self._service(row.service), self._on(row.on)
        if _is_point(row):
            place = locate_point(_degrees(row.lon), _degrees(row.lat))
        else:
            place = _raised(self._places.get(row.zip5, lambda: _or_error(lambda: locate_zip(row.zip5))))
        question = self._question(service, place, on)
        counties = place.counties if question.travels else None
        return Stand((service.key, on, counties), place.lon, place.lat, self._sites(service, on, question, counties))

    def _service(self, text: str) -> Service:
        """The service a row names."""
        if text not in self._services:
            self._services[text] = _or_error(lambda: self._policy.services.find(text))
        return _raised(self._services[text])

    def _on(self, text: str) -> str:
        """The day a row asks about."""
        if text not in self._days:
            self._days[text] = _or_error(lambda: read_date(text).isoformat() if text.strip() else self._day)
        return _raised(self._days[text])

    def _zip(self, service: Service, on: str, text: str) -> BatchAnswer:
        """Answer for a ZIP, once."""
        place = _raised(self._places.get(text, lambda: _or_error(lambda: locate_zip(text))))
        return self._by_zip.get((service.key, on, str(place.zip5)), lambda: self._one(service, on, place))

    def _one(self, service: Service, on: str, place: Place) -> BatchAnswer:
        """Answer for one place."""
        question = self._question(service, place, on)
        counted = self._sites(service, on, question, place.counties if question.travels else None)
        return BatchAnswer.of(brief(place, counted, question))

    def _question(self, service: Service, place: Place, on: str) -> Question:
        return question_for(self._policy, service, place, read_date(on))

    def _sites(self, service: Service, on: str, question: Question, counties: tuple[str, ...] | None) -> Counted:
        """The sites that count on a day, for consumers of some counties where the service travels."""

        def make() -> Counted:
            network = self._network_on(on)
            offerings = self._offerings.get((network.path, service.key), lambda: network.offerings(service.key))
            return counted_of(offerings, question, counties)

        return self._counted.get((service.key, on, counties), make)

    def _points(self, points: list[tuple[int, Service, str, float, float]], out: list[BatchAnswer]) -> None:
        """Answer the rows that name points, those that share an answer together."""
        counties = counties_at([point[3] for point in points], [point[4] for point in points])
        groups: dict[_Group, list[tuple[int, float, float]]] = {}
        for (i, service, on, lon, lat), county in zip(points, counties, strict=True):
            try:
                # a point that no border holds may still lie near one, or cannot be answered: the slow way says which
                place = None if county else locate_point(lon, lat)
                fips = county or (place.county_fips if place else None)
                travels = service.mode in ("mobile", "home")
                groups.setdefault(_Group(service, on, fips if travels else None), []).append((i, lon, lat))
            except AdequacyError as error:
                out[i] = BatchAnswer(error=error.message)
        for group, members in groups.items():
            try:
                answers = self._together(group, members)
            except AdequacyError as error:
                answers = [BatchAnswer(error=error.message)] * len(members)
            for (i, _, _), each in zip(members, answers, strict=True):
                out[i] = each

    def _together(self, group: _Group, members: list[tuple[int, float, float]]) -> list[BatchAnswer]:
        """Answer the points of a group: one by one if they are few, else by the kernels."""
        if len(members) < _FEW:
            return [self._one(group.service, group.on, locate_point(lon, lat)) for _, lon, lat in members]
        place = locate_point(*members[0][1:])
        question = self._question(group.service, place, group.on)
        counties = place.counties if question.travels else None
        counted = self._sites(group.service, group.on, question, counties)
        if not counted.entries:
            return [BatchAnswer("gap", sites_within=0)] * len(members)
        return list(self._by_kernel(group, counted, question.limit_mi, members))

    def _by_kernel(
        self, group: _Group, counted: Counted, limit_mi: float, members: list[tuple[int, float, float]]
    ) -> Iterable[BatchAnswer]:
        """Answer many points by the kernels; a point has one county, so whatever counts serves all of its counties."""
        from adequacy.access.bulk import SiteIndex

        lons, lats, uncertain = counted.columns()
        index = self._indexes.get(group, lambda: SiteIndex(lons, lats, uncertainty_mi=uncertain, engine="numpy"))
        at = ([lon for _, lon, _ in members], [lat for _, _, lat in members])
        many = index.count_within(*at, limit_mi=limit_mi, edge="low").tolist()
        sure = index.covered(*at, limit_mi=limit_mi, edge="high").tolist()
        edges = ("reference", "low", "high") if any(uncertain) else ("reference",)
        rows = [index.nearest(*at, edge=edge).row.tolist() for edge in edges]
        for k, (_, lon, lat) in enumerate(members):
            away = [miles(lon, lat, lons[row[k]], lats[row[k]]) for row in rows]
            near = NearestMiles(away[0], away[0], away[0])
            if len(rows) > 1:
                near = NearestMiles(max(0.0, away[1] - uncertain[rows[1][k]]), away[0], away[2] + uncertain[rows[2][k]])
            word = "covered" if sure[k] else "too_close_to_call" if many[k] else "gap"
            yield BatchAnswer(word, near.reference, near.low, near.high, many[k])


def _is_point(row: BatchRow) -> bool:
    """Whether a row names a point and not a ZIP; it must name exactly one."""
    has_zip, has_point = bool(row.zip5.strip()), bool(row.lon.strip() or row.lat.strip())
    if has_zip == has_point:
        fault = "both a ZIP and a point" if has_zip else "neither a ZIP nor a point"
        raise UsageError(f"The row names {fault}: give zip, or lon and lat, and leave the other empty.")
    return has_point


def _degrees(text: str) -> float:
    """Read a coordinate; what was written is never repeated, for it may be a consumer's."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise CoordinateError("A coordinate is missing or is no number: give lon and lat in decimal degrees.")
    return value


def _or_error(make: Callable[[], Value]) -> Value | AdequacyError:
    """A value, or the error that stands in its place."""
    try:
        return make()
    except AdequacyError as error:
        return error


def _raised(value: Value | AdequacyError) -> Value:
    """A value; an error that stands in its place is raised."""
    if isinstance(value, AdequacyError):
        raise value
    return value
