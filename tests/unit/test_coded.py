"""Numbered columns say the same as the texts they stand for: compared with plain Python, row by row."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adequacy.intake.coded import Coded, Gathered, number_rows

TEXTS = st.lists(st.sampled_from(["", "a", "b", "ä", "a b"]), max_size=12)
NUMBERS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 4)), max_size=20)


def column(texts: list[str]) -> np.ndarray:
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array


@settings(deadline=None)
@given(TEXTS, st.randoms())
def test_a_column_and_its_parts_give_back_their_texts(texts: list[str], draw) -> None:
    coded = Coded.of(column(texts))
    assert coded.array().tolist() == texts
    assert coded.texts.tolist() == list(dict.fromkeys(texts))
    assert coded.equal("a").tolist() == [text == "a" for text in texts]
    places = sorted(draw.sample(range(len(texts)), len(texts) // 2))
    part = coded.take(np.array(places, dtype=np.int64))
    assert part.array().tolist() == [texts[place] for place in places]
    assert part.texts.tolist() == list(dict.fromkeys(texts[place] for place in places))
    mask = np.array([text != "b" for text in texts], dtype=bool)
    assert coded.take(mask).array().tolist() == [text for text in texts if text != "b"]


@settings(deadline=None)
@given(NUMBERS)
def test_rows_are_numbered_in_order_of_appearance(rows: list[tuple[int, int, int]]) -> None:
    columns = [np.array([row[place] for row in rows], dtype=np.int64) for place in range(3)]
    numbers, first = number_rows(*columns)
    order = list(dict.fromkeys(rows))
    assert numbers.tolist() == [order.index(row) for row in rows]
    assert first.tolist() == [rows.index(row) for row in order]


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS), min_size=1, max_size=4))
def test_pieces_make_one_table(pieces: list[tuple[list[str]]]) -> None:
    gathered = Gathered(["one", "two"])
    for (texts,) in pieces:
        gathered.add({"one": Coded.of(column(texts)), "two": Coded.constant("x", len(texts))})
    whole = [text for (texts,) in pieces for text in texts]
    rows, numbering = gathered.table({"one"})
    assert rows["one"].tolist() == whole
    assert rows["two"].tolist() == ["x"] * len(whole)
    numbers, _ = numbering.of(["one", "two"])
    assert numbers.tolist() == [list(dict.fromkeys(whole)).index(text) for text in whole]
    numbering.make("two", ["one"], lambda text: text.upper())
    assert rows["two"].tolist() == [text.upper() for text in whole]
