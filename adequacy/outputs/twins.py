"""A letter once more as text, HTML and PDF, read from the finished Word document, so that it says the same.

What staff change in a template is in every form of the letter. Pictures are replaced by the words below them.
"""

from __future__ import annotations

import io
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adequacy.errors import MissingExtra
from adequacy.outputs.escape import escape_html, escape_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Block", "letter_blocks", "letter_html", "letter_pdf", "letter_text"]

_WIDTH = 80
_LABEL = 24
_STYLE = """
@page { size: Letter; margin: 0.9in 1in; @bottom-left { content: element(foot) }
 @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 9pt Arial, sans-serif } }
@page list { size: Letter landscape; margin: 0.6in 0.5in }
:root { color-scheme: light }
body { font: 11pt/1.4 Arial, sans-serif; max-width: 46em; margin: 0 auto; padding: 1em; color: #000; background: #fff }
h1 { font-size: 16pt } h2 { font-size: 12pt; margin: 1.2em 0 0.3em }
p { margin: 0 0 0.6em } .mark { color: #a40000; font-weight: bold }
footer { font-size: 9pt } p.line { margin: 0 } .line + :not(.line) { margin-top: 0.8em }
table { border-collapse: collapse; width: 100%; margin: 0 0 0.8em }
th, td { border: 1px solid #777; padding: 0.25em 0.4em; text-align: left; vertical-align: top; overflow-wrap: anywhere }
thead th { background: #d9e2ec } tr { break-inside: avoid }
tbody th { width: 30% } .list { page: list } .list p { margin: 0 0 0.2em }
.list th, .list td { font-size: 8.5pt; line-height: 1.25 } .list th { overflow-wrap: normal }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; line-height: 1.25 }
 footer { position: running(foot) } h2 { margin-top: 0.8em } ul { margin: 0 0 0.5em } th, td { padding: 0.15em 0.4em } }
"""


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a letter.

    ``kind`` is ``mark``, ``title``, ``heading``, ``bullet``, ``text``, ``strong`` (all bold), ``line`` (of an address),
    ``facts``, ``list`` or ``foot``. ``text`` is empty for the two kinds of tables, whose cells are in ``rows``.
    """

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def letter_blocks(content: bytes) -> list[Block]:
    """Cut a finished Word document into its blocks, in the order of reading; the foot comes last."""
    from docx import Document

    document = Document(io.BytesIO(content))
    section = document.sections[0]
    blocks = [Block("mark", text) for text in _texts(section.header.paragraphs)]
    for part in document.iter_inner_content():
        if hasattr(part, "rows"):
            blocks.append(_table(part))
        elif part.text.strip():
            blocks.append(Block(_kind(part), part.text.strip()))
    return blocks + [Block("foot", text.removesuffix(" Page").strip()) for text in _texts(section.footer.paragraphs)]


_KINDS = {"Heading 1": "title", "Heading 2": "heading", "List Bullet": "bullet", "Address": "line"}


def _kind(paragraph: Any) -> str:
    """What a paragraph is, by its style and by how it stands."""
    if paragraph.style.name in _KINDS:
        return _KINDS[paragraph.style.name]
    return "strong" if all(run.bold for run in paragraph.runs if run.text.strip()) else "text"


def _texts(paragraphs: Any) -> list[str]:
    """The words of paragraphs that hold any; instructions of fields are no words."""
    return [paragraph.text.strip() for paragraph in paragraphs if paragraph.text.strip()]


def _table(table: Any) -> Block:
    """A table: one with a head that repeats is a list, any other one facts."""
    from docx.oxml.ns import qn

    rows = tuple(tuple(cell.text for cell in row.cells) for row in table.rows)
    head = table.rows[0]._tr.trPr if table.rows else None
    return Block("list" if head is not None and head.find(qn("w:tblHeader")) is not None else "facts", rows=rows)


def letter_text(content: bytes) -> str:
    """Give a finished letter as plain text of at most 80 columns."""
    return "\n".join(line for block in letter_blocks(content) for line in _lines(block)) + "\n"


_RULED = {"title": "=", "heading": "-"}


def _lines(block: Block) -> Iterator[str]:
    """One block as lines."""
    if block.kind in ("facts", "list"):
        yield from _table_lines(block)
    elif block.kind == "bullet":
        yield from _wrapped(block.text, "- ", "  ")
        yield ""
    else:
        yield from [""] if block.kind == "title" else []
        for line in block.text.splitlines():
            yield from _wrapped(line, "", "")
        if block.kind in _RULED:
            yield _RULED[block.kind] * min(len(block.text), _WIDTH)
        if block.kind != "line":
            yield ""


def _table_lines(block: Block) -> Iterator[str]:
    """Facts line by line; of a list every row as facts of its own."""
    if block.kind == "facts":
        groups = [[(label, " ".join(cells)) for label, *cells in block.rows]]
    else:
        head, *rows = block.rows
        groups = [[(label, cell) for label, cell in zip(head, row, strict=True) if cell] for row in rows]
    for group in groups:
        for label, text in group:
            yield from _wrapped(", ".join(text.splitlines()), f"{label + ': ':<{_LABEL}}", " " * _LABEL)
        yield ""


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    wrapped = textwrap.wrap(
        escape_terminal(text), _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
    return wrapped or [first.rstrip()]


def letter_html(content: bytes) -> str:
    """Give a finished letter as one HTML page that loads nothing and runs nothing."""
    blocks = letter_blocks(content)
    title = next((block.text for block in blocks if block.kind == "title"), "Letter")
    body = "\n".join(_html(blocks))
    return (
        '<!doctype html>\n<html lang="en-US">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape_html(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _html(blocks: list[Block]) -> Iterator[str]:
    """The blocks as HTML, bullets gathered into lists, everything but mark and foot inside ``main``."""
    yield from (f'<header><p class="mark">{_words(block)}</p></header>' for block in blocks if block.kind == "mark")
    # the foot stands first so that a printed page can carry it from the beginning
    yield from (f"<footer>{_words(block)}</footer>" for block in blocks if block.kind == "foot")
    yield "<main>"
    in_list = False
    apart = _list_starts(blocks)
    for place, block in enumerate(blocks):
        if block.kind in ("mark", "foot"):
            continue
        if (block.kind == "bullet") != in_list:
            in_list = not in_list
            yield "<ul>" if in_list else "</ul>"
        if place == apart:
            yield '<div class="list">'
        yield _element(block)
    yield ("</ul>" if in_list else "") + ("</div>" if apart is not None else "") + "</main>"


def _list_starts(blocks: list[Block]) -> int | None:
    """Where the pages of the list begin: at the heading over it."""
    place = next((place for place, block in enumerate(blocks) if block.kind == "list"), None)
    while place is not None and place > 0 and blocks[place].kind != "heading":
        place -= 1
    return place


def _element(block: Block) -> str:
    """One block as an element."""
    if block.kind == "facts":
        inner = "".join(
            f'<tr><th scope="row">{_cell(label)}</th>' + "".join(f"<td>{_cell(cell)}</td>" for cell in cells) + "</tr>"
            for label, *cells in block.rows
        )
        return f"<table><tbody>{inner}</tbody></table>"
    if block.kind == "list":
        head, *rows = block.rows
        top = "".join(f'<th scope="col">{_cell(cell)}</th>' for cell in head)
        body = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    if block.kind == "strong":
        return f"<p><strong>{_words(block)}</strong></p>"
    if block.kind == "line":
        return f'<p class="line">{_words(block)}</p>'
    tag = {"title": "h1", "heading": "h2", "bullet": "li"}.get(block.kind, "p")
    return f"<{tag}>{_words(block)}</{tag}>"


def _words(block: Block) -> str:
    return _cell(block.text)


def _cell(text: str) -> str:
    return "<br>".join(escape_html(line) for line in text.splitlines())


def letter_pdf(content: bytes) -> bytes:
    """Give a finished letter as a tagged PDF.

    Raises
    ------
    MissingExtra
        The extra ``pdf`` is not installed.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:  # OSError: the system's Pango is missing
        raise MissingExtra("pdf", "A letter as PDF") from error
    drawn: bytes = HTML(string=letter_html(content)).write_pdf(pdf_variant="pdf/ua-1")
    return drawn
