"""An e-mail draft that opens in Outlook, ready to be addressed: summary, picture, report attached. We never send."""

from __future__ import annotations

from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Any

from adequacy.errors import MissingExtra
from adequacy.outputs.escape import escape_terminal
from adequacy.outputs.files import write_bytes
from adequacy.outputs.html import Html, tag
from adequacy.outputs.report import map_picture, report_pdf, summary_lines
from adequacy.outputs.report_lists import report_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from adequacy.outputs.report_tables import Audience

__all__ = ["draft", "workbook_name", "write_draft"]

_PICTURE = "map@adequacy"
_XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ATTACHED = "The report is attached; it opens without a network. The workbook holds every row of its lists."
_STYLE = "font-family:Segoe UI,Arial,sans-serif;font-size:15px;line-height:1.5;color:#1c2530;max-width:640px"


def write_draft(overview: dict[str, Any], page: str, path: Path, audience: Audience = "leadership") -> None:
    """Write the draft as an ``.eml`` file; parameters as in ``draft``.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    write_bytes(draft(overview, page, audience), path)


def workbook_name(overview: dict[str, Any], audience: Audience = "leadership") -> str:
    """Name of the workbook that a draft attaches."""
    return f"coverage-{audience}-{overview['as_of']}.xlsx"


def draft(
    overview: dict[str, Any], page: str, audience: Audience = "leadership", *, workbook: str | None = None
) -> bytes:
    """Give an unsent message: ``X-Unsent: 1`` makes Outlook open it for editing.

    Parameters
    ----------
    overview : dict
        From ``Network.overview``.
    page : str
        The report, from ``report.report_page``.
    audience : {"leadership", "public"}
        As for the report.
    workbook : str, optional
        What the attached workbook is called; ``workbook_name`` if not given.

    Returns
    -------
    bytes
        Subject, plain-text and HTML summary, the map as an inline picture, the report attached as HTML and, where the
        extra ``pdf`` is installed, as PDF, and every list of it as workbook. No
        sender, no recipient, no date; the same report gives the same bytes.
    """
    lines = [escape_terminal(line) for line in summary_lines(overview)]
    name = f"coverage-{audience}-{overview['as_of']}"
    message = EmailMessage(policy=SMTP)
    message["Subject"] = escape_terminal(f"{overview['plan']}: who can reach care, as of {overview['as_of']}")
    message["X-Unsent"] = "1"
    message.set_content("\n\n".join([*lines, _ATTACHED]) + "\n")
    message.add_alternative(_summary(lines), subtype="html")
    image = map_picture(overview, audience)
    parts: Any = message.get_payload()
    parts[1].add_related(image, "image", "png", cid=f"<{_PICTURE}>", filename="map.png", disposition="inline")
    # As bytes: the page's scripts are hashed, so its line ends must stay
    report, told = page.encode("utf-8"), {"charset": "utf-8"}
    message.add_attachment(report, maintype="text", subtype="html", filename=f"{name}.html", params=told)
    with suppress(MissingExtra):  # without the extra the HTML report says the same
        message.add_attachment(report_pdf(page), maintype="application", subtype="pdf", filename=f"{name}.pdf")
    message.add_attachment(
        report_workbook(overview, audience),
        maintype="application",
        subtype=_XLSX,
        filename=workbook or workbook_name(overview, audience),
    )
    _fix_boundaries(message)
    return message.as_bytes()


def _summary(lines: list[str]) -> Html:
    alt = "Map: share of people within the limit by county, for the service with most people beyond it"
    image = tag("p", tag("img", src=f"cid:{_PICTURE}", alt=alt, width="634"))
    last = tag("p", _ATTACHED)
    return tag("div", *(tag("p", line) for line in lines), image, last, style=_STYLE)


def _fix_boundaries(message: EmailMessage) -> None:
    """The same report gives the same bytes: boundaries are numbered, not drawn."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_adequacy_{number}_=")
