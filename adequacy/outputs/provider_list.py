"""The list of contracted providers that goes to a requester: how to reach them, and nothing about the consumer.

It names no ZIP, point, county or distance of the place asked about; distances appear as bands alone, because three
exact ones would give the place away. Closed panels are counted below the list and not named on it.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from adequacy.clocks import zone_named
from adequacy.errors import UsageError
from adequacy.outputs.escape import escape_cell, escape_terminal
from adequacy.outputs.files import docx_bytes, require_kind, stamp, write_bytes
from adequacy.outputs.words import ages_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from adequacy.policy import Policy

__all__ = ["COLUMNS", "ProviderList", "list_table", "provider_list", "write_provider_list"]

COLUMNS = (
    "Provider", "Site", "Address", "Phone", "Referral e-mail", "Service", "Distance (miles)", "Ages",
    "Accepting new people", "Last verified", "Please note",
)  # fmt: skip
_WIDTHS = (24, 24, 30, 14, 26, 18, 10, 11, 15, 12, 18)
_NARROW = ("Provider and site", "Address", "Phone and e-mail", "Distance (miles)", "Ages", "Accepting new people",
           "Please note")  # fmt: skip
_NARROW_IN = (2.15, 1.6, 2.55, 0.75, 0.85, 1.15, 0.95)
_ROW_POINTS = 15
_CALLS = {"accepting": "accepting", "waitlist": "waitlist", "full": "closed"}
_PANEL = {"accepting": "yes", "waitlist": "wait-list", "closed": "no", "unknown": "not known: please call"}
_HEAD_ROWS_SHADED = "D9E2EC"


@dataclass(frozen=True, slots=True)
class ProviderList:
    """A list as every format prints it.

    Parameters
    ----------
    title : str
        What it lists.
    notes : tuple of str
        Above the table: reference, rule, roster date, the demo's notice, what was left out.
    rows : tuple of tuple of str
        One per site, by band and name; cells as in ``COLUMNS``.
    beyond_title : str
        Heading of ``beyond``; empty where there is none.
    beyond : tuple of tuple of str
        Sites farther than the limit that serve the area of the consumer, of a service that travels; by name.
    below : tuple of str
        Under the table: how to read it.
    closed : int
        Sites within the limit, or serving the area, that are left out because they take nobody new.
    accessible : int
        Listed sites that are verified as accepting.
    on : date
        The day asked about.
    author : str
        The plan.
    """

    title: str
    notes: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    beyond_title: str
    beyond: tuple[tuple[str, ...], ...]
    below: tuple[str, ...]
    closed: int
    accessible: int
    on: date
    author: str


def write_provider_list(
    answer: Mapping[str, Any],
    path: Path,
    *,
    policy: Policy | None = None,
    requester_npi: str | None = None,
    own_sites: Sequence[str] = (),
    contacts: Sequence[Mapping[str, str]] = (),
    reference: str = "",
) -> ProviderList:
    """Write the list of contracted providers of an answer as .xlsx, .csv or .docx, by the ending of the file's name.

    Parameters
    ----------
    answer : mapping
        An ``adequacy.check/1`` document.
    path : Path
        File to write; an existing one is replaced.
    policy : Policy, optional
        The plan's rules (bands, how long a word stays good, notice of terminations). Needed where the answer was made
        with the plan's own rules; else the shipped ones are read.
    requester_npi : str, optional
        The requester's own sites are marked.
    own_sites : sequence of str
        Site ids known to be the requester's, besides.
    contacts : sequence of mappings
        Recorded calls (``site_id, at, result, first_appt``), oldest first: the last one that reached somebody
        outranks the roster.
    reference : str
        Reference number of the request; the only thing a list says of it.

    Returns
    -------
    written : ProviderList

    Raises
    ------
    UsageError
        The ending is not known, or the plan's own rules were used and are not given.
    OutputError
        The file cannot be written.
    """
    writer = _WRITERS[require_kind(path, _WRITERS, "provider list")]
    listed = provider_list(
        answer,
        policy=policy,
        requester_npi=requester_npi,
        own_sites=own_sites,
        contacts=contacts,
        reference=reference,
    )
    write_bytes(writer(listed), path)
    return listed


def provider_list(
    answer: Mapping[str, Any],
    *,
    policy: Policy | None = None,
    requester_npi: str | None = None,
    own_sites: Sequence[str] = (),
    contacts: Sequence[Mapping[str, str]] = (),
    reference: str = "",
) -> ProviderList:
    """Give the list of contracted providers of an answer; parameters as for ``write_provider_list``."""
    rules = policy or _shipped(answer)
    on = date.fromisoformat(answer["as_of"])
    bands = _bands(answer["standard"]["limit_mi"], rules.value("distance_bands_mi", on))
    valid = _Valid(int(rules.value("accepting_valid_days", on)), int(rules.value("contact_valid_days", on)))
    notice_end = on + timedelta(days=int(rules.value("termination_notice_days", on)))
    zone = zone_named(rules.plan.timezone)
    told = {call["site_id"]: _said(call, zone) for call in contacts if call["result"] in _CALLS}
    everyone = (*answer["sites"], *answer["serves_county_beyond_limit"])
    own = set(own_sites) | {site["site_id"] for site in everyone if requester_npi and site["npi"] == requester_npi}
    entries, farther = (
        [_entry(site, told.get(site["site_id"]), on, valid) for site in answer[part]]
        for part in ("sites", "serves_county_beyond_limit")
    )
    beyond = sorted((entry for entry in farther if entry.panel != "closed"), key=lambda entry: _name_key(entry.site))
    over = f"over {bands[-1]:g}"
    open_ones = [entry for entry in entries if entry.panel != "closed"]
    keyed = [(_band(entry.site["distance_mi"], bands), entry) for entry in open_ones]
    keyed.sort(key=lambda pair: (pair[0][0], *_name_key(pair[1].site)))
    rows = tuple(
        _row(answer, entry, band, _remarks(entry, entry.site["site_id"] in own, notice_end, bands))
        for (_, band), entry in keyed
    )
    closed = len(entries) - len(rows)
    return ProviderList(
        title=f"Contracted providers: {_clean(answer['service']['name'])}",
        notes=tuple(_notes(answer, rules, reference, len(rows), closed, len(beyond))),
        rows=rows,
        beyond_title=f"Farther than {bands[-1]:g} miles, but serving the area" if beyond else "",
        beyond=tuple(
            _row(answer, entry, over, _remarks(entry, entry.site["site_id"] in own, notice_end, bands))
            for entry in beyond
        ),
        below=tuple(
            _below(answer, bands, {band for (_, band), _ in keyed}, bool(own), (closed, len(farther) - len(beyond)))
        ),
        closed=closed + len(farther) - len(beyond),
        accessible=sum(entry.is_accessible for entry in open_ones),
        on=on,
        author=rules.plan.name,
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A site with what is known last of whether it takes new people."""

    site: Mapping[str, Any]
    panel: str
    verified_on: str
    is_fresh: bool
    first_appt: str

    @property
    def is_accessible(self) -> bool:
        return self.panel == "accepting" and self.is_fresh


