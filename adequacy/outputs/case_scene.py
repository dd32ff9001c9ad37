"""What the map of one answer shows: the consumer's place, the outlines that decided, the sites counted and not.

Nothing is measured here: distances and reasons are the answer's. Outlines are drawn for the eye.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adequacy import distance, reference
from adequacy.outputs.scene import Mark, Scene, Shape, base_map, texts, zip_map
from adequacy.outputs.words import miles_text, panel_text, place_name, reasons_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["case_scene", "partly_text", "site_name"]

_VERTICES = 180
_MARGIN = 0.06
_MOST_CIRCLES = 60
"""Circles tried, nearest sites first, for the few that cover the place."""


def case_scene(answer: dict[str, Any]) -> Scene:
    """Turn an ``adequacy.check/1`` document into what its map shows.

    Parameters
    ----------
    answer : dict
        The document.

    Returns
    -------
    Scene
        For a point: the circle of the limit round it. For a place with an extent: the line beyond which no site can
        count, and the circles of as few counted sites as show what is covered; what they leave open is marked.
    """
    limit_mi = answer["standard"]["limit_mi"]
    place = _place(answer)
    reach = _grown(place, answer, limit_mi + answer["tolerance_mi"]) if place is not None else _circle(answer)
    shapes = [Shape("reach", reach)]
    if place is not None:
        shapes = [*_cover(answer, place), Shape("reach", reach), Shape("area", place)]
    shapes += _road(answer)
    bounds = _bounds(reach)
    counties, names = base_map(_wider(bounds))
    zips, numbers = zip_map([county.id for county in counties], reach)
    return Scene(
        shapes=(*counties, *zips, *shapes),
        marks=tuple(_marks(answer, exact=place is None)),
        names=(*names, *numbers),
        bounds=bounds,
        label=f"Map of {answer['service']['name']} sites around {place_name(answer['origin'])}",
        legend=_legend(answer, place is not None),
    )


def _road(answer: dict[str, Any]) -> list[Shape]:
    """Where the consumer gets within the limit by road, if that was asked for; an extra, it decided nothing."""
    import shapely

    area = answer.get("roads", {}).get("catchment")
    return [Shape("road", shapely.geometry.shape(area))] if area else []


def _circle(answer: dict[str, Any]) -> Any:
    """The geodesic circle that decided for a point."""
    import shapely

    origin = answer["origin"]
    return shapely.Polygon(distance.catchment(origin["lon"], origin["lat"], answer["standard"]["limit_mi"]))


def _place(answer: dict[str, Any]) -> Any:
    """The outline of the place: the ZIP's border, or the circle of what is not known; None for an exact point."""
    import shapely

    origin = answer["origin"]
    area = reference.find_area(origin["zcta"]) if origin["kind"] == "area" and origin["zcta"] else None
    if area is not None and area.rings is not None:
        return shapely.make_valid(reference.to_shapely((area.rings, area.polygons)))
    if origin["uncertainty_mi"] > 0:
        return shapely.Polygon(distance.catchment(origin["lon"], origin["lat"], origin["uncertainty_mi"], _VERTICES))
    return None


def _plane(answer: dict[str, Any]) -> tuple[Any, Any]:
    """To a plane on which miles from the place are true, and back: within 60 miles of it good to a few feet."""
    from pyproj import Transformer

    origin = answer["origin"]
    plane = f"+proj=aeqd +lon_0={origin['lon']} +lat_0={origin['lat']} +datum=WGS84 +units=m"
    to, back = (Transformer.from_crs(*pair, always_xy=True) for pair in (("EPSG:4326", plane), (plane, "EPSG:4326")))
    return to, back


def _grown(shape: Any, answer: dict[str, Any], miles: float) -> Any:
    """An outline with everything within so many miles of it."""
    import shapely

    to, back = _plane(answer)
    flat = shapely.transform(shape, lambda xy: _moved(to, xy))
    grown = shapely.buffer(flat, miles * distance.MILE_M, quad_segs=90)
    return shapely.transform(grown, lambda xy: _moved(back, xy))


def _moved(step: Any, xy: Any) -> Any:
    import numpy as np

    return np.column_stack(step.transform(xy[:, 0], xy[:, 1]))


def _cover(answer: dict[str, Any], place: Any) -> list[Shape]:
    """The circles of the counted sites that settle it, and what they leave open of the place."""
    import shapely

    edge = _grown(place, answer, answer["tolerance_mi"]) if answer["tolerance_mi"] else place
    circles = [_site_circle(site, answer) for site in answer["sites"][:_MOST_CIRCLES]]
    if not circles:
        return [Shape("uncovered", place)]
    if answer["finding"] == "covered":
        return [Shape("cover", shapely.union_all(_few(circles, edge)))]
    union = shapely.union_all(circles)
    left = shapely.difference(edge, union)
    return [Shape("cover", union), *([] if left.is_empty else [Shape("uncovered", left)])]


