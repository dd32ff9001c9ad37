"""Columns of text as numbers: each text is kept once, and a row holds the number of its text.

A roster of a million rows holds few distinct texts in most columns. With texts numbered once, at reading, every later
question of intake (which cells are empty, which rows agree) is a question about small whole numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import numpy as np
    import pandas as pd

__all__ = ["Coded", "Gathered", "Numbering", "number_rows"]


class Coded:
    """One column of text.

    ``texts`` holds each text once, in order of appearance; ``codes`` is the place in it of each row's text.
    """

    __slots__ = ("codes", "texts")

    def __init__(self, codes: np.ndarray, texts: np.ndarray) -> None:
        self.codes = codes
        self.texts = texts

    @classmethod
    def of(cls, cells: np.ndarray) -> Coded:
        """Number the texts of a column."""
        import pandas as pd

        codes, texts = pd.factorize(cells)
        return cls(codes, texts)

    @classmethod
    def constant(cls, text: str, rows: int) -> Coded:
        """Make a column of one text."""
        import numpy as np

        return cls(np.zeros(rows, dtype=np.int64), np.array([text], dtype=object))

    @classmethod
    def made(cls, places: np.ndarray, texts: Sequence[str]) -> Coded:
        """Make a column from the place of each row in a list of texts, in which a text may stand twice or be unused."""
        import numpy as np
        import pandas as pd

        if len(texts) == 0:
            return cls(places, np.array([], dtype=object))
        numbers, unique = pd.factorize(np.array(texts, dtype=object))
        codes, first = number_rows(numbers[places])
        return cls(codes, unique[numbers[places[first]]])

    def __len__(self) -> int:
        return len(self.codes)

    def array(self) -> np.ndarray:
        """Return the texts of all rows."""
        texts: np.ndarray = self.texts[self.codes]
        return texts

    def at(self, places: np.ndarray) -> np.ndarray:
        """Return the texts of some rows."""
        texts: np.ndarray = self.texts[self.codes[places]]
        return texts

    def take(self, rows: np.ndarray) -> Coded:
        """Return the column of some rows, by place, or by a mask."""
        if len(rows) == len(self.codes) and (rows.all() if rows.dtype == bool else _all_in_order(rows)):
            return self
        codes, first = number_rows(self.codes[rows])
        return Coded(codes, self.texts[self.codes[rows][first]])

    def equal(self, text: str) -> np.ndarray:
        """Tell which rows hold a text."""
        import numpy as np

        same: np.ndarray = np.asarray(self.texts == text, dtype=bool)[self.codes]
        return same


def _all_in_order(rows: np.ndarray) -> bool:
    """Tell whether places are 0, 1, 2 and so on."""
    import numpy as np

    return bool((rows == np.arange(len(rows))).all())


def number_rows(*codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct combinations of whole numbers, row by row, in order of appearance.

    Returns
    -------
    (ndarray, ndarray)
        The number of each row, and the first row of each number.
    """
    import numpy as np
    import pandas as pd

    numbers: np.ndarray = codes[0]
    for more in codes[1:]:
        numbers = pd.factorize(numbers)[0].astype(np.int64) * (int(more.max(initial=0)) + 1) + more
    numbers, unique = pd.factorize(numbers)
    first = np.empty(len(unique), dtype=np.int64)
    first[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    return numbers, first


class Gathered:
    """Columns that grow piece by piece; a text that many pieces hold is kept once.

    Parameters
    ----------
    names : sequence of str
        The columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._ids: dict[str, dict[str, int]] = {name: {} for name in names}
        self._codes: dict[str, list[np.ndarray]] = {name: [] for name in names}

    def add(self, columns: Mapping[str, Coded]) -> None:
        """Add a piece: all columns, with the same number of rows."""
        import numpy as np

        for name, column in columns.items():
            ids = self._ids[name]
            lookup = np.array([ids.setdefault(text, len(ids)) for text in column.texts.tolist()], dtype=np.int32)
            self._codes[name].append(lookup[column.codes])

    def table(self, numbered: Collection[str]) -> tuple[pd.DataFrame, Numbering]:
        """Hand over the columns as a table of text, with the numbers of some of them; nothing is kept here.

        The table is one block of memory from the start: a frame put together of columns would hold them twice.
        """
        import numpy as np
        import pandas as pd

        names = list(self._codes)
        count = sum(map(len, self._codes[names[0]]))
        block = np.empty((len(names), count), dtype=object)
        known: dict[str, np.ndarray] = {}
        for place, name in enumerate(names):
            parts, ids = self._codes.pop(name), self._ids.pop(name)
            if not count:
                continue
            texts = np.empty(len(ids), dtype=object)
            texts[:] = list(ids)
            codes = np.concatenate(parts)
            np.take(texts, codes, out=block[place], mode="clip")  # any other mode makes a copy first
            if name in numbered:
                known[name] = codes
        rows = pd.DataFrame(block.T, columns=names, dtype=object, copy=False)
        return rows, Numbering(rows, known)


class Numbering:
    """Numbers for the texts in the columns of a table, so that rows are compared by whole numbers.

    Parameters
    ----------
    rows : DataFrame
        A table of text.
    known : mapping of str to ndarray of int
        Columns that are numbered already; the others are numbered when they are asked for. ``changed`` says that a
        column holds other texts now.
    """

    def __init__(self, rows: pd.DataFrame, known: Mapping[str, np.ndarray] | None = None) -> None:
        self._rows = rows
        self._known = dict(known or {})

    def changed(self, *names: str) -> None:
        """Forget the numbers of columns whose texts were changed."""
        for name in names:
            self._known.pop(name, None)

    def of(self, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Number the distinct combinations of some columns; see ``number_rows``."""
        return number_rows(*(self._codes(name) for name in names))

    def make(self, name: str, names: Sequence[str], make: Callable[..., str]) -> None:
        """Make a column from others, once for each distinct combination of their texts, and write it into the table."""
        import numpy as np
        import pandas as pd

        numbers, first = self.of(names)
        made = np.empty(len(first), dtype=object)
        made[:] = [make(*texts) for texts in zip(*(self.texts(each, first) for each in names), strict=True)]
        self._rows[name] = pd.Series(made[numbers], index=self._rows.index, dtype=object)
        self._known[name] = pd.factorize(made)[0][numbers]

    def texts(self, name: str, places: np.ndarray) -> np.ndarray:
        """Return the texts of one column in some rows, by place."""
        texts: np.ndarray = self._rows[name].to_numpy(dtype=object)[places]
        return texts

    def _codes(self, name: str) -> np.ndarray:
        """Return the numbers of one column."""
        import pandas as pd

        if name not in self._known:
            self._known[name] = pd.factorize(self._rows[name].to_numpy(dtype=object))[0]
        return self._known[name]
