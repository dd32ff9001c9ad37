"""The typer application: help, completion, and every command that is not a plain ``check``."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer

from adequacy.cli import HELP_PAGE, INTERRUPTED, say
from adequacy.cli import check as check_command
from adequacy.cli.options import Command, Net, Plan, Rules, examples

__all__ = ["app", "run_app"]

_EPILOG = (
    "Exit codes: 0 answered; 2 wrong usage; 3 file refused; 4 cannot be decided; 5 service unreachable. "
    "check --exit-code also gives 10 for a gap and 11 for too close to call."
)
#: Modules that hold commands, in the order of the help.
_COMMANDS = (
    "services",
    "batch",
    "measure",
    "standards",
    "network",
    "geocode",
    "roads",
    "request",
    "credentialing",
    "record",
    "policy",
    "backtest",
    "report",
    "demo",
    "doctor",
)
#: What the list of commands says of each: short enough to stand whole in 80 columns.
_SHORT = {
    "check": "Answer one question: is a contracted site within reach?",
    "services": "List and search the service catalogue.",
    "batch": "Answer a file of questions, each as check would.",
    "measure": "Measure the whole plan against a scheme of standards.",
    "standards": "List the schemes of standards, or one of them.",
    "backtest": "Replay past decisions and say where they differ.",
    "report": "Write the coverage report for leadership or the public.",
    "demo": "Write the demo's files, to try everything on.",
    "doctor": "Say what is installed and which files answer.",
    "network": "Build network files from rosters, and look into them.",
    "geocode": "Place addresses, offline first.",
    "roads": "Compile street networks for drive miles and minutes.",
    "request": "Work requests: open, decide, confirm, follow clocks.",
    "credentialing": "Credentialing and enrolment: events, state, letters.",
    "record": "Verify and explain decision records.",
    "policy": "Evaluate the decision table alone.",
    "network build": "Compile rosters into one immutable network file.",
    "network columns": "Write a first mapping of a roster's columns.",
    "network info": "Say what a network file holds.",
    "network cover": "Keep coverage tables beside a network.",
    "network diff": "Say what a new roster changed.",
    "network without": "Write a network without a provider or a site.",
    "geocode run": "Place every row of a file.",
    "geocode index": "Make a local index of addresses.",
    "roads build": "Compile a street extract once.",
    "roads info": "Say what a street network holds.",
    "request open": "Open a request, or all of a form.",
    "request show": "Show one request: state, facts, clocks, what is next.",
    "request list": "List requests, oldest first.",
    "request decide": "Decide a request, and freeze the record.",
    "request confirm": "Confirm, by name, what is to leave.",
    "request event": "Record what happened.",
    "request due": "List what is due, overdue first.",
    "request call-sheet": "List whom to phone today, and why.",
    "request stats": "Count requests, outcomes, days and gaps.",
    "request letter": "Write the letter that is due.",
    "request list-providers": "Write the list of contracted providers.",
    "credentialing open": "Open one provider for one service at one site.",
    "credentialing event": "Record a decision, or what is known of enrolment.",
    "credentialing show": "Show one credentialing.",
    "credentialing letter": "Write the letter that is due.",
    "record verify": "Decide a record anew and compare.",
    "record explain": "Print a record for an auditor.",
    "record export": "Write the record of the last decision.",
    "record check-book": "Prove that no event or record was changed.",
    "policy decide": "Decide every row of a file of facts.",
}

app = typer.Typer(
    name="adequacy",
    help="Is a contracted provider of this service within thirty miles of the consumer?",
    epilog=_EPILOG,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    """Print the version and leave."""
    if asked:
        from adequacy import __version__

        typer.echo(f"adequacy {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Is a contracted provider of this service within thirty miles of the consumer?"""


@app.command(
    epilog=examples(
        "adequacy check --service SAIOP --zip 27546",
        "adequacy check --service H0015 --point 35.40,-78.85 --format json",
    )
)
def check(
    service: Annotated[
        str, typer.Option("--service", metavar="SERVICE", help="Key, staff term, abbreviation or code, in any case.")
    ],
    zip5: Annotated[
        str | None, typer.Option("--zip", metavar="ZIP", help="ZIP of the consumer: the whole area.")
    ] = None,
    address: Annotated[
        str | None, typer.Option("--address", metavar="TEXT", help="Street address with ZIP; '-' reads it from stdin.")
    ] = None,
    point: Annotated[str | None, typer.Option("--point", metavar="LAT,LON", help="Point of the consumer.")] = None,
    member: Annotated[
        str | None, typer.Option("--member", metavar="ID", help="Member id in the file of --members.")
    ] = None,
    members: Annotated[
        str | None, typer.Option("--members", metavar="FILE", help="The plan's eligibility file.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Day asked about; today.")] = None,
    age: Annotated[int | None, typer.Option("--age", metavar="YEARS", help="Age of the consumer.")] = None,
    funding: Annotated[str | None, typer.Option("--funding", metavar="medicaid|state", help="Who pays.")] = None,
    population: Annotated[
        str | None, typer.Option("--population", metavar="WORD", help="A population word of the roster.")
    ] = None,
    limit_mi: Annotated[
        float | None, typer.Option("--limit-mi", metavar="MILES", help="Another limit than the rule's.")
    ] = None,
    network: Net = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json, csv or geojson.")] = "text",
    map_file: Annotated[
        str | None, typer.Option("--map", metavar="FILE.html", help="Write a map report; for internal use.")
    ] = None,
    list_file: Annotated[
        str | None, typer.Option("--list", metavar="FILE", help="Write the list of providers: .xlsx, .csv or .docx.")
    ] = None,
    roads: Annotated[
        str | None, typer.Option("--roads", metavar="FILE.roads", help="Compiled roads: adds drive miles and minutes.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List every site, not the nearest few.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="10 for a gap, 11 for too close to call.")] = False,
) -> None:
    """Is a contracted site of the service within the limit of every place where the consumer may be?"""
    asked = locals()
    raise typer.Exit(check_command.run(**asked))


for _name in _COMMANDS:
    import_module(f"adequacy.cli.{_name}").register(app)


def _finish(commands: list[Any], group: str = "") -> None:
    """Give each command its line in the list of commands, and our way of reading arguments."""
    for command in commands:
        name = command.name or command.callback.__name__.replace("_", "-")
        command.short_help = _SHORT.get(f"{group} {name}".strip())
        command.cls = Command


_finish(app.registered_commands)
for _group in app.registered_groups:
    _group.short_help = _SHORT.get(_group.name or "")
    _finish(_group.typer_instance.registered_commands if _group.typer_instance else [], _group.name or "")


def help_page() -> str:
    """Give the page of ``adequacy --help`` as typer prints it on a terminal of 80 columns."""
    import io
    import os
    from contextlib import redirect_stdout
    from unittest.mock import patch

    page = io.StringIO()
    with redirect_stdout(page), patch.dict(os.environ, {"COLUMNS": "80"}):
        run_app(["--help"])
    return page.getvalue()


def run_app(arguments: list[str]) -> int:
    """Run the application; a usage error is one line on stderr and exit code 2."""
    try:
        code = app(arguments, prog_name="adequacy", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        # typer keeps its usage errors private (since 0.26): they are known by their face
        explain = getattr(error, "format_message", None)
        if explain is None:
            raise
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "adequacy"
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(explain())
            return 0
        say(f"{explain()} See: {command} --help")
        return int(getattr(error, "exit_code", 2))
    if code == INTERRUPTED:
        # typer makes an exit code of Ctrl-C, without a word
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    HELP_PAGE.write_text(help_page(), encoding="utf-8", newline="\n")