class _Valid(NamedTuple):
    """How many days the roster's word, and that of a call, stays good."""

    roster_days: int
    call_days: int


class _Said(NamedTuple):
    """What a call said."""

    panel: str
    on: date
    first_appt: str


def _said(call: Mapping[str, str], zone: ZoneInfo) -> _Said:
    """A recorded call, by its day at the plan."""
    day = datetime.fromisoformat(call["at"]).astimezone(zone).date()
    return _Said(_CALLS[call["result"]], day, call.get("first_appt", ""))


def _entry(site: Mapping[str, Any], call: _Said | None, on: date, valid: _Valid) -> _Entry:
    """The roster's word, or that of a call that is not older."""
    panel, verified, first = site["panel_status"], site["accepting_verified_on"], site["first_available_on"]
    if call is not None and call.on.isoformat() >= verified:
        # a call after the day asked about is on file all the same, as it is in the facts of the decision
        return _Entry(site, call.panel, call.on.isoformat(), (on - call.on).days <= valid.call_days, call.first_appt)
    age_days = (on - date.fromisoformat(verified)).days if verified else None
    return _Entry(site, panel, verified, age_days is not None and 0 <= age_days <= valid.roster_days, first)


def _shipped(answer: Mapping[str, Any]) -> Policy:
    """The shipped rules of the plan that answered; never in place of the plan's own ones."""
    from adequacy.policy import load_policy

    if answer["policy"]["overridden"]:
        raise UsageError("The answer was made with the plan's own rules: give them to the list too (policy=...).")
    return load_policy(answer["policy"]["plan"])


