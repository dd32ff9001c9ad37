"""The answer to one question, as Python sees it: a frozen record, with tables, pages and maps made of it on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import folium
    import geopandas

    from adequacy import access
    from adequacy.roads import RoadNetwork
    from adequacy.roads.search import Direction

__all__ = ["Answer"]


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


def _frame(rows: list[dict[str, Any]]) -> geopandas.GeoDataFrame:
    """Rows of a document as a GeoDataFrame in EPSG:4326."""
    import geopandas
    import pandas

    frame = pandas.DataFrame(rows) if rows else pandas.DataFrame(columns=["site_id", "lon", "lat"])
    lon, lat = (pandas.to_numeric(frame[name]) for name in ("lon", "lat"))
    points = geopandas.GeoSeries(geopandas.points_from_xy(lon, lat, crs="EPSG:4326"), index=frame.index)
    return geopandas.GeoDataFrame(frame, geometry=points.where(lon.notna()))
