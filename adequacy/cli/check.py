"""``adequacy check``: one question, one answer. Light enough to answer before a geospatial package has loaded."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequacy.cli.settings import setting
from adequacy.cli.values import is_read, read_value
from adequacy.errors import InputError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adequacy.api import Answer, Network
    from adequacy.policy import Policy

__all__ = ["FORMATS", "OPTIONS", "open_configured", "run", "understand"]

FORMATS = ("text", "json", "csv", "geojson")

_FLAG = "flag"
#: The options of ``check`` that are read without typer: name, and what the value is. A contract test holds them to the
#: typer command.
OPTIONS: dict[str, tuple[str, str]] = {
    "--service": ("service", ""),
    "--zip": ("zip5", ""),
    "--address": ("address", ""),
    "--point": ("point", "LAT,LON"),
    "--member": ("member", ""),
    "--members": ("members", ""),
    "--as-of": ("as_of", "DATE"),
    "--age": ("age", "YEARS"),
    "--funding": ("funding", "medicaid|state"),
    "--population": ("population", ""),
    "--limit-mi": ("limit_mi", "MILES"),
    "--network": ("network", ""),
    "--plan": ("plan", ""),
    "--policy": ("policy", ""),
    "--format": ("output", ""),
    "--map": ("map_file", ""),
    "--list": ("list_file", ""),
    "--roads": ("roads", ""),
    "--all": ("everything", _FLAG),
    "--exit-code": ("exit_code", _FLAG),
}
_ADVERSE = {"gap": 10, "too_close_to_call": 11}


def understand(arguments: Sequence[str]) -> dict[str, Any] | None:
    """Read the arguments of a plain ``check``; None for anything else, which typer then reads (and explains)."""
    if not arguments or arguments[0] != "check":
        return None
    asked: dict[str, Any] = {}
    rest = iter(arguments[1:])
    for argument in rest:
        if argument not in OPTIONS:
            return None
        name, kind = OPTIONS[argument]
        if kind == _FLAG:
            asked[name] = True
            continue
        value = next(rest, None)
        if value is None or value.startswith("--") or name in asked:
            return None
        asked[name] = _read(argument, kind, value)
    return asked if "service" in asked else None


def _read(option: str, kind: str, text: str) -> Any:
    """A value as ``run`` takes it: numbers as numbers, days and points as they were typed, once they can be read."""
    if not is_read(kind):
        return text
    value = read_value(option, kind, text)
    return value if isinstance(value, (int, float)) else text


def run(
    *,
    service: str,
    zip5: str | None = None,
    address: str | None = None,
    point: str | None = None,
    member: str | None = None,
    members: str | None = None,
    as_of: str | None = None,
    age: int | None = None,
    funding: str | None = None,
    population: str | None = None,
    limit_mi: float | None = None,
    network: str | None = None,
    plan: str | None = None,
    policy: str | None = None,
    output: str = "text",
    map_file: str | None = None,
    list_file: str | None = None,
    roads: str | None = None,
    everything: bool = False,
    exit_code: bool = False,
) -> int:
    """Answer, print, and give the exit code."""
    if output not in FORMATS:
        raise UsageError(f"--format {output}: not a format. Choose one of {', '.join(FORMATS)}.")
    require_one_place(zip5, point, address, member)
    if members is not None and member is None:
        raise UsageError("--members FILE needs --member ID, the one the question is about.")
    if map_file is not None and not map_file.casefold().endswith((".html", ".htm")):
        raise UsageError(f"--map {map_file}: a map report is a web page. End it in .html.")
    net = open_configured(network, plan, policy, as_of)
    with net:
        known: dict[str, Any] = {"age": age, "funding": funding, "population": population, "limit_mi": limit_mi}
        day = as_of or default_day(net)
        where = _place(net, day, zip5, point, address, member, members)
        if age is not None and where.get("age") is not None:
            raise UsageError("The eligibility file knows the age of this member: leave --age out.")
        answer = net.check(service, as_of=day, **(known | {k: v for k, v in where.items() if v is not None}))
        _hand_over(answer, net.policy, map_file, list_file, roads)
    sys.stdout.write(render(answer, output, everything))
    return _ADVERSE.get(answer.finding, 0) if exit_code else 0


def require_one_place(*ways: str | None) -> None:
    """Refuse a question with no place or with several."""
    if sum(way is not None for way in ways) != 1:
        raise UsageError("Say where the consumer is in one way: --zip, --point LAT,LON, --address, or --member.")


def configured_policy(plan: str | None, policy: str | None) -> Policy:
    """The rules that flags, environment and settings files name."""
    from adequacy.policy import load_policy

    folder = setting("policy", policy).value
    return load_policy(setting("plan", plan).value or "alliance", Path(folder) if folder else None)


def open_configured(network: str | None, plan: str | None, policy: str | None, as_of: str | None = None) -> Network:
    """Open the network and the rules that flags, environment and settings files name; else the demo network."""
    from adequacy.api import demo_network, open_network

    file = setting("network", network).value
    rules = {"plan": setting("plan", plan).value or "alliance", "policy": setting("policy", policy).value}
    return open_network(file, as_of=as_of, **rules) if file else demo_network(**rules)  # type: ignore[arg-type]


def default_day(net: Network) -> str:
    """Today; for the demo its roster date, so that its answers do not age."""
    meta = net.file.meta
    return meta.roster_date if meta.is_demo else date.today().isoformat()  # noqa: DTZ011


def _place(
    net: Network,
    day: str,
    zip5: str | None,
    point: str | None,
    address: str | None,
    member: str | None,
    members: str | None,
) -> dict[str, Any]:
    """The place, and what the eligibility file knows, as arguments of ``Network.check``."""
    if zip5 is not None:
        return {"zip5": zip5}
    if point is not None:
        from adequacy.geocode import parse_lat_lon

        lon, lat = parse_lat_lon(point)
        return {"lon": lon, "lat": lat}
    if address is not None:
        return {"address": sys.stdin.readline().strip() if address == "-" else address, "index": configured_index()}
    return _member(member or "", members, day)


def _member(member: str, members: str | None, day: str) -> dict[str, Any]:
    """Place, age and county of eligibility from the plan's own file; nothing of it is kept."""
    if members is None:
        raise UsageError("--member needs --members FILE, the plan's eligibility file.")
    from adequacy.intake import read_member

    return read_member(Path(members), member, day).as_question(configured_index())


