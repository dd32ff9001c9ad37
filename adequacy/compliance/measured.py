"""The tables that ``measure`` hands over, and what a roster change does to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adequacy import __version__
from adequacy.compliance.measuring import measure_rules
from adequacy.compliance.rule_rows import Key, Plan, Raw
from adequacy.compliance.small_cells import hide_small
from adequacy.reference import vintages
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import geopandas
    import pandas as pd

    from adequacy.compliance.people import People
    from adequacy.network import NetworkFile
    from adequacy.policy import Policy
    from adequacy.roads import RoadNetwork

    Row = dict[str, Any]

__all__ = ["Measured", "measure_plan"]

_SHEETS = ("by_county", "by_region", "gaps", "single_cover")
_KEYS = ("county_fips", "county", "service", "standard", "ages")


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured: tables, and where every number comes from.

    Attributes
    ----------
    by_county, by_region, gaps, single_cover : DataFrame
        Columns as declared in ``adequacy.tables``; distances in unrounded statute miles.
    changes : DataFrame or None
        What another network changes, where one was compared.
    about : tuple of (str, str)
        Scheme, day, network, people, data and code behind the numbers, and what a reader must know.
    is_demo : bool
        Whether a demo network was measured.
    """

    by_county: pd.DataFrame
    by_region: pd.DataFrame
    gaps: pd.DataFrame
    single_cover: pd.DataFrame
    changes: pd.DataFrame | None
    about: tuple[tuple[str, str], ...]
    is_demo: bool
    _within: dict[Key, Any] = field(default_factory=dict, repr=False)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by sheet name, in the order of the workbook."""
        found = {name: getattr(self, name) for name in _SHEETS}
        return found if self.changes is None else {**found, "changes": self.changes}

    def __repr__(self) -> str:
        words = self.by_county["met"].value_counts()
        verdicts = ", ".join(f"{words.get(word, 0)} {word.replace('_', ' ')}" for word in ("yes", "no", "not_measured"))
        return f"<Measured {dict(self.about).get('Scheme', '')}: {len(self.by_county)} rows, met: {verdicts}>"

    def counties(self, service: str, standard: str | None = None) -> geopandas.GeoDataFrame:
        """Give the rows of one service with the borders of their counties, for ``.explore()`` and ``.plot()``.

        Parameters
        ----------
        service : str
            As in ``by_county``.
        standard : str, optional
            As in ``by_county``; all standards of the service if not given.

        Returns
        -------
        GeoDataFrame
            EPSG:4326; the index is that of ``by_county``.
        """
        import geopandas

        from adequacy.reference import county_border, to_shapely

        rows = self.by_county[self.by_county["service"] == service]
        if standard is not None:
            rows = rows[rows["standard"] == standard]
        borders = [county_border(code) for code in rows["county_fips"]]
        shapes = [None if border is None else to_shapely(border) for border in borders]
        return geopandas.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326")


def measure_plan(
    network: NetworkFile,
    policy: Policy,
    scheme: str,
    people: Any,
    *,
    on: str | None = None,
    services: Iterable[str] | None = None,
    compare: NetworkFile | None = None,
    roads: RoadNetwork | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Measured:
    """Measure a network against every standard of a scheme.

    Parameters
    ----------
    network : NetworkFile
        Whose sites count.
    policy : Policy
        Standards, county classes, settings.
    scheme : str
        Name of a scheme, such as ``nc_tailored_plan``.
    people : People or DataFrame
        Who must be reached: ``census_people``, ``member_people``, or a table of your own (see ``as_people``).
    on : str, optional
        ISO day; the roster date if not given.
    services : iterable of str, optional
        Only these services, by key or any word staff use.
    compare : NetworkFile, optional
        Another network, measured the same way on the same day: what it changes stands in ``changes``.
    roads : RoadNetwork, optional
        Standards that speak of minutes are then decided by drive miles and drive minutes; people whose home is not on
        these streets stay unmeasured and are counted.
    progress : callable, optional
        Called with rules done and rules in all.

    Returns
    -------
    Measured

    Raises
    ------
    UsageError
        There is no such scheme or service, or nobody to measure.
    NoStandardInForce
        Nothing of the scheme is in force that day.
    """
    plan = Plan(network, policy, on or network.meta.roster_date)
    raw = measure_rules(plan, scheme, people, services=services, roads=roads, progress=progress)
    other = None
    if compare is not None:
        after = Plan(compare, policy, plan.on)
        other = measure_rules(after, scheme, raw.people, services=services, roads=roads, progress=progress)
    tables = {
        "by_county": raw.by_county,
        "by_region": raw.by_region,
        "gaps": raw.gaps,
        "single_cover": raw.single_cover,
    } | ({} if other is None else {"changes": _changes(raw, other)})
    if raw.people.are_members:
        tables = hide_small(tables, int(policy.value("small_cell_max", plan.day)), plan.region)
    for name, column in (("gaps", "people_beyond"), ("single_cover", "people"), ("changes", "people_losing")):
        tables[name] = _ranked(tables[name], column) if name in tables else []
    frames = {name: _frame(name, rows) for name, rows in tables.items()}
    return Measured(
        by_county=frames["by_county"],
        by_region=frames["by_region"],
        gaps=frames["gaps"],
        single_cover=frames["single_cover"],
        changes=None if other is None else frames["changes"],
        about=tuple([*_about(plan, scheme, raw.people, compare), *_streets(roads, raw.by_road)]),
        is_demo=network.meta.is_demo or bool(compare and compare.meta.is_demo),
        _within={} if raw.people.are_members else raw.within,
    )


def _frame(name: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Rows as a table with its declared columns and types."""
    import pandas as pd

    declared = table(name)
    columns: dict[str, Any] = {}
    for column in declared.columns:
        values = [row.get(column.name) for row in rows]
        if column.kind == "int":
            columns[column.name] = pd.array(values, dtype="Int64")
        elif column.kind == "float":
            columns[column.name] = pd.array([float("nan") if v is None else v for v in values], dtype="float64")
        else:
            columns[column.name] = pd.array(["" if v is None else v for v in values], dtype=object)
    return pd.DataFrame(columns, columns=list(declared.names))


