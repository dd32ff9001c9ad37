"""Drive miles and drive minutes as an extra on an answer; the finding stays the plan's radius rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adequacy.errors import PlaceUnknown

if TYPE_CHECKING:
    from adequacy.roads.routing import RoadNetwork
    from adequacy.roads.search import Direction

__all__ = ["add_drives"]

#: The lists of an ``adequacy.check/1`` document whose sites a consumer may be sent to.
_LISTS = ("sites", "serves_county_beyond_limit")


def add_drives(
    document: dict[str, Any],
    network: RoadNetwork,
    *,
    direction: Direction = "home_to_site",
    outline: bool = False,
) -> dict[str, Any]:
    """Return an answer's document with the drive to every listed site.

    Parameters
    ----------
    document : dict
        An ``adequacy.check/1`` document; it is not changed.
    network : RoadNetwork
    direction : {"home_to_site", "site_to_home"}
    outline : bool
        Also draw where the consumer gets within the rule's number of *drive* miles: ``roads["catchment"]``, a GeoJSON
        geometry (None where the place is not on the network). For maps; it takes a second or two.

    Returns
    -------
    dict
        Every listed site has ``drive_mi``, ``drive_min`` (None where not measured) and ``drive_reason`` (why not; empty
        where measured). The new key ``roads`` names the network and says from where was measured: for a ZIP from the
        point that stands for it, so the figures are of that point, not of the consumer.
    """
    origin = document["origin"]
    lists: dict[str, Any] = {}
    for name in _LISTS:
        sites = document[name]
        drives = network.pairs(
            origin["lon"],
            origin["lat"],
            [site["lon"] for site in sites],
            [site["lat"] for site in sites],
            direction=direction,
        )
        figures = zip(drives.drive_mi.tolist(), drives.drive_min.tolist(), drives.reason.tolist(), strict=True)
        lists[name] = [
            {
                **site,
                "drive_mi": None if reason else drive_mi,
                "drive_min": None if reason else drive_min,
                "drive_reason": reason,
            }
            for site, (drive_mi, drive_min, reason) in zip(sites, figures, strict=True)
        ]
    about = _about(network, direction, origin)
    if outline:
        about["catchment"] = _outline(network, origin, document["standard"]["limit_mi"])
    return {**document, **lists, "roads": about}


def _outline(network: RoadNetwork, origin: dict[str, Any], limit_mi: float) -> dict[str, Any] | None:
    """Draw the catchment by road as a GeoJSON geometry, to a tenth of a metre."""
    import shapely

    from adequacy.roads.isochrones import catchment_by_road

    try:
        area = catchment_by_road(network, origin["lon"], origin["lat"], limit_mi)
    except PlaceUnknown:
        return None
    return dict(shapely.geometry.mapping(shapely.set_precision(area, 1e-6)))


def _about(network: RoadNetwork, direction: Direction, origin: dict[str, Any]) -> dict[str, Any]:
    """Say which network measured, in which direction, from which point."""
    meta = network.meta
    from_point = "place" if origin["uncertainty_mi"] == 0 else "centre_of_place"
    named = {name: meta[name] for name in ("source", "date", "sha256", "licence")}
    return {**named, "direction": direction, "from": from_point}
