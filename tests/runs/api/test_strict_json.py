"""What is accepted as JSON, and the answer to everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runs.api.strict_json import MOST_LEVELS, NotJSON, decode


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1.5, "", "肺炎 🫁", [], {}, [1, [2, {"a": None}]], {"a": {"b": [1, 2]}}, 10**99, 1e308],
)
def test_what_json_can_say_is_read_as_it_is(value: Any) -> None:
    assert decode(json.dumps(value).encode()) == value
    assert decode(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("raw", "field", "said"),
    [
        (b"", "", "line 1, column 1"),
        (b"{", "", "Not JSON"),
        (b'{"a": 1,}', "", "Not JSON"),
        (b"\xff\xfe{\x00}\x00", "", "UTF-8"),
        (b"\xed\xa0\x80", "", "UTF-8"),
        (b"\xef\xbb\xbf{}", "", "byte order mark"),
        (b'{"a": NaN}', "", "finite"),
        (b"-Infinity", "", "finite"),
        (b"[1e999]", "", "finite"),
        (b"[-1e999]", "", "finite"),
        (b"9" * 101, "", "at most 100"),
        (b"-" + b"9" * 5_000, "", "at most 100"),
        (b'{"a": 1, "b": 2, "a": 3}', "", "'a' is given more than once"),
        (b'{"x": {"\\ud800": 1, "\\ud800": 2}}', "", "more than once"),
        (rb'{"to": "x\udfff"}', "to", r"\udfff"),
        (rb'{"a": {"b": ["\ud800"]}}', "a.b.0", r"\ud800"),
        (rb'{"a": {"\ud800x": 1}}', "a", "name of a field"),
        (rb'"\udc00\ud800"', "", "half of a character"),
        (rb'{"a": "b\u0000"}', "a", "control characters"),
        (rb'{"\u0000": 1}', "", "control characters"),
    ],
)
def test_everything_else_is_refused_with_the_cure(raw: bytes, field: str, said: str) -> None:
    with pytest.raises(NotJSON) as refused:
        decode(raw)
    assert refused.value.field == field
    assert said in refused.value.message
    refused.value.message.encode()  # it can be sent and logged


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert decode(rb'"\ud83e\udec1"') == "🫁"


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 900, 1_000, 30_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_what_is_nested_deeply_is_refused(levels: int, begin: str, end: str) -> None:
    with pytest.raises(NotJSON, match=f"more than {MOST_LEVELS} levels"):
        decode(f"{begin * levels}1{end * levels}".encode())


def test_the_deepest_levels_that_are_taken() -> None:
    raw = "[" * MOST_LEVELS + "]" * MOST_LEVELS
    assert json.dumps(decode(raw.encode())) == raw