def configured_index() -> Path | None:
    """The address index that the environment or a settings file names."""
    file = setting("address_index").value
    return Path(file) if file else None


def _hand_over(answer: Answer, rules: Policy, map_file: str | None, list_file: str | None, roads: str | None) -> None:
    """Write the map and the list where asked."""
    if roads:
        answer.add_roads(Path(roads), outline=map_file is not None)
    if list_file:
        from adequacy.outputs.provider_list import write_provider_list

        write_provider_list(answer.to_dict(), Path(list_file), policy=rules)
    if map_file:
        from adequacy.outputs.maps import write_case_map

        write_case_map(answer.to_dict(), Path(map_file))


def render(answer: Answer, output: str, everything: bool) -> str:
    """The answer in one of the formats, ending with a newline."""
    if output == "json":
        return json.dumps(answer.to_dict(), indent=1, ensure_ascii=False) + "\n"
    if output == "text":
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return answer.explain(everything=everything, colour=colour)
    from adequacy.outputs.rows import answer_csv, answer_geojson

    return answer_csv(answer.to_dict()) if output == "csv" else answer_geojson(answer.to_dict())


def write_text(text: str, file: str) -> None:
    """Write a text to a file, or to stdout for ``-``."""
    if file == "-":
        sys.stdout.write(text)
        return
    try:
        Path(file).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror}). Name another place.") from error


def require_file(file: str) -> Path:
    """Give the path of a file that must exist."""
    path = Path(file)
    if not path.is_file():
        raise InputError(f"{file}: no such file.")
    return path
