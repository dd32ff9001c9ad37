"""What changed between two networks, and the same network without somebody: termination impact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adequacy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from pathlib import Path

    from adequacy.network.build import BuildReport
    from adequacy.network.file import NetworkFile, Offering

__all__ = ["compare_networks", "network_without"]

_SOURCE = {"offering_id", "source_file", "source_sheet", "source_row"}
_SITE = (
    "site_name", "street", "suite", "city", "state", "zip5", "county_fips", "phone", "email", "referral_email", "lon",
    "lat", "precision", "uncertainty_mi",
)  # fmt: skip
_PROVIDER = ("npi", "provider_name", "provider_kind")
_CONTRACT = ("agreement_type", "funding", "contract_status", "contract_from", "contract_to")


def compare_networks(old: NetworkFile, new: NetworkFile) -> dict[str, Any]:
    """List providers, sites, offerings and contracts that were added, changed or ended, and terminations to come.

    Parameters
    ----------
    old, new : NetworkFile
        Two networks of one plan.

    Returns
    -------
    dict
        For each of ``providers``, ``sites``, ``offerings``, ``contracts``: ``added``, ``changed``, ``ended``, lists of
        plain dictionaries sorted by key. ``terminations``: offerings of the new network whose contract has a last day
        on or after its roster date.
    """
    before, after = old.offerings(), new.offerings()
    offering_fields = [name for name in _fields_of_an_offering() if name not in _CONTRACT]
    return {
        "old": {"name": old.meta.name, "roster_date": old.meta.roster_date, "sha256": old.meta.sha256},
        "new": {"name": new.meta.name, "roster_date": new.meta.roster_date, "sha256": new.meta.sha256},
        "providers": _compare(before, after, ("provider_id",), _PROVIDER),
        "sites": _compare(before, after, ("site_id",), _SITE),
        "offerings": _compare(before, after, ("provider_id", "service_key", "site_id"), offering_fields),
        "contracts": _compare(before, after, ("provider_id", "contract_id", "service_key", "site_id"), _CONTRACT),
        "terminations": _terminations(after, new.meta.roster_date),
    }


def _fields_of_an_offering() -> list[str]:
    from adequacy.tables import table

    keys = {"provider_id", "site_id", "service_key"}
    return [name for name in table("offerings").names if name not in _SOURCE | keys]


def _compare(
    before: Iterable[Offering], after: Iterable[Offering], keys: tuple[str, ...], fields: Iterable[str]
) -> dict[str, list[dict[str, Any]]]:
    """Compare what two rosters say of the same keys."""
    fields = tuple(fields)
    old, new = _by_key(before, keys, fields), _by_key(after, keys, fields)
    return {
        "added": [_named(keys, key) for key in sorted(new.keys() - old.keys())],
        "changed": [
            {**_named(keys, key), "fields": changes}
            for key in sorted(old.keys() & new.keys())
            if (changes := _changes(old[key], new[key], fields))
        ],
        "ended": [_named(keys, key) for key in sorted(old.keys() - new.keys())],
    }


def _by_key(
    offerings: Iterable[Offering], keys: tuple[str, ...], fields: tuple[str, ...]
) -> dict[tuple[str, ...], set[tuple[Hashable, ...]]]:
    """Everything said of each key; one key may stand in several rows."""
    found: dict[tuple[str, ...], set[tuple[Hashable, ...]]] = {}
    for offering in offerings:
        key = tuple(str(getattr(offering, name)) for name in keys)
        found.setdefault(key, set()).add(tuple(getattr(offering, name) for name in fields))
    return found


def _named(keys: tuple[str, ...], key: tuple[str, ...]) -> dict[str, Any]:
    return dict(zip(keys, key, strict=True))


def _changes(
    old: set[tuple[Hashable, ...]], new: set[tuple[Hashable, ...]], fields: tuple[str, ...]
) -> dict[str, list[str]]:
    """Which fields differ: old and new value, several values of one key joined by ' / '."""
    if old == new:
        return {}
    changes = {}
    for at, name in enumerate(fields):
        first, last = ({_text(row[at]) for row in rows} for rows in (old, new))
        if first != last:
            changes[name] = [" / ".join(sorted(first)), " / ".join(sorted(last))]
    return changes


def _text(value: Hashable) -> str:
    return "" if value is None else str(value)


def _terminations(offerings: Iterable[Offering], day: str) -> list[dict[str, Any]]:
    """Contracts that are in force and have a last day, soonest first."""
    coming = [
        {
            "contract_to": each.contract_to,
            "provider_id": each.provider_id,
            "provider": each.provider_name,
            "site_id": each.site_id,
            "service_key": each.service_key,
        }
        for each in offerings
        if each.contract_status == "active" and each.contract_to >= day
    ]
    return sorted(coming, key=lambda each: tuple(each.values()))


def network_without(
    network: NetworkFile,
    out: Path,
    *,
    npis: Iterable[str] = (),
    provider_ids: Iterable[str] = (),
    site_ids: Iterable[str] = (),
) -> BuildReport:
    """Write the same network without some providers or sites: what a termination would leave.

    Parameters
    ----------
    network : NetworkFile
        The network as it is.
    out : Path
        The network file to write; its name and meta say what was left out.
    npis, provider_ids, site_ids : iterables of str
        Whom to leave out; each must be in the network.

    Raises
    ------
    UsageError
        If nobody is named, or somebody who is not in the network.
    OutputError
        If the file cannot be written.
    """
    from adequacy.network.build import rewrite

    tests: list[tuple[str, set[str], Callable[[Offering], str]]] = [
        ("NPI", set(npis), lambda offering: offering.npi),
        ("provider", set(provider_ids), lambda offering: offering.provider_id),
        ("site", set(site_ids), lambda offering: offering.site_id),
    ]
    offerings = network.offerings()
    gone: set[int] = set()
    for word, wanted, key in tests:
        unknown = wanted - {key(offering) for offering in offerings}
        if unknown:
            raise UsageError(
                f"{word} {min(unknown)} has no offering in {network.path.name}. See: adequacy network info"
            )
        gone |= {offering.offering_id for offering in offerings if key(offering) in wanted}
    if not gone:
        raise UsageError("Say whom to leave out: --npi, --provider-id or --site-id.")
    left_out = ", ".join(f"{word} {each}" for word, wanted, _ in tests for each in sorted(wanted))
    return rewrite(network, out, keep=lambda frame: frame[~frame["offering_id"].isin(gone)], note=f"without {left_out}")
