"""JSON pointers as fragments of URIs."""

from __future__ import annotations

import pytest

from runs.problems.json_pointers import pointer


# The pairs of RFC 6901, section 6, as far as names and numbers of items make them.
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), "#"),
        (("foo",), "#/foo"),
        (("foo", 0), "#/foo/0"),
        (("",), "#/"),
        (("a/b",), "#/a~1b"),
        (("c%d",), "#/c%25d"),
        (("e^f",), "#/e%5Ef"),
        (("g|h",), "#/g%7Ch"),
        (("i\\j",), "#/i%5Cj"),
        (('k"l',), "#/k%22l"),
        ((" ",), "#/%20"),
        (("m~n",), "#/m~0n"),
        (("größe", "a.b"), "#/gr%C3%B6%C3%9Fe/a.b"),
    ],
)
def test_a_path_becomes_a_pointer(path: tuple[str | int, ...], expected: str) -> None:
    assert pointer(path) == expected
