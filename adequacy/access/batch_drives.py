"""The drive to the nearest counted site by road, beside each answer of a batch; the finding stays that of the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adequacy.access.batch import BatchAnswer, BatchAnswerer, BatchRow, Stand
    from adequacy.roads import NearestDrives, RoadNetwork

__all__ = ["BatchDrive", "batch_drives"]


class BatchDrive(NamedTuple):
    """Drive miles and drive minutes to the nearest counted site by road, from home to site; None where not measured.

    The nearest by miles and the nearest by minutes may be two sites. ``drive_reason`` says why a figure is missing:
    ``home_outside_roads``, ``home_far_from_road``, ``no_site_counts``, ``no_site_on_roads``, or
    ``site_off_roads_may_be_nearer`` where the straight line to a site that is not on the streets is shorter.
    """

    drive_mi: float | None = None
    drive_min: float | None = None
    drive_reason: str = ""


def batch_drives(
    answerer: BatchAnswerer, network: RoadNetwork, rows: Sequence[BatchRow], answers: Sequence[BatchAnswer]
) -> list[BatchDrive]:
    """Measure the drive of each row of a chunk, those that share their sites in one pass.

    Parameters
    ----------
    answerer : BatchAnswerer
        What answered.
    network : RoadNetwork
    rows, answers : sequence
        The chunk, and its answers; a row that was refused has no drive and no reason of its own.
    """
    out = [BatchDrive()] * len(rows)
    groups: dict[object, list[tuple[int, Stand]]] = {}
    for i, (row, answer) in enumerate(zip(rows, answers, strict=True)):
        if not answer.error:
            stand = answerer.stand(row)
            groups.setdefault(stand.key, []).append((i, stand))
    for members in groups.values():
        lon, lat, _ = members[0][1].counted.columns()
        if not lon:
            drives = [BatchDrive(drive_reason="no_site_counts")] * len(members)
        else:
            homes = ([stand.lon for _, stand in members], [stand.lat for _, stand in members])
            drives = _drives(network.nearest(*homes, lon, lat))
        for (i, _), drive in zip(members, drives, strict=True):
            out[i] = drive
    return out


def _drives(found: NearestDrives) -> list[BatchDrive]:
    """Say what was found; a figure that a site off the streets could beat is no answer."""
    columns = (found.drive_mi, found.drive_min, found.reason, found.could_be_less_mi, found.could_be_less_min)
    out = []
    for mi, minutes, reason, less_mi, less_min in zip(*(column.tolist() for column in columns), strict=True):
        if reason:
            why = reason if reason.startswith("no_site") else f"home_{reason}"
            out.append(BatchDrive(drive_reason=why))
            continue
        why = "site_off_roads_may_be_nearer" if less_mi or less_min else ""
        out.append(BatchDrive(None if less_mi else mi, None if less_min else minutes, why))
    return out
