"""``adequacy report``: one file that leadership, or the public, can open from an e-mail."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adequacy.cli.options import Net, Plan, Rules, examples
from adequacy.cli.values import parts_of
from adequacy.errors import UsageError

if TYPE_CHECKING:
    from adequacy.api import Network

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog=examples(
            "adequacy report --out coverage.html",
            "adequacy report --out public.html --profile public --services saiop,actt",
        )
    )(report)


def report(
    out: Annotated[str, typer.Option("--out", metavar="FILE.html", help="The report to write (.html).")],
    profile: Annotated[str, typer.Option("--profile", metavar="WORD", help="leadership or public.")] = "leadership",
    scheme: Annotated[
        str | None, typer.Option("--scheme", metavar="NAME", help="Also stand against a set of standards.")
    ] = None,
    members: Annotated[
        str | None, typer.Option("--members", metavar="FILE", help="Measure the scheme for members; else the Census.")
    ] = None,
    services: Annotated[
        str | None, typer.Option("--services", metavar="LIST", help="Services, separated by commas; all.")
    ] = None,
    counties: Annotated[
        str | None, typer.Option("--counties", metavar="LIST", help="Names or codes, separated by commas; the plan's.")
    ] = None,
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="FILE", help="An earlier network: what changed.")
    ] = None,
    casebook: Annotated[
        str | None, typer.Option("--casebook", metavar="FILE|URL", help="Adds the requests summary of a casebook.")
    ] = None,
    eml: Annotated[
        str | None, typer.Option("--eml", metavar="FILE.eml", help="Also write an unsent e-mail draft (.eml).")
    ] = None,
    pdf: Annotated[
        str | None, typer.Option("--pdf", metavar="FILE.pdf", help="Also write it as PDF (extra pdf).")
    ] = None,
    png: Annotated[
        str | None, typer.Option("--png", metavar="FILE.png", help="Also write the map as a picture for slides.")
    ] = None,
    xlsx: Annotated[
        str | None, typer.Option("--xlsx", metavar="FILE.xlsx", help="Also write every list as workbook.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Day asked about; today.")] = None,
    network: Net = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Write who can reach which service, county by county, as one self-contained file."""
    from adequacy.cli.check import default_day, open_configured
    from adequacy.outputs.report_tables import AUDIENCES

    if profile not in AUDIENCES:
        raise UsageError(f"--profile {profile}: no such reader. Choose one of {', '.join(AUDIENCES)}.")
    files = {"out": out, "eml": eml, "pdf": pdf, "png": png, "xlsx": xlsx}
    _require_kinds(files)
    asked: dict[str, Any] = {
        name: None if text is None else parts_of(text)
        for name, text in (("services", services), ("counties", counties))
    }
    with open_configured(network, plan, policy, as_of) as net:
        overview = net.overview(**asked, as_of=as_of or default_day(net))
        requests = _requests(casebook, net.policy)
        standing = _standing(net, scheme, members, asked, as_of or default_day(net))
    before = None
    if compare is not None:
        with open_configured(compare, plan, policy) as old:
            before = old.overview(**asked)
    extras = {"before": before, "requests": requests, "standing": standing}
    _write(overview, profile, extras, files)
    written = ("standard output" if file == "-" else file for file in files.values() if file is not None)
    sys.stderr.write(f"Written: {', '.join(written)}\n")


#: The endings of what each option writes.
_KINDS = {"out": (".html", ".htm"), "eml": (".eml",), "pdf": (".pdf",), "png": (".png",), "xlsx": (".xlsx",)}


def _require_kinds(files: dict[str, str | None]) -> None:
    """Refuse a name under which the file would not open, and say which option writes that kind."""
    for option, file in files.items():
        ending = Path(file or "").suffix.casefold()
        if file in (None, "-") or ending in _KINDS[option]:
            continue
        what = "a web page" if option == "out" else f"a {_KINDS[option][0]} file"
        other = next((name for name, kinds in _KINDS.items() if ending in kinds), None)
        beside = f", and add --{other} {file} for that kind" if other else ""
        raise UsageError(f"--{option} {file}: this option writes {what}. End its name in {_KINDS[option][0]}{beside}.")
    if sum(file == "-" for file in files.values()) > 1:
        raise UsageError("Only one of the files can go to standard output (-).")


def _write(overview: dict[str, Any], profile: Any, extras: dict[str, Any], files: dict[str, str | None]) -> None:
    """Write the report and what goes with it, each only where it was asked for."""
    from adequacy.outputs import draft, report, report_lists
    from adequacy.outputs.files import write_bytes

    workbook = Path(files["xlsx"] or "-").name.removesuffix("-")
    if not workbook and files["eml"] is not None:
        workbook = draft.workbook_name(overview, profile)
    page = report.report_page(overview, profile, **extras, workbook=workbook)
    makers: dict[str, Callable[[], bytes]] = {
        "out": lambda: page.encode("utf-8"),
        "eml": lambda: draft.draft(overview, page, profile, workbook=workbook),
        "pdf": lambda: report.report_pdf(page),
        "png": lambda: report.map_picture(overview, profile),
        "xlsx": lambda: report_lists.report_workbook(overview, profile),
    }
    for kind, make in makers.items():
        file = files[kind]
        if file is not None:
            write_bytes(make(), Path(file))


def _standing(
    net: Network, scheme: str | None, members: str | None, asked: dict[str, Any], day: str
) -> dict[str, Any] | None:
    """How the plan stands against a scheme, where one is named or members are given."""
    if scheme is None and members is None:
        return None
    from adequacy.cli.check import configured_index, require_file
    from adequacy.clocks import read_date
    from adequacy.compliance import census_people, county_codes, measure_plan, member_people
    from adequacy.outputs.standing import standing_of

    name = scheme or net.policy.plan.radius_standard.partition(".")[0]
    wanted = county_codes(asked["counties"]) if asked["counties"] else net.policy.counties(read_date(day)) or None
    people: Any = census_people(wanted) if members is None else None
    if members is not None:
        people = member_people(require_file(members), day, index=configured_index(), counties=wanted)
    measured = measure_plan(net.file, net.policy, name, people, on=day, services=asked["services"])
    rows: list[Any] = measured.by_county.to_dict("records")
    whose = "people of the Census" if members is None else "members"
    return standing_of(rows, net.policy.scheme(name).title, whose)


def _requests(casebook: str | None, policy: Any) -> dict[str, Any] | None:
    """Counts of the casebook, where one is named."""
    if casebook is None:
        return None
    from adequacy.casebook import open_casebook
    from adequacy.casebook.lists import stats

    with open_casebook(casebook, policy, create=False) as book:
        return stats(book)
