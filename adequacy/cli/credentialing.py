"""``adequacy credentialing``: one letter or two, and entry into ACS only after a verified enrolment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from adequacy.cli import desk
from adequacy.cli.options import Book, Format, Plan, Rules, examples
from adequacy.cli.streams import writing

__all__ = ["app", "register"]

app = typer.Typer(
    help="Keep credentialing and enrolment apart: events, state, one letter or two.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Line = Annotated[
    str, typer.Argument(metavar="ID", help="The credentialing.", callback=lambda typed: typed.strip().upper())
]


def register(application: typer.Typer) -> None:
    """Add the command group."""
    application.add_typer(app, name="credentialing")


@app.command(
    name="open",
    epilog=examples(
        'adequacy credentialing open --requester "A Clinic" --npi 1234567893',
        "--site-zip 27546 --service SAIOP",
        'adequacy credentialing open --requester "B LLC" --npi 1234567893',
        "--site-zip 27501 --service OTP --nctracks U",
    ),
)
def open_(
    requester: Annotated[str, typer.Option("--requester", metavar="NAME", help="Name of the provider.")],
    npi: Annotated[str, typer.Option("--npi", metavar="NPI", help="Its NPI.")],
    site_zip: Annotated[str, typer.Option("--site-zip", metavar="ZIP", help="ZIP of the site.")],
    service: Annotated[
        str, typer.Option("--service", metavar="SERVICE", help="Key, staff term, abbreviation or code.")
    ],
    nctracks: Annotated[
        str,
        typer.Option("--nctracks", metavar="Y|N|U", help="Enrolled already: Y said so, N none on record, U not known."),
    ] = "N",
    demo: Annotated[bool, typer.Option("--demo", help="An invented provider: page and letters say so.")] = False,
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Format = "text",
) -> None:
    """Open the credentialing of one provider for one service at one site; prints the id."""
    from adequacy.casebook.credentialing import open_credentialing

    given = {"requester": requester, "npi": npi, "site_zip": site_zip, "service": service, "nctracks": nctracks}
    given |= {"demo": "Y"} if demo else {}
    rules = desk.books_policy(plan, policy)
    with desk.open_book(casebook, rules, create=True) as book:
        line_id = open_credentialing(book, given, now=desk.now())
    desk.show({"id": line_id}, f"{line_id}\n", output)


@app.command(
    epilog=examples(
        "adequacy credentialing event CRED-2026-000001 approved --at 2026-11-03",
        'adequacy credentialing event CRED-2026-000002 denied --note "No licence"',
    )
)
def event(
    line_id: Line,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="approved, denied, nctracks_enrolled, nctracks_not_enrolled, nctracks_notified, nctracks_incorrect or "
            "nctracks_verified.",
        ),
    ],
    at: Annotated[str, typer.Option("--at", metavar="TIMESTAMP", help="When it happened; now.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")] = "",
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="A note; the reason of a denial.")] = "",
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Record what happened: the decision, or what is known of the enrolment."""
    from adequacy.casebook.credentialing import record_credentialing

    rules = desk.books_policy(plan, policy)
    with desk.open_book(casebook, rules) as book:
        now = record_credentialing(book, line_id, name, at=at, by=by, note=note, now=desk.now())
    sys.stdout.write(f"{line_id}: {name} recorded, now {now.rule.state}\n")


@app.command(
    epilog=examples(
        "adequacy credentialing show CRED-2026-000001", "adequacy credentialing show CRED-2026-000001 --format json"
    )
)
def show(
    line_id: Line, casebook: Book = None, plan: Plan = None, policy: Rules = None, output: Format = "text"
) -> None:
    """Show one credentialing: decision, enrolment, whether it is in ACS, which letters."""
    from adequacy.casebook.credentialing import credentialing_of
    from adequacy.outputs.credentialing_page import credentialing_page

    rules = desk.books_policy(plan, policy)
    with desk.open_book(casebook, rules) as book:
        view = credentialing_of(book, line_id).to_dict(rules)
    desk.show(view, credentialing_page(view, desk.letter_names(rules)), output)


@app.command(
    epilog=examples(
        "adequacy credentialing letter CRED-2026-000001 --out letter.docx",
        "adequacy credentialing letter CRED-2026-000001 --out letter.docx --by Lee",
    )
)
def letter(
    line_id: Line,
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="File to write: .docx, .txt, .html or .pdf; - prints it.")
    ],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The person who confirms it; a draft without.")] = "",
    code: Annotated[str, typer.Option("--letter", metavar="CODE", help="The letter; else the one due now.")] = "",
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="Day of the letter; today.")] = None,
    templates: Annotated[
        str | None, typer.Option("--templates", metavar="DIR", help="Folder of the plan's own templates.")
    ] = None,
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Write the letter that is due: a draft until a named person confirms it with --by."""
    from adequacy.cli.handout import hand_out_credentialing, letter_day, letter_words

    rules, now = desk.books_policy(plan, policy), desk.now()
    folder = Path(templates) if templates else None
    with desk.open_book(casebook, rules) as book:
        day = letter_day(on, book, now)
        with writing(out, suffix=".txt") as target:
            made = hand_out_credentialing(book, line_id, target, code=code, by=by, templates=folder, on=day, now=now)
    sys.stderr.write(letter_words(made, out))