def _bands(limit_mi: float, edges_mi: Sequence[float]) -> tuple[float, ...]:
    """Upper edges of the bands up to the limit, in statute miles."""
    return (*(float(edge) for edge in edges_mi if edge < limit_mi), float(limit_mi))


def _band(distance_mi: float, edges_mi: Sequence[float]) -> tuple[int, str]:
    """Place and words of the band of an unrounded distance; an edge belongs to the nearer band."""
    low = 0.0
    for place, edge in enumerate(edges_mi):
        if distance_mi <= edge:
            return place, f"{low:g}-{edge:g}"
        low = edge
    return len(edges_mi), f"about {low:g}"


def _drive_band(drive_mi: float, edges_mi: Sequence[float]) -> str:
    """Words of the band of drive miles: exact ones would give the place away as distances do."""
    return _band(drive_mi, edges_mi)[1] if drive_mi <= edges_mi[-1] else f"over {edges_mi[-1]:g}"


def _name_key(site: Mapping[str, Any]) -> tuple[str, str, str]:
    """Order within a band: by name, never by preference."""
    return site["provider"].casefold(), site["name"].casefold(), site["site_id"]


def _row(answer: Mapping[str, Any], entry: _Entry, band: str, remarks: Sequence[str]) -> tuple[str, ...]:
    """One site, cells as in ``COLUMNS``."""
    site = entry.site
    accepting = _PANEL.get(entry.panel, entry.panel)
    if entry.panel == "accepting" and not entry.is_fresh:
        accepting = "yes, not verified lately: please call" if entry.verified_on else "yes, not verified: please call"
    cells = (
        site["provider"],
        site["name"],
        ", ".join(part for part in (site["address"], site["city"], f"{site['state']} {site['zip5']}".strip()) if part),
        site["phone"] or "none on file",
        site["referral_email"] or site["email"] or "none on file",
        answer["service"]["name"],
        band,
        ages_text(site["ages_min"], site["ages_max"]).removeprefix("ages ") or "not stated",
        accepting,
        entry.verified_on if entry.panel != "unknown" else "",
        "; ".join(remarks),
    )
    return tuple(_clean(cell) for cell in cells)


def _remarks(entry: _Entry, is_own: bool, notice_end: date, bands: Sequence[float]) -> list[str]:
    """What the reader must know of a site before sending somebody there."""
    site = entry.site
    remarks = ["your own site"] if is_own else []
    for name, what in (("contract_to", "contract"), ("service_to", "service")):
        ends = site.get(name)
        if ends and date.fromisoformat(ends) <= notice_end:
            remarks.append(f"{what} ends {ends}")
    if entry.first_appt:
        remarks.append(f"first appointment {entry.first_appt}")
    if site["telehealth"] == "Y":
        remarks.append("telehealth too")
    if site.get("drive_mi") is not None:
        remarks.append(f"by road {_drive_band(site['drive_mi'], bands)} miles")
    return remarks


def _notes(
    answer: Mapping[str, Any], rules: Policy, reference: str, listed: int, closed: int, beyond: int
) -> list[str]:
    """What stands above the table."""
    network, standard = answer["network"], answer["standard"]
    demo = [each["text"] for each in answer["cautions"] if each["code"] == "demo_data"]
    about = f"Request {reference}. " if reference else ""
    reviewed = f", reviewed {standard['source_reviewed']}" if standard["source_reviewed"] else ""
    left_out = f"{_sites(closed)} left out" if closed else "none left out"
    lines = [
        *demo,
        f"{about}{rules.plan.name}, {rules.plan.contact['department']}. As of {answer['as_of']}; roster of "
        f"{network['roster_date']}.",
        f"Sites under contract for this service within {standard['limit_mi']:g} straight-line miles of the place in "
        f"the request (rule {standard['id']}{reviewed}).",
        f"{_sites(listed)} listed, {left_out}. By distance band, then by name; the order is no recommendation.",
    ]
    if beyond:
        lines.append(
            f"This service travels to the person. Under a heading of their own: {_sites(beyond)} farther than "
            f"{standard['limit_mi']:g} miles that also serve{'s' if beyond == 1 else ''} the area."
        )
    return [_clean(line) for line in lines]


