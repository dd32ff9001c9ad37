"""Work the demo's twelve requests end to end, as network staff would: ``make demo-requests``.

Each request is opened from the form, decided, confirmed by a named person and followed as far as it goes: providers are
phoned, the authorization request comes back, the agreement is executed or lapses. Letters and lists of contracted
providers are left in ``reports/demo-requests/``, the same on every day. Real places, invented contracts, invented
requesters.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from adequacy.cli import main as command_line
from adequacy.reference import write_demo

OUT = Path(__file__).resolve().parents[2] / "reports" / "demo-requests"
BY = "Demo Reviewer"
ON = "2026-11-02"  # the demo's own days: its letters must not age
AT = f"{ON}T10:00"
CALLED, DECIDED_AGAIN = "2026-11-03T09:30", "2026-11-03T11:00"
_SAR = (("sar_sent", "2026-11-02T16:00"), ("sar_received", "2026-11-09T09:00"))
_TO_THE_END = (
    *_SAR,
    ("um_approved", "2026-11-12T14:00", "--authorization", "AUTH-DEMO-1"),
    ("letter", "2026-11-13T09:00"),
    ("packet_sent", "2026-11-13T10:00"),
    ("packet_returned", "2026-11-20T09:00"),
    ("executed", "2026-11-23T09:00"),
)
_ANSWERED = (("letter_sent", "2026-11-02T16:00"),)
#: What happens to a request after its first letter, by the rules that decided it; ``letter`` is the one due then.
FURTHER: dict[str, tuple[tuple[str, ...], ...]] = {
    "R01": _ANSWERED,
    "R02": _ANSWERED,
    "R03": _ANSWERED,
    "R05": (("list_sent", "2026-11-02T16:00"),),
    "R07>R12": (*_SAR[:1], ("lapsed", "2026-11-18T09:00"), ("letter", "2026-11-18T10:00")),
    "R09": _ANSWERED,
    "R10": _ANSWERED,
    "R11": _TO_THE_END,
    "R12": _TO_THE_END,
    "R13": _ANSWERED,
    "R00": (
        ("sar_received", "2026-11-03T09:00"),
        ("um_approved", "2026-11-05T14:00", "--authorization", "AUTH-DEMO-2"),
        ("letter", "2026-11-05T15:00"),
    ),
}
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
    """Decide a request, send what is due, and follow it as far as it goes; one line on how it went."""
    folder = OUT / request_id
    folder.mkdir()
    on_book = ("--casebook", book)
    code, _, error = _decide(request_id, on_book, "decision.txt", "record.json", AT)
    if code:
        return f"not decided: {error.strip()}"
    shown = _show(request_id, on_book)
    trail = ">".join(shown["rule_trail"])
    words = f"{trail:<8} {shown['outcome']:<32}"
    left = _hand_out(request_id, on_book, shown["letter"], AT)
    if json.loads((folder / "record.json").read_text(encoding="utf-8"))["handover"]["network_dev"]:
        file = folder / "L14.docx"
        brief = ("request", "letter", request_id, "--letter", "L14", "--out", str(file), "--on", ON)
        left.append(_left(run(*brief, *on_book), file))
    if trail == "R06":
        left += _call_and_decide_again(request_id, on_book)
    for event, at, *more in FURTHER.get(trail, ()):
        if event == "letter":
            left += _hand_out(request_id, on_book, _show(request_id, on_book)["letter"], at)
            continue
        code, _, error = run("request", "event", request_id, event, "--at", at, *more, *on_book)
        if code:
            left.append(f"no {event} ({error.strip().removeprefix('adequacy: ')})")
    shown = _show(request_id, on_book)
    for name, command in (("request.txt", ("request", "show")), ("explained.txt", ("record", "explain"))):
        (folder / name).write_text(run(*command, request_id, *on_book)[1], encoding="utf-8")
    return f"{words} {', '.join(left) or 'no letter'}; now {shown['state']}"


def _decide(
    request_id: str, on_book: tuple[str, str], page_name: str, record_name: str, at: str
) -> tuple[int, str, str]:
    """Decide at a moment; leave page and record."""
    folder = OUT / request_id
    record = ("--record", str(folder / record_name), "--by", BY)
    code, page, error = run("request", "decide", request_id, "--at", at, *record, *on_book)
    (folder / page_name).write_text(page or error, encoding="utf-8")
    return code, page, error


def _show(request_id: str, on_book: tuple[str, str]) -> dict[str, Any]:
    """A request as its events leave it."""
    shown: dict[str, Any] = json.loads(run("request", "show", request_id, "--format", "json", *on_book)[1])
    return shown


def _hand_out(request_id: str, on_book: tuple[str, str], letter: str | None, at: str) -> list[str]:
    """Confirm the letter that is due and write it, the list of contracted providers with it where it names one."""
    if not letter:
        return []
    run("request", "confirm", request_id, "--by", BY, "--at", at, *on_book)
    file = OUT / request_id / f"{letter}.docx"
    on = ("--on", at[: len(ON)])
    left = [_left(run("request", "letter", request_id, "--out", str(file), *on, *on_book), file)]
    for kind in ("xlsx", "csv", "docx") if letter == "L2" else ():
        file = OUT / request_id / f"providers.{kind}"
        left.append(_left(run("request", "list-providers", request_id, "--out", str(file), *on_book), file))
    return left


def _call_and_decide_again(request_id: str, on_book: tuple[str, str]) -> list[str]:
    """Phone whom the call sheet names, decide again by what they said, and send what is due then."""
    calls = json.loads(run("request", "call-sheet", "--as-of", AT, "--format", "json", *on_book)[1])
    for call in calls:
        if request_id in call["requests"]:
            said = ("--site", call["site_id"], "--by", BY, "--result", "accepting", "--first-appt", "2026-11-10")
            run("request", "event", request_id, "contacted", "--at", CALLED, *said, *on_book)
    _decide(request_id, on_book, "decision-2.txt", "record-2.json", DECIDED_AGAIN)
    left = _hand_out(request_id, on_book, _show(request_id, on_book)["letter"], DECIDED_AGAIN)
    run("request", "event", request_id, "list_sent", "--at", "2026-11-03T12:00", *on_book)
    return ["called, decided again", *left]


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
    for name, moment in (("due", ("--as-of", AT)), ("stats", ()), ("list", ())):
        (OUT / f"{name}.txt").write_text(run("request", name, *moment, "--casebook", book)[1], encoding="utf-8")
    print(f"Letters, lists, records and decisions: {OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
