"""``adequacy record``: verify a frozen decision record, or explain it to an auditor."""

from __future__ import annotations

import sys
from textwrap import wrap
from typing import Annotated

import typer

from adequacy.cli import desk
from adequacy.cli.options import Book, Net, Plan, Rules, examples
from adequacy.cli.streams import reading, writing

__all__ = ["app", "register"]

app = typer.Typer(help="Verify and explain decision records.", rich_markup_mode=None, no_args_is_help=True)
_WIDTH = 80
File = Annotated[str, typer.Argument(metavar="FILE.json", help="The record.")]


def register(application: typer.Typer) -> None:
    """Add the command group."""
    application.add_typer(app, name="record")


@app.command(epilog=examples("adequacy record verify r.json", "adequacy record verify r.json --plan alliance"))
def verify(file: File, network: Net = None, plan: Plan = None, policy: Rules = None) -> None:
    """Decide a record anew: 0 identical, 10 differs (roster, policy, code, data), 11 the record was altered."""
    from adequacy.determination import read_record
    from adequacy.determination import verify as compare
    from adequacy.determination.asking import decide_again

    with reading(file) as source:
        record = read_record(source)
    with desk.network_of(record, network, plan, policy) as net:
        verified = compare(record, decide_again(net.file, net.policy))
    for line in verified.lines():
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        sys.stdout.write("\n".join(wrap(line, _WIDTH, subsequent_indent=indent)) + "\n")
    raise typer.Exit(verified.exit_code)


@app.command(epilog=examples("adequacy record explain r.json", "adequacy record explain REQ-2026-000001"))
def explain(
    file: Annotated[str, typer.Argument(metavar="FILE.json|ID", help="The record, or a request of the casebook.")],
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Print a record for an auditor, question by question."""
    from adequacy.determination.explain import explain as page

    sys.stdout.write(page(*desk.record_of(file, casebook, plan, policy)))


@app.command(
    epilog=examples(
        "adequacy record export REQ-2026-000001 --out r.json",
        "adequacy record export REQ-2026-000001 --out for-the-auditor.json",
    )
)
def export(
    request_id: Annotated[str, typer.Argument(metavar="ID", help="The request.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE.json", help="The file to write; '-' prints it.")],
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Write the record of the last decision on a request."""
    from adequacy.determination import write_record

    with desk.open_book(casebook, desk.books_policy(plan, policy)) as book:
        record = book.record(request_id)
    with writing(out, suffix=".json") as target:
        write_record(record, target)


@app.command(epilog=examples("adequacy record check-book", "adequacy record check-book --plan alliance"))
def check_book(casebook: Book = None, plan: Plan = None, policy: Rules = None) -> None:
    """Walk the chain of the whole casebook: was an event or a record changed, taken out or put in?"""
    with desk.open_book(casebook, desk.books_policy(plan, policy)) as book:
        events, records = book.require_whole()
    sys.stdout.write(f"whole: {events} events and {records} records, each chained to the one before\n")
