"""What the policy says of streets: which classes are streets, their speeds, how far a place may lie from one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adequacy.roads.chains import KPH_PER_MPH

if TYPE_CHECKING:
    from datetime import date

    from adequacy.policy import Policy
    from adequacy.policy.records import RoadClass

__all__ = ["RoadRules", "road_rules"]


@dataclass(frozen=True, slots=True)
class RoadRules:
    """Everything of the policy that a street network is built and used with.

    Parameters
    ----------
    classes : tuple of RoadClass
    snap_max_mi : float
        A place farther than this from every street is not measured.
    access_mph : float
        Speed on the leg between a place and its street.
    connected_min_pct : float
        An extract whose largest connected part holds less of its road miles is refused.
    policy_sha256 : str
        The policy they were taken from.
    """

    classes: tuple[RoadClass, ...]
    snap_max_mi: float
    access_mph: float
    connected_min_pct: float
    policy_sha256: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The ``highway`` values that are streets."""
        return tuple(each.highway for each in self.classes)

    @property
    def typical_kph(self) -> dict[str, float]:
        """The plan's own speeds by class, kilometres per hour (OpenStreetMap's unit); only where it gives one."""
        return {each.highway: each.speed_mph * KPH_PER_MPH for each in self.classes if each.speed_mph is not None}

    @property
    def fallback_kph(self) -> dict[str, float]:
        """Speeds by class for an extract that records no sign at all, kilometres per hour."""
        return {each.highway: each.fallback_mph * KPH_PER_MPH for each in self.classes}


def road_rules(on: date, policy: Policy | None = None) -> RoadRules:
    """Take the rules for streets in force on a day from the policy.

    Parameters
    ----------
    on : date
    policy : Policy, optional
        The shipped policy if left out.

    Raises
    ------
    NoStandardInForce
        A value is not yet in force on that day.

    Examples
    --------
    >>> from datetime import date
    >>> road_rules(date(2026, 11, 1)).snap_max_mi
    0.5
    """
    from adequacy.policy import load_policy

    policy = policy or load_policy()
    return RoadRules(
        classes=policy.road_classes,
        snap_max_mi=float(policy.value("roads_snap_max_mi", on)),
        access_mph=float(policy.value("roads_access_mph", on)),
        connected_min_pct=float(policy.value("roads_connected_min_pct", on)),
        policy_sha256=policy.sha256,
    )