def _site_circle(site: dict[str, Any], answer: dict[str, Any]) -> Any:
    import shapely

    reach_mi = answer["standard"]["limit_mi"] - site["uncertainty_mi"]
    if reach_mi <= 0:
        return shapely.Polygon()
    return shapely.Polygon(distance.catchment(site["lon"], site["lat"], reach_mi, _VERTICES))


def _few(circles: Sequence[Any], place: Any) -> list[Any]:
    """The nearest circle that holds the place alone; else circle after circle whichever covers most of the rest."""
    import shapely

    for circle in circles:
        if circle.covers(place):
            return [circle]
    taken, left, rest = [], place, list(circles)
    while rest and not left.is_empty:
        best = max(rest, key=lambda circle: shapely.area(shapely.intersection(circle, left)))
        rest.remove(best)
        smaller = shapely.difference(left, best)
        if smaller.area >= left.area:
            break
        taken.append(best)
        left = smaller
    return taken or list(circles)


def _wider(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Counties are drawn beyond the first view too: a screen is seldom square."""
    west, south, east, north = bounds
    wide, high = (east - west) * 0.8, (north - south) * 0.45
    return west - wide, south - high, east + wide, north + high


def _bounds(reach: Any) -> tuple[float, float, float, float]:
    west, south, east, north = reach.bounds
    wide, high = (east - west) * _MARGIN, (north - south) * _MARGIN
    return west - wide, south - high, east + wide, north + high


def _marks(answer: dict[str, Any], *, exact: bool) -> list[Mark]:
    limit = answer["standard"]["limit_mi"]
    origin = answer["origin"]
    marks = [Mark(origin["lon"], origin["lat"], "place", ("The consumer's point",))] if exact else []
    for site in answer["sites"]:
        kind = "counted" if site["within"] == "all" else "part"
        marks.append(Mark(site["lon"], site["lat"], kind, _site_lines(site, limit)))
    marks += [
        Mark(site["lon"], site["lat"], "beyond", _site_lines(site, limit))
        for site in answer["serves_county_beyond_limit"]
    ]
    for each in answer["not_counted"]:
        if each["lon"] is not None:
            lines = (site_name(each), f"Not counted: {reasons_text(each['reasons'])}", _miles_line(each, limit))
            marks.append(Mark(each["lon"], each["lat"], "not_counted", lines))
    return marks


def site_name(site: dict[str, Any]) -> str:
    """What a site is called: its name, with its provider where that is not in it."""
    name, provider = site["name"] or site["provider"], site["provider"]
    if provider and not name.casefold().startswith(provider.casefold()):
        return f"{name} ({provider})"
    return str(name)


def _site_lines(site: dict[str, Any], limit: float) -> tuple[str, ...]:
    return texts((site_name(site), site["phone"], f"{_miles_line(site, limit)}, {panel_text(site)}"))


def _miles_line(site: dict[str, Any], limit: float) -> str:
    return f"{miles_text(site['distance_mi'], limit)} miles"


def partly_text(answer: dict[str, Any], limit: str) -> str:
    """Why a counted site is not within the limit from everywhere: the place has an extent, or the site's own place."""
    if answer["origin"]["uncertainty_mi"] > 0:
        return f"within {limit} of a part of {place_name(answer['origin'])}"
    return f"perhaps within {limit}: its own address is not exact"


def _legend(answer: dict[str, Any], extent: bool) -> tuple[tuple[str, str], ...]:
    limit = f"{answer['standard']['limit_mi']:g} miles"
    place = place_name(answer["origin"])
    zip_area = answer["origin"]["precision"] == "zip"
    covered = "Within this distance of the counted sites that settle it" if answer["finding"] == "covered" else ""
    where = f"{place[0].upper()}{place[1:]}"
    return (
        ("place", where),
        ("area", where if zip_area else f"{where}, and how far off it may be"),
        ("counted", f"Counted site, within {limit} of {'all of ' if extent else ''}{place}"),
        ("part", f"Counted site, {partly_text(answer, limit)}"),
        ("beyond", f"Farther than {limit}, but serves the county"),
        ("not_counted", "Does not count: the table says why"),
        ("cover", covered.replace("this distance", limit) or f"Within {limit} of a counted site"),
        ("uncovered", f"Not within {limit} of a counted site, or too near the line"),
        ("road", f"By road: within {limit} of {_road_origin(answer)}; an extra, it decides nothing"),
        ("zip", "Border of a ZIP area"),
        ("reach", f"{limit} from {place}" if not extent else f"No site outside this line is within {limit} of {place}"),
    )


def _road_origin(answer: dict[str, Any]) -> str:
    """The point that drives were measured from."""
    place = place_name(answer["origin"])
    return place if answer["origin"]["uncertainty_mi"] == 0 else f"the middle of {place}"
