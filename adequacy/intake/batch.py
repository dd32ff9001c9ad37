"""A batch of rows under repair: judge every distinct value once, write the outcome into every row that holds it.

A *judge* is a plain function from the text of one or more cells to the changes it asks for. It never sees a table, so
each can be tested with any text; the batch never knows a rule, so it stays fast (one million rows hold few distinct
values in most columns).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import starmap
from typing import TYPE_CHECKING, NamedTuple

from adequacy.intake.coded import Coded, number_rows
from adequacy.intake.findings import Findings, Source, reason, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    import numpy as np
    import pandas as pd

__all__ = ["Batch", "Change", "Judge", "Judges"]


class Change(NamedTuple):
    """What a judge asks for: a new value of one column, with the rule that says why (empty: nothing worth saying)."""

    column: str
    value: str
    rule: str = ""
    detail: str = ""


_REMEMBERED = 65_536

if TYPE_CHECKING:
    Judge = Callable[..., Iterable[Change]]
else:
    Judge = object


class Judges:
    """The judges of one run, each remembering what it said: the batches of a roster repeat each other's values.

    Called with a name and a function that makes the judge; the judge is made once, and remembers so many combinations
    at most, so that memory does not grow with the file.
    """

    def __init__(self) -> None:
        self._known: dict[str, Judge] = {}

    def __call__(self, name: str, make: Callable[[], Judge]) -> Judge:
        """Return the judge of that name, made at the first call."""
        if name not in self._known:
            judge = make()

            @lru_cache(maxsize=_REMEMBERED)
            def remembered(*texts: str) -> tuple[Change, ...]:
                return tuple(judge(*texts))

            self._known[name] = remembered
        return self._known[name]


class Batch:
    """Rows of one source, as one column of numbered texts per declared column.

    Parameters
    ----------
    source : Source
        File and sheet.
    rows : ndarray of int
        Row numbers as a spreadsheet shows them.
    values : mapping of str to Coded or ndarray of object
        Declared column -> its cells as text; ``""`` is empty.
    labels : mapping of str to str
        Declared column -> the header as the file writes it. Columns without one are named by their own name.
    findings : Findings
        Where every verdict is noted.
    """

    def __init__(
        self,
        source: Source,
        rows: np.ndarray,
        values: Mapping[str, Coded | np.ndarray],
        labels: Mapping[str, str],
        findings: Findings,
    ) -> None:
        import numpy as np

        self.source = source
        self.rows = rows
        self.values = {name: each if isinstance(each, Coded) else Coded.of(each) for name, each in values.items()}
        self.labels = labels
        self.findings = findings
        self.refused = np.zeros(len(rows), dtype=bool)
        self._as_read = dict(self.values)
        self._refusals: dict[int, tuple[str, str, str]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> Coded:
        """Return one declared column; one that the file lacks is empty throughout."""
        if name not in self.values:
            self.values[name] = Coded.constant("", len(self))
        return self.values[name]

    def judge(self, names: tuple[str, ...], judge: Judge) -> None:
        """Ask a judge about every distinct combination of the named columns and write what it says.

        The judge is called with one text per name. Rows that were refused stay in the batch, so that all faults of a
        file are named in one go.
        """
        import numpy as np

        codes, combinations = self._distinct(names)
        by_column: dict[tuple[str, int], list[tuple[int, Change]]] = {}
        for place, asked in enumerate(map(tuple, starmap(judge, combinations))):
            if not asked:
                continue
            said: dict[str, int] = {}
            for change in asked:
                turn = said[change.column] = said.get(change.column, -1) + 1
                by_column.setdefault((change.column, turn), []).append((place, change))
        for (name, _), changes in by_column.items():
            lookup = np.full(len(combinations), -1, dtype=np.int64)
            lookup[[place for place, _ in changes]] = range(len(changes))
            self._write(name, [change for _, change in changes], lookup[codes])

    def note(self, where: np.ndarray, column: str, rule: str, *, new: str = "", detail: str | np.ndarray = "") -> None:
        """Note one rule for the rows where a mask holds; a refusing rule refuses them."""
        import numpy as np

        places = np.flatnonzero(where)
        old = self._old(column).at(places)
        details = [detail] * len(places) if isinstance(detail, str) else list(detail[places])
        self.findings.add(self.source, self.rows[places], self._label(column), rule, old=old, new=new, detail=details)
        if rules()[rule].verdict == "refused":
            self._refuse(places, column, rule, details)

    def texts_as_read(self, name: str) -> list[str]:
        """Return the distinct texts of a column as they were read, in the rows that were not refused."""
        texts: list[str] = self._old(name).take(~self.refused).texts.tolist()
        return texts

    def refused_rows(self) -> pd.DataFrame:
        """Return table ``refused`` for this batch: one row per refused row, with its first reason."""
        import pandas as pd

        places = sorted(self._refusals)
        return pd.DataFrame(
            {
                "source_file": self.source.file,
                "source_sheet": self.source.sheet,
                "source_row": self.rows[places],
                "column": [self._refusals[place][0] for place in places],
                "reason": [reason(*self._refusals[place][1:]) for place in places],
            }
        )

    def refused_by(self, names: Collection[str]) -> int:
        """Count the refused rows whose first reason is one of the named rules."""
        return sum(rule in names for _, rule, _ in self._refusals.values())

    def _distinct(self, names: tuple[str, ...]) -> tuple[np.ndarray, list[tuple[str, ...]]]:
        """Number the distinct combinations of the named columns in order of appearance."""
        columns = [self.column(name) for name in names]
        if len(columns) == 1:
            return columns[0].codes, [(text,) for text in columns[0].texts.tolist()]
        numbers, first = number_rows(*(column.codes for column in columns))
        return numbers, list(zip(*(column.at(first).tolist() for column in columns), strict=True))

    def _write(self, name: str, changes: list[Change], which: np.ndarray) -> None:
        """Write changes into one column; ``which`` numbers the change of each row, -1 for none."""
        import numpy as np

        cells = self.column(name)
        pairs, first = number_rows(which + 1, cells.codes)
        was = cells.at(first).tolist()
        now = [changes[number].value if number >= 0 else old
               for number, old in zip(which[first].tolist(), was, strict=True)]  # fmt: skip
        fresh = Coded.made(pairs, now)
        touched = np.flatnonzero(which >= 0)
        for rule in dict.fromkeys(change.rule for change in changes if change.rule):
            has_rule = np.array([change.rule == rule for change in changes])
            places = touched[has_rule[which[touched]]]
            details = [changes[number].detail for number in which[places].tolist()]
            self.findings.add(
                self.source, self.rows[places], self._label(name), rule,
                old=self._old(name).at(places), new=fresh.at(places), detail=details,
            )  # fmt: skip
            if rules()[rule].verdict == "refused":
                self._refuse(places, name, rule, details)
        self.values[name] = fresh

    def _refuse(self, places: np.ndarray, column: str, rule: str, details: list[str]) -> None:
        """Mark rows as refused; the first reason of a row stands."""
        self.refused[places] = True
        for place, detail in zip(places.tolist(), details, strict=True):
            self._refusals.setdefault(place, (self._label(column), rule, detail))

    def _old(self, name: str) -> Coded:
        """Return a column as it was read."""
        return self._as_read[name] if name in self._as_read else self.column(name)

    def _label(self, name: str) -> str:
        """Return the header of a column as the file writes it."""
        return self.labels.get(name, name)
