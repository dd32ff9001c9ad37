"""JSON read piece by piece gives what the whole text gives, and never the rest of a file for one wrong line."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequacy.intake import json_stream
from adequacy.intake.json_stream import NotJson, listed_values

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text("abc", max_size=3), VALUES, max_size=4)


def read(text: str) -> list[object]:
    return [value for _, value in listed_values(io.StringIO(text), "entry")]


@pytest.fixture(params=[1, 5, 64, 1 << 20])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Pieces so small that every value is cut somewhere, and one as large as the text."""
    monkeypatch.setattr(json_stream, "_PIECE", request.param)
    return int(request.param)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@settings(deadline=None, max_examples=60)
@given(values=st.lists(OBJECTS, max_size=5), indent=st.sampled_from([None, 2]))
def test_lines_and_lists_and_bundles_give_the_same_values(size: int, values: list[object], indent: int | None) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_stream, "_PIECE", size)
        assert read("\n".join(json.dumps(value) for value in values)) == values
        assert read(json.dumps(values, indent=indent)) == values
        bundle = {"resourceType": "Bundle", "total": len(values), "entry": values, "link": [{"url": "x"}]}
        assert read(json.dumps(bundle, indent=indent)) == values


def test_a_value_larger_than_a_piece_is_not_lost(piece: int) -> None:
    large = {"id": "x" * 300, "list": list(range(50)), "n": 12345.5}
    assert read(json.dumps(large) + "\n" + json.dumps({"id": "y"})) == [large, {"id": "y"}]


def test_lines_are_counted_and_members_are_numbered(piece: int) -> None:
    assert [at for at, _ in listed_values(io.StringIO('{"a": 1}\n\n{"b":\n 2}\n{"c": 3}'), "entry")] == [1, 3, 5]
    assert [at for at, _ in listed_values(io.StringIO('[{"a": 1},\n{"b": 2}]'), "entry")] == [1, 2]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"a": 1}\n{broken\n{"c": 3}', 2), ('{"a": 1}\n{"b": nul}\n' + '{"c": 3}\n' * 40, 2), ("[1, 2", 1),
        ('{"entry": [1, 2}', 1), ('{"a": "x\n', 1), ("[" * 100_000, 1),
    ],
)  # fmt: skip
def test_what_is_no_json_is_named_by_its_line(text: str, line: int, piece: int) -> None:
    with pytest.raises(NotJson) as caught:
        read(text)
    assert caught.value.line == line


def test_a_wrong_line_ends_the_reading_where_it_stands() -> None:
    text = io.StringIO('{"a": 1}\n{"b": oops}\n' + '{"c": 3}\n' * 1_000_000)
    with pytest.raises(NotJson):
        list(listed_values(text, "entry"))
    assert text.tell() < 3 << 20
