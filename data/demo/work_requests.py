"""Work the demo's twelve requests end to end, as network staff would: ``make demo-requests``.

Each request is opened from the form, decided, confirmed by a named person, and its letter and list of contracted
providers are left in ``reports/demo-requests/``. A request that must stop for a person stops, and says why. Real
places, invented contracts, invented requesters.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from adequacy.cli import main as command_line
from adequacy.reference import write_demo

OUT = Path(__file__).resolve().parents[2] / "reports" / "demo-requests"
BY = "Demo Reviewer"
ON = "2026-11-02"  # the demo's own days: its letters must not age
AT = f"{ON}T10:00"
#: The letter of each credentialing, what was known of the enrolment at first, and what happened.
CREDENTIALING: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "L9": ("N", (("approved", "--at", "2026-10-20"),)),
    "L10": ("N", (("approved", "--at", "2026-10-20"), ("letter",), ("nctracks_verified", "--at", "2026-10-30"))),
    "L11": ("U", (("nctracks_verified", "--at", "2026-10-19"), ("approved", "--at", "2026-10-20"))),
    "L9d": ("U", (("denied", "--at", "2026-10-20", "--note", "The license has expired."),)),
}


def run(*arguments: str) -> tuple[int, str, str]:
    """Run one command of ``adequacy`` in this process: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            command_line(list(arguments))
        except SystemExit as left:
            return int(left.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def work(request_id: str, book: str) -> str:
    """Decide a request, confirm it, and write what leaves; one line on how it went."""
    folder = OUT / request_id
    folder.mkdir()
    code, page, error = run(
        "request", "decide", request_id, "--record", str(folder / "record.json"), "--casebook", book
    )
    (folder / "decision.txt").write_text(page or error, encoding="utf-8")
    if code:
        return f"not decided: {error.strip()}"
    shown = json.loads(run("request", "show", request_id, "--format", "json", "--casebook", book)[1])
    left = []
    if shown["letter"]:
        run("request", "confirm", request_id, "--by", BY, "--at", AT, "--casebook", book)
        file = folder / f"{shown['letter']}.docx"
        left.append(
            _left(run("request", "letter", request_id, "--out", str(file), "--on", ON, "--casebook", book), file)
        )
    if json.loads((folder / "record.json").read_text(encoding="utf-8"))["handover"]["network_dev"]:
        file = folder / "L14.docx"
        brief = ("request", "letter", request_id, "--letter", "L14", "--out", str(file), "--on", ON)
        left.append(_left(run(*brief, "--casebook", book), file))
    if shown["letter"] == "L2":
        for kind in ("xlsx", "csv", "docx"):
            file = folder / f"providers.{kind}"
            left.append(
                _left(run("request", "list-providers", request_id, "--out", str(file), "--casebook", book), file)
            )
    trail = ">".join(shown["rule_trail"]) or "-"
    return f"{trail:<8} {shown['outcome']:<32} {', '.join(left) or 'no letter until a person has acted'}"


def work_credentialing(code: str, book: str) -> str:
    """Open a credentialing of an invented provider, record what happened, write its letter; one line on how it went."""
    nctracks, happened = CREDENTIALING[code]
    given = ("--requester", "Invented Provider (no real provider)", "--npi", "2000000010", "--site-zip", "27520")
    opened = run("credentialing", "open", *given, "--service", "SAIOP", "--nctracks", nctracks, "--demo", "--format",
                 "json", "--casebook", book)[1]  # fmt: skip
    line_id = json.loads(opened)["id"]
    letter = ("credentialing", "letter", line_id, "--by", BY, "--on", ON, "--casebook", book, "--out")
    folder = OUT / line_id
    folder.mkdir()
    for event, *more in happened:
        if event == "letter":
            run(*letter, str(folder / "first.docx"))
        else:
            run("credentialing", "event", line_id, event, *more, "--casebook", book)
    file = folder / f"{code}.docx"
    left = _left(run(*letter, str(file)), file)
    page = run("credentialing", "show", line_id, "--casebook", book)[1]
    (folder / "credentialing.txt").write_text(page, encoding="utf-8")
    return f"{line_id}  {left}"


def _left(ran: tuple[int, str, str], file: Path) -> str:
    """The name of a file that was written, or why it was not."""
    code, _, error = ran
    return file.name if code == 0 else f"no {file.name} ({error.strip().removeprefix('adequacy: ')})"


def main() -> int:
    """Open all, work each, say what became of it."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    write_demo(OUT / "demo")
    book = str(OUT / "casebook.sqlite")
    code, page, error = run(
        "request", "open", "--file", str(OUT / "demo" / "requests.csv"), "--format", "json", "--casebook", book
    )
    if code:
        sys.stderr.write(error)
        return code
    print("Real places, invented contracts, invented requesters.")
    for opened in json.loads(page):
        print(f"{opened['id']}  {work(opened['id'], book)}")
    for letter in CREDENTIALING:
        print(work_credentialing(letter, book))
    print(f"Letters, lists, records and decisions: {OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
