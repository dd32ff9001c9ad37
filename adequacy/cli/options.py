"""What the commands share: options said once, values refused before any work, examples on lines of their own.

The word that the help prints for a value (``DATE``, ``YEARS``) is also what reads it: a value that is none is refused
by the name of its option, in one line, before a file is opened.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from adequacy.cli.values import is_read, read_value
from adequacy.errors import UsageError

__all__ = ["Book", "Command", "Format", "Net", "Plan", "Rules", "examples"]

Book = Annotated[str | None, typer.Option("--casebook", metavar="FILE|URL", help="The casebook; else the usual one.")]
Net = Annotated[str | None, typer.Option("--network", metavar="FILE|DIR", help="Network file, or a folder of them.")]
Plan = Annotated[str | None, typer.Option("--plan", metavar="NAME", help="Plan profile.")]
Rules = Annotated[str | None, typer.Option("--policy", metavar="DIR", help="Folder of the plan's own dated rules.")]
Format = Annotated[str, typer.Option("--format", metavar="text|json", help="How to print.")]


def examples(*lines: str) -> str:
    """Write the end of a help page: commands that are never wrapped, so that they run as pasted.

    A line that begins with an option goes on with the command before it.
    """
    page = "\n  ".join(lines).replace("\n  -", " \\\n      -")
    # a line with \b alone tells the help to leave the lines of its paragraph as they are
    return f"\b\nExamples:\n  {page}"


class Command(TyperCommand):
    """A command that refuses a value said twice, and a value that cannot be read, in one plain line."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for param in self.params:
            # the word for an argument says what it is: the help need not add "<str>"
            if param.param_type_name == "argument":
                setattr(param, "display_type_rich", _no_type)  # noqa: B010

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Look at the arguments before typer turns them into values."""
        if not ctx.resilient_parsing:
            given, _, order = self.make_parser(ctx).parse_args(args=list(args))
            if not any(param.is_eager for param in order):
                _require_said_once(Counter(order))
                _require_readable({param: given.get(param.name or "") for param in order})
        return super().parse_args(ctx, args)


def _no_type(*, ctx: Any) -> str:
    """What the help says of the Python type of an argument: nothing."""
    return ""


def _require_said_once(said: Counter[Any]) -> None:
    """Refuse an option that holds one value and is given two: the last would win in silence."""
    for param, times in said.items():
        is_list = param.nargs != 1 or getattr(param, "multiple", False) or getattr(param, "is_flag", False)
        if times > 1 and not is_list:
            raise UsageError(f"{param.opts[0]} is given {times} times and takes one value: keep one.")


def _require_readable(given: dict[Any, Any]) -> None:
    """Read every value whose help says what it is."""
    for param, value in given.items():
        if is_read(param.metavar) and isinstance(value, str):
            read_value(param.opts[0], param.metavar, value)