def _ranked(rows: list[Row], column: str) -> list[Row]:
    """Rows by a count of people, most first; what is hidden comes last."""
    ordered = sorted(
        rows,
        key=lambda row: (row[column] is None, -(row[column] or 0), row["county_fips"], row["service"], row["standard"]),
    )
    return [{"rank": place} | row for place, row in enumerate(ordered, start=1)]


def _changes(before: Raw, after: Raw) -> list[Row]:
    """County x service rows that differ between two networks."""
    import numpy as np

    old = {tuple(row[key] for key in _KEYS): row for row in before.by_county}
    found = []
    for new in after.by_county:
        key = tuple(new[each] for each in _KEYS)
        row = old[key]
        names = ("people_within", "share_pct", "nearest_max_mi", "providers", "met")
        if all(row[name] == new[name] for name in names):
            continue
        rule = (new["standard"], new["service"], new["ages"])
        losing = gaining = None
        if rule in before.within:
            here = before.people.counties.index(new["county_fips"])
            mine = before.people.county == here
            was, now, weight = before.within[rule], after.within[rule], before.people.weight
            losing = int(np.sum(weight[mine & was & ~now]))
            gaining = int(np.sum(weight[mine & now & ~was]))
        found.append(
            dict(zip(_KEYS, key, strict=True))
            | {"people": row["people"], "people_losing": losing, "people_gaining": gaining}
            | {f"{name}_before": row[name] for name in names}
            | {f"{name}_after": new[name] for name in names}
        )
    return found


def _about(plan: Plan, scheme: str, people: People, compare: NetworkFile | None) -> list[tuple[str, str]]:
    """Where the numbers come from, and what a reader must know."""
    rules = plan.policy.scheme(scheme)
    meta = plan.network.meta
    lines = [
        ("Scheme", f"{rules.name}: {rules.title} ({rules.authority})"),
        ("What it is", rules.description),
        ("How sure", rules.confidence),
        ("Source", rules.source),
        ("As of", plan.on),
        ("Network", f"{meta.name}, roster of {meta.roster_date}, sha256 {meta.sha256}"),
        ("People", people.source),
        ("Plan", f"{plan.policy.plan.name}; policy sha256 {plan.policy.sha256}"),
    ]
    if compare is not None:
        other = compare.meta
        lines.append(("Compared with", f"{other.name}, roster of {other.roster_date}, sha256 {other.sha256}"))
    lines += [("Members", note) for note in people.notes]
    if plan.policy.overridden:
        lines.append(("The plan's own values", "; ".join(plan.policy.overridden)))
    lines += [
        ("Declared default", f"{each['column']} = {each['value']} ({each['basis']}; {each['by']}, {each['date']})")
        for each in meta.defaults
    ]
    if people.are_members:
        most = int(plan.policy.value("small_cell_max", plan.day))
        lines.append(("Small numbers", f"Counts of 1 to {most}, and what would give them away, are left empty."))
    lines += [("Data", f"{name}: {text}") for name, text in vintages().items()]
    return [*lines, ("Code", f"adequacy {__version__}")]


def _streets(roads: RoadNetwork | None, rules: int) -> list[tuple[str, str]]:
    """Which street network measured, and how."""
    if roads is None:
        return []
    meta = roads.meta
    west, south, east, north = roads.bounds
    return [
        (
            "Streets",
            f"{meta['source']}, data of {meta['date'] or 'no stated day'}; longitudes {west:.3f} to {east:.3f}, "
            f"latitudes {south:.3f} to {north:.3f}; sha256 {meta['sha256']}",
        ),
        (
            "By road",
            f"{rules} standards x services that speak of minutes: drive miles of the shortest and drive minutes of the "
            "fastest route, without traffic, from home to site (from site to home where the service comes to the "
            "consumer). All others, and nearest_*_mi, are straight lines.",
        ),
        (
            "Not on the streets",
            "People off the streets given are not measured: people_off_roads counts them, people_beyond holds them, "
            "people_perhaps_within says what they could change. Routes outside these bounds do not exist for it.",
        ),
        ("Streets' licence", meta["licence"]),
    ]
