"""Build the Word templates of the letters from the readable texts in ``data/letters``.

    python data/build_letters.py            # writes adequacy/outputs/templates/*.docx
    python data/build_letters.py --check    # says whether they are up to date

One text per letter, laid into a frame (head, facts, contact) that several letters share. The marks:

    ## Words            a heading             - Words        a bullet
    | label | value |   a row of facts        **Words**      bold
    [letterhead] ... [end], [address] ... [end]              lines that stand close together
    [title], [body]     where the frame takes them           [providers], [map]   the list, the picture
    {{ field }}         filled in             {%p if field %} ... {%p endif %}    lines on a condition

Everything else is a paragraph; a blank line ends it. The fields stand in ``adequacy/outputs/templates/fields.csv``.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches, Pt, RGBColor

from adequacy.outputs.files import docx_bytes, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
SOURCES = HERE / "letters"
TEMPLATES = HERE.parent / "adequacy" / "outputs" / "templates"
WRITTEN = date(2026, 11, 25)
FONT = "Arial"
LONG_LABEL = 24
LIST_COLUMNS = (
    ("Provider and site", "name", 2.15),
    ("Address", "address", 1.6),
    ("Phone and e-mail", "contact", 2.55),
    ("Distance (miles)", "band", 0.75),
    ("Ages", "ages", 0.85),
    ("Accepting new people", "accepting", 1.15),
    ("Please note", "remarks", 0.95),
)


def main() -> int:
    """Write or check every template."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say whether the templates are up to date")
    check = parser.parse_args().check
    stale = []
    for name, content in templates().items():
        path = TEMPLATES / name
        if not path.exists() or parts(path.read_bytes()) != parts(content):
            stale.append(name)
            if not check:
                path.write_bytes(content)
    print("up to date" if not stale else f"{'stale' if check else 'written'}: {', '.join(stale)}")
    return int(check and bool(stale))


def templates() -> dict[str, bytes]:
    """Give every template as bytes by file name."""
    return {f"{path.stem}.docx": build(path) for path in sorted(SOURCES.glob("L*.txt"))}


def parts(content: bytes) -> dict[str, bytes]:
    """Give what a Word document holds, whatever packed it."""
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def build(source: Path) -> bytes:
    """Build the template of one letter."""
    head, _, body = source.read_text(encoding="utf-8").partition("---\n")
    said = dict(line.split(": ", 1) for line in head.splitlines())
    frame = (SOURCES / f"frame_{said['frame']}.txt").read_text(encoding="utf-8")
    body, _, listed = body.partition("[providers]")
    document = _new_document(source.stem, said["version"], said["title"])
    for kind, lines in blocks(frame.replace("[body]", body)):
        _draw(document, kind, lines, said["title"])
    if listed:
        _draw_list(document)
    stamp(document, title=f"Letter {source.stem}", author="adequacy", on=WRITTEN)
    return docx_bytes(document)


def blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Cut a text into its blocks: kind and lines."""
    lines = iter(text.splitlines())
    pending: list[str] = []
    for line in lines:
        kind = _kind(line)
        if pending and (kind != "text" or not line.strip()):
            yield "text", [" ".join(pending)]
            pending = []
        if line.strip() in ("[letterhead]", "[address]"):
            yield line.strip()[1:-1], list(iter(lines.__next__, "[end]"))
        elif kind != "text":
            yield kind, [line]
        elif line.strip():
            pending.append(line.strip())
    if pending:
        yield "text", [" ".join(pending)]


def _kind(line: str) -> str:
    """What a line is."""
    marks = {"## ": "heading", "- ": "bullet", "| ": "fact", "{%p": "tag", "[title]": "title", "[map]": "map"}
    return next((kind for mark, kind in marks.items() if line.startswith(mark)), "text")


def _draw(document: Any, kind: str, lines: list[str], title: str) -> None:
    """Draw one block."""
    if kind == "fact":
        _draw_fact(document, lines[0])
        return
    if kind in ("letterhead", "address"):
        for place, line in enumerate(lines):
            paragraph = _paragraph(document, line, "Address", bold=kind == "letterhead" and place == 0)
        paragraph.paragraph_format.space_after = Pt(8)
        return
    if kind in ("title", "heading"):
        text = title if kind == "title" else lines[0][3:]
        document.add_paragraph(style=f"Heading {1 if kind == 'title' else 2}").add_run(text)
        return
    if kind == "map":
        _paragraph(document, "{%p if picture %}")
        _paragraph(document, "{{ picture }}").paragraph_format.space_before = Pt(10)
        _paragraph(document, "{{ picture_words }}")
        _paragraph(document, "{%p endif %}")
        return
    _paragraph(document, lines[0].removeprefix("- "), "List Bullet" if kind == "bullet" else None)


def _paragraph(document: Any, text: str, style: str | None = None, *, bold: bool = False) -> Any:
    """A paragraph whose ``**words**`` are bold."""
    after_table = document.element.body[-2].tag == qn("w:tbl") if len(document.element.body) > 1 else False
    after_bullet = bool(document.paragraphs) and document.paragraphs[-1].style.name == "List Bullet"
    paragraph = document.add_paragraph(style=style)
    if after_table and style is None:
        paragraph.paragraph_format.space_before = Pt(8)
    elif after_bullet and style is None and not text.startswith("{%p"):
        paragraph.paragraph_format.space_before = Pt(6)
    for place, part in enumerate(re.split(r"\*\*", text)):
        if part:
            paragraph.add_run(part).bold = bold or place % 2 == 1 or None
    return paragraph


def _draw_fact(document: Any, line: str) -> None:
    """A row of facts, in the table that the row before began."""
    label, value = (part.strip() for part in line.strip("| ").split(" | ", 1))
    body = document.element.body
    last = body[-2] if len(body) > 1 else None  # the last child is the section
    if last is not None and last.tag == qn("w:tbl"):
        table = document.tables[-1]
        row = table.add_row()
    else:
        table = document.add_table(rows=1, cols=2, style="Table Grid")
        table.autofit = False
        row = table.rows[0]
    wide = 1.9 if len(label) <= LONG_LABEL else 3.4
    for cell, text, width, bold in zip(row.cells, (label, value), (wide, 6.5 - wide), (True, None), strict=True):
        cell.width = Inches(width)
        cell.paragraphs[0].paragraph_format.space_after = Pt(0)
        cell.paragraphs[0].add_run(text).bold = bold
    for column, width in zip(table.columns, (wide, 6.5 - wide), strict=True):
        column.width = Inches(width)
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _draw_list(document: Any) -> None:
    """The list of contracted providers, on pages of its own, landscape, the head on each."""
    section = document.add_section(WD_SECTION.NEW_PAGE)
    section.orientation, section.page_width, section.page_height = WD_ORIENT.LANDSCAPE, Inches(11), Inches(8.5)
    section.left_margin = section.right_margin = Inches(0.5)
    document.add_paragraph(style="Heading 2").add_run("{{ list_title }}")
    for line in ("{%p for line in list_notes %}", "{{ line }}", "{%p endfor %}"):
        _paragraph(document, line).paragraph_format.space_after = Pt(2)
    _draw_rows(document, "providers")
    _paragraph(document, "{%p if further %}")
    document.add_paragraph(style="Heading 2").add_run("{{ further_title }}")
    _draw_rows(document, "further")
    _paragraph(document, "{%p endif %}")
    for line in ("{%p for line in list_below %}", "{{ line }}", "{%p endfor %}"):
        layout = _paragraph(document, line).paragraph_format
        layout.space_before, layout.space_after = Pt(5), Pt(0)


def _draw_rows(document: Any, name: str) -> None:
    """A table of providers, its head on each page."""
    table = document.add_table(rows=4, cols=len(LIST_COLUMNS), style="Table Grid")
    table.autofit = False
    rows = (
        [title for title, _, _ in LIST_COLUMNS],
        [f"{{%tr for row in {name} %}}"],
        [f"{{{{ row.{cell} }}}}" for _, cell, _ in LIST_COLUMNS],
        ["{%tr endfor %}"],
    )
    for column, (_, _, width) in zip(table.columns, LIST_COLUMNS, strict=True):
        column.width = Inches(width)
    for place, (row, texts) in enumerate(zip(table.rows, rows, strict=True)):
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, text in zip(row.cells, texts, strict=False):
            run = cell.paragraphs[0].add_run(text)
            run.font.size, run.bold = Pt(9), place == 0 or None
        for cell, (_, _, width) in zip(row.cells, LIST_COLUMNS, strict=True):
            cell.width = Inches(width)
            cell.paragraphs[0].paragraph_format.space_after = Pt(0)
            if place == 0:
                shade = OxmlElement("w:shd")
                shade.set(qn("w:val"), "clear")
                shade.set(qn("w:fill"), "D9E2EC")
                cell._tc.get_or_add_tcPr().append(shade)
    table.rows[0]._tr.trPr.append(OxmlElement("w:tblHeader"))


def _new_document(code: str, version: str, title: str) -> Any:
    """An empty letter: paper, styles, the draft mark above, code and version below."""
    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Inches(8.5), Inches(11)
    page.left_margin = page.right_margin = Inches(1)
    page.top_margin = page.bottom_margin = Inches(0.7)
    sizes = {"Normal": 10.5, "List Bullet": 10.5, "Heading 1": 15, "Heading 2": 11.5}
    for name, size in sizes.items():
        style = document.styles[name]
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.attrib.clear()
        for kind in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(kind), FONT)
        style.font.size = Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.paragraph_format.space_after = Pt(6 if name == "Normal" else 3)
        style.paragraph_format.line_spacing = 1.05
        if name.startswith("Heading"):
            style.paragraph_format.space_before = Pt(10)
    document.styles.add_style("Address", WD_STYLE_TYPE.PARAGRAPH).base_style = document.styles["Normal"]
    document.styles["Address"].paragraph_format.space_after = Pt(0)
    mark = page.header.paragraphs[0].add_run("{{ draft_mark }}")
    mark.bold, mark.font.color.rgb = True, RGBColor(0xA4, 0x00, 0x00)
    foot = page.footer.paragraphs[0]
    run = foot.add_run(f"Letter {code}, template version {version}. {{{{ reference }}}}. Page ")
    run.font.size = Pt(9)
    _field(foot, "PAGE")
    return document


def _field(paragraph: Any, word: str) -> None:
    """A field that Word fills in, such as the number of the page."""
    for kind, text in (("begin", ""), (None, word), ("end", "")):
        run = paragraph.add_run()
        run.font.size = Pt(9)
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)


if __name__ == "__main__":
    sys.exit(main())
