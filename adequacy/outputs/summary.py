"""The small summary of an answer that a notebook shows: escaped, without script or outside links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adequacy.outputs.escape import escape_html
from adequacy.outputs.words import finding_sentence, miles_text, panel_text, reasons_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["answer_html"]

_SITES, _LEDGER = 10, 5


def answer_html(answer: dict[str, Any]) -> str:
    """Write an ``adequacy.check/1`` document as an HTML fragment of two small tables."""
    limit = answer["standard"]["limit_mi"]
    sites = [
        (miles_text(each["distance_mi"], limit), each["name"] or each["provider"], each["phone"], panel_text(each))
        for each in answer["sites"][:_SITES]
    ]
    ledger = [
        (
            "?" if each["distance_mi"] is None else miles_text(each["distance_mi"], limit),
            each["name"] or each["provider"],
            reasons_text(each["reasons"]),
        )
        for each in answer["not_counted"][:_LEDGER]
    ]
    title = f"{answer['service']['name']}, {answer['as_of']}"
    demo = [each["text"] for each in answer["cautions"] if each["code"] == "demo_data"]
    return "".join(
        [
            "<div>",
            *(f"<p>{escape_html(text)}</p>" for text in demo),
            f"<p><strong>{escape_html(answer['finding'].replace('_', ' '))}</strong> ({escape_html(title)}): ",
            f"{escape_html(finding_sentence(answer))}</p>",
            _table(f"Contracted sites ({len(answer['sites'])})", ("miles", "site", "phone", "takes new people"), sites),
            _table(f"Not counted ({len(answer['not_counted'])})", ("miles", "site", "why"), ledger),
            "</div>",
        ]
    )


def _table(caption: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A small table, or nothing where it has no rows."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape_html(text)}</th>' for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape_html(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f"<table><caption>{escape_html(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