def _below(
    answer: Mapping[str, Any], bands: Sequence[float], used: set[str], has_own: bool, closed: tuple[int, int]
) -> list[str]:
    """What stands under the table; ``closed`` counts full sites within the limit and beyond it."""
    within, beyond = closed
    limit = f"{bands[-1]:g}"
    lines = []
    if f"about {limit}" in used:
        lines.append(f"'about {limit}': within {limit} miles of part of the area only.")
    roads = answer.get("roads")
    if roads:
        lines.append(
            "'by road': drive miles, in bands; an extra, the list goes by straight-line miles. Streets: "
            "(c) OpenStreetMap contributors, ODbL 1.0."
        )
    for count, where in ((within, "within the limit"), (beyond, "farther away")):
        if count:
            lines.append(f"{_sites(count)} {where} {'takes' if count == 1 else 'take'} nobody new: not listed.")
    if has_own:
        lines.append("'your own site': the requester's own site, which is under contract for this service.")
    lines.append("Please call first. Whether a site takes new people can change from day to day.")
    return lines


def _sites(count: int) -> str:
    return "1 site" if count == 1 else f"{count} sites"


def _clean(value: object) -> str:
    """Roster text as one plain line."""
    return escape_terminal(value)


def list_table(rows_given: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Give rows of a list as a narrow table for a page: head and rows, parts of a cell separated by line breaks."""
    rows = []
    for row in rows_given:
        cell = dict(zip(COLUMNS, row, strict=True))
        name = [cell["Provider"]] + ([cell["Site"]] if cell["Site"] not in ("", cell["Provider"]) else [])
        verified = f"last verified\n{cell['Last verified']}" if cell["Last verified"] else ""
        rows.append(
            (
                "\n".join(name),
                _address_lines(cell["Address"]),
                f"{cell['Phone']}\n{cell['Referral e-mail']}",
                cell["Distance (miles)"],
                cell["Ages"],
                "\n".join(part for part in (cell["Accepting new people"], verified) if part),
                cell["Please note"],
            )
        )
    return _NARROW, tuple(rows)


def _address_lines(address: str) -> str:
    """An address with its town on a line of its own."""
    street, *town = address.rsplit(", ", 2)
    return "\n".join((street, ", ".join(town))) if town else street


def _csv(listed: ProviderList) -> bytes:
    """The list as CSV that a spreadsheet opens as it is: UTF-8 with its mark, cells inert."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for line in (listed.title, *listed.notes):
        writer.writerow([escape_cell(line)])
    writer.writerow(COLUMNS)
    writer.writerows([[escape_cell(cell) for cell in row] for row in listed.rows])
    if listed.beyond:
        writer.writerow([escape_cell(listed.beyond_title)])
        writer.writerows([[escape_cell(cell) for cell in row] for row in listed.beyond])
    for line in listed.below:
        writer.writerow([escape_cell(line)])
    return out.getvalue().encode("utf-8-sig")


def _xlsx(listed: ProviderList) -> bytes:
    """The list as a workbook: head frozen and filtered, made to be printed on letter paper."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    created = datetime.combine(listed.on, time())
    book.set_properties({"title": listed.title, "author": listed.author, "created": created, "comments": ""})
    sheet = book.add_worksheet("Contracted providers")
    _fill(book, sheet, listed)
    _set_up(sheet, listed)
    book.close()
    return out.getvalue()


def _fill(book: Any, sheet: Any, listed: ProviderList) -> None:
    """Every cell of the workbook, written as text."""
    title = book.add_format({"bold": True, "font_size": 14})
    head = book.add_format(
        {"bold": True, "bg_color": f"#{_HEAD_ROWS_SHADED}", "border": 1, "text_wrap": True, "valign": "top"}
    )
    cell = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "num_format": "@"})
    sheet.write_string(0, 0, listed.title, title)
    for place, line in enumerate(listed.notes, start=1):
        sheet.write_string(place, 0, line)
    top = _head_row(listed)
    for column, name in enumerate(COLUMNS):
        sheet.write_string(top, column, name, head)
    heading = book.add_format({"bold": True, "font_size": 12})
    end = top + len(listed.rows)
    if listed.beyond:
        sheet.write_string(end + 2, 0, listed.beyond_title, heading)
    further = enumerate(listed.beyond, start=end + 3)
    for place, row in (*enumerate(listed.rows, start=top + 1), *further):
        sheet.set_row(
            place, _ROW_POINTS * max(_lines(text, width + 2) for text, width in zip(row, _WIDTHS, strict=True))
        )
        for column, text in enumerate(row):
            sheet.write_string(place, column, text, cell)
    if listed.beyond:
        end += 2 + len(listed.beyond)
    for place, line in enumerate(listed.below, start=end + 2):
        sheet.write_string(place, 0, line)


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column, so that the row is high enough in every spreadsheet program."""
    used, lines = 0, 1
    for word in text.split():
        if used and used + 1 + len(word) > width:
            lines, used = lines + 1, 0
        used += len(word) + bool(used)
        while used > width:
            lines, used = lines + 1, used - width
    return lines


def _head_row(listed: ProviderList) -> int:
    """Row of the head of the table, from 0."""
    return 1 + len(listed.notes)


def _set_up(sheet: Any, listed: ProviderList) -> None:
    """Widths, freezing, filter and print set-up of the workbook."""
    top = _head_row(listed)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(top + 1, 1)
    sheet.autofilter(top, 0, top + max(len(listed.rows), 1), len(COLUMNS) - 1)
    sheet.set_landscape()
    sheet.set_paper(1)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.repeat_rows(top)
    sheet.fit_to_pages(1, 0)
    sheet.set_row(top, 2 * _ROW_POINTS)
    sheet.set_footer(f"&L{listed.author.replace('&', '&&')}: contracted providers, {listed.on}&RPage &P of &N")


def _docx(listed: ProviderList) -> bytes:
    """The list as a document: letter paper, landscape, the head of the table on every page."""
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Inches, Pt

    document = Document()
    page = document.sections[0]
    page.orientation, page.page_width, page.page_height = WD_ORIENT.LANDSCAPE, Inches(11), Inches(8.5)
    page.left_margin = page.right_margin = Inches(0.5)
    page.top_margin = page.bottom_margin = Inches(0.6)
    document.styles["Normal"].font.name = "Arial"
    document.styles["Normal"].font.size = Pt(10)
    for level in (1, 2):
        document.styles[f"Heading {level}"].element.rPr.rFonts.clear()
        document.styles[f"Heading {level}"].font.name = "Arial"
    document.add_heading(listed.title, level=1)
    for line in listed.notes:
        document.add_paragraph(line).paragraph_format.space_after = Pt(2)
    if listed.rows:
        draw_table(document.add_table(rows=1, cols=len(_NARROW)), *list_table(listed.rows))
    if listed.beyond:
        document.add_heading(listed.beyond_title, level=2)
        draw_table(document.add_table(rows=1, cols=len(_NARROW)), *list_table(listed.beyond))
    for line in listed.below:
        document.add_paragraph(line).paragraph_format.space_before = Pt(4)
    page.footer.paragraphs[0].text = f"{listed.author}: contracted providers, {listed.on}"
    stamp(document, title=listed.title, author=listed.author, on=listed.on)
    return docx_bytes(document)


def draw_table(table: Any, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Fill a Word table with one row: head repeated on every page, no row torn apart, fixed widths."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Inches, Pt

    table.style = "Table Grid"
    table.autofit = False
    for column, width in zip(table.columns, _NARROW_IN, strict=True):
        column.width = Inches(width)
    for _ in rows:
        table.add_row()
    for place, (row, texts) in enumerate(zip(table.rows, (head, *rows), strict=True)):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if place == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for cell, text, width in zip(row.cells, texts, _NARROW_IN, strict=True):
            cell.width = Inches(width)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(text)
            run.font.size, run.bold = Pt(9), place == 0
            if place == 0:
                shade = OxmlElement("w:shd")
                shade.set(qn("w:val"), "clear")
                shade.set(qn("w:fill"), _HEAD_ROWS_SHADED)
                cell._tc.get_or_add_tcPr().append(shade)


_WRITERS: dict[str, Callable[[ProviderList], bytes]] = {".xlsx": _xlsx, ".csv": _csv, ".docx": _docx}
