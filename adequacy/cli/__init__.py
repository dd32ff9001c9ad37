"""The command line: read arguments, call the library, print. The library decides.

``main`` answers ``adequacy check`` with plain options without loading typer (docs/decisions/0007); all
other calls, and those it does not understand, go to the typer application in ``app``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from adequacy.errors import AdequacyError, OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = ["main"]

#: What a process that Ctrl-C has stopped leaves with.
INTERRUPTED = 130
#: No message is longer, whatever a file holds; ours name their own bounds well below it.
_LONGEST = 4000
_ASKS_FOR_HELP: tuple[list[str], ...] = ([], ["--help"], ["-h"])
#: What ``adequacy --help`` prints: typer's own page, kept beside this file so that nobody waits for it
#: (``python -m adequacy.cli.app`` writes it anew; a contract test holds it to the commands).
HELP_PAGE = Path(__file__).with_name("help.txt")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    usual, listener = sys.excepthook, _Listener()
    sys.excepthook = listener
    try:
        from adequacy.cli.streams import mend

        mend()
        code = _run(arguments)
    except KeyboardInterrupt:
        code = _stopped()
    except Exception as error:
        if "--debug" in arguments or not (listener.heard or _was_interrupted(error)):
            raise
        code = _stopped()
    finally:
        sys.excepthook = usual
    sys.exit(code)


class _Listener:
    """Hears of a Ctrl-C that a package keeps to itself: one stopped while it loads says that it cannot be imported."""

    heard = False

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Print any other error as usual."""
        if issubclass(kind, KeyboardInterrupt):
            self.heard = True
        else:
            sys.__excepthook__(kind, error, trace)


def _dispatch(arguments: list[str]) -> int:
    """Run a plain ``check`` or the first help page at once, and all else by typer."""
    from adequacy.cli.check import run, understand

    if arguments in _ASKS_FOR_HELP:
        sys.stdout.write(HELP_PAGE.read_text(encoding="utf-8"))
        return 0
    asked = understand(arguments)
    if asked is not None:
        return run(**asked)
    from adequacy.cli.app import run_app

    return run_app(arguments)


def _run(arguments: list[str]) -> int:
    """Run one command; a known error is one line on stderr and its exit code."""
    debug = "--debug" in arguments
    try:
        code = _dispatch([each for each in arguments if each != "--debug"])
        # what is still waiting to be printed can fail too
        sys.stdout.flush()
        return code
    except AdequacyError as error:
        if debug:
            raise
        say(error.message)
        return error.exit_code
    except BrokenPipeError:
        # the reader has gone (head, less): nothing more can be said
        _print_no_more()
        return 0
    except OSError as error:
        # files have messages of their own: what is left is standard output on a full disk, or closed
        if debug:
            raise
        _print_no_more()
        where = error.filename or "standard output"
        say(f"{where}: cannot be written or read ({error.strerror or error}). Check the disk, or name a file.")
        return OutputError.exit_code
    except UnicodeEncodeError as error:
        if debug:
            raise
        say(f"a name cannot be written in this computer's character set ({error.encoding}). Use plain letters.")
        return OutputError.exit_code


def _stopped() -> int:
    """Say that Ctrl-C was heard; give the exit code of it."""
    say("stopped.")
    return INTERRUPTED


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C stands behind an error."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def say(text: str) -> None:
    """Print words for people on stderr, on one line of bounded length, harmless to the terminal."""
    from adequacy.outputs.escape import escape_terminal

    words = escape_terminal(text[: 2 * _LONGEST])
    cut = "..." if len(words) > _LONGEST or len(text) > 2 * _LONGEST else ""
    print(f"adequacy: {words[:_LONGEST]}{cut}", file=sys.stderr)  # noqa: T201


def _print_no_more() -> None:
    """Let nothing that still waits for standard output fail at the very end."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
