"""Pages of a log by byte offsets: whatever is in it, and however large it is."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from itertools import count

import pytest

from runs.files import log_tail
from runs.files.log_tail import LINE_CHARACTERS, WINDOW, Line, Page


def file_of(content: bytes) -> io.BytesIO:
    return io.BytesIO(content)


class Counting(io.BytesIO):
    """A file that counts the bytes read from it."""

    bytes_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.bytes_read += len(data)
        return data


def texts(lines: Sequence[Line]) -> list[str]:
    return [line.text for line in lines]


def test_the_last_lines_and_those_before_them() -> None:
    file = file_of(b"one\ntwo\nthree\nfour\n")
    last = log_tail.before(file, 0, 19, 2, whole=False)
    assert last == Page(8, 19, [Line(8, "three", False), Line(14, "four", False)])
    assert texts(log_tail.before(file, 0, last.start, 2, whole=False).lines) == ["one", "two"]
    assert texts(log_tail.before(file, 0, last.start, 9, whole=False).lines) == ["one", "two"]


def test_walking_in_both_directions_meets_every_line_once() -> None:
    """Use lines of 0 to 200,000 bytes, so that blocks end anywhere."""
    chance = random.Random(7)
    written = [f"{n} " + "x" * chance.choice([0, 1, 80, 5_000, 200_000]) for n in range(300)]
    content = "".join(f"{line}\n" for line in written).encode()
    file = file_of(content)
    forwards: list[Line] = []
    backwards: list[Line] = []
    position = 0
    while (page := log_tail.after(file, position, len(content), 7, whole=False)).lines:
        forwards += page.lines
        position = page.end
    position = len(content)
    while position:
        page = log_tail.before(file, 0, position, 7, whole=False)
        assert page.end == position
        backwards = page.lines + backwards
        position = page.start
    assert forwards == backwards
    assert texts(forwards) == [line[:LINE_CHARACTERS] for line in written]
    assert [line.cut for line in forwards] == [len(line) > LINE_CHARACTERS for line in written]
    assert all(content[line.offset :].startswith(line.text.encode()) for line in forwards)


def test_an_unfinished_line_waits_until_it_is_whole() -> None:
    file = file_of(b"done\nhalf")
    assert log_tail.before(file, 0, 9, 9, whole=False) == Page(0, 5, [Line(0, "done", False)])
    assert log_tail.after(file, 5, 9, 9, whole=False) == Page(5, 5, [])
    assert texts(log_tail.before(file, 0, 9, 9, whole=True).lines) == ["done", "half"]
    assert texts(log_tail.after(file, 5, 9, 9, whole=True).lines) == ["half"]


def test_a_line_longer_than_a_window_comes_in_pieces_of_whole_characters() -> None:
    content = b"first\n" + "ü".encode() * WINDOW + b"\nlast\n"  # two windows of it, and pieces begin at odd bytes
    file, position, pieces = file_of(content), 0, []
    while position < len(content):
        page = log_tail.after(file, position, len(content), 100, whole=False)
        assert page.end > position
        pieces += page.lines
        position = page.end
    assert (pieces[0].text, pieces[-1].text) == ("first", "last")
    assert all(line.cut and set(line.text) == {"ü"} for line in pieces[1:-2])
    assert texts(log_tail.before(file, 0, len(content), 1, whole=False).lines) == ["last"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"\x1b[1;31mred\x1b[0m and \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n", "red and link"),
        (b"  0%|   |\r 50%|=  |\r100%|===|\n", "100%|===|"),
        (b"100%|===|\r\x1b[K\r\n", "100%|===|"),
        (b"windows\r\n", "windows"),
        (b"tab\tbell\x07 null\x00 \xc2\x9b31m\n", "tab\tbell null 31m"),
        (b"caf\xc3\xa9 caf\xe9\n", "café caf\ufffd"),
        (b"\x1b(Bplain\x1b=\n", "plain"),
        (b"\n", ""),
    ],
)
def test_a_line_is_what_a_terminal_shows_in_the_end(raw: bytes, shown: str) -> None:
    assert texts(log_tail.after(file_of(raw), 0, len(raw), 9, whole=False).lines) == [shown]


@pytest.mark.parametrize(
    ("text", "found"),
    [("error", ["An ERROR here", "last error"]), ("ÄRGER", ["Ärger"]), ("hidden", []), ("red er", ["red error"])],
)
def test_searching_ignores_case_and_what_is_not_shown(text: str, found: list[str]) -> None:
    content = "An ERROR here\nfine\nÄrger\nhidden\rgone\n".encode()
    if text == "error":
        content += b"last error\n"
    if text == "red er":
        content += b"\x1b[31mred\x1b[0m \x1b[1mer\x1b[0mror\n"
    result = log_tail.search(file_of(content), 0, len(content), text, 9, whole=False)
    assert texts(result.lines) == found
    assert all(content[line.offset - 1 : line.offset] in (b"", b"\n") for line in result.lines)
    assert result.next is None


def test_a_search_goes_on_where_it_stopped() -> None:
    content = b"".join(b"%d %s\n" % (n, b"hit" if n % 1000 == 0 else b"miss") for n in range(400_000))
    file, position, found, pages = file_of(content), 0, [], 0
    while True:
        result = log_tail.search(file, position, len(content), "hit", 33, whole=False)
        found += result.lines
        pages += 1
        if result.next is None:
            break
        position = result.next
    assert texts(found) == [f"{n} hit" for n in range(0, 400_000, 1000)]
    assert pages > 400 // 33


def test_a_search_stops_when_its_time_is_over() -> None:
    content = b"nothing\n" * (WINDOW // 2)  # four windows
    file, seconds = Counting(content), count(0.0, 0.3)
    result = log_tail.search(file, 0, len(content), "x", 9, whole=False, clock=lambda: next(seconds))
    assert result.lines == []
    assert result.next == 2 * WINDOW
    assert file.bytes_read == 2 * WINDOW


def test_a_page_of_a_large_log_reads_little_of_it() -> None:
    content = b"a line of the log\n" * 2_000_000
    file = Counting(content)
    assert len(log_tail.before(file, 0, len(content), 200, whole=False).lines) == 200
    assert len(log_tail.after(file, 18 * 1_000_000, len(content), 200, whole=False).lines) == 200
    assert file.bytes_read <= WINDOW + 2 * log_tail.BLOCK
