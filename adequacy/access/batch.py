"""Many questions at once, each answered as ``ask`` would answer it.

Rows come in chunks of any size. What a row asks is the sites that count, the limit and the tolerance; rows of other
days or counties for which these are the same share their answers. So a ZIP is answered once for each, its services one
after the other, for they share its border; points are answered together by the bulk kernels, and the miles of the one
site each row names are then measured as a single question measures them. Where only the finding is asked, nothing is
measured, and points are looked up in coverage tables.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import replace
from functools import cached_property
from itertools import count
from math import isfinite
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from weakref import ref

from adequacy.access._region import Regions
from adequacy.access.answer import question_for
from adequacy.access.counting import TRAVELS
from adequacy.access.finding import NearestMiles, brief, counted_of, word_of
from adequacy.clocks import read_date
from adequacy.distance import miles
from adequacy.errors import AdequacyError, CoordinateError, UsageError
from adequacy.geocode import locate_point, locate_zip, point_in_county
from adequacy.reference import counties_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adequacy.access.bulk import Edge
    from adequacy.access.deciding import Decider
    from adequacy.access.finding import Brief, Counted, Question
    from adequacy.geocode import Place
    from adequacy.network import NetworkFile, Offering
    from adequacy.policy import Policy, Service

__all__ = ["BatchAnswer", "BatchAnswerer", "BatchRow", "Stand"]

#: Fewer points than this, for which the same sites count, are sooner answered one by one.
_FEW = 8
#: How many answers by ZIP, and how many sets of counted sites, are kept in memory.
_ZIPS_KEPT, _SETS_KEPT = 200_000, 2_000
#: And for how many services, days and counties it is kept which set is theirs; and of how many words what they mean.
_ASKED_KEPT, _WORDS_KEPT = 100_000, 20_000


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

    key: object
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
            return self._values[key]
        return self.set(key, make())

    def set(self, key: Key, value: Value) -> Value:
        """Keep a value."""
        self._values[key] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value


class _Point(NamedTuple):
    """A row that names a point: its number, where it lies, and its county where it is known."""

    row: int
    lon: float
    lat: float
    county: str | None

    def place(self) -> Place:
        """The point as a place."""
        return point_in_county(self.lon, self.lat, self.county) if self.county else locate_point(self.lon, self.lat)


class _Asked:
    """What rows share that have one answer at one place: the question, and the sites that count.

    ``number`` tells it from every other one; the question's day is that of the first such row.
    """

    def __init__(self, number: int, question: Question, counted: Counted, network: NetworkFile) -> None:
        self.number = number
        self.question = question
        self.counted = counted
        self.columns = counted.columns()
        self._network = network

    @cached_property
    def decider(self) -> Decider:
        """The sites, ready to be asked about many points."""
        from adequacy.access.coverage_file import CoverageFile
        from adequacy.access.deciding import Decider

        return Decider(self.columns, CoverageFile(self._network), engine="numpy")


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
    only_finding : bool
        Whether the finding is all that is asked; miles and numbers of sites are then left out.

    Examples
    --------
    >>> from adequacy.api import demo_network
    >>> net = demo_network()
    >>> answers = BatchAnswerer(lambda on: net.file, net.policy, "2026-11-01")
    >>> rows = [BatchRow("saiop", "27546"), BatchRow("H0015", lon="-78.85", lat="35.40"), BatchRow("saiop", "2754")]
    >>> [each.finding or each.error[:28] for each in answers.answer(rows)]
    ['covered', 'covered', 'The ZIP code has 4 digits; i']
    """

    def __init__(
        self, network_on: Callable[[str], NetworkFile], policy: Policy, day: str, *, only_finding: bool = False
    ) -> None:
        self._network_on = network_on
        self._policy = policy
        self._only_finding = only_finding
        self._day = read_date(day).isoformat()
        self._services: _Kept[str, Service | AdequacyError] = _Kept(_WORDS_KEPT)
        self._days: _Kept[str, str | AdequacyError] = _Kept(_WORDS_KEPT)
        self._by_zip: _Kept[tuple[int, str], BatchAnswer] = _Kept(_ZIPS_KEPT)
        self._places: _Kept[str, Place | AdequacyError] = _Kept(_ZIPS_KEPT // 10)
        self._offerings: _Kept[tuple[Any, str], list[Offering]] = _Kept(_SETS_KEPT)
        self._asked: _Kept[tuple[object, ...], ref[_Asked] | AdequacyError] = _Kept(_ASKED_KEPT)
        self._alike: _Kept[tuple[object, ...], _Asked] = _Kept(_SETS_KEPT)
        self._numbers = count()
        self._regions = Regions()

    def answer(self, rows: Sequence[BatchRow]) -> list[BatchAnswer]:
        """Answer a chunk of rows, in their order; a row that cannot be answered says why in ``error``."""
        out: list[BatchAnswer] = [BatchAnswer()] * len(rows)
        points: list[tuple[int, Service, str, float, float]] = []
        by_zip = sorted(range(len(rows)), key=lambda i: rows[i].zip5)
        for i, row in ((i, rows[i]) for i in by_zip):
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
        place = locate_point(_degrees(row.lon), _degrees(row.lat)) if _is_point(row) else self._located(row.zip5)
        asked = self._ask(service, on, place.counties, place)
        return Stand(asked.number, place.lon, place.lat, asked.counted)

    def _service(self, text: str) -> Service:
        """The service a row names."""
        return _raised(self._services.get(text, lambda: _or_error(lambda: self._policy.services.find(text))))

    def _on(self, text: str) -> str:
        """The day a row asks about."""
        if not text.strip():
            return self._day
        return _raised(self._days.get(text, lambda: _or_error(lambda: read_date(text).isoformat())))

    def _located(self, text: str) -> Place:
        """The place of a ZIP."""
        return _raised(self._places.get(text, lambda: _or_error(lambda: locate_zip(text))))

    def _zip(self, service: Service, on: str, text: str) -> BatchAnswer:
        """Answer for a ZIP, once."""
        place = self._located(text)
        asked = self._ask(service, on, place.counties, place)
        return self._by_zip.get((asked.number, str(place.zip5)), lambda: self._one(asked, place))

    def _one(self, asked: _Asked, place: Place) -> BatchAnswer:
        """Answer for one place."""
        if self._only_finding:
            return BatchAnswer(word_of(place, asked.counted, asked.question, self._regions))
        return BatchAnswer.of(brief(place, asked.counted, asked.question, self._regions))

    def _ask(self, service: Service, on: str, counties: tuple[str, ...], place: Place | None) -> _Asked:
        """What is asked about a place, or about any point (None), in some counties."""
        where = counties if service.mode in TRAVELS else None

        def make() -> _Asked:
            question = question_for(self._policy, service, place, read_date(on))
            network = self._network_on(on)
            offerings = self._offerings.get((network.path, service.key), lambda: network.offerings(service.key))
            counted = counted_of(offerings, question, where)
            sites = tuple((entry.offering.site_id, entry.serves_all) for entry in counted.entries)
            key = (network.path, service.key, replace(question, on=""), sites)
            return self._alike.get(key, lambda: _Asked(next(self._numbers), question, counted, network))

        # of a place, the tolerance depends on these two
        kind = place and (place.precision, place.mailing)
        known = (service.key, on, where, kind)
        asked = _raised(self._asked.get(known, lambda: _or_error(lambda: ref(make()))))()
        if asked is None:  # it was let go for others
            asked = make()
            self._asked.set(known, ref(asked))
        return asked

    def _points(self, points: list[tuple[int, Service, str, float, float]], out: list[BatchAnswer]) -> None:
        """Answer the rows that name points, those for which the same sites count together."""
        counties = counties_at([point[3] for point in points], [point[4] for point in points])
        groups: dict[_Asked, list[_Point]] = {}
        for (i, service, on, lon, lat), county in zip(points, counties, strict=True):
            try:
                # a point that no border holds may still lie near one, or cannot be answered: the slow way says which
                fips = county or locate_point(lon, lat).county_fips
                asked = self._ask(service, on, (fips,) if fips else (), None)
                groups.setdefault(asked, []).append(_Point(i, lon, lat, fips))
            except AdequacyError as error:
                out[i] = BatchAnswer(error=error.message)
        for asked, members in groups.items():
            for member, each in zip(members, self._together(asked, members), strict=True):
                out[member.row] = each

    def _together(self, asked: _Asked, members: list[_Point]) -> list[BatchAnswer]:
        """Answer points for which the same sites count: one by one if they are few, else by the kernels."""
        if not asked.counted.entries:
            return [BatchAnswer("gap", sites_within=None if self._only_finding else 0)] * len(members)
        if len(members) < _FEW:
            return [self._one(asked, member.place()) for member in members]
        at = ([member.lon for member in members], [member.lat for member in members])
        return self._words(asked, at) if self._only_finding else list(self._by_kernel(asked, at))

    def _words(self, asked: _Asked, at: tuple[list[float], list[float]]) -> list[BatchAnswer]:
        """Give the findings of many points; a point has one county, so whatever counts serves all of its counties."""
        limit_mi = asked.question.limit_mi
        sure = asked.decider.covered(*at, limit_mi)
        perhaps = asked.decider.covered(*at, limit_mi, "low") if any(asked.columns[2]) else sure
        words = {(True, True): "covered", (False, True): "too_close_to_call", (False, False): "gap"}
        answers = {key: BatchAnswer(word) for key, word in words.items()}
        return [answers[each] for each in zip(sure.tolist(), perhaps.tolist(), strict=True)]

    def _by_kernel(self, asked: _Asked, at: tuple[list[float], list[float]]) -> Iterable[BatchAnswer]:
        """Answer many points by the kernels; a point has one county, so whatever counts serves all of its counties."""
        lons, lats, uncertain = asked.columns
        index, limit_mi = asked.decider.index, asked.question.limit_mi
        many = index.count_within(*at, limit_mi=limit_mi, edge="low").tolist()
        sure = index.covered(*at, limit_mi=limit_mi, edge="high").tolist()
        edges: tuple[Edge, ...] = ("reference", "low", "high") if any(uncertain) else ("reference",)
        rows = [index.nearest(*at, edge=edge).row.tolist() for edge in edges]
        for k, (lon, lat) in enumerate(zip(*at, strict=True)):
            away = [miles(lon, lat, lons[row[k]], lats[row[k]]) for row in rows]
            near = NearestMiles(away[0], away[0], away[0])
            if len(rows) > 1:
                near = NearestMiles(max(0.0, away[1] - uncertain[rows[1][k]]), away[0], away[2] + uncertain[rows[2][k]])
            word = "covered" if sure[k] else "too_close_to_call" if many[k] else "gap"
            yield BatchAnswer(word, near.reference, near.low, near.high, many[k])


#: What ``float`` would also take (digits of other scripts, underscores) is rather a slip.
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


def _is_point(row: BatchRow) -> bool:
    """Whether a row names a point and not a ZIP; it must name exactly one."""
    has_zip, has_point = bool(row.zip5.strip()), bool(row.lon.strip() or row.lat.strip())
    if has_zip == has_point:
        fault = "both a ZIP and a point" if has_zip else "neither a ZIP nor a point"
        raise UsageError(f"The row names {fault}: give zip, or lon and lat, and leave the other empty.")
    return has_point


def _degrees(text: str) -> float:
    """Read a coordinate; what was written is never repeated, for it may be a consumer's."""
    value = float(text) if _NUMBER.fullmatch(text.strip()) else float("nan")
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
