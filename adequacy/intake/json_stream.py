"""JSON read piece by piece: the values of a file one after another, the members of one long list among them.

A directory is one value per line, or one value with everything in a list. Either way only the value at hand is in
memory. The standard library parses whole texts only; this feeds it one value at a time.
"""

from __future__ import annotations

import json
import re
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NotJson", "listed_values"]

_PIECE = 1 << 20
_BLANK = re.compile(r"[ \t\r\n]*")
#: What the parser says of a text that ends inside a string; and no word or escape of JSON is longer than this.
_CUT_STRING = "Unterminated string"
_LONGEST_WORD = 32
_DECODER = json.JSONDecoder()


class NotJson(ValueError):
    """The text is not JSON. ``line`` is where the value begins that cannot be read."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is not JSON")
        self.line = line


def listed_values(text: IO[str], name: str) -> Iterator[tuple[int, Any]]:
    r"""Yield the values of a JSON text; of a list, or of an object's list of that name, yield its members instead.

    Parameters
    ----------
    text : file of str
        One JSON value, or several of them one after another (a line each, say).
    name : str
        An object that has this member and a list in it stands for the members of that list.

    Yields
    ------
    (int, value)
        The line on which a value begins, or the running number of a member of a list; and the value.

    Raises
    ------
    NotJson
        If the text is not JSON.

    Examples
    --------
    >>> import io
    >>> list(listed_values(io.StringIO('{"a": 1}\n{"entry": [2, 3]}'), "entry"))
    [(1, {'a': 1}), (1, 2), (2, 3)]
    """
    pieces = _Pieces(text)
    number = 0
    while first := pieces.peek():
        line = pieces.line
        if first == "[":
            members: Iterator[tuple[bool, Any]] = ((True, member) for member in pieces.members())
        elif first == "{" and (whole := pieces.value(at_hand=True)) is None:
            members = pieces.list_of(name)
        else:
            whole = whole if first == "{" else pieces.value()
            listed = whole.get(name) if first == "{" else None
            members = ((True, member) for member in listed) if isinstance(listed, list) else iter([(False, whole)])
        for is_member, member in members:
            number += is_member
            yield (number if is_member else line), member


class _Pieces:
    """A text under a cursor, read piece by piece; what lies behind the cursor is forgotten."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._held = ""
        self._at = 0
        self._ended = False
        self._lines = 1
        self._counted = 0

    @property
    def line(self) -> int:
        """The line of the cursor; each line end is counted once."""
        self._lines += self._held.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._lines

    def peek(self) -> str:
        """Pass over blanks; return the next character, empty at the end."""
        while True:
            self._at = _BLANK.match(self._held, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._held) or not self._more():
                return self._held[self._at : self._at + 1]

    def value(self, *, at_hand: bool = False) -> Any:
        """Return the next value; with ``at_hand``, None for one that is not in memory as a whole."""
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self._held, self._at)
            except RecursionError:
                raise NotJson(self.line) from None
            except json.JSONDecodeError as error:
                if not error.msg.startswith(_CUT_STRING) and error.pos < len(self._held) - _LONGEST_WORD:
                    raise NotJson(self.line) from None  # wrong in the middle, and not for want of what follows
                if at_hand and len(self._held) - self._at >= _PIECE:
                    return None
                if not self._more(len(self._held) - self._at):
                    raise NotJson(self.line) from None
            else:
                if isinstance(found, int | float) and end > len(self._held) - _LONGEST_WORD and self._more():
                    continue  # a number may go on in the next piece
                self._at = end
                return found

    def members(self) -> Iterator[Any]:
        """Yield the members of the list under the cursor."""
        self._pass("[")
        if self.peek() == "]":
            self._pass("]")
            return
        while True:
            yield self.value()
            if self.peek() != ",":
                break
            self._pass(",")
        self._pass("]")

    def list_of(self, name: str) -> Iterator[tuple[bool, Any]]:
        """Yield True and each member of the list of that name in the object under the cursor; False and it, if none."""
        rest: dict[str, Any] = {}
        found = False
        self._pass("{")
        while self.peek() == '"':
            key = self.value()
            self._pass(":")
            if key == name and self.peek() == "[":
                found = True
                yield from ((True, member) for member in self.members())
            elif found:
                self.value()
            else:
                rest[key] = self.value()
            if self.peek() != ",":
                break
            self._pass(",")
        self._pass("}")
        if not found:
            yield False, rest

    def _pass(self, mark: str) -> None:
        """Pass over a mark that must come next."""
        if self.peek() != mark:
            raise NotJson(self.line)
        self._at += 1

    def _more(self, least: int = 0) -> bool:
        """Read on, at least so many characters; forget what lies behind. False at the end of the text."""
        piece = "" if self._ended else self._text.read(max(_PIECE, least))
        self._ended = not piece
        if piece:
            self._lines = self.line
            self._held = self._held[self._at :] + piece
            self._at = self._counted = 0
        return bool(piece)
